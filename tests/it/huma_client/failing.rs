use super::*;
use hxsync::domain::{Field, Spelling};
use hxsync::remote::huma::{Depth, HumaAnswer};
use hxsync::remote::{Huma, RemoteError};
use hxsync::sandbox::huma::{Fault, FaultKind, RateLimit, RetryAfter};
use std::collections::BTreeMap;

const READ: (&str, &str) = ("GET", "/users/{id}");
const WRITE: (&str, &str) = ("PATCH", "/users/{id}");
const LOGIN: (&str, &str) = ("POST", "/auth/oauth/token");

impl Pair {
    fn fault(&self, on: (&str, &str), kind: FaultKind) {
        self.sim.add_fault(Fault::from(kind).on(on.0, on.1));
    }

    fn fault_once(&self, on: (&str, &str), kind: FaultKind) {
        self.sim.add_fault(Fault::from(kind).on(on.0, on.1).times(1));
    }

    async fn read(&self) -> Result<String, RemoteError> {
        let record = self.client.user(&kari_id(), Depth::Copies).await?.expect("Kari is there");
        Ok(record.text(Field::Phone).unwrap_or_default().to_owned())
    }

    async fn write(&self) -> Result<HumaAnswer, RemoteError> {
        let changes = BTreeMap::from([(Field::Phone, Some(Spelling::text("+4740000000")))]);
        self.client.update_user(&kari_id(), &changes).await
    }

    fn phone(&self) -> String {
        self.sim.person(KARI).unwrap()["phone"].as_str().unwrap().to_owned()
    }

    fn writes(&self) -> u64 {
        self.sim.counters().writes
    }
}

fn status(status: u16) -> FaultKind {
    FaultKind::Status { status, body: None, retry_after: None }
}

fn status_after(status: u16, seconds: u64) -> FaultKind {
    FaultKind::Status { status, body: None, retry_after: Some(RetryAfter::Seconds(seconds)) }
}

#[tokio::test]
async fn a_read_is_repeated_until_huma_is_back() {
    for kind in [
        status(500),
        status(502),
        status(503),
        status(504),
        status(429),
        status_after(429, 3),
        FaultKind::Html,
        FaultKind::DropBefore,
        FaultKind::DropAfter,
        FaultKind::TruncatedJson,
    ] {
        let pair = Pair::start().await;
        pair.fault_once(READ, kind.clone());
        assert_eq!(pair.read().await.unwrap(), "+4799999999", "{kind:?}");
        assert_eq!(pair.asked("GET /users/{id}"), 2, "{kind:?}");
        assert_eq!(pair.slept().len(), 1, "{kind:?}");
    }
}

#[tokio::test]
async fn a_read_of_a_huma_that_stays_away_ends_in_time() {
    let pair = Pair::start().await;
    pair.fault(READ, status(503));
    let error = pair.read().await.unwrap_err();
    assert!(matches!(error, RemoteError::Unavailable { .. }), "{error:?}");
    assert!(pair.slept().iter().sum::<Duration>() <= Duration::from_secs(30));
    assert!(pair.asked("GET /users/{id}") > 3);
}

#[tokio::test]
async fn a_wait_is_kept_in_seconds_or_as_a_date_and_goes_up_when_too_long() {
    let pair = Pair::start().await;
    pair.fault_once(READ, status_after(429, 7));
    pair.read().await.unwrap();
    assert_eq!(pair.slept(), [Duration::from_secs(7)]);

    let dated = FaultKind::Status {
        status: 503,
        body: None,
        retry_after: Some(RetryAfter::Date("Mon, 01 Jan 2125 00:00:00 GMT".into())),
    };
    for kind in [dated, status_after(429, 3600)] {
        let pair = Pair::start().await;
        pair.fault_once(WRITE, kind);
        let error = pair.write().await.err().unwrap();
        assert!(
            matches!(error, RemoteError::RateLimited { retry_after, .. } if retry_after.as_secs() >= 3600),
            "{error:?}"
        );
        assert_eq!((pair.slept().len(), pair.writes()), (0, 0));
    }
}

