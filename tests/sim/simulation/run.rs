//! A real engine over the simulated world: its cycles, its deaths, and a random month drawn from a seed.

use super::admin::{self, Manner, Unsaved};
use super::clock::SimClock;
use super::fault::Crash;
use super::huma::SimHuma;
use super::value::{is_simulated, may_be_empty};
use super::world::{Quirk, Shared, World, lock};
use super::xledger::SimXledger;
use futures_util::FutureExt;
use hxsync::config::Settings;
use hxsync::domain::{Field, RecordId, Side};
use hxsync::remote::xledger::ChangeKind;
use hxsync::remote::{Clock, Huma, Xledger};
use hxsync::store::Store;
use hxsync::sync::{Cause, CycleRequest, Engine, Reach, SyncError};
use jiff::SignedDuration;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use tempfile::TempDir;

pub struct Simulation {
    pub world: Shared,
    pub engine: Option<Engine>,
    pub cycles: u64,
    settings: Settings,
    dir: TempDir,
    unsaved: Option<Unsaved>,
}

/// The settings every run starts from; `more` is TOML.
fn settings(dir: &TempDir, more: &str) -> Settings {
    let place = dir.path().display();
    let text = format!(
        "[huma]\nurl = \"https://huma.sim.example\"\nclient_id = \"sim\"\nclient_secret_file = \"{place}/huma\"\n\
         builtin_integration = \"off\"\n\
         [xledger]\nurl = \"https://xledger.sim.example\"\ntoken_file = \"{place}/xledger\"\n\
         [state]\ndirectory = \"{place}\"\n[resolutions]\nfile = \"{place}/answers/resolutions.txt\"\nsettle = \"50ms\"\n{more}\n"
    );
    Settings::parse(&text, "sim.toml", &|_| None).unwrap_or_else(|errors| panic!("{}", errors.render()))
}

/// High enough that no limit trips.
pub const WIDE: &str = "[guard]\nchanges_per_field = { percent = 100, count = 999 }\n\
     clears = { percent = 100, count = 999 }\ncreates = { percent = 100, count = 999 }\n\
     end_dates = { percent = 100, count = 999 }\n";

impl Simulation {
    pub fn new(seed: u64, more: &str) -> Simulation {
        let shm = PathBuf::from("/dev/shm");
        let dir = match shm.is_dir() {
            true => tempfile::tempdir_in(shm),
            false => tempfile::tempdir(),
        };
        let dir = dir.expect("a directory");
        let world = World::new(seed, dir.path().join("hxsync.db"));
        std::fs::create_dir(dir.path().join("answers")).expect("a directory");
        let settings = settings(&dir, more);
        Simulation {
            world: Arc::new(Mutex::new(world)),
            engine: None,
            cycles: 0,
            settings,
            dir,
            unsaved: None,
        }
    }

    pub fn file(&self) -> PathBuf {
        self.dir.path().join("answers/resolutions.txt")
    }

    /// Starts the program, again and again where it dies while starting.
    pub fn open(&mut self) {
        while self.engine.is_none() {
            let (world, settings, path) = (&self.world, &self.settings, self.dir.path().join("hxsync.db"));
            let opened = catch_unwind(AssertUnwindSafe(|| {
                let (now, seed) = {
                    let mut world = lock(world);
                    (world.now, world.random.u64(..))
                };
                let mut chance = fastrand::Rng::with_seed(seed);
                let store = Store::open(&path, now, &mut |bytes: &mut [u8]| chance.fill(bytes))?;
                let huma: Arc<dyn Huma> = Arc::new(SimHuma(Arc::clone(world)));
                let xledger: Arc<dyn Xledger> = Arc::new(SimXledger(Arc::clone(world)));
                let clock: Arc<dyn Clock> = Arc::new(SimClock(Arc::clone(world)));
                let mut engine = Engine::new(huma, xledger, clock, store, settings.clone())?;
                engine.open_desk()?;
                Ok::<Engine, SyncError>(engine)
            }));
            match opened {
                Ok(Ok(engine)) => self.engine = Some(engine),
                Ok(Err(error)) => panic!("the program does not start: {error}"),
                Err(payload) if payload.is::<Crash>() => {}
                Err(payload) => resume_unwind(payload),
            }
        }
    }

