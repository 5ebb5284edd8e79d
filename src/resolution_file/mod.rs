//! The resolution file on disk: settling, editor locks, reading, rewriting by exchange, watching.
//!
//! A caller turns the wheel with [`ResolutionFile::observe`]. A [`Seen::Save`] is taken in, recorded, then acknowledged with
//! [`ResolutionFile::taken`]; after that [`ResolutionFile::rewrite`] puts the new text in its place. A [`Seen::Damaged`] file is
//! replaced by [`ResolutionFile::replace_damaged`], which keeps what was there.
//!
//! **Invariant (P9):** a text that was not taken in is never overwritten and never dropped. What an exchange brings out is read
//! again through its handle until it can no longer change.
//! **Invariant:** only the hash tells whether the file changed; events, sizes and times are hints to look.

mod author;
mod error;
mod late;
mod lock;
mod replace;
mod settling;
mod watch;

#[cfg(test)]
mod tests;

pub use crate::resolution::reply::Damage;
pub use author::Author;
pub use error::FileError;
pub use lock::EditorLock;
pub use settling::{ApplyOn, Hash, Settling, Sight, Verdict, hash_of};
pub use watch::Watcher;

use crate::resolution::has_trailer;
use jiff::Timestamp;
use late::{Late, LateVerdict};
use replace::{Out, Place};
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// What the settings say about the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    pub path: PathBuf,
    /// The group whose members may answer; the directory's own where absent.
    pub group: Option<String>,
    pub settle: Duration,
    pub apply_on: ApplyOn,
}

/// The moment of one look: monotonic for settling, wall clock for the age of locks.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    pub monotonic: Duration,
    pub now: Timestamp,
}

/// The file, and what is known of it.
pub struct ResolutionFile {
    place: Place,
    settle: Duration,
    settling: Settling,
    /// What was last read or written, to be kept if somebody deletes the file.
    known_text: Option<Vec<u8>>,
    /// Files that an exchange brought out: an editor may still be writing to one.
    late: Vec<Late>,
    /// What was damaged when it was last seen; `None` where there was no file.
    damaged: Option<Hash>,
}

/// A save to take in.
#[derive(Clone, PartialEq, Eq)]
pub struct Save {
    pub bytes: Vec<u8>,
    pub hash: Hash,
    /// Whose file it is.
    pub by: Author,
    /// The editor that still has the file open: answers go beside it until it is closed.
    pub lock: Option<EditorLock>,
    /// It was written to a file that had just been replaced.
    pub is_late: bool,
}

/// The text is personal: never printed (P10).
impl std::fmt::Debug for Save {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Save({} bytes, late: {})", self.bytes.len(), self.is_late)
    }
}

/// What a look at the file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// As it was last taken in or written.
    Known,
    /// Something is going on. Nothing can be said before this long.
    NotYet {
        again_in: Duration,
    },
    Save(Save),
    /// No answers can be taken from it.
    Damaged(Damage),
    /// A save to a file that had just been replaced was not whole; it is kept under this name.
    LateDamaged {
        kept: String,
    },
}

/// What became of a rewrite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rewrite {
    Done,
    /// An editor holds the file: it was left alone.
    Locked(EditorLock),
    /// There is a save that was not read. Nothing of it is lost: [`ResolutionFile::observe`] finds it.
    TakeInFirst,
}

/// The mode of everything here: the group answers.
const MODE: u32 = 0o660;
/// How many kept files stay.
const KEPT: usize = 20;

impl ResolutionFile {
    /// # Errors
    /// [`FileError::NoSuchGroup`], or a path without a directory.
    pub fn new(settings: Settings) -> Result<ResolutionFile, FileError> {
        let place = Place::new(&settings.path, settings.group.as_deref())?;
        Ok(ResolutionFile {
            place,
            settle: settings.settle,
            settling: Settling::new(settings.settle, settings.apply_on),
            known_text: None,
            late: Vec::new(),
            damaged: None,
        })
    }

    pub fn path(&self) -> &Path {
        &self.place.path
    }

