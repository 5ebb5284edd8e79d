//! Civil status: Huma has three words, Xledger the customer's own objects. *Single* covers divorced, separated and widowed.
//!
//! **Invariant:** a finer value is never replaced by the coarser word that covers it on its own side.

use super::words::{self, Meaning, Words};
use super::{CannotHold, Carried, Fault, Read, Relation, text};
use crate::domain::{NamedObject, Side, Spelling};

/// Source: the enum of `civilStatus` in Huma's API description.
const HUMA_WORDS: [&str; 3] = ["Married", "Relationship", "Single"];

/// The status a folded English or Norwegian word names, as a folded English word: Huma's own three among them.
pub(super) fn known(word: &str) -> Option<&'static str> {
    match word {
        "married" | "gift" => Some("married"),
        "relationship" | "cohabitant" | "cohabiting" | "cohabitation" | "samboer" | "samboende"
        | "samboerskap" | "sambuar" => Some("relationship"),
        "single" | "unmarried" | "never married" | "ugift" | "enslig" | "singel" => Some("single"),
        "divorced" | "skilt" | "skild" | "fraskilt" | "skilt partner" => Some("divorced"),
        "separated" | "separert" | "separert partner" => Some("separated"),
        "widowed"
        | "widow"
        | "widower"
        | "widow/widower"
        | "enke"
        | "enkemann"
        | "enke/enkemann"
        | "enke eller enkemann"
        | "enkje"
        | "enkjemann"
        | "gjenlevende partner" => Some("widowed"),
        "registered partner"
        | "registered partnership"
        | "civil partner"
        | "civil partnership"
        | "registrert partner"
        | "registrert partnerskap" => Some("registered partner"),
        _ => None,
    }
}

/// Huma's own word for a meaning.
fn huma_word(meaning: &str) -> Option<&'static str> {
    HUMA_WORDS.into_iter().find(|word| word.eq_ignore_ascii_case(meaning))
}

/// Whether Huma's coarser meaning covers the finer one.
fn covers(coarse: &str, fine: &str) -> bool {
    covering(fine) == Some(coarse)
}

fn covering(fine: &str) -> Option<&'static str> {
    match fine {
        "divorced" | "separated" | "widowed" => Some("single"),
        _ => None,
    }
}

pub(super) fn read(words: &Words, side: Side, spelling: &Spelling) -> Read {
    let (code, name) = match words::code_and_name(spelling) {
        Ok(object) => object,
        Err(fault) => return Read::misshapen(fault),
    };
    if name.trim().is_empty() && code.is_none() {
        return Read::faulty(String::new(), "the civil status is empty");
    }
    match side {
        Side::Huma => match huma_word(name.trim()) {
            Some(word) => Read::sound(words.word(word)),
            None => Read::faulty(text::fold(name), "not one of Huma's civil statuses"),
        },
        Side::Xledger => Read::sound(words.object(code, name).canonical()),
    }
}

pub(super) fn relation(words: &Words, huma: &Spelling, xledger: &Spelling) -> Relation {
    let (Ok(word), Ok((code, name))) = (text::of(huma), words::code_and_name(xledger)) else {
        return Relation::Different;
    };
    let Some(word) = huma_word(word.trim()) else { return Relation::Different };
    let word = words.word(word);
    match words.object(code, name) {
        Meaning::One(meaning) if meaning == word => Relation::Equal,
        Meaning::One(meaning) if covers(&word, &meaning) => Relation::HumaCovers,
        Meaning::OneOf(meanings) if meanings.contains(&word) => Relation::XledgerCovers,
        Meaning::OneOf(meanings) if meanings.iter().all(|meaning| covers(&word, meaning)) => {
            Relation::HumaCovers
        }
        Meaning::One(_) | Meaning::OneOf(_) => Relation::Different,
    }
}

