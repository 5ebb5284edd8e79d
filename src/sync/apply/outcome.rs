//! What came of each written field, and what that means for intent, base, snapshot and audit: one transaction.

use super::{Group, PairNow};
use crate::domain::lens::Relation;
use crate::domain::{Field, Lenses, Reading, Side, Spelling};
use crate::reconcile::pair::base_of;
use crate::reconcile::{Change, FieldStanding, FieldState, Parked, StateMark, Who, Why, WriteMark};
use crate::store::{AuditEntry, AuditSide, IntentState, Outcome};
use crate::sync::engine::{CycleRun, Engine, SyncError};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// What a side holds in a field after a write, and how that was learnt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldResult {
    Written(Written),
    /// Huma keeps the old value until the person confirms the new one.
    Pending,
    /// Read back as something else, twice alike.
    NotAccepted(Reading),
    /// Read back as neither what was sent nor what was there: an edit of that side, made meanwhile.
    EditedMeanwhile(Reading),
    /// The side refused the value, in its own words.
    Refused(String),
    /// Not sent: a value had moved since the plan.
    Stale,
    /// Not sent, or certainly not carried out; the next cycle is the retry.
    Failed,
    /// Whether it was carried out is not known and could not be read.
    Unknown,
}

/// A write that reads back as sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    pub reading: Reading,
}

/// Judges what was read back against what was sent.
pub fn judge(lenses: &Lenses, change: &Change, read_back: Reading) -> FieldResult {
    if says(lenses, change, &read_back) {
        FieldResult::Written(Written { reading: read_back })
    } else if read_back == change.from {
        FieldResult::NotAccepted(read_back)
    } else {
        FieldResult::EditedMeanwhile(read_back)
    }
}

/// Whether a reading says what the change wanted.
pub fn says(lenses: &Lenses, change: &Change, reading: &Reading) -> bool {
    match (&change.to, reading) {
        (None, Reading::Empty) => true,
        (Some(sent), Reading::Value(back)) => lenses.same(change.field, change.side, sent, back),
        (None, Reading::Hidden | Reading::Value(_)) | (Some(_), Reading::Hidden | Reading::Empty) => false,
    }
}

impl Engine {
    /// Commits what came of a group: its intent, the audit rows, both snapshots and the base.
    pub(in crate::sync) fn finish(
        &mut self,
        run: &mut CycleRun,
        group: &Group,
        pair: &mut PairNow,
        results: Vec<(Change, FieldResult)>,
    ) -> Result<(), SyncError> {
        let now = self.core.clock.now();
        let state = intent_state(&results);
        let mut rows = Vec::new();
        for (change, result) in &results {
            rows.extend(self.settle_field(run, group, pair, change, result, now));
        }
        let side = group.target.side();
        let writes = results
            .iter()
            .filter(|(_, result)| matches!(result, FieldResult::Written(_) | FieldResult::Pending))
            .count();
        run.writes += writes as u64;
        run.side_writes[side as usize] += writes as u64;
        run.applied.insert(group.link);
        let settled = |result: &FieldResult| match result {
            FieldResult::Written(_)
            | FieldResult::Pending
            | FieldResult::NotAccepted(_)
            | FieldResult::Refused(_) => true,
            FieldResult::EditedMeanwhile(_)
            | FieldResult::Stale
            | FieldResult::Failed
            | FieldResult::Unknown => false,
        };
        if !results.iter().all(|(_, result)| settled(result)) {
            run.unsettled.insert(group.link);
        }
        let taken_back = take_back(run, &results);
        let moved = self.store.write(|tx| {
            // Reading again right before the write may have shown more than the written fields: reconciled next.
            let known = tx.snapshot(&pair.record(side).id)?;
            let moved = known.is_some_and(|known| {
                let fields = &known.record.fields;
                fields.iter().any(|(field, reading)| {
                    let written = group.changes.iter().any(|change| change.field == field);
                    !written && *reading != pair.record(side).fields[field]
                })
            });
            for (item, words) in &taken_back {
                tx.take_answer_back(item, words.as_deref(), now)?;
            }
            tx.set_intent_state(group.intent, state, now)?;
            tx.put_snapshot(pair.record(side), now, None)?;
            tx.put_base(group.link, &pair.base)?;
            for row in &rows {
                tx.append_audit(&AuditEntry {
                    at: now,
                    cycle: Some(run.cycle),
                    link: Some(group.link),
                    record: None,
                    person: Some(&group.label),
                    field: Some(row.field),
                    side: Some(AuditSide::One(row.side)),
                    old: row.old.as_deref(),
                    new: row.new.as_deref(),
                    why: &row.why,
                    who: &row.who,
                    outcome: row.outcome,
                })?;
            }
            Ok(moved)
        })?;
        if moved {
            run.moved_meanwhile.insert(group.link);
        }
        Ok(())
    }

