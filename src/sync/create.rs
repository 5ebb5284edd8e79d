//! Makes a person on the side they are not on: asked again right before, journalled, linked with the first id known, and
//! completed by ordinary intents. A half-made chain is completed or asked about, never repeated (P2).

use super::apply::{Group, PairNow, targets};
use super::engine::{Core, CycleRun, Engine, SyncError};
use super::people::{CreateOrder, audit_person, can_create, note_link};
use crate::domain::{Field, HumaId, LinkId, Reading, Record, RecordId, Side, Spelling, XledgerId};
use crate::reconcile::pair::{PairInput, Terms, reconcile_pair};
use crate::reconcile::question::PeopleShown;
use crate::reconcile::{Change, Shown, Who, Why};
use crate::remote::RemoteError;
use crate::remote::huma::{Depth, NewHumaUser};
use crate::remote::xledger::{LookupKeys, NewEmployee};
use crate::store::{
    AuditEntry, AuditSide, Creation, CreationId, CreationState, IntentId, IntentState, NewCreation,
    NewIntent, NewLink, Outcome, StoreError, Writer,
};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// `intents.operation` of the two first steps.
pub const ADD_EMPLOYEE: &str = "add-employee";
pub const CREATE_USER: &str = "create-user";

/// A creation as the journal has it, with who ordered it.
struct Journal {
    creation: CreationId,
    intent: IntentId,
    source: Record,
    /// The source with the values the first request carried: what the record is found again by. The source may have been
    /// edited since.
    sent: Record,
    label: String,
    who: Who,
    answers: Option<String>,
    known_before: BTreeSet<RecordId>,
}

impl Core {
    /// Journals an order together with the answer that gave it: a stop after this loses neither.
    pub(super) fn journal_order(
        &self,
        tx: &Writer<'_>,
        run: &CycleRun,
        order: &CreateOrder,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Some(source) = tx.snapshot(&order.source)?.map(|snapshot| snapshot.record) else { return Ok(()) };
        let to = source.side().other();
        let operation = match to {
            Side::Huma => CREATE_USER,
            Side::Xledger => ADD_EMPLOYEE,
        };
        let changes = self.first_step(&source, to, order);
        let intent = tx.add_intent(&NewIntent {
            cycle: run.cycle,
            link: None,
            record: None,
            person: &order.label,
            side: to,
            operation,
            changes: &changes,
            reason: &Why::Created(to).to_string(),
            at: now,
        })?;
        let key = lookup_key(&source, to);
        tx.add_creation(&NewCreation {
            intent,
            source: &source.id,
            lookup_key: &key,
            known_before: &[],
            at: now,
        })?;
        Ok(())
    }

    /// What the first request carries, for its intent.
    fn first_step(&self, source: &Record, to: Side, order: &CreateOrder) -> Vec<Change> {
        let fields: &[Field] = match to {
            Side::Huma => &[Field::GivenName, Field::FamilyName, Field::Email, Field::Phone],
            // Gender, civil status and the address by part are on the contact alone: written once it has an id.
            Side::Xledger => &Field::ALL,
        };
        let by_rule = order.answers.is_none();
        fields
            .iter()
            .filter(|field| !(by_rule && **field == Field::BankAccount))
            .filter(|field| {
                to == Side::Huma || !matches!(field, Field::Gender | Field::CivilStatus | Field::Address)
            })
            .filter_map(|field| {
                let value = source.fields[*field].value()?;
                let carried = self.lenses.carry(*field, source.side(), value, None).ok()?;
                Some(Change {
                    side: to,
                    field: *field,
                    from: crate::domain::Reading::Empty,
                    to: Some(carried.spelling),
                    other: source.fields[*field].clone(),
                    why: Why::Created(to),
                    who: order.who.clone(),
                    answers: order.answers.clone(),
                    make_title: None,
                })
            })
            .collect()
    }
}

