//! Makes any number of people by seed.
//!
//! | People                   | Share    |                                                               |
//! |--------------------------|----------|---------------------------------------------------------------|
//! | equal in every field     | 93 %     | each side in its own spelling                                 |
//! | one value on one side    | 3 %      | both directions, every field but names and the employment ID  |
//! | one difference           | 2 %      | names to probation end, but birth date and employment ID      |
//! | only in Huma, in Xledger | 1 % each | complete                                                      |
//!
//! **Invariant:** ids, codes, e-mails and accounts are unique by construction, and so are both names with the date of
//! birth up to nine million people. A longer list begins with the people of a shorter one of the same seed.

use fastrand::Rng;

use super::flaws::{differ, empty_in_huma, empty_in_xledger};
use super::spelling::{account, ascii, date, iban, phone, uuid, with_dots};
use super::words::{
    CIVIL_STATUSES, FAMILY_NAMES, GIVEN_NAMES, MOBILE_PREFIXES, PLACES, STREETS, Sex, TITLES,
};
use super::{
    HumaAddress, HumaBankAccount, HumaPerson, HumaPosition, PeopleTruth, Person, Truth, XledgerAddress,
    XledgerPerson,
};

const BIRTH_YEARS: u64 = 28;

/// How many people differ in a name or the date of birth.
const PERSONS: u64 = GIVEN_NAMES.len() as u64 * FAMILY_NAMES.len() as u64 * BIRTH_YEARS * 12 * 28;

/// Makes `count` people, the same ones for the same seed.
pub fn generate(count: usize, seed: u64) -> Vec<Person> {
    let mut rng = Rng::with_seed(seed);
    let first = rng.u64(..PERSONS);
    let mut in_xledger = Known::default();
    (0..count as u64)
        .map(|number| {
            // One stream per person: what is drawn for one never moves the next.
            let mut own = rng.fork();
            person(number, first, &mut own, &mut in_xledger)
        })
        .collect()
}

/// Job titles and civil statuses that an earlier person has in Xledger, by their place in `words`. Only these can
/// be written there, because object values cannot be created.
#[derive(Default)]
pub(super) struct Known {
    pub(super) titles: [bool; TITLES.len()],
    pub(super) civil_statuses: [bool; CIVIL_STATUSES.len()],
}

/// What the two halves of a person are spelled from.
pub(super) struct Facts {
    pub(super) number: u64,
    pub(super) given_name: &'static str,
    pub(super) sex: &'static Sex,
    pub(super) family_name: &'static str,
    pub(super) email: String,
    /// Eight digits.
    pub(super) phone: String,
    pub(super) birth_date: String,
    /// Eleven digits.
    pub(super) account: String,
    pub(super) street: String,
    pub(super) place: (&'static str, &'static str),
    pub(super) civil_status: usize,
    pub(super) title: usize,
    pub(super) first_day: String,
    pub(super) probation_end: String,
    /// Notice and last day, of those who leave.
    pub(super) leaves: Option<(String, String)>,
}

fn person(number: u64, first: u64, rng: &mut Rng, in_xledger: &mut Known) -> Person {
    let facts = Facts::draw(number, first, rng);
    let mut huma = huma_half(&facts, rng);
    let mut xledger = xledger_half(&facts, rng);
    let mut truth = Truth::of(PeopleTruth::Matched);
    let mut note = "generated: equal in all fields";
    match rng.u32(0..100) {
        0 => {
            let truth = Truth::of(PeopleTruth::OnlyHuma);
            return Person { note: "generated: only in Huma".into(), huma: Some(huma), xledger: None, truth };
        }
        1 => {
            in_xledger.note(&facts, &xledger);
            let truth = Truth::of(PeopleTruth::OnlyXledger);
            return Person {
                note: "generated: only in Xledger".into(),
                huma: None,
                xledger: Some(xledger),
                truth,
            };
        }
        2 | 3 => {
            note = "generated: one difference";
            truth.difference.push(differ(&facts, &mut xledger, rng).into());
        }
        4 => {
            note = "generated: a value only Xledger has";
            truth.missing_in_huma.push(empty_in_huma(&facts, &mut huma, rng).into());
        }
        5 | 6 => {
            note = "generated: a value only Huma has";
            truth.missing_in_xledger.push(empty_in_xledger(&facts, &mut xledger, in_xledger, rng).into());
        }
        _ => {}
    }
    in_xledger.note(&facts, &xledger);
    Person { note: note.into(), huma: Some(huma), xledger: Some(xledger), truth }
}

impl Known {
    fn note(&mut self, facts: &Facts, xledger: &XledgerPerson) {
        if xledger.position_value.as_deref() == Some(TITLES[facts.title]) {
            self.titles[facts.title] = true;
        }
        if xledger.marital_status.as_deref() == Some(CIVIL_STATUSES[facts.civil_status].1) {
            self.civil_statuses[facts.civil_status] = true;
        }
    }
}

