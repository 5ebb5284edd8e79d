//! What humans answered, and what became of it.

use super::questions::found;
use super::text::{json, moment, moment_opt, utc_text};
use super::{Reader, StoreError, Writer};
use crate::reconcile::{Verb, Who};
use jiff::Timestamp;
use rusqlite::Row;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResolutionId(pub i64);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResolutionState {
    /// Taken in, not acted on yet: a side is down, or the cycle is still to come.
    Queued,
    Applied,
    Refused,
    /// A later answer for the same item took its place before it was acted on.
    Superseded,
    /// Already answered alike.
    PassedOver,
}

impl ResolutionState {
    pub const ALL: [ResolutionState; 5] = [
        ResolutionState::Queued,
        ResolutionState::Applied,
        ResolutionState::Refused,
        ResolutionState::Superseded,
        ResolutionState::PassedOver,
    ];

    pub fn word(self) -> &'static str {
        match self {
            ResolutionState::Queued => "queued",
            ResolutionState::Applied => "applied",
            ResolutionState::Refused => "refused",
            ResolutionState::Superseded => "superseded",
            ResolutionState::PassedOver => "passed-over",
        }
    }
}

/// One answer to one question.
#[derive(Clone, PartialEq, Eq)]
pub struct Resolution {
    pub id: ResolutionId,
    pub item: String,
    /// Whole, in hex: what the admin saw.
    pub fingerprint: String,
    pub verb: String,
    pub argument: Option<String>,
    /// Never [`Who::Hxsync`] but where a rule answers.
    pub who: Who,
    pub at: Timestamp,
    /// `file`, `command` ...
    pub source: String,
    pub state: ResolutionState,
    /// What the admin was told.
    pub words: Option<String>,
    pub finished_at: Option<Timestamp>,
    /// The verb as typed, where the stored one differs from it.
    pub written: Option<Verb>,
}

/// Shows no argument: it may be a value (P10).
impl std::fmt::Debug for Resolution {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Resolution({} {} {})", self.item, self.verb, self.state.word())
    }
}

pub struct NewResolution<'a> {
    pub item: &'a str,
    /// Whole, in hex.
    pub fingerprint: &'a str,
    pub verb: &'a str,
    pub argument: Option<&'a str>,
    pub who: &'a Who,
    pub at: Timestamp,
    pub source: &'a str,
    /// The verb as typed, where it is not the one above (a printed letter has become an id).
    pub written: Option<&'a Verb>,
}

const COLUMNS: &str =
    "id, item, fingerprint, verb, argument, who, certain, at, source, state, words, finished_at, written";

fn resolution_of(row: &Row<'_>) -> Result<Resolution, StoreError> {
    let unreadable = || StoreError::unreadable("resolutions");
    let state: String = row.get(9)?;
    let (name, certain): (String, Option<bool>) = (row.get(5)?, row.get(6)?);
    Ok(Resolution {
        id: ResolutionId(row.get(0)?),
        item: row.get(1)?,
        fingerprint: row.get(2)?,
        verb: row.get(3)?,
        argument: row.get(4)?,
        who: match certain {
            None => Who::Hxsync,
            Some(certain) => Who::User { name, certain },
        },
        at: moment(&row.get::<_, String>(7)?, "resolutions")?,
        source: row.get(8)?,
        state: ResolutionState::ALL.into_iter().find(|known| known.word() == state).ok_or_else(unreadable)?,
        words: row.get(10)?,
        finished_at: moment_opt(row.get(11)?, "resolutions")?,
        written: row
            .get::<_, Option<String>>(12)?
            .map(|text| serde_json::from_str(&text).map_err(|_| unreadable()))
            .transpose()?,
    })
}

impl Reader<'_> {
    pub fn resolution(&self, id: ResolutionId) -> Result<Option<Resolution>, StoreError> {
        let mut statement =
            self.conn.prepare_cached(&format!("SELECT {COLUMNS} FROM resolutions WHERE id = ?1"))?;
        let mut rows = statement.query([id.0])?;
        rows.next()?.map(resolution_of).transpose()
    }

    /// In the order they were taken in.
    pub fn queued_resolutions(&self) -> Result<Vec<Resolution>, StoreError> {
        self.resolutions_of(
            &format!("SELECT {COLUMNS} FROM resolutions WHERE state = 'queued' ORDER BY id"),
            [],
        )
    }

    /// Every answer ever given to an item, oldest first.
    pub fn resolutions_to(&self, item: &str) -> Result<Vec<Resolution>, StoreError> {
        self.resolutions_of(&format!("SELECT {COLUMNS} FROM resolutions WHERE item = ?1 ORDER BY id"), [item])
    }

    /// The last answer to what was shown under this fingerprint that is queued or was applied. Alike or otherwise is told
    /// by its verb and argument.
    pub fn answered(&self, item: &str, fingerprint: &str) -> Result<Option<Resolution>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM resolutions
             WHERE item = ?1 AND fingerprint = ?2 AND state IN ('queued', 'applied') ORDER BY id DESC LIMIT 1"
        );
        Ok(self.resolutions_of(&sql, [item, fingerprint])?.pop())
    }

    fn resolutions_of(
        &self,
        sql: &str,
        params: impl rusqlite::Params,
    ) -> Result<Vec<Resolution>, StoreError> {
        let mut statement = self.conn.prepare_cached(sql)?;
        let mut rows = statement.query(params)?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            all.push(resolution_of(row)?);
        }
        Ok(all)
    }
}

