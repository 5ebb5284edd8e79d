//! Count-locked lines for many.

use super::super::*;
use super::support::*;
use crate::reconcile::Verb;

/// Two differences and a missing value of phone, one difference of e-mail, a conflict and a held class.
fn mixed() -> Vec<Item> {
    vec![
        difference("D1AA.9f2c1a07", Field::Phone, "1", "2"),
        difference("D2AA.9f2c1a07", Field::Phone, "3", "4"),
        missing_in_huma("M1AA.9f2c1a07", Field::Phone, "5"),
        difference("D3AA.9f2c1a07", Field::Email, "a@example.no", "b@example.no"),
        conflict("K7Q4.9f2c1a07"),
        held("G5AA.e3f94b52", 53, 49),
    ]
}

fn accepted(text: &str, open: &[Item]) -> Result<Vec<String>, String> {
    let page = render(&page(open.to_vec()), &show);
    let text = format!("{page}{text}\n");
    let mut items = Vec::new();
    for taken in take(&text, open, &Remembered::default()) {
        match taken {
            Taken::Accepted(accepted) => items.push(accepted.item),
            Taken::Refused { why, .. } => return Err(why),
            Taken::PassedOver { .. } => {}
        }
    }
    Ok(items)
}

#[test]
fn a_field_speaks_of_its_differences_and_missing_values_and_never_of_conflicts_or_held_ones() {
    assert_eq!(accepted("all phone xledger expect 3", &mixed()).unwrap(), ["D1AA", "D2AA", "M1AA"]);
    assert_eq!(accepted("all phone huma expect 2", &mixed()).unwrap(), ["D1AA", "D2AA"]);
    assert_eq!(accepted("all difference huma expect 3", &mixed()).unwrap(), ["D1AA", "D2AA", "D3AA"]);
    assert_eq!(accepted("all missing xledger expect 1", &mixed()).unwrap(), ["M1AA"]);
    assert_eq!(accepted("all conflict base expect 1", &mixed()).unwrap(), ["K7Q4"]);
}

#[test]
fn the_number_is_exact_or_nothing_is_done() {
    for (line, why) in [
        ("all phone xledger expect 4", "it would answer 3, not 4. Nothing was done for it"),
        (
            "all address huma expect 1",
            "`address` has no question `huma` could answer. Nothing was done for it",
        ),
    ] {
        assert_eq!(accepted(line, &mixed()).unwrap_err(), why);
    }
}

#[test]
fn pay_critical_fields_only_where_named_and_only_their_missing_values() {
    let open = vec![
        difference("D1AA.9f2c1a07", Field::BankAccount, "86011117947", "12345678903"),
        missing_in_huma("M1AA.9f2c1a07", Field::BankAccount, "86011117947"),
        missing_in_huma("M2AA.9f2c1a07", Field::EmploymentId, "1042"),
        missing_in_huma("M3AA.9f2c1a07", Field::Phone, "1"),
    ];
    assert_eq!(accepted("all bank_account xledger expect 1", &open).unwrap(), ["M1AA"]);
    assert_eq!(accepted("all missing xledger expect 1", &open).unwrap(), ["M3AA"]);
    assert!(accepted("all difference huma expect 1", &open).is_err());
    assert!(accepted("all bank_account huma expect 1", &open).unwrap_err().contains("pay-critical"));
}

#[test]
fn sleeping_and_answered_questions_are_not_counted() {
    let mut open = mixed();
    open[0].asleep_until = Some(at("2026-12-24T00:00"));
    open[1].queued =
        Some(Queued { verb: Verb::Huma, who: "kari".into(), at: now(), awaits: Awaits::NextCycle });
    assert_eq!(accepted("all phone xledger expect 1", &open).unwrap(), ["M1AA"]);
}

#[test]
fn a_single_answered_line_beats_it_even_one_that_cannot_be_read() {
    let open = mixed();
    let text = "all phone xledger expect 3\nhuma D1AA.9f2c1a07\nhmua D2AA.9f2c1a07\n# end of file";
    let history = Remembered { all_shown: true, ..Remembered::default() };
    let taken = take(text, &open, &history);
    let mut items: Vec<(String, bool)> = Vec::new();
    for taken in taken {
        let Taken::Accepted(accepted) = taken else { panic!("{taken:?}") };
        items.push((accepted.item, accepted.by_bulk));
    }
    assert_eq!(items, [("M1AA".into(), true), ("D1AA".into(), false)]);
}

#[test]
fn two_that_overlap_are_both_refused_and_two_that_do_not_are_taken() {
    let open = mixed();
    let why = accepted("all phone xledger expect 3\nall difference huma expect 3", &open).unwrap_err();
    assert!(why.starts_with("another line for many"), "{why}");
    let taken = accepted("all phone huma expect 2\nall missing xledger expect 1", &open).unwrap();
    assert_eq!(taken, ["D1AA", "D2AA", "M1AA"]);
}

#[test]
fn p3_a_line_for_many_does_not_reach_what_the_file_did_not_show() {
    let open = mixed();
    let mut page = render(&page(open.clone()), &show);
    page = page.replace("D2AA.9f2c1a07", "D2AA.00000000");
    let taken = take(&format!("{page}all phone huma expect 2"), &open, &Remembered::default());
    let [Taken::Refused { why, .. }] = taken.as_slice() else { panic!("{taken:?}") };
    assert_eq!(why, "1 of the 2 changed after you saw them. Nothing was done for it");
}

#[test]
fn every_number_printed_is_the_one_that_is_checked() {
    let mut open = mixed();
    open.push(people("X1AA.9f2c1a07", QuestionKind::OnlyHuma));
    open.push(people("X2AA.9f2c1a07", QuestionKind::OnlyHuma));
    open.push(conflict("K7Q5.9f2c1a07"));
    let page = render(&page(open.clone()), &show);
    let offered: Vec<&str> = page.lines().filter(|line| line.starts_with("# all ")).collect();
    assert!(offered.len() >= 8, "{page}");
    for line in offered {
        let text = page.replace(line, &line[2..]);
        let taken = take(&text, &open, &Remembered::default());
        let count: usize = line.split("expect ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
        assert_eq!(taken.len(), count, "{line}");
        assert!(taken.iter().all(|taken| matches!(taken, Taken::Accepted(_))), "{line}");
    }
}
