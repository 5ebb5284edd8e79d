//! Decides when a changed file is a save. Reads no file and no clock: what was seen, and when, comes in.

use std::time::Duration;

/// A text by its blake3 digest.
pub type Hash = [u8; 32];

pub fn hash_of(bytes: &[u8]) -> Hash {
    *blake3::hash(bytes).as_bytes()
}

/// `[resolutions] apply_on`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ApplyOn {
    /// A settled save counts at once, also while an editor holds the file.
    #[default]
    Save,
    /// Nothing is taken in until the editor lets go.
    Close,
}

/// One look at the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight {
    /// `None` where there is no file.
    pub hash: Option<Hash>,
    /// The last line, `# end of file`, is there.
    pub is_whole: bool,
    pub is_locked: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The text last read or written.
    Known,
    NotYet {
        again_in: Duration,
    },
    /// A whole text, unchanged for long enough.
    Take,
    /// No whole text, unchanged for so long that nobody is writing it any more; or no file.
    Damaged,
}

/// A text that is not whole gets this many times the settling time, for slow writers.
const PATIENCE: u32 = 3;

/// What is known, and since when the present content stands.
#[derive(Debug, Clone)]
pub struct Settling {
    settle: Duration,
    apply_on: ApplyOn,
    known: Option<Hash>,
    /// The content last seen that is not the known one, and when it was first seen.
    seen: Option<(Option<Hash>, Duration)>,
}

impl Settling {
    pub fn new(settle: Duration, apply_on: ApplyOn) -> Settling {
        Settling { settle, apply_on, known: None, seen: None }
    }

    /// This text has been read or written by us.
    pub fn know(&mut self, hash: Hash) {
        self.known = Some(hash);
        self.seen = None;
    }

    pub fn known(&self) -> Option<Hash> {
        self.known
    }

    /// `at` is monotonic and never goes back.
    pub fn look(&mut self, at: Duration, sight: &Sight) -> Verdict {
        if sight.hash.is_some() && sight.hash == self.known {
            self.seen = None;
            return Verdict::Known;
        }
        let since = match self.seen {
            Some((hash, since)) if hash == sight.hash => since,
            Some(_) | None => {
                self.seen = Some((sight.hash, at));
                at
            }
        };
        let stood = at.saturating_sub(since);
        let needed = if sight.is_whole { self.settle } else { self.settle * PATIENCE };
        let waits_for_editor = sight.is_locked
            && match self.apply_on {
                // An editor that saved half a text, or takes the file away to write it anew, will say more.
                ApplyOn::Save => !sight.is_whole,
                ApplyOn::Close => true,
            };
        if stood < needed {
            return Verdict::NotYet { again_in: needed - stood };
        }
        if waits_for_editor {
            return Verdict::NotYet { again_in: self.settle.max(Duration::from_millis(100)) };
        }
        if sight.is_whole { Verdict::Take } else { Verdict::Damaged }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTLE: Duration = Duration::from_secs(2);

    fn at(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    fn whole(text: &str) -> Sight {
        Sight { hash: Some(hash_of(text.as_bytes())), is_whole: true, is_locked: false }
    }

    fn settling(apply_on: ApplyOn) -> Settling {
        let mut settling = Settling::new(SETTLE, apply_on);
        settling.know(hash_of(b"ours"));
        settling
    }

    #[test]
    fn our_own_text_is_no_news() {
        assert_eq!(settling(ApplyOn::Save).look(at(0.0), &whole("ours")), Verdict::Known);
    }

    #[test]
    fn a_save_counts_when_it_has_stood_for_the_settling_time() {
        let mut settling = settling(ApplyOn::Save);
        assert_eq!(settling.look(at(10.0), &whole("a")), Verdict::NotYet { again_in: SETTLE });
        assert_eq!(settling.look(at(11.5), &whole("a")), Verdict::NotYet { again_in: at(0.5) });
        assert_eq!(settling.look(at(12.0), &whole("a")), Verdict::Take);
    }

    #[test]
    fn every_change_begins_the_wait_anew() {
        let mut settling = settling(ApplyOn::Save);
        settling.look(at(10.0), &whole("a"));
        assert_eq!(settling.look(at(11.9), &whole("ab")), Verdict::NotYet { again_in: SETTLE });
        assert_eq!(settling.look(at(13.9), &whole("ab")), Verdict::Take);
    }

    #[test]
    fn a_text_without_its_last_line_is_never_taken_and_gets_longer() {
        let mut settling = settling(ApplyOn::Save);
        let half = Sight { is_whole: false, ..whole("half") };
        settling.look(at(0.0), &half);
        assert_eq!(settling.look(at(5.9), &half), Verdict::NotYet { again_in: at(6.0) - at(5.9) });
        assert_eq!(settling.look(at(6.0), &half), Verdict::Damaged);
        assert_eq!(settling.look(at(6.1), &whole("half and the rest")), Verdict::NotYet { again_in: SETTLE });
    }

    #[test]
    fn a_file_gone_for_a_moment_is_no_deletion() {
        let mut settling = settling(ApplyOn::Save);
        let gone = Sight { hash: None, is_whole: false, is_locked: false };
        assert!(matches!(settling.look(at(0.0), &gone), Verdict::NotYet { .. }));
        assert!(matches!(settling.look(at(0.1), &whole("a")), Verdict::NotYet { .. }));
        assert_eq!(settling.look(at(2.1), &whole("a")), Verdict::Take);
        assert!(matches!(settling.look(at(3.0), &gone), Verdict::NotYet { .. }));
        assert_eq!(settling.look(at(9.0), &gone), Verdict::Damaged);
    }

    #[test]
    fn a_lock_does_not_delay_a_save_unless_the_settings_say_close() {
        let locked = Sight { is_locked: true, ..whole("a") };
        let mut on_save = settling(ApplyOn::Save);
        on_save.look(at(0.0), &locked);
        assert_eq!(on_save.look(at(2.0), &locked), Verdict::Take);
        let mut on_close = settling(ApplyOn::Close);
        on_close.look(at(0.0), &locked);
        assert_eq!(on_close.look(at(9.0), &locked), Verdict::NotYet { again_in: SETTLE });
        assert_eq!(on_close.look(at(9.1), &whole("a")), Verdict::Take);
    }

    #[test]
    fn a_damaged_text_waits_while_an_editor_holds_it() {
        let mut settling = settling(ApplyOn::Save);
        let half = Sight { is_whole: false, is_locked: true, ..whole("half") };
        settling.look(at(0.0), &half);
        assert!(matches!(settling.look(at(100.0), &half), Verdict::NotYet { .. }));
    }
}
