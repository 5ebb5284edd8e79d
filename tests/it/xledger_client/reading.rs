//! Reading: listing, look-ups, changes.

use super::*;

#[tokio::test]
async fn the_listing_goes_page_by_page_and_shows_leavers() {
    let case = start().await;
    let first = case.client.page(None, 2).await.unwrap();
    assert_eq!((ids(&first.records), first.has_next), (vec![101, 102], true));
    let second = case.client.page(first.last.as_ref(), 2).await.unwrap();
    assert_eq!((ids(&second.records), second.has_next), (vec![103], false));
    assert_eq!(second.newest_modified_at.as_deref(), Some("2026-03-02T10:00:00"));
    assert!(first.unreadable.is_empty() && second.unreadable.is_empty());
}

#[tokio::test]
async fn a_record_shows_all_its_fields() {
    let case = start().await;
    let ada = case.one(101).await;
    let shown = [
        (Field::GivenName, "Ada"),
        (Field::FamilyName, "Strand"),
        (Field::Email, "ada@fjordvik.example"),
        (Field::Phone, "+47 22 22 22 22"),
        (Field::BirthDate, "1990-05-17"),
        (Field::BankAccount, "15030000002"),
        (Field::Gender, "Female"),
        (Field::CivilStatus, "Married"),
        (Field::EmploymentId, "1001"),
        (Field::JobTitle, "Developer"),
        (Field::FirstDayOfWork, "2020-01-01"),
    ];
    for (field, expected) in shown {
        assert_eq!(said(&ada.fields[field]), Some(expected), "{field}");
    }
    let Reading::Value(Spelling::Address(address)) = &ada.fields[Field::Address] else {
        panic!("no address")
    };
    assert_eq!((address.line1.as_deref(), address.country.as_deref()), (Some("Kaigata 1"), Some("NO")));
    assert!(ada.fields[Field::LastDayOfWork].is_empty());
    let about = ada.xledger().unwrap();
    assert_eq!(
        (about.contact_id, about.subledger_id, about.owner_id),
        (Some(201), Some(301), Some(DEFAULT_ENTITY))
    );
}

#[tokio::test]
async fn nothing_at_all_is_an_empty_page() {
    let case = start_people(&[], |_| {}, |_| {}).await;
    let page = case.client.page(None, 50).await.unwrap();
    assert!(page.records.is_empty() && page.last.is_none() && !page.has_next);
    assert!(case.client.by_ids(&[XledgerId(101)]).await.unwrap().records.is_empty());
}

#[tokio::test]
async fn ids_are_read_in_either_form() {
    let flip = ["Employee", "Contact", "Subledger", "ObjectValue", "ObjectKind", "Country"];
    let case = start_with(|s| s.flip_db_id = flip.map(str::to_owned).into(), |_| {}).await;
    assert_eq!(case.one(101).await.xledger().unwrap().contact_id, Some(201));
    assert_eq!(case.client.catalog().await.unwrap().titles.len(), 1);
}

#[tokio::test]
async fn a_page_that_times_out_is_halved_and_the_size_remembered() {
    let people: Vec<XledgerPerson> = (0..130).map(|i| person("Eli", i * 1000)).collect();
    let case = start_people(&people, |s| s.time_out_above = Some(60), |_| {}).await;
    let first = case.client.page(None, 200).await.unwrap();
    assert_eq!((first.records.len(), first.has_next), (50, true));
    let requests = case.client.take_use().requests;
    case.client.page(first.last.as_ref(), 200).await.unwrap();
    assert_eq!((requests, case.client.take_use().requests), (3, 1));
}

#[tokio::test]
async fn only_the_wanted_entity_is_shown() {
    let other = XledgerPerson { owner_db_id: 1002, ..person("Di", 9) };
    let case = start_people(&[person("Ada", 0), other], |_| {}, |o| o.owner_db_id = Some(1002)).await;
    assert_eq!(ids(&case.client.page(None, 50).await.unwrap().records), [110]);
    assert!(case.client.by_ids(&[XledgerId(101)]).await.unwrap().records.is_empty());
    assert_eq!(case.client.tenant().await.unwrap().entities[0].0, 1002);
}

// Look-ups.

#[tokio::test]
async fn a_person_is_found_by_code_and_by_email_once() {
    let case = start().await;
    let find = async |code: Option<&str>, email: Option<&str>| {
        let keys = LookupKeys { code: code.map(str::to_owned), email: email.map(str::to_owned) };
        ids(&case.client.find(&keys).await.unwrap())
    };
    assert_eq!(find(Some("1001"), None).await, [101]);
    assert_eq!(find(Some("1001"), Some("bo@fjordvik.example")).await, [101, 102]);
    assert_eq!(find(Some("1001"), Some("ada@fjordvik.example")).await, [101]);
    assert_eq!(find(Some("9999"), Some("nobody@fjordvik.example")).await, [0; 0]);
    assert_eq!(find(None, None).await, [0; 0]);
}

#[tokio::test]
async fn the_catalogue_has_titles_statuses_genders_and_countries() {
    let case = start().await;
    let catalog = case.client.catalog().await.unwrap();
    assert_eq!(catalog.titles.iter().map(|title| title.name.as_str()).collect::<Vec<_>>(), ["Developer"]);
    assert!(catalog.marital_statuses.iter().any(|status| status.code.as_deref() == Some("ENKE")));
    assert_eq!(catalog.genders[0].code.as_deref(), Some("F"));
    assert!(catalog.countries.iter().any(|row| row.code.as_deref() == Some("NO") && row.name == "Norway"));
}

