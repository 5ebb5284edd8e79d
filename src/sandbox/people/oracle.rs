//! A second, plain reading of `RULES.md` sections 3 and 4, to judge the labels of the fixtures and the generator.
//!
//! It knows the default settings only and takes the shortest road; it is not the product and shares nothing with it.

use std::collections::HashMap;

use unicode_normalization::UnicodeNormalization;

use super::{HumaBankAccount, HumaPerson, HumaPosition, PeopleTruth, Person, XledgerAddress, XledgerPerson};

pub(super) const FIELDS: [&str; 15] = [
    "given_name",
    "family_name",
    "email",
    "phone",
    "birth_date",
    "bank_account",
    "address",
    "gender",
    "civil_status",
    "employment_id",
    "job_title",
    "first_day_of_work",
    "probation_end_date",
    "termination_notice_date",
    "last_day_of_work",
];

const TODAY: &str = "2026-11-23";

/// All people at once, because titles, contacts and pairing depend on the others.
pub(super) struct Oracle<'a> {
    people: &'a [Person],
    titles_in_xledger: Vec<String>,
    contacts: HashMap<i64, usize>,
    by_code: HashMap<&'a str, Vec<&'a XledgerPerson>>,
    by_db_id: HashMap<String, &'a XledgerPerson>,
    by_employment_id: HashMap<&'a str, Vec<&'a HumaPerson>>,
}

impl<'a> Oracle<'a> {
    pub(super) fn new(people: &'a [Person]) -> Self {
        let mut oracle = Oracle {
            people,
            titles_in_xledger: Vec::new(),
            contacts: HashMap::new(),
            by_code: HashMap::new(),
            by_db_id: HashMap::new(),
            by_employment_id: HashMap::new(),
        };
        for xledger in people.iter().filter_map(|person| person.xledger.as_ref()) {
            oracle.titles_in_xledger.extend(xledger.position_value.as_deref().map(folded));
            *oracle.contacts.entry(xledger.contact_db_id).or_default() += 1;
            oracle.by_code.entry(xledger.code.trim()).or_default().push(xledger);
            oracle.by_db_id.insert(xledger.db_id.to_string(), xledger);
        }
        oracle.titles_in_xledger.sort();
        oracle.titles_in_xledger.dedup();
        for huma in people.iter().filter_map(|person| person.huma.as_ref()) {
            if let Some(id) = readable_id(huma) {
                oracle.by_employment_id.entry(id).or_default().push(huma);
            }
        }
        oracle
    }

    /// What section 4 says of a person.
    pub(super) fn people_truth(&self, person: &Person) -> PeopleTruth {
        let contested = |xledger: &XledgerPerson| {
            self.by_code[xledger.code.trim()].len() > 1
                || self.by_employment_id.get(xledger.code.trim()).is_some_and(|users| users.len() > 1)
        };
        match (&person.huma, &person.xledger) {
            (Some(huma), _) if huma.kind == "service_user" => PeopleTruth::NotAPerson,
            (Some(huma), None) => match self.keyed(huma) {
                Some(_) => PeopleTruth::Ambiguous,
                None if ended_in_huma(huma) => PeopleTruth::Ended,
                None => PeopleTruth::OnlyHuma,
            },
            (None, Some(xledger)) if contested(xledger) => PeopleTruth::Ambiguous,
            (None, Some(xledger)) if ended_in_xledger(xledger) => PeopleTruth::Ended,
            (None, Some(_)) => PeopleTruth::OnlyXledger,
            (Some(huma), Some(xledger)) => {
                let keyed =
                    self.keyed(huma).expect("both halves stand in one entry only if a key pairs them");
                let by_integration =
                    huma.connected_integrations.values().any(|id| *id == xledger.db_id.to_string());
                assert!(
                    keyed.iter().any(|found| found.db_id == xledger.db_id),
                    "paired with another: {}",
                    person.note
                );
                if ended_in_huma(huma) && ended_in_xledger(xledger) {
                    PeopleTruth::Ended
                } else if contradict(huma, xledger) || (contested(xledger) && !by_integration) {
                    PeopleTruth::Ambiguous
                } else {
                    PeopleTruth::Matched
                }
            }
            (None, None) => panic!("nobody: {}", person.note),
        }
    }

