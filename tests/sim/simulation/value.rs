//! Values that say where they come from: every value a clerk types is unique, so that equality and provenance are trivial.
//!
//! A token is a number; each field has its own way to spell a number, on each side. What the program writes is read back
//! into its token here, by a few lines that share nothing with the program's lenses.

use hxsync::domain::{Account, Address, Field, Named, NamedObject, Reading, Side, Spelling};
use jiff::civil::Date;

/// Job titles Xledger offers; clerks use no others.
pub const TITLES: u32 = 150;

/// One field of one record: a value, or an emptiness somebody made. Two emptinesses are equal and tell apart who made them.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    pub token: u32,
    pub spelling: Option<Spelling>,
}

impl Cell {
    pub fn reading(&self) -> Reading {
        self.spelling.clone().map_or(Reading::Empty, Reading::Value)
    }

    pub fn is_empty(&self) -> bool {
        self.spelling.is_none()
    }

    pub fn value(&self) -> Option<u32> {
        self.spelling.is_some().then_some(self.token)
    }

    pub fn says_the_same(&self, other: &Cell) -> bool {
        self.value() == other.value()
    }
}

/// Fields in which clerks move values. Gender and civil status have too few values to be unique: they stay as they are.
pub fn is_simulated(field: Field) -> bool {
    !matches!(field, Field::Gender | Field::CivilStatus)
}

/// Whether a clerk may empty the field on that side.
pub fn may_be_empty(field: Field, side: Side) -> bool {
    match field {
        Field::GivenName | Field::FamilyName | Field::EmploymentId | Field::JobTitle => false,
        Field::Email => side == Side::Xledger,
        Field::FirstDayOfWork => false,
        Field::Phone
        | Field::BirthDate
        | Field::BankAccount
        | Field::Address
        | Field::Gender
        | Field::CivilStatus
        | Field::ProbationEndDate
        | Field::TerminationNoticeDate
        | Field::LastDayOfWork => true,
    }
}

/// The spelling of a token; `fancy` is another spelling of the same value, where the field has one.
pub fn spell(field: Field, side: Side, token: u32, fancy: bool) -> Spelling {
    match field {
        Field::GivenName => Spelling::text(format!("Navn{token}")),
        Field::FamilyName => Spelling::text(format!("Etternavn{token}")),
        Field::Email if fancy => Spelling::text(format!("P{token}@Sim.Example")),
        Field::Email => Spelling::text(format!("p{token}@sim.example")),
        Field::Phone if fancy => {
            let digits = format!("9{token:07}");
            Spelling::text(format!("+47 {} {} {}", &digits[..3], &digits[3..5], &digits[5..]))
        }
        Field::Phone => Spelling::text(format!("+479{token:07}")),
        Field::BankAccount => match side {
            Side::Huma => {
                Spelling::Account(Account::National { number: account(token), country: "NO".into() })
            }
            Side::Xledger => Spelling::text(account(token)),
        },
        Field::Address => Spelling::Address(Address {
            line1: Some(format!("Gate {token}")),
            postal_code: Some("0155".into()),
            city: Some("Oslo".into()),
            country: Some("NO".into()),
            ..Address::default()
        }),
        Field::EmploymentId => Spelling::text(format!("E{token}")),
        Field::JobTitle => {
            let object = title(side, token);
            Spelling::Named(Named { id: Some(object.id), code: None, name: object.name })
        }
        Field::BirthDate
        | Field::FirstDayOfWork
        | Field::ProbationEndDate
        | Field::TerminationNoticeDate
        | Field::LastDayOfWork => Spelling::text(day(field, token).to_string()),
        Field::Gender | Field::CivilStatus => unreachable!("{field} is not simulated"),
    }
}

/// The token of a value as the program or a record spells it. `None`: nobody ever made such a value.
pub fn token_of(field: Field, spelling: &Spelling) -> Option<u32> {
    let after = |text: &str, prefix: &str| text.strip_prefix(prefix)?.parse().ok();
    match (field, spelling) {
        (Field::GivenName, Spelling::Text(text)) => after(text, "Navn"),
        (Field::FamilyName, Spelling::Text(text)) => after(text, "Etternavn"),
        (Field::Email, Spelling::Text(text)) => after(text.to_lowercase().strip_suffix("@sim.example")?, "p"),
        (Field::Phone, Spelling::Text(text)) => after(&text.replace(' ', ""), "+479"),
        (
            Field::BankAccount,
            Spelling::Account(Account::National { number, .. }) | Spelling::Text(number),
        ) => {
            let base: u32 = number.get(..10)?.parse().ok()?;
            Some((base - ACCOUNTS) / 10)
        }
        (Field::Address, Spelling::Address(address)) => after(address.line1.as_deref()?, "Gate "),
        (Field::EmploymentId, Spelling::Text(text)) => after(text, "E"),
        (Field::JobTitle, Spelling::Named(Named { name: text, .. }) | Spelling::Text(text)) => {
            after(text, "Stilling ")
        }
        (_, Spelling::Text(text)) if field.is_date() => {
            let date: Date = text.parse().ok()?;
            let days = date.since(first_day(field)).ok()?.get_days();
            u32::try_from(days).ok()
        }
        (_, Spelling::Text(_) | Spelling::Account(_) | Spelling::Address(_) | Spelling::Named(_)) => None,
    }
}

/// The value as an admin types it after `value`.
pub fn typed(field: Field, token: u32) -> String {
    match spell(field, Side::Xledger, token, false) {
        Spelling::Text(text) => text,
        Spelling::Named(named) => named.name,
        Spelling::Address(_) => format!("Gate {token} | 0155 | Oslo | NO"),
        Spelling::Account(_) => unreachable!("Xledger spells accounts as text"),
    }
}

pub fn title(side: Side, token: u32) -> NamedObject {
    let id = match side {
        Side::Huma => format!("t{token}"),
        Side::Xledger => format!("{}", 7000 + token),
    };
    NamedObject { id, code: None, name: format!("Stilling {token}") }
}

const ACCOUNTS: u32 = 1_000_000_000;

/// Eleven digits with a right check digit; ten candidates in a row always hold one.
fn account(token: u32) -> String {
    let number = |base: u32| {
        let weights = [5, 4, 3, 2, 7, 6, 5, 4, 3, 2];
        let digits = base.to_string();
        let sum: u32 =
            digits.bytes().zip(weights).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
        let check = (11 - sum % 11) % 11;
        (check < 10).then(|| format!("{digits}{check}"))
    };
    (0..10).find_map(|nth| number(ACCOUNTS + token * 10 + nth)).expect("one of ten has a check digit")
}

fn first_day(field: Field) -> Date {
    let year = match field {
        Field::BirthDate => 1950,
        Field::FirstDayOfWork => 2010,
        Field::ProbationEndDate => 2030,
        Field::TerminationNoticeDate => 2040,
        _ => 2050,
    };
    jiff::civil::date(year, 1, 1)
}

fn day(field: Field, token: u32) -> Date {
    first_day(field).checked_add(jiff::Span::new().days(i64::from(token))).expect("a day")
}
