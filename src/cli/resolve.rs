//! `hxsync resolve`: the open questions, one answer, or the resolution file in an editor.

use super::args::{Args, ResolveArgs};
use super::{CommandError, Exit, Program, desk, output, settings, status};
use crate::config::Settings;
use crate::daemon::{Ask, Tell};
use crate::report::text;
use std::collections::HashSet;
use std::fs;
use std::io::{self, IsTerminal};
use std::path::Path;
use std::process::Command;

/// Lines of the resolution file that hxsync answers with.
const ANSWER: &str = "#!";

pub fn resolve(program: &Program, args: &Args, of: &ResolveArgs) -> Result<Exit, CommandError> {
    let settings = settings::load(&args.config)?;
    match &of.id {
        _ if of.edit => edit(program, args, &settings),
        None => list(args, &settings),
        Some(_) if of.answer.is_empty() => Err(CommandError::new(
            Exit::Usage,
            "the answer is missing",
            "Write it behind the id, for example `hxsync resolve K7Q4 huma`.",
        )),
        Some(item) => answer(program, args, &settings, item, &of.answer),
    }
}

fn list(args: &Args, settings: &Settings) -> Result<Exit, CommandError> {
    let full = status::read(settings)?;
    if args.json {
        output::print_json(&full.status.open_questions);
    } else if full.status.questions == 0 {
        output::print("No questions are open.\n");
    } else {
        output::print(&text::open_questions(&full.status));
        output::print(&format!("\nThe values are in {}\n", settings.resolutions.file.display()));
    }
    Ok(Exit::Done)
}

fn answer(
    program: &Program,
    args: &Args,
    settings: &Settings,
    item: &str,
    words: &[String],
) -> Result<Exit, CommandError> {
    let ask = Ask::Resolve { item: item.to_owned(), words: words.to_vec() };
    match desk::have_done(program, settings, ask, args.json)? {
        Ok(Tell::Done(lines)) if args.json => output::print_json(&lines),
        Ok(Tell::Done(lines)) => {
            lines.iter().for_each(|line| output::print(&format!("{}\n", text::clean(line))))
        }
        Ok(_) => return Err(desk::unexpected()),
        Err(exit) => return Ok(exit),
    }
    Ok(Exit::Done)
}

/// As visudo does it: what was refused can be mended at once.
fn edit(program: &Program, args: &Args, settings: &Settings) -> Result<Exit, CommandError> {
    let file = &settings.resolutions.file;
    loop {
        let before = answers_in(file)?;
        open_editor(file)?;
        match desk::have_done(program, settings, Ask::TakeFile, args.json)? {
            Ok(Tell::Cycle(_)) => {}
            Ok(_) => return Err(desk::unexpected()),
            Err(exit) => return Ok(exit),
        }
        let known: HashSet<&String> = before.iter().collect();
        let after = answers_in(file)?;
        let new: Vec<&String> = after.iter().filter(|line| !known.contains(line)).collect();
        for line in &new {
            output::print(&format!("{}\n", text::clean(line.trim_start_matches(ANSWER).trim())));
        }
        if new.is_empty() {
            output::print("No line was answered.\n");
        }
        if new.is_empty() || !wants_to_edit_again() {
            return Ok(Exit::Done);
        }
    }
}

fn answers_in(file: &Path) -> Result<Vec<String>, CommandError> {
    let bytes = fs::read(file).map_err(|error| {
        CommandError::new(
            Exit::Failed,
            format!("the resolution file {} cannot be read: {error}", file.display()),
            "Run `hxsync sync` to have it made, or join the group in `resolutions.group`.",
        )
    })?;
    let text = String::from_utf8_lossy(&bytes);
    Ok(text.lines().filter(|line| line.starts_with(ANSWER)).map(str::to_owned).collect())
}

/// The editor may be given with arguments, as in `EDITOR="code --wait"`; like git, a shell takes it apart.
fn open_editor(file: &Path) -> Result<(), CommandError> {
    let named = ["VISUAL", "EDITOR"].into_iter().find_map(|name| std::env::var(name).ok());
    let editor = named.filter(|editor| !editor.trim().is_empty()).unwrap_or_else(|| "vi".to_owned());
    let ended = Command::new("sh").arg("-c").arg(format!("{editor} \"$1\"")).arg("hxsync").arg(file).status();
    match ended {
        Ok(status) if status.success() => Ok(()),
        Ok(_) | Err(_) => Err(CommandError::new(
            Exit::Failed,
            format!("the editor `{editor}` failed; a save before that is taken in by itself"),
            "Name a working one in $EDITOR.",
        )),
    }
}

fn wants_to_edit_again() -> bool {
    if !io::stdin().is_terminal() {
        return false;
    }
    output::complain("Enter to leave, e to edit again: ");
    let mut line = String::new();
    io::stdin().read_line(&mut line).is_ok() && line.trim().eq_ignore_ascii_case("e")
}
