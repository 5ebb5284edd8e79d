//! Texts for people: what a cycle did, what it would do, and how things stand.
//!
//! **Invariant:** bank accounts are masked, and nothing from a record can break a line or turn its direction.

use super::mask::masked;
use super::status::StatusReport;
use crate::domain::time::local_text;
use crate::domain::{Reading, Side};
use crate::reconcile::Change;
use crate::store::readable;
use crate::sync::{CycleReport, PersonPlan};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::fmt::Write;

/// What a cycle did, or for a dry run what it would do.
pub fn cycle(report: &CycleReport, zone: &TimeZone) -> String {
    let mut text = String::new();
    let head = if report.dry_run { "Dry run" } else { "Cycle" };
    let number = if report.cycle > 0 { format!(" {}", report.cycle) } else { String::new() };
    let ended = local(&report.ended_at, zone);
    line(&mut text, format_args!("{head}{number}, {ended}{}", took(report)));
    text.push('\n');
    row(&mut text, "People", &people(report));
    row(
        &mut text,
        "Read in full",
        &format!("{} in Huma, {} in Xledger", report.huma_read, report.xledger_read),
    );
    if report.dry_run {
        row(&mut text, "Written", "nothing");
    } else {
        row(
            &mut text,
            "Written",
            &format!("{} in Huma, {} in Xledger", fields(report.huma_writes), fields(report.xledger_writes)),
        );
    }
    if report.answers_applied + report.answers_refused > 0 {
        let (applied, refused) = (report.answers_applied, report.answers_refused);
        row(&mut text, "Answers", &format!("{applied} taken in, {refused} refused"));
    }
    row(&mut text, "Questions", &questions(report.questions, report.held));
    if report.awaits_first_sync {
        paragraph(
            &mut text,
            "Nothing is written on either side until the question `first-sync` in the resolution file is \
             answered with `allow`.",
        );
    }
    if let Some(why) = &report.withheld {
        paragraph(&mut text, &format!("Writes are held for everybody: {why}"));
    }
    list(&mut text, "Created:", report.created.iter().map(|person| clean(person)));
    list(
        &mut text,
        "Sides that failed:",
        report.sides.iter().map(|failure| {
            let next = if failure.passing { "it is tried again" } else { "an admin must act" };
            format!("{}; {next}", clean(&failure.what))
        }),
    );
    list(
        &mut text,
        "Failed:",
        report.failures.iter().map(|failure| {
            let field = failure.field.map(|field| format!(", {}", field.words())).unwrap_or_default();
            format!("{}{field}: {}", clean(&failure.person), clean(&failure.why))
        }),
    );
    if report.dry_run && !report.plan.is_empty() {
        text.push('\n');
        text.push_str(&plan(report));
    } else {
        list(&mut text, "Not carried:", report.plan.iter().flat_map(note_lines));
        if report.plan.iter().any(|person| !person.changes.is_empty()) {
            paragraph(&mut text, "`hxsync plan` shows what would be written.");
        }
    }
    text
}

/// What would be written, by person, and what would not and why.
pub fn plan(report: &CycleReport) -> String {
    let report = masked(report.clone());
    let mut text = String::new();
    let mut written = report.plan.iter().filter(|person| !person.changes.is_empty()).peekable();
    if written.peek().is_none() {
        line(&mut text, format_args!("Nothing would be written."));
    } else {
        line(&mut text, format_args!("Would write:"));
    }
    for person in written {
        line(&mut text, format_args!("  {}", clean(&person.person)));
        for change in &person.changes {
            line(&mut text, format_args!("    {}", change_line(change)));
        }
    }
    list(&mut text, "Not carried:", report.plan.iter().flat_map(note_lines));
    text
}

/// One line for each reason, with all the fields it holds for.
fn note_lines(person: &PersonPlan) -> Vec<String> {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for (field, why) in &person.notes {
        match reasons.iter_mut().find(|(known, _)| known == why) {
            Some((_, fields)) => fields.push(field.words()),
            None => reasons.push((why, vec![field.words()])),
        }
    }
    let line = |(why, fields): (&str, Vec<&str>)| {
        let fields = match fields.len() {
            1..=3 => fields.join(", "),
            many => format!("{many} fields"),
        };
        format!("{}, {fields}: {}", clean(&person.person), clean(why))
    };
    reasons.into_iter().map(line).collect()
}

fn change_line(change: &Change) -> String {
    let to = change.to.as_ref().map_or("(empty)".to_owned(), |to| clean(&readable(to)));
    let (side, field, from) = (change.side, change.field.words(), reading(&change.from));
    format!("{side:<8} {field:<24} {from} → {to}   ({})", clean(&change.why.to_string()))
}

fn reading(reading: &Reading) -> String {
    match reading {
        Reading::Hidden => "(hidden)".to_owned(),
        Reading::Empty => "(empty)".to_owned(),
        Reading::Value(spelling) => clean(&readable(spelling)),
    }
}

