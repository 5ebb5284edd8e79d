//! `/users/{userId}/positions`.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::answer::{Answer, Outcome, invalid_fields, not_found};
use super::api::Call;
use super::positions::Position;
use super::query::{Query, page};
use super::record::WriteKind;
use super::schema::{POSITION_INPUT, is_uuid, read_new, read_patch};
use super::shapes;
use super::users::{apply_access, refusal, writable_user};
use super::webhook::Topic;
use super::world::{User, World};

/// Newest contract first. There is no default and no maximum for `limit`.
pub fn list(world: &World, call: &Call, user_id: &str) -> Outcome {
    let mut query = Query::of(call);
    let limit = query.number("limit", None).unwrap_or(usize::MAX);
    let offset = query.number("offset", None).unwrap_or(0);
    query.finish()?;
    let user = world.find_user(user_id).ok_or_else(|| not_found("User", user_id))?;
    let mut positions: Vec<&Position> = user.positions.iter().collect();
    positions.sort_by_key(|position| {
        (std::cmp::Reverse(position.text("contractStartDate").unwrap_or_default()), &position.id)
    });
    let items =
        positions.iter().skip(offset).take(limit).map(|position| shapes::summary(world, user, position));
    Ok(page(positions.len(), items.collect()))
}

pub fn find(world: &World, user_id: &str, id: &str) -> Outcome {
    expect_uuid(id)?;
    let user = world.find_user(user_id).ok_or_else(|| not_found("User", user_id))?;
    let position = user.positions.iter().find(|position| position.id == id);
    let position = position.ok_or_else(|| not_found("Position", id))?;
    Ok(Answer::ok(shapes::position(world, user, position)))
}

pub fn create(world: &mut World, call: &Call, user_id: &str) -> Outcome {
    let mut user = writable_user(world, user_id)?;
    let body = call.json(world)?;
    let mut fields =
        read_new(POSITION_INPUT, &body, &world.switches.bank_type_words).map_err(invalid_fields)?;
    // Whoever may not edit a field may not give it a first value either.
    let mut set: Vec<(&'static str, Option<Value>)> = POSITION_INPUT
        .iter()
        .filter_map(|property| fields.remove(property.name).map(|value| (property.name, Some(value))))
        .collect();
    let locked = apply_access(world, call, &user, &mut set)?;
    if let Some(refusal) = refusal(&BTreeSet::new(), &locked, &locked) {
        return Err(refusal);
    }
    fields.extend(set.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    known_title(world, fields.get("titleId"))?;
    fields.entry("percentage").or_insert(json!(100));

    let position = Position { id: world.new_id(), fields };
    let changed = position.fields.keys().cloned().collect();
    world.note_write(WriteKind::PositionCreated, Some(&user.id), Some(&position.id), &body, changed);
    user.positions.push(position.clone());
    Ok(keep(world, user, &position))
}

pub fn update(world: &mut World, call: &Call, user_id: &str, id: &str) -> Outcome {
    expect_uuid(id)?;
    let mut user = writable_user(world, user_id)?;
    let at = position_index(&user, id)?;
    let body = call.json_object(world)?;
    let words = &world.switches.bank_type_words;
    let mut patch = read_patch(POSITION_INPUT, &body, world.switches.null_in_patch, words);
    let locked = apply_access(world, call, &user, &mut patch.set)?;
    let title = patch.set.iter().find(|(name, _)| *name == "titleId").and_then(|(_, value)| value.as_ref());
    known_title(world, title)?;
    let all = patch.invalid.union(&locked).cloned().collect();
    let refusal = refusal(&patch.invalid, &locked, &all);
    if world.switches.patch_atomic
        && let Some(refusal) = refusal
    {
        return Err(refusal);
    }

    let position = &mut user.positions[at];
    let mut changed: Vec<String> = Vec::new();
    for (name, value) in patch.set {
        if position.fields.get(name) != value.as_ref() {
            changed.push(name.to_owned());
            match value {
                Some(value) => position.fields.insert(name.to_owned(), value),
                None => position.fields.remove(name),
            };
        }
    }
    let position = position.clone();
    let any_change = !changed.is_empty();
    if refusal.is_none() || any_change {
        world.note_write(WriteKind::PositionUpdated, Some(&user.id), Some(id), &Value::Object(body), changed);
    }
    let answer = if any_change {
        keep(world, user, &position)
    } else {
        Answer::ok(shapes::position(world, &user, &position))
    };
    refusal.map_or(Ok(answer), Err)
}

/// Erases history. hxsync must never call it; tests assert that the counter stays at zero.
pub fn delete(world: &mut World, user_id: &str, id: &str) -> Outcome {
    expect_uuid(id)?;
    let mut user = writable_user(world, user_id)?;
    let at = position_index(&user, id)?;
    user.positions.remove(at);
    world.record.counters.positions_deleted += 1;
    world.note_write(WriteKind::PositionDeleted, Some(&user.id), Some(id), &Value::Null, Vec::new());
    let user_id = user.id.clone();
    world.put_user(user);
    world.echo(Topic::Update, &user_id);
    Ok(Answer::empty(200))
}

/// Stores the user with the written position and answers the position.
fn keep(world: &mut World, user: User, position: &Position) -> Answer {
    let answer = Answer::ok(shapes::position(world, &user, position));
    let id = user.id.clone();
    world.put_user(user);
    world.echo(Topic::Update, &id);
    answer
}

fn position_index(user: &User, id: &str) -> Result<usize, Answer> {
    user.positions.iter().position(|position| position.id == id).ok_or_else(|| not_found("Position", id))
}

fn known_title(world: &World, id: Option<&Value>) -> Result<(), Answer> {
    match id.and_then(Value::as_str) {
        Some(id) if !world.titles.contains_key(id) => Err(not_found("JobTitle", id)),
        Some(_) | None => Ok(()),
    }
}

fn expect_uuid(id: &str) -> Result<(), Answer> {
    if is_uuid(id) { Ok(()) } else { Err(invalid_fields(["id"])) }
}
