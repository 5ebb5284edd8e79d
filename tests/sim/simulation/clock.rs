//! Time that passes only when somebody looks at it or the scheduler says so.

use super::fault::step;
use super::world::{Shared, lock};
use async_trait::async_trait;
use hxsync::remote::Clock;
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

pub struct SimClock(pub Shared);

#[async_trait]
impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        step(&self.0);
        let mut world = lock(&self.0);
        world.pass(SignedDuration::from_millis(1));
        world.now
    }

    fn monotonic(&self) -> Duration {
        let world = lock(&self.0);
        Duration::try_from(world.now.duration_since(world.start)).unwrap_or_default()
    }

    async fn sleep(&self, duration: Duration) {
        lock(&self.0).pass(SignedDuration::try_from(duration).unwrap_or_default());
    }
}
