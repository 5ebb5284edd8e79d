//! Cycles that follow at once, for people whose values moved while they were being written.

use crate::sync::{Cause, CycleReport, CycleRequest, Reach};

/// Beyond it one cycle for everybody is cheaper.
const MOST_PEOPLE: usize = 10;
/// Somebody who edits without a pause is left to the schedule.
const MOST_ROUNDS: u32 = 3;

#[derive(Debug, Default)]
pub struct FollowUps {
    rounds: u32,
}

impl FollowUps {
    /// What to run at once after a cycle. `is_follow_up` is whether the cycle was itself one.
    pub fn after(&mut self, report: &CycleReport, is_follow_up: bool) -> Vec<CycleRequest> {
        self.rounds = if is_follow_up { self.rounds + 1 } else { 0 };
        if report.dry_run || report.follow_up.is_empty() || self.rounds >= MOST_ROUNDS {
            return Vec::new();
        }
        let request = |reach| CycleRequest { cause: Cause::Schedule, reach, dry_run: false };
        if report.follow_up.len() > MOST_PEOPLE {
            return vec![request(Reach::Moved)];
        }
        report.follow_up.iter().map(|person| request(Reach::Person(person.clone()))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved(people: usize) -> CycleReport {
        let follow_up = (0..people).map(|number| format!("person {number}")).collect();
        CycleReport { follow_up, ..CycleReport::default() }
    }

    #[test]
    fn each_person_who_moved_gets_a_cycle_and_a_crowd_gets_one() {
        let reaches = |people| -> Vec<Reach> {
            let requests = FollowUps::default().after(&moved(people), false);
            requests.into_iter().map(|request| request.reach).collect()
        };
        assert_eq!(reaches(0), []);
        assert_eq!(reaches(2), [Reach::Person("person 0".into()), Reach::Person("person 1".into())]);
        assert_eq!(reaches(11), [Reach::Moved]);
    }

    #[test]
    fn somebody_who_never_stops_editing_is_left_to_the_schedule() {
        let mut follow_ups = FollowUps::default();
        let mut rounds = 0;
        while !follow_ups.after(&moved(1), rounds > 0).is_empty() {
            rounds += 1;
        }
        assert_eq!(rounds, MOST_ROUNDS);
        assert_eq!(follow_ups.after(&moved(1), false).len(), 1);
    }
}
