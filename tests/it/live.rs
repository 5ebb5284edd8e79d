//! Edits of one or both sides of people in agreement, against both simulators over HTTP.

use crate::support::staff::{KARI, LIV, OLA, Writes, staff};
use crate::support::world::World;
use hxsync::domain::Field;
use hxsync::reconcile::QuestionKind;
use hxsync::sync::Reach;
use serde_json::{Value, json};

/// Edits one field of Kari in Huma, and asserts what Xledger stores afterwards.
async fn carried_to_xledger(edit: Value, name: &str, stored: Value) {
    let mut world = World::settled().await;
    let before = world.writes();
    world.huma.edit(KARI.huma, edit).expect("the edit fits");
    let report = world.full().await;
    assert_eq!(world.in_xledger(KARI, name), stored, "{report:?}\n{}", world.text());
    // A name also moves the display name, which is a record of its own.
    let expected = before.xledger + if name.ends_with("_name") { 2 } else { 1 };
    assert_eq!(world.writes(), Writes { xledger: expected, ..before });
    world.assert_at_rest().await;
    assert_eq!(world.unsettled(), []);
}

/// Edits one field of Kari in Xledger, and asserts what Huma stores afterwards. Found by what Xledger calls changed.
async fn carried_to_huma(edit: Value, name: &str, stored: Value) {
    let mut world = World::settled().await;
    let before = world.writes();
    world.xledger.edit_person(KARI.xledger, &edit).expect("the edit fits");
    let report = world.cycle(Reach::Moved).await;
    assert_eq!(world.in_huma(KARI, name), stored, "{report:?}\n{}", world.text());
    assert_eq!(world.writes(), Writes { huma: before.huma + 1, ..before });
    world.assert_at_rest().await;
    assert_eq!(world.unsettled(), []);
}

/// One test per field: what is edited, where it is stored on the other side, and how.
macro_rules! carried {
    ($carry:ident: $($field:ident: $edit:tt => $name:literal: $stored:tt;)*) => {
        $(#[tokio::test]
        async fn $field() {
            super::$carry(json!($edit), $name, json!($stored)).await;
        })*
    };
}

mod an_edit_in_huma_reaches_xledger {
    use serde_json::json;

    carried! { carried_to_xledger:
        given_name: {"givenName": "Karin"} => "first_name": "Karin";
        family_name: {"familyName": "Nordmann-Lie"} => "last_name": "Nordmann-Lie";
        email: {"email": "karin@fjordlys.example"} => "email": "karin@fjordlys.example";
        phone: {"phone": "413 55 666"} => "phone": "413 55 666";
        birth_date: {"birthDate": "1985-03-15"} => "birthday": "1985-03-15";
        bank_account: {"bankAccount": "1503.20.80127"} => "bank_account": "15032080127";
        address: {"homeAddress": {"line1": "c/o Lie", "line2": "Bakkeveien 9", "postalCode": "7010", "city": "Trondheim", "country": "SE"}}
            => "home_address": {"street_address": "c/o Lie, Bakkeveien 9", "zip_code": "7010", "place": "Trondheim", "country": "SE"};
        gender: {"gender": "Mann"} => "gender": "M";
        civil_status: {"civilStatus": "Relationship"} => "marital_status": "Relationship";
        employment_id: {"employmentId": "0042"} => "code": "0042";
        job_title: {"jobTitle": "Regnskapsfører"} => "position_value": "Regnskapsfører";
        first_day_of_work: {"firstDayOfWork": "2024-02-01"} => "employment_from": "2024-02-01";
        probation_end_date: {"probationEndDate": "2024-08-01"} => "trial_to": "2024-08-01";
        termination_notice_date: {"terminationNoticeDate": "2031-02-28"} => "notice_date": "2031-02-28";
        last_day_of_work: {"lastDayOfWork": "2031-05-31"} => "employment_to": "2031-05-31";
    }
}

mod an_edit_in_xledger_reaches_huma {
    use serde_json::json;

