//! What an admin reads with the `sqlite3` on their server: names, columns and values of the views.

use super::*;
use crate::reconcile::{FieldState, PairBase, StateMark};
use std::process::Command;

/// Section 8 of the design: a promise.
const VIEWS: [(&str, &str); 7] = [
    ("people", "link_id, person, employment_id, huma_id, xledger_id, state, linked_at, linked_by"),
    ("field_state", "link_id, person, field, state, base, huma, xledger, since"),
    ("open_questions", "id, kind, person, field, base, huma, xledger, asked_at, seen, asleep_until"),
    ("audit", "seq, at, cycle, person, field, side, old, new, why, who, outcome"),
    (
        "cycles",
        "id, started_at, ended_at, cause, outcome, huma_requests, xledger_requests, writes, questions",
    ),
    (
        "intents",
        "id, cycle, person, side, operation, fields, state, attempts, created_at, updated_at, reason",
    ),
    ("api_use", "month, side, requests, bytes_in, bytes_out"),
];

/// Runs a query in the installed `sqlite3`, else in our own: rows of columns joined by `|`, null as nothing.
fn sqlite3(path: &Path, sql: &str) -> String {
    match Command::new("sqlite3").arg("-readonly").arg(path).arg(sql).output() {
        Ok(output) => {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8(output.stdout).unwrap()
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let reader = Store::open_readonly(path).unwrap();
            let mut statement = reader.read().conn.prepare(sql).unwrap();
            let columns = statement.column_count();
            let mut rows = statement.query([]).unwrap();
            let mut text = String::new();
            while let Some(row) = rows.next().unwrap() {
                let cells = (0..columns).map(|i| match row.get(i).unwrap() {
                    rusqlite::types::Value::Null => String::new(),
                    rusqlite::types::Value::Integer(number) => number.to_string(),
                    rusqlite::types::Value::Real(number) => number.to_string(),
                    rusqlite::types::Value::Text(text) => text,
                    rusqlite::types::Value::Blob(bytes) => hex::encode(bytes),
                });
                text += &cells.collect::<Vec<_>>().join("|");
                text.push('\n');
            }
            text
        }
        Err(error) => panic!("sqlite3: {error}"),
    }
}

#[test]
fn each_view_has_exactly_the_promised_columns() {
    let case = case();
    for (view, columns) in VIEWS {
        let sql = format!("SELECT group_concat(name, ', ') FROM pragma_table_info('{view}')");
        assert_eq!(sqlite3(&case.path, &sql).trim_end(), columns, "{view}");
        sqlite3(&case.path, &format!("SELECT * FROM {view}"));
    }
    let listed = sqlite3(&case.path, "SELECT count(*) FROM sqlite_schema WHERE type = 'view'");
    assert_eq!(listed.trim_end(), VIEWS.len().to_string());
}

#[test]
fn people_are_shown_in_each_of_their_states() {
    let mut case = case();
    linked_kari(&mut case.store);
    let text = |field, text: &str| (field, Spelling::text(text));
    case.store
        .write(|tx| {
            tx.put_snapshot(&huma("h-2", &[text(Field::GivenName, "Ola")]), at(1), None)?;
            tx.put_snapshot(&huma("h-3", &[text(Field::GivenName, "Per")]), at(1), None)?;
            tx.put_snapshot(&xledger(8, &[text(Field::GivenName, "Åse")]), at(1), None)?;
            tx.put_snapshot(&xledger(9, &[text(Field::GivenName, "Liv")]), at(1), None)?;
            tx.put_snapshot(&xledger(10, &[text(Field::GivenName, "Kim")]), at(1), None)?;
            tx.add_ignored(&RecordId::Huma(HumaId("h-3".into())), "kari", at(3))?;
            tx.add_ignored(&RecordId::Xledger(XledgerId(9)), "kari", at(3))?;
            let gone = link(tx, "h-gone", 10)?;
            tx.set_link_state(gone, LinkState::Vanished)?;
            let old = link(tx, "h-2", 8)?;
            tx.close_link(old, "unlinked", at(4))
        })
        .unwrap();
    let query = "SELECT *, typeof(link_id), typeof(xledger_id) FROM people ORDER BY huma_id, person";
    assert_eq!(
        sqlite3(&case.path, query),
        "|Liv|||9|excluded|||null|text
|Åse|||8|only-xledger|||null|text
1|Kari Nordmann (1042)|1042|h-1|7|linked|2026-11-23T08:02:00.500Z|employment ID|text|text
|Ola||h-2||only-huma|||null|null
|Per||h-3||excluded|||null|null
2|Kari Nordmann (1042)|1042|h-gone|10|vanished|2026-11-23T08:02:00.500Z|employment ID|text|text
"
    );
    let counts = case.store.read().people_counts().unwrap();
    assert_eq!(
        counts,
        PeopleCounts { linked: 1, in_agreement: 0, excluded: 2, vanished: 1, only_huma: 1, only_xledger: 1 }
    );
}

