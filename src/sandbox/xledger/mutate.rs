//! Mass mutations of employees, contacts and suppliers: every input is checked first, then carried out or not as the
//! mode of partial failure says.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::{Map, Value};

use super::arguments::{integer, items};
use super::error::SimError;
use super::input::{self, Assignment};
use super::lookup::Lookup;
use super::record::Kind;
use super::reference_data::fields;
use super::resolve::{Outcome, OutcomeEdge};
use super::rights::{Area, Token};
use super::switches::{MassFailure, Refusal, Switches};
use super::world::World;

/// At most this many inputs in one call.
pub const INPUT_LIMIT: usize = 500;

/// One input that was carried out.
#[derive(Debug, Clone, Serialize)]
pub struct Write {
    /// The mutation's name: `updateContacts`.
    pub operation: String,
    /// `Employee`, `Contact`, `Supplier` or `Webhook`.
    pub record: &'static str,
    pub db_id: i64,
    pub client_id: Option<String>,
    /// The node as it was sent, without its dbId.
    pub fields: Value,
    /// Oslo time.
    pub at: String,
}

/// What a mutation field did, with the errors that stand beside its data.
pub struct Performed {
    pub outcome: Result<Outcome, SimError>,
    pub errors: Vec<SimError>,
    /// The whole answer has `data: null`.
    pub data_null: bool,
}

impl From<SimError> for Performed {
    fn from(error: SimError) -> Performed {
        Performed { outcome: Err(error), errors: Vec::new(), data_null: false }
    }
}

/// A checked input.
struct Change {
    /// `None` adds a record.
    target: Option<i64>,
    owner: i64,
    assignments: Vec<Assignment>,
}

/// The kind, the right and whether it adds, of a mutation by its name.
fn parse_name(name: &str) -> Option<(Kind, Area, bool)> {
    Some(match name {
        "addEmployees" => (Kind::Employee, Area::Employee, true),
        "updateEmployees" => (Kind::Employee, Area::Employee, false),
        "addContacts" => (Kind::Contact, Area::Contact, true),
        "updateContacts" => (Kind::Contact, Area::Contact, false),
        "addSuppliers" => (Kind::Subledger, Area::Supplier, true),
        "updateSuppliers" => (Kind::Subledger, Area::Supplier, false),
        _ => return None,
    })
}

/// Carries out a mass mutation; `None` if `name` is not one.
pub fn run(
    world: &mut World,
    switches: &Switches,
    token: &Token,
    name: &str,
    arguments: &Map<String, Value>,
    writes: &mut Vec<Write>,
) -> Option<Performed> {
    let (kind, area, adds) = parse_name(name)?;
    if let Err(error) = token.may_write(area) {
        return Some(error.into());
    }
    let inputs = items(arguments.get("inputs"));
    if inputs.len() > INPUT_LIMIT {
        let error = SimError::invalid(format!("A mutation takes at most {INPUT_LIMIT} inputs."));
        return Some(error.into());
    }
    let empty = Map::new();
    let nodes: Vec<&Map<String, Value>> =
        inputs.iter().map(|i| i.get("node").and_then(Value::as_object).unwrap_or(&empty)).collect();
    let check = |node: &&Map<String, Value>| {
        refuse(switches, name, node)?;
        if adds {
            check_add(world, switches, token, kind, node)
        } else {
            check_update(world, switches, token, kind, node)
        }
    };
    let mut changes: Vec<Result<Change, SimError>> = nodes.iter().map(check).collect();
    if switches.refuse_duplicate_codes && kind == Kind::Employee {
        refuse_duplicate_codes(world, &mut changes);
    }
    let errors: Vec<SimError> = changes.iter().filter_map(|c| c.as_ref().err().cloned()).collect();
    if !errors.is_empty() && switches.mass_failure == MassFailure::AllOrNothing {
        return Some(Performed { outcome: Ok(Outcome::Edges(kind, Vec::new())), errors, data_null: true });
    }
    let mut edges = Vec::new();
    for ((change, input), node) in changes.into_iter().zip(inputs).zip(nodes) {
        let client_id = input.get("clientId").and_then(Value::as_str).map(str::to_owned);
        let db_id = change.ok().map(|change| carry_out(world, switches, kind, change));
        if let Some(db_id) = db_id {
            let mut sent = node.clone();
            sent.remove("dbId");
            let record = if kind == Kind::Subledger { "Supplier" } else { kind.type_name() };
            writes.push(Write {
                operation: name.to_owned(),
                record,
                db_id,
                client_id: client_id.clone(),
                fields: Value::Object(sent),
                at: world.clock.local_now(),
            });
        } else if switches.mass_failure == MassFailure::EdgeMissing {
            continue;
        }
        edges.push(OutcomeEdge { client_id: client_id.filter(|_| !switches.omit_client_id), db_id });
    }
    if switches.reverse_edges {
        edges.reverse();
    }
    Some(Performed { outcome: Ok(Outcome::Edges(kind, edges)), errors, data_null: false })
}

