//! `hxsync status`: one screen on how things stand. Needs no login: without a daemon it reads the database alone.

use super::args::{Args, StatusArgs};
use super::{CommandError, Exit, desk, output, settings};
use crate::config::Settings;
use crate::daemon::{Ask, DaemonStatus, FullStatus, Tell, Unconnected, connect};
use crate::report::{StatusReport, budget, last_result, text};
use crate::store::Store;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::path::PathBuf;

pub fn status(args: &Args, of: &StatusArgs) -> Result<Exit, CommandError> {
    let settings = settings::load(&args.config)?;
    let full = read(&settings)?;
    if args.json {
        output::print_json(&full);
    } else {
        output::print(&render(&full, &settings));
    }
    Ok(Exit::of_status(&full.status, of.exit_code))
}

/// From the daemon, else from the database.
pub fn read(settings: &Settings) -> Result<FullStatus, CommandError> {
    super::runtime()?.block_on(async {
        match connect(settings, desk::runtime_directory().as_deref()).await {
            Ok(connection) => match connection.ask(Ask::Status, |_| ()).await {
                Tell::Status(status) => Ok(*status),
                Tell::Failed(error) => Err(error.into()),
                _ => Err(desk::unexpected()),
            },
            // Somebody who may not ask the daemon may still be an auditor who reads the database.
            Err(Unconnected::NoDaemon | Unconnected::NotAllowed { .. }) => from_database(settings),
            Err(error @ Unconnected::Failed { .. }) => Err(error.into()),
        }
    })
}

fn from_database(settings: &Settings) -> Result<FullStatus, CommandError> {
    let store = Store::open_readonly(&database(settings))?;
    let status = StatusReport::read(store.read(), Timestamp::now())?;
    Ok(FullStatus { status, daemon: None, last_result: last_result::read(&settings.state.directory) })
}

fn database(settings: &Settings) -> PathBuf {
    settings.state.directory.join("hxsync.db")
}

fn render(full: &FullStatus, settings: &Settings) -> String {
    let zone = &settings.sync.time_zone;
    let mut shown = text::status(&full.status, zone);
    if !full.status.api_use.is_empty() {
        let words = budget::words(&full.status.api_use, &settings.budget);
        shown.push_str(&format!("  {:<13} {words}\n", "Budget"));
    }
    if let Some(daemon) = &full.daemon {
        shown.push_str(&render_daemon(daemon, zone));
    }
    shown.push_str(&text::status_notes(&full.status));
    if full.daemon.is_none() {
        shown.push_str(
            "\nNo daemon answers: nothing happens by itself. `systemctl start hxsync` starts it.\n",
        );
    }
    if full.status.questions > 0 {
        shown.push_str(&format!("\nThe questions are in {}\n", settings.resolutions.file.display()));
    }
    if let Some(result) = &full.last_result {
        shown.push_str("\nThe first or last manual sync:\n");
        for line in result.lines() {
            shown.push_str(if line.is_empty() { "\n" } else { "  " });
            if !line.is_empty() {
                shown.push_str(line);
                shown.push('\n');
            }
        }
    }
    shown
}

fn render_daemon(daemon: &DaemonStatus, zone: &TimeZone) -> String {
    let mut shown = String::new();
    let mut row = |name: &str, what: &str| shown.push_str(&format!("  {name:<13} {what}\n"));
    row("Daemon", &format!("process {}, version {}", daemon.pid, daemon.version));
    match (&daemon.running, &daemon.next_cycle_at) {
        (Some(cause), _) => row("Next cycle", &format!("running ({cause})")),
        (None, Some(at)) => row("Next cycle", &text::local(at, zone)),
        (None, None) => {}
    }
    for side in &daemon.resting {
        let until = text::local(&side.until, zone);
        row("Resting", &format!("{}; tried again {until}", text::clean(&side.what)));
    }
    if daemon.panics > 0 {
        row("Panics", &format!("{} since the start; see the log", daemon.panics));
    }
    if let Some(why) = &daemon.settings_refused {
        row("Settings", "the new ones were not taken, those before them hold:");
        row("", &text::clean(why));
    }
    shown
}
