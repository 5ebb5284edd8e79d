//! One value as Huma writes it in JSON, both ways.

use super::wire::{At, Decoded, Odd};
use crate::domain::{Account, Address, Field, Named, Reading, Spelling};
use serde_json::{Value, json};

/// The words Huma expects in `bankAccount.type`. They are not documented: settings give a first guess, and every account
/// that is read teaches its own (`huma.md` 6.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankWords {
    pub national: String,
    pub international: String,
}

impl BankWords {
    /// Takes over the word beside an account of a known shape.
    pub fn learn(&mut self, account: &LearnedWord) {
        match account {
            LearnedWord::National(word) => self.national.clone_from(word),
            LearnedWord::International(word) => self.international.clone_from(word),
        }
    }
}

/// The `type` that stood beside an account, by the account's shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LearnedWord {
    National(String),
    International(String),
}

/// Decodes the `value` of a wrapper that has one.
pub fn read(field: Field, value: &Value, path: String) -> Decoded<Reading> {
    match field {
        Field::BankAccount => account(value, path).map(|(reading, _)| reading),
        Field::Address => address(value, path),
        Field::JobTitle => Ok(Reading::Value(Spelling::Named(title(value, path)?))),
        Field::GivenName
        | Field::FamilyName
        | Field::Email
        | Field::Phone
        | Field::BirthDate
        | Field::Gender
        | Field::CivilStatus
        | Field::EmploymentId
        | Field::FirstDayOfWork
        | Field::ProbationEndDate
        | Field::TerminationNoticeDate
        | Field::LastDayOfWork => value.as_str().map(|text| Reading::of_text(Some(text))).ok_or(Odd(path)),
    }
}

/// An account by its shape, never by its `type`, with the word that stood there.
pub fn account(value: &Value, path: String) -> Decoded<(Reading, Option<LearnedWord>)> {
    let at = At::new(value, path)?;
    let word = at.text("type")?.map(str::to_owned);
    let own = |text: Option<&str>| text.unwrap_or_default().to_owned();
    if at.get("number").is_some() {
        let number = at.required_text("number")?;
        let account = Account::National { number: number.to_owned(), country: own(at.text("country")?) };
        return Ok((filled(number, account), word.map(LearnedWord::National)));
    }
    if at.get("iban").is_some() {
        let iban = at.required_text("iban")?;
        let account = Account::International { iban: iban.to_owned(), bic: own(at.text("bic")?) };
        return Ok((filled(iban, account), word.map(LearnedWord::International)));
    }
    Err(Odd(at.path))
}

fn filled(number: &str, account: Account) -> Reading {
    if number.trim().is_empty() { Reading::Empty } else { Reading::Value(Spelling::Account(account)) }
}

/// Parts that are absent, `null` or blank are the same; an address of nothing else is empty.
fn address(value: &Value, path: String) -> Decoded<Reading> {
    let at = At::new(value, path)?;
    let part = |name| -> Decoded<Option<String>> {
        Ok(at.text(name)?.filter(|text| !text.trim().is_empty()).map(str::to_owned))
    };
    let country = part("country")?.map(|country| {
        let code = country.trim();
        let is_code = code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_alphabetic());
        if is_code { code.to_ascii_uppercase() } else { country }
    });
    let address = Address {
        line1: part("line1")?,
        line2: part("line2")?,
        line3: part("line3")?,
        postal_code: part("postalCode")?,
        city: part("city")?,
        country,
    };
    if address == Address::default() {
        return Ok(Reading::Empty);
    }
    Ok(Reading::Value(Spelling::Address(address)))
}

/// A job title, `{id, name}`.
pub fn title(value: &Value, path: String) -> Decoded<Named> {
    let at = At::new(value, path)?;
    let id = at.text("id")?.map(str::to_owned);
    Ok(Named { id, code: None, name: at.required_text("name")?.to_owned() })
}

/// The value as a request holds it; `None` where Huma has no way to hold such a value in this field.
pub fn written(field: Field, spelling: &Spelling, words: &BankWords) -> Option<Value> {
    match (field, spelling) {
        (Field::BankAccount, Spelling::Account(account)) => Some(written_account(account, words)),
        (Field::Address, Spelling::Address(address)) => written_address(address),
        (Field::JobTitle, Spelling::Named(named)) => named.id.as_ref().map(|id| json!(id)),
        (Field::BankAccount | Field::Address | Field::JobTitle, _) => None,
        (_, Spelling::Text(text)) => Some(json!(text)),
        (_, Spelling::Account(_) | Spelling::Address(_) | Spelling::Named(_)) => None,
    }
}

fn written_account(account: &Account, words: &BankWords) -> Value {
    match account {
        Account::National { number, country } => {
            json!({"type": words.national, "number": number, "country": country})
        }
        Account::International { iban, bic } => {
            json!({"type": words.international, "iban": iban, "bic": bic})
        }
    }
}

