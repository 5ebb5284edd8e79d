//! Given and family name: equal in NFC with white space folded. Case, hyphens and accents count.

use super::{CannotHold, Carried, Fault, Read, text};
use crate::domain::{Side, Spelling};

pub(super) fn read(spelling: &Spelling) -> Read {
    match text::of(spelling).map(text::fold_space) {
        Ok(name) if name.is_empty() => Read::faulty(name, "the name is empty"),
        Ok(name) => Read::sound(name),
        Err(fault) => Read::misshapen(fault),
    }
}

pub(super) fn carry(to: Side, spelling: &Spelling) -> Result<Carried, CannotHold> {
    text::writable(to, text::of(spelling)?).map(|name| Carried::plain(Spelling::Text(name)))
}

pub(super) fn typed(text: &str) -> Result<Spelling, Fault> {
    text::typed(text).map(Spelling::text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(name: &str) -> crate::domain::Canonical {
        read(&Spelling::text(name)).canonical
    }

    #[test]
    fn names_are_equal_in_nfc_with_white_space_folded() {
        assert!(canonical("Åse  Marie ") == canonical("A\u{30a}se\u{a0}Marie"));
    }

    #[test]
    fn case_hyphens_and_accents_count() {
        assert!(canonical("kari") != canonical("Kari"));
        assert!(canonical("Anne-Lise") != canonical("Anne Lise"));
        assert!(canonical("André") != canonical("Andre"));
    }

    #[test]
    fn a_name_is_carried_as_it_is_spelled() {
        let carried = carry(Side::Xledger, &Spelling::text(" A\u{30a}se  Marie ")).unwrap();
        assert!(carried.spelling == Spelling::text("A\u{30a}se  Marie"));
    }

    #[test]
    fn neither_side_can_hold_an_empty_name() {
        for side in Side::BOTH {
            assert!(carry(side, &Spelling::text(" \u{a0}")).is_err());
        }
        assert!(typed("  ").is_err());
    }
}
