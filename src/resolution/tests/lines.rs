//! The grammar of one line.

use super::super::*;
use super::support::*;
use crate::reconcile::Verb;

fn one(line: &str) -> Verb {
    let open = [conflict("K7Q4.9f2c1a07")];
    let parsed = parse(line.as_bytes(), &open);
    assert_eq!(parsed.problems, [], "{line}");
    let [answer] = parsed.answers.as_slice() else { panic!("{line}") };
    assert_eq!((answer.item.as_str(), answer.prefix.as_deref()), ("K7Q4", Some("9f2c1a07")), "{line}");
    answer.verb.clone()
}

fn fault(line: &str) -> (String, Option<String>) {
    let open = [conflict("K7Q4.9f2c1a07")];
    let mut parsed = parse(line.as_bytes(), &open);
    assert_eq!((parsed.answers.len(), parsed.bulk.len(), parsed.problems.len()), (0, 0, 1), "{line}");
    let problem = parsed.problems.remove(0);
    (problem.why, problem.hint)
}

#[test]
fn every_verb_is_read_with_its_argument_on_either_side_of_the_id() {
    assert_eq!(one("huma K7Q4.9f2c1a07"), Verb::Huma);
    assert_eq!(one("XLEDGER k7q4.9F2C1A07"), Verb::Xledger);
    assert_eq!(one("later 7d K7Q4.9f2c1a07"), Verb::Later(7));
    assert_eq!(one("later K7Q4.9f2c1a07 365D"), Verb::Later(365));
    assert_eq!(one("link A K7Q4.9f2c1a07"), Verb::Link("A".into()));
    assert_eq!(one("allow K7Q4.9f2c1a07 53   # people"), Verb::Allow(53));
    assert_eq!(one("forrige K7Q4.9f2c1a07"), Verb::Base);
    assert_eq!(one("fortsatt-her K7Q4.9f2c1a07"), Verb::StillHere);
}

#[test]
fn a_value_is_read_quoted_in_any_fashion_or_plain() {
    let phone = Verb::Value("+47 900 11 222".into());
    for line in [
        "value \"+47 900 11 222\" K7Q4.9f2c1a07",
        "value K7Q4.9f2c1a07 \"+47 900 11 222\"",
        "value “+47 900 11 222” K7Q4.9f2c1a07   # Kari",
        "value «+47 900 11 222» K7Q4.9f2c1a07",
        "verdi +47 900 11 222 K7Q4.9f2c1a07",
        "VALUE K7Q4.9f2c1a07 +47 900 11 222   # from her",
    ] {
        assert_eq!(one(line), phone, "{line}");
    }
    let address = "Storgata 5 | 0155 | Oslo | NO";
    assert_eq!(one(&format!("value {address} K7Q4.9f2c1a07")), Verb::Value(address.into()));
    assert_eq!(one("value \"C# 4\" K7Q4.9f2c1a07"), Verb::Value("C# 4".into()));
    assert_eq!(one("value 01.12.2026 K7Q4.9f2c1a07"), Verb::Value("01.12.2026".into()));
    assert_eq!(one("value \"K7Q4.9f2c1a07\" K7Q4.9f2c1a07"), Verb::Value("K7Q4.9f2c1a07".into()));
}

#[test]
fn blanks_line_ends_and_a_byte_order_mark_do_not_matter() {
    let open = [conflict("K7Q4.9f2c1a07")];
    let text = "\u{feff}# x\r\n\u{a0}\thuma\u{a0}K7Q4.9f2c1a07\t# y\r\n# end of file\r\n";
    let parsed = parse(text.as_bytes(), &open);
    assert_eq!((parsed.answers.len(), parsed.has_trailer), (1, true));
    assert_eq!(parsed.answers[0].line_no, 2);
}

#[test]
fn latin_1_is_tolerated_but_not_in_a_value() {
    let open = [conflict("K7Q4.9f2c1a07")];
    let parsed = parse(b"huma K7Q4.9f2c1a07 # Bj\xf8rn\n# end of file", &open);
    assert_eq!((parsed.answers.len(), parsed.problems.len()), (1, 0));
    let parsed = parse(b"value \"Bj\xf8rn\" K7Q4.9f2c1a07", &open);
    assert_eq!(parsed.problems[0].why, "the value is not UTF-8; save the file as UTF-8");
}

#[test]
fn a_pending_line_is_no_answer_whatever_else_stands_on_it() {
    let parsed = parse(b"pending K7Q4.9f2c1a07 huma # x\nVenter K7Q4.9f2c1a07\npending", &[]);
    assert_eq!((parsed.answers.len(), parsed.problems.len()), (0, 0));
    assert_eq!(parsed.pending.len(), 2);
}

#[test]
fn a_wrong_word_is_told_with_the_nearest_right_one() {
    assert_eq!(fault("hmua K7Q4.9f2c1a07"), ("no such answer".into(), Some("did you mean \"huma\"?".into())));
    assert_eq!(fault("zzzzzzzz K7Q4.9f2c1a07"), ("no such answer".into(), None));
    let (why, hint) = fault("huma K7Q4-9f2c1a07");
    assert_eq!(
        (why.as_str(), hint.as_deref()),
        ("no question of that id for `huma`", Some("did you mean \"K7Q4.9f2c1a07\"?"))
    );
    assert_eq!(fault("huma K7Q4.9f2c1a").0, "the id is cut short");
}

