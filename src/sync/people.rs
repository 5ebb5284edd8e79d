//! The people part of a plan: pairing, what humans decided about people, vanished records, the first-sync picture.

use super::engine::CycleRun;
use super::observe::{Listing, Observation};
use crate::config::{Creation, Exclusion, Settings};
use crate::domain::{Field, Lenses, LinkId, Record, RecordId, Side};
use crate::reconcile::correlate::{Candidate, Correlation, Doubt, Entry, PeopleMemory, correlate};
use crate::reconcile::pair::{AnswerResult, AnswerState};
use crate::reconcile::question::{CandidateShown, FirstSyncShown, PeopleShown};
use crate::reconcile::{Decision, FingerprintKey, Question, QuestionKind, Shown, Subject, Verb, Who};
use crate::store::{AuditEntry, LinkState, NewLink, Outcome, Reader, StoreError, Writer};
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};

/// A person to be made on the side they are not on.
#[derive(Debug, Clone)]
pub struct CreateOrder {
    /// The record that is copied.
    pub source: RecordId,
    pub label: String,
    pub who: Who,
    /// The item of the answered question; `None` where a rule (`always`) decided.
    pub answers: Option<String>,
}

/// What the people part found and did.
#[derive(Debug, Default)]
pub struct PeoplePlan {
    pub questions: Vec<Question>,
    pub answers: Vec<AnswerResult>,
    /// A human's creates go ahead; those of a rule pass the limits first.
    pub creates: Vec<CreateOrder>,
    pub creates_by_rule: Vec<CreateOrder>,
    pub new_links: u64,
    /// Linked in this cycle: reconciled although nothing about them moved.
    pub linked: BTreeSet<LinkId>,
    pub by: BTreeMap<String, u64>,
    pub ended: u64,
}

/// What the people part rests on.
pub struct PeopleTerms<'a> {
    pub settings: &'a Settings,
    pub lenses: &'a Lenses,
    pub key: &'a FingerprintKey,
    pub today: Date,
    pub now: Timestamp,
}

/// Pairs what can be paired, carries out answers about people, and asks about the rest.
pub fn plan_people(
    tx: &Writer<'_>,
    run: &mut CycleRun,
    terms: &PeopleTerms<'_>,
    decisions: &[(Subject, Decision)],
) -> Result<PeoplePlan, StoreError> {
    let mut plan = PeoplePlan::default();
    let mut records: BTreeMap<RecordId, Record> = BTreeMap::new();
    let (mut huma, mut xledger) = (Vec::new(), Vec::new());
    let linked: BTreeSet<RecordId> =
        tx.links()?.iter().flat_map(|link| Side::BOTH.map(|side| link.record(side))).collect();
    for (side, entries) in [(Side::Huma, &mut huma), (Side::Xledger, &mut xledger)] {
        tx.each_snapshot(side, |snapshot| {
            let is_linked = linked.contains(&snapshot.record.id);
            // Somebody a complete listing lacked is not paired or asked about until seen again.
            if snapshot.missing.is_none() || is_linked {
                entries.push(Entry::of(&snapshot.record, terms.lenses, terms.today, is_linked));
                if !is_linked {
                    records.insert(snapshot.record.id.clone(), snapshot.record);
                }
            }
            Ok(())
        })?;
    }
    let mut memory = PeopleMemory {
        not_same: tx.not_same()?.into_iter().collect(),
        ignored: tx.ignored()?.into_iter().map(|ignored| ignored.record).collect(),
        include_ended: terms.settings.people.include_ended,
    };
    memory.ignored.extend(
        records.values().filter(|record| is_excluded(terms.settings, record, None)).map(|r| r.id.clone()),
    );

    let found = correlate(&huma, &xledger, &memory);
    for pair in &found.pairs {
        let number = huma
            .iter()
            .find(|entry| entry.id == RecordId::Huma(pair.huma.clone()))
            .and_then(|e| e.number.clone());
        let by = pair.by.to_string();
        let id = tx.add_link(&NewLink {
            huma: &pair.huma,
            xledger: pair.xledger,
            person: &pair.label,
            employment_id: number.as_deref(),
            by: &by,
            at: terms.now,
        })?;
        note_link(tx, run, id, &pair.label, &format!("paired by {by}"), &Who::Hxsync, terms.now)?;
        plan.linked.insert(id);
        plan.new_links += 1;
    }
    for link in tx.links()?.iter().filter(|link| link.state == LinkState::Linked) {
        *plan.by.entry(link.linked_by.clone()).or_default() += 1;
    }
    plan.ended = found.ended.len() as u64;
    ask_about_people(tx, run, terms, decisions, &found, &records, &mut plan)?;
    Ok(plan)
}

