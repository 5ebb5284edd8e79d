//! The envelope of a GraphQL answer: `data`, `errors`, and connections whose edges are null when nothing matches.

use super::scalars::{self, Id64};
use crate::domain::Side;
use crate::remote::RemoteError;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// `data` may come beside `errors`, and both with HTTP 200.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Answer {
    pub data: Value,
    pub errors: Option<Vec<GraphqlError>>,
}

/// One error. Its `code` is at the top or in `extensions`. The message may hold personal values.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct GraphqlError {
    pub message: Option<String>,
    code: Option<Value>,
    extensions: Option<Value>,
}

impl GraphqlError {
    pub fn message(&self) -> &str {
        self.message.as_deref().unwrap_or_default()
    }

    /// Both codes where both are given, the top one first; empty where there is none.
    pub fn codes(&self) -> impl Iterator<Item = &str> {
        let inner = self.extensions.as_ref().and_then(|extensions| extensions.get("code"));
        [self.code.as_ref(), inner].into_iter().flatten().filter_map(Value::as_str)
    }

    pub fn extension(&self, key: &str) -> Option<&Value> {
        self.extensions.as_ref()?.get(key)
    }
}

/// The edges of one root field.
pub struct Connection {
    pub edges: Vec<Edge>,
    pub has_next: bool,
    /// The cursor of the last edge.
    pub last: Option<String>,
}

pub struct Edge {
    pub client_id: Option<String>,
    /// Null where Xledger gave none.
    pub node: Value,
}

