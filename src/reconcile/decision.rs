//! A human's answer to one question, as the reconciler takes it.

use super::{QuestionKind, Who};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What an answer says. Which kind takes which: `RULES.md` section 5, [`Verb::suits`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verb {
    Pending,
    Huma,
    Xledger,
    Base,
    /// The value as typed.
    Value(String),
    Clear,
    /// 1 to 365 days.
    Later(u16),
    Differ,
    CreateXledger,
    CreateHuma,
    /// An id of the other side, its employment ID, or the short label printed.
    Link(String),
    Ignore,
    Left,
    StillHere,
    Allow(u64),
    Reject,
}

impl Verb {
    /// The word in the resolution file, without its argument.
    pub fn word(&self) -> &'static str {
        match self {
            Verb::Pending => "pending",
            Verb::Huma => "huma",
            Verb::Xledger => "xledger",
            Verb::Base => "base",
            Verb::Value(_) => "value",
            Verb::Clear => "clear",
            Verb::Later(_) => "later",
            Verb::Differ => "differ",
            Verb::CreateXledger => "create-xledger",
            Verb::CreateHuma => "create-huma",
            Verb::Link(_) => "link",
            Verb::Ignore => "ignore",
            Verb::Left => "left",
            Verb::StillHere => "still-here",
            Verb::Allow(_) => "allow",
            Verb::Reject => "reject",
        }
    }

    /// What stands after the word, where the verb takes something.
    pub fn argument(&self) -> Option<String> {
        match self {
            Verb::Value(text) | Verb::Link(text) => Some(text.clone()),
            Verb::Later(days) => Some(format!("{days}d")),
            Verb::Allow(count) => Some(count.to_string()),
            Verb::Pending
            | Verb::Huma
            | Verb::Xledger
            | Verb::Base
            | Verb::Clear
            | Verb::Differ
            | Verb::CreateXledger
            | Verb::CreateHuma
            | Verb::Ignore
            | Verb::Left
            | Verb::StillHere
            | Verb::Reject => None,
        }
    }

    /// The verb of a word and its argument, as [`Verb::word`] and [`Verb::argument`] give them.
    pub fn from_parts(word: &str, argument: Option<&str>) -> Option<Verb> {
        Some(match word {
            "pending" => Verb::Pending,
            "huma" => Verb::Huma,
            "xledger" => Verb::Xledger,
            "base" => Verb::Base,
            "value" => Verb::Value(argument?.to_owned()),
            "clear" => Verb::Clear,
            "later" => Verb::Later(argument?.trim_end_matches('d').parse().ok()?),
            "differ" => Verb::Differ,
            "create-xledger" => Verb::CreateXledger,
            "create-huma" => Verb::CreateHuma,
            "link" => Verb::Link(argument?.to_owned()),
            "ignore" => Verb::Ignore,
            "left" => Verb::Left,
            "still-here" => Verb::StillHere,
            "allow" => Verb::Allow(argument?.parse().ok()?),
            "reject" => Verb::Reject,
            _ => return None,
        })
    }

    /// The words a kind takes beside `pending` and `later`.
    pub fn words_for(kind: QuestionKind) -> &'static [&'static str] {
        match kind {
            QuestionKind::Conflict | QuestionKind::Flap => {
                &["huma", "xledger", "base", "value", "clear", "differ"]
            }
            QuestionKind::Difference | QuestionKind::Divergence => {
                &["huma", "xledger", "value", "clear", "differ"]
            }
            QuestionKind::Missing => &["huma", "xledger", "value", "differ"],
            QuestionKind::Clear => &["clear", "huma", "xledger", "base", "differ"],
            QuestionKind::Confirm => &["huma", "xledger", "differ"],
            QuestionKind::OnlyHuma => &["create-xledger", "link", "ignore"],
            QuestionKind::OnlyXledger => &["create-huma", "link", "ignore"],
            QuestionKind::Match => &["link", "ignore"],
            QuestionKind::Vanished => &["left", "still-here"],
            QuestionKind::Held => &["allow", "reject"],
            QuestionKind::FirstSync => &["allow"],
        }
    }

    /// Whether a question of this kind takes the verb at all.
    pub fn suits(&self, kind: QuestionKind) -> bool {
        matches!(self, Verb::Pending | Verb::Later(_)) || Verb::words_for(kind).contains(&self.word())
    }
}

/// The typed value is personal: it never reaches a log through `{:?}` (P10).
impl fmt::Debug for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A queued answer, given to exactly one state of a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The stored resolution's id.
    pub resolution: i64,
    /// The item of the question, `K7Q4`.
    pub item: String,
    /// The whole fingerprint of what the human saw, in hex.
    pub fingerprint: String,
    pub kind: QuestionKind,
    pub verb: Verb,
    pub who: Who,
}