fn ask_about_people(
    tx: &Writer<'_>,
    run: &mut CycleRun,
    terms: &PeopleTerms<'_>,
    decisions: &[(Subject, Decision)],
    found: &Correlation,
    records: &BTreeMap<RecordId, Record>,
    plan: &mut PeoplePlan,
) -> Result<(), StoreError> {
    let doubts = found.matches.iter().map(|doubt| (QuestionKind::Match, doubt)).chain(found.only.iter().map(
        |doubt| {
            let kind = match doubt.record.side() {
                Side::Huma => QuestionKind::OnlyHuma,
                Side::Xledger => QuestionKind::OnlyXledger,
            };
            (kind, doubt)
        },
    ));
    let being_made: BTreeSet<RecordId> =
        tx.unfinished_creations()?.into_iter().map(|creation| creation.source).collect();
    for (kind, doubt) in doubts {
        if being_made.contains(&doubt.record) {
            continue;
        }
        let Some(record) = records.get(&doubt.record) else { continue };
        let question = people_question(kind, doubt, record);
        let to = doubt.record.side().other();
        let policy = match to {
            Side::Huma => terms.settings.people.create_in_huma,
            Side::Xledger => terms.settings.people.create_in_xledger,
        };
        if let Some((_, decision)) = decisions.iter().find(|(subject, _)| *subject == question.subject) {
            let result = if terms.key.of(&question) == decision.fingerprint {
                match decide_person(tx, run, terms, doubt, record, decision, plan)? {
                    Ok(()) => AnswerState::Applied,
                    Err(why) => AnswerState::Refused(why),
                }
            } else {
                AnswerState::Refused("what was shown changed after you saw it. Asked again below".into())
            };
            let applied = result == AnswerState::Applied;
            plan.answers.push(AnswerResult {
                resolution: decision.resolution,
                item: decision.item.clone(),
                result,
            });
            if applied {
                continue;
            }
        }
        match (kind, policy) {
            (QuestionKind::OnlyHuma | QuestionKind::OnlyXledger, Creation::Never)
                if doubt.candidates.is_empty() => {}
            (QuestionKind::OnlyHuma | QuestionKind::OnlyXledger, Creation::Always)
                if doubt.candidates.is_empty()
                    && can_create(record, to).is_ok()
                    && seen_twice(tx, run, record)? =>
            {
                plan.creates_by_rule.push(CreateOrder {
                    source: record.id.clone(),
                    label: doubt.label.clone(),
                    who: Who::Hxsync,
                    answers: None,
                });
            }
            _ => plan.questions.push(question),
        }
    }
    // Linked by an answer about the other half, which came after this one was looked at.
    let mut linked = BTreeSet::new();
    for link in &plan.linked {
        linked.extend(tx.link(*link)?.into_iter().flat_map(|link| Side::BOTH.map(|side| link.record(side))));
    }
    let is_linked =
        |question: &Question| matches!(&question.subject, Subject::Record(record) if linked.contains(record));
    plan.questions.retain(|question| !is_linked(question));
    // What was said of one may change what is shown of others.
    run.people_again |= plan.answers.iter().any(|answer| answer.result == AnswerState::Applied);
    for (subject, decision) in decisions {
        let is_about_people = matches!(subject, Subject::Record(_));
        if is_about_people && !plan.answers.iter().any(|answer| answer.resolution == decision.resolution) {
            let result = AnswerState::Refused("it is no longer asked".into());
            plan.answers.push(AnswerResult {
                resolution: decision.resolution,
                item: decision.item.clone(),
                result,
            });
        }
    }
    Ok(())
}

