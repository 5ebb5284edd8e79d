//! Which two records are the same person, and what humans have said about who is not.

use super::snapshots::RecordKey;
use super::text::{count, moment, moment_opt, record_id, side, utc_text};
use super::{Reader, StoreError, Writer};
use crate::domain::{HumaId, LinkId, RecordId, XledgerId};
use jiff::Timestamp;
use rusqlite::Row;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LinkState {
    Linked,
    /// The base is frozen; nothing is compared or written.
    Excluded,
    /// A side no longer has its record, proven.
    Vanished,
    /// Kept for its history alone; both records may be linked anew.
    Closed,
}

impl LinkState {
    pub const ALL: [LinkState; 4] =
        [LinkState::Linked, LinkState::Excluded, LinkState::Vanished, LinkState::Closed];

    /// The word in SQL.
    pub fn word(self) -> &'static str {
        match self {
            LinkState::Linked => "linked",
            LinkState::Excluded => "excluded",
            LinkState::Vanished => "vanished",
            LinkState::Closed => "closed",
        }
    }
}

#[derive(Clone, PartialEq, Eq)]
pub struct Link {
    pub id: LinkId,
    pub huma: HumaId,
    pub xledger: XledgerId,
    /// Readable label, `Kari Nordmann (1042)`.
    pub person: String,
    pub employment_id: Option<String>,
    pub state: LinkState,
    pub linked_at: Timestamp,
    /// The rule or the user.
    pub linked_by: String,
    pub closed_at: Option<Timestamp>,
    pub closed_why: Option<String>,
}

impl Link {
    pub fn record(&self, side: crate::domain::Side) -> RecordId {
        match side {
            crate::domain::Side::Huma => RecordId::Huma(self.huma.clone()),
            crate::domain::Side::Xledger => RecordId::Xledger(self.xledger),
        }
    }
}

/// Shows ids and no personal value (P10).
impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Link({}: {} {} {})", self.id, self.huma, self.xledger, self.state.word())
    }
}

pub struct NewLink<'a> {
    pub huma: &'a HumaId,
    pub xledger: XledgerId,
    pub person: &'a str,
    pub employment_id: Option<&'a str>,
    /// The rule or the user.
    pub by: &'a str,
    pub at: Timestamp,
}

/// A record a human has answered `ignore` for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ignored {
    pub record: RecordId,
    pub who: String,
    pub at: Timestamp,
}

pub(super) const LINK_COLUMNS: &str = "l.link_id, l.huma_id, l.xledger_id, l.person, l.employment_id, l.state, \
     l.linked_at, l.linked_by, l.closed_at, l.closed_why";

/// The first ten columns, as [`LINK_COLUMNS`] names them.
pub(super) fn link_of(row: &Row<'_>) -> Result<Link, StoreError> {
    let unreadable = || StoreError::unreadable("links");
    let state: String = row.get(5)?;
    Ok(Link {
        id: LinkId(row.get(0)?),
        huma: HumaId(row.get(1)?),
        xledger: XledgerId(row.get(2)?),
        person: row.get(3)?,
        employment_id: row.get(4)?,
        state: LinkState::ALL.into_iter().find(|known| known.word() == state).ok_or_else(unreadable)?,
        linked_at: moment(&row.get::<_, String>(6)?, "links")?,
        linked_by: row.get(7)?,
        closed_at: moment_opt(row.get(8)?, "links")?,
        closed_why: row.get(9)?,
    })
}

