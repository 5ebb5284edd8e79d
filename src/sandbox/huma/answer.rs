//! What the simulator answers, and the error bodies Huma's description gives.

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};

/// An HTTP answer before it becomes bytes, so that a fault can still spoil it.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub retry_after: Option<String>,
    pub payload: Payload,
}

#[derive(Debug, Clone)]
pub enum Payload {
    Empty,
    Json(Value),
    Html(String),
}

/// `Err` is an answer too: the one that refuses.
pub type Outcome = Result<Answer, Answer>;

impl Answer {
    pub fn json(status: u16, body: Value) -> Answer {
        Answer { status, retry_after: None, payload: Payload::Json(body) }
    }

    pub fn ok(body: Value) -> Answer {
        Answer::json(200, body)
    }

    pub fn empty(status: u16) -> Answer {
        Answer { status, retry_after: None, payload: Payload::Empty }
    }

    /// The bytes of the body and their content type.
    pub fn bytes(&self) -> (Vec<u8>, Option<&'static str>) {
        match &self.payload {
            Payload::Empty => (Vec::new(), None),
            Payload::Json(value) => (value.to_string().into_bytes(), Some("application/json")),
            Payload::Html(text) => (text.clone().into_bytes(), Some("text/html;charset=utf-8")),
        }
    }

    pub fn into_response(self) -> Response<Body> {
        let (bytes, _) = self.bytes();
        self.with_body(Body::from(bytes))
    }

    /// This answer's status and headers over another body.
    pub fn with_body(&self, body: Body) -> Response<Body> {
        let mut response = Response::new(body);
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if let (_, Some(content_type)) = self.bytes() {
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        if let Some(value) = self.retry_after.as_deref().and_then(|text| HeaderValue::from_str(text).ok()) {
            response.headers_mut().insert(header::RETRY_AFTER, value);
        }
        response
    }
}

/// `InvalidFieldFormatResponse`.
pub fn invalid_fields<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Answer {
    refused("field:invalid-format", "Invalid field format", names)
}

/// A 400 with an error code of our invention: the contract knows that others exist, and none of them.
pub fn refused<S: Into<String>>(code: &str, message: &str, names: impl IntoIterator<Item = S>) -> Answer {
    let names: Vec<String> = names.into_iter().map(Into::into).collect();
    Answer::json(400, json!({"errorCode": code, "errorMessage": message, "fields": names}))
}

/// `NotFoundErrorResponse`.
pub fn not_found(kind: &str, id: &str) -> Answer {
    Answer::json(
        404,
        json!({
            "errorCode": "object:not-found",
            "errorMessage": "Object not found",
            "interpolations": {"type": kind, "id": id},
        }),
    )
}

/// `InvalidTokenResponse`, which also answers wrong client credentials.
pub fn unauthorized(error: &str, description: &str) -> Answer {
    Answer::json(401, json!({"error": error, "error_description": description}))
}

/// The ordinary Spring error body: what 500 is declared to look like, and 403, 409, 415 and 429 presumably do.
pub fn problem(status: u16, message: &str, path: &str, at: &str) -> Answer {
    let name =
        StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Error");
    Answer::json(
        status,
        json!({"timestamp": at, "status": status, "error": name, "message": message, "path": path}),
    )
}
