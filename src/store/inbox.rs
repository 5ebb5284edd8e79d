//! Verified webhooks, kept until a cycle has acted on them: hints to read somebody again.

use super::text::{from_json, json, moment, side, utc_text};
use super::{Reader, StoreError, Writer};
use crate::domain::Side;
use jiff::Timestamp;

/// One post: whom to read again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    pub id: i64,
    pub received_at: Timestamp,
    pub side: Side,
    /// That side's ids in text, as the post named them.
    pub ids: Vec<String>,
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
        self.conn
            .prepare_cached("INSERT INTO inbox (received_at, side, ids) VALUES (?1, ?2, ?3)")?
            .execute((utc_text(at), side.word(), json(ids)))?;
        Ok(self.conn.last_insert_rowid())
    }

    /// A cycle has acted on all hints up to and including `last`; belongs in the transaction that records what it found.
    pub fn take_hints(&self, last: i64, at: Timestamp) -> Result<usize, StoreError> {
        let mut statement =
            self.conn.prepare_cached("UPDATE inbox SET taken_at = ?2 WHERE id <= ?1 AND taken_at IS NULL")?;
        Ok(statement.execute((last, utc_text(at)))?)
    }

    /// Forgets what was taken before a moment.
    pub fn forget_hints(&self, before: Timestamp) -> Result<usize, StoreError> {
        let mut statement = self.conn.prepare_cached("DELETE FROM inbox WHERE taken_at < ?1")?;
        Ok(statement.execute([utc_text(before)])?)
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
}
