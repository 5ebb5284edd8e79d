//! Address: compared part by part, folded in white space and case, the country by ISO code. Decided and written whole.
//!
//! Xledger's street is Huma's lines joined by `, `.

use super::country::Countries;
use super::{CannotHold, Carried, Fault, Read, text};
use crate::domain::{Address, Side, Spelling};

const FORM: &str = "write it as `street | postal code | city | country`, the country as a code or a name";
const NONE: &str = "-";

pub(super) fn read(countries: &Countries, spelling: &Spelling) -> Read {
    let address = match of(spelling) {
        Ok(address) => address,
        Err(fault) => return Read::misshapen(fault),
    };
    let part = |part: &Option<String>| part.as_deref().map(text::fold).unwrap_or_default();
    let country = present(&address.country)
        .map(|country| countries.code(country).unwrap_or_else(|| text::fold(country)))
        .unwrap_or_default();
    let parts = [text::fold(&street(address)), part(&address.postal_code), part(&address.city), country];
    if parts.iter().all(String::is_empty) {
        return Read::faulty(String::new(), "the address has no part");
    }
    // Folded text has no line break: the joint cannot be forged.
    Read::sound(parts.join("\n"))
}

pub(super) fn to_xledger(countries: &Countries, value: &Spelling) -> Result<Carried, CannotHold> {
    let address = of(value)?;
    let part = |part: &str| text::writable(Side::Xledger, part);
    let street = street(address);
    let written = Address {
        line1: (!street.is_empty()).then(|| part(&street)).transpose()?,
        postal_code: present(&address.postal_code).map(part).transpose()?,
        city: present(&address.city).map(part).transpose()?,
        country: present(&address.country)
            .map(|country| {
                countries.code(country).ok_or_else(|| CannotHold("Xledger does not know the country".into()))
            })
            .transpose()?,
        ..Address::default()
    };
    if written == Address::default() {
        return Err(CannotHold("the address has no part".into()));
    }
    Ok(Carried::plain(Spelling::Address(written)))
}

pub(super) fn to_huma(
    countries: &Countries,
    value: &Spelling,
    held: Option<&Spelling>,
) -> Result<Carried, CannotHold> {
    let address = of(value)?;
    let street = street(address);
    let (postal_code, city) = (present(&address.postal_code), present(&address.city));
    let country = present(&address.country);
    let missing: Vec<&str> = [
        ("street", street.is_empty()),
        ("postal code", postal_code.is_none()),
        ("city", city.is_none()),
        ("country", country.is_none()),
    ]
    .into_iter()
    .filter_map(|(name, missing)| missing.then_some(name))
    .collect();
    let (Some(postal_code), Some(city), Some(country), true) =
        (postal_code, city, country, missing.is_empty())
    else {
        return Err(CannotHold(format!("Huma needs a whole address; missing: {}", missing.join(", "))));
    };
    let country = countries
        .code(country)
        .ok_or_else(|| CannotHold("Huma takes a country code, and the country is not a known one".into()))?;
    let part = |part: &str| text::writable(Side::Huma, part);
    let held = held.and_then(|held| of(held).ok());
    let (line1, kept, confirm) = match held.map(|held| keep_lines(&street, held)) {
        None | Some(Lines::NoneHeld) => (street, None, None),
        Some(Lines::Kept(line1)) => (line1, held, None),
        Some(Lines::Lost) => {
            let why = "Huma holds more address lines, and the new street would replace them";
            (street, None, Some(why.to_owned()))
        }
    };
    let spelling = Spelling::Address(Address {
        line1: Some(part(&line1)?),
        line2: kept.and_then(|held| held.line2.clone()),
        line3: kept.and_then(|held| held.line3.clone()),
        postal_code: Some(part(postal_code)?),
        city: Some(part(city)?),
        country: Some(country),
    });
    Ok(Carried { spelling, confirm, make: None })
}

