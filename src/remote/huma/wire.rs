//! Finding one's way through an answer: by name, absent or `null` alike, and with the path of what is not as promised.
//!
//! Answers are taken apart by hand so that one bad row or field says where it is and fails nothing beside it (P6).

use crate::domain::Field;
use serde_json::{Map, Value};

/// Where an answer is not as promised: `users.items[3].email`. Holds no value.
#[derive(Debug, PartialEq, Eq)]
pub struct Odd(pub String);

pub type Decoded<T> = Result<T, Odd>;

/// An object of an answer and where it stands in it.
#[derive(Clone)]
pub struct At<'a> {
    object: &'a Map<String, Value>,
    pub path: String,
}

impl<'a> At<'a> {
    pub fn new(value: &'a Value, path: impl Into<String>) -> Decoded<At<'a>> {
        let path = path.into();
        match value {
            Value::Object(object) => Ok(At { object, path }),
            _ => Err(Odd(path)),
        }
    }

    /// A property that is there and not `null`.
    pub fn get(&self, name: &str) -> Option<&'a Value> {
        self.object.get(name).filter(|value| !value.is_null())
    }

    pub fn odd(&self, name: &str) -> Odd {
        Odd(self.path_of(name))
    }

    pub fn path_of(&self, name: &str) -> String {
        format!("{}.{name}", self.path)
    }

    pub fn text(&self, name: &str) -> Decoded<Option<&'a str>> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.odd(name)),
        }
    }

    pub fn required_text(&self, name: &str) -> Decoded<&'a str> {
        self.text(name)?.ok_or_else(|| self.odd(name))
    }

    pub fn boolean(&self, name: &str) -> Decoded<Option<bool>> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(_) => Err(self.odd(name)),
        }
    }

    pub fn object(&self, name: &str) -> Decoded<Option<At<'a>>> {
        self.get(name).map(|value| At::new(value, self.path_of(name))).transpose()
    }

    pub fn list(&self, name: &str) -> Decoded<Option<&'a [Value]>> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Array(items)) => Ok(Some(items)),
            Some(_) => Err(self.odd(name)),
        }
    }

    /// The properties, in the order of their names.
    pub fn entries(&self) -> impl Iterator<Item = (&'a str, &'a Value)> {
        self.object.iter().map(|(name, value)| (name.as_str(), value))
    }
}

/// The property of a user or position that holds a field when it is read.
pub fn wire_name(field: Field) -> &'static str {
    match field {
        Field::GivenName => "givenName",
        Field::FamilyName => "familyName",
        Field::Email => "email",
        Field::Phone => "phone",
        Field::BirthDate => "birthDate",
        Field::BankAccount => "bankAccount",
        Field::Address => "homeAddress",
        Field::Gender => "gender",
        Field::CivilStatus => "civilStatus",
        Field::EmploymentId => "employmentId",
        // `title` on a position; this is the name of its copy on the user.
        Field::JobTitle => "jobTitle",
        Field::FirstDayOfWork => "firstDayOfWork",
        Field::ProbationEndDate => "probationEndDate",
        Field::TerminationNoticeDate => "terminationNoticeDate",
        Field::LastDayOfWork => "lastDayOfWork",
    }
}

/// One wrapped field: `{"value": …, "editable": …, "integrations": {…}}`.
pub struct Wrapper<'a> {
    pub value: Option<&'a Value>,
    pub editable: bool,
    /// The first integration that says it owns the field.
    pub owner: Option<&'a str>,
    pub at: At<'a>,
}

impl<'a> Wrapper<'a> {
    /// `None`: the wrapper is absent.
    pub fn of(parent: &At<'a>, name: &str) -> Decoded<Option<Wrapper<'a>>> {
        let Some(at) = parent.object(name)? else { return Ok(None) };
        let owner = at.object("integrations")?.and_then(|all| all.entries().map(|(name, _)| name).next());
        // Promised always; where it is missing the field is left alone.
        let editable = at.boolean("editable")?.unwrap_or(false);
        Ok(Some(Wrapper { value: at.get("value"), editable, owner, at }))
    }

    pub fn value_path(&self) -> String {
        self.at.path_of("value")
    }
}
