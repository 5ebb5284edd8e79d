//! What is decided of one field: exactly one outcome, and the state it is shown as.

use super::{FieldStanding, FieldState, QuestionKind, Why};
use crate::domain::lens::{CannotHold, Fault};
use crate::domain::{Lock, Side, Spelling};

/// Exactly one of these per field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Off,
    Hidden {
        side: Side,
    },
    Invalid {
        side: Side,
        fault: Fault,
    },
    Unrepresentable {
        to: Side,
        why: CannotHold,
    },
    ReadOnly {
        side: Side,
        lock: Lock,
    },
    Failing,
    Waiting,
    /// The value would go on the person's first position in Huma, which the question about the job title asks for.
    AwaitsPosition,
    /// Nothing to do: the base stands as it is.
    Rest(FieldStanding),
    /// Nothing to write; both halves of the base become what each side shows.
    Move(Moved),
    Write(Vec<Draft>),
    Ask(Ask),
    /// A human was asked, and the answer is to leave both as they are.
    Differ,
}

/// Why a base moves without a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moved {
    /// No base, and both sides say the same: silent.
    FoundEqual,
    EditedAlike,
    ClearedBoth,
    /// Edited to something the other side's value already covers.
    Covered,
}

/// A write before it is a [`super::Change`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    pub to: Side,
    /// `None` clears.
    pub value: Option<Spelling>,
    pub why: Why,
    pub make_title: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    pub kind: QuestionKind,
    /// `confirm`, `clear`: the side that was edited or emptied. `missing`: the side that has the value.
    pub side: Option<Side>,
    pub notes: Vec<String>,
}

impl Outcome {
    /// The state this outcome is shown as.
    pub fn state(&self) -> FieldState {
        match self {
            Outcome::Off => FieldState::Off,
            Outcome::Hidden { .. } => FieldState::Hidden,
            Outcome::Invalid { .. } => FieldState::Invalid,
            Outcome::Unrepresentable { .. } => FieldState::Unrepresentable,
            Outcome::ReadOnly { .. } => FieldState::ReadOnly,
            Outcome::Failing => FieldState::Failing,
            Outcome::Waiting => FieldState::Waiting,
            Outcome::AwaitsPosition => FieldState::Confirm,
            Outcome::Rest(FieldStanding::Agreed) => FieldState::Agreed,
            Outcome::Rest(FieldStanding::Differ) => FieldState::Differ,
            Outcome::Rest(FieldStanding::NotAccepted) => FieldState::NotAccepted,
            Outcome::Rest(FieldStanding::Waiting) => FieldState::Waiting,
            Outcome::Move(_) | Outcome::Write(_) => FieldState::Agreed,
            Outcome::Differ => FieldState::Differ,
            Outcome::Ask(ask) => match ask.kind {
                QuestionKind::Conflict => FieldState::Conflict,
                QuestionKind::Difference => FieldState::Difference,
                QuestionKind::Divergence => FieldState::Divergence,
                QuestionKind::Missing => FieldState::Missing,
                QuestionKind::Clear => FieldState::Clear,
                QuestionKind::Confirm => FieldState::Confirm,
                QuestionKind::Flap => FieldState::Flap,
                QuestionKind::Held => FieldState::Held,
                // Questions about people are never asked of a field.
                QuestionKind::FirstSync
                | QuestionKind::OnlyHuma
                | QuestionKind::OnlyXledger
                | QuestionKind::Match
                | QuestionKind::Vanished => FieldState::Held,
            },
        }
    }
}
