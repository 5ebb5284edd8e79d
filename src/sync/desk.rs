//! The desk where an admin's answers come in and hxsync's go out: the resolution file, and the same by command.
//!
//! **Invariant (P9):** a save is queued in the store before it is acknowledged to the file, and every changed line gets an
//! answer in the next text.

use super::engine::{Engine, SyncError};
use super::evaluate::MISSING_TITLES;
use crate::config::{self, Language as ConfiguredLanguage};
use crate::reconcile::{Verb, Who};
use crate::resolution::take_in::Moment as TakeInMoment;
use crate::resolution::{
    Accepted, Comments, Earlier, History, IdForm, Item, Language, Mark, Page, Past, Queued, Reply, Taken,
    answers_page, line_of, parse, render, take_in,
};
use crate::resolution::{Awaits, reply::Damage};
use crate::resolution_file::{
    ApplyOn, FileError, Moment, ResolutionFile, Rewrite, Save, Seen, Settings as FileSettings,
};
use crate::store::{
    AuditEntry, Key, NewResolution, Outcome, Phase, Reader, ResolutionId, ResolutionState, StoreError, meta,
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What the file was last told about each line of the last save.
const LAST_SAVE: Key<LastSave> = Key::new("last_save");

/// The file, and what it was last made to say.
pub struct Desk {
    file: ResolutionFile,
    /// What the last text was made from: the file is rewritten only when this moves.
    written: Option<blake3::Hash>,
    damage: Option<Damage>,
    /// A settled save that waits for the cycle that takes it in.
    save: Option<Save>,
    /// An editor held the file when it was to be rewritten.
    held_back: bool,
}

#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct LastSave {
    lines: Vec<LastLine>,
    comments: Comments,
}

/// One line of the last save: what was said at once, or the answers it queued.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct LastLine {
    quote: String,
    said: Option<Reply>,
    queued: Vec<i64>,
    by_bulk: bool,
}

/// What a look at the file found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    Nothing,
    /// Look again after this long.
    Again(Duration),
    /// A save waits: a cycle takes it in.
    Ready,
}

/// What an answer by command was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    pub lines: Vec<String>,
    /// Nothing was done for it.
    pub refused: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<DeskError> for SyncError {
    fn from(error: DeskError) -> SyncError {
        match error {
            DeskError::File(error) => SyncError::File(error),
            DeskError::Store(error) => SyncError::Store(error),
        }
    }
}

impl Desk {
    pub fn new(settings: &config::Resolutions) -> Result<Desk, FileError> {
        let file = ResolutionFile::new(FileSettings {
            path: settings.file.clone(),
            group: settings.group.clone(),
            settle: settings.settle,
            apply_on: match settings.apply_on {
                config::ApplyOn::Save => ApplyOn::Save,
                config::ApplyOn::Close => ApplyOn::Close,
            },
        })?;
        Ok(Desk { file, written: None, damage: None, save: None, held_back: false })
    }
}

impl Engine {
    /// Takes over the resolution file; clears up after a run that died while rewriting it.
    pub fn open_desk(&mut self) -> Result<(), SyncError> {
        let mut desk = Desk::new(&self.core.settings.resolutions)?;
        let now = self.core.clock.now();
        let saves = desk.file.recover(now)?;
        self.desk = Some(desk);
        for save in saves {
            self.take_in_save(&save)?;
        }
        Ok(())
    }

    /// Looks at the file: nothing, something going on, or a save that the next cycle takes in.
    pub fn look_at_file(&mut self) -> Result<Look, SyncError> {
        let moment = Moment { monotonic: self.core.clock.monotonic(), now: self.core.clock.now() };
        let Some(desk) = &mut self.desk else { return Ok(Look::Nothing) };
        if desk.save.is_some() || desk.damage.is_some() {
            return Ok(Look::Ready);
        }
        Ok(match desk.file.observe(moment)? {
            Seen::Known => {
                if desk.held_back && desk.file.lock(moment.now).is_none() {
                    self.refresh_file()?;
                }
                Look::Nothing
            }
            Seen::NotYet { again_in } => Look::Again(again_in),
            Seen::Save(save) => {
                desk.save = Some(save);
                Look::Ready
            }
            Seen::Damaged(damage) => {
                desk.damage = Some(damage);
                Look::Ready
            }
            Seen::LateDamaged { kept } => {
                let now = self.core.clock.now();
                let line = LastLine {
                    quote: String::new(),
                    said: Some(Reply::kept_aside(&kept, Damage::NoTrailer)),
                    queued: vec![],
                    by_bulk: false,
                };
                self.store.write(|tx| {
                    let mut last = tx.meta(&LAST_SAVE)?.unwrap_or_default();
                    last.lines.push(line);
                    tx.put_meta(&LAST_SAVE, &last)
                })?;
                tracing::warn!(at = %now, "A save of the resolution file was cut short; it is kept as {kept}");
                Look::Ready
            }
        })
    }

