//! Simulated xledger.
