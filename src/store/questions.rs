//! What humans must decide: items, what is shown, and everything that was ever shown.
//!
//! **Invariant:** at most one question is open per subject, and it keeps its item while what is shown moves.
//! **Invariant:** an item is never used twice and no fingerprint shown is forgotten.

use super::text::{from_json, json, moment, moment_opt, readable, readable_reading, utc_text};
use super::{Reader, StoreError, Writer};
use crate::reconcile::{Question, Shown, Subject};
use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row};

/// What [`Writer::ask`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub item: String,
    pub news: News,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// Nothing about this subject was open.
    New,
    /// It was open, and what the fingerprint is over has moved: asked anew under the same item, awake.
    Moved,
    /// The fingerprint stands; something beside it (a label, a note) was brought up to date.
    Reworded,
    /// Nothing was written.
    Same,
}

#[derive(Clone, PartialEq, Eq)]
pub struct StoredQuestion {
    pub item: String,
    /// `None` after the person was erased.
    pub question: Option<Question>,
    /// The whole keyed hash in hex; its first eight digits are shown.
    pub fingerprint: String,
    pub asked_at: Timestamp,
    /// When what is shown last moved.
    pub changed_at: Timestamp,
    /// Whether a save has shown that an admin had it before them.
    pub seen: bool,
    pub asleep_until: Option<Timestamp>,
    pub closed: Option<Closed>,
}

/// Shows the item and no personal value (P10).
impl std::fmt::Debug for StoredQuestion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StoredQuestion({})", self.item)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    pub at: Timestamp,
    /// In words: answered, withdrawn because the values agree ...
    pub why: String,
}

/// The values of a question as its view shows them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct QuestionText {
    pub base: Option<String>,
    pub huma: Option<String>,
    pub xledger: Option<String>,
}

impl QuestionText {
    pub fn of(question: &Question) -> QuestionText {
        match &question.shown {
            Shown::Values(values) => QuestionText {
                base: values.base.as_ref().map(readable),
                huma: readable_reading(&values.huma),
                xledger: readable_reading(&values.xledger),
            },
            Shown::People(_) | Shown::Vanished { .. } | Shown::Held { .. } | Shown::FirstSync(_) => {
                QuestionText::default()
            }
        }
    }
}

const COLUMNS: &str =
    "item, question, fingerprint, asked_at, changed_at, seen, asleep_until, closed_at, closed_why";

fn question_of(row: &Row<'_>) -> Result<StoredQuestion, StoreError> {
    let question: Option<String> = row.get(1)?;
    let closed_at = moment_opt(row.get(7)?, "questions")?;
    let closed_why: Option<String> = row.get(8)?;
    Ok(StoredQuestion {
        item: row.get(0)?,
        question: question.map(|text| from_json(&text, "questions")).transpose()?,
        fingerprint: row.get(2)?,
        asked_at: moment(&row.get::<_, String>(3)?, "questions")?,
        changed_at: moment(&row.get::<_, String>(4)?, "questions")?,
        seen: row.get(5)?,
        asleep_until: moment_opt(row.get(6)?, "questions")?,
        closed: closed_at.zip(closed_why).map(|(at, why)| Closed { at, why }),
    })
}

impl Reader<'_> {
    /// All open questions, the sleeping ones too, in the order they were first asked.
    pub fn open_questions(&self) -> Result<Vec<StoredQuestion>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM questions WHERE closed_at IS NULL ORDER BY rowid");
        let mut statement = self.conn.prepare_cached(&sql)?;
        let mut rows = statement.query([])?;
        let mut questions = Vec::new();
        while let Some(row) = rows.next()? {
            questions.push(question_of(row)?);
        }
        Ok(questions)
    }

    /// Closed ones too; the item as it is stored, in capitals.
    pub fn question(&self, item: &str) -> Result<Option<StoredQuestion>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM questions WHERE item = ?1");
        let mut statement = self.conn.prepare_cached(&sql)?;
        let mut rows = statement.query([item])?;
        rows.next()?.map(question_of).transpose()
    }

    pub fn open_question_about(&self, subject: &Subject) -> Result<Option<StoredQuestion>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM questions WHERE subject = ?1 AND closed_at IS NULL");
        let mut statement = self.conn.prepare_cached(&sql)?;
        let mut rows = statement.query([subject.key()])?;
        rows.next()?.map(question_of).transpose()
    }

    /// Every whole fingerprint an item was ever shown with, oldest first, and when it was first asked so.
    pub fn fingerprints(&self, item: &str) -> Result<Vec<(String, Timestamp)>, StoreError> {
        let mut statement = self.conn.prepare_cached(
            "SELECT fingerprint, shown_at FROM fingerprints WHERE item = ?1 ORDER BY shown_at, fingerprint",
        )?;
        let mut rows = statement.query([item])?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            all.push((row.get(0)?, moment(&row.get::<_, String>(1)?, "fingerprints")?));
        }
        Ok(all)
    }
}

