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
    let mut life = Life { seen: progress.count(), has_answered: false };
    let mut ping = Box::pin(thread.ping());
    loop {
        tokio::select! {
            result = &mut ping, if !life.has_answered => {
                if result.is_err() {
                    // The thread is ending; the manager has been told.
                    return;
                }
                life.has_answered = true;
            }
            _ = ticks.tick() => {
                let asks_anew = life.has_answered;
                if life.is_shown(progress.count()) {
                    manager.alive();
                }
                if asks_anew {
                    ping = Box::pin(thread.ping());
                }
            }
        }
    }
}

/// What the cycle thread has shown of itself since the last sign of life.
#[derive(Debug)]
struct Life {
    /// Of its progress.
    seen: u64,
    has_answered: bool,
}

impl Life {
    /// Whether there is something new to tell; it is told once.
    fn is_shown(&mut self, count: u64) -> bool {
        let is_shown = self.has_answered || count != self.seen;
        *self = Life { seen: count, has_answered: false };
        is_shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_neither_answers_nor_moves_shows_no_life() {
        let mut life = Life { seen: 7, has_answered: true };
        assert!(life.is_shown(7));
        assert!(!life.is_shown(7));
        assert!(life.is_shown(8));
        assert!(!life.is_shown(8));
    }
}
