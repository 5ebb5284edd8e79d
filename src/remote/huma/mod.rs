//! Huma as hxsync needs it: reading users, details, positions and job titles, and writing them.
//!
//! Source of every fact: `apis/huma.md`.
//!
//! **Invariant:** nothing here can invite, deactivate or delete anybody; there is no operation for it.

mod body;
mod call;
mod client;
mod details;
mod listing;
mod main_position;
mod positions;
mod refusal;
mod rights;
mod spelling;
mod token;
mod wire;

pub use body::CANNOT_HOLD;
pub use client::{HumaClient, HumaOptions};
pub use refusal::NOT_FOUND;

use super::{ApiUse, RemoteError, RightReport};
use crate::domain::{Field, HumaId, NamedObject, Reading, Record, Spelling};
use async_trait::async_trait;
use std::collections::BTreeMap;

#[async_trait]
pub trait Huma: Send + Sync {
    /// Logs in and says whose data it is.
    async fn tenant(&self) -> Result<HumaTenant, RemoteError>;

    /// One page of at most 50 of `GET /users`; `active` is the `isActive` filter. Service users are left out of `items`
    /// and counted in `received`.
    async fn list(&self, active: bool, offset: u64) -> Result<HumaPage, RemoteError>;

    /// One person in full. `None` for 404: gone, or hidden from the key.
    async fn user(&self, id: &HumaId, depth: Depth) -> Result<Option<Record>, RemoteError>;

    /// All job titles, in Huma's order.
    async fn job_titles(&self) -> Result<Vec<NamedObject>, RemoteError>;

    async fn create_job_title(&self, name: &str) -> Result<NamedObject, RemoteError>;

    /// Makes a user; never invites. The rest of the person's fields follow as updates.
    async fn create_user(&self, user: &NewHumaUser) -> Result<HumaId, RemoteError>;

    /// One PATCH of fields 1 to 10; `None` clears. Answers what the user holds after it, from the answer itself.
    async fn update_user(
        &self,
        id: &HumaId,
        changes: &BTreeMap<Field, Option<Spelling>>,
    ) -> Result<HumaAnswer, RemoteError>;

    /// One PATCH of fields 11 to 15 on a position. A job title's [`Spelling::Named`] carries its id.
    async fn update_position(
        &self,
        id: &HumaId,
        position: &str,
        changes: &BTreeMap<Field, Option<Spelling>>,
    ) -> Result<HumaAnswer, RemoteError>;

    /// Makes a person's first position. Answers its id with what it holds.
    async fn create_position(
        &self,
        id: &HumaId,
        position: &NewPosition,
    ) -> Result<(String, HumaAnswer), RemoteError>;

    /// What this interface has cost since the last call.
    fn take_use(&self) -> ApiUse;

    /// Each right hxsync needs, shown by reading where that is possible.
    async fn rights(&self) -> Result<Vec<RightReport>, RemoteError>;
}

/// How much is read of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Fields 11 to 15 may come from the copies on the user (reading strategy 1 of `huma.md` section 9).
    Copies,
    /// The main position's own detail is read and compared with the copies: required before any of fields 11 to 15 is
    /// written on either side.
    Position,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HumaTenant {
    pub organization_id: String,
}

/// One page of the listing.
#[derive(Debug, Clone)]
pub struct HumaPage {
    pub items: Vec<HumaListed>,
    /// Rows that are not as promised: their id where it can be read, and the path of what is wrong.
    pub unreadable: Vec<(Option<HumaId>, String)>,
    /// Rows on this page before service users were left out: below 50 the listing has ended.
    pub received: u64,
    /// Matches in all (service users included), where Huma said so.
    pub total: Option<u64>,
}

/// What the listing shows of a person: 5 of the 15 fields.
#[derive(Debug, Clone)]
pub struct HumaListed {
    pub id: HumaId,
    pub active: bool,
    /// For looking somebody up before they are created.
    pub email: String,
    /// Over everything the row says of the person: a row that moved has another digest.
    pub digest: [u8; 32],
    pub groups: Vec<String>,
}

#[derive(Clone)]
pub struct NewHumaUser {
    pub given_name: String,
    pub family_name: String,
    pub email: String,
    pub phone: Option<String>,
}

#[derive(Clone)]
pub struct NewPosition {
    pub title: NamedObject,
    /// `YYYY-MM-DD`.
    pub contract_start_date: String,
    /// Fields 12 to 15.
    pub dates: BTreeMap<Field, Spelling>,
}

/// What a side holds after a write, by the write's own answer.
#[derive(Clone, Default)]
pub struct HumaAnswer {
    pub fields: BTreeMap<Field, Reading>,
    /// Set when an email change waits for confirmation.
    pub requested_email: Option<String>,
}
