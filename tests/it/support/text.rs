//! Values of every field as one line of text, in each side's own spelling, and back.
//!
//! | field            | Huma                                              | Xledger                            |
//! |------------------|---------------------------------------------------|------------------------------------|
//! | bank account     | `86011117947`, or IBAN and BIC                    | `86011117947`                      |
//! | address          | `line 1 / line 2 / line 3 \| 0155 \| Oslo \| NO`  | `street \| 0155 \| Oslo \| NO`     |
//! | civil status, gender, title | the word or name                       | the name, found in [`catalog`]     |
//! | all others       | as it is                                          | as it is                           |
//!
//! `(empty)` and `(hidden)` are readings, `-` is a missing part of an address.

use hxsync::domain::lens::LensOptions;
use hxsync::domain::{Account, Address, Catalog, Field, Lenses, Named, NamedObject, Reading, Side, Spelling};

pub const EMPTY: &str = "(empty)";
pub const HIDDEN: &str = "(hidden)";

/// The objects both invented systems offer.
pub fn catalog() -> Catalog {
    let object = |id: &str, code: Option<&str>, name: &str| NamedObject {
        id: id.into(),
        code: code.map(Into::into),
        name: name.into(),
    };
    Catalog {
        huma_titles: vec![object("t1", None, "Konsulent"), object("t2", None, "Rådgiver")],
        xledger_titles: vec![object("100", None, "Konsulent"), object("101", None, "Regnskapsfører")],
        xledger_marital_statuses: vec![
            object("1", None, "Gift"),
            object("2", None, "Samboer"),
            object("3", None, "Ugift"),
            object("4", None, "Skilt"),
            object("5", None, "Enke/enkemann"),
        ],
        xledger_genders: vec![object("7", Some("M"), "Mann"), object("8", Some("F"), "Kvinne")],
        xledger_countries: vec![object("47", Some("NO"), "Norway"), object("46", Some("SE"), "Sweden")],
    }
}

pub fn lenses() -> Lenses {
    Lenses::new(LensOptions::default(), catalog())
}

pub fn reading(field: Field, side: Side, text: &str) -> Reading {
    match text {
        HIDDEN => Reading::Hidden,
        EMPTY => Reading::Empty,
        value => Reading::Value(spelling(field, side, value)),
    }
}

pub fn spelling(field: Field, side: Side, text: &str) -> Spelling {
    match (field, side) {
        (Field::BankAccount, Side::Huma) => Spelling::Account(account(text)),
        (Field::Address, Side::Huma | Side::Xledger) => Spelling::Address(address(side, text)),
        (Field::JobTitle, side) => Spelling::Named(named(text, titles(side))),
        (Field::CivilStatus, Side::Xledger) => {
            Spelling::Named(named(text, catalog().xledger_marital_statuses))
        }
        (Field::Gender, Side::Xledger) => Spelling::Named(named(text, catalog().xledger_genders)),
        (_, Side::Huma | Side::Xledger) => Spelling::text(text),
    }
}

fn titles(side: Side) -> Vec<NamedObject> {
    match side {
        Side::Huma => catalog().huma_titles,
        Side::Xledger => catalog().xledger_titles,
    }
}

fn named(name: &str, objects: Vec<NamedObject>) -> Named {
    match objects.into_iter().find(|object| object.name == name) {
        Some(object) => Named { id: Some(object.id), code: object.code, name: object.name },
        None => Named { id: None, code: None, name: name.into() },
    }
}

fn account(text: &str) -> Account {
    match text.split_once(' ') {
        Some((iban, bic)) => Account::International { iban: iban.into(), bic: bic.into() },
        None => Account::National { number: text.into(), country: "NO".into() },
    }
}

fn address(side: Side, text: &str) -> Address {
    let part = |part: &str| Some(part.trim().to_owned()).filter(|part| part != "-");
    let parts: Vec<&str> = text.split('|').collect();
    let [street, postal_code, city, country] = parts[..] else {
        panic!("an address has four parts: {text}");
    };
    let mut lines = match side {
        Side::Huma => street.split(" / ").map(part).collect::<Vec<_>>(),
        Side::Xledger => vec![part(street)],
    };
    lines.resize(3, None);
    let [line1, line2, line3] = [lines[0].take(), lines[1].take(), lines[2].take()];
    Address { line1, line2, line3, postal_code: part(postal_code), city: part(city), country: part(country) }
}

/// The text [`spelling`] makes the value from.
pub fn shown(spelling: &Spelling) -> String {
    match spelling {
        Spelling::Text(text) => text.clone(),
        Spelling::Account(Account::National { number, .. }) => number.clone(),
        Spelling::Account(Account::International { iban, bic }) => format!("{iban} {bic}"),
        Spelling::Address(address) => {
            let lines = [&address.line1, &address.line2, &address.line3];
            let street: Vec<&str> = lines.into_iter().flatten().map(String::as_str).collect();
            let street = if street.is_empty() { "-".into() } else { street.join(" / ") };
            let part = |part: &Option<String>| part.clone().unwrap_or_else(|| "-".into());
            format!(
                "{street} | {} | {} | {}",
                part(&address.postal_code),
                part(&address.city),
                part(&address.country)
            )
        }
        Spelling::Named(named) => named.name.clone(),
    }
}
