//! Each field's lens: how each side spells it, a canonical form for comparing, and what each side can represent.
//!
//! **Invariant:** the canonical form is for comparing only. A spelling is never rewritten when the canonical forms
//! are equal, and [`Lenses::carry`] is the only way to a spelling that may be written.

use super::{Canonical, Catalog, Field, Side, Spelling};
use std::collections::BTreeMap;

/// The lenses of all 15 fields, with what they depend on: settings' maps and both systems' named objects.
#[derive(Debug, Clone)]
pub struct Lenses {
    pub options: LensOptions,
    pub catalog: Catalog,
}

/// What settings say about spellings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LensOptions {
    /// ISO 3166-1 alpha-2: the country of a phone number written without one.
    pub phone_country: String,
    /// `[maps.civil_status]`: Huma's word → Xledger's code or description, beside the equal words.
    pub civil_status: BTreeMap<String, String>,
    /// `[maps.gender]`: Huma's word → Xledger's code or name, beside M/F and the English and Norwegian words.
    pub gender: BTreeMap<String, String>,
    /// Whether Xledger's job title is an object value (`position-value`) or free text on the contact.
    pub xledger_title_is_text: bool,
}

impl Default for LensOptions {
    fn default() -> Self {
        LensOptions {
            phone_country: "NO".into(),
            civil_status: BTreeMap::new(),
            gender: BTreeMap::new(),
            xledger_title_is_text: false,
        }
    }
}

/// A value in canonical form, with what is wrong with it, if anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    pub canonical: Canonical,
    /// Set when the value fails its field's check: it is never carried. Its canonical form still tells equal from different.
    pub fault: Option<Fault>,
}

/// Why a value fails its field's check, in words without the value.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Fault(pub String);

/// How a value of Huma stands to a value of Xledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    Equal,
    /// Huma's value is coarser and covers Xledger's finer one (*Single* covers *divorced*).
    HumaCovers,
    XledgerCovers,
    Different,
}

/// A spelling for the other side, made by [`Lenses::carry`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carried {
    pub spelling: Spelling,
    /// Set where carrying would lose something a human should see first; why, in words.
    pub confirm: Option<String>,
    /// The name of an object that must be made on the receiving side first (a job title Huma does not have).
    pub make: Option<String>,
}

/// Why a side cannot hold a value, in words without the value (`Xledger has no such job title`).
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct CannotHold(pub String);

impl Lenses {
    /// The canonical form of what `side` holds, and whether it passes its check.
    pub fn read(&self, field: Field, side: Side, spelling: &Spelling) -> Read {
        let _ = (field, side, spelling);
        todo!()
    }

    /// How Huma's value stands to Xledger's.
    pub fn relation(&self, field: Field, huma: &Spelling, xledger: &Spelling) -> Relation {
        let _ = (field, huma, xledger);
        todo!()
    }

    /// Whether both are the same value on the same side.
    pub fn same(&self, field: Field, side: Side, one: &Spelling, other: &Spelling) -> bool {
        one == other || self.read(field, side, one).canonical == self.read(field, side, other).canonical
    }

    /// The spelling that makes the side other than `from` say what `value` says. `present` is what the receiving side
    /// holds, for what it keeps (address lines, the form of a bank account).
    ///
    /// # Errors
    /// [`CannotHold`] when the receiving side has no way to say it, or the value fails its check.
    pub fn carry(
        &self,
        field: Field,
        from: Side,
        value: &Spelling,
        present: Option<&Spelling>,
    ) -> Result<Carried, CannotHold> {
        let _ = (field, from, value, present);
        todo!()
    }

    /// Whether `side` must have a value in this field (Huma's names and email, Xledger's employment ID ...): it cannot be cleared.
    pub fn required(&self, field: Field, side: Side) -> bool {
        let _ = (field, side);
        todo!()
    }

    /// Whether two equal values agree although they fail their check (phone numbers do).
    pub fn agrees_when_invalid(&self, field: Field) -> bool {
        field == Field::Phone
    }

    /// A value an admin typed after `value`, as Huma would spell it; [`Lenses::carry`] takes it on to Xledger.
    ///
    /// # Errors
    /// [`Fault`], saying the form that is taken.
    pub fn typed(&self, field: Field, text: &str) -> Result<Spelling, Fault> {
        let _ = (field, text);
        todo!()
    }

    /// A value an admin typed, as `side` would spell it.
    ///
    /// # Errors
    /// Words for the admin: the form that is taken, or why this side cannot hold it.
    pub fn typed_for(
        &self,
        field: Field,
        side: Side,
        text: &str,
        present: Option<&Spelling>,
    ) -> Result<Carried, String> {
        let _ = (field, side, text, present);
        todo!()
    }

    /// The value on one line for a human. Bank accounts are masked unless `reveal`. Not escaped: the resolution file and the
    /// terminal each escape for themselves.
    pub fn show(&self, field: Field, spelling: &Spelling, reveal: bool) -> String {
        let _ = (field, spelling, reveal);
        todo!()
    }
}

/// Two employment IDs that differ only in leading zeros: different, but shown as near.
pub fn is_near(one: &str, other: &str) -> bool {
    let (one, other) = (one.trim(), other.trim());
    one != other && one.trim_start_matches('0') == other.trim_start_matches('0')
}
