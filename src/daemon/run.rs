//! The loop of the service: takes in what happens, and runs one cycle after another.

use super::control::ControlSocket;
use super::cycle_thread::{CycleThread, Finished};
use super::desk::Desk;
use super::engine::{EngineError, ErrorKind, FileHint, OpenEngine, Sides, Surroundings};
use super::follow_up::FollowUps;
use super::hints::Hints;
use super::listener::{Arrived, Listener, Listening};
use super::lock::InstanceLock;
use super::manager::Manager;
use super::protocol::{DaemonStatus, Resting};
use super::schedule::Schedule;
use super::signals::{Signal, Signals};
use super::watchdog;
use crate::config::Settings;
use crate::domain::Side;
use crate::domain::time::utc_text;
use crate::remote::Clock;
use crate::report::{budget, text};
use crate::sync::{Cause, CycleReport, CycleRequest, Reach};
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::task::{AbortOnDropHandle, TaskTracker};
use tracing::{debug, error, info, warn};

/// The wall clock is looked at again this often: it may be set, and a machine may sleep.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// Hints about a side are kept back this long when it fails and its rest is not known.
const HINTS_REST: Duration = Duration::from_secs(30);
/// How long a command waits at the end for the last line of its answer.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// What the daemon is made of.
pub struct Parts {
    pub settings: Settings,
    /// Reads the settings anew. An error is a text for the log that says what and where.
    pub read_settings: Box<dyn FnMut() -> Result<Settings, String> + Send>,
    pub open: OpenEngine,
    pub lock: InstanceLock,
    pub control: ControlSocket,
    /// `None` where nothing listens.
    pub listener: Option<Listener>,
    pub signals: Signals,
    /// Begins to hint that something moved at the resolution file; called when the engine is open and its directory exists.
    pub watch: Box<dyn FnOnce() -> mpsc::Receiver<()> + Send>,
    pub manager: Manager,
    pub clock: Arc<dyn Clock>,
}

/// How the daemon ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The step under way was finished and the database closed.
    Finished,
    /// Told twice: whatever was under way was left as it was. Its intent is recorded and looked at in the next start.
    AtOnce,
}

