//! Reads sections of a TOML document and collects every mistake with its place.
//!
//! A section is asked for each of its keys by name; what it was never asked for is unknown. A value that will not do
//! is noted and reads as absent, so that the rest of the file is checked too.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::{Range, RangeInclusive};
use std::time::Duration;

use toml_edit::{Item, TableLike, Value};

use super::error::SettingsError;
use super::unknown::{Unknown, Visited};
use super::value::{self, Problem, Word, quoted, spoken};

/// The environment, by the name of a variable.
pub(super) type Environment<'d> = &'d dyn Fn(&str) -> Option<String>;

pub(super) struct Reader<'d> {
    pub environment: Environment<'d>,
    errors: RefCell<Vec<SettingsError>>,
    visited: RefCell<Vec<Visited>>,
}

impl<'d> Reader<'d> {
    pub(super) fn new(environment: Environment<'d>) -> Reader<'d> {
        Reader { environment, errors: RefCell::default(), visited: RefCell::default() }
    }

    pub(super) fn root<'s>(&'s self, table: &'d dyn TableLike) -> Section<'s, 'd> {
        Section {
            reader: self,
            path: String::new(),
            table: Some(table),
            header: None,
            known: RefCell::default(),
        }
    }

    pub(super) fn error(&self, key: String, span: Option<Range<usize>>, problem: Problem) {
        let Problem { what, next } = problem;
        self.errors.borrow_mut().push(SettingsError { what: format!("`{key}` {what}"), key, next, span });
    }

    /// Returns all mistakes, those about unknown keys included: only when every section has been read is it known
    /// where a misplaced key belongs.
    pub(super) fn into_errors(self) -> Vec<SettingsError> {
        let mut errors = self.errors.into_inner();
        let visited = self.visited.into_inner();
        for section in &visited {
            for unknown in &section.unknown {
                errors.push(unknown.error(section, &visited));
            }
        }
        errors
    }

    /// Returns every key asked for so far, as `section.key`.
    #[cfg(test)]
    pub(super) fn known_keys(&self) -> std::collections::BTreeSet<String> {
        let visited = self.visited.borrow();
        visited
            .iter()
            .flat_map(|section| section.known.iter().map(|key| joined(&section.path, key)))
            .collect()
    }
}

