//! Tests of hxsync from outside: golden cases, and clients and program against the sandbox.
#![cfg(feature = "sandbox")]

mod cases;
mod commands;
mod daemon;
mod first_sync;
mod huma_client;
mod listener;
mod properties;
mod support;
mod unit;
mod xledger_client;
