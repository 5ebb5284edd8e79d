//! Whether the audit is what was written: each row's hash is over the row and the hash before it.
//!
//! A row's hash is SHA-256 over a JSON list in this order, moments and words as the columns spell them, hashes in
//! lower-case hex: `[previous hash, seq, at, cycle, link_id, field, side, why, who, outcome, values digest]`. The values
//! digest is SHA-256 over the salt's 16 bytes and then the JSON list `[person, record, old, new]`. The first row's previous
//! hash is zeros. So an auditor can check the chain with any tool, and a person's values can go while it still holds.

use super::text::digest;
use super::{Reader, StoreError};
use rusqlite::{OptionalExtension, Row};
use serde_json::json;
use sha2::{Digest, Sha256};

/// A chain that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chain {
    pub rows: u64,
    /// Rows whose values are gone.
    pub erased: u64,
    /// The last row's hash; zeros for an empty audit.
    pub head: [u8; 32],
}

/// Why a chain does not hold, or could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    /// The first row that is not what was written, or is missing.
    #[error("the audit was changed at row {seq}")]
    At { seq: i64 },
    #[error("the audit could not be read")]
    Unread(#[from] StoreError),
}

impl Reader<'_> {
    /// Follows the chain from the first row to the last.
    ///
    /// # Errors
    /// [`Broken::At`] the first row that was changed, exchanged or removed; at the end, one beyond the last row.
    pub fn verify_audit(&self) -> Result<Chain, Broken> {
        let mut chain = Chain { rows: 0, erased: 0, head: [0; 32] };
        let mut statement = self
            .conn
            .prepare(
                "SELECT r.seq, r.at, r.cycle, r.link_id, r.field, r.side, r.why, r.who, r.outcome, r.values_digest,
                    r.prev_hash, r.hash, v.salt, v.person, v.record, v.old, v.new
                 FROM audit_rows AS r LEFT JOIN audit_values AS v ON v.seq = r.seq
                 ORDER BY r.seq",
            )
            .map_err(StoreError::from)?;
        let mut rows = statement.query([]).map_err(StoreError::from)?;
        let mut next = 1;
        while let Some(row) = rows.next().map_err(StoreError::from)? {
            let link = Linkage::of(row)?;
            if link.seq != next || link.prev_hash != chain.head || !link.holds {
                return Err(Broken::At { seq: next });
            }
            chain.rows += 1;
            chain.erased += u64::from(link.erased);
            chain.head = link.hash;
            next += 1;
        }
        let given: Option<i64> = self
            .conn
            .query_row("SELECT seq FROM sqlite_sequence WHERE name = 'audit_rows'", [], |row| row.get(0))
            .optional()
            .map_err(StoreError::from)?;
        if given.unwrap_or(0) != next - 1 {
            return Err(Broken::At { seq: next });
        }
        Ok(chain)
    }
}

pub(super) fn hash_values(
    salt: &[u8],
    person: Option<&str>,
    record: Option<&str>,
    old: Option<&str>,
    new: Option<&str>,
) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(salt);
    hash.update(json!([person, record, old, new]).to_string());
    hash.finalize().into()
}

/// `columns` are those from `seq` to `outcome`.
pub(super) fn hash_row(prev_hash: &[u8], columns: &serde_json::Value, values_digest: &[u8]) -> [u8; 32] {
    let mut list = vec![json!(hex::encode(prev_hash))];
    list.extend(columns.as_array().cloned().unwrap_or_default());
    list.push(json!(hex::encode(values_digest)));
    Sha256::digest(serde_json::Value::from(list).to_string()).into()
}

/// One row's place in the chain, recomputed.
struct Linkage {
    seq: i64,
    prev_hash: [u8; 32],
    hash: [u8; 32],
    /// Whether the row and its values are what their hashes say.
    holds: bool,
    erased: bool,
}

