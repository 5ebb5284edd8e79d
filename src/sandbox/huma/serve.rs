//! One request from its bytes to its answer, with whatever a fault does to it on the way.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::Response;
use serde_json::Value;

use super::answer::{Answer, invalid_fields};
use super::api::{self, Call, Route};
use super::control::{self, Control};
use super::faults::{
    FaultKind, html_answer, slow_response, status_answer, truncate_page, truncated_response,
};
use super::record::RequestRecord;
use super::wire::Cut;

/// Bodies above this are refused.
const BODY_LIMIT: usize = 4 << 20;

pub async fn handle(
    State(control): State<Arc<Control>>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    request: Request,
) -> Response<Body> {
    // Nothing waits for a delay, a release or a slow body once the simulator stops.
    let answered = control.stop.run_until_cancelled(answer(&control, &cut, request)).await;
    answered.unwrap_or_else(|| dropped(&cut))
}

async fn answer(control: &Control, cut: &Cut, request: Request) -> Response<Body> {
    let (head, body) = request.into_parts();
    let Ok(bytes) = to_bytes(body, BODY_LIMIT).await else {
        return invalid_fields(Vec::<String>::new()).into_response();
    };
    let call = Call::new(&head.method, &head.uri, &head.headers, bytes);
    if call.path.starts_with("/_sandbox/") {
        return control::respond(control, &call).into_response();
    }

    let (number, fault) = note(control, &call);
    let respond = || api::respond(&mut control.world(), &call);
    let answer = match &fault {
        None => respond(),
        Some(FaultKind::Status { status, body, retry_after }) => {
            let at = control.world().clock.now_text();
            status_answer(*status, body.clone(), retry_after.clone(), &call.path, &at)
        }
        Some(FaultKind::DropBefore) => return dropped(cut),
        Some(FaultKind::DropAfter) => {
            respond();
            return dropped(cut);
        }
        Some(FaultKind::Delay { delay_ms, after_effect: false }) => {
            tokio::time::sleep(Duration::from_millis(*delay_ms)).await;
            respond()
        }
        Some(FaultKind::Delay { delay_ms, after_effect: true }) => {
            let answer = respond();
            tokio::time::sleep(Duration::from_millis(*delay_ms)).await;
            answer
        }
        Some(FaultKind::Hold { after_effect: false }) => {
            control.gate.pass().await;
            respond()
        }
        Some(FaultKind::Hold { after_effect: true }) => {
            let answer = respond();
            control.gate.pass().await;
            answer
        }
        Some(FaultKind::Html) => html_answer(),
        Some(FaultKind::TruncatedJson | FaultKind::SlowBody { .. }) => respond(),
        Some(FaultKind::TruncatedPage) => {
            let mut answer = respond();
            truncate_page(&mut answer);
            answer
        }
    };
    if let Some(record) = control.world().record.requests.get_mut(number) {
        record.status = Some(answer.status);
    }
    match fault {
        Some(FaultKind::TruncatedJson) => truncated_response(&answer),
        Some(FaultKind::SlowBody { delay_ms }) => {
            slow_response(&answer, Duration::from_millis(delay_ms), control.stop.clone())
        }
        Some(
            FaultKind::Status { .. }
            | FaultKind::DropBefore
            | FaultKind::DropAfter
            | FaultKind::Delay { .. }
            | FaultKind::Hold { .. }
            | FaultKind::Html
            | FaultKind::TruncatedPage,
        )
        | None => answer.into_response(),
    }
}

/// Records the request and finds the fault that acts on it.
fn note(control: &Control, call: &Call) -> (usize, Option<FaultKind>) {
    let route = Route::of(&call.method, &call.path);
    // A token request holds the client secret.
    let body = if route == Route::Token {
        Value::Null
    } else {
        serde_json::from_slice(&call.bytes).unwrap_or_default()
    };
    let mut world = control.world();
    let at = world.clock.now_text();
    let number = world.record.request(RequestRecord {
        at,
        method: call.method.clone(),
        path: call.path_and_query.clone(),
        route: route.template().to_owned(),
        body,
        status: None,
    });
    let fault = world.faults.take(&call.method, &call.path_and_query, route.template());
    (number, fault)
}

/// Ends the connection. What is returned here is never written.
fn dropped(cut: &Cut) -> Response<Body> {
    cut.now();
    Answer::empty(500).into_response()
}
