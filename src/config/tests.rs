//! The file as a whole: defaults, the example, other spellings of the same, and that no text makes reading panic.

mod mistakes;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use proptest::prelude::*;

use super::*;

const LEAST: &str = "[huma]\nclient_id = \"a\"\n";

pub(super) fn parse(text: &str) -> Result<Settings, SettingsErrors> {
    Settings::parse(text, "hxsync.toml", &|_| None)
}

fn with_least(text: &str) -> String {
    if text.contains("[huma]") { text.to_owned() } else { format!("{text}{LEAST}") }
}

/// Reads `text`, with the one required setting added where it has no `[huma]`.
#[track_caller]
pub(super) fn settings(text: &str) -> Settings {
    parse(&with_least(text)).unwrap_or_else(|errors| panic!("{}", errors.render()))
}

/// Returns what is wrong with `text`, which must be wrong.
#[track_caller]
pub(super) fn mistakes(text: &str) -> Vec<String> {
    let errors = parse(&with_least(text)).expect_err("the text has a mistake");
    errors.iter().map(|error| error.what.clone()).collect()
}

#[test]
fn all_but_the_client_id_has_a_default() {
    let read = settings("");
    assert_eq!(read.huma.url.as_str(), "https://openapi.humahr.com/");
    assert_eq!(read.huma.requests_per_second.get(), 5);
    assert_eq!(read.huma.in_flight.get(), 4);
    assert_eq!(read.huma.client_secret_file.path, Path::new("/etc/hxsync/credentials/huma-client-secret"));
    assert_eq!(read.huma.webhook_secret_file, None);
    assert_eq!(read.xledger.url.as_str(), "https://www.xledger.net/graphql");
    assert_eq!(read.xledger.requests_per_second.get(), 2);
    assert_eq!(read.xledger.job_title, JobTitleHome::PositionValue);
    assert_eq!(read.xledger.owner_db_id, None);
    assert_eq!(read.resolutions.file, Path::new("/var/lib/hxsync/resolutions/resolutions.txt"));
    assert_eq!(read.resolutions.settle, Duration::from_secs(2));
    assert_eq!(read.sync.huma_interval, Duration::from_secs(60));
    assert_eq!(read.sync.full.to_string(), "02:30:00");
    assert_eq!(read.sync.time_zone.iana_name(), Some("Europe/Oslo"));
    assert!(read.people.approve_first_sync);
    assert_eq!(read.people.create_in_xledger, Creation::Ask);
    assert_eq!(read.freeze, []);
    assert_eq!(read.guard.changes_per_field, Limit { percent: 10, count: 10 });
    assert_eq!(read.guard.end_dates, Limit { percent: 5, count: 3 });
    assert_eq!(read.retention.audit, Duration::from_secs(3660 * 86_400));
}

#[test]
fn the_unit_hands_its_directories_to_the_settings() {
    let environment = |name: &str| match name {
        "CREDENTIALS_DIRECTORY" => Some("/run/credentials/hxsync.service".to_owned()),
        _ => None,
    };
    let read = Settings::parse(LEAST, "hxsync.toml", &environment).unwrap();
    let secret = &read.xledger.token_file;
    assert_eq!(secret.path, Path::new("/run/credentials/hxsync.service/xledger-token"));
    assert_eq!((secret.key, secret.outside_unit), ("xledger.token_file", false));
}

#[test]
fn the_example_shows_the_defaults() {
    let mut read = settings(Settings::example());
    assert_eq!(read.huma.client_id, "00000000-0000-0000-0000-000000000000");
    read.huma.client_id = "a".to_owned();
    assert_eq!(read, settings(""));
}

/// Takes the `#` from every line of the example that is a setting or a section behind it.
fn example_with_all_settings() -> String {
    let uncomment = |line: &str| match line.strip_prefix('#') {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '[') => rest.to_owned(),
        _ => line.to_owned(),
    };
    Settings::example().lines().map(|line| uncomment(line) + "\n").collect()
}

#[test]
fn the_example_has_every_setting_and_says_what_it_does() {
    let text = example_with_all_settings();
    let document = Document::parse(text.as_str()).unwrap();
    let reader = Reader::new(&|_| None);
    Settings::read(&reader, &document);
    let known = reader.known_keys();
    assert_eq!(reader.into_errors(), []);
    let absent: BTreeSet<&str> =
        known.iter().map(String::as_str).filter(|key| !stands_in(&document, key)).collect();
    let other_fields: BTreeSet<String> = FIELD_NAMES
        .iter()
        .filter(|field| !["email", "bank_account"].contains(field))
        .map(|field| format!("fields.{field}"))
        .collect();
    let mut expected: BTreeSet<&str> = other_fields.iter().map(String::as_str).collect();
    expected.extend(["fields.email.second_approver"]);
    let keys_of_a_field = ["to_huma", "to_xledger", "prefer", "on_clear", "on_missing"];
    let of_bank_account: Vec<String> =
        keys_of_a_field.iter().map(|key| format!("fields.bank_account.{key}")).collect();
    expected.extend(of_bank_account.iter().map(String::as_str));
    assert_eq!(absent, expected);
    for line in text.lines().filter(|line| line.contains(" = ")) {
        let comment = line.rsplit_once('#').map_or("", |(_, comment)| comment.trim());
        assert!(line.starts_with('#') || comment.len() >= 8, "no word about it: {line}");
    }
}

