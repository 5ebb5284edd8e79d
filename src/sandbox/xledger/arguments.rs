//! A field's arguments as JSON, read from the document and the coerced variables.
//!
//! A variable that was not given leaves its input field out, as the GraphQL specification says. The executor's own
//! coercion makes it null inside an object, which would clear a value nobody named.

use apollo_compiler::ast;
use apollo_compiler::executable::Field;
use serde_json::{Map, Value};

pub fn of_field(field: &Field, variables: &Map<String, Value>) -> Map<String, Value> {
    let arguments = field.arguments.iter();
    arguments.filter_map(|a| Some((a.name.to_string(), to_json(&a.value, variables)?))).collect()
}

/// `None` for a variable without a value.
fn to_json(value: &ast::Value, variables: &Map<String, Value>) -> Option<Value> {
    Some(match value {
        ast::Value::Null => Value::Null,
        ast::Value::Enum(name) => Value::from(name.as_str()),
        ast::Value::String(text) => Value::from(text.as_str()),
        ast::Value::Boolean(b) => Value::from(*b),
        ast::Value::Int(i) => i.as_str().parse().map_or(Value::Null, Value::Number),
        ast::Value::Float(f) => f.as_str().parse().map_or(Value::Null, Value::Number),
        ast::Value::Variable(name) => return variables.get(name.as_str()).cloned(),
        ast::Value::List(items) => {
            items.iter().map(|item| to_json(item, variables).unwrap_or(Value::Null)).collect()
        }
        ast::Value::Object(members) => {
            let members = members.iter();
            members.filter_map(|(name, v)| Some((name.to_string(), to_json(v, variables)?))).collect()
        }
    })
}

/// Whether `@skip` and `@include` leave the field in.
pub fn is_selected(field: &Field, variables: &Map<String, Value>) -> bool {
    let condition = |directive| {
        let argument = field.directives.get(directive)?.specified_argument_by_name("if")?;
        to_json(argument, variables)?.as_bool()
    };
    !condition("skip").unwrap_or(false) && condition("include").unwrap_or(true)
}

/// The items of a list argument; a single value stands for a list of one.
pub fn items(value: Option<&Value>) -> &[Value] {
    match value {
        None | Some(Value::Null) => &[],
        Some(Value::Array(items)) => items,
        Some(single) => std::slice::from_ref(single),
    }
}

/// A 64-bit integer given as a number or as text.
pub fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Number(n) => n.as_i64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}
