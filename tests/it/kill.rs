//! The real daemon, a process of its own, killed with SIGKILL at a write of its first apply and started again.

use crate::support::world::secret_files;
use hxsync::sandbox::huma::{self as huma_sim, Fault, FaultKind, HumaSim};
use hxsync::sandbox::people::{Person, fixtures};
use hxsync::sandbox::xledger::{self as xledger_sim, FaultRule, OperationKind, XledgerSim};
use hxsync::store::Store;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// Where the daemon is killed: while the k-th write of its kind is held by the side, before or after its effect.
#[derive(Debug, Clone, Copy)]
enum At {
    Huma { method: &'static str, route: &'static str, nth: u32, after_effect: bool },
    Xledger { nth: u32, after_effect: bool },
}

#[tokio::test(flavor = "multi_thread")]
async fn p2_killed_in_the_first_apply_the_daemon_ends_in_the_same_state_with_no_double_person() {
    let expected = end_state(None).await;
    let mut points = Vec::new();
    for after_effect in [false, true] {
        points.extend([1, 2, 3].map(|nth| At::Xledger { nth, after_effect }));
        let huma = [("PATCH", "/users/{id}", 1), ("PATCH", "/users/{id}", 2), ("POST", "/users", 1)];
        points.extend(huma.map(|(method, route, nth)| At::Huma { method, route, nth, after_effect }));
    }
    for at in points {
        assert_eq!(end_state(Some(at)).await, expected, "killed at {at:?}");
    }
}

/// Everybody both systems hold in the end, without the ids the simulators make.
#[derive(Debug, PartialEq)]
struct EndState {
    huma: BTreeMap<String, Value>,
    xledger: BTreeMap<String, Value>,
    links: u64,
}

async fn end_state(kill: Option<At>) -> EndState {
    let mut house = House::build().await;
    house.start_daemon();
    house
        .until("the first-sync question", |house| house.text().contains("matched people").then_some(()))
        .await;
    house.arm(kill);
    house.answer();
    if let Some(at) = kill {
        let held = async {
            match at {
                At::Huma { .. } => house.huma.until_held(1).await,
                At::Xledger { .. } => house.xledger.wait_for_held(1).await,
            }
        };
        let limit = tokio::time::timeout(Duration::from_secs(30), held).await;
        limit.unwrap_or_else(|_| panic!("no such write: {at:?}"));
        house.kill_daemon();
        // Whatever the side was asked goes its way, with nobody left to hear of it.
        house.huma.clear_faults();
        house.huma.release_held();
        house.xledger.remove_faults(None);
        house.start_daemon();
    }
    house.until("everything carried out", |house| house.is_at_rest().then_some(())).await;
    assert_eq!(house.huma.counters().invitations_sent, 0);
    house.state()
}

struct House {
    huma: HumaSim,
    xledger: XledgerSim,
    directory: TempDir,
    settings: PathBuf,
    daemon: Option<Child>,
}

impl Drop for House {
    fn drop(&mut self) {
        self.kill_daemon();
    }
}

impl House {
    async fn build() -> House {
        let people = cast();
        let in_huma: Vec<_> = people.iter().filter_map(|person| person.huma.clone()).collect();
        let in_xledger: Vec<_> = people.iter().filter_map(|person| person.xledger.clone()).collect();
        let huma = HumaSim::start(&in_huma, huma_sim::Options::default()).await.unwrap();
        let options = xledger_sim::Options {
            switches: xledger_sim::Switches::without_limits(),
            ..xledger_sim::Options::default()
        };
        let xledger = XledgerSim::start(&in_xledger, options).await.unwrap();
        let directory = tempfile::tempdir().unwrap();
        let (huma_secret, xledger_token) = secret_files(directory.path());
        let text = format!(
            "[huma]\nurl = \"{}\"\nclient_id = \"{}\"\nclient_secret_file = \"{huma_secret}\"\nrequests_per_second = 500\n\
             builtin_integration = \"off\"\n[xledger]\nurl = \"{}\"\ntoken_file = \"{xledger_token}\"\n\
             requests_per_second = 500\n[state]\ndirectory = \"{}\"\n[resolutions]\nsettle = \"50ms\"\n\
             [sync]\nhuma_interval = \"200ms\"\nsweep = \"3s\"\nxledger_interval = \"200ms\"\n",
            huma.url(),
            huma_sim::Options::default().client_id,
            xledger.url(),
            directory.path().join("state").display(),
        );
        let settings = directory.path().join("hxsync.toml");
        std::fs::write(&settings, text).unwrap();
        House { huma, xledger, directory, settings, daemon: None }
    }

