//! What a human must decide: its kind, what it is about, and what is shown and fingerprinted.

use crate::domain::{Canonical, Field, HumaId, LinkId, Reading, RecordId, Side, Spelling, XledgerId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum QuestionKind {
    FirstSync,
    Conflict,
    Difference,
    Divergence,
    Missing,
    Clear,
    Confirm,
    Flap,
    OnlyHuma,
    OnlyXledger,
    Match,
    Vanished,
    Held,
}

impl QuestionKind {
    /// In the order of the resolution file.
    pub const ALL: [QuestionKind; 13] = [
        QuestionKind::FirstSync,
        QuestionKind::Conflict,
        QuestionKind::Difference,
        QuestionKind::Divergence,
        QuestionKind::Missing,
        QuestionKind::Clear,
        QuestionKind::Confirm,
        QuestionKind::Flap,
        QuestionKind::OnlyHuma,
        QuestionKind::OnlyXledger,
        QuestionKind::Match,
        QuestionKind::Vanished,
        QuestionKind::Held,
    ];

    /// The word in SQL and JSON.
    pub fn word(self) -> &'static str {
        match self {
            QuestionKind::FirstSync => "first-sync",
            QuestionKind::Conflict => "conflict",
            QuestionKind::Difference => "difference",
            QuestionKind::Divergence => "divergence",
            QuestionKind::Missing => "missing",
            QuestionKind::Clear => "clear",
            QuestionKind::Confirm => "confirm",
            QuestionKind::Flap => "flap",
            QuestionKind::OnlyHuma => "only-huma",
            QuestionKind::OnlyXledger => "only-xledger",
            QuestionKind::Match => "match",
            QuestionKind::Vanished => "vanished",
            QuestionKind::Held => "held",
        }
    }

    pub fn from_word(word: &str) -> Option<QuestionKind> {
        QuestionKind::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

impl fmt::Display for QuestionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// What a question is about. At most one question is open per subject.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    Field {
        link: LinkId,
        field: Field,
    },
    /// A record without a partner (`only-*`) or with a doubtful one (`match`).
    Record(RecordId),
    /// A linked record a side no longer has.
    Vanished {
        link: LinkId,
        side: Side,
    },
    Held(HoldClass),
    FirstSync,
}

impl Subject {
    /// A text that is the same for the same subject for ever: the store's key of the open question.
    pub fn key(&self) -> String {
        match self {
            Subject::Field { link, field } => format!("field:{link}:{}", field.name()),
            Subject::Record(id) => format!("record:{}:{id}", id.side().word()),
            Subject::Vanished { link, side } => format!("vanished:{link}:{}", side.word()),
            Subject::Held(class) => format!("held:{}", class.key()),
            Subject::FirstSync => "first-sync".into(),
        }
    }

    pub fn link(&self) -> Option<LinkId> {
        match self {
            Subject::Field { link, .. } | Subject::Vanished { link, .. } => Some(*link),
            Subject::Record(_) | Subject::Held(_) | Subject::FirstSync => None,
        }
    }

    pub fn field(&self) -> Option<Field> {
        match self {
            Subject::Field { field, .. } => Some(*field),
            Subject::Record(_) | Subject::Vanished { .. } | Subject::Held(_) | Subject::FirstSync => None,
        }
    }
}

/// What a limit counts together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HoldClass {
    /// Changes of one field on one side.
    Changes {
        side: Side,
        field: Field,
    },
    Clears {
        side: Side,
        field: Field,
    },
    /// Last days of work and termination notices.
    EndDates {
        side: Side,
        field: Field,
    },
    Creates {
        side: Side,
    },
    /// Everything: the next cycle is plan-only (a changed mapping, an older database).
    PlanOnly,
}

impl HoldClass {
    pub fn key(&self) -> String {
        match self {
            HoldClass::Changes { side, field } => format!("changes:{}:{}", side.word(), field.name()),
            HoldClass::Clears { side, field } => format!("clears:{}:{}", side.word(), field.name()),
            HoldClass::EndDates { side, field } => format!("end-dates:{}:{}", side.word(), field.name()),
            HoldClass::Creates { side } => format!("creates:{}", side.word()),
            HoldClass::PlanOnly => "plan-only".into(),
        }
    }
}

/// A question as the reconciler finds it. The store gives it an item id; `resolution` fingerprints and renders it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    pub kind: QuestionKind,
    pub subject: Subject,
    /// Readable label of the person, `Kari Nordmann (1042)`; for `held` what is held, in words.
    pub person: String,
    pub shown: Shown,
}

/// What is shown, and what the fingerprint is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shown {
    Values(Box<Values>),
    People(PeopleShown),
    Vanished { side: Side, first_missing_at: Timestamp },
    Held { members: Vec<HeldMember>, limit: u64, creates: Vec<RecordId> },
    FirstSync(FirstSyncShown),
}

/// The three values of a field question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Values {
    /// The last agreed value as Huma spelled it, else as Xledger did. `None` where the base was empty or there is none.
    pub base: Option<Spelling>,
    pub base_at: Option<Timestamp>,
    pub huma: Reading,
    pub huma_at: Timestamp,
    pub xledger: Reading,
    pub xledger_at: Timestamp,
    /// Canonical forms of base, Huma and Xledger: what the fingerprint is over.
    pub canonical: [Option<Canonical>; 3],
    /// For `confirm` and `clear`: the side that was edited or emptied. For `missing`: the side that has the value.
    pub side: Option<Side>,
    /// Why it is asked, in words without values.
    pub notes: Vec<String>,
}

/// A person on one side only, or in doubt, with whom they might be on the other side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeopleShown {
    pub record: RecordId,
    /// The person's values as they would be created: covered by the answer.
    pub values: Vec<(Field, Spelling)>,
    pub candidates: Vec<CandidateShown>,
    pub notes: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CandidateShown {
    pub record: RecordId,
    pub label: String,
    /// What speaks for it and against it: `same employment ID; another date of birth`.
    pub why: String,
}

/// One write inside a `held` question.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct HeldMember {
    pub link: LinkId,
    pub side: Side,
    pub field: Field,
    pub old: Option<Canonical>,
    pub new: Option<Canonical>,
}

/// The whole picture of a first sync.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstSyncShown {
    /// The matched pairs, sorted: what the fingerprint is over, and N of `allow N`.
    pub links: Vec<(HumaId, XledgerId)>,
    /// Lines of the picture: what was counted, and the number.
    pub counts: Vec<(String, u64)>,
}
