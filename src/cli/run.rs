//! `hxsync run`: the service.

use super::args::Args;
use super::error::with_causes;
use super::{CommandError, Exit, LogFor, Program, desk, settings};
use crate::config::Settings;
use crate::daemon::{
    ControlSocket, Daemon, Ended, InstanceLock, Keys, Listener, Manager, Parts, Signals, file_hints,
    socket_path,
};
use crate::remote::world::SystemClock;
use std::path::Path;
use std::sync::Arc;

pub fn run(program: &Program, args: &Args) -> Result<Exit, CommandError> {
    let settings = settings::load(&args.config)?;
    (program.log)(LogFor::Daemon(&settings.log));
    settings::prove_secrets(&settings)?;
    let lock = InstanceLock::take(&settings.state.directory)?;
    let runtime = super::runtime()?;
    let result = runtime.block_on(serve(program, &args.config, settings, lock));
    // What was told to end at once is not waited for.
    runtime.shutdown_background();
    result
}

async fn serve(
    program: &Program,
    config: &Path,
    settings: Settings,
    lock: InstanceLock,
) -> Result<Exit, CommandError> {
    let signals = Signals::of_process()
        .map_err(|error| CommandError::failed(format!("signals cannot be received: {error}")))?;
    let control_path = socket_path(&settings, desk::runtime_directory().as_deref());
    let control =
        ControlSocket::bind(&control_path, settings.resolutions.group.as_deref()).map_err(|error| {
            CommandError::failed(format!(
                "the control socket {} cannot be made: {error}",
                control_path.display()
            ))
        })?;
    let listener = listener(&settings).await?;
    let file = settings.resolutions.file.clone();
    let config = config.to_owned();
    let parts = Parts {
        settings,
        read_settings: Box::new(move || read_again(&config)),
        open: Arc::clone(&program.open),
        lock,
        control,
        listener,
        signals,
        watch: Box::new(move || file_hints(file)),
        manager: Manager::from_env(),
        clock: Arc::new(SystemClock),
    };
    match Daemon::start(parts).await? {
        None => Ok(Exit::Done),
        Some(daemon) => match daemon.run().await {
            Ended::Finished => Ok(Exit::Done),
            Ended::AtOnce => Ok(Exit::Interrupted),
        },
    }
}

/// The socket of `[listen]`, where the settings have one.
async fn listener(settings: &Settings) -> Result<Option<Listener>, CommandError> {
    let Some(listen) = &settings.listen else { return Ok(None) };
    let keys = Keys::read(settings)
        .map_err(|(key, error)| CommandError::failed(format!("the secret of `{key}`: {error}")))?;
    let database = settings.state.directory.join(super::open::DATABASE);
    let bound = Listener::bind(listen.address, keys, database).await.map_err(|error| {
        CommandError::failed(format!("`listen.address` ({}) cannot be listened on: {error}", listen.address))
    })?;
    Ok(Some(bound))
}

/// The words for the log, without the excerpts that help on a terminal.
fn read_again(config: &Path) -> Result<Settings, String> {
    let text = std::fs::read_to_string(config).map_err(|error| with_causes(&error))?;
    let name = config.display().to_string();
    Settings::parse(&text, &name, &|name| std::env::var(name).ok()).map_err(|errors| {
        let lines = errors.iter().map(|error| match errors.place(error) {
            Some((line, _)) => format!("line {line}: {}", error.what),
            None => error.what.clone(),
        });
        format!("{errors}: {}", lines.collect::<Vec<_>>().join("; "))
    })
}
