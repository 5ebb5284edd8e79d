//! What the daemon and the commands ask of the engine, and what the engine is given.
//!
//! Everything above this trait is tested with a scripted engine; the real one is the cycle of `sync` over both clients.

use crate::config::Settings;
use crate::domain::Side;
use crate::reconcile::Who;
use crate::report::StatusReport;
use crate::sync::{CycleReport, CycleRequest};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// One engine over one state directory. Lives on the cycle thread and is asked one thing at a time.
#[async_trait(?Send)]
pub trait Cycles {
    /// Runs one cycle. `sides` are those whose turn it is to be asked what moved; the cycle may read single records of
    /// the other before a write.
    ///
    /// # Errors
    /// What stops a cycle as a whole, such as the database. A side that is down or refuses the login is in the report.
    async fn cycle(&mut self, request: CycleRequest, sides: Sides) -> Result<CycleReport, EngineError>;

    /// Takes one answer, for a question named by its short or full id. Returns what was done, one line each.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] with what is wrong with the answer; nothing was done then.
    fn answer(&mut self, item: &str, words: &[String], who: Who) -> Result<Vec<String>, EngineError>;

    /// What has become of the last answer taken, one line each. The cycle after it carries it out or refuses it.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] with why it was refused.
    fn answered(&mut self) -> Result<Vec<String>, EngineError>;

    /// Proves settings, files, logins, tenants and rights, as far as that is possible without changing anything.
    async fn check(&mut self, probe_writes: bool) -> CheckReport;

    /// What the database says of people, questions and cycles.
    fn status(&mut self) -> StatusReport;

    /// What the next cycle would write, as of the last reading of both sides; for one question or person, or for all.
    fn plan(&mut self, of: Option<&str>) -> Result<CycleReport, EngineError>;

    /// Looks at the resolution file.
    fn file_looked(&mut self) -> FileHint;

    /// Takes new settings from the next cycle on.
    ///
    /// # Errors
    /// A secret that cannot be read, and the like; the old settings stay then.
    fn reload(&mut self, settings: Settings) -> Result<(), EngineError>;
}

/// Which sides are asked what moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sides {
    pub huma: bool,
    pub xledger: bool,
}

impl Sides {
    pub const BOTH: Sides = Sides { huma: true, xledger: true };

    pub fn has(self, side: Side) -> bool {
        match side {
            Side::Huma => self.huma,
            Side::Xledger => self.xledger,
        }
    }
}

/// What a look at the resolution file found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileHint {
    /// It is as it was last read or written.
    Nothing,
    /// It was changed, and may be changing still: look again after this long.
    Settling(Duration),
    /// A save has settled: a cycle takes it in.
    Ready,
}

/// Why the engine could not be opened, or could not do as asked. Crosses the control socket.
///
/// # Display
/// One sentence with no personal value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{what}")]
pub struct EngineError {
    pub kind: ErrorKind,
    /// What is wrong and where.
    pub what: String,
    /// What to do next; `None` for the words that go with `kind`.
    pub next: Option<String>,
}

impl EngineError {
    pub fn new(kind: ErrorKind, what: impl Into<String>) -> EngineError {
        EngineError { kind, what: what.into(), next: None }
    }

    pub fn next(self, next: impl Into<String>) -> EngineError {
        EngineError { next: Some(next.into()), ..self }
    }
}

/// Decides the exit code of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorKind {
    /// The question, person or answer named is none.
    Usage,
    /// A side cannot be reached. Waiting may help.
    Unreachable,
    /// A login or right is missing.
    Refused,
    /// The settings, or a file they name.
    Settings,
    /// The database, the state directory, the disk.
    State,
    /// The program is ending.
    Stopping,
    /// A mistake of this program.
    Internal,
}

/// What was proven, line by line.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CheckReport {
    pub lines: Vec<CheckLine>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckLine {
    /// What was looked at: `settings`, `files`, `Huma`, `Xledger`.
    pub about: String,
    /// The thing itself, for example `Employees: read`.
    pub what: String,
    pub state: CheckState,
    /// What was found, or what would not work without it and what to do.
    pub note: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckState {
    Ok,
    /// Cannot be shown without changing something. Nothing is wrong.
    Unproven,
    /// A right or a login.
    Missing,
    /// The side did not answer.
    Unreachable,
    /// A setting or a file.
    Wrong,
}

impl CheckState {
    pub fn word(self) -> &'static str {
        match self {
            CheckState::Ok => "ok",
            CheckState::Unproven => "unproven",
            CheckState::Missing => "missing",
            CheckState::Unreachable => "unreachable",
            CheckState::Wrong => "wrong",
        }
    }
}

/// What an engine may look at and speak into while it works.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// Cancelled when the program shall end: the engine returns after the step it is at.
    pub stop: CancellationToken,
    pub progress: Progress,
}

/// How far a long step has come: a line for a person who watches, and a sign of life for the watchdog.
#[derive(Debug, Clone)]
pub struct Progress(Arc<ProgressState>);

#[derive(Debug)]
struct ProgressState {
    count: AtomicU64,
    line: watch::Sender<String>,
}

impl Progress {
    /// Says where the work is, for example `Huma: 150 of 494 people`. Never with a person's value.
    pub fn say(&self, line: impl Into<String>) {
        self.alive();
        self.0.line.send_replace(line.into());
    }

    /// Shows that the work goes on.
    pub fn alive(&self) {
        self.0.count.fetch_add(1, Ordering::Relaxed);
    }

    /// Grows whenever the work goes on.
    pub fn count(&self) -> u64 {
        self.0.count.load(Ordering::Relaxed)
    }

    pub fn lines(&self) -> watch::Receiver<String> {
        self.0.line.subscribe()
    }
}

impl Default for Progress {
    fn default() -> Progress {
        Progress(Arc::new(ProgressState {
            count: AtomicU64::new(0),
            line: watch::Sender::new(String::new()),
        }))
    }
}

/// Makes the engine, on the thread that will own it. Called again after a panic.
pub type OpenEngine =
    Arc<dyn Fn(Settings, Surroundings) -> Result<Box<dyn Cycles>, EngineError> + Send + Sync>;
