//! One cycle: observe → correlate → reconcile → check → record → apply → converge.
//!
//! Level-triggered: a cycle works from what both sides say and what the base says, never from the event that woke it. The
//! next cycle is the retry.

mod request;
mod report;

pub use report::{CycleReport, FieldFailure, PersonPlan, SideFailure};
pub use request::{Cause, CycleRequest, Reach};
