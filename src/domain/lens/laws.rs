//! The laws every lens keeps, over generated values of all 15 fields in both directions.

use super::{Carried, LensOptions, Lenses, Relation, agrees_when_invalid};
use crate::domain::{Account, Address, Catalog, Field, Named, NamedObject, Side, Spelling};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

/// Settings with no maps, with maps of other words, and with several of Huma's words on one of Xledger's.
static LENSES: LazyLock<[Lenses; 3]> = LazyLock::new(|| {
    let map = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs.iter().map(|(huma, xledger)| (huma.to_string(), xledger.to_string())).collect()
    };
    let lenses = |civil_status: &[(&str, &str)], gender: &[(&str, &str)], xledger_title_is_text| {
        let (civil_status, gender) = (map(civil_status), map(gender));
        let options = LensOptions { civil_status, gender, xledger_title_is_text, ..LensOptions::default() };
        Lenses::new(options, catalog())
    };
    [
        lenses(&[], &[], false),
        lenses(&[("Single", "Annet"), ("Married", "G")], &[("Nonbinary", "X"), ("Male", "1")], true),
        lenses(
            &[("Single", "Ugift"), ("Relationship", "Ugift"), ("Divorced", "Skilt"), ("Widowed", "Skilt")],
            &[("Nonbinary", "X"), ("Other", "X"), ("Woman", "M")],
            false,
        ),
    ]
});

const CIVIL_STATUSES: [(&str, &str); 9] = [
    ("G", "Gift"),
    ("S", "Samboer"),
    ("U", "Ugift"),
    ("E", "Enslig"),
    ("SK", "Skilt"),
    ("SE", "Separert"),
    ("W", "Enke/Enkemann"),
    ("RP", "Registrert partner"),
    ("A", "Annet"),
];
const GENDERS: [(&str, &str); 5] =
    [("M", "Mann"), ("F", "Kvinne"), ("X", "Annet"), ("1", "Male"), ("", "Ukjent")];
const TITLES: [&str; 5] = ["Konsulent", "KONSULENT", "R\u{e5}dgiver", "Ra\u{30a}dgiver", "Daglig  leder"];

fn catalog() -> Catalog {
    let objects = |rows: &[(&str, &str)]| -> Vec<NamedObject> {
        let object = |(at, (code, name)): (usize, &(&str, &str))| NamedObject {
            id: (at + 1).to_string(),
            code: Some(code.to_string()),
            name: name.to_string(),
        };
        rows.iter().enumerate().map(object).collect()
    };
    let titles = |names: &[&str]| objects(&names.iter().map(|name| ("", *name)).collect::<Vec<_>>());
    Catalog {
        huma_titles: titles(&TITLES[1..4]),
        xledger_titles: titles(&TITLES),
        xledger_marital_statuses: objects(&CIVIL_STATUSES),
        xledger_genders: objects(&GENDERS[..3]),
        xledger_countries: objects(&[("NO", "Norway"), ("SE", "Sweden"), ("XK", "Kosovo")]),
    }
}

/// Any text, and texts close to what people write and to each other.
fn words(likely: &'static [&'static str]) -> BoxedStrategy<String> {
    let spaced = (select(likely), select(&["", " ", "\u{a0}", "\n"][..]), any::<bool>()).prop_map(
        |(word, space, upper)| {
            let word = if upper { word.to_uppercase() } else { word.to_owned() };
            format!("{space}{word}{space}")
        },
    );
    prop_oneof![6 => spaced, 1 => any::<String>(), 1 => ".{250,260}"].boxed()
}

fn phone() -> BoxedStrategy<String> {
    let written = (select(&["", "+47", "0047", "+46 (0)", "(+47) "][..]), "[2-9][0-9]{7}", any::<bool>())
        .prop_map(|(code, digits, spaced)| {
            if spaced {
                format!("{code} {} {}", &digits[..3], &digits[3..])
            } else {
                format!("{code}{digits}")
            }
        });
    prop_oneof![4 => written, 1 => "[0-9+ ()./-]{0,16}", 1 => any::<String>()].boxed()
}

