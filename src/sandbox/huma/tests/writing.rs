use serde_json::{Value, json};

use super::super::*;
use super::*;

fn newcomer(extra: Value) -> Value {
    let mut body =
        json!({"givenName": "Nils", "familyName": "Vik", "email": "nils@fjordlys.example", "groups": []});
    body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    body
}

#[tokio::test]
async fn a_creation_answers_200_with_the_list_shape() {
    let huma = Huma::start().await;
    let (_, groups) = huma.get("/groups?type=team").await;
    let team = &groups["items"][0];
    let (status, user) =
        huma.send("POST", "/users", newcomer(json!({"invite": false, "groups": [team["id"]]}))).await;
    assert_eq!(status, 200);
    let id = user["id"].as_str().unwrap();
    let expected = json!({
        "id": id, "givenName": "Nils", "familyName": "Vik", "email": "nils@fjordlys.example", "type": "user",
        "status": {"active": true}, "jobTitles": [], "teams": [team],
    });
    assert_eq!(user, expected);
    assert_eq!(huma.get(&format!("/users/{id}")).await.0, 200);
    let counters = huma.sim.counters();
    assert_eq!((counters.users_created, counters.invitations_sent, counters.writes), (1, 0, 1));
    let writes = huma.sim.writes();
    assert_eq!((writes[0].what, writes[0].user_id.as_deref()), (WriteKind::UserCreated, Some(id)));
    assert_eq!(writes[0].body["invite"], false);
}

#[tokio::test]
async fn without_a_word_about_it_a_creation_invites() {
    let huma = Huma::start().await;
    huma.send("POST", "/users", newcomer(json!({}))).await;
    assert_eq!(huma.sim.counters().invitations_sent, 1);
    huma.sim.switch(|switches| switches.invite_default = false);
    huma.send("POST", "/users", newcomer(json!({"email": "other@fjordlys.example"}))).await;
    assert_eq!(huma.sim.counters().invitations_sent, 1);
    huma.send("POST", "/users", newcomer(json!({"email": "third@fjordlys.example", "invite": true}))).await;
    assert_eq!(huma.sim.counters().invitations_sent, 2);
}

#[tokio::test]
async fn a_creation_is_checked() {
    let huma = Huma::start().await;
    let post = async |body| huma.send("POST", "/users", body).await;
    assert_eq!(post(json!({})).await, invalid(&["email", "familyName", "givenName", "groups"]));
    assert_eq!(post(newcomer(json!({"givenName": "x".repeat(256)}))).await, invalid(&["givenName"]));
    assert_eq!(
        post(newcomer(json!({"groups": ["x"], "invite": "no"}))).await,
        invalid(&["groups", "invite"])
    );
    assert_eq!(post(newcomer(json!({"groups": [KARI]}))).await.0, 404);
    assert_eq!(huma.sim.counters().users_created, 0);

    huma.sim.switch(|switches| switches.create_allowed = false);
    assert_eq!(post(newcomer(json!({}))).await.0, 403);
}

#[tokio::test]
async fn a_taken_address_is_refused_as_switched() {
    let huma = Huma::start().await;
    let post =
        async || huma.send("POST", "/users", newcomer(json!({"email": "KARI@fjordlys.example"}))).await;
    let (status, body) = post().await;
    assert_eq!((status, &body["fields"]), (400, &json!(["email"])));
    huma.sim.switch(|switches| switches.duplicate_email = DuplicateEmail::Conflict);
    assert_eq!(post().await.0, 409);
    huma.sim.switch(|switches| switches.duplicate_email = DuplicateEmail::Accepted);
    assert_eq!(post().await.0, 200);
}

