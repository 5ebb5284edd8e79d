//! Cases of the check: what is held, what goes on, and what an answer to a held plan releases.

use super::{Case, compare};
use crate::support::pair::{kari, verb};
use crate::support::text::{self, lenses};
use hxsync::domain::{Field, FieldMap, HumaId, LinkId, Reading, RecordId, Side, XledgerId};
use hxsync::reconcile::check::{Checked, HeldAnswer, Limits, check};
use hxsync::reconcile::pair::{AnswerState, PairPlan};
use hxsync::reconcile::{
    Change, Decision, FieldBase, FieldStanding, FieldState, Half, HeldMember, HoldClass, QuestionKind, Shown,
    Subject, Who, Why,
};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct LimitCase {
    name: String,
    rule: String,
    #[serde(default)]
    limits: LimitsText,
    #[serde(default)]
    plan_only: bool,
    #[serde(default)]
    writes: Vec<Writes>,
    /// Records rules would create on the other side: `huma:h1`.
    #[serde(default)]
    creates: Vec<String>,
    /// Earlier holds that were answered.
    #[serde(default)]
    answered: Vec<Answered>,
    /// In any order; see [`in_words`].
    expect: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "snake_case")]
struct LimitsText {
    changes_per_field: u64,
    clears: u64,
    creates: u64,
    end_dates: u64,
}

/// The same write to several links.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Writes {
    /// `1`, `1-12`.
    links: String,
    field: Field,
    side: Side,
    #[serde(default = "old")]
    from: String,
    #[serde(default = "new")]
    to: String,
    /// `edit`, `clear`, `fill`, `prefer`, `restore` are rules; `answer`, `create`, `undo` are not.
    #[serde(default = "edit")]
    by: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Answered {
    /// As [`HoldClass::key`] spells it.
    class: String,
    #[serde(default)]
    members: Vec<Writes>,
    #[serde(default)]
    creates: Vec<String>,
    answer: String,
}

fn old() -> String {
    "old".into()
}

fn new() -> String {
    "new".into()
}

fn edit() -> String {
    "edit".into()
}

impl Default for LimitsText {
    fn default() -> Self {
        LimitsText { changes_per_field: 3, clears: 2, creates: 3, end_dates: 2 }
    }
}

impl Case for LimitCase {
    fn name(&self) -> &str {
        &self.name
    }

    fn rule(&self) -> &str {
        &self.rule
    }

    fn failures(&self) -> Vec<String> {
        let mut plans = self.plans();
        let limits = Limits {
            changes_per_field: self.limits.changes_per_field,
            clears: self.limits.clears,
            creates: self.limits.creates,
            end_dates: self.limits.end_dates,
        };
        let creates = self.creates.iter().map(|id| record_id(id)).collect();
        let answers: Vec<HeldAnswer> = self.answered.iter().map(Answered::held).collect();
        let mut rebase = |_: LinkId, _: Field| Some(differing());
        let checked = check(&mut plans, creates, &limits, self.plan_only, &answers, &lenses(), &mut rebase);
        let mut expected = self.expect.clone();
        expected.sort();
        compare("checked", &expected.join("; "), &in_words(&plans, &checked).join("; ")).into_iter().collect()
    }
}

impl LimitCase {
    fn plans(&self) -> Vec<PairPlan> {
        let mut plans: BTreeMap<LinkId, PairPlan> = BTreeMap::new();
        for (link, change) in self.writes.iter().flat_map(Writes::changes) {
            plans.entry(link).or_insert_with(|| plan(link)).changes.push(change);
        }
        plans.into_values().collect()
    }
}

fn plan(link: LinkId) -> PairPlan {
    PairPlan {
        link,
        label: format!("person {link}"),
        states: FieldMap::from_fn(|_| FieldState::Agreed),
        changes: vec![],
        held: vec![],
        questions: vec![],
        moves: vec![],
        answers: vec![],
        position: None,
        notes: vec![],
    }
}

fn differing() -> FieldBase {
    FieldBase {
        huma: Half::default(),
        xledger: Half::default(),
        standing: FieldStanding::Differ,
        since: crate::support::pair::now(),
        cycle: 2,
        agreed: None,
    }
}

impl Writes {
    fn changes(&self) -> Vec<(LinkId, Change)> {
        let (side, other) = (self.side, self.side.other());
        let (why, who) = match self.by.as_str() {
            "edit" => (Why::Edited(other), Who::Hxsync),
            "clear" => (Why::Cleared(other), Who::Hxsync),
            "fill" => (Why::Filled(side), Who::Hxsync),
            "prefer" => (Why::Preferred(other), Who::Hxsync),
            "restore" => (Why::Restored(side), Who::Hxsync),
            "answer" => (Why::Answered(other.word().into()), kari()),
            "create" => (Why::Created(side), kari()),
            "undo" => (Why::Undone, kari()),
            unknown => panic!("nobody writes by {unknown}"),
        };
        let change = Change {
            side,
            field: self.field,
            from: text::reading(self.field, side, &self.from),
            to: text::reading(self.field, side, &self.to).value().cloned(),
            other: Reading::Empty,
            why,
            who,
            answers: None,
            make_title: None,
        };
        links(&self.links).into_iter().map(|link| (LinkId(link), change.clone())).collect()
    }
}

