//! What users refer to: `/job-titles` and `/groups`.

use serde_json::{Value, json};

use super::answer::{Answer, Outcome, invalid_fields, not_found};
use super::api::Call;
use super::query::{Query, page};
use super::record::WriteKind;
use super::schema::{JOB_TITLE_INPUT, is_uuid, read_new, read_patch};
use super::world::{Group, JobTitle, World};

/// The whole list as a plain array; titles are not paged.
pub fn list_titles(world: &World, call: &Call) -> Outcome {
    let search = Query::of(call).text("search").unwrap_or_default().to_lowercase();
    let mut titles: Vec<&JobTitle> =
        world.titles.values().filter(|title| title.name.to_lowercase().contains(&search)).collect();
    titles.sort_by_cached_key(|title| (title.name.to_lowercase(), title.id.clone()));
    let items = titles.into_iter().map(|title| json!({"id": title.id, "name": title.name})).collect();
    Ok(Answer::ok(Value::Array(items)))
}

pub fn find_title(world: &World, id: &str) -> Outcome {
    if !is_uuid(id) {
        return Err(invalid_fields(["id"]));
    }
    world.title(id).map(Answer::ok).ok_or_else(|| not_found("JobTitle", id))
}

/// Several titles may have one name.
pub fn create_title(world: &mut World, call: &Call) -> Outcome {
    let body = call.json(world)?;
    let fields = read_new(JOB_TITLE_INPUT, &body, &world.switches.bank_type_words).map_err(invalid_fields)?;
    let text = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_owned);
    let title = JobTitle {
        id: world.new_id(),
        name: text("name").unwrap_or_default(),
        description: text("description"),
    };
    let id = title.id.clone();
    world.titles.insert(id.clone(), title);
    world.record.counters.job_titles_created += 1;
    world.note_write(WriteKind::JobTitleCreated, None, Some(&id), &body, fields.keys().cloned().collect());
    find_title(world, &id)
}

/// Changes the title of everybody who holds it.
pub fn update_title(world: &mut World, call: &Call, id: &str) -> Outcome {
    find_title(world, id)?;
    let body = call.json_object(world)?;
    let words = &world.switches.bank_type_words;
    let patch = read_patch(JOB_TITLE_INPUT, &body, world.switches.null_in_patch, words);
    if !patch.invalid.is_empty() {
        return Err(invalid_fields(patch.invalid));
    }
    let mut changed = Vec::new();
    if let Some(title) = world.titles.get_mut(id) {
        for (name, value) in patch.set {
            let text = value.as_ref().and_then(Value::as_str).map(str::to_owned);
            let before = if name == "name" { Some(title.name.clone()) } else { title.description.clone() };
            if text == before {
                continue;
            }
            changed.push(name.to_owned());
            if name == "name" {
                title.name = text.unwrap_or_default();
                world.record.counters.job_titles_renamed += 1;
            } else {
                title.description = text;
            }
        }
    }
    world.note_write(WriteKind::JobTitleUpdated, None, Some(id), &Value::Object(body), changed);
    find_title(world, id)
}

/// `GET /groups`: at most 25 a page, 10 unless asked.
pub fn list_groups(world: &World, call: &Call) -> Outcome {
    let mut query = Query::of(call);
    let limit = query.number("limit", Some(25)).unwrap_or(10);
    let offset = query.number("offset", None).unwrap_or(0);
    let descending = query.descending("orderDirection");
    let kinds = query.words("type", &["team", "location", "company"]);
    let search = query.text("search").unwrap_or_default().to_lowercase();
    query.finish()?;
    let mut groups: Vec<&Group> = world
        .groups
        .iter()
        .filter(|group| kinds.is_empty() || kinds.contains(&group.kind.as_str()))
        .filter(|group| group.name.to_lowercase().contains(&search))
        .collect();
    groups.sort_by_cached_key(|group| (group.name.to_lowercase(), group.id.clone()));
    if descending {
        groups.reverse();
    }
    let items = groups
        .iter()
        .skip(offset)
        .take(limit)
        .map(|group| json!({"id": group.id, "name": group.name, "type": group.kind}));
    Ok(page(groups.len(), items.collect()))
}
