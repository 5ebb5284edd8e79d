//! The pages that are only looked at.

use super::live::{Live, status};
use hxsync::sandbox::people::fixtures;
use reqwest::StatusCode;
use serde_json::Value;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pages_count_and_name_nobody() {
    let live = Live::start().await;
    let health: Value = serde_json::from_str(&live.get("/healthz").await).unwrap();
    assert_eq!((&health["status"], &health["huma"]), (&"ok".into(), &"ok".into()));
    let linked = live.store().read().linked_count().unwrap();
    let metrics = live.get("/metrics").await;
    assert!(metrics.contains(&format!("hxsync_people{{state=\"linked\"}} {linked}\n")), "{metrics}");
    let page = live.get("/").await;
    assert!(page.contains(&format!(" of {linked}</td>")), "{page}");
    for person in fixtures().into_iter().filter_map(|person| person.huma) {
        for text in [&metrics, &page] {
            assert!(!text.contains(&person.family_name) && !text.contains(&person.email));
        }
    }
    let elsewhere = live.client.get(format!("{}/api", live.url));
    assert_eq!(status(elsewhere).await, StatusCode::NOT_FOUND);
    let read = live.client.get(format!("{}/webhooks/huma", live.url));
    assert_eq!(status(read).await, StatusCode::METHOD_NOT_ALLOWED);
}