fn date() -> BoxedStrategy<String> {
    let written = (
        0..=10_000_u32,
        0..=13_u32,
        0..=32_u32,
        select(&["", "T00:00:00", "+01:00", "Z", " ", "T01:00:00"][..]),
    );
    let written = written.prop_map(|(year, month, day, tail)| format!("{year:04}-{month:02}-{day:02}{tail}"));
    prop_oneof![6 => written, 1 => any::<String>()].boxed()
}

/// Eleven digits that pass mod 11 more often than by chance, some of them at one bank.
fn digits() -> BoxedStrategy<String> {
    let first = prop_oneof!["[0-9]{10}", "860111[0-9]{4}"];
    first
        .prop_map(|digits| {
            (0..10)
                .map(|last| format!("{digits}{last}"))
                .find(|account| super::account::read(&Spelling::text(account)).fault.is_none())
                .unwrap_or_else(|| format!("{digits}0"))
        })
        .boxed()
}

fn account(side: Side) -> BoxedStrategy<Spelling> {
    let iban = || {
        let bic = || {
            Some(Spelling::Account(Account::International {
                iban: "NO9386011117947".into(),
                bic: "X".into(),
            }))
        };
        let written = digits().prop_map(move |digits| {
            let held = bic();
            let carried = super::account::to_huma(&Spelling::Text(digits.clone()), held.as_ref()).ok();
            match carried.map(|carried| carried.spelling) {
                Some(Spelling::Account(Account::International { iban, .. })) => iban,
                Some(_) | None => digits,
            }
        });
        prop_oneof![written, Just("SE4550000000058398257466".to_owned()), Just("NO9386011117948".to_owned())]
    };
    let dotted = digits().prop_map(|digits| format!("{}.{}.{}", &digits[..4], &digits[4..6], &digits[6..]));
    let number = prop_oneof![4 => digits(), 2 => dotted, 1 => "[0-9]{8,12}", 1 => any::<String>()];
    match side {
        Side::Xledger => prop_oneof![3 => number, 1 => iban()].prop_map(Spelling::Text).boxed(),
        Side::Huma => {
            let national = (number, select(&["NO", "no", "", "SE"][..]))
                .prop_map(|(number, country)| Account::National { number, country: country.into() });
            let international = (iban(), select(&["DNBANOKK", ""][..]))
                .prop_map(|(iban, bic)| Account::International { iban, bic: bic.into() });
            prop_oneof![national, international].prop_map(Spelling::Account).boxed()
        }
    }
}

fn address(side: Side) -> BoxedStrategy<Spelling> {
    const LINES: [&str; 7] = [
        "Storgata 1",
        "Oppgang B",
        "c/o Hansen",
        ",",
        "Storgata 1, Oppgang B",
        "Lillegata 2, oppgang b",
        "Lillegata 2 , Oppgang B",
    ];
    let line = || option::weighted(0.8, words(&LINES));
    let more = || match side {
        Side::Huma => line().boxed(),
        Side::Xledger => Just(None).boxed(),
    };
    let postal_code = option::weighted(0.9, words(&["0155", "5003", "-"]));
    let city = option::weighted(0.9, words(&["Oslo", "Bergen", "Ås"]));
    let country = option::weighted(0.9, words(&["NO", "no", "Norge", "Norway", "SE", "Kosovo", "Atlantis"]));
    (line(), more(), more(), postal_code, city, country)
        .prop_map(|(line1, line2, line3, postal_code, city, country)| {
            Spelling::Address(Address { line1, line2, line3, postal_code, city, country })
        })
        .boxed()
}

fn named(rows: &'static [(&'static str, &'static str)]) -> BoxedStrategy<Spelling> {
    let known = select(rows).prop_map(|(code, name)| (Some(code.to_owned()), name.to_owned()));
    let other = (option::of(any::<String>()), any::<String>());
    let blank = select(rows).prop_map(|(code, _)| (Some(code.to_owned()), String::new()));
    prop_oneof![6 => known, 1 => other, 1 => blank]
        .prop_map(|(code, name)| Spelling::Named(Named { id: None, code, name }))
        .boxed()
}

