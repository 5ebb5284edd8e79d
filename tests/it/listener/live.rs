//! A daemon after its first sync, both simulators, and nothing that happens by the clock: only posts wake it.

use crate::support::world::World;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use hxsync::cli::open::engine;
use hxsync::config::Settings;
use hxsync::daemon::{
    ControlSocket, Daemon, Ended, InstanceLock, Keys, Listener, Manager, Parts, Signal, Signals,
};
use hxsync::remote::world::SystemClock;
use hxsync::sandbox::huma::{HumaSim, WebhookSetting};
use hxsync::sandbox::people::{PeopleTruth, Person, fixtures};
use hxsync::sandbox::xledger::{DEFAULT_TOKEN, XledgerSim};
use hxsync::store::{ReadStore, Store};
use jiff::Timestamp;
use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::Value;
use sha2::Sha256;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Far beyond what anything here takes, on a busy machine too.
const LIMIT: Duration = Duration::from_secs(30);
pub const SECRET: &str = "a-webhook-secret";

pub struct Live {
    pub huma: HumaSim,
    pub xledger: XledgerSim,
    pub settings: Settings,
    pub client: Client,
    /// Of the listener; its port is another after each start.
    pub url: String,
    running: Option<(mpsc::Sender<Signal>, JoinHandle<Ended>)>,
    _directories: [TempDir; 2],
}

/// Somebody who agrees in every field; Huma's id and Xledger's.
pub fn somebody() -> (String, i64) {
    everybody_in_agreement().remove(0)
}

pub fn everybody_in_agreement() -> Vec<(String, i64)> {
    let agree = |person: &Person| {
        let truth = &person.truth;
        truth.people == PeopleTruth::Matched
            && [&truth.difference, &truth.hidden, &truth.invalid, &truth.read_only, &truth.unrepresentable]
                .iter()
                .all(|fields| fields.is_empty())
            && person.huma.as_ref().is_some_and(|huma| huma.last_logged_in_at.is_none())
    };
    let ids = |person: Person| Some((person.huma?.id, person.xledger?.db_id));
    fixtures().into_iter().filter(agree).filter_map(ids).collect()
}

impl Live {
    /// With a secret for Huma's posts.
    pub async fn start() -> Live {
        let mut live = Live::stopped(true).await;
        let before = live.store().read().last_cycles(1).unwrap()[0].id;
        live.run().await;
        // A daemon that knows nothing of the file takes it in once: a cycle of its own, which would read the edits of a test.
        live.until("the file's first cycle", |live, _| {
            let cycles = live.store().read().last_cycles(10).unwrap();
            cycles.iter().any(|cycle| cycle.id > before && cycle.cause == "file" && cycle.ended_at.is_some())
        })
        .await;
        live
    }

    /// After the first sync, with no daemon yet.
    pub async fn stopped(has_secret: bool) -> Live {
        let secrets = tempfile::tempdir().unwrap();
        let secret = secrets.path().join("webhook-secret");
        fs::write(&secret, SECRET).unwrap();
        fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
        let mut more = String::from(
            "[sync]\nhuma_interval = \"1d\"\nxledger_interval = \"1d\"\nsweep = \"1d\"\n\
             [listen]\naddress = \"127.0.0.1:0\"\n",
        );
        if has_secret {
            more.push_str(&format!("[huma]\nwebhook_secret_file = \"{}\"\n", secret.display()));
        }
        let mut world = World::with_settings(&fixtures(), &more).await;
        world.allow_first_sync().await;
        let World { huma, xledger, engine, dir, settings, clock: _ } = world;
        drop(engine);
        let client = Client::new();
        Live {
            huma,
            xledger,
            settings,
            client,
            url: String::new(),
            running: None,
            _directories: [dir, secrets],
        }
    }

