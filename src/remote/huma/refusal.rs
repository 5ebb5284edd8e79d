//! What Huma's statuses and error bodies mean (`huma.md` section 4).
//!
//! Error bodies are read leniently: one that does not match its description changes nothing but the words.

use crate::domain::Side;
use crate::remote::transport::{Effect, Reply};
use crate::remote::{RemoteError, Words};
use reqwest::StatusCode;
use serde_json::Value;

/// Huma's code for something that is not there, or hidden from the key.
pub const NOT_FOUND: &str = "object:not-found";

/// The most of what Huma said that is kept.
const WORDS_LIMIT: usize = 2000;

/// The failure this answer is; `None` for success.
pub fn classify(reply: &Reply, effect: Effect, route: &str) -> Option<RemoteError> {
    let side = Side::Huma;
    if reply.status.is_success() {
        return None;
    }
    if let Some(error) = reply.failure(side, effect) {
        return Some(error);
    }
    let body: Option<Value> = serde_json::from_slice(&reply.body).ok();
    Some(match reply.status {
        StatusCode::UNAUTHORIZED => RemoteError::Unauthorized { side },
        StatusCode::FORBIDDEN => RemoteError::Forbidden { side, what: route.to_owned() },
        // Only Huma itself can say that a person is gone; a 404 page of a gateway in between cannot (P7).
        StatusCode::NOT_FOUND if effect == Effect::Read && !matches!(body, Some(Value::Object(_))) => {
            RemoteError::Unavailable { side, what: "HTTP 404 without Huma's words".into() }
        }
        StatusCode::NOT_FOUND => refused(NOT_FOUND.to_owned(), body.as_ref(), reply),
        status if status.is_client_error() => {
            refused(code(body.as_ref(), status.as_u16()), body.as_ref(), reply)
        }
        status => RemoteError::Unexpected { side, path: format!("HTTP {}", status.as_u16()) },
    })
}

/// Whether an error says that the object is gone or hidden.
pub fn is_absent(error: &RemoteError) -> bool {
    matches!(error, RemoteError::Refused { code, .. } if code == NOT_FOUND)
}

fn refused(code: String, body: Option<&Value>, reply: &Reply) -> RemoteError {
    let said = body.and_then(|body| body.get("errorMessage")?.as_str()).map(str::to_owned);
    let said = said.unwrap_or_else(|| String::from_utf8_lossy(&reply.body).into_owned());
    let fields = body.and_then(|body| body.get("fields")?.as_array()).into_iter().flatten();
    let fields = fields.filter_map(Value::as_str).filter(|name| is_plain(name)).map(str::to_owned);
    RemoteError::Refused {
        side: Side::Huma,
        code,
        words: Words(said.chars().take(WORDS_LIMIT).collect()),
        fields: fields.collect(),
    }
}

/// Huma's own code where it gave one. It goes into logs, so anything but a plain word is left out.
fn code(body: Option<&Value>, status: u16) -> String {
    let own = body.and_then(|body| body.get("errorCode")?.as_str()).filter(|code| is_plain(code));
    own.map_or_else(|| format!("http:{status}"), str::to_owned)
}

fn is_plain(word: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphabetic() || matches!(c, ':' | '-' | '_' | '.');
    (1..=64).contains(&word.len()) && word.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn classified(status: u16, body: &str, effect: Effect) -> RemoteError {
        let status = StatusCode::from_u16(status).unwrap();
        let reply = Reply { status, body: body.to_owned().into(), retry_after: None };
        classify(&reply, effect, "PATCH /users/{id}").expect("not a success")
    }

    #[test]
    fn a_400_names_the_fields_it_refused() {
        let body =
            r#"{"errorCode":"field:invalid-format","errorMessage":"no","fields":["birthDate","Kari 99"]}"#;
        let RemoteError::Refused { code, words, fields, .. } = classified(400, body, Effect::Write) else {
            panic!("not refused")
        };
        assert_eq!((code.as_str(), words.0.as_str()), ("field:invalid-format", "no"));
        assert_eq!(fields, ["birthDate"]);
    }

    #[test]
    fn every_row_of_the_table_has_its_failure() {
        use RemoteError as E;
        let spring =
            r#"{"timestamp":"2021-02-26T11:11:10.152Z","status":500,"error":"x","message":"x","path":"/x"}"#;
        assert!(matches!(
            classified(401, r#"{"error":"invalid_token"}"#, Effect::Read),
            E::Unauthorized { .. }
        ));
        assert!(
            matches!(classified(403, "", Effect::Write), E::Forbidden { what, .. } if what == "PATCH /users/{id}")
        );
        for status in [409, 415, 422] {
            let expected = format!("http:{status}");
            assert!(
                matches!(classified(status, "<html>", Effect::Write), E::Refused { code, .. } if code == expected)
            );
        }
        assert!(matches!(classified(500, spring, Effect::Read), E::Unavailable { .. }));
        assert!(matches!(classified(500, spring, Effect::Write), E::OutcomeUnknown { .. }));
        assert!(matches!(classified(429, "", Effect::Write), E::RateLimited { retry_after, .. }
            if retry_after == Duration::from_secs(5)));
        assert!(matches!(classified(302, "", Effect::Read), E::Unexpected { .. }));
    }

    #[test]
    fn only_huma_itself_can_say_that_somebody_is_gone() {
        let own = r#"{"errorCode":"object:not-found","errorMessage":"x","interpolations":{"type":"User","id":"x"}}"#;
        assert!(is_absent(&classified(404, own, Effect::Read)));
        assert!(is_absent(&classified(404, own, Effect::Write)));
        let page = classified(404, "<html>no such host</html>", Effect::Read);
        assert!(matches!(page, RemoteError::Unavailable { .. }), "{page:?}");
    }

    #[test]
    fn p10_what_huma_said_stays_out_of_the_error_text() {
        let body = r#"{"errorCode":"Kari Nordmann 23049012345","errorMessage":"kari@example.no is taken"}"#;
        let error = classified(400, body, Effect::Write);
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("ari") && !shown.contains("23049012345"), "{shown}");
    }
}
