//! Which rights the API key has, shown by reading. Writing is never tried: a right to write shows when it is first used.

use super::call::Call;
use super::client::HumaClient;
use super::refusal::is_absent;
use crate::remote::{RemoteError, RightReport, RightState};
use serde_json::Value;

/// Rights that reading cannot show, and what does not work without them.
const TO_WRITE: [(&str, &str); 4] = [
    ("Profile fields: edit", "edits made in Xledger do not reach Huma"),
    ("Positions: edit", "job titles and employment dates from Xledger do not reach Huma"),
    ("Users: create", "nobody who is only in Xledger can be made in Huma"),
    ("Job titles: create", "a title that Huma lacks must be made there by hand"),
];

/// # Errors
/// Only what passes: Huma could not be reached or asked to wait.
pub async fn show(client: &HumaClient) -> Result<Vec<RightReport>, RemoteError> {
    let mut reports = Vec::new();
    let mut report = |right: &str, state, without: &str| {
        reports.push(RightReport { right: right.to_owned(), state, without: without.to_owned() });
    };
    let caller = client.caller();

    let login = shown(caller.token().await.map(|_| Value::Null))?;
    report("Open API key: login", login.0, "nothing of Huma can be read or written");
    let logged_in = login.0 == RightState::Ok;

    let ask = async |call: Call<'_>| {
        if logged_in { shown(caller.call(call).await) } else { Ok((RightState::Unproven, None)) }
    };
    let one = [("limit", "1"), ("offset", "0"), ("orderDirection", "ASC")];
    let (state, list) = ask(Call::get("GET /users", &["users"], &one)).await?;
    report("Users: see the list", state, "nobody can be found in Huma");

    let first = list.as_ref().and_then(|list| list.get("items")?.get(0)?.get("id")?.as_str());
    let mut of_first = (RightState::Unproven, RightState::Unproven);
    if let Some(id) = first {
        of_first.0 = ask(Call::get("GET /users/{id}", &["users", id], &[])).await?.0;
        let segments = ["users", id, "positions"];
        let page = [("limit", "1"), ("offset", "0")];
        of_first.1 = ask(Call::get("GET /users/{userId}/positions", &segments, &page)).await?.0;
    }
    report("Users: see profiles", of_first.0, "10 of the 15 fields are unknown");
    report(
        "Positions: see",
        of_first.1,
        "job titles and employment dates are unknown where Huma shows no copies",
    );

    let (state, _) = ask(Call::get("GET /job-titles", &["job-titles"], &[])).await?;
    report("Job titles: see", state, "job titles from Xledger cannot be written");
    let page = [("limit", "1"), ("offset", "0")];
    let (state, _) = ask(Call::get("GET /groups", &["groups"], &page)).await?;
    report("Groups: see", state, "the groups of new people cannot be checked");

    for (right, without) in TO_WRITE {
        report(right, RightState::Unproven, without);
    }
    Ok(reports)
}

fn shown(outcome: Result<Value, RemoteError>) -> Result<(RightState, Option<Value>), RemoteError> {
    match outcome {
        Ok(value) => Ok((RightState::Ok, Some(value))),
        Err(RemoteError::Unauthorized { .. } | RemoteError::Forbidden { .. }) => {
            Ok((RightState::Missing, None))
        }
        Err(error) if is_absent(&error) => Ok((RightState::Missing, None)),
        Err(error) => Err(error),
    }
}
