use super::*;
use hxsync::domain::{Account, Address, Field, NamedObject, Spelling};
use hxsync::remote::huma::{CANNOT_HOLD, Depth, NewHumaUser, NewPosition};
use hxsync::remote::{Huma, RemoteError};
use hxsync::sandbox::huma::{DuplicateEmail, NullInPatch, ReadonlyWrite};
use serde_json::{Value, json};
use std::collections::BTreeMap;

impl Pair {
    fn stored(&self, id: &str) -> Value {
        self.sim.person(id).expect("the person is there")
    }

    fn last_body(&self) -> Value {
        self.sim.writes().last().expect("something was written").body.clone()
    }
}

fn ola() -> NewHumaUser {
    NewHumaUser {
        given_name: "Ola".into(),
        family_name: "Bakke".into(),
        email: "ola@fjordlys.example".into(),
        phone: Some("+4740000000".into()),
    }
}

#[tokio::test]
async fn each_of_the_first_ten_fields_arrives_and_comes_back_in_the_answer() {
    let pair = Pair::start().await;
    let address = Address {
        line1: Some("Havnegata 2".into()),
        line2: None,
        line3: Some("c/o Bakke".into()),
        postal_code: Some("7010".into()),
        city: Some("Trondheim".into()),
        country: Some("NO".into()),
    };
    let account = Account::International { iban: "SE4550000000058398257466".into(), bic: "ESSESESS".into() };
    let text = |text: &str| Some(Spelling::text(text));
    for (field, wire, change, stored) in [
        (Field::GivenName, "givenName", text("Karin"), json!("Karin")),
        (Field::FamilyName, "familyName", text("Berg"), json!("Berg")),
        (Field::Email, "email", text("karin@fjordlys.example"), json!("karin@fjordlys.example")),
        (Field::Phone, "phone", text("+4740000000"), json!("+4740000000")),
        (Field::BirthDate, "birthDate", text("1991-05-24"), json!("1991-05-24")),
        (Field::Gender, "gender", text("Ikke-binær"), json!("Ikke-binær")),
        (Field::CivilStatus, "civilStatus", text("Married"), json!("Married")),
        (Field::EmploymentId, "employmentId", text("0043"), json!("0043")),
        (
            Field::Address,
            "homeAddress",
            Some(Spelling::Address(address)),
            json!({"line1": "Havnegata 2", "line2": "", "line3": "c/o Bakke", "postalCode": "7010",
                "city": "Trondheim", "country": "NO"}),
        ),
        (
            Field::BankAccount,
            "bankAccount",
            Some(Spelling::Account(account)),
            json!({"type": "international", "iban": "SE4550000000058398257466", "bic": "ESSESESS"}),
        ),
    ] {
        let answer =
            pair.client.update_user(&kari_id(), &BTreeMap::from([(field, change.clone())])).await.unwrap();
        assert_eq!(pair.last_body(), json!({ wire: stored }), "{field}");
        assert_eq!(pair.sim.writes().last().unwrap().changed, [wire], "{field}");
        assert!(answer.fields[&field].value() == change.as_ref(), "{field}");
    }
}

#[tokio::test]
async fn null_clears_where_huma_lets_it_and_is_a_named_refusal_where_not() {
    let clear = BTreeMap::from([(Field::BirthDate, None), (Field::Gender, None)]);
    let pair = Pair::start().await;
    let answer = pair.client.update_user(&kari_id(), &clear).await.unwrap();
    assert!(answer.fields[&Field::BirthDate].is_empty() && answer.fields[&Field::Gender].is_empty());
    assert_eq!(pair.stored(KARI).get("birthDate"), None);

    let strict = Pair::with(&[kari()], |switches, _| switches.null_in_patch = NullInPatch::Refused).await;
    let error = strict.client.update_user(&kari_id(), &clear).await.err().unwrap();
    let RemoteError::Refused { code, mut fields, .. } = error else { panic!("not refused: {error:?}") };
    fields.sort();
    assert_eq!(
        (code.as_str(), fields),
        ("field:invalid-format", vec!["birthDate".to_owned(), "gender".into()])
    );

    let deaf = Pair::with(&[kari()], |switches, _| switches.null_in_patch = NullInPatch::Ignored).await;
    let answer = deaf.client.update_user(&kari_id(), &clear).await.unwrap();
    assert!(answer.fields[&Field::BirthDate].value() == Some(&Spelling::text("1990-04-23")));
}

#[tokio::test]
async fn the_word_for_a_kind_of_account_is_learned_from_what_is_read() {
    let pair = Pair::with(&[kari()], |switches, _| switches.bank_type_words.national = "NORSK".into()).await;
    let account = Account::National { number: "15039653874".into(), country: "NO".into() };
    let change = BTreeMap::from([(Field::BankAccount, Some(Spelling::Account(account)))]);
    let error = pair.client.update_user(&kari_id(), &change).await.err().unwrap();
    assert!(matches!(&error, RemoteError::Refused { fields, .. } if fields == &["bankAccount"]), "{error:?}");
    pair.client.user(&kari_id(), Depth::Copies).await.unwrap();
    pair.client.update_user(&kari_id(), &change).await.unwrap();
    assert_eq!(pair.last_body()["bankAccount"]["type"], "NORSK");
}

