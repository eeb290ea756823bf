//! `aws_default_network_acl`: adopts the ACL that a VPC is born with. Rules that are not in the
//! configuration are removed at adoption; deleting only gives it up.

use async_trait::async_trait;

use super::network_acl::{load, row};
use super::network_acl_rules::{self as rules, acls};
use super::{adopt, give_up, untag_others};
use crate::api::Api;
use crate::fields::{Fields, Problems};
use crate::resource::{AwsResource, Changes, Create, Made, Result, Tagging};
use crate::row::Row;

#[derive(Debug)]
pub(crate) struct DefaultNetworkAcl;

#[async_trait]
impl AwsResource for DefaultNetworkAcl {
    fn tagging(&self) -> Tagging {
        Tagging::Ec2("network-acl")
    }

    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        rules::validate(config, problems);
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let Some(acl) = api.load("network acl", prior.id(), acls).await? else { return Ok(None) };
        let mut row = row(api, &acl, prior);
        row.set("default_network_acl_id", prior.id());
        // Every subnet that has no other ACL has this one, which is no drift where nobody lists them.
        if prior.is_set("subnet_ids") {
            row.strings("subnet_ids", rules::subnets(&acl));
        }
        Ok(Some(row))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        let id = create.planned.str("default_network_acl_id").unwrap_or_default();
        let adopted = adopt(api, id, &create).await;
        adopted.map_err(|error| error.at("default_network_acl_id"))?;
        Ok(Made::id(id))
    }

    async fn complete(&self, api: &Api, id: &str, create: Create<'_>) -> Result<()> {
        let acl = load(api, id).await.map_err(|error| error.at("default_network_acl_id"))?;
        untag_others(api, id, acl.tags(), create.tags).await?;
        rules::sync(api, &acl, create.planned, true).await?;
        rules::join(api, id, &create.planned.strings("subnet_ids")).await
    }

    async fn update(&self, api: &Api, changes: Changes<'_>) -> Result<()> {
        let (id, planned) = (changes.id(), changes.planned);
        if changes.any(&["egress", "ingress"]) {
            rules::sync(api, &load(api, id).await?, planned, false).await?;
        }
        // Subnets leave it only by joining another.
        rules::join(api, id, &planned.strings("subnet_ids")).await
    }

    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        give_up(api, prior.id()).await
    }

    fn import(
        &self,
        id: &str,
    ) -> std::result::Result<Vec<(&'static str, kprov_core::Value)>, String> {
        let id = kprov_core::Value::string(id);
        Ok(vec![("id", id.clone()), ("default_network_acl_id", id)])
    }
}
