//! One cycle from reading to the last base: everything between the two reads and the first write is one transaction.

use super::apply::{Group, PairNow, targets};
use super::engine::{
    CATALOG, Core, CycleRun, PENDING, PEOPLE_AGAIN, RECONCILED_UNDER, SyncError, is_for_all,
};
use super::observe::{self, Mark, Marks, Observation, Reach as Read, ReadError};
use super::people::{self, PeoplePlan, PeopleTerms};
use super::recover;
use super::report::{CycleReport, PersonPlan};
use super::request::{CycleRequest, Reach};
use super::{Engine, evaluate};
use crate::domain::{Catalog, Field, LinkId, RecordId, Side, time};
use crate::reconcile::pair::{AnswerState, MoveWhy, PairPlan, Terms};
use crate::reconcile::{Change, Decision, HoldClass, QuestionKind, Subject};
use crate::remote::xledger::Watermark;
use crate::store::{
    AuditEntry, AuditSide, Counts, NewIntent, Outcome, Phase, QuietCycle, ResolutionState, StoreError,
    Writer, meta,
};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Called while a long read goes on.
pub type Progress<'a> = observe::Progress<'a>;

/// What both sides said.
pub(super) struct Observed {
    pub huma: Observation,
    pub xledger: Observation,
    /// Read with a full cycle: replaces the one in the store.
    pub catalog: Option<Catalog>,
}

/// What the transaction decided, to be carried out after it.
#[derive(Default)]
pub(super) struct Recorded {
    pub groups: Vec<Group>,
    pub pairs: BTreeMap<LinkId, PairNow>,
    pub plan: Vec<PersonPlan>,
    /// What limits hold, by class.
    pub held: Vec<(HoldClass, PersonPlan)>,
    pub awaits_first_sync: bool,
    pub withheld: Option<String>,
    pub quiet: bool,
    pub new_links: u64,
    pub answers_applied: u64,
    pub answers_refused: u64,
}

impl Engine {
    /// Runs one cycle.
    ///
    /// # Errors
    /// The store, a token of another tenant, or nobody known by the name given. A side's failure is part of the report.
    pub async fn cycle(
        &mut self,
        request: CycleRequest,
        progress: &Progress<'_>,
    ) -> Result<CycleReport, SyncError> {
        self.cycle_asking(request, &Side::BOTH, progress).await
    }

    /// Runs one cycle that asks only these sides what moved. Single records of the other are read before a write.
    ///
    /// # Errors
    /// As [`Engine::cycle`].
    pub async fn cycle_asking(
        &mut self,
        request: CycleRequest,
        asked: &[Side],
        progress: &Progress<'_>,
    ) -> Result<CycleReport, SyncError> {
        let started = self.core.clock.now();
        let mut run = CycleRun::new(Arc::clone(&self.core.lenses));
        let mut report = CycleReport {
            cause: request.cause.word().into(),
            started_at: time::utc_text(started),
            dry_run: request.dry_run,
            ..CycleReport::default()
        };
        if !request.dry_run {
            self.take_in_file()?;
        }
        let (read, asked) = self.reach(&request, asked)?;
        self.wake_sides();
        let observed = match self.log_in(&mut run).await? {
            true => {
                let stop = self.stop.clone();
                // Reading changes nothing: it is left where it is.
                tokio::select! {
                    observed = self.observe(&mut run, &request, read, &asked, progress) => observed?,
                    () = stop.cancelled() => None,
                }
            }
            false => None,
        };
        run.stopped = self.stop.is_cancelled();
        let Some(observed) = observed else {
            self.end_unread(&mut run, &request, started)?;
            return self.finish_report(run, Recorded::default(), report, started);
        };
        report.huma_read = (observed.huma.changed.len() + observed.huma.unchanged.len()) as u64;
        report.xledger_read = (observed.xledger.changed.len() + observed.xledger.unchanged.len()) as u64;

        if let Some(catalog) =
            observed.catalog.clone().filter(|catalog| catalog != self.core.lenses.catalog())
        {
            self.core.lenses =
                Arc::new(crate::domain::Lenses::new(self.core.lenses.options().clone(), catalog));
            run.lenses = Arc::clone(&self.core.lenses);
        }
        if let Reach::Hinted(hints) = &request.reach {
            self.note_hints(&mut report, hints, &observed.huma, &observed.xledger)?;
        }
        let absent = self.look_up_absent(&mut run, &observed).await?;
        let recorded = self.record(&mut run, &request, &observed, &absent, started)?;
        let mut recorded = recorded;
        if !request.dry_run {
            let groups = std::mem::take(&mut recorded.groups);
            let mut pairs = std::mem::take(&mut recorded.pairs);
            self.apply(&mut run, groups, &mut pairs).await?;
            self.create_people(&mut run).await?;
            self.learn_titles(&mut run)?;
            if !recorded.quiet {
                self.end_cycle(&mut run)?;
            }
        } else {
            self.keep_use(&run)?;
        }
        self.finish_report(run, recorded, report, started)
    }