fn refuse(switches: &Switches, name: &str, node: &Map<String, Value>) -> Result<(), SimError> {
    let applies = |r: &&Refusal| {
        r.mutation.as_deref().is_none_or(|m| m == name)
            && r.db_id.is_none_or(|id| node.get("dbId").and_then(integer) == Some(id))
            && r.field.as_ref().is_none_or(|field| node.contains_key(field))
            && r.without_field.as_ref().is_none_or(|field| node.get(field).is_none_or(Value::is_null))
    };
    match switches.refusals.iter().find(applies) {
        Some(Refusal { message, code: Some(code), .. }) => {
            Err(SimError::new(message).extension("code", Value::from(code.as_str())))
        }
        Some(Refusal { message, code: None, .. }) => Err(SimError::invalid(message)),
        None => Ok(()),
    }
}

fn check_add(
    world: &World,
    switches: &Switches,
    token: &Token,
    kind: Kind,
    node: &Map<String, Value>,
) -> Result<Change, SimError> {
    let is_given = |field: &String| node.get(field).is_some_and(|v| !v.is_null() && v.as_str() != Some(""));
    if kind != Kind::Contact
        && let Some(missing) = switches.required_on_add.iter().find(|field| !is_given(field))
        && (kind == Kind::Employee || matches!(missing.as_str(), "code" | "description"))
    {
        return Err(SimError::invalid(format!("{missing} is required.")));
    }
    let owner = match (node.get("owner").and_then(Value::as_object), Lookup::of_field("owner")) {
        (Some(keys), Some(lookup)) => lookup.find(world, "owner", keys)?.unwrap_or(token.entity_db_id),
        _ => token.entity_db_id,
    };
    if !world.is_within(owner, token.entity_db_id) {
        return Err(SimError::invalid("No record matches the lookup owner."));
    }
    Ok(Change { target: None, owner, assignments: input::read(world, switches, kind, true, node)? })
}

fn check_update(
    world: &World,
    switches: &Switches,
    token: &Token,
    kind: Kind,
    node: &Map<String, Value>,
) -> Result<Change, SimError> {
    let record = node.get("dbId").and_then(integer).and_then(|id| world.get(kind, id));
    match record.filter(|r| world.is_within(r.owner_db_id, token.entity_db_id)) {
        None => {
            Err(SimError::invalid(format!("No {} matches the lookup dbId.", kind.type_name().to_lowercase())))
        }
        Some(record) => Ok(Change {
            target: Some(record.db_id),
            owner: record.owner_db_id,
            assignments: input::read(world, switches, kind, false, node)?,
        }),
    }
}

/// Judges the codes as they would be after the whole call, so that two employees can swap theirs.
fn refuse_duplicate_codes(world: &World, changes: &mut [Result<Change, SimError>]) {
    let code_of = |change: &Change| {
        let code = change.assignments.iter().find(|a| a.kind == Kind::Employee && a.field == "code");
        code.and_then(|a| a.value.as_str()).map(str::to_owned)
    };
    let mut holders: HashMap<(i64, String), usize> = HashMap::new();
    let changed: HashMap<i64, Option<String>> =
        changes.iter().flatten().filter_map(|c| Some((c.target?, code_of(c)))).collect();
    for employee in world.table(Kind::Employee).rows.values() {
        let new = changed.get(&employee.db_id).cloned().flatten();
        if let Some(code) = new.or_else(|| employee.text("code").map(str::to_owned)) {
            *holders.entry((employee.owner_db_id, code)).or_default() += 1;
        }
    }
    for change in changes.iter().flatten().filter(|c| c.target.is_none()) {
        if let Some(code) = code_of(change) {
            *holders.entry((change.owner, code)).or_default() += 1;
        }
    }
    for change in changes {
        let code = change.as_ref().ok().and_then(|c| Some((c.owner, code_of(c)?)));
        if code.is_some_and(|key| holders.get(&key).is_some_and(|n| *n > 1)) {
            *change = Err(SimError::invalid("The code is already in use."));
        }
    }
}

