//! Query parameters as the description types them, and the page they ask for.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::answer::{Answer, invalid_fields};
use super::api::Call;
use super::schema::is_uuid;

/// Reads parameters one by one and remembers the names of those that are wrong.
pub struct Query<'a> {
    pairs: &'a [(String, String)],
    invalid: BTreeSet<&'static str>,
}

impl<'a> Query<'a> {
    pub fn of(call: &'a Call) -> Query<'a> {
        Query { pairs: &call.query, invalid: BTreeSet::new() }
    }

    pub fn text(&self, name: &str) -> Option<&'a str> {
        self.pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// 0 up to `max`.
    pub fn number(&mut self, name: &'static str, max: Option<usize>) -> Option<usize> {
        let text = self.text(name)?;
        let number = text.parse().ok().filter(|number| *number <= max.unwrap_or(i32::MAX as usize));
        self.expect(name, number)
    }

    pub fn flag(&mut self, name: &'static str) -> Option<bool> {
        let text = self.text(name)?;
        self.expect(name, text.parse().ok())
    }

    pub fn descending(&mut self, name: &'static str) -> bool {
        match self.text(name) {
            None | Some("ASC") => false,
            Some("DESC") => true,
            Some(_) => {
                self.invalid.insert(name);
                false
            }
        }
    }

    /// A repeated parameter.
    pub fn texts(&mut self, name: &'static str, max: usize) -> Vec<&'a str> {
        let values: Vec<&str> =
            self.pairs.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect();
        if values.len() > max {
            self.invalid.insert(name);
        }
        values
    }

    /// A repeated parameter of at most 25 UUIDs.
    pub fn uuids(&mut self, name: &'static str) -> Vec<&'a str> {
        let values = self.texts(name, 25);
        if !values.iter().all(|value| is_uuid(value)) {
            self.invalid.insert(name);
        }
        values
    }

    /// Repeated words out of a fixed set.
    pub fn words(&mut self, name: &'static str, allowed: &[&str]) -> Vec<&'a str> {
        let values = self.texts(name, usize::MAX);
        if !values.iter().all(|value| allowed.contains(value)) {
            self.invalid.insert(name);
        }
        values
    }

    /// Refuses the request if any parameter was wrong.
    pub fn finish(self) -> Result<(), Answer> {
        if self.invalid.is_empty() { Ok(()) } else { Err(invalid_fields(self.invalid)) }
    }

    fn expect<T>(&mut self, name: &'static str, value: Option<T>) -> Option<T> {
        if value.is_none() {
            self.invalid.insert(name);
        }
        value
    }
}

/// A page of `total` matches.
pub fn page(total: usize, items: Vec<Value>) -> Answer {
    Answer::ok(json!({"total": total, "items": items, "filters": {}, "meta": {}}))
}
