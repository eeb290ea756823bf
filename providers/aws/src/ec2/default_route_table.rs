//! `aws_default_route_table`: adopts the main route table that a VPC is born with. All that is in it
//! and not in the configuration is removed at adoption; deleting only gives it up.

use async_trait::async_trait;
use kprov_core::Value;

use super::routing::{self, tables};
use super::{adopt, give_up, route_table, vpc};
use crate::api::Api;
use crate::fields::{Fields, Problems};
use crate::resource::{AwsResource, Changes, Create, Made, Result, Tagging};
use crate::row::Row;

#[derive(Debug)]
pub(crate) struct DefaultRouteTable;

#[async_trait]
impl AwsResource for DefaultRouteTable {
    fn tagging(&self) -> Tagging {
        Tagging::Ec2("route-table")
    }

    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        routing::validate(config, problems);
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        // An import names the VPC.
        let by_vpc = match prior.str("vpc_id") {
            Some(id) if prior.id().is_empty() => {
                api.load("main route table of vpc", id, vpc::main_route_tables).await?
            }
            _ => None,
        };
        let id = by_vpc.as_deref().unwrap_or(prior.id());
        let Some(table) = api.load("route table", id, tables).await? else { return Ok(None) };
        let mut row = route_table::row(api, &table, prior);
        let routes = routing::shown(&table, prior).into_iter();
        let routes = routes.map(|route| routing::inline_of_default(route, prior));
        row.set("default_route_table_id", id).set("route", routes.collect::<Vec<_>>());
        Ok(Some(row))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        let id = create.planned.str("default_route_table_id").unwrap_or_default();
        let adopted = adopt(api, id, &create).await;
        adopted.map_err(|error| error.at("default_route_table_id"))?;
        Ok(Made::id(id))
    }

    async fn complete(&self, api: &Api, id: &str, create: Create<'_>) -> Result<()> {
        let Some(table) = api.load("route table", id, tables).await? else {
            return Err(route_table::gone(id).at("default_route_table_id"));
        };
        super::untag_others(api, id, table.tags(), create.tags).await?;
        routing::propagate(api, &table, &create.planned.strings("propagating_vgws")).await?;
        routing::sync(api, &table, create.planned, None).await
    }

    async fn update(&self, api: &Api, changes: Changes<'_>) -> Result<()> {
        let found = api.load("route table", changes.id(), tables).await?;
        let table = found.ok_or_else(|| route_table::gone(changes.id()))?;
        if changes.has("propagating_vgws") {
            let wanted = changes.planned.strings("propagating_vgws");
            routing::propagate(api, &table, &wanted).await?;
        }
        if changes.has("route") {
            routing::sync(api, &table, changes.planned, Some(changes.prior)).await?;
        }
        Ok(())
    }

    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        give_up(api, prior.id()).await
    }

    fn import(&self, id: &str) -> std::result::Result<Vec<(&'static str, Value)>, String> {
        match id.starts_with("vpc-") {
            true => Ok(vec![("vpc_id", Value::string(id))]),
            false => Err(format!(
                "{id:?} is not the id of a VPC, by which its default route table is imported."
            )),
        }
    }
}