impl Engine {
    /// Carries on with every creation that is journalled and not finished: of this cycle, or of an earlier run.
    pub(super) async fn create_people(&mut self, run: &mut CycleRun) -> Result<(), SyncError> {
        for creation in self.store.read().unfinished_creations()? {
            let to = creation.source.side().other();
            if self.stop.is_cancelled() {
                run.stopped = true;
                break;
            }
            if self.is_resting(to) || self.is_resting(creation.source.side()) {
                continue;
            }
            self.resume(run, creation).await?;
        }
        Ok(())
    }

    /// Asks both sides again right before, then sends the first request.
    async fn begin(&mut self, run: &mut CycleRun, mut journal: Journal, to: Side) -> Result<(), SyncError> {
        if !self.is_as_shown(&journal)? {
            return self.abandon(run, &journal, "moved before it was created; asked about again".into(), &[]);
        }
        if let Err(why) = can_create(&journal.source, to) {
            return self.abandon(run, &journal, why, &[]);
        }
        let found = match self.look_up(&journal.source, to).await? {
            Ok(found) => found,
            Err(error) => {
                self.note_failure(run, &error);
                run.fail(
                    &journal.label,
                    None,
                    format!("{to} could not be asked for the same person; tried again"),
                );
                return Ok(());
            }
        };
        let shown = self.candidates_shown(&journal)?;
        let strangers: Vec<Record> =
            found.iter().filter(|record| !shown.contains(&record.id)).cloned().collect();
        if !strangers.is_empty() {
            let why =
                format!("{to} has somebody with the same employment ID, e-mail or name and date of birth");
            return self.abandon(run, &journal, why, &strangers);
        }
        let known: Vec<RecordId> = found.iter().map(|record| record.id.clone()).collect();
        let now = self.core.clock.now();
        self.store.write(|tx| {
            tx.set_creation_known(journal.creation, &known, now)?;
            tx.set_intent_state(journal.intent, IntentState::Sent, now)?;
            tx.set_creation_state(journal.creation, CreationState::Sent, now)
        })?;
        journal.known_before = known.into_iter().collect();
        self.send_first(run, journal, to).await
    }

    /// Gives a creation up before anything was sent: the person is asked about again.
    fn abandon(
        &mut self,
        run: &mut CycleRun,
        journal: &Journal,
        why: String,
        strangers: &[Record],
    ) -> Result<(), SyncError> {
        let now = self.core.clock.now();
        let words = format!("not created: {why}");
        self.store.write(|tx| {
            for record in strangers.iter().chain([&journal.source]) {
                tx.put_snapshot(record, now, None)?;
            }
            tx.set_intent_state(journal.intent, IntentState::Superseded, now)?;
            tx.set_creation_state(journal.creation, CreationState::Abandoned, now)?;
            audit_person(tx, run, &journal.source, &words, &journal.who, Outcome::Refused, now)
        })?;
        run.people_again = true;
        run.fail(&journal.label, None, words);
        Ok(())
    }

