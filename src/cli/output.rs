//! What a command prints: results on stdout, errors and progress on stderr.

use std::io::{self, IsTerminal, Write};

/// Prints a result. A reader that went away (`| head`) is no error.
pub fn print(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

pub fn print_json(value: &impl serde::Serialize) {
    // Our own types hold texts, numbers and lists: they always serialize.
    let text = serde_json::to_string_pretty(value).expect("our own types serialize");
    print(&(text + "\n"));
}

pub fn complain(text: &str) {
    // Nobody is left to tell.
    let _ = io::stderr().write_all(text.as_bytes());
}

/// One line on stderr that is written over, for somebody who watches; nothing where nobody does.
#[derive(Debug)]
pub struct ProgressLine {
    is_shown: bool,
    width: usize,
}

impl ProgressLine {
    pub fn new(json: bool) -> ProgressLine {
        ProgressLine { is_shown: !json && io::stderr().is_terminal(), width: 0 }
    }

    pub fn show(&mut self, line: &str) {
        if !self.is_shown {
            return;
        }
        // A line that wraps could not be written over.
        let line: String = crate::report::text::clean(line).chars().take(78).collect();
        let width = line.chars().count();
        let blanks = " ".repeat(self.width.saturating_sub(width));
        self.width = width;
        complain(&format!("\r{line}{blanks}"));
    }
}

/// Leaves an empty line for what comes next.
impl Drop for ProgressLine {
    fn drop(&mut self) {
        if self.width > 0 {
            complain(&format!("\r{}\r", " ".repeat(self.width)));
        }
    }
}
