//! The one transaction of a cycle: everything between the two reads and the first write.

use super::apply::{Group, PairNow, targets};
use super::cycle::{Observed, Recorded};
use super::engine::{CATALOG, Core, CycleRun, PENDING, PEOPLE_AGAIN, RECONCILED_UNDER, is_for_all};
use super::evaluate;
use super::people::{self, PeoplePlan, PeopleTerms};
use super::recover;
use super::report::PersonPlan;
use super::request::{CycleRequest, Reach};
use crate::domain::{Field, LinkId, RecordId, Side, time};
use crate::reconcile::pair::{AnswerState, MoveWhy, PairPlan, Terms};
use crate::reconcile::{Change, Decision, HoldClass, QuestionKind, Subject};
use crate::store::{
    AuditEntry, AuditSide, Counts, NewIntent, Outcome, Phase, ResolutionState, StoreError, Writer, meta,
};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

impl Core {
    pub(super) fn record_in(
        &self,
        tx: &Writer<'_>,
        run: &mut CycleRun,
        request: &CycleRequest,
        observed: &Observed,
        absent: &[RecordId],
        started: Timestamp,
    ) -> Result<Recorded, StoreError> {
        let now = self.clock.now();
        run.cycle = tx.begin_cycle(request.cause.word(), started)?;
        run.complete_before = tx.meta(&meta::FULL_READS)?.unwrap_or_default().values().min().copied();
        let mut noise = evaluate::Noise::default();

        evaluate::put_observations(tx, observed, absent, now, &mut noise)?;
        evaluate::put_watermarks(tx, observed, now, &mut noise)?;
        if let Some(catalog) = &observed.catalog {
            noise.add(tx.put_meta(&CATALOG, catalog)?);
        }
        for item in tx.wake_due(now)? {
            noise.add(true);
            tracing::debug!(item, "a sleeping question wakes");
        }
        let phase = tx.meta(&meta::PHASE)?.unwrap_or_default();
        let both_listed = tx.meta(&meta::FULL_READS)?.unwrap_or_default().len() == 2;
        let mut decisions = evaluate::queued_decisions(tx)?;
        let first_sync_open = phase == Phase::FirstSync && self.settings.people.approve_first_sync;
        let withheld = self.withheld(tx)?;
        let mut recorded = Recorded { withheld, ..Recorded::default() };
        let lenses = Arc::clone(&run.lenses);

        // Before the first sync is allowed, answers keep; the one that allows it is taken with the others in the same save.
        let mut allowed_by = None;
        if first_sync_open {
            let picture = people::first_sync_question(tx, vec![])?;
            let fingerprint = self.key.of(&picture);
            if let Some((_, decision)) = decisions.iter().find(|(subject, _)| *subject == Subject::FirstSync)
            {
                let matched = evaluate::first_sync_size(&picture);
                let result = match &decision.verb {
                    crate::reconcile::Verb::Allow(count)
                        if *count == matched && decision.fingerprint == fingerprint =>
                    {
                        AnswerState::Applied
                    }
                    crate::reconcile::Verb::Allow(count) if *count != matched => {
                        AnswerState::Refused(format!("{matched} people are matched"))
                    }
                    _ => {
                        AnswerState::Refused("the picture changed after you saw it. Asked again below".into())
                    }
                };
                if result == AnswerState::Applied {
                    allowed_by = Some(decision.clone());
                }
                evaluate::finish_answer(tx, run, &mut recorded, decision, &Subject::FirstSync, &result, now)?;
                noise.add(true);
            }
        } else if phase == Phase::FirstSync && both_listed {
            tx.put_meta(&meta::PHASE, &Phase::Live { since: now, by: "settings".into() })?;
            noise.add(true);
        }
        decisions.retain(|(subject, _)| *subject != Subject::FirstSync);
        if let Some(decision) = &allowed_by {
            tx.put_meta(&meta::PHASE, &Phase::Live { since: now, by: decision.who.to_string() })?;
        }
        let first_sync = match (first_sync_open, allowed_by) {
            (true, None) => evaluate::FirstSync::Waits,
            (_, Some(decision)) => evaluate::FirstSync::AllowedBy(decision),
            (false, None) => evaluate::FirstSync::Over,
        };
        recorded.awaits_first_sync = matches!(first_sync, evaluate::FirstSync::Waits);
        let stop_writes = recorded.awaits_first_sync || recorded.withheld.is_some();
        if stop_writes {
            decisions.clear();
        }

        let owed = recover::settle_unfinished(tx, run, &lenses, observed, now, &mut noise)?;
        let scope = self.scope(tx, run, request, observed, &decisions, now)?;
        let people_plan = match both_listed && is_for_all(request) && (scope.everybody || scope.people) {
            true => {
                let terms = PeopleTerms {
                    settings: &self.settings,
                    lenses: &lenses,
                    key: &self.key,
                    today: time::local_day(now, &self.settings.sync.time_zone),
                    now,
                };
                noise.add(tx.remove_meta(&PEOPLE_AGAIN)?);
                Some(people::plan_people(tx, run, &terms, &decisions)?)
            }
            false => None,
        };
        let mut links = scope.links.clone();
        links.extend(owed.keys());
        if let Some(people) = &people_plan {
            links.extend(&people.linked);
            noise.add(!people.linked.is_empty());
        }
        let terms = Terms {
            lenses: &lenses,
            policies: &self.policies,
            circumstances: &self.circumstances,
            key: &self.key,
            now,
            cycle: run.cycle,
            frozen: self.frozen(),
        };
        let force = matches!(request.reach, Reach::Person(_));
        let mut evaluated = evaluate::pairs(
            tx,
            self,
            &terms,
            scope.everybody,
            &links,
            &decisions,
            force,
            &run.blocked,
            &owed,
        )?;
        let mapping = self.settings.mapping_digest();
        let remapped = tx.meta(&meta::MAPPING_DIGEST)?.is_some_and(|known| known != mapping);
        let plan_only = !stop_writes && (remapped || tx.meta(&meta::PLAN_ONLY)?.is_some());
        let checked = evaluate::check_plan(
            tx,
            self,
            run,
            &mut evaluated,
            people_plan.as_ref(),
            &decisions,
            plan_only,
            &first_sync,
        )?;

        if stop_writes {
            evaluate::show_unwritten(&mut evaluated.plans);
        }

        // What must be asked, and which questions are asked no more.
        let mut questions: Vec<_> = evaluated.plans.iter().flat_map(|plan| plan.questions.clone()).collect();
        questions.extend(checked.questions.clone());
        if let Some(people) = &people_plan {
            questions.extend(people.questions.clone());
        }
        let vanished = evaluate::vanished(tx, self, run, observed, &decisions, now, &mut noise)?;
        questions.extend(vanished.questions.clone());
        if recorded.awaits_first_sync && both_listed {
            let counts = evaluate::picture(&evaluated, people_plan.as_ref(), &questions);
            questions.push(people::first_sync_question(tx, counts)?);
        }
        recorded.asked = questions.len() as u64;
        recorded.asked_held =
            questions.iter().filter(|question| question.kind == QuestionKind::Held).count() as u64;
        evaluate::ask(tx, run, &self.key, &questions, now, &mut noise)?;

        // Answers are finished after asking, so that a refused one finds its question asked anew.
        let results = evaluated
            .plans
            .iter()
            .flat_map(|plan| plan.answers.clone())
            .chain(checked.answers.clone())
            .chain(people_plan.iter().flat_map(|people| people.answers.clone()))
            .chain(vanished.answers)
            .chain(evaluate::answers_come_too_late(tx, &decisions)?);
        for result in results {
            if let Some((subject, decision)) =
                decisions.iter().find(|(_, d)| d.resolution == result.resolution)
            {
                evaluate::finish_answer(tx, run, &mut recorded, decision, subject, &result.result, now)?;
                noise.add(true);
            }
        }
        let asked: BTreeSet<String> = questions.iter().map(|question| question.subject.key()).collect();
        let vanished_looked_at = evaluate::was_full(&observed.huma) && evaluate::was_full(&observed.xledger);
        evaluate::close_unasked(
            tx,
            &evaluated,
            people_plan.is_some(),
            &asked,
            recorded.awaits_first_sync,
            vanished_looked_at,
            now,
            &mut noise,
        )?;

        // Bases that move without a write, states, and the intents of what is written.
        for plan in &evaluated.plans {
            self.record_pair(tx, run, plan, &mut evaluated.bases, now, &mut noise)?;
        }
        for plan in &evaluated.plans {
            for (class, change) in &plan.held {
                let person =
                    PersonPlan { person: plan.label.clone(), changes: vec![change.clone()], notes: vec![] };
                recorded.held.push((*class, person));
            }
        }
        recorded.plan = evaluated
            .plans
            .iter()
            .filter(|plan| !plan.changes.is_empty() || !plan.notes.is_empty())
            .map(in_plan)
            .collect();
        let mut pending = scope.pending;
        pending.retain(|link| !evaluated.evaluated.contains(link));
        pending
            .extend(evaluated.plans.iter().filter(|plan| evaluate::is_pending(plan)).map(|plan| plan.link));
        if !stop_writes {
            for plan in evaluated.plans.iter().filter(|plan| !plan.changes.is_empty()) {
                self.record_intents(tx, run, plan, &mut evaluated.bases, &mut recorded, now)?;
                noise.add(true);
            }
            for order in &checked.creates {
                self.journal_order(tx, run, order, now)?;
                noise.add(true);
            }
        }
        for (record, who) in &checked.ignored {
            noise.add(tx.add_ignored(record, &who.to_string(), now)?);
        }
        if scope.everybody {
            noise.add(tx.put_meta(&evaluate::MISSING_TITLES, &evaluated.titles)?);
            noise.add(tx.put_meta(&RECONCILED_UNDER, &self.reconciled_under(tx, now)?)?);
            let held = checked
                .questions
                .iter()
                .any(|question| question.subject == Subject::Held(HoldClass::PlanOnly));
            if !held && !stop_writes {
                noise.add(tx.put_meta(&meta::MAPPING_DIGEST, &mapping)?);
                noise.add(tx.remove_meta(&meta::PLAN_ONLY)?);
            }
        }
        noise.add(tx.put_meta(&PENDING, &pending)?);
        recorded.new_links = people_plan.as_ref().map_or(0, |people| people.new_links);
        self.end_recording(tx, run, request, &mut recorded, &noise, now)?;
        Ok(recorded)
    }

