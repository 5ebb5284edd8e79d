//! What the simulator remembers for tests: every request, every write, and how often anything happened.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

/// One request to the API (not to the control API), in order of arrival.
#[derive(Debug, Clone, Serialize)]
pub struct RequestRecord {
    pub at: String,
    pub method: String,
    /// With its query.
    pub path: String,
    /// The template, as in [`Counters::requests`].
    pub route: String,
    /// Null when the body is empty, not JSON, or a token request.
    pub body: Value,
    /// Absent while the request is under way and after a cut connection.
    pub status: Option<u16>,
}

/// One write that took effect, whether or not its sender learned of it.
#[derive(Debug, Clone, Serialize)]
pub struct WriteRecord {
    pub at: String,
    pub what: WriteKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// Of the position or the job title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object_id: Option<String>,
    /// As it was sent.
    pub body: Value,
    /// Names of the properties whose stored value this write changed.
    pub changed: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WriteKind {
    UserCreated,
    UserUpdated,
    PositionCreated,
    PositionUpdated,
    PositionDeleted,
    JobTitleCreated,
    JobTitleUpdated,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// By method and route template: `GET /users/{id}`. Unknown paths count as `GET other`.
    pub requests: BTreeMap<String, u64>,
    pub writes: u64,
    pub tokens_issued: u64,
    pub rate_limited: u64,
    pub users_created: u64,
    pub invitations_sent: u64,
    /// A change that waits for confirmation sends two: to the old address and to the new one.
    pub email_change_mails: u64,
    pub positions_deleted: u64,
    pub job_titles_created: u64,
    pub job_titles_renamed: u64,
    /// Webhook requests answered 2xx.
    pub webhooks_accepted: u64,
    /// Webhook requests answered otherwise, or not at all.
    pub webhooks_failed: u64,
}

#[derive(Debug, Default)]
pub struct Record {
    pub requests: Vec<RequestRecord>,
    pub writes: Vec<WriteRecord>,
    pub counters: Counters,
}

impl Record {
    /// Notes a request and returns its number.
    pub fn request(&mut self, request: RequestRecord) -> usize {
        *self.counters.requests.entry(format!("{} {}", request.method, request.route)).or_default() += 1;
        self.requests.push(request);
        self.requests.len() - 1
    }

    pub fn write(&mut self, write: WriteRecord) {
        self.counters.writes += 1;
        self.writes.push(write);
    }
}
