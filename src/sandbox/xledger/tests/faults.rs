use super::*;
use crate::sandbox::xledger::{Fault, FaultRule, OperationKind};

const READ: &str =
    "{ employees(first: 9, objectStatus: ALL) { edges { node { dbId } } pageInfo { hasNextPage } } }";
const WRITE: &str =
    "mutation { updateEmployees(inputs: {node: {dbId: 101, code: \"7\"}}) { edges { node { dbId } } } }";

fn once(fault: Fault) -> FaultRule {
    FaultRule { operation: None, field: None, skip: 0, count: Some(1), fault }
}

async fn is_dropped(sim: &XledgerSim, query: &str) -> bool {
    match post(sim, query, json!({})).await {
        Ok(_) => false,
        Err(error) => error.status().is_none() && !error.is_timeout() && !error.is_connect(),
    }
}

#[tokio::test]
async fn a_status_comes_with_its_body_and_retry_after() {
    let sim = start().await;
    sim.fault(once(Fault::Status { code: 503, body: "later".into(), retry_after: Some(7) }));
    let response = post(&sim, WRITE, json!({})).await.unwrap();
    assert_eq!((response.status().as_u16(), response.headers()["retry-after"].to_str().unwrap()), (503, "7"));
    assert_eq!(response.text().await.unwrap(), "later");
    assert!(sim.writes().is_empty());
    data(&sim, WRITE).await;
}

#[tokio::test]
async fn a_connection_is_dropped_before_the_effect_or_after_it() {
    let sim = start().await;
    sim.fault(once(Fault::DropBefore));
    assert!(is_dropped(&sim, WRITE).await);
    assert_eq!(sim.writes().len(), 0);
    sim.fault(once(Fault::DropAfter));
    assert!(is_dropped(&sim, WRITE).await);
    assert_eq!(sim.writes().len(), 1);
    assert_eq!(sim.person(101).unwrap()["code"], "7");
    data(&sim, READ).await;
}

#[tokio::test]
async fn a_rule_meets_the_operation_field_and_turn_it_names() {
    let sim = start().await;
    let fault = Fault::Status { code: 500, body: String::new(), retry_after: None };
    let field = Some("employees".to_owned());
    sim.fault(FaultRule { operation: Some(OperationKind::Query), field, skip: 1, count: Some(2), fault });
    data(&sim, "{ contacts(first: 1) { edges { cursor } } }").await;
    data(&sim, WRITE).await;
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(post(&sim, READ, json!({})).await.unwrap().status().as_u16());
    }
    assert_eq!(statuses, [200, 500, 500, 200]);
}

#[tokio::test]
async fn an_answer_can_be_a_page_or_half_of_itself() {
    let sim = start().await;
    sim.fault(once(Fault::Html { code: 502 }));
    let html = post(&sim, READ, json!({})).await.unwrap();
    assert_eq!(html.status(), 502);
    assert!(html.text().await.unwrap().starts_with("<!DOCTYPE html>"));
    sim.fault(once(Fault::TruncatedJson));
    let half = post(&sim, READ, json!({})).await.unwrap();
    assert!(half.status() == 200 && half.json::<Value>().await.is_err());
    sim.fault(once(Fault::TruncatedPage));
    let page = data(&sim, READ).await;
    assert_eq!(
        page["employees"],
        json!({"edges": [{"node": {"dbId": 101}}], "pageInfo": {"hasNextPage": false}})
    );
}

#[tokio::test]
async fn an_error_can_be_told_to_the_letter() {
    let sim = start().await;
    let (message, code) = ("Your query timed out.".to_owned(), Some("X".to_owned()));
    sim.fault(once(Fault::Error { message, code, extensions: Default::default() }));
    assert_eq!(
        ask(&sim, READ).await,
        json!({"data": null, "errors": [{"message": "Your query timed out.", "code": "X"}]})
    );
}

#[tokio::test]
async fn a_held_request_waits_before_or_after_its_effect() {
    for (fault, done_while_held) in [(Fault::Hold, 0), (Fault::HoldAfter, 1)] {
        let sim = start().await;
        let id = sim.fault(once(fault));
        let release = async {
            sim.wait_for_held(1).await;
            assert_eq!(sim.writes().len(), done_while_held);
            sim.remove_faults(Some(id));
        };
        let (answer, ()) = tokio::join!(data(&sim, WRITE), release);
        assert_eq!(answer["updateEmployees"]["edges"][0]["node"]["dbId"], 101);
        assert_eq!(sim.writes().len(), 1);
    }
}

#[tokio::test]
async fn a_slow_answer_runs_into_the_clients_time_out() {
    let sim = start().await;
    sim.fault(once(Fault::Delay { ms: 60_000 }));
    let request = client().post(sim.url()).header("authorization", format!("token {DEFAULT_TOKEN}"));
    let request = request.timeout(std::time::Duration::from_millis(50)).json(&json!({"query": READ}));
    assert!(request.send().await.unwrap_err().is_timeout());
}

#[tokio::test]
async fn after_shutdown_nobody_listens_and_the_port_is_free_again() {
    let sim = start().await;
    let url = sim.url();
    let port = url.split([':', '/']).nth(4).unwrap().parse().unwrap();
    sim.shutdown().await;
    assert!(client().post(&url).send().await.unwrap_err().is_connect());
    let again = start_with(|o| o.port = port).await;
    assert_eq!(again.url(), url);
}
