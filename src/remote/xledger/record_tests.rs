use super::*;
use serde_json::{Value, json};

fn node(json: Value) -> EmployeeNode {
    serde_json::from_value(json).unwrap()
}

fn full() -> Value {
    json!({
        "dbId": 101, "code": "1042", "description": "Kari Nordmann", "email": "k@work.example", "modifiedAt": "2026-11-23T09:15:00",
        "ownerDbId": 17203, "contactDbId": "901", "employmentFrom": "2020-01-01T00:00:00", "employmentTo": null,
        "trialTo": "2020-07-01", "noticeDate": "",
        "positionValue": {"dbId": 555, "code": "NUR", "description": "Nurse", "objectKindDbId": "7"},
        "contact": {
            "dbId": "901", "firstName": "Kari", "lastName": "Nordmann", "email": "kari@mail.example", "phone": " ",
            "birthday": "1988-02-29Z", "jobTitle": "Nurse, nights", "modifiedAt": "2026-11-23T09:15:01",
            "gender": {"dbId": "3", "dbSubId": 2, "code": "F", "name": "Female"},
            "maritalStatus": {"dbId": 0, "code": null, "description": ""},
            "homeAddress": {"streetAddress": "Storgata 1", "zipCode": "0155", "place": "Oslo", "country": {"code": "NO", "description": "Norway"}},
        },
        "subledger": {"dbId": "77", "bankAccount": "86011117947", "modifiedAt": "2026-11-23T09:14:00"},
    })
}

fn text(record: &Record, field: Field) -> Option<&str> {
    record.text(field)
}

#[test]
fn every_field_comes_from_its_place() {
    let record = record(&node(full()), &Shape::default()).unwrap();
    assert_eq!(record.id, RecordId::Xledger(XledgerId(101)));
    assert_eq!(text(&record, Field::GivenName), Some("Kari"));
    assert_eq!(text(&record, Field::FamilyName), Some("Nordmann"));
    assert_eq!(text(&record, Field::Email), Some("kari@mail.example"));
    assert!(record.fields[Field::Phone].is_empty());
    assert_eq!(text(&record, Field::BirthDate), Some("1988-02-29"));
    assert_eq!(text(&record, Field::BankAccount), Some("86011117947"));
    assert_eq!(text(&record, Field::Gender), Some("Female"));
    assert!(record.fields[Field::CivilStatus].is_empty());
    assert_eq!(text(&record, Field::EmploymentId), Some("1042"));
    assert_eq!(text(&record, Field::JobTitle), Some("Nurse"));
    assert_eq!(text(&record, Field::FirstDayOfWork), Some("2020-01-01"));
    assert_eq!(text(&record, Field::ProbationEndDate), Some("2020-07-01"));
    assert!(record.fields[Field::TerminationNoticeDate].is_empty());
    assert!(record.fields[Field::LastDayOfWork].is_empty());
    let expected = Address {
        line1: Some("Storgata 1".into()),
        postal_code: Some("0155".into()),
        city: Some("Oslo".into()),
        country: Some("NO".into()),
        ..Address::default()
    };
    assert!(record.fields[Field::Address] == Reading::Value(Spelling::Address(expected)));
    let about = record.xledger().unwrap();
    assert_eq!((about.contact_id, about.subledger_id, about.owner_id), (Some(901), Some(77), Some(17203)));
    assert_eq!(about.description.as_deref(), Some("Kari Nordmann"));
    assert!(record.locked.is_empty());
}

#[test]
fn settings_choose_between_two_places() {
    let shape =
        Shape { email: EmailAt::Employee, job_title: JobTitleAt::ContactJobTitle, ..Shape::default() };
    let record = record(&node(full()), &shape).unwrap();
    assert_eq!(text(&record, Field::Email), Some("k@work.example"));
    assert!(record.fields[Field::JobTitle] == Reading::Value(Spelling::text("Nurse, nights")));
}

#[test]
fn an_employee_without_contact_reads_empty_and_is_locked_there() {
    let mut json = full();
    json["contact"] = Value::Null;
    json["contactDbId"] = json!("0");
    json["subledger"] = Value::Null;
    let record = record(&node(json), &Shape::default()).unwrap();
    assert!(record.fields[Field::GivenName].is_empty());
    assert_eq!(record.locked[&Field::GivenName], Lock::NoContact);
    assert_eq!(record.locked[&Field::BankAccount], Lock::NoSubledger);
    assert!(!record.locked.contains_key(&Field::EmploymentId));
    assert_eq!(record.xledger().unwrap().contact_id, None);
}

#[test]
fn a_contact_that_is_named_and_not_shown_is_hidden() {
    let mut json = full();
    json["contact"] = Value::Null;
    let record = record(&node(json), &Shape::default()).unwrap();
    assert!(record.fields[Field::GivenName].is_hidden());
    assert!(record.locked.is_empty());
}

#[test]
fn what_the_live_schema_lacks_is_hidden_or_locked() {
    let mut missing = Missing::default();
    missing.insert("Employee.trialTo".into());
    missing.insert("UpdateContactsInput.maritalStatus".into());
    let record = record(&node(full()), &Shape { missing, ..Shape::default() }).unwrap();
    assert!(record.fields[Field::ProbationEndDate].is_hidden());
    assert_eq!(record.locked.into_iter().collect::<Vec<_>>(), [(Field::CivilStatus, Lock::NotOffered)]);
}

#[test]
fn a_record_without_an_id_is_none() {
    assert!(record(&node(json!({"dbId": 0, "code": "7"})), &Shape::default()).is_none());
}

#[test]
fn what_is_no_day_stays_for_its_check_to_refuse() {
    let day = |text: &str| date(Some(text));
    assert!(day(" 2026-02-30 ") == Reading::Value(Spelling::text("2026-02-30")));
    assert!(day("2026-01-011") == Reading::Value(Spelling::text("2026-01-011")));
    assert!(day("2026-01-01+01:00") == Reading::Value(Spelling::text("2026-01-01")));
    assert!(day("ikke før jul é") == Reading::Value(Spelling::text("ikke før jul é")));
}

#[test]
fn times_of_change_come_from_all_three_records() {
    let node = node(full());
    let times: Vec<&str> = modified_at(&node).collect();
    assert_eq!(times, ["2026-11-23T09:15:00", "2026-11-23T09:15:01", "2026-11-23T09:14:00"]);
}