/// Returns the dbId of the record that was changed or added.
fn carry_out(world: &mut World, switches: &Switches, kind: Kind, change: Change) -> i64 {
    let now = world.clock.local_now();
    let Change { target, owner, assignments } = change;
    let db_id = match target {
        Some(db_id) => db_id,
        None => {
            let new = if kind == Kind::Employee {
                new_employee(world, owner, &assignments)
            } else if kind == Kind::Subledger {
                fields(world.new_subledger("", "", 0))
            } else {
                Map::new()
            };
            world.table_mut(kind).add(0, owner, &now, new)
        }
    };
    assign(world, switches, kind, db_id, target.is_none(), &assignments);
    db_id
}

/// The contact and the subledger of a new employee: those it names, or new ones.
fn new_employee(world: &mut World, owner: i64, assignments: &[Assignment]) -> Map<String, Value> {
    let now = world.clock.local_now();
    let given = |field: &str| {
        let assignment = assignments.iter().find(|a| a.kind == Kind::Employee && a.field == field);
        assignment.map(|a| &a.value).filter(|v| !v.is_null())
    };
    let contact = match given("contact").and_then(Value::as_i64) {
        Some(contact) => contact,
        None => world.table_mut(Kind::Contact).add(0, owner, &now, Map::new()),
    };
    let text = |field| given(field).and_then(Value::as_str).unwrap_or_default();
    let subledger = match given("subledger").and_then(Value::as_i64) {
        Some(subledger) => subledger,
        None => {
            let new = fields(world.new_subledger(text("code"), text("description"), contact));
            world.table_mut(Kind::Subledger).add(0, owner, &now, new)
        }
    };
    fields(serde_json::json!({"contact": contact, "subledger": subledger}))
}

/// Writes the values into an employee and its parts, or into a single record, and stamps what it touched.
pub fn assign(
    world: &mut World,
    switches: &Switches,
    kind: Kind,
    db_id: i64,
    is_new: bool,
    assignments: &[Assignment],
) {
    for slot in [Kind::Employee, Kind::Contact, Kind::Subledger] {
        let mut values = assignments.iter().filter(|a| a.kind == slot).peekable();
        if values.peek().is_none() {
            continue;
        }
        let employee_part = |field| world.get(Kind::Employee, db_id).and_then(|e| e.reference(field));
        let target = match (kind, slot) {
            (Kind::Employee, Kind::Contact) => employee_part("contact"),
            (Kind::Employee, Kind::Subledger) => employee_part("subledger"),
            _ => Some(db_id),
        };
        let Some(target) = target else { continue };
        let write = |record: &mut super::record::Record| {
            for Assignment { field, value, .. } in values {
                match field.split_once('.') {
                    None => record.put(field, value.clone()),
                    Some((object, part)) => {
                        let object = record.fields.entry(object).or_insert_with(|| Value::Object(Map::new()));
                        if let Value::Object(object) = object {
                            object.insert(part.to_owned(), value.clone());
                        }
                    }
                }
            }
        };
        // What was made by this very call is already stamped and logged.
        if is_new && slot == kind {
            if let Some(record) = world.table_mut(slot).rows.get_mut(&target) {
                write(record);
            }
        } else {
            world.edit(slot, target, write);
        }
        if slot == Kind::Contact && switches.contact_change_touches_employee {
            world.touch_employees_of("contact", target);
        } else if slot == Kind::Subledger && switches.contact_change_touches_employee {
            world.touch_employees_of("subledger", target);
        }
    }
}
