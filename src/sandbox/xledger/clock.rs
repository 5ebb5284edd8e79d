//! The simulated time: real until it is set, then standing still or running on from there.
//!
//! Records carry wall-clock time of Oslo without an offset, in whole seconds, as `modifiedAt` does.

use std::time::Instant;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// A clock that can be set.
pub struct Clock {
    zone: TimeZone,
    set: Option<Set>,
}

struct Set {
    at: Timestamp,
    /// When it was set, if it runs on.
    since: Option<Instant>,
}

impl Clock {
    pub fn real() -> Clock {
        // The zone database is compiled in; UTC would only be wrong by the offset.
        let zone = TimeZone::get("Europe/Oslo").unwrap_or(TimeZone::UTC);
        Clock { zone, set: None }
    }

    /// Sets the moment; `None` goes back to real time.
    pub fn set(&mut self, at: Option<Timestamp>, running: bool) {
        self.set = at.map(|at| Set { at, since: running.then(Instant::now) });
    }

    pub fn now(&self) -> Timestamp {
        match &self.set {
            None => Timestamp::now(),
            Some(Set { at, since: None }) => *at,
            Some(Set { at, since: Some(since) }) => {
                let passed = SignedDuration::try_from(since.elapsed()).unwrap_or(SignedDuration::ZERO);
                at.checked_add(passed).unwrap_or(*at)
            }
        }
    }

    /// `yyyy-MM-ddTHH:mm:ss` in Oslo: the hour 02 occurs twice in autumn and never in spring.
    pub fn local(&self, at: Timestamp) -> String {
        at.to_zoned_datetime(self.zone.clone()).strftime("%Y-%m-%dT%H:%M:%S").to_string()
    }

    pub fn local_now(&self) -> String {
        self.local(self.now())
    }

    /// `yyyy-MM-dd` in Oslo.
    pub fn today(&self) -> String {
        self.local_now()[..10].to_owned()
    }
}
