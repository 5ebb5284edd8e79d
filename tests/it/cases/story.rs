//! Stories: one pair over several cycles, each step an edit or an answer, then the plan, then what the sides made of it.

use super::field::{BaseText, put};
use super::{Case, compare};
use crate::support::pair::{Landing, Pair, decision, in_words, main_position, notes, verb};
use crate::support::text::EMPTY;
use hxsync::config::{Direction, OnClear};
use hxsync::domain::{Field, Positions, Side};
use jiff::SignedDuration;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Story {
    name: String,
    rule: String,
    /// Of each field: what it starts with.
    start: BTreeMap<Field, Start>,
    /// `none`, or the id of Huma's main position.
    position: Option<String>,
    /// Both sides were paired just now: no position is known yet.
    #[serde(default)]
    new_pair: bool,
    /// Fields Huma is written without asking.
    #[serde(default)]
    to_huma_writes: Vec<Field>,
    #[serde(default)]
    restore: Vec<Field>,
    step: Vec<Step>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Start {
    base: Option<BaseText>,
    #[serde(default = "empty")]
    huma: String,
    #[serde(default = "empty")]
    xledger: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct Step {
    /// Edits before the cycle.
    huma: BTreeMap<Field, String>,
    xledger: BTreeMap<Field, String>,
    /// Huma's request ends or begins: an address, or `(none)`.
    requested: Option<String>,
    position: Option<String>,
    id_taken: Option<bool>,
    circumstances: Option<String>,
    /// Since the step before; one, unless told.
    hours: Option<i64>,
    answer: BTreeMap<Field, String>,
    /// `written`, `refused`, `requested`, `lost`, or `as VALUE`.
    lands: Option<String>,
    expect: BTreeMap<Field, String>,
    note: Option<String>,
}

fn empty() -> String {
    EMPTY.into()
}

impl Case for Story {
    fn name(&self) -> &str {
        &self.name
    }

    fn rule(&self) -> &str {
        &self.rule
    }

    fn failures(&self) -> Vec<String> {
        let mut pair = self.pair();
        let mut failures = Vec::new();
        for (number, step) in self.step.iter().enumerate() {
            let failed = step.take(&mut pair);
            failures.extend(failed.into_iter().map(|failure| format!("  step {}:\n{failure}", number + 1)));
            if !failures.is_empty() {
                return failures;
            }
        }
        failures
    }
}

impl Story {
    fn pair(&self) -> Pair {
        let mut pair = Pair::new();
        for (field, start) in &self.start {
            put(&mut pair, *field, &start.base, &start.huma, &start.xledger);
        }
        if self.new_pair {
            pair.base.position = None;
        }
        self.position.iter().for_each(|position| move_to(&mut pair, position));
        self.to_huma_writes.iter().for_each(|field| pair.policies[*field].to_huma = Direction::Write);
        self.restore.iter().for_each(|field| pair.policies[*field].on_clear = OnClear::Restore);
        pair
    }
}

impl Step {
    fn take(&self, pair: &mut Pair) -> Vec<String> {
        pair.now += SignedDuration::from_hours(self.hours.unwrap_or(1));
        self.huma.iter().for_each(|(field, value)| pair.set(Side::Huma, *field, value));
        self.xledger.iter().for_each(|(field, value)| pair.set(Side::Xledger, *field, value));
        if let Some(requested) = &self.requested {
            pair.about().requested_email = (requested != "(none)").then(|| requested.clone());
        }
        self.position.iter().for_each(|position| move_to(pair, position));
        self.id_taken.iter().for_each(|taken| pair.id_taken = *taken);
        self.circumstances.iter().for_each(|digest| pair.circumstances = digest.clone());

        let mut decisions = Vec::new();
        for (field, words) in &self.answer {
            match pair.question(*field) {
                Some(question) => decisions.push((*field, decision(&question, verb(words)))),
                None => return vec![format!("  {field} is not asked")],
            }
        }
        let plan = pair.plan(&decisions);
        let mut failures: Vec<String> = self
            .expect
            .iter()
            .filter_map(|(field, expect)| compare(field.name(), expect, &in_words(&plan, *field)))
            .collect();
        // What a step does not speak of does nothing.
        for field in Field::ALL.into_iter().filter(|field| !self.expect.contains_key(field)) {
            let writes = plan.changes.iter().any(|change| change.field == field);
            let asks = plan.questions.iter().any(|question| question.subject.field() == Some(field));
            if writes || asks {
                failures.push(format!("  {field} unexpectedly: {}", in_words(&plan, field)));
            }
        }
        if let Some(note) = &self.note {
            let noted: Vec<String> = self.expect.keys().flat_map(|field| notes(&plan, *field)).collect();
            if !noted.iter().any(|text| text.contains(note)) {
                failures.extend(compare("note", note, &noted.join(" / ")));
            }
        }
        let landing = match self.lands.as_deref() {
            None | Some("written") => Landing::Written,
            Some("refused") => Landing::Refused,
            Some("requested") => Landing::Requested,
            Some("lost") => Landing::Lost,
            Some(other) => match other.strip_prefix("as ") {
                Some(value) => Landing::As(value.into()),
                None => panic!("no landing: {other}"),
            },
        };
        pair.apply(&plan, &landing);
        failures
    }
}

fn move_to(pair: &mut Pair, position: &str) {
    pair.about().positions = match position {
        "none" => Positions::None,
        "tied" => Positions::Tied,
        id => main_position(id),
    };
}
