//! Simulated huma.
