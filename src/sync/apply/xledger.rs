//! Writes to Xledger in mass mutations: one re-read, one document whose selection is the read-back.
//!
//! After an error the records are read again, what arrived is kept, and the rest is sent in halves: first people, then
//! fields, so that one bad value stops only itself (P6).

use super::huma::{all, refused_or_failed};
use super::outcome::{FieldResult, intent_state, judge};
use super::{Group, PairNow, Target, is_current};
use crate::domain::{Field, LinkId, Reading, RecordId, Side, XledgerId};
use crate::reconcile::Change;
use crate::remote::RemoteError;
use crate::remote::huma::Depth;
use crate::remote::xledger::XledgerChange;
use crate::store::IntentState;
use crate::sync::engine::{CycleRun, Engine, SyncError};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A part of a group that is sent together.
#[derive(Debug, Clone)]
struct Part {
    group: usize,
    changes: Vec<Change>,
    /// Sent once and read back as something else.
    again: bool,
}

impl Engine {
    pub(super) async fn apply_xledger(
        &mut self,
        run: &mut CycleRun,
        groups: Vec<Group>,
        pairs: &mut BTreeMap<LinkId, PairNow>,
    ) -> Result<(), SyncError> {
        let mut unread = self.reread_huma(run, &groups, pairs).await?;
        let links: BTreeSet<LinkId> =
            groups.iter().map(|group| group.link).filter(|link| !unread.contains(link)).collect();
        unread.extend(self.reread_xledger(run, &links, pairs).await?);

        let mut results: Vec<Vec<(Change, FieldResult)>> = vec![Vec::new(); groups.len()];
        let mut parts = Vec::new();
        for (index, group) in groups.iter().enumerate() {
            let Some(pair) = pairs.get(&group.link).filter(|_| !unread.contains(&group.link)) else {
                results[index] = all(&group.changes, || FieldResult::Failed);
                continue;
            };
            let (current, stale): (Vec<Change>, Vec<Change>) =
                group.changes.iter().cloned().partition(|change| is_current(change, pair, &run.lenses));
            results[index] = all(&stale, || FieldResult::Stale);
            if !current.is_empty() {
                parts.push(Part { group: index, changes: current, again: false });
            }
        }
        let now = self.core.clock.now();
        let sent: Vec<_> = parts.iter().map(|part| groups[part.group].intent).collect();
        self.store.write(|tx| {
            for intent in &sent {
                tx.set_intent_state(*intent, IntentState::Sent, now)?;
            }
            Ok(())
        })?;
        let mut queue = VecDeque::from([parts]);
        let mut is_first = true;
        while let Some(mut parts) = queue.pop_front() {
            // What goes out after other requests is read again first (P1), but for the one resend that tells a value that is
            // not accepted from an edit.
            if !std::mem::take(&mut is_first) {
                let links = parts.iter().map(|part| groups[part.group].link).collect();
                self.reread_xledger(run, &links, pairs).await?;
                for part in parts.iter_mut().filter(|part| !part.again) {
                    let pair = pairs.get(&groups[part.group].link);
                    let is_good =
                        |change: &Change| pair.is_some_and(|pair| is_current(change, pair, &run.lenses));
                    let (current, stale): (Vec<Change>, Vec<Change>) =
                        part.changes.drain(..).partition(is_good);
                    part.changes = current;
                    results[part.group].extend(all(&stale, || FieldResult::Stale));
                }
                parts.retain(|part| !part.changes.is_empty());
            }
            if !parts.is_empty() {
                self.send_xledger(run, &groups, parts, pairs, &mut results, &mut queue).await?;
            }
        }
        for (group, results) in groups.iter().zip(results) {
            if let Some(mut pair) = pairs.remove(&group.link) {
                self.finish(run, group, &mut pair, results)?;
                pairs.insert(group.link, pair);
            } else {
                let now = self.core.clock.now();
                let state = intent_state(&results);
                self.store.write(|tx| tx.set_intent_state(group.intent, state, now))?;
                run.unsettled.insert(group.link);
            }
        }
        Ok(())
    }

