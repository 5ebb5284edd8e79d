//! Both systems, the clock and chance behind narrow traits, so that the whole program can be run in simulation.
//!
//! `huma` and `xledger` hold the traits and the clients over HTTP; pacing, retry and errors are shared.

pub mod error;
pub mod huma;
pub mod pacer;
pub mod reply;
pub mod retry;
pub mod secret;
pub mod transport;
pub mod world;
pub mod xledger;

pub use error::{Limit, RemoteError, Words};
pub use huma::Huma;
pub use pacer::Pacer;
pub use secret::{Secret, SecretError};
pub use transport::{Transport, TransportError, TransportOptions};
pub use world::{Chance, Clock};
pub use xledger::Xledger;

/// What one side's interface has cost since it was last asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ApiUse {
    pub requests: u64,
    /// Bytes received: body as it came over the wire where known, else as decoded.
    pub bytes_in: u64,
    pub bytes_out: u64,
}

/// One right, and whether it was shown to be there.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RightReport {
    /// In the words of the vendor's own screen: `Human Resources: Employee, write`.
    pub right: String,
    pub state: RightState,
    /// What does not work without it.
    pub without: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RightState {
    Ok,
    Missing,
    /// Cannot be shown without changing data, and nothing written so far has shown it.
    Unproven,
}