impl Writer<'_> {
    /// Asks, or brings the open question about the same subject up to date under the item it has. A question in which
    /// nothing at all moved is not written: moments in it must be those of the observations, not of the asking.
    ///
    /// `fingerprint` is the whole keyed hash in hex.
    pub fn ask(
        &self,
        question: &Question,
        fingerprint: &str,
        at: Timestamp,
        cycle: i64,
    ) -> Result<Asked, StoreError> {
        let subject = question.subject.key();
        let text = json(question);
        let open: Option<(String, String, String)> = self
            .conn
            .prepare_cached(
                "SELECT item, fingerprint, question FROM questions WHERE subject = ?1 AND closed_at IS NULL",
            )?
            .query_row([&subject], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        let shown = QuestionText::of(question);
        let (item, news) = match open {
            None => {
                let item = self.new_item()?;
                self.conn
                    .prepare_cached(
                        "INSERT INTO questions (item, subject, kind, link_id, field, person, question,
                            fingerprint, base, huma, xledger, cycle, asked_at, changed_at)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?13)",
                    )?
                    .execute((
                        &item,
                        &subject,
                        question.kind.word(),
                        question.subject.link().map(|link| link.0),
                        question.subject.field().map(|field| field.name()),
                        &question.person,
                        &text,
                        fingerprint,
                        shown.base,
                        shown.huma,
                        shown.xledger,
                        cycle,
                        utc_text(at),
                    ))?;
                (item, News::New)
            }
            Some((item, old_fingerprint, old_text)) => {
                let news = match (old_fingerprint == fingerprint, old_text == text) {
                    (false, _) => News::Moved,
                    (true, false) => News::Reworded,
                    (true, true) => return Ok(Asked { item, news: News::Same }),
                };
                self.conn
                    .prepare_cached(
                        "UPDATE questions SET kind = ?2, person = ?3, question = ?4, fingerprint = ?5,
                            base = ?6, huma = ?7, xledger = ?8,
                            changed_at = iif(?10, ?9, changed_at),
                            seen = iif(?10, 0, seen), asleep_until = iif(?10, NULL, asleep_until)
                         WHERE item = ?1",
                    )?
                    .execute((
                        &item,
                        question.kind.word(),
                        &question.person,
                        &text,
                        fingerprint,
                        shown.base,
                        shown.huma,
                        shown.xledger,
                        utc_text(at),
                        news == News::Moved,
                    ))?;
                (item, news)
            }
        };
        self.conn
            .prepare_cached(
                "INSERT OR IGNORE INTO fingerprints (item, fingerprint, shown_at) VALUES (?1, ?2, ?3)",
            )?
            .execute((&item, fingerprint, utc_text(at)))?;
        Ok(Asked { item, news })
    }

    /// Ends an open question, answered or no longer worth asking; `why` in words without values.
    pub fn close_question(&self, item: &str, why: &str, at: Timestamp) -> Result<(), StoreError> {
        let closed = self
            .conn
            .prepare_cached(
                "UPDATE questions SET closed_at = ?2, closed_why = ?3, asleep_until = NULL
                 WHERE item = ?1 AND closed_at IS NULL",
            )?
            .execute((item, utc_text(at), why))?;
        found(closed, "open question")
    }

    /// Hides a question until a time; a move of its values wakes it at once.
    pub fn put_to_sleep(&self, item: &str, until: Timestamp) -> Result<(), StoreError> {
        let changed = self
            .conn
            .prepare_cached("UPDATE questions SET asleep_until = ?2 WHERE item = ?1 AND closed_at IS NULL")?
            .execute((item, utc_text(until)))?;
        found(changed, "open question")
    }

    /// Wakes what has slept until `at` or earlier; gives the items.
    pub fn wake_due(&self, at: Timestamp) -> Result<Vec<String>, StoreError> {
        let mut statement = self.conn.prepare_cached(
            "UPDATE questions SET asleep_until = NULL
             WHERE closed_at IS NULL AND asleep_until <= ?1 RETURNING item",
        )?;
        let items = statement.query_map([utc_text(at)], |row| row.get(0))?;
        Ok(items.collect::<Result<_, _>>()?)
    }

    /// An admin's save has shown that they had the question before them. Says whether that is new.
    pub fn mark_seen(&self, item: &str) -> Result<bool, StoreError> {
        let changed = self
            .conn
            .prepare_cached(
                "UPDATE questions SET seen = 1 WHERE item = ?1 AND seen = 0 AND closed_at IS NULL",
            )?
            .execute([item])?;
        Ok(changed > 0)
    }
}

