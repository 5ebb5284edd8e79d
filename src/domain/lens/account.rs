//! Bank account: equal when the same 11 digits, a Norwegian IBAN being its digits; else the same IBAN.
//!
//! Huma has two shapes of an account, Xledger one text. Written to Huma as national unless Huma holds its IBAN.

use super::{CannotHold, Carried, Fault, Read, text};
use crate::domain::{Account, Spelling};
use iban::{Iban, IbanLike};
use unicode_normalization::UnicodeNormalization;

/// The last characters of an account that stay readable when it is masked.
const SHOWN: usize = 4;

/// An account that passed its check.
#[derive(Clone, PartialEq, Eq)]
enum Checked {
    /// Eleven digits, the last a mod-11 check digit.
    Norwegian(String),
    /// In its electronic form.
    Foreign(Iban),
    /// Huma's national account of another country, which nothing here can check: country, then letters and digits.
    Abroad(String, String),
}

pub(super) fn read(spelling: &Spelling) -> Read {
    match check(spelling) {
        Ok(Checked::Norwegian(digits)) => Read::sound(digits),
        Ok(Checked::Foreign(iban)) => Read::sound(iban.electronic_str().to_owned()),
        Ok(Checked::Abroad(country, number)) => Read::sound(format!("{country} {number}")),
        Err(fault) => Read::faulty(bare(&plain(spelling)), &fault.0),
    }
}

pub(super) fn to_xledger(value: &Spelling) -> Result<Carried, CannotHold> {
    match check(value)? {
        Checked::Norwegian(digits) => Ok(Carried::plain(Spelling::Text(digits))),
        Checked::Foreign(_) => Err(CannotHold("Xledger cannot hold an IBAN from outside Norway".into())),
        Checked::Abroad(..) => Err(CannotHold("Xledger cannot hold an account from outside Norway".into())),
    }
}

pub(super) fn to_huma(value: &Spelling, present: Option<&Spelling>) -> Result<Carried, CannotHold> {
    let digits = match check(value)? {
        Checked::Norwegian(digits) => digits,
        Checked::Foreign(_) => return Err(CannotHold("Huma cannot hold an IBAN without its BIC".into())),
        Checked::Abroad(country, number) => {
            return Ok(Carried::plain(Spelling::Account(Account::National { number, country })));
        }
    };
    let account = match bic_kept(&digits, present) {
        Some(bic) => Account::International { iban: norwegian_iban(&digits), bic },
        None => Account::National { number: digits, country: "NO".into() },
    };
    Ok(Carried::plain(Spelling::Account(account)))
}

/// As Huma's national account, whether typed as digits or as an IBAN.
pub(super) fn typed(text: &str) -> Result<Spelling, Fault> {
    let text = text::typed(text)?;
    if text.contains(['*', '•', '…']) {
        return Err(Fault("this account is masked; write all of its digits".into()));
    }
    match check(&Spelling::text(text)) {
        Ok(Checked::Norwegian(number)) => {
            Ok(Spelling::Account(Account::National { number, country: "NO".into() }))
        }
        Ok(Checked::Foreign(_) | Checked::Abroad(..)) => {
            Err(Fault("Xledger cannot hold an IBAN from outside Norway, and Huma needs its BIC".into()))
        }
        Err(fault) => Err(Fault(format!("{}; write 11 digits or a Norwegian IBAN", fault.0))),
    }
}

pub(super) fn show(spelling: &Spelling, reveal: bool) -> String {
    let number = plain(spelling);
    if !reveal {
        return masked(&number);
    }
    let number = number.trim();
    match spelling {
        Spelling::Account(Account::International { bic, .. }) if !bic.trim().is_empty() => {
            format!("{number} ({})", bic.trim())
        }
        Spelling::Account(Account::National { country, .. }) if !is_norway(country) => {
            format!("{} {number}", country.trim().to_uppercase())
        }
        Spelling::Account(_) | Spelling::Text(_) | Spelling::Named(_) | Spelling::Address(_) => {
            number.to_owned()
        }
    }
}

/// `*******7947`. Fewer than eight characters are all masked: their last four would be most of them.
fn masked(account: &str) -> String {
    let account = bare(account);
    let length = account.chars().count();
    let hidden = if length < 2 * SHOWN { length } else { length - SHOWN };
    account.chars().enumerate().map(|(at, c)| if at < hidden { '*' } else { c }).collect()
}

