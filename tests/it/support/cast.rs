//! The fixtures' people by name, for tests that need only some.

use hxsync::sandbox::people::{HumaPosition, Person, fixtures};

/// The halves of everybody with one of these names.
pub fn people(names: &[&str]) -> Vec<Person> {
    let people: Vec<Person> =
        fixtures().into_iter().filter(|person| names.contains(&&*name(person))).collect();
    for wanted in names {
        assert!(people.iter().any(|person| name(person) == *wanted), "nobody is called {wanted}");
    }
    people
}

/// So many people that agree in everything, and these.
pub fn people_among(agreeing: usize, names: &[&str]) -> Vec<Person> {
    let mut all: Vec<Person> = fixtures().into_iter().filter(is_agreeing).take(agreeing).collect();
    assert_eq!(all.len(), agreeing);
    all.extend(people(names));
    all
}

pub fn name(person: &Person) -> String {
    match (&person.huma, &person.xledger) {
        (Some(huma), _) => format!("{} {}", huma.given_name, huma.family_name),
        (None, Some(xledger)) => format!("{} {}", xledger.first_name, xledger.last_name),
        (None, None) => String::new(),
    }
}

/// Gives somebody the two dates the fixtures' newcomers lack, so that all 15 fields are there.
pub fn with_an_end(mut person: Person) -> Person {
    let (notice, last) = (Some("2090-03-01".to_owned()), Some("2090-05-31".to_owned()));
    if let Some(huma) = &mut person.huma {
        for position in &mut huma.positions {
            *position = HumaPosition {
                termination_notice_date: notice.clone(),
                last_day_of_work: last.clone(),
                ..position.clone()
            };
        }
    }
    if let Some(xledger) = &mut person.xledger {
        (xledger.notice_date, xledger.employment_to) = (notice, last);
    }
    person
}

fn is_agreeing(person: &Person) -> bool {
    let truth = serde_json::to_value(&person.truth).expect("a truth");
    truth == serde_json::json!({"people": "matched"})
}
