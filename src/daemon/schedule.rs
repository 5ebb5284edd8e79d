//! When the next cycle is due, and for what. Reads no clock: the moment comes in.
//!
//! | due                              | cycle                                            |
//! |----------------------------------|--------------------------------------------------|
//! | `sync.full`, local time          | everybody in full on both sides                  |
//! | a side's interval is over        | what moved, asking the sides that are due        |
//! | a share of `sync.sweep` is over  | Huma's details of those read longest ago         |
//!
//! A side that failed rests: its interval doubles with each failure, up to [`LONGEST_REST`], and the other goes on.

use super::engine::{EngineError, Sides};
use crate::config::Settings;
use crate::domain::Side;
use crate::report::budget::SLOWED;
use crate::sync::{CycleReport, Reach};
use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use std::time::Duration;

/// A side that fails is asked at least this often, or by its interval if that is longer.
pub const LONGEST_REST: Duration = Duration::from_secs(15 * 60);
/// A sweep is done in so many parts, so that it never holds up the rest for long.
const SWEEP_PARTS: u32 = 15;

#[derive(Debug, Clone)]
pub struct Schedule {
    turns: [Turn; 2],
    /// As set, before the budget.
    xledger_interval: Duration,
    full: Time,
    time_zone: TimeZone,
    full_at: Timestamp,
    sweep: Duration,
    sweep_at: Timestamp,
    /// Most details of Huma that one part may read: half of what the pace allows in its time.
    sweep_most: usize,
    /// As of the last report; nobody is swept before it.
    linked: u64,
    /// The forecast passes the allowance: Xledger is polled at most this often.
    is_beyond_budget: bool,
}

/// What is due, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    pub at: Timestamp,
    pub reach: Reach,
    pub sides: Sides,
}

#[derive(Debug, Clone)]
struct Turn {
    interval: Duration,
    /// When it was last asked.
    last: Timestamp,
    /// Failures in a row.
    failures: u32,
    what: String,
}

impl Turn {
    fn wait(&self) -> Duration {
        let doubled = self.interval.saturating_mul(1 << self.failures.min(16));
        if self.failures == 0 { self.interval } else { doubled.min(LONGEST_REST.max(self.interval)) }
    }

    /// A clock that was set back never makes a wait longer than it is.
    fn due(&self, now: Timestamp) -> Timestamp {
        later(self.last.min(now), self.wait())
    }
}

impl Schedule {
    /// Both sides are taken as asked just now: the cycle of the start does that.
    pub fn new(settings: &Settings, now: Timestamp) -> Schedule {
        let sync = &settings.sync;
        let turn = |interval| Turn { interval, last: now, failures: 0, what: String::new() };
        Schedule {
            turns: [turn(sync.huma_interval), turn(sync.xledger_interval)],
            xledger_interval: sync.xledger_interval,
            full: sync.full,
            time_zone: sync.time_zone.clone(),
            full_at: next_time_of_day(sync.full, &sync.time_zone, now),
            sweep: sync.sweep,
            sweep_at: now,
            sweep_most: sweep_most(settings),
            linked: 0,
            is_beyond_budget: false,
        }
    }

    /// Slows the polling of Xledger while its allowance would be passed. Writes and what posts name go on as ever.
    pub fn heed_budget(&mut self, is_beyond: bool) {
        self.is_beyond_budget = is_beyond;
        self.set_xledger_interval();
    }

    fn set_xledger_interval(&mut self) {
        let interval = self.xledger_interval;
        let is_slowed = self.is_beyond_budget;
        self.turns[1].interval = if is_slowed { interval.max(SLOWED) } else { interval };
    }

    /// New intervals count from when each side was last asked.
    pub fn reload(&mut self, settings: &Settings, now: Timestamp) {
        let sync = &settings.sync;
        self.turns[0].interval = sync.huma_interval;
        self.xledger_interval = sync.xledger_interval;
        self.set_xledger_interval();
        self.sweep = sync.sweep;
        self.sweep_most = sweep_most(settings);
        self.full = sync.full;
        self.time_zone = sync.time_zone.clone();
        self.full_at = next_time_of_day(self.full, &self.time_zone, now);
    }

