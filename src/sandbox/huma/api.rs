//! From a request to the operation it asks for.

use axum::body::Bytes;
use axum::extract::Query;
use axum::http::{HeaderMap, Method, Uri, header};
use serde_json::{Map, Value};

use super::answer::{Answer, Outcome, invalid_fields, not_found, problem};
use super::world::World;
use super::{catalogue, position_calls, tokens, users};

/// A request, read to its end.
#[derive(Clone)]
pub struct Call {
    pub method: String,
    pub path: String,
    pub path_and_query: String,
    pub query: Vec<(String, String)>,
    pub content_type: Option<String>,
    pub authorization: Option<String>,
    pub bytes: Bytes,
}

impl Call {
    pub fn new(method: &Method, uri: &Uri, headers: &HeaderMap, bytes: Bytes) -> Call {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        Call {
            method: method.to_string(),
            path: uri.path().to_owned(),
            path_and_query: uri.path_and_query().map_or_else(String::new, ToString::to_string),
            query: Query::try_from_uri(uri).map(|Query(pairs)| pairs).unwrap_or_default(),
            content_type: text(header::CONTENT_TYPE),
            authorization: text(header::AUTHORIZATION),
            bytes,
        }
    }

    /// The body, which has to say that it is JSON.
    pub fn json(&self, world: &World) -> Result<Value, Answer> {
        let kind = self.content_type.as_deref().unwrap_or_default();
        if !kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
            return Err(problem(415, "Content type not supported", &self.path, &world.clock.now_text()));
        }
        serde_json::from_slice(&self.bytes).map_err(|_| invalid_fields(Vec::<String>::new()))
    }

    /// The body of a PATCH.
    pub fn json_object(&self, world: &World) -> Result<Map<String, Value>, Answer> {
        match self.json(world)? {
            Value::Object(body) => Ok(body),
            _ => Err(invalid_fields(Vec::<String>::new())),
        }
    }
}

/// The operations on hxsync's path; everything else is [`Route::Other`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route<'a> {
    Token,
    ListUsers,
    CreateUser,
    FindUser(&'a str),
    UpdateUser(&'a str),
    ListPositions(&'a str),
    CreatePosition(&'a str),
    FindPosition(&'a str, &'a str),
    UpdatePosition(&'a str, &'a str),
    DeletePosition(&'a str, &'a str),
    ListTitles,
    CreateTitle,
    FindTitle(&'a str),
    UpdateTitle(&'a str),
    ListGroups,
    Other,
}

impl<'a> Route<'a> {
    pub fn of(method: &str, path: &'a str) -> Route<'a> {
        let segments: Vec<&str> = path.split('/').skip(1).collect();
        match (method, segments.as_slice()) {
            ("POST", ["auth", "oauth", "token"]) => Route::Token,
            ("GET", ["users"]) => Route::ListUsers,
            ("POST", ["users"]) => Route::CreateUser,
            ("GET", ["users", id]) => Route::FindUser(id),
            ("PATCH", ["users", id]) => Route::UpdateUser(id),
            ("GET", ["users", user, "positions"]) => Route::ListPositions(user),
            ("POST", ["users", user, "positions"]) => Route::CreatePosition(user),
            ("GET", ["users", user, "positions", id]) => Route::FindPosition(user, id),
            ("PATCH", ["users", user, "positions", id]) => Route::UpdatePosition(user, id),
            ("DELETE", ["users", user, "positions", id]) => Route::DeletePosition(user, id),
            ("GET", ["job-titles"]) => Route::ListTitles,
            ("POST", ["job-titles"]) => Route::CreateTitle,
            ("GET", ["job-titles", id]) => Route::FindTitle(id),
            ("PATCH", ["job-titles", id]) => Route::UpdateTitle(id),
            ("GET", ["groups"]) => Route::ListGroups,
            _ => Route::Other,
        }
    }

    /// The path with names for its variable parts.
    pub fn template(self) -> &'static str {
        match self {
            Route::Token => "/auth/oauth/token",
            Route::ListUsers | Route::CreateUser => "/users",
            Route::FindUser(_) | Route::UpdateUser(_) => "/users/{id}",
            Route::ListPositions(_) | Route::CreatePosition(_) => "/users/{userId}/positions",
            Route::FindPosition(..) | Route::UpdatePosition(..) | Route::DeletePosition(..) => {
                "/users/{userId}/positions/{id}"
            }
            Route::ListTitles | Route::CreateTitle => "/job-titles",
            Route::FindTitle(_) | Route::UpdateTitle(_) => "/job-titles/{id}",
            Route::ListGroups => "/groups",
            Route::Other => "other",
        }
    }
}

/// Does what is asked. The rate limit and the token come before everything else.
pub fn respond(world: &mut World, call: &Call) -> Answer {
    dispatch(world, call).unwrap_or_else(|refusal| refusal)
}

fn dispatch(world: &mut World, call: &Call) -> Outcome {
    let route = Route::of(&call.method, &call.path);
    if route == Route::Token {
        return tokens::issue(world, call);
    }
    if let Err(retry_after_s) = world.rate.admit(world.switches.rate_limit) {
        world.record.counters.rate_limited += 1;
        let mut answer = problem(429, "Too many requests", &call.path, &world.clock.now_text());
        answer.retry_after = retry_after_s.map(|seconds| seconds.to_string());
        return Err(answer);
    }
    world.tokens.check(call.authorization.as_deref())?;
    match route {
        Route::Token | Route::Other => Err(not_found("Endpoint", &format!("{} {}", call.method, call.path))),
        Route::ListUsers => users::list(world, call),
        Route::CreateUser => users::create(world, call),
        Route::FindUser(id) => users::find(world, id),
        Route::UpdateUser(id) => users::update(world, call, id),
        Route::ListPositions(user) => position_calls::list(world, call, user),
        Route::CreatePosition(user) => position_calls::create(world, call, user),
        Route::FindPosition(user, id) => position_calls::find(world, user, id),
        Route::UpdatePosition(user, id) => position_calls::update(world, call, user, id),
        Route::DeletePosition(user, id) => position_calls::delete(world, user, id),
        Route::ListTitles => catalogue::list_titles(world, call),
        Route::CreateTitle => catalogue::create_title(world, call),
        Route::FindTitle(id) => catalogue::find_title(world, id),
        Route::UpdateTitle(id) => catalogue::update_title(world, call, id),
        Route::ListGroups => catalogue::list_groups(world, call),
    }
}