/// A service that is ready.
pub struct Daemon {
    settings: Settings,
    read_settings: Box<dyn FnMut() -> Result<Settings, String> + Send>,
    signals: Signals,
    file_hints: mpsc::Receiver<()>,
    manager: Manager,
    clock: Arc<dyn Clock>,
    desk: Desk,
    thread: CycleThread,
    finished: mpsc::UnboundedReceiver<Finished>,
    facts: watch::Sender<DaemonStatus>,
    connections: TaskTracker,
    /// The control socket and the watchdog.
    tasks: [AbortOnDropHandle<()>; 2],
    schedule: Schedule,
    follow_ups: FollowUps,
    wanted: VecDeque<Wanted>,
    /// The cycle of ours that is under way.
    running: Option<Wanted>,
    file: FileWatch,
    listening: Option<Listening>,
    hints: Hints,
    /// The forecast passes Xledger's allowance.
    is_slowed: bool,
    /// The last cycle of ours was for hints: whatever else waits goes before the next of them.
    others_first: bool,
    results: mpsc::UnboundedSender<Event>,
    events: mpsc::UnboundedReceiver<Event>,
    /// A reload is under way.
    reloading: bool,
    /// The last cycle that read both sides waited for the first sync to be allowed.
    awaited_first_sync: bool,
    /// The sides that failed in the last cycle that asked them: each failure is logged once.
    failing: BTreeSet<Side>,
    /// Held until the end, and given up last.
    _lock: InstanceLock,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Wanted {
    request: CycleRequest,
    sides: Sides,
    is_follow_up: bool,
}

/// What asking the cycle thread came to. It is asked beside the loop, so that nothing keeps a signal waiting.
#[derive(Debug)]
enum Event {
    Looked(FileHint),
    Reloaded(Box<Settings>, Result<(), EngineError>),
}

#[derive(Debug, Default)]
struct FileWatch {
    /// Something may have changed since the last look.
    is_dirty: bool,
    is_looking: bool,
    /// When a save that was still settling is looked at again.
    look_at: Option<Instant>,
}

impl Daemon {
    /// Opens the engine, looks once at the resolution file and tells the service manager that it is ready. `None` when it was
    /// told to stop before that.
    ///
    /// # Errors
    /// What opening the engine says. This is the last moment at which the daemon fails.
    pub async fn start(mut parts: Parts) -> Result<Option<Daemon>, EngineError> {
        let surroundings = Surroundings::default();
        let (tell_finished, finished) = mpsc::unbounded_channel();
        let opening = async {
            let settings = parts.settings.clone();
            let thread =
                CycleThread::start(settings, Arc::clone(&parts.open), surroundings.clone(), tell_finished)
                    .await?;
            let hint = thread.look().await?;
            Ok::<_, EngineError>((thread, hint))
        };
        let (thread, hint) = tokio::select! {
            opened = opening => opened?,
            () = told_to_stop(&mut parts.signals) => {
                surroundings.stop.cancel();
                return Ok(None);
            }
        };
        if let Err(error) = parts.lock.note(Some(parts.control.path())) {
            warn!(error = %error, "Commands may not find the control socket");
        }
        let desk = Desk::new(thread.clone(), &parts.settings);
        let (facts, known_facts) = watch::channel(DaemonStatus::default());
        let listening = parts.listener.map(|listener| listener.listen(thread.clone(), known_facts.clone()));
        let listening = listening
            .transpose()
            .map_err(|error| EngineError::new(ErrorKind::State, format!("posts cannot be kept: {error}")))?;
        let connections = TaskTracker::new();
        let serve = parts.control.serve(desk.clone(), known_facts, connections.clone());
        let feed = watchdog::feed(parts.manager.clone(), thread.clone());
        let tasks = [tokio::spawn(serve), tokio::spawn(feed)].map(AbortOnDropHandle::new);
        let (results, events) = mpsc::unbounded_channel();
        let mut daemon = Daemon {
            schedule: Schedule::new(&parts.settings, parts.clock.now()),
            settings: parts.settings,
            read_settings: parts.read_settings,
            _lock: parts.lock,
            signals: parts.signals,
            file_hints: (parts.watch)(),
            manager: parts.manager,
            clock: parts.clock,
            desk,
            thread,
            finished,
            facts,
            connections,
            tasks,
            follow_ups: FollowUps::default(),
            wanted: VecDeque::new(),
            running: None,
            file: FileWatch::default(),
            listening,
            hints: Hints::default(),
            is_slowed: false,
            // The cycle of the start.
            others_first: true,
            results,
            events,
            reloading: false,
            awaited_first_sync: false,
            failing: BTreeSet::new(),
        };
        daemon.want(Cause::Start, Reach::Moved);
        daemon.looked(hint);
        daemon.publish_facts();
        daemon.manager.ready(&daemon.status_line());
        info!("Ready");
        Ok(Some(daemon))
    }

    /// Works until it is told to stop.
    pub async fn run(mut self) -> Ended {
        let mut has_hints = true;
        loop {
            self.begin_next();
            self.look_if_needed();
            self.publish_facts();
            let wake = self.next_wake();
            tokio::select! {
                signal = self.signals.next() => match signal {
                    Signal::Stop => break,
                    Signal::Reload => self.reload(),
                    Signal::Cycle => self.want(Cause::Signal, Reach::Moved),
                },
                hint = self.file_hints.recv(), if has_hints => match hint {
                    Some(()) => self.file.is_dirty = true,
                    None => has_hints = false,
                },
                arrived = next_arrival(&mut self.listening) => self.arrived(arrived),
                Some(finished) = self.finished.recv() => self.take_in(finished),
                Some(event) = self.events.recv() => match event {
                    Event::Looked(hint) => self.looked(hint),
                    Event::Reloaded(settings, result) => self.reloaded(*settings, result),
                },
                () = sleep_until(wake) => {}
            }
        }
        self.stop().await
    }

