//! How fast and how many at once: one pacer per side, asked before every request.

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Slowest and fastest pace a setting can ask for: one request in about 17 minutes, and a thousand a second.
const PACE: std::ops::RangeInclusive<f64> = 0.001..=1000.0;

/// A pace over time and a number of requests at once.
#[derive(Debug)]
pub struct Pacer {
    rate: DefaultDirectRateLimiter,
    slots: Arc<Semaphore>,
}

/// One request may be under way while this is held.
#[derive(Debug)]
#[must_use = "the slot is free again as soon as this is dropped"]
pub struct Permit {
    _slot: OwnedSemaphorePermit,
}

impl Pacer {
    /// `burst` requests may go at once after a rest, then `requests_per_second` on average; `in_flight` at the same time.
    /// Figures outside what makes sense are brought to the nearest that does.
    pub fn new(requests_per_second: f64, burst: u32, in_flight: usize) -> Pacer {
        let pace = if requests_per_second.is_nan() {
            1.0
        } else {
            requests_per_second.clamp(*PACE.start(), *PACE.end())
        };
        let quota = Quota::with_period(Duration::from_secs_f64(1.0 / pace))
            .expect("a clamped pace has a period above zero")
            .allow_burst(NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN));
        Pacer {
            rate: RateLimiter::direct(quota),
            slots: Arc::new(Semaphore::new(in_flight.clamp(1, Semaphore::MAX_PERMITS))),
        }
    }

    /// Waits for a slot, then for the pace: a request that waits for a slot uses up none of the pace.
    pub async fn acquire(&self) -> Permit {
        let slot = self.slots.clone().acquire_owned().await.expect("the pacer never closes its slots");
        self.rate.until_ready().await;
        Permit { _slot: slot }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[test]
    fn a_burst_goes_at_once_and_the_next_one_waits() {
        let pacer = Pacer::new(0.01, 3, 100);
        for _ in 0..3 {
            assert!(pacer.acquire().now_or_never().is_some());
        }
        assert!(pacer.acquire().now_or_never().is_none());
    }

    #[test]
    fn a_slot_is_free_again_when_its_permit_is_dropped() {
        let pacer = Pacer::new(1000.0, 1000, 2);
        let first = pacer.acquire().now_or_never().expect("a slot is free");
        let _second = pacer.acquire().now_or_never().expect("a slot is free");
        assert!(pacer.acquire().now_or_never().is_none());
        drop(first);
        assert!(pacer.acquire().now_or_never().is_some());
    }

    #[test]
    fn waiting_for_a_slot_uses_up_none_of_the_pace() {
        let pacer = Pacer::new(0.01, 2, 1);
        let held = pacer.acquire().now_or_never().expect("a slot is free");
        assert!(pacer.acquire().now_or_never().is_none());
        drop(held);
        assert!(pacer.acquire().now_or_never().is_some());
    }

    #[test]
    fn figures_without_sense_still_let_requests_through() {
        for pace in [0.0, -5.0, f64::NAN, f64::INFINITY] {
            assert!(Pacer::new(pace, 0, 0).acquire().now_or_never().is_some(), "{pace}");
        }
    }
}
