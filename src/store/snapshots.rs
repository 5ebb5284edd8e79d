//! What each side last said about each of its records.

use super::text::{digest, from_json, json, moment, moment_opt, utc_text};
use super::{Reader, StoreError, Writer};
use crate::domain::{Field, HumaId, Record, RecordId, Side, XledgerId};
use jiff::Timestamp;
use rusqlite::types::{ToSql, ToSqlOutput};
use rusqlite::{OptionalExtension, Row};

/// A record as it was last read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    pub record: Record,
    /// When this content was first read: it does not move while the record stays the same.
    pub observed_at: Timestamp,
    pub missing: Option<Missing>,
}

/// Sightings of a record's absence since it was last there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missing {
    /// At least 1.
    pub times: u32,
    pub first_at: Timestamp,
    pub last_at: Timestamp,
}

/// What is compared to tell a changed record from an unchanged one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    pub id: RecordId,
    /// [`Record::digest`].
    pub digest: [u8; 32],
    /// Of what the listing showed, if one did.
    pub listing_digest: Option<[u8; 32]>,
    /// Sightings of its absence since it was last there.
    pub missing_times: u32,
}

/// A record's id as its table's key.
pub(super) struct RecordKey<'a>(pub &'a RecordId);

impl ToSql for RecordKey<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self.0 {
            RecordId::Huma(id) => id.0.to_sql(),
            RecordId::Xledger(id) => id.0.to_sql(),
        }
    }
}

fn table(side: Side) -> &'static str {
    match side {
        Side::Huma => "huma_snapshots",
        Side::Xledger => "xledger_snapshots",
    }
}

fn id_of(row: &Row<'_>, side: Side, column: usize) -> Result<RecordId, StoreError> {
    Ok(match side {
        Side::Huma => RecordId::Huma(HumaId(row.get(column)?)),
        Side::Xledger => RecordId::Xledger(XledgerId(row.get(column)?)),
    })
}

/// Columns from `column` on: record, observed_at, missing_times, first_missing_at, last_missing_at. `None` where a join
/// found no row.
pub(super) fn snapshot_of(row: &Row<'_>, column: usize) -> Result<Option<Snapshot>, StoreError> {
    let Some(record) =
        row.get_ref(column)?.as_str_or_null().map_err(|_| StoreError::unreadable("snapshots"))?
    else {
        return Ok(None);
    };
    let first_at = moment_opt(row.get(column + 3)?, "snapshots")?;
    let last_at = moment_opt(row.get(column + 4)?, "snapshots")?;
    let times = row.get(column + 2)?;
    Ok(Some(Snapshot {
        record: from_json(record, "snapshots")?,
        observed_at: moment(&row.get::<_, String>(column + 1)?, "snapshots")?,
        missing: first_at.zip(last_at).map(|(first_at, last_at)| Missing { times, first_at, last_at }),
    }))
}

pub(super) const SNAPSHOT_COLUMNS: [&str; 5] =
    ["record", "observed_at", "missing_times", "first_missing_at", "last_missing_at"];

impl Reader<'_> {
    pub fn snapshot(&self, id: &RecordId) -> Result<Option<Snapshot>, StoreError> {
        let sql = format!("SELECT {} FROM {} WHERE id = ?1", SNAPSHOT_COLUMNS.join(", "), table(id.side()));
        let mut statement = self.conn.prepare_cached(&sql)?;
        let mut rows = statement.query([RecordKey(id)])?;
        match rows.next()? {
            Some(row) => snapshot_of(row, 0),
            None => Ok(None),
        }
    }

    /// The marks of all records of a side, sorted by id. About 100 bytes each: fit for holding all.
    pub fn marks(&self, side: Side) -> Result<Vec<Mark>, StoreError> {
        let sql =
            format!("SELECT id, digest, listing_digest, missing_times FROM {} ORDER BY id", table(side));
        let mut statement = self.conn.prepare_cached(&sql)?;
        let mut rows = statement.query([])?;
        let mut marks = Vec::new();
        while let Some(row) = rows.next()? {
            marks.push(mark_of(row, side)?);
        }
        Ok(marks)
    }

    pub fn mark(&self, id: &RecordId) -> Result<Option<Mark>, StoreError> {
        let sql = format!(
            "SELECT id, digest, listing_digest, missing_times FROM {} WHERE id = ?1",
            table(id.side())
        );
        let mut statement = self.conn.prepare_cached(&sql)?;
        let mut rows = statement.query([RecordKey(id)])?;
        rows.next()?.map(|row| mark_of(row, id.side())).transpose()
    }

    /// All records of a side, sorted by id, one at a time.
    pub fn each_snapshot(
        &self,
        side: Side,
        visit: impl FnMut(Snapshot) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let sql = format!("SELECT {} FROM {} ORDER BY id", SNAPSHOT_COLUMNS.join(", "), table(side));
        self.each_of(&sql, visit)
    }

    fn each_of(
        &self,
        sql: &str,
        mut visit: impl FnMut(Snapshot) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut statement = self.conn.prepare_cached(sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            if let Some(snapshot) = snapshot_of(row, 0)? {
                visit(snapshot)?;
            }
        }
        Ok(())
    }
}

