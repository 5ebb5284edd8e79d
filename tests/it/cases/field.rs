//! Cases of one field of one pair: what is decided, and what an answer does.

use super::{Case, compare};
use crate::support::pair::{Pair, decision, in_words, main_position, notes, refusal, verb};
use crate::support::text::{self, EMPTY};
use hxsync::config::{Direction, FieldPolicy, OnClear, OnMissing, Prefer};
use hxsync::domain::{Field, Lock, Positions, Side};
use hxsync::reconcile::pair::PairPlan;
use hxsync::reconcile::{FieldStanding, Parked};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct FieldCase {
    name: String,
    rule: String,
    field: Field,
    /// Absent: there is none. One text: both halves say it and stand agreed.
    base: Option<BaseText>,
    #[serde(default = "empty")]
    huma: String,
    #[serde(default = "empty")]
    xledger: String,
    /// What [`in_words`] says of the field.
    expect: String,
    /// A part of a note that must stand beside it.
    note: Option<String>,
    /// A part of the words an answer is refused with.
    refused: Option<String>,
    /// The case also holds with the sides exchanged.
    #[serde(default)]
    mirror: bool,
    /// Of this field, over its defaults.
    #[serde(default)]
    policy: PolicyText,
    #[serde(default)]
    locks: BTreeMap<Side, LockWord>,
    #[serde(default)]
    shared: bool,
    #[serde(default)]
    excluded: bool,
    #[serde(default)]
    excluded_field: bool,
    requested: Option<String>,
    /// What both sides showed when a write was refused.
    parked: Option<ParkedText>,
    /// `none`, `tied`, or the id of Huma's main position; the base's is `p1`.
    position: Option<String>,
    /// The base is tied to no position yet.
    #[serde(default)]
    new_pair: bool,
    #[serde(default)]
    id_taken: bool,
    #[serde(default)]
    frozen: bool,
    answer: Option<String>,
    /// The values the human saw, where they are not the present ones.
    answer_saw: Option<Seen>,
    /// Other fields of the pair.
    #[serde(default)]
    also: BTreeMap<Field, Other>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Other {
    base: Option<BaseText>,
    #[serde(default = "empty")]
    huma: String,
    #[serde(default = "empty")]
    xledger: String,
    expect: Option<String>,
    answer: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum BaseText {
    Both(String),
    Halves {
        huma: String,
        xledger: String,
        #[serde(default = "agreed")]
        standing: FieldStanding,
        /// What both sides last agreed on, where the halves do not say it; `(none)`: they never did.
        agreed: Option<String>,
    },
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "snake_case")]
struct PolicyText {
    to_huma: Option<String>,
    to_xledger: Option<String>,
    prefer: Option<String>,
    on_clear: Option<String>,
    on_missing: Option<String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum LockWord {
    NotEditable,
    OwnedByAnother,
    Deactivated,
    ChoosePosition,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct ParkedText {
    side: Side,
    huma: String,
    xledger: String,
    /// A right or a setting moved since.
    #[serde(default)]
    circumstances_moved: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Seen {
    huma: Option<String>,
    xledger: Option<String>,
}

fn empty() -> String {
    EMPTY.into()
}

fn agreed() -> FieldStanding {
    FieldStanding::Agreed
}

impl Case for FieldCase {
    fn name(&self) -> &str {
        &self.name
    }

    fn rule(&self) -> &str {
        &self.rule
    }

    fn failures(&self) -> Vec<String> {
        let mut failures = self.one_way();
        if self.mirror {
            let mirrored = self.mirrored().one_way();
            failures.extend(
                mirrored.into_iter().map(|failure| format!("  with the sides exchanged:\n{failure}")),
            );
        }
        failures
    }
}

impl FieldCase {
    fn one_way(&self) -> Vec<String> {
        let pair = self.pair();
        let plan = self.plan(&pair);
        let mut failures = Vec::new();
        failures.extend(compare(self.field.name(), &self.expect, &in_words(&plan, self.field)));
        for (field, other) in &self.also {
            if let Some(expect) = &other.expect {
                failures.extend(compare(field.name(), expect, &in_words(&plan, *field)));
            }
        }
        let noted = notes(&plan, self.field);
        if let Some(note) = &self.note
            && !noted.iter().any(|text| text.contains(note))
        {
            failures.extend(compare("note", note, &noted.join(" / ")));
        }
        let refused = refusal(&plan);
        let as_expected = match (&self.refused, &refused) {
            (Some(part), Some(words)) => words.contains(part),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        if !as_expected {
            let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "(nothing)".into());
            failures.extend(compare("answer refused", &or_none(&self.refused), &or_none(&refused)));
        }
        failures
    }

    fn plan(&self, pair: &Pair) -> PairPlan {
        let mut answered: Vec<(Field, &str)> = Vec::new();
        answered.extend(self.answer.as_deref().map(|answer| (self.field, answer)));
        for (field, other) in &self.also {
            answered.extend(other.answer.as_deref().map(|answer| (*field, answer)));
        }
        let mut decisions = Vec::new();
        for (field, answer) in answered {
            let mut then = self.pair();
            if let Some(saw) = &self.answer_saw {
                saw.huma.iter().for_each(|value| then.set(Side::Huma, field, value));
                saw.xledger.iter().for_each(|value| then.set(Side::Xledger, field, value));
            }
            let question = then
                .question(field)
                .unwrap_or_else(|| panic!("{}: {field} is not asked, so no answer can be given", self.name));
            decisions.push((field, decision(&question, verb(answer))));
        }
        pair.plan(&decisions)
    }

    fn pair(&self) -> Pair {
        let (given, field) = (self, self.field);
        let mut pair = Pair::new();
        put(&mut pair, field, &self.base, &self.huma, &self.xledger);
        for (other, texts) in &given.also {
            put(&mut pair, *other, &texts.base, &texts.huma, &texts.xledger);
        }
        pair.policies[field] = given.policy.over(pair.policies[field]);
        for (side, word) in &given.locks {
            pair.record(*side).locked.insert(field, word.lock());
        }
        pair.shared = given.shared.then_some(field).into_iter().collect();
        pair.excluded = given.excluded;
        pair.excluded_fields = given.excluded_field.then_some(field).into_iter().collect();
        pair.frozen = given.frozen.then_some(field).into_iter().collect();
        pair.id_taken = given.id_taken;
        pair.about().requested_email = given.requested.clone();
        pair.base.parked[field] = given.parked.as_ref().map(|parked| Parked {
            side: parked.side,
            huma: text::reading(field, Side::Huma, &parked.huma),
            xledger: text::reading(field, Side::Xledger, &parked.xledger),
            circumstances: if parked.circumstances_moved {
                "before".into()
            } else {
                pair.circumstances.clone()
            },
            words: "no".into(),
            at: pair.now,
        });
        if given.new_pair {
            pair.base.position = None;
        }
        match given.position.as_deref() {
            None => {}
            Some("none") => pair.about().positions = Positions::None,
            Some("tied") => pair.about().positions = Positions::Tied,
            Some(id) => pair.about().positions = main_position(id),
        }
        pair
    }

    /// The same case with the sides exchanged, for fields both sides spell alike.
    fn mirrored(&self) -> FieldCase {
        let mut case = self.clone();
        std::mem::swap(&mut case.huma, &mut case.xledger);
        case.base = self.base.clone().map(BaseText::mirrored);
        let policy = &mut case.policy;
        std::mem::swap(&mut policy.to_huma, &mut policy.to_xledger);
        policy.prefer = policy.prefer.as_deref().map(exchanged);
        case.locks = self.locks.iter().map(|(side, lock)| (side.other(), *lock)).collect();
        if let Some(parked) = &mut case.parked {
            parked.side = parked.side.other();
            std::mem::swap(&mut parked.huma, &mut parked.xledger);
        }
        if let Some(saw) = &mut case.answer_saw {
            std::mem::swap(&mut saw.huma, &mut saw.xledger);
        }
        assert!(self.also.is_empty(), "{}: a mirrored case has one field", self.name);
        case.answer = self.answer.as_deref().map(exchanged);
        case.expect = exchanged(&self.expect);
        case.note = self.note.as_deref().map(exchanged);
        case.refused = self.refused.as_deref().map(exchanged);
        case
    }
}

pub(super) fn put(pair: &mut Pair, field: Field, base: &Option<BaseText>, huma: &str, xledger: &str) {
    pair.set(Side::Huma, field, huma);
    pair.set(Side::Xledger, field, xledger);
    match base {
        None => {}
        Some(BaseText::Both(value)) => pair.set_base(field, value, value, FieldStanding::Agreed, None),
        Some(BaseText::Halves { huma, xledger, standing, agreed }) => {
            let agreed = match agreed.as_deref() {
                Some("(none)") | None => None,
                Some(value) => Some((value, value)),
            };
            pair.set_base(field, huma, xledger, *standing, agreed);
        }
    }
}

/// Every `huma` for `xledger`, and the other way about.
fn exchanged(text: &str) -> String {
    text.replace("huma", "\0h")
        .replace("Huma", "\0H")
        .replace("xledger", "huma")
        .replace("Xledger", "Huma")
        .replace("\0h", "xledger")
        .replace("\0H", "Xledger")
}

impl BaseText {
    fn mirrored(self) -> BaseText {
        match self {
            BaseText::Both(value) => BaseText::Both(value),
            BaseText::Halves { huma, xledger, standing, agreed } => {
                BaseText::Halves { huma: xledger, xledger: huma, standing, agreed }
            }
        }
    }
}

impl PolicyText {
    fn over(&self, mut policy: FieldPolicy) -> FieldPolicy {
        let direction = |word: &str| match word {
            "write" => Direction::Write,
            "ask" => Direction::Ask,
            "never" => Direction::Never,
            other => panic!("no direction: {other}"),
        };
        self.to_huma.iter().for_each(|word| policy.to_huma = direction(word));
        self.to_xledger.iter().for_each(|word| policy.to_xledger = direction(word));
        self.prefer.iter().for_each(|word| {
            policy.prefer = match word.as_str() {
                "ask" => Prefer::Ask,
                "huma" => Prefer::Huma,
                "xledger" => Prefer::Xledger,
                other => panic!("nobody to prefer: {other}"),
            }
        });
        self.on_clear.iter().for_each(|word| {
            policy.on_clear = match word.as_str() {
                "carry" => OnClear::Carry,
                "ask" => OnClear::Ask,
                "restore" => OnClear::Restore,
                other => panic!("no way to clear: {other}"),
            }
        });
        self.on_missing.iter().for_each(|word| {
            policy.on_missing = match word.as_str() {
                "fill" => OnMissing::Fill,
                "ask" => OnMissing::Ask,
                other => panic!("nothing to do about a missing value: {other}"),
            }
        });
        policy
    }
}

impl LockWord {
    fn lock(self) -> Lock {
        match self {
            LockWord::NotEditable => Lock::NotEditable,
            LockWord::OwnedByAnother => Lock::OwnedBy("another".into()),
            LockWord::Deactivated => Lock::Deactivated,
            LockWord::ChoosePosition => Lock::ChoosePosition,
        }
    }
}