    async fn stop(mut self) -> Ended {
        info!("Stopping after the step under way");
        self.thread.stop();
        self.manager.stopping();
        let ended = tokio::select! {
            () = self.thread.gone() => Ended::Finished,
            () = told_to_stop(&mut self.signals) => Ended::AtOnce,
        };
        match ended {
            Ended::Finished => {
                self.connections.close();
                // A command that does not read its answer does not keep the daemon.
                let _ = timeout(LAST_WORDS, self.connections.wait()).await;
                info!("Stopped");
            }
            Ended::AtOnce => warn!("Stopped at once; what was under way is looked at in the next start"),
        }
        if let Some(listening) = self.listening {
            listening.close().await;
        }
        // The socket must be gone before the lock: the next daemon's lies at the same path.
        for task in self.tasks {
            task.abort();
            let _ = task.await;
        }
        ended
    }

    /// Asks for a cycle for everybody or for somebody; one that waits already is enough.
    fn want(&mut self, cause: Cause, reach: Reach) {
        let request = CycleRequest { cause, reach, dry_run: false };
        self.want_request(Wanted { request, sides: Sides::BOTH, is_follow_up: false });
    }

    fn want_request(&mut self, wanted: Wanted) {
        if !self.wanted.iter().any(|waiting| waiting.request.reach == wanted.request.reach) {
            self.wanted.push_back(wanted);
        }
    }

    /// Begins the next cycle: what was asked for first, then what is due. Hints take turns with both.
    fn begin_next(&mut self) {
        if self.running.is_some() {
            return;
        }
        let now = self.clock.now();
        let due = self.schedule.next(now);
        let others_wait = !self.wanted.is_empty() || due.at <= now;
        if !(others_wait && self.others_first)
            && let Some(hinted) = self.hinted()
        {
            self.others_first = true;
            self.thread.begin_cycle(hinted.request.clone(), hinted.sides);
            self.running = Some(hinted);
            return;
        }
        self.others_first = false;
        let next = match self.wanted.pop_front() {
            Some(wanted) => wanted,
            None if due.at <= now => Wanted {
                request: CycleRequest { cause: Cause::Schedule, reach: due.reach, dry_run: false },
                sides: due.sides,
                is_follow_up: false,
            },
            None => return,
        };
        self.thread.begin_cycle(next.request.clone(), next.sides);
        self.running = Some(next);
    }

    /// A cycle for those whom posts named, unless a save of the resolution file waits for a look.
    fn hinted(&mut self) -> Option<Wanted> {
        if self.file.is_looking || self.look_is_due() {
            return None;
        }
        let people = self.hints.begin(Instant::now());
        if people.is_empty() {
            return None;
        }
        let request = CycleRequest { cause: Cause::Webhook, reach: Reach::Hinted(people), dry_run: false };
        Some(Wanted { request, sides: Sides::BOTH, is_follow_up: false })
    }

    fn arrived(&mut self, Arrived { row, named }: Arrived) {
        let now = Instant::now();
        for hinted in named {
            self.hints.add(row, hinted, now);
        }
        self.note_hints();
    }

    /// Takes in how a cycle for hints ended.
    fn hints_finished(&mut self, result: &Result<CycleReport, EngineError>) {
        let now = Instant::now();
        match result {
            Ok(report) if report.hints_read => self.hints.were_read(&report.unmoved_hints, now),
            Ok(report) if !report.sides.is_empty() => {
                let failed: Vec<Side> = report.sides.iter().map(|failure| failure.side).collect();
                let clock_now = self.clock.now();
                let until = self.schedule.resting(clock_now).into_iter().map(|(_, _, until)| until).max();
                let rest = until.and_then(|until| Duration::try_from(until.duration_since(clock_now)).ok());
                self.hints.were_not_read(&failed, now + rest.unwrap_or_default().max(HINTS_REST));
            }
            Ok(_) | Err(_) => self.hints.were_not_read(&Side::BOTH, now + HINTS_REST),
        }
        self.note_hints();
        if let Some(listening) = &self.listening {
            listening.inbox.settle(self.hints.settled_to());
        }
    }

    fn note_hints(&self) {
        if let Some(listening) = &self.listening {
            listening.inbox.note_waiting(self.hints.len());
        }
    }

