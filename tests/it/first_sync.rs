//! The first sync of two systems, against the fixtures' known truth.

use crate::support::views::{number, rows};
use crate::support::world::World;
use hxsync::domain::{RecordId, XledgerId};
use hxsync::reconcile::{QuestionKind, Shown, Subject};
use hxsync::sandbox::people::{PeopleTruth, Person, Truth, fixtures};
use std::collections::{BTreeMap, BTreeSet};

#[tokio::test]
async fn nothing_is_written_on_either_side_before_the_first_sync_is_allowed() {
    let mut world = World::start(&fixtures()).await;
    let report = world.full().await;
    assert!(report.awaits_first_sync, "{report:?}");
    assert_eq!(report.sides, []);
    let audit = number(&world, "SELECT count(*) FROM audit");
    world.full().await;
    assert_eq!(world.huma.writes().len(), 0);
    assert_eq!(world.xledger.writes().len(), 0);
    assert_eq!(number(&world, "SELECT count(*) FROM intents"), 0);
    assert_eq!(number(&world, "SELECT count(*) FROM audit"), audit, "a second look says nothing new");
}

#[tokio::test]
async fn the_classification_of_everybody_is_the_truth_of_the_fixtures() {
    let people = fixtures();
    let mut world = World::start(&people).await;
    world.full().await;
    let found = Found::of(&world);
    let mut wrong = Vec::new();
    for person in &people {
        found.compare(person, &mut wrong);
    }
    assert!(wrong.is_empty(), "{} mismatches:\n{}", wrong.len(), wrong.join("\n"));
}

/// Everything the database says about people after a first look.
struct Found {
    /// (huma, xledger) → link.
    links: BTreeMap<(String, String), String>,
    known: BTreeSet<String>,
    asked: BTreeMap<String, (QuestionKind, Vec<String>)>,
    candidates: BTreeSet<String>,
    /// (link, field) → the list of [`Truth`] its state belongs in; "" for agreed.
    fields: BTreeMap<(String, String), String>,
}

impl Found {
    fn of(world: &World) -> Found {
        let links = rows(world, "SELECT huma_id, xledger_id, link_id FROM people WHERE state = 'linked'");
        let known = rows(world, "SELECT coalesce(huma_id, xledger_id) FROM people");
        let states =
            rows(world, "SELECT link_id, field, state, huma IS NULL, xledger IS NULL FROM field_state");
        let mut found = Found {
            links: links.into_iter().map(|row| ((row[0].clone(), row[1].clone()), row[2].clone())).collect(),
            known: known.into_iter().flatten().collect(),
            asked: BTreeMap::new(),
            candidates: BTreeSet::new(),
            fields: states
                .into_iter()
                .map(|row| {
                    let list = match (row[2].as_str(), row[3] == "1", row[4] == "1") {
                        ("agreed", false, false) | ("agreed", true, true) => "",
                        // The first position in Huma is confirmed for the title, and for what waits with it.
                        ("missing" | "confirm", true, false) => "missing_in_huma",
                        ("missing", false, true) => "missing_in_xledger",
                        ("read-only", _, _) => "read_only",
                        (state, _, _) => state,
                    };
                    ((row[0].clone(), row[1].clone()), list.to_owned())
                })
                .collect(),
        };
        for stored in world.store().read().open_questions().expect("questions") {
            let question = stored.question.expect("nothing was erased");
            let (Subject::Record(record), Shown::People(people)) = (&question.subject, &question.shown)
            else {
                continue;
            };
            let ids: Vec<String> =
                people.candidates.iter().map(|candidate| candidate.record.to_string()).collect();
            if question.kind == QuestionKind::Match {
                found.candidates.extend(ids.iter().cloned());
            }
            found.asked.insert(record.to_string(), (question.kind, ids));
        }
        found
    }

    fn people_truth(&self, person: &Person) -> Option<PeopleTruth> {
        let huma = person.huma.as_ref().map(|huma| huma.id.clone());
        let xledger = person.xledger.as_ref().map(|xledger| XledgerId(xledger.db_id).to_string());
        if let (Some(huma), Some(xledger)) = (&huma, &xledger)
            && self.links.contains_key(&(huma.clone(), xledger.clone()))
        {
            return Some(PeopleTruth::Matched);
        }
        let kinds: BTreeSet<PeopleTruth> = [huma, xledger]
            .into_iter()
            .flatten()
            .map(|id| match self.asked.get(&id).map(|(kind, _)| *kind) {
                Some(QuestionKind::Match) => PeopleTruth::Ambiguous,
                _ if self.candidates.contains(&id) => PeopleTruth::Ambiguous,
                Some(QuestionKind::OnlyHuma) => PeopleTruth::OnlyHuma,
                Some(QuestionKind::OnlyXledger) => PeopleTruth::OnlyXledger,
                _ if self.links.keys().any(|(huma, xledger)| *huma == id || *xledger == id) => {
                    PeopleTruth::Matched
                }
                _ if self.known.contains(&id) => PeopleTruth::Ended,
                _ => PeopleTruth::NotAPerson,
            })
            .collect();
        // Two halves that stand differently are no classification.
        (kinds.len() == 1).then(|| kinds.into_iter().next()).flatten()
    }

    fn compare(&self, person: &Person, wrong: &mut Vec<String>) {
        let truth = &person.truth;
        let found = self.people_truth(person);
        if found != Some(truth.people) {
            wrong.push(format!("{}: {found:?}, in truth {:?}", person.note, truth.people));
            return;
        }
        let id = person.huma.as_ref().map(|huma| huma.id.clone());
        let id = id.or(person.xledger.as_ref().map(|xledger| xledger.db_id.to_string())).unwrap_or_default();
        match truth.people {
            PeopleTruth::Matched => {}
            PeopleTruth::OnlyHuma | PeopleTruth::OnlyXledger => {
                let linked = |id: &String| self.links.keys().any(|(h, x)| h == id || x == id);
                let near: Vec<&String> = self.asked[&id].1.iter().filter(|id| !linked(id)).collect();
                if near != truth.near.iter().collect::<Vec<_>>() {
                    wrong.push(format!("{}: proposes {near:?}, in truth {:?}", person.note, truth.near));
                }
                return;
            }
            PeopleTruth::Ambiguous | PeopleTruth::Ended | PeopleTruth::NotAPerson => return,
        }
        let (Some(huma), Some(xledger)) = (&person.huma, &person.xledger) else { return };
        let link = &self.links[&(huma.id.clone(), xledger.db_id.to_string())];
        for ((_, field), list) in self.fields.iter().filter(|((of, _), _)| of == link) {
            let expected = list_of(truth, field);
            if expected != list {
                wrong.push(format!("{}: {field} is `{list}`, in truth `{expected}`", person.note));
            }
        }
    }
}

/// The list a field stands in; "" for none.
fn list_of(truth: &Truth, field: &str) -> &'static str {
    let lists = [
        ("difference", &truth.difference),
        ("missing_in_xledger", &truth.missing_in_xledger),
        ("missing_in_huma", &truth.missing_in_huma),
        ("invalid", &truth.invalid),
        ("hidden", &truth.hidden),
        ("unrepresentable", &truth.unrepresentable),
        ("read_only", &truth.read_only),
    ];
    lists.into_iter().find(|(_, fields)| fields.iter().any(|name| name == field)).map_or("", |(list, _)| list)
}
