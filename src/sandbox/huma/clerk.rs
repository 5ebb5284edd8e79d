//! What people do in Huma's web interface: edits without the API's rules, and the life of an account.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::positions::Position;
use super::schema::{POSITION_INPUT, USER_DETAILS_INPUT, is_uuid, stored};
use super::switches::BankTypeWords;
use super::webhook::Topic;
use super::world::{User, World};

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ClerkError {
    #[error("nobody has the id {0}")]
    UnknownPerson(String),
    #[error("`{0}` is not a field of a person, or its value does not fit it")]
    WrongField(String),
    #[error("a person needs `{0}`")]
    MissingField(&'static str),
}

/// What can happen to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    Deactivate,
    Activate,
    /// For good.
    Delete,
    /// The person follows the link in the mail.
    ConfirmEmail,
    DropRequestedEmail,
    LogIn,
}

/// A person in plain values under wire names. The main position's fields stand beside the person's own.
pub fn person(world: &World, user: &User) -> Value {
    let main = world.main_position(user);
    let mut out = main.map(|position| position_fields(world, position)).unwrap_or_default();
    out.extend(user.fields.clone());
    out.insert("id".into(), json!(user.id));
    out.insert("type".into(), json!(user.kind));
    out.insert("active".into(), json!(user.is_active()));
    for (name, moment) in [
        ("deactivatedAt", &user.deactivated_at),
        ("invitedAt", &user.invited_at),
        ("lastLoggedInAt", &user.last_logged_in_at),
        ("requestedEmail", &user.requested_email),
    ] {
        if let Some(moment) = moment {
            out.insert(name.into(), json!(moment));
        }
    }
    out.insert("hidden".into(), json!(user.hidden));
    out.insert("readOnly".into(), json!(user.read_only));
    out.insert("connectedIntegrations".into(), json!(user.connected_integrations));
    out.insert("groups".into(), json!(user.groups));
    let positions = user.positions.iter().map(|position| {
        let mut fields = position_fields(world, position);
        fields.insert("id".into(), json!(position.id));
        fields.insert("status".into(), json!(world.position_status(position).wire_name()));
        fields.insert("main".into(), json!(main.is_some_and(|main| main.id == position.id)));
        Value::Object(fields)
    });
    out.insert("positions".into(), positions.collect());
    Value::Object(out)
}

fn position_fields(world: &World, position: &Position) -> Map<String, Value> {
    let mut fields = position.fields.clone();
    if let Some(Value::String(title_id)) = fields.remove("titleId") {
        let name = world.titles.get(&title_id).map(|title| title.name.clone()).unwrap_or_default();
        fields.insert("jobTitle".into(), json!(name));
    }
    fields
}

/// Edits a person; `null` clears. A field of a position goes to the main one, made when there is none.
pub fn edit(world: &mut World, id: &str, edits: &Map<String, Value>) -> Result<Value, ClerkError> {
    let before = world.users.get(id).ok_or_else(|| ClerkError::UnknownPerson(id.to_owned()))?.clone();
    let mut user = before.clone();
    apply(world, &mut user, edits)?;
    let after = person(world, &user);
    if after != person(world, &before) {
        world.put_user(user);
        world.announce(Topic::Update, &[id]);
    }
    Ok(after)
}

/// Adds somebody by hand, without an invitation.
pub fn add(world: &mut World, fields: &Map<String, Value>) -> Result<Value, ClerkError> {
    for name in ["givenName", "familyName", "email"] {
        if !fields.get(name).is_some_and(Value::is_string) {
            return Err(ClerkError::MissingField(name));
        }
    }
    let mut fields = fields.clone();
    let id = match fields.remove("id") {
        None => world.new_id(),
        Some(Value::String(id)) if is_uuid(&id) && !world.users.contains_key(&id) => id,
        Some(_) => return Err(ClerkError::WrongField("id".into())),
    };
    let mut user = User { id: id.clone(), kind: "user".into(), ..User::default() };
    apply(world, &mut user, &fields)?;
    let value = person(world, &user);
    world.put_user(user);
    world.announce(Topic::Create, &[&id]);
    Ok(value)
}

/// Does something to an account and returns the person as they are afterwards (as they were, when deleted).
pub fn act(world: &mut World, id: &str, action: Action) -> Result<Value, ClerkError> {
    let mut user = world.users.get(id).ok_or_else(|| ClerkError::UnknownPerson(id.to_owned()))?.clone();
    let now = world.clock.now_text();
    let topic = match action {
        Action::Deactivate => {
            user.deactivated_at = Some(now);
            Some(Topic::Update)
        }
        Action::Activate => {
            user.deactivated_at = None;
            Some(Topic::Update)
        }
        Action::Delete => {
            world.announce(Topic::Delete, &[id]);
            world.users.remove(id);
            world.before.remove(id);
            return Ok(person(world, &user));
        }
        Action::ConfirmEmail => user.requested_email.take().map(|email| {
            user.fields.insert("email".into(), json!(email));
            Topic::Update
        }),
        Action::DropRequestedEmail => {
            user.requested_email = None;
            None
        }
        Action::LogIn => {
            user.invited_at.get_or_insert_with(|| now.clone());
            user.last_logged_in_at = Some(now);
            None
        }
    };
    let value = person(world, &user);
    world.put_user(user);
    if let Some(topic) = topic {
        world.announce(topic, &[id]);
    }
    Ok(value)
}

