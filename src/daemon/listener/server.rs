//! The routes: two for posts, three to look at.
//!
//! **Invariant:** nothing of a post is looked at before its signature is proven, and no side is asked while a sender waits.

use super::connections::PATIENCE;
use super::counters::{Counters, Outcome};
use super::inbox::InboxThread;
use super::keys::Keys;
use super::naming::{named_by_huma, named_by_xledger};
use super::replays::{Novelty, Replays};
use super::signature::{Refusal, prove_bearer, prove_huma, prove_xledger};
use super::{metrics, page};
use crate::daemon::cycle_thread::CycleThread;
use crate::daemon::protocol::DaemonStatus;
use crate::domain::Side;
use crate::report::StatusReport;
use crate::sync::Hinted;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use futures_util::StreamExt;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;
use tracing::{info, warn};

/// Of one post, in bytes.
const MOST: usize = 1 << 20;
/// Of the post that carries every employee, which an admin of Huma's starts by hand.
const MOST_EXPORT: usize = 32 << 20;
const EXPORT: &str = "users-export";
/// Bodies in memory at a time: of ordinary posts, and of exports.
const BODIES: usize = 64;
const EXPORTS: usize = 2;
/// For the whole of one request; before a connection loses its own patience.
const MOST_TIME: Duration = PATIENCE.saturating_sub(Duration::from_secs(5));

pub struct Server {
    pub keys: RwLock<Arc<Keys>>,
    pub inbox: InboxThread,
    pub thread: CycleThread,
    pub facts: watch::Receiver<DaemonStatus>,
    pub counters: Counters,
    replays: Replays,
    bodies: Semaphore,
    exports: Semaphore,
    /// By side: the log has said what is missing.
    has_said: [AtomicBool; 2],
}

/// What the pages show, as of one moment.
pub struct View<'a> {
    pub status: StatusReport,
    pub daemon: DaemonStatus,
    pub counters: &'a Counters,
    pub waiting: usize,
}

impl Server {
    pub fn new(
        keys: Keys,
        inbox: InboxThread,
        thread: CycleThread,
        facts: watch::Receiver<DaemonStatus>,
    ) -> Server {
        Server {
            keys: RwLock::new(Arc::new(keys)),
            inbox,
            thread,
            facts,
            counters: Counters::default(),
            replays: Replays::default(),
            bodies: Semaphore::new(BODIES),
            exports: Semaphore::new(EXPORTS),
            has_said: Default::default(),
        }
    }

    pub fn router(self: Arc<Server>) -> Router {
        Router::new()
            .route("/webhooks/huma", post(huma))
            .route("/webhooks/xledger", post(xledger))
            .route("/healthz", get(health))
            .route("/metrics", get(numbers))
            .route("/", get(look))
            .with_state(self)
    }

    pub fn take_keys(&self, keys: Keys) {
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
    }

