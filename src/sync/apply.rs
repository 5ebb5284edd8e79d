//! Carries out recorded intents: reads again, writes, reads back, and moves the base to what came back.
//!
//! Each outcome is committed by itself, so that a stop at any place loses nothing: a `sent` intent without an outcome is
//! read again before anything else is sent for that person.
//!
//! **Invariant:** a value is overwritten only while the side still holds exactly what the plan saw (P1).

mod huma;
mod outcome;
mod xledger;

pub use outcome::{FieldResult, judge};

use super::engine::{CycleRun, Engine, SyncError};
use crate::domain::lens::Relation;
use crate::domain::{Field, HumaId, Lenses, LinkId, Reading, Record, RecordId, Side, XledgerId};
use crate::reconcile::{Change, PairBase};
use crate::store::IntentId;
use std::collections::{BTreeMap, BTreeSet};

/// One write to one place of one side: one intent.
#[derive(Debug, Clone)]
pub struct Group {
    pub intent: IntentId,
    pub link: LinkId,
    pub label: String,
    pub target: Target,
    pub changes: Vec<Change>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// One PATCH of fields 1 to 10.
    HumaUser(HumaId),
    /// One PATCH of a position; `None`: the first position is made.
    HumaPosition(HumaId, Option<String>),
    /// One input of a mass mutation.
    Xledger { employee: XledgerId, contact: Option<i64>, subledger: Option<i64> },
}

impl Target {
    /// The word in `intents.operation`.
    pub fn operation(&self) -> &'static str {
        match self {
            Target::HumaUser(_) => "update-user",
            Target::HumaPosition(_, Some(_)) => "update-position",
            Target::HumaPosition(_, None) => "create-position",
            Target::Xledger { .. } => "update-employee",
        }
    }

    pub fn side(&self) -> Side {
        match self {
            Target::HumaUser(_) | Target::HumaPosition(..) => Side::Huma,
            Target::Xledger { .. } => Side::Xledger,
        }
    }
}

/// A pair while it is written to: both records as last read, and its base.
#[derive(Debug, Clone)]
pub struct PairNow {
    pub huma: Record,
    pub xledger: Record,
    pub base: PairBase,
}

impl PairNow {
    pub fn new(huma: Record, xledger: Record, base: PairBase) -> PairNow {
        PairNow { huma, xledger, base }
    }

    pub fn reading(&self, side: Side, field: Field) -> &Reading {
        &self.record(side).fields[field]
    }

    pub fn record(&self, side: Side) -> &Record {
        match side {
            Side::Huma => &self.huma,
            Side::Xledger => &self.xledger,
        }
    }

    pub fn record_mut(&mut self, side: Side) -> &mut Record {
        match side {
            Side::Huma => &mut self.huma,
            Side::Xledger => &mut self.xledger,
        }
    }
}

/// Splits a pair's changes by where they are written: one PATCH per Huma user and one per position, one Xledger input.
pub fn targets(changes: &[Change], huma: &Record, xledger: &Record) -> Vec<(Target, Vec<Change>)> {
    let mut groups: Vec<(Target, Vec<Change>)> = Vec::new();
    for change in changes {
        let Some(target) = target(change, huma, xledger) else { continue };
        match groups.iter_mut().find(|(known, _)| *known == target) {
            Some((_, group)) => group.push(change.clone()),
            None => groups.push((target, vec![change.clone()])),
        }
    }
    groups
}

fn target(change: &Change, huma: &Record, xledger: &Record) -> Option<Target> {
    use crate::domain::Positions;
    match (change.side, &huma.id, &xledger.id) {
        (Side::Huma, RecordId::Huma(id), _) if change.field.is_on_position() => match &huma.huma()?.positions
        {
            Positions::Main(main) => Some(Target::HumaPosition(id.clone(), Some(main.id.clone()))),
            Positions::None => Some(Target::HumaPosition(id.clone(), None)),
            // Reconciled as read-only: no change is ever planned for it.
            Positions::Tied => None,
        },
        (Side::Huma, RecordId::Huma(id), _) => Some(Target::HumaUser(id.clone())),
        (Side::Xledger, _, RecordId::Xledger(id)) => {
            let about = xledger.xledger()?;
            Some(Target::Xledger { employee: *id, contact: about.contact_id, subledger: about.subledger_id })
        }
        // A pair is a Huma record and an Xledger record, in that order.
        (Side::Huma, RecordId::Xledger(_), _) | (Side::Xledger, _, RecordId::Huma(_)) => None,
    }
}

/// People written to Huma between two looks at Xledger.
const HUMA_CHUNK: usize = 50;

