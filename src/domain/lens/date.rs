//! The five dates: equal when both are the same calendar day. Never passed through a moment or a zone.

use super::{CannotHold, Carried, Fault, Read, text};
use crate::domain::{Side, Spelling};
use jiff::civil::Date;

const FAULT: &str = "not a calendar day (YYYY-MM-DD)";

pub(super) fn read(spelling: &Spelling) -> Read {
    let text = match text::of(spelling) {
        Ok(text) => text,
        Err(fault) => return Read::misshapen(fault),
    };
    match day(text) {
        Some(day) => Read::sound(day.to_string()),
        None => Read::faulty(text::fold(text), FAULT),
    }
}

pub(super) fn carry(to: Side, spelling: &Spelling) -> Result<Carried, CannotHold> {
    match day(text::of(spelling)?) {
        Some(day) => Ok(Carried::plain(Spelling::Text(day.to_string()))),
        None => Err(CannotHold(format!("{to} takes calendar days only"))),
    }
}

pub(super) fn typed(text: &str) -> Result<Spelling, Fault> {
    let text = text::typed(text)?;
    iso(text)
        .or_else(|| norwegian(text))
        .map(|day| Spelling::Text(day.to_string()))
        .ok_or_else(|| Fault("not a calendar day; write it as 2026-12-01 or 01.12.2026".into()))
}

/// The day of `YYYY-MM-DD`, with a midnight or a zone behind it ignored. A time of day other than midnight is refused:
/// it is a moment, and which day it means depends on a zone.
fn day(text: &str) -> Option<Date> {
    let text = text.trim();
    let (day, tail) = text.split_at_checked(10)?;
    is_midnight(tail).then(|| iso(day))?
}

/// `T00:00`, `T00:00:00`, `T00:00:00.000`, each with or without a zone, or a zone alone, or nothing.
fn is_midnight(tail: &str) -> bool {
    let zone = match tail.strip_prefix(['T', 't', ' ']) {
        None => tail,
        Some(time) => {
            let end = time.find(['Z', 'z', '+', '-']).unwrap_or(time.len());
            let (time, zone) = time.split_at(end);
            let (clock, fraction) = time.split_once('.').unwrap_or((time, "0"));
            if !matches!(clock, "00:00" | "00:00:00")
                || fraction.is_empty()
                || fraction.contains(|c| c != '0')
            {
                return false;
            }
            zone
        }
    };
    match zone.strip_prefix(['+', '-']) {
        None => matches!(zone, "" | "Z" | "z"),
        Some(offset) => {
            let digits: Vec<&str> = offset.splitn(2, ':').collect();
            let joined = digits.concat();
            matches!(joined.len(), 2 | 4)
                && joined.bytes().all(|b| b.is_ascii_digit())
                && digits[0].len() >= 2
        }
    }
}

/// `2026-12-01`, years 0001 to 9999.
fn iso(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let exact = year.len() == 4 && month.len() == 2 && day.len() == 2 && parts.next().is_none();
    exact.then(|| civil(year, month, day))?
}

/// `01.12.2026` or `1.12.2026`.
fn norwegian(text: &str) -> Option<Date> {
    let mut parts = text.split('.');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    let exact = year.len() == 4 && parts.next().is_none();
    exact.then(|| civil(year, month, day))?
}

fn civil(year: &str, month: &str, day: &str) -> Option<Date> {
    let number = |text: &str| -> Option<i16> {
        (1..=4).contains(&text.len()).then_some(())?;
        text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?
    };
    let year = number(year).filter(|year| (1..=9999).contains(year))?;
    Date::new(year, i8::try_from(number(month)?).ok()?, i8::try_from(number(day)?).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Canonical;

    fn read_text(text: &str) -> Read {
        read(&Spelling::text(text))
    }

    #[test]
    fn one_calendar_day_is_equal_whatever_follows_it() {
        for text in [
            "2026-12-01",
            " 2026-12-01 ",
            "2026-12-01T00:00:00",
            "2026-12-01T00:00:00.000Z",
            "2026-12-01T00:00:00+01:00",
            "2026-12-01Z",
            "2026-12-01+01:00",
        ] {
            let read = read_text(text);
            assert_eq!(read.fault, None, "{text}");
            assert!(read.canonical == Canonical("2026-12-01".into()), "{text}");
        }
    }

    #[test]
    fn days_that_do_not_exist_are_faults() {
        for text in [
            "2026-02-29",
            "2026-13-01",
            "2026-00-10",
            "0000-01-01",
            "10000-01-01",
            "-2026-01-01",
            "2026-1-1",
            "2026-12-011",
            "2026-12-01T22:00:00Z",
            "2026-12-01T00:00:00.",
            "01.12.2026",
            "2026-12-0å",
            "",
        ] {
            assert!(read_text(text).fault.is_some(), "{text}");
        }
        assert_eq!(read_text("2028-02-29").fault, None);
    }

    #[test]
    fn a_day_is_written_plain() {
        let carried = carry(Side::Huma, &Spelling::text("2026-12-01T00:00:00")).unwrap();
        assert!(carried.spelling == Spelling::text("2026-12-01"));
    }

    #[test]
    fn a_typed_day_is_iso_or_norwegian() {
        for text in ["2026-12-01", "01.12.2026", "1.12.2026"] {
            assert!(typed(text).unwrap() == Spelling::text("2026-12-01"), "{text}");
        }
        for text in ["31.11.2026", "12/01/2026", "1.12.26", "001.12.2026x", "+1.12.2026", "tomorrow"] {
            assert!(typed(text).is_err(), "{text}");
        }
    }
}
