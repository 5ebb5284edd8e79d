//! Refusals, edits in the wrong moment, limits and outages of both simulators under a real engine.

use crate::support::staff::{KARI, LIV, OLA, staff};
use crate::support::world::World;
use hxsync::domain::Field;
use hxsync::reconcile::QuestionKind;
use hxsync::sandbox::huma::{Action, Fault, FaultKind, NullInPatch, RetryAfter};
use hxsync::sandbox::xledger::{MassFailure, OperationKind, Refusal};
use hxsync::sync::{Cause, CycleRequest, Reach};
use serde_json::{Value, json};
use std::time::Duration;

fn full() -> CycleRequest {
    CycleRequest { cause: Cause::Schedule, reach: Reach::Full, dry_run: false }
}

/// What a clerk in Huma types between our plan and our write stands, for both ways into Huma.
#[tokio::test]
async fn p1_no_lost_edit_in_huma_between_plan_and_write() {
    for (edit, name, typed) in [
        (json!({"birthday": "1990-01-01"}), "birthDate", "1991-02-02"),
        (json!({"employment_to": "2031-06-30"}), "lastDayOfWork", "2031-07-31"),
    ] {
        let mut world = World::settled().await;
        world.xledger.edit_person(KARI.xledger, &edit).expect("fits");
        // Three details are read for the plan; the fourth is right before the write.
        world
            .huma
            .add_fault(Fault::from(FaultKind::Hold { after_effect: false }).on("GET", "/users/{id}").nth(4));
        let before = world.writes();
        let World { huma, engine, .. } = &mut world;
        let clerk = async {
            huma.until_held(1).await;
            huma.edit(KARI.huma, json!({name: typed})).expect("fits");
            huma.release_held();
        };
        let both = async { tokio::join!(engine.cycle(full(), &|_, _, _| {}), clerk) };
        let (report, ()) = tokio::time::timeout(Duration::from_secs(10), both).await.expect("held");
        let report = report.expect("the cycle runs");
        assert_eq!(world.in_huma(KARI, name), typed, "{report:?}");
        assert_eq!(world.writes(), before);
        assert_eq!(report.follow_up, [KARI.huma]);
        world.full().await;
        assert_eq!(world.in_huma(KARI, name), typed);
        let [(QuestionKind::Conflict, Some(_))] = world.questions()[..] else { panic!("{}", world.text()) };
    }
}

#[tokio::test]
async fn p1_no_lost_edit_in_xledger_between_plan_and_write() {
    let mut world = World::settled().await;
    world.huma.edit(KARI.huma, json!({"birthDate": "1990-01-01"})).expect("fits");
    // The first query for employees is the plan's listing; the second is right before the write.
    let hold = json!({"operation": "query", "field": "employees", "skip": 1, "fault": {"kind": "hold"}});
    world.xledger.add_fault(hold).expect("a fault");
    let before = world.writes();
    let World { xledger, engine, .. } = &mut world;
    let clerk = async {
        xledger.wait_for_held(1).await;
        xledger.edit_person(KARI.xledger, &json!({"birthday": "1991-02-02"})).expect("fits");
        xledger.remove_faults(None);
    };
    let both = async { tokio::join!(engine.cycle(full(), &|_, _, _| {}), clerk) };
    let (report, ()) = tokio::time::timeout(Duration::from_secs(10), both).await.expect("held");
    assert_eq!(report.expect("the cycle runs").follow_up, [KARI.huma]);
    assert_eq!((world.in_xledger(KARI, "birthday"), world.writes()), (json!("1991-02-02"), before));
    world.full().await;
    assert_eq!(world.questions(), [(QuestionKind::Conflict, Some(Field::BirthDate))]);
}

