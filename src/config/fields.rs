//! `[fields]`: what hxsync may do with each of the 15 fields, by its name.
//!
//! **Invariant:** no setting lets a rule decide between two values of a pay-critical field or fill one.

use std::collections::BTreeMap;

use crate::domain::Field;

use super::nearest::{nearest, write_one_of};
use super::reader::Section;
use super::value::{Problem, quoted, words};

/// The names of the 15 fields, in the order used everywhere.
pub const FIELD_NAMES: [&str; 15] = {
    let mut names = [""; 15];
    let mut at = 0;
    while at < names.len() {
        names[at] = Field::ALL[at].name();
        at += 1;
    }
    names
};

/// The fields a wrong value of which pays the wrong person.
pub const PAY_CRITICAL: [&str; 2] = [Field::BankAccount.name(), Field::EmploymentId.name()];

/// `[fields]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fields {
    /// The country of phone numbers without a prefix: two capital letters.
    pub phone_country: String,
    policies: BTreeMap<String, FieldPolicy>,
}

/// What hxsync may do with one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldPolicy {
    pub to_huma: Direction,
    pub to_xledger: Direction,
    pub prefer: Prefer,
    pub on_clear: OnClear,
    pub on_missing: OnMissing,
    /// A change needs `hxsync approve` by another user. Pay-critical fields only.
    pub second_approver: bool,
}

words! {
    /// Whether an edit is carried to a side.
    pub enum Direction {
        Write = "write",
        Ask = "ask",
        Never = "never",
    }
}

words! {
    /// Who decides between two values.
    pub enum Prefer {
        /// A human.
        Ask = "ask",
        Huma = "huma",
        Xledger = "xledger",
    }
}

words! {
    /// What becomes of a value that one side cleared.
    pub enum OnClear {
        /// The other side is cleared too.
        Carry = "carry",
        Ask = "ask",
        /// It is put back.
        Restore = "restore",
    }
}

words! {
    /// What becomes of a value that one side never had.
    pub enum OnMissing {
        Fill = "fill",
        Ask = "ask",
    }
}

impl FieldPolicy {
    /// Returns what holds for the field where the file says nothing.
    pub fn default_for(field: &str) -> FieldPolicy {
        let dates_that_come_and_go = ["probation_end_date", "termination_notice_date", "last_day_of_work"];
        FieldPolicy {
            // Huma mails both addresses and waits for the person to confirm.
            to_huma: if field == "email" { Direction::Ask } else { Direction::Write },
            to_xledger: Direction::Write,
            prefer: Prefer::Ask,
            on_clear: if dates_that_come_and_go.contains(&field) { OnClear::Carry } else { OnClear::Ask },
            on_missing: if PAY_CRITICAL.contains(&field) { OnMissing::Ask } else { OnMissing::Fill },
            second_approver: false,
        }
    }
}

impl Fields {
    /// Returns the policy of a field, by its name in [`FIELD_NAMES`].
    pub fn policy(&self, field: &str) -> FieldPolicy {
        self.policies.get(field).copied().unwrap_or_else(|| FieldPolicy::default_for(field))
    }

    pub(super) fn read(section: Section<'_, '_>) -> Fields {
        let phone_country = section.text_as("phone_country", country).unwrap_or_else(|| "NO".to_owned());
        let mut policies = BTreeMap::new();
        for field in FIELD_NAMES {
            let part = section.section(field);
            let policy =
                if part.is_present() { read_policy(field, part) } else { FieldPolicy::default_for(field) };
            policies.insert(field.to_owned(), policy);
        }
        section.finish();
        Fields { phone_country, policies }
    }
}

/// Returns the name as one of [`FIELD_NAMES`].
pub(super) fn name(text: &str) -> Result<&'static str, Problem> {
    FIELD_NAMES.into_iter().find(|name| *name == text).ok_or_else(|| {
        let next = match nearest(text, FIELD_NAMES) {
            Some(near) => format!("Did you mean `{near}`?"),
            None => format!("The fields are {}.", FIELD_NAMES.join(", ")),
        };
        Problem::new(format!("names {}, which is none of the 15 fields", quoted(text)), next)
    })
}

/// Returns the name as one of [`PAY_CRITICAL`].
pub(super) fn pay_critical_name(text: &str) -> Result<&'static str, Problem> {
    let field = name(text)?;
    if PAY_CRITICAL.contains(&field) {
        return Ok(field);
    }
    Err(Problem::new(format!("names `{field}`, which is not pay-critical"), write_one_of(PAY_CRITICAL)))
}