/// How things stand, without what only a running daemon knows.
pub fn status(report: &StatusReport, zone: &TimeZone) -> String {
    let mut text = String::new();
    let people = &report.people;
    row(&mut text, "People", &format!("{} in agreement of {} linked", people.in_agreement, people.linked));
    let others = [
        (people.only_huma, "only in Huma"),
        (people.only_xledger, "only in Xledger"),
        (people.vanished, "vanished"),
        (people.excluded, "excluded"),
    ];
    for (number, what) in others.into_iter().filter(|(number, _)| *number > 0) {
        row(&mut text, "", &format!("{number} {what}"));
    }
    row(&mut text, "Questions", &questions(report.questions, report.held));
    if report.asleep > 0 {
        row(&mut text, "", &format!("{} put off with `later`", report.asleep));
    }
    row(&mut text, "Failing", &fields(report.failing));
    row(&mut text, "Waiting", &fields(report.waiting));
    match &report.last_cycle {
        Some(last) => {
            let outcome = last.outcome.as_deref().unwrap_or("not ended");
            let when = local(last.ended_at.as_deref().unwrap_or(&last.started_at), zone);
            row(
                &mut text,
                "Last cycle",
                &format!("{when}, {} ({}): {}", last.id, last.cause, clean(outcome)),
            );
        }
        None => row(&mut text, "Last cycle", "none yet"),
    }
    for side in Side::BOTH {
        if let Some(used) = report.api_use.iter().find(|used| used.side == side) {
            let megabytes = (used.bytes_in + used.bytes_out) as f64 / 1e6;
            let what = format!(
                "{side}: {} requests, {megabytes:.1} MB in {}; by its end {} and {:.0} MB",
                used.requests,
                used.month,
                used.forecast.requests,
                (used.forecast.bytes_in + used.forecast.bytes_out) as f64 / 1e6
            );
            row(&mut text, "API use", &what);
        }
    }
    text
}

/// What holds writes back for everybody, in paragraphs.
pub fn status_notes(report: &StatusReport) -> String {
    let mut text = String::new();
    if report.awaits_first_sync {
        paragraph(
            &mut text,
            "The first sync waits to be allowed: nothing is written on either side before that.",
        );
    }
    if let Some(why) = &report.withheld {
        paragraph(&mut text, &format!("Writes are held for everybody: {why}"));
    }
    text
}

/// The open questions, one a line.
pub fn open_questions(report: &StatusReport) -> String {
    let mut text = String::new();
    for question in &report.open_questions {
        let field = question.field.as_deref().map(|field| format!(", {field}")).unwrap_or_default();
        let (id, kind, person) = (&question.id, &question.kind, clean(&question.person));
        line(&mut text, format_args!("{id:<6} {kind:<13} {person}{field}"));
    }
    let listed = report.open_questions.len() as u64;
    if listed < report.questions {
        line(&mut text, format_args!("and {} more in the resolution file", report.questions - listed));
    }
    text
}

/// The one line that the service manager shows. No person is named in it.
pub fn status_line(report: &StatusReport) -> String {
    let people = &report.people;
    let mut text = format!("{} of {} people in agreement", people.in_agreement, people.linked);
    let _ = write!(text, ", {}", questions(report.questions, report.held));
    if report.awaits_first_sync {
        text.push_str("; the first sync waits to be allowed");
    }
    text
}

/// A UTC moment in the employer's time, as people read it.
pub fn local(utc: &str, zone: &TimeZone) -> String {
    utc.parse::<Timestamp>().map_or_else(|_| utc.to_owned(), |at| local_text(at, zone))
}

/// Text from outside on one line: control and bidirectional characters are shown as escapes.
pub fn clean(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => {
                shown.extend(character.escape_unicode());
            }
            _ if character.is_control() => shown.extend(character.escape_default()),
            _ => shown.push(character),
        }
    }
    shown
}

fn people(report: &CycleReport) -> String {
    let mut text = format!("{} in agreement of {} linked", report.in_agreement, report.linked);
    if report.new_links > 0 {
        let _ = write!(text, ", {} newly linked", report.new_links);
    }
    text
}

fn questions(open: u64, held: u64) -> String {
    let noun = if open == 1 { "question" } else { "questions" };
    match (open, held) {
        (0, _) => "no open questions".to_owned(),
        (_, 0) => format!("{open} open {noun}"),
        (_, held) => format!("{open} open {noun}, {held} of them held by a limit"),
    }
}

fn fields(number: u64) -> String {
    match number {
        0 => "nothing".to_owned(),
        1 => "1 field".to_owned(),
        more => format!("{more} fields"),
    }
}

fn took(report: &CycleReport) -> String {
    let moment = |text: &str| text.parse::<Timestamp>().ok();
    match (moment(&report.started_at), moment(&report.ended_at)) {
        (Some(started), Some(ended)) => {
            format!(", took {:.1} s", ended.duration_since(started).as_secs_f64().max(0.0))
        }
        (None, _) | (_, None) => String::new(),
    }
}

