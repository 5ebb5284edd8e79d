//! The promised views of the database, as an admin's `sqlite3` would read them.

use super::world::World;
use rusqlite::{Connection, OpenFlags};

/// Every row of a query, each column as text; null is "".
pub fn rows(world: &World, sql: &str) -> Vec<Vec<String>> {
    let path = world.dir.path().join("state/hxsync.db");
    let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("the database opens");
    let mut statement = db.prepare(sql).expect("the query is one");
    let columns = statement.column_count();
    let rows = statement.query_map([], |row| {
        (0..columns)
            .map(|at| {
                Ok(match row.get_ref(at)? {
                    rusqlite::types::ValueRef::Null => String::new(),
                    rusqlite::types::ValueRef::Integer(number) => number.to_string(),
                    rusqlite::types::ValueRef::Real(number) => number.to_string(),
                    rusqlite::types::ValueRef::Text(text) | rusqlite::types::ValueRef::Blob(text) => {
                        String::from_utf8_lossy(text).into_owned()
                    }
                })
            })
            .collect()
    });
    rows.expect("the query runs").collect::<Result<_, _>>().expect("the rows read")
}

/// The one number a query answers.
pub fn number(world: &World, sql: &str) -> u64 {
    rows(world, sql)[0][0].parse().expect("a number")
}
