//! What posts lead to.

use super::live::{Live, everybody_in_agreement, somebody};
use hxsync::daemon::Signal;
use hxsync::domain::Side;
use hxsync::sandbox::huma::WebhookDelivery;
use hxsync::store::Inbox;
use jiff::Timestamp;
use reqwest::StatusCode;
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_in_huma_reaches_xledger_through_its_post_alone() {
    let live = Live::start().await;
    let (huma, xledger) = somebody();
    let listings = live.huma.requests().iter().filter(|request| request.path == "/users").count();
    live.huma.edit(&huma, json!({"phone": "+4790011223"})).unwrap();
    live.until("the phone in Xledger", |live, _| live.in_xledger(xledger, "phone") == "+4790011223").await;
    live.until_nobody_waits().await;
    let after = live.huma.requests().iter().filter(|request| request.path == "/users").count();
    assert_eq!(after, listings, "nobody was listed");
    assert_eq!(live.writes_of(xledger), 1);
    let cycles = live.store().read().last_cycles(10).unwrap();
    assert!(cycles.iter().any(|cycle| cycle.cause == "webhook" && cycle.counts.writes == 1), "{cycles:?}");
    live.until("the inbox is settled", |live, _| live.store().read().waiting_hints().unwrap().is_empty())
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_in_xledger_reaches_huma_through_a_post_about_the_contact() {
    let live = Live::start().await;
    let (huma, xledger) = somebody();
    live.xledger.edit_person(xledger, &json!({"phone": "+4790011224"})).unwrap();
    let contact = live.in_xledger(xledger, "contact_db_id");
    let body = json!({"data": {"contacts": {"edges": [{"syncVersion": "a", "node": {"dbId": contact}}]}}});
    let answer = live.xledger_post(&body.to_string(), Timestamp::now()).send().await.unwrap();
    assert_eq!((answer.status(), answer.bytes().await.unwrap().len()), (StatusCode::OK, 0));
    live.until("the phone in Huma", |live, _| live.huma.person(&huma).unwrap()["phone"] == "+4790011224")
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_that_comes_twice_causes_no_second_write() {
    let live = Live::start().await;
    let (huma, xledger) = somebody();
    live.huma.switch(|switches| switches.webhook_delivery = WebhookDelivery::Duplicated);
    live.huma.edit(&huma, json!({"phone": "+4790011225"})).unwrap();
    live.until("both posts", |_, metrics| metrics.contains("outcome=\"kept\"} 2\n")).await;
    live.until("the phone in Xledger", |live, _| live.in_xledger(xledger, "phone") == "+4790011225").await;
    live.until_nobody_waits().await;
    assert_eq!(live.writes_of(xledger), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_people_at_once_are_each_carried_over_once() {
    let live = Live::start().await;
    // No more than the limit on one field lets through.
    let people: Vec<(String, i64)> = everybody_in_agreement().into_iter().take(8).collect();
    let cycles = live.store().read().last_cycles(1).unwrap()[0].id;
    for (number, (huma, _)) in people.iter().enumerate() {
        live.huma.edit(huma, json!({"phone": format!("+479001{number:04}")})).unwrap();
    }
    live.until("every phone in Xledger", |live, _| {
        let is_there = |(number, (_, xledger)): (usize, &(String, i64))| {
            live.in_xledger(*xledger, "phone") == format!("+479001{number:04}")
        };
        people.iter().enumerate().all(is_there)
    })
    .await;
    live.until_nobody_waits().await;
    for (_, xledger) in &people {
        assert_eq!(live.writes_of(*xledger), 1);
    }
    let after = live.store().read().last_cycles(1).unwrap()[0].id;
    assert!(people.len() == 8 && ((after - cycles) as usize) < people.len(), "{}", after - cycles);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_whose_post_is_lost_is_found_by_polling() {
    let live = Live::start().await;
    let (huma, xledger) = somebody();
    live.huma.switch(|switches| switches.webhook_delivery = WebhookDelivery::Dropped);
    // A field that the listing shows: what it does not show is the sweep's.
    live.huma.edit(&huma, json!({"phone": "+4790011226"})).unwrap();
    live.signal(Signal::Cycle).await;
    live.until("the phone in Xledger", |live, _| live.in_xledger(xledger, "phone") == "+4790011226").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hint_survives_a_restart() {
    let mut live = Live::start().await;
    let (huma, xledger) = somebody();
    live.stop().await;
    live.huma.switch(|switches| switches.webhook_delivery = WebhookDelivery::Dropped);
    // Nothing that a listing shows.
    live.huma.edit(&huma, json!({"birthDate": "1979-03-04"})).unwrap();
    Inbox::open(&live.database()).unwrap().add(&[(Side::Huma, vec![huma])], Timestamp::now()).unwrap();
    live.run().await;
    live.until("the birthday in Xledger", |live, _| live.in_xledger(xledger, "birthday") == "1979-03-04")
        .await;
    live.until_nobody_waits().await;
    live.stop().await;
    assert_eq!(live.store().read().waiting_hints().unwrap(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_about_a_newcomer_leads_to_a_question_about_them() {
    let live = Live::start().await;
    let before = live.store().read().open_question_count().unwrap();
    let person =
        json!({"givenName": "Nyansatt", "familyName": "Fjellheim", "email": "nyansatt@fjordlys.example"});
    live.huma.add_person(person).unwrap();
    live.until("one question more", |live, _| {
        live.store().read().open_question_count().unwrap() == before + 1
    })
    .await;
}
