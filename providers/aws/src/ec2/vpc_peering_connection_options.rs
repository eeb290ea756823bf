//! `aws_vpc_peering_connection_options`: the options of a connection that is managed elsewhere, set
//! once it is active. Deleting leaves them as they are.

use async_trait::async_trait;
use aws_sdk_ec2::types::VpcPeeringConnectionStateReasonCode as Code;
use kprov_core::Value;

use super::peering::{self, PATIENCE, SIDES};
use crate::api::{Api, AwsError};
use crate::fields::Fields;
use crate::resource::{AwsResource, Changes, Create, Made, Result};
use crate::row::Row;

#[derive(Debug)]
pub(crate) struct VpcPeeringConnectionOptions;

#[async_trait]
impl AwsResource for VpcPeeringConnectionOptions {
    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let Some(found) = peering::load(api, prior.id()).await? else { return Ok(None) };
        let mut row = Row::new();
        row.set("id", prior.id()).set("vpc_peering_connection_id", prior.id());
        peering::options(&found, prior, &mut row);
        Ok(Some(row))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        let planned = create.planned;
        let id = planned.str("vpc_peering_connection_id").unwrap_or_default();
        let active = || async {
            match peering::load(api, id).await? {
                Some(found) if peering::state(&found) == Some(&Code::Active) => Ok(()),
                _ => Err(AwsError::refused("NotActive", "")),
            }
        };
        // The one that accepts it may be on its way. If nobody does, the options say so.
        match api.insist(PATIENCE, |error| error.is(&["NotActive"]), active).await {
            Err(error) if !error.is(&["NotActive"]) => return Err(error),
            _ => peering::set_options(api, id, planned).await?,
        }
        Ok(Made::id(id))
    }

    async fn update(&self, api: &Api, changes: Changes<'_>) -> Result<()> {
        peering::set_options(api, changes.id(), changes.planned).await
    }

    async fn delete(&self, _api: &Api, _prior: Fields<'_>) -> Result<()> {
        Ok(())
    }

    async fn find(&self, api: &Api, create: Create<'_>) -> Result<Option<Made>> {
        let id = create.planned.str("vpc_peering_connection_id").unwrap_or_default();
        let Some(found) = peering::load(api, id).await? else { return Ok(None) };
        let sides = [found.accepter_vpc_info(), found.requester_vpc_info()];
        let as_planned = SIDES.into_iter().zip(sides).all(|(name, side)| {
            let block = create.planned.block(name);
            let wanted = block.and_then(|block| block.bool("allow_remote_vpc_dns_resolution"));
            wanted.is_none_or(|wanted| wanted == peering::allows(side))
        });
        Ok(as_planned.then(|| Made::id(id)))
    }

    fn import(&self, id: &str) -> std::result::Result<Vec<(&'static str, Value)>, String> {
        Ok(vec![("id", Value::string(id)), ("vpc_peering_connection_id", Value::string(id))])
    }
}
