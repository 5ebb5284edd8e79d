//! Phone: equal when both are the same E.164 number. What is no valid number is compared by its digits and never written.

use super::{CannotHold, Carried, Fault, Read, text};
use crate::domain::{Side, Spelling};
use phonenumber::{Mode, country};
use unicode_normalization::UnicodeNormalization;

const FORM: &str = "not a valid phone number (for example +47 22 22 22 22)";

pub(super) fn read(country: &str, spelling: &Spelling) -> Read {
    let text = match text::of(spelling) {
        Ok(text) => text,
        Err(fault) => return Read::misshapen(fault),
    };
    match e164(country, text) {
        Some(number) => Read::sound(number),
        None => Read::faulty(raw(text), FORM),
    }
}

/// Written as the source side has it, not in E.164: both sides show what people typed.
pub(super) fn carry(to: Side, spelling: &Spelling) -> Result<Carried, CannotHold> {
    text::writable(to, text::of(spelling)?).map(|number| Carried::plain(Spelling::Text(number)))
}

pub(super) fn typed(country: &str, text: &str) -> Result<Spelling, Fault> {
    let number = text::typed(text)?;
    e164(country, number).map(|_| Spelling::text(number)).ok_or_else(|| Fault(FORM.into()))
}

/// The number in E.164, `None` where it is not a valid one.
///
/// Letters are refused before parsing: the parser maps them to digits of a telephone keypad.
fn e164(country: &str, text: &str) -> Option<String> {
    let text = plain(text);
    if !text.chars().all(|c| matches!(c, '0'..='9' | ' ' | '+' | '-' | '.' | '(' | ')' | '/')) {
        return None;
    }
    let text = match text.strip_prefix("00") {
        Some(rest) => format!("+{rest}"),
        None => text,
    };
    let country: Option<country::Id> = country.trim().to_ascii_uppercase().parse().ok();
    let national = || {
        // The parser takes the first digits of the Norwegian 476 39 658 for the country.
        let calling_code = phonenumber::metadata::DATABASE.by_id(country?.as_ref())?.country_code();
        (!text.starts_with('+')).then(|| parsed(country, &format!("+{calling_code}{text}")))?
    };
    parsed(country, &text).or_else(national).or_else(|| {
        // `+46 (0)8 ...`: the bracketed trunk zero is dialled only without the country code.
        let (code, rest) = text.split_once("(0)")?;
        code.starts_with('+').then(|| parsed(country, &format!("{code}{rest}")))?
    })
}

fn parsed(country: Option<country::Id>, text: &str) -> Option<String> {
    let number = phonenumber::parse(country, text).ok().filter(phonenumber::is_valid)?;
    Some(number.format().mode(Mode::E164).to_string())
}

/// NFKC (full-width digits, no-break spaces), dashes made hyphens, invisible format characters dropped: address books add
/// them around numbers.
fn plain(text: &str) -> String {
    let text: String = text
        .nfkc()
        .filter(|c| !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'))
        .map(|c| match c {
            '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
            c if c.is_whitespace() => ' ',
            c => c,
        })
        .collect();
    text.trim().to_owned()
}

/// Digits and `+` only. Words without one digit are kept whole: `unknown` is not `none`.
fn raw(text: &str) -> String {
    let digits: String = text.nfkc().filter(|c| c.is_ascii_digit() || *c == '+').collect();
    if digits.contains(|c: char| c.is_ascii_digit()) { digits } else { text::fold(text) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Canonical;

    fn canonical(text: &str) -> Canonical {
        read("NO", &Spelling::text(text)).canonical
    }

    #[test]
    fn one_number_in_any_writing_is_equal() {
        let number = Canonical("+4722222222".into());
        for spelling in [
            "+47 22 22 22 22",
            "22222222",
            "0047 222 22 222",
            "(+47) 22.22.22.22",
            "+47-22-22-22-22",
            "\u{202a}+47\u{a0}22\u{a0}22\u{2011}22 22\u{202c}",
            "\u{ff0b}\u{ff14}\u{ff17} 22 22 22 22",
        ] {
            assert!(canonical(spelling) == number, "{spelling}");
            assert_eq!(read("NO", &Spelling::text(spelling)).fault, None);
        }
    }

    #[test]
    fn a_number_without_a_country_belongs_to_the_country_of_the_settings() {
        assert!(read("SE", &Spelling::text("08-123 456 78")).canonical == canonical("+46 8 123 456 78"));
        assert!(canonical("+46 (0)8 123 456 78") == canonical("+46 8 123 456 78"));
    }

    #[test]
    fn a_national_number_that_begins_like_its_country_code_is_valid() {
        for spelling in ["47639658", "476 39 658", "+47 47639658", "004747639658", "4747639658"] {
            assert_eq!(read("NO", &Spelling::text(spelling)).fault, None, "{spelling}");
            assert!(canonical(spelling) == Canonical("+4747639658".into()), "{spelling}");
        }
    }

    #[test]
    fn invalid_numbers_are_compared_by_digits_and_plus() {
        let one = read("NO", &Spelling::text("12 34"));
        assert!(one.fault.is_some());
        assert!(one.canonical == canonical("1234"));
        assert!(one.canonical != canonical("+1234"));
        assert!(one.canonical != canonical("1235"));
        assert!(canonical("unknown") != canonical("none"));
    }

    #[test]
    fn letters_and_two_numbers_in_one_are_not_valid() {
        for wrong in ["+3367a829916", "22334455/92345678", "22 22 22 22 ext 5", "ring 22222222", ""] {
            assert!(read("NO", &Spelling::text(wrong)).fault.is_some(), "{wrong}");
            assert!(typed("NO", wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_number_is_carried_as_the_source_side_has_it() {
        let carried = carry(Side::Xledger, &Spelling::text(" 22 22 22 22 ")).unwrap();
        assert!(carried.spelling == Spelling::text("22 22 22 22"));
    }
}
