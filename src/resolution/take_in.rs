//! Decides for each answered line whether it may be queued, is passed over, or is refused and why.
//!
//! **Invariant (P3):** nothing is accepted but for the very fingerprint that is open. An answer given to another state of the
//! question is refused, and the question stands as it is.

use super::bulk::{members, reading, values};
use super::parse::{Answer, Bulk, Parsed};
use super::text::nearest;
use super::words::{taken_words, verb_text};
use super::{AdminText, Item, Language};
use crate::domain::time::{local_day, local_text};
use crate::domain::{Canonical, Field, Reading, Side};
use crate::reconcile::{QuestionKind, Verb};
use jiff::{Timestamp, tz::TimeZone};
use std::collections::{HashMap, HashSet};

/// What is remembered of ids that were shown or answered. Ids are never forgotten.
pub trait History {
    /// The answer taken in for this state of the item, unless it was refused when it was to be carried out.
    fn answered(&self, item: &str, prefix: &str) -> Option<Past>;
    /// What the file once showed under this id; `None` if it never did.
    fn shown_before(&self, item: &str, prefix: &str) -> Option<Earlier>;
}

/// An answer that was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    pub verb: Verb,
    /// As it was typed, [`Accepted::written`]: `link A` before the letter was looked up.
    pub written: Verb,
    pub who: String,
    pub at: Timestamp,
}

/// What a question showed before it moved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Earlier {
    /// Base, Huma and Xledger, for field questions.
    pub canonical: Option<[Option<Canonical>; 3]>,
}

/// Whether `K7Q4` alone will do for an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdForm {
    /// In the file: only the fingerprint says what the admin saw.
    Full,
    /// On the command line: the question as it stands, which the command has just shown.
    Short,
}

/// What became of one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    Accepted(Accepted),
    /// Answered alike before: an old copy saved again.
    PassedOver {
        line_no: usize,
    },
    Refused {
        line_no: usize,
        item: Option<String>,
        quote: AdminText,
        /// A clause for the admin, which goes after `refused, `.
        why: String,
    },
}

/// An answer to be queued for exactly this state of the question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    pub line_no: usize,
    pub item: String,
    /// The whole fingerprint.
    pub fingerprint: String,
    pub kind: QuestionKind,
    /// The verb; in `link`, a printed letter has become the record's id.
    pub verb: Verb,
    /// The verb as typed, for [`Past::written`].
    pub written: Verb,
    /// The line, accounts masked.
    pub quote: AdminText,
    /// It is one of many that a bulk line answered.
    pub by_bulk: bool,
}

/// When the file is taken in, and for whose eyes.
#[derive(Debug, Clone)]
pub struct Moment<'a> {
    pub now: Timestamp,
    pub zone: &'a TimeZone,
    pub ids: IdForm,
}

/// Goes through the answered lines of a save, single ones first. What comes back is in the order of the lines.
pub fn take_in(parsed: &Parsed, open: &[Item], history: &dyn History, moment: &Moment<'_>) -> Vec<Taken> {
    let work = Work { open: open.iter().map(|item| (item.id.as_str(), item)).collect(), history, moment };
    let mut taken: Vec<Taken> = Vec::new();
    let doubled = doubled(&parsed.answers);
    for (answer, is_doubled) in parsed.answers.iter().zip(doubled) {
        taken.push(if is_doubled {
            let why = "there are two answers for this question. Nothing was done for either";
            refused(answer.line_no, Some(&answer.item), &answer.quote, why)
        } else {
            work.single(answer)
        });
    }
    let named: HashSet<&str> = parsed
        .answers
        .iter()
        .map(|answer| answer.item.as_str())
        .chain(parsed.problems.iter().filter_map(|problem| problem.item.as_deref()))
        .collect();
    taken.extend(work.bulk(parsed, open, &named));
    taken.sort_by_key(Taken::line_no);
    taken
}

impl Taken {
    pub fn line_no(&self) -> usize {
        match self {
            Taken::Accepted(accepted) => accepted.line_no,
            Taken::PassedOver { line_no } | Taken::Refused { line_no, .. } => *line_no,
        }
    }
}