    /// What is due next; its moment may have passed.
    pub fn next(&self, now: Timestamp) -> Due {
        let [huma, xledger] = [self.turns[0].due(now), self.turns[1].due(now)];
        let moved_at = huma.min(xledger);
        let by = moved_at.max(now);
        let moved = Due {
            at: moved_at,
            reach: Reach::Moved,
            sides: Sides { huma: huma <= by, xledger: xledger <= by },
        };
        let full = Due { at: self.full_at, reach: Reach::Full, sides: Sides::BOTH };
        let first = if full.at <= moved.at.max(now) { full } else { moved };
        match self.sweep_due() {
            Some(sweep) if sweep.at < first.at && first.at > now => sweep,
            Some(_) | None => first,
        }
    }

    /// Takes in how a cycle ended, whoever asked for it.
    pub fn finished(
        &mut self,
        reach: &Reach,
        sides: Sides,
        result: &Result<CycleReport, EngineError>,
        now: Timestamp,
    ) {
        if let Ok(report) = result {
            self.linked = report.linked;
        }
        let asked = match reach {
            Reach::Full | Reach::Moved => sides,
            Reach::Sweep { .. } => Sides { huma: true, xledger: false },
            // It asks a side only where a hint was about it: that it failed says something, that it did not says nothing.
            Reach::Hinted(_) => failed_in(result),
            Reach::Person(_) => return,
        };
        for side in Side::BOTH.into_iter().filter(|side| asked.has(*side)) {
            let failure = match result {
                Ok(report) => report.sides.iter().find(|failure| failure.side == side).map(|f| &f.what),
                Err(error) => Some(&error.what),
            };
            let turn = &mut self.turns[index(side)];
            turn.failures = if failure.is_some() { turn.failures.saturating_add(1) } else { 0 };
            turn.what = failure.cloned().unwrap_or_default();
            match reach {
                Reach::Full | Reach::Moved => turn.last = now,
                Reach::Sweep { .. } | Reach::Hinted(_) | Reach::Person(_) => {}
            }
        }
        match reach {
            Reach::Full => {
                let tomorrow = next_time_of_day(self.full, &self.time_zone, now);
                // A full read that failed is tried again as soon as the side that failed is.
                let again = self.resting(now).into_iter().map(|(_, _, until)| until).max();
                self.full_at = again.map_or(tomorrow, |again| again.min(tomorrow));
            }
            Reach::Sweep { .. } => self.sweep_at = now,
            Reach::Moved | Reach::Hinted(_) | Reach::Person(_) => {}
        }
    }

    /// The sides that failed last, why, and when they are asked again.
    pub fn resting(&self, now: Timestamp) -> Vec<(Side, &str, Timestamp)> {
        let resting = Side::BOTH.into_iter().filter(|side| self.turns[index(*side)].failures > 0);
        resting
            .map(|side| {
                let turn = &self.turns[index(side)];
                (side, turn.what.as_str(), turn.due(now))
            })
            .collect()
    }

    fn sweep_due(&self) -> Option<Due> {
        if self.linked == 0 || self.turns[index(Side::Huma)].failures > 0 {
            return None;
        }
        let share = usize::try_from(self.linked.div_ceil(u64::from(SWEEP_PARTS))).unwrap_or(usize::MAX);
        let people = share.min(self.sweep_most).max(1);
        let sides = Sides { huma: true, xledger: false };
        let at = later(self.sweep_at, self.sweep / SWEEP_PARTS);
        Some(Due { at, reach: Reach::Sweep { people }, sides })
    }
}

