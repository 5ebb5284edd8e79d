//! One HTTP connection pool per side, and what a missing answer means for what was sent.
//!
//! | what happened                                        | read          | write            |
//! |------------------------------------------------------|---------------|------------------|
//! | no connection (name, TCP, TLS)                       | `Unreachable` | `Unreachable`    |
//! | anything later: reset, time-out, a body cut short    | `Unavailable` | `OutcomeUnknown` |
//!
//! What the status of an answer means is in `reply`.
//!
//! **Invariant:** no body, header or query is logged or kept in an error; logs hold the route's template.

use super::reply::retry_after;
pub use super::reply::{Effect, Reply, unknown};
use super::{ApiUse, Clock, RemoteError};
use crate::domain::Side;
use bytes::{Bytes, BytesMut};
use reqwest::{Method, RequestBuilder};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The largest body that is read. A page of 50 users with everything in it stays far below.
pub const LARGEST_BODY: usize = 32 * 1024 * 1024;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Of a whole request, its body included.
const TIMEOUT: Duration = Duration::from_secs(60);

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
    /// Of a side.
    #[error("the address of the side is not a usable `https://` or `http://` address")]
    Url,
    #[error("the proxy is not a usable address")]
    Proxy(#[source] reqwest::Error),
    #[error("the certificate file {} cannot be read", path.display())]
    CaUnreadable { path: PathBuf, source: std::io::Error },
    #[error("the certificate file {} holds no usable PEM certificate", path.display())]
    CaInvalid { path: PathBuf, source: Option<reqwest::Error> },
    #[error("the HTTP client could not be made")]
    Client(#[source] reqwest::Error),
}

/// Checks the address of a side.
///
/// # Errors
/// [`TransportError::Url`]; also for an address with a login in it, which would end up in places that show addresses.
pub fn base_url(text: &str) -> Result<reqwest::Url, TransportError> {
    let url = reqwest::Url::parse(text.trim()).map_err(|_| TransportError::Url)?;
    let usable = matches!(url.scheme(), "http" | "https") && url.has_host();
    let bare = url.username().is_empty() && url.password().is_none();
    if usable && bare { Ok(url) } else { Err(TransportError::Url) }
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
    /// Only where there is no complete answer, by the module's table. What a status means is the caller's, with
    /// [`Reply::failure`].
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

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn an_address_that_cannot_be_a_side_is_refused() {
        assert!(base_url("https://openapi.humahr.com").is_ok());
        for bad in
            ["openapi.humahr.com", "ftp://example.no", "", "https://kari:secret@example.no", "file:///x"]
        {
            assert!(matches!(base_url(bad), Err(TransportError::Url)), "{bad}");
        }
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

    /// Answers every connection with a body one byte above what is read.
    async fn endless() -> String {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let _ = stream.read(&mut [0; 1024]).await;
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", LARGEST_BODY + 1);
                let _ = stream.write_all(head.as_bytes()).await;
                // The reader closes the connection when it has had enough.
                let _ = stream.write_all(&vec![b' '; LARGEST_BODY + 1]).await;
            }
        });
        url
    }

    #[tokio::test]
    async fn a_body_without_end_is_not_read_to_its_end() {
        let clock = Arc::new(crate::remote::world::SystemClock);
        let transport = Transport::new(Side::Huma, &TransportOptions::default(), clock).unwrap();
        let url = endless().await;
        for (effect, method) in [(Effect::Read, Method::GET), (Effect::Write, Method::PATCH)] {
            let error = transport.send(transport.request(method, &url), effect, "x").await.err().unwrap();
            match effect {
                Effect::Read => assert!(matches!(error, RemoteError::Unexpected { .. }), "{error:?}"),
                Effect::Write => assert!(matches!(error, RemoteError::OutcomeUnknown { .. }), "{error:?}"),
            }
        }
    }

    #[test]
    fn a_proxy_that_is_no_address_is_refused() {
        let options = TransportOptions { proxy: Some("http://".into()), ..TransportOptions::default() };
        let made = Transport::new(Side::Huma, &options, Arc::new(crate::remote::world::SystemClock));
        assert!(matches!(made.err(), Some(TransportError::Proxy(_))));
    }
}