    /// Clears up after a process that died while rewriting. Its own unfinished text goes; anything else may be a save nobody
    /// read, and is kept aside and returned to be taken in (an old text taken in again is harmless).
    pub fn recover(&mut self, now: Timestamp) -> Result<Vec<Save>, FileError> {
        let mut saves = Vec::new();
        for left in self.place.leftovers()? {
            let mut file = fs::File::open(&left).map_err(|source| FileError::read(&left, source))?;
            let bytes = read_all(&mut file).map_err(|source| FileError::read(&left, source))?;
            if self.place.is_own_text(&left, &bytes) {
                fs::remove_file(&left).map_err(|source| FileError::write(&left, source))?;
                continue;
            }
            let by = Author::of(&file).map_err(|source| FileError::read(&left, source))?;
            let kept = self.place.dir.join(self.kept_name(now));
            fs::rename(&left, &kept).map_err(|source| FileError::write(&kept, source))?;
            saves.push(Save { hash: hash_of(&bytes), bytes, by, lock: None, is_late: true });
        }
        self.prune_kept()?;
        Ok(saves)
    }

    /// Looks at the file, and at those just replaced.
    pub fn observe(&mut self, moment: Moment) -> Result<Seen, FileError> {
        if let Some(seen) = self.observe_late(moment)? {
            return Ok(seen);
        }
        let lock = self.lock(moment.now);
        let read = self.place.read()?;
        let sight = Sight {
            hash: read.as_ref().map(|(_, bytes)| hash_of(bytes)),
            is_whole: read.as_ref().is_some_and(|(_, bytes)| has_trailer(bytes)),
            is_locked: lock.is_some(),
        };
        let verdict = self.settling.look(moment.monotonic, &sight);
        Ok(match (verdict, read) {
            (Verdict::Known, _) => match self.late_again_in(moment) {
                Some(again_in) => Seen::NotYet { again_in },
                None => Seen::Known,
            },
            (Verdict::NotYet { again_in }, _) => Seen::NotYet { again_in },
            (Verdict::Take, Some((file, bytes))) => {
                let by = Author::of(&file).map_err(|source| FileError::read(self.path(), source))?;
                Seen::Save(Save { hash: hash_of(&bytes), bytes, by, lock, is_late: false })
            }
            (Verdict::Damaged, Some((_, bytes))) => {
                self.damaged = sight.hash;
                Seen::Damaged(if bytes.is_empty() { Damage::Empty } else { Damage::NoTrailer })
            }
            (Verdict::Take | Verdict::Damaged, None) => {
                self.damaged = None;
                Seen::Damaged(Damage::Deleted)
            }
        })
    }

    /// The save was recorded: the same text is not news any more, and may be written over.
    pub fn taken(&mut self, save: &Save) -> Result<(), FileError> {
        if save.is_late {
            for late in &mut self.late {
                late.taken(&save.hash).map_err(|source| FileError::write(&self.place.path, source))?;
            }
        } else {
            self.settling.know(save.hash);
            self.known_text = Some(save.bytes.clone());
        }
        Ok(())
    }

    /// The editor that holds the file, if one does.
    pub fn lock(&self, now: Timestamp) -> Option<EditorLock> {
        lock::editor_lock(&self.place.path, SystemTime::try_from(now).unwrap_or(SystemTime::UNIX_EPOCH))
    }

    /// Puts a new text in place of the one last taken in or written.
    pub fn rewrite(&mut self, text: &str, now: Timestamp) -> Result<Rewrite, FileError> {
        if let Some(lock) = self.lock(now) {
            return Ok(Rewrite::Locked(lock));
        }
        let expected = self.settling.known();
        let out = self.place.replace(text.as_bytes(), expected.as_ref())?;
        Ok(self.settle_out(out, expected, text))
    }

    /// The name a damaged file would be kept by; `None` where there is nothing to keep.
    pub fn kept_name_for(&self, damage: Damage, now: Timestamp) -> Option<String> {
        match damage {
            Damage::NoTrailer | Damage::Empty => Some(self.kept_name(now)),
            Damage::Deleted => self.known_text.as_ref().map(|_| self.kept_name(now)),
        }
    }

