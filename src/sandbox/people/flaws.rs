//! What can be wrong with a generated person: one value that differs, or one that a side lacks. Each function changes
//! one value and returns the name of its field.

use fastrand::Rng;

use super::generate::{Facts, Known};
use super::spelling::account;
use super::words::{CIVIL_STATUSES, Sex, TITLES};
use super::{HumaPerson, XledgerPerson};

/// Distance between the number of a person and the number their second account is made from.
const OTHER_ACCOUNTS: u64 = 2_000_000_000;

/// Changes one value in Xledger to another valid one. Birth date and employment ID are left alone: without them
/// agreeing the two are no longer paired unasked.
pub(super) fn differ(facts: &Facts, xledger: &mut XledgerPerson, rng: &mut Rng) -> &'static str {
    match rng.u32(0..11) {
        0 => {
            xledger.first_name.push_str(" J");
            "given_name"
        }
        1 => {
            xledger.last_name.push_str("-Hval");
            "family_name"
        }
        2 => {
            xledger.email = Some(format!("post.{}@nordlys.example", facts.number));
            "email"
        }
        3 => {
            let last = if facts.phone.ends_with('9') { '0' } else { '9' };
            xledger.phone = Some(format!("+47 {}{last}", &facts.phone[..7]));
            "phone"
        }
        4 => {
            xledger.bank_account = Some(account(facts.number + OTHER_ACCOUNTS));
            "bank_account"
        }
        5 => {
            if let Some(address) = &mut xledger.home_address {
                address.street_address = format!("Gamle {}", facts.street);
            }
            "address"
        }
        6 => {
            xledger.gender = Some(match facts.sex {
                Sex::Female => "M".into(),
                Sex::Male => "F".into(),
            });
            "gender"
        }
        7 => {
            let married = CIVIL_STATUSES[facts.civil_status].0 == "Married";
            xledger.marital_status = Some(if married { "Single".into() } else { "Married".into() });
            "civil_status"
        }
        8 => {
            xledger.position_value = Some(TITLES[(facts.title + 1) % TITLES.len()].into());
            "job_title"
        }
        9 => {
            xledger.employment_from = Some("2004-12-01".into());
            "first_day_of_work"
        }
        _ => {
            xledger.trial_to = Some("2004-12-31".into());
            "probation_end_date"
        }
    }
}

/// E-mail, names and employment ID stay: Huma must have the first three, and pairs by the last.
pub(super) fn empty_in_huma(facts: &Facts, huma: &mut HumaPerson, rng: &mut Rng) -> &'static str {
    let leaver = facts.leaves.is_some();
    let position = &mut huma.positions[0];
    match rng.u32(0..10) {
        0 => {
            huma.birth_date = None;
            "birth_date"
        }
        1 => {
            huma.bank_account = None;
            "bank_account"
        }
        2 => {
            huma.home_address = None;
            "address"
        }
        3 => {
            huma.gender = None;
            "gender"
        }
        4 => {
            huma.civil_status = None;
            "civil_status"
        }
        5 => {
            position.first_day_of_work = None;
            "first_day_of_work"
        }
        6 => {
            position.probation_end_date = None;
            "probation_end_date"
        }
        7 if leaver => {
            position.termination_notice_date = None;
            "termination_notice_date"
        }
        8 if leaver => {
            position.last_day_of_work = None;
            "last_day_of_work"
        }
        _ => {
            huma.phone = None;
            "phone"
        }
    }
}

/// A title and a civil status go only where an earlier person has them in Xledger, which cannot be given new ones.
pub(super) fn empty_in_xledger(
    facts: &Facts,
    xledger: &mut XledgerPerson,
    in_xledger: &Known,
    rng: &mut Rng,
) -> &'static str {
    let leaver = facts.leaves.is_some();
    match rng.u32(0..12) {
        0 => {
            xledger.email = None;
            "email"
        }
        1 => {
            xledger.birthday = None;
            "birth_date"
        }
        2 => {
            xledger.bank_account = None;
            "bank_account"
        }
        3 => {
            xledger.home_address = None;
            "address"
        }
        4 => {
            xledger.gender = None;
            "gender"
        }
        5 if in_xledger.civil_statuses[facts.civil_status] => {
            xledger.marital_status = None;
            "civil_status"
        }
        6 if in_xledger.titles[facts.title] => {
            xledger.position_value = None;
            "job_title"
        }
        7 => {
            xledger.employment_from = None;
            "first_day_of_work"
        }
        8 => {
            xledger.trial_to = None;
            "probation_end_date"
        }
        9 if leaver => {
            xledger.notice_date = None;
            "termination_notice_date"
        }
        10 if leaver => {
            xledger.employment_to = None;
            "last_day_of_work"
        }
        _ => {
            xledger.phone = None;
            "phone"
        }
    }
}