    /// Sends one call, and queues what must be sent again.
    async fn send_xledger(
        &mut self,
        run: &mut CycleRun,
        groups: &[Group],
        parts: Vec<Part>,
        pairs: &mut BTreeMap<LinkId, PairNow>,
        results: &mut [Vec<(Change, FieldResult)>],
        queue: &mut VecDeque<Vec<Part>>,
    ) -> Result<(), SyncError> {
        let calls: Vec<XledgerChange> =
            parts.iter().enumerate().filter_map(|(at, part)| call(at, part, groups, pairs)).collect();
        match self.core.xledger.update(&calls).await {
            Ok(answers) => {
                let clean = answers.errors.is_none();
                let mut unsure = Vec::new();
                let mut again = Vec::new();
                for (at, part) in parts.into_iter().enumerate() {
                    match answers.done.get(&client_id(at)) {
                        Some(fields) => {
                            let retry = settle(run, part.clone(), fields, results);
                            again.extend(retry.map(|changes| Part { changes, again: true, ..part }));
                        }
                        None => unsure.push(part),
                    }
                }
                queue.push_back(again);
                if !unsure.is_empty() {
                    let words = answers.errors.map(|(_, words)| words.0).unwrap_or_default();
                    self.look_again(run, groups, unsure, pairs, results, queue, (!clean).then_some(words))
                        .await?;
                }
            }
            Err(RemoteError::Refused { words, .. }) => {
                self.look_again(run, groups, parts, pairs, results, queue, Some(words.0)).await?;
            }
            Err(error @ RemoteError::OutcomeUnknown { .. }) => {
                self.note_failure(run, &error);
                self.look_again(run, groups, parts, pairs, results, queue, None).await?;
            }
            Err(error) => {
                self.note_failure(run, &error);
                let result = refused_or_failed(&error);
                for part in parts {
                    results[part.group].extend(all(&part.changes, || result.clone()));
                }
            }
        }
        Ok(())
    }

    /// Reads the touched records; keeps what arrived. With a refusal the rest goes out in halves, at one field it is that
    /// field's refusal; without one (an answer that never came) the rest waits for the next cycle.
    #[allow(clippy::too_many_arguments)] // The state of one batch; it lives only here.
    async fn look_again(
        &mut self,
        run: &mut CycleRun,
        groups: &[Group],
        parts: Vec<Part>,
        pairs: &mut BTreeMap<LinkId, PairNow>,
        results: &mut [Vec<(Change, FieldResult)>],
        queue: &mut VecDeque<Vec<Part>>,
        refusal: Option<String>,
    ) -> Result<(), SyncError> {
        let ids: Vec<XledgerId> = parts.iter().filter_map(|part| employee(&groups[part.group])).collect();
        let records = match self.core.xledger.by_ids(&ids).await {
            Ok(found) => found.records,
            Err(error) => {
                self.note_failure(run, &error);
                for part in parts {
                    results[part.group].extend(all(&part.changes, || FieldResult::Unknown));
                }
                return Ok(());
            }
        };
        for record in records {
            let link = groups
                .iter()
                .find(|group| employee(group).is_some_and(|id| record.id == RecordId::Xledger(id)));
            if let Some(pair) = link.and_then(|group| pairs.get_mut(&group.link)) {
                pair.xledger = record;
            }
        }
        let mut rest = Vec::new();
        for part in parts {
            let link = groups[part.group].link;
            let Some(pair) = pairs.get(&link) else { continue };
            let mut not_there = Vec::new();
            for change in part.changes {
                let reading = pair.reading(Side::Xledger, change.field).clone();
                match judge(&run.lenses, &change, reading) {
                    FieldResult::NotAccepted(_) => not_there.push(change),
                    FieldResult::EditedMeanwhile(_) => results[part.group].push((change, FieldResult::Stale)),
                    result => results[part.group].push((change, result)),
                }
            }
            if !not_there.is_empty() {
                rest.push(Part { changes: not_there, ..part });
            }
        }
        let Some(words) = refusal else {
            for part in rest {
                results[part.group].extend(all(&part.changes, || FieldResult::Failed));
            }
            return Ok(());
        };
        match halves(rest) {
            Halves::None => {}
            Halves::One(part) => {
                results[part.group].extend(all(&part.changes, || FieldResult::Refused(words.clone())));
            }
            Halves::Two(one, other) => queue.extend([one, other]),
        }
        Ok(())
    }

