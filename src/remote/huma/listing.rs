//! One page of `GET /users`, row by row: a row that cannot be read is named and the others stand (P6).

use super::details::groups;
use super::wire::{At, Decoded, Odd};
use super::{HumaListed, HumaPage};
use crate::domain::HumaId;
use serde_json::Value;

/// The largest page Huma gives.
pub const PAGE: u64 = 50;

pub fn decode(value: &Value) -> Decoded<HumaPage> {
    let at = At::new(value, "users")?;
    let rows = at.list("items")?.ok_or_else(|| at.odd("items"))?;
    let mut page = HumaPage {
        items: Vec::with_capacity(rows.len()),
        unreadable: Vec::new(),
        received: rows.len() as u64,
        total: at.get("total").and_then(Value::as_u64),
    };
    for (i, row) in rows.iter().enumerate() {
        match listed(row, format!("users.items[{i}]")) {
            Ok(Some(listed)) => page.items.push(listed),
            Ok(None) => {}
            Err(Odd(path)) => page.unreadable.push((id_of(row), path)),
        }
    }
    Ok(page)
}

fn id_of(row: &Value) -> Option<HumaId> {
    row.get("id")?.as_str().map(|id| HumaId(id.to_owned()))
}

/// `None` for anything that is not a person: service users.
fn listed(row: &Value, path: String) -> Decoded<Option<HumaListed>> {
    let at = At::new(row, path)?;
    let id = HumaId(at.required_text("id")?.to_owned());
    if at.required_text("type")? != "user" {
        return Ok(None);
    }
    let status = at.object("status")?.ok_or_else(|| at.odd("status"))?;
    let active = status.boolean("active")?.ok_or_else(|| status.odd("active"))?;
    let groups = groups(&at);
    let mut titles = Vec::new();
    for (i, title) in at.list("jobTitles")?.unwrap_or_default().iter().enumerate() {
        let title = At::new(title, format!("{}[{i}]", at.path_of("jobTitles")))?;
        titles.push((title.text("id")?, title.text("name")?));
    }
    let email = at.required_text("email")?.to_owned();
    // JSON keeps "ab","c" apart from "a","bc".
    let relevant = serde_json::json!([
        at.required_text("givenName")?,
        at.required_text("familyName")?,
        email,
        at.text("phone")?,
        titles,
        active,
        groups,
    ]);
    let digest = *blake3::hash(relevant.to_string().as_bytes()).as_bytes();
    Ok(Some(HumaListed { id, active, email, digest, groups }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn row() -> Value {
        json!({"id": "7c0c2a52-4a0e-4a2f-9c58-0d3a2f5b1c11", "givenName": "Kari", "familyName": "Nordmann",
            "email": "kari@example.no", "phone": "+4799999999", "type": "user", "status": {"active": true},
            "jobTitles": [{"id": "2b1f0c9e-7a55-4a2b-8a61-9b7d1f2e3c44", "name": "Utvikler"}],
            "teams": [{"id": "b", "name": "Drift"}], "groups": [{"id": "a", "type": "team", "name": "Drift"}]})
    }

    fn service_user() -> Value {
        json!({"id": "9d1e3b63-5b1f-4b30-8d69-1e4b3a6c2d22", "givenName": "API", "familyName": "Key",
            "email": "svc@example.no", "type": "service_user", "status": {"active": true}, "jobTitles": []})
    }

    fn digest(row: Value) -> [u8; 32] {
        decode(&json!({"items": [row]})).unwrap().items[0].digest
    }

    #[test]
    fn service_users_are_counted_and_left_out() {
        let page = decode(&json!({"total": 2, "items": [row(), service_user()]})).unwrap();
        assert_eq!((page.items.len(), page.received, page.total), (1, 2, Some(2)));
        assert_eq!(page.items[0].id.0, "7c0c2a52-4a0e-4a2f-9c58-0d3a2f5b1c11");
        assert_eq!(page.items[0].groups, ["a", "b"]);
        assert!(page.items[0].active);
    }

    #[test]
    fn p6_a_row_that_cannot_be_read_is_named_and_the_others_stand() {
        let mut bad = row();
        bad["email"] = json!(5);
        let page = decode(&json!({"items": [bad, row(), "nonsense"]})).unwrap();
        assert_eq!(page.items.len(), 1);
        assert_eq!(page.received, 3);
        let known = HumaId("7c0c2a52-4a0e-4a2f-9c58-0d3a2f5b1c11".into());
        let expected =
            [(Some(known), "users.items[0].email".to_owned()), (None, "users.items[2]".to_owned())];
        assert_eq!(page.unreadable, expected);
    }

    #[test]
    fn a_page_without_items_is_not_an_empty_page() {
        assert_eq!(decode(&json!({"total": 0})).err(), Some(Odd("users.items".into())));
        assert_eq!(decode(&json!([])).err(), Some(Odd("users".into())));
    }

    #[test]
    fn the_digest_moves_with_what_matters_and_with_nothing_else() {
        let before = digest(row());
        for (name, value) in [
            ("givenName", json!("Karin")),
            ("email", json!("kari@example.com")),
            ("phone", Value::Null),
            ("status", json!({"active": false})),
            ("jobTitles", json!([])),
            ("teams", json!([{"id": "c"}])),
        ] {
            let mut moved = row();
            moved[name] = value;
            assert_ne!(digest(moved), before, "{name}");
        }
        let mut same = row();
        same["avatarImage"] = json!({"url": "https://example.no/a"});
        same["teams"] = json!([{"id": "b", "name": "Drift og mer"}]);
        assert_eq!(digest(same), before);
    }
}
