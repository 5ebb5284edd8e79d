use super::*;
use hxsync::domain::record::PositionStatus;
use hxsync::domain::{Account, Field, Lock, Positions, Spelling};
use hxsync::remote::huma::Depth;
use hxsync::remote::{Huma, RightState};
use hxsync::sandbox::huma::{AbsentMeans, DeprecatedCopies, Fault};
use std::collections::BTreeSet;

#[tokio::test]
async fn the_login_says_whose_data_it_is() {
    let pair = Pair::start().await;
    assert_eq!(pair.client.tenant().await.unwrap().organization_id, Options::default().organization_id);
}

#[tokio::test]
async fn a_listing_is_read_to_its_end_by_pages() {
    let mut people: Vec<_> = (0..120).map(someone).collect();
    people.push(HumaPerson { kind: "service_user".into(), ..someone(500) });
    people.push(HumaPerson { deactivated: true, ..someone(501) });
    let pair = Pair::with(&people, |_, _| ()).await;
    let mut ids = BTreeSet::new();
    let mut received = Vec::new();
    for offset in [0, 50, 100] {
        let page = pair.client.list(true, offset).await.unwrap();
        assert_eq!(page.total, Some(121));
        assert!(page.unreadable.is_empty());
        received.push(page.received);
        assert!(page.items.iter().all(|row| row.active));
        ids.extend(page.items.into_iter().map(|row| row.id));
    }
    assert_eq!(received, [50, 50, 21]);
    assert_eq!(ids.len(), 120);
    let inactive = pair.client.list(false, 0).await.unwrap();
    let rows: Vec<_> = inactive.items.iter().map(|row| (row.id.0.as_str(), row.active)).collect();
    assert_eq!(rows, [(someone(501).id.as_str(), false)]);
}

#[tokio::test]
async fn the_digest_of_a_row_moves_with_the_person() {
    let pair = Pair::start().await;
    let before = pair.client.list(true, 0).await.unwrap().items[0].digest;
    assert_eq!(pair.client.list(true, 0).await.unwrap().items[0].digest, before);
    pair.sim.edit(KARI, serde_json::json!({"phone": "+4740000000"})).unwrap();
    assert_ne!(pair.client.list(true, 0).await.unwrap().items[0].digest, before);
}

#[tokio::test]
async fn a_person_is_read_whole_with_one_request() {
    let pair = Pair::start().await;
    let record = pair.client.user(&kari_id(), Depth::Copies).await.unwrap().unwrap();
    for (field, text) in [
        (Field::GivenName, "Kari"),
        (Field::FamilyName, "Nordmann"),
        (Field::Email, "kari@fjordlys.example"),
        (Field::Phone, "+4799999999"),
        (Field::BirthDate, "1990-04-23"),
        (Field::Gender, "Female"),
        (Field::CivilStatus, "Relationship"),
        (Field::EmploymentId, "0042"),
        (Field::JobTitle, "Utvikler"),
        (Field::FirstDayOfWork, "2024-02-01"),
    ] {
        assert_eq!(record.text(field), Some(text), "{field}");
    }
    let account = Account::National { number: "86011117947".into(), country: "NO".into() };
    assert!(record.fields[Field::BankAccount].value() == Some(&Spelling::Account(account)));
    assert!(record.fields[Field::Address].value().is_some());
    for field in [Field::ProbationEndDate, Field::TerminationNoticeDate, Field::LastDayOfWork] {
        assert!(record.fields[field].is_empty(), "{field}");
    }
    assert!(record.locked.is_empty());
    let about = record.huma().unwrap();
    assert!(matches!(&about.positions, Positions::Main(main)
        if main.id == KARIS_POSITION && main.status == PositionStatus::Current));
    assert_eq!(pair.sim.counters().requests.values().sum::<u64>(), 2, "the login and the person");
}

#[tokio::test]
async fn explicit_nulls_read_as_nothing() {
    let bare = HumaPerson { phone: None, bank_account: None, ..kari() };
    let plain = Pair::with(std::slice::from_ref(&bare), |_, _| ()).await;
    let nulls = Pair::with(&[bare], |switches, _| switches.emit_null = true).await;
    let one = plain.client.user(&kari_id(), Depth::Position).await.unwrap();
    let other = nulls.client.user(&kari_id(), Depth::Position).await.unwrap();
    assert!(one == other);
}

