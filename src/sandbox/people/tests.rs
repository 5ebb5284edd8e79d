use std::collections::{BTreeMap, HashSet};

use super::oracle::{FIELDS, Oracle, passes_mod_11, passes_mod_97};
use super::*;

fn lists(truth: &Truth) -> [(&'static str, &Vec<String>); 7] {
    [
        ("difference", &truth.difference),
        ("missing_in_xledger", &truth.missing_in_xledger),
        ("missing_in_huma", &truth.missing_in_huma),
        ("invalid", &truth.invalid),
        ("hidden", &truth.hidden),
        ("unrepresentable", &truth.unrepresentable),
        ("read_only", &truth.read_only),
    ]
}

/// Compares every label of every person with the oracle's reading of the rules.
fn assert_labels_follow_the_rules(people: &[Person]) {
    let oracle = Oracle::new(people);
    for person in people {
        let note = &person.note;
        assert_eq!(person.truth.people, oracle.people_truth(person), "{note}");
        if person.truth.people != PeopleTruth::Matched {
            assert!(lists(&person.truth).iter().all(|(_, fields)| fields.is_empty()), "{note}");
            continue;
        }
        let (huma, xledger) = (person.huma.as_ref().unwrap(), person.xledger.as_ref().unwrap());
        for name in FIELDS {
            let labels: Vec<_> = lists(&person.truth)
                .into_iter()
                .filter(|(_, fields)| fields.iter().any(|field| field == name))
                .map(|(list, _)| list)
                .collect();
            let expected = oracle.field(name, huma, xledger);
            assert_eq!(labels, expected.into_iter().collect::<Vec<_>>(), "{note}: {name}");
        }
        let named: usize = lists(&person.truth).iter().map(|(_, fields)| fields.len()).sum();
        let known = lists(&person.truth)
            .iter()
            .flat_map(|(_, fields)| *fields)
            .filter(|field| FIELDS.contains(&field.as_str()))
            .count();
        assert_eq!(named, known, "a name that is no field: {note}");
    }
}

/// What both systems need to be unique whoever is loaded beside whom.
fn assert_ids_are_unique<'a>(people: impl Iterator<Item = &'a Person>) {
    let mut ids = HashSet::new();
    for person in people {
        if let Some(huma) = &person.huma {
            assert!(ids.insert(huma.id.clone()), "user {}", huma.id);
            assert_eq!(huma.id.len(), 36);
            for position in &huma.positions {
                assert!(ids.insert(position.id.clone()), "position {}", position.id);
            }
            assert!(ids.insert(huma.email.to_lowercase()), "e-mail of {}", huma.id);
        }
        if let Some(xledger) = &person.xledger {
            assert!(ids.insert(format!("db id {}", xledger.db_id)), "{}", xledger.db_id);
        }
    }
}

/// Every account that is not labelled invalid, as the digits or the IBAN it is made of.
fn accounts(person: &Person) -> Vec<String> {
    let huma =
        person.huma.as_ref().and_then(|huma| huma.bank_account.as_ref()).map(|account| match account {
            HumaBankAccount::International { iban, .. } => iban.clone(),
            HumaBankAccount::National { number, .. } => number.clone(),
        });
    let xledger = person.xledger.as_ref().and_then(|xledger| xledger.bank_account.clone());
    let bare = |text: String| text.chars().filter(char::is_ascii_alphanumeric).collect();
    huma.into_iter().chain(xledger).map(bare).collect()
}

fn passes_its_check(account: &str) -> bool {
    match account.strip_prefix("NO") {
        Some(rest) => passes_mod_97(account) && passes_mod_11(&rest[2..]),
        None if account.starts_with(|c: char| c.is_ascii_alphabetic()) => passes_mod_97(account),
        None => passes_mod_11(account),
    }
}

#[test]
fn the_fixtures_carry_the_labels_the_rules_give_them() {
    assert_labels_follow_the_rules(&fixtures());
}

#[test]
fn the_fixtures_propose_every_near_match_and_no_other() {
    let people = fixtures();
    let oracle = Oracle::new(&people);
    for person in &people {
        assert_eq!(person.truth.near, oracle.near(person), "{}", person.note);
    }
}

#[test]
fn ids_and_e_mails_are_unique_over_fixtures_and_generated_people() {
    let (fixed, generated) = (fixtures(), generate(5_000, 1));
    assert_ids_are_unique(fixed.iter().chain(&generated));
    let codes: HashSet<_> =
        fixed.iter().filter_map(|person| person.xledger.as_ref()).map(|x| &x.code).collect();
    assert!(generated.iter().filter_map(|person| person.xledger.as_ref()).all(|x| !codes.contains(&x.code)));
}

#[test]
fn an_account_in_the_fixtures_fails_its_check_exactly_where_it_is_labelled() {
    for person in fixtures() {
        let labelled = person.truth.invalid.iter().any(|field| field == "bank_account");
        let failing = accounts(&person).iter().any(|account| !passes_its_check(account));
        assert_eq!(labelled, failing, "{}", person.note);
    }
}

