//! People on one side only, in doubt, gone or broken: what answers and rules make of them.

use crate::support::cast::{people, people_among, with_an_end};
use crate::support::stored::{FIELDS, huma_id, in_huma, in_xledger, xledger_id};
use crate::support::views::{number, rows};
use crate::support::world::{World, answered};
use hxsync::sandbox::huma::{Action, Fault, FaultKind};
use hxsync::sandbox::people::Person;
use hxsync::sync::Reach;
use jiff::SignedDuration;
use serde_json::json;

/// A world whose first sync is over, with these questions open.
async fn living(people: &[Person]) -> World {
    let mut world = World::start(people).await;
    world.allow_first_sync().await;
    world.until_quiet().await;
    world
}

fn complete(names: &[&str]) -> Vec<Person> {
    let mut cast = people_among(6, &[]);
    cast.extend(people(names).into_iter().map(with_an_end));
    cast
}

#[tokio::test]
async fn somebody_only_in_huma_is_created_in_xledger_with_all_15_fields() {
    let mut world = living(&complete(&["Isak Tvedt"])).await;
    world.save(|text| answered(text, "Isak Tvedt (1140)", "create-xledger")).await;
    let report = world.cycle(Reach::Moved).await;
    assert_eq!(report.created, ["Isak Tvedt (1140)"], "{report:?}\n{}", world.text());
    world.until_quiet().await;
    let (huma, xledger) = (huma_id(&world, "1140"), xledger_id(&world, "1140"));
    for field in FIELDS {
        let wanted = in_huma(&world, &huma, field);
        assert!(wanted.is_some(), "{field} is empty in Huma");
        assert_eq!(in_xledger(&world, xledger, field), wanted, "{field}");
    }
    assert_eq!(
        number(&world, "SELECT count(*) FROM field_state WHERE person LIKE 'Isak%' AND state <> 'agreed'"),
        0
    );
}

#[tokio::test]
async fn somebody_only_in_xledger_is_created_in_huma_with_all_15_fields_and_no_invitation() {
    let mut world = living(&complete(&["Helge Borgen"])).await;
    world.save(|text| answered(text, "Helge Borgen (1142)", "create-huma")).await;
    let report = world.cycle(Reach::Moved).await;
    assert_eq!(report.created, ["Helge Borgen (1142)"], "{report:?}\n{}", world.text());
    world.until_quiet().await;
    let (huma, xledger) = (huma_id(&world, "1142"), xledger_id(&world, "1142"));
    for field in FIELDS {
        let wanted = in_xledger(&world, xledger, field);
        assert!(wanted.is_some(), "{field} is empty in Xledger");
        assert_eq!(in_huma(&world, &huma, field), wanted, "{field}");
    }
    assert_eq!(world.huma.counters().invitations_sent, 0);
    assert_eq!(
        number(&world, "SELECT count(*) FROM field_state WHERE person LIKE 'Helge%' AND state <> 'agreed'"),
        0
    );
}

#[tokio::test]
async fn halves_are_linked_by_letter_and_by_id_and_the_fields_follow() {
    let mut world = World::start(&people_among(4, &["Mikkel Aune Bye", "Mikkel Aune", "Sara Løken"])).await;
    world.full().await;
    // From Huma's half by the printed letter; from Xledger's half by Huma's id. Both halves of each are asked about.
    let sara = "00000145-1000-4000-8000-000000000145";
    world
        .allow_with(|text| {
            let text = answered(&text, "Mikkel Aune Bye", "link A");
            answered(&text, "Sara Løken (1145)", &format!("link {sara}"))
        })
        .await;
    let report = world.full().await;
    assert_eq!((report.new_links, report.answers_refused), (2, 0), "{}", world.text());
    world.until_quiet().await;
    let links = rows(
        &world,
        "SELECT huma_id, xledger_id FROM people WHERE linked_by LIKE '%link%' ORDER BY xledger_id",
    );
    let mikkel = "00000144-1000-4000-8000-000000000144";
    assert_eq!(links, [[mikkel, "20401872"], [sara, "20401885"]]);
    assert_eq!(number(&world, "SELECT count(*) FROM people WHERE state LIKE 'only-%'"), 0);
    // Mikkel's names differ, the number is missing in Huma: ordinary questions.
    let asked = rows(
        &world,
        "SELECT person, field, kind FROM open_questions WHERE person LIKE 'Mikkel%' ORDER BY field",
    );
    let asked: Vec<(&str, &str)> = asked.iter().map(|row| (row[1].as_str(), row[2].as_str())).collect();
    assert_eq!(asked, [("employment_id", "missing"), ("family_name", "difference")]);
}

#[tokio::test]
async fn whoever_is_ignored_is_left_alone_and_not_asked_about_again() {
    let mut world = World::start(&people_among(4, &["Frida Kolberg", "Ruth Sagen"])).await;
    world.full().await;
    world
        .allow_with(|text| {
            answered(&answered(&text, "Frida Kolberg", "ignore"), "Ruth Sagen (1143)", "ignore")
        })
        .await;
    world.full().await;
    world.full().await;
    assert_eq!(number(&world, "SELECT count(*) FROM open_questions"), 0, "{}", world.text());
    assert_eq!(number(&world, "SELECT count(*) FROM people WHERE state = 'excluded'"), 2);
    assert_eq!(world.huma.counters().users_created, 0);
}

