//! A complete answer, and what its status means on either side.
//!
//! | status                                   | read          | write            |
//! |------------------------------------------|---------------|------------------|
//! | 429, or 503 that says when to come back  | `RateLimited` | `RateLimited`    |
//! | 408 and every other 5xx                  | `Unavailable` | `OutcomeUnknown` |
//! | every other                              | the client's  | the client's     |

use super::{Limit, RemoteError};
use crate::domain::Side;
use bytes::Bytes;
use jiff::Timestamp;
use reqwest::StatusCode;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use std::time::Duration;

/// The wait for a 429 that names none.
const WAIT_UNSAID: Duration = Duration::from_secs(5);

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

/// `Retry-After` as a wait. A date counts from the answer's own `Date`, so that a wrong clock on either machine does
/// not matter.
pub fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
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
}
