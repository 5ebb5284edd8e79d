//! What happened, in order, for ever.
//!
//! Values stand apart from their rows, so that a person's can be erased; `chain` says how the rows hold together.

use super::chain::{hash_row, hash_values};
use super::text::{digest, moment, utc_text};
use super::{Reader, StoreError, Writer};
use crate::domain::{Field, LinkId, RecordId, Side};
use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row};
use serde_json::json;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    Written,
    Agreed,
    Linked,
    Created,
    Asked,
    Answered,
    Refused,
    Held,
    Failed,
    Unknown,
    Noted,
    Erased,
}

impl Outcome {
    pub const ALL: [Outcome; 12] = [
        Outcome::Written,
        Outcome::Agreed,
        Outcome::Linked,
        Outcome::Created,
        Outcome::Asked,
        Outcome::Answered,
        Outcome::Refused,
        Outcome::Held,
        Outcome::Failed,
        Outcome::Unknown,
        Outcome::Noted,
        Outcome::Erased,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Outcome::Written => "written",
            Outcome::Agreed => "agreed",
            Outcome::Linked => "linked",
            Outcome::Created => "created",
            Outcome::Asked => "asked",
            Outcome::Answered => "answered",
            Outcome::Refused => "refused",
            Outcome::Held => "held",
            Outcome::Failed => "failed",
            Outcome::Unknown => "unknown",
            Outcome::Noted => "noted",
            Outcome::Erased => "erased",
        }
    }
}

/// Which side a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditSide {
    One(Side),
    Both,
}

impl AuditSide {
    pub fn word(self) -> &'static str {
        match self {
            AuditSide::One(side) => side.word(),
            AuditSide::Both => "both",
        }
    }
}

/// A row to be added. `why` is in words without values: it cannot be erased.
#[derive(Clone, Copy)]
pub struct AuditEntry<'a> {
    pub at: Timestamp,
    pub cycle: Option<i64>,
    pub link: Option<LinkId>,
    /// For people without a link: how `erase` and `history` find the row.
    pub record: Option<&'a RecordId>,
    pub person: Option<&'a str>,
    pub field: Option<Field>,
    pub side: Option<AuditSide>,
    /// Readable; `None` for empty.
    pub old: Option<&'a str>,
    pub new: Option<&'a str>,
    pub why: &'a str,
    /// `hxsync` or the real user.
    pub who: &'a str,
    pub outcome: Outcome,
}

/// A row as the view `audit` shows it, with the link it belongs to.
#[derive(Clone, PartialEq, Eq)]
pub struct AuditRow {
    pub seq: i64,
    pub at: Timestamp,
    pub cycle: Option<i64>,
    pub link: Option<LinkId>,
    /// `None` where there was none, and after the person was erased; so are `old` and `new`.
    pub person: Option<String>,
    pub field: Option<Field>,
    pub side: Option<AuditSide>,
    pub old: Option<String>,
    pub new: Option<String>,
    pub why: String,
    pub who: String,
    pub outcome: Outcome,
}

/// Shows no personal value (P10).
impl std::fmt::Debug for AuditRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AuditRow({} {})", self.seq, self.outcome.word())
    }
}

impl Reader<'_> {
    /// The last row's number and hash; 0 and zeros for an empty audit.
    pub fn audit_head(&self) -> Result<(i64, [u8; 32]), StoreError> {
        let last: Option<(i64, Vec<u8>)> = self
            .conn
            .prepare_cached("SELECT seq, hash FROM audit_rows ORDER BY seq DESC LIMIT 1")?
            .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        match last {
            Some((seq, hash)) => Ok((seq, digest(hash, "audit")?)),
            None => Ok((0, [0; 32])),
        }
    }

    pub fn audit_row(&self, seq: i64) -> Result<Option<AuditRow>, StoreError> {
        Ok(self.audit_of("r.seq = ?1", [seq])?.pop())
    }

    pub fn audit_of_cycle(&self, cycle: i64) -> Result<Vec<AuditRow>, StoreError> {
        self.audit_of("r.cycle = ?1", [cycle])
    }

    /// Oldest first.
    pub fn audit_of_link(&self, link: LinkId, field: Option<Field>) -> Result<Vec<AuditRow>, StoreError> {
        self.audit_of("r.link_id = ?1 AND (?2 IS NULL OR r.field = ?2)", (link.0, field.map(Field::name)))
    }

    /// Rows about a record that stood outside any link, oldest first.
    pub fn audit_of_record(&self, record: &RecordId) -> Result<Vec<AuditRow>, StoreError> {
        self.audit_of("v.record = ?1", [record_text(record)])
    }

    /// Oldest first, from `from` on, at most `most`.
    pub fn audit_from(&self, from: i64, most: u32) -> Result<Vec<AuditRow>, StoreError> {
        self.audit_of("r.seq >= ?1 AND r.seq < ?1 + ?2", (from, most))
    }

    fn audit_of(&self, condition: &str, params: impl rusqlite::Params) -> Result<Vec<AuditRow>, StoreError> {
        let sql = format!(
            "SELECT r.seq, r.at, r.cycle, r.link_id, v.person, r.field, r.side, v.old, v.new, r.why, r.who, r.outcome
             FROM audit_rows AS r LEFT JOIN audit_values AS v ON v.seq = r.seq
             WHERE {condition} ORDER BY r.seq"
        );
        let mut statement = self.conn.prepare_cached(&sql)?;
        let mut rows = statement.query(params)?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            all.push(audit_row_of(row)?);
        }
        Ok(all)
    }
}

