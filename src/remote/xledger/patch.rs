//! The three states of a field in a mutation's input: GraphQL tells an absent field from a null one, `Option` does not.

use serde::{Serialize, Serializer};

/// Serialize beside `#[serde(skip_serializing_if = "Patch::is_absent")]`: absent leaves the field as it is.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Patch<T> {
    #[default]
    Absent,
    /// Clears.
    Null,
    Value(T),
}

impl<T> Patch<T> {
    pub fn is_absent(&self) -> bool {
        match self {
            Patch::Absent => true,
            Patch::Null | Patch::Value(_) => false,
        }
    }
}

/// `None` clears.
impl<T> From<Option<T>> for Patch<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Patch::Null, Patch::Value)
    }
}

impl<T: Serialize> Serialize for Patch<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            // Absent inside a struct is skipped before it comes here.
            Patch::Absent | Patch::Null => serializer.serialize_none(),
            Patch::Value(value) => value.serialize(serializer),
        }
    }
}