    /// What a request means for reading, and which sides are asked what moved.
    fn reach(&mut self, request: &CycleRequest, asked: &[Side]) -> Result<(Read, Vec<Side>), SyncError> {
        let reader = self.store.read();
        let never_full = reader.meta(&meta::FULL_READS)?.unwrap_or_default().len() < 2;
        let read = match &request.reach {
            Reach::Person(text) => {
                let found = reader.find_people(text)?;
                let person = match found.as_slice() {
                    [] => return Err(SyncError::NobodyKnown(text.clone())),
                    [one] => one,
                    [_, _, ..] => return Err(SyncError::SeveralKnown(text.clone())),
                };
                let huma = person.huma.clone().map(RecordId::Huma);
                Read::Only(huma.into_iter().chain(person.xledger.map(RecordId::Xledger)).collect())
            }
            Reach::Full => Read::Full,
            Reach::Moved | Reach::Sweep { .. } | Reach::Hinted(_) if never_full => Read::Full,
            Reach::Moved => Read::Moved { also: self.must_read()? },
            Reach::Sweep { people } => {
                let mut also = self.must_read()?;
                also.extend(self.next_to_sweep(*people)?);
                Read::Moved { also }
            }
            Reach::Hinted(hints) => {
                let targets = self.targets(hints)?;
                let asked = targets.asked();
                return Ok((targets.read(|| self.must_read())?, asked));
            }
        };
        Ok((read, asked.to_vec()))
    }

    /// The next so many people in the order of their ids, round and round.
    fn next_to_sweep(&mut self, people: usize) -> Result<Vec<RecordId>, SyncError> {
        let mut ids: Vec<RecordId> =
            self.store.read().marks(Side::Huma)?.into_iter().map(|mark| mark.id).collect();
        ids.sort();
        let from = self.swept.as_ref().map_or(0, |last| ids.partition_point(|id| id <= last));
        let from = from % ids.len().max(1);
        ids.rotate_left(from);
        ids.truncate(people);
        self.swept = ids.last().cloned().or(self.swept.take());
        Ok(ids)
    }

    /// People something is unfinished about: read again before anything is concluded or sent.
    fn must_read(&self) -> Result<BTreeSet<RecordId>, SyncError> {
        let reader = self.store.read();
        let mut ids = BTreeSet::new();
        let mut links: BTreeSet<LinkId> = reader.meta(&PENDING)?.unwrap_or_default();
        links.extend(reader.unfinished_intents()?.iter().filter_map(|intent| intent.link));
        for resolution in reader.queued_resolutions()? {
            let Some(question) = reader.question(&resolution.item)?.and_then(|stored| stored.question) else {
                continue;
            };
            match &question.subject {
                Subject::Field { link, .. } | Subject::Vanished { link, .. } => {
                    links.insert(*link);
                }
                Subject::Record(id) => {
                    ids.insert(id.clone());
                }
                Subject::Held(_) | Subject::FirstSync => {}
            }
        }
        for link in links {
            if let Some(link) = reader.link(link)? {
                ids.extend(Side::BOTH.map(|side| link.record(side)));
            }
        }
        Ok(ids)
    }

