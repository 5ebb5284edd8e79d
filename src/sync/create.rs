//! Makes a person on the side they are not on: asked again right before, journalled, linked with the first id known, and
//! completed by ordinary intents. A half-made chain is completed or asked about, never repeated (P2).

use super::apply::{Group, PairNow, targets};
use super::engine::{CycleRun, Engine, SyncError};
use super::people::{CreateOrder, ORDERS, audit_person, can_create, note_link};
use crate::domain::{Field, HumaId, LinkId, Record, RecordId, Side, Spelling, XledgerId};
use crate::reconcile::pair::{PairInput, Terms, reconcile_pair};
use crate::reconcile::{Change, Who, Why};
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
    label: String,
    who: Who,
    answers: Option<String>,
    known_before: BTreeSet<RecordId>,
}

impl Engine {
    /// Finishes what an earlier run began, then carries out the orders.
    pub(super) async fn create_people(
        &mut self,
        run: &mut CycleRun,
        orders: Vec<CreateOrder>,
    ) -> Result<(), SyncError> {
        for creation in self.store.read().unfinished_creations()? {
            self.resume(run, creation).await?;
        }
        let made_before = run.created.len();
        let ordered = orders.len();
        for order in orders {
            if self.stop.is_cancelled() {
                run.stopped = true;
                run.fail(&order.label, None, "not created: the program was ending; asked about again");
                continue;
            }
            let to = order.source.side().other();
            if self.is_resting(to) || self.is_resting(order.source.side()) {
                run.fail(&order.label, None, format!("{to} could not be asked; asked about again"));
                continue;
            }
            self.create_person(run, order).await?;
        }
        // Whatever is left of them is asked about again.
        self.store.write(|tx| tx.remove_meta(&ORDERS))?;
        // Whoever was not made is asked about again, although nothing about them moves.
        run.people_again |= run.created.len() - made_before < ordered;
        Ok(())
    }

