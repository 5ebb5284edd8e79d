//! Judges a world at rest. It knows the truth and reads the store as an auditor would; it shares no code with the
//! reconciler.
//!
//! First with the admin away: every field is equal, or the store says why not and the world agrees that it is so. Then with
//! everything mended and every question answered: equal everywhere. At the end nothing more is written.

use super::admin::Manner;
use super::run::Simulation;
use super::value::{is_simulated, token_of};
use super::world::{SimRecord, World, lock};
use hxsync::domain::{Field, RecordId, Side};
use hxsync::reconcile::{FieldState, Shown, Subject};
use hxsync::store::{AuditSide, IntentState, Link, LinkState, ResolutionState};
use hxsync::sync::Reach;
use jiff::SignedDuration;
use std::collections::BTreeMap;

/// Full cycles a world may take to come to rest.
const BOUND: u32 = 12;

pub async fn bring_to_rest_and_judge(simulation: &mut Simulation) {
    {
        let mut world = lock(&simulation.world);
        world.say("==== faults end");
        let faults = &mut world.faults;
        (faults.rate, faults.edits, faults.listings, faults.crashes) = (0.0, 0.0, 0.0, 0.0);
    }
    simulation.save_rest();
    simulation.settle_file();
    come_to_rest(simulation).await;
    {
        let world = &mut lock(&simulation.world);
        judge_pairs(world, true);
        judge_records(world);
        judge_audit(world, true);
    }
    mend(&mut lock(&simulation.world));
    for _ in 0..BOUND {
        simulation.answer(1.0, Manner::Well);
        simulation.settle_file();
        simulation.settles_request();
        lock(&simulation.world).pass(SignedDuration::from_hours(25));
        let parked = failing(&mut lock(&simulation.world));
        for id in parked {
            simulation.cycle(Reach::Person(id)).await;
        }
        come_to_rest(simulation).await;
        if is_quiet(&mut lock(&simulation.world)) {
            break;
        }
    }
    let before = lock(&simulation.world).writes_tried;
    for reach in [Reach::Full, Reach::Moved, Reach::Full] {
        lock(&simulation.world).pass(SignedDuration::from_hours(3));
        simulation.cycle(reach).await;
    }
    let world = &mut lock(&simulation.world);
    if world.writes_tried != before {
        world.violate("P5: something is written though nothing moved");
    }
    judge_pairs(world, false);
    judge_records(world);
    judge_answers(world);
    judge_audit(world, false);
}

/// Full cycles until one writes nothing.
async fn come_to_rest(simulation: &mut Simulation) {
    let mut quiet = 0;
    for _ in 0..BOUND {
        lock(&simulation.world).pass(SignedDuration::from_hours(2));
        let before = lock(&simulation.world).writes_tried;
        simulation.cycle(Reach::Full).await;
        quiet = if lock(&simulation.world).writes_tried == before { quiet + 1 } else { 0 };
        if quiet == 2 {
            return;
        }
    }
    lock(&simulation.world).violate(format!("P5: still writing after {BOUND} full cycles without edits"));
}

/// Everything that stood in the way is gone.
fn mend(world: &mut World) {
    world.say("==== everything is mended, everything is answered");
    world.huma_email_waits = false;
    let ids: Vec<RecordId> = world.records.keys().cloned().collect();
    for id in ids {
        if let Some(record) = world.records.get_mut(&id) {
            record.quirks.clear();
            record.hidden.clear();
            record.read_only.clear();
            record.active = true;
            record.is_unlisted = false;
        }
        world.note_change(&id, hxsync::remote::xledger::ChangeKind::Updated);
    }
}

fn links(world: &mut World) -> Vec<Link> {
    world.reader().read().links().expect("links read")
}

/// People with a field that was refused: only a human's asking tries it again.
fn failing(world: &mut World) -> Vec<String> {
    let links = links(world);
    let mut found = Vec::new();
    for link in links.into_iter().filter(|link| link.state == LinkState::Linked) {
        let base = world.reader().read().base(link.id).expect("bases read").unwrap_or_default();
        let is_failing =
            |field: Field| base.states[field].as_ref().is_some_and(|mark| mark.state == FieldState::Failing);
        if Field::ALL.into_iter().any(is_failing) {
            found.push(link.huma.0);
        }
    }
    found
}

