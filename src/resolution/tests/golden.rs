//! Pages as an admin sees them.

use super::super::*;
use super::support::*;

#[test]
fn the_page_of_the_design_looks_as_it_is_there() {
    let mut page = page(vec![conflict("K7Q4.9f2c1a07"), held("G5AA.e3f94b52", 53, 49)]);
    let problem = &parse(b"hmua K1ZZ.0b12ee8d", &[]).problems[0];
    page.replies = vec![
        Reply::problem(problem),
        Reply::refused(
            "huma B4LM.55d0aa31",
            "Xledger's value changed at 09:12, after you saw it. Asked again below",
        ),
    ];
    insta::assert_snapshot!(render(&page, &show));
}

#[test]
fn every_kind_has_a_block_with_what_it_needs() {
    let ids = [
        "F1AA", "C1AA", "D1AA", "V1AA", "M1AA", "E1AA", "B1AA", "L1AA", "H1AA", "X1AA", "A1AA", "G1AA",
        "T1AA",
    ];
    let items = QuestionKind::ALL
        .into_iter()
        .zip(ids)
        .map(|(kind, id)| of_kind(&format!("{id}.9f2c1a07"), kind))
        .collect();
    insta::assert_snapshot!(render(&page(items), &show));
}

#[test]
fn what_changed_is_marked_where_words_differ_and_long_values_are_wrapped() {
    let address = |id: &str, huma: &str, xledger: &str| difference(id, Field::Address, huma, xledger);
    let mut edited = of_kind("B1AA.9f2c1a07", QuestionKind::Confirm);
    edited.question.subject =
        crate::reconcile::Subject::Field { link: crate::domain::LinkId(1), field: Field::FamilyName };
    edited.question.shown =
        Shown::Values(Box::new(values(Some("Nordmann"), Some("Nordmann Lie"), Some("Nordmann"))));
    let items = vec![
        address("D1AA.9f2c1a07", "Storgata 5 | 0155 | Oslo | Norway", "Storgata 17 | 0155 | Oslo | Norway"),
        address(
            "D2AA.9f2c1a07",
            "Gammel Kongevei 1234 C, Oppgang B, c/o Nordmann Eiendom AS | 0155 | Oslo | Norway",
            "Gammel Kongevei 1234 D, Oppgang B, c/o Nordmann Eiendom AS | 0155 | Oslo | Norway",
        ),
        edited,
    ];
    insta::assert_snapshot!(render(&page(items), &show));
}

#[test]
fn with_nothing_to_ask_the_page_says_when_both_sides_were_last_in_agreement() {
    let text = render(&page(vec![]), &show);
    assert_eq!(
        text,
        "# hxsync: no questions, 494 people in agreement     written 2026-11-23 09:15\n\
         # Nothing to decide. Both sides were last in agreement 2026-11-23 09:14.\n\
         # database 5b3c9a10, cycle 118\n\n\
         # end of file, no questions\n"
    );
}

#[test]
fn the_page_is_written_in_norwegian_where_the_settings_say_so() {
    let mut page = page(vec![
        conflict("K7Q4.9f2c1a07"),
        difference("D1AA.9f2c1a07", Field::JobTitle, "Leder", "Daglig leder"),
        difference("D2AA.9f2c1a07", Field::JobTitle, "Kokk", "Kjøkkensjef"),
        held("G5AA.e3f94b52", 53, 49),
    ]);
    page.language = Language::Norwegian;
    page.replies = vec![Reply::queued("huma B4LM.55d0aa31", Awaits::Side(Side::Xledger))];
    insta::assert_snapshot!(render(&page, &show));
}

#[test]
fn sleeping_questions_are_hidden_and_counted() {
    let mut asleep = conflict("K7Q4.9f2c1a07");
    asleep.asleep_until = Some(at("2026-11-30T09:15"));
    let text = render(&page(vec![asleep, held("G5AA.e3f94b52", 53, 49)]), &show);
    assert!(!text.contains("K7Q4.9f2c1a07   #"));
    assert!(text.contains("\n# 1 question sleeps until 2026-11-30 09:15.\n"));
    assert!(text.ends_with("# end of file, 1 question\n"));
}

