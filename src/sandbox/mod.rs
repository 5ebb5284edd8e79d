//! Simulated Huma and Xledger over real HTTP, for `demo`, `sandbox` and the tests.
//!
//! Each simulator is written from `apis/` alone and shares no code with the clients: it judges them.
//! Both serve their control API under `/_sandbox/` on their own port.

pub mod huma;
pub mod people;
pub mod xledger;
