//! Everything Xledger stores: one table per kind, and the clock that stamps changes.
//!
//! Contact, subledger and employee are separate records with their own times of change; an edit of one moves
//! another only by a switch.

use serde_json::{Value, json};

use super::clock::Clock;
use super::record::{Kind, Record, Table};
use super::reference_data::{self, MARITAL_STATUS, POSITION, fields};
use crate::sandbox::people::{XledgerAddress, XledgerPerson};

pub struct World {
    pub clock: Clock,
    /// The root entity, which owns the reference data.
    pub root_entity: i64,
    tables: Vec<Table>,
}

impl World {
    pub fn new(root_entity: i64, sub_entities: &[i64], clock: Clock) -> World {
        let tables = Kind::ALL.into_iter().map(Table::new).collect();
        let mut world = World { clock, root_entity, tables };
        reference_data::load(&mut world, root_entity, sub_entities);
        world
    }

    pub fn table(&self, kind: Kind) -> &Table {
        // `Kind::ALL` is in the order of declaration, and the tables were made from it.
        &self.tables[kind as usize]
    }

    pub fn table_mut(&mut self, kind: Kind) -> &mut Table {
        &mut self.tables[kind as usize]
    }

    pub fn get(&self, kind: Kind, db_id: i64) -> Option<&Record> {
        self.table(kind).rows.get(&db_id)
    }

    /// Whether `entity` is `ancestor` or lies below it.
    pub fn is_within(&self, entity: i64, ancestor: i64) -> bool {
        let mut at = entity;
        for _ in 0..=self.table(Kind::Entity).rows.len() {
            if at == ancestor {
                return true;
            }
            match self.get(Kind::Entity, at) {
                Some(record) => at = record.owner_db_id,
                None => return false,
            }
        }
        false
    }

    /// Changes a record and stamps it.
    pub fn edit(&mut self, kind: Kind, db_id: i64, change: impl FnOnce(&mut Record)) -> bool {
        let now = self.clock.local_now();
        let table = self.table_mut(kind);
        let Some(record) = table.rows.get_mut(&db_id) else { return false };
        change(record);
        table.touch(db_id, &now);
        true
    }

    /// Stamps every employee whose `part` (`contact` or `subledger`) is that record.
    pub fn touch_employees_of(&mut self, part: &str, db_id: i64) {
        let now = self.clock.local_now();
        let table = self.table_mut(Kind::Employee);
        let ids: Vec<i64> =
            table.rows.values().filter(|e| e.reference(part) == Some(db_id)).map(|e| e.db_id).collect();
        for id in ids {
            table.touch(id, &now);
        }
    }

    pub fn object_kind(&self, name: &str) -> Option<i64> {
        self.table(Kind::ObjectKind).rows.values().find(|k| k.text("name") == Some(name)).map(|k| k.db_id)
    }

    /// Adds a value to the list of that name. Returns its dbId.
    pub fn add_object_value(&mut self, kind: &str, code: &str, description: &str) -> i64 {
        let (now, owner) = (self.clock.local_now(), self.root_entity);
        let value = json!({"code": code, "description": description, "objectKind": self.object_kind(kind), "posting": true});
        self.table_mut(Kind::ObjectValue).add(0, owner, &now, fields(value))
    }

    /// The value of the list with exactly this description.
    pub fn object_value(&self, kind: &str, description: &str) -> Option<i64> {
        let kind = self.object_kind(kind)?;
        let mut values = self.table(Kind::ObjectValue).rows.values();
        values
            .find(|v| v.reference("objectKind") == Some(kind) && v.text("description") == Some(description))
            .map(|v| v.db_id)
    }

    /// The value of the list, added to it when there is none.
    fn object_value_or_new(&mut self, kind: &str, description: &str) -> i64 {
        if let Some(id) = self.object_value(kind, description) {
            return id;
        }
        let code = format!("{}{}", &kind[..1], self.table(Kind::ObjectValue).rows.len() + 1);
        self.add_object_value(kind, &code, description)
    }

    pub fn system_value(&self, list: &str, code: &str) -> Option<i64> {
        let mut values = self.table(Kind::SystemValue).rows.values();
        values.find(|v| v.text("list") == Some(list) && v.text("code") == Some(code)).map(|v| v.db_id)
    }

    /// A country by its English name or its code, whatever the case.
    pub fn country(&self, text: &str) -> Option<i64> {
        let text = text.trim();
        let is = |r: &Record, field| r.text(field).is_some_and(|v| v.eq_ignore_ascii_case(text));
        let mut rows = self.table(Kind::Country).rows.values();
        rows.find(|r| is(r, "description") || is(r, "code")).map(|r| r.db_id)
    }

    /// Adds an employee with contact and subledger, as the fixtures or a clerk would. Returns its dbId.
    pub fn add_person(&mut self, person: &XledgerPerson) -> i64 {
        let now = self.clock.local_now();
        let owner = if person.owner_db_id == 0 { self.root_entity } else { person.owner_db_id };
        let gender = person.gender.as_ref().and_then(|code| self.system_value("GENDER", code));
        let status = person.marital_status.as_ref().map(|d| self.object_value_or_new(MARITAL_STATUS, d));
        let position = person.position_value.as_ref().map(|d| self.object_value_or_new(POSITION, d));
        let contact_id = match self.get(Kind::Contact, person.contact_db_id) {
            Some(shared) => shared.db_id,
            None => {
                let contact = without_nulls(json!({
                    "code": format!("C{}", person.code), "firstName": person.first_name, "lastName": person.last_name,
                    "email": person.email, "phone": person.phone, "birthday": person.birthday,
                    "gender": gender, "maritalStatus": status,
                    "homeAddress": person.home_address.as_ref().map(|a| self.address(a)),
                    "address": person.address.as_ref().map(|a| self.address(a)),
                }));
                self.table_mut(Kind::Contact).add(person.contact_db_id, owner, &now, fields(contact))
            }
        };
        let name = format!("{} {}", person.first_name, person.last_name);
        let subledger = self.new_subledger(&person.code, &name, contact_id);
        let mut subledger = fields(subledger);
        subledger.extend(fields(without_nulls(json!({"bankAccount": person.bank_account}))));
        let subledger_id =
            self.table_mut(Kind::Subledger).add(person.subledger_db_id, owner, &now, subledger);
        let employee = without_nulls(json!({
            "code": person.code, "description": name, "contact": contact_id, "subledger": subledger_id,
            "positionValue": position, "employmentFrom": person.employment_from, "trialTo": person.trial_to,
            "noticeDate": person.notice_date, "employmentTo": person.employment_to,
        }));
        self.table_mut(Kind::Employee).add(person.db_id, owner, &now, fields(employee))
    }

    /// The fields of a subledger made beside an employee.
    pub fn new_subledger(&self, code: &str, description: &str, contact: i64) -> Value {
        json!({
            "code": code, "description": description, "contact": contact,
            "ledgerType": self.system_value("LEDGER_TYPE", "AP"),
        })
    }

    /// An address as it is stored, from its parts.
    pub fn address(&self, address: &XledgerAddress) -> Value {
        without_nulls(json!({
            "streetAddress": address.street_address, "zipCode": address.zip_code, "place": address.place,
            "country": self.country(&address.country),
        }))
    }
}

/// An object without its null members.
pub fn without_nulls(mut value: Value) -> Value {
    if let Value::Object(map) = &mut value {
        map.retain(|_, v| !v.is_null());
    }
    value
}