impl Writer<'_> {
    /// Adds a row to the end of the chain and gives its number.
    pub fn append_audit(&self, entry: &AuditEntry<'_>) -> Result<i64, StoreError> {
        let (last, prev_hash) = self.audit_head()?;
        let seq = last + 1;
        let salt: [u8; 16] = self.draw.borrow_mut().bytes();
        let record = entry.record.map(record_text);
        let values_digest = hash_values(&salt, entry.person, record.as_deref(), entry.old, entry.new);
        let at = utc_text(entry.at);
        let (link, field) = (entry.link.map(|link| link.0), entry.field.map(Field::name));
        let (side, outcome) = (entry.side.map(AuditSide::word), entry.outcome.word());
        let hash = hash_row(
            &prev_hash,
            &json!([seq, at, entry.cycle, link, field, side, entry.why, entry.who, outcome]),
            &values_digest,
        );
        self.conn
            .prepare_cached(
                "INSERT INTO audit_rows (seq, at, cycle, link_id, field, side, why, who, outcome, values_digest,
                    prev_hash, hash)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            )?
            .execute((
                seq,
                at,
                entry.cycle,
                link,
                field,
                side,
                entry.why,
                entry.who,
                outcome,
                values_digest,
                prev_hash,
                hash,
            ))?;
        self.conn
            .prepare_cached(
                "INSERT INTO audit_values (seq, salt, person, record, old, new) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute((seq, salt, entry.person, record, entry.old, entry.new))?;
        Ok(seq)
    }

    /// Removes the values, labels and record ids of one person from the audit; says from how many rows. The rows stay, and
    /// the chain still verifies.
    pub fn erase_audit_values(&self, links: &[LinkId], records: &[RecordId]) -> Result<u64, StoreError> {
        let mut erased = 0;
        let mut by_link = self.conn.prepare_cached(
            "DELETE FROM audit_values WHERE seq IN (SELECT seq FROM audit_rows WHERE link_id = ?1)",
        )?;
        for link in links {
            erased += by_link.execute([link.0])? as u64;
        }
        let mut by_record = self.conn.prepare_cached("DELETE FROM audit_values WHERE record = ?1")?;
        for record in records {
            erased += by_record.execute([record_text(record)])? as u64;
        }
        Ok(erased)
    }
}

/// `huma:ID` or `xledger:ID`.
fn record_text(record: &RecordId) -> String {
    format!("{}:{record}", record.side().word())
}

