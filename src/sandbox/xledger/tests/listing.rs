use super::*;
use crate::sandbox::xledger::{Order, OwnerSet};

const READ_PAGE: &str = "query ReadPage($first: Int!, $after: String) {
  employees(first: $first, after: $after, objectStatus: ALL) {
    edges { cursor node {
      dbId code description email modifiedAt ownerDbId contactDbId
      employmentFrom employmentTo trialTo noticeDate
      positionValue { dbId code description }
      contact { dbId firstName lastName email phone birthday jobTitle modifiedAt
        gender { dbId dbSubId code name }
        maritalStatus { dbId code description }
        address { streetAddress zipCode place country { code description } }
        homeAddress { streetAddress zipCode place country { code description } } }
      subledger { dbId bankAccount modifiedAt }
    } }
    pageInfo { hasNextPage }
  }
}";

#[tokio::test]
async fn the_appendix_page_carries_every_field_from_its_own_record() {
    let sim = start().await;
    let data = without_errors(ask_with(&sim, READ_PAGE, json!({"first": 1, "after": null})).await);
    let edge = &data["employees"]["edges"][0];
    assert_eq!(data["employees"]["pageInfo"]["hasNextPage"], true);
    assert_eq!(edge["cursor"], "101");
    let node = &edge["node"];
    assert_eq!(node["dbId"], 101);
    assert_eq!(node["contactDbId"], "201");
    assert_eq!(node["email"], "ada@fjordvik.example");
    assert_eq!(node["modifiedAt"], "2026-03-02T10:00:00");
    assert_eq!(node["positionValue"]["description"], "Developer");
    assert_eq!(node["contact"]["dbId"], "201");
    assert_eq!(node["contact"]["gender"]["code"], "F");
    assert_eq!(node["contact"]["gender"]["name"], "Female");
    assert_eq!(node["contact"]["maritalStatus"]["code"], "GIFT");
    assert_eq!(node["contact"]["address"], Value::Null);
    let country = json!({"code": "NO", "description": "Norway"});
    let home =
        json!({"streetAddress": "Kaigata 1", "zipCode": "5003", "place": "Bergen", "country": country});
    assert_eq!(node["contact"]["homeAddress"], home);
    assert_eq!(node["subledger"]["dbId"], 301);
    assert_eq!(node["subledger"]["bankAccount"], "15030000003");
}

#[tokio::test]
async fn the_appendix_poll_starts_at_a_cursor_and_finds_nothing_as_null() {
    let sim = start().await;
    let poll = "query Poll($after: String, $since: DateTimeString) {
      employee_deltas(first: 10000, after: $after) {
        edges { cursor node { dbId mutationType } } pageInfo { hasNextPage } }
      contacts(first: 10000, filter: { modifiedAt_gte: $since }) {
        edges { cursor node { dbId modifiedAt } } pageInfo { hasNextPage } }
      subledgers(first: 10000, filter: { modifiedAt_gte: $since }) {
        edges { cursor node { dbId modifiedAt } } pageInfo { hasNextPage } } }";
    let newest = data(&sim, "{ employee_deltas(last: 1) { edges { cursor } } }").await;
    let cursor = &newest["employee_deltas"]["edges"][0]["cursor"];
    let variables = json!({"after": cursor, "since": "2026-03-02T10:00:01"});
    let quiet = without_errors(ask_with(&sim, poll, variables.clone()).await);
    for root in ["employee_deltas", "contacts", "subledgers"] {
        assert_eq!(quiet[root], json!({"edges": null, "pageInfo": {"hasNextPage": false}}));
    }

    sim.set_clock(&json!({"now": "2026-03-02T09:05:00Z"})).unwrap();
    sim.edit_person(101, &json!({"phone": "+47 400 00 001"})).unwrap();
    sim.edit_person(102, &json!({"trial_to": "2026-06-01"})).unwrap();
    sim.remove_person(102);
    let moved = without_errors(ask_with(&sim, poll, variables).await);
    let deltas: Vec<&Value> =
        moved["employee_deltas"]["edges"].as_array().unwrap().iter().map(|e| &e["node"]).collect();
    let expected =
        [json!({"dbId": 102, "mutationType": "UPDATED"}), json!({"dbId": 102, "mutationType": "DELETED"})];
    assert_eq!(deltas, expected.iter().collect::<Vec<_>>());
    assert_eq!(moved["contacts"]["edges"][0]["cursor"], format!("201.{}", super::super::DEFAULT_ENTITY));
    assert_eq!(moved["contacts"]["edges"].as_array().unwrap().len(), 1);
    assert_eq!(moved["subledgers"]["edges"], Value::Null);
}

