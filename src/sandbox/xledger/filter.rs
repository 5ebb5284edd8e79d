//! Filters: keys are `field` (equal; null is "has none") or `field_operator`, joined by AND, beside `AND` and `OR`.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::{Map, Value};

use super::arguments::{integer, items};
use super::error::SimError;
use super::record::{Kind, Record};
use super::values;
use super::world::World;

/// A parsed filter of one connection.
pub enum Filter {
    And(Vec<Filter>),
    Or(Vec<Filter>),
    Test { field: String, operator: Operator, value: Value },
}

#[derive(Clone, Copy)]
pub enum Operator {
    Equal,
    In,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

const SUFFIXES: [(&str, Operator); 5] = [
    ("_in", Operator::In),
    ("_gt", Operator::Greater),
    ("_gte", Operator::GreaterOrEqual),
    ("_lt", Operator::Less),
    ("_lte", Operator::LessOrEqual),
];

impl Filter {
    /// Reads a filter argument; none, or null, lets everything through.
    pub fn parse(argument: Option<&Value>) -> Result<Filter, SimError> {
        match argument {
            None | Some(Value::Null) => Ok(Filter::And(Vec::new())),
            Some(Value::Object(map)) => Filter::parse_object(map),
            Some(_) => Err(SimError::invalid("The filter is not an object.")),
        }
    }

    fn parse_object(map: &Map<String, Value>) -> Result<Filter, SimError> {
        let mut all = Vec::new();
        for (key, value) in map {
            let nested =
                || items(Some(value)).iter().map(|v| Filter::parse(Some(v))).collect::<Result<Vec<_>, _>>();
            match key.as_str() {
                "AND" => all.push(Filter::And(nested()?)),
                "OR" => all.push(Filter::Or(nested()?)),
                _ => all.push(Filter::parse_test(key, value)?),
            }
        }
        Ok(Filter::And(all))
    }

    fn parse_test(key: &str, value: &Value) -> Result<Filter, SimError> {
        let suffix = SUFFIXES.iter().find_map(|(s, operator)| Some((key.strip_suffix(s)?, *operator)));
        let (field, operator) = suffix.unwrap_or((key, Operator::Equal));
        for item in items(Some(value)) {
            let well_formed = match (field, item) {
                (_, Value::Null) => true,
                ("modifiedAt" | "createdAt", Value::String(text)) => values::is_date_time(text),
                ("modifiedAt" | "createdAt", _) => false,
                ("employmentFrom" | "employmentTo", Value::String(text)) => values::is_date(text),
                ("employmentFrom" | "employmentTo", _) => false,
                _ if is_integer(field) => integer(item).is_some(),
                _ => true,
            };
            if !well_formed {
                return Err(SimError::invalid(format!("The filter {key} has a value of the wrong form.")));
            }
        }
        Ok(Filter::Test { field: field.to_owned(), operator, value: value.clone() })
    }

    pub fn matches(&self, world: &World, kind: Kind, record: &Record) -> bool {
        match self {
            Filter::And(all) => all.iter().all(|f| f.matches(world, kind, record)),
            Filter::Or(any) => any.iter().any(|f| f.matches(world, kind, record)),
            Filter::Test { field, operator, value } => {
                let own = own_value(world, kind, record, field);
                let compare = |other: &Value| compare(field, own.as_deref(), other);
                match operator {
                    Operator::Equal if value.is_null() => own.is_none(),
                    Operator::Equal => compare(value) == Some(Ordering::Equal),
                    Operator::In => items(Some(value)).iter().any(|v| compare(v) == Some(Ordering::Equal)),
                    // A comparison with null says nothing, so it hides nothing.
                    _ if value.is_null() => true,
                    Operator::Greater => compare(value).is_some_and(Ordering::is_gt),
                    Operator::GreaterOrEqual => compare(value).is_some_and(Ordering::is_ge),
                    Operator::Less => compare(value).is_some_and(Ordering::is_lt),
                    Operator::LessOrEqual => compare(value).is_some_and(Ordering::is_le),
                }
            }
        }
    }
}

fn is_integer(field: &str) -> bool {
    field.ends_with("bId")
}

fn own_value<'a>(world: &'a World, kind: Kind, record: &'a Record, field: &str) -> Option<Cow<'a, str>> {
    let number = |n: Option<i64>| n.map(|n| Cow::Owned(n.to_string()));
    match (kind, field) {
        (_, "dbId") => number(Some(record.db_id)),
        (_, "ownerDbId") => number(Some(record.owner_db_id)),
        (_, "modifiedAt") => Some(Cow::Borrowed(&record.modified_at)),
        (_, "createdAt") => Some(Cow::Borrowed(&record.created_at)),
        (Kind::Employee, "contactDbId") => number(record.reference("contact")),
        (Kind::ObjectValue, "objectKindDbId") => number(record.reference("objectKind")),
        (Kind::Employee, "email") => values::employee_email(world, record).map(Cow::Borrowed),
        _ => record.text(field).map(Cow::Borrowed),
    }
}

fn compare(field: &str, own: Option<&str>, other: &Value) -> Option<Ordering> {
    let own = own?;
    if is_integer(field) {
        return Some(own.parse::<i64>().ok()?.cmp(&integer(other)?));
    }
    Some(own.cmp(other.as_str()?))
}
