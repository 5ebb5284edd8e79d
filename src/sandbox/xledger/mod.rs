//! A simulated Xledger: a real GraphQL server over HTTP, written from the API contract alone.
//!
//! `POST /graphql` serves `schema.graphql`; `/_sandbox/` is the control API. What the contract leaves unknown is a
//! switch, so that a client can be shown both answers. What is invented here, for lack of any public word: the text
//! and code of a refusal for a missing right (an `errors` entry, with partial `data` null there), the text for an
//! unknown token, and every text of a business rule.
//!
//! **Invariant:** it shares no code with the clients, and nothing is deleted through GraphQL but webhooks.

mod arguments;
mod clerk;
mod clock;
mod control;
mod error;
mod execute;
mod fault;
mod filter;
mod http;
mod input;
mod limits;
mod line;
mod lookup;
mod mutate;
mod page;
mod record;
mod reference_data;
mod resolve;
mod rights;
mod served_schema;
mod state;
mod switches;
mod values;
mod webhook;
mod world;

#[cfg(test)]
mod tests;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::post;
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::{Notify, Semaphore, oneshot, watch};
use tokio::task::JoinHandle;

pub use self::fault::{Fault, FaultRule, OperationKind};
pub use self::limits::{Counters, Month};
pub use self::mutate::Write;
pub use self::rights::{Area, Token};
pub use self::state::Request;
pub use self::switches::{
    MassFailure, NullHandling, ObjectStatus, Order, OwnerSet, Refusal, ResetAtFormat, Switches,
    WebhookSwitches,
};

use self::clock::Clock;
use self::line::{Line, LineListener};
use self::record::Kind;
use self::state::State;
use self::world::World;
use crate::sandbox::people::XledgerPerson;

/// The token a simulator takes unless told otherwise: unpadded base64url text.
pub const DEFAULT_TOKEN: &str = "aHhzeW5jLXNhbmRib3gteGxlZGdlci10b2tlbi0wMDE";
/// The entity that token belongs to.
pub const DEFAULT_ENTITY: i64 = 1001;

/// What a simulator starts with.
#[derive(Clone)]
pub struct Options {
    /// 0 lets the system choose.
    pub port: u16,
    pub tokens: Vec<Token>,
    /// The root entity, owner of the reference data.
    pub entity_db_id: i64,
    pub sub_entities: Vec<i64>,
    /// For everything opaque and random.
    pub seed: u64,
    pub switches: Switches,
    /// Where the clock stands still; `None` is real time.
    pub stopped_at: Option<Timestamp>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            port: 0,
            tokens: vec![Token::full(DEFAULT_TOKEN, DEFAULT_ENTITY)],
            entity_db_id: DEFAULT_ENTITY,
            sub_entities: Vec::new(),
            seed: 1,
            switches: Switches::default(),
            stopped_at: None,
        }
    }
}

/// A running simulator. Dropping it stops it.
pub struct XledgerSim {
    shared: Arc<Shared>,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<()>,
    poster: JoinHandle<()>,
}

/// What the server's tasks and the owner of the simulator share.
pub struct Shared {
    state: Mutex<State>,
    /// How many requests a fault holds.
    held: watch::Sender<usize>,
    /// Something was changed that a webhook may have to post.
    news: Notify,
}

impl XledgerSim {
    /// # Errors
    /// When the port cannot be bound, or a switch names what the schema does not have.
    pub async fn start(people: &[XledgerPerson], options: Options) -> io::Result<XledgerSim> {
        let Options { port, tokens, entity_db_id, sub_entities, seed, switches, stopped_at } = options;
        let mut clock = Clock::real();
        clock.set(stopped_at, false);
        let mut world = World::new(entity_db_id, &sub_entities, clock);
        for person in people {
            world.add_person(person);
        }
        let schema = served_schema::build(&switches.removed, &switches.flip_db_id)
            .map_err(|message| io::Error::new(io::ErrorKind::InvalidInput, message))?;
        let state = State {
            world,
            switches,
            schema: Arc::new(schema),
            tokens,
            faults: Default::default(),
            limits: Default::default(),
            counters: Default::default(),
            requests: Vec::new(),
            writes: Vec::new(),
            rng: fastrand::Rng::with_seed(seed),
            hooks: Default::default(),
        };
        let shared =
            Arc::new(Shared { state: Mutex::new(state), held: watch::Sender::new(0), news: Notify::new() });

        let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
        let address = listener.local_addr()?;
        let app = Router::new()
            .route("/graphql", post(http::graphql))
            .merge(control::router())
            .layer(DefaultBodyLimit::max(32 << 20))
            .with_state(shared.clone())
            .into_make_service_with_connect_info::<Line>();
        let (stop, stopped) = oneshot::channel();
        let server = tokio::spawn(async move {
            let serve = axum::serve(LineListener(listener), app).with_graceful_shutdown(async {
                // A dropped sender stops the server as well.
                let _ = stopped.await;
            });
            // `serve` ends only by the signal.
            let _ = serve.await;
        });
        let poster = tokio::spawn(webhook::post_changes(shared.clone()));
        Ok(XledgerSim { shared, address, stop: Some(stop), server, poster })
    }

    /// Where the GraphQL endpoint is.
    pub fn url(&self) -> String {
        format!("http://{}/graphql", self.address)
    }

    /// Where the control API is: `http://127.0.0.1:<port>/_sandbox`.
    pub fn control_url(&self) -> String {
        format!("http://{}/_sandbox", self.address)
    }

