//! What both sides last agreed on, per field and side, as read back; and what hxsync remembers of a pair beside it.

use crate::domain::{Canonical, FieldMap, Reading, Side, Spelling};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The base of one pair: one row of the store.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PairBase {
    pub fields: FieldMap<Option<FieldBase>>,
    /// The Huma position fields 11 to 15 were based on. Under another main position, empty dates are no clears.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<String>,
    /// Writes that were refused and wait until something moves.
    pub parked: FieldMap<Option<Parked>>,
    /// The state each field was last seen in, for `field_state.since`.
    pub states: FieldMap<Option<StateMark>>,
    /// hxsync's own writes of the last 24 hours, newest last, for finding a second writer.
    pub writes: FieldMap<Vec<WriteMark>>,
}

/// One field's base. Both halves or none: a field hidden on a side has no base.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldBase {
    pub huma: Half,
    pub xledger: Half,
    pub standing: FieldStanding,
    /// When the base took these values.
    pub since: Timestamp,
    /// By which cycle.
    pub cycle: i64,
    /// The last values that stood agreed: what `base` means to a human. `None` before there were any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreed: Option<Agreed>,
}

impl FieldBase {
    pub fn half(&self, side: Side) -> &Half {
        match side {
            Side::Huma => &self.huma,
            Side::Xledger => &self.xledger,
        }
    }
}

/// One side's half: its spelling and the canonical form as read back. Both `None` where the side was empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Half {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spelling: Option<Spelling>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canonical: Option<Canonical>,
}

/// How the two halves stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FieldStanding {
    Agreed,
    /// A human said they may differ.
    Differ,
    /// The last write read back as something else; both halves are what each side returned.
    NotAccepted,
    /// Huma holds a request that waits for confirmation.
    Waiting,
}

/// Both spellings when the field last stood agreed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreed {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub huma: Option<Spelling>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub xledger: Option<Spelling>,
    pub at: Timestamp,
}

/// A write a side refused: not tried again until a value, a right or a setting moves, or a human asks (`sync --person`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parked {
    /// The side that refused.
    pub side: Side,
    /// What both sides showed then.
    pub huma: Reading,
    pub xledger: Reading,
    /// Digest of settings and rights then.
    pub circumstances: String,
    /// The side's own words. May hold personal values: shown to admins, never logged.
    pub words: String,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateMark {
    pub state: super::FieldState,
    pub since: Timestamp,
}

/// One write of ours to one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriteMark {
    pub at: Timestamp,
    pub side: Side,
    /// What the write replaced; `None` for empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced: Option<Canonical>,
}