    /// Sends the request that makes the record, and follows it up.
    async fn send_first(&mut self, run: &mut CycleRun, journal: Journal, to: Side) -> Result<(), SyncError> {
        let made = match to {
            Side::Xledger => self.add_employee(&journal).await.map(RecordId::Xledger),
            Side::Huma => self.add_user(&journal.source).await.map(RecordId::Huma),
        };
        match made {
            Ok(id) => self.made(run, journal, id).await,
            Err(error @ RemoteError::OutcomeUnknown { .. }) => {
                self.note_failure(run, &error);
                let now = self.core.clock.now();
                self.store.write(|tx| {
                    tx.set_intent_state(journal.intent, IntentState::Unknown, now)?;
                    tx.set_creation_state(journal.creation, CreationState::Unknown, now)?;
                    let why = "no answer; looked up by its key before anything is sent again";
                    audit_person(tx, run, &journal.source, why, &journal.who, Outcome::Unknown, now)
                })?;
                self.find_made(run, journal, to).await
            }
            // Certainly not carried out, and may be later: the order stands.
            Err(error) if error.is_passing() => {
                self.note_failure(run, &error);
                let now = self.core.clock.now();
                self.store.write(|tx| {
                    tx.set_intent_state(journal.intent, IntentState::Planned, now)?;
                    tx.set_creation_state(journal.creation, CreationState::Planned, now)?;
                    let why = format!("{error}; tried again next cycle");
                    audit_person(tx, run, &journal.source, &why, &journal.who, Outcome::Failed, now)
                })?;
                run.fail(&journal.label, None, error.to_string());
                Ok(())
            }
            Err(error) => {
                self.note_failure(run, &error);
                let now = self.core.clock.now();
                self.store.write(|tx| {
                    tx.set_intent_state(journal.intent, IntentState::Failed, now)?;
                    tx.set_creation_state(journal.creation, CreationState::Abandoned, now)?;
                    let why = format!("{error}; asked about again");
                    audit_person(tx, run, &journal.source, &why, &journal.who, Outcome::Refused, now)
                })?;
                run.people_again = true;
                run.fail(&journal.label, None, error.to_string());
                Ok(())
            }
        }
    }

    /// After an answer that never came: ours is the one record with the key that the journalled look-up did not have.
    async fn find_made(&mut self, run: &mut CycleRun, journal: Journal, to: Side) -> Result<(), SyncError> {
        let found = match self.look_up(&journal.sent, to).await? {
            Ok(found) => found,
            Err(error) => {
                self.note_failure(run, &error);
                run.fail(&journal.label, None, format!("whether {to} created the person is not known yet"));
                return Ok(());
            }
        };
        let new: Vec<Record> =
            found.into_iter().filter(|record| !journal.known_before.contains(&record.id)).collect();
        let now = self.core.clock.now();
        match new.as_slice() {
            [one] => {
                let id = one.id.clone();
                self.made(run, journal, id).await
            }
            // Not carried out: the person is still on one side only, and the next cycle goes on from there.
            [] => {
                self.store.write(|tx| {
                    tx.set_intent_state(journal.intent, IntentState::Superseded, now)?;
                    tx.set_creation_state(journal.creation, CreationState::Planned, now)
                })?;
                Ok(())
            }
            [_, _, ..] => {
                let why = format!("several records in {to} have this person's key: say which is theirs");
                self.store.write(|tx| {
                    for record in &new {
                        tx.put_snapshot(record, now, None)?;
                    }
                    tx.set_intent_state(journal.intent, IntentState::Failed, now)?;
                    tx.set_creation_state(journal.creation, CreationState::Abandoned, now)?;
                    audit_person(tx, run, &journal.source, &why, &journal.who, Outcome::Noted, now)
                })?;
                run.fail(&journal.label, None, why);
                Ok(())
            }
        }
    }

    /// Goes on with a creation of an earlier cycle or run.
    async fn resume(&mut self, run: &mut CycleRun, creation: Creation) -> Result<(), SyncError> {
        let to = creation.source.side().other();
        let Some(intent) = self.store.read().intent(creation.intent)? else { return Ok(()) };
        let who = intent.changes.first().map_or(Who::Hxsync, |change| change.who.clone());
        let answers = intent.changes.first().and_then(|change| change.answers.clone());
        let (source, is_there) = match self.read_one(&creation.source).await {
            Ok(Some(source)) => (source, true),
            // Gone, or hidden from the key: nothing new is made of it, and what may have been made is still looked for.
            Ok(None) => match self.store.read().snapshot(&creation.source)? {
                Some(known) => (known.record, false),
                None => return Ok(()),
            },
            Err(error) => {
                self.note_failure(run, &error);
                return Ok(());
            }
        };
        let journal = Journal {
            creation: creation.id,
            intent: creation.intent,
            sent: with_values(source.clone(), &intent.changes),
            source,
            label: intent.person,
            who,
            answers,
            known_before: creation.known_before.into_iter().collect(),
        };
        match (creation.state, creation.made) {
            (_, Some(made)) => self.made(run, journal, made).await,
            (CreationState::Sent | CreationState::Unknown, None) => self.find_made(run, journal, to).await,
            (CreationState::Planned, None) if !is_there => {
                let why = format!("{} no longer shows the person", to.other());
                self.abandon(run, &journal, why, &[])
            }
            (CreationState::Planned, None) => self.begin(run, journal, to).await,
            (_, None) => Ok(()),
        }
    }