    /// Queues the answers of a settled save. The cycle that follows carries them out.
    pub(super) fn take_in_file(&mut self) -> Result<(), SyncError> {
        self.look_at_file()?;
        let Some(save) = self.desk.as_mut().and_then(|desk| desk.save.take()) else { return Ok(()) };
        self.take_in_save(&save)
    }

    fn take_in_save(&mut self, save: &Save) -> Result<(), SyncError> {
        let who = Who::User { name: save.by.name.clone(), certain: save.by.certain };
        let items = self.items()?;
        let parsed = parse(&save.bytes, &items);
        let (taken, lines) = self.queue(&parsed, &items, &who, IdForm::Full, "file")?;
        let comments = parsed.comments.clone();
        self.store.write(|tx| {
            for (item, prefix) in &parsed.pending {
                if items.iter().any(|known| known.id == *item && known.fingerprint.starts_with(prefix)) {
                    tx.mark_seen(item)?;
                }
            }
            let mut last = tx.meta(&LAST_SAVE)?.unwrap_or_default();
            // A save that only repeats what stands in the file leaves the answers to the one before it.
            // Lines still queued stay, so that what becomes of them is told as well.
            if !lines.is_empty() {
                last.lines = still_queued(tx, last.lines)?;
                last.lines.extend(lines);
            }
            last.comments = comments;
            tx.put_meta(&LAST_SAVE, &last)
        })?;
        tracing::info!(answers = taken, "Took in a save of the resolution file with {taken} answers");
        if let Some(desk) = &mut self.desk {
            desk.file.taken(save)?;
            desk.written = None;
        }
        Ok(())
    }

    /// Answers one question by command, as `resolve K7Q4 value "+47 900 11 222"`. The next cycle carries it out.
    pub fn answer(&mut self, item: &str, words: &[String], who: &Who) -> Result<Said, SyncError> {
        let line = line_of(item, words);
        let items = self.items()?;
        let parsed = parse(line.as_bytes(), &items);
        let (_, lines) = self.queue(&parsed, &items, who, IdForm::Short, "command")?;
        self.commanded = lines;
        self.answered()
    }

    /// What has become of the last answer by command. A cycle after it carries it out, or refuses it.
    pub fn answered(&self) -> Result<Said, SyncError> {
        let mut said = Said { lines: vec![], refused: false };
        for line in &self.commanded {
            if let Some(reply) = self.reply(line)? {
                said.refused |= reply.is_refusal();
                said.lines.extend(reply.lines(self.language()));
            }
        }
        Ok(said)
    }

    /// Decides about every line and queues what is accepted; how many answers were queued, and a line for each.
    fn queue(
        &mut self,
        parsed: &crate::resolution::Parsed,
        items: &[Item],
        who: &Who,
        ids: IdForm,
        source: &str,
    ) -> Result<(usize, Vec<LastLine>), SyncError> {
        let now = self.core.clock.now();
        let zone = self.core.settings.sync.time_zone.clone();
        let taken = {
            let history = Remembered(self.store.read());
            take_in(parsed, items, &history, &TakeInMoment { now, zone: &zone, ids })
        };
        let mut lines: Vec<(usize, LastLine)> = parsed
            .problems
            .iter()
            .map(|problem| {
                let quote = problem.quote.0.clone();
                (
                    problem.line_no,
                    LastLine { quote, said: Some(Reply::problem(problem)), queued: vec![], by_bulk: false },
                )
            })
            .collect();
        let mut count = 0;
        self.store.write(|tx| {
            for one in &taken {
                match one {
                    Taken::PassedOver { .. } => {}
                    Taken::Refused { line_no, item, quote, why: _ } => {
                        note_refusal(tx, items, item.as_deref(), who, now)?;
                        let said = Reply::of_taken(one);
                        lines.push((
                            *line_no,
                            LastLine { quote: quote.0.clone(), said, queued: vec![], by_bulk: false },
                        ));
                    }
                    Taken::Accepted(accepted) => {
                        count += 1;
                        let line = accept(tx, items, accepted, who, source, now, &zone)?;
                        match lines.iter_mut().find(|(no, line)| *no == accepted.line_no && line.by_bulk) {
                            Some((_, known)) => known.queued.extend(line.queued),
                            None => lines.push((accepted.line_no, line)),
                        }
                    }
                }
            }
            Ok(())
        })?;
        lines.sort_by_key(|(no, _)| *no);
        Ok((count, lines.into_iter().map(|(_, line)| line).collect()))
    }

