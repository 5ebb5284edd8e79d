//! The settings file of a command, and whether the secrets it names can be had.

use super::error::{CommandError, with_causes};
use super::exit::Exit;
use crate::config::{SecretFile, Settings};
use crate::remote::{Secret, SecretError};
use std::fs;
use std::io;
use std::path::Path;

/// Reads and checks the settings.
pub fn load(path: &Path) -> Result<Settings, CommandError> {
    let text = fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
    let settings = Settings::parse(&text, &path.display().to_string(), &|name| std::env::var(name).ok())?;
    Ok(settings)
}

/// Refuses what no cycle could work with, before anything is opened.
pub fn prove_secrets(settings: &Settings) -> Result<(), CommandError> {
    let optional = [&settings.huma.webhook_secret_file, &settings.huma.webhook_token_file];
    let required = [&settings.huma.client_secret_file, &settings.xledger.token_file];
    for file in required.into_iter().chain(optional.into_iter().flatten()) {
        Secret::read(&file.path, None).map_err(|error| no_secret(file, &error))?;
    }
    Ok(())
}

fn unreadable(path: &Path, error: &io::Error) -> CommandError {
    let shown = path.display();
    let (what, next) = match error.kind() {
        io::ErrorKind::NotFound => (
            format!("there is no settings file at {shown}"),
            "Name the file with `--config FILE`, or see the product without any with `hxsync demo`.",
        ),
        io::ErrorKind::InvalidData => (
            format!("the settings file {shown} is not UTF-8 text"),
            "Save it as UTF-8, then run `hxsync check`.",
        ),
        _ => (
            format!("the settings file {shown} cannot be read: {error}"),
            "Run the command as root or as the user of the service.",
        ),
    };
    CommandError::new(Exit::Settings, what, next)
}

fn no_secret(file: &SecretFile, error: &SecretError) -> CommandError {
    let key = file.key;
    let path = file.path.display();
    let (what, next) = match error {
        SecretError::Missing(_) => (
            file.not_found(),
            format!("Put the secret into that file with mode 0600, or name another file in `{key}`."),
        ),
        SecretError::Unreadable { .. } => (
            format!("{} (`{key}`)", with_causes(error)),
            "Run the command as root or as the user of the service.".to_owned(),
        ),
        SecretError::WorldReadable { mode, .. } => (
            format!("the secret file {path} is open to everybody, mode {mode:04o} (`{key}`)"),
            format!("Run `chmod 600 {path}`; if others may have read it, make a new secret."),
        ),
        SecretError::Empty(_) | SecretError::NotText(_) => {
            (format!("{error} (`{key}`)"), "Put the secret into it as one line of text.".to_owned())
        }
    };
    CommandError::new(Exit::Settings, what, next)
}