    /// The record exists: link it at once, then write what the first request could not.
    async fn made(&mut self, run: &mut CycleRun, journal: Journal, made: RecordId) -> Result<(), SyncError> {
        let now = self.core.clock.now();
        let (huma, xledger) = pair_ids(&journal.source.id, &made);
        let (Some(huma), Some(xledger)) = (huma, xledger) else { return Ok(()) };
        let number = journal.source.text(Field::EmploymentId).map(|number| number.trim().to_owned());
        let by = format!("created for {}", journal.who);
        let link = self.store.write(|tx| {
            let link = match tx.link_of_record(&made)? {
                Some(link) => link.id,
                None => {
                    let link = tx.add_link(&NewLink {
                        huma: &huma,
                        xledger,
                        person: &journal.label,
                        employment_id: number.as_deref(),
                        by: &by,
                        at: now,
                    })?;
                    audit_person(
                        tx,
                        run,
                        &journal.source,
                        &Why::Created(made.side()).to_string(),
                        &journal.who,
                        Outcome::Created,
                        now,
                    )?;
                    note_link(
                        tx,
                        run,
                        link,
                        &journal.label,
                        "linked with the record just made",
                        &journal.who,
                        now,
                    )?;
                    for change in tx.intent(journal.intent)?.into_iter().flat_map(|intent| intent.changes) {
                        note_first_value(tx, run, link, &journal, &change, now)?;
                    }
                    link
                }
            };
            tx.set_intent_state(journal.intent, IntentState::Confirmed, now)?;
            tx.set_creation_made(journal.creation, &made, Some(link), now)?;
            Ok(link)
        })?;
        if !run.created.contains(&journal.label) {
            run.created.push(journal.label.clone());
            run.writes += 1;
        }
        let record = match self.read_one(&made).await {
            Ok(Some(record)) => record,
            Ok(None) => return Ok(()),
            Err(error) => {
                self.note_failure(run, &error);
                return Ok(());
            }
        };
        self.complete(run, journal, link, record).await
    }

    /// The fields the first request did not take, as ordinary intents.
    async fn complete(
        &mut self,
        run: &mut CycleRun,
        journal: Journal,
        link: LinkId,
        made: Record,
    ) -> Result<(), SyncError> {
        let now = self.core.clock.now();
        let to = made.side();
        let (huma, xledger) = match to {
            Side::Huma => (made.clone(), journal.source.clone()),
            Side::Xledger => (journal.source.clone(), made.clone()),
        };
        let base = self.store.read().base(link)?.unwrap_or_default();
        let plan = {
            let input = PairInput {
                link,
                base: &base,
                huma: &huma,
                huma_at: now,
                xledger: &xledger,
                xledger_at: now,
                excluded: false,
                excluded_fields: Default::default(),
                shared: Default::default(),
                id_taken: false,
                decisions: &[],
            };
            let terms = Terms {
                lenses: &run.lenses,
                policies: &self.core.policies,
                circumstances: &self.core.circumstances,
                key: &self.core.key,
                now,
                cycle: run.cycle,
                frozen: Default::default(),
            };
            let mut plan = reconcile_pair(&input, &terms);
            plan.changes = self.remaining(&journal, &made);
            plan.questions.clear();
            plan
        };
        let mut pair = PairNow::new(huma, xledger, base);
        for moved in &plan.moves {
            pair.base.fields[moved.field] = Some(moved.base.clone());
        }
        for field in Field::ALL {
            let state = plan.states[field];
            pair.base.states[field] = Some(crate::reconcile::StateMark { state, since: now });
        }
        pair.base.position = pair.base.position.or(plan.position.clone());
        let mut groups = Vec::new();
        for (target, changes) in targets(&plan.changes, &pair.huma, &pair.xledger) {
            groups.push((target, changes));
        }
        let groups = self.store.write(|tx| {
            tx.put_snapshot(&pair.huma, now, None)?;
            tx.put_snapshot(&pair.xledger, now, None)?;
            tx.put_base(link, &pair.base)?;
            let mut recorded = Vec::new();
            for (target, changes) in groups {
                let intent = tx.add_intent(&NewIntent {
                    cycle: run.cycle,
                    link: Some(link),
                    record: Some(&made.id),
                    person: &plan.label,
                    side: to,
                    operation: target.operation(),
                    changes: &changes,
                    reason: &super::record::reason(&changes),
                    at: now,
                })?;
                recorded.push(Group { intent, link, label: plan.label.clone(), target, changes });
            }
            tx.set_creation_state(journal.creation, CreationState::Done, now)?;
            Ok(recorded)
        })?;
        // Whatever is left is reconciled like any other pair in the cycle that follows.
        run.moved_meanwhile.insert(link);
        let mut pairs = BTreeMap::from([(link, pair)]);
        self.apply(run, groups, &mut pairs).await
    }