    /// Every open question as the file shows it.
    pub fn items(&self) -> Result<Vec<Item>, SyncError> {
        let reader = self.store.read();
        let queued = reader.queued_resolutions()?;
        let awaits = self.awaits();
        let mut items = Vec::new();
        for stored in reader.open_questions()? {
            let Some(question) = stored.question else { continue };
            let waiting = queued.iter().rfind(|resolution| {
                resolution.item == stored.item && resolution.fingerprint == stored.fingerprint
            });
            items.push(Item {
                id: stored.item,
                fingerprint: stored.fingerprint,
                question,
                asked_at: stored.changed_at,
                asleep_until: stored.asleep_until,
                queued: waiting.and_then(|resolution| {
                    Some(Queued {
                        verb: Verb::from_parts(&resolution.verb, resolution.argument.as_deref())?,
                        who: resolution.who.to_string(),
                        at: resolution.at,
                        awaits,
                    })
                }),
            });
        }
        items.sort_by(|a, b| (a.kind(), &a.question.person).cmp(&(b.kind(), &b.question.person)));
        Ok(items)
    }

    /// What a queued answer waits for, as far as that is the same for all.
    fn awaits(&self) -> Awaits {
        use crate::domain::Side;
        match (self.is_resting(Side::Huma), self.is_resting(Side::Xledger)) {
            (true, _) => Awaits::Side(Side::Huma),
            (false, true) => Awaits::Side(Side::Xledger),
            (false, false) if self.awaits_first_sync() => Awaits::FirstSync,
            (false, false) => Awaits::NextCycle,
        }
    }

    fn awaits_first_sync(&self) -> bool {
        self.core.settings.people.approve_first_sync
            && matches!(self.store.read().meta(&meta::PHASE), Ok(None | Some(Phase::FirstSync)))
    }

    fn language(&self) -> Language {
        match self.core.settings.resolutions.language {
            ConfiguredLanguage::English => Language::English,
            ConfiguredLanguage::Norwegian => Language::Norwegian,
        }
    }

    /// What a line is told, by what has become of its answers.
    fn reply(&self, line: &LastLine) -> Result<Option<Reply>, SyncError> {
        if let Some(said) = &line.said {
            return Ok(Some(said.clone()));
        }
        let reader = self.store.read();
        let mut applied = 0;
        let mut waiting = false;
        let mut refused = Vec::new();
        for id in &line.queued {
            let Some(resolution) = reader.resolution(ResolutionId(*id))? else { continue };
            match resolution.state {
                ResolutionState::Applied | ResolutionState::PassedOver => applied += 1,
                ResolutionState::Queued => waiting = true,
                ResolutionState::Refused => refused.push(resolution.words.unwrap_or_default()),
                ResolutionState::Superseded => refused.push("a later answer took its place".into()),
            }
        }
        Ok(match (refused.first(), waiting, line.by_bulk) {
            (Some(why), _, false) => Some(Reply::refused(&line.quote, why)),
            (Some(why), _, true) => {
                let why = format!("{} of {} were not carried out: {why}", refused.len(), line.queued.len());
                Some(Reply::refused(&line.quote, &why))
            }
            (None, true, _) => Some(Reply::queued(&line.quote, self.awaits())),
            (None, false, true) => Some(Reply::applied_to_many(&line.quote, applied)),
            (None, false, false) => Some(Reply::applied(&line.quote, None)),
        })
    }