#[tokio::test]
async fn the_undocumented_rate_limit_ends_as_itself() {
    let pair = Pair::start().await;
    pair.client.tenant().await.unwrap();
    pair.sim.switch(|switches| {
        switches.rate_limit = RateLimit::PerSecond { requests: 0, retry_after_s: None };
    });
    let error = pair.read().await.unwrap_err();
    assert!(matches!(error, RemoteError::RateLimited { .. }), "{error:?}");
}

#[tokio::test]
async fn p2_a_write_that_was_certainly_not_carried_out_is_sent_again() {
    for kind in [status(429), status_after(429, 2), status_after(503, 2)] {
        let pair = Pair::start().await;
        pair.fault_once(WRITE, kind.clone());
        pair.write().await.unwrap();
        assert_eq!((pair.asked("PATCH /users/{id}"), pair.writes()), (2, 1), "{kind:?}");
    }
}

#[tokio::test]
async fn p2_a_write_that_may_have_been_carried_out_is_never_sent_again() {
    for (kind, carried_out) in [
        (status(500), false),
        (status(502), false),
        (status(503), false),
        (status(504), false),
        (FaultKind::Html, false),
        (FaultKind::DropBefore, false),
        (FaultKind::DropAfter, true),
        (FaultKind::TruncatedJson, true),
    ] {
        let pair = Pair::start().await;
        pair.fault(WRITE, kind.clone());
        let error = pair.write().await.err().unwrap();
        assert!(matches!(error, RemoteError::OutcomeUnknown { .. }), "{kind:?}: {error:?}");
        assert_eq!(pair.asked("PATCH /users/{id}"), 1, "{kind:?}");
        let phone = if carried_out { "+4740000000" } else { "+4799999999" };
        assert_eq!(pair.phone(), phone, "{kind:?}");
    }
}

#[tokio::test]
async fn p2_a_write_that_was_carried_out_and_not_answered_in_time_is_unknown() {
    let pair = Pair::with(&[kari()], |_, options| {
        options.transport.timeout = Some(Duration::from_secs(1));
    })
    .await;
    pair.client.tenant().await.unwrap();
    pair.fault(WRITE, FaultKind::Hold { after_effect: true });
    let error = pair.write().await.err().unwrap();
    assert!(matches!(error, RemoteError::OutcomeUnknown { .. }), "{error:?}");
    assert_eq!((pair.writes(), pair.phone().as_str()), (1, "+4740000000"));
}

#[tokio::test]
async fn a_read_that_is_not_answered_in_time_is_not_available() {
    let pair = Pair::with(&[kari()], |_, options| {
        options.transport.timeout = Some(Duration::from_secs(1));
    })
    .await;
    pair.client.tenant().await.unwrap();
    pair.fault_once(READ, FaultKind::Hold { after_effect: false });
    assert_eq!(pair.read().await.unwrap(), "+4799999999");
    assert_eq!(pair.asked("GET /users/{id}"), 2);
}

#[tokio::test]
async fn a_huma_that_cannot_be_reached_took_nothing() {
    let Pair { sim, client, .. } = Pair::start().await;
    client.tenant().await.unwrap();
    sim.shutdown().await;
    let changes = BTreeMap::from([(Field::Phone, None)]);
    let error = client.update_user(&kari_id(), &changes).await.err().unwrap();
    assert!(matches!(error, RemoteError::Unreachable { .. }), "{error:?}");
}

#[tokio::test]
async fn refusals_of_every_status_come_as_themselves() {
    let pair = Pair::start().await;
    pair.fault_once(WRITE, status(403));
    let error = pair.write().await.err().unwrap();
    assert!(
        matches!(&error, RemoteError::Forbidden { what, .. } if what == "PATCH /users/{id}"),
        "{error:?}"
    );
    for (code, expected) in [(409, "http:409"), (415, "http:415"), (422, "http:422")] {
        pair.fault_once(WRITE, status(code));
        let error = pair.write().await.err().unwrap();
        assert!(matches!(&error, RemoteError::Refused { code, .. } if code == expected), "{error:?}");
    }
    let nobody = HumaId(someone(1).id);
    let error = pair.client.update_user(&nobody, &BTreeMap::new()).await.err().unwrap();
    assert!(matches!(&error, RemoteError::Refused { code, .. } if code == "object:not-found"), "{error:?}");
    assert_eq!((pair.slept().len(), pair.writes()), (0, 0));
}

