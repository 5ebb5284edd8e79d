//! `/users`: list, detail, creation and update.

use std::collections::BTreeSet;

use serde_json::Value;

use super::answer::{Answer, Outcome, invalid_fields, not_found, problem, refused};
use super::api::Call;
use super::query::Query;
use super::record::WriteKind;
use super::schema::{USER_DETAILS_INPUT, USER_INPUT, read_new, read_patch, stored};
use super::shapes::{details, list_item};
use super::switches::{DuplicateEmail, EmailChange, InactiveInList, ReadonlyWrite};
use super::webhook::Topic;
use super::world::{Access, User, World};

/// `GET /users`. Nobody has a supervisor here, and the filters on supervisors answer accordingly.
pub fn list(world: &World, call: &Call) -> Outcome {
    let mut query = Query::of(call);
    let limit = query.number("limit", Some(50)).unwrap_or(25);
    let offset = query.number("offset", None).unwrap_or(0);
    let descending = query.descending("orderDirection");
    let is_active = query.flag("isActive");
    let is_supervisor = query.flag("isSupervisor");
    let supervisor = query.text("supervisor");
    let search = query.text("search").map(str::to_lowercase);
    let titles = query.uuids("jobTitle");
    let groups = [query.uuids("team"), query.uuids("location"), query.uuids("company")];
    let ids = query.texts("id", 25);
    let excluded = query.texts("excludeId", 25);
    query.uuids("notRecursivelySupervisorOf");
    query.uuids("notRecursivelySubordinateOf");
    query.finish()?;

    let named = |ids: &[&str], user: &User| ids.iter().any(|id| world.resolve(id) == user.id);
    let wanted = |user: &&User| {
        listed(world, user, is_active)
            && is_supervisor != Some(true)
            && supervisor.is_none_or(|id| id == "none")
            && search.as_deref().is_none_or(|text| found(user, text))
            && (ids.is_empty() || named(&ids, user))
            && !named(&excluded, user)
            && (titles.is_empty()
                || user
                    .positions
                    .iter()
                    .any(|position| position.text("titleId").is_some_and(|title| titles.contains(&title))))
            && groups
                .iter()
                .all(|wanted| wanted.is_empty() || user.groups.iter().any(|id| wanted.contains(&id.as_str())))
    };
    let mut users: Vec<&User> = world.read_all().into_iter().filter(wanted).collect();
    if descending {
        users.reverse();
    }
    let items = users.iter().skip(offset).take(limit).map(|user| list_item(world, user));
    Ok(super::query::page(users.len(), items.collect()))
}

fn listed(world: &World, user: &User, is_active: Option<bool>) -> bool {
    if user.kind == "service_user" && !world.switches.service_user_in_list {
        return false;
    }
    match (user.is_active(), is_active) {
        (true, None | Some(true)) => true,
        (true, Some(false)) | (false, Some(true)) => false,
        (false, asked) => match world.switches.inactive_in_list {
            InactiveInList::Both => true,
            InactiveInList::OnlyWhenAsked => asked == Some(false),
            InactiveInList::Never => false,
        },
    }
}

/// Case-insensitive, anywhere in the full name or the address.
fn found(user: &User, text: &str) -> bool {
    let name = format!("{} {}", user.text("givenName"), user.text("familyName")).to_lowercase();
    name.contains(text) || user.text("email").to_lowercase().contains(text)
}

/// `GET /users/{id}`.
pub fn find(world: &World, id: &str) -> Outcome {
    let user = world.find_user(id).ok_or_else(|| not_found("User", id))?;
    Ok(Answer::ok(details(world, user)))
}

/// `POST /users`: 200 with the list shape.
pub fn create(world: &mut World, call: &Call) -> Outcome {
    let body = call.json(world)?;
    let mut fields = read_new(USER_INPUT, &body, &world.switches.bank_type_words).map_err(invalid_fields)?;
    if !world.switches.create_allowed {
        return Err(forbidden(world, call, "Not allowed to create users"));
    }
    let groups = take_texts(fields.remove("groups"));
    if let Some(unknown) = groups.iter().find(|id| world.groups.iter().all(|group| &group.id != *id)) {
        return Err(not_found("Group", unknown));
    }
    let invite = fields.remove("invite").and_then(|invite| invite.as_bool());
    let invite = invite.unwrap_or(world.switches.invite_default);
    let changed = fields.keys().cloned().collect();
    let mut user = User { kind: "user".into(), fields, groups, ..User::default() };
    refuse_duplicate(world, call, user.text("email"), None)?;

    user.id = world.new_id();
    if invite {
        user.invited_at = Some(world.clock.now_text());
        world.record.counters.invitations_sent += 1;
    }
    world.record.counters.users_created += 1;
    world.note_write(WriteKind::UserCreated, Some(&user.id), None, &body, changed);
    let answer = Answer::ok(list_item(world, &user));
    let id = user.id.clone();
    world.put_user(user);
    world.echo(Topic::Create, &id);
    Ok(answer)
}

