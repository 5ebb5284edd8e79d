//! The parts of a cycle's one transaction: putting observations, reconciling pairs, asking, and finishing answers.

use super::apply::{PairNow, other_is_current};
use super::cycle::{Observed, Recorded};
use super::engine::{Core, CycleRun};
use super::observe::{Listing, Observation};
use super::people::{self, CreateOrder};
use super::record::{Decisions, PeoplePart, resolution_state};
use super::recover::Owed;
use crate::domain::{Field, FieldSet, LinkId, Record, RecordId, Side};
use crate::reconcile::check::{Checked, HeldAnswer, Limits, check};
use crate::reconcile::pair::{
    AnswerResult, AnswerState, PairInput, PairPlan, Terms, base_of, reconcile_pair,
};
use crate::reconcile::{
    Change, Decision, FieldStanding, FieldState, FingerprintKey, Question, QuestionKind, Shown, Subject,
    Verb, Who, Why,
};
use crate::store::{
    AuditEntry, AuditSide, LinkState, News, Outcome, Pair, ResolutionId, StoreError, Writer, meta,
};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// Whether a cycle changed anything worth a row.
#[derive(Debug, Default)]
pub struct Noise(bool);

impl Noise {
    pub fn add(&mut self, wrote: bool) {
        self.0 |= wrote;
    }

    pub fn any(&self) -> bool {
        self.0
    }
}

/// Job titles Xledger does not have, as of the last cycle that reconciled everybody.
pub(super) const MISSING_TITLES: crate::store::Key<BTreeMap<String, u64>> =
    crate::store::Key::new("missing_titles");

/// Whether Huma's own Xledger integration has left a sign on anybody: `connectedIntegrations`, or a field it owns.
pub(super) const INTEGRATION_SEEN: crate::store::Key<bool> =
    crate::store::Key::new("builtin_integration_seen");

pub fn put_observations(
    tx: &Writer<'_>,
    observed: &Observed,
    absent: &[RecordId],
    now: Timestamp,
    noise: &mut Noise,
) -> Result<(), StoreError> {
    for observation in [&observed.huma, &observed.xledger] {
        for fresh in observation.changed.values().chain(observation.rows.values()) {
            noise.add(tx.put_snapshot(&fresh.record, fresh.at, fresh.listing_digest)?);
            if has_integration_sign(&fresh.record) {
                noise.add(tx.put_meta(&INTEGRATION_SEEN, &true)?);
            }
        }
        for id in &observation.here_again {
            noise.add(tx.sight_present(id)?);
        }
    }
    for id in absent {
        tx.sight_missing(id, now)?;
        noise.add(true);
    }
    Ok(())
}

fn has_integration_sign(record: &Record) -> bool {
    let named = |name: &String| name.to_lowercase().contains("xledger");
    let connected = record.huma().is_some_and(|about| about.connected.keys().any(named));
    connected
        || record
            .locked
            .values()
            .any(|lock| matches!(lock, crate::domain::Lock::OwnedBy(name) if named(name)))
}

pub fn put_watermarks(
    tx: &Writer<'_>,
    observed: &Observed,
    now: Timestamp,
    noise: &mut Noise,
) -> Result<(), StoreError> {
    if let Some(watermark) = &observed.xledger.watermark {
        let mut marks = tx.meta(&meta::WATERMARKS)?.unwrap_or_default();
        marks.insert("xledger".into(), serde_json::to_string(watermark).unwrap_or_default());
        noise.add(tx.put_meta(&meta::WATERMARKS, &marks)?);
    }
    let mut reads = tx.meta(&meta::FULL_READS)?.unwrap_or_default();
    for (side, observation) in [(Side::Huma, &observed.huma), (Side::Xledger, &observed.xledger)] {
        if observation.full && matches!(observation.listing, Listing::Complete(_)) {
            reads.insert(side.word().into(), now);
        }
    }
    tx.put_meta(&meta::FULL_READS, &reads)?;
    Ok(())
}

