//! The simulated moment and zone: what "today" is for a position's status.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Unit};
use serde::{Deserialize, Serialize};

/// Huma's clock: the real one until it is set.
#[derive(Debug, Clone)]
pub struct Clock {
    fixed: Option<Timestamp>,
    zone: TimeZone,
}

/// How to set a [`Clock`]. With neither `now` nor `date`, the real clock runs.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClockSetting {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub now: Option<Timestamp>,
    /// Noon of this day in the zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<Date>,
    /// An IANA name; `Europe/Oslo` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
}

impl Clock {
    /// # Errors
    /// An unknown zone or a date out of range.
    pub fn new(setting: &ClockSetting) -> Result<Clock, jiff::Error> {
        let zone = TimeZone::get(setting.zone.as_deref().unwrap_or("Europe/Oslo"))?;
        let fixed = match (setting.now, setting.date) {
            (Some(now), _) => Some(now),
            (None, Some(date)) => Some(zone.to_timestamp(date.to_datetime(Time::constant(12, 0, 0, 0)))?),
            (None, None) => None,
        };
        Ok(Clock { fixed, zone })
    }

    /// RFC 3339 in UTC, to the millisecond.
    pub fn now_text(&self) -> String {
        let now = self.now();
        now.round(Unit::Millisecond).unwrap_or(now).to_string()
    }

    /// `YYYY-MM-DD` in the clock's zone.
    pub fn today(&self) -> String {
        self.zone.to_datetime(self.now()).date().to_string()
    }

    fn now(&self) -> Timestamp {
        self.fixed.unwrap_or_else(Timestamp::now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn today_changes_at_midnight_in_oslo() {
        let at = |now: &str| {
            let setting = ClockSetting { now: Some(now.parse().unwrap()), ..ClockSetting::default() };
            Clock::new(&setting).unwrap().today()
        };
        assert_eq!(at("2026-11-22T22:59:59Z"), "2026-11-22");
        assert_eq!(at("2026-11-22T23:00:00Z"), "2026-11-23");
        assert_eq!(at("2026-07-01T22:00:00Z"), "2026-07-02");
    }
}