fn refused(line_no: usize, item: Option<&str>, quote: &AdminText, why: impl Into<String>) -> Taken {
    Taken::Refused { line_no, item: item.map(str::to_owned), quote: quote.clone(), why: why.into() }
}

/// Which answers share their id with another. The same state may be named by more digits or fewer.
fn doubled(answers: &[Answer]) -> Vec<bool> {
    let mut by_item: HashMap<&str, Vec<usize>> = HashMap::new();
    for (index, answer) in answers.iter().enumerate() {
        by_item.entry(&answer.item).or_default().push(index);
    }
    let mut doubled = vec![false; answers.len()];
    for same in by_item.values() {
        // One item has few states: a file that names it more often than this is no file of ours, and all of it is doubt.
        let is_flood = same.len() > 64;
        for (nth, one) in same.iter().enumerate() {
            for other in same.iter().skip(nth + 1).take_while(|_| !is_flood) {
                if is_same_state(&answers[*one], &answers[*other]) {
                    (doubled[*one], doubled[*other]) = (true, true);
                }
            }
            doubled[*one] |= is_flood;
        }
    }
    doubled
}

fn is_same_state(one: &Answer, other: &Answer) -> bool {
    match (&one.prefix, &other.prefix) {
        (Some(one), Some(other)) => one.starts_with(other.as_str()) || other.starts_with(one.as_str()),
        (None, _) | (_, None) => true,
    }
}

struct Work<'a> {
    open: HashMap<&'a str, &'a Item>,
    history: &'a dyn History,
    moment: &'a Moment<'a>,
}

