//! The file as a whole: what is refused, what is left beside it, what survives.

use super::*;
use crate::store::open::{APPLICATION_ID, embedded, known_version};
use std::fs;
use std::os::unix::fs::PermissionsExt;

/// A closed database with somebody in it.
fn closed() -> Case {
    let mut case = case();
    linked_kari(&mut case.store);
    let path = case.path.clone();
    let directory = case.directory;
    case.store.close().unwrap();
    let store = open(&directory.path().join("other.db")).unwrap();
    Case { store, path, directory }
}

/// Both ways of opening refuse the file as `refused` says, and change no byte of it.
fn assert_refused(path: &Path, refused: impl Fn(&StoreError) -> bool) {
    let before = fs::read(path).unwrap();
    for opened in [open(path).map(drop), Store::open_readonly(path).map(drop)] {
        let error = opened.expect_err("it is refused");
        assert!(refused(&error), "refused as {error:?}");
    }
    assert!(fs::read(path).unwrap() == before, "the file was changed");
}

#[test]
fn another_programs_file_is_refused_and_left_as_it_was() {
    let case = closed();
    let text = case.directory.path().join("text.db");
    fs::write(&text, "not a database at all\n".repeat(500)).unwrap();
    assert_refused(&text, |error| matches!(error, StoreError::NotOurs { path } if *path == text));
    let theirs = case.directory.path().join("theirs.db");
    rusqlite::Connection::open(&theirs).unwrap().execute_batch("CREATE TABLE meta (x)").unwrap();
    assert_refused(&theirs, |error| matches!(error, StoreError::NotOurs { .. }));
}

#[test]
fn a_newer_database_is_refused_with_both_versions_and_left_as_it_was() {
    let case = closed();
    let conn = rusqlite::Connection::open(&case.path).unwrap();
    conn.pragma_update(None, "user_version", known_version() + 1).unwrap();
    drop(conn);
    let newer = |error: &StoreError| match error {
        StoreError::Newer { found, known, .. } => *found == known + 1 && *known == known_version(),
        _ => false,
    };
    assert_refused(&case.path, newer);
}

#[test]
fn a_truncated_database_is_refused_as_damaged_and_left_as_it_was() {
    let case = closed();
    let length = fs::metadata(&case.path).unwrap().len();
    for kept in [length / 2, 4096, length - 4096] {
        let cut = case.directory.path().join(format!("cut-{kept}.db"));
        fs::write(&cut, &fs::read(&case.path).unwrap()[..kept as usize]).unwrap();
        assert_refused(&cut, |error| matches!(error, StoreError::Damaged { .. }));
    }
}

#[test]
fn a_damaged_page_is_found_when_the_writer_starts_and_left_as_it_was() {
    let case = closed();
    let mut bytes = fs::read(&case.path).unwrap();
    let pages = bytes.len() / 4096;
    for page in 4..pages {
        bytes[page * 4096..page * 4096 + 64].fill(0xff);
    }
    fs::write(&case.path, &bytes).unwrap();
    assert!(matches!(open(&case.path), Err(StoreError::Damaged { .. })));
    assert!(fs::read(&case.path).unwrap() == bytes);
}

#[test]
fn a_database_that_is_not_there_is_made_by_the_writer_only() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("hxsync.db");
    assert!(matches!(Store::open_readonly(&path), Err(StoreError::Missing { .. })));
    assert!(!path.exists());
    let nowhere = directory.path().join("none/hxsync.db");
    assert!(matches!(open(&nowhere), Err(StoreError::NoDirectory { .. })));
    open(&path).unwrap();
    Store::open_readonly(&path).unwrap();
}

#[test]
fn a_making_that_was_cut_off_is_finished_by_the_next_start_and_not_read_before() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("hxsync.db");
    fs::write(&path, "").unwrap();
    assert!(matches!(Store::open_readonly(&path), Err(StoreError::Missing { .. })));
    let conn = rusqlite::Connection::open(&path).unwrap();
    conn.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
    drop(conn);
    assert!(matches!(Store::open_readonly(&path), Err(StoreError::Older { found: 0, .. })));
    let id = open(&path).unwrap().database_id().to_owned();
    assert_eq!(Store::open_readonly(&path).unwrap().database_id(), id);
}

#[test]
fn the_owner_writes_all_three_files_and_the_group_reads_them_whatever_they_were() {
    let case = closed();
    fs::set_permissions(&case.path, fs::Permissions::from_mode(0o666)).unwrap();
    let _store = open(&case.path).unwrap();
    for name in ["hxsync.db", "hxsync.db-wal", "hxsync.db-shm"] {
        let mode = fs::metadata(case.directory.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o640, "{name}");
    }
}

