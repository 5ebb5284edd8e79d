//! Opening and closing the file: what it must be before anything is read from it, and its modes.
//!
//! **Invariant:** a file that is not ours, newer or damaged is refused before anything in it is changed.

use super::draw::Draw;
use super::{Reader, StoreError, Writer, meta};
use crate::domain::time::utc_text;
use jiff::Timestamp;
use nix::unistd::{AccessFlags, access};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use std::cell::RefCell;
use std::fs;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

pub(super) mod embedded {
    refinery::embed_migrations!("migrations");
}

/// `hxsy` in ASCII: what `file` and we know the database by.
pub(super) const APPLICATION_ID: i32 = 0x6878_7379;
/// How long a statement waits for another process's lock before it is [`StoreError::Locked`].
const BUSY: Duration = Duration::from_secs(5);
const BUSY_AT_END: Duration = Duration::from_millis(200);
/// Up to this size, in bytes, every start checks all pages; beyond, only a start after an unclean end does.
const ALWAYS_CHECKED: u64 = 32 << 20;
/// What is kept of the log's file, in bytes, after a transaction that needed more (a first sync).
const LOG_KEPT: i64 = 16 << 20;
/// Pages held in memory, in KiB: a first sync inserts by Huma's ids, which come in no order.
const CACHE_KIB: i64 = 32 << 10;
/// The owner writes, the auditors' group reads.
const MODE: u32 = 0o640;

/// A connection that writes beside the one writer, for a table nobody else writes. The file must be ours and up to date.
pub(super) fn open_beside(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    if length(path)?.is_none_or(|length| length == 0) {
        return Err(StoreError::Missing { path: path.to_owned() });
    }
    let conn = Connection::open_with_flags(path, flags)?;
    prepare(&conn)?;
    refuse_foreign(path, &conn)?;
    let (found, known) = (version(&conn)?, known_version());
    refuse_newer(path, found)?;
    if found < known {
        return Err(StoreError::Older { path: path.to_owned(), found, known });
    }
    conn.pragma_update(None, "synchronous", "FULL")?;
    Ok(conn)
}

/// The one writer. Moves to the thread that uses it.
pub struct Store {
    pub(super) conn: Connection,
    draw: RefCell<Draw>,
    identity: Identity,
    closed: bool,
}

/// A reader beside the writer, in this process or another.
pub struct ReadStore {
    conn: Connection,
    identity: Identity,
}

struct Identity {
    database_id: String,
    fingerprint_key: [u8; 32],
}

