//! `hxsync check`: what is proven, missing or unproven.

use super::args::{Args, CheckArgs};
use super::{CommandError, Exit, Program, desk, output, settings};
use crate::daemon::{Ask, CheckReport, Tell};
use crate::report::text;

pub fn check(program: &Program, args: &Args, of: &CheckArgs) -> Result<Exit, CommandError> {
    let settings = settings::load(&args.config)?;
    if of.probe_writes && !args.json {
        output::complain(
            "Writes are probed by an update of the record with id 0 that changes no property, assumed harmless.\n",
        );
    }
    let ask = Ask::Check { probe_writes: of.probe_writes };
    let report = match desk::have_done(program, &settings, ask, args.json)? {
        Ok(Tell::Check(report)) => report,
        Ok(_) => return Err(desk::unexpected()),
        Err(exit) => return Ok(exit),
    };
    if args.json {
        output::print_json(&report);
    } else {
        output::print(&render(&report));
    }
    Ok(Exit::of_check(&report))
}

fn render(report: &CheckReport) -> String {
    let mut shown = String::new();
    let mut about = "";
    for line in &report.lines {
        if line.about != about {
            let gap = if about.is_empty() { "" } else { "\n" };
            shown.push_str(&format!("{gap}{}\n", text::clean(&line.about)));
            about = &line.about;
        }
        let note = line.note.as_deref().map(|note| format!(": {}", text::clean(note))).unwrap_or_default();
        shown.push_str(&format!("  {:<12} {}{note}\n", line.state.word(), text::clean(&line.what)));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::daemon::{CheckLine, CheckState};

    #[test]
    fn lines_stand_under_what_they_are_about() {
        let line = |about: &str, what: &str, state, note: Option<&str>| CheckLine {
            about: about.into(),
            what: what.into(),
            state,
            note: note.map(str::to_owned),
        };
        let report = CheckReport {
            lines: vec![
                line("settings", "/etc/hxsync/hxsync.toml", CheckState::Ok, None),
                line("Xledger", "Employees, read", CheckState::Ok, Some("one row read")),
                line("Xledger", "Employees, write", CheckState::Unproven, Some("nothing was written yet")),
            ],
        };
        insta::assert_snapshot!(render(&report), @r"
        settings
          ok           /etc/hxsync/hxsync.toml

        Xledger
          ok           Employees, read: one row read
          unproven     Employees, write: nothing was written yet
        ");
    }
}
