//! Carries out what a command asks, the same way for the daemon and for a command that works by itself.

use super::cycle_thread::CycleThread;
use super::engine::{EngineError, ErrorKind, FileHint, Sides};
use super::protocol::{Ask, DaemonStatus, FullStatus, Tell};
use crate::config::Settings;
use crate::reconcile::Who;
use crate::report::{last_result, text};
use crate::sync::{Cause, CycleReport, CycleRequest, Reach};
use jiff::tz::TimeZone;
use std::path::PathBuf;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use tracing::warn;

/// How long a save may go on changing before a command that waits for it gives up.
const MOST_SETTLING: Duration = Duration::from_secs(120);

#[derive(Debug, Clone)]
pub struct Desk {
    thread: CycleThread,
    state_directory: PathBuf,
    time_zone: TimeZone,
}

impl Desk {
    pub fn new(thread: CycleThread, settings: &Settings) -> Desk {
        Desk {
            thread,
            state_directory: settings.state.directory.clone(),
            time_zone: settings.sync.time_zone.clone(),
        }
    }

    pub fn thread(&self) -> &CycleThread {
        &self.thread
    }

    /// Never [`Tell::Progress`]: that comes from [`CycleThread::surroundings`] meanwhile.
    pub async fn carry_out(&self, ask: Ask, who: Who, daemon: Option<DaemonStatus>) -> Tell {
        let result = match ask {
            Ask::Sync { dry_run, full, person } => self.sync(dry_run, full, person, who).await,
            Ask::Plan { of } => self.thread.plan(of).await.map(cycle),
            Ask::Status => Ok(Tell::Status(Box::new(self.status(daemon)))),
            Ask::Resolve { item, words } => self.thread.answer(item, words, who).await.map(Tell::Done),
            Ask::TakeFile => self.take_file().await,
            Ask::Check { probe_writes } => self.thread.check(probe_writes).await.map(Tell::Check),
        };
        result.unwrap_or_else(Tell::Failed)
    }

    /// Keeps the text of a cycle for `status` and for whoever looks into the state directory.
    pub fn keep_result(&self, report: &CycleReport) {
        let words = text::cycle(report, &self.time_zone);
        if let Err(error) = last_result::keep(&self.state_directory, &words) {
            warn!(error = %error, "The text of the last result could not be written");
        }
    }

    pub fn has_result(&self) -> bool {
        last_result::read(&self.state_directory).is_some()
    }

    async fn sync(
        &self,
        dry_run: bool,
        full: bool,
        person: Option<String>,
        who: Who,
    ) -> Result<Tell, EngineError> {
        let reach = match person {
            Some(person) => Reach::Person(person),
            None if full => Reach::Full,
            None => Reach::Moved,
        };
        let request = CycleRequest { cause: Cause::Command(who), reach, dry_run };
        let report = self.thread.cycle(request, Sides::BOTH).await?;
        if !dry_run {
            self.keep_result(&report);
        }
        Ok(cycle(report))
    }

    async fn take_file(&self) -> Result<Tell, EngineError> {
        let begun = Instant::now();
        while let FileHint::Settling(wait) = self.thread.look().await? {
            if begun.elapsed() > MOST_SETTLING {
                return Err(EngineError::new(ErrorKind::State, "the resolution file does not come to rest")
                    .next("Leave the editor; the next save is taken in by itself."));
            }
            sleep(wait).await;
        }
        let request = CycleRequest { cause: Cause::File, reach: Reach::Moved, dry_run: false };
        self.thread.cycle(request, Sides::BOTH).await.map(cycle)
    }

    fn status(&self, daemon: Option<DaemonStatus>) -> FullStatus {
        FullStatus {
            status: self.thread.snapshot().status,
            daemon,
            last_result: last_result::read(&self.state_directory),
        }
    }
}

fn cycle(report: CycleReport) -> Tell {
    Tell::Cycle(Box::new(report))
}
