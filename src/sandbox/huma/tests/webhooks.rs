use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::sync::mpsc;

use super::super::*;
use super::*;

/// The receiving end of webhooks.
struct Receiver {
    received: mpsc::UnboundedReceiver<(HeaderMap, Bytes)>,
    /// How many of the next requests to answer 500.
    failures: Arc<AtomicU16>,
}

type Inbox = (mpsc::UnboundedSender<(HeaderMap, Bytes)>, Arc<AtomicU16>);

async fn take(State((inbox, failures)): State<Inbox>, headers: HeaderMap, body: Bytes) -> StatusCode {
    inbox.send((headers, body)).unwrap();
    let less = |left: u16| left.checked_sub(1);
    match failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less) {
        Ok(_) => StatusCode::INTERNAL_SERVER_ERROR,
        Err(_) => StatusCode::OK,
    }
}

impl Receiver {
    /// Starts to receive what `huma` sends.
    async fn of(huma: &Huma) -> Receiver {
        let (inbox, received) = mpsc::unbounded_channel();
        let failures = Arc::new(AtomicU16::new(0));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hooks/huma", listener.local_addr().unwrap());
        let router = Router::new().fallback(take).with_state((inbox, Arc::clone(&failures)));
        tokio::spawn(axum::serve(listener, router).into_future());
        huma.sim.set_webhook(WebhookSetting {
            url: Some(url),
            token: Some("a-token".into()),
            secret: Some("a-secret".into()),
        });
        Receiver { received, failures }
    }

    async fn next(&mut self) -> (HeaderMap, Bytes) {
        tokio::time::timeout(Duration::from_secs(20), self.received.recv()).await.unwrap().unwrap()
    }

    async fn next_body(&mut self) -> Value {
        serde_json::from_slice(&self.next().await.1).unwrap()
    }
}

fn about_kari(topic: &str) -> Value {
    json!({"topic": topic, "users": [{"id": KARI, "email": "kari@fjordlys.example"}]})
}

#[tokio::test]
async fn a_webhook_is_signed_over_its_exact_body() {
    let huma = Huma::start().await;
    let mut receiver = Receiver::of(&huma).await;
    huma.sim.edit(KARI, json!({"phone": "+4740000000"})).unwrap();
    let (headers, body) = receiver.next().await;
    assert_eq!(serde_json::from_slice::<Value>(&body).unwrap(), about_kari("users-update"));
    assert_eq!(headers["huma-topic"], "users-update");
    assert_eq!(headers["authorization"], "Bearer a-token");
    let mut mac = Hmac::<Sha256>::new_from_slice(b"a-secret").unwrap();
    mac.update(&body);
    assert_eq!(headers["huma-hmac-sha256"], hex::encode(mac.finalize().into_bytes()));

    huma.sim.switch(|switches| switches.signature_encoding = SignatureEncoding::PrefixedHex);
    huma.sim.edit(KARI, json!({"phone": null})).unwrap();
    assert!(receiver.next().await.0["huma-hmac-sha256"].to_str().unwrap().starts_with("sha256="));
}

#[tokio::test]
async fn each_kind_of_change_has_its_topic_and_no_change_has_none() {
    let huma = Huma::start().await;
    let mut receiver = Receiver::of(&huma).await;
    huma.sim.edit(KARI, json!({"lastDayOfWork": "2027-01-31"})).unwrap();
    huma.sim.edit(KARI, json!({"lastDayOfWork": "2027-01-31"})).unwrap();
    huma.sim.act(KARI, Action::Deactivate).unwrap();
    huma.sim.act(KARI, Action::Delete).unwrap();
    let newcomer = json!({"givenName": "Nils", "familyName": "Vik", "email": "nils@fjordlys.example"});
    huma.sim.add_person(newcomer).unwrap();
    huma.sim.export();
    assert_eq!(receiver.next_body().await, about_kari("users-update"));
    assert_eq!(receiver.next_body().await, about_kari("users-update"));
    assert_eq!(receiver.next_body().await, about_kari("users-delete"));
    assert_eq!(receiver.next_body().await["topic"], "users-create");
    let export = receiver.next_body().await;
    assert_eq!((&export["topic"], export["users"].as_array().unwrap().len()), (&json!("users-export"), 4));
}

#[tokio::test]
async fn api_writes_echo_unless_switched() {
    let huma = Huma::start().await;
    let mut receiver = Receiver::of(&huma).await;
    huma.sim.switch(|switches| switches.own_writes_echo = false);
    huma.patch_kari(json!({"gender": "Male"})).await;
    huma.sim.switch(|switches| switches.own_writes_echo = true);
    let path = format!("/users/{KARI}/positions/{KARIS_POSITION}");
    huma.send("PATCH", &path, json!({"lastDayOfWork": "2027-01-31"})).await;
    huma.sim.export();
    assert_eq!(receiver.next_body().await, about_kari("users-update"));
    assert_eq!(receiver.next_body().await["topic"], "users-export");
}

#[tokio::test]
async fn deliveries_go_wrong_as_switched() {
    let huma = Huma::start().await;
    let mut receiver = Receiver::of(&huma).await;
    let deliver = |delivery| huma.sim.switch(|switches| switches.webhook_delivery = delivery);

    deliver(WebhookDelivery::Duplicated);
    huma.sim.edit(KARI, json!({"gender": "Male"})).unwrap();
    assert_eq!(receiver.next().await.1, receiver.next().await.1);

    deliver(WebhookDelivery::Dropped);
    huma.sim.edit(KARI, json!({"gender": "Female"})).unwrap();
    deliver(WebhookDelivery::Reordered);
    huma.sim.edit(KARI, json!({"gender": "Male"})).unwrap();
    deliver(WebhookDelivery::Once);
    huma.sim.export();
    assert_eq!(receiver.next_body().await["topic"], "users-export");
    assert_eq!(receiver.next_body().await, about_kari("users-update"));

    deliver(WebhookDelivery::DelayedMs(1));
    huma.sim.edit(KARI, json!({"gender": "Female"})).unwrap();
    assert_eq!(receiver.next_body().await, about_kari("users-update"));
    deliver(WebhookDelivery::DelayedMs(600_000));
    huma.sim.edit(KARI, json!({"gender": null})).unwrap();
    deliver(WebhookDelivery::Once);
    huma.sim.export();
    assert_eq!(receiver.next_body().await["topic"], "users-export");

    receiver.failures.store(2, Ordering::SeqCst);
    deliver(WebhookDelivery::RetriedOnFailure);
    huma.sim.edit(KARI, json!({"gender": "Male"})).unwrap();
    huma.sim.export();
    for _ in 0..3 {
        assert_eq!(receiver.next_body().await, about_kari("users-update"));
    }
    assert_eq!(receiver.next_body().await["topic"], "users-export");
    assert_eq!(huma.sim.counters().webhooks_failed, 2);
}

#[tokio::test]
async fn topics_and_bodies_can_be_unknown() {
    let huma = Huma::start().await;
    let mut receiver = Receiver::of(&huma).await;
    huma.sim.switch(|switches| switches.webhook_topics = WebhookTopics::UnknownTopic);
    huma.sim.edit(KARI, json!({"gender": "Male"})).unwrap();
    assert_eq!(receiver.next_body().await, about_kari("users-login-email-change"));
    huma.sim.switch(|switches| switches.webhook_topics = WebhookTopics::UnknownBody);
    huma.sim.edit(KARI, json!({"gender": "Female"})).unwrap();
    assert_eq!(receiver.next_body().await.get("users"), None);
}