#[test]
fn field_state_has_every_field_of_a_pair_with_readable_values() {
    let mut case = case();
    let link_id = case
        .store
        .write(|tx| {
            let mut fields = kari();
            fields.push((Field::BankAccount, account("86011117947")));
            fields.push((Field::Address, Spelling::Address(home())));
            fields.push((Field::JobTitle, named("Engineer")));
            let mut of_huma = huma("h-1", &fields);
            of_huma.fields[Field::Phone] = Reading::Hidden;
            tx.put_snapshot(&of_huma, at(1), None)?;
            let iban = Account::International { iban: "NO9386011117947".into(), bic: "DNBANOKK".into() };
            let fields = [(Field::Gender, named("Female")), (Field::BankAccount, Spelling::Account(iban))];
            tx.put_snapshot(&xledger(7, &fields), at(1), None)?;
            link(tx, "h-1", 7)
        })
        .unwrap();
    let query = "SELECT field, state, base, huma, xledger, since FROM field_state";
    assert_eq!(
        sqlite3(&case.path, query),
        "given_name|missing||Kari||
family_name|missing||Nordmann||
email|agreed||||
phone|hidden||||
birth_date|agreed||||
bank_account|difference||86011117947|NO9386011117947|
address|missing||Storgata 1 | 0155 | Oslo | NO||
gender|missing|||Female|
civil_status|agreed||||
employment_id|missing||1042||
job_title|missing||Engineer||
first_day_of_work|agreed||||
probation_end_date|agreed||||
termination_notice_date|agreed||||
last_day_of_work|agreed||||
"
    );
    let mut base = PairBase::default();
    base.states[Field::Address] = Some(StateMark { state: FieldState::ReadOnly, since: at(5) });
    base.fields[Field::Address] = Some(agreed(None, Some(Spelling::Address(home()))));
    base.fields[Field::JobTitle] = Some(agreed(Some(named("Engineer")), Some(named("ENGINEER"))));
    case.store.write(|tx| tx.put_base(link_id, &base)).unwrap();
    let query =
        "SELECT link_id, person, state, base, since FROM field_state WHERE field IN ('address', 'job_title')";
    assert_eq!(
        sqlite3(&case.path, query),
        "1|Kari Nordmann (1042)|read-only|Storgata 1 | 0155 | Oslo | NO|2026-11-23T08:05:00.500Z
1|Kari Nordmann (1042)|agreed|Engineer|2026-11-23T08:03:00.500Z
"
    );
}

#[test]
fn every_state_of_a_field_is_shown_in_the_words_of_the_design() {
    let mut case = case();
    let link = linked_kari(&mut case.store);
    let words = "off hidden invalid unrepresentable read-only failing not-accepted waiting flap held confirm clear \
                 conflict divergence difference missing differ agreed";
    let states = [
        FieldState::Off,
        FieldState::Hidden,
        FieldState::Invalid,
        FieldState::Unrepresentable,
        FieldState::ReadOnly,
        FieldState::Failing,
        FieldState::NotAccepted,
        FieldState::Waiting,
        FieldState::Flap,
        FieldState::Held,
        FieldState::Confirm,
        FieldState::Clear,
        FieldState::Conflict,
        FieldState::Divergence,
        FieldState::Difference,
        FieldState::Missing,
        FieldState::Differ,
        FieldState::Agreed,
    ];
    let mut shown = Vec::new();
    for state in states {
        let mut base = PairBase::default();
        base.states[Field::Email] = Some(StateMark { state, since: at(5) });
        case.store.write(|tx| tx.put_base(link, &base)).unwrap();
        let row = sqlite3(&case.path, "SELECT state FROM field_state WHERE field = 'email'");
        shown.push(row.trim_end().to_owned());
        assert_eq!(case.store.read().state_counts().unwrap(), [(state, 1)].into());
    }
    assert_eq!(shown.join(" "), words);
}

#[test]
fn what_is_readable_is_the_same_in_rust_and_in_sql() {
    let mut case = case();
    let iban = Account::International { iban: "NO9386011117947".into(), bic: "DNBANOKK".into() };
    let spellings = [
        Spelling::text("a"),
        account("86011117947"),
        Spelling::Account(iban),
        Spelling::Address(home()),
        named("x"),
    ];
    let link_id = linked_kari(&mut case.store);
    for spelling in spellings {
        let mut base = PairBase::default();
        base.fields[Field::Gender] = Some(agreed(Some(spelling.clone()), None));
        let fields = [(Field::Gender, spelling.clone())];
        case.store
            .write(|tx| {
                tx.put_base(link_id, &base)?;
                tx.put_snapshot(&huma("h-1", &fields), at(4), None)?;
                tx.put_snapshot(&xledger(7, &fields), at(4), None)
            })
            .unwrap();
        let row = sqlite3(&case.path, "SELECT base, huma, xledger FROM field_state WHERE field = 'gender'");
        let text = readable(&spelling);
        assert_eq!(row.trim_end(), format!("{text}|{text}|{text}"));
    }
}
