//! What the service manager hears.

use super::fake::Seen;
use super::house::House;
use hxsync::daemon::Signal;
use std::time::Duration;

#[tokio::test]
async fn the_manager_hears_of_readiness_life_reloading_and_the_end() {
    let mut house = House::with(Some(Duration::from_millis(30)), |fake| {
        let mut script = fake.script();
        script.status.people.linked = 3;
        script.status.people.in_agreement = 2;
    })
    .await;
    let first = house.told_until("READY=1").await;
    assert!(first.iter().all(|told| told.contains("READY=1") || told == "WATCHDOG=1\n"), "{first:?}");
    assert!(
        first.last().unwrap().contains("STATUS=2 of 3 people in agreement, no open questions"),
        "{first:?}"
    );
    house.until(|seen| *seen == Seen::Ended).await;
    house.told_until("WATCHDOG=1").await;
    house.signal(Signal::Reload).await;
    let reloading = house.told_until("RELOADING=1").await;
    assert!(reloading.last().unwrap().contains("MONOTONIC_USEC="), "{reloading:?}");
    house.told_until("READY=1").await;
    house.signal(Signal::Stop).await;
    house.told_until("STOPPING=1").await;
    house.ended().await;
}

#[tokio::test]
async fn a_long_cycle_that_moves_keeps_the_watchdog_quiet() {
    let house = House::with(Some(Duration::from_millis(30)), |fake| fake.script().steps = 1000).await;
    house.told_until("READY=1").await;
    // Each step is a sign of life; the thread itself cannot answer while the cycle runs.
    for _ in 0..3 {
        house.fake.gate.add_permits(1);
        house.told_until("WATCHDOG=1").await;
    }
    house.fake.script().steps = 0;
    house.signal(Signal::Stop).await;
    house.fake.gate.add_permits(1000);
}
