//! The control API under `/_sandbox/`: people as a payroll clerk sees them, switches, faults, the clock, and what happened.

use std::sync::Arc;

use axum::extract::{Path, State as Extract};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, put};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::Shared;

pub fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/_sandbox/people", get(people).post(add_person))
        .route("/_sandbox/people/{db_id}", get(person).patch(edit_person).delete(remove_person))
        .route("/_sandbox/switches", get(switches).put(set_switches))
        .route("/_sandbox/faults", get(faults).post(add_fault).delete(remove_faults))
        .route("/_sandbox/faults/{id}", delete(remove_fault))
        .route("/_sandbox/counters", get(counters))
        .route("/_sandbox/writes", get(writes))
        .route("/_sandbox/requests", get(requests))
        .route("/_sandbox/tokens", get(tokens).put(set_tokens))
        .route("/_sandbox/clock", put(set_clock))
}

type Sim = Extract<Arc<Shared>>;

async fn people(Extract(sim): Sim) -> Json<Value> {
    Json(sim.people())
}

async fn person(Extract(sim): Sim, Path(db_id): Path<i64>) -> Response {
    match sim.person(db_id) {
        Some(person) => Json(person).into_response(),
        None => problem(StatusCode::NOT_FOUND, &format!("There is no employee {db_id}.")),
    }
}

async fn add_person(Extract(sim): Sim, Json(person): Json<Value>) -> Response {
    match sim.add_person(person) {
        Ok(db_id) => (StatusCode::CREATED, Json(json!({"db_id": db_id}))).into_response(),
        Err(message) => problem(StatusCode::UNPROCESSABLE_ENTITY, &message),
    }
}

async fn edit_person(Extract(sim): Sim, Path(db_id): Path<i64>, Json(changes): Json<Value>) -> Response {
    match sim.edit_person(db_id, &changes) {
        Ok(()) => Json(sim.person(db_id)).into_response(),
        Err(message) if sim.person(db_id).is_none() => problem(StatusCode::NOT_FOUND, &message),
        Err(message) => problem(StatusCode::UNPROCESSABLE_ENTITY, &message),
    }
}

async fn remove_person(Extract(sim): Sim, Path(db_id): Path<i64>) -> Response {
    if sim.remove_person(db_id) {
        return StatusCode::NO_CONTENT.into_response();
    }
    problem(StatusCode::NOT_FOUND, &format!("There is no employee {db_id}."))
}

async fn switches(Extract(sim): Sim) -> Response {
    Json(sim.state().switches.clone()).into_response()
}

async fn set_switches(Extract(sim): Sim, Json(changes): Json<Value>) -> Response {
    match sim.merge_switches(&changes) {
        Ok(()) => Json(sim.state().switches.clone()).into_response(),
        Err(message) => problem(StatusCode::UNPROCESSABLE_ENTITY, &message),
    }
}

async fn faults(Extract(sim): Sim) -> Json<Value> {
    Json(sim.state().faults())
}

async fn add_fault(Extract(sim): Sim, Json(rule): Json<Value>) -> Response {
    match sim.add_fault(rule) {
        Ok(id) => (StatusCode::CREATED, Json(json!({"id": id}))).into_response(),
        Err(message) => problem(StatusCode::UNPROCESSABLE_ENTITY, &message),
    }
}

async fn remove_faults(Extract(sim): Sim) -> StatusCode {
    sim.remove_faults(None);
    StatusCode::NO_CONTENT
}

async fn remove_fault(Extract(sim): Sim, Path(id): Path<u64>) -> StatusCode {
    sim.remove_faults(Some(id));
    StatusCode::NO_CONTENT
}

async fn counters(Extract(sim): Sim) -> Response {
    Json(sim.state().counters.clone()).into_response()
}

async fn writes(Extract(sim): Sim) -> Response {
    Json(sim.state().writes.clone()).into_response()
}

async fn requests(Extract(sim): Sim) -> Response {
    Json(sim.state().requests.clone()).into_response()
}

async fn tokens(Extract(sim): Sim) -> Response {
    Json(sim.state().tokens.clone()).into_response()
}

async fn set_tokens(Extract(sim): Sim, Json(tokens): Json<Value>) -> Response {
    match serde_json::from_value(tokens) {
        Ok(tokens) => {
            sim.state().tokens = tokens;
            StatusCode::NO_CONTENT.into_response()
        }
        Err(error) => problem(StatusCode::UNPROCESSABLE_ENTITY, &error.to_string()),
    }
}

async fn set_clock(Extract(sim): Sim, Json(clock): Json<Value>) -> Response {
    match sim.set_clock(&clock) {
        Ok(local) => Json(json!({"local": local})).into_response(),
        Err(message) => problem(StatusCode::UNPROCESSABLE_ENTITY, &message),
    }
}

fn problem(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({"error": message}))).into_response()
}
