//! resolution.
