//! What a payroll clerk does outside GraphQL: sees and edits people under plain names.

use serde_json::{Map, Value, json};

use super::input::Assignment;
use super::mutate;
use super::record::{Kind, Record};
use super::reference_data::{MARITAL_STATUS, POSITION};
use super::switches::Switches;
use super::values;
use super::world::{World, without_nulls};

/// All employees, in the order of their dbIds.
pub fn list(world: &World) -> Value {
    world.table(Kind::Employee).rows.values().map(|employee| view(world, employee)).collect()
}

pub fn get(world: &World, db_id: i64) -> Option<Value> {
    world.get(Kind::Employee, db_id).map(|employee| view(world, employee))
}

fn view(world: &World, employee: &Record) -> Value {
    let part = |kind, field| employee.reference(field).and_then(|id| world.get(kind, id));
    let (contact, subledger) = (part(Kind::Contact, "contact"), part(Kind::Subledger, "subledger"));
    let personal = |field| contact.and_then(|c| c.text(field));
    let named = |record: Option<&Record>, from: &str, kind, name: &'static str| {
        let target = record.and_then(|r| r.reference(from)).and_then(|id| world.get(kind, id));
        target.and_then(|t| t.text(name)).map(str::to_owned)
    };
    let address = |field| contact.and_then(|c| c.fields.get(field)).map(|a| address_view(world, a));
    json!({
        "db_id": employee.db_id,
        "contact_db_id": contact.map(|c| c.db_id),
        "subledger_db_id": subledger.map(|s| s.db_id),
        "owner_db_id": employee.owner_db_id,
        "code": employee.text("code"),
        "description": employee.text("description"),
        "first_name": personal("firstName"),
        "last_name": personal("lastName"),
        "email": personal("email"),
        "phone": personal("phone"),
        "birthday": personal("birthday"),
        "bank_account": subledger.and_then(|s| s.text("bankAccount")),
        "home_address": address("homeAddress"),
        "address": address("address"),
        "gender": named(contact, "gender", Kind::SystemValue, "code"),
        "marital_status": named(contact, "maritalStatus", Kind::ObjectValue, "description"),
        "position_value": named(Some(employee), "positionValue", Kind::ObjectValue, "description"),
        "employment_from": employee.text("employmentFrom"),
        "trial_to": employee.text("trialTo"),
        "notice_date": employee.text("noticeDate"),
        "employment_to": employee.text("employmentTo"),
        "modified_at": employee.modified_at,
        "contact_modified_at": contact.map(|c| &c.modified_at),
        "subledger_modified_at": subledger.map(|s| &s.modified_at),
    })
}

fn address_view(world: &World, address: &Value) -> Value {
    let country = address.get("country").and_then(Value::as_i64).and_then(|id| world.get(Kind::Country, id));
    json!({
        "street_address": address.get("streetAddress"),
        "zip_code": address.get("zipCode"),
        "place": address.get("place"),
        "country": country.and_then(|c| c.text("code")),
    })
}

/// Edits an employee. Null clears; a name left out is unchanged. A new name also moves the display name.
///
/// # Errors
/// A sentence when the employee, a name or a listed value does not exist. Nothing is changed then.
pub fn edit(world: &mut World, switches: &Switches, db_id: i64, changes: &Value) -> Result<(), String> {
    if world.get(Kind::Employee, db_id).is_none() {
        return Err(format!("There is no employee {db_id}."));
    }
    let changes = changes.as_object().ok_or("The changes are not an object.")?;
    let mut assignments = Vec::new();
    for (name, value) in changes {
        let (kind, field) = place(name).ok_or_else(|| format!("An employee has no {name}."))?;
        let value = if value.is_null() { Value::Null } else { stored(world, name, value)? };
        assignments.push(Assignment { kind, field: field.to_owned(), value });
    }
    if let Some(description) = display_name(world, db_id, changes) {
        assignments.push(Assignment {
            kind: Kind::Employee,
            field: "description".to_owned(),
            value: description,
        });
    }
    mutate::assign(world, switches, Kind::Employee, db_id, false, &assignments);
    Ok(())
}

fn place(name: &str) -> Option<(Kind, &'static str)> {
    Some(match name {
        "code" => (Kind::Employee, "code"),
        "position_value" => (Kind::Employee, "positionValue"),
        "employment_from" => (Kind::Employee, "employmentFrom"),
        "trial_to" => (Kind::Employee, "trialTo"),
        "notice_date" => (Kind::Employee, "noticeDate"),
        "employment_to" => (Kind::Employee, "employmentTo"),
        "first_name" => (Kind::Contact, "firstName"),
        "last_name" => (Kind::Contact, "lastName"),
        "email" => (Kind::Contact, "email"),
        "phone" => (Kind::Contact, "phone"),
        "birthday" => (Kind::Contact, "birthday"),
        "home_address" => (Kind::Contact, "homeAddress"),
        "address" => (Kind::Contact, "address"),
        "gender" => (Kind::Contact, "gender"),
        "marital_status" => (Kind::Contact, "maritalStatus"),
        "bank_account" => (Kind::Subledger, "bankAccount"),
        _ => return None,
    })
}

fn stored(world: &World, name: &str, value: &Value) -> Result<Value, String> {
    if let ("home_address" | "address", Value::Object(parts)) = (name, value) {
        return address(world, parts);
    }
    let text = value.as_str().ok_or_else(|| format!("{name} is not text."))?;
    let listed =
        |id: Option<i64>| id.map(Value::from).ok_or_else(|| format!("There is no {name} like that."));
    match name {
        "gender" => listed(world.system_value("GENDER", text)),
        "marital_status" => listed(world.object_value(MARITAL_STATUS, text)),
        "position_value" => listed(world.object_value(POSITION, text)),
        "birthday" | "employment_from" | "trial_to" | "notice_date" | "employment_to"
            if !values::is_date(text) =>
        {
            Err(format!("{name} is not a date."))
        }
        "home_address" | "address" => Err(format!("{name} is not an object.")),
        _ => Ok(value.clone()),
    }
}

fn address(world: &World, parts: &Map<String, Value>) -> Result<Value, String> {
    let country = match parts.get("country").and_then(Value::as_str).filter(|c| !c.is_empty()) {
        Some(text) => Some(world.country(text).ok_or("There is no country like that.")?),
        None => None,
    };
    Ok(without_nulls(json!({
        "streetAddress": parts.get("street_address"), "zipCode": parts.get("zip_code"),
        "place": parts.get("place"), "country": country,
    })))
}

fn display_name(world: &World, db_id: i64, changes: &Map<String, Value>) -> Option<Value> {
    if !changes.contains_key("first_name") && !changes.contains_key("last_name") {
        return None;
    }
    let contact =
        world.get(Kind::Employee, db_id)?.reference("contact").and_then(|id| world.get(Kind::Contact, id))?;
    let part = |name: &str, field| match changes.get(name) {
        Some(value) => value.as_str().unwrap_or_default().to_owned(),
        None => contact.text(field).unwrap_or_default().to_owned(),
    };
    Some(Value::from(format!("{} {}", part("first_name", "firstName"), part("last_name", "lastName")).trim()))
}