    /// Brings the file up to date, if what it says has moved.
    pub(super) fn refresh_file(&mut self) -> Result<(), SyncError> {
        if self.desk.is_none() {
            return Ok(());
        }
        let now = self.core.clock.now();
        let items = self.items()?;
        let last = self.store.read().meta(&LAST_SAVE)?.unwrap_or_default();
        let mut replies = Vec::new();
        for line in &last.lines {
            replies.extend(self.reply(line)?);
        }
        let people = self.store.read().people_counts()?;
        let cycle = self.store.read().last_cycles(1)?;
        let notes = self.title_notes()?;
        let mut page = Page {
            written_at: now,
            zone: self.core.settings.sync.time_zone.clone(),
            language: self.language(),
            mark: Some(Mark {
                database: self.store.database_id().to_owned(),
                cycle: cycle.first().map_or(0, |cycle| cycle.id),
            }),
            in_agreement: people.in_agreement,
            agreed_at: (items.is_empty() && people.in_agreement == people.linked)
                .then(|| cycle.first().and_then(|cycle| cycle.ended_at))
                .flatten(),
            items,
            replies,
            comments: last.comments,
            notes,
        };
        let Some(desk) = &mut self.desk else { return Ok(()) };
        let asleep = page.items.iter().filter(|item| item.is_asleep(now)).count();
        let says = serde_json::json!([
            page.items
                .iter()
                .map(|item| (item.full_id(), item.queued.is_some(), &item.question.person))
                .collect::<Vec<_>>(),
            asleep,
            page.replies,
            page.in_agreement,
            page.comments,
            page.notes,
        ]);
        let says = blake3::hash(says.to_string().as_bytes());
        if desk.written == Some(says) && desk.damage.is_none() {
            return Ok(());
        }
        let lenses = std::sync::Arc::clone(&self.core.lenses);
        let show = |field, spelling: &crate::domain::Spelling| lenses.show(field, spelling, false);
        let rewrite = match desk.damage {
            Some(damage) => {
                let kept = desk.file.kept_name_for(damage, now);
                if let Some(kept) = &kept {
                    page.replies.insert(0, Reply::kept_aside(kept, damage));
                }
                desk.file.replace_damaged(&render(&page, &show), kept.as_deref(), now)?
            }
            None => desk.file.rewrite(&render(&page, &show), now)?,
        };
        match rewrite {
            Rewrite::Done => {
                desk.held_back = false;
                desk.file.remove_answers()?;
                // A text that names a kept file is written over by the next one that says something else.
                desk.written = desk.damage.is_none().then_some(says);
                desk.damage = None;
            }
            Rewrite::Locked(_) => {
                desk.held_back = true;
                if !page.replies.is_empty() {
                    let answers = answers_page(&page.replies, now, &page.zone, page.language);
                    desk.file.write_answers(&answers)?;
                }
            }
            // There is a save that was not read, perhaps the rest of what was damaged: the next look finds it, and the cycle after
            // that rewrites.
            Rewrite::TakeInFirst => desk.damage = None,
        }
        Ok(())
    }

    /// One line per job title Xledger lacks.
    pub fn title_notes(&self) -> Result<Vec<String>, SyncError> {
        let titles = self.store.read().meta(&MISSING_TITLES)?.unwrap_or_default();
        Ok(titles
            .iter()
            .map(|(title, people)| {
                let people = if *people == 1 { "1 person".to_owned() } else { format!("{people} people") };
                format!("Xledger has no job title \"{title}\" ({people}): add it in Xledger as a position object value")
            })
            .collect())
    }

    /// Wakes what the file waits for: `true` while a save or a damaged file has not been dealt with.
    pub fn has_file_work(&self) -> bool {
        self.desk.as_ref().is_some_and(|desk| desk.save.is_some() || desk.damage.is_some())
    }

    /// Where the file is.
    pub fn resolution_path(&self) -> Option<std::path::PathBuf> {
        self.desk.as_ref().map(|desk| desk.file.path().to_owned())
    }
}

