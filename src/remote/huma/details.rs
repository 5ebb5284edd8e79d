//! One user in full, from `GET /users/{id}` and from the answer of a PATCH.

use super::main_position::{Summary, summaries};
use super::positions::{self, Copies, Part, lock};
use super::spelling::{self, LearnedWord};
use super::wire::{At, Decoded, Wrapper, wire_name};
use crate::domain::record::About;
use crate::domain::{Field, FieldMap, HumaAbout, HumaId, Lock, Reading, Record, RecordId};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Fields 1 to 10.
const ON_USER: [Field; 10] = [
    Field::GivenName,
    Field::FamilyName,
    Field::Email,
    Field::Phone,
    Field::BirthDate,
    Field::BankAccount,
    Field::Address,
    Field::Gender,
    Field::CivilStatus,
    Field::EmploymentId,
];

/// What a user's own detail says; fields 11 to 15 come to it by [`Details::record`].
pub struct Details {
    pub id: HumaId,
    /// Fields 1 to 10.
    pub fields: BTreeMap<Field, Reading>,
    pub locked: BTreeMap<Field, Lock>,
    pub about: HumaAbout,
    /// `currentPositions`; `None` where Huma shows no such list.
    pub current: Option<Vec<Summary>>,
    pub copies: Copies,
    /// The word beside the bank account, if there is one.
    pub bank_word: Option<LearnedWord>,
}

impl Details {
    pub fn decode(value: &Value) -> Decoded<Details> {
        let at = At::new(value, "user")?;
        let id = HumaId(at.required_text("id")?.to_owned());
        let status = at.object("status")?.ok_or_else(|| at.odd("status"))?;
        let active = status.boolean("active")?.ok_or_else(|| status.odd("active"))?;

        let mut fields = BTreeMap::new();
        let mut locked = BTreeMap::new();
        let mut bank_word = None;
        for field in ON_USER {
            let Some(wrapper) = Wrapper::of(&at, wire_name(field))? else {
                fields.insert(field, Reading::Hidden);
                continue;
            };
            let reading = match (field, wrapper.value) {
                (_, None) => Reading::Empty,
                (Field::BankAccount, Some(value)) => {
                    let (reading, word) = spelling::account(value, wrapper.value_path())?;
                    bank_word = word;
                    reading
                }
                (_, Some(value)) => spelling::read(field, value, wrapper.value_path())?,
            };
            fields.insert(field, reading);
            locked.extend(lock(&wrapper).map(|lock| (field, lock)));
        }

        let requested = match at.object("email")? {
            Some(email) => email.text("requestedValue")?,
            None => None,
        };
        let current = match at.list("currentPositions")? {
            Some(items) => Some(summaries(items, "user.currentPositions")?),
            None => None,
        };
        let about = HumaAbout {
            active,
            requested_email: requested.filter(|text| !text.trim().is_empty()).map(str::to_owned),
            positions: Default::default(),
            connected: connected(&at)?,
            groups: groups(&at),
        };
        Ok(Details { id, fields, locked, about, current, copies: positions::copies(&at)?, bank_word })
    }

    /// The whole record.
    pub fn record(mut self, part: Part) -> Record {
        let mut fields = FieldMap::default();
        for (field, reading) in self.fields {
            fields[field] = reading;
        }
        for (field, own) in part.fields {
            fields[field] = own.reading;
            self.locked.extend(own.lock.map(|lock| (field, lock)));
        }
        if !self.about.active {
            self.locked = Field::ALL.into_iter().map(|field| (field, Lock::Deactivated)).collect();
        }
        self.about.positions = part.positions;
        Record { id: RecordId::Huma(self.id), fields, locked: self.locked, about: About::Huma(self.about) }
    }
}

/// `connectedIntegrations`: `{"name": {"type": …, "externalId": …}}`. An entry without an id still says that it is there.
fn connected(at: &At<'_>) -> Decoded<BTreeMap<String, String>> {
    let Some(all) = at.object("connectedIntegrations")? else { return Ok(BTreeMap::new()) };
    let id_of = |entry: &Value| match entry.get("externalId") {
        Some(Value::String(id)) => id.clone(),
        Some(Value::Number(id)) => id.to_string(),
        Some(_) | None => String::new(),
    };
    Ok(all.entries().map(|(name, entry)| (name.to_owned(), id_of(entry))).collect())
}

