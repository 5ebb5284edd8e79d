//! The only SQL of the program: base, snapshots, links, intents, questions, answers, audit, cycles, in one SQLite file.
//!
//! [`Store`] is the one writer but for [`Inbox`], a connection of one table's own; [`ReadStore`] is any number of readers. All reads are methods of [`Reader`]; all writes are
//! methods of [`Writer`], which exists only inside [`Store::write`] and reads as well.
//!
//! **Invariant:** one [`Store::write`] is one transaction: all of it is kept, or none. None is open across a request.
//! **Invariant:** only what changed is written; a `put_*` says whether it wrote.
//! **Invariant:** audit rows are only ever added.

mod audit;
mod base;
mod chain;
mod creations;
mod cycles;
mod draw;
mod error;
mod inbox;
mod intents;
mod item;
mod links;
mod lookups;
pub mod meta;
mod open;
mod questions;
mod resolutions;
mod snapshots;
mod status;
mod text;

pub use audit::{AuditEntry, AuditRow, AuditSide, Outcome};
pub use base::Pair;
pub use chain::{Broken, Chain};
pub use creations::{Creation, CreationId, CreationState, NewCreation};
pub use cycles::{ApiUseRow, Counts, CycleRow, QuietCycle};
pub use error::StoreError;
pub use inbox::{Hint, Inbox};
pub use intents::{Intent, IntentId, IntentState, NewIntent};
pub use links::{Ignored, Link, LinkState, NewLink};
pub use meta::{Key, Phase, Tenants};
pub use open::{ReadStore, Store};
pub use questions::{Asked, Closed, News, QuestionText, StoredQuestion};
pub use resolutions::{NewResolution, Resolution, ResolutionId, ResolutionState};
pub use snapshots::{Mark, Missing, Snapshot};
pub use status::{FoundPerson, PeopleCounts, is_settled};
pub use text::readable;

use draw::Draw;
use std::cell::RefCell;
use std::ops::Deref;

/// Everything that can be asked. Each method sees the last commit, or inside [`Store::write`] the writes so far.
#[derive(Clone, Copy)]
pub struct Reader<'c> {
    conn: &'c rusqlite::Connection,
}

/// Everything that can be written, inside one transaction.
pub struct Writer<'c> {
    reader: Reader<'c>,
    draw: &'c RefCell<Draw>,
}

impl<'c> Deref for Writer<'c> {
    type Target = Reader<'c>;
    fn deref(&self) -> &Reader<'c> {
        &self.reader
    }
}

#[cfg(test)]
mod tests;