fn spelling(field: Field, side: Side) -> BoxedStrategy<Spelling> {
    let text = |text: BoxedStrategy<String>| text.prop_map(Spelling::Text).boxed();
    match field {
        Field::GivenName | Field::FamilyName => {
            text(words(&["Kari", "Åse", "A\u{30a}se", "Anne  Lise", "Anne-Lise"]))
        }
        Field::Email => {
            text(words(&["kari@example.no", "Kari@Example.no", "ola@localhost", "æ@example.no", "x@@y.no"]))
        }
        Field::Phone => text(phone()),
        Field::BankAccount => account(side),
        Field::Address => address(side),
        Field::Gender => match side {
            Side::Huma => text(words(&["Male", "Mann", "Female", "Nonbinary", "Other", "X", "M", "Ukjent"])),
            Side::Xledger => named(&GENDERS),
        },
        Field::CivilStatus => match side {
            Side::Huma => text(words(&["Married", "Relationship", "Single", "Divorced"])),
            Side::Xledger => named(&CIVIL_STATUSES),
        },
        Field::EmploymentId => text(words(&["1042", "0042", "42", "a\u{7}"])),
        Field::JobTitle => words(&TITLES)
            .prop_map(|name| Spelling::Named(Named { id: Some("7".into()), code: None, name }))
            .boxed(),
        Field::BirthDate
        | Field::FirstDayOfWork
        | Field::ProbationEndDate
        | Field::TerminationNoticeDate
        | Field::LastDayOfWork => text(date()),
    }
}

/// A field, two spellings on Huma and two on Xledger, and the lenses that read them.
#[derive(Clone)]
struct Held {
    lenses: &'static Lenses,
    field: Field,
    huma: [Spelling; 2],
    xledger: [Spelling; 2],
}

/// All values are generated, so a failing case shows them.
impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let json = |spellings| serde_json::to_string(spellings).map_err(|_| fmt::Error);
        writeln!(f, "{} with {:?}", self.field, self.lenses.options())?;
        write!(f, "huma {}\nxledger {}", json(&self.huma)?, json(&self.xledger)?)
    }
}

impl Held {
    fn on(&self, side: Side) -> &[Spelling; 2] {
        match side {
            Side::Huma => &self.huma,
            Side::Xledger => &self.xledger,
        }
    }

    fn relation(&self, from: Side, value: &Spelling, other: &Spelling) -> Relation {
        match from {
            Side::Huma => self.lenses.relation(self.field, value, other),
            Side::Xledger => self.lenses.relation(self.field, other, value),
        }
    }

    fn carry(&self, from: Side, value: &Spelling, present: Option<&Spelling>) -> Option<Carried> {
        self.lenses.carry(self.field, from, value, present).ok()
    }
}