    /// The changes that make the new record say what its source says. Under a rule, pay-critical fields are left to be asked.
    fn remaining(&self, journal: &Journal, made: &Record) -> Vec<Change> {
        let to = made.side();
        let mut changes = Vec::new();
        for field in Field::ALL {
            let Some(value) = journal.source.fields[field].value() else { continue };
            let by_rule = journal.who == Who::Hxsync;
            if !made.fields[field].is_empty()
                || made.locked.contains_key(&field)
                || (by_rule && field.is_pay_critical())
            {
                continue;
            }
            if let Ok(carried) = self.core.lenses.carry(field, to.other(), value, None) {
                changes.push(Change {
                    side: to,
                    field,
                    from: made.fields[field].clone(),
                    to: Some(carried.spelling),
                    other: journal.source.fields[field].clone(),
                    why: Why::Created(to),
                    who: journal.who.clone(),
                    answers: journal.answers.clone(),
                    make_title: carried.make,
                });
            }
        }
        // A first position needs a title and a start.
        let complete = to == Side::Xledger
            || (changes.iter().any(|change| change.field == Field::JobTitle)
                && journal.source.text(Field::FirstDayOfWork).is_some());
        changes.retain(|change| complete || !change.field.is_on_position());
        changes
    }

    async fn add_employee(&self, journal: &Journal) -> Result<XledgerId, RemoteError> {
        let stored = self.store.read().intent(journal.intent).ok().flatten();
        let fields: BTreeMap<Field, Spelling> = stored
            .into_iter()
            .flat_map(|intent| intent.changes)
            .filter_map(|change| Some((change.field, change.to?)))
            .collect();
        let name = |field: Field| journal.source.text(field).unwrap_or_default().trim().to_owned();
        let employee = NewEmployee {
            client_id: journal.intent.0.to_string(),
            fields,
            display_name: format!("{} {}", name(Field::GivenName), name(Field::FamilyName)),
            owner: self.core.settings.xledger.owner_db_id.map(|owner| owner as i64),
        };
        self.core.xledger.add(&employee).await
    }

    async fn add_user(&self, source: &Record) -> Result<HumaId, RemoteError> {
        let text = |field: Field| {
            let value = source.fields[field].value()?;
            match self.core.lenses.carry(field, Side::Xledger, value, None).ok()?.spelling {
                Spelling::Text(text) => Some(text),
                Spelling::Account(_) | Spelling::Address(_) | Spelling::Named(_) => None,
            }
        };
        let required = |field: Field| {
            text(field).ok_or_else(|| RemoteError::Refused {
                side: Side::Huma,
                code: "hxsync:cannot-hold".into(),
                words: crate::remote::Words(format!("{field} cannot be written to Huma as it is")),
                fields: vec![],
            })
        };
        let user = NewHumaUser {
            given_name: required(Field::GivenName)?,
            family_name: required(Field::FamilyName)?,
            email: required(Field::Email)?,
            phone: text(Field::Phone),
        };
        self.core.huma.create_user(&user).await
    }

