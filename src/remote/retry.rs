//! When a failed request is sent again: one policy for both sides.
//!
//! | failure                                  | again?                                                   |
//! |------------------------------------------|----------------------------------------------------------|
//! | `Unreachable`, `Unavailable`             | yes, with growing waits                                  |
//! | `RateLimited`                            | after its own wait, if that fits into what remains       |
//! | `OutcomeUnknown`                         | never: a write that may have been carried out            |
//! | every other                              | never: the same would fail again                         |
//!
//! **Invariant:** a write is repeated only when it was not carried out; which failures say so is decided where they are
//! made (`transport`, `reply`), and `OutcomeUnknown` is what they are when in doubt.

use super::{Clock, RemoteError};
use backon::{BackoffBuilder, ExponentialBuilder};
use std::time::Duration;

/// No call is repeated when the repetition would start later than this after the first failure.
pub const BUDGET: Duration = Duration::from_secs(30);

const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(8);

/// Runs `attempt` until it succeeds, fails for good, or [`BUDGET`] is used up; then its last failure goes up.
pub async fn with_retry<T, F>(clock: &dyn Clock, mut attempt: impl FnMut() -> F) -> Result<T, RemoteError>
where
    F: Future<Output = Result<T, RemoteError>>,
{
    let mut policy = Policy::new();
    let mut failed_first_at = None;
    loop {
        let error = match attempt().await {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        let now = clock.monotonic();
        let spent = now.saturating_sub(*failed_first_at.get_or_insert(now));
        match policy.wait_after(&error, spent) {
            Some(wait) => clock.sleep(wait).await,
            None => return Err(error),
        }
    }
}

/// The decisions of one call, without a clock.
pub struct Policy {
    backoff: backon::ExponentialBackoff,
}

impl Policy {
    fn new() -> Policy {
        let backoff = ExponentialBuilder::new()
            .with_min_delay(FIRST_WAIT)
            .with_max_delay(LONGEST_WAIT)
            .with_jitter()
            .without_max_times()
            .build();
        Policy { backoff }
    }

    /// How long to wait before the next attempt; `None`: give up. `spent` is the time since the first failure.
    pub fn wait_after(&mut self, error: &RemoteError, spent: Duration) -> Option<Duration> {
        let own = self.backoff.next()?;
        let wait = match error {
            RemoteError::Unreachable { .. } | RemoteError::Unavailable { .. } => own,
            RemoteError::RateLimited { retry_after, .. } => own.max(*retry_after),
            RemoteError::OutcomeUnknown { .. }
            | RemoteError::Unauthorized { .. }
            | RemoteError::Forbidden { .. }
            | RemoteError::Refused { .. }
            | RemoteError::Unexpected { .. }
            | RemoteError::Schema { .. } => return None,
        };
        (spent + wait <= BUDGET).then_some(wait)
    }
}

impl Default for Policy {
    fn default() -> Self {
        Policy::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Side;
    use crate::remote::{Limit, Words};
    use std::sync::Mutex;

    fn unavailable() -> RemoteError {
        RemoteError::Unavailable { side: Side::Huma, what: "HTTP 503".into() }
    }

    fn limited(seconds: u64) -> RemoteError {
        let retry_after = Duration::from_secs(seconds);
        RemoteError::RateLimited { side: Side::Huma, limit: Limit::TooMany, retry_after }
    }

    fn unknown() -> RemoteError {
        RemoteError::OutcomeUnknown { side: Side::Huma, source: "reset".into() }
    }

    #[test]
    fn a_write_with_unknown_outcome_is_never_sent_again() {
        assert_eq!(Policy::new().wait_after(&unknown(), Duration::ZERO), None);
    }

    #[test]
    fn what_would_fail_again_is_not_tried_again() {
        let side = Side::Huma;
        for error in [
            RemoteError::Unauthorized { side },
            RemoteError::Forbidden { side, what: "x".into() },
            RemoteError::Refused { side, code: "x".into(), words: Words::default(), fields: vec![] },
            RemoteError::Unexpected { side, path: "x".into() },
            RemoteError::Schema { side, what: "x".into() },
        ] {
            assert_eq!(Policy::new().wait_after(&error, Duration::ZERO), None, "{error}");
        }
    }

    #[test]
    fn waits_grow_up_to_the_longest() {
        let mut policy = Policy::new();
        let waits: Vec<_> = (0..12)
            .map(|_| policy.wait_after(&unavailable(), Duration::ZERO).expect("time remains"))
            .collect();
        assert!(waits[0] >= FIRST_WAIT && waits[0] <= FIRST_WAIT * 2, "{waits:?}");
        assert!(waits[11] >= LONGEST_WAIT && waits[11] <= LONGEST_WAIT * 2, "{waits:?}");
    }

    #[test]
    fn the_wait_that_was_asked_for_is_kept() {
        assert_eq!(Policy::new().wait_after(&limited(20), Duration::ZERO), Some(Duration::from_secs(20)));
    }

    #[test]
    fn a_wait_longer_than_what_remains_goes_up_at_once() {
        assert_eq!(Policy::new().wait_after(&limited(31), Duration::ZERO), None);
        assert_eq!(Policy::new().wait_after(&limited(20), Duration::from_secs(11)), None);
        assert_eq!(Policy::new().wait_after(&unavailable(), BUDGET), None);
    }

    /// Time passes only by sleeping.
    #[derive(Default)]
    struct SleptClock(Mutex<Vec<Duration>>);

    #[async_trait::async_trait]
    impl Clock for SleptClock {
        fn now(&self) -> jiff::Timestamp {
            jiff::Timestamp::UNIX_EPOCH
        }
        fn monotonic(&self) -> Duration {
            self.0.lock().unwrap().iter().sum()
        }
        async fn sleep(&self, duration: Duration) {
            self.0.lock().unwrap().push(duration);
        }
    }

    #[tokio::test]
    async fn a_call_that_recovers_answers_after_its_waits() {
        let clock = SleptClock::default();
        let mut failures = vec![unavailable(), limited(3)];
        let done = with_retry(&clock, || {
            let next = failures.pop();
            async move { next.map_or(Ok("done"), Err) }
        })
        .await;
        assert_eq!(done.unwrap(), "done");
        let waits = clock.0.lock().unwrap();
        assert_eq!((waits.len(), waits[0]), (2, Duration::from_secs(3)));
    }

    #[tokio::test]
    async fn a_call_that_never_recovers_ends_within_its_budget() {
        let clock = SleptClock::default();
        let mut attempts = 0;
        let outcome: Result<(), _> = with_retry(&clock, || {
            attempts += 1;
            async { Err(unavailable()) }
        })
        .await;
        assert!(matches!(outcome, Err(RemoteError::Unavailable { .. })));
        assert!(clock.monotonic() <= BUDGET);
        assert!((4..20).contains(&attempts), "{attempts}");
    }
}