#[tokio::test]
async fn an_update_changes_what_it_names_and_answers_the_whole_detail() {
    let huma = Huma::start().await;
    let before = huma.kari().await;
    let address = json!({
        "line1": "Storgata 2", "line2": "", "line3": "", "postalCode": "0155", "city": "Oslo", "country": "NO",
    });
    let account = json!({"type": "international", "iban": "NO9386011117947", "bic": "DNBANOKK"});
    let mut sent_address = address.clone();
    sent_address["floor"] = json!(3);
    let body = json!({"phone": "+4740000000", "homeAddress": sent_address, "bankAccount": account, "jobTitle": "Sjef"});
    let (status, after) = huma.patch_kari(body).await;
    assert_eq!(status, 200);
    assert_eq!(after, huma.kari().await);
    let mut expected = before;
    expected["phone"]["value"] = json!("+4740000000");
    expected["homeAddress"]["value"] = address;
    expected["bankAccount"]["value"] =
        json!({"type": "international", "code": "primary", "iban": "NO9386011117947", "bic": "DNBANOKK"});
    assert_eq!(after, expected);
    assert_eq!(huma.sim.writes()[0].changed, ["phone", "homeAddress", "bankAccount"]);
}

#[tokio::test]
async fn an_update_is_checked() {
    let huma = Huma::start().await;
    let address = json!({"line1": "Storgata 2", "postalCode": "0155", "city": "Oslo", "country": "NO"});
    for (name, value) in [
        ("homeAddress", address),
        ("bankAccount", json!({"number": "86011117947", "country": "NO"})),
        ("bankAccount", json!({"type": "norwegian", "number": "86011117947", "country": "NO"})),
        ("civilStatus", json!("married")),
        ("birthDate", json!("23.04.1990")),
        ("phone", json!("9".repeat(256))),
        ("employmentId", json!(42)),
        ("givenName", json!(null)),
        ("email", json!(null)),
    ] {
        assert_eq!(huma.patch_kari(json!({name: value})).await, invalid(&[name]), "{value}");
    }
    let not_json = huma.request("PATCH", &format!("/users/{KARI}")).body("{}").send().await.unwrap();
    assert_eq!(not_json.status(), 415);
    assert_eq!(huma.patch_kari(json!([])).await, invalid(&[]));
    assert_eq!(huma.sim.writes().len(), 0);
}

#[tokio::test]
async fn the_words_for_bank_accounts_can_be_others() {
    let huma = Huma::start().await;
    huma.sim.switch(|switches| {
        switches.bank_type_words =
            BankTypeWords { national: "NATIONAL".into(), international: "INTERNATIONAL".into() };
    });
    assert_eq!(huma.kari().await["bankAccount"]["value"]["type"], "NATIONAL");
    let write = async |word| {
        let account = json!({"type": word, "number": "12345678903", "country": "NO"});
        huma.patch_kari(json!({"bankAccount": account})).await
    };
    assert_eq!(write("national").await, invalid(&["bankAccount"]));
    assert_eq!(write("NATIONAL").await.1["bankAccount"]["value"]["number"], "12345678903");
}

#[tokio::test]
async fn null_clears_is_refused_or_is_ignored() {
    let huma = Huma::start().await;
    huma.sim.switch(|switches| switches.null_in_patch = NullInPatch::Refused);
    assert_eq!(huma.patch_kari(json!({"phone": null})).await, invalid(&["phone"]));
    huma.sim.switch(|switches| switches.null_in_patch = NullInPatch::Ignored);
    assert_eq!(huma.patch_kari(json!({"phone": null})).await.1["phone"]["value"], "+4799999999");
    huma.sim.switch(|switches| switches.null_in_patch = NullInPatch::Clears);
    assert_eq!(huma.patch_kari(json!({"phone": null})).await.1["phone"], json!({"editable": true}));
}

#[tokio::test]
async fn a_read_only_field_is_refused_forbidden_or_ignored() {
    let huma = Huma::start().await;
    huma.sim.switch(|switches| switches.field_access.read_only = vec!["phone".into()]);
    let write = async || huma.patch_kari(json!({"phone": "+4740000000", "gender": "Male"})).await;
    let (status, body) = write().await;
    assert_eq!((status, &body["fields"]), (400, &json!(["phone"])));
    huma.sim.switch(|switches| switches.readonly_write = ReadonlyWrite::Forbidden);
    assert_eq!(write().await.0, 403);
    assert_eq!(huma.kari().await["gender"]["value"], "Female");
    huma.sim.switch(|switches| switches.readonly_write = ReadonlyWrite::Ignored);
    let (status, kari) = write().await;
    assert_eq!((status, &kari["phone"]["value"]), (200, &json!("+4799999999")));
    assert_eq!(kari["gender"]["value"], "Male");
}