    /// Whether the source still reads as it did when it was decided: as the question showed it, else as last read.
    fn is_as_shown(&self, journal: &Journal) -> Result<bool, SyncError> {
        let values = |record: &Record| -> Vec<(Field, Spelling)> {
            record
                .fields
                .iter()
                .filter_map(|(field, reading)| Some((field, reading.value()?.clone())))
                .collect()
        };
        // An order that waited for a cycle or more: the record was edited, read, and is not what the intent says.
        if journal.sent.fields != journal.source.fields {
            return Ok(false);
        }
        if let Some(people) = self.shown(journal)? {
            return Ok(people.values == values(&journal.source));
        }
        let known = self.store.read().snapshot(&journal.source.id)?;
        Ok(known.is_some_and(|known| known.record.fields == journal.source.fields))
    }

    /// What the answered question showed; `None` where a rule decided.
    fn shown(&self, journal: &Journal) -> Result<Option<PeopleShown>, SyncError> {
        let Some(item) = &journal.answers else { return Ok(None) };
        let question = self.store.read().question(item)?.and_then(|stored| stored.question);
        Ok(match question.map(|question| question.shown) {
            Some(Shown::People(people)) => Some(people),
            Some(_) | None => None,
        })
    }

    async fn read_one(&self, id: &RecordId) -> Result<Option<Record>, RemoteError> {
        match id {
            RecordId::Huma(id) => self.core.huma.user(id, Depth::Copies).await,
            RecordId::Xledger(id) => Ok(self.core.xledger.by_ids(&[*id]).await?.records.into_iter().next()),
        }
    }

    /// Everybody on `to` with the same code or e-mail, asked at this moment, or the same name and date of birth as last read.
    async fn look_up(
        &self,
        source: &Record,
        to: Side,
    ) -> Result<Result<Vec<Record>, RemoteError>, SyncError> {
        let number = source.text(Field::EmploymentId).unwrap_or_default().trim().to_owned();
        let found = match to {
            Side::Xledger => {
                let keys = LookupKeys {
                    code: source.text(Field::EmploymentId).map(|number| number.trim().to_owned()),
                    email: source.text(Field::Email).map(|email| email.trim().to_owned()),
                };
                self.core.xledger.find(&keys).await
            }
            Side::Huma => self.find_in_huma(source, self.store.read().holders_of_number(&number)?).await,
        };
        let mut found = match found {
            Ok(found) => found,
            Err(error) => return Ok(Err(error)),
        };
        let known: BTreeSet<RecordId> = found.iter().map(|record| record.id.clone()).collect();
        found.extend(self.namesakes(source, to)?.into_iter().filter(|record| !known.contains(&record.id)));
        Ok(Ok(found))
    }

    /// Huma has no look-up by value: a fresh listing, filtered exactly on our side; then everybody the store knows by code.
    async fn find_in_huma(
        &self,
        source: &Record,
        holders: Vec<RecordId>,
    ) -> Result<Vec<Record>, RemoteError> {
        let wanted = source.text(Field::Email).map(|email| email.trim().to_lowercase());
        let mut ids: BTreeSet<HumaId> = BTreeSet::new();
        for active in [true, false] {
            let mut offset = 0;
            loop {
                let page = self.core.huma.list(active, offset).await?;
                offset += page.received;
                let done = page.received == 0 || page.total.is_some_and(|total| offset >= total);
                let hits =
                    page.items.into_iter().filter(|row| Some(row.email.trim().to_lowercase()) == wanted);
                ids.extend(hits.map(|row| row.id));
                if done || (page.total.is_none() && page.received < 50) {
                    break;
                }
            }
        }
        ids.extend(holders.into_iter().filter_map(|id| match id {
            RecordId::Huma(id) => Some(id),
            RecordId::Xledger(_) => None,
        }));
        let mut records = Vec::new();
        for id in ids {
            records.extend(self.core.huma.user(&id, Depth::Copies).await?);
        }
        Ok(records)
    }