#[tokio::test]
async fn pages_go_forward_by_first_and_backward_by_last() {
    let sim = start().await;
    let page = |arguments: &str| {
        format!(
            "{{ employees({arguments}, objectStatus: ALL) {{ edges {{ node {{ dbId }} }} pageInfo {{ hasNextPage hasPreviousPage }} }} }}"
        )
    };
    let info = |d: &Value, name: &str| d["employees"]["pageInfo"][name].clone();
    let first = data(&sim, &page("first: 2")).await;
    assert_eq!(
        (column(&first, "dbId"), info(&first, "hasNextPage")),
        (vec![json!(101), json!(102)], json!(true))
    );
    let rest = data(&sim, &page("first: 2, after: \"102\"")).await;
    assert_eq!((column(&rest, "dbId"), info(&rest, "hasNextPage")), (vec![json!(103)], json!(false)));
    let last = data(&sim, &page("last: 1")).await;
    assert_eq!((column(&last, "dbId"), info(&last, "hasPreviousPage")), (vec![json!(103)], json!(true)));
    let before = data(&sim, &page("last: 5, before: \"102\"")).await;
    assert_eq!((column(&before, "dbId"), info(&before, "hasPreviousPage")), (vec![json!(101)], json!(false)));
}

#[tokio::test]
async fn more_than_ten_thousand_are_refused_or_clamped() {
    let sim = start().await;
    let query = "{ employees(first: 10001) { edges { node { dbId } } } }";
    let refused = ask(&sim, query).await;
    assert!(invalid_value(&refused), "{refused}");
    assert_eq!(refused["data"]["employees"], Value::Null);
    assert_eq!(refused["errors"][0]["path"], json!(["employees"]));
    sim.switch(|s| s.clamp_page = true).unwrap();
    assert_eq!(column(&data(&sim, query).await, "dbId").len(), 2);
}

#[tokio::test]
async fn filters_compare_combine_and_know_null() {
    let sim = start().await;
    for (filter, ids) in [
        ("dbId_in: [103, 101]", vec![101, 103]),
        ("code: \"1002\"", vec![102]),
        ("code_in: [\"1001\", \"1002\"]", vec![101, 102]),
        ("code_gt: \"1002\"", vec![103]),
        ("employmentTo: null", vec![101, 102]),
        ("employmentTo_lte: \"2025-12-31\"", vec![103]),
        ("OR: [{ dbId: 101 }, { code: \"1003\" }]", vec![101, 103]),
        ("AND: [{ dbId_gt: 101 }, { employmentTo: null }]", vec![102]),
        // A single object stands for a list of one.
        ("OR: { email: \"bo@fjordvik.example\" }", vec![102]),
        ("contactDbId_in: [\"202\", 203]", vec![102, 103]),
        ("modifiedAt_gte: \"2026-03-02T10:00:00\"", vec![101, 102, 103]),
        ("modifiedAt_gt: \"2026-03-02T10:00:00\"", vec![]),
    ] {
        let query = format!(
            "{{ employees(first: 9, objectStatus: ALL, filter: {{ {filter} }}) {{ edges {{ node {{ dbId }} }} }} }}"
        );
        assert_eq!(
            column(&data(&sim, &query).await, "dbId"),
            ids.iter().map(|id| json!(id)).collect::<Vec<_>>(),
            "{filter}"
        );
    }
    let zoned = ask(
        &sim,
        "{ employees(first: 1, filter: { modifiedAt_gte: \"2026-03-02T10:00:00Z\" }) { edges { cursor } } }",
    )
    .await;
    assert!(invalid_value(&zoned));
}

