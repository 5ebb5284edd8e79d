//! The command line: arguments, one file per command, and every error as a sentence, a next step and an exit code.
//!
//! A command that writes or needs a login is handed to the running daemon; with none it takes the state directory's lock and
//! works by itself.

mod args;
mod check;
#[cfg(feature = "sandbox")]
pub mod demo;
mod desk;
mod engine;
mod error;
mod exit;
pub mod open;
mod output;
mod plan;
mod resolve;
mod run;
#[cfg(feature = "sandbox")]
mod sandbox;
mod settings;
mod status;
mod sync;

use crate::config::Log;
use crate::daemon::OpenEngine;
use clap::Parser;
use std::process::ExitCode;

#[cfg(feature = "sandbox")]
pub use args::DemoArgs;
pub use args::{Args, Command};
pub use error::CommandError;
pub use exit::Exit;

/// What the program is made of besides its commands: given by `main`, and by tests.
#[derive(Clone)]
pub struct Program {
    /// Opens the engine over both sides and the database.
    pub open: OpenEngine,
    /// Sets up the log; called once.
    pub log: fn(LogFor<'_>),
    #[cfg(feature = "sandbox")]
    pub demo: fn(&Program, &DemoArgs) -> Result<Exit, CommandError>,
}

/// Who reads the log.
#[derive(Debug, Clone, Copy)]
pub enum LogFor<'s> {
    /// The service: as its settings say.
    Daemon(&'s Log),
    /// Somebody who runs a command: warnings only.
    Command,
}

/// Runs the command of this process.
pub fn main(program: &Program) -> ExitCode {
    // Wrong usage ends here, with exit code 2 and clap's own words.
    let args = Args::parse();
    match dispatch(program, &args) {
        Ok(exit) => exit.into(),
        Err(error) => {
            error.print(args.json);
            error.exit().into()
        }
    }
}

fn dispatch(program: &Program, args: &Args) -> Result<Exit, CommandError> {
    match &args.command {
        Command::Run => {}
        Command::Sync(_)
        | Command::Plan(_)
        | Command::Status(_)
        | Command::Resolve(_)
        | Command::Check(_) => (program.log)(LogFor::Command),
        #[cfg(feature = "sandbox")]
        Command::Sandbox(_) | Command::Demo(_) => (program.log)(LogFor::Command),
    }
    match &args.command {
        Command::Run => run::run(program, args),
        Command::Sync(of) => sync::sync(program, args, of),
        Command::Plan(of) => plan::plan(program, args, of),
        Command::Status(of) => status::status(args, of),
        Command::Resolve(of) => resolve::resolve(program, args, of),
        Command::Check(of) => check::check(program, args, of),
        #[cfg(feature = "sandbox")]
        Command::Sandbox(of) => sandbox::sandbox(of),
        #[cfg(feature = "sandbox")]
        Command::Demo(of) => (program.demo)(program, of),
    }
}

/// The runtime of a command.
fn runtime() -> Result<tokio::runtime::Runtime, CommandError> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| CommandError::failed(format!("the program could not start its runtime: {error}")))
}