    /// Moves one field of the pair in memory; answers its audit row.
    fn settle_field(
        &self,
        run: &mut CycleRun,
        group: &Group,
        pair: &mut PairNow,
        change: &Change,
        result: &FieldResult,
        now: Timestamp,
    ) -> Option<Row> {
        let (side, field) = (change.side, change.field);
        let lenses = &run.lenses;
        match result {
            FieldResult::Written(written) => {
                pair.record_mut(side).fields[field] = written.reading.clone();
                pair.base.parked[field] = None;
                mark_write(pair, change, lenses, now);
                if agree(pair, field, lenses) {
                    rebase(pair, field, FieldStanding::Agreed, lenses, now, run.cycle);
                } else if change.answers.is_some() {
                    await_other_half(pair, change, lenses, now, run.cycle);
                }
                Some(row(change, change.to.as_ref(), Outcome::Written, change.why.to_string()))
            }
            FieldResult::Pending => {
                mark_write(pair, change, lenses, now);
                rebase(pair, field, FieldStanding::Waiting, lenses, now, run.cycle);
                mark_state(pair, field, FieldState::Waiting, now);
                let why = format!("{}; waits for the person's confirmation", change.why);
                Some(row(change, change.to.as_ref(), Outcome::Written, why))
            }
            FieldResult::NotAccepted(reading) => {
                pair.record_mut(side).fields[field] = reading.clone();
                rebase(pair, field, FieldStanding::NotAccepted, lenses, now, run.cycle);
                mark_state(pair, field, FieldState::NotAccepted, now);
                let why = format!("{}; {side} took the write and shows something else", change.why);
                run.fail(&group.label, Some(field), why.clone());
                Some(row(change, reading.value(), Outcome::Refused, why))
            }
            FieldResult::EditedMeanwhile(reading) => {
                // The base says what was sent, so that the next cycle sees this side as the one that moved.
                pair.record_mut(side).fields[field] = change.to.clone().into();
                rebase(pair, field, FieldStanding::Agreed, lenses, now, run.cycle);
                pair.record_mut(side).fields[field] = reading.clone();
                let why = format!("{}; {side} was edited again at the same moment", change.why);
                Some(row(change, change.to.as_ref(), Outcome::Written, why))
            }
            FieldResult::Refused(words) => {
                pair.base.parked[field] = Some(Parked {
                    side,
                    huma: pair.huma.fields[field].clone(),
                    xledger: pair.xledger.fields[field].clone(),
                    circumstances: self.core.circumstances.clone(),
                    words: words.clone(),
                    at: now,
                });
                mark_state(pair, field, FieldState::Failing, now);
                let why = format!("{}; {side} refused it", change.why);
                run.fail(&group.label, Some(field), why.clone());
                Some(row(change, change.to.as_ref(), Outcome::Refused, why))
            }
            FieldResult::Stale => {
                run.moved_meanwhile.insert(group.link);
                let why = format!("{}; not written: a value moved since it was planned", change.why);
                Some(row(change, change.to.as_ref(), Outcome::Noted, why))
            }
            FieldResult::Failed => {
                run.fail(&group.label, Some(field), format!("{side} could not take it now"));
                let why = format!("{}; {side} could not take it now, tried again next cycle", change.why);
                Some(row(change, change.to.as_ref(), Outcome::Failed, why))
            }
            FieldResult::Unknown => {
                run.fail(&group.label, Some(field), format!("{side} did not answer the write"));
                let why = format!("{}; no answer, read again before anything else is sent", change.why);
                Some(row(change, change.to.as_ref(), Outcome::Unknown, why))
            }
        }
    }
}

/// The state an intent is left in by what came of its fields.
pub fn intent_state(results: &[(Change, FieldResult)]) -> IntentState {
    let any = |test: fn(&FieldResult) -> bool| results.iter().any(|(_, result)| test(result));
    // What a human decided without a question of its own (the first sync's picture, a created person's values) is owed
    // until it is carried out or a value moves; an answer is queued once more.
    let owed = results.iter().any(|(change, result)| {
        matches!(result, FieldResult::Failed)
            && change.who != Who::Hxsync
            && asks_for_itself(change).is_none()
    });
    if any(|result| matches!(result, FieldResult::Unknown)) {
        IntentState::Unknown
    } else if owed {
        IntentState::Planned
    } else if any(|result| {
        matches!(result, FieldResult::Refused(_) | FieldResult::Failed | FieldResult::NotAccepted(_))
    }) {
        IntentState::Failed
    } else if any(|result| {
        matches!(result, FieldResult::Written(_) | FieldResult::Pending | FieldResult::EditedMeanwhile(_))
    }) {
        IntentState::Confirmed
    } else {
        IntentState::Superseded
    }
}

