//! Xledger's times: Central European wall-clock text without an offset, one-second resolution, and twice the same in autumn.
//!
//! **Invariant:** asking from a watermark never skips. A text that occurs twice means the earlier moment, and where the
//! text to ask from falls inside the hour that occurs twice, it is that hour's beginning: Xledger compares texts, and in
//! the second passage they start over.

use jiff::civil::DateTime;
use jiff::{Timestamp, ToSpan, tz::TimeZone};

/// How far before the newest change seen the next question reaches; the vendor's sample takes 15 minutes.
const OVERLAP_MINUTES: i64 = 20;

fn zone() -> TimeZone {
    // The zone data is compiled in.
    TimeZone::get("Europe/Oslo").expect("the bundled zone data has Europe/Oslo")
}

/// Xledger's text of a moment: `2026-11-23T09:15:00`.
pub fn text_of(at: Timestamp) -> String {
    print(zone().to_datetime(at))
}

fn print(at: DateTime) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

/// The wall-clock text in its one form, whatever tail it came with (a fraction, a zone); `None` if it is no date with time.
pub fn tidy(text: &str) -> Option<String> {
    Some(print(wall_clock(text)?))
}

fn wall_clock(text: &str) -> Option<DateTime> {
    let text = text.trim();
    // With an offset it is a moment, and the offset need not be Central European.
    match text.parse::<Timestamp>() {
        Ok(at) => Some(zone().to_datetime(at)),
        Err(_) => text.parse::<DateTime>().ok(),
    }
}

/// The moment of a wall-clock text: the earlier of two, and forward out of the hour that spring leaves out.
pub fn moment_of(text: &str) -> Option<Timestamp> {
    zone().to_ambiguous_timestamp(wall_clock(text)?).compatible().ok()
}

/// The text to ask from, so that nothing since `watermark` is missed.
pub fn ask_from(watermark: &str) -> Option<String> {
    let zone = zone();
    let asked = moment_of(watermark)?.checked_sub(OVERLAP_MINUTES.minutes()).ok()?;
    let local = zone.to_datetime(asked);
    if !zone.to_ambiguous_timestamp(local).is_ambiguous() {
        return Some(print(local));
    }
    // Inside the repeated hour; it begins where the clock is put back to, at the nearest change of offset.
    let turn = [zone.preceding(asked).next(), zone.following(asked).next()]
        .into_iter()
        .flatten()
        .map(|transition| transition.timestamp())
        .min_by_key(|turn| turn.duration_since(asked).abs())?;
    Some(print(zone.to_datetime(turn)))
}

/// The larger of two wall-clock texts, in tidy form; a text that cannot be read counts as none.
pub fn newest<'a>(texts: impl IntoIterator<Item = &'a str>) -> Option<String> {
    texts.into_iter().filter_map(tidy).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> String {
        moment_of(text).unwrap().to_string()
    }

    #[test]
    fn winter_and_summer_have_their_own_offset() {
        assert_eq!(moment("2026-11-23T09:15:00"), "2026-11-23T08:15:00Z");
        assert_eq!(moment("2026-07-01T09:15:00"), "2026-07-01T07:15:00Z");
        assert_eq!(text_of("2026-07-01T07:15:00Z".parse().unwrap()), "2026-07-01T09:15:00");
    }

    #[test]
    fn the_hour_that_autumn_repeats_means_the_earlier_moment() {
        assert_eq!(moment("2026-10-25T02:30:00"), "2026-10-25T00:30:00Z");
    }

    #[test]
    fn the_hour_that_spring_leaves_out_moves_forward() {
        assert_eq!(moment("2026-03-29T02:30:00"), "2026-03-29T01:30:00Z");
        assert_eq!(text_of(moment_of("2026-03-29T02:30:00").unwrap()), "2026-03-29T03:30:00");
    }

    #[test]
    fn a_tail_is_dropped_and_an_offset_obeyed() {
        assert_eq!(tidy("2026-11-23T09:15:00.123").unwrap(), "2026-11-23T09:15:00");
        assert_eq!(tidy("2026-11-23T08:15:00Z").unwrap(), "2026-11-23T09:15:00");
        assert_eq!(tidy("2026-11-23T10:15:00+02:00").unwrap(), "2026-11-23T09:15:00");
        assert_eq!(tidy("yesterday"), None);
    }

    #[test]
    fn asking_reaches_back_by_the_overlap() {
        assert_eq!(ask_from("2026-11-23T09:15:00").unwrap(), "2026-11-23T08:55:00");
        assert_eq!(ask_from("2026-03-29T03:10:00").unwrap(), "2026-03-29T01:50:00");
    }

    /// Seen at 02:50 summer time; at 02:10 winter time, twenty minutes later, a change is stamped with a *smaller* text.
    #[test]
    fn asking_inside_the_repeated_hour_starts_at_its_beginning() {
        for seen in
            ["2026-10-25T02:25:00", "2026-10-25T02:50:00", "2026-10-25T03:05:00", "2026-10-25T03:19:59"]
        {
            assert_eq!(ask_from(seen).unwrap(), "2026-10-25T02:00:00", "{seen}");
        }
        assert_eq!(ask_from("2026-10-25T02:10:00").unwrap(), "2026-10-25T01:50:00");
        assert_eq!(ask_from("2026-10-25T03:20:00").unwrap(), "2026-10-25T03:00:00");
    }

    #[test]
    fn the_newest_of_several_is_the_largest_text() {
        let texts = ["2026-11-23T09:15:00", "2026-11-23T09:15:01.5", "", "2025-12-31T23:59:59"];
        assert_eq!(newest(texts).unwrap(), "2026-11-23T09:15:01");
        assert_eq!(newest([]), None);
    }
}