    /// Runs one cycle. False where the program died in it; it has been started again then.
    pub async fn cycle(&mut self, reach: Reach) -> bool {
        self.open();
        lock(&self.world).say(format!("== cycle, {reach:?}"));
        self.cycles += 1;
        let Some(engine) = &mut self.engine else { return false };
        let request = CycleRequest { cause: Cause::Schedule, reach, dry_run: false };
        match AssertUnwindSafe(engine.cycle(request, &|_, _, _| {})).catch_unwind().await {
            Ok(Ok(report)) => {
                let mut world = lock(&self.world);
                for failure in &report.failures {
                    world.say(format!("  failure: {:?} {}", failure.field, failure.why));
                }
                true
            }
            Ok(Err(SyncError::NobodyKnown(_) | SyncError::SeveralKnown(_))) => true,
            Ok(Err(error)) => {
                lock(&self.world).violate(format!("a cycle ended with an error: {error}"));
                true
            }
            Err(payload) if payload.is::<Crash>() => {
                self.engine = None;
                self.open();
                false
            }
            Err(payload) => resume_unwind(payload),
        }
    }

    /// Looks at the file twice with time between, so that a save has settled.
    pub fn settle_file(&mut self) {
        for _ in 0..2 {
            self.open();
            let Some(engine) = &mut self.engine else { return };
            let looked = catch_unwind(AssertUnwindSafe(|| engine.look_at_file()));
            lock(&self.world).pass(SignedDuration::from_secs(1));
            match looked {
                Ok(Ok(_)) => {}
                Ok(Err(error)) => lock(&self.world).violate(format!("the file cannot be looked at: {error}")),
                Err(payload) if payload.is::<Crash>() => self.engine = None,
                Err(payload) => resume_unwind(payload),
            }
        }
        self.open();
    }

    pub fn answer(&mut self, share: f32, manner: Manner) {
        let unsaved = admin::answer(&self.world, &self.file(), share, manner);
        self.unsaved = unsaved.or(self.unsaved.take());
    }

    /// Whether a text waits to be saved.
    pub fn save_rest(&mut self) {
        if let Some(Unsaved(text)) = self.unsaved.take() {
            lock(&self.world).say("admin: saves the text from before");
            std::fs::write(self.file(), text).expect("the file writes");
        }
    }

    /// Somebody new, on one side or both.
    pub fn newcomer(&mut self, sides: &[Side]) {
        let mut world = lock(&self.world);
        let who = world.new_somebody();
        let mut values = BTreeMap::new();
        for field in Field::ALL.into_iter().filter(|field| is_simulated(*field)) {
            let is_optional = Side::BOTH.iter().all(|side| may_be_empty(field, *side));
            if is_optional && world.random.f32() < 0.4 {
                continue;
            }
            values.extend(world.fresh(field, who).map(|token| (field, token)));
        }
        for side in sides {
            let mut own = values.clone();
            for field in Field::ALL.into_iter().filter(|field| is_simulated(*field)) {
                let is_key = matches!(field, Field::EmploymentId | Field::GivenName | Field::FamilyName);
                let draw = world.random.f32();
                if is_key || field == Field::BirthDate || draw > 0.2 {
                    continue;
                }
                if may_be_empty(field, *side) && draw < 0.1 {
                    own.remove(&field);
                } else {
                    own.extend(world.fresh(field, who).map(|token| (field, token)));
                }
            }
            let id = world.add_record(*side, who, &own);
            world.say(format!("newcomer: p{who} {side} {id}"));
        }
    }

    /// One thing that happens between two cycles.
    pub async fn something_happens(&mut self) {
        let (what, id, field) = {
            let mut world = lock(&self.world);
            let ids: Vec<RecordId> = world.records.keys().cloned().collect();
            let fields: Vec<Field> = Field::ALL.into_iter().filter(|field| is_simulated(*field)).collect();
            (world.random.u32(0..100), world.random.choice(ids), world.random.choice(fields))
        };
        let (Some(id), Some(field)) = (id, field) else { return };
        match what {
            0..40 => {
                lock(&self.world).clerk_edits(&[]);
            }
            40..43 => {
                let sides: &[Side] = match lock(&self.world).random.u8(0..3) {
                    0 => &[Side::Huma],
                    1 => &[Side::Xledger],
                    _ => &Side::BOTH,
                };
                self.newcomer(sides);
            }
            43 => self.leaves(&id),
            44..46 => self.moves_position(&id),
            46..51 => self.changes_rights(&id, field),
            51..54 => self.changes_quirk(&id, field),
            54..56 => self.settles_request(),
            56..68 => {
                let manner = {
                    let mut world = lock(&self.world);
                    match world.random.u8(0..8) {
                        0 => Manner::Misspelt,
                        1 => Manner::Doubled,
                        2 => Manner::Half,
                        3 => Manner::Late,
                        _ => Manner::Well,
                    }
                };
                self.save_rest();
                self.answer(0.6, manner);
                self.settle_file();
            }
            68..72 => {
                let minutes = lock(&self.world).random.i64(1..600);
                lock(&self.world).pass(SignedDuration::from_mins(minutes));
            }
            72 => {
                lock(&self.world).say("restart");
                self.engine = None;
                self.open();
            }
            _ => {
                lock(&self.world).pass(SignedDuration::from_mins(2));
                let reach = {
                    let mut world = lock(&self.world);
                    match world.random.u8(0..10) {
                        0..5 => Reach::Moved,
                        5..7 => Reach::Full,
                        7 => Reach::Sweep { people: 3 },
                        _ => Reach::Person(id.to_string()),
                    }
                };
                self.cycle(reach).await;
            }
        }
    }

