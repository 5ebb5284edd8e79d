//! Signals, saves and what cycles come to.

use super::fake::Seen;
use super::house::House;
use hxsync::daemon::{Ask, Ended, FileHint, Signal, Tell};
use hxsync::domain::Side;
use hxsync::sync::{CycleReport, Reach, SideFailure};
use std::time::Duration;

fn is_ended(seen: &Seen) -> bool {
    *seen == Seen::Ended
}

#[tokio::test]
async fn the_first_signal_finishes_the_step_under_way() {
    let mut house = House::with(None, |fake| fake.script().steps = 3).await;
    house.until(|seen| matches!(seen, Seen::Began(..))).await;
    house.signal(Signal::Stop).await;
    house.told_until("STOPPING=1").await;
    house.fake.gate.add_permits(3);
    assert_eq!(house.ended().await, Ended::Finished);
    let rest = house.until(|seen| *seen == Seen::Closed).await;
    assert_eq!(rest, [Seen::Step(1), Seen::Ended, Seen::Closed]);
    assert!(!house.state.path().join("control.sock").exists());
}

#[tokio::test]
async fn the_second_signal_stops_at_once() {
    let mut house = House::with(None, |fake| fake.script().steps = 1).await;
    house.until(|seen| matches!(seen, Seen::Began(..))).await;
    house.signal(Signal::Stop).await;
    house.signal(Signal::Stop).await;
    assert_eq!(house.ended().await, Ended::AtOnce);
    assert!(house.seen.try_recv().is_err(), "the step was left where it was");
    house.fake.gate.add_permits(1);
}

#[tokio::test]
async fn two_saves_in_a_row_wake_it_once() {
    let mut house = House::with(None, |fake| fake.script().steps = 1).await;
    house.until(|seen| matches!(seen, Seen::Began(..))).await;
    // While the cycle of the start is held.
    house.save().await;
    house.save().await;
    house.fake.gate.add_permits(100);
    house.until(is_ended).await;
    assert_eq!(house.causes_until("file").await, ["file"]);
    house.until(is_ended).await;
    house.signal(Signal::Cycle).await;
    assert_eq!(house.causes_until("signal").await, ["signal"], "no second cycle for the file came before");
    house.stop().await;
}

#[tokio::test]
async fn a_save_that_still_settles_is_looked_at_again() {
    let mut house = House::new().await;
    house.until(is_ended).await;
    {
        let mut script = house.fake.script();
        script.hints =
            [FileHint::Settling(Duration::from_millis(1)), FileHint::Settling(Duration::ZERO)].into();
        script.is_saved = true;
    }
    house.hints.send(()).await.unwrap();
    assert_eq!(house.causes_until("file").await, ["file"]);
    house.stop().await;
}

#[tokio::test]
async fn settings_are_read_anew_and_bad_ones_are_not_taken() {
    let mut house = House::new().await;
    house.until(is_ended).await;
    let good = house.settings_text.lock().unwrap().clone();
    *house.settings_text.lock().unwrap() = good.replace("[state]", "requests_per_second = 0\n[state]");
    house.signal(Signal::Reload).await;
    let told = house.told_until("were not taken").await;
    assert!(told.iter().any(|told| told.starts_with("RELOADING=1\nMONOTONIC_USEC=")), "{told:?}");
    let Tell::Status(status) = house.connect().await.ask(Ask::Status, |_| ()).await else { panic!() };
    assert_eq!(
        status.daemon.unwrap().settings_refused.as_deref(),
        Some("1 mistake in the settings file hxsync.toml")
    );

    *house.settings_text.lock().unwrap() = good.replace("[state]", "requests_per_second = 9\n[state]");
    house.signal(Signal::Reload).await;
    assert_eq!(house.until(|seen| matches!(seen, Seen::Reloaded(_))).await, [Seen::Reloaded(9)]);
    house.told_until("READY=1").await;
    let Tell::Status(status) = house.connect().await.ask(Ask::Status, |_| ()).await else { panic!() };
    assert_eq!(status.daemon.unwrap().settings_refused, None);
    house.stop().await;
}

#[tokio::test]
async fn another_state_directory_takes_a_restart() {
    let house = House::new().await;
    let text = house.settings_text.lock().unwrap().replace("directory = \"/", "directory = \"/elsewhere/");
    *house.settings_text.lock().unwrap() = text;
    house.signal(Signal::Reload).await;
    house.told_until("were not taken").await;
    house.stop().await;
}

#[tokio::test]
async fn a_panic_is_counted_and_the_engine_opened_anew() {
    let mut house = House::with(None, |fake| fake.script().panics = true).await;
    house.until(|seen| *seen == Seen::Closed).await;
    house.signal(Signal::Cycle).await;
    let after = house.until(is_ended).await;
    assert_eq!(after[0], Seen::Opened);
    let Tell::Status(status) = house.connect().await.ask(Ask::Status, |_| ()).await else { panic!() };
    assert_eq!(status.daemon.unwrap().panics, 1);
    house.stop().await;
}

#[tokio::test]
async fn a_side_that_fails_is_a_state_and_no_end() {
    let failing = |what: &str, passing| CycleReport {
        sides: vec![SideFailure { side: Side::Xledger, what: what.into(), passing }],
        ..CycleReport::default()
    };
    let mut house = House::with(None, |fake| {
        fake.script().reports.push_back(failing("Xledger refused the login", false));
    })
    .await;
    house.until(is_ended).await;
    house.told_until("Xledger refused the login").await;
    let Tell::Status(status) = house.connect().await.ask(Ask::Status, |_| ()).await else { panic!() };
    let resting = status.daemon.unwrap().resting;
    assert_eq!((resting[0].side, resting[0].what.as_str()), (Side::Xledger, "Xledger refused the login"));
    house.signal(Signal::Cycle).await;
    house.until(is_ended).await;
    house.stop().await;
}

#[tokio::test]
async fn people_who_moved_while_they_were_written_get_a_cycle_at_once() {
    let mut house = House::with(None, |fake| {
        let follow_up = vec!["Kari Nordmann (1042)".to_owned()];
        fake.script().reports.push_back(CycleReport { follow_up, ..CycleReport::default() });
    })
    .await;
    let all = house
        .until(|seen| matches!(seen, Seen::Began(request, _) if matches!(request.reach, Reach::Person(_))))
        .await;
    let Some(Seen::Began(request, _)) = all.last() else { panic!() };
    assert_eq!(request.reach, Reach::Person("Kari Nordmann (1042)".into()));
    house.stop().await;
}

#[tokio::test]
async fn the_text_of_the_first_cycle_is_kept() {
    let mut house = House::with(None, |fake| {
        fake.script().reports.push_back(CycleReport { cycle: 1, questions: 4, ..CycleReport::default() });
    })
    .await;
    house.until(is_ended).await;
    house.told_until("STATUS=").await;
    let Tell::Status(status) = house.connect().await.ask(Ask::Status, |_| ()).await else { panic!() };
    assert!(status.last_result.is_none_or(|text| text.contains("4 open questions")));
    let state = house.state.path().to_owned();
    house.signal(Signal::Stop).await;
    assert_eq!(house.ended().await, Ended::Finished);
    let text = std::fs::read_to_string(state.join("last-result.txt")).unwrap();
    assert!(text.contains("4 open questions"), "{text}");
}
