//! The three refusals and what they count: requests in five seconds, requests at once, credit. And the month's bill.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};

use super::clock::Clock;
use super::error::SimError;
use super::switches::{ResetAtFormat, Switches};

/// The window of the burst limit. It runs in real time, whatever the simulated clock says.
const BURST_WINDOW: Duration = Duration::from_secs(5);

#[derive(Default)]
pub struct Limits {
    recent: VecDeque<Instant>,
    pub in_flight: u32,
    credits_used: u32,
    credits_back_at: Option<Timestamp>,
}

impl Limits {
    /// Counts a request in, or refuses it. A refused one uses no credit.
    pub fn admit(&mut self, switches: &Switches, clock: &Clock) -> Result<(), SimError> {
        let now = Instant::now();
        while self.recent.front().is_some_and(|at| now.duration_since(*at) >= BURST_WINDOW) {
            self.recent.pop_front();
        }
        let recent = u32::try_from(self.recent.len()).unwrap_or(u32::MAX);
        if switches.burst_limit.is_some_and(|limit| recent >= limit) {
            return Err(SimError::limit("BAD_REQUEST.BURST_RATE_LIMIT_REACHED", "Too many requests"));
        }
        if switches.concurrency_limit.is_some_and(|limit| self.in_flight >= limit) {
            let message = "Too many concurrent requests";
            return Err(SimError::limit("BAD_REQUEST.CONCURRENCY_LIMIT_REACHED", message));
        }
        self.take_credit(switches, clock)?;
        self.recent.push_back(now);
        Ok(())
    }

    fn take_credit(&mut self, switches: &Switches, clock: &Clock) -> Result<(), SimError> {
        let Some(credits) = switches.credits else { return Ok(()) };
        let now = clock.now();
        if self.credits_back_at.is_some_and(|at| now >= at) {
            self.credits_used = 0;
            self.credits_back_at = None;
        }
        if self.credits_used < credits {
            self.credits_used += 1;
            return Ok(());
        }
        let wait = SignedDuration::from_secs(switches.credit_reset_seconds);
        let back_at = *self.credits_back_at.get_or_insert(now.checked_add(wait).unwrap_or(now));
        let error = SimError::limit("BAD_REQUEST.INSUFFICIENT_CREDITS", "Insufficient credits");
        let reset_at = match switches.reset_at_format {
            ResetAtFormat::Rfc3339 => json!(back_at.to_string()),
            ResetAtFormat::Local => json!(clock.local(back_at)),
            ResetAtFormat::Epoch => json!(back_at.as_second()),
            ResetAtFormat::SecondsFromNow => json!(back_at.as_second() - now.as_second()),
            ResetAtFormat::Absent => Value::Null,
        };
        Err(if reset_at.is_null() { error } else { error.extension("resetAt", reset_at) })
    }
}

/// What was used since the start.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Counters {
    /// By calendar month in Oslo, `yyyy-MM`.
    pub months: BTreeMap<String, Month>,
    /// Requests by root field.
    pub fields: BTreeMap<String, u64>,
    pub queries: u64,
    pub mutations: u64,
    /// Inputs carried out.
    pub writes: u64,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct Month {
    pub requests: u64,
    /// Bytes of the request bodies.
    pub bytes_up: u64,
    /// Bytes of the answers' bodies.
    pub bytes_down: u64,
}

impl Counters {
    pub fn month(&mut self, clock: &Clock) -> &mut Month {
        self.months.entry(clock.local_now()[..7].to_owned()).or_default()
    }
}
