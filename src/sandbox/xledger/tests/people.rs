use reqwest::Method;

use super::*;

async fn control(sim: &XledgerSim, method: reqwest::Method, path: &str, body: Value) -> (u16, Value) {
    let request = client().request(method, format!("{}{path}", sim.control_url())).json(&body);
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    (status, serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or_default())
}

#[tokio::test]
async fn a_clerk_sees_and_edits_people_under_plain_names() {
    let sim = start().await;
    let (_, people) = control(&sim, Method::GET, "/people", json!({})).await;
    assert_eq!(people.as_array().unwrap().len(), 3);
    let changes = json!({"last_name": "Berg", "marital_status": "Widowed", "employment_to": "2026-04-30", "phone": null,
        "bank_account": "15030000011", "home_address": {"street_address": "Torget 3", "zip_code": "7011", "place": "Trondheim", "country": "NO"}});
    let (status, person) = control(&sim, Method::PATCH, "/people/101", changes.clone()).await;
    assert_eq!((status, &person["description"]), (200, &json!("Ada Berg")));
    for (name, value) in changes.as_object().unwrap() {
        assert_eq!(person[name], *value, "{name}");
    }
    assert_eq!(person["position_value"], "Developer");
    let seen = data(&sim, "{ employee(dbId: 101) { contact { lastName maritalStatus { description } } subledger { bankAccount } } }").await;
    let contact = json!({"lastName": "Berg", "maritalStatus": {"description": "Widowed"}});
    assert_eq!(seen["employee"], json!({"contact": contact, "subledger": {"bankAccount": "15030000011"}}));
}

#[tokio::test]
async fn a_clerks_mistake_changes_nothing() {
    let sim = start().await;
    let before = sim.person(101);
    for bad in [
        json!({"code": "7", "position_value": "Astronaut"}),
        json!({"shoe_size": "42"}),
        json!({"trial_to": "soon"}),
    ] {
        assert_eq!(control(&sim, Method::PATCH, "/people/101", bad).await.0, 422);
    }
    assert_eq!(sim.person(101), before);
    for method in [Method::GET, Method::PATCH, Method::DELETE] {
        assert_eq!(control(&sim, method, "/people/999", json!({})).await.0, 404);
    }
}

#[tokio::test]
async fn a_newcomer_brings_lists_along_and_a_deleted_person_leaves_the_contact() {
    let sim = start().await;
    let newcomer = XledgerPerson { position_value: Some("Cook".into()), contact_db_id: 0, ..person("Di", 9) };
    let (status, made) =
        control(&sim, Method::POST, "/people", serde_json::to_value(newcomer).unwrap()).await;
    assert_eq!((status, &made["db_id"]), (201, &json!(110)));
    assert_eq!(sim.person(110).unwrap()["position_value"], "Cook");
    let again = serde_json::to_value(person("Di", 9)).unwrap();
    assert_eq!(control(&sim, Method::POST, "/people", again).await.0, 422);
    assert_eq!(control(&sim, Method::DELETE, "/people/101", json!({})).await.0, 204);
    let read =
        data(&sim, "{ employee(dbId: 101) { code } contacts(first: 1) { edges { node { dbId } } } }").await;
    assert_eq!(
        (&read["employee"], &read["contacts"]["edges"][0]["node"]["dbId"]),
        (&Value::Null, &json!("201"))
    );
}

#[tokio::test]
async fn two_people_with_one_contact_share_its_values() {
    let sim = start().await;
    sim.add_person(serde_json::to_value(XledgerPerson { contact_db_id: 201, ..person("Ada", 9) }).unwrap())
        .unwrap();
    sim.edit_person(110, &json!({"phone": "+47 400 00 001"})).unwrap();
    assert_eq!(sim.person(101).unwrap()["phone"], "+47 400 00 001");
}

#[tokio::test]
async fn the_control_api_sets_switches_faults_tokens_and_the_clock() {
    let sim = start().await;
    let (_, switches) =
        control(&sim, Method::PUT, "/switches", json!({"clamp_page": true, "webhooks": {"batched": true}}))
            .await;
    assert_eq!(
        (&switches["clamp_page"], &switches["webhooks"]["batched"], &switches["webhooks"]["sending"]),
        (&json!(true), &json!(true), &json!(true))
    );
    assert_eq!(control(&sim, Method::PUT, "/switches", json!({"clamp": true})).await.0, 422);

    let rule = json!({"operation": "query", "field": "employees", "fault": {"kind": "status", "code": 418}});
    let (status, made) = control(&sim, Method::POST, "/faults", rule).await;
    assert_eq!(status, 201);
    assert_eq!(control(&sim, Method::GET, "/faults", json!({})).await.1[0]["id"], made["id"]);
    let read = "{ employees(first: 1) { edges { cursor } } }";
    assert_eq!(post(&sim, read, json!({})).await.unwrap().status(), 418);
    assert_eq!(control(&sim, Method::DELETE, "/faults", json!({})).await.0, 204);
    assert_eq!(control(&sim, Method::GET, "/faults", json!({})).await.1, json!([]));
    assert_eq!(control(&sim, Method::POST, "/faults", json!({"fault": {"kind": "flood"}})).await.0, 422);

    let (_, clock) = control(&sim, Method::PUT, "/clock", json!({"now": "2026-10-25T01:30:00Z"})).await;
    assert_eq!(clock["local"], "2026-10-25T02:30:00");
    update_employees(&sim, json!([{"node": {"dbId": 101, "code": "7"}}])).await;
    let (_, writes) = control(&sim, Method::GET, "/writes", json!({})).await;
    assert_eq!(
        (&writes[0]["db_id"], &writes[0]["fields"], &writes[0]["at"]),
        (&json!(101), &json!({"code": "7"}), &json!("2026-10-25T02:30:00"))
    );
    let (_, counters) = control(&sim, Method::GET, "/counters", json!({})).await;
    assert_eq!(
        (&counters["queries"], &counters["mutations"], &counters["writes"]),
        (&json!(1), &json!(1), &json!(1))
    );
    let (_, requests) = control(&sim, Method::GET, "/requests", json!({})).await;
    assert_eq!(requests[1]["fields"], json!(["updateEmployees"]));
    assert_eq!(control(&sim, Method::PUT, "/tokens", json!([])).await.0, 204);
    assert_eq!(ask(&sim, read).await["errors"][0]["message"], "The API token is not valid.");
}
