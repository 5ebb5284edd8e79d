//! What Huma's description says about request bodies: names, types, limits, and what must be there.
//!
//! Names not listed here are ignored in a body, as Huma presumably does. Some listed ones are checked and then dropped
//! (`supervisor`, `custom`, …): nothing hxsync reads depends on them.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::switches::{BankTypeWords, NullInPatch};

/// One property of a request body.
#[derive(Debug, Clone, Copy)]
pub struct Property {
    pub name: &'static str,
    pub kind: Kind,
    /// Required on creation; on update, the property cannot be cleared.
    pub required: bool,
    /// Stored, and so readable again.
    pub kept: bool,
}

#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// At most this many characters.
    Text(usize),
    Date,
    OneOf(&'static [&'static str]),
    /// ISO 3166-1 alpha-2.
    Country,
    Address,
    BankAccount,
    /// Within 32 bits.
    Integer,
    /// 0 to 100.
    Percentage,
    Flag,
    Uuid,
    Uuids,
    /// A list of at most this many texts.
    Texts(usize),
    Object,
}

const fn required(name: &'static str, kind: Kind) -> Property {
    Property { name, kind, required: true, kept: true }
}

const fn optional(name: &'static str, kind: Kind) -> Property {
    Property { name, kind, required: false, kept: true }
}

const fn dropped(name: &'static str, kind: Kind) -> Property {
    Property { name, kind, required: false, kept: false }
}

const ANY_LENGTH: usize = usize::MAX;

pub const CIVIL_STATUSES: &[&str] = &["Married", "Relationship", "Single"];

pub const CONTRACT_TYPES: &[&str] = &[
    "Permanent",
    "Temporary",
    "Seasonal",
    "Casual",
    "Trainee",
    "JobTrainingProgram",
    "Consultant",
    "Freelance",
    "ThirdParty",
    "Other",
];

const END_REASONS: &[&str] = &[
    "change_in_organization_or_internal_job_transfer",
    "employee_resigned",
    "employee_terminated",
    "temporary_contract_or_position_ended",
    "change_in_payroll_system_or_accountant",
    "other",
];

/// `UserInput`.
pub const USER_INPUT: &[Property] = &[
    required("givenName", Kind::Text(255)),
    required("familyName", Kind::Text(255)),
    required("email", Kind::Text(ANY_LENGTH)),
    required("groups", Kind::Uuids),
    optional("preferredName", Kind::Text(255)),
    optional("phone", Kind::Text(ANY_LENGTH)),
    optional("invite", Kind::Flag),
    dropped("supervisor", Kind::Uuid),
    dropped("inviteSubject", Kind::Text(ANY_LENGTH)),
    dropped("inviteMessage", Kind::Text(ANY_LENGTH)),
    dropped("inviteLanguage", Kind::Text(ANY_LENGTH)),
];

/// `UserDetailsInput`.
pub const USER_DETAILS_INPUT: &[Property] = &[
    required("givenName", Kind::Text(255)),
    required("familyName", Kind::Text(255)),
    optional("preferredName", Kind::Text(255)),
    required("email", Kind::Text(255)),
    optional("phone", Kind::Text(255)),
    optional("nationality", Kind::Country),
    optional("birthDate", Kind::Date),
    optional("homeAddress", Kind::Address),
    optional("civilStatus", Kind::OneOf(CIVIL_STATUSES)),
    optional("gender", Kind::Text(255)),
    optional("dietaryRequirements", Kind::Text(2040)),
    optional("interests", Kind::Texts(50)),
    optional("funfacts", Kind::Text(2040)),
    optional("bankAccount", Kind::BankAccount),
    optional("employmentId", Kind::Text(255)),
    optional("relevantExperienceInMonths", Kind::Integer),
    optional("seniorityNote", Kind::Text(ANY_LENGTH)),
    optional("excludeFromInsights", Kind::Flag),
    optional("excludeFromSurveys", Kind::Flag),
    optional("privateEmail", Kind::Text(255)),
    dropped("relevantExperienceInYears", Kind::Integer),
    dropped("supervisor", Kind::Uuid),
    dropped("custom", Kind::Object),
];

/// `PositionCreateInput` and `PositionUpdateInput`, which differ only in what is required.
pub const POSITION_INPUT: &[Property] = &[
    required("contractStartDate", Kind::Date),
    required("contractType", Kind::OneOf(CONTRACT_TYPES)),
    required("titleId", Kind::Uuid),
    optional("contractEndDate", Kind::Date),
    optional("contractCountry", Kind::Text(2)),
    optional("firstDayOfWork", Kind::Date),
    optional("lastDayOfWork", Kind::Date),
    optional("probationEndDate", Kind::Date),
    optional("terminationNoticeDate", Kind::Date),
    optional("percentage", Kind::Percentage),
    optional("description", Kind::Text(10200)),
    optional("note", Kind::Text(255)),
    optional("endNote", Kind::Text(255)),
    optional("endReason", Kind::OneOf(END_REASONS)),
    optional("wantedEnd", Kind::Flag),
];

/// `JobTitleCreateInput` and `JobTitleUpdateInput`.
pub const JOB_TITLE_INPUT: &[Property] =
    &[required("name", Kind::Text(255)), optional("description", Kind::Text(10200))];