/// What the derive of graphql_client cannot be asked for: edges whose nodes are decoded one by one, so that one bad record does
/// not take its page with it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawConnection {
    /// Null for "nothing found", which is not the same as a connection that is missing.
    edges: Option<Vec<Option<RawEdge>>>,
    #[serde(default)]
    page_info: Option<RawPageInfo>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct RawEdge {
    cursor: Option<String>,
    client_id: Option<String>,
    node: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawPageInfo {
    has_next_page: Option<bool>,
}

impl Connection {
    /// # Errors
    /// [`RemoteError::Unexpected`] where `data` has no such connection: taking that for "nothing found" would make
    /// everybody vanish.
    pub fn take(data: &mut Value, root: &str) -> Result<Connection, RemoteError> {
        let value = data.get_mut(root).map(Value::take).unwrap_or_default();
        if value.get("edges").is_none() {
            return Err(unexpected(format!("{root}.edges")));
        }
        let raw: RawConnection =
            serde_json::from_value(value).map_err(|_| unexpected(format!("{root}.edges")))?;
        let edges: Vec<RawEdge> =
            raw.edges.unwrap_or_default().into_iter().map(Option::unwrap_or_default).collect();
        let last = edges.last().and_then(|edge| edge.cursor.clone());
        let has_next = raw.page_info.and_then(|page| page.has_next_page).unwrap_or(false);
        if has_next && last.is_none() {
            return Err(unexpected(format!("{root}.edges[{}].cursor", edges.len().saturating_sub(1))));
        }
        let edges =
            edges.into_iter().map(|edge| Edge { client_id: edge.client_id, node: edge.node }).collect();
        Ok(Connection { edges, has_next, last })
    }

    /// # Errors
    /// [`RemoteError::Unexpected`] where the next page would be this one again, without end.
    pub fn moves_on_from(&self, after: Option<&str>, root: &str) -> Result<(), RemoteError> {
        match self.has_next && after.is_some() && self.last.as_deref() == after {
            true => Err(unexpected(format!("{root}.edges.cursor"))),
            false => Ok(()),
        }
    }
}

pub fn unexpected(path: String) -> RemoteError {
    RemoteError::Unexpected { side: Side::Xledger, path }
}

/// `dbId` of a node that may otherwise be unreadable.
pub fn db_id(node: &Value) -> Option<i64> {
    let id = node.get("dbId")?;
    scalars::some(Id64::deserialize(id).ok())
}

/// The node, or the place inside it that has another shape than we know (`contact.birthday`); empty for the node itself.
///
/// Every field of the nodes we read may be null, so the place is the one that makes the node readable when it is null.
pub fn decode<T: DeserializeOwned>(node: &Value) -> Result<T, String> {
    T::deserialize(node).map_err(|_| culprit::<T>(node, &mut Vec::new()).unwrap_or_default())
}

fn culprit<T: DeserializeOwned>(node: &Value, path: &mut Vec<String>) -> Option<String> {
    let inside = path.iter().try_fold(node, |value, key| value.get(key))?;
    for key in inside.as_object()?.keys().cloned().collect::<Vec<_>>() {
        path.push(key);
        let mut without = node.clone();
        let mut place = &mut without;
        for key in path.iter() {
            place = place.get_mut(key)?;
        }
        *place = Value::Null;
        if T::deserialize(&without).is_ok() {
            return culprit::<T>(node, path).or_else(|| Some(path.join(".")));
        }
        path.pop();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[derive(Deserialize)]
    #[allow(dead_code)]
    struct Node {
        code: Option<String>,
        contact: Option<Contact>,
    }

    #[derive(Deserialize)]
    #[allow(dead_code)]
    struct Contact {
        birthday: Option<String>,
    }

    #[test]
    fn edges_that_are_null_are_nothing_found() {
        let mut data = json!({"employees": {"edges": null, "pageInfo": {"hasNextPage": false}}});
        let found = Connection::take(&mut data, "employees").unwrap();
        assert!(found.edges.is_empty() && found.last.is_none() && !found.has_next);
    }

    #[test]
    fn a_connection_that_is_missing_or_null_is_not_nothing_found() {
        for mut data in [json!({}), json!({"employees": null}), json!({"employees": {}}), json!(null)] {
            let error = Connection::take(&mut data, "employees").err().unwrap();
            assert!(matches!(error, RemoteError::Unexpected { path, .. } if path == "employees.edges"));
        }
    }

    #[test]
    fn more_pages_without_a_cursor_would_never_end() {
        let mut data = json!({"employees": {"edges": [{"node": {}}], "pageInfo": {"hasNextPage": true}}});
        let error = Connection::take(&mut data, "employees").err().unwrap();
        assert!(matches!(error, RemoteError::Unexpected { path, .. } if path == "employees.edges[0].cursor"));
    }

    #[test]
    fn a_page_that_leads_to_itself_would_never_end() {
        let mut data =
            json!({"employees": {"edges": [{"cursor": "7", "node": {}}], "pageInfo": {"hasNextPage": true}}});
        let page = Connection::take(&mut data, "employees").unwrap();
        assert!(page.moves_on_from(Some("7"), "employees").is_err());
        assert!(page.moves_on_from(Some("6"), "employees").is_ok());
        assert!(page.moves_on_from(None, "employees").is_ok());
    }

    #[test]
    fn an_edge_and_a_node_may_be_null() {
        let mut data = json!({"employees": {"edges": [null, {"cursor": "7", "node": null}]}});
        let found = Connection::take(&mut data, "employees").unwrap();
        assert_eq!(found.edges.len(), 2);
        assert_eq!(found.last.as_deref(), Some("7"));
    }

    #[test]
    fn the_place_of_another_shape_is_named() {
        let place = |node| decode::<Node>(&node).err();
        assert_eq!(place(json!({"code": "7", "contact": {"birthday": 1988}})).unwrap(), "contact.birthday");
        assert_eq!(place(json!({"code": ["7"]})).unwrap(), "code");
        assert_eq!(place(json!(null)).unwrap(), "");
        assert_eq!(place(json!({"code": null, "contact": null, "more": 1})), None);
    }

    #[test]
    fn an_id_is_found_in_a_node_that_is_otherwise_unreadable() {
        assert_eq!(db_id(&json!({"dbId": "7", "code": {}})), Some(7));
        assert_eq!(db_id(&json!({"dbId": 0})), None);
        assert_eq!(db_id(&Value::Null), None);
    }
}
