//! `[guard]`, `[[freeze]]` and `[budget]`: what holds writes back.

use super::fields;
use super::reader::Section;
use super::value::Problem;

/// A limit on what rules may do in one cycle, per side and field: the larger of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Of the linked people, 0 to 100.
    pub percent: u8,
    pub count: usize,
}

impl Limit {
    /// Returns the most that is let through among `linked` people.
    pub fn allows(self, linked: usize) -> usize {
        let percent = u128::from(self.percent);
        // At most `linked` times 2.55, and `percent` is at most 100 when read from a file.
        let share = usize::try_from(percent * linked as u128 / 100).unwrap_or(usize::MAX);
        self.count.max(share)
    }
}

/// `[guard]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guard {
    pub changes_per_field: Limit,
    pub clears: Limit,
    pub creates: Limit,
    pub end_dates: Limit,
}

impl Guard {
    pub(super) fn read(section: Section<'_, '_>) -> Guard {
        let guard = Guard {
            changes_per_field: limit(&section, "changes_per_field", Limit { percent: 10, count: 10 }),
            clears: limit(&section, "clears", Limit { percent: 2, count: 3 }),
            creates: limit(&section, "creates", Limit { percent: 10, count: 10 }),
            end_dates: limit(&section, "end_dates", Limit { percent: 5, count: 3 }),
        };
        section.finish();
        guard
    }
}

/// Both halves of a limit must stand there: with one of them the other would go on deciding unseen.
fn limit(section: &Section<'_, '_>, key: &'static str, default: Limit) -> Limit {
    let part = section.section(key);
    if !part.is_present() {
        return default;
    }
    part.require("percent", "Write both, for example { percent = 10, count = 10 }; the larger counts.");
    part.require("count", "Write both, for example { percent = 10, count = 10 }; the larger counts.");
    let percent = part.number("percent", 0..=100).and_then(|number| u8::try_from(number).ok());
    let count = part.number("count", 0..=1_000_000).and_then(|number| usize::try_from(number).ok());
    part.finish();
    Limit { percent: percent.unwrap_or(default.percent), count: count.unwrap_or(default.count) }
}

/// `[[freeze]]`: days on which writes of pay-critical fields are held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freeze {
    /// 1 to 31, inclusive, on the local calendar.
    pub from_day: u8,
    /// 1 to 31, inclusive; before `from_day` it lies in the next month.
    pub to_day: u8,
    pub fields: Vec<&'static str>,
}

impl Freeze {
    /// Tells whether the freeze covers a day of a month that has `last_day_of_month` days. 31 means the last day of any
    /// month; a 29 or 30 that a month lacks is no day of it.
    pub fn covers(&self, day_of_month: u8, last_day_of_month: u8) -> bool {
        let day_in_month = |day: u8| if day == 31 { last_day_of_month } else { day };
        let (from, to) = (day_in_month(self.from_day), day_in_month(self.to_day));
        if self.from_day <= self.to_day {
            from <= day_of_month && day_of_month <= to
        } else {
            from <= day_of_month || day_of_month <= to
        }
    }

    pub(super) fn read_all(sections: Vec<Section<'_, '_>>) -> Vec<Freeze> {
        let mut freezes: Vec<Freeze> = Vec::new();
        for section in sections {
            section.require("from_day", "Write the first day of the freeze, 1 to 31.");
            section
                .require("to_day", "Write the last day of the freeze, 1 to 31; 31 is the last of any month.");
            section.require("fields", "Write fields = [\"bank_account\"].");
            let day = |key| section.number(key, 1..=31).and_then(|day| u8::try_from(day).ok());
            let fields = section.list_as("fields", fields::pay_critical_name);
            section.refuse_empty_list("fields", "Write fields = [\"bank_account\"], or take out the freeze.");
            if let (Some(from_day), Some(to_day)) = (day("from_day"), day("to_day")) {
                let freeze = Freeze { from_day, to_day, fields };
                if let Some(field) =
                    freeze.fields.iter().copied().find(|field| never_ends(field, &freeze, &freezes))
                {
                    let next = "Leave out at least one day of the month.";
                    section.refuse_section(Problem::new(format!("would hold {field} on every day"), next));
                }
                freezes.push(freeze);
            }
            section.finish();
        }
        freezes
    }
}

/// Tells whether `freeze` is the one that leaves no day of the longest month open for the field.
fn never_ends(field: &str, freeze: &Freeze, earlier: &[Freeze]) -> bool {
    let covered_by = |freeze: &Freeze, day| freeze.fields.contains(&field) && freeze.covers(day, 31);
    let before = |day| earlier.iter().any(|freeze| covered_by(freeze, day));
    (1..=31).all(|day| before(day) || covered_by(freeze, day)) && !(1..=31).all(before)
}

