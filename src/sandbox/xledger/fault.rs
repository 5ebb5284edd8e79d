//! Faults told in advance: which request goes wrong, and how.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::Semaphore;

/// Which requests a fault meets, and what happens to them.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRule {
    /// Both kinds where nothing is said.
    #[serde(default)]
    pub operation: Option<OperationKind>,
    /// A root field the document must have: `updateEmployees`.
    #[serde(default)]
    pub field: Option<String>,
    /// So many matching requests pass first.
    #[serde(default)]
    pub skip: u32,
    /// So many are met after that; `null` means all.
    #[serde(default = "once")]
    pub count: Option<u32>,
    pub fault: Fault,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OperationKind {
    Query,
    Mutation,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Fault {
    /// An HTTP status; nothing is performed.
    Status {
        code: u16,
        #[serde(default)]
        body: String,
        /// Seconds.
        #[serde(default)]
        retry_after: Option<u64>,
    },
    /// An `errors` entry with `data: null`; nothing is performed.
    Error {
        message: String,
        /// At the top of the entry.
        #[serde(default)]
        code: Option<String>,
        #[serde(default)]
        extensions: serde_json::Map<String, Value>,
    },
    /// The connection is closed and nothing performed.
    DropBefore,
    /// The operation is performed and the connection closed without an answer.
    DropAfter,
    /// The operation is performed after so long.
    Delay { ms: u64 },
    /// A maintenance page; nothing is performed.
    Html { code: u16 },
    /// Performed; the answer breaks off in the middle.
    TruncatedJson,
    /// Every page loses its second half and says that nothing follows.
    TruncatedPage,
    /// Waits until the rule is removed, then performs the operation.
    Hold,
    /// Performs the operation, then waits until the rule is removed and answers.
    HoldAfter,
}

/// A rule at work.
pub struct ActiveFault {
    pub id: u64,
    pub rule: FaultRule,
    seen: u32,
    /// Closed when the rule is removed.
    gate: Arc<Semaphore>,
}

/// A fault that meets the present request, with the gate a held one waits at.
pub struct Hit {
    pub fault: Fault,
    pub gate: Arc<Semaphore>,
}

#[derive(Default)]
pub struct Faults {
    active: Vec<ActiveFault>,
    next_id: u64,
}

impl Faults {
    pub fn add(&mut self, rule: FaultRule) -> u64 {
        self.next_id += 1;
        self.active.push(ActiveFault { id: self.next_id, rule, seen: 0, gate: Arc::new(Semaphore::new(0)) });
        self.next_id
    }

    /// Removes one rule, or all, and lets go what it held.
    pub fn remove(&mut self, id: Option<u64>) {
        self.active.retain(|fault| {
            let goes = id.is_none_or(|id| id == fault.id);
            if goes {
                fault.gate.close();
            }
            !goes
        });
    }

    pub fn active(&self) -> &[ActiveFault] {
        &self.active
    }

    /// The first rule that meets a request; it counts the request for every rule that matches.
    pub fn meet(&mut self, operation: OperationKind, roots: &[String]) -> Option<Hit> {
        let mut hit = None;
        for active in &mut self.active {
            let rule = &active.rule;
            let matches = rule.operation.is_none_or(|o| o == operation)
                && rule.field.as_ref().is_none_or(|field| roots.contains(field));
            if !matches {
                continue;
            }
            active.seen += 1;
            let due = active.seen > rule.skip && rule.count.is_none_or(|n| active.seen - rule.skip <= n);
            if due && hit.is_none() {
                hit = Some(Hit { fault: rule.fault.clone(), gate: active.gate.clone() });
            }
        }
        hit
    }
}

fn once() -> Option<u32> {
    Some(1)
}
