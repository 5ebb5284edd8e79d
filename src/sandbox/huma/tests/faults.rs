use std::time::Duration;

use serde_json::json;

use super::super::*;
use super::*;

#[tokio::test]
async fn a_status_is_answered_without_any_effect() {
    let huma = Huma::start().await;
    let mut fault = Fault::status(503).on("PATCH", "/users/{id}").times(1);
    fault.kind = FaultKind::Status { status: 503, body: None, retry_after: Some(RetryAfter::Seconds(7)) };
    huma.sim.add_fault(fault);
    let path = format!("/users/{KARI}");
    let answer = huma.request("PATCH", &path).json(&json!({"gender": "Male"})).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers()["retry-after"].to_str().unwrap()), (503, "7"));
    let (_, body) = read(answer).await;
    assert_eq!((&body["status"], &body["path"]), (&json!(503), &json!(path)));
    assert_eq!(huma.kari().await["gender"]["value"], "Female");
    assert_eq!(huma.patch_kari(json!({"gender": "Male"})).await.0, 200);
    let statuses: Vec<_> = huma.sim.requests().iter().map(|request| request.status).collect();
    assert_eq!(statuses, [Some(200), Some(503), Some(200), Some(200)]);
}

#[tokio::test]
async fn a_cut_connection_gives_no_status_and_only_one_kind_has_an_effect() {
    let huma = Huma::start().await;
    for (kind, gender) in [(FaultKind::DropBefore, "Female"), (FaultKind::DropAfter, "Male")] {
        huma.sim.add_fault(Fault::from(kind).on("PATCH", "/users/{id}").times(1));
        let request = huma.request("PATCH", &format!("/users/{KARI}")).json(&json!({"gender": "Male"}));
        let error = request.send().await.unwrap_err();
        assert!(error.status().is_none() && !error.is_timeout(), "{error:?}");
        assert_eq!(huma.kari().await["gender"]["value"], gender);
    }
    assert_eq!(huma.sim.writes().len(), 1);
    assert_eq!(huma.sim.counters().requests["PATCH /users/{id}"], 2);
}

#[tokio::test]
async fn a_held_request_waits_for_its_release() {
    let huma = Huma::start().await;
    for (after_effect, held_gender) in [(false, "Female"), (true, "Male")] {
        huma.sim.add_fault(Fault::from(FaultKind::Hold { after_effect }).on("PATCH", "/users/{id}").times(1));
        let (answer, ()) = tokio::join!(huma.patch_kari(json!({"gender": "Male"})), async {
            huma.sim.until_held(1).await;
            assert_eq!(huma.kari().await["gender"]["value"], held_gender);
            huma.sim.release_held();
        });
        assert_eq!((answer.0, &answer.1["gender"]["value"]), (200, &json!("Male")));
        assert_eq!(huma.sim.held(), 0);
        huma.patch_kari(json!({"gender": "Female"})).await;
    }
}

#[tokio::test]
async fn a_delay_before_the_effect_outlasts_an_impatient_client() {
    let huma = Huma::start().await;
    let delay = FaultKind::Delay { delay_ms: 600_000, after_effect: false };
    huma.sim.add_fault(Fault::from(delay).path("limit=3"));
    let request = huma.request("GET", "/users?limit=3").timeout(Duration::from_millis(50));
    assert!(request.send().await.unwrap_err().is_timeout());
    assert_eq!(huma.get("/users?limit=4").await.0, 200);
}

#[tokio::test]
async fn a_delay_after_the_effect_leaves_the_effect() {
    let huma = Huma::start().await;
    let delay = FaultKind::Delay { delay_ms: 600_000, after_effect: true };
    huma.sim.add_fault(Fault::from(delay).on("PATCH", "/users/{id}"));
    let request = huma.request("PATCH", &format!("/users/{KARI}")).json(&json!({"gender": "Male"}));
    assert!(request.timeout(Duration::from_secs(1)).send().await.unwrap_err().is_timeout());
    assert_eq!(huma.kari().await["gender"]["value"], "Male");
}

