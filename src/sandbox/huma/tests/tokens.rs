use serde_json::json;

use super::super::*;
use super::*;

#[tokio::test]
async fn a_token_comes_with_all_that_the_description_requires() {
    let huma = Huma::start().await;
    let (status, token) = huma.ask_token().await;
    assert_eq!(status, 200);
    assert_eq!((&token["token_type"], &token["expires_in"]), (&json!("bearer"), &json!(900)));
    assert_eq!(token["organizationId"], Options::default().organization_id);
    assert_eq!(token["userId"], KEY);
    assert_eq!(huma.sim.counters().tokens_issued, 2);
}

#[tokio::test]
async fn credentials_count_only_in_a_form_body() {
    let huma = Huma::start().await;
    let options = Options::default();
    let url = format!("{}/auth/oauth/token", huma.sim.url());
    let form = |secret: &str| {
        let pairs = [
            ("grant_type", "client_credentials"),
            ("client_id", &options.client_id),
            ("client_secret", secret),
        ];
        huma.http.post(&url).form(&pairs)
    };
    assert_eq!(read(form("wrong").send().await.unwrap()).await.0, 401);

    let basic = huma.http.post(&url).basic_auth(&options.client_id, Some(&options.client_secret));
    let (status, body) =
        read(basic.form(&[("grant_type", "client_credentials")]).send().await.unwrap()).await;
    assert_eq!((status, &body["error"]), (401, &json!("invalid_client")));

    let body = json!({
        "grant_type": "client_credentials", "client_id": options.client_id, "client_secret": options.client_secret,
    });
    assert_eq!(read(huma.http.post(&url).json(&body).send().await.unwrap()).await.0, 415);
    assert_eq!(
        read(huma.http.post(&url).form(&[("grant_type", "password")]).send().await.unwrap()).await.0,
        400
    );
}

#[tokio::test]
async fn everything_else_needs_a_living_token() {
    let mut huma = Huma::start().await;
    let bare = huma.http.get(format!("{}/users", huma.sim.url())).send().await.unwrap();
    let (status, body) = read(bare).await;
    assert_eq!(status, 401);
    assert!(body["error"].is_string() && body["error_description"].is_string());

    huma.sim.expire_tokens();
    assert_eq!(huma.get("/users").await.0, 401);
    assert_eq!(huma.get("/nothing").await.0, 401);

    huma.sim.switch(|switches| switches.token_ttl_s = 0);
    huma.token = huma.ask_token().await.1["access_token"].as_str().unwrap().to_owned();
    assert_eq!(huma.get("/users").await.1["error"], "invalid_token");
}

#[tokio::test]
async fn a_new_token_ends_the_old_one_only_when_switched() {
    let huma = Huma::start().await;
    huma.ask_token().await;
    assert_eq!(huma.get("/users").await.0, 200);
    huma.sim.switch(|switches| switches.old_token_dies_on_new = true);
    huma.ask_token().await;
    assert_eq!(huma.get("/users").await.0, 401);
}

#[tokio::test]
async fn expires_in_can_be_nonsense() {
    let huma = Huma::start().await;
    let shown = async |value| {
        huma.sim.switch(|switches| switches.expires_in_value = value);
        huma.ask_token().await.1.get("expires_in").cloned()
    };
    assert_eq!(shown(ExpiresInValue::Zero).await, Some(json!(0)));
    assert_eq!(shown(ExpiresInValue::Negative).await, Some(json!(-1)));
    assert_eq!(shown(ExpiresInValue::Missing).await, None);
}
