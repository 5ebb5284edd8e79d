//! What a job title, a marital status, a gender or a country may be written as.
//!
//! Titles are the object values of the kind that employees' titles have; marital statuses those of the kind named
//! `MARITAL_STATUS`, else of the kind that contacts' statuses have. Genders are those seen on contacts: Xledger has no list.

use super::XledgerCatalog;
use super::answer::{self, Connection};
use super::client::XledgerClient;
use super::scalars::{Id64, some};
use crate::domain::NamedObject;
use crate::remote::RemoteError;
use graphql_client::{GraphQLQuery, QueryBody};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

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

query!(Kinds, "src/remote/xledger/catalog/kinds.graphql");
query!(Countries, "src/remote/xledger/catalog/countries.graphql");
query!(Values, "src/remote/xledger/catalog/values.graphql");
query!(Survey, "src/remote/xledger/catalog/survey.graphql");

const PAGE: i64 = 1000;
const STATUS_KIND: &str = "MARITAL_STATUS";

impl XledgerClient {
    pub(super) async fn read_catalog(&self) -> Result<XledgerCatalog, RemoteError> {
        let kinds = self
            .every("objectKinds", |after| Kinds::build_query(kinds::Variables { first: PAGE, after }))
            .await?;
        if self.learned().seen.title_kinds.is_empty() {
            self.survey().await?;
        }
        let (title_kind, seen_status_kind) = {
            let learned = self.learned();
            (most_frequent(&learned.seen.title_kinds), most_frequent(&learned.seen.status_kinds))
        };
        let status_kind = kind_named(&kinds, STATUS_KIND).or(seen_status_kind);
        let titles = self.values_of(title_kind).await?;
        let marital_statuses = self.values_of(status_kind).await?;
        let countries = self.read_countries().await?;
        let genders = self.learned().seen.genders.values().cloned().collect();
        Ok(XledgerCatalog { titles, marital_statuses, genders, countries: countries.to_vec() })
    }

    /// The countries of the last catalogue; read where there is none yet.
    pub(super) async fn countries(&self) -> Result<Arc<Vec<NamedObject>>, RemoteError> {
        let known = self.learned().countries.clone();
        match known {
            Some(countries) => Ok(countries),
            None => self.read_countries().await,
        }
    }

    async fn read_countries(&self) -> Result<Arc<Vec<NamedObject>>, RemoteError> {
        let nodes = self
            .every("countries", |after| Countries::build_query(countries::Variables { first: PAGE, after }))
            .await?;
        let countries = Arc::new(named_objects(&nodes));
        self.learned().countries = Some(countries.clone());
        Ok(countries)
    }

    async fn values_of(&self, kind: Option<i64>) -> Result<Vec<NamedObject>, RemoteError> {
        let Some(kind) = kind else { return Ok(Vec::new()) };
        let nodes = self
            .every("objectValues", |after| {
                Values::build_query(values::Variables { first: PAGE, after, kind: Some(Id64(kind)) })
            })
            .await?;
        Ok(named_objects(&nodes))
    }

    /// Reads what employees point at, where no listing has been read yet.
    async fn survey(&self) -> Result<(), RemoteError> {
        let nodes = self
            .every("employees", |after| Survey::build_query(survey::Variables { first: PAGE, after }))
            .await?;
        let mut learned = self.learned();
        for node in nodes {
            // An employee that cannot be read teaches nothing; the listing is where it is reported.
            let Ok(node) = answer::decode::<survey::SurveyEmployeesEdgesNode>(&node) else { continue };
            let title = node.position_value.and_then(|title| some(title.object_kind_db_id));
            let contact = node.contact;
            let status =
                contact.as_ref().and_then(|contact| some(contact.marital_status.as_ref()?.object_kind_db_id));
            learned.seen.note_kinds(title, status);
            if let Some(gender) = contact.and_then(|contact| contact.gender) {
                learned.seen.note_gender(some(gender.db_id), gender.code.as_deref(), gender.name.as_deref());
            }
        }
        Ok(())
    }

    /// The nodes of a whole connection, page by page; none where the schema lacks it.
    pub(super) async fn every<V: Serialize>(
        &self,
        root: &str,
        page_after: impl Fn(Option<String>) -> QueryBody<V>,
    ) -> Result<Vec<Value>, RemoteError> {
        let mut nodes = Vec::new();
        if self.learned().missing.has(root) {
            return Ok(nodes);
        }
        let mut after = None;
        loop {
            let mut data = self.query(page_after(after.clone())).await?;
            let page = Connection::take(&mut data, root)?;
            page.moves_on_from(after.as_deref(), root)?;
            nodes.extend(page.edges.into_iter().map(|edge| edge.node));
            if !page.has_next {
                return Ok(nodes);
            }
            after = page.last;
        }
    }
}

/// Ties go to the smallest id.
fn most_frequent(kinds: &BTreeMap<i64, u64>) -> Option<i64> {
    kinds.iter().max_by_key(|(kind, count)| (**count, std::cmp::Reverse(**kind))).map(|(kind, _)| *kind)
}

fn kind_named(kinds: &[Value], name: &str) -> Option<i64> {
    kinds.iter().find_map(|kind| {
        let said = kind.get("name")?.as_str()?;
        said.trim().eq_ignore_ascii_case(name).then(|| answer::db_id(kind))?
    })
}

/// Rows with an id and a description; others cannot be pointed at.
fn named_objects(nodes: &[Value]) -> Vec<NamedObject> {
    let text = |node: &Value, key: &str| {
        let text = node.get(key)?.as_str()?;
        (!text.trim().is_empty()).then(|| text.to_owned())
    };
    nodes
        .iter()
        .filter_map(|node| {
            let code = text(node, "code");
            let name = text(node, "description").or_else(|| code.clone())?;
            Some(NamedObject { id: answer::db_id(node)?.to_string(), code, name })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_kind_most_employees_have_is_taken_and_the_smaller_id_where_they_tie() {
        assert_eq!(most_frequent(&BTreeMap::from([(9, 2), (3, 1), (4, 2)])), Some(4));
        assert_eq!(most_frequent(&BTreeMap::new()), None);
    }

    #[test]
    fn a_kind_is_found_by_its_name_whatever_form_its_id_has() {
        let kinds =
            [json!({"dbId": "7", "name": "TAX_RULE"}), json!({"dbId": "8", "name": "Marital_Status"})];
        assert_eq!(kind_named(&kinds, STATUS_KIND), Some(8));
        assert_eq!(kind_named(&kinds[..1], STATUS_KIND), None);
    }

    #[test]
    fn a_row_without_an_id_or_a_name_is_left_out() {
        let rows = [
            json!({"dbId": 5, "code": "", "description": "Nurse"}),
            json!({"dbId": 0, "code": "X", "description": "No id"}),
            json!({"dbId": 6, "code": null, "description": " "}),
            json!(null),
            json!({"dbId": "7", "code": "DEV", "description": null}),
        ];
        let found: Vec<_> =
            named_objects(&rows).into_iter().map(|row| (row.id, row.code, row.name)).collect();
        assert_eq!(
            found,
            [("5".into(), None, "Nurse".into()), ("7".into(), Some("DEV".into()), "DEV".into())]
        );
    }
}
