//! What several tests build on: values as text, records to correlate, and one pair with what becomes of its plans.

pub mod cast;
pub mod pair;
pub mod people;
pub mod staff;
pub mod stored;
pub mod text;
pub mod views;
pub mod world;
