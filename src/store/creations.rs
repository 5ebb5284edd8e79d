//! The journal of people being made: enough to find ours again after any crash, and never make a second.

use super::questions::found;
use super::text::{from_json, json, moment, record_id, side, utc_text};
use super::{IntentId, Reader, StoreError, Writer};
use crate::domain::{LinkId, RecordId};
use jiff::Timestamp;
use rusqlite::Row;
use std::collections::BTreeMap;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CreationId(pub i64);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CreationState {
    Planned,
    /// The first request may have left.
    Sent,
    /// No answer came: look by the key before anything is sent again.
    Unknown,
    /// The person's record exists and its id is known; steps of the chain remain.
    Made,
    Done,
    /// Nothing was made, or a human took over.
    Abandoned,
}

impl CreationState {
    pub const ALL: [CreationState; 6] = [
        CreationState::Planned,
        CreationState::Sent,
        CreationState::Unknown,
        CreationState::Made,
        CreationState::Done,
        CreationState::Abandoned,
    ];

    pub fn word(self) -> &'static str {
        match self {
            CreationState::Planned => "planned",
            CreationState::Sent => "sent",
            CreationState::Unknown => "unknown",
            CreationState::Made => "made",
            CreationState::Done => "done",
            CreationState::Abandoned => "abandoned",
        }
    }
}

/// One person being made on the side opposite to `source`.
#[derive(Clone, PartialEq, Eq)]
pub struct Creation {
    pub id: CreationId,
    pub intent: IntentId,
    /// The record that is copied.
    pub source: RecordId,
    /// What the sides were asked for right before, in the words of the caller. May hold personal values.
    pub lookup_key: String,
    /// The records that had the key before: ours is none of them.
    pub known_before: Vec<RecordId>,
    /// Steps done, each with the id it made (empty where it made none).
    pub steps: BTreeMap<String, String>,
    /// The person's record, once known.
    pub made: Option<RecordId>,
    /// Once recorded.
    pub link: Option<LinkId>,
    pub state: CreationState,
    pub created_at: Timestamp,
}

/// Shows no personal value (P10).
impl std::fmt::Debug for Creation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Creation({} of {} {})", self.id.0, self.source, self.state.word())
    }
}

pub struct NewCreation<'a> {
    pub intent: IntentId,
    pub source: &'a RecordId,
    pub lookup_key: &'a str,
    pub known_before: &'a [RecordId],
    pub at: Timestamp,
}

const COLUMNS: &str =
    "id, intent_id, side, source_id, lookup_key, known_before, steps, made_id, link_id, state, created_at";

fn creation_of(row: &Row<'_>) -> Result<Creation, StoreError> {
    let unreadable = || StoreError::unreadable("creations");
    let side = side(&row.get::<_, String>(2)?, "creations")?;
    let made: Option<String> = row.get(7)?;
    let state: String = row.get(9)?;
    Ok(Creation {
        id: CreationId(row.get(0)?),
        intent: IntentId(row.get(1)?),
        source: record_id(side.other(), &row.get::<_, String>(3)?, "creations")?,
        lookup_key: row.get(4)?,
        known_before: from_json(&row.get::<_, String>(5)?, "creations")?,
        steps: from_json(&row.get::<_, String>(6)?, "creations")?,
        made: made.map(|id| record_id(side, &id, "creations")).transpose()?,
        link: row.get::<_, Option<i64>>(8)?.map(LinkId),
        state: CreationState::ALL.into_iter().find(|known| known.word() == state).ok_or_else(unreadable)?,
        created_at: moment(&row.get::<_, String>(10)?, "creations")?,
    })
}

impl Reader<'_> {
    pub fn creation(&self, id: CreationId) -> Result<Option<Creation>, StoreError> {
        self.creations_of(&format!("SELECT {COLUMNS} FROM creations WHERE id = ?1"), [id.0])
            .map(|mut found| found.pop())
    }

    /// Those neither done nor abandoned, oldest first.
    pub fn unfinished_creations(&self) -> Result<Vec<Creation>, StoreError> {
        let sql =
            format!("SELECT {COLUMNS} FROM creations WHERE state NOT IN ('done', 'abandoned') ORDER BY id");
        self.creations_of(&sql, [])
    }

    fn creations_of(&self, sql: &str, params: impl rusqlite::Params) -> Result<Vec<Creation>, StoreError> {
        let mut statement = self.conn.prepare_cached(sql)?;
        let mut rows = statement.query(params)?;
        let mut creations = Vec::new();
        while let Some(row) = rows.next()? {
            creations.push(creation_of(row)?);
        }
        Ok(creations)
    }
}

