//! The golden cases: every row of `RULES.md` sections 2 to 6 as text in `fixtures/cases`, run one by one.
//!
//! A file's name says its kind: `people-*` is for correlating, `limits-*` for checking a plan, `story-*` for one pair over
//! several cycles, all others for one field of one pair. A new rule starts as a new case.

mod field;
mod limits;
mod people;
mod story;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// One `[[case]]` of a file of this kind.
trait Case: DeserializeOwned {
    /// A sentence.
    fn name(&self) -> &str;
    /// The ids of [`RULES`] it is a case of, blank between them.
    fn rule(&self) -> &str;
    /// What went otherwise than expected; empty where nothing did.
    fn failures(&self) -> Vec<String>;
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, bound = "C: DeserializeOwned")]
struct File<C> {
    case: Vec<C>,
}

/// What one file came to.
struct Ran {
    file: String,
    cases: usize,
    rules: BTreeSet<String>,
    failures: Vec<String>,
}

/// Every row and sentence the reconciler answers for. Section 1 is the drift and the three readings; rows of section 4 that
/// need the store or a side (creating, vanishing, erasing) are tested with `sync`.
const RULES: [&str; 92] = [
    "1.drift",
    "1.hidden",
    "1.reappears",
    "1.base-verb",
    "2.1",
    "2.2",
    "2.3",
    "2.4",
    "2.5-failing",
    "2.5-not-accepted",
    "2.6-equal",
    "2.6-covers",
    "2.6-missing",
    "2.6-difference",
    "2.7",
    "2.8-carry",
    "2.8-ask",
    "2.8-restore",
    "2.8-both",
    "2.8-conflict",
    "2.9-write",
    "2.9-ask",
    "2.9-never",
    "2.9-unrepresentable",
    "2.9-covered",
    "2.10-equal",
    "2.10-conflict",
    "2.11",
    "2.12",
    "2.prefer",
    "2.pay-critical",
    "2.flap",
    "3.names",
    "3.email",
    "3.phone",
    "3.dates",
    "3.bank-account",
    "3.address",
    "3.address-lines",
    "3.gender",
    "3.civil-status",
    "3.employment-id",
    "3.employment-id-taken",
    "3.job-title",
    "3.position-moved",
    "3.position-none",
    "3.position-tied",
    "3.shared",
    "3.locked",
    "4.pairing-connected",
    "4.pairing-employment-id",
    "4.unique",
    "4.contradiction",
    "4.propose",
    "4.only",
    "4.rehire",
    "4.linked",
    "4.ended",
    "4.excluded",
    "4.unlinked",
    "4.undo",
    "4.deactivated",
    "4.ignored",
    "5.conflict",
    "5.difference",
    "5.divergence",
    "5.flap",
    "5.missing",
    "5.clear",
    "5.confirm",
    "5.held",
    "5.not-in-row",
    "5.empty-side",
    "5.only-clear-empties",
    "5.must-have",
    "5.value-refused",
    "5.moved-since",
    "5.no-longer-asked",
    "5.differ",
    "5.freeze",
    "6.limit",
    "6.classes",
    "6.plan-only",
    "6.human-not-counted",
    "6.allow",
    "6.allow-number",
    "6.allow-unchanged",
    "6.reject",
    "6.reject-creates",
    "6.creates",
    "6.clears",
    "6.end-dates",
];

#[test]
fn every_case_is_decided_as_it_says() {
    let failures: Vec<String> = all().into_iter().flat_map(|ran| ran.failures).collect();
    assert!(failures.is_empty(), "{} of the cases failed:\n\n{}", failures.len(), failures.join("\n\n"));
}

#[test]
fn every_rule_has_a_case_and_every_case_a_rule() {
    let named: BTreeSet<String> = all().into_iter().flat_map(|ran| ran.rules).collect();
    let known: BTreeSet<String> = RULES.into_iter().map(str::to_owned).collect();
    let without: Vec<_> = known.difference(&named).collect();
    let unknown: Vec<_> = named.difference(&known).collect();
    assert!(without.is_empty(), "rules without a case: {without:?}");
    assert!(unknown.is_empty(), "cases of no rule: {unknown:?}");
}

#[test]
fn no_file_is_without_cases() {
    let all = all();
    assert!(!all.is_empty());
    for ran in all {
        assert!(ran.cases > 0, "{}", ran.file);
    }
}

fn all() -> Vec<Ran> {
    files()
        .into_iter()
        .map(|path| {
            let file = path.file_name().unwrap().to_string_lossy().into_owned();
            let text = std::fs::read_to_string(&path).unwrap();
            match file.split('-').next() {
                Some("people") => run::<people::PeopleCase>(file, &text),
                Some("limits") => run::<limits::LimitCase>(file, &text),
                Some("story") => run::<story::Story>(file, &text),
                Some(_) | None => run::<field::FieldCase>(file, &text),
            }
        })
        .collect()
}

fn files() -> Vec<PathBuf> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/cases");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    files.sort();
    files
}

fn run<C: Case>(file: String, text: &str) -> Ran {
    let parsed: File<C> =
        toml_edit::de::from_str(text).unwrap_or_else(|wrong| panic!("fixtures/cases/{file}: {wrong}"));
    let mut ran = Ran { cases: parsed.case.len(), rules: BTreeSet::new(), failures: vec![], file };
    for case in &parsed.case {
        ran.rules.extend(case.rule().split_whitespace().map(str::to_owned));
        let failures = case.failures();
        ran.failures
            .extend(failures.iter().map(|failure| format!("{}: {}\n{failure}", ran.file, case.name())));
    }
    ran
}

/// `None` where both are alike.
fn compare(what: &str, expected: &str, got: &str) -> Option<String> {
    (expected != got).then(|| format!("  {what}\n    expected  {expected}\n    got       {got}"))
}
