//! The first sync of two systems, against the fixtures' known truth.

use crate::support::stored::{huma_id, in_huma, in_xledger, xledger_id};
use crate::support::views::{number, rows};
use crate::support::world::{World, answered, uncommented};
use hxsync::domain::XledgerId;
use hxsync::reconcile::{QuestionKind, Shown, Subject};
use hxsync::sandbox::people::{PeopleTruth, Person, Truth, fixtures};
use hxsync::sync::Reach;
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

/// Fields of matched people that agree on both sides, as the simulators hold them; everything else by its state.
fn assert_settled_fields_are_equal(world: &World, people: &[Person]) {
    let links: BTreeMap<String, (String, i64)> =
        rows(world, "SELECT link_id, huma_id, xledger_id FROM people WHERE state = 'linked'")
            .into_iter()
            .map(|row| (row[0].clone(), (row[1].clone(), row[2].parse().expect("a number"))))
            .collect();
    assert!(!links.is_empty());
    let mut wrong = Vec::new();
    for row in rows(world, "SELECT link_id, field, state, person FROM field_state WHERE state = 'agreed'") {
        let (huma_id, xledger_id) = &links[&row[0]];
        let (huma, xledger) = (in_huma(world, huma_id, &row[1]), in_xledger(world, *xledger_id, &row[1]));
        let covered = row[1] == "civil_status"
            && huma.as_deref() == Some("single")
            && matches!(xledger.as_deref(), Some("divorced" | "widowed" | "separated"));
        if huma != xledger && !covered {
            wrong.push(format!("{} {}: {huma:?} and {xledger:?}", row[3], row[1]));
        }
    }
    // What was filled by rule has left `missing`.
    for person in people.iter().filter(|person| person.truth.people == PeopleTruth::Matched) {
        let filled = person.truth.missing_in_huma.iter().chain(&person.truth.missing_in_xledger);
        let first_position = person.huma.as_ref().is_some_and(|huma| huma.positions.is_empty());
        for field in filled.filter(|field| !["bank_account", "employment_id"].contains(&field.as_str())) {
            let id = &person.huma.as_ref().expect("matched").id;
            let (link, _) = links.iter().find(|(_, (huma, _))| huma == id).expect("a link");
            let sql = format!("SELECT state FROM field_state WHERE link_id = '{link}' AND field = '{field}'");
            let state = rows(world, &sql)[0][0].clone();
            if state != "agreed" && !first_position {
                wrong.push(format!("{}: {field} is still {state}", person.note));
            }
        }
    }
    assert!(wrong.is_empty(), "{} are not equal:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test]
async fn after_it_is_allowed_every_settled_field_is_equal_and_later_cycles_are_silent() {
    let people = fixtures();
    let mut world = World::start(&people).await;
    let report = world.allow_first_sync().await;
    assert!(!report.awaits_first_sync);
    assert_eq!(report.failures, []);
    assert!(report.huma_writes > 0 && report.xledger_writes > 0, "{report:?}");
    assert_settled_fields_are_equal(&world, &people);
    let traces = world.traces();
    for reach in [Reach::Moved, Reach::Full, Reach::Moved, Reach::Full] {
        let report = world.cycle(reach.clone()).await;
        assert_eq!(world.traces(), traces, "after {reach:?}: {report:?}");
    }
}

#[tokio::test]
async fn answers_in_the_same_save_and_in_a_later_one_are_carried_out() {
    let people = fixtures();
    let mut world = World::start(&people).await;
    world.full().await;
    world
        .allow_with(|text| {
            let text = uncommented(&text, "all phone huma expect 3");
            let text = uncommented(&text, "all bank_account huma expect 2");
            let text = answered(&text, "Britt Ulsrud (1117), email", "xledger");
            answered(&text, "Robin Fure (1123), gender", "differ")
        })
        .await;
    let report = world.full().await;
    assert_eq!((report.answers_applied, report.answers_refused), (8, 0), "{}", world.text());
    assert_eq!(in_xledger(&world, xledger_id(&world, "1118"), "phone"), Some("4790033444".into()));
    let britt = huma_id(&world, "1117");
    assert_eq!(in_huma(&world, &britt, "email"), Some("b.ulsrud@fjordbygg.example".into()));
    assert_eq!(
        in_xledger(&world, xledger_id(&world, "1123"), "gender"),
        Some("m".into()),
        "both stay as they are"
    );
    world.until_quiet().await;
    world
        .save(|text| {
            let text = answered(text, "Torgeir Mæland (1127), first day of work", "xledger");
            let text = answered(&text, "Torgeir Mæland (1127), probation end date", "value \"2015-02-10\"");
            answered(&text, "Ulf Nærland (0815), employment ID", "huma")
        })
        .await;
    world.cycle(Reach::Moved).await;
    let torgeir = huma_id(&world, "1127");
    assert_eq!(in_huma(&world, &torgeir, "first_day_of_work"), Some("2014-08-15".into()));
    assert_eq!(in_huma(&world, &torgeir, "probation_end_date"), Some("2015-02-10".into()));
    assert_eq!(
        in_xledger(&world, xledger_id(&world, "1127"), "probation_end_date"),
        Some("2015-02-10".into())
    );
    xledger_id(&world, "0815");
    world.until_quiet().await;
    assert_settled_fields_are_equal(&world, &people);
}

#[tokio::test]
async fn a_bulk_line_with_a_wrong_count_does_nothing_and_pay_critical_fields_go_only_by_name() {
    let mut world = World::start(&fixtures()).await;
    world.full().await;
    world
        .allow_with(|text| {
            let text = text.replace("# all bank_account huma expect 2", "all bank_account huma expect 3");
            uncommented(&text, "all difference huma expect")
        })
        .await;
    let before = in_xledger(&world, xledger_id(&world, "1120"), "address");
    world.full().await;
    let text = world.text();
    assert!(
        text.contains("\"all bank_account huma expect 3\""),
        "the line is quoted with its answer:\n{text}"
    );
    let of = |code: &str, field: &str| in_xledger(&world, xledger_id(&world, code), field);
    // `difference` took everything but the pay-critical ones.
    assert_ne!(of("1120", "address"), before);
    assert_ne!(of("1119", "bank_account"), in_huma(&world, &huma_id(&world, "1119"), "bank_account"));
    assert_eq!(of("1099", "bank_account"), None, "a missing account is filled only by name");
    assert_eq!(of("815", "employment_id"), Some("815".into()));
}

#[tokio::test]
async fn a_first_sync_allowed_for_another_number_writes_nothing() {
    let mut world = World::start(&fixtures()).await;
    world.full().await;
    world.save(|text| answered(text, "matched people", "allow 7")).await;
    let report = world.full().await;
    assert!(report.awaits_first_sync);
    assert_eq!((world.huma.writes().len(), world.xledger.writes().len()), (0, 0));
    let text = world.text();
    assert!(text.contains("allow 7"), "the refused answer is told:\n{text}");
}

#[tokio::test]
async fn p8_limits_do_not_count_what_the_picture_allowed_and_hold_what_rules_decide_later() {
    let guard =
        "[guard]\nchanges_per_field = { percent = 0, count = 1 }\nend_dates = { percent = 0, count = 1 }\n";
    let mut world = World::with_settings(&fixtures(), guard).await;
    let report = world.allow_first_sync().await;
    assert_eq!(report.held, 0, "{}", world.text());
    assert!(report.xledger_writes > 10);
    world.until_quiet().await;

    let phones = [("1096", "+47 900 10 001"), ("1097", "+47 900 10 002")];
    for (id, phone) in phones {
        world.huma.edit(&huma_id(&world, id), serde_json::json!({"phone": phone})).expect("an edit");
    }
    world.huma.edit(&huma_id(&world, "1098"), serde_json::json!({"gender": "Male"})).expect("an edit");
    let before = world.xledger.writes().len();
    let report = world.full().await;
    assert_eq!(report.held, 1, "{}", world.text());
    // What trips no limit goes on.
    assert_eq!(in_xledger(&world, xledger_id(&world, "1098"), "gender"), Some("m".into()));
    for (id, phone) in phones {
        assert_ne!(in_xledger(&world, xledger_id(&world, id), "phone"), plain_phone(phone), "held");
    }
    assert!(world.xledger.writes().len() <= before + 1);
    world.save(|text| answered(text, "2 changes of phone would", "allow 2")).await;
    world.cycle(Reach::Moved).await;
    for (id, phone) in phones {
        assert_eq!(in_xledger(&world, xledger_id(&world, id), "phone"), plain_phone(phone));
    }
}

fn plain_phone(phone: &str) -> Option<String> {
    Some(phone.chars().filter(char::is_ascii_digit).collect())
}