/// The sides that a report says failed; none where the cycle as a whole did.
fn failed_in(result: &Result<CycleReport, EngineError>) -> Sides {
    let failed =
        |side| result.as_ref().is_ok_and(|report| report.sides.iter().any(|failure| failure.side == side));
    Sides { huma: failed(Side::Huma), xledger: failed(Side::Xledger) }
}

fn sweep_most(settings: &Settings) -> usize {
    let part = settings.sync.sweep / SWEEP_PARTS;
    let half = part.as_secs_f64() * f64::from(settings.huma.requests_per_second.get()) / 2.0;
    // At most a day of a thousand a second: far inside the range.
    half.ceil() as usize
}

fn index(side: Side) -> usize {
    match side {
        Side::Huma => 0,
        Side::Xledger => 1,
    }
}

fn later(at: Timestamp, wait: Duration) -> Timestamp {
    let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
    at.checked_add(wait).unwrap_or(Timestamp::MAX)
}

/// The next moment, after `now`, at which clocks show `time`. Where clocks skip that time, the first one after the gap.
fn next_time_of_day(time: Time, zone: &TimeZone, now: Timestamp) -> Timestamp {
    let today = zone.to_datetime(now).date();
    [Some(today), today.checked_add(1.day()).ok(), today.checked_add(2.days()).ok()]
        .into_iter()
        .flatten()
        .filter_map(|day| zone.to_ambiguous_timestamp(day.to_datetime(time)).compatible().ok())
        .find(|at| *at > now)
        .unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::SideFailure;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn settings(text: &str) -> Settings {
        let text = format!("[huma]\nclient_id = \"a\"\n{text}");
        Settings::parse(&text, "hxsync.toml", &|_| None).unwrap()
    }

    fn report(linked: u64, failed: &[Side]) -> Result<CycleReport, EngineError> {
        let sides = failed.iter().map(|side| SideFailure { side: *side, what: "down".into(), passing: true });
        Ok(CycleReport { linked, sides: sides.collect(), ..CycleReport::default() })
    }

    const HUMA: Sides = Sides { huma: true, xledger: false };

    #[test]
    fn each_side_is_asked_by_its_own_interval() {
        let now = at("2026-11-23T12:00:00Z");
        let mut schedule = Schedule::new(&settings(""), now);
        let mut asked = Vec::new();
        let mut moment = now;
        for _ in 0..15 {
            let due = schedule.next(moment);
            moment = due.at;
            asked.push(due.sides);
            schedule.finished(&due.reach, due.sides, &report(0, &[]), moment);
        }
        assert_eq!(moment, at("2026-11-23T12:15:00Z"));
        assert_eq!(asked[..14], [HUMA; 14]);
        assert_eq!(asked[14], Sides::BOTH);
    }

    #[test]
    fn polling_of_xledger_is_slowed_to_hourly_while_the_budget_asks_for_it() {
        let now = at("2026-11-23T12:00:00Z");
        let text = "[sync]\nhuma_interval = \"1d\"\n";
        let mut schedule = Schedule::new(&settings(text), now);
        assert_eq!(schedule.next(now).at, at("2026-11-23T12:15:00Z"));
        schedule.heed_budget(true);
        assert_eq!(schedule.next(now).at, at("2026-11-23T13:00:00Z"));
        schedule.reload(&settings(text), now);
        assert_eq!(schedule.next(now).at, at("2026-11-23T13:00:00Z"));
        schedule.heed_budget(false);
        assert_eq!(schedule.next(now).at, at("2026-11-23T12:15:00Z"));
    }

    #[test]
    fn a_side_that_fails_rests_longer_each_time_and_the_other_goes_on() {
        let now = at("2026-11-23T12:00:00Z");
        let text = "[sync]\nhuma_interval = \"1m\"\nxledger_interval = \"1m\"\n";
        let mut schedule = Schedule::new(&settings(text), now);
        let mut rests = Vec::new();
        for _ in 0..6 {
            schedule.finished(&Reach::Moved, Sides::BOTH, &report(0, &[Side::Xledger]), now);
            let (side, what, until) = schedule.resting(now)[0];
            assert_eq!((side, what), (Side::Xledger, "down"));
            rests.push((until - now).as_mins());
        }
        assert_eq!(rests, [2, 4, 8, 15, 15, 15]);
        let next = schedule.next(now);
        assert_eq!((next.at, next.sides), (at("2026-11-23T12:01:00Z"), HUMA));
        schedule.finished(&Reach::Moved, Sides::BOTH, &report(0, &[]), now);
        assert_eq!(schedule.resting(now), []);
        assert_eq!(schedule.next(now).sides, Sides::BOTH);
    }

    #[test]
    fn the_full_read_comes_at_its_local_time_also_when_clocks_change() {
        let zone = TimeZone::get("Europe/Oslo").unwrap();
        let half_past_two = Time::constant(2, 30, 0, 0);
        let next = |now| next_time_of_day(half_past_two, &zone, at(now)).to_string();
        assert_eq!(next("2026-11-23T12:00:00Z"), "2026-11-24T01:30:00Z");
        assert_eq!(next("2026-11-24T01:30:00Z"), "2026-11-25T01:30:00Z");
        // 02:30 does not exist on 29 March 2026, and exists twice on 25 October.
        assert_eq!(next("2026-03-29T00:00:00Z"), "2026-03-29T01:30:00Z");
        assert_eq!(next("2026-10-24T23:00:00Z"), "2026-10-25T00:30:00Z");
        assert_eq!(next("2026-10-25T00:45:00Z"), "2026-10-26T01:30:00Z");
    }

    #[test]
    fn a_full_read_takes_the_place_of_what_is_due_with_it() {
        let mut schedule = Schedule::new(&settings(""), at("2026-11-24T01:29:00Z"));
        let now = at("2026-11-24T01:30:00Z");
        let due = schedule.next(now);
        assert_eq!((due.at, due.reach.clone()), (now, Reach::Full));
        schedule.finished(&due.reach, due.sides, &report(0, &[Side::Huma]), now);
        assert_eq!(schedule.next(at("2026-11-24T01:32:00Z")).reach, Reach::Full);
        schedule.finished(&Reach::Full, Sides::BOTH, &report(0, &[]), at("2026-11-24T01:33:00Z"));
        assert_eq!(schedule.next(at("2026-11-24T01:34:00Z")).reach, Reach::Moved);
    }

    #[test]
    fn everybody_is_swept_within_the_time_given() {
        let now = at("2026-11-23T12:00:00Z");
        let text = "[sync]\nhuma_interval = \"1h\"\nxledger_interval = \"1h\"\n";
        let mut schedule = Schedule::new(&settings(text), now);
        schedule.finished(&Reach::Moved, Sides::BOTH, &report(1000, &[]), now);
        let mut swept = 0;
        let mut moment = now;
        while swept < 1000 {
            let due = schedule.next(moment);
            let Reach::Sweep { people } = due.reach else { panic!("{due:?}") };
            swept += people;
            moment = due.at;
            schedule.finished(&due.reach, due.sides, &report(1000, &[]), moment);
        }
        assert_eq!(moment, at("2026-11-23T12:15:00Z"));
        // 5 a second allow 300 a minute; a sweep takes at most half of them.
        schedule.finished(&Reach::Moved, Sides::BOTH, &report(1_000_000, &[]), now);
        assert_eq!(schedule.next(moment).reach, Reach::Sweep { people: 150 });
    }

    #[test]
    fn a_clock_set_back_makes_no_wait_longer() {
        let now = at("2026-11-23T12:00:00Z");
        let schedule = Schedule::new(&settings(""), now);
        let earlier = at("2026-11-20T12:00:00Z");
        assert_eq!(schedule.next(earlier).at, at("2026-11-20T12:01:00Z"));
    }
}
