use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use tokio::sync::mpsc;

use super::*;

struct Received {
    headers: HeaderMap,
    body: Bytes,
}

impl Received {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn ids(&self) -> Vec<Value> {
        let edges = self.json()["data"]["hook"]["edges"].as_array().unwrap().clone();
        edges.iter().map(|e| e["node"]["dbId"].clone()).collect()
    }

    fn date(&self) -> jiff::Timestamp {
        let text = self.headers["date"].to_str().unwrap();
        jiff::civil::DateTime::strptime("%a, %d %b %Y %H:%M:%S GMT", text)
            .unwrap()
            .to_zoned_datetime(jiff::tz::TimeZone::UTC)
            .unwrap()
            .timestamp()
    }

    fn is_signed(&self) -> bool {
        let key = URL_SAFE_NO_PAD.decode(DEFAULT_TOKEN).unwrap();
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&key).unwrap();
        mac.update(format!("{}.", self.date().as_second()).as_bytes());
        mac.update(&self.body);
        let signature = self.headers["x-xl-webhook-signature"].to_str().unwrap();
        mac.verify_slice(&URL_SAFE_NO_PAD.decode(signature).unwrap()).is_ok()
    }
}

async fn next(posts: &mut mpsc::UnboundedReceiver<Received>) -> Received {
    tokio::time::timeout(Duration::from_secs(20), posts.recv()).await.unwrap().unwrap()
}

