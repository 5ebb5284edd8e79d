//! Reconciles one pair: 15 outcomes, the answers given for them, and what follows: changes, questions, base moves.

use super::answer::answer;
use super::case::{FieldCase, PositionCase};
use super::decide::decide;
use super::outcome::{Ask, Moved, Outcome};
use super::position;
use super::{
    Agreed, Change, Decision, FieldBase, FieldStanding, FieldState, FingerprintKey, Half, HoldClass,
    PairBase, Question, QuestionKind, Shown, Subject, Who, question::Values,
};
use crate::config::FieldPolicy;
use crate::domain::time::utc_text;
use crate::domain::{
    Canonical, Field, FieldMap, FieldSet, Lenses, LinkId, Lock, Positions, Reading, Record, Side, Spelling,
};
use jiff::Timestamp;

/// What holds for every pair of a cycle.
pub struct Terms<'a> {
    pub lenses: &'a Lenses,
    pub policies: &'a FieldMap<FieldPolicy>,
    /// Digest of settings and rights.
    pub circumstances: &'a str,
    pub key: &'a FingerprintKey,
    pub now: Timestamp,
    pub cycle: i64,
    /// Fields no write may touch until a pay freeze ends.
    pub frozen: FieldSet,
}

/// One pair, as both sides and the base say it is.
pub struct PairInput<'a> {
    pub link: LinkId,
    pub base: &'a PairBase,
    pub huma: &'a Record,
    pub huma_at: Timestamp,
    pub xledger: &'a Record,
    pub xledger_at: Timestamp,
    /// The person is excluded: every field is off.
    pub excluded: bool,
    pub excluded_fields: FieldSet,
    /// Fields on a contact or subledger that other employees share.
    pub shared: FieldSet,
    /// Somebody else has the employment ID one of the sides now shows.
    pub id_taken: bool,
    /// Queued answers for fields of this pair.
    pub decisions: &'a [(Field, Decision)],
}

/// What one pair needs. Fields without changes, questions or moves still have a state.
#[derive(Debug, Clone)]
pub struct PairPlan {
    pub link: LinkId,
    pub label: String,
    pub states: FieldMap<FieldState>,
    pub changes: Vec<Change>,
    /// Changes a limit holds, filled in by `check`.
    pub held: Vec<(HoldClass, Change)>,
    pub questions: Vec<Question>,
    pub moves: Vec<BaseMove>,
    pub answers: Vec<AnswerResult>,
    /// The Huma position the base is to be tied to, where it moved and every date has settled.
    pub position: Option<String>,
    /// Why a field is not carried, in words without values: for `plan`, `explain` and the audit.
    pub notes: Vec<(Field, String)>,
}