#[test]
fn every_field_is_missing_and_different_where_the_rules_allow_it() {
    let people = fixtures();
    let matched = |list: fn(&Truth) -> &Vec<String>, name: &str| {
        people.iter().filter(|person| list(&person.truth).iter().any(|field| field == name)).count()
    };
    for name in FIELDS {
        // Two dates of birth contradict each other: the pair is a match question, no difference.
        assert_eq!(matched(|truth| &truth.difference, name) > 0, name != "birth_date", "{name}");
        // A name is never empty; an employee in Xledger has a code, a user in Huma an e-mail.
        let in_xledger = !["given_name", "family_name", "employment_id"].contains(&name);
        let in_huma = !["given_name", "family_name", "email"].contains(&name);
        assert_eq!(matched(|truth| &truth.missing_in_xledger, name) > 0, in_xledger, "{name}");
        assert_eq!(matched(|truth| &truth.missing_in_huma, name) > 0, in_huma, "{name}");
    }
}

#[test]
fn the_fixtures_hold_every_kind_of_person_asked_for() {
    let people = fixtures();
    let kind = |truth: PeopleTruth| people.iter().filter(|person| person.truth.people == truth).count();
    assert!(people.len() >= 60);
    assert!(kind(PeopleTruth::OnlyHuma) >= 3);
    assert!(kind(PeopleTruth::OnlyXledger) >= 3);
    assert!(kind(PeopleTruth::Ambiguous) >= 6);
    assert!(kind(PeopleTruth::Ended) >= 4);
    assert_eq!(kind(PeopleTruth::NotAPerson), 1);
    let settled = |person: &&Person| {
        person.truth.people == PeopleTruth::Matched
            && lists(&person.truth).iter().all(|(_, fields)| fields.is_empty())
    };
    assert!(people.iter().filter(settled).count() >= 40);
    let any = |test: fn(&HumaPerson, &XledgerPerson) -> bool| {
        people
            .iter()
            .filter(|person| person.truth.people == PeopleTruth::Matched)
            .any(|person| test(person.huma.as_ref().unwrap(), person.xledger.as_ref().unwrap()))
    };
    assert!(any(|h, x| h.given_name.contains('Å') && x.first_name.contains('\u{30a}')));
    assert!(any(|h, x| {
        let account = x.bank_account.as_deref();
        matches!(&h.bank_account, Some(HumaBankAccount::International { iban, .. }) if iban.ends_with(account.unwrap_or("-")))
    }));
    assert!(any(|_, x| x.employment_to.as_deref().is_some_and(|last| last > "2090")));
    assert!(any(|h, _| h.positions.len() > 2));
    assert!(any(|h, _| h.hidden == ["bankAccount"]));
    assert!(any(
        |h, x| h.civil_status.as_deref() == Some("Single") && x.marital_status.as_deref() == Some("Divorced")
    ));
    let mut names = BTreeMap::new();
    for huma in people.iter().filter_map(|person| person.huma.as_ref()) {
        *names.entry((&huma.given_name, &huma.family_name)).or_insert(0) += 1;
    }
    assert!(names.values().any(|count| *count == 2));
}

#[test]
fn the_fixtures_survive_being_written_and_read() {
    let people = fixtures();
    let written = serde_json::to_string(&people).unwrap();
    let again: Vec<Person> = serde_json::from_str(&written).unwrap();
    assert_eq!(written, serde_json::to_string(&again).unwrap());
}

#[test]
fn generated_people_carry_the_labels_the_rules_give_them() {
    for seed in [1, 2, 3] {
        let people = generate(5_000, seed);
        assert_labels_follow_the_rules(&people);
        let oracle = Oracle::new(&people);
        let alone = people.iter().filter(|person| person.huma.is_none() || person.xledger.is_none());
        for person in alone {
            assert_eq!(oracle.near(person), Vec::<String>::new());
        }
        let flawed = people.iter().filter(|person| person.note != "generated: equal in all fields").count();
        assert!((200..600).contains(&flawed), "{flawed} of 5000");
    }
}

#[test]
fn generated_people_are_the_same_for_one_seed_and_others_for_another() {
    let text = |count, seed| serde_json::to_string(&generate(count, seed)).unwrap();
    assert_eq!(text(500, 7), text(500, 7));
    assert_ne!(text(500, 7), text(500, 8));
    assert!(text(600, 7).starts_with(text(500, 7).trim_end_matches(']')));
}

#[test]
fn generated_accounts_and_codes_belong_to_one_person_and_pass_their_check() {
    let mut held = HashSet::new();
    for person in generate(5_000, 4) {
        let national: HashSet<_> = accounts(&person)
            .into_iter()
            .inspect(|account| assert!(passes_its_check(account)))
            .map(|account| account[account.len() - 11..].to_owned())
            .collect();
        let code = person.xledger.map(|xledger| xledger.code);
        assert!(code.is_none_or(|code| held.insert(code)));
        assert!(national.into_iter().all(|account| held.insert(account)));
    }
}