fn links(text: &str) -> Vec<i64> {
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    (from.parse().expect("a link")..=to.parse().expect("a link")).collect()
}

impl Answered {
    fn held(&self) -> HeldAnswer {
        let lenses = lenses();
        let member = |(link, change): (LinkId, Change)| {
            let canonical = |value| lenses.read(change.field, change.side, value).canonical;
            HeldMember {
                link,
                side: change.side,
                field: change.field,
                old: change.from.value().map(canonical),
                new: change.to.as_ref().map(canonical),
            }
        };
        HeldAnswer {
            class: class(&self.class),
            members: self.members.iter().flat_map(Writes::changes).map(member).collect(),
            creates: self.creates.iter().map(|id| record_id(id)).collect(),
            decision: Decision {
                resolution: 1,
                item: "G5AA".into(),
                fingerprint: String::new(),
                kind: QuestionKind::Held,
                verb: verb(&self.answer),
                who: kari(),
            },
        }
    }
}

fn class(key: &str) -> HoldClass {
    let parts: Vec<&str> = key.split(':').collect();
    let side = |word: &str| Side::from_word(word).expect("a side");
    let field = |name: &str| Field::from_name(name).expect("a field");
    match parts[..] {
        ["plan-only"] => HoldClass::PlanOnly,
        ["creates", on] => HoldClass::Creates { side: side(on) },
        ["changes", on, of] => HoldClass::Changes { side: side(on), field: field(of) },
        ["clears", on, of] => HoldClass::Clears { side: side(on), field: field(of) },
        ["end-dates", on, of] => HoldClass::EndDates { side: side(on), field: field(of) },
        _ => panic!("no class: {key}"),
    }
}

fn record_id(text: &str) -> RecordId {
    match text.split_once(':') {
        Some(("huma", id)) => RecordId::Huma(HumaId(id.into())),
        Some(("xledger", id)) => RecordId::Xledger(XledgerId(id.parse().expect("a number"))),
        Some(_) | None => panic!("no record: {text}"),
    }
}

/// Sorted: `write phone in xledger: 1 2 3`, `held changes:xledger:phone: 4 of at most 3`, `create huma:h1`,
/// `held creates:xledger: huma:h1`, `ignored huma:h1`, `differ phone: 1`, `applied`, `refused: the number is 4`.
fn in_words(plans: &[PairPlan], checked: &Checked) -> Vec<String> {
    let mut written: BTreeMap<(String, String), BTreeSet<i64>> = BTreeMap::new();
    let mut words = Vec::new();
    for plan in plans {
        for change in &plan.changes {
            let by = match (&change.who, change.why.is_rule()) {
                (Who::User { .. }, true) => ", allowed",
                (Who::Hxsync, _) | (Who::User { .. }, false) => "",
            };
            let key = (format!("write {} in {}", change.field.name(), change.side.word()), by.to_owned());
            written.entry(key).or_default().insert(plan.link.0);
        }
        for moved in &plan.moves {
            assert_eq!(plan.states[moved.field], FieldState::Differ);
            words.push(format!("differ {}: {}", moved.field.name(), plan.link));
        }
    }
    for ((what, by), links) in written {
        let links: Vec<String> = links.iter().map(ToString::to_string).collect();
        words.push(format!("{what}: {}{by}", links.join(" ")));
    }
    for question in &checked.questions {
        let (Subject::Held(class), Shown::Held { members, creates, limit }) =
            (&question.subject, &question.shown)
        else {
            panic!("the check asks of held plans only");
        };
        let mut held: Vec<String> = members
            .iter()
            .map(|member| {
                let plan = plans.iter().find(|plan| plan.link == member.link).expect("its plan");
                assert_eq!(plan.states[member.field], FieldState::Held);
                member.link.to_string()
            })
            .collect();
        held.extend(creates.iter().map(|id| format!("{}:{id}", id.side().word())));
        words.push(format!("held {}: {} of at most {limit}", class.key(), held.join(" ")));
    }
    words.extend(checked.creates.iter().map(|id| format!("create {}:{id}", id.side().word())));
    words.extend(checked.ignored.iter().map(|(id, _)| format!("ignored {}:{id}", id.side().word())));
    for answer in &checked.answers {
        words.push(match &answer.result {
            AnswerState::Applied => "applied".into(),
            AnswerState::Refused(why) => format!("refused: {why}"),
            AnswerState::Kept => "kept".into(),
        });
    }
    words.sort();
    words
}