fn audit_row_of(row: &Row<'_>) -> Result<AuditRow, StoreError> {
    let unreadable = || StoreError::unreadable("audit");
    let field: Option<String> = row.get(5)?;
    let side: Option<String> = row.get(6)?;
    let outcome: String = row.get(11)?;
    Ok(AuditRow {
        seq: row.get(0)?,
        at: moment(&row.get::<_, String>(1)?, "audit")?,
        cycle: row.get(2)?,
        link: row.get::<_, Option<i64>>(3)?.map(LinkId),
        person: row.get(4)?,
        field: field.map(|name| Field::from_name(&name).ok_or_else(unreadable)).transpose()?,
        side: match side.as_deref() {
            None => None,
            Some("both") => Some(AuditSide::Both),
            Some(word) => Some(AuditSide::One(Side::from_word(word).ok_or_else(unreadable)?)),
        },
        old: row.get(7)?,
        new: row.get(8)?,
        why: row.get(9)?,
        who: row.get(10)?,
        outcome: Outcome::ALL.into_iter().find(|known| known.word() == outcome).ok_or_else(unreadable)?,
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::tests::*;
    use super::*;
    use crate::domain::{HumaId, XledgerId};
    use crate::store::Store;

    fn entry<'a>(link: i64, old: &'a str, new: &'a str) -> AuditEntry<'a> {
        AuditEntry {
            at: at(1),
            cycle: Some(1),
            link: Some(LinkId(link)),
            record: None,
            person: Some("Kari Nordmann (1042)"),
            field: Some(Field::Phone),
            side: Some(AuditSide::One(Side::Xledger)),
            old: Some(old),
            new: Some(new),
            why: "edited in Huma",
            who: "hxsync",
            outcome: Outcome::Written,
        }
    }

    /// Three rows: two of link 1, one of link 2.
    pub fn three_rows() -> Case {
        let mut case = case();
        case.store
            .write(|tx| {
                assert_eq!(tx.append_audit(&entry(1, "1", "2"))?, 1);
                assert_eq!(tx.append_audit(&entry(2, "3", "4"))?, 2);
                let email = AuditEntry {
                    field: Some(Field::Email),
                    side: Some(AuditSide::Both),
                    ..entry(1, "5", "6")
                };
                assert_eq!(tx.append_audit(&email)?, 3);
                Ok(())
            })
            .unwrap();
        case
    }

    pub fn run(store: &Store, sql: &str) -> rusqlite::Result<()> {
        store.read().conn.execute_batch(sql)
    }

    #[test]
    fn p4_the_audit_takes_no_change_no_removal_and_no_replacement() {
        let case = three_rows();
        for sql in [
            "UPDATE audit_rows SET who = 'kari' WHERE seq = 2",
            "DELETE FROM audit_rows WHERE seq = 3",
            "REPLACE INTO audit_rows SELECT * FROM audit_rows WHERE seq = 2",
            "UPDATE audit_values SET new = 'x' WHERE seq = 2",
            "REPLACE INTO audit_values SELECT * FROM audit_values WHERE seq = 2",
            "INSERT INTO audit (seq) VALUES (4)",
        ] {
            assert!(run(&case.store, sql).is_err(), "{sql}");
        }
        assert_eq!(case.store.read().verify_audit().unwrap().rows, 3);
    }

    #[test]
    fn erased_values_are_gone_and_the_chain_still_holds() {
        let mut case = three_rows();
        let alone = RecordId::Huma(HumaId("h-5".into()));
        case.store
            .write(|tx| {
                let row = AuditEntry { link: None, record: Some(&alone), ..entry(0, "7", "8") };
                tx.append_audit(&row)?;
                assert_eq!(tx.audit_of_record(&alone)?.len(), 1);
                assert_eq!(tx.erase_audit_values(&[LinkId(1)], std::slice::from_ref(&alone))?, 3);
                tx.append_audit(&AuditEntry { outcome: Outcome::Erased, ..entry(1, "", "") })
            })
            .unwrap();
        let chain = case.store.read().verify_audit().unwrap();
        assert_eq!((chain.rows, chain.erased), (5, 3));
        let rows = case.store.read().audit_of_link(LinkId(1), None).unwrap();
        assert_eq!(rows.iter().map(|row| row.seq).collect::<Vec<_>>(), [1, 3, 5]);
        assert_eq!((&rows[0].person, &rows[0].old, &rows[0].new), (&None, &None, &None));
        assert_eq!(rows[0].outcome, Outcome::Written);
        assert!(case.store.read().audit_of_record(&alone).unwrap().is_empty());
        assert_eq!(case.store.read().audit_row(2).unwrap().unwrap().new.as_deref(), Some("4"));
    }

    #[test]
    fn the_same_values_have_another_digest_in_another_row() {
        let mut case = case();
        case.store
            .write(|tx| {
                tx.append_audit(&entry(1, "1", "2"))?;
                tx.append_audit(&entry(1, "1", "2"))
            })
            .unwrap();
        let digests: i64 = case
            .store
            .read()
            .conn
            .query_row("SELECT count(DISTINCT values_digest) FROM audit_rows", [], |row| row.get(0))
            .unwrap();
        assert_eq!(digests, 2);
    }

    #[test]
    fn salts_are_new_after_a_restart_too() {
        let mut case = three_rows();
        let salt = |store: &Store| -> Vec<u8> {
            let conn = store.read().conn;
            conn.query_row("SELECT salt FROM audit_values ORDER BY seq DESC", [], |row| row.get(0)).unwrap()
        };
        let before = salt(&case.store);
        case.store = Store::open(&case.path, at(5), &mut |bytes| bytes.fill(77)).unwrap();
        case.store.write(|tx| tx.append_audit(&entry(1, "1", "2"))).unwrap();
        assert_ne!(salt(&case.store), before);
    }

    #[test]
    fn rows_are_found_by_person_field_cycle_and_number() {
        let mut case = three_rows();
        let reader = case.store.read();
        let seqs = |rows: Vec<AuditRow>| rows.iter().map(|row| row.seq).collect::<Vec<_>>();
        assert_eq!(seqs(reader.audit_of_link(LinkId(1), Some(Field::Email)).unwrap()), [3]);
        assert_eq!(seqs(reader.audit_of_cycle(1).unwrap()), [1, 2, 3]);
        assert_eq!(seqs(reader.audit_from(2, 1).unwrap()), [2]);
        let row = reader.audit_row(3).unwrap().unwrap();
        assert_eq!(
            (row.side, row.field, row.link),
            (Some(AuditSide::Both), Some(Field::Email), Some(LinkId(1)))
        );
        case.store
            .write(|tx| {
                let record = RecordId::Xledger(XledgerId(7));
                for outcome in Outcome::ALL {
                    let row = AuditEntry {
                        outcome,
                        record: Some(&record),
                        link: None,
                        cycle: None,
                        side: None,
                        ..entry(0, "", "")
                    };
                    let seq = tx.append_audit(&row)?;
                    assert_eq!(tx.audit_row(seq)?.map(|row| (row.outcome, row.side)), Some((outcome, None)));
                }
                assert_eq!(tx.audit_of_record(&record)?.len(), Outcome::ALL.len());
                Ok(())
            })
            .unwrap();
    }
}
