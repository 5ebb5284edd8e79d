//! Every write to a side, recorded before its request leaves.

use super::questions::found;
use super::text::{field_names, from_json, json, moment, record_id, side, utc_text};
use super::{Reader, StoreError, Writer};
use crate::domain::{LinkId, RecordId, Side};
use crate::reconcile::Change;
use jiff::Timestamp;
use rusqlite::Row;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IntentId(pub i64);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntentState {
    Planned,
    /// Its request may have left.
    Sent,
    /// Read back as sent.
    Confirmed,
    Failed,
    /// No answer came: the side is read again before anything is sent again.
    Unknown,
    /// Not sent: something moved since it was planned, or a later intent took its place.
    Superseded,
}

impl IntentState {
    pub const ALL: [IntentState; 6] = [
        IntentState::Planned,
        IntentState::Sent,
        IntentState::Confirmed,
        IntentState::Failed,
        IntentState::Unknown,
        IntentState::Superseded,
    ];

    pub fn word(self) -> &'static str {
        match self {
            IntentState::Planned => "planned",
            IntentState::Sent => "sent",
            IntentState::Confirmed => "confirmed",
            IntentState::Failed => "failed",
            IntentState::Unknown => "unknown",
            IntentState::Superseded => "superseded",
        }
    }
}

/// One write: the fields of one record that go in one request.
#[derive(Clone, PartialEq, Eq)]
pub struct Intent {
    pub id: IntentId,
    pub cycle: i64,
    pub link: Option<LinkId>,
    /// `None` for a record still to be made.
    pub record: Option<RecordId>,
    pub person: String,
    pub side: Side,
    pub operation: String,
    pub changes: Vec<Change>,
    pub reason: String,
    pub state: IntentState,
    /// Times it was sent.
    pub attempts: u32,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// Shows no personal value (P10).
impl std::fmt::Debug for Intent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Intent({} {} {} {})", self.id.0, self.side, self.operation, self.state.word())
    }
}

pub struct NewIntent<'a> {
    pub cycle: i64,
    pub link: Option<LinkId>,
    /// On `side`; `None` for a record still to be made.
    pub record: Option<&'a RecordId>,
    /// Readable label.
    pub person: &'a str,
    pub side: Side,
    pub operation: &'a str,
    pub changes: &'a [Change],
    /// Words without values; never empty.
    pub reason: &'a str,
    pub at: Timestamp,
}

const COLUMNS: &str = "id, cycle, link_id, record_id, person, side, operation, changes, reason, state, attempts, \
     created_at, updated_at";

fn intent_of(row: &Row<'_>) -> Result<Intent, StoreError> {
    let unreadable = || StoreError::unreadable("intents");
    let state: String = row.get(9)?;
    let side = side(&row.get::<_, String>(5)?, "intents")?;
    let record: Option<String> = row.get(3)?;
    Ok(Intent {
        id: IntentId(row.get(0)?),
        cycle: row.get(1)?,
        link: row.get::<_, Option<i64>>(2)?.map(LinkId),
        record: record.map(|id| record_id(side, &id, "intents")).transpose()?,
        person: row.get(4)?,
        side,
        operation: row.get(6)?,
        changes: from_json(&row.get::<_, String>(7)?, "intents")?,
        reason: row.get(8)?,
        state: IntentState::ALL.into_iter().find(|known| known.word() == state).ok_or_else(unreadable)?,
        attempts: row.get(10)?,
        created_at: moment(&row.get::<_, String>(11)?, "intents")?,
        updated_at: moment(&row.get::<_, String>(12)?, "intents")?,
    })
}

impl Reader<'_> {
    pub fn intent(&self, id: IntentId) -> Result<Option<Intent>, StoreError> {
        Ok(self.intents_of(&format!("SELECT {COLUMNS} FROM intent_rows WHERE id = ?1"), [id.0])?.pop())
    }

    /// Those planned, sent or of unknown outcome, oldest first: what a start must look at before it plans anything.
    pub fn unfinished_intents(&self) -> Result<Vec<Intent>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM intent_rows WHERE state IN ('planned', 'sent', 'unknown') ORDER BY id"
        );
        self.intents_of(&sql, [])
    }

    pub fn intents_of_cycle(&self, cycle: i64) -> Result<Vec<Intent>, StoreError> {
        self.intents_of(&format!("SELECT {COLUMNS} FROM intent_rows WHERE cycle = ?1 ORDER BY id"), [cycle])
    }

    fn intents_of(&self, sql: &str, params: impl rusqlite::Params) -> Result<Vec<Intent>, StoreError> {
        let mut statement = self.conn.prepare_cached(sql)?;
        let mut rows = statement.query(params)?;
        let mut intents = Vec::new();
        while let Some(row) = rows.next()? {
            intents.push(intent_of(row)?);
        }
        Ok(intents)
    }
}