#[tokio::test]
async fn positions_are_read_by_as_few_requests_as_they_allow() {
    let one = "GET /users/{userId}/positions/{id}";
    let all = "GET /users/{userId}/positions";
    let two = HumaPerson {
        positions: vec![
            position("62a8d4ef-23bc-4d2e-8b88-4f6a718293a4", "Verneombud", 20.0, "2020-01-01"),
            position(KARIS_POSITION, "Utvikler", 80.0, "2024-02-01"),
        ],
        ..kari()
    };
    let next_month =
        HumaPerson { positions: vec![position(KARIS_POSITION, "Utvikler", 100.0, "2026-12-01")], ..kari() };
    let no_copies = DeprecatedCopies::Absent;
    let copies = DeprecatedCopies::FromMainPosition;
    for (name, person, copied, always, depth, expected) in [
        ("copies", kari(), copies, false, Depth::Copies, (0, 0)),
        ("no copies", kari(), no_copies, false, Depth::Copies, (0, 1)),
        ("the setting", kari(), copies, true, Depth::Copies, (0, 1)),
        ("before a write", kari(), copies, false, Depth::Position, (0, 1)),
        ("several", two, copies, false, Depth::Copies, (1, 1)),
        ("none current", next_month, copies, false, Depth::Copies, (1, 1)),
    ] {
        let pair = Pair::with(&[person], |switches, options| {
            switches.deprecated_copies = copied;
            options.positions_always = always;
        })
        .await;
        let record = pair.client.user(&kari_id(), depth).await.unwrap().unwrap();
        assert_eq!((pair.asked(all), pair.asked(one)), expected, "{name}");
        assert_eq!(record.text(Field::JobTitle), Some("Utvikler"), "{name}");
        assert!(record.fields[Field::FirstDayOfWork].value().is_some(), "{name}");
        assert!(record.locked.is_empty(), "{name}");
    }
}

#[tokio::test]
async fn the_main_position_is_found_on_whatever_page_it_is() {
    let mut positions: Vec<_> = (1..30)
        .map(|n| position(&format!("00000000-0000-4000-9000-{n:012}"), "Verneombud", 1.0, "2020-01-01"))
        .collect();
    for main in [0, 12, 29] {
        positions.insert(main, position(KARIS_POSITION, "Utvikler", 80.0, "2024-02-01"));
        let pair = Pair::with(&[HumaPerson { positions: positions.clone(), ..kari() }], |_, _| ()).await;
        let record = pair.client.user(&kari_id(), Depth::Copies).await.unwrap().unwrap();
        assert_eq!(record.text(Field::JobTitle), Some("Utvikler"));
        assert_eq!(pair.asked("GET /users/{userId}/positions"), 2);
        positions.remove(main);
    }
}

#[tokio::test]
async fn positions_the_key_may_not_see_are_hidden_and_never_none() {
    for refused in [403, 404] {
        for route in ["/users/{userId}/positions", "/users/{userId}/positions/{id}"] {
            let next_month = vec![position(KARIS_POSITION, "Utvikler", 100.0, "2026-12-01")];
            let pair = Pair::with(&[HumaPerson { positions: next_month, ..kari() }], |_, _| ()).await;
            pair.sim.add_fault(Fault::status(refused).on("GET", route));
            let record = pair.client.user(&kari_id(), Depth::Copies).await.unwrap().unwrap();
            assert!(record.huma().unwrap().positions != Positions::None, "{refused} {route}");
            assert!(record.fields[Field::JobTitle].is_hidden(), "{refused} {route}");
            assert_eq!(record.locked.get(&Field::JobTitle), Some(&Lock::NotEditable));
            assert_eq!(record.text(Field::GivenName), Some("Kari"));
        }
    }
}

#[tokio::test]
async fn a_person_without_a_position_has_empty_employment_fields() {
    let pair = Pair::with(&[HumaPerson { positions: vec![], ..kari() }], |_, _| ()).await;
    let record = pair.client.user(&kari_id(), Depth::Copies).await.unwrap().unwrap();
    assert!(record.huma().unwrap().positions == Positions::None);
    assert!(record.fields[Field::JobTitle].is_empty() && record.fields[Field::FirstDayOfWork].is_empty());
}

#[tokio::test]
async fn positions_that_tie_are_locked_until_somebody_chooses() {
    let positions = vec![
        position("62a8d4ef-23bc-4d2e-8b88-4f6a718293a4", "Verneombud", 50.0, "2024-02-01"),
        position(KARIS_POSITION, "Utvikler", 50.0, "2024-02-01"),
    ];
    let pair = Pair::with(&[HumaPerson { positions, ..kari() }], |_, _| ()).await;
    let record = pair.client.user(&kari_id(), Depth::Position).await.unwrap().unwrap();
    assert!(record.huma().unwrap().positions == Positions::Tied);
    for field in Field::ALL.into_iter().filter(|field| field.is_on_position()) {
        assert_eq!(record.locked.get(&field), Some(&Lock::ChoosePosition), "{field}");
        assert!(record.fields[field].is_hidden(), "{field}");
    }
}

