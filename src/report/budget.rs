//! What a month will have cost when it ends, and whether the Xledger agreement allows that. Pure: the moment comes in.

use super::status::ApiUse;
use crate::config::Budget;
use crate::domain::Side;
use jiff::civil::date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A month's first hours say little: they count as a day.
const LEAST: f64 = 86_400.0;
/// Xledger is polled this often, or by its interval if that is longer, when the forecast passes the allowance.
pub const SLOWED: Duration = Duration::from_secs(3600);

/// What a side will have cost at the end of the month, if it goes on as it did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Forecast {
    pub requests: u64,
    pub bytes_in: u64,
    pub bytes_out: u64,
}

/// Goes on from what was used with the rate since `since` (when the database was made) or the month's beginning in UTC, whichever is later.
pub fn forecast(used: Forecast, since: Option<Timestamp>, now: Timestamp) -> Forecast {
    let today = TimeZone::UTC.to_datetime(now).date();
    let first = date(today.year(), today.month(), 1);
    let moment = |day: jiff::civil::Date| TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).unwrap_or(now);
    let (begins, ends) = (moment(first), moment(first.saturating_add(1.month())));
    let began = since.map_or(begins, |since| since.clamp(begins, now));
    let gone = now.duration_since(began).as_secs_f64().max(LEAST);
    let left = ends.duration_since(now).as_secs_f64().max(0.0);
    let at_end = |used: u64| used.saturating_add((used as f64 * left / gone).round() as u64);
    Forecast {
        requests: at_end(used.requests),
        bytes_in: at_end(used.bytes_in),
        bytes_out: at_end(used.bytes_out),
    }
}

/// Whether Xledger's allowance is passed or will be.
pub fn is_beyond(used: &[ApiUse], budget: &Budget) -> bool {
    let bytes = budget.xledger_megabytes_per_month.saturating_mul(1_000_000);
    used.iter().filter(|used| used.side == Side::Xledger).any(|used| {
        // So many bytes are included each way.
        let dearer = used.forecast.bytes_in.max(used.forecast.bytes_out);
        used.forecast.requests > budget.xledger_requests_per_month || dearer > bytes
    })
}

/// What is slowed, or would be next, in words for `status`.
pub fn words(used: &[ApiUse], budget: &Budget) -> String {
    let allowed = format!(
        "{} requests, {} MB a month",
        budget.xledger_requests_per_month, budget.xledger_megabytes_per_month
    );
    match is_beyond(used, budget) {
        true => format!("the forecast passes {allowed}: Xledger is polled hourly; writes are not slowed"),
        false => format!("within {allowed}; polling of Xledger would be slowed first"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_month_goes_on_as_it_began() {
        let middle = at("2026-11-16T00:00:00Z");
        let used = Forecast { requests: 1500, bytes_in: 10, bytes_out: 7 };
        let twice = Forecast { requests: 3000, bytes_in: 20, bytes_out: 14 };
        assert_eq!(forecast(used, None, middle), twice);
        let requests = |requests, since, now| {
            forecast(Forecast { requests, ..Forecast::default() }, since, now).requests
        };
        // Only the days since the database was made count.
        let made = Some(at("2026-11-11T00:00:00Z"));
        assert_eq!(requests(100, made, middle), 400);
        assert_eq!(requests(100, Some(at("2026-01-01T00:00:00Z")), middle), 200);
        // The first hour of a month counts as a day.
        assert_eq!(requests(4, None, at("2026-11-01T00:00:00Z")), 124);
        assert_eq!(requests(4, None, at("2026-11-30T23:59:59Z")), 4);
    }

    #[test]
    fn only_xledgers_forecast_can_pass_the_allowance() {
        let budget = Budget { xledger_requests_per_month: 5000, xledger_megabytes_per_month: 1 };
        let used = |side, requests, bytes| {
            let forecast = Forecast { requests, bytes_in: bytes, bytes_out: bytes };
            [ApiUse { month: String::new(), side, requests: 0, bytes_in: 0, bytes_out: 0, forecast }]
        };
        assert!(!is_beyond(&used(Side::Xledger, 5000, 1_000_000), &budget));
        assert!(is_beyond(&used(Side::Xledger, 5001, 0), &budget));
        assert!(is_beyond(&used(Side::Xledger, 0, 1_000_001), &budget));
        assert!(!is_beyond(&used(Side::Huma, 90_000, 90_000_000), &budget));
        assert!(words(&used(Side::Xledger, 5001, 0), &budget).contains("polled hourly"));
    }
}
