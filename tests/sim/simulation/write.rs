//! A write at the moment it reaches a side: what must hold then, and its effect.
//!
//! | promise | checked here                                                                          |
//! |---------|---------------------------------------------------------------------------------------|
//! | P1      | what is replaced was shown to the program last, and the intent says so                  |
//! | P1      | a rule replaces no clerk's edit that the other side never had, and brings no old value back |
//! | P3      | an answer's write finds the values the admin saw                                        |
//! | P4      | an intent in state `sent` with this record, field and value is committed                |
//! | P2      | nobody who has a record on the side is made there again                                  |

use super::value::{Cell, token_of};
use super::world::{Effect, Quirk, Somebody, World};
use hxsync::domain::{Field, Reading, RecordId, Side, Spelling};
use hxsync::reconcile::{Change, Who, Why};
use hxsync::remote::xledger::ChangeKind;
use hxsync::store::IntentState;
use std::collections::BTreeMap;

type Values = BTreeMap<Field, Option<Spelling>>;

impl World {
    /// Fields of a write that the record would refuse.
    pub fn refusals(&self, id: &RecordId, fields: impl Iterator<Item = Field>) -> Vec<Field> {
        let Some(record) = self.records.get(id) else { return vec![] };
        fields
            .filter(|field| {
                record.quirks.get(field) == Some(&Quirk::Refuses)
                    || record.read_only.contains(field)
                    || record.hidden.contains(field)
                    || !record.active
            })
            .collect()
    }

    /// Checks every field of a write against the promises. Called whether or not it will be refused.
    pub fn check_write(&mut self, id: &RecordId, values: &Values) {
        let (intent, changes) = match self.intent_for(id) {
            Some((intent, changes)) => (intent, changes),
            None => return self.violate(format!("P4: a write to {id} has no intent in state sent")),
        };
        for (field, to) in values {
            let Some(change) = changes.iter().find(|change| change.field == *field) else {
                self.violate(format!("P4: intent {intent} does not cover {field} of {id}"));
                continue;
            };
            let sent = to.as_ref().and_then(|to| token_of(*field, to));
            let planned = change.to.as_ref().and_then(|to| token_of(*field, to));
            if sent != planned || to.is_some() != change.to.is_some() || (to.is_some() && sent.is_none()) {
                self.violate(format!("P4: intent {intent} has another value for {field} of {id}"));
            }
            self.check_field(id, *field, change, sent);
        }
    }

    /// The newest sent intent of this record: its id and changes.
    fn intent_for(&mut self, id: &RecordId) -> Option<(i64, Vec<Change>)> {
        let intents = self.reader().read().unfinished_intents().expect("intents read");
        intents
            .into_iter()
            .rfind(|intent| intent.state == IntentState::Sent && intent.record.as_ref() == Some(id))
            .map(|intent| (intent.id.0, intent.changes))
    }

    fn check_field(&mut self, id: &RecordId, field: Field, change: &Change, sent: Option<u32>) {
        let side = id.side();
        let Some(record) = self.records.get(id) else {
            return self.violate(format!("a write to {id}, which is not there"));
        };
        let (who, cell, shown) = (record.who, record.cells[field].clone(), record.shown[field]);
        if cell.value() == sent {
            return;
        }
        let name = format!("{side} {id} (p{who}) {field} {} -> {sent:?}", cell.token);
        if shown != Some(cell.token) {
            return self.violate(format!("P1: {name}: what it replaces was never shown, but {shown:?}"));
        }
        // A value the side made of our own write is replaced by sending the same once more.
        let is_ours = matches!(record.quirks.get(&field), Some(Quirk::Mangles(to)) if *to == cell.token);
        if !is_ours && change.from != cell.reading() {
            self.violate(format!("P1: {name}: the intent says something else was there"));
        }
        let given: Vec<_> = match &change.answers {
            Some(item) => self.given.iter().filter(|given| given.item == *item).cloned().collect(),
            None => vec![],
        };
        // The first position comes with dates nobody was asked about: they fill, as a rule's do.
        if is_ours {
            return;
        }
        if change.who != Who::Hxsync && given.iter().any(|given| given.field == Some(field)) {
            let other = self.record_of(who, side.other());
            let other_shown = other.and_then(|other| {
                let token = other.shown[field]?;
                Some((other.cells[field].clone(), token))
            });
            let fits = given.iter().any(|given| {
                let other_fits = match &other_shown {
                    Some((cell, token)) if cell.token == *token => {
                        cell.value() == given.shown[side.other() as usize]
                            || Some(cell.value()) == given.wanted
                    }
                    // Edited since it was last read: nobody could know.
                    Some(_) | None => true,
                };
                given.shown[side as usize] == cell.value() && given.wanted == Some(sent) && other_fits
            });
            if !fits {
                self.violate(format!("P3: {name}: not what the admin saw and answered: {given:?}"));
            }
            self.give_up(who, field);
            return;
        }
        if matches!(change.why, Why::Created(_)) {
            if !cell.is_empty() {
                self.violate(format!("P1: {name}: completing a new person replaces a value"));
            }
            return;
        }
        let is_fill = cell.is_empty();
        let is_first_fill = is_fill && !self.has_base(id, field);
        if !is_first_fill && !self.is_replaceable(who, side, field, cell.token) {
            self.violate(format!(
                "P1: {name}: a rule ({}) replaces an edit the other side never had",
                change.why
            ));
        }
        let is_back = sent.is_some_and(|sent| self.is_agreed_before(who, field, sent));
        if is_back && !cell.is_empty() {
            self.violate(format!("P1: {name}: a rule ({}) brings back an old value", change.why));
        }
    }