#[test]
fn after_a_clean_stop_the_log_is_empty_and_stays_for_readers() {
    let case = closed();
    let wal = case.directory.path().join("hxsync.db-wal");
    assert_eq!(fs::metadata(wal).unwrap().len(), 0);
    assert!(case.directory.path().join("hxsync.db-shm").exists());
    let reader = Store::open_readonly(&case.path).unwrap();
    assert_eq!(reader.read().links().unwrap().len(), 1);
}

#[test]
fn what_was_committed_before_a_crash_is_there_after_it() {
    let mut case = case();
    linked_kari(&mut case.store);
    // A process that dies closes nothing: what lies on the disk at this moment is what the next start finds.
    let crashed = tempfile::tempdir().unwrap();
    for name in ["hxsync.db", "hxsync.db-wal"] {
        fs::copy(case.directory.path().join(name), crashed.path().join(name)).unwrap();
    }
    let store = open(&crashed.path().join("hxsync.db")).unwrap();
    assert_eq!(store.read().links().unwrap().len(), 1);
    assert_eq!(store.database_id(), case.store.database_id());
}

#[test]
fn an_error_in_a_write_undoes_all_of_it() {
    let mut case = case();
    let failed = case.store.write(|tx| {
        tx.put_snapshot(&huma("h-1", &kari()), at(1), None)?;
        tx.set_link_state(LinkId(9), LinkState::Excluded)
    });
    assert!(matches!(failed, Err(StoreError::NoSuch { .. })));
    assert_eq!(case.store.read().snapshot(&RecordId::Huma(HumaId("h-1".into()))).unwrap(), None);
}

#[test]
fn a_database_keeps_its_id_and_key_and_another_one_has_others() {
    let case = closed();
    let again = open(&case.path).unwrap();
    let (id, key) = (again.database_id().to_owned(), *again.fingerprint_key());
    drop(again);
    let reader = Store::open_readonly(&case.path).unwrap();
    assert_eq!((reader.database_id(), reader.fingerprint_key()), (id.as_str(), &key));
    let other =
        Store::open(&case.directory.path().join("new.db"), at(0), &mut |bytes| bytes.fill(9)).unwrap();
    assert_ne!(other.database_id(), id);
    assert_ne!(other.fingerprint_key(), &key);
}

#[test]
fn the_writer_can_move_to_a_thread_of_its_own() {
    let mut case = case();
    let links = std::thread::spawn(move || {
        linked_kari(&mut case.store);
        case.store.read().links().unwrap().len()
    });
    assert_eq!(links.join().unwrap(), 1);
}

#[test]
fn a_reader_sees_the_last_commit_and_cannot_write() {
    let mut case = case();
    let reader = Store::open_readonly(&case.path).unwrap();
    linked_kari(&mut case.store);
    assert_eq!(reader.read().links().unwrap().len(), 1);
    let refused = reader.read().conn.execute("DELETE FROM links", []).map_err(StoreError::from);
    assert!(matches!(refused, Err(StoreError::ReadOnlyDirectory)));
}

#[test]
fn every_migration_file_is_embedded_and_sets_its_own_version() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let mut files: Vec<_> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let embedded = embedded::migrations::runner();
    let mut versions: Vec<_> =
        embedded.get_migrations().iter().map(|migration| migration.version()).collect();
    versions.sort();
    assert_eq!(versions, (1..=files.len() as i32).collect::<Vec<_>>());
    for file in files {
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        let number = name.strip_prefix('V').and_then(|name| name.split_once("__")).expect("V1__name.sql").0;
        let sql = fs::read_to_string(&file).unwrap();
        assert!(sql.ends_with(&format!("PRAGMA user_version = {number};\n")), "{name}");
    }
}

#[test]
fn a_database_says_whose_it_is_and_keeps_the_promised_settings() {
    let case = case();
    let pragma = |name: &str| -> rusqlite::types::Value {
        case.store.read().conn.pragma_query_value(None, name, |row| row.get(0)).unwrap()
    };
    assert_eq!(pragma("application_id"), i64::from(APPLICATION_ID).into());
    assert_eq!(pragma("user_version"), known_version().into());
    assert_eq!(pragma("journal_mode"), "wal".to_owned().into());
    assert_eq!(pragma("synchronous"), 2i64.into());
    let loose: i64 = case
        .store
        .read()
        .conn
        .query_row(
            "SELECT count(*) FROM pragma_table_list
             WHERE type = 'table' AND strict = 0 AND name NOT LIKE 'sqlite_%' AND name <> 'refinery_schema_history'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(loose, 0, "tables that are not STRICT");
}

#[test]
fn a_backup_opens_as_the_same_database() {
    let mut case = case();
    linked_kari(&mut case.store);
    let copy = case.directory.path().join("copy.db");
    case.store.backup(&copy).unwrap();
    assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o640);
    let store = open(&copy).unwrap();
    assert_eq!(store.database_id(), case.store.database_id());
    assert_eq!(store.read().links().unwrap().len(), 1);
    assert!(matches!(case.store.backup(&copy), Err(StoreError::File { .. })), "nothing is overwritten");
}
