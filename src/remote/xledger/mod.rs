//! Xledger as hxsync needs it: reading employees with contact and subledger, what moved since, and mass writes.
//!
//! Source of every fact: `apis/xledger.md`. One file per operation, one folder where it has documents of its own.

mod add;
mod answer;
mod by_ids;
mod catalog;
pub mod central_time;
mod changes;
mod client;
mod document;
mod options;
mod page;
mod patch;
mod record;
mod refusal;
mod rights;
mod scalars;
mod schema_drift;
mod tenant;
mod update;

#[cfg(all(test, feature = "sandbox"))]
mod documents_tests;

pub use client::XledgerClient;
pub use options::{AddressAt, ClearWith, CountryAs, EmailAt, JobTitleAt, XledgerOptions};

use super::{ApiUse, RemoteError, RightReport, Words};
use crate::domain::{Field, NamedObject, Reading, Record, Spelling, XledgerId};
use async_trait::async_trait;
use std::collections::BTreeMap;

#[async_trait]
pub trait Xledger: Send + Sync {
    /// Logs in and says which entities the token sees.
    async fn tenant(&self) -> Result<XledgerTenant, RemoteError>;

    /// One page of the full listing, after `after`. The client halves `first` by itself when a page is too heavy.
    async fn page(&self, after: Option<&Cursor>, first: u32) -> Result<XledgerPage, RemoteError>;

    /// The records among `ids` that exist; at most 500 ids.
    async fn by_ids(&self, ids: &[XledgerId]) -> Result<XledgerRecords, RemoteError>;

    /// Every record with this code or this email (on employee or contact); for asking once more before a create. Xledger
    /// has no look-up by name and date of birth: a full listing is what shows those.
    async fn find(&self, keys: &LookupKeys) -> Result<Vec<Record>, RemoteError>;

    /// The newest position in the change log; taken before a full listing.
    async fn newest_change(&self) -> Result<Option<Cursor>, RemoteError>;

    /// What moved since: one combined document.
    ///
    /// # Errors
    /// [`RemoteError::Refused`] with the code `cursor` when the cursor is no longer known: read the full listing.
    async fn changes(&self, since: &Watermark) -> Result<XledgerChanges, RemoteError>;

    /// Job titles, marital statuses and countries.
    async fn catalog(&self) -> Result<XledgerCatalog, RemoteError>;

    /// One document with all mutations, whose selection is the read-back; at most 500 changes. A refusal of some comes back
    /// in [`XledgerAnswers::errors`].
    ///
    /// # Errors
    /// An error means no change was carried out unless it is [`RemoteError::OutcomeUnknown`].
    /// [`RemoteError::Refused`] with the code `no-contact`: a contact's field of an employee that has none.
    async fn update(&self, changes: &[XledgerChange]) -> Result<XledgerAnswers, RemoteError>;

    /// Adds one employee with its contact and subledger. Gender, civil status, the address and a title on the contact are no
    /// part of it: they follow as updates.
    ///
    /// # Errors
    /// [`RemoteError::OutcomeUnknown`]: look it up by its code before adding again.
    async fn add(&self, employee: &NewEmployee) -> Result<XledgerId, RemoteError>;

    /// What this interface has cost since the last call.
    fn take_use(&self) -> ApiUse;

    /// Each right hxsync needs, shown by reading one row where that is possible. `probe_writes` sends an update of id 0
    /// without any other property.
    async fn rights(&self, probe_writes: bool) -> Result<Vec<RightReport>, RemoteError>;

    /// Compares the live schema with what hxsync uses, by introspection: one line for each path that is missing. From then
    /// on a missing path is left out of requests; its field reads as hidden, or is locked.
    async fn schema_drift(&self) -> Result<Vec<String>, RemoteError>;
}

#[async_trait]
impl Xledger for XledgerClient {
    async fn tenant(&self) -> Result<XledgerTenant, RemoteError> {
        self.read_tenant().await
    }

    async fn page(&self, after: Option<&Cursor>, first: u32) -> Result<XledgerPage, RemoteError> {
        self.read_page(after, first).await
    }

    async fn by_ids(&self, ids: &[XledgerId]) -> Result<XledgerRecords, RemoteError> {
        self.read_by_ids(ids).await
    }

    async fn find(&self, keys: &LookupKeys) -> Result<Vec<Record>, RemoteError> {
        self.look_up(keys).await
    }