fn held() -> impl Strategy<Value = Held> {
    (select(&Field::ALL[..]), 0..LENSES.len()).prop_flat_map(|(field, which)| {
        let two = move |side| [spelling(field, side), spelling(field, side)];
        (two(Side::Huma), two(Side::Xledger)).prop_map(move |(huma, xledger)| Held {
            lenses: &LENSES[which],
            field,
            huma,
            xledger,
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_relation_is_equal_exactly_when_the_canonical_forms_are(held in held()) {
        let Held { lenses, field, huma: [huma, _], xledger: [xledger, _] } = &held;
        let (one, other) = (lenses.read(*field, Side::Huma, huma), lenses.read(*field, Side::Xledger, xledger));
        prop_assert_eq!(lenses.relation(*field, huma, xledger) == Relation::Equal, one.canonical == other.canonical);
    }

    #[test]
    fn reading_what_was_written_gives_the_value_up_to_what_the_side_can_say(held in held()) {
        for from in Side::BOTH {
            let (value, to) = (&held.on(from)[0], from.other());
            for present in [None, Some(&held.on(to)[0])] {
                let Some(carried) = held.carry(from, value, present) else { continue };
                prop_assert_ne!(held.relation(from, value, &carried.spelling), Relation::Different, "{}", held.field);
                prop_assert_eq!(held.lenses.read(held.field, to, &carried.spelling).fault, None);
            }
        }
    }

    #[test]
    fn writing_what_was_read_changes_nothing(held in held()) {
        for from in Side::BOTH {
            let value = &held.on(from)[0];
            let Some(carried) = held.carry(from, value, None) else { continue };
            let back = held.carry(from.other(), &carried.spelling, Some(value));
            prop_assert!(back.is_some_and(|back| back.spelling == *value), "{} from {from}", held.field);
            if let Some(bare) = held.carry(from.other(), &carried.spelling, None)
                && held.relation(from, value, &carried.spelling) == Relation::Equal
                && held.relation(from.other(), &carried.spelling, &bare.spelling) == Relation::Equal
            {
                prop_assert!(held.lenses.same(held.field, from, value, &bare.spelling), "{} from {from}", held.field);
            }
        }
    }

    #[test]
    fn a_value_the_relation_lets_stand_is_never_rewritten(held in held()) {
        for from in Side::BOTH {
            let (value, present) = (&held.on(from)[0], &held.on(from.other())[0]);
            if held.relation(from, value, present) == Relation::Different {
                continue;
            }
            if held.lenses.read(held.field, from.other(), present).fault.is_some() {
                continue;
            }
            if let Some(carried) = held.carry(from, value, Some(present)) {
                prop_assert!(carried == Carried::plain(present.clone()), "{} from {from}", held.field);
            }
        }
    }

    #[test]
    fn a_value_failing_its_check_is_never_carried_and_never_equals_one_that_passes(held in held()) {
        for from in Side::BOTH {
            let [one, other] = held.on(from);
            let (read, beside) = (held.lenses.read(held.field, from, one), held.lenses.read(held.field, from, other));
            if read.fault.is_some() {
                prop_assert!(held.carry(from, one, None).is_none());
            }
            if read.canonical == beside.canonical {
                prop_assert_eq!(read.fault.is_some(), beside.fault.is_some(), "{}", held.field);
            }
        }
    }

    #[test]
    fn what_is_carried_does_not_depend_on_how_the_value_was_spelled(held in held()) {
        for from in Side::BOTH {
            let [one, other] = held.on(from);
            if !held.lenses.same(held.field, from, one, other) {
                continue;
            }
            if let (Some(one), Some(other)) = (held.carry(from, one, None), held.carry(from, other, None)) {
                prop_assert!(held.lenses.same(held.field, from.other(), &one.spelling, &other.spelling));
            }
        }
    }

    #[test]
    fn what_is_shown_may_be_typed_and_means_the_same(held in held()) {
        for value in &held.huma {
            let shown = held.lenses.show(held.field, value, true);
            // A word of Xledger's that settings pair with Huma's is taken for the latter, whatever Huma holds.
            let paired = held.lenses.options().gender.values().any(|word| word.eq_ignore_ascii_case(&shown));
            if held.field == Field::Gender && paired {
                continue;
            }
            if held.lenses.read(held.field, Side::Huma, value).fault.is_some() {
                continue;
            }
            if let Ok(typed) = held.lenses.typed(held.field, &shown) {
                prop_assert!(held.lenses.same(held.field, Side::Huma, value, &typed), "{}", held.field);
            }
        }
    }

    #[test]
    fn what_is_typed_for_both_sides_agrees(held in held()) {
        let shown = held.lenses.show(held.field, &held.xledger[0], true);
        let on = |side, present| held.lenses.typed_for(held.field, side, &shown, present);
        for presents in [[None, None], [Some(&held.huma[1]), Some(&held.xledger[1])]] {
            let (huma, xledger) = (on(Side::Huma, presents[0]), on(Side::Xledger, presents[1]));
            if let (Ok(huma), Ok(xledger)) = (huma, xledger) {
                let relation = held.lenses.relation(held.field, &huma.spelling, &xledger.spelling);
                prop_assert_ne!(relation, Relation::Different, "{}", held.field);
                prop_assert_eq!(huma.confirm, None);
            }
        }
    }

    #[test]
    fn no_text_makes_a_lens_panic_and_a_typed_value_passes_its_check(text in any::<String>(), held in held()) {
        let Held { lenses, field, .. } = held;
        let named = Spelling::Named(Named { id: None, code: Some(text.clone()), name: text.clone() });
        let national = Account::National { number: text.clone(), country: text.clone() };
        let international = Account::International { iban: text.clone(), bic: text.clone() };
        let part = Some(text.clone());
        let address = Address { line1: part.clone(), city: part.clone(), country: part, ..Address::default() };
        for spelling in [
            Spelling::Text(text.clone()),
            named,
            Spelling::Account(national),
            Spelling::Account(international),
            Spelling::Address(address),
        ] {
            for side in Side::BOTH {
                let _ = lenses.carry(field, side, &spelling, Some(&spelling));
                let _ = lenses.typed_for(field, side, &text, Some(&spelling));
            }
            let _ = lenses.show(field, &spelling, false);
        }
        if let Ok(typed) = lenses.typed(field, &text) {
            prop_assert_eq!(lenses.read(field, Side::Huma, &typed).fault, None);
        }
    }

    #[test]
    fn a_masked_account_shows_four_digits_at_most(value in account(Side::Huma), text in account(Side::Xledger)) {
        for spelling in [value, text] {
            let shown = LENSES[0].show(Field::BankAccount, &spelling, false);
            prop_assert!(shown.chars().filter(|c| *c != '*').count() <= 4);
            prop_assert!(shown.is_empty() || LENSES[0].typed(Field::BankAccount, &shown).is_err());
        }
    }

    #[test]
    fn a_telephone_is_read_without_a_panic(texts in vec("[0-9+ ()./\u{ff10}-\u{ff19}-]{0,24}", 8)) {
        for text in texts {
            let _ = LENSES[0].read(Field::Phone, Side::Huma, &Spelling::Text(text));
        }
    }
}

#[test]
fn only_telephones_agree_when_invalid() {
    assert!(Field::ALL.into_iter().filter(|field| agrees_when_invalid(*field)).eq([Field::Phone]));
}

#[test]
fn a_side_cannot_do_without_what_it_requires() {
    let required = |side| Field::ALL.into_iter().filter(|f| LENSES[0].required(*f, side)).collect::<Vec<_>>();
    assert_eq!(required(Side::Huma), [Field::GivenName, Field::FamilyName, Field::Email, Field::JobTitle]);
    assert_eq!(required(Side::Xledger), [Field::GivenName, Field::FamilyName, Field::EmploymentId]);
}

#[test]
fn a_typed_address_keeps_humas_lines_and_asks_nothing() {
    let address = |lines: [Option<&str>; 2]| {
        let text = |part: &str| Some(part.to_owned());
        Spelling::Address(Address {
            line1: lines[0].and_then(text),
            line2: lines[1].and_then(text),
            line3: None,
            postal_code: text("0155"),
            city: text("Oslo"),
            country: text("NO"),
        })
    };
    let held = address([Some("Storgata 1"), Some("Oppgang B")]);
    let typed = |text: &str| LENSES[0].typed_for(Field::Address, Side::Huma, text, Some(&held)).unwrap();
    let kept = typed("Lillegata 2, Oppgang B | 0155 | Oslo | Norge");
    assert!(kept == Carried::plain(address([Some("Lillegata 2"), Some("Oppgang B")])));
    let replaced = typed("Lillegata 2 | 0155 | Oslo | NO");
    assert!(replaced == Carried::plain(address([Some("Lillegata 2"), None])));
}
