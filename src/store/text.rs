//! How values, moments and words stand in columns.

use super::StoreError;
use crate::domain::{Account, HumaId, Reading, RecordId, Side, Spelling, XledgerId};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A value as the views show it: the text, a named object's name, an account's number or IBAN, the parts of an address
/// that are there joined by ` | `. Unmasked: the database is the one place for whole values.
///
/// The view `field_state` says the same in SQL.
pub fn readable(spelling: &Spelling) -> String {
    match spelling {
        Spelling::Text(text) => text.clone(),
        Spelling::Named(named) => named.name.clone(),
        Spelling::Account(Account::National { number, .. }) => number.clone(),
        Spelling::Account(Account::International { iban, .. }) => iban.clone(),
        Spelling::Address(address) => [
            &address.line1,
            &address.line2,
            &address.line3,
            &address.postal_code,
            &address.city,
            &address.country,
        ]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(" | "),
    }
}

/// As [`readable`]; `None` for hidden and empty.
pub(super) fn readable_reading(reading: &Reading) -> Option<String> {
    reading.value().map(readable)
}

pub(super) use crate::domain::time::utc_text;

pub(super) fn moment(text: &str, table: &'static str) -> Result<Timestamp, StoreError> {
    text.parse().map_err(|_| StoreError::unreadable(table))
}

pub(super) fn moment_opt(text: Option<String>, table: &'static str) -> Result<Option<Timestamp>, StoreError> {
    text.map(|text| moment(&text, table)).transpose()
}

/// JSON that is the same for the same thing. Our types hold texts, numbers and maps with text keys: they always serialize.
pub(super) fn json<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).expect("our own types serialize")
}

/// The cause is left out on purpose: serde quotes values in it.
pub(super) fn from_json<T: DeserializeOwned>(text: &str, table: &'static str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|_| StoreError::unreadable(table))
}

pub(super) fn side(word: &str, table: &'static str) -> Result<Side, StoreError> {
    Side::from_word(word).ok_or_else(|| StoreError::unreadable(table))
}

/// A record's id on `side` from its text.
pub(super) fn record_id(side: Side, id: &str, table: &'static str) -> Result<RecordId, StoreError> {
    match side {
        Side::Huma => Ok(RecordId::Huma(HumaId(id.to_owned()))),
        Side::Xledger => match id.parse() {
            Ok(id) => Ok(RecordId::Xledger(XledgerId(id))),
            Err(_) => Err(StoreError::unreadable(table)),
        },
    }
}

pub(super) fn digest(bytes: Vec<u8>, table: &'static str) -> Result<[u8; 32], StoreError> {
    bytes.try_into().map_err(|_| StoreError::unreadable(table))
}

/// Names of fields, comma-separated, in field order.
pub(super) fn field_names(fields: crate::domain::FieldSet) -> String {
    fields.iter().map(|field| field.name()).collect::<Vec<_>>().join(",")
}

/// A count as SQLite holds it; CHECK constraints keep what is stored from being negative.
pub(super) fn count(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<u64> {
    Ok(u64::try_from(row.get::<_, i64>(column)?).unwrap_or(0))
}

/// A count for a column: SQLite's integers end at 2^63 - 1.
pub(super) fn integer(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
