//! Sends webhooks: builds and signs the request, and delivers it as well or as badly as the switch says.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::sync::mpsc;

use super::switches::{SignatureEncoding, Switches, WebhookDelivery, WebhookTopics};

/// What an administrator enters in Huma's web interface. Without `url`, nothing is sent.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WebhookSetting {
    pub url: Option<String>,
    /// Sent as a bearer.
    pub token: Option<String>,
    /// Signs the body.
    pub secret: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    Create,
    Update,
    Delete,
    Export,
}

impl Topic {
    fn wire_name(self) -> &'static str {
        match self {
            Topic::Create => "users-create",
            Topic::Update => "users-update",
            Topic::Delete => "users-delete",
            Topic::Export => "users-export",
        }
    }
}

/// One webhook on its way.
#[derive(Clone)]
pub struct Delivery {
    url: String,
    topic: String,
    token: Option<String>,
    signature: Option<String>,
    body: String,
    mode: WebhookDelivery,
}

/// Hands webhooks to the task that delivers them.
pub struct Sender {
    pub setting: WebhookSetting,
    queue: mpsc::UnboundedSender<Delivery>,
}

impl Sender {
    pub fn new(queue: mpsc::UnboundedSender<Delivery>) -> Sender {
        Sender { setting: WebhookSetting::default(), queue }
    }

    /// Queues one webhook about these users (`{id, email}` each), if a URL is set.
    pub fn send(&self, topic: Topic, users: Vec<Value>, switches: &Switches) {
        let Some(url) = self.setting.url.clone() else { return };
        let topic = match switches.webhook_topics {
            WebhookTopics::Known | WebhookTopics::UnknownBody => topic.wire_name(),
            WebhookTopics::UnknownTopic => "users-login-email-change",
        };
        let body = match switches.webhook_topics {
            WebhookTopics::Known | WebhookTopics::UnknownTopic => json!({"topic": topic, "users": users}),
            WebhookTopics::UnknownBody => json!({"topic": topic, "profiles": {"count": users.len()}}),
        };
        let body = body.to_string();
        let secret = self.setting.secret.as_deref();
        let delivery = Delivery {
            url,
            topic: topic.to_owned(),
            token: self.setting.token.clone(),
            signature: secret.and_then(|secret| sign(secret, body.as_bytes(), switches.signature_encoding)),
            body,
            mode: switches.webhook_delivery,
        };
        // The task is gone only when the simulator has stopped.
        let _ = self.queue.send(delivery);
    }
}

/// HMAC-SHA256 of the body in the given spelling.
fn sign(secret: &str, body: &[u8], encoding: SignatureEncoding) -> Option<String> {
    // No key length is wrong for HMAC.
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    mac.update(body);
    let bytes = mac.finalize().into_bytes();
    Some(match encoding {
        SignatureEncoding::HexLower => hex::encode(bytes),
        SignatureEncoding::HexUpper => hex::encode_upper(bytes),
        SignatureEncoding::Base64 => STANDARD.encode(bytes),
        SignatureEncoding::Base64Url => URL_SAFE_NO_PAD.encode(bytes),
        SignatureEncoding::PrefixedHex => format!("sha256={}", hex::encode(bytes)),
    })
}

/// How long a reordered event waits for the one that overtakes it.
const OVERTAKING_WAIT: Duration = Duration::from_secs(2);
/// Between attempts, under [`WebhookDelivery::RetriedOnFailure`].
const RETRY_WAIT: Duration = Duration::from_millis(200);
const ATTEMPTS: u32 = 5;
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// Delivers until the queue is closed. `outcome` hears of every attempt: true for an answer of 2xx.
pub async fn deliver(
    mut queue: mpsc::UnboundedReceiver<Delivery>,
    client: reqwest::Client,
    outcome: impl Fn(bool) + Clone + Send + Sync + 'static,
) {
    let mut overtaken: Option<Delivery> = None;
    loop {
        let next = match overtaken.take() {
            None => queue.recv().await,
            Some(waiting) => match tokio::time::timeout(OVERTAKING_WAIT, queue.recv()).await {
                Ok(Some(next)) => {
                    outcome(post(&client, &next).await);
                    outcome(post(&client, &waiting).await);
                    continue;
                }
                Ok(None) => None,
                Err(_) => {
                    outcome(post(&client, &waiting).await);
                    continue;
                }
            },
        };
        let Some(delivery) = next else { return };
        match delivery.mode {
            WebhookDelivery::Once => outcome(post(&client, &delivery).await),
            WebhookDelivery::Duplicated => {
                outcome(post(&client, &delivery).await);
                outcome(post(&client, &delivery).await);
            }
            WebhookDelivery::Reordered => overtaken = Some(delivery),
            WebhookDelivery::DelayedMs(delay) => {
                let (client, outcome) = (client.clone(), outcome.clone());
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_millis(delay)).await;
                    outcome(post(&client, &delivery).await);
                });
            }
            WebhookDelivery::Dropped => {}
            WebhookDelivery::RetriedOnFailure => {
                for attempt in 1..=ATTEMPTS {
                    let accepted = post(&client, &delivery).await;
                    outcome(accepted);
                    if accepted || attempt == ATTEMPTS {
                        break;
                    }
                    tokio::time::sleep(RETRY_WAIT).await;
                }
            }
        }
    }
}

async fn post(client: &reqwest::Client, delivery: &Delivery) -> bool {
    let mut request = client
        .post(&delivery.url)
        .timeout(ANSWER_LIMIT)
        .header("huma-topic", &delivery.topic)
        .header("content-type", "application/json")
        .body(delivery.body.clone());
    if let Some(token) = &delivery.token {
        request = request.bearer_auth(token);
    }
    if let Some(signature) = &delivery.signature {
        request = request.header("huma-hmac-sha256", signature);
    }
    request.send().await.is_ok_and(|answer| answer.status().is_success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_the_hmac_of_the_body_in_each_spelling() {
        // RFC 4231, test case 2.
        let sign = |encoding| sign("Jefe", b"what do ya want for nothing?", encoding).unwrap();
        let hex = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(sign(SignatureEncoding::HexLower), hex);
        assert_eq!(sign(SignatureEncoding::HexUpper), hex.to_uppercase());
        assert_eq!(sign(SignatureEncoding::PrefixedHex), format!("sha256={hex}"));
        assert_eq!(sign(SignatureEncoding::Base64), "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=");
        assert_eq!(sign(SignatureEncoding::Base64Url), "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM");
    }
}