#[tokio::test]
async fn one_person_that_cannot_be_read_stops_nobody_else() {
    let mut world = World::settled().await;
    for person in [KARI, OLA, LIV] {
        world.huma.edit(person.huma, json!({"phone": "41355666"})).expect("fits");
    }
    let odd = FaultKind::Status { status: 200, body: Some(json!({"id": OLA.huma})), retry_after: None };
    world.huma.add_fault(Fault::from(odd).path(OLA.huma));
    world.full().await;
    assert_eq!(world.in_xledger(KARI, "phone"), "41355666");
    assert_eq!(world.in_xledger(LIV, "phone"), "41355666");
    assert_eq!(world.in_xledger(OLA, "phone"), "90010431");
    world.huma.clear_faults();
    world.full().await;
    assert_eq!(world.in_xledger(OLA, "phone"), "41355666");
    world.assert_at_rest().await;
}

/// Whatever becomes of a mass mutation with one bad input, everybody else is written and the refused field waits.
#[tokio::test]
async fn one_refused_employee_is_parked_and_the_others_are_written() {
    for (failure, reversed, anonymous) in [
        (MassFailure::AllOrNothing, false, false),
        (MassFailure::NodeNull, false, false),
        (MassFailure::EdgeMissing, true, false),
        (MassFailure::EdgeMissing, false, true),
        (MassFailure::NodeNull, true, true),
    ] {
        let mut world = World::settled().await;
        let refusal = Refusal {
            db_id: world.in_xledger(OLA, "contact_db_id").as_i64(),
            field: Some("birthday".into()),
            message: "No.".into(),
            ..Refusal::default()
        };
        world
            .xledger
            .switch(|switches| {
                switches.mass_failure = failure;
                (switches.reverse_edges, switches.omit_client_id) = (reversed, anonymous);
                switches.refusals = vec![refusal];
            })
            .expect("switches");
        for person in [KARI, OLA, LIV] {
            world
                .huma
                .edit(person.huma, json!({"phone": "41355666", "birthDate": "1990-01-01"}))
                .expect("fits");
        }
        let report = world.full().await;
        let case = format!("{failure:?} {reversed} {anonymous}: {:?}", report.failures);
        for person in [KARI, OLA, LIV] {
            assert_eq!(world.in_xledger(person, "phone"), "41355666", "{case}");
        }
        assert_eq!(world.in_xledger(KARI, "birthday"), "1990-01-01", "{case}");
        assert_eq!(world.in_xledger(OLA, "birthday"), "1985-03-14", "{case}");
        assert_eq!(world.unsettled(), [("failing".to_string(), 1)], "{case}");
        // Parked: not sent again by itself, but when somebody asks or a value moves.
        let sent = |world: &World| {
            world
                .xledger
                .requests()
                .iter()
                .filter(|request| request.operation == OperationKind::Mutation)
                .count()
        };
        let before = sent(&world);
        world.assert_at_rest().await;
        assert_eq!(sent(&world), before, "{case}");
        world.cycle(Reach::Person("1043".into())).await;
        assert!(sent(&world) > before, "{case}");
        world.xledger.switch(|switches| switches.refusals.clear()).expect("switches");
        world.huma.edit(OLA.huma, json!({"birthDate": "1990-01-02"})).expect("fits");
        world.full().await;
        assert_eq!(world.in_xledger(OLA, "birthday"), "1990-01-02", "{case}");
        assert_eq!(world.unsettled(), [], "{case}");
    }
}