pub(super) fn joined(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// One table of the file, or the absence of one: then every key in it is absent.
pub(super) struct Section<'s, 'd> {
    reader: &'s Reader<'d>,
    path: String,
    table: Option<&'d dyn TableLike>,
    header: Option<Range<usize>>,
    known: RefCell<Vec<&'static str>>,
}

impl<'s, 'd> Section<'s, 'd> {
    pub(super) fn is_present(&self) -> bool {
        self.table.is_some()
    }

    pub(super) fn environment(&self) -> Environment<'d> {
        self.reader.environment
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.table.is_some_and(|table| table.contains_key(key))
    }

    /// Notes a mistake about `key`, at its value where there is one, else at the section's header.
    pub(super) fn refuse(&self, key: &str, problem: Problem) {
        let item = self.table.and_then(|table| table.get(key));
        let span = item.and_then(Item::span).or_else(|| self.header.clone());
        self.reader.error(joined(&self.path, key), span, problem);
    }

    /// Notes a mistake about the section as a whole.
    pub(super) fn refuse_section(&self, problem: Problem) {
        self.reader.error(self.path.clone(), self.header.clone(), problem);
    }

    /// Notes that `key` is missing, if it is.
    pub(super) fn require(&self, key: &'static str, next: &str) {
        if !self.has(key) {
            self.refuse(key, Problem::new("is missing", next));
        }
    }

    pub(super) fn text_as<T>(
        &self,
        key: &'static str,
        convert: impl FnOnce(&str) -> Result<T, Problem>,
    ) -> Option<T> {
        let value = self.value(key)?;
        let Some(text) = value.as_str() else {
            return self.wrong_type(key, value, "text", "Put it in quotes: \"...\".");
        };
        convert(text).map_err(|problem| self.refuse(key, problem)).ok()
    }

    pub(super) fn word<T: Word>(&self, key: &'static str, default: T) -> T {
        self.text_as(key, value::word).unwrap_or(default)
    }

    pub(super) fn boolean(&self, key: &'static str, default: bool) -> bool {
        let read = |value: &Value| match value.as_bool() {
            Some(boolean) => Some(boolean),
            None => self.wrong_type(key, value, "true or false", "Write `true` or `false` without quotes."),
        };
        self.value(key).and_then(read).unwrap_or(default)
    }

    pub(super) fn number(&self, key: &'static str, range: RangeInclusive<u64>) -> Option<u64> {
        let value = self.value(key)?;
        let Some(number) = value.as_integer() else {
            return self.wrong_type(key, value, "a whole number", "Write digits only, without quotes.");
        };
        let (least, most) = (*range.start(), *range.end());
        let inside = u64::try_from(number).ok().filter(|number| range.contains(number));
        if inside.is_none() {
            let next = if most > i64::MAX as u64 / 2 {
                format!("Write {least} or more.")
            } else {
                format!("Write a number from {least} to {most}.")
            };
            self.refuse(key, Problem::new(format!("cannot be {number}"), next));
        }
        inside
    }

    /// Reads a duration between `least` and `most`, both spelled as in the file.
    pub(super) fn duration(
        &self,
        key: &'static str,
        default: Duration,
        within: RangeInclusive<Duration>,
    ) -> Duration {
        let convert = |text: &str| {
            let read = value::duration(text)?;
            if !within.contains(&read) {
                let next =
                    format!("Write one from {} to {}.", spoken(*within.start()), spoken(*within.end()));
                return Err(Problem::new(format!("cannot be {}", quoted(text)), next));
            }
            Ok(read)
        };
        let text_key = |value: &Value| {
            if value.is_integer() {
                let next = "Write it in quotes with its unit, for example \"2s\" or \"15m\".";
                return self.wrong_type(key, value, "a duration", next);
            }
            self.text_as(key, convert)
        };
        self.value(key).and_then(text_key).unwrap_or(default)
    }

    /// Reads a list of texts; a text that stands in it twice is a mistake.
    pub(super) fn list_as<T: PartialEq>(
        &self,
        key: &'static str,
        convert: impl Fn(&str) -> Result<T, Problem>,
    ) -> Vec<T> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let Some(array) = value.as_array() else {
            self.wrong_type::<()>(key, value, "a list", "Write it in brackets: [\"...\"], or [] for none.");
            return Vec::new();
        };
        let mut list = Vec::new();
        for element in array {
            let refuse = |problem| self.reader.error(joined(&self.path, key), element.span(), problem);
            let Some(text) = element.as_str() else {
                refuse(Problem::new(format!("holds {}", type_of(element)), "Put each element in quotes."));
                continue;
            };
            match convert(text) {
                Ok(read) if list.contains(&read) => {
                    refuse(Problem::new(format!("holds {} twice", quoted(text)), "Take out one of them."));
                }
                Ok(read) => list.push(read),
                Err(problem) => refuse(problem),
            }
        }
        list
    }

    /// Notes a list that stands there and has nothing in it.
    pub(super) fn refuse_empty_list(&self, key: &str, next: &str) {
        let array = self.table.and_then(|table| table.get(key)).and_then(Item::as_array);
        if array.is_some_and(|array| array.is_empty()) {
            self.refuse(key, Problem::new("is empty", next));
        }
    }

    /// Reads the section as a map of texts; any key is allowed in it.
    pub(super) fn into_map(self) -> BTreeMap<String, String> {
        let mut map: BTreeMap<String, String> = BTreeMap::new();
        for (key, item) in self.table.into_iter().flat_map(|table| table.iter()) {
            let refuse = |problem| self.reader.error(joined(&self.path, key), item.span(), problem);
            let twin = map.keys().find(|other| other.to_lowercase() == key.trim().to_lowercase()).cloned();
            match item.as_str() {
                _ if key.trim().is_empty() => {
                    refuse(Problem::new("has an empty word on its left", "Write the word of Huma."))
                }
                None => refuse(Problem::new(
                    format!("must be text, not {}", item.type_name()),
                    "Put it in quotes, codes too: \"1\".",
                )),
                Some(text) if text.trim().is_empty() => {
                    refuse(Problem::new(
                        "is empty",
                        "Write the code or description in Xledger, or take out the line.",
                    ));
                }
                Some(text) => match twin {
                    Some(twin) => {
                        let what = format!("says the same word as {}", quoted(&twin));
                        refuse(Problem::new(what, "Take out one of them."));
                    }
                    None => {
                        map.insert(key.trim().to_owned(), text.trim().to_owned());
                    }
                },
            }
        }
        map
    }

    pub(super) fn section(&self, key: &'static str) -> Section<'s, 'd> {
        self.known.borrow_mut().push(key);
        let found = self.table.and_then(|table| table.get_key_value(key));
        let table = found.and_then(|(_, item)| item.as_table_like());
        if let (Some((_, item)), None) = (found, table) {
            let what = format!("must be a section, not {}", item.type_name());
            self.refuse(
                key,
                Problem::new(what, format!("Write `[{}]` on a line of its own.", joined(&self.path, key))),
            );
        }
        let header = found.and_then(|(name, item)| item.span().or_else(|| name.span()));
        self.child(joined(&self.path, key), table, header)
    }

    /// Reads a section that may stand several times, as `[[key]]`.
    pub(super) fn sections(&self, key: &'static str) -> Vec<Section<'s, 'd>> {
        self.known.borrow_mut().push(key);
        let Some(item) = self.table.and_then(|table| table.get(key)) else { return Vec::new() };
        let path = joined(&self.path, key);
        match item {
            Item::ArrayOfTables(tables) => {
                tables.iter().map(|table| self.child(path.clone(), Some(table), table.span())).collect()
            }
            Item::Value(Value::Array(array)) if array.iter().all(Value::is_inline_table) => {
                let tables = array.iter().filter_map(Value::as_inline_table);
                tables.map(|table| self.child(path.clone(), Some(table), table.span())).collect()
            }
            Item::None | Item::Value(_) | Item::Table(_) => {
                let next = format!("Write `[[{path}]]` with two brackets on each side.");
                self.refuse(key, Problem::new("may stand several times and is written differently", next));
                Vec::new()
            }
        }
    }

    /// Notes every key the section was not asked for.
    pub(super) fn finish(self) {
        let known = self.known.into_inner();
        let mut unknown = Vec::new();
        for (key, item) in self.table.into_iter().flat_map(|table| table.iter()) {
            if !known.contains(&key) {
                let name =
                    self.table.and_then(|table| table.get_key_value(key)).and_then(|(name, _)| name.span());
                let is_section = item.is_table() || item.is_array_of_tables();
                unknown.push(Unknown { key: key.to_owned(), span: name.or_else(|| item.span()), is_section });
            }
        }
        self.reader.visited.borrow_mut().push(Visited { path: self.path, known, unknown });
    }

    fn child(
        &self,
        path: String,
        table: Option<&'d dyn TableLike>,
        header: Option<Range<usize>>,
    ) -> Section<'s, 'd> {
        Section { reader: self.reader, path, table, header, known: RefCell::default() }
    }

    fn value(&self, key: &'static str) -> Option<&'d Value> {
        let mut known = self.known.borrow_mut();
        if !known.contains(&key) {
            known.push(key);
        }
        drop(known);
        let item = self.table?.get(key)?;
        if item.as_value().is_none() {
            let what = format!("must be a value, not {}", item.type_name());
            self.refuse(key, Problem::new(what, format!("Write it as `{key} = ...`.")));
        }
        item.as_value()
    }

    fn wrong_type<T>(&self, key: &str, value: &Value, wanted: &str, next: &str) -> Option<T> {
        self.refuse(key, Problem::new(format!("must be {wanted}, not {}", type_of(value)), next));
        None
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "text",
        Value::Integer(_) => "a whole number",
        Value::Float(_) => "a decimal number",
        Value::Boolean(_) => "true or false",
        Value::Datetime(_) => "a date or time",
        Value::Array(_) => "a list",
        Value::InlineTable(_) => "a table",
    }
}
