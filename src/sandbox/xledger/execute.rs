//! From the text of a request to its answer: parsing and validation, the mutation's work, then the executor.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use apollo_compiler::executable::{Operation, OperationType};
use apollo_compiler::request::coerce_variable_values;
use apollo_compiler::resolvers::Execution;
use apollo_compiler::response::{GraphQLError, JsonMap};
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema};
use serde_json::{Map, Value, json};

use super::arguments;
use super::error::SimError;
use super::fault::OperationKind;
use super::mutate;
use super::resolve::{Context, Object};
use super::rights::Token;
use super::state::State;
use super::webhook;

/// A request that fits the schema.
pub struct Prepared {
    schema: Arc<Valid<Schema>>,
    document: Valid<ExecutableDocument>,
    name: Option<String>,
    raw_variables: JsonMap,
    variables: Map<String, Value>,
    pub kind: OperationKind,
    /// Names of the root fields.
    pub roots: Vec<String>,
}

/// Parses and validates the body of a request.
pub fn prepare(schema: Arc<Valid<Schema>>, body: &[u8]) -> Result<Prepared, Vec<SimError>> {
    let one = |message: &str| vec![SimError::document(message.to_owned())];
    let body: Value = serde_json::from_slice(body).map_err(|_| one("The body is not JSON."))?;
    let Some(query) = body.get("query").and_then(Value::as_str) else {
        return Err(one("The body has no query."));
    };
    let name = body.get("operationName").and_then(Value::as_str).map(str::to_owned);
    let document = ExecutableDocument::parse_and_validate(&schema, query, "request.graphql")
        .map_err(|e| document_errors(e.errors.iter().map(|d| d.to_json())))?;
    let operation = document.operations.get(name.as_deref()).map_err(|e| one(&e.message().to_string()))?;
    let kind = match operation.operation_type {
        OperationType::Query => OperationKind::Query,
        OperationType::Mutation => OperationKind::Mutation,
        OperationType::Subscription => return Err(one("A subscription needs a webhook.")),
    };
    let raw: JsonMap = match body.get("variables") {
        None | Some(Value::Null) => JsonMap::new(),
        Some(variables) => {
            serde_json::from_value(variables.clone()).map_err(|_| one("The variables are not an object."))?
        }
    };
    let coerced =
        coerce_variable_values(&schema, operation, &raw).map_err(|e| one(&e.message().to_string()))?;
    let variables = match serde_json::to_value(&*coerced) {
        Ok(Value::Object(map)) => map,
        _ => Map::new(),
    };
    let roots = operation.root_fields(&document).map(|f| f.name.to_string()).collect();
    Ok(Prepared { schema, document, name, raw_variables: raw, variables, kind, roots })
}

/// An unknown field leaves an empty selection behind, which the compiler reports as well: that is no second error.
fn document_errors(errors: impl Iterator<Item = GraphQLError>) -> Vec<SimError> {
    let mut errors: Vec<SimError> = errors.map(|e| document_error(&e)).collect();
    if errors.iter().any(|e| e.message.starts_with("Cannot query field")) {
        errors.retain(|e| !e.message.ends_with("must have a subselection set"));
    }
    errors
}

fn document_error(error: &GraphQLError) -> SimError {
    // The one text that is known for this refusal.
    let unknown =
        error.message.strip_prefix("type `").and_then(|rest| rest.split_once("` does not have a field `"));
    match unknown.and_then(|(ty, rest)| Some((ty, rest.split('`').next()?))) {
        Some((ty, field)) => SimError::document(format!("Cannot query field \"{field}\" on type \"{ty}\".")),
        None => SimError::document(error.message.clone()),
    }
}

/// Carries out a request and builds the body of its answer.
pub fn execute(state: &mut State, token: &Token, request: &Prepared, truncate: bool) -> String {
    let Ok(operation) = request.document.operations.get(request.name.as_deref()) else {
        return answer(None, &[]);
    };
    let mut errors = Vec::new();
    let mut outcomes = HashMap::new();
    if operation.operation_type == OperationType::Mutation {
        let mut data_null = false;
        for (key, performed) in perform(state, token, request, operation) {
            data_null |= performed.data_null;
            errors.extend(performed.errors.iter().map(SimError::to_json));
            outcomes.insert(key, performed.outcome);
        }
        if data_null {
            return answer(None, &errors);
        }
    }
    let context = Context {
        world: &state.world,
        switches: &state.switches,
        token,
        variables: &request.variables,
        outcomes,
        events: &[],
        truncate,
        errors: RefCell::default(),
        today: state.world.clock.today(),
    };
    let root = Object::root(&context, operation.object_type().as_str());
    let result = Execution::new(&request.schema, &request.document)
        .operation(operation)
        .raw_variable_values(&request.raw_variables)
        .enable_schema_introspection(state.switches.introspection)
        .execute_sync(&root);
    match result {
        Ok(response) => {
            errors.extend(field_errors(&response.errors, &context.errors.borrow()));
            answer(response.data.as_ref(), &errors)
        }
        Err(error) => {
            errors.push(SimError::document(error.message().to_string()).to_json());
            answer(None, &errors)
        }
    }
}

fn perform(
    state: &mut State,
    token: &Token,
    request: &Prepared,
    operation: &Operation,
) -> Vec<(String, mutate::Performed)> {
    let mut performed = Vec::new();
    for field in operation.root_fields(&request.document) {
        if field.name.starts_with("__") || !arguments::is_selected(field, &request.variables) {
            continue;
        }
        let arguments = arguments::of_field(field, &request.variables);
        let State { world, switches, writes, .. } = state;
        let done = match mutate::run(world, switches, token, &field.name, &arguments, writes) {
            Some(done) => done,
            None => webhook::run(state, token, &field.name, &arguments),
        };
        performed.push((field.response_key().to_string(), done));
    }
    performed
}

/// Puts our errors back where the executor carries their numbers. A missing right is said once, not for every record.
fn field_errors(errors: &[GraphQLError], ours: &[SimError]) -> Vec<Value> {
    let mut said = vec![false; ours.len()];
    let mut entries = Vec::new();
    for error in errors {
        let number: Option<usize> =
            error.message.strip_prefix("resolver error: ").and_then(|n| n.parse().ok());
        let known = number.and_then(|n| Some((n, ours.get(n)?)));
        let mut entry = match known {
            Some((number, ours)) => {
                if std::mem::replace(&mut said[number], true) && ours.code.as_deref() == Some("FORBIDDEN") {
                    continue;
                }
                ours.to_json()
            }
            None => SimError::document(error.message.clone()).to_json(),
        };
        entry["path"] = json!(error.path);
        entries.push(entry);
    }
    entries
}

/// The body of an answer that has data.
fn answer(data: Option<&JsonMap>, errors: &[Value]) -> String {
    let data = serde_json::to_string(&data).unwrap_or_else(|_| "null".to_owned());
    if errors.is_empty() {
        return format!("{{\"data\":{data}}}");
    }
    format!("{{\"data\":{data},\"errors\":{}}}", Value::from(errors))
}

/// The body of an answer that only refuses.
pub fn refusal(errors: &[SimError]) -> String {
    json!({"data": null, "errors": errors.iter().map(SimError::to_json).collect::<Vec<_>>()}).to_string()
}
