//! Finding records by what they hold, through the indexes of migration 10.

use super::{Reader, StoreError};
use crate::domain::{Field, HumaId, RecordId, XledgerId};
use std::collections::BTreeSet;

impl Reader<'_> {
    /// Employees that point at one of these contacts or subledgers.
    pub fn employees_of(
        &self,
        contacts: &[i64],
        subledgers: &[i64],
    ) -> Result<BTreeSet<XledgerId>, StoreError> {
        let mut found = BTreeSet::new();
        for (path, ids) in [("contact_id", contacts), ("subledger_id", subledgers)] {
            let mut statement = self.conn.prepare_cached(&format!(
                "SELECT id FROM xledger_snapshots WHERE json_extract(record, '$.about.xledger.{path}') = ?1"
            ))?;
            for id in ids {
                for row in statement.query_map([id], |row| row.get(0))? {
                    found.insert(XledgerId(row?));
                }
            }
        }
        Ok(found)
    }

    /// Contacts that more than one employee points at.
    pub fn shared_contacts(&self) -> Result<BTreeSet<i64>, StoreError> {
        let mut statement = self.conn.prepare_cached(
            "SELECT json_extract(record, '$.about.xledger.contact_id') FROM xledger_snapshots
             WHERE json_extract(record, '$.about.xledger.contact_id') IS NOT NULL
             GROUP BY json_extract(record, '$.about.xledger.contact_id') HAVING count(*) > 1",
        )?;
        let rows = statement.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Everybody on either side with this employment ID, and both records of links whose label last carried it.
    pub fn holders_of_number(&self, number: &str) -> Result<Vec<RecordId>, StoreError> {
        let mut found = Vec::new();
        let mut huma = self.conn.prepare_cached("SELECT id FROM huma_snapshots WHERE employment_id = ?1")?;
        for id in huma.query_map([number], |row| row.get(0))? {
            found.push(RecordId::Huma(HumaId(id?)));
        }
        let mut xledger =
            self.conn.prepare_cached("SELECT id FROM xledger_snapshots WHERE employment_id = ?1")?;
        for id in xledger.query_map([number], |row| row.get(0))? {
            found.push(RecordId::Xledger(XledgerId(id?)));
        }
        let mut links = self.conn.prepare_cached(
            "SELECT huma_id, xledger_id FROM links WHERE employment_id = ?1 AND state <> 'closed'",
        )?;
        for pair in links.query_map([number], |row| Ok((row.get(0)?, row.get(1)?)))? {
            let (huma, xledger) = pair?;
            found.extend([RecordId::Huma(HumaId(huma)), RecordId::Xledger(XledgerId(xledger))]);
        }
        Ok(found)
    }

    /// Whether a write to Xledger of one of these fields, or a person made there, was ever read back as sent.
    pub fn has_written_to_xledger(&self, fields: &[Field]) -> Result<bool, StoreError> {
        let names: Vec<&str> = fields.iter().map(|field| field.name()).collect();
        Ok(self
            .conn
            .prepare_cached(
                "SELECT EXISTS (
                    SELECT 1 FROM intent_rows AS i, json_each(i.changes) AS c
                    WHERE i.side = 'xledger' AND i.state = 'confirmed'
                      AND c.value ->> '$.field' IN (SELECT value FROM json_each(?1)))",
            )?
            .query_row([serde_json::json!(names).to_string()], |row| row.get(0))?)
    }

    /// Questions that are open, asleep ones too.
    pub fn open_question_count(&self) -> Result<u64, StoreError> {
        let count: i64 = self
            .conn
            .prepare_cached("SELECT count(*) FROM questions WHERE closed_at IS NULL")?
            .query_row([], |row| row.get(0))?;
        Ok(count.unsigned_abs())
    }
}