impl Work<'_> {
    fn single(&self, answer: &Answer) -> Taken {
        let refuse = |why: String| refused(answer.line_no, Some(&answer.item), &answer.quote, why);
        let Some(item) = self.open.get(answer.item.as_str()).copied() else {
            return self.not_open(answer);
        };
        match (&answer.prefix, self.moment.ids) {
            (None, IdForm::Full) => {
                let id = item.full_id();
                return refuse(format!("only the whole id says which values you saw; write `{id}`"));
            }
            (Some(prefix), _) if !item.fingerprint.starts_with(prefix.as_str()) => {
                return self.moved(answer, item, prefix);
            }
            (Some(_), _) | (None, IdForm::Short) => {}
        }
        let verb = match &answer.verb {
            Verb::Link(named) => match item.candidate(named) {
                Some(record) => Verb::Link(record.to_string()),
                None => answer.verb.clone(),
            },
            other => other.clone(),
        };
        if let Some(queued) = &item.queued {
            return match queued.verb == verb || queued.verb == answer.verb {
                true => Taken::PassedOver { line_no: answer.line_no },
                false => refuse(self.already(&queued.verb, queued.at, &queued.who)),
            };
        }
        // Sleeping again for as long, from each save of an old copy, would put the question off for ever.
        let sleeps_already = matches!(verb, Verb::Later(_)) && item.is_asleep(self.moment.now);
        if sleeps_already
            && self.history.answered(&item.id, &item.fingerprint).is_some_and(|past| past.verb == verb)
        {
            return Taken::PassedOver { line_no: answer.line_no };
        }
        match unfit(item, &verb) {
            Some(why) => refuse(why),
            None => Taken::Accepted(accepted(
                item,
                verb,
                answer.verb.clone(),
                answer.line_no,
                &answer.quote,
                false,
            )),
        }
    }

    /// The item is known, but not in the state the answer names.
    fn moved(&self, answer: &Answer, item: &Item, prefix: &str) -> Taken {
        let refuse = |why: String| refused(answer.line_no, Some(&answer.item), &answer.quote, why);
        if let Some(past) = self.history.answered(&answer.item, prefix) {
            return self.answered_before(answer, &past);
        }
        match self.history.shown_before(&answer.item, prefix) {
            Some(earlier) => refuse(format!("{}. Asked again below", self.what_moved(item, &earlier))),
            None => refuse(format!("there is no such question; did you mean \"{}\"?", item.full_id())),
        }
    }

    fn not_open(&self, answer: &Answer) -> Taken {
        let prefix = answer.prefix.as_deref().unwrap_or_default();
        if let Some(past) = self.history.answered(&answer.item, prefix) {
            return self.answered_before(answer, &past);
        }
        let why = match self.history.shown_before(&answer.item, prefix) {
            Some(_) => "it is not asked any more".to_owned(),
            None => match nearest(&answer.item, self.open.keys().copied()).and_then(|id| self.open.get(id)) {
                Some(item) => format!("there is no such question; did you mean \"{}\"?", item.full_id()),
                None => "there is no such question".to_owned(),
            },
        };
        refused(answer.line_no, Some(&answer.item), &answer.quote, why)
    }

    fn answered_before(&self, answer: &Answer, past: &Past) -> Taken {
        match past.verb == answer.verb || past.written == answer.verb {
            true => Taken::PassedOver { line_no: answer.line_no },
            false => refused(
                answer.line_no,
                Some(&answer.item),
                &answer.quote,
                self.already(&past.verb, past.at, &past.who),
            ),
        }
    }

    fn already(&self, verb: &Verb, at: Timestamp, who: &str) -> String {
        let at = local_text(at, self.moment.zone);
        format!("it was answered `{}` at {at} by {who}", verb_text(verb, Language::English))
    }

    /// Which of the three values is another than the one shown.
    fn what_moved(&self, item: &Item, earlier: &Earlier) -> String {
        let unknown = || "what is asked changed after you saw it".to_owned();
        let (Some(values), Some(before)) = (values(item), &earlier.canonical) else {
            return unknown();
        };
        let moved = |index: usize| values.canonical[index] != before[index];
        match (moved(1), moved(2), moved(0)) {
            (true, true, _) => "both sides' values changed after you saw them".to_owned(),
            (true, false, _) => {
                format!("Huma's value changed at {}, after you saw it", self.clock(values.huma_at))
            }
            (false, true, _) => {
                format!("Xledger's value changed at {}, after you saw it", self.clock(values.xledger_at))
            }
            (false, false, true) => "the value last agreed on changed after you saw it".to_owned(),
            (false, false, false) => unknown(),
        }
    }

    /// `09:12`, with the day where it is not today's.
    fn clock(&self, at: Timestamp) -> String {
        let text = local_text(at, self.moment.zone);
        let is_today = local_day(at, self.moment.zone) == local_day(self.moment.now, self.moment.zone);
        match text.split_once(' ') {
            Some((_, time)) if is_today => time.to_owned(),
            Some(_) | None => text,
        }
    }

    fn bulk(&self, parsed: &Parsed, open: &[Item], named: &HashSet<&str>) -> Vec<Taken> {
        let reached: Vec<Vec<&Item>> = parsed
            .bulk
            .iter()
            .map(|bulk| members(bulk.selector, &bulk.verb, open, self.moment.now))
            .collect();
        let mut times: HashMap<&str, usize> = HashMap::new();
        reached.iter().flatten().for_each(|item| *times.entry(&item.id).or_default() += 1);
        let in_file: HashMap<&str, &str> =
            parsed.pending.iter().map(|(item, prefix)| (item.as_str(), prefix.as_str())).collect();
        let mut taken = Vec::new();
        for (bulk, items) in parsed.bulk.iter().zip(&reached) {
            match self.bulk_fault(bulk, items, &times, &in_file, named, open) {
                Some(why) => taken.push(refused(bulk.line_no, None, &bulk.quote, why)),
                None => {
                    taken.extend(items.iter().filter(|item| !named.contains(item.id.as_str())).map(|item| {
                        let (verb, quote) = (bulk.verb.clone(), &bulk.quote);
                        Taken::Accepted(accepted(item, verb.clone(), verb, bulk.line_no, quote, true))
                    }))
                }
            }
        }
        taken
    }

    fn bulk_fault(
        &self,
        bulk: &Bulk,
        items: &[&Item],
        times: &HashMap<&str, usize>,
        in_file: &HashMap<&str, &str>,
        named: &HashSet<&str>,
        open: &[Item],
    ) -> Option<String> {
        let count = items.len() as u64;
        if count != bulk.expect {
            let word = bulk.selector.word();
            let why = match (count, is_pay_critical_difference(bulk, open)) {
                (0, true) => format!("`{word}` is pay-critical: two values of it are decided one by one"),
                (0, false) => format!("`{word}` has no question `{}` could answer", bulk.verb.word()),
                (count, _) => format!("it would answer {count}, not {}", bulk.expect),
            };
            return Some(format!("{why}. Nothing was done for it"));
        }
        if items.iter().any(|item| times.get(item.id.as_str()).copied().unwrap_or(0) > 1) {
            return Some(
                "another line for many answers the same questions. Nothing was done for either".into(),
            );
        }
        let unnamed = items.iter().filter(|item| !named.contains(item.id.as_str()));
        let moved = unnamed.filter(|item| !self.was_seen(item, in_file)).count();
        (moved > 0)
            .then(|| format!("{moved} of the {count} changed after you saw them. Nothing was done for it"))
    }

    /// The saved file shows the question as it stands; or its line was deleted, and some file showed it so.
    fn was_seen(&self, item: &Item, in_file: &HashMap<&str, &str>) -> bool {
        match in_file.get(item.id.as_str()) {
            Some(prefix) => item.fingerprint.starts_with(prefix),
            None => self.history.shown_before(&item.id, &item.fingerprint).is_some(),
        }
    }
}

