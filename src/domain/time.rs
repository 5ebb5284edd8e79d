//! Moments as text, and the employer's local day.

use jiff::{Timestamp, civil::Date, tz::TimeZone};

/// `2026-11-23T08:15:00.000Z`: UTC with milliseconds, a fixed width that sorts as text.
pub fn utc_text(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// `2026-11-23 09:15` in the employer's time zone, for people.
pub fn local_text(at: Timestamp, zone: &TimeZone) -> String {
    zone.to_datetime(at).strftime("%Y-%m-%d %H:%M").to_string()
}

/// The employer's local calendar day.
pub fn local_day(at: Timestamp, zone: &TimeZone) -> Date {
    zone.to_datetime(at).date()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_text_of_fixed_width_in_utc() {
        let at: Timestamp = "2026-11-23T09:15:00.1234567+01:00".parse().unwrap();
        assert_eq!(utc_text(at), "2026-11-23T08:15:00.123Z");
    }

    #[test]
    fn the_local_day_turns_at_local_midnight() {
        let zone = TimeZone::get("Europe/Oslo").unwrap();
        let at: Timestamp = "2026-06-30T22:30:00Z".parse().unwrap();
        assert_eq!(local_day(at, &zone).to_string(), "2026-07-01");
    }
}
