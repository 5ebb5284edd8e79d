//! The simulation, a few hundred months at a time.

mod simulation;

const STEPS: u32 = 60;

/// Prints what led to the first violation, so that the seed need not be run again to see it.
fn explain(month: &simulation::Month) -> String {
    let from = month.history.len().saturating_sub(400);
    format!("seed {}\n{}\n{}", month.seed, month.history[from..].join("\n"), month.violations.join("\n"))
}

#[test]
fn two_hundred_months_break_no_promise() {
    let (from, count) = (0, 200);
    let mut failed = Vec::new();
    for seed in from..from + count {
        let month = simulation::run(seed, STEPS);
        if !month.violations.is_empty() {
            if failed.is_empty() {
                println!("{}", explain(&month));
            }
            failed.push(seed);
        }
    }
    assert!(failed.is_empty(), "seeds that break a promise: {failed:?}");
}
