//! hxsync keeps employee records in Huma and Xledger in agreement, in both directions.
//!
//! The layers, lowest first; a lower one never uses a higher one:
//! `domain`, `config` → `reconcile`, `resolution` → `remote`, `store`, `resolution_file` → `sync`, `report` →
//! `daemon` → `cli`. `docs/architecture.md` says what each keeps.

pub mod cli;
pub mod config;
pub mod daemon;
pub mod domain;
pub mod reconcile;
pub mod remote;
pub mod report;
pub mod resolution;
pub mod resolution_file;
#[cfg(feature = "sandbox")]
pub mod sandbox;
pub mod store;
pub mod sync;
