//! A position, its status, and which of several is the main one.

use std::cmp::Reverse;

use serde_json::{Map, Value};

use super::switches::MainPositionRule;

#[derive(Debug, Clone)]
pub struct Position {
    pub id: String,
    /// Wire name → value as the API writes it (`titleId`, `contractStartDate`, …).
    pub fields: Map<String, Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PositionStatus {
    Current,
    Ended,
    Upcoming,
}

impl PositionStatus {
    pub fn wire_name(self) -> &'static str {
        match self {
            PositionStatus::Current => "CURRENT",
            PositionStatus::Ended => "ENDED",
            PositionStatus::Upcoming => "UPCOMING",
        }
    }
}

impl Position {
    /// A text or date field; dates compare as text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.fields.get(name).and_then(Value::as_str)
    }

    /// From the contract's dates alone: a last day of work ends nothing.
    pub fn status(&self, today: &str) -> PositionStatus {
        if self.text("contractStartDate").is_some_and(|start| start > today) {
            PositionStatus::Upcoming
        } else if self.text("contractEndDate").is_some_and(|end| end < today) {
            PositionStatus::Ended
        } else {
            PositionStatus::Current
        }
    }

    /// Nothing sorts before every date.
    fn start(&self) -> &str {
        self.text("contractStartDate").unwrap_or_default()
    }

    fn percentage(&self) -> i64 {
        self.fields.get("percentage").and_then(Value::as_i64).unwrap_or(100)
    }
}

/// Among current ones by the rule; without any the nearest upcoming one; otherwise the one that ended last.
pub fn main_position<'a>(
    positions: &'a [Position],
    rule: MainPositionRule,
    today: &str,
) -> Option<&'a Position> {
    let with = |status| positions.iter().filter(move |position| position.status(today) == status);
    let current = with(PositionStatus::Current);
    let current = match rule {
        MainPositionRule::HighestPercentage => {
            current.min_by_key(|position| (Reverse(position.percentage()), position.start(), &position.id))
        }
        MainPositionRule::EarliestStart => current.min_by_key(|position| (position.start(), &position.id)),
        MainPositionRule::Newest => current.min_by_key(|position| (Reverse(position.start()), &position.id)),
    };
    current
        .or_else(|| with(PositionStatus::Upcoming).min_by_key(|position| (position.start(), &position.id)))
        .or_else(|| {
            with(PositionStatus::Ended)
                .min_by_key(|position| (Reverse(position.text("contractEndDate")), &position.id))
        })
}

/// The one whose contract starts last, whatever its status.
pub fn newest_position(positions: &[Position]) -> Option<&Position> {
    positions.iter().min_by_key(|position| (Reverse(position.start()), &position.id))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn position(id: &str, percentage: i64, start: &str, end: Option<&str>) -> Position {
        let mut fields = Map::new();
        fields.insert("percentage".into(), json!(percentage));
        fields.insert("contractStartDate".into(), json!(start));
        if let Some(end) = end {
            fields.insert("contractEndDate".into(), json!(end));
        }
        Position { id: id.into(), fields }
    }

    #[test]
    fn a_contract_is_current_on_its_first_and_on_its_last_day() {
        let contract = position("a", 100, "2026-02-01", Some("2026-02-28"));
        let status = |today| contract.status(today);
        assert_eq!(status("2026-01-31"), PositionStatus::Upcoming);
        assert_eq!(status("2026-02-01"), PositionStatus::Current);
        assert_eq!(status("2026-02-28"), PositionStatus::Current);
        assert_eq!(status("2026-03-01"), PositionStatus::Ended);
    }

    #[test]
    fn the_rule_chooses_among_current_positions_only() {
        let positions = [
            position("a", 40, "2020-01-01", None),
            position("b", 60, "2022-01-01", None),
            position("c", 20, "2024-01-01", None),
            position("d", 100, "2030-01-01", None),
        ];
        let main = |rule| main_position(&positions, rule, "2026-01-01").unwrap().id.as_str();
        assert_eq!(main(MainPositionRule::HighestPercentage), "b");
        assert_eq!(main(MainPositionRule::EarliestStart), "a");
        assert_eq!(main(MainPositionRule::Newest), "c");
        assert_eq!(newest_position(&positions).unwrap().id, "d");
    }

    #[test]
    fn without_a_current_position_the_next_one_counts_and_then_the_last_one() {
        let ended = position("a", 100, "2020-01-01", Some("2021-01-01"));
        let ended_later = position("b", 100, "2020-01-01", Some("2022-01-01"));
        let upcoming = position("c", 100, "2027-01-01", None);
        let rule = MainPositionRule::default();
        let both = [ended.clone(), upcoming, ended_later.clone()];
        assert_eq!(main_position(&both, rule, "2026-01-01").unwrap().id, "c");
        assert_eq!(main_position(&[ended, ended_later], rule, "2026-01-01").unwrap().id, "b");
    }
}
