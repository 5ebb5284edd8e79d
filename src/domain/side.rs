//! The two sides and the ids of records on them.

use serde::{Deserialize, Serialize};
use std::fmt;

/// One of the two systems. Huma is always named first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    Huma,
    Xledger,
}

impl Side {
    pub const BOTH: [Side; 2] = [Side::Huma, Side::Xledger];

    pub fn other(self) -> Side {
        match self {
            Side::Huma => Side::Xledger,
            Side::Xledger => Side::Huma,
        }
    }

    /// The word in settings, SQL and the resolution file.
    pub fn word(self) -> &'static str {
        match self {
            Side::Huma => "huma",
            Side::Xledger => "xledger",
        }
    }

    pub fn from_word(word: &str) -> Option<Side> {
        Side::BOTH.into_iter().find(|side| side.word() == word)
    }
}

/// The name a human reads.
impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Side::Huma => "Huma",
            Side::Xledger => "Xledger",
        })
    }
}

/// A Huma user's id: a UUID in text, kept as Huma spells it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HumaId(pub String);

impl fmt::Display for HumaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An Xledger employee's `dbId`: a positive 64-bit integer. 0 means "none" to Xledger and is never held here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct XledgerId(pub i64);

impl fmt::Display for XledgerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Our own id of a pair; `links.link_id`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LinkId(pub i64);

impl fmt::Display for LinkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
