//! Employees by their ids, and employees by what a new one would be mistaken for.

use super::answer::{Connection, db_id};
use super::client::XledgerClient;
use super::page::node_selection;
use super::{LookupKeys, XledgerRecords};
use crate::domain::{Record, RecordId, XledgerId};
use crate::remote::RemoteError;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write;

/// More hits than this on one key is no look-up any more; the rest would not change what follows from it.
const HITS: u32 = 200;

#[derive(Serialize)]
struct NoVariables {}

#[derive(Serialize)]
struct Keys<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
}

/// The ids stand in the text: they are integers of ours, and the type of a variable for them is not known for sure.
pub fn by_ids_document(filter: &str, ids: &[i64]) -> String {
    let list = ids.iter().map(i64::to_string).collect::<Vec<_>>().join(", ");
    format!(
        "query ReadByIds {{\n  employees(first: {}, filter: {{ {filter}: [{list}] }}, ownerSet: ALL, objectStatus: ALL) \
         {{\n    edges {{ node {{{}}} }}\n    pageInfo {{ hasNextPage }}\n  }}\n}}\n",
        (ids.len() as u32).max(HITS),
        node_selection(),
    )
}

/// One root field for each key that is given, and the contacts that have the email.
pub fn find_document(code: bool, email: bool) -> String {
    let declared = [code.then_some("$code: String"), email.then_some("$email: String")];
    let mut text =
        format!("query Find({}) {{\n", declared.into_iter().flatten().collect::<Vec<_>>().join(", "));
    for (wanted, alias, key) in [(code, "byCode", "code"), (email, "byEmail", "email")] {
        if wanted {
            // Writing into a String cannot fail.
            let _ = writeln!(
                text,
                "  {alias}: employees(first: {HITS}, filter: {{ {key}: ${key} }}, ownerSet: ALL, objectStatus: ALL) \
                 {{\n    edges {{ node {{{}}} }}\n  }}",
                node_selection()
            );
        }
    }
    if email {
        let _ = writeln!(
            text,
            "  contacts(first: {HITS}, filter: {{ email: $email }}, ownerSet: ALL, objectStatus: ALL) \
             {{\n    edges {{ node {{ dbId }} }}\n  }}"
        );
    }
    text.push_str("}\n");
    text
}

impl XledgerClient {
    pub(super) async fn read_by_ids(&self, ids: &[XledgerId]) -> Result<XledgerRecords, RemoteError> {
        let ids: Vec<i64> = ids.iter().map(|id| id.0).filter(|id| *id > 0).collect();
        let mut found = XledgerRecords::default();
        let mut waiting: Vec<&[i64]> = vec![&ids];
        while let Some(some) = waiting.pop() {
            if some.is_empty() {
                continue;
            }
            let text = by_ids_document("dbId_in", some);
            match self.query_text("ReadByIds", &text, &NoVariables {}).await? {
                Some(mut data) => {
                    let decoded = self.decode_employees(Connection::take(&mut data, "employees")?.edges);
                    found.records.extend(decoded.records);
                    found.unreadable.extend(decoded.unreadable);
                    found.newest_modified_at = found.newest_modified_at.max(decoded.newest_modified_at);
                }
                None if some.len() == 1 => return Err(self.too_heavy()),
                None => {
                    let (first, second) = some.split_at(some.len() / 2);
                    waiting.extend([second, first]);
                }
            }
        }
        Ok(found)
    }

    /// A record that cannot be read is an error here: it may be the very one that forbids a create.
    pub(super) async fn look_up(&self, keys: &LookupKeys) -> Result<Vec<Record>, RemoteError> {
        let given = |key: &Option<String>| key.clone().filter(|key| !key.trim().is_empty());
        let (code, email) = (given(&keys.code), given(&keys.email));
        if code.is_none() && email.is_none() {
            return Ok(Vec::new());
        }
        let text = find_document(code.is_some(), email.is_some());
        let variables = Keys { code: code.as_deref(), email: email.as_deref() };
        let mut data = self.query_text("Find", &text, &variables).await?.ok_or_else(|| self.too_heavy())?;
        let mut found = Vec::new();
        for (wanted, alias) in [(code.is_some(), "byCode"), (email.is_some(), "byEmail")] {
            if wanted {
                found.extend(self.decode_employees(Connection::take(&mut data, alias)?.edges).whole()?);
            }
        }
        if email.is_some() {
            let contacts = self.first_page(&mut data, "contacts")?.edges;
            let contacts: Vec<i64> = contacts.iter().filter_map(|edge| db_id(&edge.node)).collect();
            if !contacts.is_empty() {
                let text = by_ids_document("contactDbId_in", &contacts);
                let data = self.query_text("ReadByIds", &text, &NoVariables {}).await?;
                let mut data = data.ok_or_else(|| self.too_heavy())?;
                found.extend(self.decode_employees(Connection::take(&mut data, "employees")?.edges).whole()?);
            }
        }
        let once: BTreeMap<RecordId, Record> =
            found.into_iter().map(|record| (record.id.clone(), record)).collect();
        Ok(once.into_values().collect())
    }
}
