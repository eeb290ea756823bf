//! `aws_vpc_peering_connection_accepter`: adopts, in the peer's account or region, a connection that
//! is asked for elsewhere. Deleting only gives it up.

use async_trait::async_trait;
use kprov_core::Value;

use super::peering::{self, PATIENCE, SIDES};
use super::{adopt, give_up};
use crate::api::{Api, AwsError};
use crate::fields::Fields;
use crate::resource::{AwsResource, Changes, Create, Made, Plan, Result, Tagging};
use crate::row::Row;

#[derive(Debug)]
pub(crate) struct VpcPeeringConnectionAccepter;

#[async_trait]
impl AwsResource for VpcPeeringConnectionAccepter {
    fn tagging(&self) -> Tagging {
        Tagging::Ec2("vpc-peering-connection")
    }

    fn plan(&self, plan: &mut Plan<'_>) {
        if plan.changes("auto_accept") && plan.get("auto_accept").as_bool() == Some(true) {
            plan.unknown("accept_status");
        }
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let Some(found) = peering::load(api, prior.id()).await? else { return Ok(None) };
        let mut row = peering::row(api, &found, prior).await?;
        row.set("vpc_peering_connection_id", prior.id());
        Ok(Some(row))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        let id = create.planned.str("vpc_peering_connection_id").unwrap_or_default();
        // A request from another region arrives a while after it is made.
        let work = || adopt(api, id, &create);
        let adopted = api.insist(PATIENCE, AwsError::is_not_found, work).await;
        adopted.map_err(|error| error.at("vpc_peering_connection_id"))?;
        Ok(Made::id(id))
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
        match peering::load(api, prior.id()).await? {
            Some(_) => give_up(api, prior.id()).await,
            None => Ok(()),
        }
    }

    fn import(&self, id: &str) -> std::result::Result<Vec<(&'static str, Value)>, String> {
        Ok(vec![("id", Value::string(id)), ("vpc_peering_connection_id", Value::string(id))])
    }
}
