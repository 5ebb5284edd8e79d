//! Which rights a token has, each read in a small document of its own so that one refusal does not hide another.

use super::client::XledgerClient;
use super::refusal::Refusal;
use crate::remote::reply::Effect;
use crate::remote::{RemoteError, RightReport, RightState, Words};
use serde::Serialize;
use serde_json::json;

/// A right that reading one row shows.
pub(super) struct ReadRight {
    right: &'static str,
    pub document: &'static str,
    without: &'static str,
}

pub(super) const READS: [ReadRight; 10] = [
    ReadRight {
        right: "Human Resources: Employee, read",
        document: "query Right { employees(first: 1) { edges { node { dbId } } } }",
        without: "nothing works: employees cannot be read",
    },
    ReadRight {
        right: "Common: Address, read",
        document: "query Right { contacts(first: 1) { edges { node { homeAddress { place } address { place } } } } }",
        without: "addresses are not synchronised",
    },
    ReadRight {
        right: "Common: Contact, read",
        document: "query Right { contacts(first: 1) { edges { node { dbId } } } }",
        without: "names, email, phone, date of birth, address, gender and civil status cannot be read",
    },
    ReadRight {
        right: "Common: Country, read",
        document: "query Right { countries(first: 1) { edges { node { dbId } } } }",
        without: "addresses cannot be written, since countries have no names",
    },
    ReadRight {
        right: "Common: Company, read",
        document: "query Right { companies(first: 1) { edges { node { dbId } } } }",
        without: "the owner of a record may not be shown",
    },
    ReadRight {
        right: "Common: Object Value, read",
        document: "query Right { objectValues(first: 1) { edges { node { dbId } } } }",
        without: "job titles and civil statuses are not synchronised",
    },
    ReadRight {
        right: "Common: Subledger, read",
        document: "query Right { subledgers(first: 1) { edges { node { dbId } } } }",
        without: "bank accounts are not synchronised",
    },
    ReadRight {
        right: "Common: Supplier, read",
        document: "query Right { suppliers(first: 1) { edges { node { dbId } } } }",
        without: "the supplier made with a new employee cannot be checked",
    },
    ReadRight {
        right: "Common: System Value, read",
        document: "query Right { contacts(first: 1) { edges { node { gender { code } } } } }",
        without: "genders are not synchronised",
    },
    ReadRight {
        right: "General ledger: Bank, read",
        document: "query Right { banks(first: 1) { edges { node { dbId } } } }",
        without: "bank accounts may not be writable",
    },
];

/// A right that only a write shows. `mutation` is the root field and its input type; a subledger has none of its own:
/// its bank account goes through the employee.
pub(super) struct WriteRight {
    right: &'static str,
    mutation: Option<(&'static str, &'static str)>,
    without: &'static str,
}

pub(super) const WRITES: [WriteRight; 4] = [
    WriteRight {
        right: "Human Resources: Employee, write",
        mutation: Some(("updateEmployees", "UpdateEmployeesInput")),
        without: "nobody's employment can be written, and nobody created",
    },
    WriteRight {
        right: "Common: Contact, write",
        mutation: Some(("updateContacts", "UpdateContactsInput")),
        without: "names, email, phone, date of birth, address, gender and civil status cannot be written",
    },
    WriteRight {
        right: "Common: Subledger, write",
        mutation: None,
        without: "bank accounts cannot be written",
    },
    WriteRight {
        right: "Common: Supplier, write",
        mutation: Some(("updateSuppliers", "UpdateSuppliersInput")),
        without: "the supplier of a new employee cannot be made",
    },
];

impl WriteRight {
    /// An update of the record 0, which is no record, without any other property.
    pub fn document(&self) -> Option<String> {
        let (root, input) = self.mutation?;
        Some(format!(
            "mutation Right($inputs: [{input}!]!) {{ {root}(inputs: $inputs) {{ edges {{ clientId node {{ dbId }} }} }} }}"
        ))
    }
}

#[derive(Serialize)]
struct NoVariables {}

impl XledgerClient {
    pub(super) async fn read_rights(&self, probe_writes: bool) -> Result<Vec<RightReport>, RemoteError> {
        let mut reports = Vec::new();
        for right in &READS {
            // Once, without retries: what is asked is how Xledger answers.
            let answer = self.exchange(Effect::Read, "Right", right.document, &NoVariables {}).await?;
            let state = match self.refusal(&answer) {
                None => RightState::Ok,
                Some(Refusal::Right(_)) => RightState::Missing,
                // Without the path in the schema, or with a refusal of another kind, nothing is shown either way.
                Some(Refusal::Schema(_) | Refusal::Value(_) | Refusal::Other(_) | Refusal::TooHeavy) => {
                    RightState::Unproven
                }
                Some(
                    refusal @ (Refusal::Concurrency | Refusal::Burst | Refusal::Credits(_) | Refusal::Login),
                ) => {
                    return Err(refusal.into_error(Words::default()));
                }
            };
            reports.push(report(right.right, state, right.without));
        }
        for right in &WRITES {
            let state = match (right.mutation, right.document()) {
                (Some((root, _)), _) if self.learned().written.contains(root) => RightState::Ok,
                (Some(_), Some(document)) if probe_writes => self.probe(&document).await?,
                (Some(_) | None, _) => RightState::Unproven,
            };
            reports.push(report(right.right, state, right.without));
        }
        Ok(reports)
    }

    async fn probe(&self, document: &str) -> Result<RightState, RemoteError> {
        let variables = json!({"inputs": [{"clientId": "probe", "node": {"dbId": 0}}]});
        match self.mutate("Right", document, &variables).await {
            Ok(answer) => Ok(match self.refusal(&answer) {
                // Looked for and not found, or found nothing to do: the right was there.
                None | Some(Refusal::Value(_)) => RightState::Ok,
                Some(Refusal::Right(_)) => RightState::Missing,
                Some(
                    Refusal::Other(_)
                    | Refusal::TooHeavy
                    | Refusal::Schema(_)
                    | Refusal::Concurrency
                    | Refusal::Burst
                    | Refusal::Credits(_)
                    | Refusal::Login,
                ) => RightState::Unproven,
            }),
            Err(RemoteError::Forbidden { .. }) => Ok(RightState::Missing),
            Err(RemoteError::Schema { .. } | RemoteError::OutcomeUnknown { .. }) => Ok(RightState::Unproven),
            Err(error) => Err(error),
        }
    }
}

fn report(right: &str, state: RightState, without: &str) -> RightReport {
    RightReport { right: right.to_owned(), state, without: without.to_owned() }
}
