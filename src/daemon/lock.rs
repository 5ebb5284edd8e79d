//! One instance per state directory.
//!
//! The lock is the kernel's and goes with the process, however it ends: the file stays and is never deleted by hand. What
//! stands in it only helps others: who holds it, and where that process listens.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Anyone may pass through; only the owner lists and writes.
const DIRECTORY_MODE: u32 = 0o711;
/// Readable by all, so that every user's command finds the control socket.
const LOCK_MODE: u32 = 0o644;
/// More than any note of ours.
const MOST_BYTES: u64 = 8 << 10;

/// Held as long as it lives.
#[derive(Debug)]
pub struct InstanceLock {
    file: File,
}

/// Who holds a lock, as far as its file says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holder {
    pub pid: Option<u32>,
    /// Where it listens; `None` for a command that works by itself.
    pub socket: Option<PathBuf>,
}

#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process works on this state directory.
    #[error("{} holds the state directory {}", holder_words(.holder), directory.display())]
    Held { directory: PathBuf, holder: Holder },
    #[error("the state directory {} cannot be used", directory.display())]
    Directory { directory: PathBuf, source: io::Error },
}

fn holder_words(holder: &Holder) -> String {
    match holder.pid {
        Some(pid) => format!("another hxsync (process {pid})"),
        None => "another hxsync".to_owned(),
    }
}

impl InstanceLock {
    /// Takes the lock of a state directory, which is made if its parent exists.
    ///
    /// # Errors
    /// [`LockError::Held`] at once, without waiting.
    pub fn take(directory: &Path) -> Result<InstanceLock, LockError> {
        let unusable = |source| LockError::Directory { directory: directory.to_owned(), source };
        match DirBuilder::new().mode(DIRECTORY_MODE).create(directory) {
            // Whatever the umask.
            Ok(()) => {
                fs::set_permissions(directory, Permissions::from_mode(DIRECTORY_MODE)).map_err(unusable)?;
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(unusable(error)),
        }
        let path = path_in(directory);
        let file = OpenOptions::new()
            .create(true)
            .read(true)
            .write(true)
            .truncate(false)
            .mode(LOCK_MODE)
            .open(&path)
            .map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let holder = Holder::of(directory).unwrap_or_default();
                return Err(LockError::Held { directory: directory.to_owned(), holder });
            }
            Err(TryLockError::Error(error)) => return Err(unusable(error)),
        }
        let mut lock = InstanceLock { file };
        lock.note(None).map_err(unusable)?;
        // Whatever the umask of whoever made it.
        fs::set_permissions(&path, Permissions::from_mode(LOCK_MODE)).map_err(unusable)?;
        Ok(lock)
    }

    /// Leaves word of this process and where it listens.
    pub fn note(&mut self, socket: Option<&Path>) -> io::Result<()> {
        let mut text = format!("pid {}\n", std::process::id());
        if let Some(socket) = socket {
            text.push_str(&format!("socket {}\n", socket.display()));
        }
        self.file.set_len(0)?;
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(text.as_bytes())
    }
}

impl Drop for InstanceLock {
    fn drop(&mut self) {
        // Closing alone would leave it to a child that was just forked and still has the file open. It goes with us anyway.
        let _ = self.file.unlock();
    }
}

impl Holder {
    /// What the lock's file says; also when nobody holds it any more.
    pub fn of(directory: &Path) -> io::Result<Holder> {
        let mut text = String::new();
        File::open(path_in(directory))?.take(MOST_BYTES).read_to_string(&mut text)?;
        let mut holder = Holder::default();
        for line in text.lines() {
            match line.split_once(' ') {
                Some(("pid", pid)) => holder.pid = pid.parse().ok(),
                Some(("socket", path)) => holder.socket = Some(PathBuf::from(path)),
                Some(_) | None => {}
            }
        }
        Ok(holder)
    }
}

fn path_in(directory: &Path) -> PathBuf {
    directory.join("lock")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_instance_is_told_who_holds_the_directory() {
        let state = tempfile::tempdir().unwrap();
        let _held = InstanceLock::take(state.path()).unwrap();
        let error = InstanceLock::take(state.path()).unwrap_err();
        let pid = std::process::id();
        assert_eq!(
            error.to_string(),
            format!("another hxsync (process {pid}) holds the state directory {}", state.path().display())
        );
    }

    #[test]
    fn a_lock_left_behind_by_a_dead_process_is_no_lock() {
        let state = tempfile::tempdir().unwrap();
        fs::write(state.path().join("lock"), "pid 1\nsocket /run/hxsync/control.sock\nmore to come\n")
            .unwrap();
        let mut lock = InstanceLock::take(state.path()).unwrap();
        let holder = Holder::of(state.path()).unwrap();
        assert_eq!(holder, Holder { pid: Some(std::process::id()), socket: None });
        lock.note(Some(Path::new("/run/x.sock"))).unwrap();
        assert_eq!(Holder::of(state.path()).unwrap().socket.as_deref(), Some(Path::new("/run/x.sock")));
        drop(lock);
        InstanceLock::take(state.path()).unwrap();
    }

    #[test]
    fn a_missing_state_directory_is_made_but_not_its_parents() {
        let parent = tempfile::tempdir().unwrap();
        let state = parent.path().join("state");
        InstanceLock::take(&state).unwrap();
        assert_eq!(fs::metadata(state.join("lock")).unwrap().permissions().mode() & 0o777, LOCK_MODE);
        let error = InstanceLock::take(&parent.path().join("a/b")).unwrap_err();
        assert!(matches!(error, LockError::Directory { .. }), "{error}");
    }
}
