//! What can go wrong with the file, naming it.

use std::io;
use std::path::{Path, PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("the group `{0}` does not exist")]
    NoSuchGroup(String),
    #[error("`{}` names no file in a directory", .0.display())]
    NotAFile(PathBuf),
    #[error("cannot read {}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("cannot write {}", path.display())]
    Write { path: PathBuf, source: io::Error },
    /// The daemon's user must be a member of the group to hand files to it.
    #[error("cannot give {} to the group `{group}`", path.display())]
    Group { path: PathBuf, group: String, source: io::Error },
    #[error("cannot watch {}", path.display())]
    Watch { path: PathBuf, source: notify::Error },
}

impl FileError {
    pub(super) fn read(path: &Path, source: io::Error) -> FileError {
        FileError::Read { path: path.to_owned(), source }
    }

    pub(super) fn write(path: &Path, source: io::Error) -> FileError {
        FileError::Write { path: path.to_owned(), source }
    }
}
