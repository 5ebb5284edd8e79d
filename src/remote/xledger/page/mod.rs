//! The full listing, page by page. Its node is the one selection of an employee; every other read of employees uses it.

use super::answer::{self, Connection, Edge, unexpected};
use super::client::XledgerClient;
use super::record::{self, EmployeeNode};
use super::{Cursor, Unreadable, XledgerPage, central_time};
use crate::domain::{Record, XledgerId};
use crate::remote::RemoteError;
use graphql_client::GraphQLQuery;
use serde_json::Value;

#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "src/remote/xledger/schema.graphql",
    query_path = "src/remote/xledger/page/page.graphql",
    custom_scalars_module = "crate::remote::xledger::scalars",
    skip_serializing_none
)]
pub struct ReadPage;

/// Xledger hands out no more in one query.
const LARGEST_PAGE: u32 = 10_000;
/// A page that times out is halved down to this.
const SMALLEST_PAGE: u32 = 50;

/// `{ dbId code … }`, from the document of the page.
pub fn node_selection() -> &'static str {
    let document = read_page::QUERY;
    let inside = document.split_once("node {").map_or("", |(_, rest)| rest);
    let mut depth = 1;
    let end = inside.find(|c| {
        depth += match c {
            '{' => 1,
            '}' => -1,
            _ => 0,
        };
        depth == 0
    });
    &inside[..end.unwrap_or(inside.len())]
}

impl XledgerClient {
    pub(super) async fn read_page(
        &self,
        after: Option<&Cursor>,
        first: u32,
    ) -> Result<XledgerPage, RemoteError> {
        let mut first = first.clamp(1, LARGEST_PAGE).min(self.learned().page_limit.unwrap_or(LARGEST_PAGE));
        let mut data = loop {
            let variables =
                read_page::Variables { first: first.into(), after: after.map(|cursor| cursor.0.clone()) };
            match self.query_unless_heavy(ReadPage::build_query(variables)).await? {
                Some(data) => break data,
                None if first <= SMALLEST_PAGE => return Err(self.too_heavy()),
                None => {
                    first = (first / 2).max(SMALLEST_PAGE);
                    self.learned().page_limit = Some(first);
                    tracing::warn!(
                        first,
                        "A page of Xledger's employees timed out; asking for {first} at once"
                    );
                }
            }
        };
        let page = Connection::take(&mut data, "employees")?;
        page.moves_on_from(after.map(|cursor| cursor.0.as_str()), "employees")?;
        let decoded = self.decode_employees(page.edges);
        Ok(XledgerPage {
            records: decoded.records,
            unreadable: decoded.unreadable,
            newest_modified_at: decoded.newest_modified_at,
            last: page.last.map(Cursor),
            has_next: page.has_next,
        })
    }

    /// Decodes employees one by one, keeps what they teach about kinds and genders, and leaves out other entities'.
    pub(super) fn decode_employees(&self, edges: Vec<Edge>) -> Decoded {
        let shape = self.shape();
        let mut decoded = Decoded::default();
        for (at, edge) in edges.into_iter().enumerate() {
            let place = format!("employees.edges[{at}].node");
            match decode_one(&edge.node, &place) {
                Ok(node) => {
                    self.learned().seen.note(&node);
                    decoded.newest_modified_at = central_time::newest(
                        record::modified_at(&node).chain(decoded.newest_modified_at.as_deref()),
                    );
                    let record = record::record(&node, &shape);
                    match record {
                        Some(record) if self.is_ours(&record) => decoded.records.push(record),
                        Some(_) => {}
                        None => {
                            decoded.unreadable.push(Unreadable { id: None, path: format!("{place}.dbId") })
                        }
                    }
                }
                Err(path) => {
                    let id = answer::db_id(&edge.node).map(XledgerId);
                    decoded.unreadable.push(Unreadable { id, path });
                }
            }
        }
        decoded
    }

    fn is_ours(&self, record: &Record) -> bool {
        let owner = record.xledger().and_then(|about| about.owner_id);
        match (self.options.owner_db_id, owner) {
            (Some(wanted), Some(owner)) => wanted == owner,
            (Some(_), None) | (None, _) => true,
        }
    }
}

/// Employees of any answer.
#[derive(Default)]
pub struct Decoded {
    pub records: Vec<Record>,
    pub unreadable: Vec<Unreadable>,
    pub newest_modified_at: Option<String>,
}

impl Decoded {
    /// The records, where a single unreadable one would lead to a wrong conclusion.
    pub fn whole(self) -> Result<Vec<Record>, RemoteError> {
        match self.unreadable.into_iter().next() {
            Some(unreadable) => Err(unexpected(unreadable.path)),
            None => Ok(self.records),
        }
    }
}

fn decode_one(node: &Value, place: &str) -> Result<EmployeeNode, String> {
    answer::decode(node).map_err(|inside| match inside.as_str() {
        "" => place.to_owned(),
        inside => format!("{place}.{inside}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remote::world::SystemClock;
    use crate::remote::xledger::{Unreadable, XledgerOptions};
    use serde_json::json;
    use std::sync::Arc;

    #[test]
    fn a_record_that_cannot_be_read_is_named_and_takes_no_other_with_it() {
        let client = XledgerClient::new(XledgerOptions::for_tests(), Arc::new(SystemClock)).unwrap();
        let nodes = [
            json!({"dbId": 101, "code": "1", "modifiedAt": "2026-11-23T09:15:00"}),
            json!({"dbId": "102", "contact": {"birthday": 19880229}}),
            json!({"dbId": 0}),
            Value::Null,
            json!({"dbId": "104", "positionValue": {"dbId": 0}, "subledger": {"modifiedAt": "2026-11-23T09:16:00.5"}}),
        ];
        let edges = nodes.map(|node| Edge { client_id: None, node }).into_iter().collect();
        let decoded = client.decode_employees(edges);
        assert_eq!(
            decoded.records.iter().map(|record| record.id.to_string()).collect::<Vec<_>>(),
            ["101", "104"]
        );
        assert_eq!(decoded.newest_modified_at.as_deref(), Some("2026-11-23T09:16:00"));
        let unreadable =
            |id: Option<i64>, path: &str| Unreadable { id: id.map(XledgerId), path: path.into() };
        assert_eq!(
            decoded.unreadable,
            [
                unreadable(Some(102), "employees.edges[1].node.contact.birthday"),
                unreadable(None, "employees.edges[2].node.dbId"),
                unreadable(None, "employees.edges[3].node"),
            ]
        );
    }

    #[test]
    fn the_selection_of_a_node_is_taken_whole() {
        let selection = node_selection();
        assert!(selection.trim_start().starts_with("dbId"));
        assert!(selection.trim_end().ends_with("subledger { dbId bankAccount modifiedAt }"));
        assert_eq!(selection.matches('{').count(), selection.matches('}').count());
    }
}
