//! Fields 11 to 15: which position they are read from, and when they may not be written (`huma.md` section 9).
//!
//! | Huma shows                              | they come from                                         |
//! |-----------------------------------------|--------------------------------------------------------|
//! | one current position and all its copies | the copies on the user; no further request             |
//! | one current position, a copy missing    | that position                                          |
//! | none, several, or no list               | the main position among all                            |
//! | no position at all                      | empty                                                  |
//! | two current ones tie for main           | hidden and locked: the person is to choose in Huma     |
//!
//! A copy that is there without a value is empty, and its `editable` says nothing of the position's: copies cannot be
//! written anyway. Whoever is about to write reads the position itself.

use super::main_position::{Summary, status};
use super::spelling;
use super::wire::{At, Decoded, Odd, Wrapper, wire_name};
use crate::domain::record::PositionStatus;
use crate::domain::{Field, Lock, MainPosition, Positions, Reading, Spelling};
use serde_json::Value;
use std::collections::BTreeMap;

/// Fields 11 to 15.
pub const ON_POSITION: [Field; 5] = [
    Field::JobTitle,
    Field::FirstDayOfWork,
    Field::ProbationEndDate,
    Field::TerminationNoticeDate,
    Field::LastDayOfWork,
];

/// The deprecated copies on a user whose wrappers are there.
pub type Copies = BTreeMap<Field, PositionField>;

/// One of fields 11 to 15 as one place showed it.
#[derive(Clone)]
pub struct PositionField {
    pub reading: Reading,
    pub lock: Option<Lock>,
}

/// What fields 11 to 15 are of one person.
pub struct Part {
    pub positions: Positions,
    pub fields: BTreeMap<Field, PositionField>,
}

impl Part {
    /// There is no position: the fields are empty.
    pub fn none() -> Part {
        Part { positions: Positions::None, fields: all(&Reading::Empty, None) }
    }

    pub fn tied() -> Part {
        Part { positions: Positions::Tied, fields: all(&Reading::Hidden, Some(Lock::ChoosePosition)) }
    }

    /// The key sees the person and not the position, or none at all of the person's positions.
    pub fn hidden(main: Option<&Summary>) -> Part {
        let positions = main.map_or(Positions::Tied, Summary::as_main);
        Part { positions, fields: all(&Reading::Hidden, Some(Lock::NotEditable)) }
    }

    /// From the copies alone; `None` where they do not suffice.
    pub fn from_copies(current: Option<&[Summary]>, copies: &Copies) -> Option<Part> {
        let Some([only]) = current else { return None };
        if copies.len() < ON_POSITION.len() {
            return None;
        }
        let mut fields = copies.clone();
        if let (Some(title), Some(copy)) = (&only.title, fields.get_mut(&Field::JobTitle)) {
            let reading = Reading::Value(Spelling::Named(title.clone()));
            if !same(&copy.reading, &reading) {
                return None;
            }
            copy.reading = reading;
        }
        for field in fields.values_mut() {
            field.lock = field.lock.take().filter(|lock| matches!(lock, Lock::OwnedBy(_)));
        }
        Some(Part { positions: only.as_main(), fields })
    }

    /// From the main position itself. A copy that disagrees mirrors another position, so all five are locked.
    pub fn from_position(position: Position, copies: &Copies) -> Part {
        let mut fields = position.fields;
        let disagrees = fields.iter().any(|(field, own)| {
            !own.reading.is_hidden()
                && copies.get(field).is_some_and(|copy| !same(&copy.reading, &own.reading))
        });
        if disagrees {
            for field in fields.values_mut() {
                field.lock = Some(Lock::ChoosePosition);
            }
        }
        let main = MainPosition { id: position.id, status: position.status };
        Part { positions: Positions::Main(main), fields }
    }
}

fn all(reading: &Reading, lock: Option<Lock>) -> BTreeMap<Field, PositionField> {
    let field = PositionField { reading: reading.clone(), lock };
    ON_POSITION.into_iter().map(|name| (name, field.clone())).collect()
}

/// Titles are the same by id where both say one; everything else by value.
fn same(one: &Reading, other: &Reading) -> bool {
    match (one.value(), other.value()) {
        (Some(Spelling::Named(one)), Some(Spelling::Named(other)))
            if one.id.is_some() && other.id.is_some() =>
        {
            one.id == other.id
        }
        _ => one == other,
    }
}

/// A position in full.
pub struct Position {
    pub id: String,
    pub status: PositionStatus,
    pub fields: BTreeMap<Field, PositionField>,
}

impl Position {
    pub fn decode(value: &Value) -> Decoded<Position> {
        let at = At::new(value, "position")?;
        let mut fields = BTreeMap::new();
        for field in ON_POSITION {
            let name = if field == Field::JobTitle { "title" } else { wire_name(field) };
            let hidden = PositionField { reading: Reading::Hidden, lock: None };
            fields.insert(field, PositionField::decode(&at, field, name)?.unwrap_or(hidden));
        }
        Ok(Position { id: at.required_text("id")?.to_owned(), status: status(&at)?, fields })
    }
}

impl PositionField {
    /// `None`: the wrapper is absent.
    pub fn decode(at: &At<'_>, field: Field, name: &str) -> Decoded<Option<PositionField>> {
        let Some(wrapper) = Wrapper::of(at, name)? else { return Ok(None) };
        let reading = match wrapper.value {
            None => Reading::Empty,
            Some(value) => spelling::read(field, value, wrapper.value_path())?,
        };
        Ok(Some(PositionField { reading, lock: lock(&wrapper) }))
    }
}

