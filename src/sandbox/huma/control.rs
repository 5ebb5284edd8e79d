//! The control of a running simulator: what a clerk, an administrator of Huma, a demo or a test may do to it.
//!
//! The same operations come over HTTP under `/_sandbox/` and as methods.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use super::answer::{Answer, Outcome};
use super::api::Call;
use super::clerk::{self, Action, ClerkError};
use super::clock::{Clock, ClockSetting};
use super::faults::{Fault, Gate};
use super::record::{Counters, RequestRecord, WriteRecord};
use super::switches::Switches;
use super::webhook::{Topic, WebhookSetting};
use super::world::World;

/// A running simulator from behind.
pub struct Control {
    world: Mutex<World>,
    pub(super) gate: Gate,
    /// Cancelled when the simulator stops.
    pub(super) stop: CancellationToken,
}

impl Control {
    pub(super) fn new(world: World) -> Control {
        Control { world: Mutex::new(world), gate: Gate::default(), stop: CancellationToken::new() }
    }

    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        // A test that panicked while holding the lock has failed already.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everybody, in the order of the listing.
    pub fn people(&self) -> Vec<Value> {
        let world = self.world();
        let mut users: Vec<_> = world.users.values().collect();
        users.sort_by_key(|user| (user.text("familyName"), user.text("givenName"), &user.id));
        users.into_iter().map(|user| clerk::person(&world, user)).collect()
    }

    /// One person in plain values under wire names, with the main position's fields among them.
    pub fn person(&self, id: &str) -> Option<Value> {
        let world = self.world();
        world.users.get(id).map(|user| clerk::person(&world, user))
    }

    /// Adds somebody as a clerk would and returns them.
    ///
    /// # Errors
    /// A missing name or address, or a field that is unknown or does not fit.
    pub fn add_person(&self, fields: Value) -> Result<Value, ClerkError> {
        clerk::add(&mut self.world(), &object(fields)?)
    }

    /// Edits a person as a clerk would (`null` clears) and returns them.
    ///
    /// # Errors
    /// An unknown person, or a field that is unknown or does not fit. Nothing is changed then.
    pub fn edit(&self, id: &str, edits: Value) -> Result<Value, ClerkError> {
        clerk::edit(&mut self.world(), id, &object(edits)?)
    }

    /// # Errors
    /// An unknown person.
    pub fn act(&self, id: &str, action: Action) -> Result<Value, ClerkError> {
        clerk::act(&mut self.world(), id, action)
    }

    pub fn switches(&self) -> Switches {
        self.world().switches.clone()
    }

    pub fn set_switches(&self, switches: Switches) {
        self.world().switches = switches;
    }

    /// Changes some switches in place.
    pub fn switch(&self, change: impl FnOnce(&mut Switches)) {
        change(&mut self.world().switches);
    }

    /// Adds a rule; earlier rules win.
    pub fn add_fault(&self, fault: impl Into<Fault>) {
        self.world().faults.add(fault.into());
    }

    pub fn clear_faults(&self) {
        self.world().faults.clear();
    }

    /// Lets every held request go on.
    pub fn release_held(&self) {
        self.gate.release();
    }

    /// How many requests are held at this moment.
    pub fn held(&self) -> usize {
        self.gate.waiting()
    }

    /// Returns once at least `count` requests are held.
    pub async fn until_held(&self, count: usize) {
        self.gate.until_waiting(count).await;
    }

    pub fn counters(&self) -> Counters {
        self.world().record.counters.clone()
    }

    /// Every write that took effect, in order.
    pub fn writes(&self) -> Vec<WriteRecord> {
        self.world().record.writes.clone()
    }

    /// Every request to the API, in order of arrival.
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.world().record.requests.clone()
    }

    /// # Errors
    /// An unknown zone or a date out of range.
    pub fn set_clock(&self, setting: &ClockSetting) -> Result<(), jiff::Error> {
        self.world().clock = Clock::new(setting)?;
        Ok(())
    }

    pub fn set_webhook(&self, setting: WebhookSetting) {
        self.world().webhooks.setting = setting;
    }

    /// Sends `users-export` with everybody, as the button in the web interface does.
    pub fn export(&self) {
        let mut world = self.world();
        let ids: Vec<String> = world.users.keys().cloned().collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        world.announce(Topic::Export, &ids);
    }

    /// Ends every access token given out so far.
    pub fn expire_tokens(&self) {
        self.world().tokens.expire_all();
    }

    /// Makes later tokens belong to another customer.
    pub fn set_organization_id(&self, id: &str) {
        self.world().tokens.organization_id = id.to_owned();
    }

    /// Makes `secret` the only client secret that gets a token.
    pub fn set_client_secret(&self, secret: &str) {
        self.world().tokens.client_secret = secret.to_owned();
    }
}

