//! Job title: equal by name, in NFC with white space and case folded. The ids never count.

use super::words::{by_id, reference};
use super::{CannotHold, Carried, Fault, Read, text};
use crate::domain::{Catalog, Named, NamedObject, Side, Spelling};
use std::collections::HashMap;

/// Both catalogs by folded name; entries are places in the catalog.
#[derive(Debug, Clone, Default)]
pub(super) struct Titles {
    /// The best choice among equal names.
    huma: HashMap<String, usize>,
    /// All of that name, the smallest id first.
    xledger: HashMap<String, Vec<usize>>,
}

impl Titles {
    pub(super) fn of(catalog: &Catalog) -> Self {
        let mut titles = Titles::default();
        for (at, object) in catalog.huma_titles.iter().enumerate() {
            titles.huma.entry(text::fold(&object.name)).or_insert(at);
        }
        for (at, object) in catalog.xledger_titles.iter().enumerate() {
            titles.xledger.entry(text::fold(&object.name)).or_default().push(at);
        }
        for places in titles.xledger.values_mut() {
            places.sort_by_key(|at| by_id(&catalog.xledger_titles[*at]));
        }
        titles
    }

    fn in_huma<'a>(&self, catalog: &'a Catalog, name: &str) -> Option<&'a NamedObject> {
        self.huma.get(&text::fold(name)).map(|at| &catalog.huma_titles[*at])
    }

    /// The object of exactly that text, else one that differs in case or white space.
    fn in_xledger<'a>(&self, catalog: &'a Catalog, name: &str) -> Option<&'a NamedObject> {
        let exact = text::fold_space(name);
        let objects = || {
            let places = self.xledger.get(&text::fold(name)).into_iter().flatten();
            places.map(|at| &catalog.xledger_titles[*at])
        };
        objects().find(|object| text::fold_space(&object.name) == exact).or_else(|| objects().next())
    }
}

pub(super) fn read(spelling: &Spelling) -> Read {
    match text::of(spelling).map(text::fold) {
        Ok(name) if name.is_empty() => Read::faulty(name, "the job title has no name"),
        Ok(name) => Read::sound(name),
        Err(fault) => Read::misshapen(fault),
    }
}

pub(super) fn to_xledger(
    titles: &Titles,
    catalog: &Catalog,
    is_text: bool,
    value: &Spelling,
) -> Result<Carried, CannotHold> {
    let name = text::of(value)?;
    if is_text {
        return text::writable(Side::Xledger, name).map(|name| Carried::plain(Spelling::Text(name)));
    }
    match titles.in_xledger(catalog, name) {
        Some(object) => Ok(Carried::plain(Spelling::Named(reference(object)))),
        None => Err(CannotHold("Xledger has no job title of that name".into())),
    }
}

pub(super) fn to_huma(titles: &Titles, catalog: &Catalog, value: &Spelling) -> Result<Carried, CannotHold> {
    let name = text::of(value)?;
    if let Some(object) = titles.in_huma(catalog, name) {
        return Ok(Carried::plain(Spelling::Named(reference(object))));
    }
    let name = text::writable(Side::Huma, name)?;
    let spelling = Spelling::Named(Named { id: None, code: None, name: name.clone() });
    Ok(Carried { spelling, confirm: None, make: Some(name) })
}

pub(super) fn typed(titles: &Titles, catalog: &Catalog, text: &str) -> Result<Spelling, Fault> {
    let name = text::typed(text)?;
    Ok(Spelling::Named(match titles.in_huma(catalog, name) {
        Some(object) => reference(object),
        None => Named { id: None, code: None, name: name.to_owned() },
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(id: &str, name: &str) -> NamedObject {
        NamedObject { id: id.into(), code: None, name: name.into() }
    }

    fn catalog() -> Catalog {
        Catalog {
            huma_titles: vec![object("b1", "Konsulent"), object("a1", "konsulent"), object("c1", "Rådgiver")],
            xledger_titles: vec![
                object("90", "KONSULENT"),
                object("100", "Konsulent"),
                object("99", "Konsulent"),
            ],
            ..Catalog::default()
        }
    }

    fn id(carried: &Carried) -> Option<&str> {
        match &carried.spelling {
            Spelling::Named(named) => named.id.as_deref(),
            Spelling::Text(_) | Spelling::Account(_) | Spelling::Address(_) => None,
        }
    }

    #[test]
    fn titles_are_equal_by_folded_name_whatever_their_ids() {
        let named = |id: &str, name: &str| Spelling::Named(reference(&object(id, name)));
        assert_eq!(read(&named("1", "R\u{e5}dgiver  II")), read(&named("x", " ra\u{30a}dgiver ii")));
        assert_eq!(read(&named("1", "Rådgiver")), read(&Spelling::text("RÅDGIVER")));
        assert!(read(&named("1", "Rådgiver")) != read(&named("1", "Radgiver")));
        assert!(read(&named("1", " ")).fault.is_some());
    }

    #[test]
    fn xledger_gets_the_object_of_exactly_that_text_then_a_folded_one_then_the_smallest_id() {
        let (catalog, titles) = (catalog(), Titles::of(&catalog()));
        let written = |name: &str| to_xledger(&titles, &catalog, false, &Spelling::text(name)).unwrap();
        assert_eq!(id(&written("Konsulent ")), Some("99"));
        assert_eq!(id(&written("KONSULENT")), Some("90"));
        assert_eq!(id(&written("konsulent")), Some("90"));
    }

    #[test]
    fn xledger_cannot_hold_a_title_it_has_no_object_of_unless_it_is_text() {
        let (catalog, titles) = (catalog(), Titles::of(&catalog()));
        let value = Spelling::text(" Rådgiver ");
        assert_eq!(
            to_xledger(&titles, &catalog, false, &value).unwrap_err().0,
            "Xledger has no job title of that name"
        );
        assert!(to_xledger(&titles, &catalog, true, &value).unwrap().spelling == Spelling::text("Rådgiver"));
    }

    #[test]
    fn huma_gets_its_best_title_of_that_name_or_one_is_made() {
        let (catalog, titles) = (catalog(), Titles::of(&catalog()));
        let known = to_huma(&titles, &catalog, &Spelling::text("konsulent")).unwrap();
        assert_eq!((id(&known), known.make.as_deref()), (Some("b1"), None));
        let new = to_huma(&titles, &catalog, &Spelling::text(" Regnskapsfører ")).unwrap();
        assert_eq!((id(&new), new.make.as_deref()), (None, Some("Regnskapsfører")));
        assert!(to_huma(&titles, &catalog, &Spelling::Text("x".repeat(256))).is_err());
    }
}