impl Reader<'_> {
    /// Closed ones too, but not those of erased people.
    pub fn link(&self, id: LinkId) -> Result<Option<Link>, StoreError> {
        let sql =
            format!("SELECT {LINK_COLUMNS} FROM links AS l WHERE l.link_id = ?1 AND l.huma_id IS NOT NULL");
        Ok(self.links_of(&sql, [id.0])?.pop())
    }

    /// The link that is not closed and has this record.
    pub fn link_of_record(&self, record: &RecordId) -> Result<Option<Link>, StoreError> {
        let sql = format!(
            "SELECT {LINK_COLUMNS} FROM links AS l WHERE l.{}_id = ?1 AND l.state <> 'closed'",
            record.side().word()
        );
        Ok(self.links_of(&sql, [RecordKey(record)])?.pop())
    }

    /// All links that ever had this record, oldest first.
    pub fn links_ever_of(&self, record: &RecordId) -> Result<Vec<Link>, StoreError> {
        let sql = format!(
            "SELECT {LINK_COLUMNS} FROM links AS l WHERE l.{}_id = ?1 ORDER BY l.link_id",
            record.side().word()
        );
        self.links_of(&sql, [RecordKey(record)])
    }

    /// All links that are not closed, sorted by id.
    pub fn links(&self) -> Result<Vec<Link>, StoreError> {
        let sql =
            format!("SELECT {LINK_COLUMNS} FROM links AS l WHERE l.state <> 'closed' ORDER BY l.link_id");
        self.links_of(&sql, [])
    }

    /// How many people the limits in percent are taken of.
    pub fn linked_count(&self) -> Result<u64, StoreError> {
        let mut statement = self.conn.prepare_cached("SELECT count(*) FROM links WHERE state = 'linked'")?;
        Ok(statement.query_row([], |row| count(row, 0))?)
    }

    fn links_of(&self, sql: &str, params: impl rusqlite::Params) -> Result<Vec<Link>, StoreError> {
        let mut statement = self.conn.prepare_cached(sql)?;
        let mut rows = statement.query(params)?;
        let mut links = Vec::new();
        while let Some(row) = rows.next()? {
            links.push(link_of(row)?);
        }
        Ok(links)
    }

    /// All pairs a human has called two different people, sorted.
    pub fn not_same(&self) -> Result<Vec<(HumaId, XledgerId)>, StoreError> {
        let mut statement = self
            .conn
            .prepare_cached("SELECT huma_id, xledger_id FROM not_same ORDER BY huma_id, xledger_id")?;
        let rows = statement.query_map([], |row| Ok((HumaId(row.get(0)?), XledgerId(row.get(1)?))))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// All records a human has answered `ignore` for.
    pub fn ignored(&self) -> Result<Vec<Ignored>, StoreError> {
        let mut statement =
            self.conn.prepare_cached("SELECT side, id, who, at FROM ignored ORDER BY side, id")?;
        let mut rows = statement.query([])?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            let side = side(&row.get::<_, String>(0)?, "ignored")?;
            all.push(Ignored {
                record: record_id(side, &row.get::<_, String>(1)?, "ignored")?,
                who: row.get(2)?,
                at: moment(&row.get::<_, String>(3)?, "ignored")?,
            });
        }
        Ok(all)
    }
}

