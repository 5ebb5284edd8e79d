//! Cases of correlating: who is paired, asked about, or left alone. Each is run in every rotation of its records too.

use super::{Case, compare};
use crate::support::text::lenses;
use hxsync::domain::record::{About, PositionStatus};
use hxsync::domain::{
    Field, FieldMap, HumaAbout, HumaId, MainPosition, Positions, Reading, Record, RecordId, Side,
    XledgerAbout, XledgerId,
};
use hxsync::reconcile::correlate::{Candidate, Correlation, Entry, PeopleMemory, correlate};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct PeopleCase {
    name: String,
    rule: String,
    #[serde(default)]
    huma: Vec<Person>,
    #[serde(default)]
    xledger: Vec<Person>,
    /// Pairs a human said are not the same person.
    #[serde(default)]
    not_same: Vec<(String, i64)>,
    /// `huma:ID`, `xledger:ID`: ignored, excluded, or closed with a link.
    #[serde(default)]
    left_alone: Vec<String>,
    #[serde(default)]
    include_ended: bool,
    /// In any order; see [`in_words`].
    expect: Vec<String>,
    /// A part of a note or of what speaks for a candidate.
    note: Option<String>,
}

/// One record. Xledger's `number` is its code. `today` is 2026-11-23.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Person {
    id: String,
    number: Option<String>,
    /// Given and family name.
    person: Option<String>,
    born: Option<String>,
    email: Option<String>,
    /// The id of Huma's Xledger integration.
    connected: Option<String>,
    /// More integrations, by name.
    #[serde(default)]
    integrations: BTreeMap<String, String>,
    last_day: Option<String>,
    #[serde(default)]
    inactive: bool,
    #[serde(default)]
    positions_ended: bool,
    #[serde(default)]
    linked: bool,
}

impl Case for PeopleCase {
    fn name(&self) -> &str {
        &self.name
    }

    fn rule(&self) -> &str {
        &self.rule
    }

    fn failures(&self) -> Vec<String> {
        let mut huma: Vec<Entry> = self.huma.iter().map(|person| person.entry(Side::Huma)).collect();
        let mut xledger: Vec<Entry> = self.xledger.iter().map(|person| person.entry(Side::Xledger)).collect();
        let mut expected = self.expect.clone();
        expected.sort();
        let memory = self.memory();
        let mut failures = Vec::new();
        for _ in 0..huma.len().max(1) {
            for _ in 0..xledger.len().max(1) {
                let found = correlate(&huma, &xledger, &memory);
                failures.extend(compare("found", &expected.join("; "), &in_words(&found).join("; ")));
                let notes = notes(&found);
                if let Some(note) = &self.note
                    && !notes.iter().any(|text| text.contains(note))
                {
                    failures.extend(compare("note", note, &notes.join(" / ")));
                }
                rotate(&mut xledger);
            }
            rotate(&mut huma);
        }
        failures.dedup();
        failures
    }
}

fn rotate(entries: &mut [Entry]) {
    if !entries.is_empty() {
        entries.rotate_left(1);
    }
}

impl PeopleCase {
    fn memory(&self) -> PeopleMemory {
        PeopleMemory {
            not_same: self
                .not_same
                .iter()
                .map(|(huma, xledger)| (HumaId(huma.clone()), XledgerId(*xledger)))
                .collect(),
            ignored: self.left_alone.iter().map(|id| record_id(id)).collect(),
            include_ended: self.include_ended,
        }
    }
}

fn record_id(text: &str) -> RecordId {
    match text.split_once(':') {
        Some(("huma", id)) => RecordId::Huma(HumaId(id.into())),
        Some(("xledger", id)) => RecordId::Xledger(XledgerId(id.parse().expect("a number"))),
        Some(_) | None => panic!("no record: {text}"),
    }
}

impl Person {
    fn entry(&self, side: Side) -> Entry {
        let mut fields = FieldMap::<Reading>::default();
        let mut set = |field: Field, value: Option<&str>| fields[field] = Reading::of_text(value);
        let name = self.person.as_deref().and_then(|name| name.split_once(' '));
        set(Field::GivenName, name.map(|(given, _)| given));
        set(Field::FamilyName, name.map(|(_, family)| family));
        set(Field::BirthDate, self.born.as_deref());
        set(Field::Email, self.email.as_deref());
        set(Field::EmploymentId, self.number.as_deref());
        set(Field::LastDayOfWork, self.last_day.as_deref());
        let mut connected = self.integrations.clone();
        connected.extend(self.connected.clone().map(|id| ("Xledger".to_owned(), id)));
        let status = if self.positions_ended { PositionStatus::Ended } else { PositionStatus::Current };
        let (id, about) = match side {
            Side::Huma => (
                format!("huma:{}", self.id),
                About::Huma(HumaAbout {
                    active: !self.inactive,
                    positions: Positions::Main(MainPosition { id: "p1".into(), status }),
                    connected,
                    ..HumaAbout::default()
                }),
            ),
            Side::Xledger => (format!("xledger:{}", self.id), About::Xledger(XledgerAbout::default())),
        };
        let record = Record { id: record_id(&id), fields, locked: Default::default(), about };
        let today = "2026-11-23".parse().expect("a day");
        Entry::of(&record, &lenses(), today, self.linked)
    }
}

/// Sorted: `pair h1 501 by employment ID`, `only huma:h1 near xledger:501`, `match huma:h1 with xledger:501`, `ended huma:h1`.
fn in_words(found: &Correlation) -> Vec<String> {
    let id = |id: &RecordId| format!("{}:{id}", id.side().word());
    let people = |word: &str, candidates: &[Candidate]| -> String {
        let mut ids: Vec<String> = candidates.iter().map(|candidate| id(&candidate.record)).collect();
        ids.sort();
        if ids.is_empty() { String::new() } else { format!(" {word} {}", ids.join(", ")) }
    };
    let mut words = Vec::new();
    words
        .extend(found.pairs.iter().map(|pair| format!("pair {} {} by {}", pair.huma, pair.xledger, pair.by)));
    words.extend(
        found
            .only
            .iter()
            .map(|doubt| format!("only {}{}", id(&doubt.record), people("near", &doubt.candidates))),
    );
    words.extend(
        found
            .matches
            .iter()
            .map(|doubt| format!("match {}{}", id(&doubt.record), people("with", &doubt.candidates))),
    );
    words.extend(found.ended.iter().map(|record| format!("ended {}", id(record))));
    words.sort();
    words
}

fn notes(found: &Correlation) -> Vec<String> {
    found
        .only
        .iter()
        .chain(&found.matches)
        .flat_map(|doubt| doubt.notes.iter().cloned().chain(doubt.candidates.iter().map(|c| c.why.clone())))
        .collect()
}
