//! Count-locked answers to many questions at once: `all phone huma expect 12`.
//!
//! [`members`] counts for the number that is printed and for the check of the number that comes back, so that they agree.
//!
//! **Invariant:** never a held item; a conflict only by the selector `conflict`; a pay-critical field only where it is named,
//! and then only its missing values.

use super::Item;
use crate::domain::{Field, Side};
use crate::reconcile::question::Values;
use crate::reconcile::{QuestionKind, Shown, Verb};
use jiff::Timestamp;

/// Which questions a bulk line speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selector {
    /// The field's differences and missing values.
    Field(Field),
    Difference,
    Missing,
    Conflict,
    OnlyHuma,
    OnlyXledger,
}

impl Selector {
    const KINDS: [Selector; 5] = [
        Selector::Difference,
        Selector::Missing,
        Selector::Conflict,
        Selector::OnlyHuma,
        Selector::OnlyXledger,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Selector::Field(field) => field.name(),
            Selector::Difference => "difference",
            Selector::Missing => "missing",
            Selector::Conflict => "conflict",
            Selector::OnlyHuma => "only-huma",
            Selector::OnlyXledger => "only-xledger",
        }
    }

    /// In any case; `first-day-of-work` is read as `first_day_of_work`.
    pub fn from_word(word: &str) -> Option<Selector> {
        let word = word.to_ascii_lowercase();
        let field = || Field::from_name(&word.replace('-', "_")).map(Selector::Field);
        Selector::KINDS.into_iter().find(|selector| selector.word() == word).or_else(field)
    }

    pub(super) fn words() -> impl Iterator<Item = &'static str> {
        Field::ALL.into_iter().map(Field::name).chain(Selector::KINDS.map(Selector::word))
    }

    fn covers(self, item: &Item) -> bool {
        let field = item.question.subject.field();
        let pay_critical = field.is_some_and(Field::is_pay_critical);
        match self {
            Selector::Field(named) => {
                field == Some(named)
                    && match item.kind() {
                        QuestionKind::Missing => true,
                        QuestionKind::Difference => !pay_critical,
                        QuestionKind::FirstSync
                        | QuestionKind::Conflict
                        | QuestionKind::Divergence
                        | QuestionKind::Clear
                        | QuestionKind::Confirm
                        | QuestionKind::Flap
                        | QuestionKind::OnlyHuma
                        | QuestionKind::OnlyXledger
                        | QuestionKind::Match
                        | QuestionKind::Vanished
                        | QuestionKind::Held => false,
                    }
            }
            Selector::Difference => item.kind() == QuestionKind::Difference && !pay_critical,
            Selector::Missing => item.kind() == QuestionKind::Missing && !pay_critical,
            Selector::Conflict => item.kind() == QuestionKind::Conflict && !pay_critical,
            Selector::OnlyHuma => item.kind() == QuestionKind::OnlyHuma,
            Selector::OnlyXledger => item.kind() == QuestionKind::OnlyXledger,
        }
    }

    /// The answers worth printing a line for.
    fn offered(self) -> &'static [Verb] {
        match self {
            Selector::Field(_) | Selector::Difference | Selector::Missing | Selector::Conflict => {
                &[Verb::Huma, Verb::Xledger]
            }
            Selector::OnlyHuma => &[Verb::CreateXledger, Verb::Ignore],
            Selector::OnlyXledger => &[Verb::CreateHuma, Verb::Ignore],
        }
    }
}

/// Whether an answer can be given to many at once at all: one that speaks of a single person's value or id cannot, and
/// emptying is never done by the dozen.
pub(super) fn is_for_many(verb: &Verb) -> bool {
    match verb {
        Verb::Huma
        | Verb::Xledger
        | Verb::Base
        | Verb::Later(_)
        | Verb::Differ
        | Verb::CreateXledger
        | Verb::CreateHuma
        | Verb::Ignore => true,
        Verb::Pending
        | Verb::Value(_)
        | Verb::Clear
        | Verb::Link(_)
        | Verb::Left
        | Verb::StillHere
        | Verb::Allow(_)
        | Verb::Reject => false,
    }
}

/// The questions a bulk line reaches: open, awake, not held, not answered yet, the named side having a value.
pub fn members<'a>(selector: Selector, verb: &Verb, items: &'a [Item], now: Timestamp) -> Vec<&'a Item> {
    items
        .iter()
        .filter(|item| item.queued.is_none() && !item.is_asleep(now))
        .filter(|item| is_for_many(verb) && selector.covers(item) && reaches(verb, item))
        .collect()
}

fn reaches(verb: &Verb, item: &Item) -> bool {
    let has = |side: Side| values(item).is_some_and(|values| reading(values, side).value().is_some());
    verb.suits(item.kind())
        && match verb {
            Verb::Huma => has(Side::Huma),
            Verb::Xledger => has(Side::Xledger),
            Verb::Base => values(item).is_some_and(|values| values.base.is_some()),
            Verb::Later(_) | Verb::Differ | Verb::CreateXledger | Verb::CreateHuma | Verb::Ignore => true,
            Verb::Pending
            | Verb::Value(_)
            | Verb::Clear
            | Verb::Link(_)
            | Verb::Left
            | Verb::StillHere
            | Verb::Allow(_)
            | Verb::Reject => false,
        }
}

/// A bulk line to print, with its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Offer {
    pub selector: Selector,
    pub verb: Verb,
    pub count: usize,
}

/// The bulk lines worth printing: those that reach two questions or more.
pub(super) fn offers(selectors: &[Selector], items: &[Item], now: Timestamp) -> Vec<Offer> {
    let mut offers = Vec::new();
    for selector in selectors {
        for verb in selector.offered() {
            let count = members(*selector, verb, items, now).len();
            if count >= 2 {
                offers.push(Offer { selector: *selector, verb: verb.clone(), count });
            }
        }
    }
    offers
}

pub(super) fn values(item: &Item) -> Option<&Values> {
    match &item.question.shown {
        Shown::Values(values) => Some(values),
        Shown::People(_) | Shown::Vanished { .. } | Shown::Held { .. } | Shown::FirstSync(_) => None,
    }
}

pub(super) fn reading(values: &Values, side: Side) -> &crate::domain::Reading {
    match side {
        Side::Huma => &values.huma,
        Side::Xledger => &values.xledger,
    }
}
