//! One person's record as one side showed it: 15 readings, and what else of it decides anything.

use super::{Field, FieldMap, HumaId, Reading, Side, XledgerId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// Which record on which side.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordId {
    Huma(HumaId),
    Xledger(XledgerId),
}

impl RecordId {
    pub fn side(&self) -> Side {
        match self {
            RecordId::Huma(_) => Side::Huma,
            RecordId::Xledger(_) => Side::Xledger,
        }
    }
}

/// The id alone, as SQL and the resolution file spell it.
impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RecordId::Huma(id) => id.fmt(f),
            RecordId::Xledger(id) => id.fmt(f),
        }
    }
}

/// One observed record. Compared and stored whole: the same record read twice serializes to the same bytes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub id: RecordId,
    pub fields: FieldMap<Reading>,
    /// Fields this side would refuse to change, and why.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub locked: BTreeMap<Field, Lock>,
    /// What only this side has to say.
    pub about: About,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum About {
    Huma(HumaAbout),
    Xledger(XledgerAbout),
}

/// Why a field of a record cannot be written. Shown as `read-only` with these words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lock {
    /// `editable: false` for this key.
    NotEditable,
    /// Another integration of Huma owns the field.
    OwnedBy(String),
    /// The account is deactivated: Huma locks every field.
    Deactivated,
    /// Several current positions tie for main, or a copy on the user disagrees with the position.
    ChoosePosition,
    /// More than one Xledger employee points at this contact or subledger.
    Shared,
    /// The Xledger employee has no contact, which is where the field lives.
    NoContact,
    /// The Xledger employee has no subledger, which is where the field lives.
    NoSubledger,
    /// The live schema of Xledger takes no such field.
    NotOffered,
}

impl fmt::Display for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Lock::NotEditable => f.write_str("Huma does not let this key edit it"),
            Lock::OwnedBy(integration) => write!(f, "Huma's integration {integration} owns it"),
            Lock::Deactivated => f.write_str("the Huma account is deactivated"),
            Lock::ChoosePosition => f.write_str("several positions; choose in Huma"),
            Lock::Shared => f.write_str("more than one Xledger employee shares this record"),
            Lock::NoContact => f.write_str("the Xledger employee has no contact"),
            Lock::NoSubledger => f.write_str("the Xledger employee has no subledger"),
            Lock::NotOffered => f.write_str("Xledger's interface does not take it"),
        }
    }
}

#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HumaAbout {
    pub active: bool,
    /// `email.requestedValue`: a new address that waits for the person's confirmation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requested_email: Option<String>,
    pub positions: Positions,
    /// `connectedIntegrations`: integration name → external id; a hint for pairing, never proof.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub connected: BTreeMap<String, String>,
    /// Ids of the groups (teams, locations, companies) the listing showed, sorted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
}

/// Which position fields 11 to 15 refer to.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Positions {
    /// The person has no position; fields 11 to 15 read as empty and the first one would have to be made.
    #[default]
    None,
    Main(MainPosition),
    /// Several tie: the fields are locked with [`Lock::ChoosePosition`].
    Tied,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MainPosition {
    /// A UUID.
    pub id: String,
    pub status: PositionStatus,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PositionStatus {
    Current,
    Upcoming,
    /// The main position is chosen among ended ones only when every position has ended.
    Ended,
    Unknown,
}

#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct XledgerAbout {
    /// `contactDbId`; `None` where the employee has no contact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subledger_id: Option<i64>,
    /// The entity (company) that owns the record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner_id: Option<i64>,
    /// The display name, kept in step with name writes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

impl Record {
    pub fn side(&self) -> Side {
        self.id.side()
    }

    pub fn huma(&self) -> Option<&HumaAbout> {
        match &self.about {
            About::Huma(about) => Some(about),
            About::Xledger(_) => None,
        }
    }

    pub fn xledger(&self) -> Option<&XledgerAbout> {
        match &self.about {
            About::Huma(_) => None,
            About::Xledger(about) => Some(about),
        }
    }

    /// The reading as plain text, for fields both sides spell as text.
    pub fn text(&self, field: Field) -> Option<&str> {
        match self.fields[field].value()? {
            super::Spelling::Text(text) => Some(text),
            super::Spelling::Named(named) => Some(&named.name),
            super::Spelling::Account(_) | super::Spelling::Address(_) => None,
        }
    }

    /// `Kari Nordmann (1042)`: how a human knows the person. Falls back to the record's id.
    pub fn label(&self) -> String {
        let name = [Field::GivenName, Field::FamilyName]
            .into_iter()
            .filter_map(|field| self.text(field).map(str::trim))
            .collect::<Vec<_>>()
            .join(" ");
        let name = if name.is_empty() { format!("{} {}", self.side(), self.id) } else { name };
        match self.text(Field::EmploymentId) {
            Some(number) => format!("{name} ({})", number.trim()),
            None => name,
        }
    }

    /// Whether the employment has ended: in Xledger a last day before `today` (local); in Huma inactive, or every
    /// position ended.
    pub fn is_ended(&self, today: jiff::civil::Date) -> bool {
        match &self.about {
            About::Huma(about) => {
                !about.active
                    || matches!(
                        &about.positions,
                        Positions::Main(MainPosition { status: PositionStatus::Ended, .. })
                    )
            }
            About::Xledger(_) => self
                .text(Field::LastDayOfWork)
                .and_then(|day| day.get(..10)?.parse::<jiff::civil::Date>().ok())
                .is_some_and(|day| day < today),
        }
    }

    /// A digest of everything in the record, for telling a changed record from an unchanged one.
    pub fn digest(&self) -> [u8; 32] {
        // A struct of texts and numbers always serializes.
        let bytes = serde_json::to_vec(self).expect("a record serializes");
        *blake3::hash(&bytes).as_bytes()
    }
}

/// Shows the id and no personal value (P10).
impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Record({} {})", self.side(), self.id)
    }
}