    fn keys(&self) -> Arc<Keys> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn view(&self) -> View<'_> {
        View {
            status: self.thread.snapshot().status,
            daemon: self.facts.borrow().clone(),
            counters: &self.counters,
            waiting: self.inbox.waiting(),
        }
    }

    /// One post, to its status code.
    async fn post(&self, side: Side, request: Request) -> StatusCode {
        let taking = async {
            match side {
                Side::Huma => self.take_huma(request).await,
                Side::Xledger => self.take_xledger(request).await,
            }
        };
        let outcome = timeout(MOST_TIME, taking).await.unwrap_or(Outcome::Broken);
        self.counters.count(side, outcome);
        match outcome {
            Outcome::Kept => StatusCode::OK,
            Outcome::Refused(_) => StatusCode::UNAUTHORIZED,
            Outcome::Unproven => StatusCode::FORBIDDEN,
            Outcome::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Outcome::Broken => StatusCode::REQUEST_TIMEOUT,
            Outcome::TurnedAway => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    async fn take_huma(&self, request: Request) -> Outcome {
        let keys = self.keys();
        if keys.huma_secret.is_none() && keys.huma_token.is_none() {
            self.say_once(
                Side::Huma,
                "Huma's posts are refused: set `huma.webhook_secret_file` (or `huma.webhook_token_file`) to the secret entered in Huma",
            );
            return Outcome::Unproven;
        }
        let headers = request.headers().clone();
        if let Some(token) = &keys.huma_token
            && let Err(refusal) = prove_bearer(token, text(&headers, &header::AUTHORIZATION))
        {
            return Outcome::Refused(refusal);
        }
        let signature = text(&headers, &HeaderName::from_static("huma-hmac-sha256"));
        if keys.huma_secret.is_some() && signature.is_none() {
            return Outcome::Refused(Refusal::Missing);
        }
        let is_export = text(&headers, &HeaderName::from_static("huma-topic")) == Some(EXPORT);
        let (room, most) = if is_export { (&self.exports, MOST_EXPORT) } else { (&self.bodies, MOST) };
        let _room = room.acquire().await;
        let body = match read(request.into_body(), &headers, most).await {
            Ok(body) => body,
            Err(outcome) => return outcome,
        };
        if let Some(secret) = &keys.huma_secret
            && let Err(refusal) = prove_huma(secret, signature, &body)
        {
            return Outcome::Refused(refusal);
        }
        self.keep(named_by_huma(&body)).await
    }

    async fn take_xledger(&self, request: Request) -> Outcome {
        let keys = self.keys();
        let Some(key) = &keys.xledger else {
            self.say_once(
                Side::Xledger,
                "Xledger's posts are refused: the token in `xledger.token_file` is no base64url, so that they cannot be proven",
            );
            return Outcome::Unproven;
        };
        let headers = request.headers().clone();
        let signature = text(&headers, &HeaderName::from_static("x-xl-webhook-signature"));
        let date = text(&headers, &header::DATE);
        if signature.is_none() || date.is_none() {
            return Outcome::Refused(Refusal::Missing);
        }
        let _room = self.bodies.acquire().await;
        let body = match read(request.into_body(), &headers, MOST).await {
            Ok(body) => body,
            Err(outcome) => return outcome,
        };
        let now = Timestamp::now();
        let (signature, dated) = match prove_xledger(key, signature, date, &body, now) {
            Ok(proven) => proven,
            Err(refusal) => return Outcome::Refused(refusal),
        };
        match self.replays.note(signature, dated, now) {
            Novelty::New => {}
            Novelty::Replayed => return Outcome::Refused(Refusal::Replayed),
            Novelty::Full => return Outcome::TurnedAway,
        }
        let outcome = self.keep(named_by_xledger(&body)).await;
        if outcome != Outcome::Kept {
            self.replays.forget(&signature);
        }
        outcome
    }

    async fn keep(&self, named: BTreeSet<Hinted>) -> Outcome {
        match self.inbox.add(named).await {
            Ok(()) => Outcome::Kept,
            Err(_) => Outcome::TurnedAway,
        }
    }

    fn say_once(&self, side: Side, what: &str) {
        if !self.has_said[side as usize].swap(true, Ordering::Relaxed) {
            warn!(side = side.word(), "{what}");
        }
    }
}

async fn huma(State(server): State<Arc<Server>>, request: Request) -> StatusCode {
    server.post(Side::Huma, request).await
}

async fn xledger(State(server): State<Arc<Server>>, request: Request) -> StatusCode {
    server.post(Side::Xledger, request).await
}

/// Answers as long as the daemon works; a side that rests is a state, not an illness of ours.
async fn health(State(server): State<Arc<Server>>) -> Response {
    let view = server.view();
    let side = |side: Side| {
        let is_resting = view.daemon.resting.iter().any(|resting| resting.side == side);
        if is_resting { "resting" } else { "ok" }
    };
    let body = serde_json::json!({
        "status": "ok",
        "huma": side(Side::Huma),
        "xledger": side(Side::Xledger),
        "panics": view.daemon.panics,
    });
    ([(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

async fn numbers(State(server): State<Arc<Server>>) -> Response {
    ([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], metrics::render(&server.view())).into_response()
}

async fn look(State(server): State<Arc<Server>>) -> Response {
    let rules = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
    let headers = [
        (header::CONTENT_SECURITY_POLICY, rules),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, Html(page::render(&server.view()))).into_response()
}

fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

/// The raw body, if it is no longer than `most` bytes.
async fn read(body: Body, headers: &HeaderMap, most: usize) -> Result<Vec<u8>, Outcome> {
    let announced = text(headers, &header::CONTENT_LENGTH).and_then(|length| length.parse::<usize>().ok());
    if announced.is_some_and(|length| length > most) {
        return Err(Outcome::TooLarge);
    }
    let mut bytes = Vec::with_capacity(announced.unwrap_or_default());
    let mut parts = body.into_data_stream();
    while let Some(part) = parts.next().await {
        let part = part.map_err(|_| Outcome::Broken)?;
        if bytes.len() + part.len() > most {
            return Err(Outcome::TooLarge);
        }
        bytes.extend_from_slice(&part);
    }
    Ok(bytes)
}

/// Says once where it listens.
pub fn announce(address: std::net::SocketAddr) {
    info!("Listening on http://{address}");
}
