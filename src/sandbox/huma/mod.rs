//! A simulated Huma over HTTP: the Open API as far as hxsync's path goes, its undocumented sides as switches, faults on
//! request, and a control API under `/_sandbox/`.
//!
//! **Invariant:** shares no code with the clients; it is written from Huma's description and judges them.
//!
//! Where neither the description nor the contract says what happens, this simulator has made a choice that hxsync must
//! not lean on: error codes other than `field:invalid-format`, `fields` naming whole properties (`homeAddress`, not its
//! parts), 415 for a body of the wrong content type, and a refusal of writes to deactivated users by 400.

mod answer;
mod api;
mod catalogue;
mod clerk;
mod clock;
mod control;
mod faults;
mod load;
mod position_calls;
mod positions;
mod query;
mod rate;
mod record;
mod schema;
mod serve;
mod shapes;
mod switches;
#[cfg(test)]
mod tests;
mod tokens;
mod users;
mod webhook;
mod wire;
mod world;

use std::io;
use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

pub use clerk::{Action, ClerkError};
pub use clock::ClockSetting;
pub use control::Control;
pub use faults::{Fault, FaultKind, RetryAfter};
pub use record::{Counters, RequestRecord, WriteKind, WriteRecord};
pub use switches::*;
pub use webhook::WebhookSetting;

use super::people::HumaPerson;
use world::{Group, World};

/// How a simulator starts.
#[derive(Clone)]
pub struct Options {
    /// Loopback with a port of the system's choice, unless told otherwise.
    pub listen: SocketAddr,
    pub client_id: String,
    pub client_secret: String,
    /// The customer behind the key. A UUID.
    pub organization_id: String,
    /// Decides every id and token the simulator makes.
    pub seed: u64,
    pub switches: Switches,
    pub clock: ClockSetting,
    /// Job titles that nobody holds yet.
    pub job_titles: Vec<String>,
    /// Name and kind (`team`, `location`, `company`).
    pub groups: Vec<(String, String)>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            client_id: "5f2c0d7a-3b61-4c8e-9a04-6d1e8b7f2c35".into(),
            client_secret: "c81e4b90-72d5-4f3a-8e16-0a9b5d3c7f42".into(),
            organization_id: "0e9d6c1b-4a37-4b52-8f60-2c7a9e5d1b84".into(),
            seed: 1,
            switches: Switches::default(),
            clock: ClockSetting::default(),
            job_titles: Vec::new(),
            groups: vec![
                ("Fjordlys AS".into(), "company".into()),
                ("Oslo".into(), "location".into()),
                ("Drift".into(), "team".into()),
            ],
        }
    }
}

/// A running simulator; it stops when dropped. [`Control`] holds what can be done to it.
pub struct HumaSim {
    address: SocketAddr,
    control: Arc<Control>,
    stopped: Arc<AtomicBool>,
    server: Option<JoinHandle<io::Result<()>>>,
}

impl HumaSim {
    /// # Errors
    /// The address cannot be bound, the clock setting is wrong, or the webhook client cannot be made.
    pub async fn start(people: &[HumaPerson], options: Options) -> io::Result<HumaSim> {
        // Only the first provider of a process stays; any will do for webhooks to loopback.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().build().map_err(io::Error::other)?;
        let (queue, deliveries) = mpsc::unbounded_channel();
        let world = new_world(people, &options, queue)?;
        let control = Arc::new(Control::new(world));
        let stopped = Arc::new(AtomicBool::new(false));
        let stop = control.stop.clone();

        let listener = TcpListener::bind(options.listen).await?;
        let address = listener.local_addr()?;
        let listener = wire::CuttingListener::new(listener, Arc::clone(&stopped));
        let router = Router::new()
            .fallback(serve::handle)
            .with_state(Arc::clone(&control))
            .into_make_service_with_connect_info::<wire::Cut>();
        let server = axum::serve(listener, router).with_graceful_shutdown(stop.clone().cancelled_owned());
        let server = tokio::spawn(server.into_future());

        let counted = Arc::clone(&control);
        let count = move |accepted: bool| {
            let counters = &mut counted.world().record.counters;
            if accepted { counters.webhooks_accepted += 1 } else { counters.webhooks_failed += 1 }
        };
        tokio::spawn(stop.clone().run_until_cancelled_owned(webhook::deliver(deliveries, client, count)));
        Ok(HumaSim { address, control, stopped, server: Some(server) })
    }

    /// The base URL, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops serving and returns once nothing listens. Requests under way get no answer.
    pub async fn shutdown(mut self) {
        self.stop_now();
        if let Some(server) = self.server.take() {
            // It ends without a result only if it panicked, and then it serves nothing either.
            let _ = server.await;
        }
    }

    fn stop_now(&self) {
        self.stopped.store(true, Ordering::SeqCst);
        self.control.stop.cancel();
    }
}

impl Deref for HumaSim {
    type Target = Control;

    fn deref(&self) -> &Control {
        &self.control
    }
}

impl Drop for HumaSim {
    fn drop(&mut self) {
        self.stop_now();
    }
}

fn new_world(
    people: &[HumaPerson],
    options: &Options,
    queue: mpsc::UnboundedSender<webhook::Delivery>,
) -> io::Result<World> {
    let mut random = fastrand::Rng::with_seed(options.seed);
    let key_user = people.iter().find(|person| person.kind == "service_user" && !person.id.is_empty());
    let key_user = key_user.map_or_else(|| world::new_id(&mut random), |person| person.id.clone());
    let clock = clock::Clock::new(&options.clock)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    let mut world = World {
        users: Default::default(),
        titles: Default::default(),
        groups: Vec::new(),
        switches: options.switches.clone(),
        clock,
        tokens: tokens::Tokens::new(
            options.client_id.clone(),
            options.client_secret.clone(),
            options.organization_id.clone(),
            key_user,
        ),
        faults: Default::default(),
        rate: Default::default(),
        record: Default::default(),
        webhooks: webhook::Sender::new(queue),
        random,
        before: Default::default(),
    };
    for person in people {
        load::add_person(&mut world, person);
    }
    for title in &options.job_titles {
        world.title_named(title);
    }
    for (name, kind) in &options.groups {
        let id = world.new_id();
        world.groups.push(Group { id, name: name.clone(), kind: kind.clone() });
    }
    Ok(world)
}
