use super::*;
use crate::sandbox::xledger::{Area, Token};

async fn message_for(sim: &XledgerSim, authorization: Option<&str>) -> (u16, String) {
    let mut request =
        client().post(sim.url()).json(&json!({"query": "{ employees(first: 1) { edges { cursor } } }"}));
    if let Some(value) = authorization {
        request = request.header("authorization", value);
    }
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let answer: Value = response.json().await.unwrap();
    (status, answer["errors"][0]["message"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn only_the_word_token_and_a_known_token_open_the_door() {
    let sim = start().await;
    let bad = "Bad format for API Token. Expected header: \"Authorization: token <your-token>\"".to_owned();
    for header in [None, Some(format!("Bearer {DEFAULT_TOKEN}")), Some(format!("Token {DEFAULT_TOKEN}"))] {
        assert_eq!(message_for(&sim, header.as_deref()).await, (200, bad.clone()));
    }
    assert_eq!(message_for(&sim, Some(&format!("token {DEFAULT_TOKEN}"))).await, (200, String::new()));
    assert_eq!(message_for(&sim, Some("token other")).await, (200, "The API token is not valid.".to_owned()));
    sim.switch(|s| s.unknown_token_status = 401).unwrap();
    assert_eq!(message_for(&sim, Some("token other")).await.0, 401);
}

#[tokio::test]
async fn each_missing_right_to_read_is_refused_with_partial_data() {
    let query = "{ employees(first: 9) { edges { node { dbId
            contact { gender { code } maritalStatus { code } homeAddress { country { code } } }
            subledger { bankAccount } } } }
        countries(first: 1) { edges { cursor } } companies(first: 1) { edges { cursor } }
        suppliers(first: 1) { edges { cursor } } banks(first: 1) { edges { cursor } } }";
    for area in Area::ALL {
        let sim = start().await;
        data(&sim, query).await;
        sim.edit_token(|t| {
            t.read.remove(&area);
        });
        let answer = ask(&sim, query).await;
        let errors = answer["errors"].as_array().unwrap();
        assert_eq!(errors.len(), 1, "{area:?}: {answer}");
        assert!(errors[0]["message"].as_str().unwrap().contains("lacks the right"));
        assert!(answer["data"].is_object() && errors[0]["path"].is_array());
    }
}

#[tokio::test]
async fn each_missing_right_to_write_is_refused_without_effect() {
    let sim = start().await;
    sim.edit_token(|t| t.write.clear());
    for name in ["updateEmployees", "updateContacts", "updateSuppliers"] {
        let answer = ask(
            &sim,
            &format!("mutation {{ {name}(inputs: {{node: {{dbId: 0}}}}) {{ edges {{ clientId }} }} }}"),
        )
        .await;
        assert_eq!(
            (&answer["errors"][0]["code"], &answer["data"][name]),
            (&json!("FORBIDDEN"), &Value::Null)
        );
    }
    assert!(sim.writes().is_empty());
}

#[tokio::test]
async fn a_second_token_has_its_own_entity() {
    let sim = start_with(|o| {
        o.sub_entities = vec![1002];
        o.tokens.push(Token::full("c2Vjb25k", 1002));
    })
    .await;
    let request = client().post(sim.url()).header("authorization", "token c2Vjb25k");
    let query = "mutation { addEmployees(inputs: {node: {code: \"1\", description: \"Liv Moe\"}}) { edges { node { ownerDbId } } }
        other: updateEmployees(inputs: {node: {dbId: 101, code: \"9\"}}) { edges { clientId } } }";
    let answer: Value = request.json(&json!({"query": query})).send().await.unwrap().json().await.unwrap();
    assert!(invalid_value(&answer), "{answer}");
    let owners: Vec<Value> =
        sim.people().as_array().unwrap().iter().map(|p| p["owner_db_id"].clone()).collect();
    assert_eq!(owners, [1001, 1001, 1001, 1002]);
    assert_eq!(sim.person(101).unwrap()["code"], "1001");
}
