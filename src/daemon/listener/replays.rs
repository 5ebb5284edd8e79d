//! Signatures already taken, for as long as their date would still be good.

use super::signature::MOST_SKEW;
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Over a hundred posts a second for half an hour; beyond it posts are turned away rather than believed.
const MOST: usize = 200_000;

#[derive(Debug, Default)]
pub struct Replays {
    seen: Mutex<HashMap<[u8; 32], Timestamp>>,
}

/// What is known of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Novelty {
    /// Seen for the first time, and remembered from here on.
    New,
    Replayed,
    /// Too many are remembered to remember this one.
    Full,
}

impl Replays {
    /// Remembers a signature that was proven good.
    pub fn note(&self, signature: [u8; 32], dated: Timestamp, now: Timestamp) -> Novelty {
        let mut seen = self.lock();
        if seen.contains_key(&signature) {
            return Novelty::Replayed;
        }
        if seen.len() >= MOST {
            seen.retain(|_, dated| now.duration_since(*dated) <= MOST_SKEW);
            if seen.len() >= MOST {
                return Novelty::Full;
            }
        }
        seen.insert(signature, dated);
        Novelty::New
    }

    /// The post was not kept after all: its sender may send it once more.
    pub fn forget(&self, signature: &[u8; 32]) {
        self.lock().remove(signature);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<[u8; 32], Timestamp>> {
        // Nothing is done under the lock that could leave the map half changed.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_new_once_unless_its_post_was_not_kept() {
        let replays = Replays::default();
        let now = Timestamp::UNIX_EPOCH;
        assert_eq!(replays.note([1; 32], now, now), Novelty::New);
        assert_eq!(replays.note([1; 32], now, now), Novelty::Replayed);
        replays.forget(&[1; 32]);
        assert_eq!(replays.note([1; 32], now, now), Novelty::New);
    }

    #[test]
    fn memory_stays_bounded_and_old_dates_make_room() {
        let replays = Replays::default();
        let now = Timestamp::UNIX_EPOCH;
        for number in 0..MOST {
            let mut signature = [0; 32];
            signature[..8].copy_from_slice(&number.to_le_bytes());
            assert_eq!(replays.note(signature, now, now), Novelty::New);
        }
        assert_eq!(replays.note([255; 32], now, now), Novelty::Full);
        let later = now + MOST_SKEW + jiff::SignedDuration::from_secs(1);
        assert_eq!(replays.note([255; 32], later, later), Novelty::New);
        assert_eq!(replays.lock().len(), 1);
    }
}
