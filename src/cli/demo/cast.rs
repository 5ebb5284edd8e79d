//! Who plays: a few of the invented people of the fixtures, each for what they show.

use crate::sandbox::people::{PeopleTruth, Person, fixtures};

/// Matched people with nothing to decide.
const QUIET: usize = 10;

/// Ten people in agreement, and one each for: a difference, a missing account, values to fill, only in Huma, only in Xledger.
pub fn cast() -> Vec<Person> {
    let all = fixtures();
    let mut cast: Vec<Person> = all.iter().filter(|person| is_quiet(person)).take(QUIET).cloned().collect();
    for wanted in [
        "different phones",
        "only Huma has a bank account",
        "only Xledger has phone, date of birth and gender",
        "only in Huma, complete, long employed",
        "only in Xledger, with an e-mail",
    ] {
        cast.extend(all.iter().find(|person| person.note == wanted).cloned());
    }
    cast
}

fn is_quiet(person: &Person) -> bool {
    let truth = &person.truth;
    let both = person.huma.as_ref().zip(person.xledger.as_ref());
    truth.people == PeopleTruth::Matched
        && truth.difference.is_empty()
        && truth.missing_in_huma.is_empty()
        && truth.missing_in_xledger.is_empty()
        && truth.invalid.is_empty()
        && truth.hidden.is_empty()
        && truth.unrepresentable.is_empty()
        && truth.read_only.is_empty()
        && both.is_some_and(|(huma, xledger)| {
            huma.phone.is_some()
                && xledger.home_address.is_some()
                && huma.positions.len() == 1
                && huma.requested_email.is_none()
                && huma.positions[0].last_day_of_work.is_none()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_cast() {
        assert_eq!(cast().len(), QUIET + 5);
    }
}
