use super::*;
use crate::sandbox::xledger::{MassFailure, NullHandling, Refusal};

async fn employee(sim: &XledgerSim, fields: &str) -> Value {
    data(sim, &format!("{{ employee(dbId: 101) {{ {fields} }} }}")).await["employee"].clone()
}

#[tokio::test]
async fn the_appendix_change_sets_clears_and_leaves_the_rest() {
    let sim = start().await;
    sim.edit_person(101, &json!({"employment_to": "2026-12-31", "trial_to": "2026-04-01"})).unwrap();
    let position = employee(&sim, "positionValue { dbId }").await["positionValue"]["dbId"].clone();
    let node = json!({"dbId": 101, "employmentTo": null, "noticeDate": "2026-10-01", "positionValue": {"dbId": position}});
    let answer = without_errors(update_employees(&sim, json!([{"clientId": "job-7", "node": node}])).await);
    assert_eq!(answer["updateEmployees"]["edges"], json!([{"clientId": "job-7", "node": {"dbId": 101}}]));
    let read = employee(&sim, "employmentTo noticeDate trialTo employmentFrom").await;
    let expected = json!({"employmentTo": null, "noticeDate": "2026-10-01", "trialTo": "2026-04-01", "employmentFrom": "2020-01-01"});
    assert_eq!(read, expected);

    let writes = sim.writes();
    assert_eq!((writes.len(), writes[0].operation.as_str(), writes[0].db_id), (1, "updateEmployees", 101));
    assert_eq!(writes[0].client_id.as_deref(), Some("job-7"));
    assert_eq!(writes[0].fields["employmentTo"], Value::Null);
    assert_eq!(sim.counters().writes, 1);
}

#[tokio::test]
async fn a_variable_without_a_value_leaves_its_field_out() {
    let sim = start().await;
    let query = "mutation($day: DateString) { updateEmployees(inputs: {node: {dbId: 101, employmentFrom: $day, trialTo: \"2026-05-01\"}}) { edges { node { dbId } } } }";
    without_errors(ask(&sim, query).await);
    assert_eq!(
        employee(&sim, "employmentFrom trialTo").await,
        json!({"employmentFrom": "2020-01-01", "trialTo": "2026-05-01"})
    );
}

#[tokio::test]
async fn null_can_be_ignored_or_refused_per_field() {
    let sim = start().await;
    let clear = json!([{"node": {"dbId": 101, "employmentFrom": null}}]);
    sim.switch(|s| {
        s.null_handling.insert("employmentFrom".into(), NullHandling::Ignored);
    })
    .unwrap();
    without_errors(update_employees(&sim, clear.clone()).await);
    assert_eq!(employee(&sim, "employmentFrom").await["employmentFrom"], "2020-01-01");
    sim.switch(|s| {
        s.null_handling.insert("employmentFrom".into(), NullHandling::Refused);
    })
    .unwrap();
    assert!(invalid_value(&update_employees(&sim, clear.clone()).await));
    sim.switch(|s| s.null_handling.clear()).unwrap();
    without_errors(update_employees(&sim, clear).await);
    assert_eq!(employee(&sim, "employmentFrom").await["employmentFrom"], Value::Null);
}

#[tokio::test]
async fn a_lookup_must_match_exactly_one_record() {
    let sim = start().await;
    for (lookup, words) in [
        (json!({"description": "Astronaut"}), "No record matches"),
        (json!({}), "names no record"),
        // A marital status is no job title.
        (json!({"code": "GIFT"}), "No record matches"),
    ] {
        let answer = update_employees(&sim, json!([{"node": {"dbId": 101, "positionValue": lookup}}])).await;
        assert!(
            invalid_value(&answer) && answer["errors"][0]["message"].as_str().unwrap().contains(words),
            "{answer}"
        );
    }
    without_errors(
        update_employees(
            &sim,
            json!([{"node": {"dbId": 101, "positionValue": {"description": "Developer"}}}]),
        )
        .await,
    );
    without_errors(update_employees(&sim, json!([{"node": {"dbId": 102, "code": "1001"}}])).await);
    let two = update_employees(&sim, json!([{"node": {"dbId": 103, "superior": {"code": "1001"}}}])).await;
    assert!(
        invalid_value(&two) && two["errors"][0]["message"].as_str().unwrap().contains("Several"),
        "{two}"
    );
    // 0 is no reference.
    without_errors(
        update_employees(&sim, json!([{"node": {"dbId": 101, "positionValue": {"dbId": 0}}}])).await,
    );
    assert_eq!(employee(&sim, "positionValue { dbId }").await["positionValue"], Value::Null);
}

