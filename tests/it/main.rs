//! Tests of hxsync from outside, against the sandbox.
#![cfg(feature = "sandbox")]

mod huma_client;