#[test]
fn a_queued_answer_says_what_it_waits_for() {
    let mut queued = conflict("K7Q4.9f2c1a07");
    queued.queued = Some(Queued {
        verb: crate::reconcile::Verb::Huma,
        who: "kari".into(),
        at: at("2026-11-23T09:12"),
        awaits: Awaits::Side(Side::Xledger),
    });
    let text = render(&page(vec![queued]), &show);
    assert!(
        text.contains("#        answered \"huma\" by kari 2026-11-23 09:12; waits until Xledger can be\n")
    );
}

#[test]
fn p10_an_account_is_shown_masked_and_a_typed_one_is_quoted_masked() {
    let item = difference("D1AA.9f2c1a07", Field::BankAccount, "86011117947", "12345678903");
    let text = render(&page(vec![item.clone()]), &show);
    assert!(!text.contains("86011117947") && text.contains("*******7947"));
    for (line, kept) in [
        ("value \"8601 11 17947\" D1AA.9f2c1a07", "7947"),
        ("valeu 8601.11.17947 D1AA.9f2c1a07", "7947"),
        ("value NO93 8601 1117 947 ZZZZ.9f2c1a07", "7947"),
    ] {
        let parsed = parse(line.as_bytes(), std::slice::from_ref(&item));
        let quotes = parsed.answers.iter().map(|a| &a.quote).chain(parsed.problems.iter().map(|p| &p.quote));
        for quote in quotes {
            let value = quote.0.replace("D1AA.9f2c1a07", "").replace("ZZZZ.9f2c1a07", "");
            let digits: String = value.chars().filter(char::is_ascii_digit).collect();
            assert_eq!(digits, kept, "{}", quote.0);
        }
    }
}

#[test]
fn a_thousand_questions_are_drawn_at_once_and_stay_short() {
    let items: Vec<Item> = (0..1000)
        .map(|n| {
            let mut item = difference(
                &format!("A{n:03}.9f2c1a07"),
                Field::Address,
                "Storgata 5 | 0155 | Oslo",
                "Storgata 7 | 0155 | Oslo",
            );
            item.question.person = format!("Person {n}");
            item
        })
        .collect();
    let text = render(&page(items.clone()), &show);
    let parsed = parse(text.as_bytes(), &items);
    assert_eq!(parsed.pending.len(), 1000);
    assert!(text.contains("# all address huma expect 1000"));
    assert!(text.lines().count() < 1000 * 4 + 40);
}

#[test]
fn every_answer_of_hxsync_has_its_words_in_both_languages() {
    use crate::domain::Side;
    use reply::Damage;
    let quote = "huma B4LM.55d0aa31";
    let long = format!("value \"{}\" B4LM.55d0aa31", "Storgata 5, oppgang B, ".repeat(8));
    let replies = [
        Reply::applied(quote, None),
        Reply::applied(quote, Some("written in Xledger")),
        Reply::applied_to_many("all phone huma expect 12", 12),
        Reply::queued(quote, Awaits::NextCycle),
        Reply::queued(quote, Awaits::Side(Side::Huma)),
        Reply::queued(quote, Awaits::SecondApprover),
        Reply::queued(quote, Awaits::FreezeEnd),
        Reply::asleep("later 7d B4LM.55d0aa31", at("2026-11-30T09:15"), &oslo()),
        Reply::refused(&long, "Huma has none; `clear` empties both"),
        Reply::kept_aside("resolutions.kept-20261123T081500Z.txt", Damage::NoTrailer),
        Reply::kept_aside("resolutions.kept-20261123T081500Z.txt", Damage::Empty),
        Reply::kept_aside("resolutions.kept-20261123T081500Z.txt", Damage::Deleted),
        Reply::said("The database is older than this file: nothing is written until a human has looked."),
    ];
    let english = answers_page(&replies, now(), &oslo(), Language::English);
    let norwegian = answers_page(&replies, now(), &oslo(), Language::Norwegian);
    insta::assert_snapshot!(format!("{english}\n{norwegian}"));
    let parsed = parse(english.as_bytes(), &[]);
    assert_eq!((parsed.answers.len(), parsed.problems.len()), (0, 0));
}

#[test]
fn a_reply_survives_being_stored() {
    let reply = Reply::queued("huma B4LM.55d0aa31", Awaits::FreezeEnd);
    let stored = serde_json::to_string(&reply).unwrap();
    assert_eq!(serde_json::from_str::<Reply>(&stored).unwrap(), reply);
}
