//! Both simulators and a real engine over real HTTP, in a directory of its own.

use super::views;
use async_trait::async_trait;
use hxsync::cli::open::open_engine_at;
use hxsync::config::Settings;
use hxsync::remote::{Clock, world::SystemClock};
use hxsync::sandbox::huma::{self as huma_sim, HumaSim};
use hxsync::sandbox::people::Person;
use hxsync::sandbox::xledger::{self as xledger_sim, XledgerSim};
use hxsync::store::{ReadStore, Store};
use hxsync::sync::{Cause, CycleReport, CycleRequest, Engine, Look, Reach};
use jiff::{SignedDuration, Timestamp};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;
use tempfile::TempDir;

pub struct World {
    pub huma: HumaSim,
    pub xledger: XledgerSim,
    pub engine: Engine,
    pub dir: TempDir,
    pub clock: Arc<ShiftedClock>,
    pub settings: Settings,
}

/// The machine's clock, put forward at will. A wait puts the monotonic one forward and takes no time.
#[derive(Default)]
pub struct ShiftedClock {
    seconds: AtomicI64,
    waited_ms: AtomicU64,
}

impl ShiftedClock {
    pub fn pass(&self, time: SignedDuration) {
        self.seconds.fetch_add(time.as_secs(), Ordering::SeqCst);
    }
}

#[async_trait]
impl Clock for ShiftedClock {
    fn now(&self) -> Timestamp {
        SystemClock.now() + SignedDuration::from_secs(self.seconds.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Duration {
        SystemClock.monotonic() + Duration::from_millis(self.waited_ms.load(Ordering::SeqCst))
    }

    async fn sleep(&self, duration: Duration) {
        let ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).max(1);
        self.waited_ms.fetch_add(ms, Ordering::SeqCst);
        tokio::task::yield_now().await;
    }
}

impl World {
    /// Starts both systems with these people and an engine that has never run.
    pub async fn start(people: &[Person]) -> World {
        World::with_settings(people, "").await
    }

    /// The same with more settings, in TOML.
    pub async fn with_settings(people: &[Person], more: &str) -> World {
        let huma_people: Vec<_> = people.iter().filter_map(|person| person.huma.clone()).collect();
        let xledger_people: Vec<_> = people.iter().filter_map(|person| person.xledger.clone()).collect();
        let huma = HumaSim::start(&huma_people, huma_sim::Options::default()).await.expect("Huma starts");
        let options = xledger_sim::Options {
            switches: xledger_sim::Switches::without_limits(),
            ..xledger_sim::Options::default()
        };
        let xledger = XledgerSim::start(&xledger_people, options).await.expect("Xledger starts");
        let dir = tempfile::tempdir().expect("a directory");
        let settings = settings(&dir, &huma, &xledger, more);
        let clock = Arc::new(ShiftedClock::default());
        let mut engine =
            open_engine_at(&settings, Arc::clone(&clock) as Arc<dyn Clock>).expect("the engine opens");
        engine.open_desk().expect("the file opens");
        World { huma, xledger, engine, dir, clock, settings }
    }

    /// Ends the engine as a crash would, and opens another over the same state.
    pub fn restart(&mut self) {
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        let fresh = open_engine_at(&self.settings, clock).expect("the engine opens again");
        self.engine = fresh;
        self.engine.open_desk().expect("the file opens");
    }

    pub async fn cycle(&mut self, reach: Reach) -> CycleReport {
        let request = CycleRequest { cause: Cause::Start, reach, dry_run: false };
        self.engine.cycle(request, &|_, _, _| {}).await.expect("the cycle runs")
    }

    pub async fn full(&mut self) -> CycleReport {
        self.cycle(Reach::Full).await
    }

    /// Answers the first-sync question and lets it apply.
    pub async fn allow_first_sync(&mut self) -> CycleReport {
        self.full().await;
        self.allow_with(|text| text).await;
        self.full().await
    }

    /// Allows the first sync and makes further edits in the same save.
    pub async fn allow_with(&mut self, more: impl FnOnce(String) -> String) {
        let matched = self.store().read().linked_count().expect("a count");
        self.save(|text| more(answered(text, "matched people", &format!("allow {matched}")))).await;
    }

