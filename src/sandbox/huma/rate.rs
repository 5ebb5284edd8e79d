//! The rate limit Huma does not document.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::switches::RateLimit;

/// When the requests of the last second were let through.
#[derive(Debug, Default)]
pub struct RateWindow(VecDeque<Instant>);

impl RateWindow {
    /// Lets a request through, or returns the `Retry-After` (if any) to refuse it with.
    pub fn admit(&mut self, limit: RateLimit) -> Result<(), Option<u64>> {
        let RateLimit::PerSecond { requests, retry_after_s } = limit else { return Ok(()) };
        while self.0.front().is_some_and(|at| at.elapsed() >= Duration::from_secs(1)) {
            self.0.pop_front();
        }
        if self.0.len() >= requests as usize {
            return Err(retry_after_s);
        }
        self.0.push_back(Instant::now());
        Ok(())
    }
}