pub(super) fn found(rows: usize, what: &'static str) -> Result<(), StoreError> {
    if rows == 0 { Err(StoreError::NoSuch { what }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::super::tests::*;
    use super::*;
    use crate::domain::{Canonical, Field, LinkId, Reading, Spelling};
    use crate::reconcile::QuestionKind;
    use crate::reconcile::question::Values;

    fn conflict(link: LinkId, huma: &str) -> Question {
        Question {
            kind: QuestionKind::Conflict,
            subject: Subject::Field { link, field: Field::Phone },
            person: "Kari Nordmann (1042)".into(),
            shown: Shown::Values(Box::new(Values {
                base: Some(Spelling::text("+47 900 11 222")),
                base_at: Some(at(0)),
                huma: Reading::Value(Spelling::text(huma)),
                huma_at: at(1),
                xledger: Reading::Empty,
                xledger_at: at(1),
                canonical: [None, Some(Canonical(huma.into())), None],
                side: None,
                notes: vec![],
            })),
        }
    }

    #[test]
    fn a_question_keeps_its_item_while_its_values_move_and_every_fingerprint_is_kept() {
        let mut case = case();
        let link = linked_kari(&mut case.store);
        let (first, second) = (conflict(link, "1"), conflict(link, "2"));
        let item = case
            .store
            .write(|tx| {
                let asked = tx.ask(&first, "aa", at(1), 1)?;
                assert_eq!(asked.news, News::New);
                assert_eq!(
                    tx.ask(&first, "aa", at(2), 2)?,
                    Asked { item: asked.item.clone(), news: News::Same }
                );
                tx.mark_seen(&asked.item)?;
                tx.put_to_sleep(&asked.item, at(500))?;
                assert_eq!(tx.ask(&second, "bb", at(3), 3)?.news, News::Moved);
                assert_eq!(
                    tx.ask(&first, "aa", at(4), 4)?,
                    Asked { item: asked.item.clone(), news: News::Moved }
                );
                Ok(asked.item)
            })
            .unwrap();
        let fingerprints = case.store.read().fingerprints(&item).unwrap();
        assert_eq!(fingerprints, [("aa".into(), at(1)), ("bb".into(), at(3))]);
        let open = case.store.read().open_questions().unwrap();
        assert_eq!(open.len(), 1);
        assert_eq!((open[0].asked_at, open[0].changed_at), (at(1), at(4)));
        assert_eq!(open[0].question, Some(first));
        assert!(
            !open[0].seen && open[0].asleep_until.is_none(),
            "a move wakes it, and nobody has seen it so"
        );
    }

    #[test]
    fn asking_the_same_again_writes_nothing_and_a_new_label_does_not_wake() {
        let mut case = case();
        let link = linked_kari(&mut case.store);
        let mut question = conflict(link, "1");
        let item = case.store.write(|tx| tx.ask(&question, "aa", at(1), 1)).unwrap().item;
        case.store.write(|tx| tx.put_to_sleep(&item, at(500))).unwrap();
        let before = case.store.read().conn.total_changes();
        case.store.write(|tx| tx.ask(&question, "aa", at(9), 2)).unwrap();
        assert_eq!(case.store.read().conn.total_changes(), before);
        question.person = "Kari Hansen (1042)".into();
        assert_eq!(case.store.write(|tx| tx.ask(&question, "aa", at(9), 2)).unwrap().news, News::Reworded);
        let open = case.store.read().question(&item).unwrap().unwrap();
        assert_eq!((open.asleep_until, open.changed_at), (Some(at(500)), at(1)));
    }

    #[test]
    fn a_closed_question_is_found_by_its_item_and_its_subject_gets_another_one() {
        let mut case = case();
        let link = linked_kari(&mut case.store);
        let question = conflict(link, "1");
        let (first, second) = case
            .store
            .write(|tx| {
                let first = tx.ask(&question, "aa", at(1), 1)?.item;
                tx.close_question(&first, "answered", at(2))?;
                assert!(matches!(tx.close_question(&first, "x", at(3)), Err(StoreError::NoSuch { .. })));
                assert!(tx.open_question_about(&question.subject)?.is_none());
                let second = tx.ask(&question, "aa", at(3), 2)?;
                assert_eq!(second.news, News::New);
                Ok((first, second.item))
            })
            .unwrap();
        assert_ne!(first, second);
        let closed = case.store.read().question(&first).unwrap().unwrap().closed;
        assert_eq!(closed, Some(Closed { at: at(2), why: "answered".into() }));
    }

    #[test]
    fn sleeping_questions_wake_when_their_time_has_come() {
        let mut case = case();
        let link = linked_kari(&mut case.store);
        let woken = case
            .store
            .write(|tx| {
                let item = tx.ask(&conflict(link, "1"), "aa", at(1), 1)?.item;
                tx.put_to_sleep(&item, at(60))?;
                assert!(tx.wake_due(at(59))?.is_empty());
                assert!(tx.mark_seen(&item)? && !tx.mark_seen(&item)?);
                assert_eq!(tx.wake_due(at(60))?, [item]);
                tx.wake_due(at(61))
            })
            .unwrap();
        assert!(woken.is_empty());
    }

    #[test]
    fn the_view_shows_the_three_values_in_readable_text() {
        let mut case = case();
        let link = linked_kari(&mut case.store);
        case.store.write(|tx| tx.ask(&conflict(link, "+47 1"), "aa", at(1), 1)).unwrap();
        let row: (String, String, String, Option<String>, i64) = case
            .store
            .read()
            .conn
            .query_row("SELECT kind, base, huma, xledger, seen FROM open_questions", [], |row| row.try_into())
            .unwrap();
        assert_eq!(row, ("conflict".into(), "+47 900 11 222".into(), "+47 1".into(), None, 0));
    }
}