/// Answers a request under `/_sandbox/`.
pub(super) fn respond(control: &Control, call: &Call) -> Answer {
    dispatch(control, call).unwrap_or_else(|refusal| refusal)
}

fn dispatch(control: &Control, call: &Call) -> Outcome {
    let segments: Vec<&str> = call.path.split('/').skip(2).collect();
    let done = || Ok(Answer::empty(204));
    match (call.method.as_str(), segments.as_slice()) {
        ("GET", ["people"]) => Ok(Answer::ok(Value::Array(control.people()))),
        ("POST", ["people"]) => control.add_person(body(call)?).map(Answer::ok).map_err(refuse),
        ("GET", ["people", id]) => match control.person(id) {
            Some(person) => Ok(Answer::ok(person)),
            None => Err(refuse(ClerkError::UnknownPerson((*id).to_owned()))),
        },
        ("PATCH", ["people", id]) => control.edit(id, body(call)?).map(Answer::ok).map_err(refuse),
        ("POST", ["people", id, action]) => {
            let action: Action = serde_json::from_value(json!(action)).map_err(|_| unknown(call))?;
            control.act(id, action).map(Answer::ok).map_err(refuse)
        }
        ("GET", ["switches"]) => shown(&control.switches()),
        ("PUT", ["switches"]) => {
            control.set_switches(merged(&control.switches(), body(call)?)?);
            shown(&control.switches())
        }
        ("POST", ["faults"]) => {
            control.add_fault(body::<Fault>(call)?);
            done()
        }
        ("DELETE", ["faults"]) => {
            control.clear_faults();
            done()
        }
        ("POST", ["release"]) => {
            control.release_held();
            done()
        }
        ("GET", ["counters"]) => shown(&control.counters()),
        ("GET", ["writes"]) => shown(&control.writes()),
        ("GET", ["requests"]) => shown(&control.requests()),
        ("PUT", ["clock"]) => {
            let setting: ClockSetting = body(call)?;
            control.set_clock(&setting).map_err(|error| wrong(&error.to_string()))?;
            done()
        }
        ("PUT", ["webhook"]) => {
            control.set_webhook(body(call)?);
            done()
        }
        ("POST", ["webhook", "export"]) => {
            control.export();
            done()
        }
        ("POST", ["expire-tokens"]) => {
            control.expire_tokens();
            done()
        }
        _ => Err(unknown(call)),
    }
}

/// The switches with the given ones changed and the others as they are.
fn merged(switches: &Switches, changes: Map<String, Value>) -> Result<Switches, Answer> {
    let mut all = serde_json::to_value(switches).map_err(|error| wrong(&error.to_string()))?;
    if let Value::Object(all) = &mut all {
        all.extend(changes);
    }
    serde_json::from_value(all).map_err(|error| wrong(&error.to_string()))
}

fn object(value: Value) -> Result<Map<String, Value>, ClerkError> {
    match value {
        Value::Object(fields) => Ok(fields),
        other => Err(ClerkError::WrongField(other.to_string())),
    }
}

fn body<T: DeserializeOwned>(call: &Call) -> Result<T, Answer> {
    serde_json::from_slice(&call.bytes).map_err(|error| wrong(&error.to_string()))
}

fn shown(value: &impl serde::Serialize) -> Outcome {
    serde_json::to_value(value).map(Answer::ok).map_err(|error| wrong(&error.to_string()))
}

fn refuse(error: ClerkError) -> Answer {
    let status = match error {
        ClerkError::UnknownPerson(_) => 404,
        ClerkError::WrongField(_) | ClerkError::MissingField(_) => 400,
    };
    Answer::json(status, json!({"error": error.to_string()}))
}

fn wrong(message: &str) -> Answer {
    Answer::json(400, json!({"error": message}))
}

fn unknown(call: &Call) -> Answer {
    Answer::json(404, json!({"error": format!("there is no {} {}", call.method, call.path)}))
}