#[tokio::test]
async fn changes_show_employees_contacts_and_subledgers_since_the_watermark() {
    let case = start().await;
    let cursor = case.client.newest_change().await.unwrap();
    assert!(cursor.is_some());
    let watermark = Watermark { cursor, since: Some("2026-03-02T10:00:00".into()) };
    case.set_both_clocks("2026-03-02T12:00:00Z");
    case.sim.edit_person(101, &json!({"code": "7"})).unwrap();
    case.sim.edit_person(102, &json!({"phone": "+47 55 55 55 55"})).unwrap();
    case.sim.edit_person(103, &json!({"bank_account": "15030000010"})).unwrap();
    let changes = case.client.changes(&watermark).await.unwrap();
    assert_eq!(changes.employees, [(XledgerId(101), ChangeKind::Updated)]);
    assert!(changes.contacts.contains(&202) && changes.subledgers.contains(&303));
    assert_eq!(changes.watermark.since.as_deref(), Some("2026-03-02T13:00:00"));
    assert!(!changes.has_more);

    case.set_both_clocks("2026-03-02T13:00:00Z");
    let quiet = case.client.changes(&changes.watermark).await.unwrap();
    assert!(quiet.employees.is_empty());
    assert_eq!(quiet.watermark, changes.watermark, "an empty page of the log keeps the cursor");

    assert!(case.sim.remove_person(103));
    let gone = case.client.changes(&quiet.watermark).await.unwrap();
    assert_eq!(gone.employees, [(XledgerId(103), ChangeKind::Deleted)]);
}

#[tokio::test]
async fn a_cursor_that_is_forgotten_is_refused_as_one() {
    let case = start().await;
    let cursor = case.client.newest_change().await.unwrap();
    for phone in 0..5 {
        case.sim.edit_person(101, &json!({"code": phone.to_string()})).unwrap();
    }
    case.sim.switch(|s| s.delta_retention = Some(1)).unwrap();
    let watermark = Watermark { cursor, since: Some("2026-03-02T10:00:00".into()) };
    let error = case.client.changes(&watermark).await.unwrap_err();
    assert!(matches!(&error, RemoteError::Refused { code, .. } if code == "cursor"), "{error:?}");
}

#[tokio::test]
async fn without_a_change_log_employees_are_found_by_their_time() {
    let case = start_with(|s| s.removed = ["Query.employee_deltas".to_owned()].into(), |_| {}).await;
    assert_eq!(case.client.newest_change().await.unwrap(), None);
    case.set_both_clocks("2026-03-02T12:00:00Z");
    case.sim.edit_person(101, &json!({"code": "7"})).unwrap();
    let since = Watermark { cursor: None, since: Some("2026-03-02T11:00:00".into()) };
    let changes = case.client.changes(&since).await.unwrap();
    assert_eq!(changes.employees, [(XledgerId(101), ChangeKind::Updated)]);
    assert_eq!(changes.watermark.since.as_deref(), Some("2026-03-02T13:00:00"));
}

/// Xledger's clock goes back from 03:00 to 02:00: a later change has a smaller text.
#[tokio::test]
async fn a_change_in_the_second_passage_of_the_repeated_hour_is_not_missed() {
    let case = start().await;
    case.set_both_clocks("2026-10-25T00:50:00Z");
    case.sim.edit_person(101, &json!({"phone": "+47 55 55 55 51"})).unwrap();
    let since = Watermark { cursor: None, since: Some("2026-10-24T12:00:00".into()) };
    let first = case.client.changes(&since).await.unwrap();
    assert_eq!(first.watermark.since.as_deref(), Some("2026-10-25T02:50:00"));
    case.set_both_clocks("2026-10-25T01:10:00Z");
    case.sim.edit_person(102, &json!({"phone": "+47 55 55 55 52"})).unwrap();
    let second = case.client.changes(&first.watermark).await.unwrap();
    assert!(second.contacts.contains(&202), "{:?}", second.contacts);
}

#[tokio::test]
async fn a_first_watermark_is_this_moment() {
    let case = start().await;
    let changes = case.client.changes(&Watermark { cursor: None, since: None }).await.unwrap();
    assert_eq!(changes.watermark.since.as_deref(), Some("2026-03-02T10:00:00"));
}

#[tokio::test]
async fn a_long_log_says_that_more_waits_and_long_tables_are_read_to_their_end() {
    let case = start().await;
    case.sim
        .switch(|s| {
            s.page_limit = 2;
            s.clamp_page = true;
        })
        .unwrap();
    let mut watermark = Watermark { cursor: None, since: Some("2026-03-02T10:00:00".into()) };
    let mut seen = Vec::new();
    loop {
        let changes = case.client.changes(&watermark).await.unwrap();
        assert!([201, 202, 203].iter().all(|id| changes.contacts.contains(id)), "{:?}", changes.contacts);
        seen.extend(changes.employees.into_iter().map(|(id, _)| id.0));
        watermark = changes.watermark;
        if !changes.has_more {
            break;
        }
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen, [101, 102, 103]);
}
