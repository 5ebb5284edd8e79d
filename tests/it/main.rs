//! Tests of several modules together.

mod cases;
mod properties;
mod support;
