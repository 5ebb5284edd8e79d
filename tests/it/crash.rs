//! Stops and lost answers at any write of the first apply, and what the next start makes of them.

use crate::support::cast::{people_among, with_an_end};
use crate::support::stored::{FIELDS, huma_id, in_huma, in_xledger, xledger_id};
use crate::support::views::{number, rows};
use crate::support::world::{World, answered};
use hxsync::sandbox::huma::{Fault, FaultKind};
use hxsync::sandbox::people::Person;
use hxsync::sandbox::xledger::OperationKind;
use hxsync::sync::{Cause, CycleRequest, Reach};
use serde_json::json;
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Arc, Mutex};

/// Fills and first positions on both sides, and a newcomer for each.
fn cast() -> Vec<Person> {
    let names =
        ["Isak Tvedt", "Helge Borgen", "Hege Krog", "Arne Lund", "Asbjørn Fevik", "Ole Martin Rustad"];
    people_among(2, &names).into_iter().map(with_an_end).collect()
}

/// Everything is answered in one save, the first sync too; the next cycle applies it.
async fn ready() -> World {
    // With limits of nothing: what is left of the first sync after a stop is still what a human allowed.
    let guard = "[guard]\nchanges_per_field = { percent = 0, count = 0 }\ncreates = { percent = 0, count = 0 }\n\
                 end_dates = { percent = 0, count = 0 }\n";
    let mut world = World::with_settings(&cast(), guard).await;
    world.full().await;
    world
        .allow_with(|text| {
            let text = answered(&text, "Isak Tvedt (1140)", "create-xledger");
            let text = answered(&text, "Helge Borgen (1142)", "create-huma");
            answered(&text, "Ole Martin Rustad (1120), address", "huma")
        })
        .await;
    world
}

fn request() -> CycleRequest {
    CycleRequest { cause: Cause::Start, reach: Reach::Moved, dry_run: false }
}

/// What both sides hold, whatever their ids.
fn holdings(world: &World) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for person in world.huma.people() {
        let id = person["id"].as_str().expect("an id");
        all.push(format!("huma {:?}", FIELDS.map(|field| in_huma(world, id, field))));
    }
    for person in world.xledger.people().as_array().expect("a list") {
        let id = person["db_id"].as_i64().expect("an id");
        all.push(format!("xledger {:?}", FIELDS.map(|field| in_xledger(world, id, field))));
    }
    all.sort();
    all
}

/// Where a run may be hit: a kind of request, and which one of them.
#[derive(Debug, Clone)]
enum Place {
    Huma { method: String, route: String, nth: u32 },
    Xledger { nth: u32 },
}

/// Every write request of an undisturbed run.
async fn places() -> (Vec<Place>, Vec<String>) {
    let mut world = ready().await;
    let (huma, xledger) = (world.huma.requests().len(), mutations(&world));
    world.until_quiet().await;
    let mut seen: BTreeMap<(String, String), u32> = BTreeMap::new();
    let mut places = Vec::new();
    for request in &world.huma.requests()[huma..] {
        if request.method == "GET" || request.route.contains("oauth") {
            continue;
        }
        let nth = seen.entry((request.method.clone(), request.route.clone())).or_default();
        *nth += 1;
        places.push(Place::Huma { method: request.method.clone(), route: request.route.clone(), nth: *nth });
    }
    places.extend((1..=mutations(&world) - xledger).map(|nth| Place::Xledger { nth }));
    (places, holdings(&world))
}

fn mutations(world: &World) -> u32 {
    let requests = world.xledger.requests();
    requests.iter().filter(|request| request.operation == OperationKind::Mutation).count() as u32
}

fn inject(world: &World, place: &Place, huma: FaultKind, xledger: &str) {
    match place {
        Place::Huma { method, route, nth } => {
            world.huma.add_fault(Fault::from(huma).on(method, route).nth(*nth));
        }
        Place::Xledger { nth } => {
            let rule = json!({"operation": "mutation", "skip": nth - 1, "fault": {"kind": xledger}});
            world.xledger.add_fault(rule).expect("a rule");
        }
    }
}

fn clear(world: &World) {
    world.huma.clear_faults();
    world.huma.release_held();
    world.xledger.remove_faults(None);
}