    carried! { carried_to_huma:
        given_name: {"first_name": "Karin"} => "givenName": "Karin";
        family_name: {"last_name": "Nordmann-Lie"} => "familyName": "Nordmann-Lie";
        phone: {"phone": "41355666"} => "phone": "41355666";
        birth_date: {"birthday": "1985-03-15"} => "birthDate": "1985-03-15";
        bank_account: {"bank_account": "15032080127"} => "bankAccount": {"number": "15032080127", "country": "NO"};
        address: {"home_address": {"street_address": "Bakkeveien 9", "zip_code": "7010", "place": "Trondheim", "country": "SE"}}
            => "homeAddress": {"line1": "Bakkeveien 9", "line2": "", "line3": "", "postalCode": "7010", "city": "Trondheim", "country": "SE"};
        gender: {"gender": "M"} => "gender": "Male";
        civil_status: {"marital_status": "Relationship"} => "civilStatus": "Relationship";
        employment_id: {"code": "0042"} => "employmentId": "0042";
        job_title: {"position_value": "Regnskapsfører"} => "jobTitle": "Regnskapsfører";
        first_day_of_work: {"employment_from": "2024-02-01"} => "firstDayOfWork": "2024-02-01";
        probation_end_date: {"trial_to": "2024-08-01"} => "probationEndDate": "2024-08-01";
        termination_notice_date: {"notice_date": "2031-02-28"} => "terminationNoticeDate": "2031-02-28";
        last_day_of_work: {"employment_to": "2031-05-31"} => "lastDayOfWork": "2031-05-31";
    }

    #[tokio::test]
    async fn email_once_confirmed() {
        let mut world = super::World::settled().await;
        let (person, to) = (super::KARI, "karin@fjordlys.example");
        world.xledger.edit_person(person.xledger, &json!({"email": to})).expect("the edit fits");
        world.cycle(super::Reach::Moved).await;
        assert_eq!(world.questions(), [(super::QuestionKind::Confirm, Some(super::Field::Email))]);
        assert_eq!(world.in_huma(person, "email"), "kari.nordmann@fjordlys.example");
        world.answer("xledger").await;
        assert_eq!(world.in_huma(person, "email"), to, "{}", world.text());
        world.assert_at_rest().await;
        assert_eq!(world.unsettled(), []);
    }
}

#[tokio::test]
async fn the_display_name_in_xledger_follows_a_name_from_huma() {
    let mut world = World::settled().await;
    world.huma.edit(KARI.huma, json!({"familyName": "Lie"})).expect("the edit fits");
    world.full().await;
    assert_eq!(world.in_xledger(KARI, "description"), "Kari Lie");
}

#[tokio::test]
async fn what_humas_listing_shows_is_found_without_reading_everybody() {
    for (edit, name, stored) in [
        (json!({"givenName": "Karin"}), "first_name", "Karin"),
        (json!({"familyName": "Lie"}), "last_name", "Lie"),
        (json!({"email": "k@fjordlys.example"}), "email", "k@fjordlys.example"),
        (json!({"phone": "+47 413 55 666"}), "phone", "+47 413 55 666"),
        (json!({"jobTitle": "Regnskapsfører"}), "position_value", "Regnskapsfører"),
    ] {
        let mut world = World::settled().await;
        world.huma.edit(KARI.huma, edit).expect("the edit fits");
        let report = world.cycle(Reach::Moved).await;
        assert_eq!(world.in_xledger(KARI, name), stored);
        assert_eq!(report.huma_read, 1, "only Kari's listing row moved");
    }
}

#[tokio::test]
async fn what_humas_listing_hides_is_found_when_the_sweep_comes_round() {
    let mut world = World::settled().await;
    world.huma.edit(LIV.huma, json!({"civilStatus": "Single"})).expect("the edit fits");
    world.cycle(Reach::Moved).await;
    assert_eq!(world.in_xledger(LIV, "marital_status"), "Married", "the listing does not show it");
    for _ in 0..3 {
        world.cycle(Reach::Sweep { people: 1 }).await;
    }
    assert_eq!(world.in_xledger(LIV, "marital_status"), "Single");
    world.assert_at_rest().await;
}

#[tokio::test]
async fn a_job_title_xledger_lacks_waits_and_is_named_in_the_file() {
    let mut world = World::settled().await;
    world.huma.edit(OLA.huma, json!({"jobTitle": "Controller"})).expect("the edit fits");
    world.full().await;
    assert_eq!(world.in_xledger(OLA, "position_value"), "Regnskapsfører");
    assert!(world.text().contains("Xledger has no job title \"Controller\""), "{}", world.text());
    world.assert_at_rest().await;
}

