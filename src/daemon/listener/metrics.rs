//! Everything countable, in the text format of Prometheus. Names and labels are ours; no person is in any of them.

use super::counters::Outcome;
use super::server::View;
use crate::domain::Side;
use std::fmt::{Display, Write};

/// What a client of Prometheus expects to be told.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

pub fn render(view: &View<'_>) -> String {
    let mut text = Text(String::new());
    let (status, daemon) = (&view.status, &view.daemon);
    let people = &status.people;
    text.head("hxsync_people", "gauge", "People by state.");
    for (state, count) in [
        ("linked", people.linked),
        ("in-agreement", people.in_agreement),
        ("excluded", people.excluded),
        ("vanished", people.vanished),
        ("only-huma", people.only_huma),
        ("only-xledger", people.only_xledger),
    ] {
        text.line("hxsync_people", &[("state", state)], count);
    }
    text.head("hxsync_questions", "gauge", "Open questions that are awake; held ones are among them.");
    text.line("hxsync_questions", &[("kind", "open")], status.questions);
    text.line("hxsync_questions", &[("kind", "held")], status.held);
    text.line("hxsync_questions", &[("kind", "asleep")], status.asleep);
    text.head("hxsync_fields", "gauge", "Fields whose write is refused, or that wait for something to pass.");
    text.line("hxsync_fields", &[("state", "failing")], status.failing);
    text.line("hxsync_fields", &[("state", "waiting")], status.waiting);
    if let Some(cycle) = &status.last_cycle {
        text.head("hxsync_last_cycle", "gauge", "Number of the last cycle.");
        text.line("hxsync_last_cycle", &[], cycle.id);
    }
    text.head("hxsync_side_resting", "gauge", "1 where a side failed last and is left alone for a while.");
    for side in Side::BOTH {
        let is_resting = daemon.resting.iter().any(|resting| resting.side == side);
        text.line("hxsync_side_resting", &[("side", side.word())], u8::from(is_resting));
    }
    text.head("hxsync_panics_total", "counter", "Mistakes of hxsync caught since its start.");
    text.line("hxsync_panics_total", &[], daemon.panics);
    text.head("hxsync_api_requests", "gauge", "Requests made this month.");
    for used in &status.api_use {
        text.line("hxsync_api_requests", &[("side", used.side.word())], used.requests);
    }
    text.head("hxsync_api_requests_forecast", "gauge", "Requests by the month's end, if it goes on so.");
    for used in &status.api_use {
        text.line("hxsync_api_requests_forecast", &[("side", used.side.word())], used.forecast.requests);
    }
    text.head("hxsync_api_bytes_forecast", "gauge", "Bytes by the month's end, if it goes on so.");
    for used in &status.api_use {
        let (side, forecast) = (used.side.word(), used.forecast);
        text.line("hxsync_api_bytes_forecast", &[("side", side), ("direction", "in")], forecast.bytes_in);
        text.line("hxsync_api_bytes_forecast", &[("side", side), ("direction", "out")], forecast.bytes_out);
    }
    text.head("hxsync_api_bytes", "gauge", "Bytes moved this month.");
    for used in &status.api_use {
        let side = used.side.word();
        text.line("hxsync_api_bytes", &[("side", side), ("direction", "in")], used.bytes_in);
        text.line("hxsync_api_bytes", &[("side", side), ("direction", "out")], used.bytes_out);
    }
    text.head("hxsync_posts_total", "counter", "Webhook posts since the start, by what became of them.");
    for side in Side::BOTH {
        for outcome in Outcome::ALL {
            let labels = [("side", side.word()), ("outcome", outcome.word())];
            text.line("hxsync_posts_total", &labels, view.counters.get(side, outcome));
        }
    }
    text.head("hxsync_hints_waiting", "gauge", "People named by posts who are to be read again.");
    text.line("hxsync_hints_waiting", &[], view.waiting);
    text.0
}

struct Text(String);

impl Text {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a string does not fail.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn line(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        self.0.push_str(name);
        for (place, (label, of)) in labels.iter().enumerate() {
            let before = if place == 0 { '{' } else { ',' };
            let _ = write!(self.0, "{before}{label}=\"{of}\"");
        }
        let end = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.0, "{end} {value}");
    }
}
