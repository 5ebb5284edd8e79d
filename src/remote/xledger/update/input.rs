//! The inputs of mutations, made by hand: a field is absent, null or a value, which the derive's `Option` cannot say.

use crate::domain::{Address, Field, Named, NamedObject, Spelling};
use crate::remote::xledger::options::{ClearWith, CountryAs, JobTitleAt};
use crate::remote::xledger::patch::Patch;
use crate::remote::xledger::record::{Part, Shape};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The variables of an update; a half without inputs is left out, as it is in the document.
#[derive(Default, Serialize)]
pub struct Inputs {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<ContactInput>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub employees: Vec<EmployeeInput>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ContactInput {
    pub client_id: String,
    pub node: ContactPatch,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EmployeeInput {
    pub client_id: String,
    pub node: EmployeePatch,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ContactPatch {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub db_id: Option<i64>,
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub first_name: Patch<String>,
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub last_name: Patch<String>,
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub email: Patch<String>,
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub phone: Patch<String>,
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub birthday: Patch<String>,
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub job_title: Patch<String>,
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub gender: Patch<Lookup>,
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub marital_status: Patch<Lookup>,
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub home_address: Patch<AddressInput>,
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub address: Patch<AddressInput>,
}

/// Of an update, and with the names and the rest of an add.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EmployeePatch {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub db_id: Option<i64>,
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub description: Patch<String>,
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub code: Patch<String>,
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub email: Patch<String>,
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub bank_account: Patch<String>,
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub position_value: Patch<Lookup>,
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub employment_from: Patch<String>,
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub trial_to: Patch<String>,
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub notice_date: Patch<String>,
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub employment_to: Patch<String>,
}

impl EmployeePatch {
    pub fn changes_anything(&self) -> bool {
        let texts = [
            &self.description,
            &self.code,
            &self.email,
            &self.bank_account,
            &self.employment_from,
            &self.trial_to,
            &self.notice_date,
            &self.employment_to,
        ];
        !self.position_value.is_absent() || texts.into_iter().any(|text| !text.is_absent())
    }
}

/// A reference by one of its keys: the id where it is known, since the words may be renamed and be several.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Lookup {
    DbId(i64),
    Code(String),
    /// Object values.
    Description(String),
    /// System values.
    Name(String),
}

/// Always whole: what a part left out would mean is not known. `country` is text.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AddressInput {
    street_address: Value,
    zip_code: Value,
    place: Value,
    country: Value,
}

/// Turns spellings into inputs as the settings ask.
pub struct Writer<'a> {
    pub shape: &'a Shape,
    pub clear_with: ClearWith,
    pub country: CountryAs,
    pub countries: Arc<Vec<NamedObject>>,
}

type Changes = BTreeMap<Field, Option<Spelling>>;

