//! Finds which two records are the same employee. Doubtful ones become a question, never a guess.
//!
//! Tried in order: the id in Huma's `connectedIntegrations` (as dbId, then as code), then employment ID = code. A pair needs
//! both keys to be unique among *all* records of their side and nothing that contradicts it. E-mail, and name with date of
//! birth, only propose.

use crate::domain::{Field, HumaId, Lenses, Record, RecordId, Side, XledgerId};
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What correlating needs of one record: small, so that a whole company fits.
#[derive(Debug, Clone)]
pub struct Entry {
    pub id: RecordId,
    pub label: String,
    /// Employment ID or code, trimmed.
    pub number: Option<String>,
    given_name: Option<String>,
    family_name: Option<String>,
    birth_date: Option<String>,
    email: Option<String>,
    /// Ids in `connectedIntegrations` under a name that holds `xledger`.
    connected: Vec<String>,
    pub ended: bool,
    pub linked: bool,
}

impl Entry {
    pub fn of(record: &Record, lenses: &Lenses, today: Date, linked: bool) -> Entry {
        let canonical = |field: Field| {
            let value = record.fields[field].value()?;
            Some(lenses.read(field, record.side(), value).canonical.0)
        };
        Entry {
            id: record.id.clone(),
            label: record.label(),
            number: record.text(Field::EmploymentId).map(|number| number.trim().to_owned()),
            given_name: canonical(Field::GivenName),
            family_name: canonical(Field::FamilyName),
            birth_date: canonical(Field::BirthDate),
            email: canonical(Field::Email),
            connected: record.huma().map_or_else(Vec::new, |about| {
                let xledger = |name: &str| name.to_lowercase().contains("xledger");
                about
                    .connected
                    .iter()
                    .filter(|(name, _)| xledger(name))
                    .map(|(_, id)| id.trim().to_owned())
                    .collect()
            }),
            ended: record.is_ended(today),
            linked,
        }
    }
}

/// Every record without a link ends in exactly one of these.
#[derive(Debug, Clone, Default)]
pub struct Correlation {
    pub pairs: Vec<FoundPair>,
    /// On one side only, with who it might be.
    pub only: Vec<Doubt>,
    /// Needs a human to say which is which.
    pub matches: Vec<Doubt>,
    /// Ended on both sides, or ended and absent on the other: neither paired nor asked about.
    pub ended: Vec<RecordId>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundPair {
    pub huma: HumaId,
    pub xledger: XledgerId,
    pub by: PairedBy,
    pub label: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PairedBy {
    ConnectedId,
    EmploymentId,
}

impl PairedBy {
    /// The key as the Xledger record has it.
    fn of_employee(self) -> &'static str {
        match self {
            PairedBy::ConnectedId => "id in the Xledger integration",
            PairedBy::EmploymentId => "employment ID",
        }
    }
}

impl std::fmt::Display for PairedBy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            PairedBy::ConnectedId => "the id of Huma's Xledger integration",
            PairedBy::EmploymentId => "employment ID",
        })
    }
}

/// A record whose partner a human must name, with the candidates and what speaks for each.
#[derive(Debug, Clone)]
pub struct Doubt {
    pub record: RecordId,
    pub label: String,
    pub candidates: Vec<Candidate>,
    pub notes: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub record: RecordId,
    pub label: String,
    pub why: String,
}

/// What humans decided about people before.
#[derive(Debug, Clone, Default)]
pub struct PeopleMemory {
    /// Pairs a human said are not the same person.
    pub not_same: BTreeSet<(HumaId, XledgerId)>,
    /// Records left alone: ignored, excluded, or closed with a link.
    pub ignored: BTreeSet<RecordId>,
    pub include_ended: bool,
}

