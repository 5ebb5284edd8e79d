//! Both systems in domain terms: records whose every value knows where it came from, and clerks who edit them.

use super::fault::Faults;
use super::value::{self, Cell, TITLES, spell};
use hxsync::domain::record::{About, PositionStatus};
use hxsync::domain::{
    Field, FieldMap, HumaAbout, HumaId, Lock, MainPosition, Positions, Reading, Record, RecordId, Side,
    XledgerAbout, XledgerId,
};
use hxsync::remote::xledger::ChangeKind;
use hxsync::store::{ReadStore, Store};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};

/// A person as the simulation knows them: the truth that both sides' records are about.
pub type Somebody = usize;

/// What a record does with writes to one of its fields, until somebody mends it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Quirk {
    Refuses,
    /// Takes the write and shows this value instead.
    Mangles(u32),
    /// Takes the write and shows what was there before.
    Ignores,
}

/// One record of one side.
#[derive(Debug, Clone)]
pub struct SimRecord {
    pub id: RecordId,
    pub who: Somebody,
    pub cells: FieldMap<Cell>,
    pub hidden: BTreeSet<Field>,
    pub read_only: BTreeSet<Field>,
    pub quirks: BTreeMap<Field, Quirk>,
    pub active: bool,
    /// An e-mail Huma waits to have confirmed.
    pub requested: Option<u32>,
    pub position: Option<u32>,
    /// The listing leaves the record out although it is there.
    pub is_unlisted: bool,
    /// The cells the program was last shown.
    pub shown: FieldMap<Option<u32>>,
    /// Number of the call that last showed the record.
    pub shown_at: u64,
}

/// One write that took effect (or was taken and ignored).
#[derive(Debug, Clone)]
pub struct Effect {
    pub record: RecordId,
    pub who: Somebody,
    pub field: Field,
    pub to: Option<u32>,
}

/// An answer as the admin gave it.
#[derive(Debug, Clone)]
pub struct Given {
    pub item: String,
    /// Of a question about one field.
    pub field: Option<Field>,
    /// Values shown with the question on each side; `None` is empty.
    pub shown: [Option<u32>; 2],
    /// What both sides shall hold; the outer `None`: no value follows from the answer.
    pub wanted: Option<Option<u32>>,
}

pub struct World {
    pub random: fastrand::Rng,
    pub now: Timestamp,
    pub start: Timestamp,
    pub records: BTreeMap<RecordId, SimRecord>,
    pub huma_titles: BTreeSet<u32>,
    pub change_log: Vec<(XledgerId, ChangeKind)>,
    pub faults: Faults,
    /// Calls so far, of both sides.
    pub calls: u64,
    /// Moments at which the program may die: before and after each call, and at each reading of the clock, which comes
    /// before each commit.
    pub steps: u64,
    pub crash_at: Option<u64>,
    pub huma_email_waits: bool,
    /// Values no clerk waits for any more on a side: agreed once, written by the program, or given up by a human.
    pub replaceable: BTreeSet<(Somebody, Side, Field, u32)>,
    pub owners: BTreeMap<(Field, u32), Somebody>,
    pub given: Vec<Given>,
    pub effects: Vec<Effect>,
    /// Calls that would have written, effective or not.
    pub writes_tried: u64,
    pub violations: Vec<String>,
    pub history: Vec<String>,
    pub database: PathBuf,
    reader: Option<ReadStore>,
    tokens: BTreeMap<Field, u32>,
    people: usize,
    next_id: i64,
}

pub type Shared = Arc<Mutex<World>>;