#[tokio::test]
async fn an_email_that_waits_in_huma_is_done_when_confirmed_and_asked_again_when_dropped() {
    for confirmed in [true, false] {
        let mut people = staff();
        people[0].huma.as_mut().expect("Kari").last_logged_in_at = Some("2026-01-01T08:00:00Z".into());
        let mut world = World::settled_with(&people, "").await;
        let to = "karin@fjordlys.example";
        world.xledger.edit_person(KARI.xledger, &json!({"email": to})).expect("fits");
        world.cycle(Reach::Moved).await;
        world.answer("xledger").await;
        assert_eq!(world.unsettled(), [("waiting".to_string(), 1)], "{}", world.text());
        world.assert_at_rest().await;
        assert_eq!(world.huma.counters().email_change_mails, 2);
        let action = if confirmed { Action::ConfirmEmail } else { Action::DropRequestedEmail };
        world.huma.act(KARI.huma, action).expect("acts");
        world.full().await;
        if confirmed {
            assert_eq!((world.unsettled(), world.in_huma(KARI, "email")), (vec![], json!(to)));
        } else {
            assert_eq!(world.questions(), [(QuestionKind::Confirm, Some(Field::Email))]);
        }
        world.assert_at_rest().await;
        assert_eq!(world.huma.counters().email_change_mails, 2);
    }
}

#[tokio::test]
async fn clears_that_huma_ignores_or_refuses_are_said_and_not_repeated() {
    for (switch, state) in [(NullInPatch::Ignored, "not-accepted"), (NullInPatch::Refused, "failing")] {
        let mut world = World::settled().await;
        world.huma.switch(|switches| switches.null_in_patch = switch);
        let edit = json!({"employment_to": null, "birthday": "1990-01-01"});
        world.xledger.edit_person(KARI.xledger, &edit).expect("fits");
        let report = world.cycle(Reach::Moved).await;
        assert_eq!(world.in_huma(KARI, "birthDate"), "1990-01-01", "{report:?}");
        assert_eq!(world.in_huma(KARI, "lastDayOfWork"), "2031-04-30");
        assert_eq!(world.unsettled(), [(state.to_string(), 1)], "{report:?}");
        world.assert_at_rest().await;
    }
}

#[tokio::test]
async fn a_patch_that_huma_refuses_for_one_field_still_brings_the_others() {
    for atomic in [true, false] {
        let mut world = World::settled().await;
        world.huma.edit(KARI.huma, json!({"readOnly": []})).expect("fits");
        world.huma.switch(|switches| switches.patch_atomic = atomic);
        let body = json!({"status": 400, "code": "field:invalid-format", "fields": ["birthDate"]});
        let bad = FaultKind::Status { status: 400, body: Some(body), retry_after: None };
        world.huma.add_fault(Fault::from(bad).on("PATCH", "/users/{id}").times(1));
        let edit = json!({"birthday": "1990-01-01", "phone": "41355666"});
        world.xledger.edit_person(KARI.xledger, &edit).expect("fits");
        let report = world.cycle(Reach::Moved).await;
        assert_eq!(world.in_huma(KARI, "phone"), "41355666", "{report:?}");
        assert_eq!(world.unsettled(), [("failing".to_string(), 1)], "{report:?}");
        world.assert_at_rest().await;
    }
}

#[tokio::test]
async fn a_field_that_hides_and_comes_back_loses_nothing() {
    let mut world = World::settled().await;
    world.huma.edit(KARI.huma, json!({"hidden": ["bankAccount"]})).expect("fits");
    world.full().await;
    world.xledger.edit_person(KARI.xledger, &json!({"bank_account": "15032080127"})).expect("fits");
    let before = world.writes();
    world.full().await;
    assert_eq!((world.writes(), world.unsettled()), (before, vec![("hidden".to_string(), 1)]));
    world.huma.edit(KARI.huma, json!({"hidden": []})).expect("fits");
    world.full().await;
    assert_eq!(world.in_huma(KARI, "bankAccount")["number"], "15032080127", "the edit that waited");
    world.assert_at_rest().await;
}

#[tokio::test]
async fn a_read_only_field_waits_until_it_can_be_written() {
    let mut world = World::settled().await;
    world.huma.edit(KARI.huma, json!({"readOnly": ["birthDate"]})).expect("fits");
    world.xledger.edit_person(KARI.xledger, &json!({"birthday": "1990-01-01"})).expect("fits");
    let before = world.writes();
    world.full().await;
    assert_eq!((world.writes(), world.unsettled()), (before, vec![("read-only".to_string(), 1)]));
    world.assert_at_rest().await;
    world.huma.edit(KARI.huma, json!({"readOnly": []})).expect("fits");
    world.full().await;
    assert_eq!(world.in_huma(KARI, "birthDate"), "1990-01-01");
}

