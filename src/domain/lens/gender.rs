//! Gender: `M` and `F` by settings' map and the built-in words, else folded text.
//!
//! Huma takes any text; Xledger only its own objects.

use super::words::{self, Meaning, Words};
use super::{CannotHold, Carried, Fault, Read, Relation, text};
use crate::domain::{Named, NamedObject, Side, Spelling};

const MALE: &str = "M";
const FEMALE: &str = "F";

/// What a folded word says in English, Norwegian, or as Xledger's code.
pub(super) fn known(word: &str) -> Option<&'static str> {
    match word {
        "m" | "male" | "man" | "mann" => Some(MALE),
        "f" | "female" | "woman" | "kvinne" => Some(FEMALE),
        _ => None,
    }
}

pub(super) fn read(words: &Words, side: Side, spelling: &Spelling) -> Read {
    let (code, name) = match words::code_and_name(spelling) {
        Ok(object) => object,
        Err(fault) => return Read::misshapen(fault),
    };
    if name.trim().is_empty() && code.is_none() {
        return Read::faulty(String::new(), "the gender is empty");
    }
    Read::sound(match side {
        Side::Huma => words.word(name),
        Side::Xledger => words.object(code, name).canonical(),
    })
}

pub(super) fn relation(words: &Words, huma: &Spelling, xledger: &Spelling) -> Relation {
    let (Ok(word), Ok((code, name))) = (text::of(huma), words::code_and_name(xledger)) else {
        return Relation::Different;
    };
    match words.object(code, name) {
        Meaning::One(meaning) if meaning == words.word(word) => Relation::Equal,
        Meaning::OneOf(meanings) if meanings.contains(&words.word(word)) => Relation::XledgerCovers,
        Meaning::One(_) | Meaning::OneOf(_) => Relation::Different,
    }
}

pub(super) fn to_xledger(
    words: &Words,
    catalog: &[NamedObject],
    value: &Spelling,
) -> Result<Carried, CannotHold> {
    let word = text::of(value)?;
    let meaning = words.word(word);
    let objects = words.objects(catalog, word);
    let by_code = |code: &str, name: &str| Named { id: None, code: Some(code.into()), name: name.into() };
    // Several objects of one meaning are one value to the lens: any does, the same one every time.
    let named = match (objects.found.into_iter().min_by_key(|object| words::by_id(object)), objects.pair) {
        (Some(object), _) => words::reference(object),
        (None, Some(pair)) => by_code(&pair.xledger, &pair.xledger),
        (None, None) if meaning == MALE => by_code(MALE, "Male"),
        (None, None) if meaning == FEMALE => by_code(FEMALE, "Female"),
        (None, None) => return Err(CannotHold("Xledger has no gender for Huma's word".into())),
    };
    let spelling = Spelling::Named(named);
    match relation(words, value, &spelling) {
        // Settings can pair Xledger's code `M` with some other word of Huma.
        Relation::Different => {
            Err(CannotHold("settings pair Xledger's gender with another word of Huma".into()))
        }
        Relation::Equal | Relation::HumaCovers | Relation::XledgerCovers => Ok(Carried::plain(spelling)),
    }
}

pub(super) fn to_huma(words: &Words, value: &Spelling) -> Result<Carried, CannotHold> {
    let (code, name) = words::code_and_name(value)?;
    let meaning = match words.object(code, name) {
        Meaning::One(meaning) => meaning,
        Meaning::OneOf(_) => return Err(CannotHold("settings pair several words of Huma with it".into())),
    };
    let pairs = words.pairs_of(code, name);
    let name = if name.trim().is_empty() { code.unwrap_or_default() } else { name };
    let word = match pairs.first() {
        Some(pair) => pair.huma.as_str(),
        None if meaning == MALE => "Male",
        None if meaning == FEMALE => "Female",
        None => name,
    };
    written_in_huma(&Spelling::text(word))
}

/// Huma takes any text.
pub(super) fn written_in_huma(value: &Spelling) -> Result<Carried, CannotHold> {
    text::writable(Side::Huma, text::of(value)?).map(|word| Carried::plain(Spelling::Text(word)))
}