    /// Runs cycles until one writes nothing, asks nothing and says nothing.
    pub async fn until_quiet(&mut self) {
        for _ in 0..6 {
            let before = self.traces();
            self.cycle(Reach::Moved).await;
            if self.traces() == before {
                return;
            }
        }
        panic!("no rest after six cycles:\n{}", self.text());
    }

    /// How many writes both sides received, and how many rows the audit has.
    pub fn traces(&self) -> [u64; 3] {
        let audit = views::number(self, "SELECT count(*) FROM audit");
        [self.huma.writes().len() as u64, self.xledger.writes().len() as u64, audit]
    }

    pub fn file(&self) -> PathBuf {
        self.engine.resolution_path().expect("a file")
    }

    pub fn text(&self) -> String {
        std::fs::read_to_string(self.file()).expect("the file reads")
    }

    /// Saves the file as an editor would, and waits until the engine calls it settled.
    pub async fn save(&mut self, edit: impl FnOnce(&str) -> String) {
        let text = edit(&self.text());
        std::fs::write(self.file(), text).expect("the file writes");
        assert_eq!(self.look().await, Look::Ready, "the save went unnoticed");
    }

    /// Looks at the file until there is something to say of it. The waits in between put the clock forward and take no time;
    /// a file that never comes to rest is a failure.
    pub async fn look(&mut self) -> Look {
        for _ in 0..1000 {
            match self.engine.look_at_file().expect("the file is looked at") {
                Look::Again(after) => self.clock.sleep(after).await,
                look => return look,
            }
        }
        panic!("the file does not come to rest");
    }

    pub fn store(&self) -> ReadStore {
        Store::open_readonly(&self.dir.path().join("state/hxsync.db")).expect("the database reads")
    }
}

/// The text with the verb of one line replaced: the one whose comment holds `about`.
pub fn answered(text: &str, about: &str, verb: &str) -> String {
    let mut found = text.lines().filter(|line| line.starts_with("pending") && line.contains(about));
    let line = found.next().unwrap_or_else(|| panic!("no question about {about} in:\n{text}"));
    assert_eq!(found.next(), None, "several questions about {about}");
    text.replace(line, &line.replacen("pending", verb, 1))
}

/// The text with a bulk line that was printed as a comment put into force.
pub fn uncommented(text: &str, bulk: &str) -> String {
    let line = text.lines().find(|line| line.starts_with(&format!("# {bulk}")));
    let line = line.unwrap_or_else(|| panic!("no line `{bulk}` in:\n{text}"));
    text.replace(line, line.trim_start_matches("# "))
}

fn settings(dir: &TempDir, huma: &HumaSim, xledger: &XledgerSim, more: &str) -> Settings {
    let (huma_secret, xledger_token) = secret_files(dir.path());
    let options = huma_sim::Options::default();
    let (more_huma, more) = match more.split_once("[huma]\n") {
        Some((before, after)) => (after.to_owned(), before.to_owned()),
        None => (String::new(), more.to_owned()),
    };
    let text = format!(
        "[huma]\nurl = \"{}\"\nclient_id = \"{}\"\nclient_secret_file = \"{huma_secret}\"\nrequests_per_second = 1000\n\
         builtin_integration = \"off\"\n{more_huma}\n\
         [xledger]\nurl = \"{}\"\ntoken_file = \"{xledger_token}\"\nrequests_per_second = 1000\n\
         [state]\ndirectory = \"{}\"\n[resolutions]\nsettle = \"50ms\"\n{more}\n",
        huma.url(),
        options.client_id,
        xledger.url(),
        dir.path().join("state").display(),
    );
    Settings::parse(&text, "test.toml", &|_| None).unwrap_or_else(|errors| panic!("{}", errors.render()))
}

/// The simulators' secrets in files of their own; the paths as settings spell them.
pub fn secret_files(directory: &Path) -> (String, String) {
    use std::os::unix::fs::PermissionsExt;
    let secret = |name: &str, text: &str| {
        let path = directory.join(name);
        std::fs::write(&path, text).expect("a secret writes");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("its mode");
        path.display().to_string()
    };
    let huma = secret("huma-secret", &huma_sim::Options::default().client_secret);
    (huma, secret("xledger-token", xledger_sim::DEFAULT_TOKEN))
}
