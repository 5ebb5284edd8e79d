//! Mass mutations: one document with contacts first and employees second, whose selection is the read-back.
//!
//! **Invariant:** a field that is not among the changes is absent from the input, never null. A change that needs both
//! halves is done only when both came back.

pub mod input;

use super::answer::{self, Connection, Edge};
use super::client::{XledgerClient, errors};
use super::record::{self, EmployeeNode, Part, Shape};
use super::refusal::{self, Refusal};
use super::{XledgerAnswers, XledgerChange};
use crate::domain::{Field, Reading, Side};
use crate::remote::{RemoteError, Words};
use input::{ContactInput, EmployeeInput, Inputs, Writer};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(super) const CONTACTS: &str = include_str!("contacts.graphql");
pub(super) const EMPLOYEES: &str = include_str!("employees.graphql");
pub(super) const BOTH: &str = include_str!("both.graphql");

/// What one root field answered: by the change's place among the inputs of that field.
type Halves = BTreeMap<usize, Value>;

impl XledgerClient {
    pub(super) async fn send_changes(
        &self,
        changes: &[XledgerChange],
    ) -> Result<XledgerAnswers, RemoteError> {
        let shape = self.shape();
        let writer = self.writer(&shape, changes.iter().any(sets_address)).await?;
        let inputs = inputs(&writer, changes)?;
        let (name, document) = match (inputs.contacts.is_empty(), inputs.employees.is_empty()) {
            (true, true) => return Ok(XledgerAnswers::default()),
            (false, true) => ("ChangeContacts", CONTACTS),
            (true, false) => ("ChangeEmployees", EMPLOYEES),
            (false, false) => ("ChangeBoth", BOTH),
        };
        let mut answer = self.mutate(name, document, &inputs).await?;
        let contact_ids: Vec<&str> = inputs.contacts.iter().map(|input| input.client_id.as_str()).collect();
        let employee_ids: Vec<&str> = inputs.employees.iter().map(|input| input.client_id.as_str()).collect();
        let contacts = halves(&mut answer.data, "updateContacts", &contact_ids);
        let employees = halves(&mut answer.data, "updateEmployees", &employee_ids);
        self.note_written(!contacts.is_empty(), !employees.is_empty());

        let done = changes.iter().filter_map(|change| {
            let of = |ids: &[&str], halves: &Halves| {
                let at = ids.iter().position(|id| *id == change.client_id);
                at.map(|at| halves.get(&at).cloned())
            };
            // `Some(None)`: the half was sent and did not come back.
            let contact = of(&contact_ids, &contacts);
            let employee = of(&employee_ids, &employees);
            match (&contact, &employee) {
                (Some(None), _) | (_, Some(None)) | (None, None) => None,
                (Some(Some(_)) | None, Some(Some(_)) | None) => {
                    let readings = read_back(change, contact.flatten(), employee.flatten(), &shape)?;
                    Some((change.client_id.clone(), readings))
                }
            }
        });
        let done = done.collect();
        let refused: Option<(String, Words)> =
            self.refusal(&answer).map(|refusal: Refusal| (refusal.code(), refusal::words(errors(&answer))));
        Ok(XledgerAnswers { done, errors: refused })
    }

    /// What turns spellings into inputs; with the countries where an address is among them.
    pub(super) async fn writer<'a>(
        &self,
        shape: &'a Shape,
        address: bool,
    ) -> Result<Writer<'a>, RemoteError> {
        let countries = if address { self.countries().await? } else { Default::default() };
        Ok(Writer { shape, clear_with: self.options.clear_with, country: self.options.country, countries })
    }

    pub(super) fn note_written(&self, contacts: bool, employees: bool) {
        let mut learned = self.learned();
        learned.written.extend(contacts.then_some("updateContacts"));
        learned.written.extend(employees.then_some("updateEmployees"));
    }
}

fn sets_address(change: &XledgerChange) -> bool {
    change.fields.get(&Field::Address).is_some_and(Option::is_some)
}

/// Both halves of all changes.
///
/// # Errors
/// [`RemoteError::Refused`] before anything is sent, where a contact's field is to change and there is no contact.
fn inputs(writer: &Writer<'_>, changes: &[XledgerChange]) -> Result<Inputs, RemoteError> {
    let mut inputs = Inputs::default();
    for change in changes {
        let on_contact: Vec<Field> = change
            .fields
            .keys()
            .copied()
            .filter(|field| writer.shape.part(*field) == Part::Contact)
            .collect();
        match (change.contact, on_contact.is_empty()) {
            (_, true) => {}
            (Some(contact), false) => inputs.contacts.push(ContactInput {
                client_id: change.client_id.clone(),
                node: writer.contact(contact, &change.fields),
            }),
            (None, false) => {
                return Err(RemoteError::Refused {
                    side: Side::Xledger,
                    code: "no-contact".into(),
                    words: Words::default(),
                    fields: on_contact.iter().map(|field| writer.shape.property(*field).to_owned()).collect(),
                });
            }
        }
        let node = writer.employee(change.employee.0, &change.fields, change.display_name.as_deref());
        if node.changes_anything() {
            inputs.employees.push(EmployeeInput { client_id: change.client_id.clone(), node });
        }
    }
    Ok(inputs)
}

/// The nodes that came back, by their input's place; by the edges' own order only where no edge says whose it is and
/// there are as many as inputs.
fn halves(data: &mut Value, root: &str, client_ids: &[&str]) -> Halves {
    let Ok(connection) = Connection::take(data, root) else { return Halves::new() };
    let edges = connection.edges;
    let positional = edges.len() == client_ids.len() && edges.iter().all(|edge| edge.client_id.is_none());
    let place = |at: usize, edge: &Edge| match &edge.client_id {
        Some(id) => client_ids.iter().position(|wanted| wanted == id),
        None => positional.then_some(at),
    };
    edges
        .into_iter()
        .enumerate()
        .filter_map(|(at, edge)| Some((place(at, &edge)?, answer::db_id(&edge.node).map(|_| edge.node)?)))
        .collect()
}

/// What the written fields hold after the write; `None` where the answer cannot be read, so that they are read again.
fn read_back(
    change: &XledgerChange,
    contact: Option<Value>,
    employee: Option<Value>,
    shape: &Shape,
) -> Option<BTreeMap<Field, Reading>> {
    // As a page would show it, so that there is one way of reading a field.
    let contact = json!({"contactDbId": change.contact, "contact": contact});
    let contact: EmployeeNode = answer::decode(&contact).ok()?;
    let employee: EmployeeNode = answer::decode(&employee.unwrap_or_else(|| json!({}))).ok()?;
    let reading = |field: Field| match shape.part(field) {
        Part::Contact => record::reading(&contact, field, shape),
        Part::Employee | Part::Subledger => record::reading(&employee, field, shape),
    };
    Some(change.fields.keys().map(|field| (*field, reading(*field))).collect())
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
