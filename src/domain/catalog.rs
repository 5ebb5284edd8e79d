//! The named objects both systems offer: what a job title, a civil status, a gender or a country may be written as.

use serde::{Deserialize, Serialize};

/// One object of a side that a field can point at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedObject {
    /// Huma: a UUID; Xledger: a dbId in decimal (empty where Xledger has not shown one).
    pub id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Huma `name`; Xledger `description` or `name`.
    pub name: String,
}

/// What can be pointed at on each side, read once a cycle.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Catalog {
    /// Huma's job titles, best choice first among equal names (most used by current positions, then the smallest id).
    pub huma_titles: Vec<NamedObject>,
    /// Xledger's object values of the kind that employees' `positionValue`s have.
    pub xledger_titles: Vec<NamedObject>,
    pub xledger_marital_statuses: Vec<NamedObject>,
    /// Gender system values seen on contacts; may be empty, then the code alone is written.
    pub xledger_genders: Vec<NamedObject>,
    /// `code` is ISO 3166-1 alpha-2, `name` what an address input takes.
    pub xledger_countries: Vec<NamedObject>,
}