    /// Starts the daemon, and waits until the cycle of its start is over.
    pub async fn run(&mut self) {
        let state = self.settings.state.directory.clone();
        let address = self.settings.listen.as_ref().unwrap().address;
        let keys = Keys::read(&self.settings).unwrap();
        let listener = Listener::bind(address, keys, self.database()).await.unwrap();
        self.url = format!("http://{}", listener.address().unwrap());
        let (signals, received) = mpsc::channel(8);
        let parts = Parts {
            settings: self.settings.clone(),
            read_settings: Box::new(|| Err("there are none".to_owned())),
            open: engine(),
            lock: InstanceLock::take(&state).unwrap(),
            control: ControlSocket::bind(&state.join("control.sock"), None).unwrap(),
            listener: Some(listener),
            signals: Signals::from_channel(received),
            watch: Box::new(|| mpsc::channel(1).1),
            manager: Manager::from_env(),
            clock: Arc::new(SystemClock),
        };
        let cycles = self.store().read().last_cycles(1).unwrap()[0].id;
        let daemon = timeout(LIMIT, Daemon::start(parts)).await.unwrap().unwrap().unwrap();
        self.running = Some((signals, tokio::spawn(daemon.run())));
        self.until("the start's cycle", |live, _| {
            live.store()
                .read()
                .last_cycles(5)
                .unwrap()
                .iter()
                .any(|cycle| cycle.id > cycles && cycle.ended_at.is_some())
        })
        .await;
        let url = Some(format!("{}/webhooks/huma", self.url));
        self.huma.set_webhook(WebhookSetting { url, token: None, secret: Some(SECRET.into()) });
    }

    pub async fn stop(&mut self) {
        let (signals, running) = self.running.take().unwrap();
        signals.send(Signal::Stop).await.unwrap();
        assert_eq!(timeout(LIMIT, running).await.unwrap().unwrap(), Ended::Finished);
    }

    pub async fn signal(&self, signal: Signal) {
        self.running.as_ref().unwrap().0.send(signal).await.unwrap();
    }

    pub fn database(&self) -> PathBuf {
        self.settings.state.directory.join("hxsync.db")
    }

    pub fn store(&self) -> ReadStore {
        Store::open_readonly(&self.database()).unwrap()
    }

    /// Waits until something holds, looking again whenever the listener has answered; gives it the metrics.
    pub async fn until(&self, what: &str, holds: impl Fn(&Live, &str) -> bool) {
        let wait = async {
            loop {
                let metrics = self.get("/metrics").await;
                if holds(self, &metrics) {
                    return;
                }
            }
        };
        timeout(LIMIT, wait).await.unwrap_or_else(|_| panic!("not in time: {what}"));
    }

    /// Waits until nobody is to be read again, repeats included.
    pub async fn until_nobody_waits(&self) {
        self.until("nobody waits", |_, metrics| metrics.contains("\nhxsync_hints_waiting 0\n")).await;
    }

    pub async fn get(&self, path: &str) -> String {
        self.client.get(format!("{}{path}", self.url)).send().await.unwrap().text().await.unwrap()
    }

    pub fn post(&self, side: &str, body: impl Into<reqwest::Body>) -> RequestBuilder {
        self.client.post(format!("{}/webhooks/{side}", self.url)).body(body)
    }

    /// A post as Xledger signs it at that moment.
    pub fn xledger_post(&self, body: &str, at: Timestamp) -> RequestBuilder {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&URL_SAFE_NO_PAD.decode(DEFAULT_TOKEN).unwrap()).unwrap();
        mac.update(format!("{}.{body}", at.as_second()).as_bytes());
        let signature = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
        let date = at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        self.post("xledger", body.to_owned()).header("date", date).header("x-xl-webhook-signature", signature)
    }

    /// What Xledger stores of somebody.
    pub fn in_xledger(&self, id: i64, field: &str) -> Value {
        self.xledger.person(id).unwrap()[field].clone()
    }

    pub fn writes_of(&self, db_id: i64) -> usize {
        let contact = self.in_xledger(db_id, "contact_db_id").as_i64();
        let ids = [Some(db_id), contact];
        self.xledger.writes().iter().filter(|write| ids.contains(&Some(write.db_id))).count()
    }
}

/// The status of an answer.
pub async fn status(request: RequestBuilder) -> StatusCode {
    request.send().await.unwrap().status()
}

/// `huma-hmac-sha256` of a body.
pub fn huma_signature(body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(body);
    hex::encode(mac.finalize().into_bytes())
}