    /// Whether both sides once held this value: replaceable on both without being written anew.
    fn is_agreed_before(&self, who: Somebody, field: Field, token: u32) -> bool {
        Side::BOTH.iter().all(|side| self.replaceable.contains(&(who, *side, field, token)))
    }

    /// A human has decided about both values.
    fn give_up(&mut self, who: Somebody, field: Field) {
        for side in Side::BOTH {
            if let Some(token) = self.record_of(who, side).map(|record| record.cells[field].token) {
                self.replaceable.insert((who, side, field, token));
            }
        }
    }

    fn has_base(&mut self, id: &RecordId, field: Field) -> bool {
        let reader = self.reader().read();
        let Some(link) = reader.link_of_record(id).expect("links read") else { return false };
        reader.base(link.id).expect("bases read").is_some_and(|base| base.fields[field].is_some())
    }

    /// Carries a write out; answers what the fields hold after it.
    pub fn write(&mut self, id: &RecordId, values: &Values) -> BTreeMap<Field, Reading> {
        for (field, to) in values {
            self.write_field(id, *field, to.clone());
        }
        self.note_change(id, ChangeKind::Updated);
        let Some(record) = self.records.get_mut(id) else { return BTreeMap::new() };
        values
            .keys()
            .map(|field| {
                record.shown[*field] = Some(record.cells[*field].token);
                (*field, record.reading(*field))
            })
            .collect()
    }

    fn write_field(&mut self, id: &RecordId, field: Field, to: Option<Spelling>) {
        let side = id.side();
        let token = match &to {
            Some(to) => token_of(field, to),
            None => self.fresh(field, 0),
        };
        let waits = self.huma_email_waits && side == Side::Huma && field == Field::Email;
        let Some(record) = self.records.get_mut(id) else { return };
        let Some(token) = token else { return };
        let who = record.who;
        let sent = Cell { token, spelling: to };
        let value = sent.value();
        let quirk = record.quirks.get(&field).copied();
        let is_same = record.cells[field].says_the_same(&sent);
        let mut now = sent;
        match quirk {
            _ if waits && !is_same => {
                record.requested = value;
                now = record.cells[field].clone();
                self.faults.strike("e-mail waits for confirmation");
            }
            Some(Quirk::Ignores) => {
                now = record.cells[field].clone();
                self.faults.strike("write taken and ignored");
            }
            Some(Quirk::Mangles(other)) if value.is_some() => {
                now = Cell { token: other, spelling: Some(super::value::spell(field, side, other, false)) };
                self.faults.strike("write taken and shown as something else");
            }
            Some(Quirk::Mangles(_) | Quirk::Refuses) | None => {}
        }
        let has_given_way = quirk.is_some();
        self.replaceable.insert((who, side, field, now.token));
        if let Some(record) = self.records.get_mut(id) {
            record.cells[field] = now;
        }
        if has_given_way {
            // Said and remembered as `not-accepted`: a later edit on either side is an ordinary one.
            self.give_up(who, field);
        }
        self.say(format!("  {side} {id} (p{who}) {field} written: {value:?} [{token}]"));
        if quirk != Some(Quirk::Ignores) {
            let to = self.records.get(id).and_then(|record| record.cells[field].value());
            let to = if waits { value } else { to };
            self.effects.push(Effect { record: id.clone(), who, field, to });
        }
        self.note_agreement(who, field);
    }

    /// Checks the making of a person on `side`, and says whom it makes.
    pub fn check_create(
        &mut self,
        side: Side,
        key: Field,
        fields: &BTreeMap<Field, Spelling>,
    ) -> Option<Somebody> {
        let token = fields.get(&key).and_then(|spelling| token_of(key, spelling));
        let Some(who) = token.and_then(|token| self.owners.get(&(key, token)).copied()) else {
            self.violate(format!("somebody is made in {side} whom nobody knows"));
            return None;
        };
        self.say(format!("  making p{who} in {side}"));
        if let Some(known) = self.record_of(who, side) {
            let known = known.id.clone();
            self.violate(format!("P2: p{who} is made in {side} again, beside {known}"));
        }
        let reader = self.reader().read();
        let journals = reader.unfinished_creations().expect("creations read");
        let intents = reader.unfinished_intents().expect("intents read");
        let covered = journals.iter().any(|journal| {
            let source = self.records.get(&journal.source).is_some_and(|record| record.who == who);
            let sent = intents.iter().any(|intent| {
                intent.id == journal.intent
                    && intent.state == IntentState::Sent
                    && fields.iter().all(|(field, spelling)| {
                        intent.changes.iter().any(|change| {
                            change.field == *field
                                && change.to.as_ref().and_then(|to| token_of(*field, to))
                                    == token_of(*field, spelling)
                        })
                    })
            });
            source && sent
        });
        if !covered {
            self.violate(format!("P4: p{who} is made in {side} without a journal and a sent intent"));
        }
        Some(who)
    }

    /// Carries out a create.
    pub fn create(&mut self, side: Side, who: Somebody, fields: &BTreeMap<Field, Spelling>) -> RecordId {
        let values = fields
            .iter()
            .filter_map(|(field, spelling)| Some((*field, token_of(*field, spelling)?)))
            .collect();
        let id = self.add_record(side, who, &values);
        for (field, token) in values {
            self.replaceable.insert((who, side, field, token));
            self.effects.push(Effect { record: id.clone(), who, field, to: Some(token) });
        }
        id
    }
}
