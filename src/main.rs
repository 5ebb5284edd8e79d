//! hxsync keeps employee records in Huma and Xledger in agreement. Start-up only; the work is in the library.

mod telemetry;

use hxsync::cli::{self, Program};
use std::process::ExitCode;

fn main() -> ExitCode {
    // The first thing: no client can be made without it. Only this process sets it, so there is no other to keep.
    let _ = rustls::crypto::ring::default_provider().install_default();
    cli::main(&Program {
        open: cli::open::engine(),
        log: telemetry::init,
        #[cfg(feature = "sandbox")]
        demo: cli::demo::demo,
    })
}