#[test]
fn lines_that_say_too_little_or_too_much_are_told_so() {
    for (line, why) in [
        ("huma", "no question is named; write its id after the answer"),
        ("huma K7Q4.9f2c1a07 Kari", "`huma` takes nothing but the id; a remark goes after #"),
        ("value K7Q4.9f2c1a07", "`value` needs the value, in quotes; `clear` empties"),
        ("value \"\" K7Q4.9f2c1a07", "the value is empty; `clear` empties"),
        ("value \"a K7Q4.9f2c1a07", "a quote is opened and not closed"),
        ("value a K7Q4.9f2c1a07 b", "the value stands on both sides of the id; write it in quotes"),
        ("value \"a\" b K7Q4.9f2c1a07", "write the whole value in one pair of quotes"),
        ("value a\u{7}b K7Q4.9f2c1a07", "the line holds a control character"),
        ("later K7Q4.9f2c1a07", "`later` takes a number of days, as in `later 7d`"),
        ("later 0d K7Q4.9f2c1a07", "`later` takes 1d to 365d"),
        ("later 366d K7Q4.9f2c1a07", "`later` takes 1d to 365d"),
        ("later +7d K7Q4.9f2c1a07", "`later` takes 1d to 365d"),
        ("allow many K7Q4.9f2c1a07", "`allow` takes the number printed with the question"),
        ("link K7Q4.9f2c1a07", "`link` takes one id of the other side, or the letter printed"),
        ("huma K7Q4.9f2c1a07 B4LM.55d0aa31", "two ids on one line"),
        ("all phone huma", "a line for many is `all SELECTOR ANSWER expect NUMBER`"),
        ("all phone clear expect 3", "`clear` is answered one by one"),
        ("all phone huma expect some", "after `expect` goes the number printed beside the line"),
    ] {
        assert_eq!(fault(line).0, why, "{line}");
    }
    assert_eq!(fault("all phnoe huma expect 3").1.unwrap(), "did you mean \"phone\"?");
}

#[test]
fn one_wrong_line_leaves_the_others() {
    let open = [conflict("K7Q4.9f2c1a07"), conflict("B4LM.55d0aa31")];
    let parsed = parse(b"hmua K7Q4.9f2c1a07\nxledger B4LM.55d0aa31\n# end of file", &open);
    assert_eq!((parsed.answers.len(), parsed.problems.len()), (1, 1));
    assert_eq!(parsed.problems[0].item.as_deref(), Some("K7Q4"));
}

#[test]
fn bulk_lines_are_read_in_both_languages() {
    for line in ["all phone huma expect 12", "ALLE phone huma antall 12 # x", "all Phone HUMA Expect 12"] {
        let parsed = parse(line.as_bytes(), &[]);
        let [bulk] = parsed.bulk.as_slice() else { panic!("{line}") };
        assert_eq!(
            (bulk.selector, &bulk.verb, bulk.expect),
            (Selector::Field(Field::Phone), &Verb::Huma, 12)
        );
    }
    let parsed = parse(b"all only-huma create-xledger expect 6\nall missing later 7d expect 3", &[]);
    assert_eq!(parsed.bulk.len(), 2);
}

#[test]
fn the_last_line_is_known_by_how_it_begins() {
    for whole in
        ["# end of file", "x\n# end of file, 5 questions\n", "\t# end of file\r\n", "#\u{a0}end of file"]
    {
        assert!(has_trailer(whole.as_bytes()), "{whole:?}");
    }
    for cut in ["", "# end of fil", "#   end of file", "pending K7Q4.9f2c1a07 # end of file", "#end of file"]
    {
        assert!(!has_trailer(cut.as_bytes()), "{cut:?}");
    }
}

#[test]
fn an_admins_remarks_stay_with_their_question() {
    let items = vec![conflict("K7Q4.9f2c1a07"), conflict("B4LM.55d0aa31")];
    let mut text = render(&page(items.clone()), &show);
    text = text.replace("pending  B4LM", "## before it\npending  B4LM");
    let title = "# Kari Nordmann (1042), phone\n";
    text = text.replacen(title, &format!("{title}## right under it\n# lost\n  ##asked her\n"), 1);
    let comments = parse(text.as_bytes(), &items).comments;
    assert_eq!(comments["K7Q4"], ["## right under it", "##asked her"]);
    assert_eq!(comments["B4LM"], ["## before it"]);
    let again = render(&Page { comments: comments.clone(), ..page(items.clone()) }, &show);
    assert_eq!(parse(again.as_bytes(), &items).comments, comments);
}

#[test]
fn hxsyncs_own_answers_are_not_read_back() {
    let text = "#! \"hmua K7Q4.9f2c1a07\": no such answer\n#!   Nothing was done for it.\n# end of file";
    let parsed = parse(text.as_bytes(), &[]);
    assert_eq!(parsed, Parsed { has_trailer: true, ..Parsed::default() });
}

#[test]
fn a_command_says_the_same_as_a_line() {
    let open = [conflict("K7Q4.9f2c1a07")];
    for (words, verb) in [
        (vec!["later", "7d"], Verb::Later(7)),
        (vec!["huma"], Verb::Huma),
        (vec!["verdi", "O\"Hara", "# 5"], Verb::Value("O\"Hara # 5".into())),
    ] {
        let words: Vec<String> = words.into_iter().map(str::to_owned).collect();
        let parsed = parse(line_of("k7q4", &words).as_bytes(), &open);
        assert_eq!(parsed.answers.first().map(|answer| &answer.verb), Some(&verb));
    }
}

#[test]
fn a_file_of_nothing_but_wrong_lines_has_each_of_them_named() {
    let open: Vec<Item> = (0..1000).map(|n| conflict(&format!("A{n:03}.9f2c1a07"))).collect();
    let text = "huma A0000-9f2c1a07\n".repeat(20_000);
    // Comparing each with all would keep this test for minutes.
    assert_eq!(parse(text.as_bytes(), &open).problems.len(), 20_000);
}
