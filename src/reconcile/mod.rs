//! Decides what each side should become: `correlate` pairs records, `decide` finds one outcome per field, `check`
//! holds what trips a limit. Never writes, reads no clock.
//!
//! The tables of `RULES.md` in code; `fixtures/cases` has a case for each row.

pub mod answer;
pub mod base;
pub mod case;
pub mod check;
pub mod correlate;
pub mod decide;
pub mod decision;
pub mod fingerprint;
pub mod outcome;
pub mod pair;
pub mod plan;
mod position;
pub mod question;

pub use base::{Agreed, FieldBase, FieldStanding, Half, PairBase, Parked, StateMark, WriteMark};
pub use decision::{Decision, Verb};
pub use fingerprint::FingerprintKey;
pub use plan::{Change, FieldState, Who, Why};
pub use question::{HeldMember, HoldClass, Question, QuestionKind, Shown, Subject};
