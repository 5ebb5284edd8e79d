use super::*;
use crate::sandbox::xledger::{Fault, FaultRule, ResetAtFormat};

const READ: &str = "{ countries(first: 1) { edges { cursor } } }";

#[tokio::test]
async fn the_twenty_first_request_in_five_seconds_is_refused() {
    let sim = start_with(|o| o.switches = Switches::default()).await;
    for _ in 0..20 {
        data(&sim, READ).await;
    }
    let refused = ask(&sim, READ).await;
    let entry = json!({"message": "Too many requests", "code": "BAD_REQUEST.BURST_RATE_LIMIT_REACHED"});
    assert_eq!(refused, json!({"data": null, "errors": [entry]}));
}

#[tokio::test]
async fn too_many_at_once_are_refused() {
    let sim = start_with(|o| o.switches.concurrency_limit = Some(1)).await;
    sim.fault(FaultRule { operation: None, field: None, skip: 0, count: Some(1), fault: Fault::Hold });
    let second = async {
        sim.wait_for_held(1).await;
        let refused = ask(&sim, READ).await;
        sim.remove_faults(None);
        refused
    };
    let (_, refused) = tokio::join!(data(&sim, READ), second);
    assert_eq!(refused["errors"][0]["code"], "BAD_REQUEST.CONCURRENCY_LIMIT_REACHED");
    data(&sim, READ).await;
}

#[tokio::test]
async fn used_up_credit_says_when_it_is_back_in_five_forms() {
    for (format, reset_at) in [
        (ResetAtFormat::Rfc3339, json!("2026-03-02T09:20:00Z")),
        (ResetAtFormat::Local, json!("2026-03-02T10:20:00")),
        (ResetAtFormat::Epoch, json!(1_772_443_200)),
        (ResetAtFormat::SecondsFromNow, json!(1200)),
        (ResetAtFormat::Absent, Value::Null),
    ] {
        let sim = start_with(|o| (o.switches.credits, o.switches.reset_at_format) = (Some(1), format)).await;
        data(&sim, READ).await;
        let refused = ask(&sim, READ).await;
        assert_eq!(refused["errors"][0]["code"], "BAD_REQUEST.INSUFFICIENT_CREDITS");
        assert_eq!(refused["errors"][0]["extensions"]["resetAt"], reset_at, "{format:?}");
        sim.set_clock(&json!({"now": "2026-03-02T09:20:00Z"})).unwrap();
        data(&sim, READ).await;
    }
}

#[tokio::test]
async fn requests_and_bytes_are_counted_by_month_in_oslo() {
    let sim = start().await;
    data(&sim, READ).await;
    // Still March in UTC, April in Oslo.
    sim.set_clock(&json!({"now": "2026-03-31T22:30:00Z"})).unwrap();
    let body = post(&sim, READ, json!({})).await.unwrap().text().await.unwrap();
    let counters = sim.counters();
    assert_eq!(counters.months["2026-03"].requests, 1);
    let april = &counters.months["2026-04"];
    let sent = json!({"query": READ, "variables": {}}).to_string().len() as u64;
    assert_eq!((april.requests, april.bytes_up, april.bytes_down), (1, sent, body.len() as u64));
    assert_eq!((counters.queries, counters.fields["countries"]), (2, 2));
}
