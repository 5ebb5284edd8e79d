//! Bank accounts in what is printed: their last four characters only (P10).

use crate::domain::{Account, Field, Reading, Spelling};
use crate::sync::CycleReport;

/// The report with every bank account masked, for text and JSON alike.
pub fn masked(mut report: CycleReport) -> CycleReport {
    let changes = report.plan.iter_mut().flat_map(|person| person.changes.iter_mut());
    for change in changes.filter(|change| change.field == Field::BankAccount) {
        mask_reading(&mut change.from);
        mask_reading(&mut change.other);
        if let Some(to) = &mut change.to {
            mask_spelling(to);
        }
    }
    report
}

fn mask_reading(reading: &mut Reading) {
    match reading {
        Reading::Hidden | Reading::Empty => {}
        Reading::Value(spelling) => mask_spelling(spelling),
    }
}

fn mask_spelling(spelling: &mut Spelling) {
    match spelling {
        Spelling::Text(text) => *text = mask_text(text),
        Spelling::Account(Account::National { number, .. }) => *number = mask_text(number),
        Spelling::Account(Account::International { iban, .. }) => *iban = mask_text(iban),
        // No account is spelled so.
        Spelling::Address(_) | Spelling::Named(_) => {}
    }
}

/// Fewer than eight characters are all masked: their last four would be most of them.
fn mask_text(account: &str) -> String {
    let length = account.chars().count();
    let shown = if length < 8 { 0 } else { 4 };
    let last: String = account.chars().skip(length - shown).collect();
    "*".repeat(length - shown) + &last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_keeps_its_last_four_characters_at_most() {
        assert_eq!(mask_text("86011117947"), "*******7947");
        assert_eq!(mask_text("1234567"), "*******");
        assert_eq!(mask_text(""), "");
    }
}