    /// The Xledger records that a key of this user leads to, by the first key that leads anywhere.
    fn keyed(&self, huma: &HumaPerson) -> Option<Vec<&'a XledgerPerson>> {
        for id in huma.connected_integrations.values() {
            if let Some(xledger) = self.by_db_id.get(id) {
                return Some(vec![xledger]);
            }
            if let Some(found) = self.by_code.get(id.as_str()) {
                return Some(found.clone());
            }
        }
        self.by_code.get(readable_id(huma)?).cloned()
    }

    /// Ids of the unpaired people of the other side that must be proposed for somebody on one side only.
    pub(super) fn near(&self, person: &Person) -> Vec<String> {
        let mut near = Vec::new();
        for other in self.people {
            match (person.truth.people, other.truth.people) {
                (PeopleTruth::OnlyHuma, PeopleTruth::OnlyXledger) => {
                    let (huma, xledger) = (person.huma.as_ref().unwrap(), other.xledger.as_ref().unwrap());
                    near.extend(alike(huma, xledger).then(|| xledger.db_id.to_string()));
                }
                (PeopleTruth::OnlyXledger, PeopleTruth::OnlyHuma) => {
                    let (huma, xledger) = (other.huma.as_ref().unwrap(), person.xledger.as_ref().unwrap());
                    near.extend(alike(huma, xledger).then(|| huma.id.clone()));
                }
                _ => {}
            }
        }
        near
    }

    /// The list of [`super::Truth`] a field of a matched person belongs in, if any.
    pub(super) fn field(
        &self,
        name: &str,
        huma: &HumaPerson,
        xledger: &XledgerPerson,
    ) -> Option<&'static str> {
        let (position, tied) = main_position(&huma.positions);
        let h = huma_value(name, huma, position);
        let x = xledger_value(name, xledger);
        let wire = wire_name(name);
        let read_only = huma.read_only.iter().any(|field| field == wire);
        let on_contact = FIELDS[..5].contains(&name) || ["address", "gender", "civil_status"].contains(&name);
        let shared = xledger.contact_db_id != 0 && self.contacts[&xledger.contact_db_id] > 1;
        let both = (h.as_deref(), x.as_deref());
        if huma.hidden.iter().any(|field| field == wire) || (read_only && h.is_none()) {
            return Some("hidden");
        }
        if is_invalid(name, both) {
            return Some("invalid");
        }
        if self.is_unrepresentable(name, both, xledger) {
            return Some("unrepresentable");
        }
        // A field only Huma's key may not edit stands in nobody's way: its value may still be taken to Xledger.
        if huma.deactivated || (shared && on_contact) || (tied && FIELDS[10..].contains(&name)) {
            return Some("read_only");
        }
        match both {
            (None, None) => None,
            (Some(_), None) => Some("missing_in_xledger"),
            (None, Some(_)) => Some("missing_in_huma"),
            (Some("single"), Some("divorced" | "separated" | "widowed")) if name == "civil_status" => None,
            (Some(h), Some(x)) => (h != x).then_some("difference"),
        }
    }

    fn is_unrepresentable(
        &self,
        name: &str,
        values: (Option<&str>, Option<&str>),
        xledger: &XledgerPerson,
    ) -> bool {
        match (name, values) {
            ("bank_account", (Some(huma), None)) => !huma.starts_with(|c: char| c.is_ascii_digit()),
            ("gender", (Some(huma), None)) => huma != "m" && huma != "f",
            ("job_title", (Some(huma), None)) => !self.titles_in_xledger.iter().any(|title| title == huma),
            ("civil_status", (None, Some(xledger))) => {
                !["married", "relationship", "single", "divorced", "separated", "widowed"].contains(&xledger)
            }
            ("address", (None, Some(_))) => {
                let XledgerAddress { street_address, zip_code, place, country } =
                    xledger.home_address.clone().unwrap();
                [street_address, zip_code, place, country].iter().any(String::is_empty)
            }
            _ => false,
        }
    }
}

fn readable_id(huma: &HumaPerson) -> Option<&str> {
    let hidden = huma.hidden.iter().any(|field| field == "employmentId");
    huma.employment_id.as_deref().map(str::trim).filter(|id| !hidden && !id.is_empty())
}

fn alike(huma: &HumaPerson, xledger: &XledgerPerson) -> bool {
    let email =
        xledger.email.as_deref().is_some_and(|email| email.to_lowercase() == huma.email.to_lowercase());
    let named = spaced(&huma.given_name) == spaced(&xledger.first_name)
        && spaced(&huma.family_name) == spaced(&xledger.last_name);
    let born = huma.birth_date.is_some() && huma.birth_date == xledger.birthday;
    let zeros = |id: &str| id.trim().trim_start_matches('0').to_owned();
    email
        || (named && born)
        || huma.employment_id.as_deref().is_some_and(|id| zeros(id) == zeros(&xledger.code))
}

