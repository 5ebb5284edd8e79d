//! Refusals of the whole: login, rights, limits, schema.

use super::*;

#[tokio::test]
async fn a_wrong_token_is_a_refused_login_whatever_the_status() {
    for status in [200, 401, 403] {
        let case =
            start_with(|s| s.unknown_token_status = status, |o| o.token = Secret::from_text("d3Jvbmc")).await;
        let error = case.client.page(None, 1).await.unwrap_err();
        assert!(matches!(error, RemoteError::Unauthorized { .. }), "{status}: {error:?}");
        assert_eq!(case.client.take_use().requests, 1, "never retried");
    }
}

#[tokio::test]
async fn a_missing_right_is_one_and_not_the_login() {
    let case = start().await;
    case.sim.edit_token(|token| {
        token.read.remove(&Area::Subledger);
        token.write.remove(&Area::Contact);
    });
    let read = case.client.page(None, 1).await.unwrap_err();
    assert!(matches!(read, RemoteError::Forbidden { .. }), "{read:?}");
    let write = case.client.update(&[change(101, [(Field::Phone, None)])]).await.err().unwrap();
    assert!(matches!(write, RemoteError::Forbidden { .. }), "{write:?}");
}

fn limit(code: &str, extensions: serde_json::Value) -> Fault {
    let extensions = extensions.as_object().cloned().unwrap_or_default();
    Fault::Error { message: "Too many requests".into(), code: Some(code.into()), extensions }
}

#[tokio::test]
async fn the_limits_of_seconds_are_waited_for_even_by_a_write() {
    for (code, wait) in
        [("BAD_REQUEST.BURST_RATE_LIMIT_REACHED", 5), ("BAD_REQUEST.CONCURRENCY_LIMIT_REACHED", 1)]
    {
        let case = start().await;
        case.fault(OperationKind::Mutation, limit(code, json!({})));
        let answers = case.client.update(&[change(101, [(Field::EmploymentId, text("7"))])]).await.unwrap();
        assert_eq!(answers.done.len(), 1);
        assert_eq!(*case.clock.slept.lock().unwrap(), [Duration::from_secs(wait)], "{code}");
        assert_eq!(case.sim.writes().len(), 1);
    }
}

#[tokio::test]
async fn used_up_credits_say_when_they_are_back() {
    for format in [
        ResetAtFormat::Rfc3339,
        ResetAtFormat::Local,
        ResetAtFormat::Epoch,
        ResetAtFormat::SecondsFromNow,
        ResetAtFormat::Absent,
    ] {
        let case = start_with(
            |s| {
                s.credits = Some(1);
                s.reset_at_format = format;
            },
            |_| {},
        )
        .await;
        case.client.page(None, 1).await.unwrap();
        let error = case.client.page(None, 1).await.unwrap_err();
        let RemoteError::RateLimited { limit: Limit::Credits, retry_after, .. } = error else {
            panic!("{error:?}")
        };
        assert_eq!(retry_after.as_secs(), 1200, "{format:?}");
        assert!(case.clock.slept.lock().unwrap().is_empty(), "longer than a call may take");
    }
}

#[tokio::test]
async fn each_right_is_shown_and_one_that_is_missing_hides_no_other() {
    let case = start().await;
    case.sim.edit_token(|token| {
        token.read.remove(&Area::Bank);
        token.write.remove(&Area::Contact);
    });
    let state = |reports: &[hxsync::remote::RightReport]| {
        reports.iter().map(|report| (report.right.clone(), report.state)).collect::<BTreeMap<_, _>>()
    };
    let unprobed = state(&case.client.rights(false).await.unwrap());
    assert_eq!(unprobed.len(), 14);
    assert_eq!(unprobed["General ledger: Bank, read"], RightState::Missing);
    assert_eq!(unprobed["Common: System Value, read"], RightState::Ok);
    assert_eq!(unprobed["Common: Contact, write"], RightState::Unproven);
    let probed = state(&case.client.rights(true).await.unwrap());
    assert_eq!(probed["Common: Contact, write"], RightState::Missing);
    assert_eq!(probed["Human Resources: Employee, write"], RightState::Ok);
    assert_eq!(probed["Common: Supplier, write"], RightState::Ok);
    assert_eq!(probed["Common: Subledger, write"], RightState::Unproven);
    assert_eq!(case.sim.writes().len(), 0);
}

#[tokio::test]
async fn a_whole_schema_has_no_drift() {
    let case = start().await;
    assert_eq!(case.client.schema_drift().await.unwrap(), [""; 0]);
    assert_eq!(case.client.take_use().requests, 3);
}

#[tokio::test]
async fn what_the_schema_lacks_is_named_and_left_out_from_then_on() {
    let removed = [
        "Employee.trialTo",
        "Contact.jobTitle",
        "UpdateContactsInputNode.maritalStatus",
        "AddEmployeesInputNode.trialTo",
        "Query.employees(objectStatus:)",
    ];
    let case = start_with(|s| s.removed = removed.map(str::to_owned).into(), |_| {}).await;
    let before = case.client.page(None, 50).await.unwrap_err();
    assert!(matches!(before, RemoteError::Schema { .. }), "{before:?}");

    let drift = case.client.schema_drift().await.unwrap();
    assert_eq!(
        drift,
        [
            "employees(objectStatus) is missing: it is left out; Xledger's default decides what is listed",
            "UpdateContactsInput.maritalStatus is missing: civil status is not written",
            "Employee.trialTo is missing: probation end date is not synchronised",
            "AddEmployeesInput.trialTo is missing: probation end date is not sent with a new employee",
        ]
    );
    let page = case.client.page(None, 50).await.unwrap();
    let ada = &page.records[0];
    assert!(ada.fields[Field::ProbationEndDate].is_hidden());
    assert_eq!(ada.locked[&Field::CivilStatus], Lock::NotOffered);
    assert_eq!(said(&ada.fields[Field::GivenName]), Some("Ada"));
    let answers = case
        .client
        .update(&[change(101, [(Field::Phone, None), (Field::EmploymentId, text("7"))])])
        .await
        .unwrap();
    assert_eq!(answers.done.len(), 1);
    let mut new = newcomer();
    new.fields.insert(Field::ProbationEndDate, Spelling::text("2026-10-01"));
    assert!(case.client.add(&new).await.is_ok());
}
