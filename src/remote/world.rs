//! The clock and chance, as traits: the only two things besides the two sides that make one run differ from the next.

use async_trait::async_trait;
use jiff::Timestamp;
use std::time::Duration;

/// Wall-clock time for records, monotonic time for waits.
#[async_trait]
pub trait Clock: Send + Sync {
    /// The moment, for records and for the employer's local day.
    fn now(&self) -> Timestamp;
    /// Time since some fixed start, never going back; for token lives, pacing and retries.
    fn monotonic(&self) -> Duration;
    async fn sleep(&self, duration: Duration);
}

/// Randomness: keys, ids of questions, jitter.
pub trait Chance: Send + Sync {
    fn fill(&self, bytes: &mut [u8]);
}

/// The machine's own clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn monotonic(&self) -> Duration {
        static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
        START.get_or_init(std::time::Instant::now).elapsed()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// The operating system's randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemChance;

impl Chance for SystemChance {
    fn fill(&self, bytes: &mut [u8]) {
        use rustls::crypto::SecureRandom;
        let provider = rustls::crypto::ring::default_provider();
        // Ring's generator fails only where the kernel has none, and then no TLS works either.
        SecureRandom::fill(provider.secure_random, bytes).expect("the operating system gives randomness");
    }
}