fn mark_of(row: &Row<'_>, side: Side) -> Result<Mark, StoreError> {
    let listing: Option<Vec<u8>> = row.get(2)?;
    Ok(Mark {
        id: id_of(row, side, 0)?,
        digest: digest(row.get(1)?, "snapshots")?,
        listing_digest: listing.map(|bytes| digest(bytes, "snapshots")).transpose()?,
        missing_times: row.get(3)?,
    })
}

impl Writer<'_> {
    /// Stores what was read, if it differs from what is stored or the record had been missing; says whether it wrote.
    /// `None` leaves the listing's digest as it is.
    pub fn put_snapshot(
        &self,
        record: &Record,
        observed_at: Timestamp,
        listing_digest: Option<[u8; 32]>,
    ) -> Result<bool, StoreError> {
        let digest = record.digest();
        if let Some(mark) = self.mark(&record.id)? {
            let listing_moved = listing_digest.is_some() && listing_digest != mark.listing_digest;
            if mark.digest == digest {
                if !listing_moved && mark.missing_times == 0 {
                    return Ok(false);
                }
                let sql = format!(
                    "UPDATE {} SET listing_digest = coalesce(?2, listing_digest),
                        missing_times = 0, first_missing_at = NULL, last_missing_at = NULL
                     WHERE id = ?1",
                    table(record.side())
                );
                self.conn.prepare_cached(&sql)?.execute((RecordKey(&record.id), listing_digest))?;
                return Ok(true);
            }
        }
        let sql = format!(
            "INSERT INTO {} (id, person, employment_id, record, digest, listing_digest, observed_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (id) DO UPDATE SET
                person = excluded.person, employment_id = excluded.employment_id, record = excluded.record,
                digest = excluded.digest, listing_digest = coalesce(excluded.listing_digest, listing_digest),
                observed_at = excluded.observed_at,
                missing_times = 0, first_missing_at = NULL, last_missing_at = NULL",
            table(record.side())
        );
        self.conn.prepare_cached(&sql)?.execute((
            RecordKey(&record.id),
            record.label(),
            record.text(Field::EmploymentId).map(str::trim),
            json(record),
            digest,
            listing_digest,
            utc_text(observed_at),
        ))?;
        Ok(true)
    }

    /// One more complete full listing without the record, and a look-up by id that answered "not found".
    pub fn sight_missing(&self, id: &RecordId, at: Timestamp) -> Result<Missing, StoreError> {
        let sql = format!(
            "UPDATE {} SET missing_times = missing_times + 1,
                first_missing_at = coalesce(first_missing_at, ?2), last_missing_at = ?2
             WHERE id = ?1",
            table(id.side())
        );
        self.conn.prepare_cached(&sql)?.execute((RecordKey(id), utc_text(at)))?;
        self.snapshot(id)?
            .and_then(|snapshot| snapshot.missing)
            .ok_or(StoreError::NoSuch { what: "snapshot" })
    }

    /// The record was seen again, by a listing or a look-up. Says whether it had been missing.
    pub fn sight_present(&self, id: &RecordId) -> Result<bool, StoreError> {
        let sql = format!(
            "UPDATE {} SET missing_times = 0, first_missing_at = NULL, last_missing_at = NULL
             WHERE id = ?1 AND missing_times > 0",
            table(id.side())
        );
        Ok(self.conn.prepare_cached(&sql)?.execute([RecordKey(id)])? > 0)
    }

    /// Forgets the record: it has vanished, or the person was erased.
    pub fn remove_snapshot(&self, id: &RecordId) -> Result<bool, StoreError> {
        let sql = format!("DELETE FROM {} WHERE id = ?1", table(id.side()));
        Ok(self.conn.prepare_cached(&sql)?.execute([RecordKey(id)])? > 0)
    }
}

