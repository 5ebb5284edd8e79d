//! Adding one employee. There is no key that makes an add safe to repeat: an unknown outcome stays one.

use super::NewEmployee;
use super::answer::{self, Connection};
use super::client::{XledgerClient, errors};
use super::patch::Patch;
use super::record::Part;
use super::refusal::{self, Refusal};
use super::update::input::EmployeePatch;
use crate::domain::{Field, Side, Spelling, XledgerId};
use crate::remote::RemoteError;
use crate::remote::reply::unknown;
use serde::Serialize;
use std::collections::BTreeMap;

pub(super) const DOCUMENT: &str = include_str!("add.graphql");

#[derive(Serialize)]
struct Variables {
    inputs: [AddInput; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AddInput {
    client_id: String,
    node: AddNode,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AddNode {
    /// Without an id: code, description, email, bank account, title and dates.
    #[serde(flatten)]
    employee: EmployeePatch,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    birthday: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<Owner>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Owner {
    db_id: i64,
}

#[derive(Debug, thiserror::Error)]
#[error("its answer names no new record")]
struct NoRecord;

impl XledgerClient {
    pub(super) async fn send_new(&self, employee: &NewEmployee) -> Result<XledgerId, RemoteError> {
        let variables = Variables { inputs: [self.add_input(employee).await?] };
        let mut answer = self.mutate("AddEmployee", DOCUMENT, &variables).await?;
        let added = Connection::take(&mut answer.data, "addEmployees").map(|connection| connection.edges);
        let added = added.unwrap_or_default().into_iter().find_map(|edge| {
            // One input, so an edge without a name is its edge.
            let ours = edge.client_id.as_ref().is_none_or(|id| *id == employee.client_id);
            answer::db_id(&edge.node).filter(|_| ours)
        });
        if let Some(id) = added {
            self.learned().written.insert("addEmployees");
            return Ok(XledgerId(id));
        }
        match self.refusal(&answer) {
            None => Err(unknown(Side::Xledger, NoRecord)),
            // An error inside Xledger may have come after the record was made.
            Some(Refusal::Other(code)) if code.contains("INTERNAL") => Err(unknown(Side::Xledger, NoRecord)),
            // With one input the error belongs to it: a rule of Xledger's that has no code of its own.
            Some(refusal @ Refusal::Other(_)) => Refusal::Value(refusal.code()).into_error_for(&answer),
            Some(refusal) => refusal.into_error_for(&answer),
        }
    }

    async fn add_input(&self, new: &NewEmployee) -> Result<AddInput, RemoteError> {
        let shape = self.shape();
        let writer = self.writer(&shape, false).await?;
        let offered = |property: &str| !shape.missing.has(&format!("AddEmployeesInput.{property}"));
        let text = |field: Field| match new.fields.get(&field) {
            Some(Spelling::Text(text)) if !text.trim().is_empty() && offered(shape.property(field)) => {
                Some(text.clone())
            }
            Some(_) | None => None,
        };
        // Only what has a value: nothing is cleared in a record that does not exist yet.
        let on_employee = new
            .fields
            .iter()
            .filter(|(field, _)| shape.part(**field) != Part::Contact)
            .filter(|(field, _)| **field != Field::JobTitle || writer.title_is_reference())
            .filter(|(field, _)| {
                !shape.missing.has(&format!("AddEmployeesInput.{}", shape.property(**field)))
            })
            .map(|(field, value)| (*field, Some(value.clone())))
            .collect::<BTreeMap<_, _>>();
        let mut employee = EmployeePatch { db_id: None, ..writer.employee(0, &on_employee, None) };
        if offered("description") {
            employee.description = Patch::Value(new.display_name.clone());
        }
        if let Some(email) = text(Field::Email) {
            // Wherever the working address is, this is the input it has on an add.
            employee.email = Patch::Value(email);
        }
        Ok(AddInput {
            client_id: new.client_id.clone(),
            node: AddNode {
                employee,
                first_name: text(Field::GivenName),
                last_name: text(Field::FamilyName),
                phone: text(Field::Phone),
                birthday: text(Field::BirthDate),
                owner: new.owner.filter(|_| offered("owner")).map(|db_id| Owner { db_id }),
            },
        })
    }
}

impl Refusal {
    fn into_error_for<T>(self, answer: &super::answer::Answer) -> Result<T, RemoteError> {
        Err(self.into_error(refusal::words(errors(answer))))
    }
}
