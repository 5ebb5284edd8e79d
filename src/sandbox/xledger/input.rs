//! Reads the node of a mutation input: which stored field each input field lands in, and with what value.

use serde_json::{Map, Value};

use super::error::SimError;
use super::lookup::Lookup;
use super::record::Kind;
use super::switches::{NullHandling, Switches};
use super::values;
use super::world::World;

/// A stored field and its new value. `field` may be a path: `address.place`.
#[derive(Debug, Clone, PartialEq)]
pub struct Assignment {
    pub kind: Kind,
    pub field: String,
    pub value: Value,
}

const DATES: [&str; 11] = [
    "employmentFrom",
    "employmentTo",
    "trialTo",
    "noticeDate",
    "anniversaryDate",
    "seniorityDate",
    "dateFrom",
    "dateTo",
    "fromDate",
    "toDate",
    "birthday",
];

/// Reads every field of a node for records of `kind` (Employee, Contact, or Subledger for suppliers).
///
/// An added employee's personal fields always land; an updated one's by the switch.
pub fn read(
    world: &World,
    switches: &Switches,
    kind: Kind,
    adds: bool,
    node: &Map<String, Value>,
) -> Result<Vec<Assignment>, SimError> {
    let mut assignments = Vec::new();
    for (name, value) in node {
        let Some((slot, field)) = place(kind, name) else { continue };
        if slot != kind && !adds && !switches.personal_fields_reach_contact {
            continue;
        }
        if value.is_null() {
            match switches.null_handling.get(name).unwrap_or(&NullHandling::Clears) {
                NullHandling::Clears => {}
                NullHandling::Ignored => continue,
                NullHandling::Refused => return Err(SimError::invalid(format!("{name} cannot be empty."))),
            }
        }
        let value = stored(world, name, field, value)?;
        assignments.push(Assignment { kind: slot, field: field.to_owned(), value });
    }
    Ok(assignments)
}

/// Where an input field lands. `None` for what names the record, and for national identity numbers, which are dropped.
fn place(kind: Kind, name: &str) -> Option<(Kind, &str)> {
    if matches!(name, "dbId" | "owner" | "socialSec" | "personalId") {
        return None;
    }
    Some(match (kind, name) {
        (
            Kind::Employee,
            "firstName" | "middleName" | "lastName" | "initials" | "aliasName" | "maidenName" | "suffix"
            | "birthday" | "email" | "phone" | "companyName" | "contactPhoneList" | "contactEmailList",
        ) => (Kind::Contact, name),
        (Kind::Employee, "contactAddress") => (Kind::Contact, "address"),
        (Kind::Employee, "bankAccount" | "bankRouting" | "paymentNotification") => (Kind::Subledger, name),
        (Kind::Employee, "phoneSubledger") => (Kind::Subledger, "phone"),
        (Kind::Employee, "fullAddress") => (Kind::Subledger, "address"),
        (Kind::Subledger, "phoneNumber2") => (kind, "phone2"),
        (Kind::Subledger, "streetAddress") => (kind, "address.streetAddress"),
        (Kind::Subledger, "zipCode") => (kind, "address.zipCode"),
        (Kind::Subledger, "place") => (kind, "address.place"),
        (Kind::Subledger, "country") => (kind, "address.country"),
        _ => (kind, name),
    })
}

/// The value as it is stored: lookups as dbIds, addresses with their country resolved, dates checked.
fn stored(world: &World, name: &str, field: &str, value: &Value) -> Result<Value, SimError> {
    match value {
        Value::Null => Ok(Value::Null),
        Value::Object(keys) => match Lookup::of_field(name) {
            Some(lookup) => Ok(lookup.find(world, name, keys)?.map_or(Value::Null, Value::from)),
            None => address(world, name, keys),
        },
        Value::String(text) if DATES.contains(&name) && !values::is_date(text) => {
            Err(SimError::invalid(format!("{name} is not a date of the form yyyy-MM-dd.")))
        }
        Value::String(line) if field == "address" => Ok(values::address_of_line(line)),
        _ if DATES.contains(&name) && !value.is_string() => {
            Err(SimError::invalid(format!("{name} is not a date of the form yyyy-MM-dd.")))
        }
        _ => Ok(value.clone()),
    }
}

/// A whole address: parts left out are empty afterwards. The country is text, its English name or its code.
fn address(world: &World, name: &str, parts: &Map<String, Value>) -> Result<Value, SimError> {
    let mut address: Map<String, Value> =
        parts.iter().filter(|(_, v)| !v.is_null()).map(|(k, v)| (k.clone(), v.clone())).collect();
    if let Some(country) = address.get("country").and_then(Value::as_str).map(str::to_owned) {
        if country.is_empty() {
            address.remove("country");
        } else {
            let id = world.country(&country);
            let id =
                id.ok_or_else(|| SimError::invalid(format!("No country matches the text in {name}.")))?;
            address.insert("country".to_owned(), Value::from(id));
        }
    }
    Ok(Value::Object(address))
}
