//! The state of things in numbers, as the database has it: `status --json`, and what `status` prints.

use super::budget::{self, Forecast};
use crate::domain::Side;
use crate::domain::time::utc_text;
use crate::reconcile::{FieldState, QuestionKind};
use crate::store::{Phase, Reader, StoreError, meta};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Questions listed one by one; the resolution file has them all.
const MOST_QUESTIONS: usize = 200;

/// Counts and readable labels; no values. The names are a promise (DESIGN section 6).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StatusReport {
    pub people: PeopleStatus,
    /// Open questions that are awake, and of them those held by a limit.
    pub questions: u64,
    pub held: u64,
    /// Open questions put off with `later`.
    pub asleep: u64,
    /// Fields whose write is refused, and fields that wait for something to pass.
    pub failing: u64,
    pub waiting: u64,
    /// Nothing is written on either side until a human allows the first sync.
    pub awaits_first_sync: bool,
    /// Why the next cycle will not write, in words.
    pub withheld: Option<String>,
    pub last_cycle: Option<CycleLine>,
    /// Of this month, one entry per side that was asked.
    pub api_use: Vec<ApiUse>,
    /// One line per job title Xledger lacks.
    pub titles: Vec<String>,
    /// The open questions that are awake, as far as they fit in a list.
    pub open_questions: Vec<QuestionLine>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PeopleStatus {
    pub linked: u64,
    pub in_agreement: u64,
    pub excluded: u64,
    pub vanished: u64,
    pub only_huma: u64,
    pub only_xledger: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CycleLine {
    pub id: i64,
    pub cause: String,
    /// UTC.
    pub started_at: String,
    /// `None` while it runs, or if the process died in it.
    pub ended_at: Option<String>,
    pub outcome: Option<String>,
    pub writes: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiUse {
    /// `2026-11`.
    pub month: String,
    pub side: Side,
    pub requests: u64,
    pub bytes_in: u64,
    pub bytes_out: u64,
    /// By the month's end.
    #[serde(default)]
    pub forecast: Forecast,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuestionLine {
    pub id: String,
    pub kind: String,
    pub person: String,
    pub field: Option<String>,
}

impl StatusReport {
    /// Reads it from the database as of `now`, whose month in UTC is the one of `api_use`.
    pub fn read(reader: Reader<'_>, now: Timestamp) -> Result<StatusReport, StoreError> {
        let people = reader.people_counts()?;
        let states = reader.state_counts()?;
        let count = |state| states.get(&state).copied().unwrap_or(0);
        let mut report = StatusReport {
            people: PeopleStatus {
                linked: people.linked,
                in_agreement: people.in_agreement,
                excluded: people.excluded,
                vanished: people.vanished,
                only_huma: people.only_huma,
                only_xledger: people.only_xledger,
            },
            failing: count(FieldState::Failing),
            waiting: count(FieldState::Waiting),
            awaits_first_sync: match reader.meta(&meta::PHASE)?.unwrap_or_default() {
                Phase::FirstSync => true,
                Phase::Live { .. } => false,
            },
            withheld: reader.meta(&meta::PLAN_ONLY)?,
            last_cycle: reader.last_cycles(1)?.into_iter().next().map(|row| CycleLine {
                id: row.id,
                cause: row.cause,
                started_at: utc_text(row.started_at),
                ended_at: row.ended_at.map(utc_text),
                outcome: row.outcome,
                writes: row.counts.writes,
            }),
            ..StatusReport::default()
        };
        let month = utc_text(now)[..7].to_owned();
        let since = reader.meta(&meta::CREATED_AT)?;
        for row in reader.api_use(&month)? {
            let (month, side) = (row.month, row.side);
            let (requests, bytes_in, bytes_out) = (row.requests, row.bytes_in, row.bytes_out);
            let forecast = budget::forecast(Forecast { requests, bytes_in, bytes_out }, since, now);
            report.api_use.push(ApiUse { month, side, requests, bytes_in, bytes_out, forecast });
        }
        for stored in reader.open_questions()? {
            // An erased person has no question any more.
            let Some(question) = stored.question else { continue };
            if stored.asleep_until.is_some_and(|until| until > now) {
                report.asleep += 1;
                continue;
            }
            report.questions += 1;
            report.held += u64::from(question.kind == QuestionKind::Held);
            if report.open_questions.len() < MOST_QUESTIONS {
                report.open_questions.push(QuestionLine {
                    id: stored.item,
                    kind: question.kind.word().to_owned(),
                    person: question.person.clone(),
                    field: question.subject.field().map(|field| field.name().to_owned()),
                });
            }
        }
        Ok(report)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    #[test]
    fn a_new_database_waits_for_the_first_sync() {
        let directory = tempfile::tempdir().unwrap();
        let now: Timestamp = "2026-11-23T08:15:00Z".parse().unwrap();
        let path = directory.path().join("hxsync.db");
        let store = Store::open(&path, now, &mut |bytes| bytes.fill(7)).unwrap();
        let report = StatusReport::read(store.read(), now).unwrap();
        assert!(report.awaits_first_sync);
        assert_eq!((report.people.linked, report.questions, report.last_cycle), (0, 0, None));
    }

    #[test]
    fn the_names_that_others_read_are_there() {
        let value = serde_json::to_value(StatusReport::default()).unwrap();
        for name in ["people", "questions", "held", "failing", "waiting", "last_cycle", "api_use"] {
            assert!(value.get(name).is_some(), "{name}");
        }
        assert!(value.pointer("/people/linked").is_some());
        assert!(value.pointer("/people/in_agreement").is_some());
    }
}