fn contradict(huma: &HumaPerson, xledger: &XledgerPerson) -> bool {
    match (&huma.birth_date, &xledger.birthday) {
        (Some(huma), Some(xledger)) => huma != xledger,
        _ => {
            spaced(&huma.given_name) != spaced(&xledger.first_name)
                && spaced(&huma.family_name) != spaced(&xledger.last_name)
        }
    }
}

fn ended_in_huma(huma: &HumaPerson) -> bool {
    let ended =
        |position: &HumaPosition| position.contract_end_date.as_deref().is_some_and(|end| end < TODAY);
    huma.deactivated || (!huma.positions.is_empty() && huma.positions.iter().all(ended))
}

fn ended_in_xledger(xledger: &XledgerPerson) -> bool {
    xledger.employment_to.as_deref().is_some_and(|end| end < TODAY)
}

/// The main position, and whether another one has the same claim.
fn main_position(positions: &[HumaPosition]) -> (Option<&HumaPosition>, bool) {
    let current = |position: &&HumaPosition| {
        position.contract_start_date.as_deref().is_none_or(|start| start <= TODAY)
            && position.contract_end_date.as_deref().is_none_or(|end| end >= TODAY)
    };
    let mut running: Vec<_> = positions.iter().filter(current).collect();
    running.sort_by(|a, b| {
        b.percentage.total_cmp(&a.percentage).then_with(|| a.contract_start_date.cmp(&b.contract_start_date))
    });
    match running.as_slice() {
        [first, second, ..] => {
            let tied = first.percentage == second.percentage
                && first.contract_start_date == second.contract_start_date;
            (Some(first), tied)
        }
        [only] => (Some(only), false),
        [] => {
            assert!(
                positions.len() < 2,
                "the oracle does not choose among several upcoming or ended positions"
            );
            (positions.first(), false)
        }
    }
}

/// Huma's name, as it stands in `hidden` and `read_only`.
fn wire_name(name: &str) -> &'static str {
    match name {
        "given_name" => "givenName",
        "family_name" => "familyName",
        "email" => "email",
        "phone" => "phone",
        "birth_date" => "birthDate",
        "bank_account" => "bankAccount",
        "address" => "homeAddress",
        "gender" => "gender",
        "civil_status" => "civilStatus",
        "employment_id" => "employmentId",
        "job_title" => "title",
        "first_day_of_work" => "firstDayOfWork",
        "probation_end_date" => "probationEndDate",
        "termination_notice_date" => "terminationNoticeDate",
        "last_day_of_work" => "lastDayOfWork",
        other => panic!("no field {other}"),
    }
}

/// Huma's value in a form that equals Xledger's exactly when section 3 says so.
fn huma_value(name: &str, huma: &HumaPerson, position: Option<&HumaPosition>) -> Option<String> {
    match name {
        "given_name" => Some(spaced(&huma.given_name)),
        "family_name" => Some(spaced(&huma.family_name)),
        "email" => Some(huma.email.trim().to_lowercase()),
        "phone" => huma.phone.as_deref().map(phone),
        "birth_date" => huma.birth_date.clone(),
        "bank_account" => huma.bank_account.as_ref().map(|account| match account {
            HumaBankAccount::International { iban, .. } => bank_account(iban),
            HumaBankAccount::National { number, .. } => bank_account(number),
        }),
        "address" => huma.home_address.as_ref().map(|address| {
            let lines = [Some(&address.line1), address.line2.as_ref(), address.line3.as_ref()];
            let lines: Vec<&str> =
                lines.into_iter().flatten().map(String::as_str).filter(|line| !line.is_empty()).collect();
            folded(&format!(
                "{} | {} | {} | {}",
                lines.join(", "),
                address.postal_code,
                address.city,
                address.country
            ))
        }),
        "gender" => huma.gender.as_deref().map(|text| match folded(text).as_str() {
            "male" | "mann" => "m".into(),
            "female" | "kvinne" => "f".into(),
            other => other.into(),
        }),
        "civil_status" => huma.civil_status.as_deref().map(folded),
        "employment_id" => huma.employment_id.as_deref().map(|id| id.trim().to_owned()),
        "job_title" => position.map(|position| folded(&position.title)),
        "first_day_of_work" => position.and_then(|position| position.first_day_of_work.clone()),
        "probation_end_date" => position.and_then(|position| position.probation_end_date.clone()),
        "termination_notice_date" => position.and_then(|position| position.termination_notice_date.clone()),
        "last_day_of_work" => position.and_then(|position| position.last_day_of_work.clone()),
        other => panic!("no field {other}"),
    }
}

