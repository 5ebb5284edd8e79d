//! The program itself, from outside: what a user sees of mistakes, and exit codes.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output};
use tempfile::TempDir;

/// A place with settings and secrets that are good until a test spoils them.
struct Place {
    directory: TempDir,
}

impl Place {
    fn new() -> Place {
        let place = Place { directory: tempfile::tempdir().unwrap() };
        place.settings("[huma]\nclient_id = \"a\"\n");
        place.secret("huma-client-secret", "s3cret\n", 0o600);
        place.secret("xledger-token", "t0ken\n", 0o600);
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn settings(&self, text: &str) {
        let text = format!("{text}[state]\ndirectory = \"${{STATE_DIRECTORY}}\"\n");
        fs::write(self.path("hxsync.toml"), text).unwrap();
    }

    fn secret(&self, name: &str, text: &str, mode: u32) {
        fs::write(self.path(name), text).unwrap();
        fs::set_permissions(self.path(name), Permissions::from_mode(mode)).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_hxsync"))
            .arg("--config")
            .arg(self.path("hxsync.toml"))
            .args(arguments)
            .env_remove("RUNTIME_DIRECTORY")
            .env_remove("JOURNAL_STREAM")
            .env("CREDENTIALS_DIRECTORY", self.directory.path())
            .env("STATE_DIRECTORY", self.path("state"))
            .output()
            .unwrap()
    }

    /// Exit code and what stands on stderr, with the place's own path as `PLACE`. Nothing may stand on stdout, and nothing may
    /// have been made.
    fn mistake(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let before = self.names();
        let output = self.run(arguments);
        assert_eq!(String::from_utf8(output.stdout).unwrap(), "");
        assert_eq!(self.names(), before, "a mistake changes nothing");
        let text = String::from_utf8(output.stderr).unwrap();
        (output.status.code(), text.replace(self.directory.path().to_str().unwrap(), "PLACE"))
    }

    fn names(&self) -> Vec<PathBuf> {
        let mut names: Vec<_> =
            fs::read_dir(self.directory.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        names.sort();
        names
    }
}

#[test]
fn an_unknown_setting_is_shown_with_its_line_and_the_nearest_word() {
    let place = Place::new();
    place.settings("[huma]\nclient_id = \"a\"\nclient_sekret_file = \"/x\"\n");
    for command in ["run", "sync", "status", "check", "plan"] {
        let (code, text) = place.mistake(&[command]);
        assert_eq!(code, Some(78), "{command}");
        assert!(text.starts_with("Error: 1 mistake in the settings file PLACE/hxsync.toml.\n"), "{text}");
        assert!(text.contains("PLACE/hxsync.toml:3:1") && text.contains("client_secret_file"), "{text}");
        assert!(text.ends_with("Next:  Mend what is marked above, then run `hxsync check`.\n"), "{text}");
    }
}

#[test]
fn a_wrong_url_is_shown_with_its_line() {
    let place = Place::new();
    place.settings("[huma]\nclient_id = \"a\"\nurl = \"huma\"\n");
    let (code, text) = place.mistake(&["sync"]);
    assert_eq!(code, Some(78));
    assert!(text.contains("hxsync.toml:3:7"), "{text}");
}

#[test]
fn settings_that_are_not_there_are_named() {
    let place = Place::new();
    fs::remove_file(place.path("hxsync.toml")).unwrap();
    assert_eq!(
        place.mistake(&["run"]),
        (
            Some(78),
            "Error: There is no settings file at PLACE/hxsync.toml.\nNext:  Name the file with `--config FILE`, or see \
             the product without any with `hxsync demo`.\n"
                .to_owned()
        )
    );
}

#[test]
fn a_missing_secret_is_named_by_file_and_setting() {
    let place = Place::new();
    fs::remove_file(place.path("xledger-token")).unwrap();
    for command in ["run", "sync"] {
        assert_eq!(
            place.mistake(&[command]),
            (
                Some(78),
                "Error: PLACE/xledger-token is not there (`xledger.token_file`).\nNext:  Put the secret into that file \
                 with mode 0600, or name another file in `xledger.token_file`.\n"
                    .to_owned()
            )
        );
    }
}

#[test]
fn a_secret_everybody_may_read_is_refused() {
    let place = Place::new();
    place.secret("huma-client-secret", "s3cret\n", 0o644);
    let (code, text) = place.mistake(&["check"]);
    assert_eq!(code, Some(78));
    assert_eq!(
        text,
        "Error: The secret file PLACE/huma-client-secret is open to everybody, mode 0644 (`huma.client_secret_file`).\n\
         Next:  Run `chmod 600 PLACE/huma-client-secret`; if others may have read it, make a new secret.\n"
    );
}

#[test]
fn an_empty_secret_is_refused() {
    let place = Place::new();
    place.secret("xledger-token", " \n", 0o600);
    let (code, text) = place.mistake(&["sync"]);
    assert_eq!(code, Some(78));
    assert!(
        text.starts_with("Error: The secret file PLACE/xledger-token is empty (`xledger.token_file`).\n"),
        "{text}"
    );
}

#[test]
fn no_secret_that_was_written_into_the_settings_is_shown() {
    let place = Place::new();
    place.settings("[huma]\nclient_id = \"a\"\nclient_secret_file = \"q7Hx2-verysecret\"\n");
    let (code, text) = place.mistake(&["sync"]);
    assert_eq!(code, Some(78));
    assert!(!text.contains("verysecret"), "{text}");
}

#[test]
fn a_status_without_a_database_says_how_to_get_one() {
    let (code, text) = Place::new().mistake(&["status"]);
    assert_eq!(code, Some(1));
    assert_eq!(
        text,
        "Error: There is no database at PLACE/state/hxsync.db.\nNext:  Run `hxsync sync` or start the daemon: the \
         first cycle makes it.\n"
    );
}

#[test]
fn a_foreign_database_is_refused_by_name() {
    let place = Place::new();
    fs::create_dir(place.path("state")).unwrap();
    fs::write(place.path("state/hxsync.db"), "SQLite format 3\0 and nothing like it".repeat(40)).unwrap();
    let output = place.run(&["status"]);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("state/hxsync.db is not a database of hxsync.\nNext:  "), "{text}");
}

#[test]
fn wrong_usage_is_2_and_json_errors_are_json() {
    let place = Place::new();
    assert_eq!(place.mistake(&["dance"]).0, Some(2));
    assert_eq!(place.mistake(&["resolve", "K7Q4"]).0, Some(2));
    assert_eq!(place.mistake(&["sync", "--full", "--person", "1042"]).0, Some(2));
    let (code, text) = place.mistake(&["--json", "status"]);
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, value["error"]["exit_code"].as_i64()), (Some(1), Some(1)));
}

#[test]
fn help_lists_the_commands_there_are() {
    let output = Place::new().run(&["--help"]);
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).unwrap();
    for command in ["run", "sync", "plan", "status", "resolve", "check", "sandbox", "demo"] {
        assert!(text.lines().any(|line| line.trim_start().starts_with(command)), "{command}: {text}");
    }
}
