//! Which of several positions is the main one: what single-valued fields 11 to 15 refer to.

use super::spelling;
use super::wire::{At, Decoded};
use crate::domain::record::PositionStatus;
use crate::domain::{MainPosition, Named, Positions};
use serde_json::Value;
use std::cmp::Ordering;

/// A position as lists show it: without the four dates.
#[derive(Clone)]
pub struct Summary {
    pub id: String,
    pub status: PositionStatus,
    /// 100 where Huma does not say.
    pub percentage: f64,
    pub start: Option<String>,
    pub end: Option<String>,
    pub title: Option<Named>,
}

/// Which of a person's positions is the main one.
pub enum Main<'a> {
    NoPosition,
    One(&'a Summary),
    Tied,
}

impl Summary {
    pub fn as_main(&self) -> Positions {
        Positions::Main(MainPosition { id: self.id.clone(), status: self.status })
    }

    pub fn decode(value: &Value, path: String) -> Decoded<Summary> {
        let at = At::new(value, path)?;
        let title = at.get("title").map(|title| spelling::title(title, at.path_of("title"))).transpose()?;
        let percentage = match at.get("percentage") {
            None => 100.0,
            Some(number) => number.as_f64().ok_or_else(|| at.odd("percentage"))?,
        };
        Ok(Summary {
            id: at.required_text("id")?.to_owned(),
            status: status(&at)?,
            percentage,
            start: at.text("contractStartDate")?.map(str::to_owned),
            end: at.text("contractEndDate")?.map(str::to_owned),
            title,
        })
    }
}

/// Among current ones the highest percentage, then the earliest contract start; else the nearest upcoming one; else the
/// one that ended last. Our reading (H11): Huma has such a notion and does not document its rule.
pub fn main_position(all: &[Summary]) -> Main<'_> {
    let mut ranked: Vec<&Summary> = all.iter().collect();
    ranked.sort_by(|a, b| rank(a, b).then_with(|| a.id.cmp(&b.id)));
    match ranked.as_slice() {
        [] => Main::NoPosition,
        [first, second, ..]
            if first.status == PositionStatus::Current && rank(first, second) == Ordering::Equal =>
        {
            Main::Tied
        }
        [first, ..] => Main::One(first),
    }
}

/// The better one first. Dates are `YYYY-MM-DD` and compare as text; a current position without a start began longest ago.
fn rank(a: &Summary, b: &Summary) -> Ordering {
    let place = |summary: &Summary| match summary.status {
        PositionStatus::Current => 0,
        PositionStatus::Upcoming => 1,
        PositionStatus::Ended => 2,
        PositionStatus::Unknown => 3,
    };
    let larger = b.percentage.total_cmp(&a.percentage);
    place(a).cmp(&place(b)).then_with(|| match a.status {
        PositionStatus::Current => larger.then_with(|| a.start.cmp(&b.start)),
        PositionStatus::Upcoming => {
            (a.start.is_none(), &a.start).cmp(&(b.start.is_none(), &b.start)).then(larger)
        }
        PositionStatus::Ended | PositionStatus::Unknown => {
            (&b.end, &b.start).cmp(&(&a.end, &a.start)).then(larger)
        }
    })
}

/// Position summaries of a list, one by one.
pub fn summaries(items: &[Value], path: &str) -> Decoded<Vec<Summary>> {
    items.iter().enumerate().map(|(i, item)| Summary::decode(item, format!("{path}[{i}]"))).collect()
}

/// A word that is not known is `Unknown`, and so is none.
pub fn status(at: &At<'_>) -> Decoded<PositionStatus> {
    Ok(match at.text("status")? {
        Some("CURRENT") => PositionStatus::Current,
        Some("UPCOMING") => PositionStatus::Upcoming,
        Some("ENDED") => PositionStatus::Ended,
        Some(_) | None => PositionStatus::Unknown,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn summary(id: &str, status: &str, percentage: u32, start: &str, end: &str) -> Summary {
        let dates = json!({"contractStartDate": start, "contractEndDate": end});
        let mut value = json!({"id": id, "status": status, "percentage": percentage});
        for (name, date) in dates.as_object().unwrap() {
            if date != "" {
                value[name] = date.clone();
            }
        }
        Summary::decode(&value, "s".into()).unwrap()
    }

    /// The main one's id whatever order Huma lists them in.
    fn main_of(mut all: Vec<Summary>) -> String {
        let mut ids = Vec::new();
        for _ in 0..all.len() {
            all.rotate_left(1);
            ids.push(match main_position(&all) {
                Main::NoPosition => "none".to_owned(),
                Main::Tied => "tied".to_owned(),
                Main::One(summary) => summary.id.clone(),
            });
        }
        ids.dedup();
        assert_eq!(ids.len(), 1, "{ids:?}");
        ids.remove(0)
    }

    #[test]
    fn the_highest_percentage_among_current_ones_is_main() {
        let all = vec![
            summary("a", "CURRENT", 40, "2020-01-01", ""),
            summary("b", "CURRENT", 60, "2022-01-01", ""),
            summary("c", "UPCOMING", 100, "2027-01-01", ""),
            summary("d", "ENDED", 100, "2010-01-01", "2019-12-31"),
        ];
        assert_eq!(main_of(all), "b");
    }

    #[test]
    fn equal_percentages_are_decided_by_the_earliest_start() {
        let all = vec![
            summary("a", "CURRENT", 50, "2022-01-01", ""),
            summary("b", "CURRENT", 50, "2020-01-01", ""),
        ];
        assert_eq!(main_of(all), "b");
        let all = vec![summary("a", "CURRENT", 50, "2022-01-01", ""), summary("b", "CURRENT", 50, "", "")];
        assert_eq!(main_of(all), "b", "no start is the longest ago");
    }

    #[test]
    fn equal_percentage_and_start_tie() {
        let all = vec![
            summary("a", "CURRENT", 50, "2022-01-01", ""),
            summary("b", "CURRENT", 50, "2022-01-01", ""),
            summary("c", "CURRENT", 10, "2020-01-01", ""),
        ];
        assert_eq!(main_of(all), "tied");
    }

    #[test]
    fn without_a_current_one_the_nearest_upcoming_is_main_then_the_last_that_ended() {
        let all = vec![
            summary("a", "UPCOMING", 100, "2027-06-01", ""),
            summary("b", "UPCOMING", 20, "2027-01-01", ""),
            summary("c", "ENDED", 100, "2010-01-01", "2026-12-31"),
        ];
        assert_eq!(main_of(all), "b");
        let all = vec![
            summary("a", "ENDED", 100, "2010-01-01", "2019-12-31"),
            summary("b", "ENDED", 20, "2020-01-01", "2024-12-31"),
        ];
        assert_eq!(main_of(all), "b");
    }

    #[test]
    fn a_status_that_is_not_known_comes_last() {
        let all =
            vec![summary("a", "PAUSED", 100, "2020-01-01", ""), summary("b", "ENDED", 5, "", "2020-01-01")];
        assert_eq!(main_of(all), "b");
        assert!(matches!(main_position(&[]), Main::NoPosition));
    }
}
