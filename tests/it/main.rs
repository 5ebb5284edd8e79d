//! Tests of hxsync from outside: golden cases, and clients and program against the sandbox.
#![cfg(feature = "sandbox")]

mod answers;
mod cases;
mod commands;
mod crash;
mod daemon;
mod faults;
mod first_sync;
mod huma_client;
mod kill;
mod listener;
mod live;
mod people;
mod properties;
mod support;
mod unit;
mod xledger_client;