impl Writer<'_> {
    /// # Errors
    /// [`StoreError::AlreadyLinked`] if one of the two records is in a link that is not closed.
    pub fn add_link(&self, link: &NewLink<'_>) -> Result<LinkId, StoreError> {
        let added = self
            .conn
            .prepare_cached(
                "INSERT INTO links (huma_id, xledger_id, person, employment_id, linked_at, linked_by)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute((
                &link.huma.0,
                link.xledger.0,
                link.person,
                link.employment_id,
                utc_text(link.at),
                link.by,
            ));
        match added {
            Ok(_) => Ok(LinkId(self.conn.last_insert_rowid())),
            Err(error) if is_unique(&error) => Err(StoreError::AlreadyLinked),
            Err(error) => Err(error.into()),
        }
    }

    /// Keeps the label and employment ID up to date; says whether they had changed.
    pub fn rename_link(
        &self,
        id: LinkId,
        person: &str,
        employment_id: Option<&str>,
    ) -> Result<bool, StoreError> {
        let changed = self
            .conn
            .prepare_cached(
                "UPDATE links SET person = ?2, employment_id = ?3
                 WHERE link_id = ?1 AND (person <> ?2 OR employment_id IS NOT ?3)",
            )?
            .execute((id.0, person, employment_id))?;
        Ok(changed > 0)
    }

    /// Moves a link between the states of one that is not closed; says whether it changed.
    ///
    /// # Errors
    /// [`StoreError::NoSuch`] for a closed link, and for [`LinkState::Closed`]: that is [`Writer::close_link`].
    pub fn set_link_state(&self, id: LinkId, state: LinkState) -> Result<bool, StoreError> {
        let present = self.link(id)?.filter(|link| link.state != LinkState::Closed);
        let (Some(link), true) = (present, state != LinkState::Closed) else {
            return Err(StoreError::NoSuch { what: "open link" });
        };
        if link.state == state {
            return Ok(false);
        }
        self.conn
            .prepare_cached("UPDATE links SET state = ?2 WHERE link_id = ?1")?
            .execute((id.0, state.word()))?;
        Ok(true)
    }

    /// Ends a link and keeps its history. Its base goes: a new pair starts without one.
    pub fn close_link(&self, id: LinkId, why: &str, at: Timestamp) -> Result<(), StoreError> {
        let closed = self
            .conn
            .prepare_cached(
                "UPDATE links SET state = 'closed', closed_at = ?2, closed_why = ?3
                 WHERE link_id = ?1 AND state <> 'closed'",
            )?
            .execute((id.0, utc_text(at), why))?;
        if closed == 0 {
            return Err(StoreError::NoSuch { what: "open link" });
        }
        self.conn.prepare_cached("DELETE FROM bases WHERE link_id = ?1")?.execute([id.0])?;
        Ok(())
    }

    pub fn add_not_same(
        &self,
        huma: &HumaId,
        xledger: XledgerId,
        who: &str,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let added = self
            .conn
            .prepare_cached(
                "INSERT OR IGNORE INTO not_same (huma_id, xledger_id, who, at) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute((&huma.0, xledger.0, who, utc_text(at)))?;
        Ok(added > 0)
    }

    /// The two were linked by hand after all.
    pub fn remove_not_same(&self, huma: &HumaId, xledger: XledgerId) -> Result<bool, StoreError> {
        let removed = self
            .conn
            .prepare_cached("DELETE FROM not_same WHERE huma_id = ?1 AND xledger_id = ?2")?
            .execute((&huma.0, xledger.0))?;
        Ok(removed > 0)
    }

    pub fn add_ignored(&self, record: &RecordId, who: &str, at: Timestamp) -> Result<bool, StoreError> {
        let added = self
            .conn
            .prepare_cached("INSERT OR IGNORE INTO ignored (side, id, who, at) VALUES (?1, ?2, ?3, ?4)")?
            .execute((record.side().word(), record.to_string(), who, utc_text(at)))?;
        Ok(added > 0)
    }

    pub fn remove_ignored(&self, record: &RecordId) -> Result<bool, StoreError> {
        let removed = self
            .conn
            .prepare_cached("DELETE FROM ignored WHERE side = ?1 AND id = ?2")?
            .execute((record.side().word(), record.to_string()))?;
        Ok(removed > 0)
    }
}

