//! The passes of the program, and what both interfaces cost.

use super::questions::found;
use super::text::{count, integer, moment, moment_opt, side, utc_text};
use super::{Reader, StoreError, Writer};
use crate::domain::Side;
use jiff::Timestamp;
use rusqlite::Row;

/// What a cycle did, in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub huma_requests: u64,
    pub xledger_requests: u64,
    /// Fields written on either side.
    pub writes: u64,
    /// Open when it ended.
    pub questions: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CycleRow {
    pub id: i64,
    pub started_at: Timestamp,
    /// `None` while it runs, or for ever if the process died in it.
    pub ended_at: Option<Timestamp>,
    pub cause: String,
    pub outcome: Option<String>,
    pub counts: Counts,
}

/// A cycle that changed nothing: written as one row when it is over.
pub struct QuietCycle<'a> {
    pub cause: &'a str,
    pub outcome: &'a str,
    pub started_at: Timestamp,
    pub ended_at: Timestamp,
    pub counts: Counts,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiUseRow {
    /// `2026-11`.
    pub month: String,
    pub side: Side,
    pub requests: u64,
    pub bytes_in: u64,
    pub bytes_out: u64,
}

const COLUMNS: &str =
    "id, started_at, ended_at, cause, outcome, huma_requests, xledger_requests, writes, questions";

fn cycle_of(row: &Row<'_>) -> Result<CycleRow, StoreError> {
    Ok(CycleRow {
        id: row.get(0)?,
        started_at: moment(&row.get::<_, String>(1)?, "cycles")?,
        ended_at: moment_opt(row.get(2)?, "cycles")?,
        cause: row.get(3)?,
        outcome: row.get(4)?,
        counts: Counts {
            huma_requests: count(row, 5)?,
            xledger_requests: count(row, 6)?,
            writes: count(row, 7)?,
            questions: count(row, 8)?,
        },
    })
}

impl Reader<'_> {
    /// Newest first.
    pub fn last_cycles(&self, most: u32) -> Result<Vec<CycleRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM cycle_rows ORDER BY id DESC LIMIT ?1");
        let mut statement = self.conn.prepare_cached(&sql)?;
        let mut rows = statement.query([most])?;
        let mut cycles = Vec::new();
        while let Some(row) = rows.next()? {
            cycles.push(cycle_of(row)?);
        }
        Ok(cycles)
    }

    /// One row per side that was asked in `month` (`2026-11`).
    pub fn api_use(&self, month: &str) -> Result<Vec<ApiUseRow>, StoreError> {
        let mut statement = self.conn.prepare_cached(
            "SELECT month, side, requests, bytes_in, bytes_out FROM api_use_rows WHERE month = ?1 ORDER BY side",
        )?;
        let mut rows = statement.query([month])?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            all.push(ApiUseRow {
                month: row.get(0)?,
                side: side(&row.get::<_, String>(1)?, "api_use")?,
                requests: count(row, 2)?,
                bytes_in: count(row, 3)?,
                bytes_out: count(row, 4)?,
            });
        }
        Ok(all)
    }
}

