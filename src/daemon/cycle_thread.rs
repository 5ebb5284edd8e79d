//! The thread that owns the engine and does one thing after another.
//!
//! A panic in the engine ends neither the thread nor the daemon: it is caught here, counted, and the engine is opened anew,
//! because nobody can say what state the old one is in.

use super::engine::{CheckReport, Cycles, EngineError, ErrorKind, FileHint, OpenEngine, Sides, Surroundings};
use crate::config::Settings;
use crate::reconcile::Who;
use crate::report::StatusReport;
use crate::sync::{Cause, CycleReport, CycleRequest, Reach};
use futures_util::FutureExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use tokio::runtime;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::error;

/// How many requests may wait. Beyond it the asker waits.
const QUEUE: usize = 64;

/// A handle on the thread; clones are the same thread.
#[derive(Debug, Clone)]
pub struct CycleThread {
    commands: mpsc::Sender<Command>,
    snapshot: watch::Receiver<Snapshot>,
    surroundings: Surroundings,
    gone: CancellationToken,
}

/// What can be said without asking the engine, which may be busy for minutes.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// As of the last thing the engine did.
    pub status: StatusReport,
    /// The cycle under way.
    pub running: Option<CycleRequest>,
    /// Panics caught since the start.
    pub panics: u64,
}

/// A cycle that is over.
#[derive(Debug)]
pub struct Finished {
    pub request: CycleRequest,
    pub sides: Sides,
    pub result: Result<CycleReport, EngineError>,
}

#[derive(Debug)]
enum Command {
    Cycle { request: CycleRequest, sides: Sides, done: Option<Answer<CycleReport>> },
    Take { item: String, words: Vec<String>, who: Who, done: Answer<Vec<String>> },
    Check { probe_writes: bool, done: Answer<CheckReport> },
    Plan { of: Option<String>, done: Answer<CycleReport> },
    Look { done: Answer<FileHint> },
    Reload { settings: Box<Settings>, done: Answer<()> },
    Ping { done: Answer<()> },
}

type Answer<T> = oneshot::Sender<Result<T, EngineError>>;

impl CycleThread {
    /// Starts the thread and returns when the engine is open. Every cycle, whoever asked for it, is told to `finished`.
    ///
    /// # Errors
    /// What opening the engine says.
    pub async fn start(
        settings: Settings,
        open: OpenEngine,
        surroundings: Surroundings,
        finished: mpsc::UnboundedSender<Finished>,
    ) -> Result<CycleThread, EngineError> {
        let (commands, received) = mpsc::channel(QUEUE);
        let (publish, snapshot) = watch::channel(Snapshot::default());
        let (opened, is_open) = oneshot::channel();
        let gone = CancellationToken::new();
        let guard = gone.clone().drop_guard();
        let worker_surroundings = surroundings.clone();
        thread::Builder::new()
            .name("cycles".to_owned())
            .spawn(move || {
                let worker = Worker {
                    engine: None,
                    settings,
                    open,
                    surroundings: worker_surroundings,
                    publish,
                    finished,
                    _gone: guard,
                };
                worker.run(received, opened);
            })
            .map_err(|error| internal(format!("the thread for cycles could not be started: {error}")))?;
        is_open.await.map_err(|_| internal("the thread for cycles ended at its start"))??;
        Ok(CycleThread { commands, snapshot, surroundings, gone })
    }

    /// Asks for a cycle and does not wait; its end is told to `finished`.
    pub fn begin_cycle(&self, request: CycleRequest, sides: Sides) {
        let commands = self.commands.clone();
        tokio::spawn(async move {
            // Refused only when the thread is gone, and then nobody waits for the cycle.
            let _ = commands.send(Command::Cycle { request, sides, done: None }).await;
        });
    }

    pub async fn cycle(&self, request: CycleRequest, sides: Sides) -> Result<CycleReport, EngineError> {
        self.ask(|done| Command::Cycle { request, sides, done: Some(done) }).await
    }

    /// Takes one answer and runs the cycle that carries it out; what became of it.
    pub async fn answer(
        &self,
        item: String,
        words: Vec<String>,
        who: Who,
    ) -> Result<Vec<String>, EngineError> {
        self.ask(|done| Command::Take { item, words, who, done }).await
    }

    pub async fn check(&self, probe_writes: bool) -> Result<CheckReport, EngineError> {
        self.ask(|done| Command::Check { probe_writes, done }).await
    }

    pub async fn plan(&self, of: Option<String>) -> Result<CycleReport, EngineError> {
        self.ask(|done| Command::Plan { of, done }).await
    }

    pub async fn look(&self) -> Result<FileHint, EngineError> {
        self.ask(|done| Command::Look { done }).await
    }

    pub async fn reload(&self, settings: Settings) -> Result<(), EngineError> {
        self.ask(|done| Command::Reload { settings: Box::new(settings), done }).await
    }

    /// Returns when everything asked before it is done.
    pub async fn ping(&self) -> Result<(), EngineError> {
        self.ask(|done| Command::Ping { done }).await
    }

    pub fn snapshot(&self) -> Snapshot {
        self.snapshot.borrow().clone()
    }

    pub fn surroundings(&self) -> &Surroundings {
        &self.surroundings
    }

    /// Asks the thread to end after the step under way. What waits in its queue is refused.
    pub fn stop(&self) {
        self.surroundings.stop.cancel();
    }

    /// Returns when the engine is closed and the thread has ended.
    pub async fn gone(&self) {
        self.gone.cancelled().await;
    }