    /// Puts a new text in place of a damaged or deleted file, and keeps what was there under `kept`
    /// (of [`ResolutionFile::kept_name_for`], so that the new text can name it).
    pub fn replace_damaged(
        &mut self,
        text: &str,
        kept: Option<&str>,
        now: Timestamp,
    ) -> Result<Rewrite, FileError> {
        if let Some(lock) = self.lock(now) {
            return Ok(Rewrite::Locked(lock));
        }
        let expected = self.damaged.take();
        let kept = kept.map(|name| self.place.dir.join(name));
        if let (None, Some(kept), Some(known)) = (&expected, &kept, &self.known_text) {
            self.place.write_new(kept, known)?;
        }
        let out = self.place.replace_keeping(text.as_bytes(), expected.as_ref(), kept.as_deref())?;
        let rewrite = self.settle_out(out, expected, text);
        self.prune_kept()?;
        Ok(rewrite)
    }

    /// Writes the answers beside the file, while an editor holds it: `resolutions.answers.txt`.
    pub fn write_answers(&self, text: &str) -> Result<(), FileError> {
        self.place.write_over(&self.answers_path(), text.as_bytes())
    }

    /// The answers stand in the file itself again.
    pub fn remove_answers(&self) -> Result<(), FileError> {
        let path = self.answers_path();
        match fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => Err(FileError::write(&path, source)),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    pub fn answers_path(&self) -> PathBuf {
        self.place.beside("answers")
    }

    /// Remembers what was written, and what came out for it.
    fn settle_out(&mut self, out: Out, expected: Option<Hash>, text: &str) -> Rewrite {
        let mut rewrite = Rewrite::Done;
        if out.is_ours_in_place {
            self.settling.know(hash_of(text.as_bytes()));
            self.known_text = Some(text.as_bytes().to_vec());
        } else {
            rewrite = Rewrite::TakeInFirst;
        }
        if let Some((file, name, hash)) = out.brought {
            if Some(hash) != expected {
                rewrite = Rewrite::TakeInFirst;
            }
            self.late.push(Late::new(file, name, expected, self.settle));
        }
        rewrite
    }

    fn observe_late(&mut self, moment: Moment) -> Result<Option<Seen>, FileError> {
        let path = self.place.path.clone();
        let mut index = 0;
        while index < self.late.len() {
            let verdict =
                self.late[index].look(moment.monotonic).map_err(|source| FileError::read(&path, source))?;
            match verdict {
                LateVerdict::Over => drop(self.late.remove(index)),
                LateVerdict::Quiet | LateVerdict::NotYet => index += 1,
                LateVerdict::Save(bytes) => {
                    let by = Author::of(self.late[index].file())
                        .map_err(|source| FileError::read(&path, source))?;
                    let hash = hash_of(&bytes);
                    return Ok(Some(Seen::Save(Save { bytes, hash, by, lock: None, is_late: true })));
                }
                LateVerdict::Damaged(bytes) => {
                    let kept = self.kept_name(moment.now);
                    self.place.write_new(&self.place.dir.join(&kept), &bytes)?;
                    let mut late = self.late.remove(index);
                    late.unname().map_err(|source| FileError::write(&path, source))?;
                    self.prune_kept()?;
                    return Ok(Some(Seen::LateDamaged { kept }));
                }
            }
        }
        Ok(None)
    }

    /// How soon a replaced file must be looked at again, if it moves.
    fn late_again_in(&self, moment: Moment) -> Option<Duration> {
        self.late.iter().filter_map(|late| late.again_in(moment.monotonic)).min()
    }

    /// `resolutions.kept-20261123T081500Z.txt`, with a number where that is taken.
    fn kept_name(&self, now: Timestamp) -> String {
        let time = now.strftime("%Y%m%dT%H%M%SZ");
        let name = |path: PathBuf| path.file_name().map(|name| name.to_string_lossy().into_owned());
        (1..)
            .map(|nth| match nth {
                1 => format!("kept-{time}"),
                nth => format!("kept-{time}-{nth}"),
            })
            .map(|kind| self.place.beside(&kind))
            .find(|path| !path.exists())
            .and_then(name)
            .unwrap_or_default()
    }

    fn prune_kept(&self) -> Result<(), FileError> {
        let mut kept = self.place.kept()?;
        kept.sort();
        let surplus = kept.len().saturating_sub(KEPT);
        for path in kept.drain(..surplus) {
            fs::remove_file(&path).map_err(|source| FileError::write(&path, source))?;
        }
        Ok(())
    }
}

fn read_all(file: &mut fs::File) -> io::Result<Vec<u8>> {
    use std::io::Seek;
    file.rewind()?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}