    /// Ends the row of a cycle that goes on to nothing.
    fn end_recording(
        &self,
        tx: &Writer<'_>,
        run: &mut CycleRun,
        request: &CycleRequest,
        recorded: &mut Recorded,
        noise: &evaluate::Noise,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if request.dry_run {
            return Ok(());
        }
        let creating = !tx.unfinished_creations()?.is_empty();
        recorded.quiet = !creating && !noise.any() && recorded.groups.is_empty();
        if recorded.quiet {
            let counts = self.add_use(tx, run, now)?;
            let outcome = outcome_words(run, recorded.awaits_first_sync);
            tx.end_cycle(run.cycle, &outcome, counts, self.clock.now())?;
        }
        Ok(())
    }

    /// Adds what both interfaces cost since last time to the month, and answers the counts of this cycle.
    pub(super) fn add_use(
        &self,
        tx: &Writer<'_>,
        run: &CycleRun,
        now: Timestamp,
    ) -> Result<Counts, StoreError> {
        let month = time::utc_text(now)[..7].to_owned();
        let (huma, xledger) = (self.huma.take_use(), self.xledger.take_use());
        for (side, used) in [(Side::Huma, huma), (Side::Xledger, xledger)] {
            if used.requests > 0 {
                tx.add_api_use(&month, side, used.requests, used.bytes_in, used.bytes_out)?;
            }
        }
        let questions = tx.open_question_count()?;
        Ok(Counts {
            huma_requests: huma.requests,
            xledger_requests: xledger.requests,
            writes: run.writes,
            questions,
        })
    }