    async fn ask<T>(&self, command: impl FnOnce(Answer<T>) -> Command) -> Result<T, EngineError> {
        let (done, answer) = oneshot::channel();
        self.commands.send(command(done)).await.map_err(|_| stopping())?;
        answer.await.map_err(|_| stopping())?
    }
}

struct Worker {
    /// `None` after a panic, until it is next needed.
    engine: Option<Box<dyn Cycles>>,
    settings: Settings,
    open: OpenEngine,
    surroundings: Surroundings,
    publish: watch::Sender<Snapshot>,
    finished: mpsc::UnboundedSender<Finished>,
    /// Dropped last: tells that the engine is closed.
    _gone: DropGuard,
}

impl Worker {
    fn run(mut self, received: mpsc::Receiver<Command>, opened: Answer<()>) {
        let runtime = match runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => {
                let _ = opened.send(Err(internal(format!("no runtime for cycles: {error}"))));
                return;
            }
        };
        runtime.block_on(async {
            let result = self.do_safely(async |_| ()).await;
            let is_open = result.is_ok();
            self.publish_status().await;
            if opened.send(result).is_ok() && is_open {
                self.work(received).await;
            }
            self.close();
        });
    }

    async fn work(&mut self, mut received: mpsc::Receiver<Command>) {
        let stop = self.surroundings.stop.clone();
        // What is left in the queue goes with it, and its askers hear that the program is ending.
        while let Some(Some(command)) = stop.run_until_cancelled(received.recv()).await {
            self.surroundings.progress.alive();
            self.carry_out(command).await;
        }
    }

    // An asker who has gone away is no reason to stop: the answer is dropped.
    async fn carry_out(&mut self, command: Command) {
        match command {
            Command::Cycle { request, sides, done } => self.cycle(request, sides, done).await,
            Command::Take { item, words, who, done } => {
                let _ = done.send(self.answer(&item, &words, who).await);
            }
            Command::Check { probe_writes, done } => {
                let _ = done.send(self.do_safely(async |engine| engine.check(probe_writes).await).await);
            }
            Command::Plan { of, done } => {
                let result = self.do_safely(async |engine| engine.plan(of.as_deref())).await;
                let _ = done.send(result.flatten());
            }
            Command::Look { done } => {
                let _ = done.send(self.do_safely(async |engine| engine.file_looked()).await);
            }
            Command::Reload { settings, done } => {
                let new = (*settings).clone();
                let result = self.do_safely(async |engine| engine.reload(new)).await.flatten();
                if result.is_ok() {
                    self.settings = *settings;
                }
                let _ = done.send(result);
            }
            Command::Ping { done } => {
                let _ = done.send(Ok(()));
            }
        }
    }

    /// What was answered is carried out at once: the admin is waiting to hear what became of it.
    async fn answer(&mut self, item: &str, words: &[String], who: Who) -> Result<Vec<String>, EngineError> {
        let cause = Cause::Command(who.clone());
        self.do_safely(async |engine| engine.answer(item, words, who)).await.flatten()?;
        let request = CycleRequest { cause, reach: Reach::Moved, dry_run: false };
        let (done, ended) = oneshot::channel();
        self.cycle(request, Sides::BOTH, Some(done)).await;
        ended.await.map_err(|_| stopping())??;
        self.do_safely(async |engine| engine.answered()).await.flatten()
    }

    async fn cycle(&mut self, request: CycleRequest, sides: Sides, done: Option<Answer<CycleReport>>) {
        self.publish.send_modify(|snapshot| snapshot.running = Some(request.clone()));
        let asked = request.clone();
        let result = self.do_safely(async |engine| engine.cycle(asked, sides).await).await.flatten();
        self.publish_status().await;
        self.publish.send_modify(|snapshot| snapshot.running = None);
        if let Some(done) = done {
            let _ = done.send(result.clone());
        }
        let _ = self.finished.send(Finished { request, sides, result });
    }

    async fn publish_status(&mut self) {
        if self.engine.is_some()
            && let Ok(status) = self.do_safely(async |engine| engine.status()).await
        {
            self.publish.send_modify(|snapshot| snapshot.status = status);
        }
    }

    /// Does `work` with the engine, opening it if need be. The words of a panic stay out of what is returned and logged: they
    /// may quote values.
    async fn do_safely<T>(&mut self, work: impl AsyncFnOnce(&mut dyn Cycles) -> T) -> Result<T, EngineError> {
        let outcome = AssertUnwindSafe(async {
            if self.engine.is_none() {
                self.engine = Some((self.open)(self.settings.clone(), self.surroundings.clone())?);
            }
            match &mut self.engine {
                Some(engine) => Ok(work(engine.as_mut()).await),
                None => Err(internal("the engine is not open")),
            }
        })
        .catch_unwind()
        .await;
        outcome.unwrap_or_else(|_| {
            self.close();
            self.publish.send_modify(|snapshot| snapshot.panics += 1);
            error!(panics = self.publish.borrow().panics, "The engine panicked and will be opened anew");
            Err(internal("a mistake in hxsync stopped the work; what was written before it is recorded"))
        })
    }

    fn close(&mut self) {
        let engine = self.engine.take();
        // An engine that has panicked may do so again while it is taken down.
        let _ = catch_unwind(AssertUnwindSafe(move || drop(engine)));
    }
}

fn internal(what: impl Into<String>) -> EngineError {
    EngineError::new(ErrorKind::Internal, what)
}

fn stopping() -> EngineError {
    EngineError::new(ErrorKind::Stopping, "hxsync is ending and takes nothing new")
}