    fn start_daemon(&mut self) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hxsync"));
        command.arg("--config").arg(&self.settings).arg("run");
        let daemon =
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        self.daemon = Some(daemon);
    }

    fn kill_daemon(&mut self) {
        if let Some(mut daemon) = self.daemon.take() {
            let _ = daemon.kill();
            let _ = daemon.wait();
        }
    }

    fn arm(&self, kill: Option<At>) {
        match kill {
            None => {}
            Some(At::Huma { method, route, nth, after_effect }) => {
                let fault: Fault = FaultKind::Hold { after_effect }.into();
                self.huma.add_fault(fault.on(method, route).nth(nth));
            }
            Some(At::Xledger { nth, after_effect }) => {
                let fault =
                    if after_effect { xledger_sim::Fault::HoldAfter } else { xledger_sim::Fault::Hold };
                self.xledger.fault(FaultRule {
                    operation: Some(OperationKind::Mutation),
                    field: None,
                    skip: nth - 1,
                    count: Some(1),
                    fault,
                });
            }
        }
    }

    fn answer(&self) {
        let mut lines = Vec::new();
        for line in self.text().lines() {
            let verb = match line {
                _ if !line.starts_with("pending") => None,
                _ if line.contains("matched people") => {
                    let matched = line.split_whitespace().nth(3).unwrap();
                    Some(format!("allow {matched}"))
                }
                _ if line.contains("Tvedt") => Some("create-xledger".to_owned()),
                _ if line.contains("Borgen") => Some("create-huma".to_owned()),
                _ => Some("huma".to_owned()),
            };
            lines.push(verb.map_or(line.to_owned(), |verb| line.replacen("pending", &verb, 1)));
        }
        std::fs::write(self.file(), lines.join("\n") + "\n").unwrap();
    }

    fn file(&self) -> PathBuf {
        self.directory.path().join("state/resolutions/resolutions.txt")
    }

    fn database(&self) -> PathBuf {
        self.directory.path().join("state/hxsync.db")
    }

    fn text(&self) -> String {
        std::fs::read_to_string(self.file()).unwrap_or_default()
    }

    /// Nothing is open, nothing unfinished, and nothing was written for three cycles.
    fn is_at_rest(&self) -> bool {
        let Ok(store) = Store::open_readonly(&self.database()) else { return false };
        let reader = store.read();
        let both = self.huma.people().len() == reader.linked_count().unwrap_or(0) as usize;
        let idle = reader.last_cycles(3).is_ok_and(|cycles| {
            cycles.len() == 3
                && cycles.iter().all(|cycle| cycle.ended_at.is_some() && cycle.counts.writes == 0)
        });
        let open = reader.open_questions().map_or(1, |open| open.len());
        let unfinished = reader.unfinished_intents().map_or(1, |intents| intents.len())
            + reader.unfinished_creations().map_or(1, |creations| creations.len());
        both && idle && open == 0 && unfinished == 0
    }

    async fn until<T>(&self, what: &str, mut seen: impl FnMut(&House) -> Option<T>) -> T {
        let wait = async {
            let mut glance = tokio::time::interval(Duration::from_millis(50));
            loop {
                glance.tick().await;
                if let Some(found) = seen(self) {
                    return found;
                }
            }
        };
        match tokio::time::timeout(Duration::from_secs(60), wait).await {
            Ok(found) => found,
            Err(_) => panic!("waited too long for {what}; the file:\n{}", self.text()),
        }
    }

    fn state(&self) -> EndState {
        let without = |person: &Value, names: &[&str]| {
            let mut person = person.clone();
            let map = person.as_object_mut().unwrap();
            map.retain(|name, _| !names.contains(&name.as_str()) && !name.ends_with("modified_at"));
            person
        };
        let keyed = |people: Vec<Value>, key: &str, names: &[&str]| {
            let mut state = BTreeMap::new();
            for person in people {
                let id = person[key].as_str().unwrap_or_default().to_owned();
                let double = state.insert(id.clone(), without(&person, names));
                assert!(double.is_none(), "two records of {id}");
            }
            state
        };
        let xledger = self.xledger.people().as_array().cloned().unwrap_or_default();
        let store = Store::open_readonly(&self.database()).unwrap();
        EndState {
            huma: keyed(self.huma.people(), "email", &["id", "positions"]),
            xledger: keyed(xledger, "code", &["db_id", "contact_db_id", "subledger_db_id"]),
            links: store.read().linked_count().unwrap(),
        }
    }
}

/// A few people in agreement, and one for each thing a first sync does.
fn cast() -> Vec<Person> {
    let all = fixtures();
    let mut cast: Vec<Person> = all.iter().take(4).cloned().collect();
    for note in [
        "different phones",
        "only Huma has a bank account",
        "only Xledger has phone, date of birth and gender",
        "only in Huma, complete, long employed",
        "only in Xledger, with an e-mail",
    ] {
        cast.push(all.iter().find(|person| person.note == note).unwrap().clone());
    }
    cast
}
