//! Properties of the reconciler over generated pairs: nothing lost, nothing twice, one outcome per field, sides alike.

use crate::support::pair::{KEY, LINK, Landing, Pair, decision, in_words, main_position, now};
use crate::support::people::{Person, in_words as found_in_words};
use crate::support::text::{self, EMPTY, HIDDEN};
use hxsync::config::{Direction, FieldPolicy, OnClear, OnMissing, Prefer};
use hxsync::domain::{Canonical, Field, HumaId, Lock, Positions, Reading, RecordId, Side, XledgerId};
use hxsync::reconcile::correlate::{Entry, PeopleMemory, correlate};
use hxsync::reconcile::pair::PairPlan;
use hxsync::reconcile::question::Values;
use hxsync::reconcile::{FieldStanding, FieldState, Question, QuestionKind, Shown, Subject, Verb, Why};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Three values a field may have on a side, the empty and the hidden reading, and one that fails its check (or, where
/// nothing fails, a fourth). The same index on both sides is the same value.
fn values(field: Field, side: Side) -> [&'static str; 6] {
    let [one, two, three, other] = match (field, side) {
        (Field::GivenName, _) => ["Kari", "Åse Marie", "Ola", "kari"],
        (Field::FamilyName, _) => ["Nordmann", "Hansen", "Berg", "nordmann"],
        (Field::Email, _) => ["kari@example.no", "k.n@example.no", "ola@example.no", "kari"],
        (Field::Phone, _) => ["900 11 222", "900 33 444", "900 55 666", "1234"],
        (Field::BankAccount, _) => ["86011117947", "86011117955", "12345678911", "86011117946"],
        (Field::Address, Side::Huma) => [
            "Storgata 1 / Oppgang B | 0155 | Oslo | NO",
            "Storgata 2 | 0155 | Oslo | NO",
            "Storgata 1 | 5003 | Bergen | NO",
            "Storgata 1 | 0155 | Oslo | SE",
        ],
        (Field::Address, Side::Xledger) => [
            "Storgata 1, Oppgang B | 0155 | Oslo | NO",
            "Storgata 2 | 0155 | Oslo | NO",
            "Storgata 1 | 5003 | Bergen | NO",
            "Storgata 1 | - | Oslo | NO",
        ],
        (Field::Gender, Side::Huma) => ["Female", "Male", "Nonbinary", "kvinne"],
        (Field::Gender, Side::Xledger) => ["Kvinne", "Mann", "Annet", "Kvinne"],
        (Field::CivilStatus, Side::Huma) => ["Single", "Married", "Relationship", "Complicated"],
        (Field::CivilStatus, Side::Xledger) => ["Ugift", "Gift", "Samboer", "Skilt"],
        (Field::EmploymentId, _) => ["1042", "2042", "0042", "42"],
        (Field::JobTitle, _) => ["Konsulent", "Regnskapsfører", "Rådgiver", "Daglig leder"],
        (
            Field::BirthDate
            | Field::FirstDayOfWork
            | Field::ProbationEndDate
            | Field::TerminationNoticeDate
            | Field::LastDayOfWork,
            _,
        ) => ["2026-01-01", "2026-02-01", "2027-03-01", "soon"],
    };
    [one, two, three, other, EMPTY, HIDDEN]
}

#[derive(Debug, Clone)]
struct OneField {
    field: Field,
    /// Indexes into [`values`]; `None`: no base.
    base: Option<(usize, usize, FieldStanding)>,
    huma: usize,
    xledger: usize,
    policy: FieldPolicy,
    huma_locked: bool,
    id_taken: bool,
}

fn policy() -> impl Strategy<Value = FieldPolicy> {
    let direction =
        || prop_oneof![3 => Just(Direction::Write), 1 => Just(Direction::Ask), 1 => Just(Direction::Never)];
    let prefer = prop_oneof![Just(Prefer::Ask), Just(Prefer::Huma), Just(Prefer::Xledger)];
    let on_clear = prop_oneof![Just(OnClear::Ask), Just(OnClear::Carry), Just(OnClear::Restore)];
    let on_missing = prop_oneof![Just(OnMissing::Ask), Just(OnMissing::Fill)];
    (direction(), direction(), prefer, on_clear, on_missing).prop_map(
        |(to_huma, to_xledger, prefer, on_clear, on_missing)| FieldPolicy {
            to_huma,
            to_xledger,
            prefer,
            on_clear,
            on_missing,
            second_approver: false,
        },
    )
}

fn one_of(fields: &'static [Field]) -> impl Strategy<Value = OneField> {
    let standing = prop_oneof![
        4 => Just(FieldStanding::Agreed),
        1 => Just(FieldStanding::Differ),
        1 => Just(FieldStanding::NotAccepted),
        1 => Just(FieldStanding::Waiting),
    ];
    // A base is never of a hidden reading. Halves that stand agreed are the same value.
    let base = (0..5usize, 0..5usize, standing).prop_map(|(huma, xledger, standing)| match standing {
        FieldStanding::Agreed => (huma, huma, standing),
        FieldStanding::Differ | FieldStanding::NotAccepted | FieldStanding::Waiting => {
            (huma, xledger, standing)
        }
    });
    (
        proptest::sample::select(fields),
        proptest::option::weighted(0.8, base),
        0..6usize,
        0..6usize,
        policy(),
        proptest::bool::weighted(0.1),
        proptest::bool::weighted(0.1),
    )
        .prop_map(|(field, base, huma, xledger, policy, huma_locked, id_taken)| OneField {
            field,
            base,
            huma,
            xledger,
            policy,
            huma_locked,
            id_taken,
        })
}

impl OneField {
    fn pair(&self) -> Pair {
        let mut pair = Pair::new();
        self.put(&mut pair);
        pair
    }

    fn put(&self, pair: &mut Pair) {
        let value = |side: Side, at: usize| values(self.field, side)[at];
        pair.set(Side::Huma, self.field, value(Side::Huma, self.huma));
        pair.set(Side::Xledger, self.field, value(Side::Xledger, self.xledger));
        if let Some((huma, xledger, standing)) = self.base {
            let (huma, xledger) = (value(Side::Huma, huma), value(Side::Xledger, xledger));
            pair.set_base(self.field, huma, xledger, standing, None);
        }
        pair.policies[self.field] = self.policy;
        if self.huma_locked {
            pair.huma.locked.insert(self.field, Lock::OwnedBy("another".into()));
        }
        pair.id_taken |= self.id_taken && self.field == Field::EmploymentId;
    }

    fn mirrored(&self) -> OneField {
        OneField {
            base: self.base.map(|(huma, xledger, standing)| (xledger, huma, standing)),
            huma: self.xledger,
            xledger: self.huma,
            policy: FieldPolicy {
                to_huma: self.policy.to_xledger,
                to_xledger: self.policy.to_huma,
                prefer: match self.policy.prefer {
                    Prefer::Ask => Prefer::Ask,
                    Prefer::Huma => Prefer::Xledger,
                    Prefer::Xledger => Prefer::Huma,
                },
                ..self.policy
            },
            ..self.clone()
        }
    }
}

fn whole_pair() -> impl Strategy<Value = (Vec<OneField>, u8)> {
    let fields: Vec<_> = Field::ALL
        .into_iter()
        .map(|field| {
            one_of(match field {
                Field::GivenName => &[Field::GivenName],
                Field::FamilyName => &[Field::FamilyName],
                Field::Email => &[Field::Email],
                Field::Phone => &[Field::Phone],
                Field::BirthDate => &[Field::BirthDate],
                Field::BankAccount => &[Field::BankAccount],
                Field::Address => &[Field::Address],
                Field::Gender => &[Field::Gender],
                Field::CivilStatus => &[Field::CivilStatus],
                Field::EmploymentId => &[Field::EmploymentId],
                Field::JobTitle => &[Field::JobTitle],
                Field::FirstDayOfWork => &[Field::FirstDayOfWork],
                Field::ProbationEndDate => &[Field::ProbationEndDate],
                Field::TerminationNoticeDate => &[Field::TerminationNoticeDate],
                Field::LastDayOfWork => &[Field::LastDayOfWork],
            })
        })
        .collect();
    (fields, 0..3u8)
}

fn build((fields, position): &(Vec<OneField>, u8)) -> Pair {
    let mut pair = Pair::new();
    fields.iter().for_each(|field| field.put(&mut pair));
    match position {
        0 => {}
        1 => pair.about().positions = main_position("p2"),
        _ => {
            // Without a position, what would live on it reads as empty.
            pair.about().positions = Positions::None;
            Field::ALL.into_iter().filter(|field| field.is_on_position()).for_each(|field| {
                pair.set(Side::Huma, field, EMPTY);
            });
        }
    }
    pair
}

/// How often a plan speaks of a field: a question, a moved base, or writes to it.
fn parts(plan: &PairPlan, field: Field) -> (usize, usize, usize) {
    (
        plan.questions.iter().filter(|question| question.subject.field() == Some(field)).count(),
        plan.moves.iter().filter(|moved| moved.field == field).count(),
        plan.changes.iter().filter(|change| change.field == field).count(),
    )
}

fn exchanged(words: &str) -> String {
    words
        .replace("huma", "\0h")
        .replace("Huma", "\0H")
        .replace("xledger", "huma")
        .replace("Xledger", "Huma")
        .replace("\0h", "xledger")
        .replace("\0H", "Xledger")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// P5: what was carried out is not planned again, and neither is anything new.
    #[test]
    fn planning_again_after_applying_gives_nothing(given in whole_pair()) {
        let mut pair = build(&given);
        let first = pair.plan(&[]);
        pair.apply(&first, &Landing::Written);
        let mut again = pair.plan(&[]);
        // A first day that was just written may show that an end date is of this employment after all.
        if first.changes.iter().any(|change| change.field == Field::FirstDayOfWork) {
            let end_date = |field: Field| matches!(field, Field::TerminationNoticeDate | Field::LastDayOfWork);
            prop_assert!(again.changes.iter().all(|change| end_date(change.field)));
            pair.apply(&again, &Landing::Written);
            again = pair.plan(&[]);
        }
        prop_assert_eq!(&again.changes, &vec![]);
        for moved in &again.moves {
            prop_assert!(false, "{} moves its base again", moved.field);
        }
        // And what is asked stays asked the same way.
        pair.apply(&again, &Landing::Written);
        let third = pair.plan(&[]);
        prop_assert_eq!(third.questions.len(), again.questions.len());
        for (one, other) in again.questions.iter().zip(&third.questions) {
            prop_assert_eq!(KEY.of(one), KEY.of(other));
        }
    }

    #[test]
    fn every_field_has_exactly_one_outcome(given in whole_pair()) {
        let plan = build(&given).plan(&[]);
        for field in Field::ALL {
            let found = parts(&plan, field);
            let one = match found {
                (0, 0, 0) => !matches!(
                    plan.states[field],
                    FieldState::Conflict | FieldState::Difference | FieldState::Divergence | FieldState::Missing
                        | FieldState::Clear | FieldState::Flap
                ),
                (1, 0, 0) | (0, 1, 0) | (0, 0, 1) => true,
                _ => false,
            };
            prop_assert!(one, "{field}: {found:?}, {}", plan.states[field].word());
        }
    }

    /// P1: an edit on one side of an agreed field is written, asked, or waits in a named state with the base as it was.
    #[test]
    fn a_one_sided_edit_is_never_lost(given in whole_pair()) {
        let pair = build(&given);
        let plan = pair.plan(&[]);
        for field in Field::ALL {
            let Some(base) = &pair.base.fields[field] else { continue };
            let drifted = |side: Side| match (&base.half(side).spelling, pair.reading(side, field)) {
                (_, Reading::Hidden) => None,
                (None, Reading::Empty) => Some(false),
                (Some(then), Reading::Value(now)) => Some(!pair.lenses.same(field, side, then, now)),
                (None, Reading::Value(_)) | (Some(_), Reading::Empty) => Some(true),
            };
            let edited = match (drifted(Side::Huma), drifted(Side::Xledger)) {
                (Some(true), Some(false)) => Side::Huma,
                (Some(false), Some(true)) => Side::Xledger,
                _ => continue,
            };
            let (asked, moved, written) = parts(&plan, field);
            let restored = pair.reading(edited, field).is_empty();
            for change in plan.changes.iter().filter(|change| change.field == field) {
                // An edited value is never overwritten by a rule; an emptied one may be put back. While Huma's half waits,
                // an edit there meets Xledger's earlier one, and `prefer` may decide.
                let preferred = matches!(change.why, Why::Preferred(_)) && base.standing == FieldStanding::Waiting;
                prop_assert!(change.side != edited || restored || preferred, "{field}: {}", in_words(&plan, field));
            }
            let agrees = match (pair.reading(Side::Huma, field).value(), pair.reading(Side::Xledger, field).value()) {
                (Some(huma), Some(xledger)) => {
                    pair.lenses.relation(field, huma, xledger) != hxsync::domain::lens::Relation::Different
                }
                (None, None) => true,
                (Some(_), None) | (None, Some(_)) => false,
            };
            let waits = matches!(
                plan.states[field],
                FieldState::Off | FieldState::Hidden | FieldState::Invalid | FieldState::Unrepresentable
                    | FieldState::ReadOnly | FieldState::Confirm
            );
            prop_assert!(
                written == 1 || asked == 1 || (moved == 1 && agrees) || (moved == 0 && waits),
                "{field}: {}", in_words(&plan, field)
            );
        }
    }

    /// An answer writes nothing to a side that is never written or locked, empties nothing unless it says so, and settles
    /// the field.
    #[test]
    fn an_answer_writes_what_may_be_written_and_settles_the_field(
        given in whole_pair(), verb in 0..6usize, field in proptest::sample::select(&Field::ALL[..])
    ) {
        let mut pair = build(&given);
        let Some(question) = pair.question(field) else { return Ok(()) };
        let verb = [
            Verb::Huma, Verb::Xledger, Verb::Base, Verb::Clear, Verb::Differ,
            Verb::Value(values(field, Side::Huma)[1].into()),
        ][verb].clone();
        let empties = verb == Verb::Clear;
        let plan = pair.plan(&[(field, decision(&question, verb))]);
        for change in plan.changes.iter().filter(|change| change.field == field) {
            let policy = pair.policies[field];
            let direction = match change.side { Side::Huma => policy.to_huma, Side::Xledger => policy.to_xledger };
            prop_assert_ne!(direction, Direction::Never);
            prop_assert!(change.side == Side::Xledger || !pair.huma.locked.contains_key(&field));
            prop_assert_eq!(&change.from, pair.reading(change.side, field));
            prop_assert!(change.to.is_some() || empties);
            if let Some(value) = &change.to {
                prop_assert_eq!(pair.lenses.read(field, change.side, value).fault, None);
            }
        }
        let (asked, moved, written) = parts(&plan, field);
        prop_assert_eq!(asked + moved + usize::from(written > 0), 1);

        // Carried out, it is settled: neither written again nor asked again.
        if asked == 0 {
            pair.apply(&plan, &Landing::Written);
            let again = pair.plan(&[]);
            prop_assert_eq!(parts(&again, field), (0, 0, 0), "{}: {}", field, in_words(&again, field));
        }
    }

    /// The rules know no favourite: with the sides exchanged, the outcome is the same with the sides exchanged.
    #[test]
    fn sides_exchanged_give_the_mirrored_outcome(
        mut given in one_of(&[Field::BirthDate, Field::Phone, Field::GivenName, Field::LastDayOfWork])
    ) {
        given.huma_locked = false;
        // Only Huma asks a person to confirm a change of theirs.
        if let Some((_, _, standing @ FieldStanding::Waiting)) = &mut given.base {
            *standing = FieldStanding::NotAccepted;
        }
        let mirrored = given.mirrored();
        let one = in_words(&given.pair().plan(&[]), given.field);
        let other = in_words(&mirrored.pair().plan(&[]), given.field);
        prop_assert_eq!(exchanged(&one), other);
    }

    /// P3: the fingerprint changes when one of the three canonical values changes, and only then.
    #[test]
    fn a_fingerprint_is_over_the_three_canonical_values(
        one in [proptest::option::of("[a-c-=]{0,2}"), proptest::option::of("[a-c-=]{0,2}"), proptest::option::of("[a-c-=]{0,2}")],
        other in [proptest::option::of("[a-c-=]{0,2}"), proptest::option::of("[a-c-=]{0,2}"), proptest::option::of("[a-c-=]{0,2}")],
        spelled in "[a-z]{0,3}",
    ) {
        let question = |canonical: &[Option<String>; 3], spelled: &str| Question {
            kind: QuestionKind::Conflict,
            subject: Subject::Field { link: LINK, field: Field::Phone },
            person: spelled.into(),
            shown: Shown::Values(Box::new(Values {
                base: None,
                base_at: None,
                huma: text::reading(Field::Phone, Side::Huma, spelled),
                huma_at: now(),
                xledger: Reading::Empty,
                xledger_at: now(),
                canonical: canonical.clone().map(|value| value.map(Canonical)),
                side: None,
                notes: vec![spelled.into()],
            })),
        };
        let seen = KEY.of(&question(&one, "x"));
        prop_assert_eq!(&seen, &KEY.of(&question(&one, &spelled)));
        prop_assert_eq!(one == other, seen == KEY.of(&question(&other, "x")));
    }

    /// Whatever the order of the listings, the same is found; and every free record is accounted for exactly once.
    #[test]
    fn the_order_of_the_records_changes_nothing(
        (huma, shuffled_huma) in people(Side::Huma), (xledger, shuffled_xledger) in people(Side::Xledger),
        ruled_out in proptest::bool::ANY, left_alone in proptest::bool::ANY,
    ) {
        let mut memory = PeopleMemory::default();
        if ruled_out {
            memory.not_same.insert((HumaId("0".into()), XledgerId(100)));
        }
        if left_alone {
            memory.ignored.insert(RecordId::Xledger(XledgerId(101)));
        }
        let entries = |side: Side, people: &[Person]| -> Vec<Entry> {
            people.iter().map(|person| person.entry(side)).collect()
        };
        let (huma, xledger) = (entries(Side::Huma, &huma), entries(Side::Xledger, &xledger));
        let found = correlate(&huma, &xledger, &memory);
        let shuffled = correlate(
            &entries(Side::Huma, &shuffled_huma), &entries(Side::Xledger, &shuffled_xledger), &memory
        );
        prop_assert_eq!(found_in_words(&found), found_in_words(&shuffled));

        let mut times: BTreeMap<RecordId, usize> = BTreeMap::new();
        let mut count = |id: RecordId| *times.entry(id).or_default() += 1;
        for pair in &found.pairs {
            count(RecordId::Huma(pair.huma.clone()));
            count(RecordId::Xledger(pair.xledger));
        }
        found.only.iter().chain(&found.matches).for_each(|doubt| count(doubt.record.clone()));
        found.ended.iter().for_each(|id| count(id.clone()));
        for entry in huma.iter().chain(&xledger).filter(|entry| !entry.linked && !memory.ignored.contains(&entry.id)) {
            let candidate = found.matches.iter().any(|doubt| {
                doubt.candidates.iter().any(|candidate| candidate.record == entry.id)
            });
            match times.get(&entry.id).copied().unwrap_or(0) {
                0 => prop_assert!(candidate, "{} is nowhere", entry.id),
                1 => {}
                more => prop_assert!(false, "{} is found {more} times", entry.id),
            }
        }
    }
}

/// A few records whose keys collide often, and the same in another order.
fn people(side: Side) -> impl Strategy<Value = (Vec<Person>, Vec<Person>)> {
    let person = (
        proptest::option::of(0..4u8),
        proptest::option::of(0..3u8),
        proptest::option::of(0..3u8),
        proptest::option::weighted(0.3, 100..104u8),
        proptest::bool::weighted(0.2),
        proptest::bool::weighted(0.2),
    );
    proptest::collection::vec(person, 0..5)
        .prop_map(move |people| {
            let person = |(at, (number, born, email, connected, ended, linked)): (usize, _)| {
                let number: Option<u8> = number;
                let (born, email): (Option<u8>, Option<u8>) = (born, email);
                let connected: Option<u8> = connected;
                Person {
                    id: match side {
                        Side::Huma => at.to_string(),
                        Side::Xledger => (100 + at).to_string(),
                    },
                    number: number.map(|number| format!("10{number}")),
                    person: Some("Kari Nordmann".into()),
                    born: born.map(|day| format!("1990-04-0{}", day + 1)),
                    email: email.map(|name| format!("{name}@example.no")),
                    connected: connected.map(|id| id.to_string()).filter(|_| side == Side::Huma),
                    inactive: ended,
                    last_day: Some("2024-05-31".to_owned()).filter(|_| ended),
                    linked,
                    ..Person::default()
                }
            };
            people.into_iter().enumerate().map(person).collect::<Vec<_>>()
        })
        .prop_flat_map(|people| (Just(people.clone()), Just(people).prop_shuffle()))
}