/// When the content of a record was first read, without reading the record.
impl Reader<'_> {
    pub fn observed_at(&self, id: &RecordId) -> Result<Option<Timestamp>, StoreError> {
        let sql = format!("SELECT observed_at FROM {} WHERE id = ?1", table(id.side()));
        let text = self.conn.prepare_cached(&sql)?.query_row([RecordKey(id)], |row| row.get(0)).optional()?;
        moment_opt(text, "snapshots")
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::*;
    use super::*;
    use crate::domain::Spelling;

    fn id(text: &str) -> RecordId {
        RecordId::Huma(HumaId(text.into()))
    }

    #[test]
    fn a_record_is_given_back_as_it_was_read() {
        let mut case = case();
        let mut record = huma("h-1", &kari());
        record.fields[Field::Phone] = crate::domain::Reading::Hidden;
        assert!(case.store.write(|tx| tx.put_snapshot(&record, at(1), None)).unwrap());
        let snapshot = case.store.read().snapshot(&id("h-1")).unwrap().unwrap();
        assert_eq!(snapshot, Snapshot { record, observed_at: at(1), missing: None });
    }

    #[test]
    fn only_a_changed_record_is_written_and_keeps_when_it_was_first_so() {
        let mut case = case();
        let record = huma("h-1", &kari());
        let put = |case: &mut Case, record: &Record, minute, listing| {
            let before = case.store.read().conn.total_changes();
            let wrote = case.store.write(|tx| tx.put_snapshot(record, at(minute), listing)).unwrap();
            assert_eq!(wrote, case.store.read().conn.total_changes() > before);
            wrote
        };
        assert!(put(&mut case, &record, 1, Some([1; 32])));
        assert!(!put(&mut case, &record, 2, Some([1; 32])));
        assert!(!put(&mut case, &record, 2, None));
        assert!(put(&mut case, &record, 3, Some([2; 32])), "its row in the listing moved");
        assert_eq!(case.store.read().observed_at(&record.id).unwrap(), Some(at(1)));
        let edited = huma("h-1", &[(Field::GivenName, Spelling::text("Kåre"))]);
        assert!(put(&mut case, &edited, 4, None));
        let mark = case.store.read().mark(&record.id).unwrap().unwrap();
        assert_eq!((mark.digest, mark.listing_digest), (edited.digest(), Some([2; 32])));
        assert_eq!(case.store.read().observed_at(&record.id).unwrap(), Some(at(4)));
    }

    #[test]
    fn marks_and_records_come_sorted_as_ids_sort() {
        let mut case = case();
        case.store
            .write(|tx| {
                for number in [100, 9, 20] {
                    tx.put_snapshot(&xledger(number, &kari()), at(1), None)?;
                }
                Ok(())
            })
            .unwrap();
        let ids = [9, 20, 100].map(|number| RecordId::Xledger(XledgerId(number)));
        let marks = case.store.read().marks(Side::Xledger).unwrap();
        assert_eq!(marks.iter().map(|mark| mark.id.clone()).collect::<Vec<_>>(), ids);
        let mut seen = Vec::new();
        case.store
            .read()
            .each_snapshot(Side::Xledger, |snapshot| {
                seen.push(snapshot.record.id);
                Ok(())
            })
            .unwrap();
        assert_eq!(seen, ids);
        assert_eq!(case.store.read().marks(Side::Huma).unwrap(), []);
    }

    #[test]
    fn absences_are_counted_until_one_sighting_resets_them() {
        let mut case = case();
        let record = huma("h-1", &kari());
        let missing = case
            .store
            .write(|tx| {
                tx.put_snapshot(&record, at(1), None)?;
                assert!(!tx.sight_present(&record.id)?);
                tx.sight_missing(&record.id, at(2))?;
                tx.sight_missing(&record.id, at(62))
            })
            .unwrap();
        assert_eq!(missing, Missing { times: 2, first_at: at(2), last_at: at(62) });
        let reset = |tx: &Writer<'_>| -> Result<Option<Missing>, StoreError> {
            Ok(tx.snapshot(&record.id)?.and_then(|snapshot| snapshot.missing))
        };
        case.store
            .write(|tx| {
                assert!(tx.put_snapshot(&record, at(70), None)?, "the same content, seen again");
                assert_eq!(reset(tx)?, None);
                tx.sight_missing(&record.id, at(80))?;
                assert!(tx.sight_present(&record.id)?);
                assert_eq!(reset(tx)?, None);
                let unknown = tx.sight_missing(&id("h-9"), at(80));
                assert!(matches!(unknown, Err(StoreError::NoSuch { .. })));
                Ok(())
            })
            .unwrap();
    }
}
