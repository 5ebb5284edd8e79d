//! Questions as text for an admin, and answers back.
//!
//! [`render`] makes the resolution file's text, [`parse`] reads one back line by line, and [`take_in`] decides for each line
//! whether it may be queued. The grammar and the rules are section 5 of `DESIGN.md`.
//!
//! **Invariant:** pure. The moment, the history and the way values are shown come in as arguments.
//! **Invariant:** nothing a record holds can become an answer: every value stands on one line after `#`, escaped.
//! **Invariant:** one wrong line spoils one line, never the file.

mod block;
pub mod bulk;
mod compare;
mod line;
mod page;
pub mod parse;
pub mod reply;
pub mod take_in;
mod text;
pub mod words;

#[cfg(test)]
mod tests;

pub use bulk::Selector;
pub use page::{Mark, Page, render};
pub use parse::{Answer, Bulk, Parsed, Problem, has_trailer, line_of, parse};
pub use reply::{Reply, answers_page};
pub use take_in::{Accepted, Earlier, History, IdForm, Moment, Past, Taken, take_in};
pub use text::{AdminText, escape};
pub use words::Language;

use crate::domain::{Field, RecordId, Side, Spelling};
use crate::reconcile::{Question, QuestionKind, Shown};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// How a value is shown to a human on one line: `Lenses::show`, masked unless revealed. Escaped here, not there.
pub type Show<'a> = &'a dyn Fn(Field, &Spelling) -> String;

/// The `##` lines admins wrote, by the item they stand with; those of the page as a whole under the empty text.
pub type Comments = BTreeMap<String, Vec<String>>;

/// One open question with the id it is answered by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The first half of the id: `K7Q4`.
    pub id: String,
    /// The whole fingerprint, 64 hex digits in lower case.
    pub fingerprint: String,
    pub question: Question,
    /// When it was first asked with these values.
    pub asked_at: Timestamp,
    /// Set by `later`: the file does not show it before this moment.
    pub asleep_until: Option<Timestamp>,
    /// An answer was taken in and has not been carried out yet.
    pub queued: Option<Queued>,
}

/// An answer that keeps until something else has happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queued {
    pub verb: crate::reconcile::Verb,
    pub who: String,
    pub at: Timestamp,
    pub awaits: Awaits,
}

/// What a queued answer waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Awaits {
    FirstSync,
    NextCycle,
    /// This side cannot be reached.
    Side(Side),
    SecondApprover,
    FreezeEnd,
}

/// How many hex digits of a fingerprint are shown, and the fewest an answer must repeat.
pub const SHOWN_DIGITS: usize = 8;

impl Item {
    /// The id as printed: `K7Q4.9f2c1a07`.
    pub fn full_id(&self) -> String {
        let shown = self.fingerprint.get(..SHOWN_DIGITS).unwrap_or(&self.fingerprint);
        format!("{}.{shown}", self.id)
    }

    pub fn kind(&self) -> QuestionKind {
        self.question.kind
    }

    pub fn is_asleep(&self, now: Timestamp) -> bool {
        self.asleep_until.is_some_and(|until| until > now)
    }

    /// N of `allow N`: what the answer would let through. `None` for kinds that do not take it.
    pub fn size(&self) -> Option<u64> {
        match &self.question.shown {
            Shown::Held { members, creates, .. } => Some((members.len() + creates.len()) as u64),
            Shown::FirstSync(picture) => Some(picture.links.len() as u64),
            Shown::Values(_) | Shown::People(_) | Shown::Vanished { .. } => None,
        }
    }

    /// The record a short label (`A`, `B`, ...) stands for, or a candidate named by its own id.
    fn candidate(&self, named: &str) -> Option<&RecordId> {
        let Shown::People(people) = &self.question.shown else {
            return None;
        };
        let by_label = people
            .candidates
            .iter()
            .enumerate()
            .find(|(index, _)| text::short_label(*index).eq_ignore_ascii_case(named));
        let by_id = || people.candidates.iter().find(|candidate| candidate.record.to_string() == named);
        by_label.map(|(_, candidate)| candidate).or_else(by_id).map(|candidate| &candidate.record)
    }
}