/// Those of an earlier save with an answer that is neither carried out nor refused yet.
fn still_queued(tx: &crate::store::Writer<'_>, lines: Vec<LastLine>) -> Result<Vec<LastLine>, StoreError> {
    let mut left = Vec::new();
    for line in lines {
        let mut waits = false;
        for id in &line.queued {
            let resolution = tx.resolution(ResolutionId(*id))?;
            waits |= resolution.is_some_and(|resolution| resolution.state == ResolutionState::Queued);
        }
        if waits {
            left.push(line);
        }
    }
    Ok(left)
}

fn accept(
    tx: &crate::store::Writer<'_>,
    items: &[Item],
    accepted: &Accepted,
    who: &Who,
    source: &str,
    now: Timestamp,
    zone: &jiff::tz::TimeZone,
) -> Result<LastLine, StoreError> {
    let mut line =
        LastLine { quote: accepted.quote.0.clone(), said: None, queued: vec![], by_bulk: accepted.by_bulk };
    for earlier in tx.queued_resolutions()?.into_iter().filter(|earlier| earlier.item == accepted.item) {
        tx.finish_resolution(earlier.id, ResolutionState::Superseded, "a later answer took its place", now)?;
    }
    let argument = accepted.verb.argument();
    let id = tx.queue_resolution(&NewResolution {
        item: &accepted.item,
        fingerprint: &accepted.fingerprint,
        verb: accepted.verb.word(),
        argument: argument.as_deref(),
        who,
        at: now,
        source,
        written: (accepted.written != accepted.verb).then_some(&accepted.written),
    })?;
    if let Verb::Later(days) = accepted.verb {
        let until = now + SignedDuration::from_hours(24 * i64::from(days));
        tx.put_to_sleep(&accepted.item, until)?;
        tx.finish_resolution(id, ResolutionState::Applied, "asleep", now)?;
        line.said = Some(Reply::asleep(&line.quote, until, zone));
        let why = format!("`later {days}d` to {}", accepted.item);
        note(tx, items, &accepted.item, &why, who, Outcome::Answered, now)?;
    } else {
        line.queued.push(id.0);
    }
    Ok(line)
}

fn note_refusal(
    tx: &crate::store::Writer<'_>,
    items: &[Item],
    item: Option<&str>,
    who: &Who,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(item) = item else { return Ok(()) };
    // Why it was refused may quote what was typed, and `audit.why` cannot be erased.
    note(
        tx,
        items,
        item,
        &format!("an answer to {item} was refused when it was taken in"),
        who,
        Outcome::Refused,
        now,
    )
}

fn note(
    tx: &crate::store::Writer<'_>,
    items: &[Item],
    item: &str,
    why: &str,
    who: &Who,
    outcome: Outcome,
    now: Timestamp,
) -> Result<(), StoreError> {
    let question = items.iter().find(|known| known.id == item).map(|known| &known.question);
    tx.append_audit(&AuditEntry {
        at: now,
        cycle: None,
        link: question.and_then(|question| question.subject.link()),
        record: None,
        person: question.map(|question| question.person.as_str()),
        field: question.and_then(|question| question.subject.field()),
        side: None,
        old: None,
        new: None,
        why,
        who: &who.to_string(),
        outcome,
    })?;
    Ok(())
}

/// The store as `take_in` asks it.
struct Remembered<'a>(Reader<'a>);

impl History for Remembered<'_> {
    fn answered(&self, item: &str, prefix: &str) -> Option<Past> {
        let resolutions = self.0.resolutions_to(item).ok()?;
        let past = resolutions.into_iter().rfind(|resolution| {
            resolution.fingerprint.starts_with(prefix)
                && matches!(
                    resolution.state,
                    ResolutionState::Queued | ResolutionState::Applied | ResolutionState::PassedOver
                )
        })?;
        let verb = Verb::from_parts(&past.verb, past.argument.as_deref())?;
        Some(Past {
            written: past.written.unwrap_or_else(|| verb.clone()),
            verb,
            who: past.who.to_string(),
            at: past.at,
        })
    }

    fn shown_before(&self, item: &str, prefix: &str) -> Option<Earlier> {
        let shown = self.0.fingerprints(item).ok()?;
        shown.iter().any(|(fingerprint, _)| fingerprint.starts_with(prefix)).then(Earlier::default)
    }
}
