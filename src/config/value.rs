//! Single values of settings: durations, times of day, addresses, words. Each says what is wrong and what to write.

use std::fmt::Write as _;
use std::time::Duration;

use jiff::civil::Time;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use reqwest::Url;

use super::mask::masked;
use super::nearest::{nearest, write_one_of};

/// Why a value will not do. The setting's name is put before `what`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    /// For example "is not a time of day: `25:00`".
    pub what: String,
    pub next: String,
}

impl Problem {
    pub(super) fn new(what: impl Into<String>, next: impl Into<String>) -> Problem {
        Problem { what: what.into(), next: next.into() }
    }
}

/// An enum whose variants are words in the settings file.
pub(super) trait Word: Copy + 'static {
    const WORDS: &'static [(&'static str, Self)];
}

/// Declares an enum of settings words with their spelling.
macro_rules! words {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$about:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[$about])* $variant),+ }

        impl $name {
            /// Returns the word as written in the settings file.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl $crate::config::value::Word for $name {
            const WORDS: &'static [(&'static str, Self)] = &[$(($word, Self::$variant)),+];
        }
    };
}
pub(super) use words;

pub(super) fn word<T: Word>(text: &str) -> Result<T, Problem> {
    if let Some((_, value)) = T::WORDS.iter().find(|(word, _)| *word == text) {
        return Ok(*value);
    }
    let words = || T::WORDS.iter().map(|(word, _)| *word);
    let mut next = write_one_of(words());
    if let Some(near) = nearest(text, words()) {
        next = format!("Did you mean `{near}`? {next}");
    }
    Err(Problem::new(format!("cannot be {}", quoted(text)), next))
}

/// Reads one number and one unit. A year counts 366 days, so that nothing kept for years is dropped early.
pub(super) fn duration(text: &str) -> Result<Duration, Problem> {
    let wrong = || {
        Problem::new(
            format!("is not a duration: {}", quoted(text)),
            "Write a whole number and a unit, for example \"500ms\", \"2s\", \"15m\", \"1h\", \"30d\" or \"10y\".",
        )
    };
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let number: u64 = text[..digits].parse().map_err(|_| wrong())?;
    let unit_ms: u64 = match &text[digits..] {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        "w" => 7 * 86_400_000,
        "y" => 366 * 86_400_000,
        _ => return Err(wrong()),
    };
    number.checked_mul(unit_ms).map(Duration::from_millis).ok_or_else(wrong)
}

/// Reads a time of day as `02:30`.
pub(super) fn time_of_day(text: &str) -> Result<Time, Problem> {
    let wrong = || {
        Problem::new(
            format!("is not a time of day: {}", quoted(text)),
            "Write hours and minutes with two digits each, for example \"02:30\".",
        )
    };
    let (hour, minute) = text.split_once(':').ok_or_else(wrong)?;
    let two_digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    if !two_digits(hour) || !two_digits(minute) {
        return Err(wrong());
    }
    let number = |part: &str| part.parse::<i8>().map_err(|_| wrong());
    Time::new(number(hour)?, number(minute)?, 0, 0).map_err(|_| wrong())
}

/// Reads the name of a time zone from the embedded data, so that the answer is the same on every host.
pub(super) fn time_zone(text: &str) -> Result<TimeZone, Problem> {
    let zones = TimeZoneDatabase::bundled();
    zones.get(text).map_err(|_| {
        let names: Vec<String> = zones.available().map(|name| name.as_str().to_owned()).collect();
        let next = match nearest(text, names.iter().map(String::as_str)) {
            Some(near) => format!("Did you mean \"{near}\"?"),
            None => "Write a name of the IANA list, for example \"Europe/Oslo\".".to_owned(),
        };
        Problem::new(format!("is not a time zone: {}", quoted(text)), next)
    })
}

/// Reads an http or https address without a login in it.
pub(super) fn http_url(text: &str) -> Result<Url, Problem> {
    let example = "Write the whole address, for example \"https://host.example.no\".";
    let Ok(url) = Url::parse(text) else {
        return Err(Problem::new("is not a web address", example));
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Problem::new(
            "holds a user name or a password",
            "Take out what stands before `@`: no secret belongs in this file.",
        ));
    }
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        let what = format!("begins with {}, which is neither http nor https", quoted(url.scheme()));
        return Err(Problem::new(what, example));
    }
    if url.query().is_some() {
        return Err(Problem::new("has a part behind `?`", "Take out `?` and what follows."));
    }
    if url.fragment().is_some() {
        return Err(Problem::new("has a part behind `#`", "Take out `#` and what follows."));
    }
    Ok(url)
}

