//! The language of the control socket: one request line, then lines of progress, then one last line. All JSON.

use super::engine::{CheckReport, EngineError};
use crate::report::StatusReport;
use crate::sync::CycleReport;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Raised when an older command or daemon would misunderstand the other.
pub const PROTOCOL: u32 = 1;

/// A request is a few words.
pub(super) const MOST_REQUEST_BYTES: u64 = 64 << 10;
/// A plan for thousands of people fits.
pub(super) const MOST_ANSWER_BYTES: u64 = 64 << 20;
/// How long one end waits for the other to take or give a line that is at hand.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Request {
    pub protocol: u32,
    pub ask: Ask,
}

/// What a command asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
pub enum Ask {
    /// A cycle, for one person or for all.
    Sync {
        dry_run: bool,
        full: bool,
        person: Option<String>,
    },
    Plan {
        of: Option<String>,
    },
    Status,
    Resolve {
        item: String,
        words: Vec<String>,
    },
    /// Take the resolution file in when its last save has settled, and run a cycle.
    TakeFile,
    Check {
        probe_writes: bool,
    },
}

/// What comes back: any number of `Progress`, then one of the others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tell {
    Progress(String),
    Cycle(Box<CycleReport>),
    Status(Box<FullStatus>),
    /// What was done, line by line.
    Done(Vec<String>),
    Check(CheckReport),
    Failed(EngineError),
}

/// What the database says, and what only the running daemon knows.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FullStatus {
    #[serde(flatten)]
    pub status: StatusReport,
    /// `None` where no daemon runs.
    pub daemon: Option<DaemonStatus>,
    /// The text of the first or last manual sync.
    pub last_result: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DaemonStatus {
    pub pid: u32,
    pub version: String,
    /// The cause of the cycle under way.
    pub running: Option<String>,
    /// UTC; when the next cycle is due.
    pub next_cycle_at: Option<String>,
    /// Sides that failed last time, and when they are asked again.
    pub resting: Vec<Resting>,
    /// Panics caught since the start.
    pub panics: u64,
    /// Why the settings last read were not taken; the ones before them hold.
    pub settings_refused: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resting {
    pub side: crate::domain::Side,
    pub what: String,
    /// UTC.
    pub until: String,
}