impl Facts {
    fn draw(number: u64, first: u64, rng: &mut Rng) -> Self {
        // A prime step through all combinations: no two people share both names and their date of birth.
        let mut rest = (first + number.wrapping_mul(2_654_435_761)) % PERSONS;
        let mut next = |choices: u64| {
            let chosen = rest % choices;
            rest /= choices;
            chosen as u32
        };
        let (given_name, sex) = &GIVEN_NAMES[next(GIVEN_NAMES.len() as u64) as usize];
        let family_name = FAMILY_NAMES[next(FAMILY_NAMES.len() as u64) as usize];
        let birth_date = date(1958 + next(BIRTH_YEARS), 1 + next(12), 1 + next(28));
        let year = rng.u32(2005..=2025);
        let (first_month, first_day_of_month) = (rng.u32(1..=6), *pick(&[1, 15], rng));
        let leaves = (rng.u32(0..50) == 0).then(|| {
            let (year, month) = (rng.u32(2090..2099), rng.u32(1..=9));
            (date(year, month, 1), date(year, month + 3, 28))
        });
        Facts {
            number,
            given_name,
            sex,
            family_name,
            email: format!("{}.{}.{number}@nordlys.example", ascii(given_name), ascii(family_name)),
            phone: format!("{}{:05}", pick(&MOBILE_PREFIXES, rng), rng.u32(0..100_000)),
            birth_date,
            account: account(number),
            street: format!("{} {}", pick(&STREETS, rng), rng.u32(1..180)),
            place: *pick(&PLACES, rng),
            // The three words of both sides are far more common than those only Xledger has.
            civil_status: if rng.u32(0..10) == 0 { rng.usize(3..6) } else { rng.usize(0..3) },
            title: rng.usize(..TITLES.len()),
            first_day: date(year, first_month, first_day_of_month),
            probation_end: date(year, first_month + 6, first_day_of_month),
            leaves,
        }
    }

    fn code(&self) -> String {
        format!("{}", 100_001 + self.number)
    }
}

fn huma_half(facts: &Facts, rng: &mut Rng) -> HumaPerson {
    let country = String::from("NO");
    let bank_account = match rng.u32(0..20) {
        0 => HumaBankAccount::International { iban: iban(&facts.account), bic: "DNBANOKK".into() },
        1..=9 => HumaBankAccount::National { number: facts.account.clone(), country: country.clone() },
        _ => HumaBankAccount::National { number: with_dots(&facts.account), country: country.clone() },
    };
    let position = HumaPosition {
        id: uuid(rng, facts.number),
        title: TITLES[facts.title].into(),
        percentage: *pick(&[100.0, 100.0, 100.0, 80.0, 50.0], rng),
        contract_type: "Permanent".into(),
        contract_start_date: Some(facts.first_day.clone()),
        contract_end_date: None,
        first_day_of_work: Some(facts.first_day.clone()),
        probation_end_date: Some(facts.probation_end.clone()),
        termination_notice_date: facts.leaves.as_ref().map(|(notice, _)| notice.clone()),
        last_day_of_work: facts.leaves.as_ref().map(|(_, last)| last.clone()),
    };
    HumaPerson {
        id: uuid(rng, facts.number),
        given_name: facts.given_name.into(),
        family_name: facts.family_name.into(),
        email: facts.email.clone(),
        phone: Some(phone(&facts.phone, rng.u32(0..4))),
        birth_date: Some(facts.birth_date.clone()),
        bank_account: Some(bank_account),
        home_address: Some(HumaAddress {
            line1: facts.street.clone(),
            line2: has_second_line(facts).then(|| SECOND_LINE.into()),
            line3: None,
            postal_code: facts.place.0.into(),
            city: facts.place.1.into(),
            country,
        }),
        gender: Some(match facts.sex {
            Sex::Female => "Female".into(),
            Sex::Male => "Male".into(),
        }),
        civil_status: Some(CIVIL_STATUSES[facts.civil_status].0.into()),
        employment_id: Some(facts.code()),
        positions: vec![position],
        ..HumaPerson::default()
    }
}

fn xledger_half(facts: &Facts, rng: &mut Rng) -> XledgerPerson {
    let decomposed = rng.u32(0..50) == 0;
    let name = |text: &str| if decomposed { text.replace('å', "a\u{30a}") } else { text.into() };
    let city = if rng.u32(0..4) == 0 { facts.place.1.to_uppercase() } else { facts.place.1.into() };
    let street = match has_second_line(facts) {
        true => format!("{}, {SECOND_LINE}", facts.street),
        false => facts.street.clone(),
    };
    XledgerPerson {
        db_id: 30_000_000 + 7 * facts.number as i64,
        code: facts.code(),
        first_name: name(facts.given_name),
        last_name: name(facts.family_name),
        email: Some(facts.email.clone()),
        phone: Some(phone(&facts.phone, rng.u32(0..4))),
        birthday: Some(facts.birth_date.clone()),
        bank_account: Some(facts.account.clone()),
        home_address: Some(XledgerAddress {
            street_address: street,
            zip_code: facts.place.0.into(),
            place: city,
            country: "NO".into(),
        }),
        gender: Some(match facts.sex {
            Sex::Female => "F".into(),
            Sex::Male => "M".into(),
        }),
        marital_status: Some(CIVIL_STATUSES[facts.civil_status].1.into()),
        position_value: Some(TITLES[facts.title].into()),
        employment_from: Some(facts.first_day.clone()),
        trial_to: Some(facts.probation_end.clone()),
        notice_date: facts.leaves.as_ref().map(|(notice, _)| notice.clone()),
        employment_to: facts.leaves.as_ref().map(|(_, last)| last.clone()),
        ..XledgerPerson::default()
    }
}

/// One in twenty has it; Xledger then holds both lines as one street.
const SECOND_LINE: &str = "Leilighet 12";

fn has_second_line(facts: &Facts) -> bool {
    facts.number % 20 == 7
}

fn pick<'a, T>(from: &'a [T], rng: &mut Rng) -> &'a T {
    &from[rng.usize(..from.len())]
}
