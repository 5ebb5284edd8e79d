//! An engine that does as it is told and tells what it was asked.

use async_trait::async_trait;
use hxsync::config::Settings;
use hxsync::daemon::{
    CheckLine, CheckReport, CheckState, Cycles, EngineError, ErrorKind, FileHint, OpenEngine, Sides,
    Surroundings,
};
use hxsync::reconcile::Who;
use hxsync::report::StatusReport;
use hxsync::sync::{CycleReport, CycleRequest};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::{Semaphore, mpsc};

/// What the engine was asked, in order.
#[derive(Debug, Clone, PartialEq)]
pub enum Seen {
    Opened,
    Began(CycleRequest, Sides),
    Step(usize),
    Ended,
    Answered { item: String, words: Vec<String>, who: Who },
    Reloaded(u32),
    Closed,
}

/// What the engine will do; shared with the test.
#[derive(Default)]
pub struct Script {
    /// For the cycles to come; after them empty reports.
    pub reports: VecDeque<CycleReport>,
    /// What the next looks find, before `is_saved` counts.
    pub hints: VecDeque<FileHint>,
    /// A save lies in the file until a cycle takes it in.
    pub is_saved: bool,
    /// How many steps a cycle has; each waits for a permit of the gate.
    pub steps: usize,
    /// A step ends when the program is told to stop, and not before.
    pub is_endless: bool,
    /// The next cycle panics, quoting a value.
    pub panics: bool,
    pub status: StatusReport,
}

#[derive(Clone)]
pub struct Fake {
    script: Arc<Mutex<Script>>,
    pub gate: Arc<Semaphore>,
    seen: mpsc::UnboundedSender<Seen>,
}

impl Fake {
    pub fn new() -> (Fake, mpsc::UnboundedReceiver<Seen>) {
        let (seen, received) = mpsc::unbounded_channel();
        let script = Arc::new(Mutex::new(Script::default()));
        (Fake { script, gate: Arc::new(Semaphore::new(0)), seen }, received)
    }

    pub fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap()
    }

    pub fn opener(&self) -> OpenEngine {
        let fake = self.clone();
        Arc::new(move |_settings, surroundings| {
            fake.tell(Seen::Opened);
            Ok(Box::new(Engine { fake: fake.clone(), surroundings }))
        })
    }

    fn tell(&self, seen: Seen) {
        // A test that has seen enough no longer listens.
        let _ = self.seen.send(seen);
    }
}

struct Engine {
    fake: Fake,
    surroundings: Surroundings,
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.fake.tell(Seen::Closed);
    }
}

#[async_trait(?Send)]
impl Cycles for Engine {
    async fn cycle(&mut self, request: CycleRequest, sides: Sides) -> Result<CycleReport, EngineError> {
        let panics = std::mem::take(&mut self.fake.script().panics);
        assert!(!panics, "the account of Kari is 86011117947");
        let (steps, is_endless, report) = {
            let mut script = self.fake.script();
            script.is_saved = false;
            (script.steps, script.is_endless, script.reports.pop_front().unwrap_or_default())
        };
        self.fake.tell(Seen::Began(request.clone(), sides));
        for step in 1..=steps {
            self.surroundings.progress.say(format!("step {step} of {steps}"));
            if is_endless {
                self.surroundings.stop.cancelled().await;
            } else {
                self.fake.gate.acquire().await.unwrap().forget();
            }
            self.fake.tell(Seen::Step(step));
            if self.surroundings.stop.is_cancelled() {
                break;
            }
        }
        self.fake.tell(Seen::Ended);
        Ok(CycleReport { dry_run: request.dry_run, ..report })
    }

    fn answer(&mut self, item: &str, words: &[String], who: Who) -> Result<Vec<String>, EngineError> {
        if item == "ZZZZ" {
            return Err(EngineError::new(ErrorKind::Usage, "no question is called ZZZZ"));
        }
        self.fake.tell(Seen::Answered { item: item.to_owned(), words: words.to_vec(), who });
        Ok(vec![format!("{item}: taken in")])
    }

    fn answered(&mut self) -> Result<Vec<String>, EngineError> {
        Ok(vec!["carried out".to_owned()])
    }

    async fn check(&mut self, probe_writes: bool) -> CheckReport {
        let state = if probe_writes { CheckState::Ok } else { CheckState::Unproven };
        let line = CheckLine { about: "Xledger".into(), what: "write".into(), state, note: None };
        CheckReport { lines: vec![line] }
    }

    fn status(&mut self) -> StatusReport {
        self.fake.script().status.clone()
    }

    fn plan(&mut self, _of: Option<&str>) -> Result<CycleReport, EngineError> {
        Ok(CycleReport { dry_run: true, ..CycleReport::default() })
    }

    fn file_looked(&mut self) -> FileHint {
        let mut script = self.fake.script();
        let is_saved = script.is_saved;
        script.hints.pop_front().unwrap_or(if is_saved { FileHint::Ready } else { FileHint::Nothing })
    }

    fn reload(&mut self, settings: Settings) -> Result<(), EngineError> {
        self.fake.tell(Seen::Reloaded(settings.huma.requests_per_second.get()));
        Ok(())
    }
}