#[tokio::test]
async fn show_alternatives_refuses_and_lists_the_values() {
    let sim = start().await;
    let answer = update_contacts(
        &sim,
        json!([{"node": {"dbId": 201, "firstName": "Eva", "gender": {"showAlternatives": "YES"}}}]),
    )
    .await;
    assert!(invalid_value(&answer));
    let examples = answer["errors"][0]["extensions"]["exampleValidInputs"].as_array().unwrap();
    let pairs: Vec<_> =
        examples.iter().map(|e| (e["code"].as_str().unwrap(), e["text"].as_str().unwrap())).collect();
    assert_eq!(pairs, [("M", "Male"), ("F", "Female")]);
    assert_eq!(employee(&sim, "contact { firstName }").await["contact"]["firstName"], "Ada");
}

#[tokio::test]
async fn a_contact_takes_gender_civil_status_and_a_whole_address() {
    let sim = start().await;
    let address = json!({"streetAddress": "Storgatan 2", "place": "Malmö", "country": "Sweden"});
    let node = json!({"dbId": "201", "gender": {"code": "M"}, "maritalStatus": {"description": "Divorced"}, "homeAddress": address});
    without_errors(update_contacts(&sim, json!({"node": node})).await);
    let read = employee(&sim, "contact { gender { name } maritalStatus { code } homeAddress { streetAddress zipCode country { code } } }").await;
    let home = json!({"streetAddress": "Storgatan 2", "zipCode": null, "country": {"code": "SE"}});
    assert_eq!(
        read["contact"],
        json!({"gender": {"name": "Male"}, "maritalStatus": {"code": "SKILT"}, "homeAddress": home})
    );
    for (country, fits) in [("no", true), ("Atlantis", false)] {
        let answer =
            update_contacts(&sim, json!([{"node": {"dbId": 201, "homeAddress": {"country": country}}}]))
                .await;
        assert_eq!(!invalid_value(&answer), fits, "{answer}");
    }
}

#[tokio::test]
async fn a_bad_date_is_refused() {
    let sim = start().await;
    let answer = update_employees(&sim, json!([{"node": {"dbId": 101, "trialTo": "2026-02-30"}}])).await;
    assert!(invalid_value(&answer), "{answer}");
}

#[tokio::test]
async fn an_added_employee_gets_a_contact_and_a_subledger() {
    let sim = start().await;
    let add = "mutation($inputs: [AddEmployeesInput!]!) { addEmployees(inputs: $inputs) { edges { clientId node {
        dbId contactDbId code contact { firstName lastName birthday } subledger { dbId bankAccount description } } } } }";
    let node = json!({"code": "1010", "description": "Gry Lie", "firstName": "Gry", "lastName": "Lie", "birthday": "1991-01-02", "bankAccount": "15030000003"});
    let added =
        without_errors(ask_with(&sim, add, json!({"inputs": [{"clientId": "a", "node": node}]})).await);
    let made = &added["addEmployees"]["edges"][0]["node"];
    assert_eq!(made["contact"], json!({"firstName": "Gry", "lastName": "Lie", "birthday": "1991-01-02"}));
    assert_eq!(
        (&made["subledger"]["bankAccount"], &made["subledger"]["description"]),
        (&json!("15030000003"), &json!("Gry Lie"))
    );
    let clerk = sim.person(made["dbId"].as_i64().unwrap()).unwrap();
    assert_eq!(clerk["contact_db_id"].to_string(), made["contactDbId"].as_str().unwrap());

    let nameless = ask_with(&sim, add, json!({"inputs": [{"node": {"code": "1011"}}]})).await;
    assert!(invalid_value(&nameless) && nameless["data"] == Value::Null, "{nameless}");
    sim.switch(|s| {
        s.required_on_add.insert("socialSec".into());
    })
    .unwrap();
    let answer =
        ask_with(&sim, add, json!({"inputs": [{"node": {"code": "1011", "description": "Ida Moe"}}]})).await;
    assert_eq!(answer["errors"][0]["message"], "socialSec is required.");
}

#[tokio::test]
async fn personal_fields_of_an_employee_input_land_or_not() {
    let sim = start().await;
    let change = |name: &str, account: &str| json!([{"node": {"dbId": 101, "firstName": name, "bankAccount": account}}]);
    let fields = "contact { firstName } subledger { bankAccount }";
    without_errors(update_employees(&sim, change("Eva", "15030000011")).await);
    let landed = json!({"contact": {"firstName": "Eva"}, "subledger": {"bankAccount": "15030000011"}});
    assert_eq!(employee(&sim, fields).await, landed);
    sim.switch(|s| s.personal_fields_reach_contact = false).unwrap();
    without_errors(update_employees(&sim, change("Ada", "15030000003")).await);
    assert_eq!(employee(&sim, fields).await, landed);
    let fallback = "mutation { updateSuppliers(inputs: {node: {dbId: 301, bankAccount: \"15030000003\"}}) { edges { node { dbId } } } }";
    data(&sim, fallback).await;
    assert_eq!(employee(&sim, fields).await["subledger"]["bankAccount"], "15030000003");
}

