//! Webhooks: registration, the state machine, and signed posts of what changed.
//!
//! A hook is `CREATED`, then `RUNNING`, or `PAUSED` while nothing is sent; a failed post makes it `RECOVERING`, too many in a row `FAULTED`, which it
//! cannot leave. A post is signed with the token that registered the hook and dated by the simulated clock.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use apollo_compiler::ExecutableDocument;
use apollo_compiler::executable::OperationType;
use apollo_compiler::resolvers::Execution;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use sha2::Sha256;

use super::Shared;
use super::arguments::{integer, items};
use super::error::SimError;
use super::mutate::{Performed, Write};
use super::record::{Kind, Mutation};
use super::resolve::{Context, Event, Object, Outcome, OutcomeEdge};
use super::rights::Token;
use super::state::State;

/// A hook at work, beside its record.
pub struct Hook {
    token: Token,
    query: String,
    kinds: Vec<Kind>,
    /// The last change-log entries taken, by kind.
    taken: BTreeMap<Kind, i64>,
    waiting: VecDeque<Event>,
    failures: u32,
}

/// A post ready to go.
struct Post {
    hook: i64,
    url: String,
    body: String,
    signature: String,
    date: String,
    events: Vec<Event>,
    repeat: u32,
}

/// Carries out `addWebhooks` or `removeWebhooks`.
pub fn run(state: &mut State, token: &Token, name: &str, arguments: &Map<String, Value>) -> Performed {
    if name == "removeWebhooks" {
        return remove(state, arguments);
    }
    if state.switches.webhooks.refused {
        return SimError::access("Webhook (write)").into();
    }
    let mut edges = Vec::new();
    for input in items(arguments.get("inputs")) {
        let client_id = input.get("clientId").and_then(Value::as_str).map(str::to_owned);
        match add(state, token, client_id.clone(), input.get("node")) {
            Ok(db_id) => edges.push(OutcomeEdge { client_id, db_id: Some(db_id) }),
            Err(error) => return error.into(),
        }
    }
    Performed { outcome: Ok(Outcome::Edges(Kind::Webhook, edges)), errors: Vec::new(), data_null: false }
}

fn add(
    state: &mut State,
    token: &Token,
    client_id: Option<String>,
    node: Option<&Value>,
) -> Result<i64, SimError> {
    let text = |field: &str| node.and_then(|n| n.get(field)).and_then(Value::as_str).unwrap_or_default();
    let bad_payload = || SimError::invalid("serializedPayload is not a subscription request.");
    if !text("url").starts_with("http") {
        return Err(SimError::invalid("url is not a web address."));
    }
    let payload: Value = serde_json::from_str(text("serializedPayload")).map_err(|_| bad_payload())?;
    let query = payload.get("query").and_then(Value::as_str).ok_or_else(bad_payload)?;
    let document = ExecutableDocument::parse_and_validate(&state.schema, query, "webhook.graphql")
        .map_err(|e| SimError::document(e.errors.to_string()))?;
    let operation = document.operations.get(None).map_err(|_| bad_payload())?;
    if operation.operation_type != OperationType::Subscription {
        return Err(bad_payload());
    }
    let kinds: Vec<Kind> = operation
        .root_fields(&document)
        .map(|field| if field.name == "contactsMutated" { Kind::Contact } else { Kind::Employee })
        .collect();
    let newest = |kind: &Kind| (*kind, state.world.table(*kind).deltas.back().map_or(0, |d| d.number));
    let taken = kinds.iter().map(newest).collect();
    let now = state.world.clock.local_now();
    let fields = json!({
        "description": text("description"), "url": text("url"),
        "serializedPayload": text("serializedPayload"), "stateCode": "CREATED",
    });
    let sent = json!({"description": text("description"), "url": text("url")});
    let record = super::reference_data::fields(fields);
    let db_id = state.world.table_mut(Kind::Webhook).add(0, token.entity_db_id, &now, record);
    let hook = Hook {
        token: token.clone(),
        query: query.to_owned(),
        kinds,
        taken,
        waiting: VecDeque::new(),
        failures: 0,
    };
    state.hooks.insert(db_id, hook);
    let operation = "addWebhooks".to_owned();
    state.writes.push(Write { operation, record: "Webhook", db_id, client_id, fields: sent, at: now });
    Ok(db_id)
}

fn remove(state: &mut State, arguments: &Map<String, Value>) -> Performed {
    let (mut affected, mut skipped) = (0, Vec::new());
    for id in items(arguments.get("dbIds")).iter().filter_map(integer) {
        if state.world.table_mut(Kind::Webhook).remove(id) {
            state.hooks.remove(&id);
            affected += 1;
        } else {
            skipped.push(id);
        }
    }
    Performed { outcome: Ok(Outcome::Removed { affected, skipped }), errors: Vec::new(), data_null: false }
}

/// Posts every change to every hook, until the task is aborted.
pub async fn post_changes(shared: Arc<Shared>) {
    // Made when the first post goes out: building one needs the process to have chosen a TLS provider.
    let mut client = None;
    loop {
        let (posts, delay) = {
            let state = &mut *shared.state();
            take_changes(state);
            (next_posts(state), Duration::from_millis(state.switches.webhooks.delay_ms))
        };
        if posts.is_empty() {
            shared.news.notified().await;
            continue;
        }
        tokio::time::sleep(delay).await;
        let mut wait = Duration::ZERO;
        for post in posts {
            let client = client.get_or_insert_with(reqwest::Client::new);
            let mut delivered = true;
            for _ in 0..=post.repeat {
                delivered &= send(client, &post).await;
            }
            if !settle(&mut shared.state(), post, delivered) {
                wait = Duration::from_millis(50);
            }
        }
        tokio::time::sleep(wait).await;
    }
}

