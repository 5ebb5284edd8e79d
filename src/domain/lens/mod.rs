//! Each field's lens: how each side spells it, a canonical form for comparing, and what each side can represent.
//!
//! **Invariant:** the canonical form is for comparing only. A spelling is never rewritten when the canonical forms
//! are equal, and [`Lenses::carry`] (for what an admin typed, [`Lenses::typed_for`]) is the only way to a spelling that
//! may be written.

mod account;
mod address;
mod civil_status;
mod country;
mod date;
mod email;
mod employment_id;
mod gender;
mod job_title;
#[cfg(test)]
mod laws;
mod names;
mod phone;
mod text;
mod words;

pub use employment_id::near as near_employment_ids;

use super::{Canonical, Catalog, Field, Side, Spelling};
use country::Countries;
use job_title::Titles;
use std::collections::BTreeMap;
use words::Words;

/// The lenses of all 15 fields, with what they depend on: settings' maps and both systems' named objects, and indexes made
/// of them once.
#[derive(Debug, Clone)]
pub struct Lenses {
    options: LensOptions,
    catalog: Catalog,
    titles: Titles,
    countries: Countries,
    genders: Words,
    civil_statuses: Words,
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

/// Whether two equal values that fail the field's check still agree; elsewhere a value failing its check is `invalid`
/// even beside its equal.
pub fn agrees_when_invalid(field: Field) -> bool {
    field == Field::Phone
}

impl Lenses {
    pub fn new(options: LensOptions, catalog: Catalog) -> Self {
        Lenses {
            titles: Titles::of(&catalog),
            countries: Countries::of(&catalog.xledger_countries),
            genders: Words::new(&options.gender, gender::known),
            civil_statuses: Words::new(&options.civil_status, civil_status::known),
            options,
            catalog,
        }
    }

    pub fn options(&self) -> &LensOptions {
        &self.options
    }

    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The canonical form of what `side` holds, and whether it passes its check.
    pub fn read(&self, field: Field, side: Side, spelling: &Spelling) -> Read {
        match field {
            Field::GivenName | Field::FamilyName => names::read(spelling),
            Field::Email => email::read(spelling),
            Field::Phone => phone::read(&self.options.phone_country, spelling),
            Field::BankAccount => account::read(spelling),
            Field::Address => address::read(&self.countries, spelling),
            Field::Gender => gender::read(&self.genders, side, spelling),
            Field::CivilStatus => civil_status::read(&self.civil_statuses, side, spelling),
            Field::EmploymentId => employment_id::read(spelling),
            Field::JobTitle => job_title::read(spelling),
            Field::BirthDate
            | Field::FirstDayOfWork
            | Field::ProbationEndDate
            | Field::TerminationNoticeDate
            | Field::LastDayOfWork => date::read(spelling),
        }
    }

    /// How Huma's value stands to Xledger's. `Equal` exactly when the canonical forms are.
    pub fn relation(&self, field: Field, huma: &Spelling, xledger: &Spelling) -> Relation {
        if self.read(field, Side::Huma, huma).canonical == self.read(field, Side::Xledger, xledger).canonical
        {
            return Relation::Equal;
        }
        match field {
            Field::Gender => gender::relation(&self.genders, huma, xledger),
            Field::CivilStatus => civil_status::relation(&self.civil_statuses, huma, xledger),
            Field::GivenName
            | Field::FamilyName
            | Field::Email
            | Field::Phone
            | Field::BirthDate
            | Field::BankAccount
            | Field::Address
            | Field::EmploymentId
            | Field::JobTitle
            | Field::FirstDayOfWork
            | Field::ProbationEndDate
            | Field::TerminationNoticeDate
            | Field::LastDayOfWork => Relation::Different,
        }
    }

    /// Whether both are the same value on the same side.
    pub fn same(&self, field: Field, side: Side, one: &Spelling, other: &Spelling) -> bool {
        one == other || self.read(field, side, one).canonical == self.read(field, side, other).canonical
    }

    /// The spelling that makes the side other than `from` say what `value` says. `present` is what the receiving side
    /// holds, for what it keeps (address lines, the form of a bank account); it comes back as it is where it says the same
    /// already, or a finer or coarser value that the relation lets stand.
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
        if let Some(fault) = self.read(field, from, value).fault {
            return Err(fault.into());
        }
        let to = from.other();
        if let Some(present) = present
            && self.lets_stand(field, from, value, present)
        {
            return Ok(Carried::plain(present.clone()));
        }
        match field {
            Field::GivenName | Field::FamilyName => names::carry(to, value),
            Field::Email => email::carry(to, value),
            Field::Phone => phone::carry(to, value),
            Field::BankAccount => match to {
                Side::Huma => account::to_huma(value, present),
                Side::Xledger => account::to_xledger(value),
            },
            Field::Address => match to {
                Side::Huma => address::to_huma(&self.countries, value, present),
                Side::Xledger => address::to_xledger(&self.countries, value),
            },
            Field::Gender => match to {
                Side::Huma => gender::to_huma(&self.genders, value),
                Side::Xledger => gender::to_xledger(&self.genders, &self.catalog.xledger_genders, value),
            },
            Field::CivilStatus => match to {
                Side::Huma => civil_status::to_huma(&self.civil_statuses, value),
                Side::Xledger => civil_status::to_xledger(
                    &self.civil_statuses,
                    &self.catalog.xledger_marital_statuses,
                    value,
                ),
            },
            Field::EmploymentId => employment_id::carry(to, value),
            Field::JobTitle => match to {
                Side::Huma => job_title::to_huma(&self.titles, &self.catalog, value),
                Side::Xledger => {
                    let is_text = self.options.xledger_title_is_text;
                    job_title::to_xledger(&self.titles, &self.catalog, is_text, value)
                }
            },
            Field::BirthDate
            | Field::FirstDayOfWork
            | Field::ProbationEndDate
            | Field::TerminationNoticeDate
            | Field::LastDayOfWork => date::carry(to, value),
        }
    }

