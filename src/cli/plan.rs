//! `hxsync plan`: what would be written, and why.

use super::args::{Args, PlanArgs};
use super::{CommandError, Exit, Program, desk, output, settings};
use crate::daemon::{Ask, Tell};
use crate::report::{masked, text};

pub fn plan(program: &Program, args: &Args, of: &PlanArgs) -> Result<Exit, CommandError> {
    let settings = settings::load(&args.config)?;
    let ask = Ask::Plan { of: of.of.clone() };
    let report = match desk::have_done(program, &settings, ask, args.json)? {
        Ok(Tell::Cycle(report)) => masked(*report),
        Ok(_) => return Err(desk::unexpected()),
        Err(exit) => return Ok(exit),
    };
    if args.json {
        output::print_json(&report);
    } else {
        output::print(&text::plan(&report));
    }
    Ok(Exit::of_cycle(&report, of.exit_code))
}