    /// Moves bases and states of one pair.
    fn record_pair(
        &self,
        tx: &Writer<'_>,
        run: &CycleRun,
        plan: &PairPlan,
        bases: &mut BTreeMap<LinkId, PairNow>,
        now: Timestamp,
        noise: &mut evaluate::Noise,
    ) -> Result<(), StoreError> {
        let Some(pair) = bases.get_mut(&plan.link) else { return Ok(()) };
        let mut found_equal = 0;
        for moved in &plan.moves {
            let old = pair.base.fields[moved.field].replace(moved.base.clone());
            pair.base.parked[moved.field] = None;
            let (why, outcome) = match moved.why {
                MoveWhy::Moved(crate::reconcile::decide::Moved::FoundEqual) => {
                    found_equal += 1;
                    continue;
                }
                MoveWhy::Moved(crate::reconcile::decide::Moved::EditedAlike) => {
                    ("both sides say the same", Outcome::Agreed)
                }
                MoveWhy::Moved(crate::reconcile::decide::Moved::ClearedBoth) => {
                    ("empty on both sides", Outcome::Agreed)
                }
                MoveWhy::Moved(crate::reconcile::decide::Moved::Covered) => {
                    ("covered by the other side's value", Outcome::Agreed)
                }
                MoveWhy::Differ => ("both sides may differ", Outcome::Answered),
            };
            let was = old.and_then(|base| base.agreed).and_then(|agreed| agreed.huma.or(agreed.xledger));
            let is = moved.base.huma.spelling.as_ref().or(moved.base.xledger.spelling.as_ref());
            tx.append_audit(&AuditEntry {
                at: now,
                cycle: Some(run.cycle),
                link: Some(plan.link),
                record: None,
                person: Some(&plan.label),
                field: Some(moved.field),
                side: Some(AuditSide::Both),
                old: was.as_ref().map(crate::store::readable).as_deref(),
                new: is.map(crate::store::readable).as_deref(),
                why,
                who: &moved.who.to_string(),
                outcome,
            })?;
        }
        if found_equal > 0 {
            tx.append_audit(&AuditEntry {
                at: now,
                cycle: Some(run.cycle),
                link: Some(plan.link),
                record: None,
                person: Some(&plan.label),
                field: None,
                side: Some(AuditSide::Both),
                old: None,
                new: None,
                why: &format!("{found_equal} fields found equal"),
                who: "hxsync",
                outcome: Outcome::Agreed,
            })?;
        }
        if let Some(position) = &plan.position {
            pair.base.position = Some(position.clone());
        }
        for field in Field::ALL {
            let state = plan.states[field];
            let mark = &mut pair.base.states[field];
            if mark.as_ref().is_none_or(|mark| mark.state != state) {
                note_state(tx, run, plan, field, now)?;
                *mark = Some(crate::reconcile::StateMark { state, since: now });
            }
        }
        noise.add(tx.put_base(plan.link, &pair.base)?);
        Ok(())
    }

