//! Arguments, one file per command, and every error turned into a sentence, a next step and an exit code.

pub mod open;
