//! What holds for any page and any text.

use super::super::*;
use super::support::*;
use crate::reconcile::Verb;
use proptest::prelude::*;

/// Texts that try to leave their line, or to look like one of ours.
fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "(huma|all phone huma expect 1|## x|#! x|# end of file|pending)( K7Q4\\.9f2c1a07)?",
        "[\r\n\u{2028}\u{85}\u{b}](huma K7Q4\\.9f2c1a07|# end of file|## x| database x, cycle 9)",
        "[ -~æøå\u{202e}]{0,300}",
    ]
}

fn any_item(index: usize) -> impl Strategy<Value = Item> {
    let kind = prop::sample::select(QuestionKind::ALL.to_vec());
    let field = prop::sample::select(Field::ALL.to_vec());
    (kind, field, hostile(), prop::collection::vec(hostile(), 6), any::<bool>()).prop_map(
        move |(kind, field, person, texts, sleeps)| {
            let mut item = of_kind(&format!("A{index:03}.9f2c1a07"), kind);
            item.question.person = person;
            item.asleep_until = sleeps.then(|| at("2026-12-24T00:00"));
            match &mut item.question.shown {
                Shown::Values(values) => {
                    values.huma = Reading::Value(Spelling::text(&texts[0]));
                    values.xledger = Reading::Value(Spelling::text(&texts[1]));
                    values.base = Some(Spelling::text(&texts[2]));
                    values.notes = vec![texts[3].clone()];
                    item.question.subject =
                        crate::reconcile::Subject::Field { link: crate::domain::LinkId(1), field };
                }
                Shown::People(people) => {
                    people.values = vec![(field, Spelling::text(&texts[0]))];
                    people.candidates[0].label = texts[1].clone();
                    people.candidates[0].why = texts[2].clone();
                    people.notes = vec![texts[3].clone()];
                }
                Shown::FirstSync(picture) => picture.counts.push((texts[0].clone(), u64::MAX)),
                Shown::Vanished { .. } | Shown::Held { .. } => {}
            }
            item
        },
    )
}

fn any_page() -> impl Strategy<Value = Page> {
    let items = prop::collection::vec(any::<u8>(), 0..6).prop_flat_map(|which| {
        which.iter().enumerate().map(|(index, _)| any_item(index)).collect::<Vec<_>>()
    });
    (items, prop::collection::vec(hostile(), 3), any::<bool>()).prop_map(|(items, texts, norwegian)| {
        let mut page = page(items);
        page.language = if norwegian { Language::Norwegian } else { Language::English };
        page.notes = vec![texts[0].clone()];
        page.replies = vec![
            Reply::refused(&texts[1], &texts[2]),
            Reply::said(&texts[0]),
            Reply::applied(&texts[2], Some(&texts[1])),
        ];
        page
    })
}

fn plain(_: Field, spelling: &Spelling) -> String {
    let Spelling::Text(text) = spelling else { unreachable!() };
    text.clone()
}

use crate::domain::Reading;

proptest! {
    /// Nothing in a record can forge a line, and what is rendered is read back: each awake question pending, the mark, the
    /// remarks, the last line, and nothing else.
    #[test]
    fn a_page_of_hostile_values_is_read_back_as_what_it_was_made_from(page in any_page()) {
        let mut page = page;
        let awake: Vec<&Item> = page.items.iter().filter(|item| !item.is_asleep(page.written_at)).collect();
        page.comments = awake.iter().map(|item| (item.id.clone(), vec!["## asked".to_owned()])).collect();
        page.comments.insert(String::new(), vec!["## of the page".into()]);
        if awake.is_empty() {
            page.comments = Comments::from([(String::new(), vec!["## of the page".into()])]);
        }
        let text = render(&page, &plain);
        for line in text.lines() {
            prop_assert!(super::super::text::width(line) <= 78, "{line}");
        }
        let parsed = parse(text.as_bytes(), &page.items);
        prop_assert_eq!(parsed.answers, vec![]);
        prop_assert_eq!(parsed.bulk, vec![]);
        prop_assert_eq!(parsed.problems, vec![]);
        let mut pending: Vec<String> = parsed.pending.into_iter().map(|(item, prefix)| format!("{item}.{prefix}")).collect();
        let mut expected: Vec<String> = page.items.iter().filter(|item| !item.is_asleep(page.written_at)).map(Item::full_id).collect();
        pending.sort();
        expected.sort();
        prop_assert_eq!(pending, expected);
        prop_assert_eq!(parsed.mark, page.mark);
        prop_assert_eq!(&parsed.comments, &page.comments);
        prop_assert!(parsed.has_trailer);
        // Only the last line makes the file whole.
        let cut = text.rfind("# end of file").unwrap();
        prop_assert!(!has_trailer(&text.as_bytes()[..cut]));
    }

    /// A value typed as it is shown is the value shown.
    #[test]
    fn a_value_in_the_form_shown_is_read_as_it_was(value in hostile()) {
        prop_assume!(!value.trim_matches(super::super::line::is_blank).is_empty());
        let open = [conflict("K7Q4.9f2c1a07")];
        let shown = escape(&value).replace('"', "\\\"");
        let line = format!("value \"{shown}\" K7Q4.9f2c1a07");
        let parsed = parse(line.as_bytes(), &open);
        prop_assert_eq!(&parsed.answers.first().map(|answer| answer.verb.clone()), &Some(Verb::Value(value)), "{}", line);
    }

    /// What a shell hands over is what was typed, whatever it holds.
    #[test]
    fn a_value_given_to_a_command_arrives_as_it_was(value in hostile()) {
        prop_assume!(!value.trim_matches(super::super::line::is_blank).is_empty());
        let open = [conflict("K7Q4.9f2c1a07")];
        let line = line_of("K7Q4", &["value".into(), value.clone()]);
        let parsed = parse(line.as_bytes(), &open);
        prop_assert_eq!(&parsed.answers.first().map(|answer| answer.verb.clone()), &Some(Verb::Value(value)), "{}", line);
    }

    #[test]
    fn random_bytes_never_panic_and_answer_nothing_by_chance(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let open = [conflict("K7Q4.9f2c1a07"), held("G5AA.e3f94b52", 53, 49)];
        let parsed = parse(&bytes, &open);
        prop_assert!(parsed.answers.is_empty() && parsed.bulk.is_empty());
    }

    #[test]
    fn a_page_edited_at_random_never_panics_and_only_open_states_are_accepted(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3u8), 0..40),
        verb in "(huma|all|link|value|allow|later|\"|«|#|\u{a0}){1,3}",
    ) {
        let open: Vec<Item> = QuestionKind::ALL.into_iter().enumerate().map(|(n, kind)| of_kind(&format!("A{n:03}.9f2c1a07"), kind)).collect();
        let mut bytes = render(&page(open.clone()), &show).replace("pending", &verb).into_bytes();
        for (place, byte, how) in edits {
            let at = place.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => drop(bytes.remove(at)),
            }
        }
        let zone = oslo();
        let moment = take_in::Moment { now: now(), zone: &zone, ids: IdForm::Full };
        let parsed = parse(&bytes, &open);
        for taken in take_in(&parsed, &open, &Remembered::default(), &moment) {
            if let Taken::Accepted(accepted) = taken {
                let item = open.iter().find(|item| item.id == accepted.item).unwrap();
                prop_assert_eq!(&accepted.fingerprint, &item.fingerprint);
                prop_assert!(accepted.verb.suits(item.kind()));
            }
        }
    }
}