    fn next_wake(&self) -> Instant {
        let mut wake = Instant::now() + LONGEST_WAIT;
        if self.running.is_none() {
            wake = self.file.look_at.unwrap_or(wake);
            wake = self.hints.next_at().map_or(wake, |at| wake.min(at));
            let now = self.clock.now();
            let wait = Duration::try_from(self.schedule.next(now).at.duration_since(now)).unwrap_or_default();
            wake = wake.min(Instant::now() + wait.min(LONGEST_WAIT));
        }
        wake
    }

    fn take_in(&mut self, finished: Finished) {
        let Finished { request, sides, result } = finished;
        // A cycle that a command asked for is not ours, and ours waits behind it.
        let ours = self.running.take_if(|running| running.request == request);
        if !request.dry_run {
            self.schedule.finished(&request.reach, sides, &result, self.clock.now());
        }
        if ours.is_some() && matches!(request.reach, Reach::Hinted(_)) {
            self.hints_finished(&result);
        }
        match &result {
            Ok(report) => {
                self.log(report);
                // The first sync is over with the cycle that carries it out, not with the one that asks to be allowed.
                let is_first =
                    !self.desk.has_result() || (self.awaited_first_sync && !report.awaits_first_sync);
                if !report.dry_run && is_first {
                    self.desk.keep_result(report);
                }
                if !report.dry_run && report.sides.is_empty() {
                    self.awaited_first_sync = report.awaits_first_sync;
                }
                let is_follow_up = ours.is_some_and(|wanted| wanted.is_follow_up);
                for request in self.follow_ups.after(report, is_follow_up) {
                    self.want_request(Wanted { request, sides: Sides::BOTH, is_follow_up: true });
                }
            }
            Err(error) if error.kind == ErrorKind::Stopping => {}
            Err(error) => error!(cause = request.cause.word(), "A cycle failed: {error}"),
        }
        self.heed_budget();
        // An answer may have come in while it ran.
        self.file.is_dirty |= request.cause == Cause::File;
        self.manager.status(&self.status_line());
    }

    fn heed_budget(&mut self) {
        let used = self.thread.snapshot().status.api_use;
        let is_beyond = budget::is_beyond(&used, &self.settings.budget);
        if is_beyond != self.is_slowed {
            info!("Budget: {}", budget::words(&used, &self.settings.budget));
        }
        self.is_slowed = is_beyond;
        self.schedule.heed_budget(is_beyond);
    }

    fn log(&mut self, report: &CycleReport) {
        let writes = report.huma_writes + report.xledger_writes;
        if writes > 0 || !report.created.is_empty() || !report.failures.is_empty() {
            info!(
                cycle.id = report.cycle,
                cause = report.cause,
                huma_writes = report.huma_writes,
                xledger_writes = report.xledger_writes,
                created = report.created.len(),
                failures = report.failures.len(),
                questions = report.questions,
                "Cycle {} made {writes} writes; {} questions are open",
                report.cycle,
                report.questions,
            );
        } else {
            debug!(cycle.id = report.cycle, cause = report.cause, "Cycle {} wrote nothing", report.cycle);
        }
        let failing: BTreeSet<Side> = report.sides.iter().map(|failure| failure.side).collect();
        for failure in &report.sides {
            match (self.failing.contains(&failure.side), failure.passing) {
                (true, _) => debug!(side = failure.side.word(), "{}", failure.what),
                (false, true) => warn!(side = failure.side.word(), "{}; it is tried again", failure.what),
                (false, false) => error!(side = failure.side.word(), "{}", failure.what),
            }
        }
        let resting: BTreeSet<Side> =
            self.schedule.resting(self.clock.now()).into_iter().map(|(side, _, _)| side).collect();
        for side in self.failing.difference(&failing).filter(|side| !resting.contains(*side)) {
            info!(side = side.word(), "{side} works again");
        }
        self.failing = failing.union(&resting).copied().collect();
    }

