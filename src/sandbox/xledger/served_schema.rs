//! The schema as it is served: `schema.graphql` less what a switch removes, with the dbId forms a switch flips.

use std::collections::BTreeSet;

use apollo_compiler::schema::ExtendedType;
use apollo_compiler::validation::Valid;
use apollo_compiler::{Name, Schema};

const SDL: &str = include_str!("schema.graphql");

/// Builds the schema. The message says which coordinate does not exist or leaves the schema invalid.
pub fn build(removed: &BTreeSet<String>, flipped: &BTreeSet<String>) -> Result<Valid<Schema>, String> {
    let mut schema = Schema::parse(SDL, "schema.graphql").map_err(|e| e.errors.to_string())?;
    for coordinate in removed {
        remove(&mut schema, coordinate).ok_or_else(|| format!("the schema has no {coordinate}"))?;
    }
    for type_name in flipped {
        flip(&mut schema, type_name)?;
    }
    schema.validate().map_err(|e| e.errors.to_string())
}

/// Removes `Type`, `Type.field` or `Type.field(argument:)`.
fn remove(schema: &mut Schema, coordinate: &str) -> Option<()> {
    let Some((type_name, rest)) = coordinate.split_once('.') else {
        return schema.types.shift_remove(coordinate).map(drop);
    };
    let (field, argument) = match rest.split_once('(') {
        Some((field, argument)) => (field, Some(argument.strip_suffix(":)")?)),
        None => (rest, None),
    };
    match (schema.types.get_mut(type_name)?, argument) {
        (ExtendedType::Object(object), None) => object.make_mut().fields.shift_remove(field).map(drop),
        (ExtendedType::InputObject(object), None) => object.make_mut().fields.shift_remove(field).map(drop),
        (ExtendedType::Object(object), Some(argument)) => {
            let field = object.make_mut().fields.get_mut(field)?;
            let arguments = &mut field.make_mut().arguments;
            let before = arguments.len();
            arguments.retain(|a| a.name != argument);
            (arguments.len() < before).then_some(())
        }
        _ => None,
    }
}

/// A type delivers its dbId as a string where the schema says `Int`. The reverse needs no change: `Int64String` is a
/// scalar of its own and carries either.
fn flip(schema: &mut Schema, type_name: &str) -> Result<(), String> {
    for name in [type_name.to_owned(), format!("{type_name}Delta")] {
        if let Some(ExtendedType::Object(object)) = schema.types.get_mut(name.as_str())
            && let Some(field) = object.make_mut().fields.get_mut("dbId")
        {
            let int64 = Name::new("Int64String").map_err(|e| e.to_string())?;
            field.make_mut().ty = apollo_compiler::schema::Type::Named(int64);
        } else if name == type_name {
            return Err(format!("the schema has no {type_name}.dbId"));
        }
    }
    Ok(())
}