pub(super) fn typed(countries: &Countries, text: &str) -> Result<Spelling, Fault> {
    let parts: Vec<&str> = text.split('|').map(str::trim).collect();
    let [street, postal_code, city, country] = parts[..] else { return Err(Fault(FORM.into())) };
    if parts.iter().any(|part| matches!(*part, "" | NONE)) {
        return Err(Fault(format!("a part is missing; {FORM}")));
    }
    let country = countries.code(country).ok_or_else(|| Fault(format!("not a known country; {FORM}")))?;
    Ok(Spelling::Address(Address {
        line1: Some(street.to_owned()),
        postal_code: Some(postal_code.to_owned()),
        city: Some(city.to_owned()),
        country: Some(country),
        ..Address::default()
    }))
}

/// `Storgata 1, Oppgang B | 0155 | Oslo | NO`, a missing part as `-`.
pub(super) fn show(countries: &Countries, address: &Address) -> String {
    let or_none = |text: &str| if text.is_empty() { NONE.to_owned() } else { text.to_owned() };
    let part = |part: &Option<String>| or_none(present(part).unwrap_or_default());
    let country = present(&address.country)
        .map_or(NONE.to_owned(), |country| countries.code(country).unwrap_or_else(|| country.to_owned()));
    [or_none(&street(address)), part(&address.postal_code), part(&address.city), country].join(" | ")
}

/// What becomes of Huma's lines 2 and 3 under a new street.
enum Lines {
    NoneHeld,
    /// The new street ends in them: what stands before is the new line 1.
    Kept(String),
    Lost,
}

fn keep_lines(street: &str, held: &Address) -> Lines {
    let rest = joined([&held.line2, &held.line3]);
    if rest.is_empty() {
        return Lines::NoneHeld;
    }
    let rest = text::fold(&rest);
    let line1 =
        street.match_indices(',').map(|(at, _)| (&street[..at], &street[at + 1..])).find(|(line1, tail)| {
            // The lines joined again must be the street: just a comma and white space between them.
            !line1.is_empty()
                && !line1.ends_with(char::is_whitespace)
                && tail.starts_with(char::is_whitespace)
                && text::fold(tail) == rest
        });
    match (line1, present(&held.line1)) {
        (None, _) => Lines::Lost,
        (Some((line1, _)), Some(old)) if text::fold(line1) == text::fold(old) => Lines::Kept(old.to_owned()),
        (Some((line1, _)), _) => Lines::Kept(line1.to_owned()),
    }
}

fn street(address: &Address) -> String {
    joined([&address.line1, &address.line2, &address.line3])
}

fn joined<const N: usize>(lines: [&Option<String>; N]) -> String {
    lines.into_iter().filter_map(present).collect::<Vec<_>>().join(", ")
}

fn present(part: &Option<String>) -> Option<&str> {
    part.as_deref().map(str::trim).filter(|part| !part.is_empty())
}

