//! A file that an exchange brought out: an editor that had opened it may still be writing to it.

use super::read_all;
use super::settling::{ApplyOn, Hash, Settling, Sight, Verdict, hash_of};
use crate::resolution::has_trailer;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// How long a replaced file is still read. Editors write within moments of opening.
const WATCHED: Duration = Duration::from_secs(60);

pub(super) struct Late {
    /// Reads the content although it may have no name any more.
    file: File,
    /// Its name while it holds a text nobody took in: a crash does not lose it.
    name: Option<PathBuf>,
    settling: Settling,
    first_look: Option<Duration>,
    again_in: Option<Duration>,
    /// The text last handed out to be taken in.
    offered: Option<Hash>,
}

pub(super) enum LateVerdict {
    /// Nobody can be writing to it any more.
    Over,
    Quiet,
    NotYet,
    Save(Vec<u8>),
    Damaged(Vec<u8>),
}

impl Late {
    /// `known` is the text of it that was taken in.
    pub fn new(file: File, name: Option<PathBuf>, known: Option<Hash>, settle: Duration) -> Late {
        let mut settling = Settling::new(settle, ApplyOn::Save);
        if let Some(known) = known {
            settling.know(known);
        }
        Late { file, name, settling, first_look: None, again_in: None, offered: None }
    }

    pub fn file(&self) -> &File {
        &self.file
    }

    pub fn look(&mut self, at: Duration) -> io::Result<LateVerdict> {
        let first = *self.first_look.get_or_insert(at);
        let bytes = read_all(&mut self.file)?;
        let sight = Sight { hash: Some(hash_of(&bytes)), is_whole: has_trailer(&bytes), is_locked: false };
        self.again_in = None;
        Ok(match self.settling.look(at, &sight) {
            Verdict::Known if at.saturating_sub(first) > WATCHED => LateVerdict::Over,
            Verdict::Known => LateVerdict::Quiet,
            Verdict::NotYet { again_in } => {
                self.again_in = Some(at + again_in);
                LateVerdict::NotYet
            }
            Verdict::Take => {
                self.offered = sight.hash;
                LateVerdict::Save(bytes)
            }
            Verdict::Damaged => LateVerdict::Damaged(bytes),
        })
    }

    pub fn again_in(&self, at: Duration) -> Option<Duration> {
        self.again_in.map(|then| then.saturating_sub(at))
    }

    /// If it was this text of it that was recorded, it has no more need of a name. It is watched on: the editor may write
    /// once more.
    pub fn taken(&mut self, hash: &Hash) -> io::Result<()> {
        if self.offered.as_ref() != Some(hash) {
            return Ok(());
        }
        self.settling.know(*hash);
        self.offered = None;
        self.unname()
    }

    /// Takes its name away, now that its text is safe elsewhere.
    pub fn unname(&mut self) -> io::Result<()> {
        match self.name.take().map(std::fs::remove_file) {
            Some(Err(error)) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Some(_) | None => Ok(()),
        }
    }
}
