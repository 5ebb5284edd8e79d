//! One authenticated call: paced, retried, with a new token once where the old one is refused.

use super::refusal;
use super::token::{self, Granted, Token, TokenKeeper};
use crate::domain::Side;
use crate::remote::pacer::Pacer;
use crate::remote::retry::with_retry;
use crate::remote::transport::{Effect, Reply, Transport, unknown};
use crate::remote::{RemoteError, Secret};
use reqwest::{Method, StatusCode, Url};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// A request without its token. `route` is its template, for logs and errors.
pub struct Call<'a> {
    pub method: Method,
    pub route: &'static str,
    pub segments: &'a [&'a str],
    pub query: &'a [(&'a str, &'a str)],
    pub body: Option<&'a Value>,
}

/// Sends calls for one API key.
pub struct Caller {
    pub transport: Transport,
    pub pacer: Pacer,
    pub base: Url,
    pub client_id: String,
    pub secret: Secret,
    pub tokens: TokenKeeper,
}

impl<'a> Call<'a> {
    pub fn get(route: &'static str, segments: &'a [&'a str], query: &'a [(&'a str, &'a str)]) -> Call<'a> {
        Call { method: Method::GET, route, segments, query, body: None }
    }

    pub fn post(route: &'static str, segments: &'a [&'a str], body: &'a Value) -> Call<'a> {
        Call { method: Method::POST, route, segments, query: &[], body: Some(body) }
    }

    pub fn patch(route: &'static str, segments: &'a [&'a str], body: &'a Value) -> Call<'a> {
        Call { method: Method::PATCH, route, segments, query: &[], body: Some(body) }
    }

    fn effect(&self) -> Effect {
        if self.body.is_some() { Effect::Write } else { Effect::Read }
    }
}

impl Caller {
    /// The answer's JSON.
    ///
    /// # Errors
    /// By the table of `huma.md` section 4; 404 is [`RemoteError::Refused`] with [`refusal::NOT_FOUND`]. A success whose
    /// body is not JSON leaves a write unknown.
    pub async fn call(&self, call: Call<'_>) -> Result<Value, RemoteError> {
        let renewals = AtomicU32::new(0);
        with_retry(self.transport.clock().as_ref(), || self.attempt(&call, &renewals)).await
    }

    /// The token in use, from a login where there is none that lasts.
    pub async fn token(&self) -> Result<Arc<Token>, RemoteError> {
        with_retry(self.transport.clock().as_ref(), || self.lasting_token(None)).await
    }

    /// `renewals` counts over all attempts of one call: a call gets one new token, never more.
    async fn attempt(&self, call: &Call<'_>, renewals: &AtomicU32) -> Result<Value, RemoteError> {
        // Before the pacer: a login waits for the pacer itself, and must not do so while holding a slot.
        let token = self.lasting_token(None).await?;
        let mut reply = self.send(call, &token).await?;
        if reply.status == StatusCode::UNAUTHORIZED && renewals.fetch_add(1, Ordering::Relaxed) == 0 {
            let token = self.lasting_token(Some(token.generation)).await?;
            reply = self.send(call, &token).await?;
        }
        if let Some(error) = refusal::classify(&reply, call.effect(), call.route) {
            return Err(error);
        }
        serde_json::from_slice(&reply.body).map_err(|error| match call.effect() {
            Effect::Read => not_json(),
            Effect::Write => unknown(Side::Huma, NotJson(error.classify())),
        })
    }

    async fn send(&self, call: &Call<'_>, token: &Token) -> Result<Reply, RemoteError> {
        let mut request = self
            .transport
            .request(call.method.clone(), self.url(call.segments).as_str())
            .bearer_auth(token.secret.expose());
        if !call.query.is_empty() {
            request = request.query(call.query);
        }
        if let Some(body) = call.body {
            request = request.json(body);
        }
        let _permit = self.pacer.acquire().await;
        self.transport.send(request, call.effect(), call.route).await
    }

    async fn lasting_token(&self, rejected: Option<u64>) -> Result<Arc<Token>, RemoteError> {
        let now = self.transport.clock().monotonic();
        self.tokens.token(now, rejected, self.login()).await
    }

    /// `POST /auth/oauth/token` with the credentials in the form and nowhere else. It changes no data, so it may be
    /// repeated like a read.
    async fn login(&self) -> Result<Granted, RemoteError> {
        const ROUTE: &str = "POST /auth/oauth/token";
        let side = Side::Huma;
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", &self.client_id),
            ("client_secret", self.secret.expose()),
        ];
        let request = self.transport.request(Method::POST, self.url(&["auth", "oauth", "token"]).as_str());
        let reply = {
            let _permit = self.pacer.acquire().await;
            self.transport.send(request.form(&form), Effect::Read, ROUTE).await?
        };
        if let Some(error) = reply.failure(side, Effect::Read) {
            return Err(error);
        }
        // Any other 4xx is a matter of settings: id, secret or address.
        if reply.status.is_client_error() {
            return Err(RemoteError::Unauthorized { side });
        }
        if !reply.status.is_success() {
            return Err(RemoteError::Unexpected { side, path: format!("HTTP {}", reply.status.as_u16()) });
        }
        let answer: Value = serde_json::from_slice(&reply.body).map_err(|_| not_json())?;
        token::decode(&answer).map_err(|path| RemoteError::Unexpected { side, path: path.to_owned() })
    }

    fn url(&self, segments: &[&str]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }
}

fn not_json() -> RemoteError {
    RemoteError::Unavailable { side: Side::Huma, what: "a body that is not JSON".into() }
}

/// Says what kind of fault and nothing of the text.
#[derive(Debug, thiserror::Error)]
#[error("the answer is not JSON ({0:?})")]
struct NotJson(serde_json::error::Category);
