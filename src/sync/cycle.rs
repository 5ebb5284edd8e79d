//! One cycle from reading to the last base; the transaction in its middle is in `record`.

use super::apply::{Group, PairNow};
use super::engine::{CycleRun, Engine, PENDING, PEOPLE_AGAIN, SyncError};
use super::observe::{self, Mark, Marks, Observation, Reach as Read, ReadError};
use super::record::outcome_words;
use super::report::{CycleReport, PersonPlan};
use super::request::{CycleRequest, Reach};
use crate::domain::{Catalog, LinkId, RecordId, Side, time};
use crate::reconcile::{HoldClass, QuestionKind, Subject};
use crate::remote::xledger::Watermark;
use crate::store::{Phase, QuietCycle, Writer, meta};
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
    /// Questions of the people looked at, and of them held ones.
    pub asked: u64,
    pub asked_held: u64,
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
        if self.store.read().meta(&meta::FULL_READS)?.unwrap_or_default().len() < 2 {
            return Err(SyncError::NeverRead);
        }
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
        if report.dry_run {
            // What would be asked is not in the store.
            report.questions = report.questions.max(recorded.asked);
            report.held = report.held.max(recorded.asked_held);
        }
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
