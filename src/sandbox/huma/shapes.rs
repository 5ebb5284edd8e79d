//! The JSON of users and positions as the API shows them: plain on lists, wrapped on details.

use serde_json::{Map, Value, json};

use super::positions::{Position, PositionStatus, newest_position};
use super::switches::{AbsentMeans, DeprecatedCopies};
use super::world::{Access, User, World};

/// Wrapped on the detail, with room for `integrations`.
const WRAPPED: [&str; 17] = [
    "givenName",
    "familyName",
    "preferredName",
    "phone",
    "homeAddress",
    "gender",
    "nationality",
    "civilStatus",
    "privateEmail",
    "dietaryRequirements",
    "interests",
    "funfacts",
    "employmentId",
    "relevantExperienceInMonths",
    "seniorityNote",
    "excludeFromInsights",
    "excludeFromSurveys",
];

/// Wrapped on a position. Dates and `contractType` have the same parts here but for `integrations`.
const POSITION_WRAPPED: [&str; 14] = [
    "contractStartDate",
    "contractEndDate",
    "firstDayOfWork",
    "lastDayOfWork",
    "contractCountry",
    "contractType",
    "percentage",
    "terminationNoticeDate",
    "probationEndDate",
    "description",
    "endNote",
    "endReason",
    "wantedEnd",
    "note",
];

/// The user's deprecated copies: name on the user, name on the position.
const COPIES: [(&str, &str); 8] = [
    ("terminationNoticeDate", "terminationNoticeDate"),
    ("probationEndDate", "probationEndDate"),
    ("employmentStartDate", "contractStartDate"),
    ("firstDayOfWork", "firstDayOfWork"),
    ("employmentEndDate", "contractEndDate"),
    ("lastDayOfWork", "lastDayOfWork"),
    ("employmentPercentage", "percentage"),
    ("employmentType", "contractType"),
];

/// `User`: a list item, and the answer of a creation.
pub fn list_item(world: &World, user: &User) -> Value {
    let mut out = Map::new();
    out.insert("id".into(), json!(user.id));
    out.insert("givenName".into(), json!(user.text("givenName")));
    out.insert("familyName".into(), json!(user.text("familyName")));
    for name in ["preferredName", "phone"] {
        if world.access(user, name) != Access::Nothing {
            put(&mut out, world, name, user.fields.get(name).cloned());
        }
    }
    out.insert("email".into(), json!(user.text("email")));
    out.insert("type".into(), json!(user.kind));
    out.insert("status".into(), json!({"active": user.is_active()}));
    let mut titles = Vec::new();
    if world.access(user, "jobTitle") != Access::Nothing {
        titles = current_titles(world, user).into_iter().map(without_description).collect();
        let copied = copied_position(world, user).and_then(|position| position.text("titleId"));
        if let Some(title) = copied.and_then(|id| world.title(id)) {
            out.insert("jobTitle".into(), without_description(title));
        }
    }
    out.insert("jobTitles".into(), Value::Array(titles));
    for (kind, name) in [("team", "teams"), ("location", "locations"), ("company", "companies")] {
        let of_kind: Vec<Value> = world
            .groups
            .iter()
            .filter(|group| group.kind == kind && user.groups.contains(&group.id))
            .map(|group| json!({"id": group.id, "name": group.name, "type": group.kind}))
            .collect();
        if !of_kind.is_empty() {
            out.insert(name.into(), Value::Array(of_kind));
        }
    }
    Value::Object(out)
}

/// `UserDetails`.
pub fn details(world: &World, user: &User) -> Value {
    let mut out = Map::new();
    out.insert("id".into(), json!(user.id));
    out.insert("type".into(), json!(user.kind));
    out.insert("subordinatesCount".into(), json!(0));
    let mut status = Map::new();
    status.insert("active".into(), json!(user.is_active()));
    put(&mut status, world, "deactivatedAt", user.deactivated_at.clone().map(Value::from));
    out.insert("status".into(), Value::Object(status));

    for name in WRAPPED {
        wrap(&mut out, world, user, name, user.fields.get(name).cloned(), Owner::Shown);
    }
    wrap(&mut out, world, user, "birthDate", user.fields.get("birthDate").cloned(), Owner::NoRoom);
    let account = user.fields.get("bankAccount").map(|account| bank_account(world, account));
    wrap(&mut out, world, user, "bankAccount", account, Owner::Shown);
    wrap(&mut out, world, user, "email", Some(json!(user.text("email"))), Owner::Shown);
    if let Some(Value::Object(email)) = out.get_mut("email") {
        put(email, world, "requestedValue", user.requested_email.clone().map(Value::from));
    }

    put(&mut out, world, "invitedAt", user.invited_at.clone().map(Value::from));
    put(&mut out, world, "lastLoggedInAt", user.last_logged_in_at.clone().map(Value::from));
    out.insert("currentPositions".into(), Value::Array(current_summaries(world, user)));
    let connected: Map<String, Value> = user
        .connected_integrations
        .iter()
        .map(|(name, id)| (name.clone(), json!({"type": name, "externalId": id})))
        .collect();
    if !connected.is_empty() {
        out.insert("connectedIntegrations".into(), Value::Object(connected));
    }
    let completeness = json!({"filled": 1, "available": 2});
    out.insert("completeness".into(), json!({"important": completeness, "details": completeness}));
    out.insert("jubileesToday".into(), json!([]));
    copies(&mut out, world, user);
    Value::Object(out)
}

