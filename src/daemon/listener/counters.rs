//! How many posts came, by what became of them.

use super::signature::Refusal;
use crate::domain::Side;
use std::sync::atomic::{AtomicU64, Ordering};

/// What became of a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Kept,
    Refused(Refusal),
    /// Nothing is configured that could prove it.
    Unproven,
    TooLarge,
    /// It broke off, or took too long.
    Broken,
    /// There was no room, or it could not be written down.
    TurnedAway,
}

impl Outcome {
    pub const ALL: [Outcome; 9] = [
        Outcome::Kept,
        Outcome::Refused(Refusal::Missing),
        Outcome::Refused(Refusal::Forged),
        Outcome::Refused(Refusal::Stale),
        Outcome::Refused(Refusal::Replayed),
        Outcome::Unproven,
        Outcome::TooLarge,
        Outcome::Broken,
        Outcome::TurnedAway,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Outcome::Kept => "kept",
            Outcome::Refused(why) => why.word(),
            Outcome::Unproven => "unproven",
            Outcome::TooLarge => "too-large",
            Outcome::Broken => "broken",
            Outcome::TurnedAway => "turned-away",
        }
    }
}

#[derive(Debug, Default)]
pub struct Counters([[AtomicU64; Outcome::ALL.len()]; 2]);

impl Counters {
    pub fn count(&self, side: Side, outcome: Outcome) {
        if let Some(counter) = self.of(side, outcome) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub fn get(&self, side: Side, outcome: Outcome) -> u64 {
        self.of(side, outcome).map_or(0, |counter| counter.load(Ordering::Relaxed))
    }

    fn of(&self, side: Side, outcome: Outcome) -> Option<&AtomicU64> {
        let place = Outcome::ALL.iter().position(|one| *one == outcome)?;
        self.0[side as usize].get(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_has_a_counter_and_a_word_of_its_own() {
        let counters = Counters::default();
        for outcome in Outcome::ALL {
            counters.count(Side::Xledger, outcome);
            assert_eq!((counters.get(Side::Xledger, outcome), counters.get(Side::Huma, outcome)), (1, 0));
        }
        let words: std::collections::BTreeSet<&str> = Outcome::ALL.map(Outcome::word).into();
        assert_eq!(words.len(), Outcome::ALL.len());
    }
}
