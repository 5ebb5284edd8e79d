use serde_json::{Value, json};

use super::super::*;
use super::*;

#[tokio::test]
async fn a_list_item_holds_plain_values() {
    let huma = Huma::start().await;
    let (status, page) = huma.get("/users?search=nordmann").await;
    assert_eq!(status, 200);
    let title = |name: &'static str, id: String| json!({"id": id, "name": name});
    let developer = title("Utvikler", title_id(&huma, "Utvikler").await);
    let safety = title("Verneombud", title_id(&huma, "Verneombud").await);
    let item = json!({
        "id": KARI, "givenName": "Kari", "familyName": "Nordmann", "email": "kari@fjordlys.example",
        "phone": "+4799999999", "type": "user", "status": {"active": true},
        "jobTitle": developer, "jobTitles": [safety, developer],
    });
    assert_eq!(page, json!({"total": 1, "items": [item], "filters": {}, "meta": {}}));
}

#[tokio::test]
async fn a_detail_wraps_its_values_with_the_exceptions() {
    let huma = Huma::start().await;
    let kari = huma.kari().await;
    let wrapped = |value: Value| json!({"value": value, "editable": true});
    assert_eq!(kari["givenName"], wrapped(json!("Kari")));
    assert_eq!(kari["email"], wrapped(json!("kari@fjordlys.example")));
    assert_eq!(kari["birthDate"], wrapped(json!("1990-04-23")));
    let address = json!({"line1": "Storgata 1", "postalCode": "0155", "city": "Oslo", "country": "NO"});
    assert_eq!(kari["homeAddress"], wrapped(address));
    let account = json!({"type": "national", "code": "primary", "number": "86011117947", "country": "NO"});
    assert_eq!(kari["bankAccount"], wrapped(account));
    assert_eq!(kari["civilStatus"], wrapped(json!("Relationship")));
    assert_eq!(kari["employmentId"], wrapped(json!("0042")));
    assert_eq!(kari["privateEmail"], json!({"editable": true}));
    assert_eq!(kari["status"], json!({"active": true}));
    assert_eq!(kari["subordinatesCount"], 0);
    assert_eq!(kari["lastLoggedInAt"], "2024-02-01T07:55:12Z");
    assert_eq!(kari["connectedIntegrations"], json!({"xledger": {"type": "xledger", "externalId": "1001"}}));
    assert_eq!(kari["firstDayOfWork"], json!({"value": "2024-02-05", "editable": false}));
    assert_eq!(kari["lastDayOfWork"], json!({"editable": false}));
    assert_eq!(kari["jobTitle"]["value"]["name"], "Utvikler");
    assert_eq!(kari["currentPositions"].as_array().unwrap().len(), 2);
    let summary = json!({
        "id": KARIS_POSITION, "status": "CURRENT", "percentage": 80, "contractType": "Permanent",
        "contractStartDate": "2024-02-01", "title": kari["jobTitle"]["value"],
    });
    assert_eq!(kari["currentPositions"][1], summary);
}

#[tokio::test]
async fn an_upcoming_position_is_listed_but_not_current() {
    let huma = Huma::start().await;
    let (_, ola) = huma.get(&format!("/users/{OLA}")).await;
    assert_eq!(ola["currentPositions"], json!([]));
    assert_eq!(ola["phone"], json!({"editable": true}));
    let (_, page) = huma.get(&format!("/users/{OLA}/positions?limit=25")).await;
    assert_eq!((page["total"].clone(), page["items"][0]["status"].clone()), (json!(1), json!("UPCOMING")));

    let tomorrow = ClockSetting { date: Some("2026-12-01".parse().unwrap()), ..ClockSetting::default() };
    huma.sim.set_clock(&tomorrow).unwrap();
    let (_, ola) = huma.get(&format!("/users/{OLA}")).await;
    assert_eq!(ola["currentPositions"][0]["status"], "CURRENT");
}

#[tokio::test]
async fn a_position_wraps_everything_but_id_and_status() {
    let huma = Huma::start().await;
    let (status, position) = huma.get(&format!("/users/{KARI}/positions/{KARIS_POSITION}")).await;
    assert_eq!(status, 200);
    assert_eq!((&position["id"], &position["status"]), (&json!(KARIS_POSITION), &json!("CURRENT")));
    assert_eq!(position["title"]["value"]["name"], "Utvikler");
    assert_eq!(position["percentage"], json!({"value": 80, "editable": true}));
    assert_eq!(position["probationEndDate"], json!({"value": "2024-08-01", "editable": true}));
    assert_eq!(position["lastDayOfWork"], json!({"editable": true}));
}

