//! One page of a connection: `first` and `after`, or `last` and `before`, at most so many records.

use serde_json::{Map, Value};

use super::arguments::integer;
use super::error::SimError;
use super::record::{Delta, Kind, Record, Table};
use super::switches::{Order, Switches};

/// What was asked for.
pub struct Window {
    size: usize,
    from_end: bool,
    after: Option<String>,
    before: Option<String>,
}

/// What is given.
pub struct Page<T> {
    pub items: Vec<T>,
    pub has_next: bool,
    pub has_previous: bool,
}

impl Window {
    pub fn parse(arguments: &Map<String, Value>, switches: &Switches) -> Result<Window, SimError> {
        let number = |name: &str| arguments.get(name).and_then(Value::as_i64);
        let text = |name: &str| arguments.get(name).and_then(Value::as_str).map(str::to_owned);
        let (asked, from_end) = match (number("first"), number("last")) {
            (Some(_), Some(_)) => return Err(SimError::invalid("Only one of first and last can be given.")),
            (Some(first), None) => (first, false),
            (None, Some(last)) => (last, true),
            (None, None) => (i64::try_from(switches.default_page).unwrap_or(i64::MAX), false),
        };
        let mut size = usize::try_from(asked).unwrap_or(0);
        if size == 0 {
            return Err(SimError::invalid("A page must have at least one record."));
        }
        if size > switches.page_limit {
            if !switches.clamp_page {
                let limit = switches.page_limit;
                return Err(SimError::invalid(format!("A query can return at most {limit} records.")));
            }
            size = switches.page_limit;
        }
        Ok(Window { size, from_end, after: text("after"), before: text("before") })
    }

    pub fn size(&self) -> usize {
        self.size
    }

    /// Takes the page of the records that match.
    pub fn of_records<'a>(
        &self,
        table: &'a Table,
        order: Order,
        matches: impl Fn(&Record) -> bool,
    ) -> Result<Page<&'a Record>, SimError> {
        let mut rows: Vec<&Record> = table.rows.values().collect();
        match order {
            Order::DbId => {
                let (after, before) = (self.record_cursor(&self.after)?, self.record_cursor(&self.before)?);
                rows.retain(|r| after.is_none_or(|id| r.db_id > id) && before.is_none_or(|id| r.db_id < id));
            }
            Order::LastChange => {
                rows.sort_by(|a, b| (&a.modified_at, a.db_id).cmp(&(&b.modified_at, b.db_id)));
                let place = |cursor: &Option<String>| match self.record_cursor(cursor)? {
                    None => Ok(None),
                    Some(id) => rows.iter().position(|r| r.db_id == id).map(Some).ok_or_else(unknown_cursor),
                };
                let (after, before) = (place(&self.after)?, place(&self.before)?);
                let end = before.unwrap_or(rows.len());
                rows = rows[after.map_or(0, |at| at + 1).min(end)..end].to_vec();
            }
        }
        rows.retain(|r| matches(r));
        Ok(self.cut(rows))
    }

    /// Takes the page of a change log. `retention` is how many entries are kept.
    pub fn of_deltas(&self, table: &Table, retention: Option<usize>) -> Result<Page<Delta>, SimError> {
        let gone = retention.map_or(0, |kept| table.deltas.len().saturating_sub(kept));
        let mut deltas: Vec<Delta> = table.deltas.iter().skip(gone).copied().collect();
        if let Some(after) = &self.after {
            let after: i64 = after.parse().map_err(|_| unknown_cursor())?;
            // Entries are numbered from 1 without gaps, so `gone` is the number of the newest one forgotten.
            if after < i64::try_from(gone).unwrap_or(i64::MAX) {
                return Err(unknown_cursor());
            }
            deltas.retain(|d| d.number > after);
        }
        Ok(self.cut(deltas))
    }

    fn record_cursor(&self, cursor: &Option<String>) -> Result<Option<i64>, SimError> {
        let Some(cursor) = cursor else { return Ok(None) };
        let id = cursor.split('.').next().and_then(|digits| digits.parse().ok());
        id.map(Some).ok_or_else(unknown_cursor)
    }

    fn cut<T>(&self, mut items: Vec<T>) -> Page<T> {
        let more = items.len() > self.size;
        if self.from_end {
            items.drain(..items.len().saturating_sub(self.size));
            Page { items, has_next: self.before.is_some(), has_previous: more }
        } else {
            items.truncate(self.size);
            Page { items, has_next: more, has_previous: self.after.is_some() }
        }
    }
}

impl<T> Page<T> {
    /// Loses the second half and says that nothing follows: a listing that only looks complete.
    pub fn truncated(mut self) -> Page<T> {
        let half = self.items.len() / 2;
        self.items.truncate(half);
        self.has_next = false;
        self
    }
}

/// The cursor of a record: the dbId, and a dotted composite for contacts.
pub fn cursor(kind: Kind, record: &Record) -> String {
    if kind == Kind::Contact {
        return format!("{}.{}", record.db_id, record.owner_db_id);
    }
    record.db_id.to_string()
}

fn unknown_cursor() -> SimError {
    SimError::invalid("The cursor is not known.")
}

/// The dbId argument of a single look-up.
pub fn db_id(arguments: &Map<String, Value>) -> Result<i64, SimError> {
    let id = arguments.get("dbId").and_then(integer);
    id.ok_or_else(|| SimError::invalid("The argument dbId is not a number."))
}