impl Engine {
    /// Carries out the groups: Xledger's in mass mutations, then Huma's person by person.
    pub(super) async fn apply(
        &mut self,
        run: &mut CycleRun,
        groups: Vec<Group>,
        pairs: &mut BTreeMap<LinkId, PairNow>,
    ) -> Result<(), SyncError> {
        let (xledger, huma): (Vec<Group>, Vec<Group>) =
            groups.into_iter().partition(|group| group.target.side() == Side::Xledger);
        for batch in xledger.chunks(super::observe::XLEDGER_BATCH) {
            if self.is_resting(Side::Xledger) || self.stop.is_cancelled() {
                run.stopped |= self.stop.is_cancelled();
                break;
            }
            self.apply_xledger(run, batch.to_vec(), pairs).await?;
        }
        let mut by_person: BTreeMap<LinkId, Vec<Group>> = BTreeMap::new();
        for group in huma {
            by_person.entry(group.link).or_default().push(group);
        }
        let people: Vec<(LinkId, Vec<Group>)> = by_person.into_iter().collect();
        for chunk in people.chunks(HUMA_CHUNK) {
            let answered: BTreeSet<LinkId> = chunk
                .iter()
                .filter(|(_, groups)| {
                    groups.iter().flat_map(|group| &group.changes).any(|change| change.answers.is_some())
                })
                .map(|(link, _)| *link)
                .collect();
            let unread = self.reread_xledger(run, &answered, pairs).await?;
            for (link, groups) in chunk {
                if self.is_resting(Side::Huma) || self.stop.is_cancelled() {
                    run.stopped |= self.stop.is_cancelled();
                    break;
                }
                if unread.contains(link) {
                    self.leave(run, groups, pairs)?;
                    continue;
                }
                self.apply_huma(run, *link, groups.clone(), pairs).await?;
            }
        }
        Ok(())
    }

    /// Leaves a person for the next cycle: what the plan rests on could not be read again.
    fn leave(
        &mut self,
        run: &mut CycleRun,
        groups: &[Group],
        pairs: &mut BTreeMap<LinkId, PairNow>,
    ) -> Result<(), SyncError> {
        for group in groups {
            if let Some(mut pair) = pairs.remove(&group.link) {
                let results = huma::all(&group.changes, || FieldResult::Failed);
                self.finish(run, group, &mut pair, results)?;
                pairs.insert(group.link, pair);
            }
        }
        Ok(())
    }

    /// Reads Xledger's records of these pairs again, in one request per batch. Answers whose could not be read or is not there.
    async fn reread_xledger(
        &mut self,
        run: &mut CycleRun,
        links: &BTreeSet<LinkId>,
        pairs: &mut BTreeMap<LinkId, PairNow>,
    ) -> Result<BTreeSet<LinkId>, SyncError> {
        let by_id: BTreeMap<XledgerId, LinkId> = links
            .iter()
            .filter_map(|link| match &pairs.get(link)?.xledger.id {
                RecordId::Xledger(id) => Some((*id, *link)),
                RecordId::Huma(_) => None,
            })
            .collect();
        if by_id.is_empty() {
            return Ok(BTreeSet::new());
        }
        let ids: Vec<XledgerId> = by_id.keys().copied().collect();
        let mut unread: BTreeSet<LinkId> = by_id.values().copied().collect();
        match self.core.xledger.by_ids(&ids).await {
            Ok(found) => {
                for record in found.records {
                    if let RecordId::Xledger(id) = &record.id
                        && let Some(link) = by_id.get(id)
                        && let Some(pair) = pairs.get_mut(link)
                    {
                        pair.xledger = record;
                        unread.remove(link);
                    }
                }
            }
            Err(error) => self.note_failure(run, &error),
        }
        Ok(unread)
    }
}

/// Whether the plan's view of both sides still holds for a change: the target exactly, and for an answer both (P1, P3).
pub fn is_current(change: &Change, pair: &PairNow, lenses: &Lenses) -> bool {
    let target = *pair.reading(change.side, change.field) == change.from;
    let must_match_both = change.answers.is_some() || change.field.is_on_position();
    target
        && (!must_match_both
            || other_is_current(change, pair.reading(change.side.other(), change.field), lenses))
}

/// Whether the other side still holds what the plan saw there, or says by now what is written: an answer for both sides is
/// carried out one after the other.
pub fn other_is_current(change: &Change, other: &Reading, lenses: &Lenses) -> bool {
    if *other == change.other {
        return true;
    }
    match (&change.to, other, change.side) {
        (None, Reading::Empty, _) => true,
        (Some(to), Reading::Value(other), Side::Huma) => {
            lenses.relation(change.field, to, other) != Relation::Different
        }
        (Some(to), Reading::Value(other), Side::Xledger) => {
            lenses.relation(change.field, other, to) != Relation::Different
        }
        (_, _, _) => false,
    }
}
