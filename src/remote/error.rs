//! What can go wrong between us and a side. A variant exists because a caller acts differently on it.

use crate::domain::Side;
use std::fmt;
use std::time::Duration;

/// # Display
/// One sentence that names the side and no personal value; the cause is `source()`.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// No connection was made, or it broke before anything was sent: the request was not carried out.
    #[error("{side} could not be reached")]
    Unreachable { side: Side, source: Box<dyn std::error::Error + Send + Sync> },
    /// A gateway error, maintenance, a time-out of a read, a body that is not what was promised by its status. Nothing was
    /// written, or the request was a read. Retrying later may help.
    #[error("{side} is not available ({what})")]
    Unavailable { side: Side, what: String },
    /// The login is missing, wrong or expired. Retrying cannot help.
    #[error("{side} refused the login")]
    Unauthorized { side: Side },
    /// The login is good and may not do this. `what` names the right or the operation.
    #[error("{side} does not allow {what}")]
    Forbidden { side: Side, what: String },
    /// The side asked us to wait. `retry_after` is its own figure, or the wait its kind of refusal calls for.
    #[error("{side} asked to wait {} s ({limit})", retry_after.as_secs())]
    RateLimited { side: Side, limit: Limit, retry_after: Duration },
    /// The write may have been carried out. Observe again before any new write.
    #[error("{side} did not answer a write; whether it was carried out is unknown")]
    OutcomeUnknown { side: Side, source: Box<dyn std::error::Error + Send + Sync> },
    /// The side understood and refused the values. Retrying the same cannot help. `fields` are wire names, where it said them.
    #[error("{side} refused a write ({code})")]
    Refused { side: Side, code: String, words: Words, fields: Vec<String> },
    /// The answer does not have the shape we know. `path` is where, for example `employees.edges[3].node.dbId`.
    #[error("{side} answered with something unexpected at {path}")]
    Unexpected { side: Side, path: String },
    /// The side does not know a field or argument of our request: its schema has moved, or ours is wrong.
    #[error("{side} does not know {what}")]
    Schema { side: Side, what: String },
}

/// Three refusals with three different waits, and the plain one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Too many requests within seconds.
    Burst,
    Concurrency,
    /// The credit of the period is used up.
    Credits,
    /// HTTP 429 without more.
    TooMany,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Limit::Burst => "too many requests in a short time",
            Limit::Concurrency => "too many requests at once",
            Limit::Credits => "its credits are used up",
            Limit::TooMany => "too many requests",
        })
    }
}

/// What a side said in its own words. May hold personal values: goes into the database, never into a log or an error.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Words(pub String);

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Words(…)")
    }
}

impl RemoteError {
    pub fn side(&self) -> Side {
        match self {
            RemoteError::Unreachable { side, .. }
            | RemoteError::Unavailable { side, .. }
            | RemoteError::Unauthorized { side }
            | RemoteError::Forbidden { side, .. }
            | RemoteError::RateLimited { side, .. }
            | RemoteError::OutcomeUnknown { side, .. }
            | RemoteError::Refused { side, .. }
            | RemoteError::Unexpected { side, .. }
            | RemoteError::Schema { side, .. } => *side,
        }
    }

    /// Whether the same request may succeed later with nothing changed on either side. Such a failure is never parked.
    pub fn is_passing(&self) -> bool {
        match self {
            RemoteError::Unreachable { .. }
            | RemoteError::Unavailable { .. }
            | RemoteError::RateLimited { .. }
            | RemoteError::OutcomeUnknown { .. } => true,
            RemoteError::Unauthorized { .. }
            | RemoteError::Forbidden { .. }
            | RemoteError::Refused { .. }
            | RemoteError::Unexpected { .. }
            | RemoteError::Schema { .. } => false,
        }
    }
}