/// `PATCH /users/{id}`: 200 with the whole detail.
pub fn update(world: &mut World, call: &Call, id: &str) -> Outcome {
    let mut user = writable_user(world, id)?;
    let body = call.json_object(world)?;
    let words = &world.switches.bank_type_words;
    let mut patch = read_patch(USER_DETAILS_INPUT, &body, world.switches.null_in_patch, words);
    let locked = apply_access(world, call, &user, &mut patch.set)?;

    let mut email_mails = 0;
    if let Some(at) = patch.set.iter().position(|(name, _)| *name == "email") {
        let wanted = patch.set[at].1.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned();
        if wanted != user.text("email") {
            if let Err(refusal) = refuse_duplicate(world, call, &wanted, Some(&user.id)) {
                if world.switches.duplicate_email == DuplicateEmail::Conflict {
                    return Err(refusal);
                }
                patch.set.remove(at);
                patch.invalid.insert("email".into());
            } else if world.switches.email_change == EmailChange::Forbidden {
                return Err(forbidden(world, call, "Not allowed to change email addresses"));
            } else if waits_for_confirmation(world, &user) {
                patch.set.remove(at);
                user.requested_email = Some(wanted);
                email_mails = 2;
            } else {
                user.requested_email = None;
            }
        }
    }

    let invalid: BTreeSet<String> = patch.invalid.union(&locked).cloned().collect();
    let refusal = refusal(&patch.invalid, &locked, &invalid);
    if world.switches.patch_atomic
        && let Some(refusal) = refusal
    {
        return Err(refusal);
    }
    let mut changed: Vec<String> = Vec::new();
    for (name, value) in patch.set {
        let value = value.map(|value| stored(name, value));
        if user.fields.get(name) != value.as_ref() {
            changed.push(name.to_owned());
            match value {
                Some(value) => user.fields.insert(name.to_owned(), value),
                None => user.fields.remove(name),
            };
        }
    }
    if email_mails > 0 {
        changed.push("email".into());
        world.record.counters.email_change_mails += email_mails;
    }
    let any_change = !changed.is_empty();
    let id = user.id.clone();
    if refusal.is_none() || any_change {
        world.note_write(WriteKind::UserUpdated, Some(&id), None, &Value::Object(body), changed);
    }
    let answer = Answer::ok(details(world, &user));
    world.put_user(user);
    if any_change {
        world.echo(Topic::Update, &id);
    }
    refusal.map_or(Ok(answer), Err)
}

/// A copy of the user as writes see it: without lag, and refused when deactivated.
pub fn writable_user(world: &World, id: &str) -> Result<User, Answer> {
    let id = world.resolve(id);
    let visible = world.users.get(id).filter(|user| world.is_visible(user));
    let user = visible.ok_or_else(|| not_found("User", id))?;
    if !user.is_active() {
        return Err(refused("user:deactivated", "The user is deactivated", Vec::<String>::new()));
    }
    Ok(user.clone())
}

/// Takes properties the key may not edit out of a patch and returns their names if they are to be refused.
pub fn apply_access(
    world: &World,
    call: &Call,
    user: &User,
    set: &mut Vec<(&'static str, Option<Value>)>,
) -> Result<BTreeSet<String>, Answer> {
    let is_locked = |name: &str| world.access(user, name) != Access::Edit;
    let locked: BTreeSet<String> =
        set.iter().filter(|(name, _)| is_locked(name)).map(|(name, _)| (*name).to_owned()).collect();
    if locked.is_empty() {
        return Ok(locked);
    }
    set.retain(|(name, _)| !is_locked(name));
    match world.switches.readonly_write {
        ReadonlyWrite::Refused => Ok(locked),
        ReadonlyWrite::Forbidden => Err(forbidden(world, call, "Not allowed to edit these fields")),
        ReadonlyWrite::Ignored => Ok(BTreeSet::new()),
    }
}

/// The 400 for wrong and for locked properties, if there are any.
pub fn refusal(
    invalid: &BTreeSet<String>,
    locked: &BTreeSet<String>,
    all: &BTreeSet<String>,
) -> Option<Answer> {
    match (invalid.is_empty(), locked.is_empty()) {
        (true, true) => None,
        (true, false) => Some(refused("field:not-editable", "Field is not editable", all.clone())),
        (false, _) => Some(invalid_fields(all.clone())),
    }
}

fn waits_for_confirmation(world: &World, user: &User) -> bool {
    match world.switches.email_change {
        EmailChange::PendingOnceLoggedIn => user.last_logged_in_at.is_some(),
        EmailChange::Immediate | EmailChange::Forbidden => false,
    }
}

fn refuse_duplicate(world: &World, call: &Call, email: &str, except: Option<&str>) -> Result<(), Answer> {
    if !world.email_taken(email, except) {
        return Ok(());
    }
    match world.switches.duplicate_email {
        DuplicateEmail::Refused => Err(refused("field:not-unique", "Email is already in use", ["email"])),
        DuplicateEmail::Conflict => {
            Err(problem(409, "Email is already in use", &call.path, &world.clock.now_text()))
        }
        DuplicateEmail::Accepted => Ok(()),
    }
}

fn forbidden(world: &World, call: &Call, message: &str) -> Answer {
    problem(403, message, &call.path, &world.clock.now_text())
}

fn take_texts(value: Option<Value>) -> Vec<String> {
    let Some(Value::Array(list)) = value else { return Vec::new() };
    list.into_iter().filter_map(|entry| entry.as_str().map(str::to_owned)).collect()
}