impl Writer<'_> {
    pub fn add_intent(&self, new: &NewIntent<'_>) -> Result<IntentId, StoreError> {
        let fields = new.changes.iter().map(|change| change.field).collect();
        self.conn
            .prepare_cached(
                "INSERT INTO intent_rows (cycle, link_id, record_id, person, side, operation, fields, changes,
                    reason, created_at, updated_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10)",
            )?
            .execute((
                new.cycle,
                new.link.map(|link| link.0),
                new.record.map(ToString::to_string),
                new.person,
                new.side.word(),
                new.operation,
                field_names(fields),
                json(new.changes),
                new.reason,
                utc_text(new.at),
            ))?;
        Ok(IntentId(self.conn.last_insert_rowid()))
    }

    /// Each move to [`IntentState::Sent`] counts as one attempt.
    pub fn set_intent_state(
        &self,
        id: IntentId,
        state: IntentState,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let changed = self
            .conn
            .prepare_cached(
                "UPDATE intent_rows SET state = ?2, attempts = attempts + (?2 = 'sent'), updated_at = ?3
                 WHERE id = ?1",
            )?
            .execute((id.0, state.word(), utc_text(at)))?;
        found(changed, "intent")
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::*;
    use super::*;
    use crate::domain::{Field, HumaId, Reading, Spelling};
    use crate::reconcile::{Who, Why};

    fn change(field: Field) -> Change {
        Change {
            side: Side::Huma,
            field,
            from: Reading::Empty,
            to: Some(Spelling::text("Kari")),
            other: Reading::Value(Spelling::text("Kari")),
            why: Why::Edited(Side::Xledger),
            who: Who::Hxsync,
            answers: None,
            make_title: None,
        }
    }

    #[test]
    fn p4_an_intent_is_given_back_with_its_changes_and_stays_unfinished_until_its_outcome_is_known() {
        let mut case = case();
        let link = linked_kari(&mut case.store);
        let record = RecordId::Huma(HumaId("h-1".into()));
        let changes = [change(Field::Phone), change(Field::GivenName)];
        let id = case
            .store
            .write(|tx| {
                let cycle = tx.begin_cycle("timer", at(1))?;
                tx.add_intent(&NewIntent {
                    cycle,
                    link: Some(link),
                    record: Some(&record),
                    person: "Kari Nordmann (1042)",
                    side: Side::Huma,
                    operation: "update-user",
                    changes: &changes,
                    reason: "edited in Xledger",
                    at: at(1),
                })
            })
            .unwrap();
        let mut steps = Vec::new();
        for state in IntentState::ALL {
            case.store.write(|tx| tx.set_intent_state(id, state, at(2))).unwrap();
            let intent = case.store.read().intent(id).unwrap().unwrap();
            assert_eq!((intent.state, intent.updated_at), (state, at(2)));
            let unfinished = case.store.read().unfinished_intents().unwrap();
            steps.push((state.word(), intent.attempts, unfinished.len()));
        }
        let expected = [
            ("planned", 0, 1),
            ("sent", 1, 1),
            ("confirmed", 1, 0),
            ("failed", 1, 0),
            ("unknown", 1, 1),
            ("superseded", 1, 0),
        ];
        assert_eq!(steps, expected);
        let intent = &case.store.read().intents_of_cycle(1).unwrap()[0];
        assert_eq!((intent.record.as_ref(), intent.changes.as_slice()), (Some(&record), changes.as_slice()));
        let fields: String =
            case.store.read().conn.query_row("SELECT fields FROM intents", [], |row| row.get(0)).unwrap();
        assert_eq!(fields, "given_name,phone");
    }

    #[test]
    fn an_intent_without_a_reason_or_a_cycle_is_not_recorded() {
        let mut case = case();
        let changes = [change(Field::Phone)];
        for (cycle, reason) in [(1, ""), (2, "edited in Xledger")] {
            let added = case.store.write(|tx| {
                tx.begin_cycle("timer", at(1))?;
                tx.add_intent(&NewIntent {
                    cycle,
                    link: None,
                    record: None,
                    person: "Kari",
                    side: Side::Huma,
                    operation: "create",
                    changes: &changes,
                    reason,
                    at: at(1),
                })
            });
            assert!(added.is_err());
        }
        let missing = case.store.write(|tx| tx.set_intent_state(IntentId(5), IntentState::Sent, at(1)));
        assert!(matches!(missing, Err(StoreError::NoSuch { .. })));
    }
}