/// `always` acts only after two complete reads: the record was already there when an earlier cycle ended.
fn seen_twice(tx: &Writer<'_>, run: &CycleRun, record: &Record) -> Result<bool, StoreError> {
    Ok(tx.observed_at(&record.id)?.is_some_and(|at| run.complete_before.is_some_and(|before| at <= before)))
}

/// Carries out an answer about a person; `Err` is why it was refused.
fn decide_person(
    tx: &Writer<'_>,
    run: &mut CycleRun,
    terms: &PeopleTerms<'_>,
    doubt: &Doubt,
    record: &Record,
    decision: &Decision,
    plan: &mut PeoplePlan,
) -> Result<Result<(), String>, StoreError> {
    let to = record.side().other();
    match &decision.verb {
        Verb::Ignore => {
            tx.add_ignored(&record.id, &decision.who.to_string(), terms.now)?;
            audit_person(tx, run, record, "ignored", &decision.who, Outcome::Noted, terms.now)?;
            Ok(Ok(()))
        }
        Verb::Link(to) => link_by_hand(tx, run, terms, doubt, record, to, decision, plan),
        Verb::CreateXledger | Verb::CreateHuma => {
            let asked_for = if decision.verb == Verb::CreateHuma { Side::Huma } else { Side::Xledger };
            if asked_for != to {
                return Ok(Err(format!("the person is in {} already", record.side())));
            }
            if let Err(why) = can_create(record, to) {
                return Ok(Err(why));
            }
            plan.creates.push(CreateOrder {
                source: record.id.clone(),
                label: doubt.label.clone(),
                who: decision.who.clone(),
                answers: Some(decision.item.clone()),
            });
            Ok(Ok(()))
        }
        Verb::Pending
        | Verb::Huma
        | Verb::Xledger
        | Verb::Base
        | Verb::Value(_)
        | Verb::Clear
        | Verb::Later(_)
        | Verb::Differ
        | Verb::Left
        | Verb::StillHere
        | Verb::Allow(_)
        | Verb::Reject => Ok(Err(format!("`{}` is no answer to a {}", decision.verb.word(), decision.kind))),
    }
}

/// Nothing is invented: Xledger needs an employment ID, Huma an e-mail; both need names.
pub fn can_create(record: &Record, to: Side) -> Result<(), String> {
    let has = |field: Field| record.fields[field].value().is_some();
    if !has(Field::GivenName) || !has(Field::FamilyName) {
        return Err("both names are needed".into());
    }
    match to {
        Side::Xledger if !has(Field::EmploymentId) => {
            Err("Xledger needs an employment ID; write one in Huma first".into())
        }
        Side::Huma if !has(Field::Email) => Err("Huma needs an e-mail; write one in Xledger first".into()),
        Side::Huma | Side::Xledger => Ok(()),
    }
}

