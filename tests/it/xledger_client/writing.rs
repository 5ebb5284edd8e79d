//! Writing and adding: what is done, what is not, what is unknown.

use super::*;

#[tokio::test]
async fn a_change_of_both_halves_is_written_and_read_back_in_one_request() {
    let case = start().await;
    case.client.catalog().await.unwrap();
    case.client.take_use();
    let address = Address {
        line1: Some("Storgata 5".into()),
        postal_code: Some("0155".into()),
        city: Some("Oslo".into()),
        country: Some("SE".into()),
        ..Address::default()
    };
    let mut change = change(
        101,
        [
            (Field::GivenName, text("Adele")),
            (Field::Address, Some(Spelling::Address(address.clone()))),
            (
                Field::Gender,
                Some(Spelling::Named(Named { id: None, code: Some("M".into()), name: "Male".into() })),
            ),
            (Field::BankAccount, text("15030000010")),
            (Field::LastDayOfWork, text("2026-12-31")),
        ],
    );
    change.display_name = Some("Adele Strand".into());
    let answers = case.client.update(&[change]).await.unwrap();
    assert!(answers.errors.is_none());
    let done = &answers.done["job-101"];
    assert_eq!(said(&done[&Field::GivenName]), Some("Adele"));
    assert_eq!(said(&done[&Field::Gender]), Some("Male"));
    assert_eq!(said(&done[&Field::BankAccount]), Some("15030000010"));
    assert_eq!(said(&done[&Field::LastDayOfWork]), Some("2026-12-31"));
    assert!(done[&Field::Address] == Reading::Value(Spelling::Address(address)));
    assert_eq!(case.client.take_use().requests, 1);
    let after = case.one(101).await;
    assert_eq!(after.xledger().unwrap().description.as_deref(), Some("Adele Strand"));
    assert_eq!(said(&after.fields[Field::Phone]), Some("+47 22 22 22 22"), "what was not named is as it was");
}

#[tokio::test]
async fn a_cleared_field_reads_back_empty_and_one_that_stays_reads_back_as_it_is() {
    let stays = ("phone".to_owned(), NullHandling::Ignored);
    let case = start_with(|s| s.null_handling = [stays].into(), |_| {}).await;
    let answers = case
        .client
        .update(&[change(103, [(Field::LastDayOfWork, None), (Field::Phone, None)])])
        .await
        .unwrap();
    let done = &answers.done["job-103"];
    assert!(done[&Field::LastDayOfWork].is_empty());
    assert_eq!(said(&done[&Field::Phone]), Some("+47 22 22 22 22"));
}

#[tokio::test]
async fn clearing_with_empty_text_clears_too() {
    let case = start_with(|_| {}, |o| o.clear_with = ClearWith::Empty).await;
    let answers =
        case.client.update(&[change(101, [(Field::Phone, None), (Field::BirthDate, None)])]).await.unwrap();
    assert!(answers.done["job-101"][&Field::Phone].is_empty());
    assert!(answers.done["job-101"][&Field::BirthDate].is_empty());
}

#[tokio::test]
async fn of_a_mass_change_with_one_refused_only_the_others_are_done() {
    for (mode, done) in [
        (MassFailure::AllOrNothing, &[][..]),
        (MassFailure::NodeNull, &["job-101", "job-103"]),
        (MassFailure::EdgeMissing, &["job-101", "job-103"]),
    ] {
        let refusal = Refusal { db_id: Some(102), message: "No such code".into(), ..Refusal::default() };
        let case = start_with(
            |s| {
                s.mass_failure = mode;
                s.reverse_edges = true;
                s.refusals = vec![refusal];
            },
            |_| {},
        )
        .await;
        let changes = [101, 102, 103].map(|id| change(id, [(Field::EmploymentId, text(&format!("N{id}")))]));
        let answers = case.client.update(&changes).await.unwrap();
        assert_eq!(answers.done.keys().collect::<Vec<_>>(), done, "{mode:?}");
        let (code, words) = answers.errors.unwrap();
        assert_eq!((code.as_str(), words.0.contains("No such code")), ("INVALID_VALUE", true));
    }
}

