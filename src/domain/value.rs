//! One field's value as a side spells it, and what reading it can say.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What reading one field of one record said. Three different things: hidden makes no base and moves none.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "is", content = "of")]
pub enum Reading {
    /// This key may not see the field (or, in Huma, it is empty and not editable where no base says it was empty).
    Hidden,
    #[default]
    Empty,
    Value(Spelling),
}

impl Reading {
    pub fn value(&self) -> Option<&Spelling> {
        match self {
            Reading::Hidden | Reading::Empty => None,
            Reading::Value(spelling) => Some(spelling),
        }
    }

    pub fn is_hidden(&self) -> bool {
        matches!(self, Reading::Hidden)
    }

    pub fn is_empty(&self) -> bool {
        matches!(self, Reading::Empty)
    }

    /// `None`, and text of nothing but white space, is empty.
    pub fn of_text(text: Option<&str>) -> Reading {
        match text {
            Some(text) if !text.trim().is_empty() => Reading::Value(Spelling::Text(text.to_owned())),
            Some(_) | None => Reading::Empty,
        }
    }
}

impl From<Option<Spelling>> for Reading {
    fn from(spelling: Option<Spelling>) -> Self {
        spelling.map_or(Reading::Empty, Reading::Value)
    }
}

/// A value exactly as one side holds it. Which variant a field has on each side is fixed by its lens:
///
/// | field                          | Huma      | Xledger  |
/// |--------------------------------|-----------|----------|
/// | bank_account                   | `Account` | `Text`   |
/// | address                        | `Address` | `Address`|
/// | gender, civil_status           | `Text`    | `Named`  |
/// | job_title                      | `Named`   | `Named` (`Text` with `job_title = "contact-job-title"`) |
/// | all others (dates `YYYY-MM-DD`)| `Text`    | `Text`   |
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Spelling {
    Text(String),
    Account(Account),
    Address(Address),
    Named(Named),
}

impl Spelling {
    pub fn text(text: impl Into<String>) -> Spelling {
        Spelling::Text(text.into())
    }
}

/// Huma's two shapes of a bank account. Source: `huma.md` section 6.1; told apart by shape, never by `type`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Account {
    /// `country` is ISO 3166-1 alpha-2.
    National {
        number: String,
        country: String,
    },
    International {
        iban: String,
        bic: String,
    },
}

/// An address by part; a part a side lacks is `None`, never an empty text. Xledger's street address is `line1`.
/// `country` is ISO 3166-1 alpha-2 where the side said one, else the side's own text.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Address {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line1: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line2: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line3: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
}

/// A reference to an object of a side: Huma's job title, Xledger's object value or system value.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Named {
    /// Huma: a UUID; Xledger: a dbId in decimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Huma `name`; Xledger `description` or `name`.
    pub name: String,
}

/// The form of a value that is compared; equal text means equal value. Never written to a side and never shown.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Canonical(pub String);

/// Personal values never reach a log or a panic message through `{:?}` (P10).
macro_rules! discreet_debug {
    ($($type:ty => $name:literal),*) => {$(
        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!($name, "(…)"))
            }
        }
    )*};
}

discreet_debug!(Spelling => "Spelling", Account => "Account", Address => "Address", Named => "Named", Canonical => "Canonical");

impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Reading::Hidden => "Hidden",
            Reading::Empty => "Empty",
            Reading::Value(_) => "Value(…)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p10_debug_of_a_value_shows_nothing_of_it() {
        let reading = Reading::Value(Spelling::text("Kari"));
        assert_eq!(format!("{reading:?}"), "Value(…)");
        assert_eq!(format!("{:?}", Spelling::text("Kari")), "Spelling(…)");
    }

    #[test]
    fn blank_text_reads_as_empty() {
        assert!(Reading::of_text(Some(" \u{a0}")).is_empty());
        assert!(Reading::of_text(None).is_empty());
        assert_eq!(Reading::of_text(Some(" x ")).value(), Some(&Spelling::text(" x ")));
    }
}