    /// Records of `to` the store knows with the same name and date of birth.
    fn namesakes(&self, source: &Record, to: Side) -> Result<Vec<Record>, SyncError> {
        let canonical = |record: &Record, field: Field| {
            let value = record.fields[field].value()?;
            Some(self.core.lenses.read(field, record.side(), value).canonical)
        };
        let who = [Field::GivenName, Field::FamilyName, Field::BirthDate];
        let wanted: Vec<_> = who.iter().map(|field| canonical(source, *field)).collect();
        if wanted.iter().any(Option::is_none) {
            return Ok(vec![]);
        }
        let mut found = Vec::new();
        self.store.read().each_snapshot(to, |snapshot| {
            if who.iter().map(|field| canonical(&snapshot.record, *field)).eq(wanted.iter().cloned()) {
                found.push(snapshot.record);
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// The candidates the answered question showed: the human saw them and said to create all the same.
    fn candidates_shown(&self, journal: &Journal) -> Result<BTreeSet<RecordId>, SyncError> {
        let shown = self.shown(journal)?;
        Ok(shown.map_or_else(BTreeSet::new, |people| {
            people.candidates.into_iter().map(|candidate| candidate.record).collect()
        }))
    }
}

/// One value the first request carried: explained like any other write (P4).
fn note_first_value(
    tx: &Writer<'_>,
    run: &CycleRun,
    link: LinkId,
    journal: &Journal,
    change: &Change,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.append_audit(&AuditEntry {
        at: now,
        cycle: Some(run.cycle),
        link: Some(link),
        record: None,
        person: Some(&journal.label),
        field: Some(change.field),
        side: Some(AuditSide::One(change.side)),
        old: None,
        new: change.to.as_ref().map(crate::store::readable).as_deref(),
        why: &change.why.to_string(),
        who: &journal.who.to_string(),
        outcome: Outcome::Created,
    })?;
    Ok(())
}

/// A record with the texts a first request carried in place of its own.
fn with_values(mut record: Record, changes: &[Change]) -> Record {
    for change in changes {
        let Some(Spelling::Text(sent)) = &change.to else { continue };
        let plain = |text: &str| match change.field {
            Field::Phone => text.split_whitespace().collect(),
            Field::Email => text.trim().to_lowercase(),
            _ => text.trim().to_owned(),
        };
        let same = record.text(change.field).is_some_and(|text| plain(text) == plain(sent));
        if !same && matches!(record.fields[change.field], Reading::Value(Spelling::Text(_)) | Reading::Empty)
        {
            record.fields[change.field] = Reading::Value(Spelling::Text(sent.clone()));
        }
    }
    record
}

fn pair_ids(source: &RecordId, made: &RecordId) -> (Option<HumaId>, Option<XledgerId>) {
    match (source, made) {
        (RecordId::Huma(huma), RecordId::Xledger(xledger))
        | (RecordId::Xledger(xledger), RecordId::Huma(huma)) => (Some(huma.clone()), Some(*xledger)),
        (RecordId::Huma(_), RecordId::Huma(_)) | (RecordId::Xledger(_), RecordId::Xledger(_)) => (None, None),
    }
}

/// What the side is asked for by, in words for the journal.
fn lookup_key(source: &Record, to: Side) -> String {
    let text = |field: Field| source.text(field).unwrap_or_default().trim().to_owned();
    match to {
        Side::Xledger => format!("code {}", text(Field::EmploymentId)),
        Side::Huma => format!("e-mail {}", text(Field::Email)),
    }
}