impl Writer<'_> {
    /// Takes an answer in. What becomes of it is said by [`Writer::finish_resolution`].
    pub fn queue_resolution(&self, new: &NewResolution<'_>) -> Result<ResolutionId, StoreError> {
        let certain = match new.who {
            Who::Hxsync => None,
            Who::User { certain, .. } => Some(*certain),
        };
        self.conn
            .prepare_cached(
                "INSERT INTO resolutions (item, fingerprint, verb, argument, who, certain, at, source, written)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?
            .execute((
                new.item,
                new.fingerprint,
                new.verb,
                new.argument,
                new.who.to_string(),
                certain,
                utc_text(new.at),
                new.source,
                new.written.map(json),
            ))?;
        Ok(ResolutionId(self.conn.last_insert_rowid()))
    }

    /// `words` is what the admin is told.
    ///
    /// # Errors
    /// [`StoreError::NoSuch`] unless it is queued: an answer is acted on once.
    pub fn finish_resolution(
        &self,
        id: ResolutionId,
        state: ResolutionState,
        words: &str,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let changed = self
            .conn
            .prepare_cached(
                "UPDATE resolutions SET state = ?2, words = ?3, finished_at = ?4
                 WHERE id = ?1 AND state = 'queued' AND ?2 <> 'queued'",
            )?
            .execute((id.0, state.word(), words, utc_text(at)))?;
        found(changed, "queued answer")
    }

    /// Undoes that the last answer to an item was applied, and opens its question again: with `words` the answer is refused,
    /// without it waits as before.
    pub fn take_answer_back(&self, item: &str, words: Option<&str>, at: Timestamp) -> Result<(), StoreError> {
        let last: Option<i64> = self
            .conn
            .prepare_cached("SELECT max(id) FROM resolutions WHERE item = ?1 AND state = 'applied'")?
            .query_row([item], |row| row.get(0))?;
        let Some(last) = last else { return Ok(()) };
        self.conn
            .prepare_cached(
                "UPDATE resolutions SET state = 'queued', words = NULL, finished_at = NULL WHERE id = ?1",
            )?
            .execute([last])?;
        if let Some(words) = words {
            self.finish_resolution(ResolutionId(last), ResolutionState::Refused, words, at)?;
        }
        self.conn
            .prepare_cached(
                "UPDATE questions SET closed_at = NULL, closed_why = NULL
                 WHERE item = ?1 AND NOT EXISTS (SELECT 1 FROM questions AS other
                    WHERE other.subject = questions.subject AND other.closed_at IS NULL)",
            )?
            .execute([item])?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::*;
    use super::*;
    use crate::reconcile::{Question, QuestionKind, Shown, Subject};

    fn asked(store: &mut crate::store::Store) -> String {
        let question = Question {
            kind: QuestionKind::FirstSync,
            subject: Subject::FirstSync,
            person: "first sync".into(),
            shown: Shown::FirstSync(Default::default()),
        };
        store.write(|tx| tx.ask(&question, "aa", at(1), 1)).unwrap().item
    }

    fn answer<'a>(item: &'a str, verb: &'a str, who: &'a Who) -> NewResolution<'a> {
        NewResolution {
            item,
            fingerprint: "aa",
            verb,
            argument: Some("2"),
            who,
            at: at(2),
            source: "file",
            written: None,
        }
    }

    #[test]
    fn an_answer_is_queued_and_finished_once() {
        let mut case = case();
        let item = asked(&mut case.store);
        let who = Who::User { name: "kari".into(), certain: false };
        let id = case.store.write(|tx| tx.queue_resolution(&answer(&item, "allow", &who))).unwrap();
        let queued = case.store.read().queued_resolutions().unwrap();
        assert_eq!((queued.len(), &queued[0].who, queued[0].argument.as_deref()), (1, &who, Some("2")));
        case.store
            .write(|tx| {
                tx.finish_resolution(id, ResolutionState::Applied, "done", at(3))?;
                let again = tx.finish_resolution(id, ResolutionState::Refused, "no", at(4));
                assert!(matches!(again, Err(StoreError::NoSuch { .. })));
                Ok(())
            })
            .unwrap();
        assert!(case.store.read().queued_resolutions().unwrap().is_empty());
        let all = case.store.read().resolutions_to(&item).unwrap();
        assert_eq!((all[0].state, all[0].finished_at), (ResolutionState::Applied, Some(at(3))));
    }

    #[test]
    fn what_was_answered_to_a_fingerprint_is_found_and_what_was_refused_is_not() {
        let mut case = case();
        let item = asked(&mut case.store);
        let found = case
            .store
            .write(|tx| {
                let refused = tx.queue_resolution(&answer(&item, "reject", &Who::Hxsync))?;
                tx.finish_resolution(refused, ResolutionState::Refused, "no", at(3))?;
                assert_eq!(tx.answered(&item, "aa")?, None);
                tx.queue_resolution(&answer(&item, "allow", &Who::Hxsync))?;
                assert_eq!(tx.answered(&item, "bb")?, None);
                tx.answered(&item, "aa")
            })
            .unwrap()
            .unwrap();
        assert_eq!((found.verb.as_str(), found.who), ("allow", Who::Hxsync));
    }

    #[test]
    fn a_user_of_the_programs_own_name_stays_a_user() {
        let mut case = case();
        let item = asked(&mut case.store);
        let who = Who::User { name: "hxsync".into(), certain: false };
        case.store.write(|tx| tx.queue_resolution(&answer(&item, "allow", &who))).unwrap();
        assert_eq!(case.store.read().queued_resolutions().unwrap()[0].who, who);
    }

    #[test]
    fn an_answer_to_nothing_is_not_stored() {
        let mut case = case();
        let stored = case.store.write(|tx| tx.queue_resolution(&answer("K7Q4", "allow", &Who::Hxsync)));
        assert!(stored.is_err());
    }
}