impl Store {
    /// Opens the database, makes it if there is none, and brings it up to date. `at` is when; `chance` fills a slice with
    /// random bytes.
    ///
    /// # Errors
    /// [`StoreError::NotOurs`], [`StoreError::Newer`] and [`StoreError::Damaged`] leave the file as it was.
    pub fn open(path: &Path, at: Timestamp, chance: &mut dyn FnMut(&mut [u8])) -> Result<Store, StoreError> {
        let unclean = length(&beside(path, "-wal"))?.is_some_and(|length| length > 0);
        give_mode(path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut conn = Connection::open_with_flags(path, flags)?;
        // First of all: even a refused database must not be checkpointed by our closing it.
        prepare(&conn)?;
        // SQLite opens a file it may not write for reading, and would say so at the first write only.
        if conn.is_readonly("main")? {
            return Err(StoreError::ReadOnlyDirectory);
        }
        if is_empty(path, &conn)? {
            // Before WAL, so that it stands in the file itself and not only in the log.
            conn.pragma_update(None, "application_id", APPLICATION_ID)?;
        } else {
            refuse_foreign(path, &conn)?;
            refuse_newer(path, version(&conn)?)?;
            if unclean || length(path)?.is_some_and(|length| length <= ALWAYS_CHECKED) {
                quick_check(&conn)?;
            }
        }
        conn.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
        conn.pragma_update(None, "synchronous", "FULL")?;
        conn.pragma_update(None, "journal_size_limit", LOG_KEPT)?;
        conn.pragma_update(None, "cache_size", -CACHE_KIB)?;
        if version(&conn)? < known_version() {
            let runner = embedded::migrations::runner().set_grouped(true);
            runner.run(&mut conn).map_err(|error| of_migration(path, error))?;
        }
        give_mode(path)?;
        let mut draw = Draw::new(chance);
        make_identity(&mut conn, at, &mut draw, chance)?;
        let identity = Identity::read(Reader { conn: &conn })?;
        Ok(Store { conn, draw: RefCell::new(draw), identity, closed: false })
    }

    /// Opens an existing database for reading only.
    pub fn open_readonly(path: &Path) -> Result<ReadStore, StoreError> {
        if length(path)?.is_none_or(|length| length == 0) {
            return Err(StoreError::Missing { path: path.to_owned() });
        }
        access(path, AccessFlags::R_OK)
            .map_err(|error| StoreError::File { path: path.to_owned(), source: error.into() })?;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = Connection::open_with_flags(path, flags)?;
        prepare(&conn)?;
        refuse_foreign(path, &conn)?;
        let (found, known) = (version(&conn)?, known_version());
        refuse_newer(path, found)?;
        if found < known {
            return Err(StoreError::Older { path: path.to_owned(), found, known });
        }
        let identity = Identity::read(Reader { conn: &conn })?;
        Ok(ReadStore { conn, identity })
    }

    /// Tells this database from any other, also from one made anew at the same place.
    pub fn database_id(&self) -> &str {
        &self.identity.database_id
    }

    /// The key of all fingerprints. A secret: it never leaves the database but into a hash.
    pub fn fingerprint_key(&self) -> &[u8; 32] {
        &self.identity.fingerprint_key
    }

    pub fn read(&self) -> Reader<'_> {
        Reader { conn: &self.conn }
    }

    /// Runs `work` in one transaction that has the write lock from the start; an error or a panic in it undoes all of it.
    pub fn write<T>(
        &mut self,
        work: impl FnOnce(&Writer<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let transaction = self.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let writer = Writer { reader: Reader { conn: &transaction }, draw: &self.draw };
        let result = work(&writer)?;
        transaction.commit()?;
        Ok(result)
    }

    /// Does the work and takes all of it back: what a cycle would record, without recording it.
    pub fn rehearse<T>(
        &mut self,
        work: impl FnOnce(&Writer<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let transaction = self.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let writer = Writer { reader: Reader { conn: &transaction }, draw: &self.draw };
        let result = work(&writer)?;
        transaction.rollback()?;
        Ok(result)
    }

    /// Copies the whole database, as of one moment, to a new file of the same mode, while others go on.
    pub fn backup(&self, to: &Path) -> Result<(), StoreError> {
        backup(&self.conn, to)
    }

    /// Ends cleanly: the log goes into the file and stays beside it, empty, so that a reader without write permission can
    /// open it. Dropping does the same and says nothing of what went wrong.
    pub fn close(mut self) -> Result<(), StoreError> {
        self.closed = true;
        checkpoint(&self.conn)
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // Nobody is left to tell, and nothing is lost: the next start takes the log in.
        if !self.closed {
            let _ = checkpoint(&self.conn);
        }
    }
}

impl ReadStore {
    pub fn database_id(&self) -> &str {
        &self.identity.database_id
    }

    pub fn fingerprint_key(&self) -> &[u8; 32] {
        &self.identity.fingerprint_key
    }

    pub fn read(&self) -> Reader<'_> {
        Reader { conn: &self.conn }
    }

    /// As [`Store::backup`].
    pub fn backup(&self, to: &Path) -> Result<(), StoreError> {
        backup(&self.conn, to)
    }
}

impl Identity {
    fn read(reader: Reader<'_>) -> Result<Identity, StoreError> {
        let missing = || StoreError::Damaged { what: "it has lost its id or its key".into() };
        let key = hex::decode(reader.meta(&meta::FINGERPRINT_KEY)?.ok_or_else(missing)?);
        Ok(Identity {
            database_id: reader.meta(&meta::DATABASE_ID)?.ok_or_else(missing)?,
            fingerprint_key: key.ok().and_then(|key| key.try_into().ok()).ok_or_else(missing)?,
        })
    }
}

/// The version that all embedded migrations together lead to.
pub(super) fn known_version() -> i64 {
    let migrations = embedded::migrations::runner();
    migrations.get_migrations().iter().map(|migration| i64::from(migration.version())).max().unwrap_or(0)
}

/// Size in bytes; `None` where there is no file. Only asks for it: opening and closing the file ourselves would drop the
/// locks that SQLite holds on it in this process, and another program could then take the log away under it.
fn length(path: &Path) -> Result<Option<u64>, StoreError> {
    match fs::metadata(path) {
        Ok(found) => Ok(Some(found.len())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(StoreError::File { path: path.to_owned(), source }),
    }
}

/// Whether nothing was ever committed: a new file, or one whose making was cut off and has just been rolled back.
fn is_empty(path: &Path, conn: &Connection) -> Result<bool, StoreError> {
    let pages: i64 = conn
        .pragma_query_value(None, "page_count", |row| row.get(0))
        .map_err(|error| foreign(path, error))?;
    Ok(pages == 0)
}

fn refuse_foreign(path: &Path, conn: &Connection) -> Result<(), StoreError> {
    let found: i32 = conn
        .pragma_query_value(None, "application_id", |row| row.get(0))
        .map_err(|error| foreign(path, error))?;
    if found != APPLICATION_ID {
        return Err(StoreError::NotOurs { path: path.to_owned() });
    }
    Ok(())
}

/// A file that SQLite does not take for a database at all is somebody else's.
fn foreign(path: &Path, error: rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::NotADatabase) => StoreError::NotOurs { path: path.to_owned() },
        Some(_) | None => error.into(),
    }
}