/// A death of the program ends a call by unwinding, which must not stop the next run.
pub fn lock(world: &Shared) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl World {
    pub fn new(seed: u64, database: PathBuf) -> World {
        let start: Timestamp = "2026-11-02T07:00:00Z".parse().expect("a moment");
        World {
            random: fastrand::Rng::with_seed(seed),
            now: start,
            start,
            records: BTreeMap::new(),
            huma_titles: BTreeSet::new(),
            change_log: vec![],
            faults: Faults::default(),
            calls: 0,
            steps: 0,
            crash_at: None,
            huma_email_waits: false,
            replaceable: BTreeSet::new(),
            owners: BTreeMap::new(),
            given: vec![],
            effects: vec![],
            writes_tried: 0,
            violations: vec![],
            history: vec![],
            database,
            reader: None,
            tokens: BTreeMap::new(),
            people: 0,
            next_id: 500,
        }
    }

    pub fn say(&mut self, what: impl Into<String>) {
        let what = format!("{:>5} {} {}", self.calls, self.now.strftime("%d %H:%M:%S"), what.into());
        self.history.push(what);
    }

    pub fn violate(&mut self, what: impl Into<String>) {
        let what = what.into();
        self.say(format!("VIOLATION {what}"));
        self.violations.push(what);
    }

    /// A value nobody has had before. `None`: the field has run out of them.
    pub fn fresh(&mut self, field: Field, who: Somebody) -> Option<u32> {
        let next = self.tokens.entry(field).or_default();
        if field == Field::JobTitle && *next + 1 >= TITLES {
            return None;
        }
        *next += 1;
        let token = *next;
        self.owners.insert((field, token), who);
        Some(token)
    }

    pub fn reader(&mut self) -> &ReadStore {
        let database = &self.database;
        self.reader.get_or_insert_with(|| Store::open_readonly(database).expect("the database reads"))
    }

    pub fn new_somebody(&mut self) -> Somebody {
        self.people += 1;
        self.people
    }

    /// Makes a record of somebody on a side with these values.
    pub fn add_record(&mut self, side: Side, who: Somebody, values: &BTreeMap<Field, u32>) -> RecordId {
        self.next_id += 1;
        let id = match side {
            Side::Huma => RecordId::Huma(HumaId(format!("00000000-0000-4000-8000-{:012}", self.next_id))),
            Side::Xledger => RecordId::Xledger(XledgerId(self.next_id)),
        };
        let has_position = values.contains_key(&Field::JobTitle);
        let cells = FieldMap::from_fn(|field| match values.get(&field) {
            Some(token) => Cell { token: *token, spelling: Some(spell(field, side, *token, false)) },
            None => Cell { token: 0, spelling: None },
        });
        if let (Side::Huma, Some(title)) = (side, values.get(&Field::JobTitle)) {
            self.huma_titles.insert(*title);
        }
        let record = SimRecord {
            id: id.clone(),
            who,
            cells,
            hidden: BTreeSet::new(),
            read_only: BTreeSet::new(),
            quirks: BTreeMap::new(),
            active: true,
            requested: None,
            position: (side == Side::Huma && has_position).then_some(1),
            is_unlisted: false,
            shown: FieldMap::from_fn(|_| None),
            shown_at: 0,
        };
        self.records.insert(id.clone(), record);
        self.note_change(&id, ChangeKind::Added);
        for field in Field::ALL {
            self.note_agreement(who, field);
        }
        id
    }

    pub fn note_change(&mut self, id: &RecordId, kind: ChangeKind) {
        if let RecordId::Xledger(id) = id {
            self.change_log.push((*id, kind));
        }
    }

    pub fn record_of(&self, who: Somebody, side: Side) -> Option<&SimRecord> {
        self.records.values().find(|record| record.who == who && record.id.side() == side)
    }

    /// Where both sides hold the same, nobody's edit is waiting to be carried.
    pub fn note_agreement(&mut self, who: Somebody, field: Field) {
        let (Some(huma), Some(xledger)) =
            (self.record_of(who, Side::Huma), self.record_of(who, Side::Xledger))
        else {
            return;
        };
        let (huma, xledger) = (&huma.cells[field], &xledger.cells[field]);
        if huma.says_the_same(xledger) {
            let (huma, xledger) = (huma.token, xledger.token);
            self.replaceable.insert((who, Side::Huma, field, huma));
            self.replaceable.insert((who, Side::Xledger, field, xledger));
        }
    }

    pub fn is_replaceable(&self, who: Somebody, side: Side, field: Field, token: u32) -> bool {
        token == 0 || self.replaceable.contains(&(who, side, field, token))
    }

    /// A clerk types a value, or empties the field. False where the side's own screen would not let them.
    pub fn clerk_sets(&mut self, id: &RecordId, field: Field, value: Option<u32>) -> bool {
        let side = id.side();
        let fancy = self.random.f32() < 0.2;
        let Some(record) = self.records.get(id) else { return false };
        if side == Side::Huma && field.is_on_position() && record.position.is_none() {
            return false;
        }
        let who = record.who;
        let cell = match value {
            Some(token) => Cell { token, spelling: Some(spell(field, side, token, fancy)) },
            None if !value::may_be_empty(field, side) || record.cells[field].is_empty() => return false,
            None => match self.fresh(field, who) {
                Some(token) => Cell { token, spelling: None },
                None => return false,
            },
        };
        if let (Side::Huma, Field::JobTitle, Some(title)) = (side, field, value) {
            self.huma_titles.insert(title);
        }
        let shown = cell.value().map_or("(empty)".into(), |token| token.to_string());
        self.say(format!("clerk: {side} {id} (p{who}) {field} := {shown} [{}]", cell.token));
        let record = self.records.get_mut(id).expect("found above");
        record.cells[field] = cell;
        if field == Field::Email {
            record.requested = None;
        }
        self.note_change(id, ChangeKind::Updated);
        self.note_agreement(who, field);
        true
    }

    /// Any clerk edits any field of anybody but these.
    pub fn clerk_edits(&mut self, not: &[RecordId]) -> Option<(RecordId, Field)> {
        let ids: Vec<RecordId> = self.records.keys().filter(|id| !not.contains(id)).cloned().collect();
        let id = self.random.choice(ids)?;
        let side = id.side();
        let fields: Vec<Field> = Field::ALL.into_iter().filter(|field| value::is_simulated(*field)).collect();
        let field = self.random.choice(fields)?;
        if field == Field::EmploymentId && self.random.f32() < 0.7 {
            return None;
        }
        let record = &self.records[&id];
        let who = record.who;
        let other = self.record_of(who, side.other()).and_then(|record| record.cells[field].value());
        let draw = self.random.f32();
        let value = match other {
            // The same edit typed into both systems.
            Some(other) if draw < 0.1 => Some(other),
            _ if draw < 0.2 => None,
            _ => Some(self.fresh(field, who)?),
        };
        self.clerk_sets(&id, field, value).then_some((id, field))
    }

    /// The record as the side's interface shows it at this moment.
    pub fn show(&mut self, id: &RecordId) -> Option<Record> {
        let calls = self.calls;
        let record = self.records.get_mut(id)?;
        record.shown_at = calls;
        for field in Field::ALL {
            record.shown[field] = Some(record.cells[field].token);
        }
        Some(record.as_record())
    }

    pub fn shown_just_now(&self, ids: &[RecordId]) -> Vec<RecordId> {
        ids.iter()
            .filter(|id| self.records.get(*id).is_some_and(|record| record.shown_at + 1 == self.calls))
            .cloned()
            .collect()
    }

    pub fn pass(&mut self, time: SignedDuration) {
        self.now += time;
    }
}