#[tokio::test]
async fn ids_nobody_has_and_operations_nobody_describes_are_404() {
    let huma = Huma::start().await;
    let stranger = "00000000-0000-4000-8000-000000000000";
    let body = json!({
        "errorCode": "object:not-found", "errorMessage": "Object not found",
        "interpolations": {"type": "User", "id": stranger},
    });
    assert_eq!(huma.get(&format!("/users/{stranger}")).await, (404, body));
    for path in [
        format!("/users/{stranger}/positions"),
        format!("/users/{KARI}/positions/{stranger}"),
        format!("/job-titles/{stranger}"),
        "/nothing".into(),
    ] {
        assert_eq!(huma.get(&path).await.0, 404, "{path}");
    }
    assert_eq!(huma.send("POST", &format!("/users/{KARI}/deactivate"), json!({})).await.0, 404);
    assert_eq!(huma.send("DELETE", &format!("/users/{KARI}"), json!({})).await.0, 404);
    assert_eq!(huma.get(&format!("/users/{KARI}/positions/x")).await, invalid(&["id"]));
    assert_eq!(huma.get("/users/me").await.1["id"], KEY);
}

#[tokio::test]
async fn a_listing_is_sorted_filtered_and_paged() {
    let huma = Huma::start().await;
    assert_eq!(huma.names("").await, ["Liv", "Ola", "API", "Kari"]);
    assert_eq!(huma.names("?orderDirection=DESC").await, ["Kari", "API", "Ola", "Liv"]);
    assert_eq!(huma.names("?isActive=true").await, ["Ola", "API", "Kari"]);
    assert_eq!(huma.names("?isActive=false").await, ["Liv"]);
    assert_eq!(huma.names("?limit=2&offset=1").await, ["Ola", "API"]);
    assert_eq!(huma.names("?limit=0").await, Vec::<String>::new());
    assert_eq!(huma.names(&format!("?id={KARI}&id=me")).await, ["API", "Kari"]);
    assert_eq!(huma.names(&format!("?excludeId={KARI}&isActive=true")).await, ["Ola", "API"]);
    let title = title_id(&huma, "Verneombud").await;
    assert_eq!(huma.names(&format!("?jobTitle={title}")).await, ["Kari"]);
    let (_, page) = huma.get("/users?limit=1").await;
    assert_eq!(page["total"], 4);
}

#[tokio::test]
async fn query_parameters_outside_their_range_are_named() {
    let huma = Huma::start().await;
    for (query, name) in [
        ("limit=51", "limit"),
        ("limit=-1", "limit"),
        ("limit=many", "limit"),
        ("offset=-1", "offset"),
        ("orderDirection=asc", "orderDirection"),
        ("isActive=yes", "isActive"),
        ("team=x", "team"),
    ] {
        assert_eq!(huma.get(&format!("/users?{query}")).await, invalid(&[name]), "{query}");
    }
    assert_eq!(huma.get(&format!("/users?{}", "id=a&".repeat(26))).await, invalid(&["id"]));
    assert_eq!(huma.get("/groups?limit=26&type=planet").await, invalid(&["limit", "type"]));
}

#[tokio::test]
async fn a_rename_between_two_pages_skips_somebody() {
    let huma = Huma::start().await;
    assert_eq!(huma.names("?limit=2&offset=0").await, ["Liv", "Ola"]);
    huma.sim.edit(OLA, json!({"familyName": "Ødegård"})).unwrap();
    // The key moved up to the first page, which has been read already.
    assert_eq!(huma.names("?limit=2&offset=2").await, ["Kari", "Ola"]);
}

#[tokio::test]
async fn a_hidden_field_has_no_wrapper_and_an_empty_one_no_value() {
    let huma = Huma::start().await;
    huma.sim.switch(|switches| {
        switches.field_access.hidden =
            vec!["bankAccount".into(), "phone".into(), "lastDayOfWork".into(), "givenName".into()];
    });
    let kari = huma.kari().await;
    for name in ["bankAccount", "phone", "lastDayOfWork"] {
        assert_eq!(kari.get(name), None, "{name}");
    }
    assert_eq!(kari["givenName"]["value"], "Kari");
    let (_, page) = huma.get("/users?search=kari").await;
    assert_eq!(page["items"][0].get("phone"), None);
    let (_, position) = huma.get(&format!("/users/{KARI}/positions/{KARIS_POSITION}")).await;
    assert_eq!(position.get("lastDayOfWork"), None);

    huma.sim.switch(|switches| switches.absent_means = AbsentMeans::Empty);
    assert_eq!(huma.kari().await["bankAccount"], json!({"editable": false}));
}

#[tokio::test]
async fn a_person_can_have_access_rules_of_their_own() {
    let mut people = people();
    people[0].hidden = vec!["jobTitle".into()];
    people[0].read_only = vec!["phone".into()];
    let huma = Huma::start_with(&people).await;
    let kari = huma.kari().await;
    assert_eq!(kari["phone"], json!({"value": "+4799999999", "editable": false}));
    assert_eq!((kari.get("jobTitle"), kari["currentPositions"][0].get("title")), (None, None));
    let (_, position) = huma.get(&format!("/users/{KARI}/positions/{KARIS_POSITION}")).await;
    assert_eq!(position.get("title"), None);
}