pub(super) fn is_unique(error: &rusqlite::Error) -> bool {
    error.sqlite_error().is_some_and(|error| {
        error.extended_code == rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE
            || error.extended_code == rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::*;
    use super::*;

    #[test]
    fn p2_a_record_is_in_at_most_one_open_link() {
        let mut case = case();
        let first = linked_kari(&mut case.store);
        for (huma, xledger) in [("h-1", 8), ("h-2", 7)] {
            let second = case.store.write(|tx| link(tx, huma, xledger));
            assert!(matches!(second, Err(StoreError::AlreadyLinked)));
        }
        let again = case
            .store
            .write(|tx| {
                tx.close_link(first, "rehired", at(3))?;
                link(tx, "h-1", 8)
            })
            .unwrap();
        let huma = RecordId::Huma(HumaId("h-1".into()));
        assert_eq!(case.store.read().link_of_record(&huma).unwrap().unwrap().id, again);
        let ever: Vec<_> =
            case.store.read().links_ever_of(&huma).unwrap().into_iter().map(|link| link.id).collect();
        assert_eq!(ever, [first, again]);
        assert_eq!(case.store.read().link_of_record(&RecordId::Xledger(XledgerId(7))).unwrap(), None);
    }

    #[test]
    fn a_closed_link_keeps_its_history_and_loses_its_base() {
        let mut case = case();
        let id = linked_kari(&mut case.store);
        case.store
            .write(|tx| {
                tx.put_base(id, &Default::default())?;
                tx.close_link(id, "unlinked by hand", at(5))
            })
            .unwrap();
        let link = case.store.read().link(id).unwrap().unwrap();
        assert_eq!(link.closed_at.zip(link.closed_why.as_deref()), Some((at(5), "unlinked by hand")));
        assert_eq!(case.store.read().base(id).unwrap(), None);
        assert!(case.store.read().links().unwrap().is_empty());
        for refused in [
            case.store.write(|tx| tx.close_link(id, "again", at(6))),
            case.store.write(|tx| tx.set_link_state(id, LinkState::Linked).map(drop)),
        ] {
            assert!(matches!(refused, Err(StoreError::NoSuch { .. })));
        }
    }

    #[test]
    fn a_label_and_a_state_are_written_only_when_they_change() {
        let mut case = case();
        let id = linked_kari(&mut case.store);
        case.store
            .write(|tx| {
                assert!(!tx.rename_link(id, "Kari Nordmann (1042)", Some("1042"))?);
                assert!(tx.rename_link(id, "Kari Hansen (1042)", Some("1042"))?);
                assert!(tx.rename_link(id, "Kari Hansen (1042)", None)?);
                assert!(!tx.set_link_state(id, LinkState::Linked)?);
                assert!(tx.set_link_state(id, LinkState::Excluded)?);
                assert!(tx.set_link_state(id, LinkState::Closed).is_err(), "closing has its own way");
                Ok(())
            })
            .unwrap();
        let link = case.store.read().link(id).unwrap().unwrap();
        assert_eq!(
            (link.person.as_str(), link.employment_id, link.state),
            ("Kari Hansen (1042)", None, LinkState::Excluded)
        );
        assert_eq!(case.store.read().linked_count().unwrap(), 0);
    }

    #[test]
    fn not_the_same_and_ignored_are_remembered_until_taken_back() {
        let mut case = case();
        let (huma, xledger) = (HumaId("h-1".into()), XledgerId(7));
        let record = RecordId::Xledger(XledgerId(8));
        case.store
            .write(|tx| {
                assert!(tx.add_not_same(&huma, xledger, "kari", at(1))?);
                assert!(!tx.add_not_same(&huma, xledger, "per", at(2))?);
                assert!(tx.add_ignored(&record, "kari", at(1))?);
                assert!(!tx.add_ignored(&record, "per", at(2))?);
                Ok(())
            })
            .unwrap();
        assert_eq!(case.store.read().not_same().unwrap(), [(huma.clone(), xledger)]);
        let ignored = Ignored { record: record.clone(), who: "kari".into(), at: at(1) };
        assert_eq!(case.store.read().ignored().unwrap(), [ignored]);
        case.store
            .write(|tx| {
                assert!(tx.remove_not_same(&huma, xledger)?);
                assert!(tx.remove_ignored(&record)?);
                Ok(())
            })
            .unwrap();
        assert!(case.store.read().not_same().unwrap().is_empty());
        assert!(case.store.read().ignored().unwrap().is_empty());
    }
}
