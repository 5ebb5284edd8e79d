//! What a word means where the two sides have different words for it (gender, civil status): settings' pairs before the
//! built-in words, and any other word only itself.

use super::{Fault, text};
use crate::domain::{Named, NamedObject, Spelling};
use std::collections::BTreeMap;

/// The words of one field.
#[derive(Debug, Clone)]
pub(super) struct Words {
    pairs: Vec<Pair>,
    /// Folded word → meaning.
    known: fn(&str) -> Option<&'static str>,
}

/// One line of a `[maps]` table.
#[derive(Debug, Clone)]
pub(super) struct Pair {
    pub huma: String,
    pub xledger: String,
    /// What `huma` means.
    meaning: String,
    /// `xledger`, folded.
    target: String,
}

/// What Xledger's object means in Huma's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meaning {
    One(String),
    /// Settings pair several of Huma's words with this object: it is coarser than they are.
    OneOf(Vec<String>),
}

impl Meaning {
    pub(super) fn canonical(&self) -> String {
        match self {
            Meaning::One(meaning) => meaning.clone(),
            Meaning::OneOf(meanings) => format!("one of: {}", meanings.join(" / ")),
        }
    }
}

/// The objects of a catalog that a word may be written as.
pub(super) struct Objects<'a> {
    /// The pair of settings that says so, if one does.
    pub pair: Option<&'a Pair>,
    pub found: Vec<&'a NamedObject>,
}

impl Words {
    pub(super) fn new(pairs: &BTreeMap<String, String>, known: fn(&str) -> Option<&'static str>) -> Self {
        let mut words = Words { pairs: Vec::new(), known };
        words.pairs = pairs
            .iter()
            .map(|(huma, xledger)| Pair {
                huma: huma.trim().to_owned(),
                xledger: xledger.trim().to_owned(),
                meaning: words.word(huma),
                target: text::fold(xledger),
            })
            .collect();
        words
    }

    /// The meaning of a word by itself.
    pub(super) fn word(&self, word: &str) -> String {
        let word = text::fold(word);
        match (self.known)(&word) {
            Some(meaning) => meaning.to_owned(),
            None => format!("other: {word}"),
        }
    }

    /// The meaning of Xledger's object: by settings' pairs, then by the words for its code, then for its name.
    pub(super) fn object(&self, code: Option<&str>, name: &str) -> Meaning {
        let mut meanings: Vec<String> =
            self.pairs_of(code, name).iter().map(|pair| pair.meaning.clone()).collect();
        meanings.sort();
        meanings.dedup();
        match meanings.len() {
            0 => {}
            1 => return Meaning::One(meanings.swap_remove(0)),
            _ => return Meaning::OneOf(meanings),
        }
        let by_code = code.and_then(|code| (self.known)(&text::fold(code)));
        let name = if name.trim().is_empty() { code.unwrap_or_default() } else { name };
        Meaning::One(by_code.map_or_else(|| self.word(name), str::to_owned))
    }

    /// Settings' pairs that name the object by its code, else those that name it by its name.
    pub(super) fn pairs_of(&self, code: Option<&str>, name: &str) -> Vec<&Pair> {
        let with = |target: &str| -> Vec<&Pair> {
            let target = text::fold(target);
            self.pairs.iter().filter(|pair| !target.is_empty() && pair.target == target).collect()
        };
        match with(code.unwrap_or_default()) {
            by_code if by_code.is_empty() => with(name),
            by_code => by_code,
        }
    }

    /// The pair whose Huma word is `word`, else one whose word means the same.
    pub(super) fn pair_for(&self, word: &str) -> Option<&Pair> {
        let (folded, meaning) = (text::fold(word), self.word(word));
        let exact = self.pairs.iter().find(|pair| text::fold(&pair.huma) == folded);
        exact.or_else(|| self.pairs.iter().find(|pair| pair.meaning == meaning))
    }

    /// The objects Huma's `word` may be written as: the one settings pair it with, else those that mean the same.
    pub(super) fn objects<'a>(&'a self, catalog: &'a [NamedObject], word: &str) -> Objects<'a> {
        let pair = self.pair_for(word);
        let found = match pair {
            Some(pair) => {
                let by_code = |object: &&NamedObject| {
                    object.code.as_deref().is_some_and(|code| text::fold(code) == pair.target)
                };
                let by_name = |object: &&NamedObject| text::fold(&object.name) == pair.target;
                let found: Vec<_> = catalog.iter().filter(by_code).collect();
                if found.is_empty() { catalog.iter().filter(by_name).collect() } else { found }
            }
            None => {
                let meaning = Meaning::One(self.word(word));
                let means =
                    |object: &&NamedObject| self.object(object.code.as_deref(), &object.name) == meaning;
                catalog.iter().filter(means).collect()
            }
        };
        Objects { pair, found }
    }
}

/// Code and name of an Xledger object, or text standing for its name.
pub(super) fn code_and_name(spelling: &Spelling) -> Result<(Option<&str>, &str), Fault> {
    match spelling {
        Spelling::Named(Named { code, name, .. }) => {
            Ok((code.as_deref().filter(|code| !code.trim().is_empty()), name))
        }
        Spelling::Text(_) | Spelling::Account(_) | Spelling::Address(_) => Ok((None, text::of(spelling)?)),
    }
}

/// A reference to an object of a catalog.
pub(super) fn reference(object: &NamedObject) -> Named {
    Named {
        id: (!object.id.is_empty()).then(|| object.id.clone()),
        code: object.code.clone(),
        name: object.name.clone(),
    }
}

/// The order that makes a choice among equals the same every time: by number, objects without an id last.
pub(super) fn by_id(object: &NamedObject) -> (u64, &str) {
    (object.id.parse().unwrap_or(u64::MAX), &object.id)
}