pub(super) fn to_xledger(
    words: &Words,
    catalog: &[NamedObject],
    value: &Spelling,
) -> Result<Carried, CannotHold> {
    let word = text::of(value)?;
    match huma_word(word.trim()) {
        Some(word) => written(words, catalog, word),
        None => Err(CannotHold("not one of Huma's civil statuses".into())),
    }
}

pub(super) fn to_huma(words: &Words, value: &Spelling) -> Result<Carried, CannotHold> {
    let (code, name) = words::code_and_name(value)?;
    said_by_huma(words.object(code, name))
}

fn said_by_huma(meaning: Meaning) -> Result<Carried, CannotHold> {
    let sayable = |meaning: &str| huma_word(meaning).or_else(|| huma_word(covering(meaning)?));
    let word = match meaning {
        Meaning::One(meaning) => sayable(&meaning),
        Meaning::OneOf(meanings) => {
            let mut sayable: Vec<_> = meanings.iter().map(|meaning| sayable(meaning)).collect();
            sayable.dedup();
            match sayable[..] {
                [word] => word,
                _ => return Err(CannotHold("settings pair several words of Huma with it".into())),
            }
        }
    };
    match word {
        Some(word) => Ok(Carried::plain(Spelling::text(word))),
        None => Err(CannotHold("Huma has no word for this civil status".into())),
    }
}

/// Xledger's one object for a word that Huma or anybody else has for it.
fn written(words: &Words, catalog: &[NamedObject], word: &str) -> Result<Carried, CannotHold> {
    match words.objects(catalog, word).found[..] {
        [object] => Ok(Carried::plain(Spelling::Named(words::reference(object)))),
        [] => {
            Err(CannotHold("Xledger has no civil status for it; pair them in `[maps.civil_status]`".into()))
        }
        _ => Err(CannotHold(
            "ambiguous: several civil statuses of Xledger fit; pair one in `[maps.civil_status]`".into(),
        )),
    }
}