/// Queued answers with what they are about. One whose question was erased waits for nothing and is passed over.
pub fn queued_decisions(tx: &Writer<'_>) -> Result<Decisions, StoreError> {
    let mut decisions = Vec::new();
    for resolution in tx.queued_resolutions()? {
        let question = tx.question(&resolution.item)?.and_then(|stored| stored.question);
        let verb = Verb::from_parts(&resolution.verb, resolution.argument.as_deref());
        if let (Some(question), Some(verb)) = (question, verb) {
            decisions.push((
                question.subject,
                Decision {
                    resolution: resolution.id.0,
                    item: resolution.item,
                    fingerprint: resolution.fingerprint,
                    kind: question.kind,
                    verb,
                    who: resolution.who,
                },
            ));
        }
    }
    Ok(decisions)
}

/// Everything reconciling found.
#[derive(Default)]
pub struct Evaluated {
    /// Pairs with something to do, say or remember; the others were found at rest.
    pub plans: Vec<PairPlan>,
    /// Their records and bases.
    pub bases: BTreeMap<LinkId, PairNow>,
    pub evaluated: BTreeSet<LinkId>,
    /// How many fields of all evaluated pairs are in each state, by field.
    pub states: BTreeMap<(FieldState, Field), u64>,
    /// Fields that rules would fill on each side.
    pub fills: BTreeMap<(Side, Field), u64>,
    /// Job titles Xledger does not have, with how many people have each in Huma.
    pub titles: BTreeMap<String, u64>,
}

/// Reconciles everybody, or these links.
#[allow(clippy::too_many_arguments)] // The parts of one transaction.
pub fn pairs(
    tx: &Writer<'_>,
    core: &Core,
    terms: &Terms<'_>,
    everybody: bool,
    links: &BTreeSet<LinkId>,
    decisions: &Decisions,
    unpark: bool,
    blocked: &BTreeSet<LinkId>,
    owed: &Owed,
) -> Result<Evaluated, StoreError> {
    let mut found = Evaluated::default();
    let shared = if everybody || !links.is_empty() { tx.shared_contacts()? } else { BTreeSet::new() };
    let mut visit = |pair: Pair| -> Result<(), StoreError> {
        if pair.link.state == LinkState::Linked && !blocked.contains(&pair.link.id) {
            reconcile_one(tx, core, terms, pair, decisions, unpark, &shared, owed, &mut found)?;
        }
        Ok(())
    };
    if everybody {
        tx.each_pair(None, visit)?;
    } else {
        for link in links {
            if let Some(pair) = tx.pair(*link)? {
                visit(pair)?;
            }
        }
    }
    Ok(found)
}

