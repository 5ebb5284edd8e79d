//! The plan's parts: changes with their reasons, and the state a field is left in.

use crate::domain::{Field, Reading, Side, Spelling};
use serde::{Deserialize, Serialize};
use std::fmt;

/// One field to be written on one side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    pub side: Side,
    pub field: Field,
    /// What that side was seen to hold: a write happens only while it still does (P1).
    pub from: Reading,
    /// What to write; `None` clears.
    pub to: Option<Spelling>,
    /// What the other side was seen to hold.
    pub other: Reading,
    pub why: Why,
    pub who: Who,
    /// The item of the question whose answer this is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<String>,
    /// A job title that must be made in Huma first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub make_title: Option<String>,
}

/// Why a change is made. Its words go into `audit.why` and `intents.reason`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// The other side was edited.
    Edited(Side),
    /// The other side was emptied, and `on_clear` carries that.
    Cleared(Side),
    /// This side was emptied, and `on_clear = "restore"` puts the value back.
    Restored(Side),
    /// This side had no value.
    Filled(Side),
    /// `prefer` decided between two values in favour of a side.
    Preferred(Side),
    /// A human's answer, by its verb.
    Answered(String),
    /// Part of making this person.
    Created(Side),
    /// Put back by `undo`.
    Undone,
}

impl Why {
    /// Whether a rule decided it, so that limits count it (a human's answer is not counted).
    pub fn is_rule(&self) -> bool {
        match self {
            Why::Edited(_) | Why::Cleared(_) | Why::Restored(_) | Why::Filled(_) | Why::Preferred(_) => true,
            Why::Answered(_) | Why::Created(_) | Why::Undone => false,
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::Edited(side) => write!(f, "edited in {side}"),
            Why::Cleared(side) => write!(f, "cleared in {side}"),
            Why::Restored(side) => write!(f, "cleared in {side}, put back by rule"),
            Why::Filled(side) => write!(f, "missing, filled from {}", side.other()),
            Why::Preferred(side) => write!(f, "{side} preferred by rule"),
            Why::Answered(verb) => write!(f, "answered `{verb}`"),
            Why::Created(side) => write!(f, "person created in {side}"),
            Why::Undone => f.write_str("undone"),
        }
    }
}

/// Who decided: hxsync by rule, or a person by an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Who {
    Hxsync,
    /// The user's name, and whether it is certain (the owner of a saved file is not).
    User {
        name: String,
        certain: bool,
    },
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Who::Hxsync => f.write_str("hxsync"),
            Who::User { name, .. } => f.write_str(name),
        }
    }
}

/// The states of the view `field_state`, in the order in which the first that holds is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FieldState {
    Off,
    Hidden,
    Invalid,
    Unrepresentable,
    ReadOnly,
    Failing,
    NotAccepted,
    Waiting,
    Flap,
    Held,
    Confirm,
    Clear,
    Conflict,
    Divergence,
    Difference,
    Missing,
    Differ,
    Agreed,
}

impl FieldState {
    pub fn word(self) -> &'static str {
        match self {
            FieldState::Off => "off",
            FieldState::Hidden => "hidden",
            FieldState::Invalid => "invalid",
            FieldState::Unrepresentable => "unrepresentable",
            FieldState::ReadOnly => "read-only",
            FieldState::Failing => "failing",
            FieldState::NotAccepted => "not-accepted",
            FieldState::Waiting => "waiting",
            FieldState::Flap => "flap",
            FieldState::Held => "held",
            FieldState::Confirm => "confirm",
            FieldState::Clear => "clear",
            FieldState::Conflict => "conflict",
            FieldState::Divergence => "divergence",
            FieldState::Difference => "difference",
            FieldState::Missing => "missing",
            FieldState::Differ => "differ",
            FieldState::Agreed => "agreed",
        }
    }
}
