//! The simulator over real HTTP, as a client meets it.

mod access;
mod faults;
mod limits;
mod listing;
mod mutations;
mod people;
mod schema;
mod time;
mod webhooks;

use std::sync::Once;

use serde_json::{Value, json};

use super::{DEFAULT_TOKEN, Options, Switches, XledgerSim};
use crate::sandbox::people::{XledgerAddress, XledgerPerson};

/// Ada (101, a developer), Bo (102) and Cy (103, who left in 2025), with contacts 201.. and subledgers 301..
fn people() -> Vec<XledgerPerson> {
    let mut people: Vec<XledgerPerson> =
        ["Ada", "Bo", "Cy"].iter().zip(0..).map(|(n, i)| person(n, i)).collect();
    people[0].position_value = Some("Developer".into());
    people[0].marital_status = Some("Married".into());
    people[2].employment_to = Some("2025-06-30".into());
    people
}

fn person(first_name: &str, index: i64) -> XledgerPerson {
    XledgerPerson {
        db_id: 101 + index,
        contact_db_id: 201 + index,
        subledger_db_id: 301 + index,
        code: (1001 + index).to_string(),
        first_name: first_name.into(),
        last_name: "Strand".into(),
        email: Some(format!("{}@fjordvik.example", first_name.to_lowercase())),
        birthday: Some("1990-05-17".into()),
        gender: Some("F".into()),
        bank_account: Some("15030000003".into()),
        home_address: Some(XledgerAddress {
            street_address: "Kaigata 1".into(),
            zip_code: "5003".into(),
            place: "Bergen".into(),
            country: "NO".into(),
        }),
        employment_from: Some("2020-01-01".into()),
        ..XledgerPerson::default()
    }
}

async fn start() -> XledgerSim {
    start_with(|_| {}).await
}

async fn start_with(change: impl FnOnce(&mut Options)) -> XledgerSim {
    let mut options = Options {
        switches: Switches::without_limits(),
        stopped_at: Some("2026-03-02T09:00:00Z".parse().unwrap()),
        ..Options::default()
    };
    change(&mut options);
    XledgerSim::start(&people(), options).await.unwrap()
}

fn client() -> reqwest::Client {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        // Tests of other modules in this process may have been first.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    reqwest::Client::new()
}

async fn post(sim: &XledgerSim, query: &str, variables: Value) -> reqwest::Result<reqwest::Response> {
    let request = client().post(sim.url()).header("authorization", format!("token {DEFAULT_TOKEN}"));
    request.json(&json!({"query": query, "variables": variables})).send().await
}

/// The whole answer.
async fn ask(sim: &XledgerSim, query: &str) -> Value {
    ask_with(sim, query, json!({})).await
}

async fn ask_with(sim: &XledgerSim, query: &str, variables: Value) -> Value {
    let response = post(sim, query, variables).await.unwrap();
    assert_eq!(response.status(), 200);
    response.json().await.unwrap()
}

/// The data of an answer that has no errors.
async fn data(sim: &XledgerSim, query: &str) -> Value {
    without_errors(ask(sim, query).await)
}

fn without_errors(answer: Value) -> Value {
    assert_eq!(answer.get("errors"), None, "{answer}");
    answer["data"].clone()
}

/// The values of `nodes[].field` of the only root field.
fn column(data: &Value, field: &str) -> Vec<Value> {
    let root = data.as_object().unwrap().values().next().unwrap();
    let edges = root["edges"].as_array().cloned().unwrap_or_default();
    edges.iter().map(|edge| edge["node"][field].clone()).collect()
}

async fn update_employees(sim: &XledgerSim, inputs: Value) -> Value {
    let document = "mutation Change($inputs: [UpdateEmployeesInput!]!) { \
        updateEmployees(inputs: $inputs) { edges { clientId node { dbId } } } }";
    ask_with(sim, document, json!({"inputs": inputs})).await
}

async fn update_contacts(sim: &XledgerSim, inputs: Value) -> Value {
    let document = "mutation Change($inputs: [UpdateContactsInput!]!) { \
        updateContacts(inputs: $inputs) { edges { clientId node { dbId } } } }";
    ask_with(sim, document, json!({"inputs": inputs})).await
}

fn invalid_value(answer: &Value) -> bool {
    answer["errors"][0]["extensions"]["code"] == "INVALID_VALUE"
}