/// The number alone, without shape, country or BIC.
fn plain(spelling: &Spelling) -> String {
    match spelling {
        Spelling::Text(text) => text.clone(),
        Spelling::Account(Account::National { number, .. }) => number.clone(),
        Spelling::Account(Account::International { iban, .. }) => iban.clone(),
        Spelling::Named(named) => named.name.clone(),
        Spelling::Address(_) => String::new(),
    }
}

/// Without white space and dots, letters upper-case.
fn bare(text: &str) -> String {
    text.nfkc().filter(|c| !c.is_whitespace() && *c != '.').map(|c| c.to_ascii_uppercase()).collect()
}

fn check(spelling: &Spelling) -> Result<Checked, Fault> {
    match spelling {
        Spelling::Text(text) => check_text(text),
        Spelling::Account(Account::International { iban, .. }) => check_text(iban),
        Spelling::Account(Account::National { number, country }) => {
            if is_norway(country) {
                return check_text(number);
            }
            match bare(number) {
                number if number.is_empty() => Err(Fault("the account is empty".into())),
                number => Ok(Checked::Abroad(country.trim().to_ascii_uppercase(), number)),
            }
        }
        Spelling::Address(_) | Spelling::Named(_) => Err(Fault("not an account".into())),
    }
}

/// A national account without a country is taken for Norwegian; its check digit tells.
fn is_norway(country: &str) -> bool {
    matches!(country.trim(), "NO" | "no" | "No" | "nO" | "")
}

fn check_text(text: &str) -> Result<Checked, Fault> {
    let account = bare(text);
    if account.is_empty() {
        return Err(Fault("the account is empty".into()));
    }
    if account.bytes().all(|b| b.is_ascii_digit()) {
        return norwegian(&account).map(Checked::Norwegian);
    }
    let iban: Iban = account.parse().map_err(|_| Fault("neither 11 digits nor a valid IBAN".into()))?;
    match iban.country_code() {
        "NO" => norwegian(iban.bban()).map(Checked::Norwegian),
        _ => Ok(Checked::Foreign(iban)),
    }
}

fn norwegian(digits: &str) -> Result<String, Fault> {
    if digits.len() != 11 {
        return Err(Fault("a Norwegian account has 11 digits".into()));
    }
    if digits.bytes().all(|b| b == b'0') {
        return Err(Fault("the account is all zeros".into()));
    }
    const WEIGHTS: [u32; 10] = [5, 4, 3, 2, 7, 6, 5, 4, 3, 2];
    let digit = |b: u8| u32::from(b - b'0');
    let sum: u32 = WEIGHTS.into_iter().zip(digits.bytes()).map(|(weight, b)| weight * digit(b)).sum();
    let expected = (11 - sum % 11) % 11;
    match digits.bytes().last() {
        // A remainder of 10 fits no digit: such numbers are never given out.
        Some(last) if digit(last) == expected => Ok(digits.to_owned()),
        Some(_) | None => Err(Fault("the account fails its check digit".into())),
    }
}

/// The BIC that Huma's present IBAN has, if the new account is at the same bank (its first four digits).
fn bic_kept(digits: &str, present: Option<&Spelling>) -> Option<String> {
    let Some(spelling @ Spelling::Account(Account::International { bic, .. })) = present else {
        return None;
    };
    match check(spelling) {
        Ok(Checked::Norwegian(held)) if held[..4] == digits[..4] && !bic.trim().is_empty() => {
            Some(bic.clone())
        }
        Ok(Checked::Norwegian(_) | Checked::Foreign(_) | Checked::Abroad(..)) | Err(_) => None,
    }
}