/// All six parts are required on write; only lines 2 and 3 may be blank (`huma.md` 6.2).
fn written_address(address: &Address) -> Option<Value> {
    let optional = |part: &Option<String>| part.clone().unwrap_or_default();
    Some(json!({
        "line1": address.line1.as_ref()?,
        "line2": optional(&address.line2),
        "line3": optional(&address.line3),
        "postalCode": address.postal_code.as_ref()?,
        "city": address.city.as_ref()?,
        "country": address.country.as_ref()?,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words() -> BankWords {
        BankWords { national: "national".into(), international: "international".into() }
    }

    fn read_ok(field: Field, value: Value) -> Reading {
        read(field, &value, "x".into()).unwrap()
    }

    #[test]
    fn an_account_is_told_by_its_shape_and_teaches_its_word() {
        let national = json!({"type": "NORSK", "code": "1", "number": "8601.11.17947", "country": "NO"});
        let (reading, word) = account(&national, "x".into()).unwrap();
        let expected = Account::National { number: "8601.11.17947".into(), country: "NO".into() };
        assert!(reading.value() == Some(&Spelling::Account(expected)));
        let mut words = words();
        words.learn(&word.unwrap());
        let foreign = json!({"type": "iban", "code": "1", "iban": "NO9386011117947", "bic": "DNBANOKK"});
        let (reading, word) = account(&foreign, "x".into()).unwrap();
        let expected = Account::International { iban: "NO9386011117947".into(), bic: "DNBANOKK".into() };
        assert!(reading.value() == Some(&Spelling::Account(expected)));
        words.learn(&word.unwrap());
        assert_eq!(words, BankWords { national: "NORSK".into(), international: "iban".into() });
    }

    #[test]
    fn an_account_of_neither_shape_says_where_it_is() {
        let odd = read(Field::BankAccount, &json!({"type": "x"}), "user.bankAccount.value".into());
        assert_eq!(odd, Err(Odd("user.bankAccount.value".into())));
    }

    #[test]
    fn blank_null_and_absent_address_lines_read_alike() {
        let base = json!({"line1": "Storgata 1", "postalCode": "0155", "city": "Oslo", "country": "no"});
        let plain = read_ok(Field::Address, base.clone());
        for blank in [json!(""), json!(null), json!("  ")] {
            let mut other = base.clone();
            other["line2"] = blank.clone();
            other["line3"] = blank;
            assert!(read_ok(Field::Address, other) == plain);
        }
        let Some(Spelling::Address(address)) = plain.value() else { panic!("not an address") };
        assert_eq!(address.country.as_deref(), Some("NO"));
        assert_eq!(address.line2, None);
    }

    #[test]
    fn an_address_of_blanks_is_empty() {
        let blank = json!({"line1": "", "postalCode": "", "city": null, "country": ""});
        assert!(read_ok(Field::Address, blank).is_empty());
    }

    #[test]
    fn an_address_is_written_with_all_six_parts() {
        let address = Address {
            line1: Some("Storgata 2".into()),
            postal_code: Some("0155".into()),
            city: Some("Oslo".into()),
            country: Some("NO".into()),
            ..Address::default()
        };
        let value = written(Field::Address, &Spelling::Address(address.clone()), &words()).unwrap();
        let expected = json!({"line1": "Storgata 2", "line2": "", "line3": "", "postalCode": "0155", "city": "Oslo",
            "country": "NO"});
        assert_eq!(value, expected);
        let without_city = Address { city: None, ..address };
        assert_eq!(written(Field::Address, &Spelling::Address(without_city), &words()), None);
    }

    #[test]
    fn an_account_is_written_with_the_learned_word_and_without_a_code() {
        let mut words = words();
        words.learn(&LearnedWord::National("NORSK".into()));
        let account = Account::National { number: "86011117947".into(), country: "NO".into() };
        let value = written(Field::BankAccount, &Spelling::Account(account), &words).unwrap();
        assert_eq!(value, json!({"type": "NORSK", "number": "86011117947", "country": "NO"}));
    }

    #[test]
    fn a_value_of_another_kind_than_the_field_is_not_written() {
        assert_eq!(written(Field::BankAccount, &Spelling::text("86011117947"), &words()), None);
        let nameless = Spelling::Named(Named { id: None, code: None, name: "Utvikler".into() });
        assert_eq!(written(Field::JobTitle, &nameless, &words()), None);
        assert_eq!(written(Field::Phone, &nameless, &words()), None);
    }

    #[test]
    fn numbers_where_text_was_promised_are_not_guessed_at() {
        assert_eq!(read(Field::EmploymentId, &json!(42), "p".into()), Err(Odd("p".into())));
    }
}