/// What an admin typed: a word with a meaning, or one of Xledger's own objects.
enum Typed<'a> {
    Word(&'a str),
    Object(&'a NamedObject),
}

fn understood<'a>(words: &Words, catalog: &'a [NamedObject], text: &'a str) -> Result<Typed<'a>, Fault> {
    let text = text::typed(text)?;
    if let Some(word) = huma_word(text) {
        return Ok(Typed::Word(word));
    }
    let folded = text::fold(text);
    let is = |object: &&NamedObject| {
        text::fold(&object.name) == folded
            || object.code.as_deref().is_some_and(|code| text::fold(code) == folded)
    };
    let found: Vec<_> = catalog.iter().filter(is).collect();
    match found[..] {
        [object] => Ok(Typed::Object(object)),
        [] if known(&folded).is_some() || words.pair_for(text).is_some() => Ok(Typed::Word(text)),
        [] => {
            let mut choice: Vec<&str> = HUMA_WORDS.to_vec();
            choice.extend(catalog.iter().map(|object| object.name.trim()));
            Err(Fault(format!("not a civil status of either side; there are: {}", choice.join(", "))))
        }
        _ => Err(Fault("ambiguous: Xledger has several civil statuses of that name".into())),
    }
}

/// Only what Huma can say; [`typed_for`] takes a finer word to the side that can.
pub(super) fn typed(words: &Words, catalog: &[NamedObject], text: &str) -> Result<Spelling, Fault> {
    let meaning = match understood(words, catalog, text)? {
        Typed::Word(word) => Meaning::One(words.word(word)),
        Typed::Object(object) => words.object(object.code.as_deref(), &object.name),
    };
    let word = match &meaning {
        Meaning::One(meaning) => huma_word(meaning),
        Meaning::OneOf(_) => None,
    };
    word.map(Spelling::text).ok_or_else(|| Fault(format!("Huma can only say {}", HUMA_WORDS.join(", "))))
}

/// The spelling for one side of a word typed for both. Xledger keeps the finer value it has under a coarser typed word.
pub(super) fn typed_for(
    words: &Words,
    catalog: &[NamedObject],
    side: Side,
    text: &str,
    present: Option<&Spelling>,
) -> Result<Carried, String> {
    let understood = understood(words, catalog, text).map_err(|fault| fault.0)?;
    let carried = match (side, &understood) {
        (Side::Huma, Typed::Word(word)) => said_by_huma(Meaning::One(words.word(word))),
        (Side::Huma, Typed::Object(object)) => to_huma(words, &Spelling::Named(words::reference(object))),
        (Side::Xledger, Typed::Word(word)) => written(words, catalog, word),
        (Side::Xledger, Typed::Object(object)) => {
            Ok(Carried::plain(Spelling::Named(words::reference(object))))
        }
    };
    let carried = carried.map_err(|why| why.0)?;
    let Some(present) = present else { return Ok(carried) };
    let kept = match (side, &understood) {
        (Side::Huma, Typed::Word(_) | Typed::Object(_)) => {
            read(words, side, present).canonical == read(words, side, &carried.spelling).canonical
        }
        (Side::Xledger, Typed::Word(word)) => match huma_word(&words.word(word)) {
            Some(word) => relation(words, &Spelling::text(word), present) != Relation::Different,
            None => read(words, side, present).canonical == read(words, side, &carried.spelling).canonical,
        },
        // The object itself was named: another one of the same meaning will not do.
        (Side::Xledger, Typed::Object(_)) => false,
    };
    Ok(if kept { Carried::plain(present.clone()) } else { carried })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Named;
    use std::collections::BTreeMap;

    fn words(pairs: &[(&str, &str)]) -> Words {
        let pairs: BTreeMap<_, _> = pairs.iter().map(|(h, x)| (h.to_string(), x.to_string())).collect();
        Words::new(&pairs, known)
    }

    fn catalog(names: &[&str]) -> Vec<NamedObject> {
        let object = |(at, name): (usize, &&str)| NamedObject {
            id: (500 + at).to_string(),
            code: Some((1 + at).to_string()),
            name: (*name).to_owned(),
        };
        names.iter().enumerate().map(object).collect()
    }

    fn norwegian() -> Vec<NamedObject> {
        catalog(&[
            "Gift",
            "Samboer",
            "Ugift",
            "Skilt",
            "Separert",
            "Enke/Enkemann",
            "Registrert partner",
            "Annet",
        ])
    }

    fn xledger(name: &str) -> Spelling {
        let catalog = norwegian();
        Spelling::Named(words::reference(catalog.iter().find(|object| object.name == name).unwrap()))
    }

    fn huma(word: &str) -> Spelling {
        Spelling::text(word)
    }

    fn name(carried: &Carried) -> &str {
        text::of(&carried.spelling).unwrap()
    }

    #[test]
    fn equal_words_in_english_and_norwegian_are_equal() {
        let words = words(&[]);
        for (one, other) in [("Married", "Gift"), ("Relationship", "Samboer"), ("Single", "Ugift")] {
            assert_eq!(relation(&words, &huma(one), &xledger(other)), Relation::Equal, "{other}");
            let english = Named { name: one.to_uppercase(), ..Named::default() };
            assert_eq!(relation(&words, &huma(one), &Spelling::Named(english)), Relation::Equal);
        }
        assert_eq!(relation(&words, &huma("Married"), &xledger("Ugift")), Relation::Different);
    }

    #[test]
    fn single_covers_divorced_separated_and_widowed_and_nothing_else() {
        let words = words(&[]);
        for fine in ["Skilt", "Separert", "Enke/Enkemann"] {
            assert_eq!(relation(&words, &huma("Single"), &xledger(fine)), Relation::HumaCovers, "{fine}");
            assert_eq!(relation(&words, &huma("Married"), &xledger(fine)), Relation::Different, "{fine}");
        }
        for other in ["Registrert partner", "Annet", "Gift"] {
            assert_eq!(relation(&words, &huma("Single"), &xledger(other)), Relation::Different, "{other}");
        }
    }

    #[test]
    fn a_finer_value_is_written_as_the_word_that_covers_it_and_others_cannot_be_held() {
        let words = words(&[]);
        for (from, word) in
            [("Gift", "Married"), ("Samboer", "Relationship"), ("Ugift", "Single"), ("Skilt", "Single")]
        {
            assert_eq!(name(&to_huma(&words, &xledger(from)).unwrap()), word);
        }
        for other in ["Registrert partner", "Annet"] {
            assert!(to_huma(&words, &xledger(other)).is_err(), "{other}");
        }
    }

    #[test]
    fn a_word_outside_humas_three_is_a_fault_in_huma() {
        assert!(read(&words(&[]), Side::Huma, &huma("Divorced")).fault.is_some());
        assert_eq!(read(&words(&[]), Side::Xledger, &xledger("Annet")).fault, None);
    }

    #[test]
    fn settings_pairs_come_before_the_words() {
        let words = words(&[("Single", "Annet"), ("Married", "7")]);
        assert_eq!(relation(&words, &huma("Single"), &xledger("Annet")), Relation::Equal);
        assert_eq!(relation(&words, &huma("Married"), &xledger("Registrert partner")), Relation::Equal);
        assert_eq!(name(&to_xledger(&words, &norwegian(), &huma("Single")).unwrap()), "Annet");
        assert_eq!(name(&to_xledger(&words, &norwegian(), &huma("Married")).unwrap()), "Registrert partner");
    }

    #[test]
    fn none_or_several_objects_cannot_be_written() {
        let words = words(&[]);
        assert!(to_xledger(&words, &[], &huma("Single")).is_err());
        let several = to_xledger(&words, &catalog(&["Ugift", "Enslig"]), &huma("Single"));
        assert!(several.unwrap_err().0.starts_with("ambiguous"));
    }

    #[test]
    fn two_of_humas_words_paired_with_one_object_are_covered_by_it() {
        let words = words(&[("Relationship", "Ugift"), ("Single", "Ugift")]);
        for word in ["Relationship", "Single"] {
            assert_eq!(relation(&words, &huma(word), &xledger("Ugift")), Relation::XledgerCovers);
            assert_eq!(name(&to_xledger(&words, &norwegian(), &huma(word)).unwrap()), "Ugift");
        }
        assert!(to_huma(&words, &xledger("Ugift")).is_err());
    }

    #[test]
    fn a_typed_word_is_spelled_for_each_side() {
        let (words, catalog) = (words(&[]), norwegian());
        let on = |side, text, present: Option<&Spelling>| typed_for(&words, &catalog, side, text, present);
        for text in ["Divorced", "skilt", "4"] {
            assert_eq!(name(&on(Side::Huma, text, Some(&huma("Married"))).unwrap()), "Single", "{text}");
            assert_eq!(name(&on(Side::Xledger, text, Some(&xledger("Gift"))).unwrap()), "Skilt", "{text}");
            assert!(typed(&words, &catalog, text).is_err());
        }
        assert!(typed(&words, &catalog, "gift").unwrap() == huma("Married"));
        assert!(on(Side::Huma, "Registrert partner", None).is_err());
        assert!(
            on(Side::Xledger, "sleeping", None).unwrap_err().contains("Married, Relationship, Single, Gift")
        );
    }

    #[test]
    fn a_typed_coarse_word_keeps_the_finer_value_and_a_typed_object_replaces_it() {
        let (words, catalog) = (words(&[]), norwegian());
        let on = |text| typed_for(&words, &catalog, Side::Xledger, text, Some(&xledger("Skilt"))).unwrap();
        assert_eq!(name(&on("Single")), "Skilt");
        assert_eq!(name(&on("Ugift")), "Ugift");
    }
}