#[tokio::test]
async fn edits_made_while_both_sides_are_away_are_all_carried_afterwards() {
    let mut world = World::settled().await;
    world.huma.add_fault(Fault::from(FaultKind::Html));
    world.xledger.add_fault(json!({"count": null, "fault": {"kind": "drop-before"}})).expect("a fault");
    world.huma.edit(KARI.huma, json!({"phone": "41355666", "lastDayOfWork": "2031-06-30"})).expect("fits");
    world.xledger.edit_person(OLA.xledger, &json!({"birthday": "1990-01-01", "code": "2043"})).expect("fits");
    world.xledger.edit_person(KARI.xledger, &json!({"notice_date": null})).expect("fits");
    let before = world.writes();
    let report = world.cycle(Reach::Moved).await;
    assert_eq!(report.sides.len(), 2, "{report:?}");
    assert_eq!(world.writes(), before);
    world.huma.clear_faults();
    world.xledger.remove_faults(None);
    let report = world.full().await;
    assert_eq!(report.sides, []);
    assert_eq!(world.in_xledger(KARI, "phone"), "41355666");
    assert_eq!(world.in_xledger(KARI, "employment_to"), "2031-06-30");
    assert_eq!(world.in_huma(OLA, "birthDate"), "1990-01-01");
    assert_eq!(world.in_huma(OLA, "employmentId"), "2043");
    assert_eq!(world.in_huma(KARI, "terminationNoticeDate"), Value::Null);
    world.assert_at_rest().await;
    assert_eq!(world.unsettled(), []);
}

#[tokio::test]
async fn an_answer_whose_write_fails_keeps_and_is_carried_out_in_the_next_cycle() {
    let mut world = World::settled().await;
    world.huma.edit(KARI.huma, json!({"phone": "90033444"})).expect("fits");
    world.xledger.edit_person(KARI.xledger, &json!({"phone": "41355666"})).expect("fits");
    world.full().await;
    world.huma.add_fault(Fault::status(503).on("PATCH", "/users/{id}"));
    let report = world.answer("xledger").await;
    assert_eq!((report.answers_applied, report.answers_refused), (0, 0), "{report:?}");
    assert!(world.text().contains("#! \"xledger"), "{}", world.text());
    world.huma.clear_faults();
    let report = world.cycle(Reach::Moved).await;
    assert_eq!(world.in_huma(KARI, "phone"), "41355666", "{report:?}\n{}", world.text());
    assert_eq!((world.questions(), world.unsettled()), (vec![], vec![]));
    world.assert_at_rest().await;
}

/// `base` writes both sides. Xledger took its half; Huma could not take its own: the answer is finished, never undone.
#[tokio::test]
async fn half_an_answer_is_finished_in_the_next_cycle() {
    let mut world = World::settled().await;
    world.huma.edit(KARI.huma, json!({"phone": "90033444"})).expect("fits");
    world.xledger.edit_person(KARI.xledger, &json!({"phone": "41355666"})).expect("fits");
    world.full().await;
    world.huma.add_fault(Fault::status(503).on("PATCH", "/users/{id}"));
    world.answer("base").await;
    assert_eq!(world.in_huma(KARI, "phone"), "90033444");
    world.huma.clear_faults();
    world.cycle(Reach::Moved).await;
    for phone in [world.in_huma(KARI, "phone"), world.in_xledger(KARI, "phone")] {
        let digits = phone.as_str().expect("a number").replace("+47", "").replace(' ', "");
        assert_eq!(digits, "90010421", "{}", world.text());
    }
    world.assert_at_rest().await;
}