impl Writer<'_> {
    /// The fields that live on the contact.
    pub fn contact(&self, contact: i64, changes: &Changes) -> ContactPatch {
        let mut patch = ContactPatch { db_id: Some(contact), ..ContactPatch::default() };
        for (field, value) in changes {
            if self.shape.part(*field) != Part::Contact {
                continue;
            }
            let value = value.as_ref();
            match field {
                Field::GivenName => patch.first_name = self.text(value),
                Field::FamilyName => patch.last_name = self.text(value),
                Field::Email => patch.email = self.text(value),
                Field::Phone => patch.phone = self.text(value),
                Field::BirthDate => patch.birthday = date(value),
                Field::JobTitle => patch.job_title = self.text(value),
                Field::Gender => patch.gender = value.and_then(system_value).into(),
                Field::CivilStatus => patch.marital_status = value.and_then(object_value).into(),
                Field::Address => match self.shape.property(Field::Address) {
                    "address" => patch.address = self.address(value),
                    _ => patch.home_address = self.address(value),
                },
                Field::BankAccount
                | Field::EmploymentId
                | Field::FirstDayOfWork
                | Field::ProbationEndDate
                | Field::TerminationNoticeDate
                | Field::LastDayOfWork => {}
            }
        }
        patch
    }

    /// The fields that live on the employee or its subledger, and the display name.
    pub fn employee(&self, employee: i64, changes: &Changes, display_name: Option<&str>) -> EmployeePatch {
        let mut patch = EmployeePatch { db_id: Some(employee), ..EmployeePatch::default() };
        if let Some(name) = display_name
            && !self.shape.missing.has("UpdateEmployeesInput.description")
        {
            patch.description = Patch::Value(name.to_owned());
        }
        for (field, value) in changes {
            if self.shape.part(*field) == Part::Contact {
                continue;
            }
            let value = value.as_ref();
            match field {
                Field::Email => patch.email = self.text(value),
                Field::BankAccount => patch.bank_account = self.text(value),
                Field::EmploymentId => patch.code = self.text(value),
                Field::JobTitle => patch.position_value = value.and_then(object_value).into(),
                Field::FirstDayOfWork => patch.employment_from = date(value),
                Field::ProbationEndDate => patch.trial_to = date(value),
                Field::TerminationNoticeDate => patch.notice_date = date(value),
                Field::LastDayOfWork => patch.employment_to = date(value),
                Field::GivenName
                | Field::FamilyName
                | Field::Phone
                | Field::BirthDate
                | Field::Gender
                | Field::CivilStatus
                | Field::Address => {}
            }
        }
        patch
    }

    /// Whether the title is an object value, which an add can point at.
    pub fn title_is_reference(&self) -> bool {
        self.shape.job_title == JobTitleAt::PositionValue
    }

    fn text(&self, value: Option<&Spelling>) -> Patch<String> {
        match (value.and_then(plain), self.clear_with) {
            (Some(text), _) => Patch::Value(text),
            (None, ClearWith::Null) => Patch::Null,
            (None, ClearWith::Empty) => Patch::Value(String::new()),
        }
    }

    fn address(&self, value: Option<&Spelling>) -> Patch<AddressInput> {
        match (value, self.clear_with) {
            (Some(Spelling::Address(address)), _) => Patch::Value(self.whole(address)),
            (Some(Spelling::Text(line)), _) => {
                Patch::Value(self.whole(&Address { line1: Some(line.clone()), ..Address::default() }))
            }
            (Some(Spelling::Account(_) | Spelling::Named(_)) | None, ClearWith::Null) => Patch::Null,
            (Some(Spelling::Account(_) | Spelling::Named(_)) | None, ClearWith::Empty) => {
                Patch::Value(self.whole(&Address::default()))
            }
        }
    }

    fn whole(&self, address: &Address) -> AddressInput {
        let part = |text: Option<String>| match (text, self.clear_with) {
            (Some(text), _) => Value::String(text),
            (None, ClearWith::Null) => Value::Null,
            (None, ClearWith::Empty) => Value::String(String::new()),
        };
        let lines = [&address.line1, &address.line2, &address.line3];
        let street: Vec<&str> =
            lines.into_iter().flatten().map(|line| line.trim()).filter(|line| !line.is_empty()).collect();
        AddressInput {
            street_address: part((!street.is_empty()).then(|| street.join(", "))),
            zip_code: part(address.postal_code.clone()),
            place: part(address.city.clone()),
            country: part(address.country.as_deref().map(|country| self.country_text(country))),
        }
    }

    /// The text an address input takes for an ISO code. What Xledger's countries do not have is sent as it is: it is
    /// Xledger's to refuse.
    fn country_text(&self, country: &str) -> String {
        let is_it = |text: &str| text.trim().eq_ignore_ascii_case(country.trim());
        let row = self
            .countries
            .iter()
            .find(|row| row.code.as_deref().is_some_and(is_it))
            .or_else(|| self.countries.iter().find(|row| is_it(&row.name)));
        match (row, self.country) {
            (Some(row), CountryAs::Name) => row.name.clone(),
            (Some(row), CountryAs::Code) => row.code.clone().unwrap_or_else(|| country.to_owned()),
            (None, CountryAs::Name | CountryAs::Code) => country.to_owned(),
        }
    }
}

/// A date is cleared with null whatever the settings say: an empty text is no date.
fn date(value: Option<&Spelling>) -> Patch<String> {
    value.and_then(plain).into()
}

fn plain(value: &Spelling) -> Option<String> {
    let text = match value {
        Spelling::Text(text) => text,
        Spelling::Named(named) => &named.name,
        Spelling::Account(_) | Spelling::Address(_) => return None,
    };
    (!text.trim().is_empty()).then(|| text.clone())
}

fn object_value(value: &Spelling) -> Option<Lookup> {
    reference(value, true, Lookup::Description)
}

/// By code or name before the id: a system value's `dbId` alone may name its whole list.
fn system_value(value: &Spelling) -> Option<Lookup> {
    reference(value, false, Lookup::Name)
}

fn reference(value: &Spelling, id_first: bool, by_name: fn(String) -> Lookup) -> Option<Lookup> {
    let named = match value {
        Spelling::Named(named) => named.clone(),
        Spelling::Text(text) => Named { id: None, code: None, name: text.clone() },
        Spelling::Account(_) | Spelling::Address(_) => return None,
    };
    let id = named.id.and_then(|id| id.trim().parse::<i64>().ok()).filter(|id| *id > 0).map(Lookup::DbId);
    let code = named.code.filter(|code| !code.trim().is_empty()).map(Lookup::Code);
    let name = Some(named.name).filter(|name| !name.trim().is_empty()).map(by_name);
    if id_first { id.or(code).or(name) } else { code.or(name).or(id) }
}