#[tokio::test]
async fn a_slow_body_comes_after_its_headers() {
    let huma = Huma::start().await;
    huma.sim.add_fault(Fault::from(FaultKind::SlowBody { delay_ms: 600_000 }).times(1));
    let request = huma.request("GET", "/users").timeout(Duration::from_secs(1));
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.text().await.unwrap_err().is_timeout());

    huma.sim.add_fault(FaultKind::SlowBody { delay_ms: 1 });
    assert_eq!(huma.names("?isActive=false").await, ["Liv"]);
}

#[tokio::test]
async fn answers_can_be_spoilt() {
    let huma = Huma::start().await;
    huma.sim.add_fault(Fault::from(FaultKind::Html).times(1));
    let answer = huma.request("GET", "/users").send().await.unwrap();
    assert_eq!(answer.status(), 502);
    assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("text/html"));

    huma.sim.add_fault(Fault::from(FaultKind::TruncatedJson).times(1));
    let answer = huma.request("GET", "/users").send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(serde_json::from_str::<Value>(&answer.text().await.unwrap()).unwrap_err().is_eof());

    huma.sim.add_fault(Fault::from(FaultKind::TruncatedPage).times(1));
    let (_, page) = huma.get("/users").await;
    assert_eq!((page["items"].as_array().unwrap().len(), &page["total"]), (2, &json!(4)));

    huma.sim.add_fault(Fault::status(500));
    assert_eq!(huma.get("/users").await.0, 500);
    huma.sim.clear_faults();
    assert_eq!(huma.get("/users").await.0, 200);
}

#[tokio::test]
async fn a_rate_limit_answers_429_with_or_without_retry_after() {
    let huma = Huma::start().await;
    for retry_after_s in [Some(3), None] {
        huma.sim.switch(|switches| switches.rate_limit = RateLimit::PerSecond { requests: 0, retry_after_s });
        let answer = huma.request("GET", "/users").send().await.unwrap();
        let header = answer.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(
            (answer.status().as_u16(), header),
            (429, retry_after_s.map(|seconds| seconds.to_string()))
        );
    }
    assert_eq!(huma.sim.counters().rate_limited, 2);
    huma.sim.switch(|switches| switches.rate_limit = RateLimit::None);
    assert_eq!(huma.get("/users").await.0, 200);
}

#[tokio::test]
async fn a_stopped_simulator_cannot_be_reached_and_its_port_is_free() {
    let huma = Huma::start().await;
    assert_eq!(huma.get("/users").await.0, 200);
    let listen = huma.sim.url().trim_start_matches("http://").parse().unwrap();
    huma.sim.shutdown().await;
    let request = huma.http.get(format!("http://{listen}/users"));
    assert!(request.send().await.unwrap_err().status().is_none());
    let again = HumaSim::start(&people(), Options { listen, ..Options::default() }).await.unwrap();
    assert_eq!(again.people().len(), 4);
}

#[tokio::test]
async fn stopping_ends_what_is_held_delayed_or_slow() {
    let huma = Huma::start().await;
    huma.sim.add_fault(Fault::from(FaultKind::SlowBody { delay_ms: 600_000 }).path("limit=1"));
    huma.sim.add_fault(FaultKind::Hold { after_effect: false });
    let slow = huma.request("GET", "/users?limit=1").send().await.unwrap();
    let held = tokio::spawn(huma.request("GET", "/users?limit=2").send());
    huma.sim.until_held(1).await;
    let stopped = tokio::time::timeout(Duration::from_secs(20), huma.sim.shutdown());
    stopped.await.unwrap();
    assert!(held.await.unwrap().unwrap_err().status().is_none());
    assert!(!slow.text().await.unwrap_err().is_timeout());
}
