use super::*;
use crate::domain::{Address, Named, NamedObject, Spelling, XledgerId};
use crate::remote::xledger::options::{AddressAt, ClearWith, CountryAs, EmailAt, JobTitleAt};
use std::sync::Arc;

fn writer(shape: &Shape) -> Writer<'_> {
    let norway = NamedObject { id: "47".into(), code: Some("NO".into()), name: "Norway".into() };
    Writer { shape, clear_with: ClearWith::Null, country: CountryAs::Name, countries: Arc::new(vec![norway]) }
}

fn change(fields: impl IntoIterator<Item = (Field, Option<Spelling>)>) -> XledgerChange {
    XledgerChange {
        client_id: "job-7".into(),
        employee: XledgerId(101),
        contact: Some(901),
        subledger: Some(77),
        fields: fields.into_iter().collect(),
        display_name: None,
    }
}

fn sent(writer: &Writer<'_>, change: XledgerChange) -> Value {
    serde_json::to_value(inputs(writer, &[change]).unwrap()).unwrap()
}

fn named(id: Option<&str>, code: Option<&str>, name: &str) -> Option<Spelling> {
    Some(Spelling::Named(Named {
        id: id.map(str::to_owned),
        code: code.map(str::to_owned),
        name: name.into(),
    }))
}

#[test]
fn only_what_changes_is_sent_and_null_only_where_it_clears() {
    let shape = Shape::default();
    let change = change([(Field::Phone, None), (Field::LastDayOfWork, Some(Spelling::text("2026-12-31")))]);
    let expected = json!({
        "contacts": [{"clientId": "job-7", "node": {"dbId": 901, "phone": null}}],
        "employees": [{"clientId": "job-7", "node": {"dbId": 101, "employmentTo": "2026-12-31"}}],
    });
    assert_eq!(sent(&writer(&shape), change), expected);
}

#[test]
fn a_change_of_one_half_sends_one_half() {
    let shape = Shape::default();
    let sent = sent(&writer(&shape), change([(Field::BankAccount, Some(Spelling::text("86011117947")))]));
    assert_eq!(
        sent,
        json!({"employees": [{"clientId": "job-7", "node": {"dbId": 101, "bankAccount": "86011117947"}}]})
    );
}

#[test]
fn a_display_name_goes_to_the_employee_beside_the_names_on_the_contact() {
    let shape = Shape::default();
    let mut change = change([(Field::GivenName, Some(Spelling::text("Kari")))]);
    change.display_name = Some("Kari Nordmann".into());
    let sent = sent(&writer(&shape), change);
    assert_eq!(sent["employees"][0]["node"], json!({"dbId": 101, "description": "Kari Nordmann"}));
    assert_eq!(sent["contacts"][0]["node"], json!({"dbId": 901, "firstName": "Kari"}));
}

#[test]
fn references_go_by_the_key_that_is_surest() {
    let shape = Shape::default();
    let change = change([
        (Field::JobTitle, named(Some("555"), Some("NUR"), "Nurse")),
        (Field::CivilStatus, named(None, Some("GIFT"), "Married")),
        (Field::Gender, named(Some("3"), Some("F"), "Female")),
    ]);
    let sent = sent(&writer(&shape), change);
    assert_eq!(sent["employees"][0]["node"]["positionValue"], json!({"dbId": 555}));
    assert_eq!(sent["contacts"][0]["node"]["maritalStatus"], json!({"code": "GIFT"}));
    assert_eq!(sent["contacts"][0]["node"]["gender"], json!({"code": "F"}));
}

