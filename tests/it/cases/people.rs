//! Cases of correlating: who is paired, asked about, or left alone. Each is run in every rotation of its records too.

use super::{Case, compare};
use crate::support::people::{Person, in_words, record_id};
use hxsync::domain::{HumaId, Side, XledgerId};
use hxsync::reconcile::correlate::{Correlation, Entry, PeopleMemory, correlate};
use serde::Deserialize;

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

fn notes(found: &Correlation) -> Vec<String> {
    found
        .only
        .iter()
        .chain(&found.matches)
        .flat_map(|doubt| doubt.notes.iter().cloned().chain(doubt.candidates.iter().map(|c| c.why.clone())))
        .collect()
}
