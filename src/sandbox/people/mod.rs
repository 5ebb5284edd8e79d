//! The invented people both simulators start from: what a fixture file holds for each side.
//!
//! Each simulator turns its own half into its own storage and from then on owns it. These types know nothing of
//! the clients or of the domain: the sandbox judges the product and must not share its reading of the APIs.
//!
//! [`fixtures`] are the people made by hand, with the difficult cases; [`generate`] makes any number by seed.
//! Ids, codes and e-mails of the two never collide, so that they can be loaded together.

use serde::{Deserialize, Serialize};

mod flaws;
mod generate;
mod spelling;
mod words;

pub use generate::generate;

/// The people of `fixtures/people.json`, in its order.
pub fn fixtures() -> Vec<Person> {
    serde_json::from_str(include_str!("../../../fixtures/people.json"))
        .expect("fixtures/people.json is part of this program and has its shape")
}

/// One invented human being: what Huma holds, what Xledger holds, and what is true about them.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// Why this person is in the fixtures, in words.
    pub note: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub huma: Option<HumaPerson>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub xledger: Option<XledgerPerson>,
    pub truth: Truth,
}

/// What a first sync with default settings must find out about a [`Person`].
///
/// A field stands in the first list that holds, in the order of `field_state.state`: `hidden`, `invalid`,
/// `unrepresentable`, `read_only`, `difference`, `missing_*`. A field in no list agrees (or is empty on both sides).
/// Only matched people have field lists.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Truth {
    pub people: PeopleTruth,
    /// Field names that must be asked as a difference.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub difference: Vec<String>,
    /// Field names that Huma has and Xledger lacks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing_in_xledger: Vec<String>,
    /// Field names that Xledger has and Huma lacks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing_in_huma: Vec<String>,
    /// Field names whose value fails its check on a side.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub invalid: Vec<String>,
    /// Field names Huma's key may not see.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hidden: Vec<String>,
    /// Field names that one side has and the other, empty side cannot hold (a job title, a gender).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unrepresentable: Vec<String>,
    /// Field names that cannot be written on a side: deactivated, a shared contact, positions that tie. Said
    /// whether the values agree or not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub read_only: Vec<String>,
    /// For somebody on one side only: ids of the unpaired records of the other side that must be proposed,
    /// by e-mail, by name with birth date, or by an employment ID that is equal but for its leading zeros.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub near: Vec<String>,
}

impl Truth {
    /// No field to report and nobody to propose.
    pub fn of(people: PeopleTruth) -> Self {
        Truth {
            people,
            difference: Vec::new(),
            missing_in_xledger: Vec::new(),
            missing_in_huma: Vec::new(),
            invalid: Vec::new(),
            hidden: Vec::new(),
            unrepresentable: Vec::new(),
            read_only: Vec::new(),
            near: Vec::new(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PeopleTruth {
    /// Both halves are the same employee and can be paired without asking.
    Matched,
    OnlyHuma,
    OnlyXledger,
    /// Stands in a `match` question, as its subject or as one of its candidates.
    Ambiguous,
    /// Ended on both sides, or ended on one and absent on the other: not asked about.
    Ended,
    /// Not an employee at all (a Huma service user).
    NotAPerson,
}

/// A user as Huma stores one. Dates are `YYYY-MM-DD`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HumaPerson {
    /// A UUID.
    pub id: String,
    /// `user` or `service_user`; empty means `user`.
    #[serde(rename = "type", skip_serializing_if = "String::is_empty")]
    pub kind: String,
    pub given_name: String,
    pub family_name: String,
    pub email: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bank_account: Option<HumaBankAccount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub home_address: Option<HumaAddress>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gender: Option<String>,
    /// `Married`, `Relationship` or `Single`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub civil_status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub employment_id: Option<String>,
    pub positions: Vec<HumaPosition>,
    /// The account is deactivated.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub deactivated: bool,
    /// RFC 3339; set when the person has logged in, which makes an email change wait for confirmation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_logged_in_at: Option<String>,
    /// A requested, unconfirmed new address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requested_email: Option<String>,
    /// `connectedIntegrations`: integration name → external id.
    #[serde(skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub connected_integrations: std::collections::BTreeMap<String, String>,
    /// Wire names (`bankAccount`) this key may not see on this person.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hidden: Vec<String>,
    /// Wire names this key may see but not edit on this person.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub read_only: Vec<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub enum HumaBankAccount {
    International { iban: String, bic: String },
    National { number: String, country: String },
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HumaAddress {
    pub line1: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line2: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line3: Option<String>,
    pub postal_code: String,
    pub city: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HumaPosition {
    /// A UUID; empty lets the simulator make one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// Name of a job title; made on load when Huma has none of that name.
    pub title: String,
    /// 0 to 100.
    pub percentage: f64,
    pub contract_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contract_start_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contract_end_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_day_of_work: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probation_end_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub termination_notice_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_day_of_work: Option<String>,
}

/// An employee as Xledger stores one: the employee record with its contact and its subledger. Dates are `YYYY-MM-DD`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct XledgerPerson {
    pub db_id: i64,
    /// 0 lets the simulator choose one. Two people with one number share the contact.
    #[serde(skip_serializing_if = "is_zero")]
    pub contact_db_id: i64,
    #[serde(skip_serializing_if = "is_zero")]
    pub subledger_db_id: i64,
    /// 0 means the token's own entity.
    #[serde(skip_serializing_if = "is_zero")]
    pub owner_db_id: i64,
    pub code: String,
    pub first_name: String,
    pub last_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub birthday: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bank_account: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub home_address: Option<XledgerAddress>,
    /// `contact.address`, the main one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<XledgerAddress>,
    /// Code of a gender system value (`M`, `F`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gender: Option<String>,
    /// Description of a marital status object value; made on load when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub marital_status: Option<String>,
    /// Description of a position object value; made on load when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position_value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub employment_from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trial_to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notice_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub employment_to: Option<String>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct XledgerAddress {
    pub street_address: String,
    pub zip_code: String,
    pub place: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
}

fn is_zero(n: &i64) -> bool {
    *n == 0
}

#[cfg(test)]
mod oracle;
#[cfg(test)]
mod tests;