    /// Reads Huma again where the change rests on more than Xledger's own value: an answer, or a field of the position. Answers
    /// whose could not be read or is not there.
    async fn reread_huma(
        &mut self,
        run: &mut CycleRun,
        groups: &[Group],
        pairs: &mut BTreeMap<LinkId, PairNow>,
    ) -> Result<BTreeSet<LinkId>, SyncError> {
        let mut unread = BTreeSet::new();
        for group in groups {
            let needed =
                group.changes.iter().any(|change| change.answers.is_some() || change.field.is_on_position());
            let Some(pair) = pairs.get_mut(&group.link).filter(|_| needed) else { continue };
            let RecordId::Huma(id) = pair.huma.id.clone() else { continue };
            match self.core.huma.user(&id, Depth::Position).await {
                Ok(Some(record)) => pair.huma = record,
                Ok(None) => drop(unread.insert(group.link)),
                Err(error) => {
                    self.note_failure(run, &error);
                    unread.insert(group.link);
                }
            }
        }
        Ok(unread)
    }
}

fn employee(group: &Group) -> Option<XledgerId> {
    match &group.target {
        Target::Xledger { employee, .. } => Some(*employee),
        Target::HumaUser(_) | Target::HumaPosition(..) => None,
    }
}

/// Unique within one call, which is all that Xledger's echo is for.
fn client_id(at: usize) -> String {
    at.to_string()
}

fn call(
    at: usize,
    part: &Part,
    groups: &[Group],
    pairs: &BTreeMap<LinkId, PairNow>,
) -> Option<XledgerChange> {
    let group = &groups[part.group];
    let Target::Xledger { employee, contact, subledger } = &group.target else { return None };
    let fields: BTreeMap<_, _> =
        part.changes.iter().map(|change| (change.field, change.to.clone())).collect();
    let renames = fields.contains_key(&Field::GivenName) || fields.contains_key(&Field::FamilyName);
    let display_name = renames.then(|| {
        let name = |field: Field| match fields.get(&field) {
            Some(Some(crate::domain::Spelling::Text(name))) => name.trim().to_owned(),
            Some(_) | None => pairs
                .get(&group.link)
                .and_then(|pair| pair.xledger.text(field))
                .unwrap_or_default()
                .trim()
                .to_owned(),
        };
        format!("{} {}", name(Field::GivenName), name(Field::FamilyName)).trim().to_owned()
    });
    Some(XledgerChange {
        client_id: client_id(at),
        employee: *employee,
        contact: *contact,
        subledger: *subledger,
        fields,
        display_name,
    })
}

/// Judges a part that came back; answers the changes to send once more.
fn settle(
    run: &CycleRun,
    part: Part,
    fields: &BTreeMap<Field, Reading>,
    results: &mut [Vec<(Change, FieldResult)>],
) -> Option<Vec<Change>> {
    let mut again = Vec::new();
    for change in part.changes {
        let Some(read_back) = fields.get(&change.field).cloned() else {
            results[part.group].push((change, FieldResult::Unknown));
            continue;
        };
        match judge(&run.lenses, &change, read_back) {
            FieldResult::NotAccepted(_) | FieldResult::EditedMeanwhile(_) if !part.again => {
                again.push(change)
            }
            FieldResult::EditedMeanwhile(reading) => {
                results[part.group].push((change, FieldResult::NotAccepted(reading)));
            }
            result => results[part.group].push((change, result)),
        }
    }
    (!again.is_empty()).then_some(again)
}

enum Halves {
    None,
    /// One field of one person: the refusal is its own.
    One(Part),
    Two(Vec<Part>, Vec<Part>),
}

fn halves(mut parts: Vec<Part>) -> Halves {
    match parts.len() {
        0 => Halves::None,
        1 => {
            let mut part = parts.remove(0);
            if part.changes.len() == 1 {
                return Halves::One(part);
            }
            let other = part.changes.split_off(part.changes.len() / 2);
            let other = Part { changes: other, ..part.clone() };
            Halves::Two(vec![part], vec![other])
        }
        count => {
            let other = parts.split_off(count / 2);
            Halves::Two(parts, other)
        }
    }
}