#[allow(clippy::too_many_arguments)] // The same as its only caller.
fn link_by_hand(
    tx: &Writer<'_>,
    run: &mut CycleRun,
    terms: &PeopleTerms<'_>,
    doubt: &Doubt,
    record: &Record,
    to: &str,
    decision: &Decision,
    plan: &mut PeoplePlan,
) -> Result<Result<(), String>, StoreError> {
    let side = record.side().other();
    let mut partners: Vec<RecordId> = Vec::new();
    let wanted = to.trim();
    for candidate in &doubt.candidates {
        if candidate.record.to_string() == wanted || candidate.label == wanted {
            partners.push(candidate.record.clone());
        }
    }
    if partners.is_empty() {
        for person in tx.find_people(wanted)? {
            let id = match side {
                Side::Huma => person.huma.map(RecordId::Huma),
                Side::Xledger => person.xledger.map(RecordId::Xledger),
            };
            partners.extend(id);
        }
    }
    partners.sort();
    partners.dedup();
    let partner = match partners.as_slice() {
        [] => {
            return Ok(Err(format!(
                "nobody in {side} is known by that; use the short label printed, or {side}'s id"
            )));
        }
        [one] => one.clone(),
        [_, _, ..] => return Ok(Err(format!("several people in {side} fit; use {side}'s id"))),
    };
    if let Some(present) = tx.link_of_record(&partner)? {
        let other = tx.snapshot(&partner)?;
        let over = present.state == LinkState::Vanished
            || other.is_none_or(|snapshot| snapshot.record.is_ended(terms.today))
            || tx
                .snapshot(&present.record(side.other()))?
                .is_none_or(|snapshot| snapshot.record.is_ended(terms.today));
        if !over {
            return Ok(Err(format!("that record is linked to {} (link {})", present.person, present.id)));
        }
        tx.close_link(present.id, "linked anew", terms.now)?;
        note_link(
            tx,
            run,
            present.id,
            &present.person,
            "link closed: linked anew",
            &decision.who,
            terms.now,
        )?;
    }
    let (huma, xledger) = match (&record.id, &partner) {
        (RecordId::Huma(huma), RecordId::Xledger(xledger))
        | (RecordId::Xledger(xledger), RecordId::Huma(huma)) => (huma.clone(), *xledger),
        (RecordId::Huma(_), RecordId::Huma(_)) | (RecordId::Xledger(_), RecordId::Xledger(_)) => {
            return Ok(Err(format!("that is a record of {}", record.side())));
        }
    };
    let who = decision.who.to_string();
    tx.remove_not_same(&huma, xledger)?;
    let number = record.text(Field::EmploymentId).map(str::trim);
    let by = format!("{who}, by `link`");
    let link =
        NewLink { huma: &huma, xledger, person: &doubt.label, employment_id: number, by: &by, at: terms.now };
    let id = tx.add_link(&link)?;
    note_link(tx, run, id, &doubt.label, "linked by answer", &decision.who, terms.now)?;
    plan.linked.insert(id);
    plan.new_links += 1;
    Ok(Ok(()))
}

fn people_question(kind: QuestionKind, doubt: &Doubt, record: &Record) -> Question {
    let values = Field::ALL
        .into_iter()
        .filter_map(|field| Some((field, record.fields[field].value()?.clone())))
        .collect();
    let shown = |candidate: &Candidate| CandidateShown {
        record: candidate.record.clone(),
        label: candidate.label.clone(),
        why: candidate.why.clone(),
    };
    Question {
        kind,
        subject: Subject::Record(doubt.record.clone()),
        person: doubt.label.clone(),
        shown: Shown::People(PeopleShown {
            record: doubt.record.clone(),
            values,
            candidates: doubt.candidates.iter().map(shown).collect(),
            notes: doubt.notes.clone(),
        }),
    }
}

/// The question that allows the first writes.
pub fn first_sync_question(tx: &Writer<'_>, counts: Vec<(String, u64)>) -> Result<Question, StoreError> {
    let mut links: Vec<_> = tx
        .links()?
        .into_iter()
        .filter(|link| link.state == LinkState::Linked)
        .map(|link| (link.huma, link.xledger))
        .collect();
    links.sort();
    Ok(Question {
        kind: QuestionKind::FirstSync,
        subject: Subject::FirstSync,
        person: format!("{} people are matched", links.len()),
        shown: Shown::FirstSync(FirstSyncShown { links, counts }),
    })
}

/// Whether settings leave a record alone. `group:` and `company:` reach everybody in them.
pub fn is_excluded(settings: &Settings, record: &Record, partner: Option<&Record>) -> bool {
    settings
        .people
        .exclude
        .iter()
        .any(|exclusion| fits(exclusion, record) || partner.is_some_and(|p| fits(exclusion, p)))
}

/// The fields settings leave alone for a pair.
pub fn excluded_fields(settings: &Settings, huma: &Record, xledger: &Record) -> crate::domain::FieldSet {
    settings
        .people
        .exclude_fields
        .iter()
        .filter(|exclusion| fits(&exclusion.who, huma) || fits(&exclusion.who, xledger))
        .filter_map(|exclusion| Field::from_name(exclusion.field))
        .collect()
}

