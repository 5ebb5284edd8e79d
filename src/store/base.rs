//! What both sides of each pair last agreed on, and pairs read whole: link, base and both snapshots.

use super::links::{LINK_COLUMNS, Link, link_of};
use super::snapshots::{SNAPSHOT_COLUMNS, Snapshot, snapshot_of};
use super::text::{from_json, json};
use super::{Reader, StoreError, Writer};
use crate::domain::{Field, LinkId};
use crate::reconcile::{FieldStanding, FieldState, PairBase};
use rusqlite::{OptionalExtension, Row};

/// All that is remembered of one person: what a plan starts from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    pub link: Link,
    /// Empty where none was ever made.
    pub base: PairBase,
    /// `None` where the side's record was never read or has been forgotten.
    pub huma: Option<Snapshot>,
    pub xledger: Option<Snapshot>,
}

impl Reader<'_> {
    pub fn base(&self, link: LinkId) -> Result<Option<PairBase>, StoreError> {
        let text: Option<String> = self
            .conn
            .prepare_cached("SELECT base FROM bases WHERE link_id = ?1")?
            .query_row([link.0], |row| row.get(0))
            .optional()?;
        text.map(|text| from_json(&text, "bases")).transpose()
    }

    /// Closed links too, but not those of erased people.
    pub fn pair(&self, link: LinkId) -> Result<Option<Pair>, StoreError> {
        let mut statement = self.conn.prepare_cached(&pairs("l.link_id = ?1 AND l.huma_id IS NOT NULL"))?;
        let mut rows = statement.query([link.0])?;
        rows.next()?.map(pair_of).transpose()
    }

    /// Every pair whose link is not closed, sorted by link, one at a time; with `after` those beyond it.
    pub fn each_pair(
        &self,
        after: Option<LinkId>,
        mut visit: impl FnMut(Pair) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut statement = self.conn.prepare_cached(&pairs("l.link_id > ?1 AND l.state <> 'closed'"))?;
        let mut rows = statement.query([after.map_or(i64::MIN, |link| link.0)])?;
        while let Some(row) = rows.next()? {
            visit(pair_of(row)?)?;
        }
        Ok(())
    }
}

fn pairs(condition: &str) -> String {
    let columns = |table: &str| SNAPSHOT_COLUMNS.map(|column| format!("{table}.{column}")).join(", ");
    format!(
        "SELECT {LINK_COLUMNS}, b.base, {}, {}
         FROM links AS l
         LEFT JOIN bases AS b ON b.link_id = l.link_id
         LEFT JOIN huma_snapshots AS h ON h.id = l.huma_id
         LEFT JOIN xledger_snapshots AS x ON x.id = l.xledger_id
         WHERE {condition}
         ORDER BY l.link_id",
        columns("h"),
        columns("x")
    )
}

fn pair_of(row: &Row<'_>) -> Result<Pair, StoreError> {
    let base = row.get_ref(10)?.as_str_or_null().map_err(|_| StoreError::unreadable("bases"))?;
    Ok(Pair {
        link: link_of(row)?,
        base: base.map(|text| from_json(text, "bases")).transpose()?.unwrap_or_default(),
        huma: snapshot_of(row, 11)?,
        xledger: snapshot_of(row, 11 + SNAPSHOT_COLUMNS.len())?,
    })
}

impl Writer<'_> {
    /// Says whether it wrote: an equal base is left alone.
    pub fn put_base(&self, link: LinkId, base: &PairBase) -> Result<bool, StoreError> {
        let text = json(base);
        let wrote = self
            .conn
            .prepare_cached(
                "INSERT INTO bases (link_id, base, digest, states) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (link_id) DO UPDATE SET
                    base = excluded.base, digest = excluded.digest, states = excluded.states
                 WHERE digest <> excluded.digest",
            )?
            .execute((link.0, &text, blake3::hash(text.as_bytes()).as_bytes(), states(base)))?;
        Ok(wrote > 0)
    }
}

/// The column `states`: each field's mark, else how its base stands, else null.
fn states(base: &PairBase) -> String {
    json(&Field::ALL.map(|field| state(base, field)))
}

