//! Why a cycle runs, and for whom.

use super::Hinted;
use crate::reconcile::Who;
use std::collections::BTreeSet;

/// What woke a cycle: `cycles.cause`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// The daemon or a one-off command has just started.
    Start,
    Schedule,
    Webhook,
    /// The resolution file was saved.
    File,
    Signal,
    Command(Who),
}

impl Cause {
    pub fn word(&self) -> &'static str {
        match self {
            Cause::Start => "start",
            Cause::Schedule => "schedule",
            Cause::Webhook => "webhook",
            Cause::File => "file",
            Cause::Signal => "signal",
            Cause::Command(_) => "command",
        }
    }
}

/// How much of both sides is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// Everybody in full.
    Full,
    /// Listing and change log, details of those that moved.
    Moved,
    /// Listing and change log, and the details of this many people read longest ago.
    Sweep { people: usize },
    /// One person, named by employment ID, e-mail or either side's id. Parked writes are tried again.
    Person(String),
    /// Those a post named, and nobody else; a listing only where somebody is not known yet.
    Hinted(BTreeSet<Hinted>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CycleRequest {
    pub cause: Cause,
    pub reach: Reach,
    /// Read and plan; write to neither side and record nothing but the use of the interfaces.
    pub dry_run: bool,
}
