//! `POST /graphql`: authorisation, limits, faults, then the request itself.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, State as Extract};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;

use super::Shared;
use super::error::SimError;
use super::execute::{self, Prepared};
use super::fault::{Fault, Hit, OperationKind};
use super::line::Line;
use super::rights::Token;
use super::state::Request;

const BAD_TOKEN_FORMAT: &str =
    "Bad format for API Token. Expected header: \"Authorization: token <your-token>\"";
const MAINTENANCE: &str = "<!DOCTYPE html><html><body><h1>Down for maintenance</h1></body></html>";

pub async fn graphql(
    Extract(shared): Extract<Arc<Shared>>,
    ConnectInfo(line): ConnectInfo<Line>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (status, text) = match admit(&shared, &headers, &body) {
        Err((status, error)) => (status, execute::refusal(&[error])),
        Ok((token, _in_flight)) => {
            let schema = shared.state().schema.clone();
            match execute::prepare(schema, &body) {
                Err(errors) => (StatusCode::OK, execute::refusal(&errors)),
                Ok(request) => match answer(&shared, &line, token, request, &body).await {
                    Answer::Json(text) => (StatusCode::OK, text),
                    Answer::Other(response) => return response,
                },
            }
        }
    };
    count_down(&shared, text.len());
    response(status, "application/json; charset=utf-8", text)
}

enum Answer {
    Json(String),
    Other(Response),
}

/// Counts as one request in flight until it is dropped.
struct InFlight(Arc<Shared>);

impl Drop for InFlight {
    fn drop(&mut self) {
        let limits = &mut self.0.state().limits;
        limits.in_flight = limits.in_flight.saturating_sub(1);
    }
}

fn admit(
    shared: &Arc<Shared>,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<(Token, InFlight), (StatusCode, SimError)> {
    let state = &mut *shared.state();
    let month = state.counters.month(&state.world.clock);
    month.requests += 1;
    month.bytes_up += u64::try_from(body.len()).unwrap_or(u64::MAX);
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let Some(given) = given.and_then(|value| value.strip_prefix("token ")) else {
        return Err((StatusCode::OK, SimError::new(BAD_TOKEN_FORMAT)));
    };
    let Some(token) = state.tokens.iter().find(|t| t.token == given).cloned() else {
        let status = StatusCode::from_u16(state.switches.unknown_token_status).unwrap_or(StatusCode::OK);
        return Err((status, SimError::new("The API token is not valid.")));
    };
    state.limits.admit(&state.switches, &state.world.clock).map_err(|e| (StatusCode::OK, e))?;
    state.limits.in_flight += 1;
    Ok((token, InFlight(shared.clone())))
}

async fn answer(shared: &Arc<Shared>, line: &Line, token: Token, request: Prepared, body: &Bytes) -> Answer {
    let hit = {
        let mut state = shared.state();
        match request.kind {
            OperationKind::Query => state.counters.queries += 1,
            OperationKind::Mutation => state.counters.mutations += 1,
        }
        for root in &request.roots {
            *state.counters.fields.entry(root.clone()).or_default() += 1;
        }
        let sent = serde_json::from_slice(body).unwrap_or_default();
        state.requests.push(Request { operation: request.kind, fields: request.roots.clone(), body: sent });
        state.faults.meet(request.kind, &request.roots)
    };
    let Some(Hit { fault, gate }) = hit else {
        return Answer::Json(perform(shared, token, request, false).await);
    };
    match fault {
        Fault::Status { code, body, retry_after } => {
            let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let mut response = response(status, "text/plain; charset=utf-8", body);
            if let Some(seconds) = retry_after {
                response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
            }
            Answer::Other(response)
        }
        Fault::Error { message, code, extensions } => {
            Answer::Json(execute::refusal(&[SimError { message, code, extensions }]))
        }
        Fault::DropBefore => Answer::Other(cut(line)),
        Fault::DropAfter => {
            perform(shared, token, request, false).await;
            Answer::Other(cut(line))
        }
        Fault::Delay { ms } => {
            tokio::time::sleep(Duration::from_millis(ms)).await;
            Answer::Json(perform(shared, token, request, false).await)
        }
        Fault::Html { code } => {
            let status = StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_GATEWAY);
            Answer::Other(response(status, "text/html; charset=utf-8", MAINTENANCE.to_owned()))
        }
        Fault::TruncatedJson => {
            let text = perform(shared, token, request, false).await;
            let mut half = text.len() / 2;
            while !text.is_char_boundary(half) {
                half -= 1;
            }
            Answer::Json(text[..half].to_owned())
        }
        Fault::TruncatedPage => Answer::Json(perform(shared, token, request, true).await),
        Fault::Hold => {
            shared.hold(&gate).await;
            Answer::Json(perform(shared, token, request, false).await)
        }
        Fault::HoldAfter => {
            let text = perform(shared, token, request, false).await;
            shared.hold(&gate).await;
            Answer::Json(text)
        }
    }
}

/// Carries out the request on a thread of its own: a page of 10,000 takes a while.
async fn perform(shared: &Arc<Shared>, token: Token, request: Prepared, truncate: bool) -> String {
    let worker = shared.clone();
    let work = tokio::task::spawn_blocking(move || {
        let state = &mut *worker.state();
        let before = state.writes.len();
        let text = execute::execute(state, &token, &request, truncate);
        state.counters.writes += u64::try_from(state.writes.len() - before).unwrap_or(0);
        text
    });
    let text = work.await.unwrap_or_else(|_| execute::refusal(&[SimError::new("The simulator failed.")]));
    shared.changed();
    text
}

fn cut(line: &Line) -> Response {
    line.cut();
    Response::new(Body::empty())
}

fn count_down(shared: &Shared, bytes: usize) {
    let state = &mut *shared.state();
    state.counters.month(&state.world.clock).bytes_down += u64::try_from(bytes).unwrap_or(u64::MAX);
}

fn response(status: StatusCode, content_type: &'static str, text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(content_type));
    response
}
