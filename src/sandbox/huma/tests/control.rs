use serde_json::{Value, json};

use super::super::*;
use super::*;

#[tokio::test]
async fn a_clerk_edits_in_plain_values_and_clears_with_null() {
    let huma = Huma::start().await;
    let path = format!("/_sandbox/people/{KARI}");
    let edits = json!({
        "phone": null, "bankAccount": "12345678903", "jobTitle": "Sjef", "lastDayOfWork": "2027-01-31",
        "probationEndDate": null, "homeAddress": {"line1": "Havnegata 3", "postalCode": "5003", "city": "Bergen", "country": "NO"},
    });
    let (status, person) = huma.send("PATCH", &path, edits).await;
    assert_eq!((status, &person), (200, &huma.get(&path).await.1));
    let kari = huma.kari().await;
    assert_eq!(kari["phone"], json!({"editable": true}));
    assert_eq!(kari["bankAccount"]["value"]["number"], "12345678903");
    assert_eq!(kari["homeAddress"]["value"]["city"], "Bergen");
    assert_eq!(kari["jobTitle"]["value"]["name"], "Sjef");
    assert_eq!(kari["lastDayOfWork"]["value"], "2027-01-31");
    assert_eq!(kari["probationEndDate"], json!({"editable": false}));
    // Clerks are not the API: nothing of this counts as a write.
    assert_eq!(huma.sim.counters().writes, 0);
}

#[tokio::test]
async fn an_edit_that_does_not_fit_changes_nothing() {
    let huma = Huma::start().await;
    let before = huma.sim.person(KARI).unwrap();
    for (name, value) in [
        ("shoeSize", json!(43)),
        ("birthDate", json!("soon")),
        ("givenName", Value::Null),
        ("lastDayOfWork", json!("soon")),
        ("hidden", json!("phone")),
        ("positions", json!({})),
    ] {
        let error = huma.sim.edit(KARI, json!({"gender": "Male", name: value})).unwrap_err();
        assert_eq!(error, ClerkError::WrongField(name.into()));
    }
    assert_eq!(huma.sim.person(KARI).unwrap(), before);
    assert_eq!(huma.send("PATCH", "/_sandbox/people/nobody", json!({})).await.0, 404);
    assert_eq!(huma.send("PATCH", &format!("/_sandbox/people/{KARI}"), json!({"shoeSize": 43})).await.0, 400);
}

#[tokio::test]
async fn a_newcomer_appears_with_a_position() {
    let huma = Huma::start().await;
    let body = json!({
        "givenName": "Nils", "familyName": "Vik", "email": "nils@fjordlys.example", "jobTitle": "Selger",
        "firstDayOfWork": "2026-11-01",
    });
    let (status, person) = huma.send("POST", "/_sandbox/people", body).await;
    assert_eq!((status, &person["positions"][0]["status"]), (200, &json!("CURRENT")));
    let (_, nils) = huma.get(&format!("/users/{}", person["id"].as_str().unwrap())).await;
    assert_eq!(nils["currentPositions"][0]["title"]["name"], "Selger");
    assert_eq!(nils["firstDayOfWork"]["value"], "2026-11-01");
    assert_eq!(huma.sim.counters().invitations_sent, 0);
    let missing = huma.sim.add_person(json!({"givenName": "Nils"})).unwrap_err();
    assert_eq!(missing, ClerkError::MissingField("familyName"));
}

#[tokio::test]
async fn positions_can_be_replaced_as_a_whole() {
    let huma = Huma::start().await;
    let positions = json!([
        {"jobTitle": "Selger", "contractStartDate": "2020-01-01", "contractEndDate": "2021-01-01"},
        {"jobTitle": "Sjef", "contractStartDate": "2022-01-01", "percentage": 50},
    ]);
    let person = huma.sim.edit(KARI, json!({"positions": positions})).unwrap();
    assert_eq!(person["jobTitle"], "Sjef");
    let (_, page) = huma.get(&format!("/users/{KARI}/positions")).await;
    let statuses: Vec<_> =
        page["items"].as_array().unwrap().iter().map(|item| item["status"].clone()).collect();
    assert_eq!(statuses, ["CURRENT", "ENDED"]);
}

