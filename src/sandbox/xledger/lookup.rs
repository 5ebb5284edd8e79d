//! Lookup inputs: exactly one record must match all the keys given.

use serde_json::{Map, Value};

use super::arguments::integer;
use super::error::{Example, SimError};
use super::record::{Kind, Record};
use super::reference_data::KIND_OF_FIELD;
use super::world::World;

/// What the lookup of an input field searches.
pub struct Lookup {
    kind: Kind,
    /// Only object values of this list, or system values of this list.
    list: Option<&'static str>,
}

impl Lookup {
    /// `None` if the input field is no lookup.
    pub fn of_field(field: &str) -> Option<Lookup> {
        if let Some((_, list)) = KIND_OF_FIELD.iter().find(|(name, _)| *name == field) {
            return Some(Lookup { kind: Kind::ObjectValue, list: Some(list) });
        }
        let (kind, list) = match field {
            "gender" => (Kind::SystemValue, Some("GENDER")),
            "superior" => (Kind::Employee, None),
            "contact" => (Kind::Contact, None),
            "subledger" => (Kind::Subledger, None),
            "country" => (Kind::Country, None),
            "bank" => (Kind::Bank, None),
            "owner" => (Kind::Entity, None),
            // Lists that this Xledger keeps empty, so that nothing ever matches.
            "user" | "payMethod" | "subledgerGroup" | "paySlipDeliveryMethod" => {
                (Kind::SystemValue, Some("NONE"))
            }
            _ => return None,
        };
        Some(Lookup { kind, list })
    }

    /// The dbId of the record; dbId 0 means "no reference" and gives `None`.
    ///
    /// # Errors
    /// `INVALID_VALUE` if none or several match, and always with `showAlternatives: YES`, which lists what would.
    pub fn find(
        &self,
        world: &World,
        field: &str,
        keys: &Map<String, Value>,
    ) -> Result<Option<i64>, SimError> {
        let candidates = || world.table(self.kind).rows.values().filter(|r| self.is_listed(world, r));
        if keys.get("showAlternatives").and_then(Value::as_str) == Some("YES") {
            let examples = candidates().map(|r| Example {
                db_id: r.db_id,
                code: r.text("code").unwrap_or_default().to_owned(),
                owner_db_id: r.owner_db_id,
                text: text(r).to_owned(),
            });
            let message = format!("The permitted values of {field} are listed.");
            return Err(SimError::invalid(message).with_examples(examples.collect::<Vec<_>>()));
        }
        let given: Vec<(&String, &Value)> =
            keys.iter().filter(|(key, value)| *key != "showAlternatives" && !value.is_null()).collect();
        if given.is_empty() {
            return Err(SimError::invalid(format!("The lookup {field} names no record.")));
        }
        if given.iter().any(|(key, value)| *key == "dbId" && integer(value) == Some(0)) {
            return Ok(None);
        }
        let mut matches =
            candidates().filter(|r| given.iter().all(|(key, value)| has_key(world, r, key, value)));
        match (matches.next(), matches.next()) {
            (Some(one), None) => Ok(Some(one.db_id)),
            (None, _) => Err(SimError::invalid(format!("No record matches the lookup {field}."))),
            (Some(_), Some(_)) => {
                Err(SimError::invalid(format!("Several records match the lookup {field}.")))
            }
        }
    }

    fn is_listed(&self, world: &World, record: &Record) -> bool {
        match self.list {
            None => true,
            Some(list) if self.kind == Kind::ObjectValue => {
                record.reference("objectKind").is_some_and(|kind| world.object_kind(list) == Some(kind))
            }
            Some(list) => record.text("list") == Some(list),
        }
    }
}

fn text(record: &Record) -> &str {
    record.text("description").or_else(|| record.text("name")).unwrap_or_default()
}

fn has_key(world: &World, record: &Record, key: &str, value: &Value) -> bool {
    match key {
        "dbId" => integer(value) == Some(record.db_id),
        "dbSubId" => value.as_i64() == record.fields.get("dbSubId").and_then(Value::as_i64),
        "ownerCode" => {
            let owner = world.get(Kind::Entity, record.owner_db_id);
            owner.and_then(|o| o.text("code")) == value.as_str()
        }
        _ => value.as_str().is_some() && record.text(key) == value.as_str(),
    }
}
