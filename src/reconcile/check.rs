//! Tests the finished plan before its first write: limits, per class and side, over what *rules* decided (P8).
//!
//! **Invariant:** a class over its limit is held whole, and everything else goes on.

use super::pair::{AnswerResult, AnswerState, BaseMove, MoveWhy, PairPlan};
use super::{
    Change, Decision, FieldState, HeldMember, HoldClass, Question, QuestionKind, Shown, Subject, Verb, Who,
};
use crate::domain::{Canonical, Field, FieldSet, Lenses, LinkId, RecordId, Side, Spelling};
use std::collections::{BTreeMap, BTreeSet};

/// The limits as numbers of writes, for the number of linked people there are.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub changes_per_field: u64,
    pub clears: u64,
    pub creates: u64,
    pub end_dates: u64,
}

/// An answered `held` question: what it was over, as it was stored, and the answer.
#[derive(Debug, Clone)]
pub struct HeldAnswer {
    pub class: HoldClass,
    pub members: Vec<HeldMember>,
    pub creates: Vec<RecordId>,
    pub decision: Decision,
}

/// What was held, and what became of answers to earlier holds.
#[derive(Debug, Clone, Default)]
pub struct Checked {
    pub questions: Vec<Question>,
    pub answers: Vec<AnswerResult>,
    /// Creations by rule that may go on.
    pub creates: Vec<RecordId>,
    /// Creations a human rejected: the records are ignored from now on.
    pub ignored: Vec<(RecordId, Who)>,
}

/// Makes the base of a rejected change: both sides may differ.
pub type Rebase<'a> = dyn FnMut(LinkId, Field) -> Option<super::FieldBase> + 'a;

/// Takes out of `plans` what trips a limit. `creates` are the people rules would create, by the record they come from;
/// with `plan_only` everything rules decided is one question.
pub fn check(
    plans: &mut [PairPlan],
    creates: Vec<RecordId>,
    limits: &Limits,
    plan_only: bool,
    held_answers: &[HeldAnswer],
    lenses: &Lenses,
    rebase: &mut Rebase<'_>,
) -> Checked {
    let mut checked = Checked::default();
    let released = take_answers(plans, held_answers, lenses, &mut checked, rebase);

    let mut classes: BTreeMap<HoldClass, Vec<HeldMember>> = BTreeMap::new();
    for plan in plans.iter() {
        for change in plan.changes.iter().filter(|change| counts(change)) {
            classes.entry(class(change, plan_only)).or_default().push(member(plan.link, change, lenses));
        }
    }
    classes.retain(|class, members| plan_only || members.len() as u64 > limits.of(*class));

    let mut creates_by_class: BTreeMap<HoldClass, Vec<RecordId>> = BTreeMap::new();
    for record in creates {
        if checked.ignored.iter().any(|(ignored, _)| *ignored == record) {
            continue;
        }
        if released.creates.contains(&record) {
            checked.creates.push(record);
            continue;
        }
        let class =
            if plan_only { HoldClass::PlanOnly } else { HoldClass::Creates { side: record.side().other() } };
        creates_by_class.entry(class).or_default().push(record);
    }
    for (class, records) in creates_by_class {
        if plan_only || records.len() as u64 > limits.of(class) {
            classes.entry(class).or_default();
            checked.questions.push(held(class, vec![], records, limits));
        } else {
            checked.creates.extend(records);
        }
    }
    for plan in plans.iter_mut() {
        hold(plan, &classes, plan_only);
    }
    for (class, members) in classes {
        match checked.questions.iter_mut().find(|question| question.subject == Subject::Held(class)) {
            Some(Question { shown: Shown::Held { members: shown, .. }, .. }) => *shown = members,
            Some(_) => {}
            None => checked.questions.push(held(class, members, vec![], limits)),
        }
    }
    for question in &mut checked.questions {
        if let (Subject::Held(class), Shown::Held { members, creates, .. }) =
            (&question.subject, &question.shown)
        {
            question.person = in_words(*class, members.len() + creates.len());
        }
    }
    checked
}

/// Whether a limit counts the change: a rule decided it, and no human has released it.
fn counts(change: &Change) -> bool {
    change.why.is_rule() && change.who == Who::Hxsync
}

fn class(change: &Change, plan_only: bool) -> HoldClass {
    let (side, field) = (change.side, change.field);
    match (&change.to, field) {
        _ if plan_only => HoldClass::PlanOnly,
        (None, _) => HoldClass::Clears { side, field },
        (Some(_), Field::LastDayOfWork | Field::TerminationNoticeDate) => HoldClass::EndDates { side, field },
        (Some(_), _) => HoldClass::Changes { side, field },
    }
}

