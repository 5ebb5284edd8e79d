//! Signs of life for the service manager.
//!
//! **Invariant:** they come from the cycle thread: it answered, or the cycle it is in has moved. A thread that hangs is
//! restarted by the manager.

use super::cycle_thread::CycleThread;
use super::manager::Manager;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};

/// Feeds the watchdog until it is dropped. Returns at once where none is wanted.
pub async fn feed(manager: Manager, thread: CycleThread) {
    let Some(within) = manager.watchdog() else { return };
    let mut ticks = interval((within / 3).max(Duration::from_millis(1)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let progress = &thread.surroundings().progress;
    let mut seen = progress.count();
    let mut ping = Box::pin(thread.ping());
    let mut answered = false;
    loop {
        tokio::select! {
            result = &mut ping, if !answered => {
                if result.is_err() {
                    // The thread is ending; the manager has been told.
                    return;
                }
                answered = true;
            }
            _ = ticks.tick() => {
                let moved = progress.count() != seen;
                if answered || moved {
                    seen = progress.count();
                    manager.alive();
                }
                if answered {
                    ping = Box::pin(thread.ping());
                    answered = false;
                }
            }
        }
    }
}
