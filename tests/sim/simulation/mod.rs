//! The whole program but the sockets, in a world that a seed decides: both systems, their clerks, the admin, the clock, and
//! everything that can go wrong at any step.
//!
//! Shared by the tests beside it and by `examples/simulate.rs`. The oracle and the checks in `write` know the truth of the
//! world and read the store as an auditor would; they share no code with the reconciler.

pub mod admin;
pub mod clock;
pub mod fault;
pub mod huma;
pub mod oracle;
pub mod run;
pub mod value;
pub mod world;
pub mod write;
pub mod xledger;

use futures_util::FutureExt;
use hxsync::domain::Side;
use run::{Simulation, WIDE};
use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use world::lock;

/// What one run came to. The counts are for the example, which prints them.
#[allow(dead_code)]
pub struct Month {
    pub seed: u64,
    pub violations: Vec<String>,
    pub history: Vec<String>,
    pub struck: BTreeMap<&'static str, u64>,
    pub cycles: u64,
    pub writes: u64,
}

/// Runs a month of so many steps, brings the world to rest, and lets the oracle judge it.
pub fn run(seed: u64, steps: u32) -> Month {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(month(seed, steps))
}

async fn month(seed: u64, steps: u32) -> Month {
    let mut random = fastrand::Rng::with_seed(seed ^ 0x5eed);
    let mut pick = |of: &[f32]| random.choice(of.iter().copied()).unwrap_or_default();
    let creates = if pick(&[0.0, 0.0, 1.0]) > 0.0 { "always" } else { "ask" };
    let asks_first = pick(&[0.0, 1.0]) > 0.0;
    let guard = if pick(&[1.0, 1.0, 1.0, 0.0]) > 0.0 { WIDE } else { "" };
    let more = format!(
        "[people]\napprove_first_sync = {asks_first}\ncreate_in_huma = \"{creates}\"\n\
         create_in_xledger = \"{creates}\"\n{guard}"
    );
    let mut simulation = Simulation::new(seed, &more);
    for _ in 0..pick(&[5.0, 8.0, 12.0, 20.0]) as usize {
        let sides: &[Side] = match pick(&[0.0, 1.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0]) as u8 {
            0 => &[Side::Huma],
            1 => &[Side::Xledger],
            _ => &Side::BOTH,
        };
        simulation.newcomer(sides);
    }
    {
        let mut world = lock(&simulation.world);
        world.faults.rate = pick(&[0.0, 0.02, 0.08]);
        world.faults.edits = pick(&[0.0, 0.02, 0.1]);
        world.faults.listings = pick(&[0.0, 0.05]);
        world.faults.crashes = pick(&[0.0, 0.001, 0.005]);
        world.huma_email_waits = pick(&[0.0, 1.0]) > 0.0;
    }
    let everything = async {
        simulation.open();
        for _ in 0..steps {
            simulation.something_happens().await;
        }
        oracle::bring_to_rest_and_judge(&mut simulation).await;
    };
    if let Err(panic) = AssertUnwindSafe(everything).catch_unwind().await {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        lock(&simulation.world).violate(format!("panic: {}", text.unwrap_or_default()));
    }
    let cycles = simulation.cycles;
    let mut world = lock(&simulation.world);
    Month {
        seed,
        violations: std::mem::take(&mut world.violations),
        history: std::mem::take(&mut world.history),
        struck: std::mem::take(&mut world.faults.struck),
        cycles,
        writes: world.effects.len() as u64,
    }
}