fn read_policy(field: &'static str, section: Section<'_, '_>) -> FieldPolicy {
    let default = FieldPolicy::default_for(field);
    let policy = FieldPolicy {
        to_huma: section.word("to_huma", default.to_huma),
        to_xledger: section.word("to_xledger", default.to_xledger),
        prefer: section.word("prefer", default.prefer),
        on_clear: section.word("on_clear", default.on_clear),
        on_missing: section.word("on_missing", default.on_missing),
        second_approver: section.boolean("second_approver", default.second_approver),
    };
    if PAY_CRITICAL.contains(&field) {
        if policy.prefer != Prefer::Ask {
            let what = format!(
                "cannot be `{}`: {field} is pay-critical, and a human decides",
                policy.prefer.as_str()
            );
            section.refuse("prefer", Problem::new(what, "Write \"ask\", or take out the line."));
        }
        if policy.on_missing != OnMissing::Ask {
            let what = format!("cannot be `fill`: {field} is pay-critical, and a human decides");
            section.refuse("on_missing", Problem::new(what, "Write \"ask\", or take out the line."));
        }
    } else {
        refuse_for_ordinary(&section, &policy);
    }
    section.finish();
    policy
}

fn refuse_for_ordinary(section: &Section<'_, '_>, policy: &FieldPolicy) {
    if policy.second_approver {
        let next = format!("Take out the line. It is for {} only.", PAY_CRITICAL.join(" and "));
        section.refuse("second_approver", Problem::new("is for pay-critical fields", next));
    }
    let blocked = match policy.prefer {
        Prefer::Ask => None,
        Prefer::Huma => (policy.to_xledger == Direction::Never).then_some("to_xledger"),
        Prefer::Xledger => (policy.to_huma == Direction::Never).then_some("to_huma"),
    };
    if let Some(blocked) = blocked {
        let what = format!("cannot be `{}` while `{blocked}` is `never`", policy.prefer.as_str());
        section
            .refuse("prefer", Problem::new(what, format!("Take out one of them, or let `{blocked}` write.")));
    }
}

fn country(text: &str) -> Result<String, Problem> {
    let code = text.trim().to_ascii_uppercase();
    if code.parse::<phonenumber::country::Id>().is_err() {
        let what = format!("is not a country: {}", quoted(text));
        return Err(Problem::new(what, "Write its two letters, for example \"NO\"."));
    }
    Ok(code)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{mistakes, settings};
    use super::*;

    #[test]
    fn defaults_differ_only_where_the_contract_says_so() {
        let fields = settings("").fields;
        let usual = FieldPolicy {
            to_huma: Direction::Write,
            to_xledger: Direction::Write,
            prefer: Prefer::Ask,
            on_clear: OnClear::Ask,
            on_missing: OnMissing::Fill,
            second_approver: false,
        };
        for field in FIELD_NAMES {
            let expected = match field {
                "email" => FieldPolicy { to_huma: Direction::Ask, ..usual },
                "bank_account" | "employment_id" => FieldPolicy { on_missing: OnMissing::Ask, ..usual },
                "probation_end_date" | "termination_notice_date" | "last_day_of_work" => {
                    FieldPolicy { on_clear: OnClear::Carry, ..usual }
                }
                _ => usual,
            };
            assert_eq!(fields.policy(field), expected, "{field}");
        }
        assert_eq!(fields.phone_country, "NO");
    }

    #[test]
    fn one_key_of_a_field_leaves_its_other_defaults() {
        let fields = settings("[fields.email]\nprefer = \"huma\"\n").fields;
        let default = FieldPolicy::default_for("email");
        assert_eq!(fields.policy("email"), FieldPolicy { prefer: Prefer::Huma, ..default });
    }

    #[test]
    fn no_rule_decides_or_fills_a_pay_critical_field() {
        for field in PAY_CRITICAL {
            assert_eq!(
                mistakes(&format!("[fields.{field}]\nprefer = \"huma\"\non_missing = \"fill\"\n")),
                [
                    format!(
                        "`fields.{field}.prefer` cannot be `huma`: {field} is pay-critical, and a human decides"
                    ),
                    format!(
                        "`fields.{field}.on_missing` cannot be `fill`: {field} is pay-critical, and a human decides"
                    ),
                ]
            );
            assert!(
                settings(&format!("[fields.{field}]\nsecond_approver = true\n"))
                    .fields
                    .policy(field)
                    .second_approver
            );
        }
    }

    #[test]
    fn a_second_approver_is_for_pay_critical_fields() {
        assert_eq!(
            mistakes("[fields.phone]\nsecond_approver = true\n"),
            ["`fields.phone.second_approver` is for pay-critical fields"]
        );
    }

    #[test]
    fn a_side_that_is_never_written_cannot_lose_to_the_other() {
        assert_eq!(
            mistakes("[fields.phone]\nprefer = \"huma\"\nto_xledger = \"never\"\n"),
            ["`fields.phone.prefer` cannot be `huma` while `to_xledger` is `never`"]
        );
        assert_eq!(
            mistakes("[fields.phone]\nprefer = \"xledger\"\nto_huma = \"never\"\n"),
            ["`fields.phone.prefer` cannot be `xledger` while `to_huma` is `never`"]
        );
        settings("[fields.phone]\nprefer = \"huma\"\nto_huma = \"never\"\n");
    }

    #[test]
    fn a_country_is_two_letters_in_any_case() {
        assert_eq!(settings("[fields]\nphone_country = \"se\"\n").fields.phone_country, "SE");
        assert_eq!(
            mistakes("[fields]\nphone_country = \"Norge\"\n"),
            ["`fields.phone_country` is not a country: `Norge`"]
        );
    }
}