    fn leaves(&self, id: &RecordId) {
        let mut world = lock(&self.world);
        let kind = world.random.u8(0..3);
        match kind {
            0 => {
                world.say(format!("gone: {id}"));
                world.records.remove(id);
                world.note_change(id, ChangeKind::Deleted);
                world.faults.strike("record deleted by a clerk");
            }
            1 => {
                if let Some(record) = world.records.get_mut(id).filter(|_| id.side() == Side::Huma) {
                    record.active = !record.active;
                    world.faults.strike("account deactivated or activated");
                    world.say(format!("deactivated or activated: {id}"));
                }
            }
            _ => {
                // Somebody no listing ever showed cannot be known.
                if let Some(record) = world.records.get_mut(id).filter(|record| record.shown_at > 0) {
                    record.is_unlisted = !record.is_unlisted;
                    world.faults.strike("record left out of listings, or shown again");
                    world.say(format!("unlisted or listed: {id}"));
                }
            }
        }
    }

    /// Another main position in Huma, with a title of its own and no dates but the first.
    fn moves_position(&self, id: &RecordId) {
        let mut world = lock(&self.world);
        let Some(record) = world.records.get(id).filter(|record| record.position.is_some()) else { return };
        let (who, next) = (record.who, record.position.map_or(1, |position| position + 1));
        world.faults.strike("main position changed");
        world.say(format!("position {next}: {id}"));
        if let Some(record) = world.records.get_mut(id) {
            record.position = Some(next);
            for field in [Field::ProbationEndDate, Field::TerminationNoticeDate, Field::LastDayOfWork] {
                record.cells[field] = super::value::Cell { token: 0, spelling: None };
            }
        }
        for field in [Field::JobTitle, Field::FirstDayOfWork] {
            if let Some(token) = world.fresh(field, who) {
                world.clerk_sets(id, field, Some(token));
            }
        }
        for field in Field::ALL {
            world.note_agreement(who, field);
        }
    }

    fn changes_rights(&self, id: &RecordId, field: Field) {
        let mut world = lock(&self.world);
        let (hides, on) = (world.random.bool(), world.random.bool());
        // Names and the number are what people are known by.
        if matches!(field, Field::GivenName | Field::FamilyName | Field::EmploymentId | Field::Email) {
            return;
        }
        world.say(format!("rights: {id} {field} hides={hides} on={on}"));
        world.faults.strike(if hides {
            "field hidden or shown again"
        } else {
            "field read-only or writable again"
        });
        let Some(record) = world.records.get_mut(id) else { return };
        let set = if hides { &mut record.hidden } else { &mut record.read_only };
        if on {
            set.insert(field)
        } else {
            set.remove(&field)
        };
        if let RecordId::Xledger(_) = id {
            world.note_change(id, ChangeKind::Updated);
        }
    }

    fn changes_quirk(&self, id: &RecordId, field: Field) {
        let mut world = lock(&self.world);
        let draw = world.random.u8(0..4);
        let token = world.fresh(field, 0);
        world.say(format!("quirk: {id} {field} {draw}"));
        let Some(record) = world.records.get_mut(id) else { return };
        match (draw, token) {
            (0, _) => drop(record.quirks.remove(&field)),
            (1, Some(token)) => drop(record.quirks.insert(field, Quirk::Mangles(token))),
            (2, _) => drop(record.quirks.insert(field, Quirk::Ignores)),
            _ => drop(record.quirks.insert(field, Quirk::Refuses)),
        }
    }

    /// The person confirms the e-mail Huma asked about, or the request ends.
    pub fn settles_request(&self) {
        let mut world = lock(&self.world);
        let waiting: Vec<RecordId> = world
            .records
            .values()
            .filter(|record| record.requested.is_some())
            .map(|record| record.id.clone())
            .collect();
        for id in waiting {
            let confirms = world.random.bool();
            world.say(format!("request of {id} ends, confirmed: {confirms}"));
            let Some(record) = world.records.get_mut(&id) else { continue };
            let (who, requested) = (record.who, record.requested.take());
            if let Some(token) = requested.filter(|_| confirms) {
                let spelling = super::value::spell(Field::Email, Side::Huma, token, false);
                record.cells[Field::Email] = super::value::Cell { token, spelling: Some(spelling) };
                world.replaceable.insert((who, Side::Huma, Field::Email, token));
                world.note_agreement(who, Field::Email);
            }
        }
    }
}