/// The IBAN of a Norwegian account; its check digits are 98 minus the rest of the number followed by `NO00` modulo 97.
fn norwegian_iban(digits: &str) -> String {
    // N is 23 and O is 24 (ISO 13616).
    let rest = digits.bytes().chain(*b"232400").fold(0_u32, |rest, b| (rest * 10 + u32::from(b - b'0')) % 97);
    format!("NO{:02}{digits}", 98 - rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGITS: &str = "86011117947";
    const IBAN: &str = "NO9386011117947";
    /// Another account of the same bank, and one of another.
    const SAME_BANK: &str = "86011117955";
    const OTHER_BANK: &str = "12345678911";
    const SWEDISH: &str = "SE4550000000058398257466";

    fn text(text: &str) -> Spelling {
        Spelling::text(text)
    }

    fn national(number: &str, country: &str) -> Spelling {
        Spelling::Account(Account::National { number: number.into(), country: country.into() })
    }

    fn international(iban: &str) -> Spelling {
        Spelling::Account(Account::International { iban: iban.into(), bic: "DNBANOKK".into() })
    }

    #[test]
    fn eleven_digits_in_any_writing_and_their_iban_are_equal() {
        let digits = read(&text(DIGITS));
        assert_eq!(digits.fault, None);
        for spelling in [
            text("8601.11.17947"),
            text("8601 11 17947\n"),
            national("8601.11.17947", "no"),
            international(IBAN),
            international("no93 8601 1117 947"),
            text(IBAN),
        ] {
            assert_eq!(read(&spelling), digits);
        }
    }

    #[test]
    fn other_ibans_are_equal_to_themselves_only() {
        assert_eq!(read(&international(SWEDISH)), read(&text("se45 5000 0000 0583 9825 7466")));
        assert!(read(&international(SWEDISH)).canonical != read(&text(DIGITS)).canonical);
        assert!(read(&national("58398257466", "SE")).canonical != read(&text("58398257466")).canonical);
    }

    #[test]
    fn an_account_failing_its_check_is_a_fault_and_still_told_apart() {
        // The last IBAN has right check digits around a number that fails mod 11.
        for wrong in
            ["86011117946", "8601111794", "860111179470", "00000000000", "NO9386011117946", "kasse", ""]
        {
            assert!(read(&text(wrong)).fault.is_some(), "{wrong}");
        }
        let inner = norwegian_iban("86011117946");
        assert!(inner.parse::<Iban>().is_ok());
        assert!(read(&international(&inner)).fault.is_some());
        assert!(read(&text("86011117946")).canonical == read(&text("8601.11.17946")).canonical);
        assert!(read(&text("86011117946")).canonical != read(&text("86011117945")).canonical);
    }

    #[test]
    fn xledger_gets_the_eleven_digits_and_no_foreign_account() {
        assert!(to_xledger(&international(IBAN)).unwrap().spelling == text(DIGITS));
        assert!(to_xledger(&national("8601.11.17947", "NO")).unwrap().spelling == text(DIGITS));
        assert!(to_xledger(&international(SWEDISH)).is_err());
        assert!(to_xledger(&national("58398257466", "SE")).is_err());
    }

    #[test]
    fn huma_gets_a_national_account_unless_it_holds_its_iban_at_that_bank() {
        let national = national(SAME_BANK, "NO");
        assert!(to_huma(&text(SAME_BANK), None).unwrap().spelling == national);
        assert!(to_huma(&text(SAME_BANK), Some(&international(SWEDISH))).unwrap().spelling == national);
        let other = to_huma(&text(OTHER_BANK), Some(&international(IBAN))).unwrap().spelling;
        assert!(matches!(other, Spelling::Account(Account::National { .. })));

        let kept = to_huma(&text(SAME_BANK), Some(&international(IBAN))).unwrap().spelling;
        let Spelling::Account(Account::International { iban, bic }) = &kept else { panic!("not an IBAN") };
        assert_eq!(bic, "DNBANOKK");
        assert!(iban.parse::<Iban>().is_ok());
        assert_eq!(read(&kept), read(&text(SAME_BANK)));
    }

    #[test]
    fn an_iban_without_a_bic_cannot_go_to_huma() {
        assert!(to_huma(&text(SWEDISH), None).is_err());
    }

    #[test]
    fn check_digits_are_those_of_the_published_example() {
        assert_eq!(norwegian_iban(DIGITS), IBAN);
    }

    #[test]
    fn a_masked_account_is_refused_with_a_clear_word() {
        for masked in ["*******7947", "•••••••7947"] {
            assert!(typed(masked).unwrap_err().0.contains("masked"));
        }
        assert!(typed("8601 11 17947").unwrap() == national(DIGITS, "NO"));
        assert!(typed(IBAN).unwrap() == national(DIGITS, "NO"));
        assert!(typed(SWEDISH).is_err());
        assert!(typed("86011117946").is_err());
    }

    #[test]
    fn only_the_last_four_are_shown_unless_revealed() {
        assert_eq!(show(&text("8601.11.17947"), false), "*******7947");
        assert_eq!(show(&international(IBAN), false), "***********7947");
        assert_eq!(show(&text("12345"), false), "*****");
        assert_eq!(show(&text("8601.11.17947"), true), "8601.11.17947");
        assert_eq!(show(&international(IBAN), true), "NO9386011117947 (DNBANOKK)");
        assert_eq!(show(&national("58398257466", "se"), true), "SE 58398257466");
    }
}