fn refuse_newer(path: &Path, found: i64) -> Result<(), StoreError> {
    let known = known_version();
    if found > known {
        return Err(StoreError::Newer { path: path.to_owned(), found, known });
    }
    Ok(())
}

/// Makes the file with our mode if there is none, and gives all three files that mode, whatever the umask.
fn give_mode(path: &Path) -> Result<(), StoreError> {
    let of_file = |source: std::io::Error| match source.kind() {
        std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
            StoreError::ReadOnlyDirectory
        }
        std::io::ErrorKind::StorageFull => StoreError::Full,
        _ => StoreError::File { path: path.to_owned(), source },
    };
    if length(path)?.is_none() {
        if let Some(directory) =
            path.parent().filter(|parent| !parent.as_os_str().is_empty() && !parent.is_dir())
        {
            return Err(StoreError::NoDirectory { path: directory.to_owned() });
        }
        fs::OpenOptions::new().write(true).create_new(true).mode(MODE).open(path).map_err(of_file)?;
    }
    for file in [path.to_owned(), beside(path, "-wal"), beside(path, "-shm")] {
        match fs::metadata(&file) {
            Ok(found) if found.permissions().mode() & 0o777 != MODE => {
                fs::set_permissions(&file, fs::Permissions::from_mode(MODE)).map_err(of_file)?;
            }
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(of_file(error)),
        }
    }
    Ok(())
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// What every connection needs, before its first statement reads anything.
fn prepare(conn: &Connection) -> Result<(), StoreError> {
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    conn.busy_timeout(BUSY)?;
    conn.pragma_update(None, "foreign_keys", true)?;
    conn.set_prepared_statement_cache_capacity(128);
    Ok(())
}