fn xledger_value(name: &str, xledger: &XledgerPerson) -> Option<String> {
    match name {
        "given_name" => Some(spaced(&xledger.first_name)),
        "family_name" => Some(spaced(&xledger.last_name)),
        "email" => xledger.email.as_deref().map(|email| email.trim().to_lowercase()),
        "phone" => xledger.phone.as_deref().map(phone),
        "birth_date" => xledger.birthday.clone(),
        "bank_account" => xledger.bank_account.as_deref().map(bank_account),
        "address" => xledger.home_address.as_ref().map(|address| {
            let XledgerAddress { street_address, zip_code, place, country } = address;
            folded(&format!("{} | {zip_code} | {place} | {country}", street_address.trim()))
        }),
        "gender" => xledger.gender.as_deref().map(folded),
        "civil_status" => xledger.marital_status.as_deref().map(folded),
        "employment_id" => Some(xledger.code.trim().to_owned()),
        "job_title" => xledger.position_value.as_deref().map(folded),
        "first_day_of_work" => xledger.employment_from.clone(),
        "probation_end_date" => xledger.trial_to.clone(),
        "termination_notice_date" => xledger.notice_date.clone(),
        "last_day_of_work" => xledger.employment_to.clone(),
        other => panic!("no field {other}"),
    }
}

fn is_invalid(name: &str, values: (Option<&str>, Option<&str>)) -> bool {
    let sides = [values.0, values.1];
    match name {
        "phone" => {
            values.0 != values.1 && sides.into_iter().flatten().any(|phone| !phone.starts_with("valid "))
        }
        "bank_account" => sides.into_iter().flatten().any(|account| account.starts_with("invalid ")),
        _ => false,
    }
}

/// `valid +47…`, or the bare digits where it is no valid number.
fn phone(written: &str) -> String {
    // The crate leaves the international prefix 00 in the number, and takes the first digits of the Norwegian
    // 476 39 658 for the country: it is only asked about numbers with a plus.
    let text = match (written.trim(), written.trim().strip_prefix("00")) {
        (_, Some(rest)) => format!("+{rest}"),
        (plus, None) if plus.starts_with('+') => plus.into(),
        (national, None) => format!("+47{national}"),
    };
    let number = phonenumber::parse(None, &text);
    match number {
        Ok(number) if phonenumber::is_valid(&number) => {
            format!("valid {}", number.format().mode(phonenumber::Mode::E164))
        }
        _ => written.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect(),
    }
}

/// Eleven digits, a foreign IBAN, or `invalid …`.
fn bank_account(text: &str) -> String {
    let bare: String = text.chars().filter(|c| !c.is_whitespace() && *c != '.').collect();
    let account = match bare.strip_prefix("NO") {
        Some(_) if !passes_mod_97(&bare) => return format!("invalid {bare}"),
        Some(rest) => &rest[2..],
        None if bare.starts_with(|c: char| c.is_ascii_alphabetic()) => {
            return if passes_mod_97(&bare) { bare } else { format!("invalid {bare}") };
        }
        None => &bare,
    };
    if passes_mod_11(account) { account.into() } else { format!("invalid {account}") }
}

/// Whether the weighted sum of all eleven digits, the check digit with weight one, is a multiple of eleven.
pub(super) fn passes_mod_11(account: &str) -> bool {
    let digits: Vec<u32> = account.chars().filter_map(|digit| digit.to_digit(10)).collect();
    let weights = [5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1];
    digits.len() == 11
        && digits.iter().zip(weights).map(|(digit, weight)| digit * weight).sum::<u32>() % 11 == 0
}

/// ISO 13616: the first four characters moved to the end, letters as 10 to 35, the rest by 97 is one.
pub(super) fn passes_mod_97(iban: &str) -> bool {
    let (head, tail) = iban.split_at(4);
    let digits = tail.chars().chain(head.chars()).map(|c| c.to_digit(36).expect("letters and digits"));
    let rest = digits.fold(0, |rest, value| (rest * if value > 9 { 100 } else { 10 } + value) % 97);
    rest == 1
}

fn spaced(text: &str) -> String {
    let composed: String = text.nfc().collect();
    composed.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn folded(text: &str) -> String {
    spaced(text).to_lowercase()
}