#[tokio::test]
async fn a_field_the_key_may_not_edit_is_refused_in_each_of_huma_s_ways() {
    let change = BTreeMap::from([(Field::Phone, Some(Spelling::text("+4740000000")))]);
    let read_only = |way: ReadonlyWrite| {
        move |switches: &mut Switches, _: &mut HumaOptions| {
            switches.field_access.read_only = vec!["phone".into()];
            switches.readonly_write = way;
        }
    };
    let named = Pair::with(&[kari()], read_only(ReadonlyWrite::Refused)).await;
    let error = named.client.update_user(&kari_id(), &change).await.err().unwrap();
    assert!(matches!(&error, RemoteError::Refused { fields, .. } if fields == &["phone"]), "{error:?}");
    let forbidden = Pair::with(&[kari()], read_only(ReadonlyWrite::Forbidden)).await;
    let error = forbidden.client.update_user(&kari_id(), &change).await.err().unwrap();
    assert!(matches!(error, RemoteError::Forbidden { .. }), "{error:?}");
    let ignored = Pair::with(&[kari()], read_only(ReadonlyWrite::Ignored)).await;
    let answer = ignored.client.update_user(&kari_id(), &change).await.unwrap();
    assert!(answer.fields[&Field::Phone].value() == Some(&Spelling::text("+4799999999")));
}

#[tokio::test]
async fn an_email_that_waits_for_confirmation_says_so() {
    let known = HumaPerson { last_logged_in_at: Some("2024-02-01T07:55:12Z".into()), ..kari() };
    let pair = Pair::with(&[known], |_, _| ()).await;
    let change = BTreeMap::from([(Field::Email, Some(Spelling::text("karin@fjordlys.example")))]);
    let answer = pair.client.update_user(&kari_id(), &change).await.unwrap();
    assert_eq!(answer.requested_email.as_deref(), Some("karin@fjordlys.example"));
    assert!(answer.fields[&Field::Email].value() == Some(&Spelling::text("kari@fjordlys.example")));
    let record = pair.client.user(&kari_id(), Depth::Copies).await.unwrap().unwrap();
    assert_eq!(record.huma().unwrap().requested_email.as_deref(), Some("karin@fjordlys.example"));
}

#[tokio::test]
async fn p7_a_person_is_made_without_an_invitation() {
    let pair = Pair::start().await;
    let id = pair.client.create_user(&ola()).await.unwrap();
    let stored = pair.stored(&id.0);
    assert_eq!((&stored["givenName"], &stored["phone"]), (&json!("Ola"), &json!("+4740000000")));
    let counters = pair.sim.counters();
    assert_eq!((counters.users_created, counters.invitations_sent), (1, 0));
    assert_eq!(pair.last_body()["invite"], json!(false));
}

#[tokio::test]
async fn an_address_that_is_taken_is_a_refusal() {
    for way in [DuplicateEmail::Refused, DuplicateEmail::Conflict] {
        let pair = Pair::with(&[kari()], |switches, _| switches.duplicate_email = way).await;
        let twin = NewHumaUser { email: "kari@fjordlys.example".into(), ..ola() };
        let error = pair.client.create_user(&twin).await.err().unwrap();
        assert!(matches!(error, RemoteError::Refused { .. }), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("kari@"), "{error:?}");
    }
    let pair = Pair::with(&[kari()], |switches, _| switches.create_allowed = false).await;
    let error = pair.client.create_user(&ola()).await.err().unwrap();
    assert!(matches!(error, RemoteError::Forbidden { .. }), "{error:?}");
}

#[tokio::test]
async fn a_first_position_is_made_and_changed() {
    let pair = Pair::with(&[HumaPerson { positions: vec![], ..kari() }], |_, _| ()).await;
    let title = pair.client.create_job_title("Utvikler").await.unwrap();
    assert!(pair.client.job_titles().await.unwrap().contains(&title));
    let position = NewPosition {
        title: title.clone(),
        contract_start_date: "2024-02-01".into(),
        dates: BTreeMap::from([(Field::FirstDayOfWork, Spelling::text("2024-02-05"))]),
    };
    let (id, answer) = pair.client.create_position(&kari_id(), &position).await.unwrap();
    assert!(answer.fields[&Field::FirstDayOfWork].value() == Some(&Spelling::text("2024-02-05")));

    let other = pair.client.create_job_title("Arkitekt").await.unwrap();
    let changes = BTreeMap::from([
        (Field::JobTitle, Some(named(&other))),
        (Field::LastDayOfWork, Some(Spelling::text("2027-01-31"))),
        (Field::FirstDayOfWork, None),
    ]);
    let answer = pair.client.update_position(&kari_id(), &id, &changes).await.unwrap();
    assert!(answer.fields[&Field::JobTitle].value() == Some(&named(&other)));
    assert!(answer.fields[&Field::FirstDayOfWork].is_empty());
    let stored = pair.stored(KARI);
    assert_eq!((&stored["jobTitle"], &stored["lastDayOfWork"]), (&json!("Arkitekt"), &json!("2027-01-31")));
    assert_eq!(pair.sim.counters().job_titles_renamed, 0);
}

#[tokio::test]
async fn what_huma_cannot_hold_is_not_sent() {
    let pair = Pair::start().await;
    let half = Address { line1: Some("Havnegata 2".into()), ..Address::default() };
    for (field, change) in [
        (Field::Address, Some(Spelling::Address(half))),
        (Field::BankAccount, Some(Spelling::text("86011117947"))),
        (Field::GivenName, None),
    ] {
        let error =
            pair.client.update_user(&kari_id(), &BTreeMap::from([(field, change)])).await.err().unwrap();
        assert!(matches!(&error, RemoteError::Refused { code, .. } if code == CANNOT_HOLD), "{error:?}");
    }
    assert_eq!(pair.asked("PATCH /users/{id}"), 0);
}

fn named(title: &NamedObject) -> Spelling {
    Spelling::Named(hxsync::domain::Named {
        id: Some(title.id.clone()),
        code: None,
        name: title.name.clone(),
    })
}