fn version(conn: &Connection) -> Result<i64, StoreError> {
    Ok(conn.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

fn quick_check(conn: &Connection) -> Result<(), StoreError> {
    let verdict: String = conn.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if verdict == "ok" {
        return Ok(());
    }
    // SQLite's own words stay out: they may quote a row.
    Err(StoreError::Damaged { what: "SQLite's own check of its pages fails".into() })
}

fn of_migration(path: &Path, error: refinery::Error) -> StoreError {
    match error.kind() {
        refinery::error::Kind::MissingVersion(migration) => StoreError::Newer {
            path: path.to_owned(),
            found: migration.version().into(),
            known: known_version(),
        },
        refinery::error::Kind::DivergentVersion(..) => {
            StoreError::Damaged { what: "its migrations are not those of this program".into() }
        }
        _ => {
            let source: Option<&rusqlite::Error> =
                std::error::Error::source(&error).and_then(|source| source.downcast_ref());
            match source.and_then(rusqlite::Error::sqlite_error_code) {
                Some(rusqlite::ErrorCode::DiskFull) => StoreError::Full,
                Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => {
                    StoreError::Locked
                }
                Some(_) | None => StoreError::Migration { source: Box::new(error) },
            }
        }
    }
}

/// Gives a new database its id and key. After a crash between the migrations and this, the next start does it.
fn make_identity(
    conn: &mut Connection,
    at: Timestamp,
    draw: &mut Draw,
    chance: &mut dyn FnMut(&mut [u8]),
) -> Result<(), StoreError> {
    if (Reader { conn }).meta(&meta::DATABASE_ID)?.is_some() {
        return Ok(());
    }
    let mut key = [0; 32];
    chance(&mut key);
    let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let id: [u8; 16] = draw.bytes();
    let rows = [
        ("database_id", hex::encode(id)),
        ("fingerprint_key", hex::encode(key)),
        ("created_at", utc_text(at)),
    ];
    for (name, value) in rows {
        transaction
            .execute("INSERT INTO meta (key, value) VALUES (?1, ?2)", (name, format!("\"{value}\"")))?;
    }
    transaction.commit()?;
    Ok(())
}

fn checkpoint(conn: &Connection) -> Result<(), StoreError> {
    // A reader that stays on must not hold up our end: then the log keeps its length, and nothing else is different.
    conn.busy_timeout(BUSY_AT_END)?;
    conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(())
}

fn backup(conn: &Connection, to: &Path) -> Result<(), StoreError> {
    fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(MODE)
        .open(to)
        .map_err(|source| StoreError::File { path: to.to_owned(), source })?;
    let mut copy = Connection::open(to)?;
    let run = rusqlite::backup::Backup::new(conn, &mut copy)?;
    run.run_to_completion(1000, Duration::ZERO, None)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::tests::*;
    use super::*;

    #[test]
    fn a_lock_of_another_process_is_said_to_be_one() {
        let mut case = case();
        let other = Connection::open(&case.path).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        case.store.conn.busy_timeout(Duration::ZERO).unwrap();
        let written = case.store.write(|tx| tx.put_meta(&meta::PLAN_ONLY, &"x".to_owned()));
        assert!(matches!(written, Err(StoreError::Locked)));
        other.execute_batch("ROLLBACK").unwrap();
        case.store.write(|tx| tx.put_meta(&meta::PLAN_ONLY, &"x".to_owned())).unwrap();
    }

    #[test]
    fn a_full_disk_is_said_to_be_one_and_nothing_of_the_write_is_kept() {
        let mut case = case();
        let pages: i64 = case.store.conn.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
        case.store.conn.pragma_update(None, "max_page_count", pages).unwrap();
        let written = case.store.write(|tx| {
            tx.put_meta(&meta::PLAN_ONLY, &"small".to_owned())?;
            tx.put_meta(&meta::MAPPING_DIGEST, &"x".repeat(100_000))
        });
        assert!(matches!(written, Err(StoreError::Full)));
        assert_eq!(case.store.read().meta(&meta::PLAN_ONLY).unwrap(), None);
    }

    #[test]
    fn p10_no_error_quotes_a_value() {
        let mut case = case();
        let id = linked_kari(&mut case.store);
        let text = case
            .store
            .read()
            .conn
            .query_row("SELECT json(person) FROM links", [], |row| row.get::<_, String>(0));
        let mut error: Option<Box<dyn std::error::Error>> =
            Some(Box::new(StoreError::from(text.unwrap_err())));
        let unreadable =
            case.store.conn.execute("UPDATE links SET linked_at = 'Kari' WHERE link_id = ?1", [id.0]);
        assert_eq!(unreadable.unwrap(), 1);
        let mut said = case.store.read().link(id).unwrap_err().to_string();
        while let Some(level) = error.take() {
            said += &format!(" {level}");
            said += &level.source().map(ToString::to_string).unwrap_or_default();
        }
        assert!(!said.contains("Kari"), "{said}");
    }
}
