//! Email: trimmed, case ignored. One plain address; quoted, bracketed and dotless ones are refused.

use super::{CannotHold, Carried, Fault, Read, text};
use crate::domain::{Side, Spelling};
use email_address::{EmailAddress, Options};

const FORM: &str = "not one plain e-mail address (name@example.no)";

pub(super) fn read(spelling: &Spelling) -> Read {
    match text::of(spelling) {
        Ok(address) if is_plain(address.trim()) => Read::sound(text::fold(address)),
        Ok(address) => Read::faulty(text::fold(address), FORM),
        Err(fault) => Read::misshapen(fault),
    }
}

pub(super) fn carry(to: Side, spelling: &Spelling) -> Result<Carried, CannotHold> {
    text::writable(to, text::of(spelling)?).map(|address| Carried::plain(Spelling::Text(address)))
}

pub(super) fn typed(text: &str) -> Result<Spelling, Fault> {
    let address = text::typed(text)?;
    if is_plain(address) { Ok(Spelling::text(address)) } else { Err(Fault(FORM.into())) }
}

/// The crate accepts quoted local parts and `name@localhost`; no side can mail those.
fn is_plain(address: &str) -> bool {
    let options = Options::default().with_required_tld().without_display_text().without_domain_literal();
    !address.contains(['"', '(', ')', '<', '>'])
        && !address.contains(|c: char| c.is_whitespace() || c.is_control())
        && EmailAddress::parse_with_options(address, options)
            .is_ok_and(|parsed| parsed.domain().trim_matches('.').contains('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_equal_trimmed_and_in_any_case() {
        let one = read(&Spelling::text(" Kari.Nordmann@Example.no"));
        let other = read(&Spelling::text("kari.nordmann@example.NO\n"));
        assert_eq!(one.fault, None);
        assert!(one.canonical == other.canonical);
    }

    #[test]
    fn an_address_is_carried_in_its_own_case() {
        let carried = carry(Side::Huma, &Spelling::text(" Kari@Example.no ")).unwrap();
        assert!(carried.spelling == Spelling::text("Kari@Example.no"));
    }

    #[test]
    fn anything_but_one_plain_address_is_a_fault() {
        for wrong in [
            "kari",
            "kari@localhost",
            "\"kari nordmann\"@example.no",
            "Kari <kari@example.no>",
            "kari@example.no; ola@example.no",
            "kari@example.no ola@example.no",
            "kari@[127.0.0.1]",
            "kari@@example.no",
            "kari@example..no",
            "@example.no",
        ] {
            assert!(read(&Spelling::text(wrong)).fault.is_some(), "{wrong}");
            assert!(typed(wrong).is_err(), "{wrong}");
        }
    }
}
