//! An employee node of Xledger as a record, field by field. Source: `apis/xledger.md` section 8.
//!
//! | field                                    | on        | instead, by setting                |
//! |------------------------------------------|-----------|------------------------------------|
//! | names, phone, date of birth, gender, civil status | contact |                             |
//! | email                                    | contact   | employee                           |
//! | address                                  | contact's home address | contact's main address |
//! | job title                                | employee's `positionValue` | contact's `jobTitle` |
//! | bank account                             | subledger |                                    |
//! | employment ID (`code`), four dates       | employee  |                                    |

use super::document::Missing;
use super::options::{AddressAt, EmailAt, JobTitleAt};
use super::page::read_page;
use super::scalars::some;
use crate::domain::record::About;
use crate::domain::{
    Address, Field, FieldMap, Lock, Named, Reading, Record, RecordId, Spelling, XledgerAbout, XledgerId,
};

pub type EmployeeNode = read_page::ReadPageEmployeesEdgesNode;
type ContactNode = read_page::ReadPageEmployeesEdgesNodeContact;
type AddressNode = read_page::ReadPageEmployeesEdgesNodeContactHomeAddress;

/// Which of two places a field is read from, and what the live schema lacks.
#[derive(Debug, Clone, Default)]
pub struct Shape {
    pub email: EmailAt,
    pub job_title: JobTitleAt,
    pub address: AddressAt,
    pub missing: Missing,
}

/// The record of the employee that owns a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Employee,
    Contact,
    Subledger,
}

impl Shape {
    pub fn part(&self, field: Field) -> Part {
        match field {
            Field::GivenName
            | Field::FamilyName
            | Field::Phone
            | Field::BirthDate
            | Field::Address
            | Field::Gender
            | Field::CivilStatus => Part::Contact,
            Field::Email => match self.email {
                EmailAt::Contact => Part::Contact,
                EmailAt::Employee => Part::Employee,
            },
            Field::JobTitle => match self.job_title {
                JobTitleAt::PositionValue => Part::Employee,
                JobTitleAt::ContactJobTitle => Part::Contact,
            },
            Field::BankAccount => Part::Subledger,
            Field::EmploymentId
            | Field::FirstDayOfWork
            | Field::ProbationEndDate
            | Field::TerminationNoticeDate
            | Field::LastDayOfWork => Part::Employee,
        }
    }

    /// The property's name, the same on reading and in the input.
    pub fn property(&self, field: Field) -> &'static str {
        match field {
            Field::GivenName => "firstName",
            Field::FamilyName => "lastName",
            Field::Email => "email",
            Field::Phone => "phone",
            Field::BirthDate => "birthday",
            Field::BankAccount => "bankAccount",
            Field::Address => match self.address {
                AddressAt::Home => "homeAddress",
                AddressAt::Main => "address",
            },
            Field::Gender => "gender",
            Field::CivilStatus => "maritalStatus",
            Field::EmploymentId => "code",
            Field::JobTitle => match self.job_title {
                JobTitleAt::PositionValue => "positionValue",
                JobTitleAt::ContactJobTitle => "jobTitle",
            },
            Field::FirstDayOfWork => "employmentFrom",
            Field::ProbationEndDate => "trialTo",
            Field::TerminationNoticeDate => "noticeDate",
            Field::LastDayOfWork => "employmentTo",
        }
    }

    /// Whether the live schema cannot show the field.
    fn is_hidden(&self, field: Field) -> bool {
        let property = self.property(field);
        let missing = |path: &str| self.missing.has(path);
        match self.part(field) {
            Part::Employee => missing(&format!("Employee.{property}")),
            Part::Contact => missing("Employee.contact") || missing(&format!("Contact.{property}")),
            Part::Subledger => missing("Employee.subledger") || missing(&format!("Subledger.{property}")),
        }
    }

    /// Whether the live schema takes no change of the field.
    pub fn is_unwritable(&self, field: Field) -> bool {
        let input = match self.part(field) {
            Part::Employee | Part::Subledger => "UpdateEmployeesInput",
            Part::Contact => "UpdateContactsInput",
        };
        self.missing.has(&format!("{input}.{}", self.property(field)))
    }
}

/// The record; `None` without a `dbId`.
pub fn record(node: &EmployeeNode, shape: &Shape) -> Option<Record> {
    let id = RecordId::Xledger(XledgerId(some(node.db_id)?));
    let locked =
        Field::ALL.into_iter().filter_map(|field| Some((field, lock(node, field, shape)?))).collect();
    let about = XledgerAbout {
        contact_id: contact_id(node),
        subledger_id: node.subledger.as_ref().and_then(|subledger| some(subledger.db_id)),
        owner_id: some(node.owner_db_id),
        description: node.description.clone().filter(|name| !name.trim().is_empty()),
    };
    Some(Record {
        id,
        fields: FieldMap::from_fn(|field| reading(node, field, shape)),
        locked,
        about: About::Xledger(about),
    })
}