#[allow(clippy::too_many_arguments)] // Called from one place.
fn reconcile_one(
    tx: &Writer<'_>,
    core: &Core,
    terms: &Terms<'_>,
    pair: Pair,
    decisions: &Decisions,
    unpark: bool,
    shared: &BTreeSet<i64>,
    owed: &Owed,
    found: &mut Evaluated,
) -> Result<(), StoreError> {
    let (Some(huma), Some(xledger)) = (pair.huma, pair.xledger) else { return Ok(()) };
    // Missing from the last complete listing: nothing is concluded from what it once said.
    if huma.missing.is_some() || xledger.missing.is_some() {
        return Ok(());
    }
    found.evaluated.insert(pair.link.id);
    let mut base = pair.base;
    if unpark {
        base.parked = crate::domain::FieldMap::default();
    }
    let of_pair: Vec<(Field, Decision)> = decisions
        .iter()
        .filter(|(subject, _)| subject.link() == Some(pair.link.id))
        .filter_map(|(subject, decision)| Some((subject.field()?, decision.clone())))
        .collect();
    let excluded = people::is_excluded(&core.settings, &huma.record, Some(&xledger.record));
    let input = PairInput {
        link: pair.link.id,
        base: &base,
        huma: &huma.record,
        huma_at: huma.observed_at,
        xledger: &xledger.record,
        xledger_at: xledger.observed_at,
        excluded,
        excluded_fields: people::excluded_fields(&core.settings, &huma.record, &xledger.record),
        shared: shared_fields(&xledger.record, shared),
        id_taken: is_id_taken(tx, &huma.record, &xledger.record)?,
        decisions: &of_pair,
    };
    let mut plan = reconcile_pair(&input, terms);
    if let Some(owed) = owed.get(&pair.link.id).filter(|_| !excluded) {
        carry_on(&mut plan, owed, &huma.record, &xledger.record, terms);
    }
    for field in Field::ALL {
        *found.states.entry((plan.states[field], field)).or_default() += 1;
    }
    if plan.states[Field::JobTitle] == FieldState::Unrepresentable {
        // Only Xledger lacks titles: in Huma they are made.
        if let Some(title) = huma.record.text(Field::JobTitle) {
            *found.titles.entry(title.trim().to_owned()).or_default() += 1;
        }
    }
    for change in &plan.changes {
        if matches!(change.why, Why::Filled(_)) {
            *found.fills.entry((change.side, change.field)).or_default() += 1;
        }
    }
    let label_moved = pair.link.person != plan.label;
    if label_moved {
        let number = huma.record.text(Field::EmploymentId).or(xledger.record.text(Field::EmploymentId));
        tx.rename_link(pair.link.id, &plan.label, number.map(str::trim))?;
    }
    let states_moved = Field::ALL
        .into_iter()
        .any(|field| base.states[field].as_ref().map(|mark| mark.state) != Some(plan.states[field]));
    let at_rest = plan.changes.is_empty()
        && plan.questions.is_empty()
        && plan.moves.is_empty()
        && plan.answers.is_empty()
        && plan.position.is_none()
        && !states_moved
        && !unpark;
    if !at_rest {
        found.bases.insert(pair.link.id, PairNow::new(huma.record, xledger.record, base));
        found.plans.push(plan);
    }
    Ok(())
}

/// Goes on with what a human decided and no write carried out, where both sides still stand as they saw them.
fn carry_on(plan: &mut PairPlan, owed: &[Change], huma: &Record, xledger: &Record, terms: &Terms<'_>) {
    let reading = |side: Side, field: Field| match side {
        Side::Huma => &huma.fields[field],
        Side::Xledger => &xledger.fields[field],
    };
    let mut standing = Vec::new();
    for change in owed {
        let field = change.field;
        let stands = *reading(change.side, field) == change.from
            && other_is_current(change, reading(change.side.other(), field), terms.lenses);
        let settled = plan.moves.iter().any(|moved| moved.field == field);
        if !stands || settled || terms.frozen.contains(field) {
            continue;
        }
        plan.questions.retain(|question| question.subject.field() != Some(field));
        // With one half of an answer carried out, a rule would carry the other half's old value back over it.
        plan.changes.retain(|planned| planned.field != field);
        plan.states[field] = FieldState::Agreed;
        standing.push(change.clone());
    }
    plan.changes.extend(standing);
}

/// Fields of a contact or subledger that other employees point at too.
fn shared_fields(xledger: &Record, shared: &BTreeSet<i64>) -> FieldSet {
    let on_contact =
        xledger.xledger().and_then(|about| about.contact_id).is_some_and(|id| shared.contains(&id));
    if !on_contact {
        return FieldSet::default();
    }
    Field::ALL
        .into_iter()
        .filter(|field| match field {
            Field::GivenName
            | Field::FamilyName
            | Field::Email
            | Field::Phone
            | Field::BirthDate
            | Field::Address
            | Field::Gender
            | Field::CivilStatus => true,
            Field::BankAccount
            | Field::EmploymentId
            | Field::JobTitle
            | Field::FirstDayOfWork
            | Field::ProbationEndDate
            | Field::TerminationNoticeDate
            | Field::LastDayOfWork => false,
        })
        .collect()
}

