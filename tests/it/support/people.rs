//! Records to correlate, and what was found, as text.

use super::text::lenses;
use hxsync::domain::record::{About, PositionStatus};
use hxsync::domain::{
    Field, FieldMap, HumaAbout, HumaId, MainPosition, Positions, Reading, Record, RecordId, Side,
    XledgerAbout, XledgerId,
};
use hxsync::reconcile::correlate::{Candidate, Correlation, Entry};
use serde::Deserialize;
use std::collections::BTreeMap;

/// One record. Xledger's `number` is its code. `today` is 2026-11-23.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    pub id: String,
    pub number: Option<String>,
    /// Given and family name.
    pub person: Option<String>,
    pub born: Option<String>,
    pub email: Option<String>,
    /// The id of Huma's Xledger integration.
    pub connected: Option<String>,
    /// More integrations, by name.
    #[serde(default)]
    pub integrations: BTreeMap<String, String>,
    pub last_day: Option<String>,
    #[serde(default)]
    pub inactive: bool,
    #[serde(default)]
    pub positions_ended: bool,
    #[serde(default)]
    pub linked: bool,
}

pub fn record_id(text: &str) -> RecordId {
    match text.split_once(':') {
        Some(("huma", id)) => RecordId::Huma(HumaId(id.into())),
        Some(("xledger", id)) => RecordId::Xledger(XledgerId(id.parse().expect("a number"))),
        Some(_) | None => panic!("no record: {text}"),
    }
}

impl Person {
    pub fn entry(&self, side: Side) -> Entry {
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

/// What was found, sorted: `pair h1 501 by employment ID`, `only huma:h1 near xledger:501`, `match huma:h1 with xledger:501`, `ended huma:h1`.
pub fn in_words(found: &Correlation) -> Vec<String> {
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