/// Why a field with this wrapper cannot be written.
pub fn lock(wrapper: &Wrapper<'_>) -> Option<Lock> {
    match (wrapper.owner, wrapper.editable) {
        (Some(owner), _) => Some(Lock::OwnedBy(owner.to_owned())),
        (None, false) => Some(Lock::NotEditable),
        (None, true) => None,
    }
}

/// The copies on a user.
pub fn copies(user: &At<'_>) -> Result<Copies, Odd> {
    let mut copies = Copies::new();
    for field in ON_POSITION {
        if let Some(copy) = PositionField::decode(user, field, wire_name(field))? {
            copies.insert(field, copy);
        }
    }
    Ok(copies)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn position(edit: impl FnOnce(&mut Value)) -> Position {
        let mut value = json!({"id": "p1", "status": "CURRENT",
            "title": {"value": {"id": "t1", "name": "Utvikler"}, "editable": true},
            "firstDayOfWork": {"value": "2024-02-01", "editable": true},
            "probationEndDate": {"editable": true},
            "terminationNoticeDate": {"value": null, "editable": true},
            "lastDayOfWork": {"value": "", "editable": true}});
        edit(&mut value);
        Position::decode(&value).unwrap()
    }

    /// What the user shows of the position above.
    fn user(edit: impl FnOnce(&mut Value)) -> Copies {
        let mut value = json!({
            "jobTitle": {"value": {"id": "t1", "name": "Utvikler"}, "editable": false},
            "firstDayOfWork": {"value": "2024-02-01", "editable": false},
            "probationEndDate": {"editable": false},
            "terminationNoticeDate": {"editable": false},
            "lastDayOfWork": {"editable": false}});
        edit(&mut value);
        copies(&At::new(&value, "user").unwrap()).unwrap()
    }

    fn summary(title: &str) -> Summary {
        let value = json!({"id": "p1", "status": "CURRENT", "title": {"id": title, "name": "Utvikler"}});
        Summary::decode(&value, "s".into()).unwrap()
    }

    fn locks(part: &Part) -> Vec<Option<Lock>> {
        part.fields.values().map(|field| field.lock.clone()).collect()
    }

    #[test]
    fn a_position_reads_as_hidden_empty_or_value() {
        let position = position(|value| {
            value.as_object_mut().unwrap().remove("probationEndDate");
        });
        assert!(position.fields[&Field::ProbationEndDate].reading.is_hidden());
        assert!(position.fields[&Field::TerminationNoticeDate].reading.is_empty());
        assert!(position.fields[&Field::LastDayOfWork].reading.is_empty());
        let first = position.fields[&Field::FirstDayOfWork].reading.value();
        assert!(first == Some(&Spelling::text("2024-02-01")));
    }

    #[test]
    fn one_current_position_with_all_copies_needs_no_request() {
        let part = Part::from_copies(Some(&[summary("t1")]), &user(|_| ())).unwrap();
        assert!(matches!(&part.positions, Positions::Main(main) if main.id == "p1"));
        assert_eq!(locks(&part), vec![None; 5], "a copy's `editable` says nothing of the position");
        assert!(part.fields[&Field::LastDayOfWork].reading.is_empty());
    }

    #[test]
    fn copies_that_do_not_suffice_ask_the_position() {
        let whole = user(|_| ());
        assert!(Part::from_copies(None, &whole).is_none());
        assert!(Part::from_copies(Some(&[]), &whole).is_none());
        assert!(Part::from_copies(Some(&[summary("t1"), summary("t1")]), &whole).is_none());
        assert!(
            Part::from_copies(Some(&[summary("t2")]), &whole).is_none(),
            "the copy is of another position"
        );
        let without = user(|user| user["lastDayOfWork"] = Value::Null);
        assert!(Part::from_copies(Some(&[summary("t1")]), &without).is_none());
    }

    #[test]
    fn a_copy_that_disagrees_locks_all_five() {
        let agrees = Part::from_position(position(|_| ()), &user(|_| ()));
        assert_eq!(locks(&agrees), vec![None; 5]);
        let other = user(|user| user["lastDayOfWork"]["value"] = json!("2027-01-31"));
        let disagrees = Part::from_position(position(|_| ()), &other);
        assert_eq!(locks(&disagrees), vec![Some(Lock::ChoosePosition); 5]);
    }

    #[test]
    fn copies_that_are_gone_disagree_with_nothing() {
        let part = Part::from_position(position(|_| ()), &Copies::new());
        assert_eq!(locks(&part), vec![None; 5]);
    }

    #[test]
    fn a_copy_of_what_the_key_may_not_see_on_the_position_says_nothing() {
        let hidden = position(|value| value["firstDayOfWork"] = Value::Null);
        assert_eq!(locks(&Part::from_position(hidden, &user(|_| ()))), vec![None; 5]);
    }

    #[test]
    fn a_tie_and_a_hidden_position_are_hidden_and_locked() {
        for (part, lock) in
            [(Part::tied(), Lock::ChoosePosition), (Part::hidden(Some(&summary("t1"))), Lock::NotEditable)]
        {
            assert!(part.fields.values().all(|field| field.reading.is_hidden()));
            assert_eq!(locks(&part), vec![Some(lock); 5]);
        }
        assert!(Part::none().fields.values().all(|field| field.reading.is_empty() && field.lock.is_none()));
    }

    #[test]
    fn a_date_that_is_not_text_says_where_it_is() {
        let value = json!({"id": "p1", "lastDayOfWork": {"value": 20270131, "editable": true}});
        assert_eq!(Position::decode(&value).err(), Some(Odd("position.lastDayOfWork.value".into())));
    }
}