pub(super) fn email(text: &str) -> Result<String, Problem> {
    if text.parse::<email_address::EmailAddress>().is_err() {
        return Err(Problem::new("is not an e-mail address", "Write it as in \"payroll@example.no\"."));
    }
    Ok(text.to_owned())
}

/// Accepts any text with something in it.
pub(super) fn some_text(text: &str) -> Result<String, Problem> {
    if text.trim().is_empty() {
        return Err(Problem::new("is empty", "Write a value, or take out the line."));
    }
    Ok(text.to_owned())
}

/// Returns `text` in quotes for a message: escaped, cut where it is long, and with nothing of a secret that a text
/// over several lines has swallowed.
pub(super) fn quoted(text: &str) -> String {
    let covered = masked(text);
    let text = covered.trim_end_matches(' ');
    let mut shown = String::from("`");
    for c in text.chars().take(40) {
        let _ =
            write!(shown, "{}", if c.is_control() { c.escape_default().to_string() } else { c.to_string() });
    }
    if text.chars().count() > 40 {
        shown.push('…');
    }
    shown.push('`');
    shown
}

/// Returns a duration in the largest unit that divides it.
pub(super) fn spoken(duration: Duration) -> String {
    let ms = duration.as_millis();
    for (unit, unit_ms) in
        [("y", 366 * 86_400_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)]
    {
        if ms >= unit_ms && ms.is_multiple_of(unit_ms) {
            return format!("{}{unit}", ms / unit_ms);
        }
    }
    format!("{ms}ms")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn durations_are_a_number_and_a_unit() {
        let seconds = |text| duration(text).unwrap().as_secs_f64();
        assert_eq!(seconds("500ms"), 0.5);
        assert_eq!(seconds("2s"), 2.0);
        assert_eq!(seconds("15m"), 900.0);
        assert_eq!(seconds("1h"), 3600.0);
        assert_eq!(seconds("30d"), 30.0 * 86400.0);
        assert_eq!(seconds("2w"), 14.0 * 86400.0);
        assert_eq!(seconds("10y"), 3660.0 * 86400.0);
        for wrong in [
            "",
            "15",
            "m",
            "15 m",
            "-1s",
            "1.5h",
            "1h30m",
            "15min",
            "99999999999999999999s",
            "18446744073709551615y",
        ] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_time_of_day_has_two_digits_each() {
        assert_eq!(time_of_day("02:30"), Ok(Time::constant(2, 30, 0, 0)));
        assert_eq!(time_of_day("23:59"), Ok(Time::constant(23, 59, 0, 0)));
        for wrong in ["24:00", "2:30", "02:60", "0230", "02:30:00", "+2:30", "half past two"] {
            assert!(time_of_day(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_address_with_a_login_is_refused_without_quoting_it() {
        let problem = http_url("https://ola:hunter2@host.example.no").unwrap_err();
        assert!(!format!("{problem:?}").contains("hunter2"));
        let problem = http_url("https://host.example.no/?access_token=hunter2").unwrap_err();
        assert!(!format!("{problem:?}").contains("hunter2"));
        assert!(http_url("ftp://host.example.no").is_err());
        assert!(http_url("host.example.no").is_err());
        assert!(http_url("localhost:8080").is_err());
        assert_eq!(http_url("http://127.0.0.1:8080").unwrap().port(), Some(8080));
    }

    proptest! {
        #[test]
        fn a_spoken_duration_reads_as_itself(ms in 1u64..10_000_000_000_000) {
            let duration_ms = Duration::from_millis(ms);
            prop_assert_eq!(duration(&spoken(duration_ms)), Ok(duration_ms));
        }

        #[test]
        fn a_quoted_text_is_one_line_without_control_characters(text in "(?s).{0,80}") {
            let shown = quoted(&text);
            prop_assert!(!shown.chars().any(char::is_control));
        }
    }
}