/// Pairs the unlinked records among `huma` and `xledger`, which hold all records of their sides, linked ones too. The order
/// of the records changes nothing.
pub fn correlate(huma: &[Entry], xledger: &[Entry], memory: &PeopleMemory) -> Correlation {
    let index = Index::of(huma, xledger);
    let mut found = Correlation::default();
    let mut spoken_for: BTreeSet<RecordId> = BTreeSet::new();
    let mut ended: BTreeSet<RecordId> = BTreeSet::new();
    // Paired here: from the next cycle on these are linked, and already shown as such.
    let mut paired: BTreeSet<RecordId> = BTreeSet::new();
    let free = |entry: &&Entry| !entry.linked && !memory.ignored.contains(&entry.id);

    for entry in huma.iter().filter(free) {
        let keyed = index.keyed(entry, memory);
        match index.verdict(entry, &keyed, memory) {
            Verdict::Nobody => {}
            Verdict::Pair(partner, by) => {
                spoken_for.extend([entry.id.clone(), partner.id.clone()]);
                if entry.ended && partner.ended && !memory.include_ended {
                    ended.extend([entry.id.clone(), partner.id.clone()]);
                    continue;
                }
                paired.extend([entry.id.clone(), partner.id.clone()]);
                if let (RecordId::Huma(huma), RecordId::Xledger(xledger)) = (&entry.id, &partner.id) {
                    let label = if entry.number.is_some() { &entry.label } else { &partner.label };
                    found.pairs.push(FoundPair {
                        huma: huma.clone(),
                        xledger: *xledger,
                        by,
                        label: label.clone(),
                    });
                }
            }
            Verdict::Doubt(notes) => {
                spoken_for.insert(entry.id.clone());
                spoken_for.extend(keyed.iter().map(|(partner, _)| partner.id.clone()));
                let all_ended = entry.ended && keyed.iter().all(|(partner, _)| partner.ended);
                if all_ended && !memory.include_ended {
                    ended.insert(entry.id.clone());
                    let partners = keyed.iter().map(|(partner, _)| *partner);
                    ended.extend(partners.filter(free).map(|partner| partner.id.clone()));
                    continue;
                }
                found.matches.push(doubt(entry, &keyed, notes));
            }
        }
    }
    for entry in xledger.iter().filter(free) {
        let claimants = index.claimants(entry, memory);
        let all_ended = entry.ended && claimants.iter().all(|(claimant, _)| claimant.ended);
        if spoken_for.contains(&entry.id) || claimants.is_empty() || (all_ended && !memory.include_ended) {
            continue;
        }
        // Whoever was free to be paired has spoken: these are linked or left alone.
        spoken_for.insert(entry.id.clone());
        let notes = vec!["whoever has this key in Huma is linked to somebody already, or left alone".into()];
        found.matches.push(doubt(entry, &claimants, notes));
    }
    for entry in huma.iter().chain(xledger).filter(free) {
        if spoken_for.contains(&entry.id) {
            continue;
        }
        if entry.ended && !memory.include_ended {
            ended.insert(entry.id.clone());
            continue;
        }
        let candidates = index.near(entry, memory, &spoken_for, &paired);
        found.only.push(Doubt {
            record: entry.id.clone(),
            label: entry.label.clone(),
            candidates,
            notes: vec![],
        });
    }
    let asked = |id: &RecordId| {
        found.matches.iter().any(|doubt| doubt.candidates.iter().any(|candidate| candidate.record == *id))
    };
    found.ended = ended.into_iter().filter(|id| !asked(id)).collect();
    found.pairs.sort_by(|one, other| one.huma.cmp(&other.huma));
    found.only.sort_by(|one, other| one.record.cmp(&other.record));
    found.matches.sort_by(|one, other| one.record.cmp(&other.record));
    found
}

fn doubt(entry: &Entry, keyed: &[(&Entry, PairedBy)], notes: Vec<String>) -> Doubt {
    let mut candidates: Vec<Candidate> =
        keyed.iter().map(|(partner, by)| candidate(partner, vec![format!("same {by}")])).collect();
    candidates.sort_by(|one, other| one.record.cmp(&other.record));
    Doubt { record: entry.id.clone(), label: entry.label.clone(), candidates, notes }
}

fn candidate(entry: &Entry, why: Vec<String>) -> Candidate {
    Candidate { record: entry.id.clone(), label: entry.label.clone(), why: why.join("; ") }
}

enum Verdict<'a> {
    Nobody,
    Pair(&'a Entry, PairedBy),
    Doubt(Vec<String>),
}

