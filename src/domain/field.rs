//! The 15 fields, in the one order they have everywhere.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::ops::{Index, IndexMut};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    GivenName,
    FamilyName,
    Email,
    Phone,
    BirthDate,
    BankAccount,
    Address,
    Gender,
    CivilStatus,
    EmploymentId,
    JobTitle,
    FirstDayOfWork,
    ProbationEndDate,
    TerminationNoticeDate,
    LastDayOfWork,
}

impl Field {
    pub const ALL: [Field; 15] = [
        Field::GivenName,
        Field::FamilyName,
        Field::Email,
        Field::Phone,
        Field::BirthDate,
        Field::BankAccount,
        Field::Address,
        Field::Gender,
        Field::CivilStatus,
        Field::EmploymentId,
        Field::JobTitle,
        Field::FirstDayOfWork,
        Field::ProbationEndDate,
        Field::TerminationNoticeDate,
        Field::LastDayOfWork,
    ];

    /// The name in settings, SQL and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Field::GivenName => "given_name",
            Field::FamilyName => "family_name",
            Field::Email => "email",
            Field::Phone => "phone",
            Field::BirthDate => "birth_date",
            Field::BankAccount => "bank_account",
            Field::Address => "address",
            Field::Gender => "gender",
            Field::CivilStatus => "civil_status",
            Field::EmploymentId => "employment_id",
            Field::JobTitle => "job_title",
            Field::FirstDayOfWork => "first_day_of_work",
            Field::ProbationEndDate => "probation_end_date",
            Field::TerminationNoticeDate => "termination_notice_date",
            Field::LastDayOfWork => "last_day_of_work",
        }
    }

    pub fn from_name(name: &str) -> Option<Field> {
        Field::ALL.into_iter().find(|field| field.name() == name)
    }

    /// The words a human reads: `last day of work`.
    pub fn words(self) -> &'static str {
        match self {
            Field::GivenName => "given name",
            Field::FamilyName => "family name",
            Field::Email => "email",
            Field::Phone => "phone",
            Field::BirthDate => "date of birth",
            Field::BankAccount => "bank account",
            Field::Address => "address",
            Field::Gender => "gender",
            Field::CivilStatus => "civil status",
            Field::EmploymentId => "employment ID",
            Field::JobTitle => "job title",
            Field::FirstDayOfWork => "first day of work",
            Field::ProbationEndDate => "probation end date",
            Field::TerminationNoticeDate => "termination notice date",
            Field::LastDayOfWork => "last day of work",
        }
    }

    /// No rule ever fills one of these or decides between two values of it.
    pub fn is_pay_critical(self) -> bool {
        matches!(self, Field::BankAccount | Field::EmploymentId)
    }

    /// Fields 11 to 15 live on a Huma position, not on the user.
    pub fn is_on_position(self) -> bool {
        matches!(
            self,
            Field::JobTitle
                | Field::FirstDayOfWork
                | Field::ProbationEndDate
                | Field::TerminationNoticeDate
                | Field::LastDayOfWork
        )
    }

    pub fn is_date(self) -> bool {
        matches!(
            self,
            Field::BirthDate
                | Field::FirstDayOfWork
                | Field::ProbationEndDate
                | Field::TerminationNoticeDate
                | Field::LastDayOfWork
        )
    }

    fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.words())
    }
}

/// One `T` for each of the 15 fields, boxed: a base of 15 fields is too large to be moved about on a stack. Serialized as a JSON object keyed by field name, empty entries (`T::default()`) left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldMap<T>(Box<[T; 15]>);

impl<T: Default> Default for FieldMap<T> {
    fn default() -> Self {
        FieldMap(Box::new(std::array::from_fn(|_| T::default())))
    }
}

impl<T> FieldMap<T> {
    pub fn from_fn(mut make: impl FnMut(Field) -> T) -> Self {
        FieldMap(Box::new(std::array::from_fn(|i| make(Field::ALL[i]))))
    }

    /// All entries, in field order.
    pub fn iter(&self) -> impl Iterator<Item = (Field, &T)> {
        Field::ALL.into_iter().zip(self.0.iter())
    }
}

impl<T> Index<Field> for FieldMap<T> {
    type Output = T;
    fn index(&self, field: Field) -> &T {
        &self.0[field.index()]
    }
}

impl<T> IndexMut<Field> for FieldMap<T> {
    fn index_mut(&mut self, field: Field) -> &mut T {
        &mut self.0[field.index()]
    }
}

impl<T: Serialize + Default + PartialEq> Serialize for FieldMap<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let empty = T::default();
        serializer.collect_map(self.iter().filter(|(_, value)| **value != empty))
    }
}

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for FieldMap<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let entries = std::collections::BTreeMap::<Field, T>::deserialize(deserializer)?;
        let mut map = FieldMap::default();
        for (field, value) in entries {
            map[field] = value;
        }
        Ok(map)
    }
}

/// A set of fields, iterated in field order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FieldSet(u16);

impl FieldSet {
    pub fn insert(&mut self, field: Field) {
        self.0 |= 1 << field.index();
    }

    pub fn contains(self, field: Field) -> bool {
        self.0 & (1 << field.index()) != 0
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn iter(self) -> impl Iterator<Item = Field> {
        Field::ALL.into_iter().filter(move |field| self.contains(*field))
    }
}

impl FromIterator<Field> for FieldSet {
    fn from_iter<I: IntoIterator<Item = Field>>(fields: I) -> Self {
        let mut set = FieldSet::default();
        fields.into_iter().for_each(|field| set.insert(field));
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_found_by_its_own_name_and_nothing_else() {
        for field in Field::ALL {
            assert_eq!(Field::from_name(field.name()), Some(field));
            assert_eq!(serde_json::to_value(field).unwrap(), field.name());
        }
        assert_eq!(Field::from_name("Email"), None);
    }

    #[test]
    fn a_map_keeps_each_fields_value_through_json_and_leaves_empty_ones_out() {
        let mut map = FieldMap::<Option<String>>::default();
        map[Field::Phone] = Some("+47 22 22 22 22".into());
        let json = serde_json::to_string(&map).unwrap();
        assert_eq!(json, r#"{"phone":"+47 22 22 22 22"}"#);
        assert_eq!(serde_json::from_str::<FieldMap<Option<String>>>(&json).unwrap(), map);
    }

    #[test]
    fn a_set_iterates_in_field_order() {
        let set: FieldSet = [Field::LastDayOfWork, Field::Email].into_iter().collect();
        assert_eq!(set.iter().collect::<Vec<_>>(), [Field::Email, Field::LastDayOfWork]);
    }
}
