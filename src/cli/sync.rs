//! `hxsync sync`: one cycle now.

use super::args::{Args, SyncArgs};
use super::{CommandError, Exit, Program, desk, output, settings};
use crate::daemon::{Ask, Tell};
use crate::report::{masked, text};

pub fn sync(program: &Program, args: &Args, of: &SyncArgs) -> Result<Exit, CommandError> {
    let settings = settings::load(&args.config)?;
    let ask = Ask::Sync { dry_run: of.dry_run, full: of.full, person: of.person.clone() };
    let report = match desk::have_done(program, &settings, ask, args.json)? {
        Ok(Tell::Cycle(report)) => masked(*report),
        Ok(_) => return Err(desk::unexpected()),
        Err(exit) => return Ok(exit),
    };
    if args.json {
        output::print_json(&report);
    } else {
        output::print(&text::cycle(&report, &settings.sync.time_zone));
        if report.questions > 0 {
            output::print(&format!("\nThe questions are in {}\n", settings.resolutions.file.display()));
        }
    }
    Ok(Exit::of_cycle(&report, of.exit_code))
}
