//! What the simulated Huma is assumed to do where the contract only guesses.
//!
//! One switch per assumption; the default is the reading the contract prefers, or the nasty one where it says so.
//! All of them may be changed while the simulator runs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Every assumption about Huma's behaviour that hxsync has to survive both ways.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Switches {
    /// H10: what `null` does in a PATCH.
    pub null_in_patch: NullInPatch,
    /// H1: how a field without access looks.
    pub absent_means: AbsentMeans,
    /// H8: empty optional properties are sent as an explicit `null`.
    pub emit_null: bool,
    /// H2: what the key may see and edit on everybody.
    pub field_access: FieldAccess,
    pub readonly_write: ReadonlyWrite,
    /// H9: where deactivated users are listed.
    pub inactive_in_list: InactiveInList,
    /// H9: whether `GET /users/{id}` finds a deactivated user.
    pub inactive_detail: InactiveDetail,
    /// H3: the key may create users.
    pub create_allowed: bool,
    /// H12.
    pub duplicate_email: DuplicateEmail,
    /// Whether `POST /users` without `invite` sends an invitation.
    pub invite_default: bool,
    /// H21.
    pub email_change: EmailChange,
    /// H13: the words `bankAccount.type` is written with.
    pub bank_type_words: BankTypeWords,
    /// H11: the deprecated copies of position fields on the user.
    pub deprecated_copies: DeprecatedCopies,
    /// H11: which current position is the main one.
    pub main_position_rule: MainPositionRule,
    /// H20: a PATCH with one invalid field writes nothing.
    pub patch_atomic: bool,
    /// For how long reads answer what was there before a write.
    pub read_after_write_delay_ms: u64,
    /// H26.
    pub signature_encoding: SignatureEncoding,
    /// H27.
    pub webhook_delivery: WebhookDelivery,
    pub webhook_topics: WebhookTopics,
    /// H6.
    pub rate_limit: RateLimit,
    /// Real seconds, whatever the simulated clock says.
    pub token_ttl_s: u64,
    /// H5.
    pub old_token_dies_on_new: bool,
    /// H4.
    pub expires_in_value: ExpiresInValue,
    /// H17.
    pub service_user_in_list: bool,
    /// H28: the API's own writes send webhooks too.
    pub own_writes_echo: bool,
}

impl Default for Switches {
    fn default() -> Self {
        Switches {
            null_in_patch: NullInPatch::default(),
            absent_means: AbsentMeans::default(),
            emit_null: false,
            field_access: FieldAccess::default(),
            readonly_write: ReadonlyWrite::default(),
            inactive_in_list: InactiveInList::default(),
            inactive_detail: InactiveDetail::default(),
            create_allowed: true,
            duplicate_email: DuplicateEmail::default(),
            invite_default: true,
            email_change: EmailChange::default(),
            bank_type_words: BankTypeWords::default(),
            deprecated_copies: DeprecatedCopies::default(),
            main_position_rule: MainPositionRule::default(),
            patch_atomic: true,
            read_after_write_delay_ms: 0,
            signature_encoding: SignatureEncoding::default(),
            webhook_delivery: WebhookDelivery::default(),
            webhook_topics: WebhookTopics::default(),
            rate_limit: RateLimit::default(),
            token_ttl_s: 900,
            old_token_dies_on_new: false,
            expires_in_value: ExpiresInValue::default(),
            service_user_in_list: true,
            own_writes_echo: true,
        }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NullInPatch {
    #[default]
    Clears,
    /// 400 naming the field.
    Refused,
    Ignored,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AbsentMeans {
    /// No access: the wrapper is absent.
    #[default]
    Hidden,
    /// All wrappers are always present; no access is `editable: false` without a value.
    Empty,
}

/// Wire names (`bankAccount`, `jobTitle`, `lastDayOfWork`). Ids, names and email cannot be hidden.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FieldAccess {
    pub hidden: Vec<String>,
    pub read_only: Vec<String>,
    /// Field → the integration that owns it: shown in the wrapper's `integrations`, writable all the same.
    pub owned_by: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReadonlyWrite {
    /// 400 naming the field.
    #[default]
    Refused,
    /// 403 for the whole request.
    Forbidden,
    /// 200, and the field keeps its value.
    Ignored,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InactiveInList {
    /// Without `isActive` and with `isActive=false`.
    #[default]
    Both,
    OnlyWhenAsked,
    Never,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InactiveDetail {
    #[default]
    Found,
    NotFound,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DuplicateEmail {
    /// 400 naming `email`.
    #[default]
    Refused,
    /// 409.
    Conflict,
    Accepted,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmailChange {
    /// Waits for confirmation when the person has logged in, else immediate.
    #[default]
    PendingOnceLoggedIn,
    Immediate,
    /// 403.
    Forbidden,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BankTypeWords {
    pub national: String,
    pub international: String,
}

impl Default for BankTypeWords {
    fn default() -> Self {
        BankTypeWords { national: "national".into(), international: "international".into() }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeprecatedCopies {
    #[default]
    FromMainPosition,
    FromNewestPosition,
    Absent,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MainPositionRule {
    #[default]
    HighestPercentage,
    EarliestStart,
    Newest,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SignatureEncoding {
    #[default]
    #[serde(rename = "hex")]
    HexLower,
    #[serde(rename = "HEX")]
    HexUpper,
    #[serde(rename = "base64")]
    Base64,
    /// Without padding.
    #[serde(rename = "base64url")]
    Base64Url,
    /// `sha256=` before lower-case hex.
    #[serde(rename = "sha256=")]
    PrefixedHex,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookDelivery {
    #[default]
    Once,
    Duplicated,
    /// An event waits for the next one and arrives after it (or alone when none comes soon).
    Reordered,
    DelayedMs(u64),
    Dropped,
    /// Sent again until the receiver answers 2xx, a few times at most.
    RetriedOnFailure,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookTopics {
    #[default]
    Known,
    UnknownTopic,
    /// A body without `users`.
    UnknownBody,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RateLimit {
    #[default]
    None,
    /// 429 above this many requests in any second, token requests aside; 0 refuses all. Without `retry_after_s` there is no `Retry-After`.
    PerSecond {
        requests: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after_s: Option<u64>,
    },
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExpiresInValue {
    #[default]
    TrueValue,
    Zero,
    /// -1.
    Negative,
    Missing,
}
