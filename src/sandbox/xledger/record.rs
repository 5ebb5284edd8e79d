//! One stored record of any kind, and a table of them with its change log.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Map, Value};

use super::rights::Area;

/// What a record is. Each kind has its own table and its own dbIds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::enum_variant_names, reason = "object kind is Xledger's own term")]
pub enum Kind {
    Employee,
    Contact,
    Subledger,
    Country,
    SystemValue,
    ObjectKind,
    ObjectValue,
    Company,
    Bank,
    Entity,
    Webhook,
}

impl Kind {
    pub const ALL: [Kind; 11] = [
        Kind::Employee,
        Kind::Contact,
        Kind::Subledger,
        Kind::Country,
        Kind::SystemValue,
        Kind::ObjectKind,
        Kind::ObjectValue,
        Kind::Company,
        Kind::Bank,
        Kind::Entity,
        Kind::Webhook,
    ];

    /// The name of its GraphQL type.
    pub fn type_name(self) -> &'static str {
        match self {
            Kind::Employee => "Employee",
            Kind::Contact => "Contact",
            Kind::Subledger => "Subledger",
            Kind::Country => "Country",
            Kind::SystemValue => "SystemValue",
            Kind::ObjectKind => "ObjectKind",
            Kind::ObjectValue => "ObjectValue",
            Kind::Company => "Company",
            Kind::Bank => "Bank",
            Kind::Entity => "Entity",
            Kind::Webhook => "Webhook",
        }
    }

    /// The right that reading it needs; `None` for what every token may see.
    pub fn area(self) -> Option<Area> {
        match self {
            Kind::Employee => Some(Area::Employee),
            Kind::Contact => Some(Area::Contact),
            Kind::Subledger => Some(Area::Subledger),
            Kind::Country => Some(Area::Country),
            Kind::SystemValue => Some(Area::SystemValue),
            Kind::ObjectKind | Kind::ObjectValue => Some(Area::ObjectValue),
            Kind::Company => Some(Area::Company),
            Kind::Bank => Some(Area::Bank),
            Kind::Entity | Kind::Webhook => None,
        }
    }

    /// The kind a field of this kind refers to by dbId, if it does.
    pub fn reference(self, field: &str) -> Option<Kind> {
        match (self, field) {
            (Kind::Employee, "contact") | (Kind::Subledger, "contact") => Some(Kind::Contact),
            (Kind::Employee, "subledger") => Some(Kind::Subledger),
            (Kind::Employee, "superior") => Some(Kind::Employee),
            (
                Kind::Employee,
                "positionValue" | "positionCategory" | "compensationType" | "employmentType"
                | "employeeGroup" | "exitReason",
            )
            | (Kind::Contact, "maritalStatus") => Some(Kind::ObjectValue),
            (Kind::Contact, "gender") | (Kind::Subledger, "ledgerType") => Some(Kind::SystemValue),
            (Kind::Contact, "country") => Some(Kind::Country),
            (Kind::ObjectValue, "objectKind") => Some(Kind::ObjectKind),
            _ => None,
        }
    }

    /// The first dbId a new record of this kind gets.
    fn first_id(self) -> i64 {
        match self {
            Kind::Employee => 20_001,
            Kind::Contact => 700_001,
            Kind::Subledger => 900_001,
            Kind::Country => 101,
            Kind::SystemValue => 3_001,
            Kind::ObjectKind => 41,
            Kind::ObjectValue => 5_001,
            Kind::Company => 61,
            Kind::Bank => 81,
            Kind::Entity => 1,
            Kind::Webhook => 301,
        }
    }
}

/// A record: its fields under their names in the schema. A reference holds the dbId; an address is an object whose
/// country is a dbId.
#[derive(Debug, Clone)]
pub struct Record {
    pub db_id: i64,
    pub owner_db_id: i64,
    /// Local time in Oslo.
    pub created_at: String,
    pub modified_at: String,
    pub fields: Map<String, Value>,
}

impl Record {
    pub fn text(&self, field: &str) -> Option<&str> {
        self.fields.get(field).and_then(Value::as_str)
    }

    /// The dbId a reference holds; 0 counts as none.
    pub fn reference(&self, field: &str) -> Option<i64> {
        self.fields.get(field).and_then(Value::as_i64).filter(|id| *id != 0)
    }

    /// Sets a field; null removes it.
    pub fn put(&mut self, field: &str, value: Value) {
        if value.is_null() {
            self.fields.remove(field);
        } else {
            self.fields.insert(field.to_owned(), value);
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutation {
    Added,
    Updated,
    Deleted,
}

impl Mutation {
    pub fn name(self) -> &'static str {
        match self {
            Mutation::Added => "ADDED",
            Mutation::Updated => "UPDATED",
            Mutation::Deleted => "DELETED",
        }
    }
}

/// One entry of a change log. Its number is the cursor.
#[derive(Debug, Clone, Copy)]
pub struct Delta {
    pub number: i64,
    pub db_id: i64,
    pub mutation: Mutation,
}

/// All records of a kind, in the order of their dbIds.
pub struct Table {
    pub rows: BTreeMap<i64, Record>,
    pub deltas: VecDeque<Delta>,
    next_delta: i64,
    next_id: i64,
}

impl Table {
    pub fn new(kind: Kind) -> Table {
        Table { rows: BTreeMap::new(), deltas: VecDeque::new(), next_delta: 1, next_id: kind.first_id() }
    }

    /// Adds a record; dbId 0 lets the table choose one. Returns the dbId.
    pub fn add(&mut self, db_id: i64, owner_db_id: i64, now: &str, fields: Map<String, Value>) -> i64 {
        let db_id = if db_id == 0 { self.next_id } else { db_id };
        self.next_id = self.next_id.max(db_id + 1);
        let (created_at, modified_at) = (now.to_owned(), now.to_owned());
        self.rows.insert(db_id, Record { db_id, owner_db_id, created_at, modified_at, fields });
        self.log(db_id, Mutation::Added);
        db_id
    }

    /// Moves a record's time of change and logs it.
    pub fn touch(&mut self, db_id: i64, now: &str) {
        if let Some(record) = self.rows.get_mut(&db_id) {
            record.modified_at = now.to_owned();
            self.log(db_id, Mutation::Updated);
        }
    }

    pub fn remove(&mut self, db_id: i64) -> bool {
        let found = self.rows.remove(&db_id).is_some();
        if found {
            self.log(db_id, Mutation::Deleted);
        }
        found
    }

    fn log(&mut self, db_id: i64, mutation: Mutation) {
        self.deltas.push_back(Delta { number: self.next_delta, db_id, mutation });
        self.next_delta += 1;
    }
}