async fn send(client: &reqwest::Client, post: &Post) -> bool {
    let request = client
        .post(&post.url)
        .timeout(Duration::from_secs(10))
        .header("content-type", "application/json")
        .header("date", &post.date)
        .header("x-xl-webhook-signature", &post.signature)
        .body(post.body.clone());
    request.send().await.is_ok_and(|response| response.status().is_success())
}

/// Moves new change-log entries into the queues of the hooks that want them, and starts new hooks or pauses them.
fn take_changes(state: &mut State) {
    let State { hooks, world, rng, switches, .. } = state;
    for (id, hook) in hooks.iter_mut() {
        for kind in &hook.kinds {
            let taken = hook.taken.entry(*kind).or_default();
            for delta in world.table(*kind).deltas.iter().filter(|d| d.number > *taken) {
                let sync_version = format!("{:016x}", rng.u64(..));
                let gone = delta.mutation == Mutation::Deleted;
                hook.waiting.push_back(Event { kind: *kind, db_id: delta.db_id, gone, sync_version });
            }
            *taken = world.table(*kind).deltas.back().map_or(*taken, |d| d.number);
        }
        if let Some(record) = world.table_mut(Kind::Webhook).rows.get_mut(id)
            && matches!(record.text("stateCode"), Some("CREATED" | "RUNNING" | "PAUSED"))
        {
            record.put("stateCode", json!(if switches.webhooks.sending { "RUNNING" } else { "PAUSED" }));
        }
    }
}

/// The next post of every hook that has something waiting.
fn next_posts(state: &mut State) -> Vec<Post> {
    let switches = state.switches.webhooks.clone();
    if !switches.sending {
        return Vec::new();
    }
    let mut taken = Vec::new();
    for (id, hook) in &mut state.hooks {
        let faulted =
            state.world.get(Kind::Webhook, *id).and_then(|r| r.text("stateCode")) == Some("FAULTED");
        let events: Vec<Event> = match (switches.batched, switches.reordered) {
            _ if faulted => continue,
            (true, false) => hook.waiting.drain(..).collect(),
            (true, true) => hook.waiting.drain(..).rev().collect(),
            (false, false) => hook.waiting.pop_front().into_iter().collect(),
            (false, true) => hook.waiting.pop_back().into_iter().collect(),
        };
        if !events.is_empty() {
            taken.push((*id, events));
        }
    }
    taken.into_iter().filter_map(|(id, events)| post(state, id, events)).collect()
}

fn post(state: &State, id: i64, events: Vec<Event>) -> Option<Post> {
    let hook = state.hooks.get(&id)?;
    let url = state.world.get(Kind::Webhook, id)?.text("url")?.to_owned();
    let body = body(state, hook, &events)?;
    let switches = &state.switches.webhooks;
    let late = if switches.stale_date { SignedDuration::from_hours(1) } else { SignedDuration::ZERO };
    let at = state.world.clock.now().checked_sub(late).ok()?;
    let key = if switches.wrong_signature { b"another key".to_vec() } else { key(&hook.token) };
    let repeat = u32::from(switches.duplicated);
    Some(Post { hook: id, url, signature: sign(&key, at, &body)?, body, date: http_date(at), events, repeat })
}

/// The result of the hook's subscription for these events.
fn body(state: &State, hook: &Hook, events: &[Event]) -> Option<String> {
    let document =
        ExecutableDocument::parse_and_validate(&state.schema, &hook.query, "webhook.graphql").ok()?;
    let variables = Map::new();
    let context = Context {
        world: &state.world,
        switches: &state.switches,
        token: &hook.token,
        variables: &variables,
        outcomes: HashMap::new(),
        events,
        truncate: false,
        errors: RefCell::default(),
        today: state.world.clock.today(),
    };
    let root = Object::root(&context, "Subscription");
    let response = Execution::new(&state.schema, &document).execute_sync(&root).ok()?;
    serde_json::to_string(&json!({"data": response.data})).ok()
}

/// The bytes the token's text stands for, as the vendor's sample decodes them.
fn key(token: &Token) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(&token.token).unwrap_or_else(|_| token.token.clone().into_bytes())
}

fn sign(key: &[u8], at: Timestamp, body: &str) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(format!("{}.{body}", at.as_second()).as_bytes());
    Some(URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

fn http_date(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// Notes how a post ended. A failed one waits to be sent again; returns whether it was delivered.
fn settle(state: &mut State, post: Post, delivered: bool) -> bool {
    let now = state.world.clock.local_now();
    let limit = state.switches.webhooks.faulted_after;
    let Some(hook) = state.hooks.get_mut(&post.hook) else { return true };
    let Some(record) = state.world.table_mut(Kind::Webhook).rows.get_mut(&post.hook) else { return true };
    if delivered {
        hook.failures = 0;
        record.put("stateCode", json!("RUNNING"));
        record.put("lastSuccessfulPost", json!(now));
        return true;
    }
    hook.failures += 1;
    record.put("lastFailedPost", json!(now));
    if hook.failures >= limit {
        record.put("stateCode", json!("FAULTED"));
        hook.waiting.clear();
    } else {
        record.put("stateCode", json!("RECOVERING"));
        for event in post.events.into_iter().rev() {
            hook.waiting.push_front(event);
        }
    }
    false
}