/// The times of change of the employee, its contact and its subledger, as Xledger prints them.
pub fn modified_at(node: &EmployeeNode) -> impl Iterator<Item = &str> {
    let contact = node.contact.as_ref().and_then(|contact| contact.modified_at.as_deref());
    let subledger = node.subledger.as_ref().and_then(|subledger| subledger.modified_at.as_deref());
    [node.modified_at.as_deref(), contact, subledger].into_iter().flatten()
}

fn contact_id(node: &EmployeeNode) -> Option<i64> {
    some(node.contact_db_id).or_else(|| node.contact.as_ref().and_then(|contact| some(contact.db_id)))
}

fn lock(node: &EmployeeNode, field: Field, shape: &Shape) -> Option<Lock> {
    if shape.is_unwritable(field) {
        return Some(Lock::NotOffered);
    }
    match shape.part(field) {
        Part::Employee => None,
        Part::Contact => contact_id(node).is_none().then_some(Lock::NoContact),
        Part::Subledger => node.subledger.is_none().then_some(Lock::NoSubledger),
    }
}

/// What one field says. Hidden where the schema lacks it, and where a contact is named and not shown: a missing right.
pub fn reading(node: &EmployeeNode, field: Field, shape: &Shape) -> Reading {
    if shape.is_hidden(field) {
        return Reading::Hidden;
    }
    let of_contact = |read: fn(&ContactNode) -> Reading| match &node.contact {
        Some(contact) => read(contact),
        None if contact_id(node).is_some() => Reading::Hidden,
        None => Reading::Empty,
    };
    let text = |text: &Option<String>| Reading::of_text(text.as_deref());
    match field {
        Field::GivenName => of_contact(|contact| Reading::of_text(contact.first_name.as_deref())),
        Field::FamilyName => of_contact(|contact| Reading::of_text(contact.last_name.as_deref())),
        Field::Email => match shape.email {
            EmailAt::Contact => of_contact(|contact| Reading::of_text(contact.email.as_deref())),
            EmailAt::Employee => text(&node.email),
        },
        Field::Phone => of_contact(|contact| Reading::of_text(contact.phone.as_deref())),
        Field::BirthDate => of_contact(|contact| date(contact.birthday.as_deref())),
        Field::BankAccount => {
            Reading::of_text(node.subledger.as_ref().and_then(|subledger| subledger.bank_account.as_deref()))
        }
        Field::Address => of_contact(|contact| address(contact.home_address.as_ref())),
        Field::Gender => of_contact(|contact| match &contact.gender {
            Some(gender) => named(some(gender.db_id), gender.code.as_deref(), gender.name.as_deref()),
            None => Reading::Empty,
        }),
        Field::CivilStatus => of_contact(|contact| match &contact.marital_status {
            Some(status) => named(some(status.db_id), status.code.as_deref(), status.description.as_deref()),
            None => Reading::Empty,
        }),
        Field::EmploymentId => text(&node.code),
        Field::JobTitle => match shape.job_title {
            JobTitleAt::PositionValue => match &node.position_value {
                Some(title) => named(some(title.db_id), title.code.as_deref(), title.description.as_deref()),
                None => Reading::Empty,
            },
            JobTitleAt::ContactJobTitle => {
                of_contact(|contact| Reading::of_text(contact.job_title.as_deref()))
            }
        },
        Field::FirstDayOfWork => date(node.employment_from.as_deref()),
        Field::ProbationEndDate => date(node.trial_to.as_deref()),
        Field::TerminationNoticeDate => date(node.notice_date.as_deref()),
        Field::LastDayOfWork => date(node.employment_to.as_deref()),
    }
}

/// The day alone, whatever tail it came with. What is no day stays as it is: its check says so.
fn date(text: Option<&str>) -> Reading {
    let Some(text) = text.map(str::trim) else { return Reading::Empty };
    let day = match (text.get(..10), text.get(10..)) {
        (Some(day), Some(tail))
            if day.parse::<jiff::civil::Date>().is_ok()
                && !tail.starts_with(|c: char| c.is_ascii_digit()) =>
        {
            day
        }
        _ => text,
    };
    Reading::of_text(Some(day))
}

/// A reference of dbId 0 without a word is no reference.
fn named(id: Option<i64>, code: Option<&str>, name: Option<&str>) -> Reading {
    let (code, name) = (part(code), part(name));
    if id.is_none() && code.is_none() && name.is_none() {
        return Reading::Empty;
    }
    let name = name.or_else(|| code.clone()).unwrap_or_default();
    Reading::Value(Spelling::Named(Named { id: id.map(|id| id.to_string()), code, name }))
}

fn address(node: Option<&AddressNode>) -> Reading {
    let Some(node) = node else { return Reading::Empty };
    let country = node.country.as_ref();
    let address = Address {
        line1: part(node.street_address.as_deref()),
        line2: None,
        line3: None,
        postal_code: part(node.zip_code.as_deref()),
        city: part(node.place.as_deref()),
        country: country.and_then(|country| {
            part(country.code.as_deref()).or_else(|| part(country.description.as_deref()))
        }),
    };
    match address == Address::default() {
        true => Reading::Empty,
        false => Reading::Value(Spelling::Address(address)),
    }
}

fn part(text: Option<&str>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty()).map(str::to_owned)
}

#[cfg(test)]
#[path = "record_tests.rs"]
mod tests;