#[tokio::test]
async fn a_patch_with_one_wrong_field_writes_nothing_unless_switched() {
    let huma = Huma::start().await;
    let write = async || huma.patch_kari(json!({"gender": "Male", "birthDate": "soon"})).await;
    assert_eq!(write().await, invalid(&["birthDate"]));
    assert_eq!(huma.kari().await["gender"]["value"], "Female");
    huma.sim.switch(|switches| switches.patch_atomic = false);
    assert_eq!(write().await, invalid(&["birthDate"]));
    assert_eq!(huma.kari().await["gender"]["value"], "Male");
    assert_eq!(huma.sim.writes()[0].changed, ["gender"]);
}

#[tokio::test]
async fn an_address_change_waits_for_those_who_have_logged_in() {
    let huma = Huma::start().await;
    let (_, kari) = huma.patch_kari(json!({"email": "kari.nordmann@fjordlys.example"})).await;
    let pending = json!({
        "value": "kari@fjordlys.example", "editable": true, "requestedValue": "kari.nordmann@fjordlys.example",
    });
    assert_eq!(kari["email"], pending);
    assert_eq!(huma.sim.counters().email_change_mails, 2);
    huma.sim.act(KARI, Action::ConfirmEmail).unwrap();
    let confirmed = json!({"value": "kari.nordmann@fjordlys.example", "editable": true});
    assert_eq!(huma.kari().await["email"], confirmed);

    let ola = format!("/users/{OLA}");
    let (_, changed) = huma.send("PATCH", &ola, json!({"email": "ola.b@fjordlys.example"})).await;
    assert_eq!(changed["email"], json!({"value": "ola.b@fjordlys.example", "editable": true}));
    assert_eq!(huma.sim.counters().email_change_mails, 2);

    huma.sim.switch(|switches| switches.email_change = EmailChange::Immediate);
    let (_, kari) = huma.patch_kari(json!({"email": "kn@fjordlys.example"})).await;
    assert_eq!(kari["email"]["value"], "kn@fjordlys.example");
    huma.sim.switch(|switches| switches.email_change = EmailChange::Forbidden);
    assert_eq!(huma.patch_kari(json!({"email": "k@fjordlys.example"})).await.0, 403);
    assert_eq!(huma.patch_kari(json!({"email": "ola.b@fjordlys.example"})).await.0, 400);
}

#[tokio::test]
async fn a_deactivated_user_refuses_writes() {
    let huma = Huma::start().await;
    let write =
        async || huma.send("PATCH", &format!("/users/{LEAVER}"), json!({"phone": "+4740000000"})).await;
    assert_eq!(write().await.0, 400);
    huma.sim.act(LEAVER, Action::Activate).unwrap();
    assert_eq!(write().await.0, 200);
}

#[tokio::test]
async fn reads_lag_behind_writes_when_switched() {
    let huma = Huma::start().await;
    huma.sim.switch(|switches| switches.read_after_write_delay_ms = 600_000);
    let (_, answered) = huma.patch_kari(json!({"phone": "+4740000000"})).await;
    assert_eq!(answered["phone"]["value"], "+4740000000");
    assert_eq!(huma.kari().await["phone"]["value"], "+4799999999");
    let (_, nils) = huma.send("POST", "/users", newcomer(json!({"invite": false}))).await;
    let path = format!("/users/{}", nils["id"].as_str().unwrap());
    assert_eq!(huma.get(&path).await.0, 404);
    assert_eq!(huma.send("PATCH", &path, json!({"gender": "Male"})).await.0, 200);

    huma.sim.switch(|switches| switches.read_after_write_delay_ms = 0);
    assert_eq!(huma.kari().await["phone"]["value"], "+4740000000");
    assert_eq!(huma.get(&path).await.0, 200);
}

