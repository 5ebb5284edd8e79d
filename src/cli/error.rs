//! Every error of a command as words: what is wrong and where, one line on what to do next, and an exit code.

use super::exit::Exit;
use crate::config::SettingsErrors;
use crate::daemon::{EngineError, ErrorKind, LockError, Unconnected};
use crate::store::StoreError;
use std::error::Error;
use std::fmt::Write;

#[derive(Debug)]
pub struct CommandError {
    exit: Exit,
    /// One sentence without a full stop, or several lines that were laid out already.
    what: String,
    next: String,
}

impl CommandError {
    pub fn new(exit: Exit, what: impl Into<String>, next: impl Into<String>) -> CommandError {
        CommandError { exit, what: what.into(), next: next.into() }
    }

    /// Something the machine refused.
    pub fn failed(what: impl Into<String>) -> CommandError {
        CommandError::new(
            Exit::Failed,
            what,
            "See the words above; when they are mended, run the command again.",
        )
    }

    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// The words for a person, on two lines or more.
    pub fn text(&self) -> String {
        let what = capitalised(&self.what);
        let stop = if what.ends_with(['.', '!', '?', '\n']) { "" } else { "." };
        format!("Error: {what}{stop}\nNext:  {}\n", self.next)
    }

    /// To stderr; as JSON where that was asked for.
    pub fn print(&self, json: bool) {
        let text = if json {
            let value = serde_json::json!({
                "error": { "what": self.what, "next": self.next, "exit_code": self.exit.code() }
            });
            format!("{value}\n")
        } else {
            self.text()
        };
        super::output::complain(&text);
    }
}

/// The sentence with the causes that add something, in one line.
pub fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        // Writing to a String cannot fail.
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    text
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => String::new(),
    }
}

impl From<EngineError> for CommandError {
    fn from(error: EngineError) -> CommandError {
        let next = error.next.unwrap_or_else(|| {
            match error.kind {
                ErrorKind::Usage => {
                    "Run `hxsync resolve` for the open questions and `hxsync --help` for the commands."
                }
                ErrorKind::Unreachable => "Look at the connection; `hxsync check` tells when it is back.",
                ErrorKind::Refused => "Mend the login or the right on that side, then run `hxsync check`.",
                ErrorKind::Settings => "Mend the settings file, then run `hxsync check`.",
                ErrorKind::State => {
                    "Look at the state directory, its space and its owner, then run `hxsync check`."
                }
                ErrorKind::Stopping => "Run the command again when it has ended or been started anew.",
                ErrorKind::Internal => {
                    "Run `hxsync status`, and report the log line with the place of the panic."
                }
            }
            .to_owned()
        });
        CommandError { exit: Exit::of_kind(error.kind), what: error.what, next }
    }
}

impl From<LockError> for CommandError {
    fn from(error: LockError) -> CommandError {
        let next = match &error {
            LockError::Held { .. } => {
                "If it is the daemon, it is starting or stopping: try again in a moment. If it is a command, wait for \
                 its end."
            }
            LockError::Directory { .. } => {
                "Make the directory, owned by the user of the service, or name another in `state.directory`."
            }
        };
        CommandError::new(Exit::Failed, with_causes(&error), next)
    }
}

impl From<Unconnected> for CommandError {
    fn from(error: Unconnected) -> CommandError {
        let next = match &error {
            Unconnected::NoDaemon => "Start it with `systemctl start hxsync`.",
            Unconnected::NotAllowed { .. } => {
                "Run the command as root or as a member of the group in `resolutions.group`."
            }
            Unconnected::Failed { .. } => "See whether the daemon runs: `systemctl status hxsync`.",
        };
        CommandError::new(Exit::Failed, with_causes(&error), next)
    }
}

impl From<StoreError> for CommandError {
    fn from(error: StoreError) -> CommandError {
        CommandError::new(Exit::Failed, with_causes(&error), next_for_the_store(&error))
    }
}

/// What to do about a database that does not open or work.
pub(super) fn next_for_the_store(error: &StoreError) -> &'static str {
    match error {
        StoreError::NotOurs { .. } => "Name another directory in `state.directory`, or move that file away.",
        StoreError::Newer { .. } => "Install the version of hxsync that made it, or a newer one.",
        StoreError::Older { .. } => "Start the daemon or run `hxsync sync` once: that brings it up to date.",
        StoreError::Damaged { .. } => {
            "Put a backup in its place, or move it away and begin with a first sync, which writes nothing unasked."
        }
        StoreError::Locked => "Let the other process end, then run the command again.",
        StoreError::Full => "Make room on the disk, then run the command again.",
        StoreError::ReadOnlyDirectory => "Run the command as the user of the service or as root.",
        StoreError::Missing { .. } => "Run `hxsync sync` or start the daemon: the first cycle makes it.",
        StoreError::NoDirectory { .. } => "Make the directory, or name another in `state.directory`.",
        StoreError::AlreadyLinked
        | StoreError::AlreadyBeingMade
        | StoreError::NoSuch { .. }
        | StoreError::Migration { .. }
        | StoreError::File { .. }
        | StoreError::Sql { .. } => "Look at the disk and the file's owner, then run `hxsync check`.",
    }
}

/// Already laid out, each mistake with its own next step.
impl From<SettingsErrors> for CommandError {
    fn from(errors: SettingsErrors) -> CommandError {
        CommandError::new(
            Exit::Settings,
            format!("{errors}.\n\n{}", errors.render()),
            "Mend what is marked above, then run `hxsync check`.",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_a_sentence_and_a_next_step() {
        let error = CommandError::from(EngineError::new(ErrorKind::Refused, "Huma refused the login"));
        assert_eq!(
            error.text(),
            "Error: Huma refused the login.\nNext:  Mend the login or the right on that side, then run `hxsync check`.\n"
        );
        assert_eq!(error.exit().code(), 77);
    }

    #[test]
    fn causes_stand_in_the_same_line() {
        let source = std::io::Error::other("no space left");
        let error = StoreError::File { path: "/x.db".into(), source };
        assert_eq!(with_causes(&error), "the database file /x.db could not be used: no space left");
    }
}