#[tokio::test]
async fn copies_of_another_position_than_the_main_one_lock_the_fields() {
    let positions = vec![
        position("62a8d4ef-23bc-4d2e-8b88-4f6a718293a4", "Verneombud", 20.0, "2025-01-01"),
        position(KARIS_POSITION, "Utvikler", 80.0, "2024-02-01"),
    ];
    let pair = Pair::with(&[HumaPerson { positions, ..kari() }], |switches, _| {
        switches.deprecated_copies = DeprecatedCopies::FromNewestPosition;
    })
    .await;
    let record = pair.client.user(&kari_id(), Depth::Position).await.unwrap().unwrap();
    assert_eq!(record.locked.get(&Field::LastDayOfWork), Some(&Lock::ChoosePosition));
    assert_eq!(record.text(Field::JobTitle), Some("Utvikler"));
}

#[tokio::test]
async fn what_the_key_may_not_see_is_hidden_and_never_empty() {
    let access = |switches: &mut Switches| {
        switches.field_access.hidden = vec!["bankAccount".into(), "lastDayOfWork".into()];
        switches.field_access.read_only = vec!["phone".into()];
    };
    let pair = Pair::with(&[kari()], |switches, _| access(switches)).await;
    let record = pair.client.user(&kari_id(), Depth::Copies).await.unwrap().unwrap();
    assert!(record.fields[Field::BankAccount].is_hidden());
    assert!(record.fields[Field::LastDayOfWork].is_hidden(), "the copy is absent, so the position was asked");
    assert_eq!(record.locked.get(&Field::Phone), Some(&Lock::NotEditable));
    assert_eq!(record.text(Field::Phone), Some("+4799999999"));

    let other = Pair::with(&[kari()], |switches, _| {
        access(switches);
        switches.absent_means = AbsentMeans::Empty;
    })
    .await;
    let record = other.client.user(&kari_id(), Depth::Position).await.unwrap().unwrap();
    for field in [Field::BankAccount, Field::LastDayOfWork] {
        assert!(record.fields[field].is_empty(), "{field}");
        assert_eq!(record.locked.get(&field), Some(&Lock::NotEditable), "{field}");
    }
}

#[tokio::test]
async fn a_deactivated_person_is_locked_and_nobody_is_nothing() {
    let pair = Pair::with(&[HumaPerson { deactivated: true, ..kari() }], |_, _| ()).await;
    let record = pair.client.user(&kari_id(), Depth::Copies).await.unwrap().unwrap();
    assert_eq!(record.locked.len(), 15);
    let nobody = HumaId(someone(1).id);
    assert!(pair.client.user(&nobody, Depth::Copies).await.unwrap().is_none());
}

#[tokio::test]
async fn rights_are_shown_by_reading_and_nothing_is_written() {
    let pair = Pair::start().await;
    let reports = pair.client.rights().await.unwrap();
    let with = |state| reports.iter().filter(|report| report.state == state).count();
    assert_eq!((with(RightState::Ok), with(RightState::Missing), with(RightState::Unproven)), (6, 0, 4));
    assert_eq!(pair.sim.counters().writes, 0);

    let refused = Pair::start().await;
    refused.sim.set_client_secret("another");
    let reports = refused.client.rights().await.unwrap();
    assert_eq!(reports[0].state, RightState::Missing);
    assert!(reports[1..].iter().all(|report| report.state == RightState::Unproven));

    let without_positions = Pair::start().await;
    let fault = Fault::status(403).on("GET", "/users/{userId}/positions");
    without_positions.sim.add_fault(fault);
    let reports = without_positions.client.rights().await.unwrap();
    let missing: Vec<_> = reports.iter().filter(|report| report.state == RightState::Missing).collect();
    assert_eq!(missing.len(), 1);
    assert_eq!(missing[0].right, "Positions: see");
}

#[tokio::test]
async fn what_the_interface_costs_is_counted_once() {
    let pair = Pair::start().await;
    pair.client.user(&kari_id(), Depth::Copies).await.unwrap();
    let spent = pair.client.take_use();
    assert_eq!(spent.requests, 2);
    assert!(spent.bytes_in > 500 && spent.bytes_out > 50, "{spent:?}");
    assert_eq!(pair.client.take_use().requests, 0);
}