/// Whether the number one side has and the other has not is somebody else's. Asked only while the sides differ.
fn is_id_taken(tx: &Writer<'_>, huma: &Record, xledger: &Record) -> Result<bool, StoreError> {
    let numbers = [huma, xledger].map(|record| record.text(Field::EmploymentId).map(str::trim));
    if numbers[0] == numbers[1] {
        return Ok(false);
    }
    for number in numbers.into_iter().flatten() {
        if tx.holders_of_number(number)?.iter().any(|holder| *holder != huma.id && *holder != xledger.id) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// How far the first sync is.
pub enum FirstSync {
    Waits,
    /// A human allows it in this cycle.
    AllowedBy(Decision),
    Over,
}

/// Limits over the whole plan, and answers to what was held before.
pub fn check_plan(
    tx: &Writer<'_>,
    core: &Core,
    run: &CycleRun,
    evaluated: &mut Evaluated,
    people: Option<&PeoplePart>,
    decisions: &Decisions,
    plan_only: bool,
    first_sync: &FirstSync,
) -> Result<CheckedPlan, StoreError> {
    if let FirstSync::AllowedBy(decision) = first_sync {
        // What the picture showed was allowed by a human: no limit counts it.
        for change in evaluated.plans.iter_mut().flat_map(|plan| &mut plan.changes) {
            if change.who == Who::Hxsync {
                change.who = decision.who.clone();
            }
        }
    }
    let linked = tx.linked_count()? as usize;
    let guard = &core.settings.guard;
    let limits = match first_sync {
        // Everything waits for the one answer, which speaks of everything: no limit asks beside it.
        FirstSync::Waits => Limits::NONE,
        FirstSync::AllowedBy(_) | FirstSync::Over => Limits {
            changes_per_field: guard.changes_per_field.allows(linked) as u64,
            clears: guard.clears.allows(linked) as u64,
            creates: guard.creates.allows(linked) as u64,
            end_dates: guard.end_dates.allows(linked) as u64,
        },
    };
    let mut held = Vec::new();
    for (subject, decision) in decisions {
        let Subject::Held(class) = subject else { continue };
        let stored = tx.question(&decision.item)?.and_then(|stored| stored.question);
        if let Some(Question { shown: Shown::Held { members, creates, .. }, .. }) = stored {
            held.push(HeldAnswer { class: *class, members, creates, decision: decision.clone() });
        }
    }
    let by_rule = people.map(|people| people.creates_by_rule.clone()).unwrap_or_default();
    let sources = by_rule.iter().map(|order| order.source.clone()).collect();
    let bases = &evaluated.bases;
    let now = core.clock.now();
    let mut rebase = |link: LinkId, field: Field| {
        let pair = bases.get(&link)?;
        let (huma, xledger) = (&pair.huma.fields[field], &pair.xledger.fields[field]);
        let old = pair.base.fields[field].as_ref();
        Some(base_of(field, huma, xledger, FieldStanding::Differ, old, &run.lenses, now, run.cycle))
    };
    let Checked { questions, answers, creates, ignored } =
        check(&mut evaluated.plans, sources, &limits, plan_only, &held, &run.lenses, &mut rebase);
    let mut orders: Vec<CreateOrder> = people.map(|people| people.creates.clone()).unwrap_or_default();
    orders.extend(by_rule.into_iter().filter(|order| creates.contains(&order.source)));
    Ok(CheckedPlan { questions, answers, creates: orders, ignored })
}

/// While nothing may be written, a field that a rule would write is shown as what it is: it does not agree yet.
pub fn show_unwritten(plans: &mut [PairPlan]) {
    for plan in plans {
        for change in &plan.changes {
            plan.states[change.field] = match change.why {
                Why::Filled(_) => FieldState::Missing,
                Why::Preferred(_) => FieldState::Difference,
                Why::Edited(_)
                | Why::Cleared(_)
                | Why::Restored(_)
                | Why::Answered(_)
                | Why::Created(_)
                | Why::Undone => FieldState::Held,
            };
        }
    }
}

pub struct CheckedPlan {
    pub questions: Vec<Question>,
    pub answers: Vec<AnswerResult>,
    pub creates: Vec<CreateOrder>,
    pub ignored: Vec<(RecordId, Who)>,
}

/// Whether a pair must be reconciled in the next cycle although nothing moves: its plan is not carried out.
pub fn is_pending(plan: &PairPlan) -> bool {
    !plan.changes.is_empty() || Field::ALL.into_iter().any(|field| plan.states[field] == FieldState::Held)
}

/// Asks, and says so once in the audit.
pub fn ask(
    tx: &Writer<'_>,
    run: &CycleRun,
    key: &FingerprintKey,
    questions: &[Question],
    now: Timestamp,
    noise: &mut Noise,
) -> Result<(), StoreError> {
    for question in questions {
        let asked = tx.ask(question, &key.of(question), now, run.cycle)?;
        noise.add(asked.news != News::Same);
        let why = match asked.news {
            News::New => format!("{} ({})", question.kind, asked.item),
            News::Moved => format!("{} ({}), asked anew: a value moved", question.kind, asked.item),
            News::Reworded | News::Same => continue,
        };
        let record = match &question.subject {
            Subject::Record(id) => Some(id),
            Subject::Field { .. } | Subject::Vanished { .. } | Subject::Held(_) | Subject::FirstSync => None,
        };
        let texts = crate::store::QuestionText::of(question);
        tx.append_audit(&AuditEntry {
            at: now,
            cycle: Some(run.cycle),
            link: question.subject.link(),
            record,
            person: Some(&question.person),
            field: question.subject.field(),
            side: None,
            old: texts.huma.as_deref(),
            new: texts.xledger.as_deref(),
            why: &why,
            who: "hxsync",
            outcome: if question.kind == QuestionKind::Held { Outcome::Held } else { Outcome::Asked },
        })?;
    }
    Ok(())
}

/// Finishes a queued answer, closes its question where it was applied, and says so in the audit.
pub fn finish_answer(
    tx: &Writer<'_>,
    run: &CycleRun,
    recorded: &mut Recorded,
    decision: &Decision,
    subject: &Subject,
    result: &AnswerState,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(state) = resolution_state(result) else { return Ok(()) };
    let verb = decision.verb.word();
    let (words, outcome) = match result {
        AnswerState::Applied => {
            recorded.answers_applied += 1;
            ("applied".to_string(), Outcome::Answered)
        }
        AnswerState::Refused(why) => {
            recorded.answers_refused += 1;
            (why.clone(), Outcome::Refused)
        }
        AnswerState::Kept => ("waits".to_string(), Outcome::Answered),
    };
    tx.finish_resolution(ResolutionId(decision.resolution), state, &words, now)?;
    let stored = tx.question(&decision.item)?;
    // A question that was withdrawn and came back has another item: the answer to the first fits as long as the values do.
    let is_open = stored.as_ref().is_some_and(|stored| stored.closed.is_none());
    let person = stored.and_then(|stored| stored.question).map(|question| question.person);
    if outcome == Outcome::Answered && is_open {
        let why = format!("answered `{verb}`");
        tx.close_question(&decision.item, &why, now)?;
    }
    let record = match subject {
        Subject::Record(id) => Some(id),
        Subject::Field { .. } | Subject::Vanished { .. } | Subject::Held(_) | Subject::FirstSync => None,
    };
    let why = format!("`{verb}` to {} {}: {}", decision.kind, decision.item, audit_words(result));
    tx.append_audit(&AuditEntry {
        at: now,
        cycle: Some(run.cycle),
        link: subject.link(),
        record,
        person: person.as_deref(),
        field: subject.field(),
        side: None,
        old: None,
        new: None,
        why: &why,
        who: &decision.who.to_string(),
        outcome,
    })?;
    Ok(())
}

fn audit_words(result: &AnswerState) -> &str {
    match result {
        AnswerState::Applied => "applied",
        AnswerState::Refused(why) => why,
        AnswerState::Kept => "waits",
    }
}

/// Closes questions that were looked at in this cycle and are asked no more.
#[allow(clippy::too_many_arguments)] // The parts of one transaction.
pub fn close_unasked(
    tx: &Writer<'_>,
    evaluated: &Evaluated,
    people_looked_at: bool,
    asked: &BTreeSet<String>,
    awaits_first_sync: bool,
    vanished_looked_at: bool,
    now: Timestamp,
    noise: &mut Noise,
) -> Result<(), StoreError> {
    for stored in tx.open_questions()? {
        let Some(question) = &stored.question else { continue };
        if asked.contains(&question.subject.key()) {
            continue;
        }
        let looked_at = match &question.subject {
            Subject::Field { link, .. } => evaluated.evaluated.contains(link) || is_over(tx, *link)?,
            Subject::Record(_) => people_looked_at,
            Subject::Vanished { .. } => vanished_looked_at,
            // Members of a hold stay pending, so every cycle looks at all of them.
            Subject::Held(_) => true,
            Subject::FirstSync => !awaits_first_sync,
        };
        if looked_at {
            tx.close_question(&stored.item, "no longer asked", now)?;
            noise.add(true);
        }
    }
    Ok(())
}

/// Whether nothing is asked about a pair any more.
fn is_over(tx: &Writer<'_>, link: LinkId) -> Result<bool, StoreError> {
    Ok(tx.link(link)?.is_none_or(|link| matches!(link.state, LinkState::Closed | LinkState::Vanished)))
}

/// Answers about fields of people whose link has ended meanwhile.
pub fn answers_come_too_late(
    tx: &Writer<'_>,
    decisions: &Decisions,
) -> Result<Vec<AnswerResult>, StoreError> {
    let mut late = Vec::new();
    for (subject, decision) in decisions {
        if let Subject::Field { link, .. } = subject
            && is_over(tx, *link)?
        {
            late.push(AnswerResult {
                resolution: decision.resolution,
                item: decision.item.clone(),
                result: AnswerState::Refused("the person is no longer linked".into()),
            });
        }
    }
    Ok(late)
}

/// Until when somebody said to be still here is not looked for again.
const STILL_HERE: crate::store::Key<BTreeMap<LinkId, Timestamp>> = crate::store::Key::new("still_here");

/// What the listings' absence leads to.
#[derive(Default)]
pub struct Vanished {
    pub questions: Vec<Question>,
    pub answers: Vec<AnswerResult>,
}

/// Records missing from two complete full listings at least `vanish_after` apart, each time not found by id (P7).
pub fn vanished(
    tx: &Writer<'_>,
    core: &Core,
    run: &CycleRun,
    observed: &Observed,
    decisions: &Decisions,
    now: Timestamp,
    noise: &mut Noise,
) -> Result<Vanished, StoreError> {
    let mut found = Vanished::default();
    for (subject, decision) in decisions {
        let Subject::Vanished { link, side } = subject else { continue };
        let result = match (&decision.verb, tx.link(*link)?) {
            (Verb::Left, Some(link)) => {
                tx.close_link(link.id, "left", now)?;
                // The side no longer has it: nothing is said of it any more.
                tx.remove_snapshot(&link.record(*side))?;
                people::note_link(tx, run, link.id, &link.person, "link closed: left", &decision.who, now)?;
                AnswerState::Applied
            }
            (Verb::StillHere, Some(link)) => {
                for side in Side::BOTH {
                    tx.sight_present(&link.record(side))?;
                }
                let mut until = tx.meta(&STILL_HERE)?.unwrap_or_default();
                until.insert(link.id, now + SignedDuration::from_hours(24 * 30));
                tx.put_meta(&STILL_HERE, &until)?;
                AnswerState::Applied
            }
            (_, Some(_)) => {
                AnswerState::Refused(format!("`{}` is no answer to a vanished", decision.verb.word()))
            }
            (_, None) => AnswerState::Refused("that link is closed".into()),
        };
        noise.add(true);
        found.answers.push(AnswerResult {
            resolution: decision.resolution,
            item: decision.item.clone(),
            result,
        });
    }
    let vanish_after =
        SignedDuration::try_from(core.settings.people.vanish_after).unwrap_or(SignedDuration::from_hours(1));
    let today = crate::domain::time::local_day(now, &core.settings.sync.time_zone);
    let still_here = tx.meta(&STILL_HERE)?.unwrap_or_default();
    for link in tx.links()? {
        if link.state != LinkState::Linked
            || found.answers.iter().any(|a| decisions_about(decisions, a, link.id))
        {
            continue;
        }
        for (side, observation) in [(Side::Huma, &observed.huma), (Side::Xledger, &observed.xledger)] {
            if !was_full(observation) {
                continue;
            }
            let Some(snapshot) = tx.snapshot(&link.record(side))? else { continue };
            let Some(missing) = snapshot.missing else { continue };
            if missing.times < 2 || missing.last_at.duration_since(missing.first_at) < vanish_after {
                continue;
            }
            if still_here.get(&link.id).is_some_and(|until| now < *until) {
                continue;
            }
            let partner = tx.snapshot(&link.record(side.other()))?;
            if partner.as_ref().is_some_and(|partner| partner.record.is_ended(today)) {
                tx.set_link_state(link.id, LinkState::Vanished)?;
                tx.append_audit(&AuditEntry {
                    at: now,
                    cycle: Some(run.cycle),
                    link: Some(link.id),
                    record: None,
                    person: Some(&link.person),
                    field: None,
                    side: Some(AuditSide::One(side)),
                    old: None,
                    new: None,
                    why: "vanished after the last day of work",
                    who: "hxsync",
                    outcome: Outcome::Noted,
                })?;
                noise.add(true);
                continue;
            }
            found.questions.push(Question {
                kind: QuestionKind::Vanished,
                subject: Subject::Vanished { link: link.id, side },
                person: link.person.clone(),
                shown: Shown::Vanished { side, first_missing_at: missing.first_at },
            });
        }
    }
    Ok(found)
}

fn decisions_about(decisions: &Decisions, answer: &AnswerResult, link: LinkId) -> bool {
    decisions
        .iter()
        .any(|(subject, decision)| decision.resolution == answer.resolution && subject.link() == Some(link))
}

pub fn was_full(observation: &Observation) -> bool {
    observation.full && matches!(observation.listing, Listing::Complete(_))
}

/// The lines of the first-sync picture, largest idea first.
pub fn picture(
    evaluated: &Evaluated,
    people: Option<&PeoplePart>,
    questions: &[Question],
) -> Vec<(String, u64)> {
    let mut lines = Vec::new();
    let mut say = |words: String, count: u64| {
        if count > 0 {
            lines.push((words, count));
        }
    };
    if let Some(people) = people {
        for (by, count) in &people.by {
            say(format!("people matched by {by}"), *count);
        }
    }
    let kinds = |kind: QuestionKind| questions.iter().filter(|question| question.kind == kind).count() as u64;
    say("people only in Huma".into(), kinds(QuestionKind::OnlyHuma));
    say("people only in Xledger".into(), kinds(QuestionKind::OnlyXledger));
    say("people whose match needs you".into(), kinds(QuestionKind::Match));
    if let Some(people) = people {
        say("records of people who have left, left alone".into(), people.ended);
    }
    let of_state = |state: FieldState| -> u64 {
        evaluated.states.iter().filter(|((of, _), _)| *of == state).map(|(_, count)| count).sum()
    };
    let filled: u64 = evaluated.fills.values().sum();
    say("values equal on both sides".into(), of_state(FieldState::Agreed).saturating_sub(filled));
    for ((side, field), count) in &evaluated.fills {
        say(format!("{field} filled in {side} once allowed"), *count);
    }
    for (state, words) in [
        (FieldState::Difference, "differs"),
        (FieldState::Missing, "missing on one side, asked"),
        (FieldState::Confirm, "to be confirmed"),
        (FieldState::Invalid, "fails its check"),
        (FieldState::Unrepresentable, "cannot be held by the other side"),
        (FieldState::ReadOnly, "read-only"),
        (FieldState::Hidden, "hidden from the key"),
    ] {
        for field in Field::ALL {
            if let Some(count) = evaluated.states.get(&(state, field)) {
                say(format!("{field}: {words}"), *count);
            }
        }
    }
    lines
}

/// N of `allow N`.
pub fn first_sync_size(question: &Question) -> u64 {
    match &question.shown {
        Shown::FirstSync(picture) => picture.links.len() as u64,
        Shown::Values(_) | Shown::People(_) | Shown::Vanished { .. } | Shown::Held { .. } => 0,
    }
}
