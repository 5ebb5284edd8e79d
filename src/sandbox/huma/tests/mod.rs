//! The simulator seen over HTTP, as a client sees it.

mod control;
mod faults;
mod reading;
mod tokens;
mod webhooks;
mod writing;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{ClockSetting, HumaSim, Options};
use crate::sandbox::people::{HumaAddress, HumaBankAccount, HumaPerson, HumaPosition};

const KARI: &str = "7c0c2a52-4a0e-4a2f-9c58-0d3a2f5b1c11";
const OLA: &str = "1b7d9a40-63f2-4c0a-8d15-5e2f7a9c3b22";
const LEAVER: &str = "2e8f4c61-07ab-4d39-9b26-6f3a8b0d4c33";
const KEY: &str = "9d1e3b63-5b1f-4b30-8d69-1e4b3a6c2d22";
const KARIS_POSITION: &str = "51f7c3de-12ab-4c1d-9a77-3e5f60718293";

/// A running simulator and a client with a token.
struct Huma {
    sim: HumaSim,
    http: reqwest::Client,
    token: String,
}

impl Huma {
    async fn start() -> Huma {
        Huma::start_with(&people()).await
    }

    async fn start_with(people: &[HumaPerson]) -> Huma {
        let clock = ClockSetting { date: Some("2026-11-23".parse().unwrap()), ..ClockSetting::default() };
        let options = Options { clock, job_titles: vec!["Selger".into()], ..Options::default() };
        let sim = HumaSim::start(people, options).await.unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut huma = Huma { sim, http, token: String::new() };
        huma.token = huma.ask_token().await.1["access_token"].as_str().unwrap().to_owned();
        huma
    }

    async fn ask_token(&self) -> (u16, Value) {
        let options = Options::default();
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", &options.client_id),
            ("client_secret", &options.client_secret),
        ];
        let request = self.http.post(format!("{}/auth/oauth/token", self.sim.url())).form(&form);
        read(request.send().await.unwrap()).await
    }

    fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = method.parse().unwrap();
        self.http.request(method, format!("{}{path}", self.sim.url())).bearer_auth(&self.token)
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        read(self.request("GET", path).send().await.unwrap()).await
    }

    async fn send(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        read(self.request(method, path).json(&body).send().await.unwrap()).await
    }

    /// A PATCH of Kari.
    async fn patch_kari(&self, body: Value) -> (u16, Value) {
        self.send("PATCH", &format!("/users/{KARI}"), body).await
    }

    /// Kari's detail, which must be found.
    async fn kari(&self) -> Value {
        let (status, detail) = self.get(&format!("/users/{KARI}")).await;
        assert_eq!(status, 200, "{detail}");
        detail
    }

    /// Given names of a listing, which must succeed.
    async fn names(&self, query: &str) -> Vec<String> {
        let (status, page) = self.get(&format!("/users{query}")).await;
        assert_eq!(status, 200, "{page}");
        let items = page["items"].as_array().unwrap();
        items.iter().map(|item| item["givenName"].as_str().unwrap().to_owned()).collect()
    }
}

async fn read(response: reqwest::Response) -> (u16, Value) {
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

fn position(id: &str, title: &str, percentage: f64, start: &str) -> HumaPosition {
    HumaPosition {
        id: id.into(),
        title: title.into(),
        percentage,
        contract_type: "Permanent".into(),
        contract_start_date: Some(start.into()),
        ..HumaPosition::default()
    }
}

/// Kari with everything and two positions, Ola with little and nothing current, a deactivated leaver, the key itself.
fn people() -> Vec<HumaPerson> {
    let mut main = position(KARIS_POSITION, "Utvikler", 80.0, "2024-02-01");
    main.first_day_of_work = Some("2024-02-05".into());
    main.probation_end_date = Some("2024-08-01".into());
    let second = position("62a8d4ef-23bc-4d2e-8b88-4f6a718293a4", "Verneombud", 20.0, "2025-01-01");
    let kari = HumaPerson {
        id: KARI.into(),
        given_name: "Kari".into(),
        family_name: "Nordmann".into(),
        email: "kari@fjordlys.example".into(),
        phone: Some("+4799999999".into()),
        birth_date: Some("1990-04-23".into()),
        bank_account: Some(HumaBankAccount::National { number: "86011117947".into(), country: "NO".into() }),
        home_address: Some(HumaAddress {
            line1: "Storgata 1".into(),
            postal_code: "0155".into(),
            city: "Oslo".into(),
            country: "NO".into(),
            ..HumaAddress::default()
        }),
        gender: Some("Female".into()),
        civil_status: Some("Relationship".into()),
        employment_id: Some("0042".into()),
        positions: vec![second, main],
        last_logged_in_at: Some("2024-02-01T07:55:12Z".into()),
        connected_integrations: BTreeMap::from([("xledger".into(), "1001".into())]),
        ..HumaPerson::default()
    };
    let ola = HumaPerson {
        id: OLA.into(),
        given_name: "Ola".into(),
        family_name: "Bakke".into(),
        email: "ola@fjordlys.example".into(),
        positions: vec![position("", "Utvikler", 100.0, "2026-12-01")],
        ..HumaPerson::default()
    };
    let leaver = HumaPerson {
        id: LEAVER.into(),
        given_name: "Liv".into(),
        family_name: "Aas".into(),
        email: "liv@fjordlys.example".into(),
        deactivated: true,
        ..HumaPerson::default()
    };
    let key = HumaPerson {
        id: KEY.into(),
        kind: "service_user".into(),
        given_name: "API".into(),
        family_name: "Key".into(),
        email: "key@fjordlys.example".into(),
        ..HumaPerson::default()
    };
    vec![kari, ola, leaver, key]
}

/// The id of the title with this name.
async fn title_id(huma: &Huma, name: &str) -> String {
    let (_, titles) = huma.get("/job-titles").await;
    let title = titles.as_array().unwrap().iter().find(|title| title["name"] == name).unwrap();
    title["id"].as_str().unwrap().to_owned()
}

fn invalid(names: &[&str]) -> (u16, Value) {
    let body =
        json!({"errorCode": "field:invalid-format", "errorMessage": "Invalid field format", "fields": names});
    (400, body)
}
