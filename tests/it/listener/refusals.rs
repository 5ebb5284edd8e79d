//! What is not taken, and how it is answered.

use super::live::{Live, huma_signature, status};
use jiff::{SignedDuration, Timestamp};
use reqwest::StatusCode;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

const BODY: &str = r#"{"topic":"users-update","users":[{"id":"0a1b2c3d-0000-4000-8000-000000000001"}]}"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_of_huma_needs_its_signature_and_its_size() {
    let live = Live::start().await;
    let signed = |body: Vec<u8>| {
        let signature = huma_signature(&body);
        live.post("huma", body).header("huma-hmac-sha256", signature)
    };
    assert_eq!(status(live.post("huma", BODY)).await, StatusCode::UNAUTHORIZED);
    let forged = live.post("huma", BODY).header("huma-hmac-sha256", huma_signature(b"{}"));
    assert_eq!(status(forged).await, StatusCode::UNAUTHORIZED);
    let mut large = BODY.as_bytes().to_vec();
    large.resize(2 << 20, b' ');
    assert_eq!(status(signed(large.clone())).await, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(unannounced(&live, &large).await.starts_with("HTTP/1.1 413 "));
    assert_eq!(live.store().read().waiting_hints().unwrap(), []);
    let export = signed(large).header("huma-topic", "users-export");
    assert_eq!(status(export).await, StatusCode::OK);
    live.until("all of them counted", |_, metrics| {
        [("kept", 1), ("forged", 1), ("missing", 1), ("too-large", 2)].iter().all(|(outcome, count)| {
            let line = format!("hxsync_posts_total{{side=\"huma\",outcome=\"{outcome}\"}} {count}\n");
            metrics.contains(&line)
        })
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_of_xledger_is_refused_when_forged_stale_or_replayed() {
    let live = Live::start().await;
    let now = Timestamp::now();
    let body = r#"{"data":{"employees":{"edges":[]}}}"#;
    let forged = live.xledger_post(body, now).body("{}");
    assert_eq!(status(forged).await, StatusCode::UNAUTHORIZED);
    assert_eq!(status(live.post("xledger", body)).await, StatusCode::UNAUTHORIZED);
    let stale = live.xledger_post(body, now - SignedDuration::from_mins(16));
    assert_eq!(status(stale).await, StatusCode::UNAUTHORIZED);
    assert_eq!(status(live.xledger_post(body, now)).await, StatusCode::OK);
    assert_eq!(status(live.xledger_post(body, now)).await, StatusCode::UNAUTHORIZED);
    let metrics = live.get("/metrics").await;
    for (outcome, count) in [("kept", 1), ("forged", 1), ("missing", 1), ("stale", 1), ("replayed", 1)] {
        let line = format!("hxsync_posts_total{{side=\"xledger\",outcome=\"{outcome}\"}} {count}\n");
        assert!(metrics.contains(&line), "{line}{metrics}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_secret_no_post_of_huma_is_believed() {
    let mut live = Live::stopped(false).await;
    live.run().await;
    let signed = live.post("huma", BODY).header("huma-hmac-sha256", huma_signature(BODY.as_bytes()));
    assert_eq!(status(signed).await, StatusCode::FORBIDDEN);
}

/// Sends a body in chunks, without its length, and returns the answer's first line.
async fn unannounced(live: &Live, body: &[u8]) -> String {
    let stream = TcpStream::connect(live.url.trim_start_matches("http://")).await.unwrap();
    let (from, mut to) = stream.into_split();
    let head = format!(
        "POST /webhooks/huma HTTP/1.1\r\nhost: hxsync\r\nhuma-hmac-sha256: {}\r\ntransfer-encoding: chunked\r\n\r\n",
        huma_signature(body)
    );
    let mut message = head.into_bytes();
    for chunk in body.chunks(1 << 16) {
        message.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
        message.extend_from_slice(chunk);
        message.extend_from_slice(b"\r\n");
    }
    message.extend_from_slice(b"0\r\n\r\n");
    let sending = tokio::spawn(async move {
        // The listener may answer and close before it has all of it.
        let _ = to.write_all(&message).await;
        to
    });
    let mut line = String::new();
    BufReader::new(from).read_line(&mut line).await.unwrap();
    sending.abort();
    line
}