/// A receiver that answers with the given status; returns its address and what it receives.
async fn receiver(status: StatusCode) -> (String, mpsc::UnboundedReceiver<Received>) {
    let (sender, received) = mpsc::unbounded_channel();
    let app = Router::new().route(
        "/hook",
        post(move |headers: HeaderMap, body: Bytes| async move {
            let _ = sender.send(Received { headers, body });
            status
        }),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (url, received)
}

async fn register(sim: &XledgerSim, url: &str) -> Value {
    let payload = json!({"query": "subscription { hook: employeesMutated { edges { syncVersion node { dbId code } } } }"});
    let document = "mutation($node: AddWebhooksInputNode) { addWebhooks(inputs: [{node: $node}]) { edges { node { dbId url state { code } } } } }";
    let node = json!({"description": "hxsync", "url": url, "serializedPayload": payload.to_string()});
    ask_with(sim, document, json!({"node": node})).await
}

fn db_id(answer: &Value) -> &str {
    answer["data"]["addWebhooks"]["edges"][0]["node"]["dbId"].as_str().unwrap()
}

#[tokio::test]
async fn a_change_is_posted_signed_with_the_bytes_of_the_token() {
    let sim = start().await;
    let (url, mut posts) = receiver(StatusCode::OK).await;
    let hook = without_errors(register(&sim, &url).await);
    assert_eq!(hook["addWebhooks"]["edges"][0]["node"]["state"]["code"], "CREATED");
    sim.edit_person(102, &json!({"code": "7"})).unwrap();
    let received = next(&mut posts).await;
    assert_eq!(received.ids(), [102]);
    assert!(received.json()["data"]["hook"]["edges"][0]["syncVersion"].is_string());
    assert_eq!(received.date().to_string(), "2026-03-02T09:00:00Z");
    assert!(received.is_signed());
}

#[tokio::test]
async fn waiting_posts_can_be_batched_or_reordered_or_doubled() {
    for (switches, expected) in [
        (json!({"batched": true}), vec![vec![101, 102]]),
        (json!({"reordered": true}), vec![vec![102], vec![101]]),
        (json!({"duplicated": true}), vec![vec![101], vec![101], vec![102], vec![102]]),
    ] {
        let sim = start_with(|o| o.switches.webhooks.sending = false).await;
        let (url, mut posts) = receiver(StatusCode::OK).await;
        register(&sim, &url).await;
        for id in [101, 102] {
            sim.edit_person(id, &json!({"code": "7"})).unwrap();
        }
        sim.merge_switches(&json!({"webhooks": switches})).unwrap();
        sim.merge_switches(&json!({"webhooks": {"sending": true}})).unwrap();
        for ids in expected {
            assert_eq!(next(&mut posts).await.ids(), ids.into_iter().map(Value::from).collect::<Vec<_>>());
        }
    }
}

#[tokio::test]
async fn a_post_can_carry_a_wrong_signature_or_an_old_date() {
    let sim = start_with(|o| o.switches.webhooks.wrong_signature = true).await;
    let (url, mut posts) = receiver(StatusCode::OK).await;
    register(&sim, &url).await;
    sim.edit_person(101, &json!({"code": "7"})).unwrap();
    assert!(!next(&mut posts).await.is_signed());
    sim.merge_switches(&json!({"webhooks": {"wrong_signature": false, "stale_date": true}})).unwrap();
    sim.edit_person(101, &json!({"code": "8"})).unwrap();
    let stale = next(&mut posts).await;
    assert!(stale.is_signed() && stale.date().to_string() == "2026-03-02T08:00:00Z");
}

#[tokio::test]
async fn a_failing_receiver_is_retried_and_then_faulted() {
    let sim = start_with(|o| o.switches.webhooks.faulted_after = 2).await;
    let (url, mut posts) = receiver(StatusCode::BAD_REQUEST).await;
    let made = register(&sim, &url).await;
    let state =
        format!("{{ webhook(dbId: \"{}\") {{ state {{ code }} lastSuccessfulPost }} }}", db_id(&made));
    sim.edit_person(101, &json!({"code": "7"})).unwrap();
    let (first, second) = (next(&mut posts).await, next(&mut posts).await);
    assert_eq!(first.body, second.body);
    wait_for_state(&sim, &made, "FAULTED").await;
    assert_eq!(data(&sim, &state).await["webhook"]["lastSuccessfulPost"], Value::Null);
}

#[tokio::test]
async fn a_deleted_person_is_posted_without_a_node() {
    let sim = start().await;
    let (url, mut posts) = receiver(StatusCode::OK).await;
    register(&sim, &url).await;
    sim.remove_person(103);
    assert_eq!(next(&mut posts).await.ids(), [Value::Null]);
}

#[tokio::test]
async fn hooks_can_be_refused_listed_and_removed() {
    let sim = start_with(|o| o.switches.webhooks.refused = true).await;
    assert_eq!(register(&sim, "http://hook.example").await["errors"][0]["code"], "FORBIDDEN");
    sim.switch(|s| s.webhooks.refused = false).unwrap();
    assert!(invalid_value(&register(&sim, "nowhere").await));
    let made = register(&sim, "http://hook.example").await;
    let id = db_id(&made);
    let listed = data(&sim, "{ webhooks(first: 9) { edges { node { dbId } } } }").await;
    assert_eq!(column(&listed, "dbId"), [id]);
    let removed = data(
        &sim,
        &format!("mutation {{ removeWebhooks(dbIds: [\"{id}\", \"9\"]) {{ numAffected skippedDbIds }} }}"),
    )
    .await;
    assert_eq!(removed["removeWebhooks"], json!({"numAffected": 1, "skippedDbIds": ["9"]}));
}

async fn wait_for_state(sim: &XledgerSim, made: &Value, code: &str) {
    let query = format!("{{ webhook(dbId: \"{}\") {{ state {{ code }} }} }}", db_id(made));
    let reached = async { while data(sim, &query).await["webhook"]["state"]["code"] != code {} };
    tokio::time::timeout(Duration::from_secs(20), reached).await.unwrap();
}

#[tokio::test]
async fn a_hook_runs_and_is_paused_while_nothing_is_sent() {
    let sim = start().await;
    let (url, _posts) = receiver(StatusCode::OK).await;
    let made = register(&sim, &url).await;
    wait_for_state(&sim, &made, "RUNNING").await;
    sim.switch(|s| s.webhooks.sending = false).unwrap();
    wait_for_state(&sim, &made, "PAUSED").await;
}

#[tokio::test]
async fn a_hook_recovers_when_its_receiver_does() {
    let sim = start_with(|o| o.switches.webhooks.faulted_after = 1_000).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let made = register(&sim, &format!("http://{address}/hook")).await;
    sim.edit_person(101, &json!({"code": "7"})).unwrap();
    wait_for_state(&sim, &made, "RECOVERING").await;
    let (sender, mut received) = mpsc::unbounded_channel();
    let app = Router::new().route(
        "/hook",
        post(move || async move {
            let _ = sender.send(());
        }),
    );
    let listener = tokio::net::TcpListener::bind(address).await.unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    tokio::time::timeout(Duration::from_secs(20), received.recv()).await.unwrap().unwrap();
    wait_for_state(&sim, &made, "RUNNING").await;
}
