//! One HTTP connection pool per side, and what each way of failing means for what was sent.
//!
//! | what happened                                        | read          | write            |
//! |------------------------------------------------------|---------------|------------------|
//! | no connection (name, TCP, TLS)                       | `Unreachable` | `Unreachable`    |
//! | anything later: reset, time-out, a body cut short    | `Unavailable` | `OutcomeUnknown` |
//! | 429, or 503 that says when to come back              | `RateLimited` | `RateLimited`    |
//! | 408 and every other 5xx                              | `Unavailable` | `OutcomeUnknown` |
//!
//! **Invariant:** no body, header or query is logged or kept in an error; logs hold the route's template and an id.

use super::{ApiUse, Clock, Limit, RemoteError};
use crate::domain::Side;
use bytes::{Bytes, BytesMut};
use jiff::Timestamp;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use reqwest::{Method, RequestBuilder, StatusCode};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The largest body that is read. A page of 50 users with everything in it stays far below.
pub const LARGEST_BODY: usize = 32 * 1024 * 1024;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Of a whole request, its body included.
const TIMEOUT: Duration = Duration::from_secs(60);
/// The wait for a 429 that names none.
const WAIT_UNSAID: Duration = Duration::from_secs(5);

/// Makes ring rustls's provider for the whole process. Safe to call again.
pub fn install_tls() {
    // An error says that a provider is there already, which is all that is wanted.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

#[derive(Debug, Clone, Default)]
pub struct TransportOptions {
    /// `http://host:port`. Without one the environment's proxies are not used either: the settings are the one place.
    pub proxy: Option<String>,
    /// PEM certificates trusted besides the machine's own.
    pub ca_file: Option<PathBuf>,
    /// Of a whole request; 60 s when `None`.
    pub timeout: Option<Duration>,
}

/// Why no transport could be made: the settings are wrong.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    #[error("the proxy is not a usable address")]
    Proxy(#[source] reqwest::Error),
    #[error("the certificate file {} cannot be read", path.display())]
    CaUnreadable { path: PathBuf, source: std::io::Error },
    #[error("the certificate file {} holds no usable PEM certificate", path.display())]
    CaInvalid { path: PathBuf, source: Option<reqwest::Error> },
    #[error("the HTTP client could not be made")]
    Client(#[source] reqwest::Error),
}

/// Whether a request can have changed anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    Read,
    Write,
}

/// A complete answer with any status.
pub struct Reply {
    pub status: StatusCode,
    pub body: Bytes,
    /// From `Retry-After`, seconds or a date.
    pub retry_after: Option<Duration>,
}

pub struct Transport {
    side: Side,
    client: reqwest::Client,
    clock: Arc<dyn Clock>,
    meter: Meter,
}

impl Transport {
    pub fn new(
        side: Side,
        options: &TransportOptions,
        clock: Arc<dyn Clock>,
    ) -> Result<Transport, TransportError> {
        install_tls();
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("hxsync/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(options.timeout.unwrap_or(TIMEOUT))
            .redirect(reqwest::redirect::Policy::none());
        builder = match &options.proxy {
            Some(url) => {
                builder.proxy(reqwest::Proxy::all(url).map_err(|e| TransportError::Proxy(e.without_url()))?)
            }
            None => builder.no_proxy(),
        };
        if let Some(path) = &options.ca_file {
            builder = builder.tls_certs_merge(certificates(path)?);
        }
        let client = builder.build().map_err(TransportError::Client)?;
        Ok(Transport { side, client, clock, meter: Meter::default() })
    }

    pub fn side(&self) -> Side {
        self.side
    }

    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    pub fn request(&self, method: Method, url: &str) -> RequestBuilder {
        self.client.request(method, url)
    }

    /// Sends once and reads the whole body. `route` is a template without values (`PATCH /users/{id}`), for the log.
    ///
    /// # Errors
    /// Only where there is no complete answer: the first two rows of the module's table. What a status means is the
    /// caller's, with [`Reply::failure`] for the rest of the table.
    pub async fn send(
        &self,
        request: RequestBuilder,
        effect: Effect,
        route: &str,
    ) -> Result<Reply, RemoteError> {
        let started = self.clock.monotonic();
        let outcome = self.send_unlogged(request, effect).await;
        let ms =
            u64::try_from(self.clock.monotonic().saturating_sub(started).as_millis()).unwrap_or(u64::MAX);
        match &outcome {
            Ok(reply) => {
                tracing::debug!(
                    side = self.side.word(),
                    route,
                    status = reply.status.as_u16(),
                    ms,
                    "Answered"
                );
            }
            Err(error) => tracing::debug!(side = self.side.word(), route, ms, "Not answered: {error}"),
        }
        outcome
    }

    /// What was sent and received since the last call.
    pub fn take_use(&self) -> ApiUse {
        self.meter.take()
    }

    async fn send_unlogged(&self, request: RequestBuilder, effect: Effect) -> Result<Reply, RemoteError> {
        let request = request.build().map_err(|error| self.no_answer(error, effect))?;
        let sent = request.body().and_then(|body| body.as_bytes()).map_or(0, <[u8]>::len);
        self.meter.count(1, 0, sent);
        let response = self.client.execute(request).await.map_err(|error| self.no_answer(error, effect))?;
        let status = response.status();
        let retry_after = retry_after(response.headers(), self.clock.now());
        match self.body(response).await {
            Ok(body) => Ok(Reply { status, body, retry_after }),
            // The status of a refusal says all that matters; its body only explains.
            Err(_) if !status.is_success() => Ok(Reply { status, body: Bytes::new(), retry_after }),
            Err(BodyError::TooLarge) if effect == Effect::Read => Err(RemoteError::Unexpected {
                side: self.side,
                path: format!("a body above {} MiB", LARGEST_BODY / 1024 / 1024),
            }),
            Err(BodyError::TooLarge) => Err(unknown(self.side, BodyError::TooLarge)),
            Err(BodyError::Broken(error)) => Err(self.no_answer(error, effect)),
        }
    }

    async fn body(&self, mut response: reqwest::Response) -> Result<Bytes, BodyError> {
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(BodyError::Broken)? {
            self.meter.count(0, chunk.len(), 0);
            if body.len() + chunk.len() > LARGEST_BODY {
                return Err(BodyError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    }

    fn no_answer(&self, error: reqwest::Error, effect: Effect) -> RemoteError {
        let side = self.side;
        let never_sent = error.is_connect() || error.is_builder();
        let what = if error.is_timeout() { "time-out" } else { "the connection broke" };
        let source = error.without_url();
        match effect {
            _ if never_sent => RemoteError::Unreachable { side, source: source.into() },
            Effect::Read => RemoteError::Unavailable { side, what: what.to_owned() },
            Effect::Write => unknown(side, source),
        }
    }
}

impl Reply {
    /// The failure that a status means on either side, by the module's table; `None` where the status is the caller's
    /// to judge.
    pub fn failure(&self, side: Side, effect: Effect) -> Option<RemoteError> {
        let status = self.status;
        let wait = match status {
            StatusCode::TOO_MANY_REQUESTS => Some(self.retry_after.unwrap_or(WAIT_UNSAID)),
            StatusCode::SERVICE_UNAVAILABLE => self.retry_after,
            _ => None,
        };
        if let Some(retry_after) = wait {
            return Some(RemoteError::RateLimited { side, limit: Limit::TooMany, retry_after });
        }
        if !status.is_server_error() && status != StatusCode::REQUEST_TIMEOUT {
            return None;
        }
        Some(match effect {
            Effect::Read => RemoteError::Unavailable { side, what: format!("HTTP {}", status.as_u16()) },
            Effect::Write => unknown(side, AnsweredWith(status.as_u16())),
        })
    }
}

/// The failure of a write whose answer does not say whether it was carried out.
pub fn unknown(side: Side, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> RemoteError {
    RemoteError::OutcomeUnknown { side, source: source.into() }
}

#[derive(Debug, thiserror::Error)]
#[error("it answered HTTP {0}")]
struct AnsweredWith(u16);

#[derive(Debug, thiserror::Error)]
enum BodyError {
    #[error("the body is larger than any that was expected")]
    TooLarge,
    #[error("the body broke off")]
    Broken(#[source] reqwest::Error),
}

/// What one side's interface has cost.
#[derive(Debug, Default)]
pub struct Meter {
    requests: AtomicU64,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
}

impl Meter {
    fn count(&self, requests: u64, bytes_in: usize, bytes_out: usize) {
        self.requests.fetch_add(requests, Ordering::Relaxed);
        self.bytes_in.fetch_add(bytes_in as u64, Ordering::Relaxed);
        self.bytes_out.fetch_add(bytes_out as u64, Ordering::Relaxed);
    }

    /// The figures since the last call.
    pub fn take(&self) -> ApiUse {
        ApiUse {
            requests: self.requests.swap(0, Ordering::Relaxed),
            bytes_in: self.bytes_in.swap(0, Ordering::Relaxed),
            bytes_out: self.bytes_out.swap(0, Ordering::Relaxed),
        }
    }
}

fn certificates(path: &std::path::Path) -> Result<Vec<reqwest::Certificate>, TransportError> {
    let pem = std::fs::read(path)
        .map_err(|source| TransportError::CaUnreadable { path: path.to_owned(), source })?;
    let found = reqwest::Certificate::from_pem_bundle(&pem)
        .map_err(|source| TransportError::CaInvalid { path: path.to_owned(), source: Some(source) })?;
    if found.is_empty() {
        return Err(TransportError::CaInvalid { path: path.to_owned(), source: None });
    }
    Ok(found)
}

/// `Retry-After` as a wait. A date counts from the answer's own `Date`, so that a wrong clock on either machine does
/// not matter.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let until = http_date(text)?;
    let from = headers.get(DATE).and_then(|date| http_date(date.to_str().ok()?)).unwrap_or(now);
    Some(Duration::try_from(until.duration_since(from)).unwrap_or(Duration::ZERO))
}

fn http_date(text: &str) -> Option<Timestamp> {
    let date = jiff::fmt::rfc2822::DateTimeParser::new().relaxed_weekday(true).parse_timestamp(text.trim());
    date.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u16, retry_after: Option<u64>) -> Reply {
        Reply {
            status: StatusCode::from_u16(status).unwrap(),
            body: Bytes::new(),
            retry_after: retry_after.map(Duration::from_secs),
        }
    }

    fn wait_of(error: Option<RemoteError>) -> Option<u64> {
        match error? {
            RemoteError::RateLimited { retry_after, .. } => Some(retry_after.as_secs()),
            _ => None,
        }
    }

    #[test]
    fn a_failing_gateway_leaves_a_write_unknown_and_a_read_unavailable() {
        for status in [408, 500, 502, 503, 504, 599] {
            let reply = reply(status, None);
            let read = reply.failure(Side::Huma, Effect::Read);
            assert!(matches!(read, Some(RemoteError::Unavailable { .. })), "{status}: {read:?}");
            let write = reply.failure(Side::Huma, Effect::Write);
            assert!(matches!(write, Some(RemoteError::OutcomeUnknown { .. })), "{status}: {write:?}");
        }
    }

    #[test]
    fn being_asked_to_wait_says_that_nothing_was_carried_out() {
        for effect in [Effect::Read, Effect::Write] {
            assert_eq!(wait_of(reply(429, Some(7)).failure(Side::Huma, effect)), Some(7));
            assert_eq!(wait_of(reply(429, None).failure(Side::Huma, effect)), Some(5));
            assert_eq!(wait_of(reply(503, Some(9)).failure(Side::Huma, effect)), Some(9));
        }
    }

    #[test]
    fn what_only_one_side_can_judge_is_left_to_it() {
        for status in [200, 302, 400, 401, 403, 404, 409, 422] {
            assert!(reply(status, Some(1)).failure(Side::Huma, Effect::Write).is_none(), "{status}");
        }
    }

    #[test]
    fn retry_after_is_read_as_seconds_or_as_a_date() {
        let now = "2026-11-23T08:00:00Z".parse().unwrap();
        let wait = |pairs: &[(&'static str, &str)]| {
            let headers = pairs
                .iter()
                .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
                .collect::<HeaderMap>();
            retry_after(&headers, now).map(|wait| wait.as_secs())
        };
        assert_eq!(wait(&[("retry-after", " 12 ")]), Some(12));
        assert_eq!(wait(&[("retry-after", "Mon, 23 Nov 2026 08:00:30 GMT")]), Some(30));
        assert_eq!(wait(&[("retry-after", "Mon, 23 Nov 2026 07:00:00 GMT")]), Some(0));
        let dated =
            [("retry-after", "Mon, 23 Nov 2026 09:00:10 GMT"), ("date", "Mon, 23 Nov 2026 09:00:00 GMT")];
        assert_eq!(wait(&dated), Some(10));
        assert_eq!(wait(&[("retry-after", "soon")]), None);
        assert_eq!(wait(&[]), None);
    }

    #[test]
    fn the_meter_starts_again_after_each_look() {
        let meter = Meter::default();
        meter.count(1, 10, 3);
        meter.count(1, 5, 0);
        assert_eq!(meter.take(), ApiUse { requests: 2, bytes_in: 15, bytes_out: 3 });
        assert_eq!(meter.take(), ApiUse::default());
    }

    #[test]
    fn a_bad_certificate_file_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let make = |path: PathBuf| {
            let options = TransportOptions { ca_file: Some(path), ..TransportOptions::default() };
            Transport::new(Side::Huma, &options, Arc::new(crate::remote::world::SystemClock)).err()
        };
        let missing = directory.path().join("missing.pem");
        assert!(matches!(make(missing), Some(TransportError::CaUnreadable { .. })));
        let empty = directory.path().join("empty.pem");
        std::fs::write(&empty, "not a certificate").unwrap();
        assert!(matches!(make(empty), Some(TransportError::CaInvalid { .. })));
    }

    #[tokio::test]
    async fn a_side_that_cannot_be_reached_took_no_write() {
        // A port that was free a moment ago and that nobody listens on.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let clock = Arc::new(crate::remote::world::SystemClock);
        let transport = Transport::new(Side::Huma, &TransportOptions::default(), clock).unwrap();
        let request =
            transport.request(Method::PATCH, &format!("http://127.0.0.1:{port}/users/x")).body("secret");
        let error = transport.send(request, Effect::Write, "PATCH /users/{id}").await.err().unwrap();
        assert!(matches!(error, RemoteError::Unreachable { .. }), "{error:?}");
        assert!(!format!("{error:?}").contains("secret"));
        assert_eq!(transport.take_use().requests, 1);
    }
}