impl SimRecord {
    pub fn reading(&self, field: Field) -> Reading {
        match self.hidden.contains(&field) {
            true => Reading::Hidden,
            false => self.cells[field].reading(),
        }
    }

    pub fn as_record(&self) -> Record {
        let mut locked: BTreeMap<Field, Lock> =
            self.read_only.iter().map(|field| (*field, Lock::NotEditable)).collect();
        if !self.active {
            locked = Field::ALL.into_iter().map(|field| (field, Lock::Deactivated)).collect();
        }
        let about = match &self.id {
            RecordId::Huma(_) => About::Huma(HumaAbout {
                active: self.active,
                requested_email: self.requested.map(|token| format!("p{token}@sim.example")),
                positions: match self.position {
                    Some(position) => Positions::Main(MainPosition {
                        id: format!("position-{position}"),
                        status: PositionStatus::Current,
                    }),
                    None => Positions::None,
                },
                ..HumaAbout::default()
            }),
            RecordId::Xledger(XledgerId(id)) => About::Xledger(XledgerAbout {
                contact_id: Some(id + 10_000),
                subledger_id: Some(id + 20_000),
                owner_id: Some(1),
                description: None,
            }),
        };
        Record { id: self.id.clone(), fields: FieldMap::from_fn(|field| self.reading(field)), locked, about }
    }
}