#[tokio::test]
async fn a_job_title_huma_lacks_is_made_once_for_all_who_get_it() {
    let mut people = staff();
    // Somebody Huma does not know holds a title Huma does not have.
    let mut stranger = people[2].clone();
    stranger.huma = None;
    let alone = stranger.xledger.as_mut().expect("an Xledger half");
    (alone.db_id, alone.code, alone.position_value) = (21_099, "1099".into(), Some("Controller".into()));
    (alone.email, alone.employment_to) = (None, Some("2019-01-01".into()));
    people.push(stranger);
    let mut world = World::start(&people).await;
    world.allow_first_sync().await;
    for person in [KARI, OLA] {
        world.xledger.edit_person(person.xledger, &json!({"position_value": "Controller"})).expect("it fits");
    }
    world.full().await;
    for person in [KARI, OLA] {
        assert_eq!(world.in_huma(person, "jobTitle"), "Controller");
    }
    assert_eq!(world.huma.counters().job_titles_created, 1);
    world.assert_at_rest().await;
}

#[tokio::test]
async fn a_second_line_in_huma_stays_when_xledger_only_moves_the_postal_code() {
    let mut world = World::settled().await;
    let address = |code: &str| json!({"line1": "Storgata 9", "line2": "Inngang B", "line3": "", "postalCode": code, "city": "Oslo", "country": "NO"});
    world.huma.edit(KARI.huma, json!({"homeAddress": address("0182")})).expect("the edit fits");
    world.full().await;
    let street = "Storgata 9, Inngang B";
    assert_eq!(world.in_xledger(KARI, "home_address")["street_address"], street);
    let moved = json!({"street_address": street, "zip_code": "0183", "place": "Oslo", "country": "NO"});
    world.xledger.edit_person(KARI.xledger, &json!({"home_address": moved})).expect("the edit fits");
    world.cycle(Reach::Moved).await;
    assert_eq!(world.in_huma(KARI, "homeAddress"), address("0183"), "{}", world.text());
    world.assert_at_rest().await;
}

#[tokio::test]
async fn dates_that_come_and_go_are_cleared_on_the_other_side_too() {
    for (huma, xledger) in [
        ("probationEndDate", "trial_to"),
        ("terminationNoticeDate", "notice_date"),
        ("lastDayOfWork", "employment_to"),
    ] {
        let mut world = World::settled().await;
        world.huma.edit(KARI.huma, json!({huma: null})).expect("the edit fits");
        world.xledger.edit_person(OLA.xledger, &json!({xledger: null})).expect("the edit fits");
        world.full().await;
        assert_eq!(world.in_xledger(KARI, xledger), Value::Null, "{}", world.text());
        assert_eq!(world.in_huma(OLA, huma), Value::Null, "{}", world.text());
        world.assert_at_rest().await;
        assert_eq!(world.unsettled(), []);
    }
}

#[tokio::test]
async fn a_clear_of_another_field_is_asked_and_each_answer_does_what_it_says() {
    for (from_huma, verb, left) in [
        (true, "clear", None),
        (true, "xledger", Some("90010421")),
        (true, "base", Some("90010421")),
        (false, "clear", None),
        (false, "huma", Some("90010421")),
    ] {
        let mut world = World::settled().await;
        match from_huma {
            true => drop(world.huma.edit(KARI.huma, json!({"phone": null})).expect("the edit fits")),
            false => {
                world.xledger.edit_person(KARI.xledger, &json!({"phone": null})).expect("the edit fits");
            }
        }
        world.full().await;
        assert_eq!(world.questions(), [(QuestionKind::Clear, Some(Field::Phone))]);
        world.answer(verb).await;
        let digits = |value: Value| value.as_str().map(|text| text.replace("+47", "").replace(' ', ""));
        assert_eq!(digits(world.in_huma(KARI, "phone")).as_deref(), left, "{verb} in Huma\n{}", world.text());
        assert_eq!(
            digits(world.in_xledger(KARI, "phone")).as_deref(),
            left,
            "{verb} in Xledger\n{}",
            world.text()
        );
        world.assert_at_rest().await;
        assert_eq!(world.unsettled(), [], "{verb}");
    }
}

#[tokio::test]
async fn restore_puts_a_cleared_value_back_in_its_own_spelling() {
    let more = "[fields.phone]\non_clear = \"restore\"\n";
    let mut world = World::settled_with(&staff(), more).await;
    let spelled = world.in_huma(KARI, "phone");
    world.huma.edit(KARI.huma, json!({"phone": null})).expect("the edit fits");
    world.xledger.edit_person(OLA.xledger, &json!({"phone": null})).expect("the edit fits");
    world.full().await;
    assert_eq!(world.in_huma(KARI, "phone"), spelled);
    assert_eq!(world.in_xledger(OLA, "phone"), "90010431");
    world.assert_at_rest().await;
}

