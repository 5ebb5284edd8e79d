//! `last-result.txt` in the state directory: the text of the first and of the last manual sync.

use std::fs::{File, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

const NAME: &str = "last-result.txt";
/// The owner writes, the auditors' group reads: people are named in it.
const MODE: u32 = 0o640;
const MOST_BYTES: u64 = 1 << 20;

/// Writes the text as a whole: a reader sees the old or the new one.
pub fn keep(state_directory: &Path, text: &str) -> io::Result<()> {
    let mut file = tempfile::Builder::new().prefix(".last-result").tempfile_in(state_directory)?;
    file.write_all(text.as_bytes())?;
    file.as_file().set_permissions(Permissions::from_mode(MODE))?;
    file.as_file().sync_all()?;
    file.persist(state_directory.join(NAME))?;
    Ok(())
}

/// `None` where there is none, or this user may not read it.
pub fn read(state_directory: &Path) -> Option<String> {
    let file = File::open(state_directory.join(NAME)).ok()?;
    let mut text = String::new();
    file.take(MOST_BYTES).read_to_string(&mut text).ok()?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_replaced_as_a_whole() {
        let state = tempfile::tempdir().unwrap();
        assert_eq!(read(state.path()), None);
        keep(state.path(), "first, and longer\n").unwrap();
        keep(state.path(), "second\n").unwrap();
        assert_eq!(read(state.path()).as_deref(), Some("second\n"));
        assert_eq!(std::fs::read_dir(state.path()).unwrap().count(), 1);
    }
}