#[tokio::test]
async fn a_login_that_ends_in_the_middle_is_renewed_and_the_edit_carried() {
    let mut world = World::settled().await;
    world.huma.expire_tokens();
    world.xledger.edit_person(KARI.xledger, &json!({"birthday": "1990-01-01"})).expect("fits");
    let report = world.cycle(Reach::Moved).await;
    assert_eq!((world.in_huma(KARI, "birthDate"), report.sides), (json!("1990-01-01"), vec![]));
    // Refused for good: said, and carried once the key is back.
    world.huma.add_fault(Fault::status(401).on("PATCH", "/users/{id}"));
    world.xledger.edit_person(KARI.xledger, &json!({"birthday": "1990-01-02"})).expect("fits");
    let report = world.cycle(Reach::Moved).await;
    assert_eq!(report.sides.len(), 1, "{report:?}");
    assert_eq!(world.in_huma(KARI, "birthDate"), "1990-01-01");
    world.huma.clear_faults();
    world.cycle(Reach::Moved).await;
    assert_eq!(world.in_huma(KARI, "birthDate"), "1990-01-02");
    world.assert_at_rest().await;
}

#[tokio::test]
async fn used_up_credit_and_a_busy_huma_only_delay_an_edit() {
    let mut world = World::settled().await;
    world.xledger.switch(|switches| switches.credits = Some(0)).expect("switches");
    world.huma.edit(KARI.huma, json!({"birthDate": "1990-01-01"})).expect("fits");
    let before = world.writes();
    let report = world.full().await;
    assert_eq!(report.sides.iter().filter(|side| side.passing).count(), 1, "{report:?}");
    assert_eq!(world.writes(), before);
    world.xledger.switch(|switches| switches.credits = None).expect("switches");
    let busy = FaultKind::Status { status: 429, body: None, retry_after: Some(RetryAfter::Seconds(0)) };
    world.huma.add_fault(Fault::from(busy).on("GET", "/users/{id}").times(1));
    let report = world.full().await;
    assert_eq!((world.in_xledger(KARI, "birthday"), report.sides), (json!("1990-01-01"), vec![]));
    world.assert_at_rest().await;
}

/// Under another main position empty dates are no clears, and a different one is asked.
#[tokio::test]
async fn another_main_position_in_huma_clears_nothing() {
    let mut world = World::settled().await;
    let position = json!([{"jobTitle": "Regnskapsfører", "contractStartDate": "2026-01-01", "percentage": 100,
        "firstDayOfWork": "2024-03-01"}]);
    world.huma.edit(KARI.huma, json!({"positions": position})).expect("fits");
    world.full().await;
    assert_eq!(world.in_xledger(KARI, "position_value"), "Regnskapsfører", "the title carries");
    assert_eq!(world.in_xledger(KARI, "employment_from"), "2024-01-01");
    assert_eq!(world.in_xledger(KARI, "employment_to"), "2031-04-30");
    let mut asked = world.questions();
    asked.sort();
    assert_eq!(
        asked,
        [
            (QuestionKind::Difference, Some(Field::FirstDayOfWork)),
            (QuestionKind::Missing, Some(Field::ProbationEndDate)),
            (QuestionKind::Missing, Some(Field::TerminationNoticeDate)),
            (QuestionKind::Missing, Some(Field::LastDayOfWork)),
        ]
    );
    world.assert_at_rest().await;
    world.save(|text| text.replace("pending ", "xledger ")).await;
    world.cycle(Reach::Moved).await;
    assert_eq!(world.in_huma(KARI, "firstDayOfWork"), "2024-01-01", "{}", world.text());
    assert_eq!(world.in_huma(KARI, "lastDayOfWork"), "2031-04-30");
    assert_eq!((world.questions(), world.unsettled()), (vec![], vec![]));
    world.assert_at_rest().await;
}