    /// Reads both sides at once. `None` when either could not be read: nothing is decided then.
    async fn observe(
        &mut self,
        run: &mut CycleRun,
        request: &CycleRequest,
        read: Read,
        asked: &[Side],
        progress: &Progress<'_>,
    ) -> Result<Option<Observed>, SyncError> {
        let full_catalog = read == Read::Full || matches!(request.cause, super::Cause::Command(_));
        let (huma_marks, xledger_marks) = (self.marks(Side::Huma, &read)?, self.marks(Side::Xledger, &read)?);
        let since = self.watermark()?;
        let reader = self.store.read();
        let owners = |contacts: &[i64], subledgers: &[i64]| reader.employees_of(contacts, subledgers);
        let (huma, xledger, clock) =
            (Arc::clone(&self.core.huma), Arc::clone(&self.core.xledger), Arc::clone(&self.core.clock));
        // A full read, or one for named people, is of both sides.
        let asks = |side: Side| !matches!(read, Read::Moved { .. }) || asked.contains(&side);
        let of_huma = async {
            match asks(Side::Huma) {
                true => observe::observe_huma(&huma, &clock, &huma_marks, &read, progress).await,
                false => Ok(Observation::default()),
            }
        };
        let of_xledger = async {
            match asks(Side::Xledger) {
                true => {
                    let marks = &xledger_marks;
                    observe::observe_xledger(
                        &xledger,
                        &clock,
                        marks,
                        &read,
                        since.as_ref(),
                        &owners,
                        progress,
                    )
                    .await
                }
                false => Ok(Observation::default()),
            }
        };
        let (of_huma, of_xledger) = futures_util::future::join(of_huma, of_xledger).await;
        let catalog = match full_catalog || *self.core.lenses.catalog() == Catalog::default() {
            true => futures_util::future::join(huma.job_titles(), xledger.catalog()).await.into(),
            false => None,
        };
        let of_huma = self.taken(run, of_huma)?;
        let of_xledger = self.taken(run, of_xledger)?;
        let catalog = match catalog {
            None => None,
            Some((Ok(titles), Ok(xledger))) => Some(Catalog {
                huma_titles: titles,
                xledger_titles: xledger.titles,
                xledger_marital_statuses: xledger.marital_statuses,
                xledger_genders: xledger.genders,
                xledger_countries: xledger.countries,
            }),
            Some((titles, xledger)) => {
                for error in [titles.err(), xledger.err()].into_iter().flatten() {
                    self.note_failure(run, &error);
                }
                return Ok(None);
            }
        };
        Ok(match (of_huma, of_xledger) {
            (Some(huma), Some(xledger)) => Some(Observed { huma, xledger, catalog }),
            (Some(_), None) | (None, Some(_)) | (None, None) => None,
        })
    }

    fn taken(
        &mut self,
        run: &mut CycleRun,
        observation: Result<Observation, ReadError>,
    ) -> Result<Option<Observation>, SyncError> {
        match observation {
            Ok(observation) => Ok(Some(observation)),
            Err(ReadError::Remote(error)) => {
                self.note_failure(run, &error);
                Ok(None)
            }
            Err(ReadError::Store(error)) => Err(error.into()),
        }
    }

    fn marks(&self, side: Side, read: &Read) -> Result<Marks, SyncError> {
        let reader = self.store.read();
        let of = |mark: crate::store::Mark| {
            (
                mark.id,
                Mark {
                    digest: mark.digest,
                    listing_digest: mark.listing_digest,
                    missing: mark.missing_times > 0,
                },
            )
        };
        Ok(match read {
            Read::Only(ids) => {
                let mut marks = Marks::new();
                for id in ids.iter().filter(|id| id.side() == side) {
                    marks.extend(reader.mark(id)?.map(of));
                }
                marks
            }
            Read::Full | Read::Moved { .. } => reader.marks(side)?.into_iter().map(of).collect(),
        })
    }

    fn watermark(&self) -> Result<Option<Watermark>, SyncError> {
        let stored = self.store.read().meta(&meta::WATERMARKS)?.unwrap_or_default();
        Ok(stored.get("xledger").and_then(|text| serde_json::from_str(text).ok()))
    }

    /// Everything between reading and the first write: one transaction; a dry run takes it back.
    fn record(
        &mut self,
        run: &mut CycleRun,
        request: &CycleRequest,
        observed: &Observed,
        absent: &[RecordId],
        started: Timestamp,
    ) -> Result<Recorded, SyncError> {
        let work = |tx: &Writer<'_>| self.core.record_in(tx, run, request, observed, absent, started);
        Ok(if request.dry_run { self.store.rehearse(work)? } else { self.store.write(work)? })
    }

    fn end_cycle(&mut self, run: &mut CycleRun) -> Result<(), SyncError> {
        let now = self.core.clock.now();
        let core = &self.core;
        let result = self.store.write(|tx| {
            let awaits = tx.meta(&meta::PHASE)?.unwrap_or_default() == Phase::FirstSync;
            let counts = core.add_use(tx, run, now)?;
            let mut pending = tx.meta(&PENDING)?.unwrap_or_default();
            pending.retain(|link| !run.applied.contains(link));
            pending.extend(run.moved_meanwhile.iter().chain(&run.unsettled));
            tx.put_meta(&PENDING, &pending)?;
            if run.people_again {
                tx.put_meta(&PEOPLE_AGAIN, &true)?;
            }
            tx.end_cycle(run.cycle, &outcome_words(run, awaits), counts, now)
        });
        Ok(result?)
    }

    /// What the reading of a dry run cost is kept, though nothing else of it is.
    fn keep_use(&mut self, run: &CycleRun) -> Result<(), SyncError> {
        let now = self.core.clock.now();
        let core = &self.core;
        self.store.write(|tx| core.add_use(tx, run, now))?;
        Ok(())
    }