#[tokio::test]
async fn p6_a_person_who_cannot_be_created_is_refused_in_words_and_the_others_are_made() {
    let names = ["Frida Kolberg", "Ruth Sagen", "Isak Tvedt", "Helge Borgen"];
    let mut world = living(&people_among(4, &names)).await;
    world
        .save(|text| {
            let text = answered(text, "Frida Kolberg", "create-xledger");
            let text = answered(&text, "Ruth Sagen (1143)", "create-huma");
            let text = answered(&text, "Isak Tvedt (1140)", "create-xledger");
            answered(&text, "Helge Borgen (1142)", "create-huma")
        })
        .await;
    let report = world.cycle(Reach::Moved).await;
    assert_eq!(report.answers_refused, 2);
    let text = world.text();
    let told = text.replace("\n#!  ", "");
    assert!(told.contains("Xledger needs an employment ID; write one in Huma first"), "{text}");
    assert!(told.contains("Huma needs an e-mail; write one in Xledger first"), "{text}");
    huma_id(&world, "1142");
    xledger_id(&world, "1140");
    // Asked again, with the same words to answer.
    answered(&text, "Frida Kolberg", "ignore");
    answered(&text, "Ruth Sagen (1143)", "ignore");
}

#[tokio::test]
async fn p6_one_unreadable_person_does_not_stop_the_others() {
    let mut world = living(&people_among(8, &[])).await;
    let ids: Vec<(String, i64)> = rows(&world, "SELECT huma_id, xledger_id FROM people ORDER BY huma_id")
        .into_iter()
        .map(|row| (row[0].clone(), row[1].parse().expect("a number")))
        .collect();
    // The first person's details come as half a JSON.
    world.huma.edit(&ids[0].0, json!({"phone": "+47 900 10 001"})).expect("an edit");
    world.huma.add_fault(Fault { path: Some(ids[0].0.clone()), ..Fault::from(FaultKind::TruncatedJson) });
    world.huma.edit(&ids[1].0, json!({"phone": "+47 900 10 002"})).expect("an edit");
    world.huma.edit(&ids[2].0, json!({"phone": "+47 900 10 003"})).expect("an edit");
    let report = world.full().await;
    assert_ne!(in_xledger(&world, ids[0].1, "phone"), Some("4790010001".into()));
    assert_eq!(in_xledger(&world, ids[1].1, "phone"), Some("4790010002".into()), "{report:?}");
    assert_eq!(in_xledger(&world, ids[2].1, "phone"), Some("4790010003".into()));
    world.huma.clear_faults();
    world.full().await;
    assert_eq!(in_xledger(&world, ids[0].1, "phone"), Some("4790010001".into()));
}

#[tokio::test]
async fn p7_absence_is_asked_about_after_two_complete_listings_and_a_partial_one_proves_nothing() {
    let mut world = living(&people_among(20, &[])).await;
    let gone = rows(&world, "SELECT huma_id, xledger_id, person FROM people ORDER BY huma_id")[0].clone();
    world.xledger.remove_person(gone[1].parse().expect("a number"));
    let open = |world: &World| number(world, "SELECT count(*) FROM open_questions WHERE kind = 'vanished'");

    let report = world.full().await;
    assert_eq!(open(&world), 0, "one sighting is none");
    assert_eq!(report.huma_writes + report.xledger_writes, 0);
    world.full().await;
    assert_eq!(open(&world), 0, "too soon after the first");
    world.clock.pass(SignedDuration::from_hours(2));
    world
        .xledger
        .add_fault(json!({"field": "employees", "fault": {"kind": "truncated-page"}}))
        .expect("a rule");
    world.full().await;
    world.xledger.remove_faults(None);
    assert_eq!(number(&world, "SELECT count(*) FROM people WHERE state = 'vanished'"), 0);
    world.full().await;
    assert_eq!(open(&world), 1, "{}", world.text());
    assert_eq!(
        (world.huma.counters().writes, world.xledger.writes().len()),
        (0, 0),
        "nobody is deleted or made"
    );

    world.save(|text| answered(text, &gone[2], "left")).await;
    world.full().await;
    world.full().await;
    assert_eq!(open(&world), 0);
    assert!(world.huma.person(&gone[0]).is_some());
    assert_eq!((world.huma.counters().writes, world.xledger.writes().len()), (0, 0));
}

#[tokio::test]
async fn p7_a_listing_that_lost_a_fifth_of_everybody_concludes_nothing() {
    let mut world = living(&people_among(10, &[])).await;
    let ids = rows(&world, "SELECT huma_id FROM people ORDER BY huma_id");
    for row in &ids[..3] {
        world.huma.act(&row[0], Action::Delete).expect("it is there");
    }
    world.full().await;
    world.clock.pass(SignedDuration::from_hours(2));
    world.full().await;
    world.clock.pass(SignedDuration::from_hours(2));
    world.full().await;
    assert_eq!(number(&world, "SELECT count(*) FROM open_questions"), 0, "{}", world.text());
    assert_eq!(world.xledger.writes().len(), 0);
}

#[tokio::test]
async fn p7_somebody_seen_again_starts_over() {
    let cast = people_among(20, &[]);
    let mut world = living(&cast).await;
    let person = cast[3].xledger.clone().expect("in Xledger");
    let sightings = |world: &World| number(world, "SELECT count(*) FROM open_questions");
    world.xledger.remove_person(person.db_id);
    world.full().await;
    world.clock.pass(SignedDuration::from_hours(2));
    world.xledger.add_person(serde_json::to_value(&person).expect("a person")).expect("added again");
    world.full().await;
    world.xledger.remove_person(person.db_id);
    world.clock.pass(SignedDuration::from_hours(2));
    world.full().await;
    assert_eq!(sightings(&world), 0, "the first sighting of a new absence: {}", world.text());
    world.clock.pass(SignedDuration::from_hours(2));
    world.full().await;
    assert_eq!(sightings(&world), 1);
}
