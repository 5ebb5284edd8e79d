//! The control socket.

use super::fake::Seen;
use super::house::{House, soon};
use hxsync::daemon::{
    Ask, CheckState, ErrorKind, InstanceLock, LockError, Signal, Tell, Unconnected, connect, current_user,
};
use hxsync::reconcile::Who;
use hxsync::sync::{Cause, CycleReport, Reach};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

const SYNC: Ask = Ask::Sync { dry_run: false, full: true, person: None };

#[tokio::test]
async fn a_sync_is_done_by_the_daemon_in_the_name_of_the_real_user() {
    let mut house = House::new().await;
    house.until(|seen| *seen == Seen::Ended).await;
    house.fake.script().reports.push_back(CycleReport { cycle: 7, ..CycleReport::default() });
    let Tell::Cycle(report) = soon(house.connect().await.ask(SYNC, |_| ())).await else { panic!() };
    assert_eq!(report.cycle, 7);
    let all = house.until(|seen| *seen == Seen::Ended).await;
    let Seen::Began(request, _) = &all[0] else { panic!("{all:?}") };
    assert_eq!((&request.cause, &request.reach), (&Cause::Command(current_user()), &Reach::Full));
    let Cause::Command(Who::User { certain, .. }) = &request.cause else { panic!() };
    assert!(certain);
    house.stop().await;
}

#[tokio::test]
async fn progress_comes_before_the_answer() {
    let mut house = House::new().await;
    house.until(|seen| *seen == Seen::Ended).await;
    house.fake.script().steps = 1;
    let connection = house.connect().await;
    let gate = house.fake.gate.clone();
    let mut lines = Vec::new();
    let told = soon(connection.ask(SYNC, |line| {
        lines.push(line.to_owned());
        gate.add_permits(1);
    }))
    .await;
    assert!(matches!(told, Tell::Cycle(_)), "{told:?}");
    assert_eq!(lines, ["step 1 of 1"]);
    house.stop().await;
}

#[tokio::test]
async fn an_answer_is_taken_in_and_carried_out_at_once() {
    let mut house = House::new().await;
    house.until(|seen| *seen == Seen::Ended).await;
    let words = vec!["value".to_owned(), "+47 900 11 222".to_owned()];
    let ask = Ask::Resolve { item: "K7Q4".into(), words: words.clone() };
    let told = soon(house.connect().await.ask(ask, |_| ())).await;
    assert_eq!(told, Tell::Done(vec!["carried out".to_owned()]));
    let all = house.until(|seen| *seen == Seen::Ended).await;
    assert_eq!(all[0], Seen::Answered { item: "K7Q4".into(), words, who: current_user() });
    let ask = Ask::Resolve { item: "ZZZZ".into(), words: vec!["huma".into()] };
    let Tell::Failed(error) = soon(house.connect().await.ask(ask, |_| ())).await else { panic!() };
    assert_eq!((error.kind, error.what.as_str()), (ErrorKind::Usage, "no question is called ZZZZ"));
    house.stop().await;
}

#[tokio::test]
async fn status_answers_while_a_cycle_runs() {
    let mut house = House::with(None, |fake| fake.script().steps = 1).await;
    house.until(|seen| matches!(seen, Seen::Began(..))).await;
    let Tell::Status(status) = soon(house.connect().await.ask(Ask::Status, |_| ())).await else { panic!() };
    assert_eq!(status.daemon.unwrap().running.as_deref(), Some("start"));
    house.fake.gate.add_permits(1);
    house.stop().await;
}

#[tokio::test]
async fn check_and_plan_come_from_the_engine() {
    let house = House::new().await;
    let ask = Ask::Check { probe_writes: true };
    let Tell::Check(report) = soon(house.connect().await.ask(ask, |_| ())).await else { panic!() };
    assert_eq!(report.lines[0].state, CheckState::Ok);
    let Tell::Cycle(plan) = soon(house.connect().await.ask(Ask::Plan { of: None }, |_| ())).await else {
        panic!()
    };
    assert!(plan.dry_run);
    house.stop().await;
}

#[tokio::test]
async fn a_dry_run_leaves_the_last_result_alone() {
    let mut house = House::new().await;
    house.until(|seen| *seen == Seen::Ended).await;
    house.told_until("STATUS=").await;
    let path = house.state.path().join("last-result.txt");
    soon(house.connect().await.ask(SYNC, |_| ())).await;
    std::fs::write(&path, "mine").unwrap();
    let dry = Ask::Sync { dry_run: true, full: false, person: None };
    soon(house.connect().await.ask(dry, |_| ())).await;
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
    soon(house.connect().await.ask(SYNC, |_| ())).await;
    assert_ne!(std::fs::read_to_string(&path).unwrap(), "mine");
    house.stop().await;
}

#[tokio::test]
async fn what_is_no_request_is_refused_and_the_next_one_served() {
    let house = House::new().await;
    let path = house.state.path().join("control.sock");
    for wrong in
        [b"hello\n".to_vec(), b"{\"protocol\":2,\"ask\":\"status\"}\n".to_vec(), vec![b'x'; 70 << 10]]
    {
        let mut stream = UnixStream::connect(&path).await.unwrap();
        // The daemon may hang up before it has taken all of too much.
        let _ = stream.write_all(&wrong).await;
        let _ = stream.shutdown().await;
        let mut answer = String::new();
        if soon(stream.read_to_string(&mut answer)).await.is_ok() {
            assert!(answer.starts_with(r#"{"failed":{"kind":"usage""#), "{answer}");
        }
    }
    let told = soon(house.connect().await.ask(Ask::Status, |_| ())).await;
    assert!(matches!(told, Tell::Status(_)));
    house.stop().await;
}

#[tokio::test]
async fn a_state_directory_has_one_daemon_and_a_stopped_one_leaves_nothing_to_clean() {
    let mut house = House::new().await;
    let error = InstanceLock::take(house.state.path()).unwrap_err();
    assert!(matches!(error, LockError::Held { ref holder, .. } if holder.socket.is_some()), "{error}");
    house.signal(Signal::Stop).await;
    house.ended().await;
    InstanceLock::take(house.state.path()).unwrap();
    let error = connect(&house.settings, None).await.unwrap_err();
    assert!(matches!(error, Unconnected::NoDaemon), "{error}");
}
