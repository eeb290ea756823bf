//! `aws_network_acl`, with its rules and subnets. Subnets that leave it go to the VPC's default one.

use async_trait::async_trait;
use aws_sdk_ec2::types::NetworkAcl as Acl;

use super::network_acl_rules::{self as rules, acls};
use super::{arn, pairs, tag_specification, vpc};
use crate::api::{Api, AwsError};
use crate::fields::{Fields, Problems};
use crate::resource::{AwsResource, Changes, Create, Made, Result, Tagging};
use crate::row::Row;

#[derive(Debug)]
pub(crate) struct NetworkAcl;

#[async_trait]
impl AwsResource for NetworkAcl {
    fn tagging(&self) -> Tagging {
        Tagging::Ec2("network-acl")
    }

    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        rules::validate(config, problems);
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let Some(acl) = api.load("network acl", prior.id(), acls).await? else { return Ok(None) };
        let mut row = row(api, &acl, prior);
        row.strings("subnet_ids", rules::subnets(&acl));
        Ok(Some(row))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        let tags = tag_specification("network-acl", &create.tags_with_token());
        let make = || {
            api.ec2()
                .create_network_acl()
                .set_vpc_id(create.planned.string("vpc_id"))
                .client_token(create.token)
                .tag_specifications(tags.clone())
                .send()
        };
        let answer = api.call("ec2", "CreateNetworkAcl", make).await?;
        let id = answer.network_acl.and_then(|acl| acl.network_acl_id);
        Ok(Made::id(id.unwrap_or_default()))
    }

    async fn complete(&self, api: &Api, id: &str, create: Create<'_>) -> Result<()> {
        let acl = load(api, id).await?;
        rules::sync(api, &acl, create.planned, false).await?;
        rules::join(api, id, &create.planned.strings("subnet_ids")).await
    }

    async fn update(&self, api: &Api, changes: Changes<'_>) -> Result<()> {
        let (id, planned) = (changes.id(), changes.planned);
        let acl = load(api, id).await?;
        if changes.any(&["egress", "ingress"]) {
            rules::sync(api, &acl, planned, false).await?;
        }
        if changes.has("subnet_ids") {
            let wanted = planned.strings("subnet_ids");
            let mut leaving = rules::subnets(&acl);
            leaving.retain(|subnet| !wanted.contains(subnet));
            leave(api, &acl, &leaving).await?;
            rules::join(api, id, &wanted).await?;
        }
        Ok(())
    }

    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        let id = prior.id();
        let Some(acl) = api.load("network acl", id, acls).await? else { return Ok(()) };
        leave(api, &acl, &rules::subnets(&acl)).await?;
        let delete = || api.ec2().delete_network_acl().network_acl_id(id).send();
        api.call("ec2", "DeleteNetworkAcl", delete).await.map(|_| ())
    }

    fn delete_patience(&self) -> std::time::Duration {
        std::time::Duration::from_secs(5 * 60)
    }

    async fn holders(&self, api: &Api, prior: Fields<'_>) -> Result<Vec<String>> {
        let acl = api.load("network acl", prior.id(), acls).await?;
        let subnets = acl.iter().flat_map(rules::subnets);
        Ok(subnets.map(|id| format!("subnet {id}")).collect())
    }
}

/// The ACL, which must be there.
pub(super) async fn load(api: &Api, id: &str) -> Result<Acl> {
    let again = |error: &AwsError| error.is_not_found();
    let look = || async {
        let found = api.load("network acl", id, acls).await?;
        found.ok_or_else(|| {
            let message = format!("The network ACL {id:?} does not exist; plan again.");
            AwsError::refused("InvalidNetworkAclID.NotFound", message)
        })
    };
    // A new one may not be visible at once.
    api.insist(std::time::Duration::from_secs(30), again, look).await
}

/// Gives subnets to the VPC's default ACL.
async fn leave(api: &Api, acl: &Acl, subnets: &[String]) -> Result<()> {
    if subnets.is_empty() {
        return Ok(());
    }
    let vpc = acl.vpc_id().unwrap_or_default();
    let found = api.load("default network acl of vpc", vpc, vpc::default_network_acls).await?;
    match found {
        Some(default) => rules::join(api, &default, subnets).await,
        None => Ok(()),
    }
}

/// An ACL as AWS has it, but for its subnets.
pub(super) fn row(api: &Api, acl: &Acl, prior: Fields<'_>) -> Row {
    let id = acl.network_acl_id().unwrap_or_default();
    let owner = acl.owner_id().unwrap_or_default();
    let mut row = Row::new();
    row.set("id", id)
        .set("arn", arn(api, owner, "network-acl", id))
        .set("owner_id", owner)
        .set("vpc_id", acl.vpc_id())
        .tags(pairs(acl.tags()));
    rules::rules(acl, prior, &mut row);
    row
}