/// Both sides by every key.
struct Index<'a> {
    by_id: BTreeMap<String, &'a Entry>,
    xledger_by_number: HashMap<&'a str, Vec<&'a Entry>>,
    huma_by_number: HashMap<&'a str, Vec<&'a Entry>>,
    /// The Huma records that name an Xledger record by their connected id.
    claims: HashMap<&'a RecordId, Vec<&'a Entry>>,
    by_email: HashMap<(Side, &'a str), Vec<&'a Entry>>,
    by_birth: HashMap<(Side, &'a str, &'a str, &'a str), Vec<&'a Entry>>,
    /// By the number without its leading zeros.
    by_bare_number: HashMap<(Side, &'a str), Vec<&'a Entry>>,
}

impl<'a> Index<'a> {
    fn of(huma: &'a [Entry], xledger: &'a [Entry]) -> Index<'a> {
        let mut index = Index {
            by_id: xledger.iter().map(|entry| (entry.id.to_string(), entry)).collect(),
            xledger_by_number: HashMap::new(),
            huma_by_number: HashMap::new(),
            claims: HashMap::new(),
            by_email: HashMap::new(),
            by_birth: HashMap::new(),
            by_bare_number: HashMap::new(),
        };
        for entry in xledger {
            if let Some(number) = &entry.number {
                index.xledger_by_number.entry(number).or_default().push(entry);
            }
        }
        for entry in huma {
            if let Some(number) = &entry.number {
                index.huma_by_number.entry(number).or_default().push(entry);
            }
            for partner in index.connected(entry) {
                index.claims.entry(&partner.id).or_default().push(entry);
            }
        }
        for entry in huma.iter().chain(xledger) {
            let side = entry.id.side();
            if let Some(number) = &entry.number {
                index.by_bare_number.entry((side, bare(number))).or_default().push(entry);
            }
            if let Some(email) = &entry.email {
                index.by_email.entry((side, email)).or_default().push(entry);
            }
            if let (Some(given), Some(family), Some(birth)) =
                (&entry.given_name, &entry.family_name, &entry.birth_date)
            {
                index.by_birth.entry((side, given, family, birth)).or_default().push(entry);
            }
        }
        index
    }

    /// The records a connected id names: as dbId, else as code.
    fn connected(&self, entry: &Entry) -> Vec<&'a Entry> {
        let mut partners: Vec<&Entry> = Vec::new();
        for id in &entry.connected {
            match self.by_id.get(id) {
                Some(partner) => partners.push(*partner),
                None => partners.extend(self.xledger_by_number.get(id.as_str()).into_iter().flatten()),
            }
        }
        let mut seen = BTreeSet::new();
        partners.retain(|partner| seen.insert(&partner.id));
        partners
    }

    /// Everybody on Xledger's side that shares a key with this Huma record and was not ruled out by a human.
    fn keyed(&self, entry: &Entry, memory: &PeopleMemory) -> Vec<(&'a Entry, PairedBy)> {
        let mut partners: Vec<(&Entry, PairedBy)> =
            self.connected(entry).into_iter().map(|partner| (partner, PairedBy::ConnectedId)).collect();
        for partner in self.numbered(&self.xledger_by_number, entry) {
            if !partners.iter().any(|(known, _)| known.id == partner.id) {
                partners.push((partner, PairedBy::EmploymentId));
            }
        }
        partners.retain(|(partner, _)| !memory.rules_out(&entry.id, &partner.id));
        partners
    }

    /// Everybody on Huma's side that shares a key with this Xledger record and was not ruled out by a human.
    fn claimants(&self, partner: &Entry, memory: &PeopleMemory) -> Vec<(&'a Entry, PairedBy)> {
        let claims = self.claims.get(&partner.id).into_iter().flatten();
        let mut claimants: Vec<(&Entry, PairedBy)> =
            claims.map(|claimant| (*claimant, PairedBy::ConnectedId)).collect();
        for claimant in self.numbered(&self.huma_by_number, partner) {
            if !claimants.iter().any(|(known, _)| known.id == claimant.id) {
                claimants.push((claimant, PairedBy::EmploymentId));
            }
        }
        claimants.retain(|(claimant, _)| !memory.rules_out(&claimant.id, &partner.id));
        claimants
    }

    /// The records of one side with this record's number.
    fn numbered(&self, by_number: &HashMap<&'a str, Vec<&'a Entry>>, entry: &Entry) -> Vec<&'a Entry> {
        entry.number.as_deref().and_then(|number| by_number.get(number)).cloned().unwrap_or_default()
    }

    fn verdict(&self, entry: &Entry, keyed: &[(&'a Entry, PairedBy)], memory: &PeopleMemory) -> Verdict<'a> {
        let (partner, by) = match keyed {
            [] => return Verdict::Nobody,
            [one] => *one,
            [_, _, ..] => return Verdict::Doubt(vec!["several Xledger employees fit".into()]),
        };
        // Unique among all records, whatever a human ruled out: the key says nothing about who is who.
        let nobody_ruled_out = PeopleMemory::default();
        let mut notes = Vec::new();
        if self.keyed(entry, &nobody_ruled_out).iter().filter(|(_, other)| *other == by).count() > 1 {
            notes.push(format!("several Xledger employees have this {by}"));
        }
        let claimants = self.claimants(partner, &nobody_ruled_out);
        let alike = claimants.iter().filter(|(_, other)| *other == by).count();
        if alike > 1 {
            notes.push(format!("{alike} people in Huma have this {by}"));
        }
        if let Some((_, other)) =
            claimants.iter().find(|(claimant, other)| claimant.id != entry.id && *other != by)
        {
            notes.push(format!("somebody else in Huma has that employee's {}", other.of_employee()));
        }
        if partner.linked {
            notes.push("that employee is linked to somebody already".into());
        }
        if memory.ignored.contains(&partner.id) {
            notes.push(
                "that employee is left alone: ignored, excluded, or once linked to somebody else".into(),
            );
        }
        if let Some(contradiction) = contradiction(entry, partner) {
            notes.push(contradiction.into());
        }
        if notes.is_empty() { Verdict::Pair(partner, by) } else { Verdict::Doubt(notes) }
    }

    /// Records of the other side with the same e-mail, the same name and date of birth, or an employment ID that is the same
    /// but for its leading zeros, whom nobody else is asked about. By e-mail and name linked ones too: a newcomer may be
    /// somebody who is linked already, and must not be created a second time.
    fn near(
        &self,
        entry: &Entry,
        memory: &PeopleMemory,
        spoken_for: &BTreeSet<RecordId>,
        paired: &BTreeSet<RecordId>,
    ) -> Vec<Candidate> {
        let other = entry.id.side().other();
        let mut whys: BTreeMap<&RecordId, (&Entry, Vec<String>)> = BTreeMap::new();
        let mut add = |partners: Option<&Vec<&'a Entry>>, why: &str, linked_too: bool| {
            for partner in partners.into_iter().flatten() {
                let is_linked = partner.linked || paired.contains(&partner.id);
                let asked = spoken_for.contains(&partner.id) && !is_linked;
                let free = !memory.ignored.contains(&partner.id) && !asked && (linked_too || !is_linked);
                if free && !memory.rules_out(&entry.id, &partner.id) {
                    let linked = is_linked.then(|| "linked already".to_owned());
                    let (_, known) =
                        whys.entry(&partner.id).or_insert_with(|| (partner, linked.into_iter().collect()));
                    known.push(why.into());
                }
            }
        };
        if let Some(email) = &entry.email {
            add(self.by_email.get(&(other, email)), "same email", true);
        }
        if let (Some(given), Some(family), Some(birth)) =
            (&entry.given_name, &entry.family_name, &entry.birth_date)
        {
            add(self.by_birth.get(&(other, given, family, birth)), "same name and date of birth", true);
        }
        if let Some(number) = &entry.number {
            let near = self.by_bare_number.get(&(other, bare(number)));
            add(near, "same employment ID but for leading zeros", false);
        }
        whys.into_values().map(|(partner, why)| candidate(partner, why)).collect()
    }
}

impl PeopleMemory {
    fn rules_out(&self, one: &RecordId, other: &RecordId) -> bool {
        match (one, other) {
            (RecordId::Huma(huma), RecordId::Xledger(xledger))
            | (RecordId::Xledger(xledger), RecordId::Huma(huma)) => {
                self.not_same.contains(&(huma.clone(), *xledger))
            }
            (RecordId::Huma(_), RecordId::Huma(_)) | (RecordId::Xledger(_), RecordId::Xledger(_)) => false,
        }
    }
}

fn bare(number: &str) -> &str {
    number.trim_start_matches('0')
}

/// Both birth dates known and different; or one unknown, and both names different.
fn contradiction(huma: &Entry, xledger: &Entry) -> Option<&'static str> {
    match (&huma.birth_date, &xledger.birth_date) {
        (Some(one), Some(other)) => (one != other).then_some("the dates of birth differ"),
        (Some(_), None) | (None, Some(_)) | (None, None) => {
            let differ = |one: &Option<String>, other: &Option<String>| matches!((one, other), (Some(a), Some(b)) if a != b);
            (differ(&huma.given_name, &xledger.given_name) && differ(&huma.family_name, &xledger.family_name))
                .then_some("both names differ, and a date of birth is missing")
        }
    }
}
