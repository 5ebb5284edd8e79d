//! What the simulators hold, in a plain form that is equal exactly when both sides say the same.
//!
//! A reading of its own: it shares nothing with the product's lenses.

use super::world::World;
use serde_json::Value;
use unicode_normalization::UnicodeNormalization;

pub const FIELDS: [&str; 15] = [
    "given_name",
    "family_name",
    "email",
    "phone",
    "birth_date",
    "bank_account",
    "address",
    "gender",
    "civil_status",
    "employment_id",
    "job_title",
    "first_day_of_work",
    "probation_end_date",
    "termination_notice_date",
    "last_day_of_work",
];

pub fn in_huma(world: &World, id: &str, field: &str) -> Option<String> {
    let person = world.huma.person(id).unwrap_or_else(|| panic!("nobody in Huma has the id {id}"));
    let name = match field {
        "given_name" => "givenName",
        "family_name" => "familyName",
        "birth_date" => "birthDate",
        "bank_account" => "bankAccount",
        "address" => "homeAddress",
        "civil_status" => "civilStatus",
        "employment_id" => "employmentId",
        "job_title" => "jobTitle",
        "first_day_of_work" => "firstDayOfWork",
        "probation_end_date" => "probationEndDate",
        "termination_notice_date" => "terminationNoticeDate",
        "last_day_of_work" => "lastDayOfWork",
        same => same,
    };
    let value = &person[name];
    let text = match field {
        "bank_account" => value["number"].as_str().or(value["iban"].as_str()).map(str::to_owned),
        "address" if value.is_object() => {
            let lines: Vec<&str> = ["line1", "line2", "line3"]
                .iter()
                .filter_map(|line| value[line].as_str())
                .filter(|line| !line.is_empty())
                .collect();
            let rest = ["postalCode", "city", "country"].map(|part| value[part].as_str().unwrap_or_default());
            Some([vec![lines.join(", ").as_str()], rest.to_vec()].concat().join("|"))
        }
        "gender" => value.as_str().map(|word| match word.to_lowercase().as_str() {
            "male" | "mann" => "M".into(),
            "female" | "kvinne" => "F".into(),
            other => other.to_owned(),
        }),
        _ => value.as_str().map(str::to_owned),
    };
    plain(field, text)
}

pub fn in_xledger(world: &World, id: i64, field: &str) -> Option<String> {
    let person = world.xledger.person(id).unwrap_or_else(|| panic!("nobody in Xledger has the id {id}"));
    let name = match field {
        "given_name" => "first_name",
        "family_name" => "last_name",
        "birth_date" => "birthday",
        "address" => "home_address",
        "civil_status" => "marital_status",
        "employment_id" => "code",
        "job_title" => "position_value",
        "first_day_of_work" => "employment_from",
        "probation_end_date" => "trial_to",
        "termination_notice_date" => "notice_date",
        "last_day_of_work" => "employment_to",
        same => same,
    };
    let value = &person[name];
    let text = match value {
        Value::Object(_) => {
            let parts = ["street_address", "zip_code", "place", "country"];
            Some(parts.map(|part| value[part].as_str().unwrap_or_default()).join("|"))
        }
        other => other.as_str().map(str::to_owned),
    };
    plain(field, text)
}

/// The first Huma person that `is`, by id.
pub fn huma_id(world: &World, employment_id: &str) -> String {
    let people = world.huma.people();
    let mut found = people.iter().filter(|person| person["employmentId"] == employment_id);
    let id = found.next().and_then(|person| person["id"].as_str()).map(str::to_owned);
    assert!(found.next().is_none(), "two people in Huma have the employment ID {employment_id}");
    id.unwrap_or_else(|| panic!("nobody in Huma has the employment ID {employment_id}"))
}

pub fn xledger_id(world: &World, code: &str) -> i64 {
    let people = world.xledger.people();
    let mut found = people.as_array().expect("a list").iter().filter(|person| person["code"] == code);
    let id = found.next().and_then(|person| person["db_id"].as_i64());
    assert!(found.next().is_none(), "two people in Xledger have the code {code}");
    id.unwrap_or_else(|| panic!("nobody in Xledger has the code {code}"))
}

fn plain(field: &str, text: Option<String>) -> Option<String> {
    let composed = |text: String| text.nfc().collect::<String>();
    let folded = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ").replace(" |", "|");
    let text = text.map(composed).map(folded).filter(|text| !text.is_empty())?;
    let digits = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
    Some(match field {
        "phone" => {
            let digits = digits(&text);
            let digits = digits.trim_start_matches("00");
            // Norwegian numbers are eight digits, with or without the country before them.
            if digits.len() == 8 { format!("47{digits}") } else { digits.to_owned() }
        }
        "bank_account" => {
            let account = digits(&text);
            if account.starts_with("NO") { account[4..].to_owned() } else { account }
        }
        "email" | "address" | "civil_status" | "job_title" | "gender" => text.to_lowercase(),
        _ => text,
    })
}