// Writing to a String cannot fail.
fn line(text: &mut String, content: std::fmt::Arguments<'_>) {
    let _ = writeln!(text, "{content}");
}

fn row(text: &mut String, name: &str, content: &str) {
    line(text, format_args!("  {name:<13} {content}"));
}

fn paragraph(text: &mut String, content: &str) {
    line(text, format_args!("\n{content}"));
}

fn list(text: &mut String, head: &str, items: impl Iterator<Item = String>) {
    let mut items = items.peekable();
    if items.peek().is_none() {
        return;
    }
    line(text, format_args!("\n{head}"));
    for item in items {
        line(text, format_args!("  {item}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Account, Field, Spelling};
    use crate::reconcile::{Who, Why};
    use crate::report::PeopleStatus;
    use crate::sync::{FieldFailure, SideFailure};

    fn oslo() -> TimeZone {
        TimeZone::get("Europe/Oslo").unwrap()
    }

    fn change(field: Field, from: Reading, to: Option<Spelling>) -> Change {
        Change {
            side: Side::Xledger,
            field,
            from,
            to,
            other: Reading::Empty,
            why: Why::Edited(Side::Huma),
            who: Who::Hxsync,
            answers: None,
            make_title: None,
        }
    }

    #[test]
    fn a_cycle_is_told_with_counts_and_failures_by_name() {
        let report = CycleReport {
            cycle: 12,
            started_at: "2026-11-23T08:14:57.500Z".into(),
            ended_at: "2026-11-23T08:15:00.000Z".into(),
            huma_read: 4,
            xledger_read: 512,
            linked: 499,
            in_agreement: 494,
            huma_writes: 1,
            xledger_writes: 7,
            created: vec!["Ola Hansen (1043)".into()],
            new_links: 2,
            questions: 5,
            held: 1,
            answers_applied: 2,
            failures: vec![FieldFailure {
                person: "Kari Nordmann (1042)".into(),
                field: Some(Field::Phone),
                why: "Xledger refused the write".into(),
            }],
            sides: vec![SideFailure {
                side: Side::Huma,
                what: "Huma could not be reached".into(),
                passing: true,
            }],
            ..CycleReport::default()
        };
        insta::assert_snapshot!(cycle(&report, &oslo()), @r"
        Cycle 12, 2026-11-23 09:15, took 2.5 s

          People        494 in agreement of 499 linked, 2 newly linked
          Read in full  4 in Huma, 512 in Xledger
          Written       1 field in Huma, 7 fields in Xledger
          Answers       2 taken in, 0 refused
          Questions     5 open questions, 1 of them held by a limit

        Created:
          Ola Hansen (1043)

        Sides that failed:
          Huma could not be reached; it is tried again

        Failed:
          Kari Nordmann (1042), phone: Xledger refused the write
        ");
    }

    #[test]
    fn a_plan_shows_values_but_masks_accounts() {
        let account = Account::National { number: "86011117947".into(), country: "NO".into() };
        let changes = vec![
            change(Field::Phone, Reading::Empty, Some(Spelling::text("+47 900 11 222"))),
            change(
                Field::BankAccount,
                Reading::Value(Spelling::Account(account)),
                Some(Spelling::text("12345678903")),
            ),
        ];
        let person = PersonPlan {
            person: "Kari Nordmann (1042)".into(),
            changes,
            notes: vec![(Field::Email, "waits for the person to confirm".into())],
        };
        let report = CycleReport { plan: vec![person], ..CycleReport::default() };
        insta::assert_snapshot!(plan(&report), @r"
        Would write:
          Kari Nordmann (1042)
            Xledger  phone                    (empty) → +47 900 11 222   (edited in Huma)
            Xledger  bank account             *******7947 → *******8903   (edited in Huma)

        Not carried:
          Kari Nordmann (1042), email: waits for the person to confirm
        ");
        assert!(!serde_json::to_string(&masked(report)).unwrap().contains("86011117947"));
    }

    #[test]
    fn nothing_in_a_record_can_forge_a_line() {
        assert_eq!(clean("Kari\nFailed: all\u{202e}x\u{7}"), "Kari\\nFailed: all\\u{202e}x\\u{7}");
        assert_eq!(clean("Åse Bjørnå"), "Åse Bjørnå");
    }

    #[test]
    fn a_status_shows_only_what_there_is() {
        let report = StatusReport {
            people: PeopleStatus { linked: 3, in_agreement: 2, only_huma: 1, ..PeopleStatus::default() },
            questions: 1,
            ..StatusReport::default()
        };
        insta::assert_snapshot!(status(&report, &oslo()), @r"
          People        2 in agreement of 3 linked
                        1 only in Huma
          Questions     1 open question
          Failing       nothing
          Waiting       nothing
          Last cycle    none yet
        ");
        assert_eq!(status_line(&report), "2 of 3 people in agreement, 1 open question");
    }
}
