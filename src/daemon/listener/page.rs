//! The status page: counts only, to be looked at. No script, no form, nothing loaded from anywhere.

use super::counters::Outcome;
use super::server::View;
use crate::domain::Side;
use std::fmt::Write;

pub fn render(view: &View<'_>) -> String {
    let (status, daemon) = (&view.status, &view.daemon);
    let mut rows: Vec<(String, String)> = Vec::new();
    let mut row = |name: &str, what: String| rows.push((name.to_owned(), what));
    row("People in agreement", format!("{} of {}", status.people.in_agreement, status.people.linked));
    row("Open questions", status.questions.to_string());
    row("Held by a limit", status.held.to_string());
    row("Fields failing", status.failing.to_string());
    row("Fields waiting", status.waiting.to_string());
    if status.awaits_first_sync {
        row("First sync", "waits for a human to allow it".to_owned());
    }
    if let Some(cycle) = &status.last_cycle {
        let ended = cycle.ended_at.as_deref().unwrap_or("under way");
        let outcome = cycle.outcome.as_deref().unwrap_or("");
        row("Last cycle", format!("{} ({}), {ended} {outcome}", cycle.id, cycle.cause));
    }
    if let Some(at) = &daemon.next_cycle_at {
        row("Next cycle", at.clone());
    }
    for side in &daemon.resting {
        row("Resting", format!("{} until {}", side.what, side.until));
    }
    for used in &status.api_use {
        let megabytes = used.bytes_in.saturating_add(used.bytes_out) / 1_000_000;
        let forecast = used.forecast.requests;
        let what = format!("{} requests, {megabytes} MB; {forecast} requests by its end", used.requests);
        row(&format!("{} this month", used.side), what);
    }
    for side in Side::BOTH {
        let kept = view.counters.get(side, Outcome::Kept);
        let all: u64 = Outcome::ALL.iter().map(|outcome| view.counters.get(side, *outcome)).sum();
        row(&format!("Posts from {side}"), format!("{kept} kept, {} not", all - kept));
    }
    row("People to read again", view.waiting.to_string());
    row("Version", daemon.version.clone());
    let mut page = String::from(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>hxsync</title>\
         <meta name=\"viewport\" content=\"width=device-width\">\
         <style>body{font:16px/1.5 system-ui,sans-serif;max-width:42rem;margin:2rem auto;padding:0 1rem}\
         th{text-align:left;font-weight:normal;padding-right:2rem;vertical-align:top}</style></head>\n\
         <body><h1>hxsync</h1>\n<table>\n",
    );
    for (name, what) in rows {
        // Writing to a string does not fail.
        let _ =
            writeln!(page, "<tr><th scope=\"row\">{}</th><td>{}</td></tr>", escaped(&name), escaped(&what));
    }
    page.push_str("</table>\n</body></html>\n");
    page
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_side_said_cannot_become_markup() {
        assert_eq!(escaped("<b onclick=\"x('&')\">"), "&lt;b onclick=&quot;x(&#39;&amp;&#39;)&quot;&gt;");
    }
}