/// The body of a creation: the properties to keep, or the names that are missing or wrong.
pub fn read_new(
    table: &[Property],
    body: &Value,
    words: &BankTypeWords,
) -> Result<Map<String, Value>, BTreeSet<String>> {
    let empty = Map::new();
    let given = body.as_object().unwrap_or(&empty);
    let mut invalid = BTreeSet::new();
    let mut kept = Map::new();
    for property in table {
        match given.get(property.name) {
            None | Some(Value::Null) => {
                if property.required {
                    invalid.insert(property.name.to_owned());
                }
            }
            Some(value) if !property.kind.accepts(value, words) => {
                invalid.insert(property.name.to_owned());
            }
            Some(value) => {
                if property.kept {
                    kept.insert(property.name.to_owned(), value.clone());
                }
            }
        }
    }
    if invalid.is_empty() { Ok(kept) } else { Err(invalid) }
}

/// A PATCH body taken apart. `set` holds `None` for a property to clear.
#[derive(Debug, Default)]
pub struct Patch {
    pub set: Vec<(&'static str, Option<Value>)>,
    pub invalid: BTreeSet<String>,
}

pub fn read_patch(
    table: &[Property],
    body: &Map<String, Value>,
    nulls: NullInPatch,
    words: &BankTypeWords,
) -> Patch {
    let mut patch = Patch::default();
    for property in table {
        let Some(value) = body.get(property.name) else { continue };
        if value.is_null() {
            match nulls {
                NullInPatch::Ignored => {}
                NullInPatch::Refused => {
                    patch.invalid.insert(property.name.to_owned());
                }
                NullInPatch::Clears if property.required => {
                    patch.invalid.insert(property.name.to_owned());
                }
                NullInPatch::Clears if property.kept => patch.set.push((property.name, None)),
                NullInPatch::Clears => {}
            }
        } else if !property.kind.accepts(value, words) {
            patch.invalid.insert(property.name.to_owned());
        } else if property.kept {
            patch.set.push((property.name, Some(value.clone())));
        }
    }
    patch
}

impl Kind {
    /// Whether a value other than null fits the description.
    pub fn accepts(self, value: &Value, words: &BankTypeWords) -> bool {
        match self {
            Kind::Text(max) => value.as_str().is_some_and(|text| text.chars().count() <= max),
            Kind::Date => value.as_str().is_some_and(is_date),
            Kind::OneOf(names) => value.as_str().is_some_and(|text| names.contains(&text)),
            Kind::Country => value.as_str().is_some_and(is_country),
            Kind::Address => is_address(value),
            Kind::BankAccount => is_bank_account(value, words),
            Kind::Integer => value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
            Kind::Percentage => value.as_i64().is_some_and(|number| (0..=100).contains(&number)),
            Kind::Flag => value.is_boolean(),
            Kind::Uuid => value.as_str().is_some_and(is_uuid),
            Kind::Uuids => {
                value.as_array().is_some_and(|list| list.iter().all(|id| id.as_str().is_some_and(is_uuid)))
            }
            Kind::Texts(max) => {
                value.as_array().is_some_and(|list| list.len() <= max && list.iter().all(Value::is_string))
            }
            Kind::Object => value.is_object(),
        }
    }
}

/// A value as it is kept: objects lose what is not theirs, and a bank account its word, which belongs to the API.
pub fn stored(name: &str, mut value: Value) -> Value {
    let parts: &[&str] = match name {
        "bankAccount" => &["iban", "bic", "number", "country"],
        "homeAddress" => &["line1", "line2", "line3", "postalCode", "city", "country"],
        _ => return value,
    };
    if let Value::Object(object) = &mut value {
        object.retain(|part, value| parts.contains(&part.as_str()) && !value.is_null());
    }
    value
}

/// `YYYY-MM-DD` and a day that exists.
pub fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 10 && bytes[4] == b'-' && bytes[7] == b'-' && text.parse::<jiff::civil::Date>().is_ok()
}

pub fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

fn is_country(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// `AddressUpdateInput`: all six parts.
fn is_address(value: &Value) -> bool {
    let part = |name: &str| value.get(name).and_then(Value::as_str);
    ["line1", "line2", "line3", "postalCode", "city"]
        .into_iter()
        .all(|name| part(name).is_some_and(|text| text.chars().count() <= 255))
        && part("country").is_some_and(is_country)
}

/// `NationalBankAccountInput` or `InternationalBankAccountInput`, chosen by the word in `type`.
fn is_bank_account(value: &Value, words: &BankTypeWords) -> bool {
    let part = |name: &str| value.get(name).and_then(Value::as_str);
    match part("type") {
        Some(word) if word == words.national => {
            part("number").is_some_and(|text| text.chars().count() <= 255)
                && part("country").is_some_and(is_country)
        }
        Some(word) if word == words.international => part("iban").is_some() && part("bic").is_some(),
        Some(_) | None => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn dates_are_calendar_days_in_one_spelling() {
        assert!(is_date("2024-02-29"));
        for wrong in ["2023-02-29", "20240229", "2024-2-29", "29.02.2024", "2024-02-29T00:00", ""] {
            assert!(!is_date(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_bank_account_needs_the_right_word_and_its_parts() {
        let words = BankTypeWords::default();
        let accepts = |value: Value| Kind::BankAccount.accepts(&value, &words);
        assert!(accepts(json!({"type": "national", "number": "86011117947", "country": "NO"})));
        assert!(accepts(json!({"type": "international", "iban": "NO9386011117947", "bic": "DNBANOKK"})));
        assert!(!accepts(json!({"number": "86011117947", "country": "NO"})));
        assert!(!accepts(json!({"type": "NATIONAL", "number": "86011117947", "country": "NO"})));
        assert!(!accepts(json!({"type": "national", "iban": "NO9386011117947", "bic": "DNBANOKK"})));
    }
}
