//! Both simulators and a real engine over real HTTP, in a directory of its own.

use hxsync::cli::open::open_engine;
use hxsync::config::Settings;
use hxsync::sandbox::huma::{self as huma_sim, HumaSim};
use hxsync::sandbox::people::Person;
use hxsync::sandbox::xledger::{self as xledger_sim, XledgerSim};
use hxsync::store::{ReadStore, Store};
use hxsync::sync::{Cause, CycleReport, CycleRequest, Engine, Look, Reach};
use std::path::PathBuf;
use std::time::Duration;
use tempfile::TempDir;

pub struct World {
    pub huma: HumaSim,
    pub xledger: XledgerSim,
    pub engine: Engine,
    pub dir: TempDir,
    pub settings: Settings,
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
        let mut engine = open_engine(&settings).expect("the engine opens");
        engine.open_desk().expect("the file opens");
        World { huma, xledger, engine, dir, settings }
    }

    /// Ends the engine as a crash would, and opens another over the same state.
    pub fn restart(&mut self) {
        let fresh = open_engine(&self.settings).expect("the engine opens again");
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
        let matched = self.store().read().linked_count().expect("a count");
        self.save(|text| {
            let line = text.lines().find(|line| line.starts_with("pending") && line.contains("matched"));
            let line = line.unwrap_or_else(|| panic!("no first-sync question in:\n{text}"));
            text.replace(line, &line.replacen("pending", &format!("allow {matched}"), 1))
        })
        .await;
        self.full().await
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
        let wait = async {
            loop {
                match self.engine.look_at_file().expect("the file is looked at") {
                    Look::Ready => break,
                    Look::Nothing => panic!("the save went unnoticed"),
                    Look::Again(after) => tokio::time::sleep(after).await,
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(10), wait).await.expect("the save settles");
    }

    pub fn store(&self) -> ReadStore {
        Store::open_readonly(&self.dir.path().join("state/hxsync.db")).expect("the database reads")
    }
}

fn settings(dir: &TempDir, huma: &HumaSim, xledger: &XledgerSim, more: &str) -> Settings {
    let secret = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).expect("a secret writes");
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("its mode");
        path.display().to_string()
    };
    let options = huma_sim::Options::default();
    let (more_huma, more) = match more.split_once("[huma]\n") {
        Some((before, after)) => (after.to_owned(), before.to_owned()),
        None => (String::new(), more.to_owned()),
    };
    let text = format!(
        "[huma]\nurl = \"{}\"\nclient_id = \"{}\"\nclient_secret_file = \"{}\"\nrequests_per_second = 1000\n\
         builtin_integration = \"off\"\n{more_huma}\n\
         [xledger]\nurl = \"{}\"\ntoken_file = \"{}\"\nrequests_per_second = 1000\n\
         [state]\ndirectory = \"{}\"\n[resolutions]\nsettle = \"50ms\"\n{more}\n",
        huma.url(),
        options.client_id,
        secret("huma-secret", &options.client_secret),
        xledger.url(),
        secret("xledger-token", xledger_sim::DEFAULT_TOKEN),
        dir.path().join("state").display(),
    );
    Settings::parse(&text, "test.toml", &|_| None).unwrap_or_else(|errors| panic!("{}", errors.render()))
}