impl Linkage {
    fn of(row: &Row<'_>) -> Result<Linkage, StoreError> {
        let text = |column: usize| row.get::<_, Option<String>>(column);
        let seq: i64 = row.get(0)?;
        let values_digest: Vec<u8> = row.get(9)?;
        let prev_hash = digest(row.get(10)?, "audit")?;
        let hash = digest(row.get(11)?, "audit")?;
        let salt: Option<Vec<u8>> = row.get(12)?;
        let columns = json!([
            seq,
            text(1)?,
            row.get::<_, Option<i64>>(2)?,
            row.get::<_, Option<i64>>(3)?,
            text(4)?,
            text(5)?,
            text(6)?,
            text(7)?,
            text(8)?
        ]);
        let values_hold = match &salt {
            None => true,
            Some(salt) => {
                let [person, record, old, new] = [text(13)?, text(14)?, text(15)?, text(16)?];
                let found =
                    hash_values(salt, person.as_deref(), record.as_deref(), old.as_deref(), new.as_deref());
                values_digest == found
            }
        };
        let holds = values_hold && hash == hash_row(&prev_hash, &columns, &values_digest);
        Ok(Linkage { seq, prev_hash, hash, holds, erased: salt.is_none() })
    }
}

#[cfg(test)]
mod tests {
    use super::super::audit::tests::{run, three_rows};
    use super::super::tests::case;
    use super::*;
    use crate::store::Store;

    fn without_triggers(store: &Store) {
        for trigger in [
            "audit_is_never_changed",
            "audit_is_never_deleted",
            "audit_is_never_replaced",
            "audit_values_are_never_changed",
            "audit_values_are_never_replaced",
        ] {
            run(store, &format!("DROP TRIGGER {trigger}")).unwrap();
        }
        run(store, "PRAGMA foreign_keys = OFF").unwrap();
    }

    #[test]
    fn a_chain_holds_as_it_was_written_and_an_empty_one_does_too() {
        assert_eq!(case().store.read().verify_audit().unwrap(), Chain { rows: 0, erased: 0, head: [0; 32] });
        let case = three_rows();
        let chain = case.store.read().verify_audit().unwrap();
        assert_eq!((chain.rows, chain.erased), (3, 0));
        assert_eq!(case.store.read().audit_head().unwrap(), (3, chain.head));
    }

    #[test]
    fn a_chain_breaks_at_the_row_that_was_tampered_with() {
        for (sql, broken) in [
            ("UPDATE audit_rows SET at = '2026-11-23T09:00:00.000Z' WHERE seq = 2", 2),
            ("UPDATE audit_rows SET cycle = 9 WHERE seq = 2", 2),
            ("UPDATE audit_rows SET link_id = 9 WHERE seq = 2", 2),
            ("UPDATE audit_rows SET field = NULL WHERE seq = 2", 2),
            ("UPDATE audit_rows SET side = 'huma' WHERE seq = 2", 2),
            ("UPDATE audit_rows SET why = 'x' WHERE seq = 2", 2),
            ("UPDATE audit_rows SET who = 'x' WHERE seq = 2", 2),
            ("UPDATE audit_rows SET outcome = 'noted' WHERE seq = 2", 2),
            ("UPDATE audit_rows SET hash = zeroblob(32) WHERE seq = 2", 2),
            ("UPDATE audit_values SET person = 'x' WHERE seq = 2", 2),
            ("UPDATE audit_values SET record = 'huma:x' WHERE seq = 2", 2),
            ("UPDATE audit_values SET old = NULL WHERE seq = 2", 2),
            ("UPDATE audit_values SET new = 'x' WHERE seq = 2", 2),
            ("DELETE FROM audit_rows WHERE seq = 2", 2),
            ("DELETE FROM audit_rows WHERE seq = 3", 3),
            ("DELETE FROM audit_rows", 1),
            ("DELETE FROM audit_rows WHERE seq = 1; UPDATE audit_rows SET seq = seq - 1", 1),
        ] {
            let case = three_rows();
            without_triggers(&case.store);
            run(&case.store, sql).unwrap();
            match case.store.read().verify_audit() {
                Err(Broken::At { seq }) => assert_eq!(seq, broken, "{sql}"),
                other => panic!("{sql}: {other:?}"),
            }
        }
    }
}
