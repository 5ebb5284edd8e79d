//! The thread that commits posts: many that come at once are one transaction, and each is answered when it is on disk.

use crate::domain::Side;
use crate::store::{Inbox, StoreError};
use crate::sync::Hinted;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::error;

/// Posts that wait to be committed. Beyond it they are turned away.
const QUEUE: usize = 1024;
/// People that wait to be read. Beyond it posts are turned away: they would not be read within an hour.
const MOST_WAITING: usize = 100_000;
/// Posts of one transaction.
const MOST_AT_ONCE: usize = 256;
/// What was acted on is kept this long for whoever looks into the database.
const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A handle on the thread; clones are the same thread, which ends with the last of them.
#[derive(Debug, Clone)]
pub struct InboxThread {
    jobs: mpsc::Sender<Job>,
    waiting: Arc<AtomicUsize>,
    gone: CancellationToken,
}

/// Somebody named by a row of the inbox that is on disk.
#[derive(Debug)]
pub struct Arrived {
    pub row: i64,
    pub named: BTreeSet<Hinted>,
}

/// Why a post was not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotKept {
    Full,
    Failed,
}

#[derive(Debug)]
enum Job {
    Add {
        named: BTreeSet<Hinted>,
        done: oneshot::Sender<Result<(), NotKept>>,
    },
    Settle {
        row: i64,
    },
    /// After what was queued before it.
    End,
}

impl InboxThread {
    /// Starts the thread over a database that is up to date. What waits from an earlier run arrives at once.
    ///
    /// # Errors
    /// The database, or a machine that has no thread left.
    pub fn start(
        database: &Path,
        arrivals: mpsc::UnboundedSender<Arrived>,
    ) -> Result<InboxThread, StoreError> {
        let inbox = Inbox::open(database)?;
        for hint in inbox.waiting()? {
            let named: BTreeSet<Hinted> = match hint.ids.is_empty() {
                true => [Hinted::Anybody(hint.side)].into(),
                false => hint.ids.iter().filter_map(|id| Hinted::from_text(hint.side, id)).collect(),
            };
            // The loop that takes them is started with us.
            let _ = arrivals.send(Arrived { row: hint.id, named });
        }
        let (jobs, received) = mpsc::channel(QUEUE);
        let gone = CancellationToken::new();
        let worker = Worker { inbox, arrivals, _gone: gone.clone().drop_guard() };
        thread::Builder::new()
            .name("inbox".to_owned())
            .spawn(move || worker.run(received))
            .map_err(|source| StoreError::File { path: database.to_owned(), source })?;
        Ok(InboxThread { jobs, waiting: Arc::default(), gone })
    }

    /// Returns when the hint is on disk.
    pub async fn add(&self, named: BTreeSet<Hinted>) -> Result<(), NotKept> {
        if self.waiting.load(Ordering::Relaxed) >= MOST_WAITING {
            return Err(NotKept::Full);
        }
        let (done, answer) = oneshot::channel();
        self.jobs.try_send(Job::Add { named, done }).map_err(|_| NotKept::Full)?;
        answer.await.map_err(|_| NotKept::Failed)?
    }

    /// Cycles have acted on every row up to this one. Not waited for: at worst somebody is read once more after a crash.
    pub fn settle(&self, row: i64) {
        let jobs = self.jobs.clone();
        tokio::spawn(async move {
            let _ = jobs.send(Job::Settle { row }).await;
        });
    }

    /// Tells how many people wait to be read.
    pub fn note_waiting(&self, people: usize) {
        self.waiting.store(people, Ordering::Relaxed);
    }

    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Returns when what was queued is on disk and the thread has ended.
    pub async fn end(&self) {
        if self.jobs.send(Job::End).await.is_ok() {
            self.gone.cancelled().await;
        }
    }
}

struct Worker {
    inbox: Inbox,
    arrivals: mpsc::UnboundedSender<Arrived>,
    _gone: DropGuard,
}

impl Worker {
    fn run(mut self, mut received: mpsc::Receiver<Job>) {
        let mut batch = Vec::new();
        while received.blocking_recv_many(&mut batch, MOST_AT_ONCE) > 0 {
            let begun = Instant::now();
            if self.carry_out(std::mem::take(&mut batch)) {
                return;
            }
            if !received.is_empty() {
                // The cycle writes to the same file: in a flood the lock is left as long as it was held.
                thread::sleep(begun.elapsed());
            }
        }
    }

    /// Whether that was all there will be.
    fn carry_out(&mut self, batch: Vec<Job>) -> bool {
        let (mut named, mut waiting, mut settled) = (BTreeSet::new(), Vec::new(), None);
        let mut is_end = false;
        for job in batch {
            match job {
                Job::Add { named: more, done } => {
                    named.extend(more);
                    waiting.push(done);
                }
                Job::Settle { row } => settled = settled.max(Some(row)),
                Job::End => is_end = true,
            }
        }
        let now = Timestamp::now();
        if !named.is_empty() {
            let kept = self.keep(named, now);
            for done in waiting {
                // Whoever sent it may have gone away; it is kept all the same.
                let _ = done.send(kept);
            }
        }
        if let Some(row) = settled
            && let Err(error) = self.inbox.take(row, now, now.saturating_sub(KEPT).unwrap_or(now))
        {
            error!(
                "Hints that were acted on could not be marked, and are read again at the next start: {error}"
            );
        }
        is_end
    }

    fn keep(&mut self, named: BTreeSet<Hinted>, now: Timestamp) -> Result<(), NotKept> {
        let mut rows = Vec::new();
        let mut parts = Vec::new();
        for side in Side::BOTH {
            let of_side = |hinted: &&Hinted| hinted.side() == side;
            let (anybody, somebody): (BTreeSet<Hinted>, BTreeSet<Hinted>) =
                named.iter().filter(of_side).cloned().partition(|hinted| *hinted == Hinted::Anybody(side));
            for part in [somebody, anybody].into_iter().filter(|part| !part.is_empty()) {
                rows.push((side, part.iter().filter_map(Hinted::text).collect()));
                parts.push(part);
            }
        }
        match self.inbox.add(&rows, now) {
            Ok(rows) => {
                for (row, named) in rows.into_iter().zip(parts) {
                    let _ = self.arrivals.send(Arrived { row, named });
                }
                Ok(())
            }
            Err(error) => {
                error!("A post could not be kept and is refused: {error}");
                Err(NotKept::Failed)
            }
        }
    }
}
