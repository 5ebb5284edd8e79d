//! The golden text of every kind of mistake, as an admin sees it.

use super::*;

/// Returns what an admin sees for `text`.
#[track_caller]
fn shown(text: &str) -> String {
    parse(text).expect_err("the text has a mistake").render()
}

#[test]
fn an_unknown_key_is_shown_with_its_place_and_the_nearest_one() {
    insta::assert_snapshot!(shown("[huma]\nclient_id = \"a\"\nrequest_per_second = 5\n"), @r#"
    error: `huma.request_per_second` is not a setting
     --> hxsync.toml:3:1
      |
    3 | request_per_second = 5
      | ^^^^^^^^^^^^^^^^^^
      |
      = next: Did you mean `requests_per_second`?
    "#);
}

#[test]
fn a_key_in_the_wrong_section_is_sent_to_its_own() {
    insta::assert_snapshot!(shown("[huma]\nclient_id = \"a\"\nsettle = \"2s\"\n"), @r#"
    error: `huma.settle` is not a setting
     --> hxsync.toml:3:1
      |
    3 | settle = "2s"
      | ^^^^^^
      |
      = next: `settle` belongs to `[resolutions]`.
    "#);
}

#[test]
fn an_unknown_section_is_shown_with_the_nearest_one() {
    insta::assert_snapshot!(shown("[huma]\nclient_id = \"a\"\n[xlegder]\nurl = \"https://x.example.no\"\n"), @r#"
    error: `xlegder` is not a section
     --> hxsync.toml:3:2
      |
    3 | [xlegder]
      |  ^^^^^^^
      |
      = next: Did you mean `[xledger]`?
    "#);
}

#[test]
fn an_unknown_field_is_shown_with_the_nearest_one() {
    insta::assert_snapshot!(shown("[huma]\nclient_id = \"a\"\n[fields.fone]\nprefer = \"huma\"\n"), @r#"
    error: `fields.fone` is not a section
     --> hxsync.toml:3:9
      |
    3 | [fields.fone]
      |         ^^^^
      |
      = next: Did you mean `[fields.phone]`?
    "#);
}

#[test]
fn a_missing_setting_points_at_its_section() {
    insta::assert_snapshot!(shown("[huma]\nin_flight = 2\n"), @r#"
    error: `huma.client_id` is missing
     --> hxsync.toml:1:1
      |
    1 | [huma]
      | ^^^^^^
      |
      = next: Write client_id = "..." under [huma], with the client id of your API key in Huma.
    "#);
}

#[test]
fn a_missing_setting_of_a_missing_section_points_at_the_file() {
    insta::assert_snapshot!(shown(""), @r#"
    error: `huma.client_id` is missing
    --> hxsync.toml
     = next: Write client_id = "..." under [huma], with the client id of your API key in Huma.
    "#);
}

#[test]
fn a_wrong_type_says_what_is_wanted_and_what_stands_there() {
    insta::assert_snapshot!(shown(&with_least("[people]\ninclude_ended = \"no\"\n[resolutions]\nsettle = 2\n")), @r#"
    error: `people.include_ended` must be true or false, not text
     --> hxsync.toml:2:17
      |
    2 | include_ended = "no"
      |                 ^^^^
      |
      = next: Write `true` or `false` without quotes.

    error: `resolutions.settle` must be a duration, not a whole number
     --> hxsync.toml:4:10
      |
    4 | settle = 2
      |          ^
      |
      = next: Write it in quotes with its unit, for example "2s" or "15m".
    "#);
}

#[test]
fn a_number_out_of_range_says_the_range() {
    insta::assert_snapshot!(shown("[huma]\nclient_id = \"a\"\nin_flight = 0\nrequests_per_second = -1\n"), @r#"
    error: `huma.in_flight` cannot be 0
     --> hxsync.toml:3:13
      |
    3 | in_flight = 0
      |             ^
      |
      = next: Write a number from 1 to 64.

    error: `huma.requests_per_second` cannot be -1
     --> hxsync.toml:4:23
      |
    4 | requests_per_second = -1
      |                       ^^
      |
      = next: Write a number from 1 to 1000.
    "#);
}

#[test]
fn an_unknown_word_is_answered_with_the_words() {
    insta::assert_snapshot!(shown(&with_least("[people]\ncreate_in_huma = \"alwyas\"\n")), @r#"
    error: `people.create_in_huma` cannot be `alwyas`
     --> hxsync.toml:2:18
      |
    2 | create_in_huma = "alwyas"
      |                  ^^^^^^^^
      |
      = next: Did you mean `always`? Write `ask`, `always` or `never`.
    "#);
}

#[test]
fn times_that_are_none_say_what_a_time_looks_like() {
    let text =
        "[sync]\nhuma_interval = \"15 min\"\nsweep = \"2d\"\nfull = \"25:00\"\ntime_zone = \"Europe/Olso\"\n";
    insta::assert_snapshot!(shown(&with_least(text)), @r#"
    error: `sync.huma_interval` is not a duration: `15 min`
     --> hxsync.toml:2:17
      |
    2 | huma_interval = "15 min"
      |                 ^^^^^^^^
      |
      = next: Write a whole number and a unit, for example "500ms", "2s", "15m", "1h", "30d" or "10y".

    error: `sync.sweep` cannot be `2d`
     --> hxsync.toml:3:9
      |
    3 | sweep = "2d"
      |         ^^^^
      |
      = next: Write one from 100ms to 1d.

    error: `sync.full` is not a time of day: `25:00`
     --> hxsync.toml:4:8
      |
    4 | full = "25:00"
      |        ^^^^^^^
      |
      = next: Write hours and minutes with two digits each, for example "02:30".

    error: `sync.time_zone` is not a time zone: `Europe/Olso`
     --> hxsync.toml:5:13
      |
    5 | time_zone = "Europe/Olso"
      |             ^^^^^^^^^^^^^
      |
      = next: Did you mean "Europe/Oslo"?
    "#);
}

#[test]
fn a_bad_address_is_not_reached() {
    let text =
        "[huma]\nclient_id = \"a\"\nurl = \"openapi.humahr.com\"\n[xledger]\nurl = \"ftp://x.example.no\"\n";
    insta::assert_snapshot!(shown(text), @r#"
    error: `huma.url` is not a web address
     --> hxsync.toml:3:7
      |
    3 | url = "openapi.humahr.com"
      |       ^^^^^^^^^^^^^^^^^^^^
      |
      = next: Write the whole address, for example "https://host.example.no".

    error: `xledger.url` begins with `ftp`, which is neither http nor https
     --> hxsync.toml:5:7
      |
    5 | url = "ftp://x.example.no"
      |       ^^^^^^^^^^^^^^^^^^^^
      |
      = next: Write the whole address, for example "https://host.example.no".
    "#);
}

#[test]
fn a_login_in_an_address_is_refused_and_not_shown() {
    let text = shown(&with_least("[network]\nproxy = \"http://ola:hunter2@proxy.example.no:3128\"\n"));
    assert!(!text.contains("hunter2") && !text.contains("ola"), "{text}");
    insta::assert_snapshot!(text, @r#"
    error: `network.proxy` holds a user name or a password
     --> hxsync.toml:2:9
      |
    2 | proxy = "http://***        @proxy.example.no:3128"
      |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = next: Take out what stands before `@`: no secret belongs in this file.
    "#);
}

#[test]
fn a_bad_exclusion_is_pointed_at_inside_its_list() {
    let text = "[people]\nexclude = [\"xledger:42\", \"employmentid:1042\"]\n";
    insta::assert_snapshot!(shown(&with_least(text)), @r#"
    error: `people.exclude` holds `employmentid:1042`, which names nobody
     --> hxsync.toml:2:26
      |
    2 | exclude = ["xledger:42", "employmentid:1042"]
      |                          ^^^^^^^^^^^^^^^^^^^
      |
      = next: Write "huma:ID", "xledger:ID", "employment-id:1042", "group:ID" or "company:OWNER".
    "#);
}

#[test]
fn an_inline_secret_is_refused_and_not_shown() {
    let text = shown(
        "[huma]\nclient_id = \"a\"\nclient_secret = \"s3cr3t-value\"\n[xledger]\ntoken = \"t0ken-value\"\n",
    );
    assert!(!text.contains("s3cr3t") && !text.contains("t0ken"), "{text}");
    insta::assert_snapshot!(text, @r#"
    error: `huma.client_secret` would keep a secret in this file
     --> hxsync.toml:3:1
      |
    3 | client_secret = ***
      | ^^^^^^^^^^^^^
      |
      = next: Put the secret into a file of mode 0600 and name that file in `client_secret_file`. If others could read this file, make a new secret.

    error: `xledger.token` would keep a secret in this file
     --> hxsync.toml:5:1
      |
    5 | token = ***
      | ^^^^^
      |
      = next: Put the secret into a file of mode 0600 and name that file in `token_file`. If others could read this file, make a new secret.
    "#);
}

#[test]
fn a_secret_in_the_place_of_its_file_is_refused_and_not_shown() {
    let text = shown(&with_least("[xledger]\ntoken_file = \"eyJhbGciOiJIUzI1NiJ9\"\n"));
    assert!(!text.contains("eyJ"), "{text}");
    insta::assert_snapshot!(text, @r#"
    error: `xledger.token_file` does not name a file by its whole path
     --> hxsync.toml:2:14
      |
    2 | token_file = ***
      |              ^^^^^^^^^^^^^^^^^^^^^^
      |
      = next: Write a path such as "${CREDENTIALS_DIRECTORY}/name". If it was the secret itself, put that into a file of mode 0600 and name the file here.
    "#);
}

#[test]
fn a_secret_in_a_line_that_is_not_toml_is_not_shown() {
    for line in [
        "client_secret = s3cr3t-value",
        "client_secret: s3cr3t-value",
        "client_secret s3cr3t-value",
        "client_secret = \"s3cr3t\"\nclient_secret = \"s3cr3t\"",
        "client_secret =\n\"s3cr3t\"",
        "client_secret = \"\"\"\ns3cr3t\nurl = 1",
        "client_secret = [\ns3cr3t\n]",
        "in_flight = 1, client_secret = \"s3cr3t\"",
        "token = \"s3cr3t",
    ] {
        let errors = parse(&format!("[huma]\nclient_id = \"a\"\n{line}\n")).unwrap_err();
        let everything = format!("{errors} {errors:?} {}", errors.render());
        assert!(!everything.contains("s3cr3t"), "{everything}");
    }
}

#[test]
fn a_text_that_is_not_toml_is_one_mistake_with_its_place() {
    insta::assert_snapshot!(shown("[huma]\nclient_id = a b\n"), @r#"
    error: this is not TOML: string values must be quoted, expected literal string
     --> hxsync.toml:2:13
      |
    2 | client_id = a b
      |             ^^^
      |
      = next: Mend the line. Text stands in quotes, and each setting on a line of its own.
    "#);
}

#[test]
fn all_mistakes_are_told_together_in_the_order_of_the_file() {
    let errors = parse("[huma]\nin_flight = 0\n[sync]\nfull = \"x\"\n[log]\nlevle = \"info\"\nformat = 1\n")
        .unwrap_err();
    let keys: Vec<&str> = errors.iter().map(|error| error.key.as_str()).collect();
    assert_eq!(keys, ["huma.client_id", "huma.in_flight", "sync.full", "log.levle", "log.format"]);
    let places: Vec<_> = errors.iter().map(|error| errors.place(error)).collect();
    assert_eq!(places, [Some((1, 1)), Some((2, 13)), Some((4, 8)), Some((6, 1)), Some((7, 10))]);
    assert_eq!(errors.to_string(), "5 mistakes in the settings file hxsync.toml");
}

#[test]
fn an_unknown_key_is_refused_in_every_section() {
    let sections = [
        "huma",
        "xledger",
        "maps",
        "state",
        "resolutions",
        "sync",
        "people",
        "fields",
        "fields.email",
        "guard",
        "guard.clears",
        "budget",
        "listen",
        "mail",
        "network",
        "log",
        "retention",
    ];
    for section in sections {
        let found = parse(&format!("[{section}]\nbanana = 1\n")).unwrap_err();
        let what = format!("`{section}.banana` is not a setting");
        assert!(found.iter().any(|error| error.what == what), "{section}: {}", found.render());
    }
    assert!(mistakes("[[freeze]]\nbanana = 1\n").contains(&"`freeze.banana` is not a setting".to_owned()));
    assert_eq!(parse(&format!("banana = 1\n{LEAST}")).unwrap_err().iter().count(), 1);
}
