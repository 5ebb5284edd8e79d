//! What the database knows about itself: one JSON value per key.

use super::text::{from_json, json};
use super::{Reader, StoreError, Writer};
use jiff::Timestamp;
use rusqlite::OptionalExtension;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::marker::PhantomData;

/// A key and the type of its value. A module above may keep keys of its own.
pub struct Key<T> {
    name: &'static str,
    value: PhantomData<fn() -> T>,
}

impl<T> Key<T> {
    pub const fn new(name: &'static str) -> Key<T> {
        Key { name, value: PhantomData }
    }
}

/// 16 random bytes in hex, made with the database: tells one database from another.
pub(super) const DATABASE_ID: Key<String> = Key::new("database_id");
/// 32 random bytes in hex, made with the database: the key of all fingerprints.
pub(super) const FINGERPRINT_KEY: Key<String> = Key::new("fingerprint_key");
pub const CREATED_AT: Key<Timestamp> = Key::new("created_at");
/// The tenants whose people are in here; a token of another one is refused.
pub const TENANTS: Key<Tenants> = Key::new("tenants");
pub const PHASE: Key<Phase> = Key::new("phase");
/// How far each change log and `modifiedAt` has been read; the keys are `sync`'s own.
pub const WATERMARKS: Key<BTreeMap<String, String>> = Key::new("watermarks");
/// Digest of the settings that decide what is written; when it moves, the next cycle is plan-only.
pub const MAPPING_DIGEST: Key<String> = Key::new("mapping_digest");
/// When each side, by its word, was last read in full and complete.
pub const FULL_READS: Key<BTreeMap<String, Timestamp>> = Key::new("full_reads");
/// What a human has paused: direction or `all` → who and when, in words.
pub const PAUSED: Key<BTreeMap<String, String>> = Key::new("paused");
/// Why the next cycle must not write (a changed mapping, an older database), in words.
pub const PLAN_ONLY: Key<String> = Key::new("plan_only");

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tenants {
    /// Huma's `organizationId`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub huma_organization: Option<String>,
    /// dbIds of Xledger's entities: the one of the settings, the token's own, or the owners seen; sorted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub xledger_entities: Vec<i64>,
}

/// Whether a human has allowed the first writes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum Phase {
    /// Nothing is written on either side.
    #[default]
    FirstSync,
    Live {
        since: Timestamp,
        by: String,
    },
}

impl Reader<'_> {
    pub fn meta<T: DeserializeOwned>(&self, key: &Key<T>) -> Result<Option<T>, StoreError> {
        let text: Option<String> = self
            .conn
            .prepare_cached("SELECT value FROM meta WHERE key = ?1")?
            .query_row([key.name], |row| row.get(0))
            .optional()?;
        text.map(|text| from_json(&text, "meta")).transpose()
    }
}

impl Writer<'_> {
    /// Says whether it wrote: an equal value is left alone.
    pub fn put_meta<T: Serialize>(&self, key: &Key<T>, value: &T) -> Result<bool, StoreError> {
        let wrote = self
            .conn
            .prepare_cached(
                "INSERT INTO meta (key, value) VALUES (?1, ?2)
                 ON CONFLICT (key) DO UPDATE SET value = excluded.value WHERE value <> excluded.value",
            )?
            .execute((key.name, json(value)))?;
        Ok(wrote > 0)
    }

    pub fn remove_meta<T>(&self, key: &Key<T>) -> Result<bool, StoreError> {
        let removed = self.conn.prepare_cached("DELETE FROM meta WHERE key = ?1")?.execute([key.name])?;
        Ok(removed > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::*;
    use super::*;

    #[test]
    fn a_value_is_given_back_and_an_equal_one_is_not_written_again() {
        let mut case = case();
        assert_eq!(case.store.read().meta(&PHASE).unwrap(), None);
        let live = Phase::Live { since: at(1), by: "kari".into() };
        case.store
            .write(|tx| {
                assert!(tx.put_meta(&PHASE, &live)?);
                assert!(!tx.put_meta(&PHASE, &live)?);
                assert!(tx.put_meta(&PHASE, &Phase::FirstSync)?);
                Ok(())
            })
            .unwrap();
        assert_eq!(case.store.read().meta(&PHASE).unwrap(), Some(Phase::FirstSync));
        assert!(case.store.write(|tx| tx.remove_meta(&PHASE)).unwrap());
        assert_eq!(case.store.read().meta(&PHASE).unwrap(), None);
    }
}