fn agree(pair: &PairNow, field: Field, lenses: &Lenses) -> bool {
    match (&pair.huma.fields[field], &pair.xledger.fields[field]) {
        (Reading::Value(huma), Reading::Value(xledger)) => {
            lenses.relation(field, huma, xledger) != Relation::Different
        }
        (Reading::Empty, Reading::Empty) => true,
        _ => false,
    }
}

fn rebase(
    pair: &mut PairNow,
    field: Field,
    standing: FieldStanding,
    lenses: &Lenses,
    now: Timestamp,
    cycle: i64,
) {
    let old = pair.base.fields[field].take();
    let (huma, xledger) = (&pair.huma.fields[field], &pair.xledger.fields[field]);
    pair.base.fields[field] = Some(base_of(field, huma, xledger, standing, old.as_ref(), lenses, now, cycle));
}

/// What the plan called agreed turned out otherwise: no later cycle need look at the pair for that to be seen.
fn mark_state(pair: &mut PairNow, field: Field, state: FieldState, now: Timestamp) {
    pair.base.states[field] = Some(StateMark { state, since: now });
}

/// The first half of an answer for both sides stands. The base says what was there before, so that the written side is the
/// one that moved: should the other half fail, the next cycle carries the answer there, and never back.
fn await_other_half(pair: &mut PairNow, change: &Change, lenses: &Lenses, now: Timestamp, cycle: i64) {
    let field = change.field;
    let written = std::mem::replace(&mut pair.record_mut(change.side).fields[field], change.from.clone());
    let agreed = pair.base.fields[field].as_ref().and_then(|base| base.agreed.clone());
    rebase(pair, field, FieldStanding::Agreed, lenses, now, cycle);
    if let Some(base) = &mut pair.base.fields[field] {
        base.agreed = agreed;
    }
    pair.record_mut(change.side).fields[field] = written;
}

/// The item of the question that would be asked again. The answer that had a person made was carried out with the record:
/// their further values are owed.
fn asks_for_itself(change: &Change) -> Option<&String> {
    change.answers.as_ref().filter(|_| !matches!(change.why, Why::Created(_)))
}

/// Answers of which nothing was carried out: refused with these words, or queued once more.
fn take_back(run: &mut CycleRun, results: &[(Change, FieldResult)]) -> BTreeMap<String, Option<String>> {
    let mut taken_back = BTreeMap::new();
    for (change, result) in results {
        let Some(item) = asks_for_itself(change) else { continue };
        let words = match result {
            FieldResult::Written(_)
            | FieldResult::Pending
            | FieldResult::NotAccepted(_)
            | FieldResult::EditedMeanwhile(_) => {
                run.answered.insert(item.clone());
                continue;
            }
            FieldResult::Stale => Some("a value changed after you saw it. Asked again below".to_owned()),
            FieldResult::Refused(_) => Some(format!("{} did not take it", change.side)),
            FieldResult::Failed => None,
            // What the side shows next tells; until then the answer is owed.
            FieldResult::Unknown => continue,
        };
        taken_back.entry(item.clone()).or_insert(words);
    }
    taken_back.retain(|item, _| run.answered.insert(item.clone()));
    for words in taken_back.values() {
        match words {
            Some(_) => run.answers_refused += 1,
            None => run.answers_queued += 1,
        }
    }
    taken_back
}

/// Remembers the write for 24 hours, for finding a second writer.
fn mark_write(pair: &mut PairNow, change: &Change, lenses: &Lenses, now: Timestamp) {
    let writes = &mut pair.base.writes[change.field];
    writes.retain(|write| write.at > now - SignedDuration::from_hours(24));
    let replaced = change.from.value().map(|value| lenses.read(change.field, change.side, value).canonical);
    writes.push(WriteMark { at: now, side: change.side, replaced });
}

/// An audit row before it is appended.
struct Row {
    field: Field,
    side: Side,
    old: Option<String>,
    new: Option<String>,
    why: String,
    who: String,
    outcome: Outcome,
}

fn row(change: &Change, new: Option<&Spelling>, outcome: Outcome, why: String) -> Row {
    Row {
        field: change.field,
        side: change.side,
        old: change.from.value().map(crate::store::readable),
        new: new.map(crate::store::readable),
        why,
        who: change.who.to_string(),
        outcome,
    }
}