/// A base that moves although nothing is written.
#[derive(Debug, Clone)]
pub struct BaseMove {
    pub field: Field,
    pub base: FieldBase,
    pub why: MoveWhy,
    pub who: Who,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoveWhy {
    Moved(Moved),
    /// A human allowed the sides to differ.
    Differ,
}

/// What became of one answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerResult {
    pub resolution: i64,
    pub item: String,
    pub result: AnswerState,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnswerState {
    /// Its effect is in the plan.
    Applied,
    /// Nothing is done; why, in words for the admin.
    Refused(String),
    /// It keeps until a freeze ends.
    Kept,
}

/// Reconciles one pair.
pub fn reconcile_pair(input: &PairInput<'_>, terms: &Terms<'_>) -> PairPlan {
    let mut plan = PairPlan {
        link: input.link,
        label: label(input),
        states: FieldMap::from_fn(|_| FieldState::Agreed),
        changes: vec![],
        held: vec![],
        questions: vec![],
        moves: vec![],
        answers: vec![],
        position: None,
        notes: vec![],
    };
    let mut outcomes = Vec::with_capacity(15);
    for field in Field::ALL {
        let case = field_case(input, terms, field);
        let outcome = decide(&case, terms.lenses);
        let decision = input.decisions.iter().find(|(of, _)| *of == field).map(|(_, decision)| decision);
        let (outcome, who, item) = settle(&mut plan, input, terms, &case, outcome, decision);
        outcomes.push((field, outcome, who, item));
    }
    position::follow_first(&mut outcomes, input, terms.lenses);
    for (field, outcome, who, item) in outcomes {
        lay_out(&mut plan, input, terms, field, outcome, who, item);
    }
    plan.position = position::settled(input, &plan);
    plan
}

/// The names and number both sides are known by; Huma's first.
fn label(input: &PairInput<'_>) -> String {
    let label = input.huma.label();
    match input.huma.text(Field::EmploymentId) {
        Some(_) => label,
        None => match input.xledger.text(Field::EmploymentId) {
            Some(number) => format!("{label} ({})", number.trim()),
            None => label,
        },
    }
}

fn field_case<'a>(input: &'a PairInput<'_>, terms: &'a Terms<'_>, field: Field) -> FieldCase<'a> {
    static SHARED: Lock = Lock::Shared;
    let about = input.huma.huma();
    let position = match about.map(|about| &about.positions) {
        Some(_) | None if !field.is_on_position() => PositionCase::Same,
        Some(Positions::None) => {
            PositionCase::None { title_known: input.xledger.fields[Field::JobTitle].value().is_some() }
        }
        Some(Positions::Main(main)) => match &input.base.position {
            Some(then) if *then != main.id => PositionCase::Moved,
            Some(_) | None => PositionCase::Same,
        },
        Some(Positions::Tied) | None => PositionCase::Same,
    };
    FieldCase {
        field,
        excluded: input.excluded || input.excluded_fields.contains(field),
        policy: terms.policies[field],
        huma: &input.huma.fields[field],
        xledger: &input.xledger.fields[field],
        huma_lock: input.huma.locked.get(&field),
        xledger_lock: input
            .shared
            .contains(field)
            .then_some(&SHARED)
            .or_else(|| input.xledger.locked.get(&field)),
        requested: about.and_then(|about| about.requested_email.as_deref()).filter(|_| field == Field::Email),
        base: input.base.fields[field].as_ref(),
        parked: input.base.parked[field].as_ref(),
        circumstances: terms.circumstances,
        position,
        id_taken: field == Field::EmploymentId && input.id_taken,
        before_first_day: position::is_before_first_day(input, field, terms.lenses),
        writes: &input.base.writes[field],
        now: terms.now,
    }
}

/// Lets a queued answer decide, where its fingerprint still fits what is asked.
fn settle(
    plan: &mut PairPlan,
    input: &PairInput<'_>,
    terms: &Terms<'_>,
    case: &FieldCase<'_>,
    outcome: Outcome,
    decision: Option<&Decision>,
) -> (Outcome, Who, Option<String>) {
    let Some(decision) = decision else {
        return (outcome, Who::Hxsync, None);
    };
    let mut report = |result: AnswerState| {
        plan.answers.push(AnswerResult {
            resolution: decision.resolution,
            item: decision.item.clone(),
            result,
        });
    };
    let Outcome::Ask(asked) = &outcome else {
        report(AnswerState::Refused(format!(
            "it is no longer asked; the field is {} now",
            outcome.state().word()
        )));
        return (outcome, Who::Hxsync, None);
    };
    let question = question(input, terms, case, asked);
    if terms.key.of(&question) != decision.fingerprint {
        report(AnswerState::Refused("a value changed after you saw it. Asked again below".into()));
        return (outcome, Who::Hxsync, None);
    }
    if terms.frozen.contains(case.field) {
        report(AnswerState::Kept);
        return (outcome, Who::Hxsync, None);
    }
    match answer(case, asked, &decision.verb, terms.lenses) {
        Ok(settled) => {
            report(AnswerState::Applied);
            (settled, decision.who.clone(), Some(decision.item.clone()))
        }
        Err(refusal) => {
            report(AnswerState::Refused(refusal.0));
            (outcome, Who::Hxsync, None)
        }
    }
}

/// Turns an outcome into the plan's parts.
fn lay_out(
    plan: &mut PairPlan,
    input: &PairInput<'_>,
    terms: &Terms<'_>,
    field: Field,
    outcome: Outcome,
    who: Who,
    item: Option<String>,
) {
    plan.states[field] = outcome.state();
    match outcome {
        Outcome::Write(drafts) if terms.frozen.contains(field) => {
            plan.states[field] = FieldState::Held;
            let count = drafts.len();
            plan.notes.push((field, format!("{count} write(s) wait until the pay freeze ends")));
        }
        Outcome::Write(drafts) => plan.changes.extend(drafts.into_iter().map(|draft| Change {
            side: draft.to,
            field,
            from: reading(input, draft.to, field).clone(),
            to: draft.value,
            other: reading(input, draft.to.other(), field).clone(),
            why: draft.why,
            who: who.clone(),
            answers: item.clone(),
            make_title: draft.make_title,
        })),
        Outcome::Move(moved) => {
            let standing = FieldStanding::Agreed;
            plan.moves.push(BaseMove {
                field,
                base: rebased(input, terms, field, standing),
                why: MoveWhy::Moved(moved),
                who,
            });
        }
        Outcome::Differ => {
            let standing = FieldStanding::Differ;
            plan.moves.push(BaseMove {
                field,
                base: rebased(input, terms, field, standing),
                why: MoveWhy::Differ,
                who,
            });
        }
        Outcome::Ask(asked) => {
            let case = field_case(input, terms, field);
            plan.questions.push(question(input, terms, &case, &asked));
        }
        Outcome::Invalid { side, fault } => plan.notes.push((field, format!("{side}: {}", fault.0))),
        Outcome::Unrepresentable { why, .. } => plan.notes.push((field, why.0)),
        Outcome::ReadOnly { side, lock } => plan.notes.push((field, format!("{side}: {lock}"))),
        Outcome::Failing => {
            if let Some(parked) = &input.base.parked[field] {
                plan.notes.push((field, format!("{} refused the last write", parked.side)));
            }
        }
        Outcome::Off
        | Outcome::Hidden { .. }
        | Outcome::Waiting
        | Outcome::AwaitsPosition
        | Outcome::Rest(_) => {}
    }
}

/// The base that says what both sides show, with the last agreed values kept where they do not agree.
pub fn rebased(input: &PairInput<'_>, terms: &Terms<'_>, field: Field, standing: FieldStanding) -> FieldBase {
    let old = input.base.fields[field].as_ref();
    let (huma, xledger) = (&input.huma.fields[field], &input.xledger.fields[field]);
    base_of(field, huma, xledger, standing, old, terms.lenses, terms.now, terms.cycle)
}

/// A base of two readings. A hidden reading is no value: callers never make a base of one.
#[allow(clippy::too_many_arguments)] // One constructor of one row: a struct for it would only be taken apart again.
pub fn base_of(
    field: Field,
    huma: &Reading,
    xledger: &Reading,
    standing: FieldStanding,
    old: Option<&FieldBase>,
    lenses: &Lenses,
    now: Timestamp,
    cycle: i64,
) -> FieldBase {
    let half = |side: Side, reading: &Reading| Half {
        spelling: reading.value().cloned(),
        canonical: reading.value().map(|value| lenses.read(field, side, value).canonical),
    };
    let (huma, xledger) = (half(Side::Huma, huma), half(Side::Xledger, xledger));
    let agreed = match standing {
        FieldStanding::Agreed => {
            Some(Agreed { huma: huma.spelling.clone(), xledger: xledger.spelling.clone(), at: now })
        }
        FieldStanding::Differ | FieldStanding::NotAccepted | FieldStanding::Waiting => {
            old.and_then(|old| old.agreed.clone())
        }
    };
    FieldBase { huma, xledger, standing, since: now, cycle, agreed }
}

fn reading<'a>(input: &'a PairInput<'_>, side: Side, field: Field) -> &'a Reading {
    match side {
        Side::Huma => &input.huma.fields[field],
        Side::Xledger => &input.xledger.fields[field],
    }
}

fn question(input: &PairInput<'_>, terms: &Terms<'_>, case: &FieldCase<'_>, asked: &Ask) -> Question {
    let canonical = |side: Side, value: Option<&Spelling>| -> Option<Canonical> {
        value.map(|value| terms.lenses.read(case.field, side, value).canonical)
    };
    let agreed = case.base.and_then(|base| base.agreed.as_ref());
    let (base, base_side) = match agreed {
        Some(Agreed { huma: Some(value), .. }) => (Some(value), Side::Huma),
        Some(Agreed { xledger: Some(value), .. }) => (Some(value), Side::Xledger),
        Some(_) | None => (None, Side::Huma),
    };
    let mut notes = asked.notes.clone();
    if case.field == Field::EmploymentId
        && let (Some(huma), Some(xledger)) = (input.huma.text(case.field), input.xledger.text(case.field))
        && crate::domain::lens::near_employment_ids(huma, xledger)
    {
        notes.push("they differ only in leading zeros".into());
    }
    if asked.kind == QuestionKind::Divergence {
        let began =
            input.base.states[case.field].as_ref().filter(|mark| mark.state == FieldState::Divergence);
        notes.push(format!("since {}", utc_text(began.map_or(terms.now, |mark| mark.since))));
    }
    Question {
        kind: asked.kind,
        subject: Subject::Field { link: input.link, field: case.field },
        person: label(input),
        shown: Shown::Values(Box::new(Values {
            base: base.cloned(),
            base_at: agreed.map(|agreed| agreed.at),
            huma: case.huma.clone(),
            huma_at: input.huma_at,
            xledger: case.xledger.clone(),
            xledger_at: input.xledger_at,
            canonical: [
                canonical(base_side, base),
                canonical(Side::Huma, case.huma.value()),
                canonical(Side::Xledger, case.xledger.value()),
            ],
            side: asked.side,
            notes,
        })),
    }
}