fn state(base: &PairBase, field: Field) -> Option<FieldState> {
    match (&base.states[field], &base.fields[field]) {
        (Some(mark), _) => Some(mark.state),
        (None, Some(of_field)) => Some(match of_field.standing {
            FieldStanding::Agreed => FieldState::Agreed,
            FieldStanding::Differ => FieldState::Differ,
            FieldStanding::NotAccepted => FieldState::NotAccepted,
            FieldStanding::Waiting => FieldState::Waiting,
        }),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::*;
    use super::*;
    use crate::domain::{HumaId, Spelling, XledgerId};
    use crate::store::NewLink;

    #[test]
    fn only_a_changed_base_is_written() {
        let mut case = case();
        let link = linked_kari(&mut case.store);
        let mut base = PairBase { position: Some("p-1".into()), ..Default::default() };
        case.store
            .write(|tx| {
                assert!(tx.put_base(link, &base)?);
                assert!(!tx.put_base(link, &base)?);
                base.fields[Field::JobTitle] = Some(agreed(Some(named("Engineer")), None));
                assert!(tx.put_base(link, &base)?);
                Ok(())
            })
            .unwrap();
        assert_eq!(case.store.read().base(link).unwrap(), Some(base));
    }

    #[test]
    fn a_pair_has_its_link_its_base_and_what_both_sides_said() {
        let mut case = case();
        let link = linked_kari(&mut case.store);
        case.store.write(|tx| tx.remove_snapshot(&crate::domain::RecordId::Xledger(XledgerId(7)))).unwrap();
        let pair = case.store.read().pair(link).unwrap().unwrap();
        assert_eq!(pair.base, PairBase::default());
        assert_eq!(pair.huma.unwrap().record, huma("h-1", &kari()));
        assert_eq!(pair.xledger, None);
        assert_eq!(case.store.read().pair(LinkId(99)).unwrap(), None);
    }

    #[test]
    fn ten_thousand_pairs_stream_in_order_and_each_is_whole() {
        let mut case = case();
        case.store
            .write(|tx| {
                for number in 1..=10_000 {
                    // Ids that sort otherwise than the links do.
                    let (huma_id, xledger_id) = (format!("h-{}", 20_000 - number), 30_000 - number);
                    let name = [(Field::GivenName, Spelling::text(format!("n{number}")))];
                    tx.put_snapshot(&huma(&huma_id, &name), at(1), None)?;
                    tx.put_snapshot(&xledger(xledger_id, &name), at(1), None)?;
                    let id = tx.add_link(&NewLink {
                        huma: &HumaId(huma_id),
                        xledger: XledgerId(xledger_id),
                        person: "n",
                        employment_id: None,
                        by: "test",
                        at: at(2),
                    })?;
                    let position = Some(format!("p{number}"));
                    tx.put_base(id, &PairBase { position, ..Default::default() })?;
                }
                Ok(())
            })
            .unwrap();
        let mut last = 0;
        case.store
            .read()
            .each_pair(None, |pair| {
                last += 1;
                assert_eq!(pair.link.id, LinkId(last));
                assert_eq!(pair.base.position, Some(format!("p{last}")));
                for snapshot in [pair.huma, pair.xledger] {
                    assert_eq!(snapshot.unwrap().record.text(Field::GivenName), Some(&*format!("n{last}")));
                }
                Ok(())
            })
            .unwrap();
        assert_eq!(last, 10_000);
        let mut rest = 0;
        case.store
            .read()
            .each_pair(Some(LinkId(9_990)), |pair| {
                assert!(pair.link.id > LinkId(9_990));
                rest += 1;
                Ok(())
            })
            .unwrap();
        assert_eq!(rest, 10);
    }

    #[test]
    fn a_base_nobody_can_read_is_damage_and_its_values_stay_out_of_the_error() {
        let mut case = case();
        let link = linked_kari(&mut case.store);
        case.store.write(|tx| tx.put_base(link, &PairBase::default())).unwrap();
        case.store.read().conn.execute("UPDATE bases SET base = '{\"position\": [\"secret\"]}'", []).unwrap();
        let error = case.store.read().base(link).unwrap_err();
        assert_eq!(error.to_string(), "the database is damaged: a row of bases cannot be read");
        assert!(std::error::Error::source(&error).is_none());
    }
}
