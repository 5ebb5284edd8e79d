//! Compares the live schema with what the documents use, by introspection, and makes the documents fit.
//!
//! What is missing goes from every document: its field reads as hidden or is locked, the others go on. Three requests.

use super::answer::unexpected;
use super::client::XledgerClient;
use super::document::Missing;
use super::record::Shape;
use crate::domain::Field;
use crate::remote::RemoteError;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Root fields and their arguments, and the fields of the types that are read.
pub(super) const ROOTS_AND_TYPES: &str = "query SchemaRead {
  schema: __schema {
    queryType { fields { name args { name } } }
    mutationType { fields { name } }
  }
  Employee: __type(name: \"Employee\") { fields { name } }
  Contact: __type(name: \"Contact\") { fields { name } }
  Subledger: __type(name: \"Subledger\") { fields { name } }
}
";

/// The inputs; each leads to the type of its `node`.
pub(super) const INPUTS: &str = "query SchemaInputs {
  AddEmployeesInput: __type(name: \"AddEmployeesInput\") { inputFields { name type { name ofType { name } } } }
  UpdateEmployeesInput: __type(name: \"UpdateEmployeesInput\") { inputFields { name type { name ofType { name } } } }
  UpdateContactsInput: __type(name: \"UpdateContactsInput\") { inputFields { name type { name ofType { name } } } }
}
";

const ROOTS: [&str; 8] = [
    "employees",
    "employee_deltas",
    "contacts",
    "subledgers",
    "countries",
    "objectKinds",
    "objectValues",
    "entities",
];
const MUTATIONS: [&str; 3] = ["addEmployees", "updateEmployees", "updateContacts"];
const WITH_ARGUMENTS: [&str; 4] = ["employees", "contacts", "subledgers", "objectValues"];
const EMPLOYEE: [&str; 7] =
    ["dbId", "description", "modifiedAt", "ownerDbId", "contactDbId", "contact", "subledger"];
const ON_ADD: [(&str, Option<Field>); 14] = [
    ("code", Some(Field::EmploymentId)),
    ("description", None),
    ("firstName", Some(Field::GivenName)),
    ("lastName", Some(Field::FamilyName)),
    ("email", Some(Field::Email)),
    ("phone", Some(Field::Phone)),
    ("birthday", Some(Field::BirthDate)),
    ("bankAccount", Some(Field::BankAccount)),
    ("positionValue", Some(Field::JobTitle)),
    ("employmentFrom", Some(Field::FirstDayOfWork)),
    ("trialTo", Some(Field::ProbationEndDate)),
    ("noticeDate", Some(Field::TerminationNoticeDate)),
    ("employmentTo", Some(Field::LastDayOfWork)),
    ("owner", None),
];

#[derive(Serialize)]
struct NoVariables {}

#[derive(Deserialize)]
struct Named {
    name: String,
    #[serde(default)]
    args: Option<Vec<Named>>,
    #[serde(rename = "type")]
    of: Option<TypeRef>,
}

#[derive(Deserialize)]
struct TypeRef {
    name: Option<String>,
    #[serde(rename = "ofType")]
    inner: Option<Box<TypeRef>>,
}

impl TypeRef {
    fn name(&self) -> Option<&str> {
        self.name.as_deref().or_else(|| self.inner.as_ref()?.name())
    }
}

/// The live schema, as far as it was asked for. A type that is not known by its name is absent: it is not checked.
#[derive(Default)]
struct Live {
    roots: Option<BTreeMap<String, BTreeSet<String>>>,
    mutations: Option<BTreeSet<String>>,
    types: BTreeMap<&'static str, BTreeSet<String>>,
    inputs: BTreeMap<&'static str, BTreeSet<String>>,
}

impl XledgerClient {
    pub(super) async fn read_drift(&self) -> Result<Vec<String>, RemoteError> {
        let live = self.live_schema().await?;
        let (missing, words) = compare(&live, &self.shape());
        self.learned().missing = missing;
        Ok(words)
    }

    async fn live_schema(&self) -> Result<Live, RemoteError> {
        let mut live = Live::default();
        let data = self.introspect("SchemaRead", ROOTS_AND_TYPES).await?;
        let roots = named(&data["schema"]["queryType"]["fields"])?
            .ok_or_else(|| unexpected("__schema.queryType".into()))?;
        live.roots = Some(
            roots
                .into_iter()
                .map(|root| {
                    (root.name, root.args.unwrap_or_default().into_iter().map(|arg| arg.name).collect())
                })
                .collect(),
        );
        live.mutations = named(&data["schema"]["mutationType"]["fields"])?.map(names);
        for name in ["Employee", "Contact", "Subledger"] {
            if let Some(fields) = named(&data[name]["fields"])? {
                live.types.insert(name, names(fields));
            }
        }
        let data = self.introspect("SchemaInputs", INPUTS).await?;
        let mut nodes: Vec<(&'static str, String)> = Vec::new();
        for input in ["AddEmployeesInput", "UpdateEmployeesInput", "UpdateContactsInput"] {
            let fields = named(&data[input]["inputFields"])?.unwrap_or_default();
            let node =
                fields.iter().find(|field| field.name == "node").and_then(|field| field.of.as_ref()?.name());
            // Only what is a name goes into the text of a document.
            if let Some(node) =
                node.filter(|name| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
            {
                nodes.push((input, node.to_owned()));
            }
        }
        let data = self.introspect("SchemaNodes", &nodes_document(&nodes)).await?;
        for (input, _) in nodes {
            if let Some(fields) = named(&data[input]["inputFields"])? {
                live.inputs.insert(input, names(fields));
            }
        }
        Ok(live)
    }

    async fn introspect(&self, name: &str, text: &str) -> Result<Value, RemoteError> {
        self.query_text(name, text, &NoVariables {}).await?.ok_or_else(|| self.too_heavy())
    }
}

/// The node types under the names of their inputs; a document that asks for nothing else would not be one, hence `__typename`.
pub(super) fn nodes_document(nodes: &[(&'static str, String)]) -> String {
    let mut text = "query SchemaNodes {\n  __typename\n".to_owned();
    for (input, node) in nodes {
        text.push_str(&format!("  {input}: __type(name: \"{node}\") {{ inputFields {{ name }} }}\n"));
    }
    text.push_str("}\n");
    text
}

/// What is missing, and one line in words for each; also for what could not be checked.
fn compare(live: &Live, shape: &Shape) -> (Missing, Vec<String>) {
    let mut missing = Missing::default();
    let mut words = Vec::new();
    let mut lacks = |path: String, consequence: String| {
        words.push(format!("{path} is missing: {consequence}"));
        missing.insert(path);
    };

    if let Some(roots) = &live.roots {
        for root in ROOTS {
            if !roots.contains_key(root) {
                let consequence = match root {
                    "employee_deltas" => "changes are found by their time, deletions by full listings",
                    _ => "what is read from it cannot be read",
                };
                lacks(root.to_owned(), consequence.to_owned());
            }
        }
        for root in WITH_ARGUMENTS {
            for argument in ["ownerSet", "objectStatus"] {
                if roots.get(root).is_some_and(|arguments| !arguments.contains(argument)) {
                    lacks(
                        format!("{root}({argument})"),
                        "it is left out; Xledger's default decides what is listed".into(),
                    );
                }
            }
        }
    }
    if let Some(mutations) = &live.mutations {
        for mutation in MUTATIONS.into_iter().filter(|mutation| !mutations.contains(*mutation)) {
            lacks(mutation.to_owned(), "what is written through it cannot be written".into());
        }
    }

    if let Some(employee) = live.types.get("Employee") {
        for property in EMPLOYEE.into_iter().filter(|property| !employee.contains(*property)) {
            lacks(format!("Employee.{property}"), "it is not read".into());
        }
    }
    for field in Field::ALL {
        let (owner, input) = match shape.part(field) {
            super::record::Part::Employee => ("Employee", "UpdateEmployeesInput"),
            super::record::Part::Contact => ("Contact", "UpdateContactsInput"),
            super::record::Part::Subledger => ("Subledger", "UpdateEmployeesInput"),
        };
        let property = shape.property(field);
        if live.types.get(owner).is_some_and(|fields| !fields.contains(property)) {
            lacks(format!("{owner}.{property}"), format!("{field} is not synchronised"));
        }
        if live.inputs.get(input).is_some_and(|fields| !fields.contains(property)) {
            lacks(format!("{input}.{property}"), format!("{field} is not written"));
        }
    }
    if live.inputs.get("UpdateEmployeesInput").is_some_and(|fields| !fields.contains("description")) {
        lacks("UpdateEmployeesInput.description".into(), "the display name does not follow the names".into());
    }
    if let Some(add) = live.inputs.get("AddEmployeesInput") {
        for (property, field) in ON_ADD.into_iter().filter(|(property, _)| !add.contains(*property)) {
            let what = field.map_or("it", Field::words);
            lacks(format!("AddEmployeesInput.{property}"), format!("{what} is not sent with a new employee"));
        }
    }
    // What every document selects, whether a setting reads it or not.
    for (owner, property) in [
        ("Employee", "email"),
        ("Employee", "positionValue"),
        ("Contact", "email"),
        ("Contact", "jobTitle"),
        ("Contact", "modifiedAt"),
        ("Subledger", "modifiedAt"),
    ] {
        if live.types.get(owner).is_some_and(|fields| !fields.contains(property)) {
            missing.insert(format!("{owner}.{property}"));
        }
    }
    for name in ["Employee", "Contact", "Subledger"] {
        if !live.types.contains_key(name) {
            words.push(format!(
                "the type {name} is not known by that name: what is read from it is not checked"
            ));
        }
    }
    for name in ["AddEmployeesInput", "UpdateEmployeesInput", "UpdateContactsInput"] {
        if !live.inputs.contains_key(name) {
            words.push(format!(
                "the type {name} is not known by that name: what is written through it is not checked"
            ));
        }
    }
    (missing, words)
}

fn names(fields: Vec<Named>) -> BTreeSet<String> {
    fields.into_iter().map(|field| field.name).collect()
}

/// `None` for null: no such type.
fn named(fields: &Value) -> Result<Option<Vec<Named>>, RemoteError> {
    Option::<Vec<Named>>::deserialize(fields).map_err(|_| unexpected("__type.fields".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_type_of_another_name_is_said_and_not_taken_for_an_empty_one() {
        let (missing, words) = compare(&Live::default(), &Shape::default());
        assert_eq!(missing.iter().count(), 0);
        assert_eq!(words.len(), 6, "{words:?}");
    }

    #[test]
    fn a_missing_input_locks_its_field_alone() {
        let mut live = Live::default();
        live.inputs.insert(
            "UpdateEmployeesInput",
            set(&[
                "dbId",
                "description",
                "code",
                "bankAccount",
                "positionValue",
                "employmentFrom",
                "noticeDate",
                "employmentTo",
            ]),
        );
        let (missing, words) = compare(&live, &Shape::default());
        assert_eq!(missing.iter().collect::<Vec<_>>(), ["UpdateEmployeesInput.trialTo"]);
        assert!(
            words
                .iter()
                .any(|line| line
                    == "UpdateEmployeesInput.trialTo is missing: probation end date is not written")
        );
        let shape = Shape { missing, ..Shape::default() };
        let locked: Vec<Field> = Field::ALL.into_iter().filter(|field| shape.is_unwritable(*field)).collect();
        assert_eq!(locked, [Field::ProbationEndDate]);
    }
}
