//! Verified webhooks, kept until a cycle has acted on them: hints to read somebody again.

use super::open::open_beside;
use super::text::{from_json, json, moment, side, utc_text};
use super::{Reader, StoreError, Writer};
use crate::domain::Side;
use jiff::Timestamp;
use rusqlite::{Connection, TransactionBehavior};
use std::path::Path;

/// One post: whom to read again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    pub id: i64,
    pub received_at: Timestamp,
    pub side: Side,
    /// That side's ids in text, as the post named them.
    pub ids: Vec<String>,
}

/// A connection of its own for this one table, so that a post is committed while a cycle is at work. Its transactions are
/// a few rows each: the one writer of everything else waits for them no longer than for the disk.
pub struct Inbox {
    conn: Connection,
}

impl Inbox {
    /// Opens the inbox of a database that [`super::Store::open`] has made and brought up to date.
    ///
    /// # Errors
    /// As [`super::Store::open_readonly`].
    pub fn open(path: &Path) -> Result<Inbox, StoreError> {
        Ok(Inbox { conn: open_beside(path)? })
    }

    pub fn waiting(&self) -> Result<Vec<Hint>, StoreError> {
        Reader { conn: &self.conn }.waiting_hints()
    }

    /// Commits these hints, one row per side and list of ids, and returns their rows in the same order.
    pub fn add(&mut self, hints: &[(Side, Vec<String>)], at: Timestamp) -> Result<Vec<i64>, StoreError> {
        let transaction = self.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let rows =
            hints.iter().map(|(side, ids)| add(&transaction, *side, ids, at)).collect::<Result<_, _>>()?;
        transaction.commit()?;
        Ok(rows)
    }

    /// Cycles have acted on all hints up to and including `last`; what was taken before `forget` goes.
    pub fn take(&mut self, last: i64, at: Timestamp, forget: Timestamp) -> Result<(), StoreError> {
        let transaction = self.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        take(&transaction, last, at)?;
        self::forget(&transaction, forget)?;
        transaction.commit()?;
        Ok(())
    }
}

fn add(conn: &Connection, side: Side, ids: &[String], at: Timestamp) -> Result<i64, StoreError> {
    conn.prepare_cached("INSERT INTO inbox (received_at, side, ids) VALUES (?1, ?2, ?3)")?.execute((
        utc_text(at),
        side.word(),
        json(ids),
    ))?;
    Ok(conn.last_insert_rowid())
}

fn take(conn: &Connection, last: i64, at: Timestamp) -> Result<usize, StoreError> {
    let mut statement =
        conn.prepare_cached("UPDATE inbox SET taken_at = ?2 WHERE id <= ?1 AND taken_at IS NULL")?;
    Ok(statement.execute((last, utc_text(at)))?)
}

fn forget(conn: &Connection, before: Timestamp) -> Result<usize, StoreError> {
    let mut statement = conn.prepare_cached("DELETE FROM inbox WHERE taken_at < ?1")?;
    Ok(statement.execute([utc_text(before)])?)
}

impl Reader<'_> {
    /// Those not taken yet, oldest first.
    pub fn waiting_hints(&self) -> Result<Vec<Hint>, StoreError> {
        let mut statement = self.conn.prepare_cached(
            "SELECT id, received_at, side, ids FROM inbox WHERE taken_at IS NULL ORDER BY id",
        )?;
        let mut rows = statement.query([])?;
        let mut hints = Vec::new();
        while let Some(row) = rows.next()? {
            hints.push(Hint {
                id: row.get(0)?,
                received_at: moment(&row.get::<_, String>(1)?, "inbox")?,
                side: side(&row.get::<_, String>(2)?, "inbox")?,
                ids: from_json(&row.get::<_, String>(3)?, "inbox")?,
            });
        }
        Ok(hints)
    }
}

impl Writer<'_> {
    pub fn add_hint(&self, side: Side, ids: &[String], at: Timestamp) -> Result<i64, StoreError> {
        add(self.conn, side, ids, at)
    }

    /// A cycle has acted on all hints up to and including `last`; belongs in the transaction that records what it found.
    pub fn take_hints(&self, last: i64, at: Timestamp) -> Result<usize, StoreError> {
        take(self.conn, last, at)
    }

    /// Forgets what was taken before a moment.
    pub fn forget_hints(&self, before: Timestamp) -> Result<usize, StoreError> {
        forget(self.conn, before)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::*;
    use super::*;

    #[test]
    fn a_hint_waits_until_it_is_taken_and_later_ones_wait_on() {
        let mut case = case();
        case.store
            .write(|tx| {
                let first = tx.add_hint(Side::Huma, &["h-1".into()], at(1))?;
                let second = tx.add_hint(Side::Xledger, &["7".into(), "8".into()], at(2))?;
                assert_eq!(tx.take_hints(first, at(3))?, 1);
                let hint = Hint {
                    id: second,
                    received_at: at(2),
                    side: Side::Xledger,
                    ids: vec!["7".into(), "8".into()],
                };
                assert_eq!(tx.waiting_hints()?, [hint]);
                assert_eq!(tx.forget_hints(at(3))?, 0);
                assert_eq!(tx.forget_hints(at(4))?, 1, "only what was taken");
                assert_eq!(tx.waiting_hints()?.len(), 1);
                Ok(())
            })
            .unwrap();
    }

    #[test]
    fn the_inbox_is_filled_and_emptied_beside_the_writer() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("hxsync.db");
        let store = crate::store::Store::open(&path, at(0), &mut |bytes| bytes.fill(7)).unwrap();
        let mut inbox = Inbox::open(&path).unwrap();
        let rows = inbox.add(&[(Side::Huma, vec!["h-1".into()]), (Side::Xledger, vec![])], at(1)).unwrap();
        assert_eq!(rows, [1, 2]);
        assert_eq!(store.read().waiting_hints().unwrap(), inbox.waiting().unwrap());
        inbox.take(1, at(2), at(0)).unwrap();
        assert_eq!(inbox.waiting().unwrap().iter().map(|hint| hint.id).collect::<Vec<_>>(), [2]);
    }
}
