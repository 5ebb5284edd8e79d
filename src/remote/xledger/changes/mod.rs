//! What moved since: the change log of employees, and contacts and subledgers by their time of change, in one document.
//!
//! **Invariant:** nothing is skipped. An empty log page keeps the old cursor, times are asked with an overlap, and the new
//! watermark is made only of what the sides' own answers said.

use super::answer::{Connection, db_id, unexpected};
use super::client::XledgerClient;
use super::{ChangeKind, Cursor, Watermark, XledgerChanges, central_time};
use crate::domain::{Side, XledgerId};
use crate::remote::RemoteError;
use graphql_client::{GraphQLQuery, QueryBody};
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

macro_rules! query {
    ($name:ident, $file:tt) => {
        #[derive(GraphQLQuery)]
        #[graphql(
                                                    schema_path = "src/remote/xledger/schema.graphql",
                                                    query_path = $file,
                                                    custom_scalars_module = "crate::remote::xledger::scalars",
                                                    skip_serializing_none
                                                )]
        pub struct $name;
    };
}

query!(Poll, "src/remote/xledger/changes/poll.graphql");
query!(PollByTime, "src/remote/xledger/changes/poll_by_time.graphql");
query!(MoreEmployees, "src/remote/xledger/changes/more_employees.graphql");
query!(MoreContacts, "src/remote/xledger/changes/more_contacts.graphql");
query!(MoreSubledgers, "src/remote/xledger/changes/more_subledgers.graphql");
query!(NewestChange, "src/remote/xledger/changes/newest.graphql");

/// The change log's name, in documents and among what is missing.
pub(super) const LOG: &str = "employee_deltas";

/// The records of one root field that moved, and the newest of their times.
#[derive(Default)]
struct Moved {
    ids: BTreeSet<i64>,
    newest: Option<String>,
}

impl Moved {
    fn add(&mut self, root: &str, edges: &[super::answer::Edge]) -> Result<(), RemoteError> {
        for (at, edge) in edges.iter().enumerate() {
            self.ids.insert(
                db_id(&edge.node).ok_or_else(|| unexpected(format!("{root}.edges[{at}].node.dbId")))?,
            );
            let at = edge.node.get("modifiedAt").and_then(Value::as_str);
            self.newest = central_time::newest(at.into_iter().chain(self.newest.as_deref()));
        }
        Ok(())
    }
}

