//! The running service: one thread works through cycles, another listens to signals, the file, the clock and commands.
//!
//! ```text
//! signals ─┐
//! file    ─┤            requests            ┌────────────────┐
//! clock   ─┼─▶ Daemon::run ───────────────▶ │  cycle thread  │ ─▶ Cycles (the engine)
//! socket  ─┘    (this thread) ◀──────────── └────────────────┘
//!                                reports
//! ```
//!
//! The engine lives on a thread of its own because the store is synchronous: nothing it does keeps a signal waiting.
//!
//! **Invariant:** once ready, the daemon never ends for a side's sake.
//! **Invariant:** what woke a cycle decides when and for whom it runs, never what it writes.

mod client;
mod control;
mod cycle_thread;
mod desk;
mod engine;
mod file_hints;
mod follow_up;
mod hints;
mod listener;
mod lock;
mod manager;
mod peer;
mod protocol;
mod run;
mod schedule;
mod signals;
mod watchdog;

pub use client::{Connection, Unconnected, connect, socket_path};
pub use control::ControlSocket;
pub use cycle_thread::{CycleThread, Finished, Snapshot};
pub use desk::Desk;
pub use engine::{
    CheckLine, CheckReport, CheckState, Cycles, EngineError, ErrorKind, FileHint, OpenEngine, Progress,
    Sides, Surroundings,
};
pub use file_hints::file_hints;
pub use listener::{CONTACTS, EMPLOYEES, Keys, Listener};
pub use lock::{Holder, InstanceLock, LockError};
pub use manager::Manager;
pub use peer::{current_user, user_name};
pub use protocol::{Ask, DaemonStatus, FullStatus, PROTOCOL, Tell};
pub use run::{Daemon, Ended, Parts};
pub use schedule::{Due, Schedule};
pub use signals::{Signal, Signals};