    /// Looks at the resolution file beside the loop: it waits for the cycle under way.
    fn look_if_needed(&mut self) {
        // While a cycle runs every further save is the same news.
        if !self.look_is_due() || self.file.is_looking || self.running.is_some() {
            return;
        }
        self.file.is_dirty = false;
        self.file.is_looking = true;
        let (thread, results) = (self.thread.clone(), self.results.clone());
        tokio::spawn(async move {
            // Without an answer the program is ending, or a panic has been logged.
            let hint = thread.look().await.unwrap_or(FileHint::Nothing);
            let _ = results.send(Event::Looked(hint));
        });
    }

    fn look_is_due(&self) -> bool {
        self.file.is_dirty || self.file.look_at.is_some_and(|at| at <= Instant::now())
    }

    fn looked(&mut self, hint: FileHint) {
        self.file.is_looking = false;
        self.file.look_at = None;
        match hint {
            FileHint::Nothing => {}
            FileHint::Settling(wait) => self.file.look_at = Some(Instant::now() + wait),
            FileHint::Ready => self.want(Cause::File, Reach::Moved),
        }
    }

    fn reload(&mut self) {
        if self.reloading {
            return;
        }
        self.manager.reloading();
        // Asked for by whoever edits files: the resolution file may be one of them.
        self.file.is_dirty = true;
        let refused = match (self.read_settings)() {
            Ok(new) if new.state == self.settings.state => {
                self.reloading = true;
                let (thread, results) = (self.thread.clone(), self.results.clone());
                tokio::spawn(async move {
                    let result = thread.reload(new.clone()).await;
                    let _ = results.send(Event::Reloaded(Box::new(new), result));
                });
                return;
            }
            Ok(_) => "`state.directory` has changed, which takes a restart".to_owned(),
            Err(refused) => refused,
        };
        self.keep_old_settings(refused);
    }

    fn reloaded(&mut self, settings: Settings, result: Result<(), EngineError>) {
        self.reloading = false;
        match result {
            Ok(()) => {
                if let Some(listening) = &self.listening
                    && let Err(error) = listening.reload(&settings)
                {
                    error!("Posts are proven with the secrets read before: {error}");
                }
                if settings.listen != self.settings.listen {
                    warn!("`[listen]` has changed, which takes a restart");
                }
                self.schedule.reload(&settings, self.clock.now());
                self.settings = settings;
                self.facts.send_modify(|facts| facts.settings_refused = None);
                info!("The settings were read anew");
                self.manager.ready(&self.status_line());
            }
            Err(error) => self.keep_old_settings(error.what),
        }
    }

    fn keep_old_settings(&mut self, why: String) {
        error!("The new settings were not taken, those before them hold: {why}");
        self.manager.ready("The new settings were not taken, those before them hold");
        self.facts.send_modify(|facts| facts.settings_refused = Some(why));
    }

    fn publish_facts(&self) {
        let now = self.clock.now();
        let running = self.running.as_ref().map(|wanted| wanted.request.cause.word().to_owned());
        let resting = self.schedule.resting(now).into_iter().map(|(side, what, until)| Resting {
            side,
            what: what.to_owned(),
            until: utc_text(until),
        });
        let facts = DaemonStatus {
            pid: std::process::id(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            running,
            next_cycle_at: Some(utc_text(self.schedule.next(now).at.max(now))),
            resting: resting.collect(),
            panics: self.thread.snapshot().panics,
            settings_refused: self.facts.borrow().settings_refused.clone(),
        };
        self.facts.send_replace(facts);
    }

    fn status_line(&self) -> String {
        let mut line = text::status_line(&self.thread.snapshot().status);
        for (_, what, _) in self.schedule.resting(self.clock.now()) {
            line.push_str(&format!("; {what}"));
        }
        line
    }
}

/// Never, where nothing listens.
async fn next_arrival(listening: &mut Option<Listening>) -> Arrived {
    let arrival = async { listening.as_mut()?.arrivals.recv().await };
    match arrival.await {
        Some(arrived) => arrived,
        None => std::future::pending().await,
    }
}

async fn told_to_stop(signals: &mut Signals) {
    while signals.next().await != Signal::Stop {}
}
