//! `aws_vpc_peering_connection`: the requester's side.

use async_trait::async_trait;

use super::peering::{self, PATIENCE, SIDES};
use super::tag_specification;
use crate::api::Api;
use crate::fields::{Fields, Problems};
use crate::resource::{AwsResource, Changes, Create, Made, Plan, Result, Tagging};
use crate::row::Row;

#[derive(Debug)]
pub(crate) struct VpcPeeringConnection;

#[async_trait]
impl AwsResource for VpcPeeringConnection {
    fn tagging(&self) -> Tagging {
        Tagging::Ec2("vpc-peering-connection")
    }

    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        if config.bool("auto_accept") == Some(true) && config.is_set("peer_region") {
            let message = "A connection to another region cannot be accepted from this one: remove \
                           \"auto_accept\", and use aws_vpc_peering_connection_accepter there.";
            problems.add("auto_accept", "Conflicting configuration arguments", message);
        }
        if let (Some(own), Some(peer)) = (config.str("vpc_id"), config.str("peer_vpc_id"))
            && own == peer
        {
            let message = "A VPC cannot be peered with itself.";
            problems.add("peer_vpc_id", "Invalid value", message);
        }
    }

    fn plan(&self, plan: &mut Plan<'_>) {
        if plan.changes("auto_accept") && plan.get("auto_accept").as_bool() == Some(true) {
            plan.unknown("accept_status");
        }
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        match peering::load(api, prior.id()).await? {
            Some(found) => Ok(Some(peering::row(api, &found, prior).await?)),
            None => Ok(None),
        }
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        let planned = create.planned;
        let tags = tag_specification("vpc-peering-connection", &create.tags_with_token());
        let make = || {
            api.ec2()
                .create_vpc_peering_connection()
                .set_vpc_id(planned.string("vpc_id"))
                .set_peer_vpc_id(planned.string("peer_vpc_id"))
                .set_peer_owner_id(planned.string("peer_owner_id"))
                .set_peer_region(planned.string("peer_region"))
                .tag_specifications(tags.clone())
                .send()
        };
        let answer = api.call("ec2", "CreateVpcPeeringConnection", make).await?;
        let id = answer.vpc_peering_connection.and_then(|it| it.vpc_peering_connection_id);
        Ok(Made::id(id.unwrap_or_default()))
    }

    async fn complete(&self, api: &Api, id: &str, create: Create<'_>) -> Result<()> {
        let planned = create.planned;
        let accept = planned.bool("auto_accept") == Some(true);
        peering::settle(api, id, accept, planned.timeout("create", PATIENCE)).await?;
        peering::set_options(api, id, planned).await
    }

    async fn update(&self, api: &Api, changes: Changes<'_>) -> Result<()> {
        let (id, planned) = (changes.id(), changes.planned);
        if changes.has("auto_accept") && planned.bool("auto_accept") == Some(true) {
            peering::settle(api, id, true, planned.timeout("update", PATIENCE)).await?;
        }
        if changes.any(&SIDES) {
            peering::set_options(api, id, planned).await?;
        }
        Ok(())
    }

    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        let id = prior.id();
        if peering::load(api, id).await?.is_none() {
            return Ok(());
        }
        let call =
            || api.ec2().delete_vpc_peering_connection().vpc_peering_connection_id(id).send();
        match api.call("ec2", "DeleteVpcPeeringConnection", call).await {
            // It is over already: rejected, expired or deleted by the other side.
            Err(error) if error.is(&["InvalidStateTransition"]) => return Ok(()),
            result => result?,
        };
        peering::wait_gone(api, id, prior.timeout("delete", PATIENCE)).await
    }
}