    /// One intent per place that is written, committed before its request leaves (P4).
    fn record_intents(
        &self,
        tx: &Writer<'_>,
        run: &CycleRun,
        plan: &PairPlan,
        bases: &mut BTreeMap<LinkId, PairNow>,
        recorded: &mut Recorded,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Some(pair) = bases.remove(&plan.link) else { return Ok(()) };
        for (target, changes) in targets(&plan.changes, &pair.huma, &pair.xledger) {
            let side = target.side();
            let intent = tx.add_intent(&NewIntent {
                cycle: run.cycle,
                link: Some(plan.link),
                record: Some(&pair.record(side).id),
                person: &plan.label,
                side,
                operation: target.operation(),
                changes: &changes,
                reason: &reason(&changes),
                at: now,
            })?;
            recorded.groups.push(Group {
                intent,
                link: plan.link,
                label: plan.label.clone(),
                target,
                changes,
            });
        }
        recorded.pairs.insert(plan.link, pair);
        Ok(())
    }
}

/// What a state says once, when it begins.
fn note_state(
    tx: &Writer<'_>,
    run: &CycleRun,
    plan: &PairPlan,
    field: Field,
    now: Timestamp,
) -> Result<(), StoreError> {
    use crate::reconcile::FieldState;
    let outcome = match plan.states[field] {
        FieldState::Invalid | FieldState::Unrepresentable | FieldState::ReadOnly => Outcome::Noted,
        FieldState::Held => Outcome::Held,
        // Asked, written, agreed and answered have rows of their own.
        FieldState::Off
        | FieldState::Hidden
        | FieldState::Failing
        | FieldState::NotAccepted
        | FieldState::Waiting
        | FieldState::Flap
        | FieldState::Confirm
        | FieldState::Clear
        | FieldState::Conflict
        | FieldState::Divergence
        | FieldState::Difference
        | FieldState::Missing
        | FieldState::Differ
        | FieldState::Agreed => return Ok(()),
    };
    let note = plan.notes.iter().find(|(of, _)| *of == field).map(|(_, note)| note.as_str());
    tx.append_audit(&AuditEntry {
        at: now,
        cycle: Some(run.cycle),
        link: Some(plan.link),
        record: None,
        person: Some(&plan.label),
        field: Some(field),
        side: None,
        old: None,
        new: None,
        why: note.unwrap_or(plan.states[field].word()),
        who: "hxsync",
        outcome,
    })?;
    Ok(())
}

fn in_plan(plan: &PairPlan) -> PersonPlan {
    PersonPlan { person: plan.label.clone(), changes: plan.changes.clone(), notes: plan.notes.clone() }
}

/// The reasons of an intent, each once.
pub(super) fn reason(changes: &[Change]) -> String {
    let mut reasons: Vec<String> = changes.iter().map(|change| change.why.to_string()).collect();
    reasons.sort();
    reasons.dedup();
    reasons.join("; ")
}

/// `cycles.outcome`.
pub(super) fn outcome_words(run: &CycleRun, awaits_first_sync: bool) -> String {
    let mut words = Vec::new();
    if run.stopped {
        words.push("stopped".to_string());
    }
    for side in Side::BOTH {
        if run.sides.iter().any(|failure| failure.side == side) {
            words.push(format!("{side} failed"));
        }
    }
    if awaits_first_sync {
        words.push("waits for the first sync to be allowed".into());
    }
    if !run.failures.is_empty() {
        words.push(format!("{} fields failed", run.failures.len()));
    }
    if words.is_empty() { "done".into() } else { words.join(", ") }
}

/// The people plan's own type is only looked at here and in `evaluate`.
pub(super) type PeoplePart = PeoplePlan;

/// Every decision by its subject.
pub(super) type Decisions = Vec<(Subject, Decision)>;

/// The state a finished resolution is left in.
pub(super) fn resolution_state(state: &AnswerState) -> Option<ResolutionState> {
    match state {
        AnswerState::Applied => Some(ResolutionState::Applied),
        AnswerState::Refused(_) => Some(ResolutionState::Refused),
        AnswerState::Kept => None,
    }
}