fn is_quiet(world: &mut World) -> bool {
    let asked = !world.reader().read().open_questions().expect("questions read").is_empty();
    let requested = world.records.values().any(|record| record.requested.is_some());
    !asked && !requested && failing(world).is_empty()
}

/// Linked people: the same person on both sides, each field equal or explained.
fn judge_pairs(world: &mut World, may_ask: bool) {
    let links = links(world);
    let open = world.reader().read().open_questions().expect("questions read");
    let mut asked: BTreeMap<String, Shown> = BTreeMap::new();
    for stored in open {
        let Some(question) = stored.question else { continue };
        let is_due = stored.asleep_until.is_none() && !is_about_somebody_gone(world, &question.subject);
        if !may_ask && is_due && !matches!(question.subject, Subject::Record(_)) {
            let what = question.subject.key();
            world.violate(format!("{} ({what}) is still asked after every answer", stored.item));
        }
        asked.insert(question.subject.key(), question.shown);
    }
    let held = asked.keys().any(|key| key.starts_with("held:"));
    let waits = asked.contains_key("first-sync");
    for link in links {
        let huma = world.records.get(&link.record(Side::Huma)).cloned();
        let xledger = world.records.get(&link.record(Side::Xledger)).cloned();
        let (Some(huma), Some(xledger)) = (huma, xledger) else { continue };
        if huma.who != xledger.who {
            world.violate(format!("p{} and p{} are linked", huma.who, xledger.who));
        }
        // What a listing leaves out is read by id alone, and nobody asks for it by id when it moves.
        if link.state != LinkState::Linked || waits || huma.is_unlisted || xledger.is_unlisted {
            continue;
        }
        let base = world.reader().read().base(link.id).expect("bases read").unwrap_or_default();
        for field in Field::ALL.into_iter().filter(|field| is_simulated(*field)) {
            let name = format!(
                "p{} {field} ({} / {})",
                huma.who, huma.cells[field].token, xledger.cells[field].token
            );
            if huma.cells[field].says_the_same(&xledger.cells[field]) {
                continue;
            }
            let Some(state) = base.states[field].as_ref().map(|mark| mark.state) else {
                world.violate(format!("{name} differs and was never decided"));
                continue;
            };
            let question = asked.get(&Subject::Field { link: link.id, field }.key());
            if let Err(why) = explains(state, &huma, &xledger, field, question, held, may_ask) {
                world.violate(format!("{name} differs, {}: {why}", state.word()));
            }
        }
    }
}

/// A record that is gone keeps its questions and answers waiting until a share of the listing small enough is missing.
fn is_about_somebody_gone(world: &mut World, subject: &Subject) -> bool {
    let Some(link) = subject.link() else { return false };
    let Some(link) = world.reader().read().link(link).expect("links read") else { return false };
    Side::BOTH.iter().any(|side| !world.records.contains_key(&link.record(*side)))
}

/// Whether what the store says of a differing field is so.
fn explains(
    state: FieldState,
    huma: &SimRecord,
    xledger: &SimRecord,
    field: Field,
    question: Option<&Shown>,
    held: bool,
    may_ask: bool,
) -> Result<(), String> {
    let both = [huma, xledger];
    let has = |test: &dyn Fn(&SimRecord) -> bool| match both.iter().any(|record| test(record)) {
        true => Ok(()),
        false => Err("the world knows nothing of it".to_owned()),
    };
    match state {
        // In Huma, empty and not editable is not known to be empty.
        FieldState::Hidden => has(&|record| {
            record.hidden.contains(&field) || record.read_only.contains(&field) || !record.active
        }),
        FieldState::ReadOnly => has(&|record| record.read_only.contains(&field) || !record.active),
        FieldState::Waiting => has(&|record| record.requested.is_some()),
        FieldState::Failing if may_ask => Ok(()),
        FieldState::NotAccepted => Ok(()),
        FieldState::Held if held => Ok(()),
        // A first position is made when its title is answered.
        FieldState::Confirm if question.is_none() && huma.position.is_none() => Ok(()),
        FieldState::Differ => Ok(()),
        // A first position cannot be made while the title is hidden.
        FieldState::Unrepresentable if may_ask && huma.position.is_none() => Ok(()),
        FieldState::Flap
        | FieldState::Confirm
        | FieldState::Clear
        | FieldState::Conflict
        | FieldState::Divergence
        | FieldState::Difference
        | FieldState::Missing => {
            let Some(Shown::Values(values)) = question else { return Err("nothing is asked".into()) };
            let token = |reading: &hxsync::domain::Reading| {
                reading.value().and_then(|spelling| token_of(field, spelling))
            };
            let shown = [token(&values.huma), token(&values.xledger)];
            if shown == [huma.cells[field].value(), xledger.cells[field].value()] {
                Ok(())
            } else {
                Err(format!("the question shows {shown:?}"))
            }
        }
        FieldState::Off
        | FieldState::Invalid
        | FieldState::Unrepresentable
        | FieldState::Failing
        | FieldState::Held
        | FieldState::Agreed => Err("that does not explain it".into()),
    }
}