    /// Stops the server after the requests it is answering; held ones are let go.
    pub async fn shutdown(mut self) {
        self.shared.remove_faults(None);
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        // A client that never reads its answer must not keep us.
        let _ = tokio::time::timeout(std::time::Duration::from_secs(2), &mut self.server).await;
    }

    /// Waits until faults hold so many requests.
    pub async fn wait_for_held(&self, count: usize) {
        // The sender lives as long as `self`.
        let _ = self.shared.held.subscribe().wait_for(|held| *held >= count).await;
    }

    pub fn counters(&self) -> Counters {
        self.shared.state().counters.clone()
    }

    /// Every input that was carried out, oldest first.
    pub fn writes(&self) -> Vec<Write> {
        self.shared.state().writes.clone()
    }

    /// Every request that fitted the schema, oldest first.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.state().requests.clone()
    }

    pub fn switches(&self) -> Switches {
        self.shared.state().switches.clone()
    }

    /// Changes switches in place.
    ///
    /// # Errors
    /// A sentence when a schema coordinate does not exist. Nothing is changed then.
    pub fn switch(&self, change: impl FnOnce(&mut Switches)) -> Result<(), String> {
        {
            let state = &mut *self.shared.state();
            let mut switches = state.switches.clone();
            change(&mut switches);
            state.set_switches(switches)?;
        }
        self.shared.changed();
        Ok(())
    }

    /// Changes the first token's rights in place.
    pub fn edit_token(&self, change: impl FnOnce(&mut Token)) {
        if let Some(token) = self.shared.state().tokens.first_mut() {
            change(token);
        }
    }

    /// Adds a fault; returns its id.
    pub fn fault(&self, rule: FaultRule) -> u64 {
        self.shared.state().add_fault(rule)
    }
}

impl std::ops::Deref for XledgerSim {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.shared
    }
}

impl Drop for XledgerSim {
    fn drop(&mut self) {
        self.shared.remove_faults(None);
        self.poster.abort();
        self.server.abort();
    }
}

/// Counts as held until it is dropped, which a client's disconnection does as well.
struct Held<'a>(&'a watch::Sender<usize>);

impl<'a> Held<'a> {
    fn new(count: &'a watch::Sender<usize>) -> Held<'a> {
        count.send_modify(|held| *held += 1);
        Held(count)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|held| *held -= 1);
    }
}

/// The control API's operations.
impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn hold(&self, gate: &Semaphore) {
        let _held = Held::new(&self.held);
        // Nobody adds permits: it ends when the gate is closed.
        let _ = gate.acquire().await;
    }

    fn changed(&self) {
        self.news.notify_one();
    }

    /// All employees under plain names.
    pub fn people(&self) -> Value {
        clerk::list(&self.state().world)
    }

    pub fn person(&self, db_id: i64) -> Option<Value> {
        clerk::get(&self.state().world, db_id)
    }

    /// Adds a newcomer, an [`XledgerPerson`] as JSON; returns its dbId.
    pub fn add_person(&self, person: Value) -> Result<i64, String> {
        let person: XledgerPerson = serde_json::from_value(person).map_err(|e| e.to_string())?;
        let db_id = {
            let world = &mut self.state().world;
            if world.get(Kind::Employee, person.db_id).is_some() {
                return Err(format!("There is an employee {} already.", person.db_id));
            }
            world.add_person(&person)
        };
        self.changed();
        Ok(db_id)
    }

    /// Edits an employee as a payroll clerk; null clears.
    pub fn edit_person(&self, db_id: i64, changes: &Value) -> Result<(), String> {
        {
            let State { world, switches, .. } = &mut *self.state();
            clerk::edit(world, switches, db_id, changes)?;
        }
        self.changed();
        Ok(())
    }

    /// Deletes the employee record; its contact and subledger stay.
    pub fn remove_person(&self, db_id: i64) -> bool {
        let found = self.state().world.table_mut(Kind::Employee).remove(db_id);
        self.changed();
        found
    }

    /// Merges a partial object over the switches.
    pub fn merge_switches(&self, changes: &Value) -> Result<(), String> {
        self.state().merge_switches(changes)?;
        self.changed();
        Ok(())
    }

    /// Adds a [`FaultRule`] given as JSON; returns its id.
    pub fn add_fault(&self, rule: Value) -> Result<u64, String> {
        let rule = serde_json::from_value(rule).map_err(|e| e.to_string())?;
        Ok(self.state().add_fault(rule))
    }

    /// Removes one fault, or all, and lets go the requests it held.
    pub fn remove_faults(&self, id: Option<u64>) {
        self.state().faults.remove(id);
    }

    /// Sets the clock: `{"now": "2026-10-25T00:30:00Z", "running": false}`; `now` null is real time. Returns Oslo time.
    pub fn set_clock(&self, clock: &Value) -> Result<String, String> {
        let now = match clock.get("now") {
            None => return Err("The clock needs `now`.".to_owned()),
            Some(Value::Null) => None,
            Some(text) => {
                let text = text.as_str().ok_or("`now` is not text.")?;
                Some(text.parse::<Timestamp>().map_err(|e| e.to_string())?)
            }
        };
        let running = clock.get("running").and_then(Value::as_bool).unwrap_or(false);
        let mut state = self.state();
        state.world.clock.set(now, running);
        Ok(state.world.clock.local_now())
    }
}
