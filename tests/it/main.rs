//! Tests of hxsync from outside, against the sandbox.

mod huma_client;