#[tokio::test]
async fn an_integration_that_owns_a_field_is_named_in_its_wrapper() {
    let huma = Huma::start().await;
    huma.sim.switch(|switches| {
        switches.field_access.owned_by = [("phone".into(), "tripletex".into())].into();
    });
    let warning = json!({"tripletex": {"warning": "locked_disconnect"}});
    assert_eq!(huma.kari().await["phone"]["integrations"], warning);
}

#[tokio::test]
async fn empty_values_are_null_when_switched() {
    let huma = Huma::start().await;
    huma.sim.switch(|switches| switches.emit_null = true);
    let (_, ola) = huma.get(&format!("/users/{OLA}")).await;
    assert_eq!(ola["phone"], json!({"value": null, "editable": true}));
    assert_eq!(ola.get("lastLoggedInAt"), Some(&Value::Null));
    assert_eq!(ola["email"].get("requestedValue"), Some(&Value::Null));
    let (_, page) = huma.get("/users?search=ola").await;
    assert_eq!(page["items"][0].get("phone"), Some(&Value::Null));
}

#[tokio::test]
async fn deactivated_users_are_listed_as_switched() {
    let huma = Huma::start().await;
    let lists = async |huma: &Huma| {
        [
            huma.names("").await.contains(&"Liv".into()),
            huma.names("?isActive=false").await.contains(&"Liv".into()),
        ]
    };
    assert_eq!(lists(&huma).await, [true, true]);
    huma.sim.switch(|switches| switches.inactive_in_list = InactiveInList::OnlyWhenAsked);
    assert_eq!(lists(&huma).await, [false, true]);
    huma.sim.switch(|switches| switches.inactive_in_list = InactiveInList::Never);
    assert_eq!(lists(&huma).await, [false, false]);

    let (status, liv) = huma.get(&format!("/users/{LEAVER}")).await;
    assert_eq!(
        (status, &liv["status"]["active"], &liv["phone"]["editable"]),
        (200, &json!(false), &json!(false))
    );
    huma.sim.switch(|switches| switches.inactive_detail = InactiveDetail::NotFound);
    assert_eq!(huma.get(&format!("/users/{LEAVER}")).await.0, 404);
}

#[tokio::test]
async fn service_users_can_be_left_out_of_the_list() {
    let huma = Huma::start().await;
    huma.sim.switch(|switches| switches.service_user_in_list = false);
    assert_eq!(huma.names("?isActive=true").await, ["Ola", "Kari"]);
}

#[tokio::test]
async fn the_deprecated_copies_follow_their_switches() {
    let huma = Huma::start().await;
    let title = async |huma: &Huma| huma.kari().await["jobTitle"]["value"]["name"].clone();
    assert_eq!(title(&huma).await, "Utvikler");
    huma.sim.switch(|switches| switches.deprecated_copies = DeprecatedCopies::FromNewestPosition);
    assert_eq!(title(&huma).await, "Verneombud");
    huma.sim.switch(|switches| {
        switches.deprecated_copies = DeprecatedCopies::FromMainPosition;
        switches.main_position_rule = MainPositionRule::Newest;
    });
    assert_eq!(title(&huma).await, "Verneombud");
    huma.sim.switch(|switches| switches.deprecated_copies = DeprecatedCopies::Absent);
    let kari = huma.kari().await;
    for name in ["jobTitle", "jobTitles", "firstDayOfWork", "probationEndDate", "employmentStartDate"] {
        assert_eq!(kari.get(name), None, "{name}");
    }
    assert_eq!(kari["currentPositions"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn job_titles_come_as_one_array_and_groups_in_pages() {
    let huma = Huma::start().await;
    let (_, titles) = huma.get("/job-titles").await;
    let names: Vec<_> = titles.as_array().unwrap().iter().map(|title| title["name"].clone()).collect();
    assert_eq!(names, ["Selger", "Utvikler", "Verneombud"]);
    let (_, found) = huma.get("/job-titles?search=utv").await;
    assert_eq!(found.as_array().unwrap().len(), 1);
    let id = found[0]["id"].as_str().unwrap();
    assert_eq!(huma.get(&format!("/job-titles/{id}")).await, (200, json!({"id": id, "name": "Utvikler"})));

    let (_, groups) = huma.get("/groups?type=team&type=company").await;
    assert_eq!(groups["total"], 2);
    assert_eq!((&groups["items"][0]["name"], &groups["items"][0]["type"]), (&json!("Drift"), &json!("team")));
}
