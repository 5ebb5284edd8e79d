//! Whether an editor holds the file: vim's and nano's `.NAME.swp`, emacs's `.#NAME`.

use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::Pid;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// An editor that has the file open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditorLock {
    /// The file that says so.
    pub path: PathBuf,
    /// `None` where it cannot be told.
    pub pid: Option<i32>,
}

/// A lock older than this, with the file untouched for as long, was left behind or its owner has gone for lunch.
const LASTS: Duration = Duration::from_secs(30 * 60);

/// The lock on the file that counts, if one does: its process lives or cannot be told, and either file changed within
/// half an hour.
pub(super) fn editor_lock(path: &Path, now: SystemTime) -> Option<EditorLock> {
    let name = path.file_name()?.to_string_lossy().into_owned();
    let file_changed = fs::metadata(path).and_then(|about| about.modified()).ok();
    // vim goes on to `.swo` and `.swn` where a swap file was left behind.
    let candidates =
        ["swp", "swo", "swn"].map(|end| format!(".{name}.{end}")).into_iter().chain([format!(".#{name}")]);
    for lock_name in candidates {
        let lock_path = path.with_file_name(&lock_name);
        let Ok(about) = fs::symlink_metadata(&lock_path) else {
            continue;
        };
        let changed = about.modified().ok().max(file_changed);
        let is_recent = changed.is_none_or(|at| now.duration_since(at).map_or(true, |age| age <= LASTS));
        let holder = if about.is_symlink() { emacs(&lock_path) } else { swap(&lock_path) };
        if is_recent && holder.is_none_or(is_alive) {
            return Some(EditorLock { path: lock_path, pid: holder });
        }
    }
    None
}

/// The process of a vim or nano swap file on this host. Both write the process id at offset 24, four bytes, little-endian, and
/// the host at offset 68. Source: vim `memline.c` block 0; nano `files.c` `write_lockfile`.
fn swap(path: &Path) -> Option<i32> {
    let mut start = Vec::new();
    fs::File::open(path).ok()?.take(108).read_to_end(&mut start).ok()?;
    swap_pid(&start, &host_name()?)
}

fn swap_pid(start: &[u8], host: &str) -> Option<i32> {
    let pid = i32::from_le_bytes(start.get(24..28)?.try_into().ok()?);
    let named: Vec<u8> = start.get(68..108)?.iter().copied().take_while(|byte| *byte != 0).collect();
    let is_here = start.starts_with(b"b0") && is_same_host(&named, host);
    (is_here && pid > 0).then_some(pid)
}

/// The process of emacs's link `user@host.pid:boot` on this host.
fn emacs(path: &Path) -> Option<i32> {
    let target = fs::read_link(path).ok()?;
    emacs_pid(&target.to_string_lossy(), &host_name()?)
}

fn emacs_pid(target: &str, host: &str) -> Option<i32> {
    let (holder, _) = target.rsplit_once(':').unwrap_or((target, ""));
    let (who, pid) = holder.rsplit_once('.')?;
    let (_, named) = who.rsplit_once('@')?;
    let pid = pid.parse().ok().filter(|pid| *pid > 0)?;
    is_same_host(named.as_bytes(), host).then_some(pid)
}

/// Editors cut a long host name; nano to 32 bytes.
fn is_same_host(named: &[u8], host: &str) -> bool {
    !named.is_empty() && (named == host.as_bytes() || named.len() >= 31 && host.as_bytes().starts_with(named))
}

fn host_name() -> Option<String> {
    fs::read_to_string("/proc/sys/kernel/hostname").ok().map(|name| name.trim().to_owned())
}

/// A process of another user answers "not permitted": it lives.
fn is_alive(pid: i32) -> bool {
    kill(Pid::from_raw(pid), None) != Err(Errno::ESRCH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    pub(crate) fn swap_of(pid: u32, host: &str) -> Vec<u8> {
        let mut block = vec![0; 4096];
        block[..12].copy_from_slice(b"b0VIM 9.0\0\0\0");
        block[24..28].copy_from_slice(&pid.to_le_bytes());
        block[68..68 + host.len()].copy_from_slice(host.as_bytes());
        block
    }

    fn dead_pid() -> u32 {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        child.wait().unwrap();
        child.id()
    }

    fn directory() -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("resolutions.txt");
        fs::write(&path, "x").unwrap();
        (directory, path)
    }

    #[test]
    fn a_swap_file_of_a_living_process_locks_and_of_a_dead_one_does_not() {
        let (_directory, path) = directory();
        let swap = path.with_file_name(".resolutions.txt.swp");
        let host = host_name().unwrap();
        fs::write(&swap, swap_of(std::process::id(), &host)).unwrap();
        let lock = editor_lock(&path, SystemTime::now()).unwrap();
        assert_eq!(lock.pid, Some(std::process::id() as i32));
        fs::write(&swap, swap_of(dead_pid(), &host)).unwrap();
        assert_eq!(editor_lock(&path, SystemTime::now()), None);
    }

    #[test]
    fn a_process_that_cannot_be_told_locks_for_half_an_hour_after_the_last_change() {
        let (_directory, path) = directory();
        for content in [swap_of(dead_pid(), "another-host.example"), b"not a swap file".to_vec(), vec![]] {
            fs::write(path.with_file_name(".resolutions.txt.swp"), content).unwrap();
            let now = SystemTime::now();
            assert_eq!(editor_lock(&path, now).unwrap().pid, None);
            assert!(editor_lock(&path, now + Duration::from_secs(29 * 60)).is_some());
            assert_eq!(editor_lock(&path, now + Duration::from_secs(31 * 60)), None);
        }
    }

    #[test]
    fn emacs_locks_by_a_link_that_points_nowhere() {
        let (_directory, path) = directory();
        let host = host_name().unwrap();
        let link = path.with_file_name(".#resolutions.txt");
        symlink(format!("kari@{host}.{}:1732000000", std::process::id()), &link).unwrap();
        assert!(editor_lock(&path, SystemTime::now()).is_some());
        fs::remove_file(&link).unwrap();
        symlink(format!("kari@{host}.{}:1732000000", dead_pid()), &link).unwrap();
        assert_eq!(editor_lock(&path, SystemTime::now()), None);
    }

    #[test]
    fn other_files_of_the_directory_lock_nothing() {
        let (_directory, path) = directory();
        for name in ["4913", "resolutions.txt~", ".resolutions.txt.swx", ".other.txt.swp"] {
            fs::write(path.with_file_name(name), "x").unwrap();
        }
        assert_eq!(editor_lock(&path, SystemTime::now()), None);
    }

    #[test]
    fn a_host_with_dots_in_its_name_is_read() {
        assert_eq!(emacs_pid("kari@srv.example.no.4711:17", "srv.example.no"), Some(4711));
        assert_eq!(emacs_pid("kari@srv.example.no.4711", "srv.example.no"), Some(4711));
        assert_eq!(emacs_pid("kari@elsewhere.4711:17", "srv.example.no"), None);
        assert_eq!(emacs_pid("", "srv"), None);
    }
}