/// Runs cycles until one is held at a write, and gives that one up: what the process had in memory is gone.
async fn die_at_the_hold(world: &mut World, place: &Place) {
    for _ in 0..4 {
        let World { engine, huma, xledger, .. } = world;
        let held = tokio::select! {
            report = engine.cycle(request(), &|_, _, _| {}) => { report.expect("a cycle"); false }
            () = huma.until_held(1) => true,
            () = xledger.wait_for_held(1) => true,
        };
        if held {
            world.restart();
            clear(world);
            return;
        }
    }
    panic!("nothing was held at {place:?}");
}

fn assert_explained(world: &World, place: &str) {
    let unfinished =
        number(world, "SELECT count(*) FROM intents WHERE state IN ('planned', 'sent', 'unknown')");
    assert_eq!(unfinished, 0, "{place}: {:?}", rows(world, "SELECT * FROM intents"));
}

#[tokio::test]
async fn p2_a_stop_at_any_write_ends_as_without_and_with_nobody_twice() {
    let (places, wanted) = places().await;
    assert!(places.len() >= 8, "{places:?}");
    for place in &places {
        for after_effect in [false, true] {
            let mut world = ready().await;
            let kind = if after_effect { "hold-after" } else { "hold" };
            inject(&world, place, FaultKind::Hold { after_effect }, kind);
            die_at_the_hold(&mut world, place).await;
            world.until_quiet().await;
            assert_eq!(holdings(&world), wanted, "stopped {kind} {place:?}\n{}", world.text());
            assert_explained(&world, &format!("{place:?}"));
        }
    }
}

#[tokio::test]
async fn p2_a_lost_answer_to_any_write_ends_as_without_and_with_nobody_twice() {
    let (places, wanted) = places().await;
    for place in &places {
        for (huma, xledger) in [(FaultKind::DropBefore, "drop-before"), (FaultKind::DropAfter, "drop-after")]
        {
            let mut world = ready().await;
            inject(&world, place, huma, xledger);
            world.cycle(Reach::Moved).await;
            world.until_quiet().await;
            assert_eq!(holdings(&world), wanted, "{xledger} {place:?}\n{}", world.text());
            assert_explained(&world, &format!("{place:?}"));
        }
    }
}

#[tokio::test]
async fn p2_a_create_that_is_refused_or_not_available_is_told_and_asked_again() {
    let mut world = ready().await;
    world.huma.add_fault(Fault::status(400).on("POST", "/users").times(1));
    let rule = json!({"field": "addEmployees", "fault": {"kind": "error", "message": "Not this one."}});
    world.xledger.add_fault(rule).expect("a rule");
    let report = world.cycle(Reach::Moved).await;
    assert_eq!(report.created, Vec::<String>::new());
    let failed: Vec<&str> = report.failures.iter().map(|failure| failure.person.as_str()).collect();
    assert_eq!(failed, ["Isak Tvedt (1140)", "Helge Borgen (1142)"], "{:?}", report.failures);
    clear(&world);
    world.until_quiet().await;
    world
        .save(|text| {
            let text = answered(text, "Isak Tvedt (1140)", "create-xledger");
            answered(&text, "Helge Borgen (1142)", "create-huma")
        })
        .await;
    world.until_quiet().await;
    huma_id(&world, "1142");
    xledger_id(&world, "1140");
}