fn apply(world: &mut World, user: &mut User, edits: &Map<String, Value>) -> Result<(), ClerkError> {
    // A whole list of positions first, so that single fields then go to the right one.
    if let Some(positions) = edits.get("positions") {
        user.positions = read_positions(world, positions)?;
    }
    let mut main_edits = Map::new();
    for (name, value) in edits {
        let wrong = || ClerkError::WrongField(name.clone());
        match name.as_str() {
            "positions" => {}
            "lastLoggedInAt" => user.last_logged_in_at = read(value).ok_or_else(wrong)?,
            "invitedAt" => user.invited_at = read(value).ok_or_else(wrong)?,
            "requestedEmail" => user.requested_email = read(value).ok_or_else(wrong)?,
            "hidden" => user.hidden = read(value).ok_or_else(wrong)?,
            "readOnly" => user.read_only = read(value).ok_or_else(wrong)?,
            "connectedIntegrations" => user.connected_integrations = read(value).ok_or_else(wrong)?,
            "type" if value == "user" || value == "service_user" => {
                user.kind = read(value).ok_or_else(wrong)?
            }
            field if is_position_field(field) => {
                main_edits.insert(name.clone(), value.clone());
            }
            _ => edit_field(user, name, value).ok_or_else(wrong)?,
        }
    }
    if main_edits.is_empty() {
        return Ok(());
    }
    if user.positions.is_empty() {
        let start = main_edits.get("contractStartDate").or(main_edits.get("firstDayOfWork"));
        let start = start.and_then(Value::as_str).map_or_else(|| world.clock.today(), str::to_owned);
        let fresh = json!({"contractStartDate": start, "contractType": "Permanent", "percentage": 100});
        let Value::Object(fields) = fresh else { return Ok(()) };
        user.positions.push(Position { id: world.new_id(), fields });
    }
    let main = world.main_position(user).map(|position| position.id.clone());
    for position in user.positions.iter_mut().filter(|position| Some(&position.id) == main.as_ref()) {
        edit_position(world, position, &main_edits)?;
    }
    Ok(())
}

fn is_position_field(name: &str) -> bool {
    name == "jobTitle" || (name != "titleId" && POSITION_INPUT.iter().any(|property| property.name == name))
}

/// Sets or clears one of the person's own fields; `None` when it does not fit.
fn edit_field(user: &mut User, name: &str, value: &Value) -> Option<()> {
    let property = USER_DETAILS_INPUT.iter().find(|property| property.name == name && property.kept)?;
    if value.is_null() {
        if property.required {
            return None;
        }
        user.fields.remove(name);
        return Some(());
    }
    let (kept, as_input) = match name {
        "bankAccount" => read_bank_account(value)?,
        "homeAddress" => read_address(value)?,
        _ => (value.clone(), value.clone()),
    };
    if !property.kind.accepts(&as_input, &BankTypeWords::default()) {
        return None;
    }
    if name == "email" {
        user.requested_email = None;
    }
    user.fields.insert(name.to_owned(), kept);
    Some(())
}

/// A Norwegian number as text, or an object without a word for its type: as stored, and as the API would take it.
fn read_bank_account(value: &Value) -> Option<(Value, Value)> {
    let account = match value {
        Value::String(number) => json!({"number": number, "country": "NO"}),
        other => stored("bankAccount", other.clone()),
    };
    let word = if account.get("iban").is_some() { "international" } else { "national" };
    let mut as_input = account.clone();
    as_input.as_object_mut()?.insert("type".into(), json!(word));
    Some((account, as_input))
}

/// An address whose second and third lines may be missing: as stored, and as the API would take it.
fn read_address(value: &Value) -> Option<(Value, Value)> {
    let address = stored("homeAddress", value.clone());
    let mut as_input = address.clone();
    let parts = as_input.as_object_mut()?;
    for line in ["line2", "line3"] {
        parts.entry(line).or_insert(json!(""));
    }
    Some((address, as_input))
}

fn read_positions(world: &mut World, value: &Value) -> Result<Vec<Position>, ClerkError> {
    let wrong = || ClerkError::WrongField("positions".into());
    let mut positions = Vec::new();
    for entry in value.as_array().ok_or_else(wrong)? {
        let mut fields = entry.as_object().ok_or_else(wrong)?.clone();
        // What the listing adds to a position says nothing about it.
        fields.remove("status");
        fields.remove("main");
        let id = match fields.remove("id") {
            None => world.new_id(),
            Some(Value::String(id)) if is_uuid(&id) => id,
            Some(_) => return Err(wrong()),
        };
        let mut position = Position { id, fields: Map::new() };
        position.fields.insert("percentage".into(), json!(100));
        position.fields.insert("contractType".into(), json!("Permanent"));
        edit_position(world, &mut position, &fields)?;
        positions.push(position);
    }
    Ok(positions)
}

fn edit_position(
    world: &mut World,
    position: &mut Position,
    edits: &Map<String, Value>,
) -> Result<(), ClerkError> {
    for (name, value) in edits {
        let wrong = || ClerkError::WrongField(name.clone());
        if name == "jobTitle" {
            match value {
                Value::Null => position.fields.remove("titleId"),
                Value::String(title) => {
                    position.fields.insert("titleId".into(), json!(world.title_named(title)))
                }
                _ => return Err(wrong()),
            };
            continue;
        }
        let property = POSITION_INPUT.iter().find(|property| property.name == name).ok_or_else(wrong)?;
        if value.is_null() {
            position.fields.remove(name);
        } else if property.kind.accepts(value, &BankTypeWords::default()) {
            position.fields.insert(name.clone(), value.clone());
        } else {
            return Err(wrong());
        }
    }
    Ok(())
}

fn read<T: serde::de::DeserializeOwned>(value: &Value) -> Option<T> {
    serde_json::from_value(value.clone()).ok()
}