/// `Position`.
pub fn position(world: &World, user: &User, position: &Position) -> Value {
    let mut out = Map::new();
    out.insert("id".into(), json!(position.id));
    out.insert("status".into(), json!(world.position_status(position).wire_name()));
    for name in POSITION_WRAPPED {
        let owner =
            if name.ends_with("Date") || name.ends_with("OfWork") { Owner::NoRoom } else { Owner::Shown };
        wrap(&mut out, world, user, name, position.fields.get(name).cloned(), owner);
    }
    let title = position.text("titleId").and_then(|id| world.title(id));
    wrap(&mut out, world, user, "title", title, Owner::Shown);
    Value::Object(out)
}

/// `PositionSummary`, which has none of the four dates of work.
pub fn summary(world: &World, user: &User, position: &Position) -> Value {
    let mut out = Map::new();
    out.insert("id".into(), json!(position.id));
    out.insert("status".into(), json!(world.position_status(position).wire_name()));
    for name in ["description", "contractStartDate", "contractEndDate", "percentage", "contractType"] {
        if world.access(user, name) != Access::Nothing {
            put(&mut out, world, name, position.fields.get(name).cloned());
        }
    }
    if world.access(user, "title") != Access::Nothing {
        put(&mut out, world, "title", position.text("titleId").and_then(|id| world.title(id)));
    }
    Value::Object(out)
}

/// Whether a wrapper has an `integrations` part.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Owner {
    Shown,
    NoRoom,
}

/// Adds a wrapper, or leaves it out when the key has no access.
fn wrap(
    out: &mut Map<String, Value>,
    world: &World,
    user: &User,
    name: &str,
    value: Option<Value>,
    owner: Owner,
) {
    let editable = world.access(user, name) == Access::Edit;
    let Some(mut wrapper) = wrapper(world, user, name, value, editable) else { return };
    let owned_by = world.switches.field_access.owned_by.get(name);
    if let Some(integration) = owned_by.filter(|_| owner == Owner::Shown) {
        wrapper.insert("integrations".into(), json!({integration: {"warning": "locked_disconnect"}}));
    }
    out.insert(name.into(), Value::Object(wrapper));
}

/// `{value?, editable}`, or nothing when no access means no wrapper.
fn wrapper(
    world: &World,
    user: &User,
    name: &str,
    value: Option<Value>,
    editable: bool,
) -> Option<Map<String, Value>> {
    let value = match world.access(user, name) {
        Access::Edit | Access::Read => value,
        Access::Nothing => match world.switches.absent_means {
            AbsentMeans::Hidden => return None,
            AbsentMeans::Empty => None,
        },
    };
    let mut wrapper = Map::new();
    put(&mut wrapper, world, "value", value);
    wrapper.insert("editable".into(), json!(editable));
    Some(wrapper)
}

/// Adds an optional property: absent when empty, or null if the switch says so.
fn put(out: &mut Map<String, Value>, world: &World, name: &str, value: Option<Value>) {
    match value {
        Some(value) => {
            out.insert(name.into(), value);
        }
        None if world.switches.emit_null => {
            out.insert(name.into(), Value::Null);
        }
        None => {}
    }
}

/// The deprecated copies of a position's fields, never editable.
fn copies(out: &mut Map<String, Value>, world: &World, user: &User) {
    if world.switches.deprecated_copies == DeprecatedCopies::Absent {
        return;
    }
    let position = copied_position(world, user);
    let mut add = |name: &str, source: &str, value: Option<Value>| {
        if let Some(wrapper) = wrapper(world, user, source, value, false) {
            out.insert(name.into(), Value::Object(wrapper));
        }
    };
    for (name, source) in COPIES {
        add(name, source, position.and_then(|position| position.fields.get(source).cloned()));
    }
    let title = position.and_then(|position| position.text("titleId")).and_then(|id| world.title(id));
    add("jobTitle", "jobTitle", title);
    if world.access(user, "jobTitle") != Access::Nothing {
        out.insert("jobTitles".into(), Value::Array(current_titles(world, user)));
    }
}

/// The position the deprecated copies mirror.
fn copied_position<'a>(world: &World, user: &'a User) -> Option<&'a Position> {
    match world.switches.deprecated_copies {
        DeprecatedCopies::FromMainPosition => world.main_position(user),
        DeprecatedCopies::FromNewestPosition => newest_position(&user.positions),
        DeprecatedCopies::Absent => None,
    }
}

fn current<'a>(world: &'a World, user: &'a User) -> impl Iterator<Item = &'a Position> {
    user.positions.iter().filter(|position| world.position_status(position) == PositionStatus::Current)
}

fn current_summaries(world: &World, user: &User) -> Vec<Value> {
    current(world, user).map(|position| summary(world, user, position)).collect()
}

/// The titles of the current positions, each once.
fn current_titles(world: &World, user: &User) -> Vec<Value> {
    let mut ids: Vec<&str> = Vec::new();
    for id in current(world, user).filter_map(|position| position.text("titleId")) {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    ids.into_iter().filter_map(|id| world.title(id)).collect()
}

/// `JobTitleSummary` from `JobTitle`.
fn without_description(mut title: Value) -> Value {
    if let Value::Object(title) = &mut title {
        title.remove("description");
    }
    title
}

/// The account as read: with the word in use, and the `code` that is required on read and unexplained.
fn bank_account(world: &World, account: &Value) -> Value {
    let words = &world.switches.bank_type_words;
    let mut account = account.clone();
    if let Value::Object(account) = &mut account {
        let word = if account.contains_key("iban") { &words.international } else { &words.national };
        account.insert("type".into(), json!(word));
        account.insert("code".into(), json!("primary"));
    }
    account
}