fn is_pay_critical_difference(bulk: &Bulk, open: &[Item]) -> bool {
    match bulk.selector {
        super::Selector::Field(field) => {
            field.is_pay_critical() && open.iter().any(|item| item.question.subject.field() == Some(field))
        }
        super::Selector::Difference
        | super::Selector::Missing
        | super::Selector::Conflict
        | super::Selector::OnlyHuma
        | super::Selector::OnlyXledger => false,
    }
}

fn accepted(
    item: &Item,
    verb: Verb,
    written: Verb,
    line_no: usize,
    quote: &AdminText,
    by_bulk: bool,
) -> Accepted {
    Accepted {
        line_no,
        item: item.id.clone(),
        fingerprint: item.fingerprint.clone(),
        kind: item.kind(),
        verb,
        written,
        quote: quote.clone(),
        by_bulk,
    }
}

/// Why this question cannot take this answer, as far as what was shown tells.
fn unfit(item: &Item, verb: &Verb) -> Option<String> {
    let kind = item.kind();
    if !verb.suits(kind) {
        return Some(format!("`{}` is no answer to this; it takes {}", verb.word(), taken_words(kind)));
    }
    match verb {
        Verb::Huma => side_fault(item, Side::Huma),
        Verb::Xledger => side_fault(item, Side::Xledger),
        Verb::Base => match values(item) {
            Some(values) if values.base.is_none() => {
                Some("there is no value both sides ever agreed on".into())
            }
            Some(_) | None => None,
        },
        Verb::Value(text) => {
            let is_account = item.question.subject.field() == Some(Field::BankAccount);
            (is_account && text.contains(['*', '•', '…']))
                .then(|| "this account is masked; write all of its digits".into())
        }
        Verb::Allow(count) => match item.size() {
            Some(size) if size != *count => {
                Some(format!("the question is about {size}; `allow {size}` does it"))
            }
            Some(_) | None => None,
        },
        Verb::Pending
        | Verb::Clear
        | Verb::Later(_)
        | Verb::Differ
        | Verb::CreateXledger
        | Verb::CreateHuma
        | Verb::Link(_)
        | Verb::Ignore
        | Verb::Left
        | Verb::StillHere
        | Verb::Reject => None,
    }
}

/// Only `clear` empties: a side without a value cannot be taken.
fn side_fault(item: &Item, side: Side) -> Option<String> {
    let instead = match item.kind() {
        QuestionKind::Missing | QuestionKind::Confirm => "`differ` leaves both as they are",
        QuestionKind::Conflict
        | QuestionKind::Difference
        | QuestionKind::Divergence
        | QuestionKind::Clear
        | QuestionKind::Flap
        | QuestionKind::FirstSync
        | QuestionKind::OnlyHuma
        | QuestionKind::OnlyXledger
        | QuestionKind::Match
        | QuestionKind::Vanished
        | QuestionKind::Held => "`clear` empties both",
    };
    match reading(values(item)?, side) {
        Reading::Value(_) => None,
        Reading::Empty => Some(format!("{side} has none; {instead}")),
        Reading::Hidden => Some(format!("{side}'s value is hidden from hxsync; {instead}")),
    }
}
