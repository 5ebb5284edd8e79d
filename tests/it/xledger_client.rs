//! The Xledger client against the simulator: one test for each answer that changes what is done.

mod reading;
mod refusals;
mod writing;

use async_trait::async_trait;
use hxsync::domain::record::Lock;
use hxsync::domain::{Address, Field, Named, Reading, Record, RecordId, Spelling, XledgerId};
use hxsync::remote::xledger::{
    AddressAt, ChangeKind, ClearWith, CountryAs, EmailAt, JobTitleAt, LookupKeys, NewEmployee, Watermark,
    Xledger, XledgerChange, XledgerClient, XledgerOptions,
};
use hxsync::remote::{Clock, Limit, RemoteError, RightState, Secret};
use hxsync::sandbox::people::{XledgerAddress, XledgerPerson};
use hxsync::sandbox::xledger::{
    Area, DEFAULT_ENTITY, DEFAULT_TOKEN, Fault, FaultRule, MassFailure, NullHandling, OperationKind, Options,
    Refusal, ResetAtFormat, Switches, XledgerSim,
};
use jiff::Timestamp;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const NOW: &str = "2026-03-02T09:00:00Z";

/// Stands still for records; for waits, time passes only by sleeping.
#[derive(Default)]
struct StoppedClock {
    now: Mutex<Option<Timestamp>>,
    slept: Mutex<Vec<Duration>>,
}

#[async_trait]
impl Clock for StoppedClock {
    fn now(&self) -> Timestamp {
        self.now.lock().unwrap().unwrap_or_else(|| NOW.parse().unwrap())
    }
    fn monotonic(&self) -> Duration {
        self.slept.lock().unwrap().iter().sum()
    }
    async fn sleep(&self, duration: Duration) {
        self.slept.lock().unwrap().push(duration);
    }
}

/// Ada (101), Bo (102) and Cy (103, who left), with contacts 201.. and subledgers 301..
fn person(first_name: &str, index: i64) -> XledgerPerson {
    XledgerPerson {
        db_id: 101 + index,
        contact_db_id: 201 + index,
        subledger_db_id: 301 + index,
        code: (1001 + index).to_string(),
        first_name: first_name.into(),
        last_name: "Strand".into(),
        email: Some(format!("{}@fjordvik.example", first_name.to_lowercase())),
        phone: Some("+47 22 22 22 22".into()),
        birthday: Some("1990-05-17".into()),
        gender: Some("F".into()),
        marital_status: Some("Married".into()),
        position_value: Some("Developer".into()),
        bank_account: Some("15030000002".into()),
        home_address: Some(XledgerAddress {
            street_address: "Kaigata 1".into(),
            zip_code: "5003".into(),
            place: "Bergen".into(),
            country: "NO".into(),
        }),
        employment_from: Some("2020-01-01".into()),
        ..XledgerPerson::default()
    }
}

struct Case {
    sim: XledgerSim,
    client: XledgerClient,
    clock: Arc<StoppedClock>,
}

async fn start() -> Case {
    start_with(|_| {}, |_| {}).await
}

async fn start_with(switches: impl FnOnce(&mut Switches), options: impl FnOnce(&mut XledgerOptions)) -> Case {
    let mut people: Vec<XledgerPerson> =
        ["Ada", "Bo", "Cy"].iter().zip(0..).map(|(name, i)| person(name, i)).collect();
    people[2].employment_to = Some("2025-06-30".into());
    start_people(&people, switches, options).await
}

async fn start_people(
    people: &[XledgerPerson],
    switches: impl FnOnce(&mut Switches),
    options: impl FnOnce(&mut XledgerOptions),
) -> Case {
    let mut simulated = Options {
        switches: Switches::without_limits(),
        stopped_at: Some(NOW.parse().unwrap()),
        sub_entities: vec![1002],
        ..Options::default()
    };
    switches(&mut simulated.switches);
    let sim = XledgerSim::start(people, simulated).await.unwrap();
    let mut settings = XledgerOptions {
        url: sim.url(),
        token: Secret::from_text(DEFAULT_TOKEN),
        requests_per_second: 1000.0,
        owner_db_id: None,
        job_title: JobTitleAt::default(),
        address: AddressAt::default(),
        country: CountryAs::default(),
        email: EmailAt::default(),
        clear_with: ClearWith::default(),
        proxy: None,
        ca_file: None,
        timeout: None,
    };
    options(&mut settings);
    let clock = Arc::new(StoppedClock::default());
    let client = XledgerClient::new(settings, clock.clone()).unwrap();
    Case { sim, client, clock }
}

impl Case {
    fn fault(&self, operation: OperationKind, fault: Fault) {
        self.sim.fault(FaultRule { operation: Some(operation), field: None, skip: 0, count: Some(1), fault });
    }

    async fn one(&self, id: i64) -> Record {
        let mut found = self.client.by_ids(&[XledgerId(id)]).await.unwrap();
        assert_eq!(found.records.len(), 1);
        found.records.remove(0)
    }

    fn set_both_clocks(&self, now: &str) {
        self.sim.set_clock(&json!({ "now": now })).unwrap();
        *self.clock.now.lock().unwrap() = Some(now.parse().unwrap());
    }
}

fn ids(records: &[Record]) -> Vec<i64> {
    let mut ids: Vec<i64> = records
        .iter()
        .map(|record| match record.id {
            RecordId::Xledger(XledgerId(id)) => id,
            RecordId::Huma(_) => panic!("a record of Huma"),
        })
        .collect();
    ids.sort_unstable();
    ids
}

fn change(id: i64, fields: impl IntoIterator<Item = (Field, Option<Spelling>)>) -> XledgerChange {
    XledgerChange {
        client_id: format!("job-{id}"),
        employee: XledgerId(id),
        contact: Some(id + 100),
        subledger: Some(id + 200),
        fields: fields.into_iter().collect(),
        display_name: None,
    }
}

fn text(value: &str) -> Option<Spelling> {
    Some(Spelling::text(value))
}

fn said(reading: &Reading) -> Option<&str> {
    match reading.value()? {
        Spelling::Text(text) => Some(text),
        Spelling::Named(named) => Some(&named.name),
        Spelling::Account(_) | Spelling::Address(_) => None,
    }
}

fn newcomer() -> NewEmployee {
    let fields = [
        (Field::GivenName, "Eva"),
        (Field::FamilyName, "Lund"),
        (Field::Email, "eva@fjordvik.example"),
        (Field::EmploymentId, "2001"),
        (Field::FirstDayOfWork, "2026-04-01"),
        (Field::BankAccount, "15030000002"),
    ];
    NewEmployee {
        client_id: "new-1".into(),
        fields: fields.map(|(field, value)| (field, Spelling::text(value))).into(),
        display_name: "Eva Lund".into(),
        owner: None,
    }
}
