//! One cycle: observe → correlate → reconcile → check → record → apply → converge.
//!
//! Level-triggered: a cycle works from what both sides say and what the base says, never from the event that woke it. The
//! next cycle is the retry.

mod apply;
mod create;
mod cycle;
mod desk;
mod engine;
mod evaluate;
mod hinted;
mod observe;
mod people;
mod record;
mod recover;
mod report;
mod request;
mod scope;

pub use cycle::Progress;
pub use desk::{Look, Said};
pub use engine::{Engine, SyncError};
pub use hinted::Hinted;
pub use report::{CycleReport, FieldFailure, PersonPlan, SideFailure};
pub use request::{Cause, CycleRequest, Reach};