impl Writer<'_> {
    /// # Errors
    /// [`StoreError::AlreadyBeingMade`] while another chain for the same person on the same side is unfinished.
    pub fn add_creation(&self, new: &NewCreation<'_>) -> Result<CreationId, StoreError> {
        let added = self
            .conn
            .prepare_cached(
                "INSERT INTO creations (intent_id, side, source_id, lookup_key, known_before, created_at, updated_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)",
            )?
            .execute((
                new.intent.0,
                new.source.side().other().word(),
                new.source.to_string(),
                new.lookup_key,
                json(new.known_before),
                utc_text(new.at),
            ));
        match added {
            Ok(_) => Ok(CreationId(self.conn.last_insert_rowid())),
            Err(error) if super::links::is_unique(&error) => Err(StoreError::AlreadyBeingMade),
            Err(error) => Err(error.into()),
        }
    }

    pub fn set_creation_state(
        &self,
        id: CreationId,
        state: CreationState,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let changed = self
            .conn
            .prepare_cached("UPDATE creations SET state = ?2, updated_at = ?3 WHERE id = ?1")?
            .execute((id.0, state.word(), utc_text(at)))?;
        found(changed, "creation")
    }

    /// The records that had the key in the look-up right before sending.
    pub fn set_creation_known(
        &self,
        id: CreationId,
        known_before: &[RecordId],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let changed = self
            .conn
            .prepare_cached("UPDATE creations SET known_before = ?2, updated_at = ?3 WHERE id = ?1")?
            .execute((id.0, json(known_before), utc_text(at)))?;
        found(changed, "creation")
    }

    /// Journals one step of the chain; `made` is the id it made, empty where it made none.
    pub fn add_creation_step(
        &self,
        id: CreationId,
        step: &str,
        made: &str,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut creation = self.creation(id)?.ok_or(StoreError::NoSuch { what: "creation" })?;
        creation.steps.insert(step.to_owned(), made.to_owned());
        let changed = self
            .conn
            .prepare_cached("UPDATE creations SET steps = ?2, updated_at = ?3 WHERE id = ?1")?
            .execute((id.0, json(&creation.steps), utc_text(at)))?;
        found(changed, "creation")
    }

    /// The person's record is known, and linked if `link` says so: the state becomes [`CreationState::Made`].
    pub fn set_creation_made(
        &self,
        id: CreationId,
        made: &RecordId,
        link: Option<LinkId>,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let changed = self
            .conn
            .prepare_cached(
                "UPDATE creations SET state = 'made', made_id = ?2, link_id = ?3, updated_at = ?4
                 WHERE id = ?1 AND side = ?5",
            )?
            .execute((id.0, made.to_string(), link.map(|link| link.0), utc_text(at), made.side().word()))?;
        found(changed, "creation")
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::*;
    use super::*;
    use crate::domain::{HumaId, Side, XledgerId};
    use crate::store::NewIntent;

    fn creation(tx: &Writer<'_>) -> Result<CreationId, StoreError> {
        let cycle = tx.begin_cycle("timer", at(1))?;
        let intent = tx.add_intent(&NewIntent {
            cycle,
            link: None,
            record: None,
            person: "Kari Nordmann (1042)",
            side: Side::Xledger,
            operation: "create",
            changes: &[],
            reason: "answered `create-xledger`",
            at: at(1),
        })?;
        tx.add_creation(&NewCreation {
            intent,
            source: &RecordId::Huma(HumaId("h-1".into())),
            lookup_key: "code 1042",
            known_before: &[RecordId::Xledger(XledgerId(4))],
            at: at(1),
        })
    }

    #[test]
    fn p2_a_chain_is_journalled_step_by_step_until_it_is_done() {
        let mut case = case();
        let id = case.store.write(creation).unwrap();
        let made = RecordId::Xledger(XledgerId(7));
        case.store
            .write(|tx| {
                tx.set_creation_state(id, CreationState::Unknown, at(2))?;
                let found = &tx.unfinished_creations()?[0];
                assert_eq!((found.state, &found.made), (CreationState::Unknown, &None));
                assert_eq!(found.known_before, [RecordId::Xledger(XledgerId(4))]);
                assert_eq!(found.source, RecordId::Huma(HumaId("h-1".into())));
                tx.add_creation_step(id, "contact", "55", at(3))?;
                tx.add_creation_step(id, "bank account", "", at(3))?;
                let link = link(tx, "h-1", 7)?;
                tx.set_creation_made(id, &made, Some(link), at(4))?;
                let found = &tx.unfinished_creations()?[0];
                assert_eq!((found.state, found.link), (CreationState::Made, Some(link)));
                assert_eq!(found.made, Some(made.clone()));
                assert_eq!(found.steps.get("contact").map(String::as_str), Some("55"));
                assert_eq!(found.steps.len(), 2);
                tx.set_creation_state(id, CreationState::Done, at(5))?;
                assert!(tx.unfinished_creations()?.is_empty());
                Ok(())
            })
            .unwrap();
    }

    #[test]
    fn p2_no_second_chain_starts_for_a_person_while_one_is_unfinished() {
        let mut case = case();
        let id = case.store.write(creation).unwrap();
        assert!(matches!(case.store.write(creation), Err(StoreError::AlreadyBeingMade)));
        case.store.write(|tx| tx.set_creation_state(id, CreationState::Abandoned, at(2))).unwrap();
        case.store.write(creation).unwrap();
    }

    #[test]
    fn a_record_of_the_other_side_is_not_taken_for_what_was_made() {
        let mut case = case();
        let id = case.store.write(creation).unwrap();
        let wrong = RecordId::Huma(HumaId("h-2".into()));
        let refused = case.store.write(|tx| tx.set_creation_made(id, &wrong, None, at(2)));
        assert!(matches!(refused, Err(StoreError::NoSuch { .. })));
    }
}
