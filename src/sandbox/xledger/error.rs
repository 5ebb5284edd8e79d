//! The errors an answer carries beside, or instead of, its data. All arrive with HTTP 200.
//!
//! Most of the vendor's texts are unknown; where `apis/xledger.md` has one it is used to the letter. The refusal
//! for a missing right is invented: an entry in `errors` with `data` null at that place only.

use serde_json::{Map, Value, json};

/// One entry of `errors`.
#[derive(Debug, Clone, PartialEq)]
pub struct SimError {
    pub message: String,
    /// Stands at the top of the entry.
    pub code: Option<String>,
    pub extensions: Map<String, Value>,
}

/// A lookup's permitted value, as listed in `exampleValidInputs`.
pub struct Example {
    pub db_id: i64,
    pub code: String,
    pub owner_db_id: i64,
    pub text: String,
}

impl SimError {
    pub fn new(message: impl Into<String>) -> SimError {
        SimError { message: message.into(), code: None, extensions: Map::new() }
    }

    /// A bad argument value or a failed lookup.
    pub fn invalid(message: impl Into<String>) -> SimError {
        SimError::new(message).extension("code", json!("INVALID_VALUE"))
    }

    /// A refusal by one of the three limits, with its code at the top.
    pub fn limit(code: &str, message: &str) -> SimError {
        SimError { code: Some(code.to_owned()), ..SimError::new(message) }
    }

    /// The document does not fit the schema.
    pub fn document(message: String) -> SimError {
        SimError::new(message).extension("code", json!("ARGUMENTS_OF_CORRECT_TYPE"))
    }

    pub fn access(right: &str) -> SimError {
        let message = format!("Access denied: the API token lacks the right {right}.");
        SimError { code: Some("FORBIDDEN".to_owned()), ..SimError::new(message) }
    }

    pub fn extension(mut self, key: &str, value: Value) -> SimError {
        self.extensions.insert(key.to_owned(), value);
        self
    }

    pub fn with_examples(self, examples: impl IntoIterator<Item = Example>) -> SimError {
        let examples: Vec<Value> = examples
            .into_iter()
            .map(|e| json!({"dbId": e.db_id, "code": e.code, "ownerDbId": e.owner_db_id, "text": e.text}))
            .collect();
        self.extension("exampleValidInputs", Value::Array(examples))
    }

    pub fn to_json(&self) -> Value {
        let mut entry = Map::new();
        entry.insert("message".to_owned(), json!(self.message));
        if let Some(code) = &self.code {
            entry.insert("code".to_owned(), json!(code));
        }
        if !self.extensions.is_empty() {
            entry.insert("extensions".to_owned(), Value::Object(self.extensions.clone()));
        }
        Value::Object(entry)
    }
}