    async fn newest_change(&self) -> Result<Option<Cursor>, RemoteError> {
        self.newest_cursor().await
    }

    async fn changes(&self, since: &Watermark) -> Result<XledgerChanges, RemoteError> {
        self.read_changes(since).await
    }

    async fn catalog(&self) -> Result<XledgerCatalog, RemoteError> {
        self.read_catalog().await
    }

    async fn update(&self, changes: &[XledgerChange]) -> Result<XledgerAnswers, RemoteError> {
        self.send_changes(changes).await
    }

    async fn add(&self, employee: &NewEmployee) -> Result<XledgerId, RemoteError> {
        self.send_new(employee).await
    }

    fn take_use(&self) -> ApiUse {
        self.transport.take_use()
    }

    async fn rights(&self, probe_writes: bool) -> Result<Vec<RightReport>, RemoteError> {
        self.read_rights(probe_writes).await
    }

    async fn schema_drift(&self) -> Result<Vec<String>, RemoteError> {
        self.read_drift().await
    }
}

/// An opaque place in a listing or in the change log: the cursor of a last edge.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Cursor(pub String);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct XledgerTenant {
    /// The entities the token reaches, by dbId with their descriptions; the token's own first where it can be told.
    pub entities: Vec<(i64, String)>,
}

#[derive(Debug, Clone)]
pub struct XledgerPage {
    pub records: Vec<Record>,
    /// Records that are there and could not be decoded: they are neither absent nor known.
    pub unreadable: Vec<Unreadable>,
    /// The newest time of change of any employee, contact or subledger on the page, for [`Watermark::since`].
    pub newest_modified_at: Option<String>,
    /// Of the last edge; `None` for an empty page.
    pub last: Option<Cursor>,
    pub has_next: bool,
}

/// What [`Xledger::by_ids`] found.
#[derive(Debug, Clone, Default)]
pub struct XledgerRecords {
    pub records: Vec<Record>,
    /// As [`XledgerPage::unreadable`]: such a record exists.
    pub unreadable: Vec<Unreadable>,
    pub newest_modified_at: Option<String>,
}

/// A record of another shape than we know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Where at least that could be read.
    pub id: Option<XledgerId>,
    /// `employees.edges[3].node.contact.birthday`.
    pub path: String,
}

/// From where changes are asked. `since` is Xledger's own time as it prints it (Central European), before any overlap.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Watermark {
    pub cursor: Option<Cursor>,
    pub since: Option<String>,
}

/// What moved, by id; unknown contacts and subledgers belong to customers and suppliers.
#[derive(Debug, Clone)]
pub struct XledgerChanges {
    pub employees: Vec<(XledgerId, ChangeKind)>,
    pub contacts: Vec<i64>,
    pub subledgers: Vec<i64>,
    pub watermark: Watermark,
    /// More is waiting: ask again from `watermark`.
    pub has_more: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    Added,
    Updated,
    Deleted,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct XledgerCatalog {
    pub titles: Vec<NamedObject>,
    pub marital_statuses: Vec<NamedObject>,
    pub genders: Vec<NamedObject>,
    pub countries: Vec<NamedObject>,
}

#[derive(Clone, Default)]
pub struct LookupKeys {
    pub code: Option<String>,
    pub email: Option<String>,
}

/// All changes of one employee; `None` clears.
#[derive(Clone)]
pub struct XledgerChange {
    /// Our intent's id: echoed as `clientId`.
    pub client_id: String,
    pub employee: XledgerId,
    pub contact: Option<i64>,
    pub subledger: Option<i64>,
    pub fields: BTreeMap<Field, Option<Spelling>>,
    /// Sent as `description` with a name change.
    pub display_name: Option<String>,
}

/// What came back of one [`Xledger::update`].
#[derive(Clone, Default)]
pub struct XledgerAnswers {
    /// By `clientId`: what the written fields hold after the write. A change that is absent is unknown until read again.
    pub done: BTreeMap<String, BTreeMap<Field, Reading>>,
    /// Set when the answer carried errors: what Xledger said and its code.
    pub errors: Option<(String, Words)>,
}

#[derive(Clone)]
pub struct NewEmployee {
    pub client_id: String,
    /// The fields the add mutation takes; the rest follow as updates.
    pub fields: BTreeMap<Field, Spelling>,
    /// `Given Family`.
    pub display_name: String,
    /// The entity the record is made in; `None` for the token's own.
    pub owner: Option<i64>,
}
