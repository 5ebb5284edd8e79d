//! The client of Huma against the simulated Huma: every answer that changes what hxsync does.

mod failing;
mod reading;
mod writing;

use async_trait::async_trait;
use hxsync::domain::HumaId;
use hxsync::remote::huma::{HumaClient, HumaOptions};
use hxsync::remote::{Clock, Secret, TransportOptions};
use hxsync::sandbox::huma::{ClockSetting, HumaSim, Options, Switches};
use hxsync::sandbox::people::{HumaAddress, HumaBankAccount, HumaPerson, HumaPosition};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const KARI: &str = "7c0c2a52-4a0e-4a2f-9c58-0d3a2f5b1c11";
const KARIS_POSITION: &str = "51f7c3de-12ab-4c1d-9a77-3e5f60718293";

/// A simulated Huma and a client of it. No wait takes any time.
struct Pair {
    sim: HumaSim,
    client: HumaClient,
    clock: Arc<SleptClock>,
}

/// Monotonic time passes only by sleeping, which returns at once.
#[derive(Default)]
struct SleptClock(Mutex<Vec<Duration>>);

#[async_trait]
impl Clock for SleptClock {
    fn now(&self) -> jiff::Timestamp {
        "2026-11-23T08:00:00Z".parse().unwrap()
    }

    fn monotonic(&self) -> Duration {
        self.0.lock().unwrap().iter().sum()
    }

    async fn sleep(&self, duration: Duration) {
        self.0.lock().unwrap().push(duration);
    }
}

impl Pair {
    async fn start() -> Pair {
        Pair::with(&[kari()], |_, _| ()).await
    }

    async fn with(people: &[HumaPerson], change: impl FnOnce(&mut Switches, &mut HumaOptions)) -> Pair {
        let clock = ClockSetting { date: Some("2026-11-23".parse().unwrap()), ..ClockSetting::default() };
        let mut sim_options = Options { clock, ..Options::default() };
        let mut options = HumaOptions {
            base_url: String::new(),
            client_id: sim_options.client_id.clone(),
            secret: Secret::from_text(&*sim_options.client_secret),
            requests_per_second: 1000.0,
            in_flight: 4,
            positions_always: false,
            default_groups: Vec::new(),
            contract_type: "Permanent".into(),
            bank_type_national: "national".into(),
            bank_type_international: "international".into(),
            transport: TransportOptions::default(),
        };
        change(&mut sim_options.switches, &mut options);
        let sim = HumaSim::start(people, sim_options).await.unwrap();
        options.base_url = sim.url();
        let clock = Arc::new(SleptClock::default());
        let client = HumaClient::new(options, clock.clone()).unwrap();
        Pair { sim, client, clock }
    }

    /// How often a route was asked: `GET /users/{id}`.
    fn asked(&self, route: &str) -> u64 {
        self.sim.counters().requests.get(route).copied().unwrap_or(0)
    }

    fn slept(&self) -> Vec<Duration> {
        self.clock.0.lock().unwrap().clone()
    }
}

fn kari_id() -> HumaId {
    HumaId(KARI.into())
}

fn position(id: &str, title: &str, percentage: f64, start: &str) -> HumaPosition {
    HumaPosition {
        id: id.into(),
        title: title.into(),
        percentage,
        contract_type: "Permanent".into(),
        contract_start_date: Some(start.into()),
        first_day_of_work: Some(start.into()),
        ..HumaPosition::default()
    }
}

/// Everything filled in, one current position.
fn kari() -> HumaPerson {
    HumaPerson {
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
        positions: vec![position(KARIS_POSITION, "Utvikler", 100.0, "2024-02-01")],
        ..HumaPerson::default()
    }
}

/// Nobody in particular, the nth of many.
fn someone(n: u32) -> HumaPerson {
    HumaPerson {
        id: format!("00000000-0000-4000-8000-{n:012}"),
        given_name: "Ola".into(),
        family_name: format!("Bakke{n:03}"),
        email: format!("ola{n}@fjordlys.example"),
        ..HumaPerson::default()
    }
}