#[tokio::test]
async fn carry_empties_the_other_side_where_the_settings_say_so() {
    let more = "[fields.gender]\non_clear = \"carry\"\n[fields.civil_status]\non_clear = \"carry\"\n";
    let mut world = World::settled_with(&staff(), more).await;
    world.huma.edit(KARI.huma, json!({"gender": null})).expect("the edit fits");
    world.xledger.edit_person(OLA.xledger, &json!({"marital_status": null})).expect("the edit fits");
    world.full().await;
    assert_eq!(world.in_xledger(KARI, "gender"), Value::Null);
    assert_eq!(world.in_huma(OLA, "civilStatus"), Value::Null);
    world.assert_at_rest().await;
}

#[tokio::test]
async fn different_fields_of_one_person_edited_on_both_sides_merge_without_a_question() {
    let mut world = World::settled().await;
    world.huma.edit(KARI.huma, json!({"phone": "+4741355666", "lastDayOfWork": "2031-06-30"})).expect("fits");
    let theirs =
        json!({"last_name": "Lie", "position_value": "Regnskapsfører", "bank_account": "15032080127"});
    world.xledger.edit_person(KARI.xledger, &theirs).expect("fits");
    world.full().await;
    assert_eq!(world.questions(), []);
    assert_eq!(world.in_xledger(KARI, "phone"), "+4741355666");
    assert_eq!(world.in_xledger(KARI, "employment_to"), "2031-06-30");
    assert_eq!(world.in_huma(KARI, "familyName"), "Lie");
    assert_eq!(world.in_huma(KARI, "jobTitle"), "Regnskapsfører");
    assert_eq!(world.in_huma(KARI, "bankAccount")["number"], "15032080127");
    world.assert_at_rest().await;
    assert_eq!(world.unsettled(), []);
}

#[tokio::test]
async fn the_same_edit_on_both_sides_writes_nothing() {
    let mut world = World::settled().await;
    let before = world.writes();
    world.huma.edit(KARI.huma, json!({"phone": "+47 413 55 666", "birthDate": "1985-03-15"})).expect("fits");
    world
        .xledger
        .edit_person(KARI.xledger, &json!({"phone": "41355666", "birthday": "1985-03-15"}))
        .expect("fits");
    world.full().await;
    assert_eq!(world.writes(), before);
    assert_eq!((world.questions(), world.unsettled()), (vec![], vec![]));
    // The base moved with them: a later edit of one side is an ordinary one.
    world.xledger.edit_person(KARI.xledger, &json!({"phone": "90099887"})).expect("fits");
    world.cycle(Reach::Moved).await;
    assert_eq!(world.in_huma(KARI, "phone"), "90099887");
}

#[tokio::test]
async fn p5_convergence_many_edits_at_once_come_to_rest() {
    let mut world = World::settled().await;
    for (at, person) in [KARI, OLA, LIV].into_iter().enumerate() {
        let edit = json!({"phone": format!("+47413556{at}0"), "probationEndDate": null, "gender": "Mann"});
        world.huma.edit(person.huma, edit).expect("fits");
        let edit = json!({"birthday": format!("1990-01-0{}", at + 1), "last_name": format!("Ny{at}"), "notice_date": null});
        world.xledger.edit_person(person.xledger, &edit).expect("fits");
    }
    world.full().await;
    world.assert_at_rest().await;
    assert_eq!((world.questions(), world.unsettled()), (vec![], vec![]), "{}", world.text());
    assert_eq!(world.in_huma(LIV, "familyName"), "Ny2");
    assert_eq!(world.in_xledger(OLA, "phone"), "+4741355610");
}

#[tokio::test]
async fn p5_convergence_a_thousand_spellings_are_left_alone() {
    let people = hxsync::sandbox::people::fixtures();
    let mut world = World::start(&people).await;
    world.allow_first_sync().await;
    world.full().await;
    world.assert_at_rest().await;
    world.assert_at_rest().await;
}

#[tokio::test]
async fn edits_made_after_every_cycle_are_each_carried_and_recorded_once() {
    let mut world = World::settled().await;
    let rows = world.audit_rows();
    world.huma.edit(KARI.huma, json!({"phone": "+4741355666"})).expect("fits");
    world.cycle(Reach::Moved).await;
    assert_eq!(world.audit_rows(), rows + 1);
    let store = world.store();
    let row = store.read().audit_row(rows + 1).expect("reads").expect("the row");
    assert_eq!((row.outcome.word(), row.why.as_str()), ("written", "edited in Huma"));
}