#[tokio::test]
async fn without_object_status_a_leaver_is_missing() {
    let sim = start().await;
    let query = |status: &str| format!("{{ employees(first: 9{status}) {{ edges {{ node {{ dbId }} }} }} }}");
    assert_eq!(column(&data(&sim, &query("")).await, "dbId"), [101, 102]);
    assert_eq!(column(&data(&sim, &query(", objectStatus: CLOSED")).await, "dbId"), [103]);
    sim.switch(|s| s.leavers_are_closed = false).unwrap();
    assert_eq!(column(&data(&sim, &query("")).await, "dbId"), [101, 102, 103]);
}

#[tokio::test]
async fn owner_set_separates_the_entities_a_token_reaches() {
    let sim = start_with(|o| o.sub_entities = vec![1002]).await;
    sim.add_person(serde_json::to_value(XledgerPerson { owner_db_id: 1002, ..person("Di", 9) }).unwrap())
        .unwrap();
    let query =
        |set: &str| format!("{{ employees(first: 9{set}) {{ edges {{ node {{ dbId ownerDbId }} }} }} }}");
    assert_eq!(column(&data(&sim, &query("")).await, "dbId"), [101, 102, 110]);
    assert_eq!(column(&data(&sim, &query(", ownerSet: LOWER")).await, "ownerDbId"), [1002]);
    assert_eq!(column(&data(&sim, &query(", ownerSet: CURRENT")).await, "dbId"), [101, 102]);
    sim.switch(|s| s.default_owner_set = OwnerSet::Lower).unwrap();
    assert_eq!(column(&data(&sim, &query("")).await, "dbId"), [110]);

    sim.edit_token(|t| t.entity_db_id = 1002);
    assert_eq!(column(&data(&sim, &query(", ownerSet: ALL")).await, "dbId"), [110]);
}

#[tokio::test]
async fn the_form_of_a_db_id_can_be_flipped() {
    let sim = start().await;
    let query = "{ employees(first: 1) { edges { node { dbId contactDbId contact { dbId } } } } }";
    sim.switch(|s| s.flip_db_id = ["Employee", "Contact"].map(str::to_owned).into()).unwrap();
    let flipped = data(&sim, query).await;
    let node = &flipped["employees"]["edges"][0]["node"];
    assert_eq!(*node, json!({"dbId": "101", "contactDbId": 201, "contact": {"dbId": 201}}));
    let deltas = data(&sim, "{ employee_deltas(first: 1) { edges { node { dbId } } } }").await;
    assert_eq!(column(&deltas, "dbId"), ["101"]);
}

#[tokio::test]
async fn records_can_come_in_the_order_of_their_last_change() {
    let sim = start_with(|o| o.switches.order = Order::LastChange).await;
    sim.set_clock(&json!({"now": "2026-03-03T09:00:00Z"})).unwrap();
    sim.edit_person(101, &json!({"code": "7"})).unwrap();
    let all = data(&sim, "{ employees(first: 9) { edges { node { dbId } } } }").await;
    assert_eq!(column(&all, "dbId"), [102, 101]);
    let next = data(&sim, "{ employees(first: 9, after: \"102\") { edges { node { dbId } } } }").await;
    assert_eq!(column(&next, "dbId"), [101]);
}

#[tokio::test]
async fn an_old_delta_cursor_is_refused_beyond_the_retention() {
    let sim = start_with(|o| o.switches.delta_retention = Some(1)).await;
    let query = |after: &str| {
        format!("{{ employee_deltas(first: 9, after: \"{after}\") {{ edges {{ node {{ dbId }} }} }} }}")
    };
    assert!(invalid_value(&ask(&sim, &query("1")).await));
    assert_eq!(column(&data(&sim, &query("2")).await, "dbId"), [103]);
}

#[tokio::test]
async fn a_large_page_of_nested_records_can_time_out() {
    let sim = start_with(|o| o.switches.time_out_above = Some(100)).await;
    let nested =
        |n: u32| format!("{{ employees(first: {n}) {{ edges {{ node {{ contact {{ dbId }} }} }} }} }}");
    assert_eq!(ask(&sim, &nested(101)).await["errors"][0]["message"], "Your query timed out.");
    assert_eq!(column(&data(&sim, &nested(100)).await, "contact").len(), 2);
    assert_eq!(
        column(&data(&sim, "{ employees(first: 101) { edges { node { dbId } } } }").await, "dbId").len(),
        2
    );
}