fn member(link: LinkId, change: &Change, lenses: &Lenses) -> HeldMember {
    let canonical = |value: Option<&Spelling>| -> Option<Canonical> {
        value.map(|value| lenses.read(change.field, change.side, value).canonical)
    };
    let (old, new) = (canonical(change.from.value()), canonical(change.to.as_ref()));
    HeldMember { link, side: change.side, field: change.field, old, new }
}

fn hold(plan: &mut PairPlan, classes: &BTreeMap<HoldClass, Vec<HeldMember>>, plan_only: bool) {
    let mut fields = FieldSet::default();
    let mut held = Vec::new();
    plan.changes.retain(|change| {
        let class = class(change, plan_only);
        let is_held = counts(change) && classes.contains_key(&class);
        if is_held {
            fields.insert(change.field);
            held.push((class, change.clone()));
        }
        !is_held
    });
    plan.held = held;
    fields.iter().for_each(|field| plan.states[field] = FieldState::Held);
}

#[derive(Default)]
struct Released {
    creates: BTreeSet<RecordId>,
}

/// `allow` releases exactly the stored members that are still unchanged; `reject` lets each of them differ.
fn take_answers(
    plans: &mut [PairPlan],
    held_answers: &[HeldAnswer],
    lenses: &Lenses,
    checked: &mut Checked,
    rebase: &mut Rebase<'_>,
) -> Released {
    let mut released = Released::default();
    for held in held_answers {
        let decision = &held.decision;
        let size = (held.members.len() + held.creates.len()) as u64;
        let result = match &decision.verb {
            Verb::Allow(count) if *count == size => AnswerState::Applied,
            Verb::Allow(_) => AnswerState::Refused(format!("the number is {size}")),
            Verb::Reject => AnswerState::Applied,
            other => AnswerState::Refused(format!("`{}` is no answer to a held plan", other.word())),
        };
        let applies = result == AnswerState::Applied;
        checked.answers.push(AnswerResult {
            resolution: decision.resolution,
            item: decision.item.clone(),
            result,
        });
        if !applies {
            continue;
        }
        let members: BTreeSet<&HeldMember> = held.members.iter().collect();
        let allow = matches!(decision.verb, Verb::Allow(_));
        for plan in plans.iter_mut() {
            answer_members(plan, &members, decision, allow, lenses, rebase);
        }
        if allow {
            released.creates.extend(held.creates.iter().cloned());
        } else {
            checked.ignored.extend(held.creates.iter().map(|record| (record.clone(), decision.who.clone())));
        }
    }
    released
}

fn answer_members(
    plan: &mut PairPlan,
    members: &BTreeSet<&HeldMember>,
    decision: &Decision,
    allow: bool,
    lenses: &Lenses,
    rebase: &mut Rebase<'_>,
) {
    let link = plan.link;
    let mut rejected = FieldSet::default();
    for change in plan.changes.iter_mut().filter(|change| counts(change)) {
        if !members.contains(&member(link, change, lenses)) {
            continue;
        }
        if allow {
            change.who = decision.who.clone();
            change.answers = Some(decision.item.clone());
        } else {
            rejected.insert(change.field);
        }
    }
    plan.changes.retain(|change| !(counts(change) && rejected.contains(change.field)));
    for field in rejected.iter() {
        plan.states[field] = FieldState::Differ;
        if let Some(base) = rebase(link, field) {
            plan.moves.push(BaseMove { field, base, why: MoveWhy::Differ, who: decision.who.clone() });
        }
    }
}

fn held(class: HoldClass, members: Vec<HeldMember>, creates: Vec<RecordId>, limits: &Limits) -> Question {
    Question {
        kind: QuestionKind::Held,
        subject: Subject::Held(class),
        person: String::new(),
        shown: Shown::Held { members, limit: limits.of(class), creates },
    }
}

/// `53 phone changes would be written in Xledger`.
fn in_words(class: HoldClass, count: usize) -> String {
    match class {
        HoldClass::Changes { side, field } => {
            format!("{count} changes of {field} would be written in {side}")
        }
        HoldClass::Clears { side, field } => format!("{count} values of {field} would be emptied in {side}"),
        HoldClass::EndDates { side, field } => format!("{count} dates of {field} would be written in {side}"),
        HoldClass::Creates { side } => format!("{count} people would be created in {side}"),
        HoldClass::PlanOnly => format!("{count} writes wait: a mapping, a filter or the database changed"),
    }
}

impl Limits {
    /// Nothing trips.
    pub const NONE: Limits =
        Limits { changes_per_field: u64::MAX, clears: u64::MAX, creates: u64::MAX, end_dates: u64::MAX };

    fn of(&self, class: HoldClass) -> u64 {
        match class {
            HoldClass::Changes { side: Side::Huma | Side::Xledger, .. } => self.changes_per_field,
            HoldClass::Clears { .. } => self.clears,
            HoldClass::EndDates { .. } => self.end_dates,
            HoldClass::Creates { .. } => self.creates,
            HoldClass::PlanOnly => 0,
        }
    }
}