#[tokio::test]
async fn an_account_lives_and_ends() {
    let huma = Huma::start().await;
    let act = async |action: &str| {
        huma.send("POST", &format!("/_sandbox/people/{KARI}/{action}"), Value::Null).await.0
    };
    assert_eq!(act("deactivate").await, 200);
    assert!(huma.kari().await["status"]["deactivatedAt"].is_string());
    assert_eq!(act("activate").await, 200);
    assert_eq!(huma.kari().await["status"], json!({"active": true}));
    huma.patch_kari(json!({"email": "kn@fjordlys.example"})).await;
    assert_eq!(act("drop-requested-email").await, 200);
    assert_eq!(huma.kari().await["email"], json!({"value": "kari@fjordlys.example", "editable": true}));
    assert_eq!(act("promote").await, 404);
    assert_eq!(act("delete").await, 200);
    assert_eq!(huma.get(&format!("/users/{KARI}")).await.0, 404);
    assert_eq!(act("delete").await, 404);
}

#[tokio::test]
async fn switches_are_changed_one_at_a_time() {
    let huma = Huma::start().await;
    let changes = json!({
        "null_in_patch": "refused", "rate_limit": {"per_second": {"requests": 100}},
        "webhook_delivery": {"delayed_ms": 5}, "signature_encoding": "HEX",
    });
    assert_eq!(huma.send("PUT", "/_sandbox/switches", changes).await.0, 200);
    let expected = Switches {
        null_in_patch: NullInPatch::Refused,
        rate_limit: RateLimit::PerSecond { requests: 100, retry_after_s: None },
        webhook_delivery: WebhookDelivery::DelayedMs(5),
        signature_encoding: SignatureEncoding::HexUpper,
        ..Switches::default()
    };
    assert_eq!(huma.sim.switches(), expected);
    let (_, shown) = huma.get("/_sandbox/switches").await;
    assert_eq!((&shown["null_in_patch"], &shown["create_allowed"]), (&json!("refused"), &json!(true)));
    assert_eq!(huma.send("PUT", "/_sandbox/switches", json!({"gravity": false})).await.0, 400);
}

#[tokio::test]
async fn faults_clock_and_records_are_reached_over_http() {
    let huma = Huma::start().await;
    let fault =
        json!({"route": "/users/{id}", "count": 1, "kind": "status", "status": 503, "retry_after": 2});
    assert_eq!(huma.send("POST", "/_sandbox/faults", fault).await.0, 204);
    assert_eq!(huma.get(&format!("/users/{KARI}")).await.0, 503);
    assert_eq!(huma.send("POST", "/_sandbox/faults", json!({"kind": "drop_before"})).await.0, 204);
    assert_eq!(huma.send("DELETE", "/_sandbox/faults", Value::Null).await.0, 204);

    let clock = json!({"date": "2027-01-01", "zone": "Europe/Oslo"});
    assert_eq!(huma.send("PUT", "/_sandbox/clock", clock).await.0, 204);
    let (_, ola) = huma.get(&format!("/users/{OLA}")).await;
    assert_eq!(ola["currentPositions"][0]["status"], "CURRENT");
    assert_eq!(huma.send("PUT", "/_sandbox/clock", json!({"zone": "Europe/Atlantis"})).await.0, 400);

    huma.patch_kari(json!({"gender": "Male"})).await;
    let (_, writes) = huma.get("/_sandbox/writes").await;
    assert_eq!(writes.as_array().unwrap().len(), 1);
    assert_eq!((&writes[0]["what"], &writes[0]["user_id"]), (&json!("user_updated"), &json!(KARI)));
    assert_eq!(writes[0]["body"], json!({"gender": "Male"}));
    let (_, counters) = huma.get("/_sandbox/counters").await;
    assert_eq!(counters["requests"]["GET /users/{id}"], 2);
    assert_eq!(counters["writes"], 1);
    let (_, requests) = huma.get("/_sandbox/requests").await;
    let paths: Vec<_> = requests.as_array().unwrap().iter().map(|request| request["route"].clone()).collect();
    assert_eq!(paths, ["/auth/oauth/token", "/users/{id}", "/users/{id}", "/users/{id}"]);
    assert_eq!(requests[0]["body"], Value::Null);
    assert_eq!(huma.get("/_sandbox/people").await.1.as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn one_seed_makes_one_set_of_ids() {
    let ids = async || {
        let huma = Huma::start().await;
        (huma.token.clone(), huma.get("/job-titles").await.1)
    };
    assert_eq!(ids().await, ids().await);
}
