//! The bodies of writes: only what changes, and never an invitation.

use super::spelling::{BankWords, written};
use super::wire::wire_name;
use super::{NewHumaUser, NewPosition};
use crate::domain::{Field, Side, Spelling};
use crate::remote::{RemoteError, Words};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The code of a refusal of our own: Huma cannot hold such a value in this field, and nothing was sent.
pub const CANNOT_HOLD: &str = "hxsync:cannot-hold";

/// `PATCH /users/{id}`: fields 1 to 10.
///
/// # Errors
/// [`CANNOT_HOLD`] naming the field, also for a field of a position and for clearing what must have a value.
pub fn user_update(
    changes: &BTreeMap<Field, Option<Spelling>>,
    words: &BankWords,
) -> Result<Value, RemoteError> {
    if let Some(field) = changes.keys().find(|field| field.is_on_position()) {
        return Err(cannot_hold(*field));
    }
    update(changes, words)
}

/// `PATCH /users/{userId}/positions/{id}`: fields 11 to 15.
///
/// # Errors
/// [`CANNOT_HOLD`] as for [`user_update`].
pub fn position_update(changes: &BTreeMap<Field, Option<Spelling>>) -> Result<Value, RemoteError> {
    if let Some(field) = changes.keys().find(|field| !field.is_on_position()) {
        return Err(cannot_hold(*field));
    }
    // A position holds no account, so no word is ever used.
    update(changes, &BankWords { national: String::new(), international: String::new() })
}

fn update(changes: &BTreeMap<Field, Option<Spelling>>, words: &BankWords) -> Result<Value, RemoteError> {
    let mut body = Map::new();
    for (field, change) in changes {
        let value = match change {
            None if must_have_value(*field) => return Err(cannot_hold(*field)),
            None => Value::Null,
            Some(spelling) => written(*field, spelling, words).ok_or_else(|| cannot_hold(*field))?,
        };
        body.insert(input_name(*field).to_owned(), value);
    }
    Ok(Value::Object(body))
}

/// `POST /users`. `invite` is a constant: its default is unknown, and people would be mailed.
pub fn new_user(user: &NewHumaUser, groups: &[String]) -> Value {
    let mut body = json!({
        "givenName": user.given_name,
        "familyName": user.family_name,
        "email": user.email,
        "groups": groups,
        "invite": false,
    });
    if let Some(phone) = &user.phone {
        body["phone"] = json!(phone);
    }
    body
}

/// `POST /users/{userId}/positions`.
///
/// # Errors
/// [`CANNOT_HOLD`] for a value that is not one of a position's dates.
pub fn new_position(position: &NewPosition, contract_type: &str) -> Result<Value, RemoteError> {
    let mut body = json!({
        "contractStartDate": position.contract_start_date,
        "contractType": contract_type,
        "titleId": position.title.id,
    });
    for (field, date) in &position.dates {
        match date {
            Spelling::Text(date) if field.is_on_position() && *field != Field::JobTitle => {
                body[input_name(*field)] = json!(date);
            }
            Spelling::Text(_) | Spelling::Account(_) | Spelling::Address(_) | Spelling::Named(_) => {
                return Err(cannot_hold(*field));
            }
        }
    }
    Ok(body)
}

/// The property that holds a field when it is written.
fn input_name(field: Field) -> &'static str {
    if field == Field::JobTitle { "titleId" } else { wire_name(field) }
}

fn must_have_value(field: Field) -> bool {
    matches!(field, Field::GivenName | Field::FamilyName | Field::Email | Field::JobTitle)
}

fn cannot_hold(field: Field) -> RemoteError {
    RemoteError::Refused {
        side: Side::Huma,
        code: CANNOT_HOLD.to_owned(),
        words: Words::default(),
        fields: vec![input_name(field).to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Named, NamedObject};

    fn words() -> BankWords {
        BankWords { national: "national".into(), international: "international".into() }
    }

    fn refused_field(outcome: Result<Value, RemoteError>) -> Vec<String> {
        match outcome {
            Err(RemoteError::Refused { code, fields, .. }) if code == CANNOT_HOLD => fields,
            other => panic!("not refused: {other:?}"),
        }
    }

    #[test]
    fn an_update_holds_what_changes_and_null_where_it_clears() {
        let changes = BTreeMap::from([
            (Field::Phone, Some(Spelling::text("+4740000000"))),
            (Field::BirthDate, None),
            (Field::CivilStatus, Some(Spelling::text("Married"))),
        ]);
        let body = user_update(&changes, &words()).unwrap();
        assert_eq!(body, json!({"phone": "+4740000000", "birthDate": null, "civilStatus": "Married"}));
    }

    #[test]
    fn what_must_have_a_value_is_never_cleared() {
        for field in [Field::GivenName, Field::FamilyName, Field::Email] {
            let refused = user_update(&BTreeMap::from([(field, None)]), &words());
            assert_eq!(refused_field(refused), [wire_name(field)]);
        }
        let refused = position_update(&BTreeMap::from([(Field::JobTitle, None)]));
        assert_eq!(refused_field(refused), ["titleId"]);
    }

    #[test]
    fn a_position_takes_its_title_by_id_and_its_dates() {
        let title = Named { id: Some("2b1f".into()), code: None, name: "Utvikler".into() };
        let changes = BTreeMap::from([
            (Field::JobTitle, Some(Spelling::Named(title))),
            (Field::LastDayOfWork, Some(Spelling::text("2027-01-31"))),
            (Field::ProbationEndDate, None),
        ]);
        let body = position_update(&changes).unwrap();
        assert_eq!(body, json!({"titleId": "2b1f", "lastDayOfWork": "2027-01-31", "probationEndDate": null}));
    }

    #[test]
    fn a_field_is_only_written_where_it_lives() {
        let date = || Some(Spelling::text("2027-01-31"));
        let refused = user_update(&BTreeMap::from([(Field::LastDayOfWork, date())]), &words());
        assert_eq!(refused_field(refused), ["lastDayOfWork"]);
        assert_eq!(
            refused_field(position_update(&BTreeMap::from([(Field::BirthDate, date())]))),
            ["birthDate"]
        );
    }

    #[test]
    fn p7_a_new_user_is_never_invited() {
        let user = NewHumaUser {
            given_name: "Kari".into(),
            family_name: "Nordmann".into(),
            email: "kari@example.no".into(),
            phone: None,
        };
        let body = new_user(&user, &["g".to_owned()]);
        assert_eq!(
            body,
            json!({"givenName": "Kari", "familyName": "Nordmann", "email": "kari@example.no", "groups": ["g"],
                "invite": false})
        );
        let called = NewHumaUser { phone: Some("+4799999999".into()), ..user };
        assert_eq!(new_user(&called, &[])["phone"], "+4799999999");
    }

    #[test]
    fn a_new_position_holds_what_huma_requires_and_the_dates() {
        let position = NewPosition {
            title: NamedObject { id: "2b1f".into(), code: None, name: "Utvikler".into() },
            contract_start_date: "2024-02-01".into(),
            dates: BTreeMap::from([(Field::FirstDayOfWork, Spelling::text("2024-02-01"))]),
        };
        assert_eq!(
            new_position(&position, "Permanent").unwrap(),
            json!({"contractStartDate": "2024-02-01", "contractType": "Permanent", "titleId": "2b1f",
                "firstDayOfWork": "2024-02-01"})
        );
        let dates = BTreeMap::from([(Field::Phone, Spelling::text("2024-02-01"))]);
        assert_eq!(refused_field(new_position(&NewPosition { dates, ..position }, "Permanent")), ["phone"]);
    }
}
