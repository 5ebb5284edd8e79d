//! Client credentials in, access tokens out.

use std::time::{Duration, Instant};

use axum::extract::Query;
use axum::http::Uri;
use serde_json::{Value, json};

use super::answer::{Answer, Outcome, invalid_fields, problem, unauthorized};
use super::api::Call;
use super::switches::ExpiresInValue;
use super::world::World;

/// What the key is and what has been given out for it.
pub struct Tokens {
    pub client_id: String,
    pub client_secret: String,
    pub organization_id: String,
    /// The service user behind the key; `me` in paths.
    pub user_id: String,
    live: Vec<Token>,
}

struct Token {
    value: String,
    issued_at: Instant,
    ttl: Duration,
}

impl Tokens {
    pub fn new(client_id: String, client_secret: String, organization_id: String, user_id: String) -> Tokens {
        Tokens { client_id, client_secret, organization_id, user_id, live: Vec::new() }
    }

    /// Ends every token given out so far.
    pub fn expire_all(&mut self) {
        self.live.clear();
    }

    /// Refuses a missing, unknown or expired bearer.
    pub fn check(&self, authorization: Option<&str>) -> Result<(), Answer> {
        let bearer = authorization.and_then(|header| header.strip_prefix("Bearer "));
        let Some(bearer) = bearer else {
            return Err(unauthorized(
                "unauthorized",
                "Full authentication is required to access this resource",
            ));
        };
        match self.live.iter().find(|token| token.value == bearer) {
            Some(token) if token.issued_at.elapsed() < token.ttl => Ok(()),
            Some(_) => Err(unauthorized("invalid_token", "Access token expired")),
            None => Err(unauthorized("invalid_token", "Invalid access token")),
        }
    }
}

/// `POST /auth/oauth/token`: form body only, client credentials only.
pub fn issue(world: &mut World, call: &Call) -> Outcome {
    let form_body = call.content_type.as_deref().is_some_and(|kind| {
        kind.split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .eq_ignore_ascii_case("application/x-www-form-urlencoded")
    });
    if !form_body {
        return Err(problem(415, "Content type not supported", &call.path, &world.clock.now_text()));
    }
    let Some(form) = read_form(&call.bytes) else { return Err(invalid_fields(["grant_type"])) };
    let value = |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    if value("grant_type") != Some("client_credentials") {
        return Err(invalid_fields(["grant_type"]));
    }
    let right = value("client_id") == Some(world.tokens.client_id.as_str())
        && value("client_secret") == Some(world.tokens.client_secret.as_str());
    if !right {
        return Err(unauthorized("invalid_client", "Bad client credentials"));
    }

    let ttl_s = world.switches.token_ttl_s;
    let access_token = world.random_hex(40);
    if world.switches.old_token_dies_on_new {
        world.tokens.expire_all();
    }
    world.tokens.live.push(Token {
        value: access_token.clone(),
        issued_at: Instant::now(),
        ttl: Duration::from_secs(ttl_s),
    });
    world.record.counters.tokens_issued += 1;

    let mut body = json!({
        "access_token": access_token,
        "token_type": "bearer",
        "organizationId": world.tokens.organization_id,
        "userId": world.tokens.user_id,
    });
    let expires_in = match world.switches.expires_in_value {
        ExpiresInValue::TrueValue => Some(json!(ttl_s)),
        ExpiresInValue::Zero => Some(json!(0)),
        ExpiresInValue::Negative => Some(json!(-1)),
        ExpiresInValue::Missing => None,
    };
    if let (Some(expires_in), Value::Object(body)) = (expires_in, &mut body) {
        body.insert("expires_in".into(), expires_in);
    }
    Ok(Answer::ok(body))
}

/// A form has the spelling of a query, and axum reads those.
fn read_form(bytes: &[u8]) -> Option<Vec<(String, String)>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let uri: Uri = format!("/?{text}").parse().ok()?;
    Query::try_from_uri(&uri).ok().map(|Query(pairs)| pairs)
}