    /// Whether `present`, on the side other than `from`, needs no rewriting to agree with `value`.
    fn lets_stand(&self, field: Field, from: Side, value: &Spelling, present: &Spelling) -> bool {
        let relation = match from {
            Side::Huma => self.relation(field, value, present),
            Side::Xledger => self.relation(field, present, value),
        };
        relation != Relation::Different && self.read(field, from.other(), present).fault.is_none()
    }

    /// Whether `side` must have a value in this field (Huma's names and email, Xledger's employment ID ...): it cannot be
    /// cleared.
    pub fn required(&self, field: Field, side: Side) -> bool {
        match field {
            Field::GivenName | Field::FamilyName => true,
            // A Huma position needs a title.
            Field::Email | Field::JobTitle => side == Side::Huma,
            Field::EmploymentId => side == Side::Xledger,
            Field::Phone
            | Field::BirthDate
            | Field::BankAccount
            | Field::Address
            | Field::Gender
            | Field::CivilStatus
            | Field::FirstDayOfWork
            | Field::ProbationEndDate
            | Field::TerminationNoticeDate
            | Field::LastDayOfWork => false,
        }
    }

    /// A value an admin typed after `value`, as Huma would spell it. What only Xledger can say (*divorced*) is refused here;
    /// [`Lenses::typed_for`] takes it.
    ///
    /// # Errors
    /// [`Fault`], saying the form that is taken.
    pub fn typed(&self, field: Field, text: &str) -> Result<Spelling, Fault> {
        match field {
            Field::GivenName | Field::FamilyName => names::typed(text),
            Field::Email => email::typed(text),
            Field::Phone => phone::typed(&self.options.phone_country, text),
            Field::BankAccount => account::typed(text),
            Field::Address => address::typed(&self.countries, text),
            Field::Gender => gender::typed(&self.genders, text),
            Field::CivilStatus => {
                civil_status::typed(&self.civil_statuses, &self.catalog.xledger_marital_statuses, text)
            }
            Field::EmploymentId => employment_id::typed(text),
            Field::JobTitle => job_title::typed(&self.titles, &self.catalog, text),
            Field::BirthDate
            | Field::FirstDayOfWork
            | Field::ProbationEndDate
            | Field::TerminationNoticeDate
            | Field::LastDayOfWork => date::typed(text),
        }
    }

    /// The spelling for `side` of a value an admin typed for both sides, or `present` where it says the same already. Never
    /// asks for a confirmation: a human typed the whole value.
    ///
    /// # Errors
    /// Why it is no value of the field, or why `side` cannot hold it; in words without the value.
    pub fn typed_for(
        &self,
        field: Field,
        side: Side,
        text: &str,
        present: Option<&Spelling>,
    ) -> Result<Carried, String> {
        if field == Field::CivilStatus {
            let catalog = &self.catalog.xledger_marital_statuses;
            return civil_status::typed_for(&self.civil_statuses, catalog, side, text, present);
        }
        let typed = self.typed(field, text).map_err(|fault| fault.0)?;
        let carried = match side {
            // Huma's own word already, which read as Xledger's could mean another.
            Side::Huma if field == Field::Gender => match present {
                Some(present) if self.same(field, side, &typed, present) => {
                    Ok(Carried::plain(present.clone()))
                }
                Some(_) | None => gender::written_in_huma(&typed),
            },
            // In every other field Xledger's shape is read alike, and the way from there keeps what Huma has.
            Side::Huma => self.carry(field, Side::Xledger, &typed, present),
            Side::Xledger => self.carry(field, Side::Huma, &typed, present),
        };
        carried.map(|carried| Carried { confirm: None, ..carried }).map_err(|why| why.0)
    }

    /// The value for a human. Bank accounts are masked unless `reveal`. Not escaped: the resolution file and the terminal each
    /// escape for themselves.
    pub fn show(&self, field: Field, spelling: &Spelling, reveal: bool) -> String {
        match spelling {
            Spelling::Account(_) => account::show(spelling, reveal),
            Spelling::Text(_) if field == Field::BankAccount => account::show(spelling, reveal),
            Spelling::Text(text) => text.trim().to_owned(),
            Spelling::Address(address) => address::show(&self.countries, address),
            Spelling::Named(named) => match (named.name.trim(), &named.code) {
                ("", Some(code)) => code.trim().to_owned(),
                (name, Some(_) | None) => name.to_owned(),
            },
        }
    }
}

impl Read {
    fn sound(canonical: String) -> Self {
        Read { canonical: Canonical(canonical), fault: None }
    }

    /// The canonical form of a value failing its check is never that of one passing it.
    fn faulty(rest: String, why: &str) -> Self {
        Read { canonical: Canonical(format!("raw:{rest}")), fault: Some(Fault(why.into())) }
    }

    /// A spelling whose variant is not the field's: all of them are one, and none is carried.
    fn misshapen(fault: Fault) -> Self {
        Read { canonical: Canonical("misshapen".into()), fault: Some(fault) }
    }
}

impl Carried {
    fn plain(spelling: Spelling) -> Self {
        Carried { spelling, confirm: None, make: None }
    }
}

impl From<Fault> for CannotHold {
    fn from(fault: Fault) -> Self {
        CannotHold(fault.0)
    }
}

/// Two employment IDs that differ only in leading zeros: different, but shown as near.
pub fn is_near(one: &str, other: &str) -> bool {
    let (one, other) = (one.trim(), other.trim());
    one != other && one.trim_start_matches('0') == other.trim_start_matches('0')
}