impl Writer<'_> {
    /// `cause` is what woke it: timer, webhook, file, signal, command ...
    pub fn begin_cycle(&self, cause: &str, at: Timestamp) -> Result<i64, StoreError> {
        self.conn
            .prepare_cached("INSERT INTO cycle_rows (started_at, cause) VALUES (?1, ?2)")?
            .execute((utc_text(at), cause))?;
        Ok(self.conn.last_insert_rowid())
    }

    /// `outcome` in words without values.
    pub fn end_cycle(&self, id: i64, outcome: &str, counts: Counts, at: Timestamp) -> Result<(), StoreError> {
        let changed = self
            .conn
            .prepare_cached(
                "UPDATE cycle_rows SET ended_at = ?2, outcome = ?3, huma_requests = ?4, xledger_requests = ?5,
                    writes = ?6, questions = ?7
                 WHERE id = ?1 AND ended_at IS NULL",
            )?
            .execute((
                id,
                utc_text(at),
                outcome,
                integer(counts.huma_requests),
                integer(counts.xledger_requests),
                integer(counts.writes),
                integer(counts.questions),
            ))?;
        found(changed, "running cycle")
    }

    pub fn record_quiet_cycle(&self, cycle: &QuietCycle<'_>) -> Result<i64, StoreError> {
        let id = self.begin_cycle(cycle.cause, cycle.started_at)?;
        self.end_cycle(id, cycle.outcome, cycle.counts, cycle.ended_at)?;
        Ok(id)
    }

    /// Adds to what `side` cost in `month` (`2026-11`, UTC). Nothing is written for nothing.
    pub fn add_api_use(
        &self,
        month: &str,
        side: Side,
        requests: u64,
        bytes_in: u64,
        bytes_out: u64,
    ) -> Result<(), StoreError> {
        if (requests, bytes_in, bytes_out) == (0, 0, 0) {
            return Ok(());
        }
        self.conn
            .prepare_cached(
                "INSERT INTO api_use_rows (month, side, requests, bytes_in, bytes_out) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (month, side) DO UPDATE SET requests = requests + excluded.requests,
                    bytes_in = bytes_in + excluded.bytes_in, bytes_out = bytes_out + excluded.bytes_out",
            )?
            .execute((month, side.word(), integer(requests), integer(bytes_in), integer(bytes_out)))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::*;
    use super::*;

    const COUNTS: Counts = Counts { huma_requests: 3, xledger_requests: 1, writes: 0, questions: 2 };

    #[test]
    fn a_cycle_begins_with_the_next_number_and_ends_once() {
        let mut case = case();
        for number in 1..=2 {
            let id = case.store.write(|tx| tx.begin_cycle("timer", at(1))).unwrap();
            assert_eq!(id, number);
        }
        case.store.write(|tx| tx.end_cycle(2, "quiet", COUNTS, at(2))).unwrap();
        let again = case.store.write(|tx| tx.end_cycle(2, "quiet", COUNTS, at(3)));
        assert!(matches!(again, Err(StoreError::NoSuch { .. })));
        let cycles = case.store.read().last_cycles(5).unwrap();
        assert_eq!(cycles.iter().map(|cycle| cycle.id).collect::<Vec<_>>(), [2, 1]);
        assert_eq!((cycles[0].ended_at, cycles[0].counts), (Some(at(2)), COUNTS));
        assert_eq!((cycles[1].ended_at, &cycles[1].outcome), (None, &None));
    }

    #[test]
    fn a_quiet_cycle_touches_only_its_own_row_and_the_counters() {
        let mut case = case();
        let link = linked_kari(&mut case.store);
        let base = crate::reconcile::PairBase::default();
        case.store.write(|tx| tx.put_base(link, &base)).unwrap();
        let touched = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        let seen = touched.clone();
        case.store
            .conn
            .update_hook(Some(move |_: rusqlite::hooks::Action, _: &str, table: &str, _: i64| {
                seen.lock().unwrap().push(table.to_owned());
            }))
            .unwrap();
        case.store
            .write(|tx| {
                tx.put_snapshot(&huma("h-1", &kari()), at(5), None)?;
                tx.put_snapshot(&xledger(7, &kari()), at(5), None)?;
                tx.put_base(link, &base)?;
                tx.rename_link(link, "Kari Nordmann (1042)", Some("1042"))?;
                tx.wake_due(at(5))?;
                tx.take_hints(0, at(5))?;
                tx.add_api_use("2026-11", Side::Huma, 0, 0, 0)?;
                let quiet = QuietCycle {
                    cause: "timer",
                    outcome: "nothing to do",
                    started_at: at(4),
                    ended_at: at(5),
                    counts: COUNTS,
                };
                tx.record_quiet_cycle(&quiet)
            })
            .unwrap();
        let mut tables = touched.lock().unwrap().clone();
        tables.dedup();
        assert_eq!(tables, ["cycle_rows"]);
    }

    #[test]
    fn use_adds_up_per_month_and_side() {
        let mut case = case();
        case.store
            .write(|tx| {
                tx.add_api_use("2026-11", Side::Huma, 1, 10, 100)?;
                tx.add_api_use("2026-11", Side::Huma, 2, 20, 200)?;
                tx.add_api_use("2026-11", Side::Xledger, 5, 5, 5)?;
                tx.add_api_use("2026-12", Side::Huma, 7, 7, 7)
            })
            .unwrap();
        let month = "2026-11".to_owned();
        let huma =
            ApiUseRow { month: month.clone(), side: Side::Huma, requests: 3, bytes_in: 30, bytes_out: 300 };
        let xledger = ApiUseRow { month, side: Side::Xledger, requests: 5, bytes_in: 5, bytes_out: 5 };
        assert_eq!(case.store.read().api_use("2026-11").unwrap(), [huma, xledger]);
        assert!(case.store.write(|tx| tx.add_api_use("november", Side::Huma, 1, 1, 1)).is_err());
    }
}
