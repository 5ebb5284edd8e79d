//! config.

pub mod policy;
pub use policy::{Direction, FieldPolicy, OnClear, OnMissing, Prefer};
