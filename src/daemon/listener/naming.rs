//! Whom a post names. Read leniently: what a post says of people is never used, only who they are.

use crate::domain::{HumaId, RecordId, Side, XledgerId};
use crate::sync::Hinted;
use serde_json::Value;
use std::collections::BTreeSet;

/// Keys of a post, as [`crate::remote::xledger`] asks for them when it registers a webhook.
pub const EMPLOYEES: &str = "employees";
pub const CONTACTS: &str = "contacts";
/// Huma's ids are UUIDs; anything much longer is none.
const LONGEST_ID: usize = 64;

/// Everybody in `users[].id`. A body without any is a hint at anybody.
pub fn named_by_huma(body: &[u8]) -> BTreeSet<Hinted> {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let users = body.get("users").and_then(Value::as_array).into_iter().flatten();
    let is_id = |id: &&str| {
        let mut letters = id.chars();
        !id.is_empty()
            && id.len() <= LONGEST_ID
            && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '-')
    };
    let ids = users.filter_map(|user| user.get("id")?.as_str()).filter(is_id);
    or_anybody(ids.map(|id| Hinted::Record(RecordId::Huma(HumaId(id.to_owned())))).collect(), Side::Huma)
}

/// Every `data.<key>.edges[].node.dbId`. A node without one may have been deleted: a hint at anybody.
pub fn named_by_xledger(body: &[u8]) -> BTreeSet<Hinted> {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let mut named = BTreeSet::new();
    for (key, result) in body.get("data").and_then(Value::as_object).into_iter().flatten() {
        for edge in result.get("edges").and_then(Value::as_array).into_iter().flatten() {
            let id = edge.pointer("/node/dbId").and_then(number);
            named.insert(match id {
                Some(id) if key == CONTACTS => Hinted::Contact(id),
                Some(id) => Hinted::Record(RecordId::Xledger(XledgerId(id))),
                None => Hinted::Anybody(Side::Xledger),
            });
        }
    }
    or_anybody(named, Side::Xledger)
}

fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

fn or_anybody(mut named: BTreeSet<Hinted>, side: Side) -> BTreeSet<Hinted> {
    if named.is_empty() {
        named.insert(Hinted::Anybody(side));
    }
    named
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(named: BTreeSet<Hinted>) -> Vec<String> {
        named.iter().map(|hint| hint.text().unwrap_or_else(|| "anybody".into())).collect()
    }

    #[test]
    fn a_post_of_huma_names_its_users_whatever_else_it_says() {
        let body = br#"{"topic":"users-new-topic","users":[{"id":"0b-1","email":"kari@fjord.example"},{"id":"0b-1"},{"id":"0a-2"},{"name":"?"},{"id":"../x"}]}"#;
        assert_eq!(texts(named_by_huma(body)), ["0a-2", "0b-1"]);
        for odd in [&b"{}"[..], b"", b"not json", br#"{"users":"all"}"#, br#"{"users":[{"id":7}]}"#] {
            assert_eq!(texts(named_by_huma(odd)), ["anybody"]);
        }
    }

    #[test]
    fn a_post_of_xledger_names_employees_and_contacts() {
        let body =
            br#"{"data":{"employees":{"edges":[{"syncVersion":"a","node":{"dbId":"7"}},{"node":{"dbId":8}}]},
            "contacts":{"edges":[{"node":{"dbId":"55"}}]}}}"#;
        assert_eq!(texts(named_by_xledger(body)), ["7", "8", "contact:55"]);
        for odd in
            [&b"{}"[..], b"x", br#"{"data":null}"#, br#"{"data":{"employees":{"edges":[{"node":null}]}}}"#]
        {
            assert_eq!(texts(named_by_xledger(odd)), ["anybody"]);
        }
    }
}
