//! The client over HTTP: one request at a time, the token, and what is remembered between requests.

use super::answer::{Answer, GraphqlError};
use super::document::{self, Missing};
use super::options::XledgerOptions;
use super::record::{EmployeeNode, Shape};
use super::refusal::{self, Refusal};
use super::scalars::some;
use crate::domain::{NamedObject, Side};
use crate::remote::reply::{Effect, Reply, unknown};
use crate::remote::retry::with_retry;
use crate::remote::transport::base_url;
use crate::remote::{Clock, Pacer, RemoteError, Transport, TransportError, TransportOptions};
use graphql_client::QueryBody;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderValue};
use reqwest::{Method, StatusCode};
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

const SIDE: Side = Side::Xledger;

pub struct XledgerClient {
    pub(super) options: XledgerOptions,
    pub(super) transport: Transport,
    url: reqwest::Url,
    pacer: Pacer,
    learned: Mutex<Learned>,
}

/// What earlier answers taught.
#[derive(Default)]
pub(super) struct Learned {
    pub missing: Missing,
    /// Set once a larger page of the listing timed out.
    pub page_limit: Option<u32>,
    pub seen: Seen,
    pub countries: Option<Arc<Vec<NamedObject>>>,
    /// The mutations that were carried out at least once.
    pub written: BTreeSet<&'static str>,
}

/// What employees point at.
#[derive(Default)]
pub(super) struct Seen {
    /// `objectKindDbId` → how many employees' titles are of that kind.
    pub title_kinds: BTreeMap<i64, u64>,
    pub status_kinds: BTreeMap<i64, u64>,
    pub genders: BTreeMap<(Option<String>, String), NamedObject>,
}

impl Seen {
    pub fn note(&mut self, node: &EmployeeNode) {
        let title = node.position_value.as_ref().and_then(|title| some(title.object_kind_db_id));
        let contact = node.contact.as_ref();
        let status = contact
            .and_then(|contact| contact.marital_status.as_ref())
            .and_then(|status| some(status.object_kind_db_id));
        let gender = contact.and_then(|contact| contact.gender.as_ref());
        self.note_kinds(title, status);
        if let Some(gender) = gender {
            self.note_gender(some(gender.db_id), gender.code.as_deref(), gender.name.as_deref());
        }
    }

    pub fn note_kinds(&mut self, title: Option<i64>, status: Option<i64>) {
        if let Some(kind) = title {
            *self.title_kinds.entry(kind).or_default() += 1;
        }
        if let Some(kind) = status {
            *self.status_kinds.entry(kind).or_default() += 1;
        }
    }

    pub fn note_gender(&mut self, id: Option<i64>, code: Option<&str>, name: Option<&str>) {
        let part = |text: Option<&str>| text.filter(|text| !text.trim().is_empty()).map(str::to_owned);
        let (code, name) = (part(code), part(name));
        let Some(shown) = name.or_else(|| code.clone()) else { return };
        let id = id.map(|id| id.to_string()).unwrap_or_default();
        self.genders.entry((code.clone(), shown.clone())).or_insert(NamedObject { id, code, name: shown });
    }
}

/// What is posted: the shape of [`QueryBody`], for a document that was fitted.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Posted<'a, V> {
    query: &'a str,
    operation_name: &'a str,
    variables: &'a V,
}

impl XledgerClient {
    /// # Errors
    /// The settings are wrong: address, proxy or certificates.
    pub fn new(options: XledgerOptions, clock: Arc<dyn Clock>) -> Result<XledgerClient, TransportError> {
        let over_http = TransportOptions {
            proxy: options.proxy.clone(),
            ca_file: options.ca_file.clone(),
            timeout: options.timeout,
        };
        let url = base_url(&options.url)?;
        Ok(XledgerClient {
            url,
            transport: Transport::new(SIDE, &over_http, clock)?,
            pacer: Pacer::new(options.requests_per_second, XledgerOptions::BURST, 1),
            options,
            learned: Mutex::default(),
        })
    }

    /// Never held across a request.
    pub(super) fn learned(&self) -> MutexGuard<'_, Learned> {
        self.learned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn shape(&self) -> Shape {
        Shape {
            email: self.options.email,
            job_title: self.options.job_title,
            address: self.options.address,
            missing: self.learned().missing.clone(),
        }
    }

    /// The `data` of a query.
    pub(super) async fn query<V: Serialize>(&self, body: QueryBody<V>) -> Result<Value, RemoteError> {
        self.query_unless_heavy(body).await?.ok_or_else(|| self.too_heavy())
    }

    /// The `data` of a query; `None` where it asked for too much at once.
    pub(super) async fn query_unless_heavy<V: Serialize>(
        &self,
        body: QueryBody<V>,
    ) -> Result<Option<Value>, RemoteError> {
        self.query_text(body.operation_name, body.query, &body.variables).await
    }

    /// As [`XledgerClient::query_unless_heavy`], for a document made at run time.
    pub(super) async fn query_text<V: Serialize>(
        &self,
        name: &str,
        text: &str,
        variables: &V,
    ) -> Result<Option<Value>, RemoteError> {
        with_retry(self.transport.clock().as_ref(), || async {
            let answer = self.exchange(Effect::Read, name, text, variables).await?;
            match self.refusal(&answer) {
                None => Ok(Some(answer.data)),
                Some(Refusal::TooHeavy) => Ok(None),
                Some(refusal) => Err(refusal.into_error(words(&answer))),
            }
        })
        .await
    }

