//! Stops the program at every single moment of a scenario: before and after each call of a side, and before each commit. It is
//! started again, goes on, and must end as if nothing had happened.

use crate::simulation::admin::Manner;
use crate::simulation::oracle::come_to_rest;
use crate::simulation::run::{Simulation, WIDE};
use crate::simulation::value::{self, token_of};
use crate::simulation::world::{Given, Shared, lock};
use hxsync::domain::{Field, RecordId, Side};
use hxsync::reconcile::{Question, Shown};
use hxsync::sync::Reach;
use std::collections::BTreeMap;
use std::path::Path;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Scenario {
    /// Two people matched, one only on each side: both are created.
    FirstSync,
    OneSidedEdit,
    /// Edited on both sides, and answered with a third value.
    Conflict,
    /// The answer to the request that makes an Xledger employee is lost.
    LostAdd,
    LostCreateUser,
    /// A clear that is carried, beside an edit the other way.
    ClearAndEdit,
    /// The answer to an update is lost.
    LostUpdate,
}

/// Value of every field of everybody on each side.
type End = BTreeMap<(usize, Side, &'static str), Option<u32>>;

fn person(simulation: &Simulation, who: usize, side: Side) -> RecordId {
    lock(&simulation.world).record_of(who, side).expect("a record").id.clone()
}

fn edit(simulation: &Simulation, who: usize, side: Side, field: Field, clears: bool) {
    let id = person(simulation, who, side);
    let mut world = lock(&simulation.world);
    let value = if clears { None } else { world.fresh(field, who) };
    assert!(world.clerk_sets(&id, field, value), "{side} {field} can be edited");
}

/// Answers the one open question about a field of somebody with a value of its own.
fn answer_with_value(world: &Shared, file: &Path, field: Field) {
    let mut world = lock(world);
    let questions = world.reader().read().open_questions().expect("questions read");
    let stored = questions
        .into_iter()
        .find(|stored| {
            stored.question.as_ref().is_some_and(|question| question.subject.field() == Some(field))
        })
        .expect("the field is asked about");
    let Some(Question { shown: Shown::Values(values), .. }) = &stored.question else {
        panic!("values are shown")
    };
    let token = |reading: &hxsync::domain::Reading| reading.value().and_then(|value| token_of(field, value));
    let shown = [token(&values.huma), token(&values.xledger)];
    let fresh = world.fresh(field, 0).expect("a value is left");
    world.given.push(Given {
        item: stored.item.clone(),
        field: Some(field),
        shown,
        wanted: Some(Some(fresh)),
    });
    let text = std::fs::read_to_string(file).expect("the file reads");
    let id = format!("{}.{}", stored.item, &stored.fingerprint[..8]);
    let line = text.lines().find(|line| line.starts_with("pending") && line.contains(&id)).expect("its line");
    let answered = line.replacen("pending", &format!("value \"{}\"", value::typed(field, fresh)), 1);
    std::fs::write(file, text.replacen(line, &answered, 1)).expect("the file writes");
}

/// Plays a scenario with a death at that step; answers the end, the number of steps and what happened.
async fn play(scenario: Scenario, dies_at: Option<u64>) -> (End, u64, String) {
    let more = format!(
        "[people]\napprove_first_sync = false\ncreate_in_huma = \"always\"\ncreate_in_xledger = \"always\"\n{WIDE}"
    );
    let mut simulation = Simulation::new(7, &more);
    simulation.newcomer(&Side::BOTH);
    simulation.newcomer(&Side::BOTH);
    simulation.open();
    if scenario != Scenario::FirstSync {
        come_to_rest(&mut simulation).await;
        simulation.answer(1.0, Manner::Well);
        simulation.settle_file();
        come_to_rest(&mut simulation).await;
    }
    match scenario {
        Scenario::FirstSync => {
            simulation.newcomer(&[Side::Huma]);
            simulation.newcomer(&[Side::Xledger]);
        }
        Scenario::OneSidedEdit => edit(&simulation, 1, Side::Huma, Field::JobTitle, false),
        Scenario::Conflict => {
            edit(&simulation, 1, Side::Huma, Field::FamilyName, false);
            edit(&simulation, 1, Side::Xledger, Field::FamilyName, false);
            come_to_rest(&mut simulation).await;
            answer_with_value(&simulation.world, &simulation.file(), Field::FamilyName);
        }
        Scenario::LostAdd => {
            simulation.newcomer(&[Side::Huma]);
            lock(&simulation.world).faults.lose_answer_of = Some("add");
        }
        Scenario::LostCreateUser => {
            simulation.newcomer(&[Side::Xledger]);
            lock(&simulation.world).faults.lose_answer_of = Some("create user");
        }
        Scenario::ClearAndEdit => {
            edit(&simulation, 1, Side::Huma, Field::LastDayOfWork, false);
            come_to_rest(&mut simulation).await;
            edit(&simulation, 1, Side::Xledger, Field::LastDayOfWork, true);
            edit(&simulation, 1, Side::Huma, Field::GivenName, false);
            edit(&simulation, 2, Side::Xledger, Field::JobTitle, false);
        }
        Scenario::LostUpdate => {
            edit(&simulation, 1, Side::Huma, Field::GivenName, false);
            lock(&simulation.world).faults.lose_answer_of = Some("update");
        }
    }
    {
        let mut world = lock(&simulation.world);
        world.steps = 0;
        world.crash_at = dies_at;
    }
    simulation.cycle(Reach::Moved).await;
    simulation.settle_file();
    come_to_rest(&mut simulation).await;
    let world = lock(&simulation.world);
    assert!(
        world.violations.is_empty(),
        "{scenario:?}, dead at {dies_at:?}:\n{}\n{:?}",
        world.history.join("\n"),
        world.violations
    );
    let mut end = End::new();
    for record in world.records.values() {
        for field in Field::ALL {
            end.insert((record.who, record.id.side(), field.name()), record.cells[field].value());
        }
    }
    (end, world.steps, world.history.join("\n"))
}

fn dies_everywhere(scenario: Scenario) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let (end, steps, _) = play(scenario, None).await;
        let changed = end.values().flatten().count();
        assert!(changed > 0 && steps > 20, "{scenario:?} does something");
        // Later steps are of cycles that find nothing to do.
        for dies_at in 1..=steps.min(50) {
            let (other, _, history) = play(scenario, Some(dies_at)).await;
            let differs: Vec<_> = end
                .iter()
                .filter(|(place, value)| other.get(place) != Some(value))
                .map(|(place, value)| (place, value, other.get(place)))
                .collect();
            assert!(
                differs.is_empty() && end.len() == other.len(),
                "{history}\n{scenario:?}, dead at {dies_at}: {differs:?}"
            );
        }
    });
}

#[test]
fn p2_a_first_sync_with_creates_ends_alike_wherever_it_dies() {
    dies_everywhere(Scenario::FirstSync);
}

#[test]
fn p1_an_edit_is_carried_once_wherever_the_program_dies() {
    dies_everywhere(Scenario::OneSidedEdit);
}

#[test]
fn p3_an_answered_conflict_ends_alike_wherever_the_program_dies() {
    dies_everywhere(Scenario::Conflict);
}

#[test]
fn p2_an_employee_whose_making_was_not_answered_is_made_once_wherever_the_program_dies() {
    dies_everywhere(Scenario::LostAdd);
}

#[test]
fn p2_a_user_whose_making_was_not_answered_is_made_once_wherever_the_program_dies() {
    dies_everywhere(Scenario::LostCreateUser);
}

#[test]
fn p1_a_clear_and_edits_both_ways_end_alike_wherever_the_program_dies() {
    dies_everywhere(Scenario::ClearAndEdit);
}

#[test]
fn p4_an_update_whose_answer_was_lost_ends_alike_wherever_the_program_dies() {
    dies_everywhere(Scenario::LostUpdate);
}
