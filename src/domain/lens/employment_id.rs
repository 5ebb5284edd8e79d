//! Employment ID: text, trimmed and otherwise exact. `0042` is not `42`, but the two are near.

use super::{CannotHold, Carried, Fault, Read, text};
use crate::domain::{Side, Spelling};

const MAX_CHARS: usize = 255;

/// Whether two employment IDs differ only by leading zeros, as a human should be told.
pub fn near(one: &str, other: &str) -> bool {
    let (one, other) = (one.trim(), other.trim());
    one != other && one.trim_start_matches('0') == other.trim_start_matches('0')
}

pub(super) fn read(spelling: &Spelling) -> Read {
    match text::of(spelling).map(str::trim) {
        Ok(id) => match fault(id) {
            None => Read::sound(id.to_owned()),
            Some(why) => Read::faulty(id.to_owned(), why),
        },
        Err(fault) => Read::misshapen(fault),
    }
}

pub(super) fn carry(to: Side, spelling: &Spelling) -> Result<Carried, CannotHold> {
    text::writable(to, text::of(spelling)?).map(|id| Carried::plain(Spelling::Text(id)))
}

pub(super) fn typed(text: &str) -> Result<Spelling, Fault> {
    let id = text::typed(text)?;
    fault(id).map_or_else(|| Ok(Spelling::text(id)), |why| Err(Fault(why.into())))
}

fn fault(id: &str) -> Option<&'static str> {
    if id.is_empty() {
        Some("the employment ID is empty")
    } else if id.contains(char::is_control) {
        Some("the employment ID has a control character in it")
    } else if id.chars().count() > MAX_CHARS {
        Some("the employment ID is longer than 255 characters")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_equal_trimmed_and_exact() {
        let canonical = |id: &str| read(&Spelling::text(id)).canonical;
        assert!(canonical(" 1042 ") == canonical("1042"));
        assert!(canonical("0042") != canonical("42"));
        assert!(canonical("a1") != canonical("A1"));
    }

    #[test]
    fn ids_that_differ_by_leading_zeros_are_near_and_an_id_is_not_near_itself() {
        assert!(near("0042", "42"));
        assert!(near("42", " 00042"));
        assert!(!near("42", " 42"));
        assert!(!near("420", "42"));
    }

    #[test]
    fn control_characters_and_overlong_ids_are_faults() {
        for wrong in ["10\n42".to_owned(), "1\u{7}".into(), "1".repeat(256), " ".into()] {
            assert!(read(&Spelling::Text(wrong.clone())).fault.is_some());
            assert!(typed(&wrong).is_err());
        }
        assert_eq!(read(&Spelling::Text("1".repeat(255))).fault, None);
    }
}
