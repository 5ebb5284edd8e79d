//! What can go wrong with the database. A variant exists because a caller acts differently on it.

use rusqlite::ErrorCode;
use std::path::PathBuf;

/// # Display
/// One sentence that names the thing and never a value; the cause, where it adds something, is `source()`.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another program's file. It was not changed.
    #[error("{} is not a database of hxsync", path.display())]
    NotOurs { path: PathBuf },
    /// A newer hxsync has migrated it. It was not changed.
    #[error("the database {} is newer than this program (its version {found}, ours {known})", path.display())]
    Newer { path: PathBuf, found: i64, known: i64 },
    /// Only when opened for reading: the writer has yet to migrate it.
    #[error("the database {} is older than this program (its version {found}, ours {known})", path.display())]
    Older { path: PathBuf, found: i64, known: i64 },
    /// It was not changed, and is never rebuilt. `what` says where, without values.
    #[error("the database is damaged: {what}")]
    Damaged { what: String },
    /// Another process has held the write lock for longer than we wait.
    #[error("the database is locked by another process")]
    Locked,
    #[error("there is no space left for the database")]
    Full,
    /// The file or its directory does not take writes from this user.
    #[error("the database or its directory cannot be written by this user")]
    ReadOnlyDirectory,
    #[error("there is no database at {}", path.display())]
    Missing { path: PathBuf },
    #[error("the directory {} does not exist", path.display())]
    NoDirectory { path: PathBuf },
    /// One of the two records is in an open link already: linking it again would make two of one person.
    #[error("one of the two records is linked already")]
    AlreadyLinked,
    /// A chain for the same person on the same side is unfinished: a second one could only make a second person.
    #[error("this person is being made already")]
    AlreadyBeingMade,
    /// The row named is not there, or not in a state that allows this. A programmer's error or a race of two commands.
    #[error("the database has no such {what}")]
    NoSuch { what: &'static str },
    /// The migrations could not be applied; nothing was changed.
    #[error("the database could not be brought up to date")]
    Migration { source: Box<refinery::Error> },
    #[error("the database file {} could not be used", path.display())]
    File { path: PathBuf, source: std::io::Error },
    #[error("the database refused a statement")]
    Sql { source: rusqlite::Error },
}

impl StoreError {
    /// A row that our own code cannot have written.
    pub(super) fn unreadable(what: &'static str) -> StoreError {
        StoreError::Damaged { what: format!("a row of {what} cannot be read") }
    }
}

/// Tells apart what a caller acts on; everything else stays an error of SQLite.
impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Locked,
            Some(ErrorCode::DiskFull) => StoreError::Full,
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                StoreError::ReadOnlyDirectory
            }
            Some(ErrorCode::DatabaseCorrupt) => {
                StoreError::Damaged { what: "SQLite finds it malformed".into() }
            }
            Some(ErrorCode::NotADatabase) => {
                StoreError::Damaged { what: "its header is not SQLite's".into() }
            }
            Some(_) | None => StoreError::Sql { source: error },
        }
    }
}
