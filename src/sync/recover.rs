//! What an earlier run left unfinished: intents whose outcome is not known are judged by what the side shows.
//!
//! A rule decides anew what was not carried out; what a human decided is owed until it is carried out or a value moves.
//!
//! **Invariant:** nothing is sent for a person while an earlier write to them is unexplained.

use super::apply::{FieldResult, judge};
use super::cycle::Observed;
use super::engine::CycleRun;
use super::evaluate::Noise;
use crate::domain::{Field, FieldSet, Lenses, LinkId, RecordId, Side};
use crate::reconcile::{Change, Who};
use crate::store::{AuditEntry, AuditSide, Intent, IntentState, Outcome, StoreError, Writer};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Changes humans decided that were never carried out, by link.
pub type Owed = BTreeMap<LinkId, Vec<Change>>;

/// Settles unfinished intents of updates as far as this cycle's reading explains them; the others block their link.
/// Creates are journalled by themselves.
pub fn settle_unfinished(
    tx: &Writer<'_>,
    run: &mut CycleRun,
    lenses: &Lenses,
    observed: &Observed,
    now: Timestamp,
    noise: &mut Noise,
) -> Result<Owed, StoreError> {
    let mut owed = Owed::new();
    for intent in tx.unfinished_intents()? {
        if is_create(&intent) {
            continue;
        }
        match intent.state {
            // Committed and never sent: this cycle plans anew.
            IntentState::Planned => {
                tx.set_intent_state(intent.id, IntentState::Superseded, now)?;
                owe(&mut owed, &intent, |_| true);
                noise.add(true);
            }
            IntentState::Sent | IntentState::Unknown => {
                let Some(record) = intent.record.clone().filter(|id| was_read(observed, id)) else {
                    run.blocked.extend(intent.link);
                    continue;
                };
                let missing = settle(tx, run, lenses, &intent, &record, now)?;
                owe(&mut owed, &intent, |field| missing.contains(field));
                noise.add(true);
            }
            IntentState::Confirmed | IntentState::Failed | IntentState::Superseded => {}
        }
    }
    Ok(owed)
}

fn owe(owed: &mut Owed, intent: &Intent, is_missing: impl Fn(Field) -> bool) {
    let Some(link) = intent.link else { return };
    let decided =
        intent.changes.iter().filter(|change| change.who != Who::Hxsync && is_missing(change.field));
    owed.entry(link).or_default().extend(decided.cloned());
}

pub fn is_create(intent: &Intent) -> bool {
    matches!(intent.operation.as_str(), super::create::ADD_EMPLOYEE | super::create::CREATE_USER)
}

fn was_read(observed: &Observed, id: &RecordId) -> bool {
    [&observed.huma, &observed.xledger]
        .iter()
        .any(|observation| observation.changed.contains_key(id) || observation.unchanged.contains(id))
}

fn settle(
    tx: &Writer<'_>,
    run: &CycleRun,
    lenses: &Lenses,
    intent: &Intent,
    record: &RecordId,
    now: Timestamp,
) -> Result<FieldSet, StoreError> {
    let mut missing = FieldSet::default();
    let Some(snapshot) = tx.snapshot(record)? else { return Ok(missing) };
    let mut carried_out = false;
    for change in &intent.changes {
        let reading = snapshot.record.fields[change.field].clone();
        let waits = snapshot.record.huma().and_then(|about| about.requested_email.as_deref());
        let requested = waits.is_some() && change.field == Field::Email && change.side == Side::Huma;
        let written = matches!(judge(lenses, change, reading), FieldResult::Written(_)) || requested;
        carried_out |= written;
        if !written {
            missing.insert(change.field);
        }
        let (why, outcome) = match written {
            true => (format!("{}; found carried out although no answer came", change.why), Outcome::Written),
            false => (format!("{}; found not carried out, decided anew", change.why), Outcome::Noted),
        };
        let readable = |value: Option<&crate::domain::Spelling>| value.map(crate::store::readable);
        tx.append_audit(&AuditEntry {
            at: now,
            cycle: Some(run.cycle),
            link: intent.link,
            record: None,
            person: Some(&intent.person),
            field: Some(change.field),
            side: Some(AuditSide::One(change.side)),
            old: readable(change.from.value()).as_deref(),
            new: readable(change.to.as_ref()).as_deref(),
            why: &why,
            who: &change.who.to_string(),
            outcome,
        })?;
    }
    let state = if carried_out { IntentState::Confirmed } else { IntentState::Superseded };
    tx.set_intent_state(intent.id, state, now)?;
    Ok(missing)
}
