use super::*;
use crate::sandbox::xledger::served_schema;

async fn field_names(sim: &XledgerSim, type_name: &str, list: &str) -> Vec<String> {
    let read = data(sim, &format!("{{ __type(name: \"{type_name}\") {{ {list} {{ name }} }} }}")).await;
    read["__type"][list].as_array().unwrap().iter().map(|f| f["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn introspection_shows_the_fields_and_the_input_behind_node() {
    let sim = start().await;
    assert!(field_names(&sim, "Employee", "fields").await.contains(&"trialTo".to_owned()));
    let read = data(
        &sim,
        "{ __type(name: \"UpdateContactsInput\") { inputFields { name type { name } } }
        __schema { mutationType { fields { name } } } }",
    )
    .await;
    assert_eq!(
        read["__type"]["inputFields"][1],
        json!({"name": "node", "type": {"name": "UpdateContactsInputNode"}})
    );
    assert_eq!(read["__schema"]["mutationType"]["fields"].as_array().unwrap().len(), 8);
    sim.switch(|s| s.introspection = false).unwrap();
    assert!(ask(&sim, "{ __schema { types { name } } }").await["errors"].is_array());
}

#[tokio::test]
async fn a_removed_field_is_gone_from_introspection_and_refused_in_documents() {
    let sim = start().await;
    let removed = ["AddEmployeesInputNode.trialTo", "Employee.trialTo", "Query.contact_deltas"];
    sim.switch(|s| s.removed = removed.map(str::to_owned).into()).unwrap();
    for (type_name, list) in [("AddEmployeesInputNode", "inputFields"), ("Employee", "fields")] {
        assert!(!field_names(&sim, type_name, list).await.contains(&"trialTo".to_owned()));
    }
    assert!(
        field_names(&sim, "UpdateEmployeesInputNode", "inputFields").await.contains(&"trialTo".to_owned())
    );
    let refused = ask(&sim, "{ employee(dbId: 101) { trialTo } }").await;
    assert_eq!(refused["errors"][0]["message"], "Cannot query field \"trialTo\" on type \"Employee\".");
    assert_eq!(refused["data"], Value::Null);
}

#[tokio::test]
async fn a_removed_argument_is_refused() {
    let sim = start().await;
    sim.switch(|s| {
        s.removed.insert("Query.employees(objectStatus:)".into());
    })
    .unwrap();
    let refused = ask(&sim, "{ employees(first: 1, objectStatus: ALL) { edges { cursor } } }").await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "ARGUMENTS_OF_CORRECT_TYPE");
    data(&sim, "{ employees(first: 1) { edges { cursor } } }").await;
}

#[tokio::test]
async fn a_coordinate_that_does_not_exist_is_named_and_changes_nothing() {
    let sim = start().await;
    let error = sim.merge_switches(&json!({"removed": ["Employee.shoeSize"]})).unwrap_err();
    assert!(error.contains("Employee.shoeSize"));
    assert!(sim.switches().removed.is_empty());
    assert!(served_schema::build(&Default::default(), &["Shoe".to_owned()].into()).is_err());
}

#[tokio::test]
async fn aliases_and_fragments_work_and_end_cursor_does_not_exist() {
    let sim = start().await;
    let query = "query Two { a: employee(dbId: 101) { ...Name } b: employee(dbId: 102) { ...Name } } fragment Name on Employee { code __typename }";
    let named = |code: &str| json!({"code": code, "__typename": "Employee"});
    assert_eq!(data(&sim, query).await, json!({"a": named("1001"), "b": named("1002")}));
    let refused = ask(&sim, "{ employees(first: 1) { pageInfo { endCursor } } }").await;
    assert_eq!(refused["errors"][0]["message"], "Cannot query field \"endCursor\" on type \"PageInfo\".");
}