/// As Huma spells it: `Male` and `Female` for the built-in words, a pair's word for what settings pair with it.
pub(super) fn typed(words: &Words, text: &str) -> Result<Spelling, Fault> {
    let text = text::typed(text)?;
    let folded = text::fold(text);
    let word = match (words.pair_for(text), words.pairs_of(None, text).first()) {
        (Some(pair), _) if text::fold(&pair.huma) == folded => pair.huma.as_str(),
        (None, Some(pair)) => pair.huma.as_str(),
        (Some(_), _) | (None, None) => match known(&folded) {
            Some(MALE) => "Male",
            Some(FEMALE) => "Female",
            Some(_) | None => text,
        },
    };
    Ok(Spelling::text(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn words(pairs: &[(&str, &str)]) -> Words {
        let pairs: BTreeMap<_, _> = pairs.iter().map(|(h, x)| (h.to_string(), x.to_string())).collect();
        Words::new(&pairs, known)
    }

    fn named(code: &str, name: &str) -> Spelling {
        let code = (!code.is_empty()).then(|| code.to_owned());
        Spelling::Named(Named { id: None, code, name: name.into() })
    }

    fn object(id: &str, code: &str, name: &str) -> NamedObject {
        NamedObject { id: id.into(), code: Some(code.into()), name: name.into() }
    }

    #[test]
    fn english_and_norwegian_words_and_codes_are_one() {
        let words = words(&[]);
        for (huma, xledger) in [
            ("Male", named("M", "")),
            ("mann", named("", "Male")),
            ("MAN", named("m", "Ukjent tekst")),
            ("Female", named("F", "Kvinne")),
            ("kvinne", named("7", "Woman")),
            ("Ikke-binær", named("X", "ikke-binær")),
        ] {
            assert_eq!(relation(&words, &Spelling::text(huma), &xledger), Relation::Equal, "{huma}");
        }
        assert_eq!(relation(&words, &Spelling::text("Male"), &named("F", "Female")), Relation::Different);
        assert_eq!(relation(&words, &Spelling::text("Nonbinary"), &named("X", "Other")), Relation::Different);
    }

    #[test]
    fn settings_pair_other_words_with_a_code_or_a_name() {
        let words = words(&[("Nonbinary", "X"), ("Female", "2")]);
        assert_eq!(relation(&words, &Spelling::text("nonbinary"), &named("X", "Other")), Relation::Equal);
        assert_eq!(relation(&words, &Spelling::text("Kvinne"), &named("2", "")), Relation::Equal);
        assert!(to_huma(&words, &named("X", "Other")).unwrap().spelling == Spelling::text("Nonbinary"));
        let written = to_xledger(&words, &[object("9", "X", "Other")], &Spelling::text("Nonbinary")).unwrap();
        let Spelling::Named(written) = written.spelling else { panic!("not an object") };
        assert_eq!((written.id.as_deref(), written.code.as_deref()), (Some("9"), Some("X")));
    }

    #[test]
    fn two_words_paired_with_one_object_are_covered_by_it() {
        let words = words(&[("Nonbinary", "X"), ("Other", "X")]);
        for word in ["Nonbinary", "Other"] {
            assert_eq!(relation(&words, &Spelling::text(word), &named("X", "")), Relation::XledgerCovers);
        }
        assert!(to_huma(&words, &named("X", "")).is_err());
    }

    #[test]
    fn xledger_cannot_hold_a_text_outside_the_map() {
        let catalog = [object("9", "X", "Other")];
        assert!(to_xledger(&words(&[]), &catalog, &Spelling::text("Nonbinary")).is_err());
        assert!(to_xledger(&words(&[("Nonbinary", "M")]), &[], &Spelling::text("Male")).is_err());
    }

    #[test]
    fn without_a_seen_object_the_code_alone_is_written() {
        assert!(
            to_xledger(&words(&[]), &[], &Spelling::text("Mann")).unwrap().spelling == named("M", "Male")
        );
        let seen = [object("12", "F", "Kvinne"), object("3", "F", "Kvinne")];
        let written = to_xledger(&words(&[]), &seen, &Spelling::text("Female")).unwrap().spelling;
        assert!(written == Spelling::Named(words::reference(&seen[1])));
    }

    #[test]
    fn huma_takes_male_female_or_the_name() {
        let words = words(&[]);
        assert!(to_huma(&words, &named("M", "Mann")).unwrap().spelling == Spelling::text("Male"));
        assert!(to_huma(&words, &named("X", " Annet ")).unwrap().spelling == Spelling::text("Annet"));
        assert!(to_huma(&words, &named("X", "")).unwrap().spelling == Spelling::text("X"));
    }

    #[test]
    fn a_typed_word_becomes_humas() {
        let words = words(&[("Nonbinary", "X")]);
        for (text, huma) in [
            ("kvinne", "Female"),
            ("M", "Male"),
            ("x", "Nonbinary"),
            ("NONBINARY", "Nonbinary"),
            ("Annet", "Annet"),
        ] {
            assert!(typed(&words, text).unwrap() == Spelling::text(huma), "{text}");
        }
    }
}
