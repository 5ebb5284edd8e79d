//! Where a command's work is done: by the running daemon, or here under the state directory's lock.

use super::error::CommandError;
use super::exit::Exit;
use super::output::ProgressLine;
use super::{Program, settings};
use crate::config::Settings;
use crate::daemon::{
    Ask, Connection, CycleThread, Desk, InstanceLock, Signal, Signals, Surroundings, Tell, Unconnected,
    connect, current_user,
};
use std::sync::Arc;
use tokio::sync::mpsc;

/// The daemon's runtime directory, where this process has one.
pub fn runtime_directory() -> Option<String> {
    std::env::var("RUNTIME_DIRECTORY").ok()
}

/// Has `ask` done and returns the last word. A failure comes back as an error, and a second Ctrl-C as [`Exit::Interrupted`].
pub fn have_done(
    program: &Program,
    settings: &Settings,
    ask: Ask,
    json: bool,
) -> Result<Result<Tell, Exit>, CommandError> {
    let runtime = super::runtime()?;
    let result = runtime.block_on(async {
        match connect(settings, runtime_directory().as_deref()).await {
            Ok(connection) => by_daemon(connection, ask, json).await.map(Ok),
            Err(Unconnected::NoDaemon) => here(program, settings, ask, json).await,
            Err(error) => Err(error.into()),
        }
    });
    // A step that was left at once must not hold up the end.
    runtime.shutdown_background();
    result
}

async fn by_daemon(connection: Connection, ask: Ask, json: bool) -> Result<Tell, CommandError> {
    let mut line = ProgressLine::new(json);
    match connection.ask(ask, |text| line.show(text)).await {
        Tell::Failed(error) => Err(error.into()),
        told => Ok(told),
    }
}

async fn here(
    program: &Program,
    settings: &Settings,
    ask: Ask,
    json: bool,
) -> Result<Result<Tell, Exit>, CommandError> {
    settings::prove_secrets(settings)?;
    let lock = InstanceLock::take(&settings.state.directory)?;
    let mut signals = Signals::to_stop()
        .map_err(|error| CommandError::failed(format!("signals cannot be received: {error}")))?;
    let surroundings = Surroundings::default();
    let (finished, _ignored) = mpsc::unbounded_channel();
    let open = Arc::clone(&program.open);
    let thread = CycleThread::start(settings.clone(), open, surroundings.clone(), finished).await?;
    let desk = Desk::new(thread.clone(), settings);
    let mut line = ProgressLine::new(json);
    let mut progress = surroundings.progress.lines();
    let mut work = std::pin::pin!(desk.carry_out(ask, current_user(), None));
    let told = loop {
        tokio::select! {
            biased;
            told = &mut work => break told,
            signal = signals.next() => match signal {
                Signal::Stop if surroundings.stop.is_cancelled() => return Ok(Err(Exit::Interrupted)),
                Signal::Stop => {
                    line.show("Stopping after the step under way; once more to stop at once");
                    thread.stop();
                }
                Signal::Reload | Signal::Cycle => {}
            },
            Ok(()) = progress.changed() => line.show(&progress.borrow_and_update().clone()),
        }
    };
    thread.stop();
    thread.gone().await;
    drop(lock);
    match told {
        Tell::Failed(error) => Err(error.into()),
        told => Ok(Ok(told)),
    }
}

/// What no answer to this request can be.
pub fn unexpected() -> CommandError {
    CommandError::new(
        Exit::Failed,
        "the daemon answered with something else than was asked",
        "Restart the daemon, so that both are of the installed version.",
    )
}