fn stands_in(document: &Document<&str>, key: &str) -> bool {
    let mut item = Some(document.as_item());
    for part in key.split('.') {
        item = item.and_then(|item| match item.as_array_of_tables() {
            Some(tables) => tables.get(0).and_then(|table| table.get(part)),
            None => item.get(part),
        });
    }
    item.is_some()
}

#[test]
fn an_example_with_all_its_settings_is_read() {
    let read = settings(&example_with_all_settings());
    assert_eq!(read.xledger.owner_db_id, Some(17203));
    assert_eq!(read.resolutions.group.as_deref(), Some("hxsync-admin"));
    assert_eq!(read.freeze, [Freeze { from_day: 25, to_day: 30, fields: vec!["bank_account"] }]);
    assert_eq!(read.listen.unwrap().public_url.unwrap().scheme(), "https");
    let mail = read.mail.unwrap();
    assert_eq!((mail.smtp.host.as_str(), mail.smtp.port), ("localhost", 25));
    assert_eq!(mail.to, ["payroll@example.no"]);
}

#[test]
fn dotted_keys_and_inline_tables_are_the_same_settings() {
    let dotted = parse("huma.client_id = \"a\"\nfields.email.prefer = \"huma\"\n").unwrap();
    let inline = parse("huma = { client_id = \"a\" }\nfields = { email = { prefer = \"huma\" } }\n").unwrap();
    assert_eq!(dotted, inline);
    assert_eq!(dotted, settings("[fields.email]\nprefer = \"huma\"\n"));
}

#[test]
fn line_ends_and_a_mark_of_another_system_are_tolerated() {
    let read = parse("\u{feff}[huma]\r\nclient_id = \"a\"\r\n").unwrap();
    assert_eq!(read, settings(""));
    let found = parse("\u{feff}[huma]\r\nclient_id = \"a\"\r\nin_flight = 0\r\n").unwrap_err();
    let places: Vec<_> = found.iter().map(|error| found.place(error)).collect();
    assert_eq!(places, [Some((3, 13))]);
    assert!(found.render().contains("hxsync.toml:3:13"));
}

fn line() -> impl Strategy<Value = String> {
    let key = prop_oneof![
        prop::sample::select(vec![
            "url",
            "client_id",
            "client_secret",
            "token_file",
            "percent",
            "clears",
            "exclude",
            "full",
            "settle",
            "fields",
            "from_day",
            "to_day",
            "email",
            "phone_country",
            "to",
            "smtp",
            "proxy",
            "æ",
        ])
        .prop_map(str::to_owned),
        "[a-z_.\"]{1,8}",
    ];
    let value = prop_oneof![
        "\"[^\"\\\\\n]{0,12}\"",
        "-?[0-9]{1,20}",
        prop::sample::select(vec![
            "true",
            "[]",
            "[\"huma:1\", 2]",
            "{ percent = 1 }",
            "[[1]]",
            "1979-05-27",
            "\"\"\"\na"
        ])
        .prop_map(str::to_owned),
        ".{0,10}",
    ];
    let section = prop::sample::select(vec![
        "[huma]",
        "[xledger]",
        "[maps.gender]",
        "[people]",
        "[fields.email]",
        "[[freeze]]",
        "[guard]",
        "[mail]",
        "[sync]",
        "[fields]",
        "[resolutions]",
        "[banana]",
        "[[huma]]",
    ]);
    prop_oneof![
        section.prop_map(str::to_owned),
        (key, value).prop_map(|(key, value)| format!("{key} = {value}"))
    ]
}

proptest! {
    #[test]
    fn no_text_makes_reading_panic(text in "(?s).{0,200}") {
        if let Err(errors) = parse(&text) {
            prop_assert!(!errors.render().is_empty());
        }
    }

    #[test]
    fn no_settings_make_reading_panic(lines in prop::collection::vec(line(), 0..12)) {
        if let Err(errors) = parse(&lines.join("\n")) {
            prop_assert!(errors.iter().count() > 0);
            for error in errors.iter() {
                prop_assert!(!error.next.is_empty());
                prop_assert!(error.span.is_none() || errors.place(error).is_some());
            }
            prop_assert!(!errors.render().is_empty());
        }
    }

    #[test]
    fn no_mistake_shows_a_secret_of_the_file(
        before in prop::collection::vec(line(), 0..6),
        key in prop::sample::select(vec!["client_secret", "token", "webhook_token", "xledger.token", "token_file"]),
        quote in prop::sample::select(vec!["\"", "'", "", "\"\"\"", "\"\"\"\n"]),
        secret in "[A-Za-z0-9]{12,40}",
        after in prop::collection::vec(line(), 0..6),
    ) {
        let text = format!("{}\n{key} = {quote}{secret}{}\n{}", before.join("\n"), quote.trim(), after.join("\n"));
        if let Err(errors) = parse(&text) {
            let everything = format!("{errors} {errors:?} {}", errors.render());
            prop_assert!(!everything.contains(&secret), "{}", everything);
        }
    }
}