impl XledgerClient {
    pub(super) async fn newest_cursor(&self) -> Result<Option<Cursor>, RemoteError> {
        if self.learned().missing.has(LOG) {
            return Ok(None);
        }
        match self.query(NewestChange::build_query(newest_change::Variables {})).await {
            Ok(mut data) => Ok(Connection::take(&mut data, LOG)?.last.map(Cursor)),
            Err(error) if self.lacks_log(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn read_changes(&self, since: &Watermark) -> Result<XledgerChanges, RemoteError> {
        // Without a watermark nothing has been read: what moved before this moment belongs to the first full reading.
        let watermark = match &since.since {
            Some(text) => text.clone(),
            None => central_time::text_of(self.transport.clock().now()),
        };
        let ask_from = central_time::ask_from(&watermark)
            .ok_or_else(|| RemoteError::Unexpected { side: Side::Xledger, path: "modifiedAt".into() })?;
        if self.learned().missing.has(LOG) {
            return self.by_time(since, watermark, &ask_from).await;
        }
        let variables = poll::Variables {
            after: since.cursor.as_ref().map(|cursor| cursor.0.clone()),
            since: Some(ask_from.clone()),
        };
        match self.query(Poll::build_query(variables)).await {
            Ok(data) => self.by_log(since, watermark, &ask_from, data).await,
            Err(error) if self.lacks_log(&error) => self.by_time(since, watermark, &ask_from).await,
            // The cursor is the only thing in the document that Xledger can call wrong.
            Err(RemoteError::Refused { side, words, fields, .. }) if since.cursor.is_some() => {
                Err(RemoteError::Refused { side, code: "cursor".into(), words, fields })
            }
            Err(error) => Err(error),
        }
    }

    async fn by_log(
        &self,
        since: &Watermark,
        watermark: String,
        ask_from: &str,
        mut data: Value,
    ) -> Result<XledgerChanges, RemoteError> {
        let log = Connection::take(&mut data, LOG)?;
        log.moves_on_from(since.cursor.as_ref().map(|cursor| cursor.0.as_str()), LOG)?;
        let cursor = log.last.map(Cursor).or_else(|| since.cursor.clone());
        let employees = latest_kinds(&log.edges)?;
        let (contacts, subledgers) = self.parts(&mut data, ask_from).await?;
        let newest = newest_of(&watermark, [&contacts, &subledgers]);
        Ok(XledgerChanges {
            employees,
            contacts: contacts.ids.into_iter().collect(),
            subledgers: subledgers.ids.into_iter().collect(),
            watermark: Watermark { cursor, since: Some(newest) },
            has_more: log.has_next,
        })
    }

    /// Without a change log: employees by their time of change too. Deletions show in the full listing alone.
    async fn by_time(
        &self,
        since: &Watermark,
        watermark: String,
        ask_from: &str,
    ) -> Result<XledgerChanges, RemoteError> {
        let variables = poll_by_time::Variables { since: Some(ask_from.to_owned()) };
        let mut data = self.query(PollByTime::build_query(variables)).await?;
        let first = Connection::take(&mut data, "employees")?;
        let employees = self
            .rest_of("employees", first, |after| {
                MoreEmployees::build_query(more_employees::Variables {
                    after: Some(after),
                    since: Some(ask_from.to_owned()),
                })
            })
            .await?;
        let (contacts, subledgers) = self.parts(&mut data, ask_from).await?;
        let newest = newest_of(&watermark, [&employees, &contacts, &subledgers]);
        Ok(XledgerChanges {
            employees: employees.ids.into_iter().map(|id| (XledgerId(id), ChangeKind::Updated)).collect(),
            contacts: contacts.ids.into_iter().collect(),
            subledgers: subledgers.ids.into_iter().collect(),
            watermark: Watermark { cursor: since.cursor.clone(), since: Some(newest) },
            has_more: false,
        })
    }

    /// Contacts and subledgers, each read to its end: their order is not known, so a page cannot move the watermark.
    async fn parts(&self, data: &mut Value, ask_from: &str) -> Result<(Moved, Moved), RemoteError> {
        let contacts = self.first_page(data, "contacts")?;
        let subledgers = self.first_page(data, "subledgers")?;
        let since = || Some(ask_from.to_owned());
        let contacts = self
            .rest_of("contacts", contacts, |after| {
                MoreContacts::build_query(more_contacts::Variables { after: Some(after), since: since() })
            })
            .await?;
        let subledgers = self
            .rest_of("subledgers", subledgers, |after| {
                MoreSubledgers::build_query(more_subledgers::Variables { after: Some(after), since: since() })
            })
            .await?;
        Ok((contacts, subledgers))
    }

    /// Nothing where the schema lacks it: the full listing is what shows its changes then.
    pub(super) fn first_page(&self, data: &mut Value, root: &str) -> Result<Connection, RemoteError> {
        if self.learned().missing.has(root) {
            return Ok(Connection { edges: Vec::new(), has_next: false, last: None });
        }
        Connection::take(data, root)
    }

    async fn rest_of<V: Serialize>(
        &self,
        root: &str,
        first: Connection,
        next: impl Fn(String) -> QueryBody<V>,
    ) -> Result<Moved, RemoteError> {
        let mut moved = Moved::default();
        let mut page = first;
        loop {
            moved.add(root, &page.edges)?;
            match (page.has_next, page.last.take()) {
                (true, Some(after)) => {
                    let mut data = self.query(next(after.clone())).await?;
                    page = Connection::take(&mut data, root)?;
                    page.moves_on_from(Some(&after), root)?;
                }
                (true, None) | (false, _) => return Ok(moved),
            }
        }
    }

    /// Whether the schema has no change log, remembered from then on.
    fn lacks_log(&self, error: &RemoteError) -> bool {
        let lacks = matches!(error, RemoteError::Schema { what, .. } if what.contains(LOG));
        if lacks {
            self.learned().missing.insert(LOG.to_owned());
        }
        lacks
    }
}

fn newest_of<const N: usize>(watermark: &str, moved: [&Moved; N]) -> String {
    let seen = moved.into_iter().filter_map(|moved| moved.newest.as_deref());
    central_time::newest(seen.chain([watermark])).unwrap_or_else(|| watermark.to_owned())
}

/// One entry an employee: the latest. The log is oldest first.
fn latest_kinds(edges: &[super::answer::Edge]) -> Result<Vec<(XledgerId, ChangeKind)>, RemoteError> {
    let mut kinds = BTreeMap::new();
    for (at, edge) in edges.iter().enumerate() {
        let id = db_id(&edge.node).ok_or_else(|| unexpected(format!("{LOG}.edges[{at}].node.dbId")))?;
        let kind = match edge.node.get("mutationType").and_then(Value::as_str) {
            Some("ADDED") => ChangeKind::Added,
            Some("DELETED") => ChangeKind::Deleted,
            Some(_) | None => ChangeKind::Updated,
        };
        kinds.insert(XledgerId(id), kind);
    }
    Ok(kinds.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remote::xledger::answer::Edge;
    use serde_json::json;

    fn entry(id: Value, kind: &str) -> Edge {
        Edge { client_id: None, node: json!({"dbId": id, "mutationType": kind}) }
    }

    #[test]
    fn the_latest_entry_of_an_employee_counts() {
        let log = [
            entry(json!(7), "DELETED"),
            entry(json!("8"), "UPDATED"),
            entry(json!(7), "ADDED"),
            entry(json!(8), "DELETED"),
        ];
        let kinds = latest_kinds(&log).unwrap();
        assert_eq!(kinds, [(XledgerId(7), ChangeKind::Added), (XledgerId(8), ChangeKind::Deleted)]);
    }

    #[test]
    fn a_kind_we_do_not_know_is_an_update() {
        assert_eq!(
            latest_kinds(&[entry(json!(7), "MERGED")]).unwrap(),
            [(XledgerId(7), ChangeKind::Updated)]
        );
    }

    #[test]
    fn an_entry_without_an_id_is_not_passed_over() {
        let error = latest_kinds(&[entry(json!(0), "UPDATED")]).unwrap_err();
        assert!(
            matches!(error, RemoteError::Unexpected { path, .. } if path == "employee_deltas.edges[0].node.dbId")
        );
    }
}
