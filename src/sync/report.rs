//! What one cycle did, for `sync`, `status`, the log and `last-result.txt`.

use crate::domain::{Field, Side};
use crate::reconcile::Change;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Counts and names; no personal values but the readable labels of people.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CycleReport {
    /// `cycles.id`; 0 for a dry run.
    pub cycle: i64,
    pub cause: String,
    /// UTC, as the store spells moments.
    pub started_at: String,
    pub ended_at: String,
    pub dry_run: bool,
    /// The first sync has not been allowed yet: nothing was written on either side.
    pub awaits_first_sync: bool,
    /// Records read in full on each side.
    pub huma_read: u64,
    pub xledger_read: u64,
    pub linked: u64,
    pub in_agreement: u64,
    /// Fields written on each side, and people created there.
    pub huma_writes: u64,
    pub xledger_writes: u64,
    pub created: Vec<String>,
    pub new_links: u64,
    /// Open questions after the cycle, and of them held ones.
    pub questions: u64,
    pub held: u64,
    /// Answers taken in: applied, refused.
    pub answers_applied: u64,
    pub answers_refused: u64,
    pub failures: Vec<FieldFailure>,
    /// A side that could not be read or written at all.
    pub sides: Vec<SideFailure>,
    /// Why writes are held for everybody, where they are (Huma's own integration is on, a plan-only cycle).
    pub withheld: Option<String>,
    /// For a dry run and for `plan`: what would be written, by person.
    pub plan: Vec<PersonPlan>,
    /// People whose values moved while they were being written: a cycle for them should follow at once.
    pub follow_up: Vec<String>,
    /// The people of [`super::Reach::Hinted`] were read.
    #[serde(skip)]
    pub hints_read: bool,
    /// The hints whose people were found as they were.
    #[serde(skip)]
    pub unmoved_hints: BTreeSet<super::Hinted>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldFailure {
    pub person: String,
    pub field: Option<Field>,
    /// In words without values.
    pub why: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SideFailure {
    pub side: Side,
    /// One sentence without values.
    pub what: String,
    /// Whether waiting may help; else an admin must act.
    pub passing: bool,
}

/// One person's part of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonPlan {
    pub person: String,
    pub changes: Vec<Change>,
    /// Why fields are not carried, in words without values.
    pub notes: Vec<(Field, String)>,
}
