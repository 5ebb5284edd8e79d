//! What an Xledger customer has before any employee: countries, genders, lists of object values, companies, banks.

use serde_json::{Map, Value, json};

use super::record::Kind;
use super::world::World;

/// Name of the object kind that job titles belong to.
pub const POSITION: &str = "POSITION";
/// Name of the object kind that marital statuses belong to.
pub const MARITAL_STATUS: &str = "MARITAL_STATUS";

/// Object kinds by the employee field whose lookup is restricted to them.
pub const KIND_OF_FIELD: [(&str, &str); 8] = [
    ("positionValue", POSITION),
    ("maritalStatus", MARITAL_STATUS),
    ("positionCategory", "POSITION_CATEGORY"),
    ("employeeGroup", "EMPLOYEE_GROUP"),
    ("employeeType", "EMPLOYEE_TYPE"),
    ("employmentType", "EMPLOYMENT_TYPE"),
    ("compensationType", "COMPENSATION_TYPE"),
    ("exitReason", "EXIT_REASON"),
];

/// Norwegian codes, English descriptions.
const MARITAL_STATUSES: [(&str, &str); 6] = [
    ("UGIFT", "Single"),
    ("GIFT", "Married"),
    ("SAMBOER", "Relationship"),
    ("SKILT", "Divorced"),
    ("SEPARERT", "Separated"),
    ("ENKE", "Widowed"),
];

const EMPLOYMENT_TYPES: [(&str, &str); 2] = [("FAST", "Permanent"), ("MIDL", "Temporary")];

const COUNTRIES: [(&str, &str); 40] = [
    ("NO", "Norway"),
    ("SE", "Sweden"),
    ("DK", "Denmark"),
    ("FI", "Finland"),
    ("IS", "Iceland"),
    ("GB", "United Kingdom"),
    ("IE", "Ireland"),
    ("DE", "Germany"),
    ("FR", "France"),
    ("NL", "Netherlands"),
    ("BE", "Belgium"),
    ("LU", "Luxembourg"),
    ("CH", "Switzerland"),
    ("AT", "Austria"),
    ("IT", "Italy"),
    ("ES", "Spain"),
    ("PT", "Portugal"),
    ("PL", "Poland"),
    ("CZ", "Czech Republic"),
    ("SK", "Slovakia"),
    ("HU", "Hungary"),
    ("RO", "Romania"),
    ("BG", "Bulgaria"),
    ("GR", "Greece"),
    ("HR", "Croatia"),
    ("SI", "Slovenia"),
    ("EE", "Estonia"),
    ("LV", "Latvia"),
    ("LT", "Lithuania"),
    ("UA", "Ukraine"),
    ("TR", "Turkey"),
    ("US", "United States"),
    ("CA", "Canada"),
    ("AU", "Australia"),
    ("NZ", "New Zealand"),
    ("IN", "India"),
    ("PK", "Pakistan"),
    ("PH", "Philippines"),
    ("CN", "China"),
    ("JP", "Japan"),
];

/// Fills the tables of a new world. `entities` are the root and its sub-entities.
pub fn load(world: &mut World, root: i64, sub_entities: &[i64]) {
    let now = world.clock.local_now();
    for (index, id) in std::iter::once(&root).chain(sub_entities).enumerate() {
        let (code, name) = if index == 0 {
            ("MAIN".into(), "Fjordvik AS".into())
        } else {
            (format!("SUB{index}"), format!("Fjordvik {index} AS"))
        };
        let parent = if index == 0 { 0 } else { root };
        world.table_mut(Kind::Entity).add(
            *id,
            parent,
            &now,
            fields(json!({"code": code, "description": name})),
        );
        let number = format!("9{:08}", 10_000_000 + id);
        let company = fields(json!({"code": code, "description": name, "companyNumber": number}));
        world.table_mut(Kind::Company).add(0, *id, &now, company);
    }
    for (code, description) in COUNTRIES {
        world.table_mut(Kind::Country).add(
            0,
            root,
            &now,
            fields(json!({"code": code, "description": description})),
        );
    }
    for (list, sub_id, code, name) in [
        ("GENDER", 1, "M", "Male"),
        ("GENDER", 2, "F", "Female"),
        ("LEDGER_TYPE", 1, "AP", "Accounts payable"),
    ] {
        let value = json!({"dbSubId": sub_id, "code": code, "name": name, "list": list});
        world.table_mut(Kind::SystemValue).add(0, root, &now, fields(value));
    }
    for (_, name) in KIND_OF_FIELD {
        world.table_mut(Kind::ObjectKind).add(0, root, &now, fields(json!({"name": name})));
    }
    world.table_mut(Kind::ObjectKind).add(0, root, &now, fields(json!({"name": "TAX_RULE"})));
    for (code, description) in MARITAL_STATUSES {
        world.add_object_value(MARITAL_STATUS, code, description);
    }
    for (code, description) in EMPLOYMENT_TYPES {
        world.add_object_value("EMPLOYMENT_TYPE", code, description);
    }
    for (code, name, clearing) in [("DNB", "Fjordbanken", "1503"), ("SPB", "Viksparebank", "3000")] {
        let bank = json!({"code": code, "description": name, "bankName": name, "clearingCode": clearing});
        world.table_mut(Kind::Bank).add(0, root, &now, fields(bank));
    }
}

/// The object inside a JSON value; empty for anything else.
pub fn fields(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