    /// What the next cycle would write as of the last reading of both sides, by person; with `of`, for one question (its
    /// item) or one person. Reads no side and records nothing.
    ///
    /// # Errors
    /// Nobody and no question is known by `of`.
    pub fn plan(&mut self, of: Option<&str>) -> Result<CycleReport, SyncError> {
        let now = self.core.clock.now();
        let mut run = CycleRun::new(Arc::clone(&self.core.lenses));
        run.everybody = true;
        let request = CycleRequest { cause: super::Cause::Schedule, reach: Reach::Moved, dry_run: true };
        let observed =
            Observed { huma: Observation::default(), xledger: Observation::default(), catalog: None };
        let mut recorded = self.record(&mut run, &request, &observed, &[], now)?;
        if let Some(of) = of {
            recorded.plan = self.part_of_plan(&recorded, of)?;
        }
        let report = CycleReport { cause: "plan".into(), dry_run: true, ..CycleReport::default() };
        self.finish_report(run, recorded, report, now)
    }

    fn part_of_plan(&self, recorded: &Recorded, of: &str) -> Result<Vec<PersonPlan>, SyncError> {
        let reader = self.store.read();
        let item = of.split('.').next().unwrap_or(of).to_uppercase();
        if let Some(question) = reader.question(&item)?.and_then(|stored| stored.question) {
            if question.kind == QuestionKind::Held {
                let held =
                    recorded.held.iter().filter(|(class, _)| question.subject == Subject::Held(*class));
                return Ok(held.map(|(_, person)| person.clone()).collect());
            }
            return Ok(recorded.plan.iter().filter(|plan| plan.person == question.person).cloned().collect());
        }
        let found = reader.find_people(of)?;
        let person = match found.as_slice() {
            [] => return Err(SyncError::NobodyKnown(of.to_owned())),
            [one] => one,
            [_, _, ..] => return Err(SyncError::SeveralKnown(of.to_owned())),
        };
        Ok(recorded.plan.iter().filter(|plan| plan.person == person.person).cloned().collect())
    }

    /// A cycle in which a side could not be read: nothing decided, the row says why.
    fn end_unread(
        &mut self,
        run: &mut CycleRun,
        request: &CycleRequest,
        started: Timestamp,
    ) -> Result<(), SyncError> {
        if request.dry_run {
            return Ok(());
        }
        let now = self.core.clock.now();
        let core = &self.core;
        let result = self.store.write(|tx| {
            let counts = core.add_use(tx, run, now)?;
            let outcome = outcome_words(run, false);
            tx.record_quiet_cycle(&QuietCycle {
                cause: request.cause.word(),
                outcome: &outcome,
                started_at: started,
                ended_at: now,
                counts,
            })
        });
        run.cycle = result?;
        Ok(())
    }

    fn finish_report(
        &mut self,
        run: CycleRun,
        recorded: Recorded,
        mut report: CycleReport,
        started: Timestamp,
    ) -> Result<CycleReport, SyncError> {
        if !report.dry_run {
            self.refresh_file()?;
        }
        let reader = self.store.read();
        let people = reader.people_counts()?;
        let questions = reader.open_questions()?;
        let held = questions.iter().filter(|stored| {
            stored.question.as_ref().is_some_and(|question| question.kind == QuestionKind::Held)
        });
        report.cycle = if report.dry_run { 0 } else { run.cycle };
        report.started_at = time::utc_text(started);
        report.ended_at = time::utc_text(self.core.clock.now());
        report.awaits_first_sync = recorded.awaits_first_sync;
        report.linked = people.linked;
        report.in_agreement = people.in_agreement;
        report.held = held.count() as u64;
        report.questions = questions.len() as u64;
        report.huma_writes = run.side_writes[Side::Huma as usize];
        report.xledger_writes = run.side_writes[Side::Xledger as usize];
        report.created = run.created;
        report.new_links = recorded.new_links;
        report.answers_applied =
            recorded.answers_applied.saturating_sub(run.answers_refused + run.answers_queued);
        report.answers_refused = recorded.answers_refused + run.answers_refused;
        report.failures = run.failures;
        report.sides = run.sides;
        report.withheld = recorded.withheld;
        report.plan = recorded.plan;
        for link in &run.moved_meanwhile {
            report.follow_up.extend(reader.link(*link)?.map(|link| link.huma.0));
        }
        Ok(report)
    }
}

impl Core {
    fn record_in(
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
    fn add_use(&self, tx: &Writer<'_>, run: &CycleRun, now: Timestamp) -> Result<Counts, StoreError> {
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
fn outcome_words(run: &CycleRun, awaits_first_sync: bool) -> String {
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