#[tokio::test]
async fn a_position_is_created_changed_and_deleted() {
    let huma = Huma::start().await;
    let path = format!("/users/{OLA}/positions");
    let title = title_id(&huma, "Selger").await;
    let body = json!({"contractStartDate": "2026-01-01", "contractType": "Temporary", "titleId": title});
    let (status, position) = huma.send("POST", &path, body).await;
    assert_eq!(status, 200);
    assert_eq!((&position["status"], &position["percentage"]["value"]), (&json!("CURRENT"), &json!(100)));
    assert_eq!(position["title"]["value"], json!({"id": title, "name": "Selger"}));

    let path = format!("{path}/{}", position["id"].as_str().unwrap());
    let dates = json!({"terminationNoticeDate": "2026-11-01", "lastDayOfWork": "2027-01-31"});
    let (status, changed) = huma.send("PATCH", &path, dates).await;
    assert_eq!((status, &changed["lastDayOfWork"]["value"]), (200, &json!("2027-01-31")));
    let (_, ola) = huma.get(&format!("/users/{OLA}")).await;
    assert_eq!(ola["lastDayOfWork"], json!({"value": "2027-01-31", "editable": false}));
    let (_, cleared) = huma.send("PATCH", &path, json!({"lastDayOfWork": null})).await;
    assert_eq!(cleared["lastDayOfWork"], json!({"editable": true}));

    let deleted = huma.request("DELETE", &path).send().await.unwrap();
    assert_eq!((deleted.status().as_u16(), deleted.text().await.unwrap()), (200, String::new()));
    assert_eq!(huma.request("DELETE", &path).send().await.unwrap().status(), 404);
    assert_eq!(huma.sim.counters().positions_deleted, 1);
    let kinds: Vec<WriteKind> = huma.sim.writes().iter().map(|write| write.what).collect();
    use WriteKind::{PositionCreated, PositionDeleted, PositionUpdated};
    assert_eq!(kinds, [PositionCreated, PositionUpdated, PositionUpdated, PositionDeleted]);
}

#[tokio::test]
async fn a_position_is_checked() {
    let huma = Huma::start().await;
    let path = format!("/users/{KARI}/positions");
    let missing = ["contractStartDate", "contractType", "titleId"];
    assert_eq!(huma.send("POST", &path, json!({})).await, invalid(&missing));
    let path = format!("{path}/{KARIS_POSITION}");
    for (name, value) in [
        ("percentage", json!(101)),
        ("percentage", json!(12.5)),
        ("contractType", json!("permanent")),
        ("lastDayOfWork", json!("2026-02-30")),
        ("titleId", json!("Utvikler")),
        ("titleId", json!(null)),
        ("endReason", json!("bored")),
    ] {
        assert_eq!(huma.send("PATCH", &path, json!({name: value})).await, invalid(&[name]), "{value}");
    }
    assert_eq!(huma.send("PATCH", &path, json!({"titleId": KARI})).await.0, 404);
    huma.sim.switch(|switches| switches.field_access.read_only = vec!["jobTitle".into()]);
    let title = title_id(&huma, "Selger").await;
    assert_eq!(huma.send("PATCH", &path, json!({"titleId": title})).await.1["fields"], json!(["titleId"]));
    assert_eq!(huma.sim.writes().len(), 0);
}

#[tokio::test]
async fn a_job_title_is_shared_by_everybody_who_holds_it() {
    let huma = Huma::start().await;
    let (status, made) =
        huma.send("POST", "/job-titles", json!({"name": "Lærling", "description": "To år"})).await;
    assert_eq!((status, &made["description"]), (200, &json!("To år")));
    assert_eq!(huma.send("POST", "/job-titles", json!({})).await, invalid(&["name"]));

    let path = format!("/job-titles/{}", title_id(&huma, "Utvikler").await);
    assert_eq!(huma.send("PATCH", &path, json!({"name": "Programmerer"})).await.0, 200);
    assert_eq!(huma.kari().await["jobTitle"]["value"]["name"], "Programmerer");
    let (_, ola) = huma.get(&format!("/users/{OLA}")).await;
    assert_eq!(ola["jobTitle"]["value"]["name"], "Programmerer");
    let counters = huma.sim.counters();
    assert_eq!((counters.job_titles_created, counters.job_titles_renamed), (1, 1));
}