/// Ids of the groups, sorted, wrapped (detail) or not (listing). Only ids are taken, leniently: what a group is besides is polymorphic and not needed.
pub fn groups(at: &At<'_>) -> Vec<String> {
    let mut ids = BTreeSet::new();
    for name in ["groups", "teams", "locations", "companies"] {
        let value = at.get(name).map(|value| value.get("value").unwrap_or(value));
        let items = value.and_then(Value::as_array).into_iter().flatten();
        ids.extend(items.filter_map(|group| group.get("id")?.as_str()).map(str::to_owned));
    }
    ids.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Address, Positions, Spelling};
    use serde_json::json;

    /// The example of `huma.md` section 15: phone visible but empty, the bank account hidden.
    fn kari() -> Value {
        json!({"id": "7c0c2a52-4a0e-4a2f-9c58-0d3a2f5b1c11", "type": "user", "status": {"active": true},
            "subordinatesCount": 0,
            "givenName": {"value": "Kari", "editable": true}, "familyName": {"value": "Nordmann", "editable": true},
            "email": {"value": "kari@example.no", "editable": true, "requestedValue": "kari.nordmann@example.no"},
            "phone": {"editable": true}, "birthDate": {"value": "1990-04-23", "editable": true},
            "homeAddress": {"editable": true,
                "value": {"line1": "Storgata 1", "postalCode": "0155", "city": "Oslo", "country": "NO"}},
            "gender": {"value": "Female", "editable": true},
            "civilStatus": {"value": "Relationship", "editable": true},
            "employmentId": {"value": "0042", "editable": true},
            "firstDayOfWork": {"value": "2024-02-01", "editable": false}, "lastDayOfWork": {"editable": false},
            "invitedAt": "2024-01-15T08:30:00Z", "lastLoggedInAt": "2024-02-01T07:55:12Z",
            "currentPositions": [{"id": "51f7c3de-12ab-4c1d-9a77-3e5f60718293", "status": "CURRENT",
                "percentage": 100, "contractType": "Permanent", "contractStartDate": "2024-02-01",
                "title": {"id": "2b1f0c9e-7a55-4a2b-8a61-9b7d1f2e3c44", "name": "Utvikler"}}]})
    }

    fn record(value: &Value) -> Record {
        Details::decode(value).unwrap().record(Part::none())
    }

    #[test]
    fn the_example_of_the_contract_is_read_whole() {
        let record = record(&kari());
        for (field, text) in [
            (Field::GivenName, "Kari"),
            (Field::FamilyName, "Nordmann"),
            (Field::Email, "kari@example.no"),
            (Field::BirthDate, "1990-04-23"),
            (Field::Gender, "Female"),
            (Field::CivilStatus, "Relationship"),
            (Field::EmploymentId, "0042"),
        ] {
            assert_eq!(record.text(field), Some(text), "{field}");
        }
        assert!(record.fields[Field::Phone].is_empty());
        assert!(record.fields[Field::BankAccount].is_hidden());
        let address = Address {
            line1: Some("Storgata 1".into()),
            postal_code: Some("0155".into()),
            city: Some("Oslo".into()),
            country: Some("NO".into()),
            ..Address::default()
        };
        assert!(record.fields[Field::Address].value() == Some(&Spelling::Address(address)));
        let about = record.huma().unwrap();
        assert!(about.active && about.positions == Positions::None);
        assert_eq!(about.requested_email.as_deref(), Some("kari.nordmann@example.no"));
        assert!(record.locked.is_empty());
    }

    #[test]
    fn an_explicit_null_reads_as_absent() {
        let mut value = kari();
        value["phone"] = json!({"value": null, "editable": true, "integrations": null});
        value["bankAccount"] = Value::Null;
        value["connectedIntegrations"] = Value::Null;
        assert!(record(&value) == record(&kari()));
    }

    #[test]
    fn empty_and_not_editable_is_empty_with_its_lock() {
        let mut value = kari();
        value["phone"] = json!({"editable": false});
        let record = record(&value);
        assert!(record.fields[Field::Phone].is_empty());
        assert_eq!(record.locked.get(&Field::Phone), Some(&Lock::NotEditable));
    }

    #[test]
    fn a_field_of_another_integration_is_locked_with_its_name() {
        let mut value = kari();
        value["phone"]["integrations"] = json!({"tripletex": {"warning": "locked_disconnect"}});
        value["gender"]["integrations"] = json!({});
        let record = record(&value);
        assert_eq!(record.locked, BTreeMap::from([(Field::Phone, Lock::OwnedBy("tripletex".into()))]));
    }

    #[test]
    fn every_field_of_a_deactivated_account_is_locked() {
        let mut value = kari();
        value["status"] =
            json!({"active": false, "deactivatedAt": "2026-01-01T00:00:00Z", "deactivatedBy": {}});
        let record = record(&value);
        assert!(!record.huma().unwrap().active);
        assert!(Field::ALL.iter().all(|field| record.locked.get(field) == Some(&Lock::Deactivated)));
    }

    #[test]
    fn connected_integrations_and_groups_are_kept() {
        let mut value = kari();
        value["connectedIntegrations"] = json!({"xledger": {"type": "x", "externalId": "1042"}, "visma": {}});
        value["teams"] = json!({"value": [{"id": "b"}, {"id": "a", "type": "odd"}], "editable": true});
        let record = record(&value);
        let about = record.huma().unwrap();
        assert_eq!(
            about.connected,
            BTreeMap::from([("visma".into(), "".into()), ("xledger".into(), "1042".into())])
        );
        assert_eq!(about.groups, ["a", "b"]);
    }

    #[test]
    fn what_is_not_as_promised_says_where_it_is() {
        for (name, bad, path) in [
            ("id", json!(5), "user.id"),
            ("status", json!({}), "user.status.active"),
            ("phone", json!("+4799999999"), "user.phone"),
            ("employmentId", json!({"value": 42, "editable": true}), "user.employmentId.value"),
            ("bankAccount", json!({"value": {"type": "x"}, "editable": true}), "user.bankAccount.value"),
            ("homeAddress", json!({"value": {"city": 1}}), "user.homeAddress.value.city"),
            ("currentPositions", json!([{"status": "CURRENT"}]), "user.currentPositions[0].id"),
        ] {
            let mut value = kari();
            value[name] = bad;
            assert_eq!(Details::decode(&value).err().map(|odd| odd.0).as_deref(), Some(path));
        }
    }
}
