//! The entities a token reaches.

use super::XledgerTenant;
use super::answer;
use super::client::XledgerClient;
use crate::remote::RemoteError;
use graphql_client::GraphQLQuery;
use serde_json::Value;

#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "src/remote/xledger/schema.graphql",
    query_path = "src/remote/xledger/tenant/tenant.graphql",
    custom_scalars_module = "crate::remote::xledger::scalars",
    skip_serializing_none
)]
pub struct Tenant;

const PAGE: i64 = 1000;

impl XledgerClient {
    /// Nothing tells the token's own entity from those below it, so Xledger's order is kept, the entity of the settings first.
    pub(super) async fn read_tenant(&self) -> Result<XledgerTenant, RemoteError> {
        let nodes = self
            .every("entities", |after| Tenant::build_query(tenant::Variables { first: PAGE, after }))
            .await?;
        let mut entities: Vec<(i64, String)> = nodes
            .iter()
            .filter_map(|node| {
                let text = |key: &str| {
                    node.get(key).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())
                };
                let name = text("description").or_else(|| text("code")).unwrap_or_default();
                Some((answer::db_id(node)?, name.to_owned()))
            })
            .collect();
        entities.sort_by_key(|(id, _)| Some(*id) != self.options.owner_db_id);
        Ok(XledgerTenant { entities })
    }
}