#[tokio::test]
async fn p7_a_404_that_is_not_huma_s_own_says_nothing_of_the_person() {
    let pair = Pair::start().await;
    let body = Some(serde_json::json!("no such route"));
    pair.fault(READ, FaultKind::Status { status: 404, body, retry_after: None });
    let error = pair.read().await.unwrap_err();
    assert!(matches!(error, RemoteError::Unavailable { .. }), "{error:?}");
}

#[tokio::test]
async fn a_token_that_ends_early_is_renewed_once_and_the_call_repeated() {
    let pair = Pair::start().await;
    pair.read().await.unwrap();
    pair.sim.expire_tokens();
    pair.write().await.unwrap();
    assert_eq!((pair.sim.counters().tokens_issued, pair.writes()), (2, 1));
    assert_eq!(pair.asked("PATCH /users/{id}"), 2);
}

#[tokio::test]
async fn a_renewal_that_fails_in_passing_does_not_end_the_call() {
    let pair = Pair::start().await;
    pair.read().await.unwrap();
    pair.sim.expire_tokens();
    pair.fault_once(LOGIN, status(503));
    pair.write().await.unwrap();
    assert_eq!((pair.asked("PATCH /users/{id}"), pair.writes()), (2, 1));
}

#[tokio::test]
async fn a_huma_that_refuses_every_token_is_asked_twice_and_no_more() {
    let pair = Pair::start().await;
    pair.fault(READ, status(401));
    let error = pair.read().await.unwrap_err();
    assert!(matches!(error, RemoteError::Unauthorized { .. }), "{error:?}");
    assert_eq!((pair.asked("GET /users/{id}"), pair.sim.counters().tokens_issued), (2, 2));
}

#[tokio::test]
async fn many_calls_share_one_login_and_one_renewal() {
    let pair = Pair::with(&[kari()], |switches, _| switches.old_token_dies_on_new = true).await;
    let together = || futures_util::future::join_all((0..12).map(|_| pair.read()));
    assert!(together().await.iter().all(Result::is_ok));
    assert_eq!(pair.sim.counters().tokens_issued, 1);
    pair.sim.expire_tokens();
    assert!(together().await.iter().all(Result::is_ok));
    assert_eq!(pair.sim.counters().tokens_issued, 2);
}

#[tokio::test]
async fn a_refused_login_is_said_at_once_and_not_hammered() {
    let pair = Pair::start().await;
    pair.sim.set_client_secret("another");
    for _ in 0..5 {
        let error = pair.read().await.unwrap_err();
        assert!(matches!(error, RemoteError::Unauthorized { .. }), "{error:?}");
    }
    assert_eq!(pair.asked("POST /auth/oauth/token"), 1);
    // A minute later the secret is right again.
    pair.sim.set_client_secret(&Options::default().client_secret);
    pair.clock.sleep(Duration::from_secs(60)).await;
    pair.read().await.unwrap();
}

#[tokio::test]
async fn p2_a_login_that_fails_leaves_no_write_unknown() {
    let pair = Pair::start().await;
    pair.fault_once(LOGIN, status(500));
    pair.write().await.unwrap();
    assert_eq!((pair.asked("PATCH /users/{id}"), pair.writes()), (1, 1));

    let away = Pair::start().await;
    away.fault(LOGIN, FaultKind::DropAfter);
    let error = away.write().await.err().unwrap();
    assert!(matches!(error, RemoteError::Unavailable { .. }), "{error:?}");
    assert_eq!(away.asked("PATCH /users/{id}"), 0);
}

#[tokio::test]
async fn a_page_cut_short_shows_in_its_counts() {
    let people: Vec<_> = (0..40).map(someone).collect();
    let pair = Pair::with(&people, |_, _| ()).await;
    pair.fault_once(("GET", "/users"), FaultKind::TruncatedPage);
    let page = pair.client.list(true, 0).await.unwrap();
    assert_eq!((page.received, page.total), (20, Some(40)));
}
