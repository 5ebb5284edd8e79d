//! How text is folded for comparing, and what text a side can be given at all.

use super::{CannotHold, Fault};
use crate::domain::{Side, Spelling};
use caseless::Caseless;
use unicode_normalization::UnicodeNormalization;

/// The longest text Huma takes, in characters. Source: `maxLength` of every text in Huma's API description.
const HUMA_MAX_CHARS: usize = 255;

/// NFC, ends trimmed, and every run of Unicode white space one blank. Case, hyphens and accents stay.
pub(super) fn fold_space(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.extend(word.nfc());
    }
    folded
}

/// [`fold_space`] and case folded, so that letters differing in case or in composition are one.
pub(super) fn fold(text: &str) -> String {
    let folded: String = text.nfd().default_case_fold().nfc().collect();
    fold_space(&folded)
}

/// Text trimmed for `to`, which must be able to take it. Anything but its length and a NUL goes through unchanged.
pub(super) fn writable(to: Side, text: &str) -> Result<String, CannotHold> {
    let text = text.trim();
    if text.is_empty() {
        return Err(CannotHold(format!("{to} cannot hold an empty text")));
    }
    if text.contains('\0') {
        return Err(CannotHold(format!("{to} cannot hold a text with a NUL character in it")));
    }
    match to {
        Side::Huma if text.chars().count() > HUMA_MAX_CHARS => {
            Err(CannotHold(format!("Huma takes at most {HUMA_MAX_CHARS} characters")))
        }
        Side::Huma | Side::Xledger => Ok(text.to_owned()),
    }
}

/// The one text of a spelling that has one. An account or an address where text belongs is a fault of whoever read it.
pub(super) fn of(spelling: &Spelling) -> Result<&str, Fault> {
    match spelling {
        Spelling::Text(text) => Ok(text),
        Spelling::Named(named) => Ok(&named.name),
        Spelling::Account(_) => Err(Fault("a bank account stands where text belongs".into())),
        Spelling::Address(_) => Err(Fault("an address stands where text belongs".into())),
    }
}

/// Trimmed text an admin typed, refused when nothing is left of it.
pub(super) fn typed(text: &str) -> Result<&str, Fault> {
    match text.trim() {
        "" => Err(Fault("nothing was typed; `clear` empties a field".into())),
        text => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_unicode_white_space_folds_to_one_blank_and_is_trimmed() {
        assert_eq!(fold_space("\u{2003}Kari\u{a0}\u{a0}\tAnne \n"), "Kari Anne");
    }

    #[test]
    fn composed_and_decomposed_letters_fold_alike_in_any_case() {
        assert_eq!(fold_space("A\u{30a}se"), "Åse");
        assert_eq!(fold("ÅSE STRASSE"), fold("a\u{30a}se straße"));
    }

    #[test]
    fn only_huma_limits_the_length_and_it_counts_characters() {
        let long = "å".repeat(256);
        assert_eq!(writable(Side::Huma, &long[2..]).unwrap().chars().count(), 255);
        assert!(writable(Side::Huma, &long).is_err());
        assert_eq!(writable(Side::Xledger, &long).unwrap(), long);
    }

    #[test]
    fn nul_is_refused_and_other_controls_pass_unchanged() {
        assert!(writable(Side::Xledger, "a\0b").is_err());
        assert_eq!(writable(Side::Huma, "a\u{7}\u{202e}b").unwrap(), "a\u{7}\u{202e}b");
    }
}
