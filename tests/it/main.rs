//! Tests of hxsync from outside: golden cases, and clients and program against the sandbox.
#![cfg(feature = "sandbox")]

mod answers;
mod cases;
mod faults;
mod first_sync;
mod huma_client;
mod live;
mod properties;
mod support;
mod xledger_client;
