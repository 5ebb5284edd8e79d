//! Everything behind the simulator's lock.

use std::collections::BTreeMap;
use std::sync::Arc;

use apollo_compiler::Schema;
use apollo_compiler::validation::Valid;
use serde::Serialize;
use serde_json::{Value, json};

use super::fault::{FaultRule, Faults, OperationKind};
use super::limits::{Counters, Limits};
use super::mutate::Write;
use super::rights::Token;
use super::served_schema;
use super::switches::Switches;
use super::webhook::Hook;
use super::world::World;

pub struct State {
    pub world: World,
    pub switches: Switches,
    pub schema: Arc<Valid<Schema>>,
    pub tokens: Vec<Token>,
    pub faults: Faults,
    pub limits: Limits,
    pub counters: Counters,
    pub requests: Vec<Request>,
    pub writes: Vec<Write>,
    pub rng: fastrand::Rng,
    /// By the dbId of the webhook.
    pub hooks: BTreeMap<i64, Hook>,
}

/// One request that fitted the schema.
#[derive(Debug, Clone, Serialize)]
pub struct Request {
    pub operation: OperationKind,
    /// Names of the root fields.
    pub fields: Vec<String>,
    /// The body as it was sent.
    pub body: Value,
}

impl State {
    /// Replaces the switches; the schema is built anew.
    ///
    /// # Errors
    /// A sentence when a schema coordinate does not exist. Nothing is changed then.
    pub fn set_switches(&mut self, switches: Switches) -> Result<(), String> {
        let same =
            switches.removed == self.switches.removed && switches.flip_db_id == self.switches.flip_db_id;
        if !same {
            self.schema = Arc::new(served_schema::build(&switches.removed, &switches.flip_db_id)?);
        }
        self.switches = switches;
        Ok(())
    }

    /// Merges a partial object over the switches, object by object; a list or a value is replaced.
    pub fn merge_switches(&mut self, changes: &Value) -> Result<(), String> {
        let mut merged = serde_json::to_value(&self.switches).map_err(|e| e.to_string())?;
        merge(&mut merged, changes);
        self.set_switches(serde_json::from_value(merged).map_err(|e| e.to_string())?)
    }

    pub fn faults(&self) -> Value {
        self.faults.active().iter().map(|f| json!({"id": f.id, "rule": f.rule})).collect()
    }

    pub fn add_fault(&mut self, rule: FaultRule) -> u64 {
        self.faults.add(rule)
    }
}

fn merge(into: &mut Value, changes: &Value) {
    match (into, changes) {
        (Value::Object(into), Value::Object(changes)) => {
            for (key, value) in changes {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, changes) => *into = changes.clone(),
    }
}