fn of(spelling: &Spelling) -> Result<&Address, Fault> {
    match spelling {
        Spelling::Address(address) => Ok(address),
        Spelling::Text(_) | Spelling::Account(_) | Spelling::Named(_) => {
            Err(Fault("a text stands where an address belongs".into()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Empty texts are missing parts.
    fn address(lines: [&str; 3], postal_code: &str, city: &str, country: &str) -> Address {
        let part = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Address {
            line1: part(lines[0]),
            line2: part(lines[1]),
            line3: part(lines[2]),
            postal_code: part(postal_code),
            city: part(city),
            country: part(country),
        }
    }

    fn spelled(lines: [&str; 3], country: &str) -> Spelling {
        Spelling::Address(address(lines, "0155", "Oslo", country))
    }

    fn canonical(spelling: &Spelling) -> crate::domain::Canonical {
        read(&Countries::default(), spelling).canonical
    }

    fn carried(street: &str, held: &Spelling) -> (Address, bool) {
        let carried = to_huma(&Countries::default(), &spelled([street, "", ""], "NO"), Some(held)).unwrap();
        let Spelling::Address(address) = carried.spelling else { panic!("not an address") };
        (address, carried.confirm.is_some())
    }

    #[test]
    fn xledgers_street_is_humas_lines_joined_and_the_country_goes_by_code() {
        let huma = spelled(["Storgata 1", "Oppgang B", ""], "no");
        assert!(canonical(&huma) == canonical(&spelled(["storgata 1,  OPPGANG b", "", ""], "Norge")));
        assert!(canonical(&huma) != canonical(&spelled(["Storgata 1", "", ""], "NO")));
        assert!(canonical(&huma) != canonical(&spelled(["Storgata 1", "Oppgang B", ""], "SE")));
    }

    #[test]
    fn every_part_counts() {
        let whole = Spelling::Address(address(["Storgata 1", "", ""], "0155", "Oslo", "NO"));
        for other in [
            address(["Storgata 1", "", ""], "0156", "Oslo", "NO"),
            address(["Storgata 1", "", ""], "0155", "Bergen", "NO"),
            address(["Storgata 1", "", ""], "0155", "Oslo", ""),
            address(["Storgata 1", "", ""], "", "0155 Oslo", "NO"),
        ] {
            assert!(canonical(&whole) != canonical(&Spelling::Address(other)));
        }
    }

    #[test]
    fn huma_needs_all_four_parts_and_the_missing_ones_are_named() {
        let half = Spelling::Address(address(["Storgata 1", "", ""], "", "Oslo", ""));
        let why = to_huma(&Countries::default(), &half, None).unwrap_err().0;
        assert_eq!(why, "Huma needs a whole address; missing: postal code, country");
        assert!(to_xledger(&Countries::default(), &half).is_ok());
    }

    #[test]
    fn a_country_that_is_none_goes_to_neither_side() {
        let nowhere = spelled(["Storgata 1", "", ""], "Atlantis");
        assert!(to_huma(&Countries::default(), &nowhere, None).is_err());
        assert!(to_xledger(&Countries::default(), &nowhere).is_err());
    }

    #[test]
    fn xledger_gets_one_street_and_a_code() {
        let carried =
            to_xledger(&Countries::default(), &spelled(["Storgata 1", "Oppgang B", "c/o Hansen"], "norway"));
        assert!(carried.unwrap().spelling == spelled(["Storgata 1, Oppgang B, c/o Hansen", "", ""], "NO"));
    }

    #[test]
    fn lines_2_and_3_stay_when_only_line_1_differs() {
        let held = spelled(["Storgata 1", "Oppgang B", "c/o Hansen"], "NO");
        let (address, confirm) = carried("Lillegata 2, Sør, oppgang b,  c/o Hansen", &held);
        assert!(!confirm);
        assert_eq!(address.line1.as_deref(), Some("Lillegata 2, Sør"));
        assert_eq!(address.line2.as_deref(), Some("Oppgang B"));
        assert_eq!(address.line3.as_deref(), Some("c/o Hansen"));
    }

    #[test]
    fn a_street_that_leaves_out_lines_2_and_3_asks_first() {
        let held = spelled(["Storgata 1", "Oppgang B", ""], "NO");
        for street in
            ["Lillegata 2", "Lillegata 2, Oppgang C", ", Oppgang B", "Oppgang B", "Lillegata 2 , Oppgang B"]
        {
            let (address, confirm) = carried(street, &held);
            assert!(confirm, "{street}");
            assert_eq!(address.line2, None);
        }
        let (_, confirm) = carried("Lillegata 2", &spelled(["Storgata 1", "", ""], "NO"));
        assert!(!confirm);
    }

    #[test]
    fn an_address_is_typed_in_the_form_it_is_shown_in() {
        let countries = Countries::default();
        let typed_address = typed(&countries, "Storgata 1, Oppgang B | 0155 | Oslo | norge").unwrap();
        assert!(typed_address == spelled(["Storgata 1, Oppgang B", "", ""], "NO"));
        for wrong in
            ["Storgata 1", "Storgata 1 | 0155 | Oslo", "a | b | c | Atlantis", "a | - | c | NO", "a||c|NO"]
        {
            assert!(
                typed(&countries, wrong).unwrap_err().0.contains("street | postal code | city | country")
            );
        }
        let Spelling::Address(shown) = spelled(["Storgata 1", "Oppgang B", ""], "no") else { unreachable!() };
        assert_eq!(show(&countries, &shown), "Storgata 1, Oppgang B | 0155 | Oslo | NO");
        assert_eq!(show(&countries, &address(["", "", ""], "0155", "", "")), "- | 0155 | - | -");
    }
}
