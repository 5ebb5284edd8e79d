//! Runs the simulation from many seeds: `cargo run --release --example simulate -- --seeds 1000 [--from 0] [--steps 200]`.
//!
//! Prints how often each fault really struck, and everything about the first seed that broke a promise.

#[path = "../tests/sim/simulation/mod.rs"]
mod simulation;

use clap::Parser;
use std::collections::BTreeMap;

#[derive(Parser)]
struct Arguments {
    #[arg(long, default_value_t = 200)]
    seeds: u64,
    #[arg(long, default_value_t = 0)]
    from: u64,
    #[arg(long, default_value_t = 200)]
    steps: u32,
    /// Print the whole history of every seed.
    #[arg(long)]
    verbose: bool,
}

fn main() -> std::process::ExitCode {
    let arguments = Arguments::parse();
    let mut struck: BTreeMap<&'static str, u64> = BTreeMap::new();
    let (mut failed, mut cycles, mut writes) = (Vec::new(), 0, 0);
    let began = std::time::Instant::now();
    for seed in arguments.from..arguments.from + arguments.seeds {
        let month = simulation::run(seed, arguments.steps);
        for (name, count) in &month.struck {
            *struck.entry(name).or_default() += count;
        }
        cycles += month.cycles;
        writes += month.writes;
        if arguments.verbose || (failed.is_empty() && !month.violations.is_empty()) {
            println!("{}", month.history.join("\n"));
        }
        if !month.violations.is_empty() {
            println!("seed {} breaks: {}", month.seed, month.violations[0]);
            failed.push(seed);
        }
    }
    println!("{} seeds, {cycles} cycles, {writes} writes, {:?}", arguments.seeds, began.elapsed());
    for (name, count) in &struck {
        println!("{count:>9}  {name}");
    }
    println!("{} seeds broke a promise: {failed:?}", failed.len());
    if failed.is_empty() { std::process::ExitCode::SUCCESS } else { std::process::ExitCode::FAILURE }
}
