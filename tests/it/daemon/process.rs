//! Real signals at a real process: this test program runs itself again as a daemon.

use super::fake::{Fake, Seen};
use super::house::{parse, settings_text};
use hxsync::daemon::{ControlSocket, Daemon, Ended, InstanceLock, Manager, Parts, Signals};
use hxsync::remote::world::SystemClock;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

const STATE: &str = "HXSYNC_TEST_STATE";
/// Set where the step under way ends when the daemon is told to stop.
const FINISHES: &str = "HXSYNC_TEST_FINISHES";

/// Not a test of its own: the daemon of the tests below. Without them it does nothing.
#[test]
#[ignore = "the child process of the tests in this file"]
fn child() {
    let Ok(state) = std::env::var(STATE).map(PathBuf::from) else { return };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let code = runtime.block_on(be_a_daemon(state));
    runtime.shutdown_background();
    std::process::exit(code);
}

async fn be_a_daemon(state: PathBuf) -> i32 {
    let (fake, mut seen) = Fake::new();
    fake.script().steps = 1;
    fake.script().is_endless = std::env::var_os(FINISHES).is_some();
    let manager = Manager::from_env();
    let parts = Parts {
        settings: parse(&settings_text(&state)),
        read_settings: Box::new(|| Err("there are none".to_owned())),
        open: fake.opener(),
        lock: InstanceLock::take(&state).unwrap(),
        control: ControlSocket::bind(&state.join("control.sock"), None).unwrap(),
        listener: None,
        signals: Signals::of_process().unwrap(),
        watch: Box::new(|| mpsc::channel(1).1),
        manager: manager.clone(),
        clock: Arc::new(SystemClock),
    };
    let running = tokio::spawn(Daemon::start(parts).await.unwrap().unwrap().run());
    while !matches!(seen.recv().await, Some(Seen::Began(..))) {}
    manager.status("a step is under way");
    let ended = running.await.unwrap();
    let after: Vec<Seen> = std::iter::from_fn(|| seen.try_recv().ok()).collect();
    match (ended, after.as_slice()) {
        (Ended::Finished, [Seen::Step(1), Seen::Ended, Seen::Closed]) => 0,
        (Ended::AtOnce, []) => 130,
        (Ended::Finished | Ended::AtOnce, _) => 99,
    }
}

/// A daemon in a process of its own; killed when the test ends early.
struct Process {
    child: Child,
    told: UnixDatagram,
    _state: tempfile::TempDir,
}

impl Process {
    fn start(finishes: bool) -> Process {
        let state = tempfile::tempdir().unwrap();
        let notify = state.path().join("notify");
        let told = UnixDatagram::bind(&notify).unwrap();
        told.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "daemon::process::child", "--include-ignored", "--nocapture"]);
        command.env(STATE, state.path()).env("NOTIFY_SOCKET", &notify);
        if finishes {
            command.env(FINISHES, "1");
        }
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let process = Process { child, told, _state: state };
        process.told_until("a step is under way");
        process
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).unwrap();
        kill(Pid::from_raw(pid), signal).unwrap();
    }

    fn told_until(&self, part: &str) {
        let mut bytes = [0; 4096];
        loop {
            let length = self.told.recv(&mut bytes).expect("the daemon tells it in time");
            if String::from_utf8_lossy(&bytes[..length]).contains(part) {
                return;
            }
        }
    }

    fn code(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It has ended by itself unless the test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn sigterm_finishes_the_step_and_ends_well() {
    let mut process = Process::start(true);
    process.signal(Signal::SIGTERM);
    process.told_until("STOPPING=1");
    assert_eq!(process.code(), Some(0));
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let mut process = Process::start(false);
    process.signal(Signal::SIGTERM);
    process.told_until("STOPPING=1");
    process.signal(Signal::SIGINT);
    assert_eq!(process.code(), Some(130));
}

#[test]
fn sighup_reads_the_settings_and_ends_nothing() {
    let mut process = Process::start(true);
    process.signal(Signal::SIGHUP);
    process.told_until("RELOADING=1");
    process.told_until("were not taken");
    process.signal(Signal::SIGINT);
    process.told_until("STOPPING=1");
    assert_eq!(process.code(), Some(0));
}