fn fits(exclusion: &Exclusion, record: &Record) -> bool {
    match exclusion {
        Exclusion::Huma(id) => {
            matches!(&record.id, RecordId::Huma(known) if known.0.eq_ignore_ascii_case(id))
        }
        Exclusion::Xledger(id) => matches!(&record.id, RecordId::Xledger(known) if known.to_string() == *id),
        Exclusion::EmploymentId(number) => {
            record.text(Field::EmploymentId).is_some_and(|known| known.trim() == number)
        }
        Exclusion::Group(id) => record.huma().is_some_and(|about| about.groups.contains(id)),
        Exclusion::Company(owner) => {
            record.xledger().and_then(|about| about.owner_id).is_some_and(|known| known.to_string() == *owner)
        }
    }
}

/// A listing under this share of the known people concludes nothing about absence or creates.
const LEAST_LISTED_PERCENT: u64 = 80;

/// What a complete full listing says of absence.
pub enum Absence {
    /// Nothing: it lost so many that the key's rights have moved rather than the people.
    Unproven { lost: usize, known: usize },
    /// These were not listed: each is looked up by id.
    Unlisted(Vec<RecordId>),
}

/// Linked records a complete full listing lacked and a look-up by id did not find (P7).
pub fn candidates_for_absence(
    tx: &Reader<'_>,
    side: Side,
    observed: &Observation,
) -> Result<Absence, StoreError> {
    let Listing::Complete(listed) = &observed.listing else { return Ok(Absence::Unlisted(vec![])) };
    if !observed.full {
        return Ok(Absence::Unlisted(vec![]));
    }
    let links = tx.links()?;
    let known: Vec<RecordId> = links
        .iter()
        .filter(|link| matches!(link.state, LinkState::Linked | LinkState::Excluded))
        .map(|link| link.record(side))
        .collect();
    let absent: Vec<RecordId> = known.iter().filter(|id| !listed.contains(id)).cloned().collect();
    let lost_percent = absent.len() as u64 * 100;
    // One person of a small company is more than the share, and no sign that a key's rights have moved.
    if absent.len() > 1 && lost_percent > known.len() as u64 * (100 - LEAST_LISTED_PERCENT) {
        return Ok(Absence::Unproven { lost: absent.len(), known: known.len() });
    }
    Ok(Absence::Unlisted(absent))
}

pub fn note_link(
    tx: &Writer<'_>,
    run: &CycleRun,
    link: LinkId,
    person: &str,
    why: &str,
    who: &Who,
    at: Timestamp,
) -> Result<(), StoreError> {
    tx.append_audit(&AuditEntry {
        at,
        cycle: Some(run.cycle),
        link: Some(link),
        record: None,
        person: Some(person),
        field: None,
        side: Some(crate::store::AuditSide::Both),
        old: None,
        new: None,
        why,
        who: &who.to_string(),
        outcome: Outcome::Linked,
    })?;
    Ok(())
}

pub fn audit_person(
    tx: &Writer<'_>,
    run: &CycleRun,
    record: &Record,
    why: &str,
    who: &Who,
    outcome: Outcome,
    at: Timestamp,
) -> Result<(), StoreError> {
    tx.append_audit(&AuditEntry {
        at,
        cycle: Some(run.cycle),
        link: None,
        record: Some(&record.id),
        person: Some(&record.label()),
        field: None,
        side: Some(crate::store::AuditSide::One(match outcome {
            // Made on the side the record is not on.
            Outcome::Created => record.side().other(),
            Outcome::Written
            | Outcome::Agreed
            | Outcome::Linked
            | Outcome::Asked
            | Outcome::Answered
            | Outcome::Refused
            | Outcome::Held
            | Outcome::Failed
            | Outcome::Unknown
            | Outcome::Noted
            | Outcome::Erased => record.side(),
        })),
        old: None,
        new: None,
        why,
        who: &who.to_string(),
        outcome,
    })?;
    Ok(())
}
