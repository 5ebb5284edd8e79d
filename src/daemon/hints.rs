//! People to be read again because a post named them: when, how many at once, and which rows of the inbox that settles.
//! Reads no clock: the moment comes in.
//!
//! The first hint for a person acts at once; those within [`MOMENT`] after its reading began are one. A reading that shows
//! nothing new is repeated once after [`REPEAT`]: a side may answer from a copy that lags behind its own post.

use crate::domain::Side;
use crate::sync::Hinted;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::Instant;

pub const MOMENT: Duration = Duration::from_secs(1);
pub const REPEAT: Duration = Duration::from_secs(5);
/// Of one cycle; the rest waits for the next, so that a flood never holds up everything else for long.
const MOST_AT_ONCE: usize = 500;

#[derive(Debug, Default)]
pub struct Hints {
    waiting: BTreeMap<Hinted, Waiting>,
    /// Of the cycle under way.
    running: BTreeMap<Hinted, Waiting>,
    /// When a reading of somebody last began, for as long as that matters.
    begun_at: BTreeMap<Hinted, Instant>,
    /// Until when the hints about a side that failed are kept back.
    held_until: [Option<Instant>; 2],
    /// The last row of the inbox that was added.
    last_row: i64,
}

#[derive(Debug, Clone, Copy)]
struct Waiting {
    /// The first row of the inbox that this settles.
    row: i64,
    ready_at: Instant,
    is_repeat: bool,
}

impl Hints {
    /// Somebody was named by a row of the inbox.
    pub fn add(&mut self, row: i64, hinted: Hinted, now: Instant) {
        self.last_row = self.last_row.max(row);
        let ready_at = self.begun_at.get(&hinted).map_or(now, |begun| now.max(*begun + MOMENT));
        let new = Waiting { row, ready_at, is_repeat: false };
        self.waiting.entry(hinted).and_modify(|known| *known = joined(*known, new)).or_insert(new);
    }

    /// Takes those who are to be read now; empty if nobody is.
    pub fn begin(&mut self, now: Instant) -> BTreeSet<Hinted> {
        self.begun_at.retain(|_, begun| *begun + MOMENT > now);
        let ready = self.waiting.iter().filter(|(hinted, waiting)| self.ready_at(hinted, waiting) <= now);
        let batch: BTreeSet<Hinted> = ready.map(|(hinted, _)| hinted.clone()).take(MOST_AT_ONCE).collect();
        for hinted in &batch {
            if let Some(waiting) = self.waiting.remove(hinted) {
                self.running.insert(hinted.clone(), waiting);
                self.begun_at.insert(hinted.clone(), now);
            }
        }
        batch
    }

    /// The cycle under way read its people, and these were as they were.
    pub fn were_read(&mut self, unmoved: &BTreeSet<Hinted>, now: Instant) {
        for (hinted, was) in std::mem::take(&mut self.running) {
            if unmoved.contains(&hinted) && !was.is_repeat {
                let again = Waiting { ready_at: now + REPEAT, is_repeat: true, ..was };
                self.waiting
                    .entry(hinted)
                    .and_modify(|known| *known = joined(again, *known))
                    .or_insert(again);
            }
        }
    }

    /// The cycle under way could not read its people: those of the sides that failed are kept back, the others go again.
    pub fn were_not_read(&mut self, failed: &[Side], until: Instant) {
        for side in failed {
            self.held_until[*side as usize] = Some(until);
        }
        for (hinted, was) in std::mem::take(&mut self.running) {
            self.waiting.entry(hinted).and_modify(|known| *known = joined(*known, was)).or_insert(was);
        }
    }

    /// When somebody is to be read next.
    pub fn next_at(&self) -> Option<Instant> {
        self.waiting.iter().map(|(hinted, waiting)| self.ready_at(hinted, waiting)).min()
    }

    /// Every row of the inbox up to this one is settled.
    pub fn settled_to(&self) -> i64 {
        let unsettled = self.waiting.values().chain(self.running.values()).map(|waiting| waiting.row).min();
        unsettled.map_or(self.last_row, |row| row - 1)
    }