#[tokio::test]
async fn single_records_are_looked_up_by_id() {
    let sim = start().await;
    let found = data(
        &sim,
        "{ employee(dbId: \"103\") { code } subledger(dbId: 301) { code } gone: employee(dbId: 9) { code } }",
    )
    .await;
    assert_eq!(found, json!({"employee": {"code": "1003"}, "subledger": {"code": "1001"}, "gone": null}));
}

#[tokio::test]
async fn the_lists_behind_the_lookups_can_be_read() {
    let sim = start().await;
    let kinds = data(&sim, "{ objectKinds(first: 99) { edges { node { dbId name } } } }").await;
    let kind = kinds["objectKinds"]["edges"]
        .as_array()
        .unwrap()
        .iter()
        .find(|e| e["node"]["name"] == "MARITAL_STATUS")
        .unwrap();
    let id = kind["node"]["dbId"].as_str().unwrap();
    let values = data(&sim, &format!("{{ objectValues(first: 99, filter: {{ objectKindDbId: \"{id}\" }}) {{ edges {{ node {{ description }} }} }} }}")).await;
    assert_eq!(
        column(&values, "description"),
        ["Single", "Married", "Relationship", "Divorced", "Separated", "Widowed"]
    );
    let countries = data(&sim, "{ countries(first: 5000) { edges { node { code } } } }").await;
    assert_eq!(column(&countries, "code").len(), 40);
    let rest = data(&sim, "{ companies(first: 1) { edges { cursor } } banks(first: 1) { edges { cursor } } entities(first: 1) { edges { cursor } } suppliers(first: 1) { edges { cursor } } }").await;
    for root in ["companies", "banks", "entities", "suppliers"] {
        assert_eq!(rest[root]["edges"].as_array().unwrap().len(), 1, "{root}");
    }
}

#[tokio::test]
async fn a_full_page_of_nested_records_is_answered_in_one_go() {
    let people: Vec<XledgerPerson> = (0..10_000)
        .map(|i| XledgerPerson { contact_db_id: 0, subledger_db_id: 0, ..person("Eli", i) })
        .collect();
    let sim =
        XledgerSim::start(&people, Options { switches: Switches::without_limits(), ..Options::default() })
            .await
            .unwrap();
    let data = without_errors(ask_with(&sim, READ_PAGE, json!({"first": 10_000})).await);
    assert_eq!(data["employees"]["edges"].as_array().unwrap().len(), 10_000);
    assert_eq!(data["employees"]["pageInfo"]["hasNextPage"], false);
}

#[tokio::test]
async fn contacts_and_subledgers_have_change_logs_of_their_own() {
    let sim = start().await;
    sim.edit_person(102, &json!({"phone": "1", "bank_account": "15030000011"})).unwrap();
    let log = |root: &str| format!("{{ {root}(last: 1) {{ edges {{ node {{ dbId mutationType }} }} }} }}");
    for (root, db_id, mutation) in [
        ("contact_deltas", json!("202"), "UPDATED"),
        ("subledger_deltas", json!(302), "UPDATED"),
        ("employee_deltas", json!(103), "ADDED"),
    ] {
        let read = data(&sim, &log(root)).await;
        assert_eq!(
            read[root]["edges"][0]["node"],
            json!({"dbId": db_id, "mutationType": mutation}),
            "{root}"
        );
    }
}

#[tokio::test]
async fn a_query_without_a_page_size_gets_a_small_page() {
    let sim = start_with(|o| o.switches.default_page = 1).await;
    let page = data(&sim, "{ employees { edges { node { dbId } } pageInfo { hasNextPage } } }").await;
    assert_eq!(
        (column(&page, "dbId"), &page["employees"]["pageInfo"]["hasNextPage"]),
        (vec![json!(101)], &json!(true))
    );
    assert!(invalid_value(&ask(&sim, "{ employees(first: 1, last: 1) { edges { cursor } } }").await));
    assert!(invalid_value(&ask(&sim, "{ employees(first: 0) { edges { cursor } } }").await));
}