/// One record per person and side, however it came about.
fn judge_records(world: &mut World) {
    let mut seen: BTreeMap<(usize, Side), RecordId> = BTreeMap::new();
    let records: Vec<(usize, RecordId)> =
        world.records.values().map(|record| (record.who, record.id.clone())).collect();
    for (who, id) in records {
        if let Some(other) = seen.insert((who, id.side()), id.clone()) {
            world.violate(format!("P2: p{who} has two records: {other} and {id}"));
        }
    }
}

/// Every answer that was taken in is finished; what was applied has happened, or the admin was told.
fn judge_answers(world: &mut World) {
    let given = world.given.clone();
    for given in given {
        let question = world.reader().read().question(&given.item).expect("questions read");
        let subject = question.and_then(|stored| stored.question).map(|question| question.subject);
        if subject.is_some_and(|subject| is_about_somebody_gone(world, &subject)) {
            continue;
        }
        let resolutions = world.reader().read().resolutions_to(&given.item).expect("answers read");
        for resolution in &resolutions {
            if resolution.state == ResolutionState::Queued {
                world.violate(format!("{} `{}` is still queued", resolution.item, resolution.verb));
            }
        }
    }
}

/// Every effect has an intent that is finished and a row in the audit.
fn judge_audit(world: &mut World, may_wait: bool) {
    let unfinished = world.reader().read().unfinished_intents().expect("intents read");
    for intent in unfinished {
        // What was allowed waits for a record that cannot be read.
        if may_wait && intent.state == IntentState::Planned {
            continue;
        }
        let (id, side, state) = (intent.id.0, intent.side, intent.state.word());
        world.violate(format!(
            "intent {id} ({side} {}, {}) is still {state}",
            intent.operation, intent.person
        ));
    }
    let effects = world.effects.clone();
    for effect in effects {
        let side = effect.record.side();
        let reader = world.reader().read();
        let ever = reader.links_ever_of(&effect.record).expect("links read");
        let mut rows = Vec::new();
        for link in ever {
            rows.extend(reader.audit_of_link(link.id, Some(effect.field)).expect("audit reads"));
        }
        let fits = rows.iter().any(|row| {
            let told = row.new.as_deref().map(|text| text.to_owned());
            let same = match (&told, effect.to) {
                (Some(text), Some(token)) => names(effect.field, text, token),
                (None, None) => true,
                (Some(_), None) | (None, Some(_)) => false,
            };
            row.side == Some(AuditSide::One(side)) && same
        });
        if !fits {
            let (field, to) = (effect.field, effect.to);
            world.violate(format!("P4: p{} {side} {field} := {to:?} is in no audit row", effect.who));
        }
    }
}

/// Whether the readable text in the audit is this value.
fn names(field: Field, text: &str, token: u32) -> bool {
    match super::value::spell(field, Side::Xledger, token, false) {
        hxsync::domain::Spelling::Text(plain) => {
            let fold = |text: &str| text.to_lowercase().replace(' ', "");
            fold(text) == fold(&plain)
        }
        hxsync::domain::Spelling::Named(named) => text == named.name,
        hxsync::domain::Spelling::Address(_) => text.contains(&format!("Gate {token}")),
        hxsync::domain::Spelling::Account(_) => false,
    }
}
