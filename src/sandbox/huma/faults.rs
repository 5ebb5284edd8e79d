//! Faults injected on request: rules that pick requests and say what goes wrong with them.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::Response;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::answer::{Answer, Payload, problem, unauthorized};

/// A rule. Conditions left out always hold; the first rule that fits a request is the one that acts on it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Fault {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Part of the path with its query.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The whole route template: `/users/{id}`, `/users`, `/auth/oauth/token`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// How many fitting requests to let through first.
    #[serde(default)]
    pub skip: u32,
    /// How many requests to act on; absent means until the rules are cleared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    #[serde(flatten)]
    pub kind: FaultKind,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FaultKind {
    /// Answers this without any effect. Without a body, the one that suits the status.
    Status {
        status: u16,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<Value>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<RetryAfter>,
    },
    /// Closes the connection; nothing is done.
    DropBefore,
    /// Does what was asked, then closes the connection without an answer.
    DropAfter,
    /// Waits, before or after the effect.
    Delay {
        delay_ms: u64,
        #[serde(default)]
        after_effect: bool,
    },
    /// Waits for a release, before or after the effect.
    Hold {
        #[serde(default)]
        after_effect: bool,
    },
    /// A gateway's error page; nothing is done.
    Html,
    /// Does what was asked; the JSON of the answer stops in the middle.
    TruncatedJson,
    /// Does what was asked; `items` has its last half cut off while `total` stays.
    TruncatedPage,
    /// Does what was asked; headers and half of the body come at once, the rest after a while.
    SlowBody { delay_ms: u64 },
}

/// A `Retry-After` value: seconds or an HTTP date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum RetryAfter {
    Seconds(u64),
    Date(String),
}

impl From<FaultKind> for Fault {
    fn from(kind: FaultKind) -> Fault {
        Fault { method: None, path: None, route: None, skip: 0, count: None, kind }
    }
}

impl Fault {
    /// Answers `status` with the body that suits it.
    pub fn status(status: u16) -> Fault {
        FaultKind::Status { status, body: None, retry_after: None }.into()
    }

    /// Restricts the rule to a method and a route template.
    pub fn on(mut self, method: &str, route: &str) -> Fault {
        self.method = Some(method.to_owned());
        self.route = Some(route.to_owned());
        self
    }

    pub fn path(mut self, part: &str) -> Fault {
        self.path = Some(part.to_owned());
        self
    }

    pub fn times(mut self, count: u32) -> Fault {
        self.count = Some(count);
        self
    }

    /// Acts on the nth fitting request only, counted from 1.
    pub fn nth(mut self, nth: u32) -> Fault {
        self.skip = nth.saturating_sub(1);
        self.count = Some(1);
        self
    }

    fn fits(&self, method: &str, path: &str, route: &str) -> bool {
        self.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
            && self.path.as_deref().is_none_or(|part| path.contains(part))
            && self.route.as_deref().is_none_or(|wanted| wanted == route)
            && self.count != Some(0)
    }
}

/// The rules in force.
#[derive(Debug, Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    pub fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// What goes wrong with this request, using up the rule that says so.
    pub fn take(&mut self, method: &str, path: &str, route: &str) -> Option<FaultKind> {
        for fault in self.0.iter_mut().filter(|fault| fault.fits(method, path, route)) {
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            if let Some(count) = &mut fault.count {
                *count -= 1;
            }
            return Some(fault.kind.clone());
        }
        None
    }
}

/// The answer of [`FaultKind::Status`].
pub fn status_answer(
    status: u16,
    body: Option<Value>,
    retry_after: Option<RetryAfter>,
    path: &str,
    at: &str,
) -> Answer {
    let mut answer = match (body, status) {
        (Some(body), _) => Answer::json(status, body),
        (None, 401) => unauthorized("invalid_token", "The access token is invalid"),
        (None, _) => problem(status, "Injected by the sandbox", path, at),
    };
    answer.retry_after = retry_after.map(|value| match value {
        RetryAfter::Seconds(seconds) => seconds.to_string(),
        RetryAfter::Date(date) => date,
    });
    answer
}