    pub fn len(&self) -> usize {
        self.waiting.len() + self.running.len()
    }

    fn ready_at(&self, hinted: &Hinted, waiting: &Waiting) -> Instant {
        self.held_until[hinted.side() as usize].map_or(waiting.ready_at, |held| held.max(waiting.ready_at))
    }
}

/// One reading for two hints: as soon as the sooner one, and a repeat no longer when a new post came.
fn joined(known: Waiting, new: Waiting) -> Waiting {
    Waiting {
        row: known.row.min(new.row),
        ready_at: known.ready_at.min(new.ready_at),
        is_repeat: known.is_repeat && new.is_repeat,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{HumaId, RecordId};

    fn huma(id: &str) -> Hinted {
        Hinted::Record(RecordId::Huma(HumaId(id.into())))
    }

    fn nobody() -> BTreeSet<Hinted> {
        BTreeSet::new()
    }

    #[test]
    fn the_first_hint_acts_at_once_and_those_within_a_moment_are_one() {
        let now = Instant::now();
        let mut hints = Hints::default();
        hints.add(1, huma("a"), now);
        assert_eq!(hints.begin(now), [huma("a")].into());
        for row in 2..100 {
            hints.add(row, huma("a"), now);
        }
        hints.were_read(&nobody(), now);
        assert_eq!((hints.begin(now), hints.len()), (nobody(), 1));
        assert_eq!(hints.next_at(), Some(now + MOMENT));
        assert_eq!(hints.begin(now + MOMENT), [huma("a")].into());
    }

    #[test]
    fn many_people_make_one_batch_of_a_bounded_size() {
        let now = Instant::now();
        let mut hints = Hints::default();
        for row in 0..1200 {
            hints.add(row, huma(&row.to_string()), now);
        }
        let mut sizes = Vec::new();
        while hints.next_at().is_some() {
            sizes.push(hints.begin(now).len());
            hints.were_read(&nobody(), now);
        }
        assert_eq!(sizes, [500, 500, 200]);
    }

    #[test]
    fn a_reading_that_shows_nothing_new_is_repeated_once() {
        let now = Instant::now();
        let mut hints = Hints::default();
        hints.add(1, huma("a"), now);
        let unmoved = hints.begin(now);
        hints.were_read(&unmoved, now);
        assert_eq!((hints.next_at(), hints.settled_to()), (Some(now + REPEAT), 0));
        assert_eq!(hints.begin(now + REPEAT), unmoved);
        hints.were_read(&unmoved, now + REPEAT);
        assert_eq!((hints.next_at(), hints.settled_to()), (None, 1));
    }

    #[test]
    fn a_row_is_settled_when_everybody_it_and_those_before_it_named_was_read() {
        let now = Instant::now();
        let mut hints = Hints::default();
        hints.add(1, huma("a"), now);
        hints.begin(now);
        hints.add(2, huma("a"), now);
        hints.add(3, huma("b"), now);
        assert_eq!(hints.settled_to(), 0);
        hints.were_read(&nobody(), now);
        assert_eq!(hints.settled_to(), 1);
        assert_eq!(hints.begin(now), [huma("b")].into());
        hints.were_read(&nobody(), now);
        assert_eq!(hints.settled_to(), 1, "a second post about `a` came while it was read");
        hints.begin(now + MOMENT);
        hints.were_read(&nobody(), now);
        assert_eq!(hints.settled_to(), 3);
    }

    #[test]
    fn hints_about_a_side_that_failed_wait_and_the_others_go_on() {
        let now = Instant::now();
        let mut hints = Hints::default();
        hints.add(1, huma("a"), now);
        hints.begin(now);
        let later = now + Duration::from_secs(60);
        hints.were_not_read(&[Side::Huma], later);
        hints.add(2, huma("b"), now);
        hints.add(3, Hinted::Contact(5), now);
        assert_eq!(hints.begin(now), [Hinted::Contact(5)].into());
        hints.were_read(&nobody(), now);
        assert_eq!((hints.next_at(), hints.settled_to()), (Some(later), 0));
        assert_eq!(hints.begin(later).len(), 2);
    }
}