#[tokio::test]
async fn p4_every_write_a_side_received_has_an_intent_before_it_and_an_audit_row_after() {
    let mut world = ready().await;
    world.until_quiet().await;
    let intents = rows(&world, "SELECT side, fields, state, created_at, person FROM intents");
    let audit = rows(&world, "SELECT side, field, person FROM audit WHERE outcome IN ('written', 'created')");
    let (mut of_huma, mut of_xledger) = (0, 0);
    for write in world.huma.writes() {
        of_huma += 1;
        let name = world.huma.person(write.user_id.as_deref().unwrap_or_default());
        let family = name.map(|person| person["familyName"].as_str().unwrap_or_default().to_owned());
        for changed in &write.changed {
            let Some(field) = field_of(changed) else { continue };
            assert!(
                audit.iter().any(|row| row[0] == "huma"
                    && row[1] == field
                    && row[2].contains(family.as_deref().unwrap_or("?"))),
                "{changed} of {family:?} is not in the audit"
            );
            assert!(
                intents.iter().any(|row| row[0] == "huma" && row[1].split(',').any(|name| name == field)),
                "{field}"
            );
        }
    }
    for write in world.xledger.writes() {
        of_xledger += 1;
        let people = world.xledger.people();
        let is_of = |person: &&serde_json::Value| {
            ["db_id", "contact_db_id", "subledger_db_id"].iter().any(|id| person[id] == write.db_id)
        };
        let person = people.as_array().expect("a list").iter().find(is_of).expect("somebody's record");
        let family = person["last_name"].as_str().expect("a name");
        let is_theirs = |side: &str, label: &str| side == "xledger" && label.contains(family);
        assert!(intents.iter().any(|row| is_theirs(&row[0], &row[4])), "no intent for {family}: {write:?}");
        assert!(audit.iter().any(|row| is_theirs(&row[0], &row[2])), "no audit row for {family}: {write:?}");
    }
    assert!(of_huma > 3 && of_xledger > 3);
    // Whatever the database says was written on a side is in the audit by field.
    for row in rows(&world, "SELECT side, person, fields FROM intents WHERE state = 'confirmed'") {
        for field in row[2].split(',') {
            let said =
                audit.iter().any(|entry| entry[0] == row[0] && entry[1] == field && entry[2] == row[1]);
            assert!(said, "{row:?} {field}");
        }
    }
    for row in rows(&world, "SELECT why, who FROM audit") {
        assert!(!row[0].is_empty() && !row[1].is_empty(), "a row without a reason or an author");
    }
}

/// The text of every log line at the finest level.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no writer panicked").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn p10_no_log_line_names_a_value_of_anybody() {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter("hxsync=trace")
        .with_writer(move || writer.clone())
        .with_ansi(false)
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let mut world = ready().await;
    // What goes wrong is told too.
    world.huma.add_fault(Fault::status(400).on("PATCH", "/users/{id}").times(1));
    world.huma.add_fault(Fault::from(FaultKind::DropAfter).on("POST", "/users").times(1));
    let rule = json!({"field": "updateContacts", "fault": {"kind": "error", "message": "Not this one."}});
    world.xledger.add_fault(rule).expect("a rule");
    let report = world.cycle(Reach::Moved).await;
    clear(&world);
    world.full().await;

    let text = String::from_utf8(lines.0.lock().expect("no writer panicked").clone()).expect("text");
    assert!(text.lines().count() > 0, "nothing was logged at all");
    let said = format!("{text}{:?}{:?}", report.failures, report.sides).replace(' ', "");
    for person in cast() {
        let value = serde_json::to_value(&person).expect("a person");
        for text in [
            "/huma/email",
            "/huma/phone",
            "/huma/bank_account/number",
            "/huma/family_name",
            "/huma/home_address/line1",
        ]
        .into_iter()
        .chain([
            "/xledger/email",
            "/xledger/phone",
            "/xledger/bank_account",
            "/xledger/home_address/street_address",
        ])
        .filter_map(|path| value.pointer(path)?.as_str())
        {
            let bare = text.replace(' ', "");
            // A report names people by their labels; logs do not name them at all.
            let is_name = value.pointer("/huma/family_name").is_some_and(|name| name == text);
            let place = if is_name { lines_of(&lines) } else { said.clone() };
            assert!(!place.contains(&bare), "a value of {} was told", person.note);
        }
    }
    for secret in ["c81e4b90-72d5-4f3a-8e16-0a9b5d3c7f42", hxsync::sandbox::xledger::DEFAULT_TOKEN] {
        assert!(!said.contains(secret), "a secret was told");
    }
}

fn lines_of(lines: &Lines) -> String {
    String::from_utf8_lossy(&lines.0.lock().expect("no writer panicked")).into_owned()
}

fn field_of(wire: &str) -> Option<&'static str> {
    Some(match wire {
        "givenName" => "given_name",
        "familyName" => "family_name",
        "email" => "email",
        "phone" => "phone",
        "birthDate" => "birth_date",
        "bankAccount" => "bank_account",
        "homeAddress" => "address",
        "gender" => "gender",
        "civilStatus" => "civil_status",
        "employmentId" => "employment_id",
        "titleId" => "job_title",
        "firstDayOfWork" => "first_day_of_work",
        "probationEndDate" => "probation_end_date",
        "terminationNoticeDate" => "termination_notice_date",
        "lastDayOfWork" => "last_day_of_work",
        _ => return None,
    })
}