pub fn html_answer() -> Answer {
    let page =
        "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>\n";
    Answer { status: 502, retry_after: None, payload: Payload::Html(page.to_owned()) }
}

/// Cuts the last half (rounded up) off `items`.
pub fn truncate_page(answer: &mut Answer) {
    let Payload::Json(Value::Object(page)) = &mut answer.payload else { return };
    if let Some(Value::Array(items)) = page.get_mut("items") {
        items.truncate(items.len() / 2);
    }
}

/// The answer with half of its body, under headers that agree with that half.
pub fn truncated_response(answer: &Answer) -> Response<Body> {
    let (mut bytes, _) = answer.bytes();
    bytes.truncate(bytes.len() / 2);
    answer.with_body(Body::from(bytes))
}

/// The answer in two halves with a pause between them.
pub fn slow_response(answer: &Answer, delay: Duration, stop: CancellationToken) -> Response<Body> {
    let (first, _) = answer.bytes();
    let mut first = Bytes::from(first);
    let second = first.split_off(first.len() / 2);
    let parts = [(Duration::ZERO, first), (delay, second)];
    let stream = futures_util::stream::unfold((parts.into_iter(), stop), |(mut parts, stop)| async move {
        let (pause, bytes) = parts.next()?;
        stop.run_until_cancelled(tokio::time::sleep(pause)).await?;
        Some((Ok::<Bytes, std::io::Error>(bytes), (parts, stop)))
    });
    answer.with_body(Body::from_stream(stream))
}

/// Where held requests wait.
#[derive(Debug)]
pub struct Gate {
    /// Raised by every release.
    round: watch::Sender<u64>,
    waiting: watch::Sender<usize>,
}

impl Default for Gate {
    fn default() -> Gate {
        Gate { round: watch::Sender::new(0), waiting: watch::Sender::new(0) }
    }
}

impl Gate {
    /// Lets everything go that waits at this moment.
    pub fn release(&self) {
        self.round.send_modify(|round| *round += 1);
    }

    /// How many requests wait.
    pub fn waiting(&self) -> usize {
        *self.waiting.borrow()
    }

    /// Returns once at least this many requests wait.
    pub async fn until_waiting(&self, count: usize) {
        // An error would mean that the sender is gone, and it is a field of `self`.
        let _ = self.waiting.subscribe().wait_for(|waiting| *waiting >= count).await;
    }

    pub async fn pass(&self) {
        let mut round = self.round.subscribe();
        let _waiting = Waiting::new(&self.waiting);
        let _ = round.changed().await;
    }
}

/// Counts one waiting request for as long as it lives, also when its client gives up.
struct Waiting<'a>(&'a watch::Sender<usize>);

impl<'a> Waiting<'a> {
    fn new(count: &'a watch::Sender<usize>) -> Waiting<'a> {
        count.send_modify(|waiting| *waiting += 1);
        Waiting(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|waiting| *waiting -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_skips_acts_and_is_used_up() {
        let mut faults = Faults::default();
        faults.add(Fault::status(503).on("GET", "/users/{id}").nth(2));
        let mut take = || faults.take("GET", "/users/1", "/users/{id}").is_some();
        assert_eq!([take(), take(), take()], [false, true, false]);
    }

    #[test]
    fn a_rule_from_json_matches_by_part_of_the_path() {
        let fault: Fault = serde_json::from_str(r#"{"path": "offset=50", "kind": "drop_before"}"#).unwrap();
        let mut faults = Faults::default();
        faults.add(fault);
        assert_eq!(faults.take("GET", "/users?limit=50&offset=0", "/users"), None);
        assert_eq!(faults.take("GET", "/users?limit=50&offset=50", "/users"), Some(FaultKind::DropBefore));
    }
}
