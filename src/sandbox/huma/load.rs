//! From the invented people to what Huma stores.

use serde_json::{Map, Value, json};

use super::positions::Position;
use super::world::{User, World};
use crate::sandbox::people::{HumaAddress, HumaBankAccount, HumaPerson, HumaPosition};

/// Adds a person, making job titles and missing ids on the way.
pub fn add_person(world: &mut World, person: &HumaPerson) {
    let id = if person.id.is_empty() { world.new_id() } else { person.id.clone() };
    let mut fields = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            fields.insert(name.to_owned(), value);
        }
    };
    put("givenName", Some(json!(person.given_name)));
    put("familyName", Some(json!(person.family_name)));
    put("email", Some(json!(person.email)));
    put("phone", person.phone.clone().map(Value::from));
    put("birthDate", person.birth_date.clone().map(Value::from));
    put("bankAccount", person.bank_account.as_ref().map(bank_account));
    put("homeAddress", person.home_address.as_ref().map(address));
    put("gender", person.gender.clone().map(Value::from));
    put("civilStatus", person.civil_status.clone().map(Value::from));
    put("employmentId", person.employment_id.clone().map(Value::from));

    let positions = person.positions.iter().map(|start| position(world, start)).collect();
    let kind = if person.kind.is_empty() { "user" } else { &person.kind };
    let user = User {
        id: id.clone(),
        kind: kind.to_owned(),
        fields,
        positions,
        groups: Vec::new(),
        deactivated_at: person.deactivated.then(|| world.clock.now_text()),
        // Nobody logs in without having been invited.
        invited_at: person.last_logged_in_at.clone(),
        last_logged_in_at: person.last_logged_in_at.clone(),
        requested_email: person.requested_email.clone(),
        connected_integrations: person.connected_integrations.clone(),
        hidden: person.hidden.clone(),
        read_only: person.read_only.clone(),
    };
    world.users.insert(id, user);
}

fn position(world: &mut World, start: &HumaPosition) -> Position {
    let mut fields = Map::new();
    if !start.title.is_empty() {
        fields.insert("titleId".into(), json!(world.title_named(&start.title)));
    }
    fields.insert("percentage".into(), json!(start.percentage.round() as i64));
    if !start.contract_type.is_empty() {
        fields.insert("contractType".into(), json!(start.contract_type));
    }
    for (name, date) in [
        ("contractStartDate", &start.contract_start_date),
        ("contractEndDate", &start.contract_end_date),
        ("firstDayOfWork", &start.first_day_of_work),
        ("probationEndDate", &start.probation_end_date),
        ("terminationNoticeDate", &start.termination_notice_date),
        ("lastDayOfWork", &start.last_day_of_work),
    ] {
        if let Some(date) = date {
            fields.insert(name.into(), json!(date));
        }
    }
    let id = if start.id.is_empty() { world.new_id() } else { start.id.clone() };
    Position { id, fields }
}

fn bank_account(account: &HumaBankAccount) -> Value {
    match account {
        HumaBankAccount::International { iban, bic } => json!({"iban": iban, "bic": bic}),
        HumaBankAccount::National { number, country } => json!({"number": number, "country": country}),
    }
}

fn address(address: &HumaAddress) -> Value {
    let mut value = json!({
        "line1": address.line1,
        "postalCode": address.postal_code,
        "city": address.city,
        "country": address.country,
    });
    for (name, line) in [("line2", &address.line2), ("line3", &address.line3)] {
        if let Some(line) = line {
            value[name] = json!(line);
        }
    }
    value
}