#[tokio::test]
async fn an_update_of_id_zero_fails_and_changes_nothing() {
    let sim = start().await;
    for document in ["updateEmployees", "updateContacts", "updateSuppliers"] {
        let answer = ask(
            &sim,
            &format!(
                "mutation {{ {document}(inputs: [{{node: {{dbId: 0}}}}]) {{ edges {{ node {{ dbId }} }} }} }}"
            ),
        )
        .await;
        assert!(
            invalid_value(&answer) && answer["errors"][0]["message"].as_str().unwrap().contains("lookup"),
            "{answer}"
        );
    }
    assert!(sim.writes().is_empty());
}

#[tokio::test]
async fn a_mass_mutation_that_fails_in_part_has_four_forms() {
    let inputs = json!([
        {"clientId": "a", "node": {"dbId": 101, "trialTo": "2026-05-01"}},
        {"clientId": "b", "node": {"dbId": 999, "trialTo": "2026-05-01"}},
        {"clientId": "c", "node": {"dbId": 102, "trialTo": "2026-05-01"}},
    ]);
    let edge = |id: &str, db_id: i64| json!({"clientId": id, "node": {"dbId": db_id}});
    let failed = json!({"clientId": "b", "node": null});
    for (mode, reverse, edges, done) in [
        (MassFailure::AllOrNothing, false, Value::Null, 0),
        (MassFailure::NodeNull, false, json!([edge("a", 101), failed, edge("c", 102)]), 2),
        (MassFailure::EdgeMissing, false, json!([edge("a", 101), edge("c", 102)]), 2),
        (MassFailure::NodeNull, true, json!([edge("c", 102), failed, edge("a", 101)]), 2),
    ] {
        let sim = start_with(|o| (o.switches.mass_failure, o.switches.reverse_edges) = (mode, reverse)).await;
        let answer = update_employees(&sim, inputs.clone()).await;
        assert_eq!(answer["errors"].as_array().unwrap().len(), 1);
        assert_eq!(answer["data"].is_null(), mode == MassFailure::AllOrNothing);
        assert_eq!(answer["data"]["updateEmployees"]["edges"], edges);
        assert_eq!(sim.writes().len(), done, "{mode:?}");
    }
}

#[tokio::test]
async fn a_client_id_can_be_left_out_of_the_answer() {
    let sim = start_with(|o| o.switches.omit_client_id = true).await;
    let answer =
        update_employees(&sim, json!([{"clientId": "a", "node": {"dbId": 101, "trialTo": "2026-05-01"}}]))
            .await;
    assert_eq!(
        without_errors(answer)["updateEmployees"]["edges"],
        json!([{"clientId": null, "node": {"dbId": 101}}])
    );
}

#[tokio::test]
async fn a_single_record_can_be_refused_by_field() {
    let refusal = Refusal {
        db_id: Some(101),
        field: Some("trialTo".into()),
        message: "The period is closed.".into(),
        ..Refusal::default()
    };
    let sim = start_with(|o| o.switches.refusals = vec![refusal]).await;
    let answer = update_employees(&sim, json!([{"node": {"dbId": 101, "trialTo": "2026-05-01"}}])).await;
    assert_eq!(answer["errors"][0]["message"], "The period is closed.");
    for node in
        [json!({"dbId": 101, "noticeDate": "2026-05-01"}), json!({"dbId": 102, "trialTo": "2026-05-01"})]
    {
        without_errors(update_employees(&sim, json!([{"node": node}])).await);
    }
}

#[tokio::test]
async fn duplicate_codes_are_allowed_unless_refused_and_a_swap_in_one_call_is_none() {
    let sim = start().await;
    without_errors(update_employees(&sim, json!([{"node": {"dbId": 103, "code": "1001"}}])).await);
    without_errors(update_employees(&sim, json!([{"node": {"dbId": 103, "code": "1003"}}])).await);
    sim.switch(|s| s.refuse_duplicate_codes = true).unwrap();
    assert!(invalid_value(&update_employees(&sim, json!([{"node": {"dbId": 103, "code": "1001"}}])).await));
    let swap = json!([{"node": {"dbId": 101, "code": "1002"}}, {"node": {"dbId": 102, "code": "1001"}}]);
    without_errors(update_employees(&sim, swap).await);
    assert_eq!(employee(&sim, "code").await["code"], "1002");
}

#[tokio::test]
async fn five_hundred_inputs_fit_in_a_call() {
    let sim = start().await;
    let inputs = |n: usize| Value::from(vec![json!({"node": {"dbId": 101, "trialTo": "2026-05-01"}}); n]);
    let refused = update_employees(&sim, inputs(501)).await;
    assert!(invalid_value(&refused) && sim.writes().is_empty());
    without_errors(update_employees(&sim, inputs(500)).await);
    assert_eq!(sim.writes().len(), 500);
}

#[tokio::test]
async fn gender_and_civil_status_are_no_employee_inputs() {
    let sim = start().await;
    let answer = update_employees(&sim, json!([{"node": {"dbId": 101, "gender": {"code": "M"}}}])).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "ARGUMENTS_OF_CORRECT_TYPE");
}