/// `[budget]`: the allowance of the Xledger agreement. Beyond its forecast, polling slows first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    pub xledger_requests_per_month: u64,
    pub xledger_megabytes_per_month: u64,
}

impl Budget {
    pub(super) fn read(section: Section<'_, '_>) -> Budget {
        let number = |key, default| section.number(key, 1..=i64::MAX as u64).unwrap_or(default);
        let budget = Budget {
            xledger_requests_per_month: number("xledger_requests_per_month", 5000),
            xledger_megabytes_per_month: number("xledger_megabytes_per_month", 1000),
        };
        section.finish();
        budget
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{mistakes, settings};
    use super::*;
    use proptest::prelude::*;

    fn covered(from_day: u8, to_day: u8, last: u8) -> Vec<u8> {
        let freeze = Freeze { from_day, to_day, fields: vec!["bank_account"] };
        (1..=last).filter(|day| freeze.covers(*day, last)).collect()
    }

    #[test]
    fn a_limit_is_the_larger_of_its_two() {
        let limit = Limit { percent: 10, count: 10 };
        assert_eq!([0, 99, 100, 109, 110, 494].map(|linked| limit.allows(linked)), [10, 10, 10, 10, 11, 49]);
        assert_eq!(Limit { percent: 0, count: 0 }.allows(1000), 0);
        assert_eq!(Limit { percent: 100, count: 0 }.allows(usize::MAX), usize::MAX);
    }

    #[test]
    fn a_freeze_covers_its_days_inclusively() {
        assert_eq!(covered(25, 30, 31), [25, 26, 27, 28, 29, 30]);
        assert_eq!(covered(25, 30, 28), [25, 26, 27, 28]);
        assert_eq!(covered(15, 15, 30), [15]);
    }

    #[test]
    fn a_freeze_may_run_over_the_end_of_the_month() {
        assert_eq!(covered(28, 2, 30), [1, 2, 28, 29, 30]);
        assert_eq!(covered(30, 2, 28), [1, 2]);
    }

    #[test]
    fn day_31_is_the_last_of_any_month() {
        assert_eq!(covered(31, 31, 28), [28]);
        assert_eq!(covered(30, 31, 30), [30]);
        assert_eq!(covered(29, 31, 28), Vec::<u8>::new());
        assert_eq!(covered(31, 1, 30), [1, 30]);
    }

    #[test]
    fn half_a_limit_is_refused() {
        assert_eq!(mistakes("[guard]\nclears = { percent = 2 }\n"), ["`guard.clears.count` is missing"]);
        assert_eq!(
            mistakes("[guard.clears]\npercent = 101\ncount = 1\n"),
            ["`guard.clears.percent` cannot be 101"]
        );
        assert_eq!(mistakes("[guard]\nclears = 3\n"), ["`guard.clears` must be a section, not integer"]);
    }

    #[test]
    fn freezes_are_read_in_both_spellings() {
        let expected = [Freeze { from_day: 25, to_day: 30, fields: vec!["bank_account"] }];
        assert_eq!(
            settings("[[freeze]]\nfrom_day = 25\nto_day = 30\nfields = [\"bank_account\"]\n").freeze,
            expected
        );
        let inline = "freeze = [{ from_day = 25, to_day = 30, fields = [\"bank_account\"] }]\n";
        assert_eq!(
            super::super::tests::parse(&format!("{inline}[huma]\nclient_id = \"a\"\n")).unwrap().freeze,
            expected
        );
    }

    #[test]
    fn a_freeze_without_days_or_with_other_fields_is_refused() {
        assert_eq!(
            mistakes("[[freeze]]\nfrom_day = 0\nfields = [\"phone\", \"salary\"]\n"),
            [
                "`freeze.to_day` is missing",
                "`freeze.from_day` cannot be 0",
                "`freeze.fields` names `phone`, which is not pay-critical",
                "`freeze.fields` names `salary`, which is none of the 15 fields",
            ]
        );
    }

    #[test]
    fn freezes_that_leave_no_day_are_refused() {
        let freeze =
            |from, to| format!("[[freeze]]\nfrom_day = {from}\nto_day = {to}\nfields = [\"bank_account\"]\n");
        let refused = ["`freeze` would hold bank_account on every day"];
        assert_eq!(mistakes(&freeze(1, 31)), refused);
        assert_eq!(mistakes(&freeze(15, 14)), refused);
        assert_eq!(mistakes(&(freeze(1, 20) + &freeze(10, 31))), refused);
        settings(&freeze(2, 31));
    }

    proptest! {
        #[test]
        fn allowing_grows_with_the_number_of_people(percent in 0u8..=100, count in 0usize..50, linked in 0usize..5000) {
            let limit = Limit { percent, count };
            prop_assert!(limit.allows(linked) <= limit.allows(linked + 1));
            prop_assert!(limit.allows(linked) >= count);
            prop_assert!(limit.allows(linked) <= count.max(linked));
        }
    }
}
