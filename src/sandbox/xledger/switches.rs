//! What about Xledger is unknown or varies: each switch has a position the product must survive.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// The position of every switch. The control API merges a partial object over the present ones.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Switches {
    /// Schema coordinates that are not served: `Employee.trialTo`, `AddEmployeesInputNode.trialTo`,
    /// `Query.employees(objectStatus:)`, `Query.contact_deltas`.
    pub removed: BTreeSet<String>,
    /// Types whose dbId has the other form (a number instead of a string, or the reverse).
    pub flip_db_id: BTreeSet<String>,
    /// What a query without `objectStatus` gets.
    pub default_object_status: ObjectStatus,
    /// A last day in the past closes the employee, as a passed `dateTo` does.
    pub leavers_are_closed: bool,
    pub default_owner_set: OwnerSet,
    /// Records by dbId, or those changed last at the end.
    pub order: Order,
    /// What a query without `first` and `last` gets.
    pub default_page: usize,
    /// More than this many in one query are refused, or clamped to it.
    pub page_limit: usize,
    pub clamp_page: bool,
    /// Pages above this size that select nested records end in `Your query timed out.`
    pub time_out_above: Option<usize>,
    /// How many entries of a change log are kept; a cursor before them is refused.
    pub delta_retention: Option<usize>,
    /// An edit of a contact or a subledger also moves the employee's time of change and its log.
    pub contact_change_touches_employee: bool,
    /// Personal fields of an employee input land on its contact and subledger.
    pub personal_fields_reach_contact: bool,
    /// What an explicit null does, per input field name (`trialTo`); clears where nothing is said.
    pub null_handling: BTreeMap<String, NullHandling>,
    pub refuse_duplicate_codes: bool,
    /// Input fields an employee cannot be added without.
    pub required_on_add: BTreeSet<String>,
    pub mass_failure: MassFailure,
    /// Answers a mass mutation with its edges in reverse order.
    pub reverse_edges: bool,
    pub omit_client_id: bool,
    /// Refusals of single records.
    pub refusals: Vec<Refusal>,
    pub introspection: bool,
    /// HTTP status of the answer to an unknown token.
    pub unknown_token_status: u16,
    /// Requests allowed in any five seconds.
    pub burst_limit: Option<u32>,
    /// Requests allowed at once.
    pub concurrency_limit: Option<u32>,
    /// Requests until the credit is used up.
    pub credits: Option<u32>,
    /// How long used-up credit takes to come back, by the simulated clock.
    pub credit_reset_seconds: i64,
    pub reset_at_format: ResetAtFormat,
    pub webhooks: WebhookSwitches,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ObjectStatus {
    All,
    Open,
    Closed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum OwnerSet {
    Current,
    Upper,
    Lower,
    Mine,
    All,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    DbId,
    LastChange,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NullHandling {
    Clears,
    Ignored,
    Refused,
}

/// What becomes of a mass mutation in which some inputs fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MassFailure {
    /// Nothing is done and `data` is null.
    AllOrNothing,
    /// The others are done; a failed edge has `node: null`.
    NodeNull,
    /// The others are done; a failed edge is missing.
    EdgeMissing,
}

/// The form of `extensions.resetAt`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ResetAtFormat {
    Rfc3339,
    /// Oslo time without an offset.
    Local,
    /// Seconds since 1970.
    Epoch,
    SecondsFromNow,
    Absent,
}

/// Refuses inputs for a record, or that name a field, or both.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Refusal {
    /// `updateEmployees`; every mutation where nothing is said.
    pub mutation: Option<String>,
    pub db_id: Option<i64>,
    /// The input must name this field.
    pub field: Option<String>,
    /// The input must lack this field, or have it null.
    pub without_field: Option<String>,
    pub message: String,
    /// `extensions.code`; `INVALID_VALUE` where nothing is said.
    pub code: Option<String>,
}

/// How the webhooks behave.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WebhookSwitches {
    /// Refuses to register one.
    pub refused: bool,
    /// Nothing is sent until this is on again.
    pub sending: bool,
    pub duplicated: bool,
    /// Of the posts waiting, the newest goes first.
    pub reordered: bool,
    /// All waiting changes of one hook go in one post.
    pub batched: bool,
    pub wrong_signature: bool,
    /// The `Date` header is an hour old.
    pub stale_date: bool,
    /// Failed posts in a row after which the hook is FAULTED.
    pub faulted_after: u32,
    pub delay_ms: u64,
}

impl Default for Switches {
    fn default() -> Switches {
        Switches {
            removed: BTreeSet::new(),
            flip_db_id: BTreeSet::new(),
            default_object_status: ObjectStatus::Open,
            leavers_are_closed: true,
            default_owner_set: OwnerSet::All,
            order: Order::DbId,
            default_page: 50,
            page_limit: 10_000,
            clamp_page: false,
            time_out_above: None,
            delta_retention: None,
            contact_change_touches_employee: false,
            personal_fields_reach_contact: true,
            null_handling: BTreeMap::new(),
            refuse_duplicate_codes: false,
            required_on_add: ["code", "description"].map(str::to_owned).into(),
            mass_failure: MassFailure::AllOrNothing,
            reverse_edges: false,
            omit_client_id: false,
            refusals: Vec::new(),
            introspection: true,
            unknown_token_status: 200,
            burst_limit: Some(20),
            concurrency_limit: Some(4),
            credits: Some(1_000_000),
            credit_reset_seconds: 1_200,
            reset_at_format: ResetAtFormat::Rfc3339,
            webhooks: WebhookSwitches::default(),
        }
    }
}

impl Switches {
    /// The defaults with the three limits off, for tests about something else.
    pub fn without_limits() -> Switches {
        Switches { burst_limit: None, concurrency_limit: None, credits: None, ..Switches::default() }
    }
}

impl Default for WebhookSwitches {
    fn default() -> WebhookSwitches {
        WebhookSwitches {
            refused: false,
            sending: true,
            duplicated: false,
            reordered: false,
            batched: false,
            wrong_signature: false,
            stale_date: false,
            faulted_after: 5,
            delay_ms: 0,
        }
    }
}