#[tokio::test]
async fn a_change_is_not_done_where_only_one_half_came_back() {
    let refusal =
        Refusal { mutation: Some("updateEmployees".into()), message: "No".into(), ..Refusal::default() };
    let case = start_with(
        |s| {
            s.mass_failure = MassFailure::NodeNull;
            s.refusals = vec![refusal];
        },
        |_| {},
    )
    .await;
    let both = change(101, [(Field::Phone, text("+47 55 55 55 55")), (Field::EmploymentId, text("7"))]);
    let one = change(102, [(Field::Phone, text("+47 55 55 55 55"))]);
    let answers = case.client.update(&[both, one]).await.unwrap();
    assert_eq!(answers.done.keys().collect::<Vec<_>>(), ["job-102"]);
    assert!(answers.errors.is_some());
}

#[tokio::test]
async fn edges_without_client_ids_count_by_their_place() {
    let case = start_with(|s| s.omit_client_id = true, |_| {}).await;
    let changes = [101, 102].map(|id| change(id, [(Field::EmploymentId, text(&format!("N{id}")))]));
    let answers = case.client.update(&changes).await.unwrap();
    assert_eq!(said(&answers.done["job-102"][&Field::EmploymentId]), Some("N102"));
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_unknown_and_not_sent_again() {
    for fault in [Fault::DropAfter, Fault::TruncatedJson] {
        let case = start().await;
        case.fault(OperationKind::Mutation, fault);
        let error =
            case.client.update(&[change(101, [(Field::EmploymentId, text("7"))])]).await.err().unwrap();
        assert!(matches!(error, RemoteError::OutcomeUnknown { .. }), "{error:?}");
        assert_eq!(case.sim.writes().len(), 1);
        assert_eq!(said(&case.one(101).await.fields[Field::EmploymentId]), Some("7"));
    }
}

#[tokio::test]
async fn a_gateways_page_leaves_a_write_unknown_and_a_read_is_repeated() {
    let case = start().await;
    case.fault(OperationKind::Mutation, Fault::Html { code: 502 });
    let error = case.client.update(&[change(101, [(Field::EmploymentId, text("7"))])]).await.err().unwrap();
    assert!(matches!(error, RemoteError::OutcomeUnknown { .. }), "{error:?}");
    case.fault(OperationKind::Query, Fault::Html { code: 200 });
    case.fault(OperationKind::Query, Fault::DropBefore);
    assert_eq!(case.client.page(None, 50).await.unwrap().records.len(), 3);
}

#[tokio::test]
async fn a_new_employee_has_contact_and_subledger() {
    let case = start().await;
    let mut new = newcomer();
    new.owner = Some(1002);
    new.fields.insert(Field::Gender, Spelling::text("F"));
    let title = case.client.catalog().await.unwrap().titles.remove(0);
    let title = Named { id: Some(title.id), code: title.code, name: title.name };
    new.fields.insert(Field::JobTitle, Spelling::Named(title));
    let id = case.client.add(&new).await.unwrap();
    let eva = case.one(id.0).await;
    assert_eq!(said(&eva.fields[Field::GivenName]), Some("Eva"));
    assert_eq!(said(&eva.fields[Field::Email]), Some("eva@fjordvik.example"));
    assert_eq!(said(&eva.fields[Field::BankAccount]), Some("15030000002"));
    assert_eq!(said(&eva.fields[Field::JobTitle]), Some("Developer"));
    assert!(eva.fields[Field::Gender].is_empty(), "left for an update");
    let about = eva.xledger().unwrap();
    assert_eq!((about.owner_id, about.description.as_deref()), (Some(1002), Some("Eva Lund")));
    assert!(about.contact_id.is_some() && about.subledger_id.is_some());
}

#[tokio::test]
async fn an_add_whose_answer_is_lost_is_unknown_and_found_by_its_code() {
    let case = start().await;
    case.fault(OperationKind::Mutation, Fault::DropAfter);
    let error = case.client.add(&newcomer()).await.unwrap_err();
    assert!(matches!(error, RemoteError::OutcomeUnknown { .. }), "{error:?}");
    let keys = LookupKeys { code: Some("2001".into()), email: None };
    assert_eq!(case.client.find(&keys).await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_add_that_breaks_a_rule_is_refused_with_the_words() {
    let required = ["code", "description", "phone"].map(str::to_owned);
    let case = start_with(|s| s.required_on_add = required.into(), |_| {}).await;
    let error = case.client.add(&newcomer()).await.unwrap_err();
    let RemoteError::Refused { words, .. } = &error else { panic!("{error:?}") };
    assert!(words.0.contains("phone"), "{}", words.0);
    assert!(!format!("{error:?} {error}").contains("phone"));
}
