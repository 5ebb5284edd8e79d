//! The unit file, as the tools of systemd see it, where they are at hand.

use std::path::PathBuf;
use std::process::{Command, Output};

fn unit() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "packaging", "hxsync.service"].iter().collect()
}

/// `None`, with a message, where systemd is not at hand.
fn analyze(arguments: &[&str], unit: &std::path::Path) -> Option<Output> {
    match Command::new("systemd-analyze").args(arguments).arg(unit).output() {
        Ok(output) => Some(output),
        Err(error) => {
            eprintln!("skipped: systemd-analyze is not at hand ({error})");
            None
        }
    }
}

#[test]
fn the_unit_is_understood() {
    // The program is not installed here: the check wants a file it can run, and the manual pages come with the package.
    let directory = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(unit()).unwrap();
    let runnable = text.replace("/usr/bin/hxsync", env!("CARGO_BIN_EXE_hxsync"));
    let copy = directory.path().join("hxsync.service");
    std::fs::write(&copy, runnable).unwrap();
    let Some(output) = analyze(&["verify", "--man=no"], &copy) else { return };
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(!said.contains("hxsync.service"), "{said}");
}

#[test]
fn the_unit_exposes_little() {
    // In tenths: 11 is "OK" at the edge of "SAFE".
    let Some(output) = analyze(&["security", "--offline=true", "--threshold=11"], &unit()) else { return };
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
}
