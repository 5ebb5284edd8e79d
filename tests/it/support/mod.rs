//! What several tests build on: values as text, and one pair with what becomes of its plans.

pub mod pair;
pub mod text;