    async fn create_person(&mut self, run: &mut CycleRun, order: CreateOrder) -> Result<(), SyncError> {
        let to = order.source.side().other();
        if self.store.read().link_of_record(&order.source)?.is_some() {
            return Ok(());
        }
        let Some(source) = self.reread_source(run, &order).await? else { return Ok(()) };
        if let Err(why) = can_create(&source, to) {
            run.fail(&order.label, None, why);
            return Ok(());
        }
        let found = match self.look_up(&source, to).await? {
            Ok(found) => found,
            Err(error) => {
                self.note_failure(run, &error);
                run.fail(&order.label, None, format!("{to} could not be asked for the same person"));
                return Ok(());
            }
        };
        let shown = self.candidates_shown(&order)?;
        let strangers: Vec<&Record> = found.iter().filter(|record| !shown.contains(&record.id)).collect();
        let now = self.core.clock.now();
        if !strangers.is_empty() {
            let why = format!(
                "not created: {to} has somebody with the same employment ID, e-mail or name and date of birth"
            );
            self.store.write(|tx| {
                for record in &strangers {
                    tx.put_snapshot(record, now, None)?;
                }
                audit_person(tx, run, &source, &why, &order.who, Outcome::Refused, now)
            })?;
            run.fail(&order.label, None, why);
            return Ok(());
        }
        let operation = match to {
            Side::Huma => CREATE_USER,
            Side::Xledger => ADD_EMPLOYEE,
        };
        let known: Vec<RecordId> = found.iter().map(|record| record.id.clone()).collect();
        let key = lookup_key(&source, to);
        let changes = self.first_step(&source, to, &order);
        let reason = Why::Created(to).to_string();
        let (intent, creation) = self.store.write(|tx| {
            let intent = tx.add_intent(&NewIntent {
                cycle: run.cycle,
                link: None,
                record: None,
                person: &order.label,
                side: to,
                operation,
                changes: &changes,
                reason: &reason,
                at: now,
            })?;
            let creation = tx.add_creation(&NewCreation {
                intent,
                source: &source.id,
                lookup_key: &key,
                known_before: &known,
                at: now,
            })?;
            tx.set_intent_state(intent, IntentState::Sent, now)?;
            tx.set_creation_state(creation, CreationState::Sent, now)?;
            let mut orders = tx.meta(&ORDERS)?.unwrap_or_default();
            orders.retain(|other| other.source != order.source);
            tx.put_meta(&ORDERS, &orders)?;
            Ok((intent, creation))
        })?;
        let journal = Journal {
            creation,
            intent,
            source,
            label: order.label,
            who: order.who,
            answers: order.answers,
            known_before: known.into_iter().collect(),
        };
        self.send_first(run, journal, to).await
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
            Err(error) => {
                self.note_failure(run, &error);
                let now = self.core.clock.now();
                self.store.write(|tx| {
                    tx.set_intent_state(journal.intent, IntentState::Failed, now)?;
                    tx.set_creation_state(journal.creation, CreationState::Abandoned, now)?;
                    let outcome = if error.is_passing() { Outcome::Failed } else { Outcome::Refused };
                    audit_person(tx, run, &journal.source, &format!("{error}"), &journal.who, outcome, now)
                })?;
                run.fail(&journal.label, None, error.to_string());
                Ok(())
            }
        }
    }

    /// After an answer that never came: ours is the one record with the key that the journalled look-up did not have.
    async fn find_made(&mut self, run: &mut CycleRun, journal: Journal, to: Side) -> Result<(), SyncError> {
        let found = match self.look_up(&journal.source, to).await? {
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
        let source = match self.read_one(&creation.source).await {
            Ok(Some(source)) => source,
            Ok(None) => return Ok(()),
            Err(error) => {
                self.note_failure(run, &error);
                return Ok(());
            }
        };
        let journal = Journal {
            creation: creation.id,
            intent: creation.intent,
            source,
            label: intent.person,
            who,
            answers,
            known_before: creation.known_before.into_iter().collect(),
        };
        match (creation.state, creation.made) {
            (_, Some(made)) => self.made(run, journal, made).await,
            (CreationState::Sent | CreationState::Unknown, None) => self.find_made(run, journal, to).await,
            // Looked up and not there: the request is sent again, from the same journal.
            (CreationState::Planned, None) => {
                let now = self.core.clock.now();
                self.store.write(|tx| {
                    tx.set_intent_state(journal.intent, IntentState::Sent, now)?;
                    tx.set_creation_state(journal.creation, CreationState::Sent, now)
                })?;
                self.send_first(run, journal, to).await
            }
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
        let (link, is_new) = self.store.write(|tx| {
            let known = tx.link_of_record(&made)?;
            let is_new = known.is_none();
            let link = match known {
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
            Ok((link, is_new))
        })?;
        if is_new {
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
                    reason: &super::cycle::reason(&changes),
                    at: now,
                })?;
                recorded.push(Group { intent, link, label: plan.label.clone(), target, changes });
            }
            Ok(recorded)
        })?;
        // Whatever is left is reconciled like any other pair in the cycle that follows.
        run.moved_meanwhile.insert(link);
        let mut pairs = BTreeMap::from([(link, pair)]);
        self.apply(run, groups, &mut pairs).await?;
        // The answer covers every field shown with it: until each has been written or refused, the creation goes on.
        if !run.unsettled.contains(&link) && !run.stopped {
            let now = self.core.clock.now();
            self.store.write(|tx| tx.set_creation_state(journal.creation, CreationState::Done, now))?;
        }
        Ok(())
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
                let carried = self.core.lenses.carry(*field, source.side(), value, None).ok()?;
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

    /// The source as it is at this moment; `None` where it moved since it was shown, and is asked about anew.
    async fn reread_source(
        &mut self,
        run: &mut CycleRun,
        order: &CreateOrder,
    ) -> Result<Option<Record>, SyncError> {
        let fresh = match self.read_one(&order.source).await {
            Ok(fresh) => fresh,
            Err(error) => {
                self.note_failure(run, &error);
                run.fail(&order.label, None, "could not be read again before creating; asked about again");
                return Ok(None);
            }
        };
        let known = self.store.read().snapshot(&order.source)?;
        match (fresh, known) {
            (Some(fresh), Some(known))
                if fresh.fields == known.record.fields && known.record.digest() == order.digest =>
            {
                Ok(Some(fresh))
            }
            (fresh, _) => {
                let now = self.core.clock.now();
                if let Some(fresh) = fresh {
                    self.store.write(|tx| tx.put_snapshot(&fresh, now, None))?;
                }
                run.fail(&order.label, None, "moved before it was created; asked about again");
                Ok(None)
            }
        }
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
    fn candidates_shown(&self, order: &CreateOrder) -> Result<BTreeSet<RecordId>, SyncError> {
        let Some(item) = &order.answers else { return Ok(BTreeSet::new()) };
        let question = self.store.read().question(item)?.and_then(|stored| stored.question);
        Ok(match question.map(|question| question.shown) {
            Some(crate::reconcile::Shown::People(people)) => {
                people.candidates.into_iter().map(|candidate| candidate.record).collect()
            }
            Some(_) | None => BTreeSet::new(),
        })
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