    /// The answer of a mutation, its errors included; sent again only where it was plainly not carried out.
    pub(super) async fn mutate<V: Serialize>(
        &self,
        name: &str,
        text: &str,
        variables: &V,
    ) -> Result<Answer, RemoteError> {
        with_retry(self.transport.clock().as_ref(), || async {
            let answer = self.exchange(Effect::Write, name, text, variables).await?;
            let nothing_done =
                !answer.data.as_object().is_some_and(|roots| roots.values().any(|root| !root.is_null()));
            match self.refusal(&answer) {
                // Limits are checked before anything is carried out, and so is the login.
                Some(
                    refusal @ (Refusal::Burst | Refusal::Concurrency | Refusal::Credits(_) | Refusal::Login),
                ) if nothing_done => Err(refusal.into_error(words(&answer))),
                Some(refusal @ (Refusal::Schema(_) | Refusal::Right(_))) if nothing_done => {
                    Err(refusal.into_error(words(&answer)))
                }
                Some(Refusal::TooHeavy) => Err(unknown(SIDE, TimedOut)),
                Some(_) | None => Ok(answer),
            }
        })
        .await
    }

    pub(super) fn refusal(&self, answer: &Answer) -> Option<Refusal> {
        Refusal::of(errors(answer), self.transport.clock().now())
    }

    pub(super) fn too_heavy(&self) -> RemoteError {
        Refusal::TooHeavy.into_error(crate::remote::Words::default())
    }

    /// Sends once.
    pub(super) async fn exchange<V: Serialize>(
        &self,
        effect: Effect,
        name: &str,
        text: &str,
        variables: &V,
    ) -> Result<Answer, RemoteError> {
        let missing = self.learned().missing.clone();
        let query = document::fit(text, self.options.address, &missing);
        let permit = self.pacer.acquire().await;
        let request = self
            .transport
            .request(Method::POST, self.url.as_str())
            .header(ACCEPT, "application/json")
            .header(AUTHORIZATION, self.authorization()?)
            .json(&Posted { query: &query, operation_name: name, variables });
        let reply = self.transport.send(request, effect, name).await?;
        drop(permit);
        interpret(&reply, effect)
    }

    fn authorization(&self) -> Result<HeaderValue, RemoteError> {
        // A token that is no header text is no token of Xledger's.
        let mut value = HeaderValue::from_str(&format!("token {}", self.options.token.expose().trim()))
            .map_err(|_| RemoteError::Unauthorized { side: SIDE })?;
        value.set_sensitive(true);
        Ok(value)
    }
}

pub(super) fn errors(answer: &Answer) -> &[GraphqlError] {
    answer.errors.as_deref().unwrap_or_default()
}

fn words(answer: &Answer) -> crate::remote::Words {
    refusal::words(errors(answer))
}

#[derive(Debug, thiserror::Error)]
#[error("its query timed out")]
struct TimedOut;

#[derive(Debug, thiserror::Error)]
#[error("the answer is not GraphQL (HTTP {0})")]
struct NotAnAnswer(u16);

/// An answer is what has `data` or `errors`. Errors count with any status a client error has; a gateway's page does not.
fn interpret(reply: &Reply, effect: Effect) -> Result<Answer, RemoteError> {
    let status = reply.status;
    if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
        return Err(RemoteError::Unauthorized { side: SIDE });
    }
    let answer = serde_json::from_slice::<Answer>(&reply.body)
        .ok()
        .filter(|answer| !answer.data.is_null() || !errors(answer).is_empty());
    match answer {
        Some(answer) if status.is_success() || (status.is_client_error() && !errors(&answer).is_empty()) => {
            Ok(answer)
        }
        Some(_) | None => Err(reply.failure(SIDE, effect).unwrap_or_else(|| match effect {
            Effect::Read => {
                RemoteError::Unavailable { side: SIDE, what: NotAnAnswer(status.as_u16()).to_string() }
            }
            Effect::Write => unknown(SIDE, NotAnAnswer(status.as_u16())),
        })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn answered(status: u16, body: &'static str, effect: Effect) -> Result<Answer, RemoteError> {
        interpret(
            &Reply {
                status: StatusCode::from_u16(status).unwrap(),
                body: Bytes::from(body),
                retry_after: None,
            },
            effect,
        )
    }

    #[test]
    fn errors_come_with_http_200_and_with_client_errors() {
        let errors = r#"{"errors": [{"message": "x"}]}"#;
        for status in [200, 400, 422] {
            assert!(answered(status, errors, Effect::Write).is_ok(), "{status}");
        }
    }

    #[test]
    fn what_is_no_answer_leaves_a_write_unknown() {
        for (status, body) in [
            (200, "<html>"),
            (200, "{}"),
            (200, "[]"),
            (302, ""),
            (404, "{}"),
            (500, r#"{"errors": [{"message": "x"}]}"#),
        ] {
            let read = answered(status, body, Effect::Read).err();
            assert!(matches!(read, Some(RemoteError::Unavailable { .. })), "{status} {body}: {read:?}");
            let write = answered(status, body, Effect::Write).err();
            assert!(matches!(write, Some(RemoteError::OutcomeUnknown { .. })), "{status} {body}: {write:?}");
        }
    }

    #[test]
    fn p10_what_is_no_answer_is_not_repeated_in_the_error() {
        let error = answered(200, "Kari Nordmann", Effect::Read).err().unwrap();
        assert!(!format!("{error} {error:?}").contains("Kari"));
    }

    #[test]
    fn a_refused_login_is_one_whatever_its_body() {
        for status in [401, 403] {
            assert!(matches!(
                answered(status, "<html>", Effect::Write),
                Err(RemoteError::Unauthorized { .. })
            ));
        }
    }
}