#[test]
fn an_address_is_sent_whole_with_the_country_the_settings_ask_for() {
    let address = Address {
        line1: Some("Storgata 1".into()),
        line2: Some("H0301".into()),
        city: Some("Oslo".into()),
        country: Some("no".into()),
        ..Address::default()
    };
    let value = || Some(Spelling::Address(address.clone()));
    let home = Shape::default();
    let sent_home = sent(&writer(&home), change([(Field::Address, value())]));
    assert_eq!(
        sent_home["contacts"][0]["node"]["homeAddress"],
        json!({"streetAddress": "Storgata 1, H0301", "zipCode": null, "place": "Oslo", "country": "Norway"})
    );
    let main = Shape { address: AddressAt::Main, ..Shape::default() };
    let by_code = Writer { country: CountryAs::Code, clear_with: ClearWith::Empty, ..writer(&main) };
    let sent_main = sent(&by_code, change([(Field::Address, value())]));
    assert_eq!(
        sent_main["contacts"][0]["node"],
        json!({"dbId": 901, "address": {"streetAddress": "Storgata 1, H0301", "zipCode": "", "place": "Oslo", "country": "NO"}})
    );
}

#[test]
fn clearing_with_empty_text_leaves_dates_and_references_to_null() {
    let shape = Shape::default();
    let writer = Writer { clear_with: ClearWith::Empty, ..writer(&shape) };
    let cleared = change(
        [Field::Phone, Field::BirthDate, Field::Gender, Field::LastDayOfWork, Field::JobTitle]
            .map(|field| (field, None)),
    );
    let sent = sent(&writer, cleared);
    assert_eq!(
        sent["contacts"][0]["node"],
        json!({"dbId": 901, "phone": "", "birthday": null, "gender": null})
    );
    assert_eq!(
        sent["employees"][0]["node"],
        json!({"dbId": 101, "employmentTo": null, "positionValue": null})
    );
}

#[test]
fn settings_move_a_field_to_the_other_half() {
    let shape =
        Shape { email: EmailAt::Employee, job_title: JobTitleAt::ContactJobTitle, ..Shape::default() };
    let change = change([
        (Field::Email, Some(Spelling::text("k@x.example"))),
        (Field::JobTitle, Some(Spelling::text("Nurse"))),
    ]);
    let sent = sent(&writer(&shape), change);
    assert_eq!(sent["employees"][0]["node"], json!({"dbId": 101, "email": "k@x.example"}));
    assert_eq!(sent["contacts"][0]["node"], json!({"dbId": 901, "jobTitle": "Nurse"}));
}

#[test]
fn a_contacts_field_without_a_contact_is_refused_before_anything_is_sent() {
    let shape = Shape::default();
    let change = XledgerChange { contact: None, ..change([(Field::Phone, None)]) };
    let error = inputs(&writer(&shape), &[change]).err().unwrap();
    assert!(
        matches!(error, RemoteError::Refused { code, fields, .. } if code == "no-contact" && fields == ["phone"])
    );
}

fn edges(edges: Value) -> Value {
    json!({"updateContacts": {"edges": edges}})
}

fn places(data: Value) -> Vec<usize> {
    halves(&mut data.clone(), "updateContacts", &["a", "b"]).into_keys().collect()
}

#[test]
fn edges_are_told_by_their_client_id_in_any_order() {
    let mut data =
        edges(json!([{"clientId": "b", "node": {"dbId": 2}}, {"clientId": "a", "node": {"dbId": 1}}]));
    let halves = halves(&mut data, "updateContacts", &["a", "b"]);
    assert_eq!(halves[&0]["dbId"], 1);
    assert_eq!(halves[&1]["dbId"], 2);
}

#[test]
fn edges_without_client_ids_count_by_place_only_where_all_are_there() {
    assert_eq!(places(edges(json!([{"node": {"dbId": 1}}, {"node": {"dbId": 2}}]))), [0, 1]);
    assert_eq!(places(edges(json!([{"node": {"dbId": 1}}]))), [0; 0]);
    assert_eq!(places(edges(json!([{"node": {"dbId": 1}}, {"clientId": "a", "node": {"dbId": 2}}]))), [0]);
}

#[test]
fn a_null_node_a_stranger_and_a_missing_root_are_not_done() {
    assert_eq!(
        places(edges(json!([{"clientId": "a", "node": null}, {"clientId": "x", "node": {"dbId": 2}}]))),
        [0; 0]
    );
    assert_eq!(places(edges(Value::Null)), [0; 0]);
    assert_eq!(places(json!({"updateContacts": null})), [0; 0]);
    assert_eq!(places(Value::Null), [0; 0]);
}
