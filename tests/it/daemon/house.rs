//! A daemon in a directory of its own, with everything that can happen to it in the test's hands.

use super::fake::{Fake, Seen};
use hxsync::config::Settings;
use hxsync::daemon::{
    Connection, ControlSocket, Daemon, Ended, InstanceLock, Manager, Parts, Signal, Signals, connect,
};
use hxsync::remote::world::SystemClock;
use std::future::Future;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::UnixDatagram;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Far beyond what anything here takes, on a busy machine too.
const LIMIT: Duration = Duration::from_secs(20);

pub struct House {
    pub fake: Fake,
    pub seen: mpsc::UnboundedReceiver<Seen>,
    pub signals: mpsc::Sender<Signal>,
    pub hints: mpsc::Sender<()>,
    /// What the next reload reads.
    pub settings_text: Arc<Mutex<String>>,
    pub settings: Settings,
    pub state: TempDir,
    told: UnixDatagram,
    running: JoinHandle<Ended>,
}

/// Long intervals: nothing happens by the clock.
pub fn settings_text(state: &Path) -> String {
    format!(
        "[huma]\nclient_id = \"a\"\n[state]\ndirectory = \"{}\"\n\
         [sync]\nhuma_interval = \"1d\"\nxledger_interval = \"1d\"\nsweep = \"1d\"\n",
        state.display()
    )
}

pub fn parse(text: &str) -> Settings {
    Settings::parse(text, "hxsync.toml", &|_| None).unwrap_or_else(|errors| panic!("{}", errors.render()))
}

/// Waits, with a limit.
pub async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(LIMIT, future).await.expect("it happens in time")
}

impl House {
    pub async fn new() -> House {
        House::with(None, |_| ()).await
    }

    /// `prepare` sets the script before the engine is opened.
    pub async fn with(watchdog: Option<Duration>, prepare: impl FnOnce(&Fake)) -> House {
        let state = tempfile::tempdir().unwrap();
        let (fake, seen) = Fake::new();
        prepare(&fake);
        let text = settings_text(state.path());
        let settings = parse(&text);
        let settings_text = Arc::new(Mutex::new(text));
        let notify = state.path().join("notify");
        let told = UnixDatagram::bind(&notify).unwrap();
        let (signals, signals_received) = mpsc::channel(8);
        let (hints, hints_received) = mpsc::channel(8);
        let reads = Arc::clone(&settings_text);
        let parts = Parts {
            settings: settings.clone(),
            read_settings: Box::new(move || {
                let text = reads.lock().unwrap().clone();
                Settings::parse(&text, "hxsync.toml", &|_| None).map_err(|errors| errors.to_string())
            }),
            open: fake.opener(),
            lock: InstanceLock::take(state.path()).unwrap(),
            control: ControlSocket::bind(&state.path().join("control.sock"), None).unwrap(),
            listener: None,
            signals: Signals::from_channel(signals_received),
            watch: Box::new(|| hints_received),
            manager: Manager::at(notify, watchdog),
            clock: Arc::new(SystemClock),
        };
        let daemon = soon(Daemon::start(parts)).await.unwrap().expect("nobody stops it");
        let running = tokio::spawn(daemon.run());
        House { fake, seen, signals, hints, settings_text, settings, state, told, running }
    }

    pub async fn signal(&self, signal: Signal) {
        self.signals.send(signal).await.unwrap();
    }

    /// An admin saves the resolution file.
    pub async fn save(&self) {
        self.fake.script().is_saved = true;
        self.hints.send(()).await.unwrap();
    }

    /// What the engine sees up to the first that `is_it`, that one included.
    pub async fn until(&mut self, is_it: impl Fn(&Seen) -> bool) -> Vec<Seen> {
        let mut all = Vec::new();
        loop {
            let next = soon(self.seen.recv()).await.expect("the engine is there");
            let found = is_it(&next);
            all.push(next);
            if found {
                return all;
            }
        }
    }

    /// The causes of the cycles that begin, up to the first with this one.
    pub async fn causes_until(&mut self, cause: &str) -> Vec<&'static str> {
        let all =
            self.until(|seen| matches!(seen, Seen::Began(request, _) if request.cause.word() == cause)).await;
        let began = all.iter().filter_map(|seen| match seen {
            Seen::Began(request, _) => Some(request.cause.word()),
            _ => None,
        });
        began.collect()
    }

    /// The next words to the service manager.
    pub async fn told(&self) -> String {
        let mut bytes = [0; 4096];
        let length = soon(self.told.recv(&mut bytes)).await.unwrap();
        String::from_utf8(bytes[..length].to_vec()).unwrap()
    }

    /// Words to the service manager up to those that contain `part`.
    pub async fn told_until(&self, part: &str) -> Vec<String> {
        let mut all = Vec::new();
        loop {
            all.push(self.told().await);
            if all.last().is_some_and(|told| told.contains(part)) {
                return all;
            }
        }
    }

    pub async fn connect(&self) -> Connection {
        connect(&self.settings, None).await.unwrap()
    }

    pub async fn ended(&mut self) -> Ended {
        soon(&mut self.running).await.unwrap()
    }

    /// Stops the daemon the ordinary way.
    pub async fn stop(mut self) {
        self.signal(Signal::Stop).await;
        assert_eq!(self.ended().await, Ended::Finished);
    }
}
