//! `aws_route_table`, with routes in it or beside it.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_ec2::types::RouteTable as Table;

use super::routing::{self, tables};
use super::{arn, pairs, tag_specification};
use crate::api::{Api, AwsError, Progress};
use crate::fields::{Fields, Problems};
use crate::resource::{AwsResource, Changes, Create, Made, Result, Tagging};
use crate::row::Row;

const PATIENCE: Duration = Duration::from_secs(5 * 60);

#[derive(Debug)]
pub(crate) struct RouteTable;

#[async_trait]
impl AwsResource for RouteTable {
    fn tagging(&self) -> Tagging {
        Tagging::Ec2("route-table")
    }

    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        routing::validate(config, problems);
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let found = api.load("route table", prior.id(), tables).await?;
        Ok(found.map(|table| row(api, &table, prior)))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        let tags = tag_specification("route-table", &create.tags_with_token());
        let make = || {
            api.ec2()
                .create_route_table()
                .set_vpc_id(create.planned.string("vpc_id"))
                .client_token(create.token)
                .tag_specifications(tags.clone())
                .send()
        };
        let answer = api.call("ec2", "CreateRouteTable", make).await?;
        let id = answer.route_table().and_then(|table| table.route_table_id());
        let id = id.unwrap_or_default().to_owned();
        api.tell("route table", &id, answer.route_table);
        Ok(Made::id(id))
    }

    async fn complete(&self, api: &Api, id: &str, create: Create<'_>) -> Result<()> {
        let planned = create.planned;
        if planned.items("route").is_empty() && planned.items("propagating_vgws").is_empty() {
            return Ok(());
        }
        let patience = planned.timeout("create", PATIENCE);
        let table = visible(api, id, patience).await?;
        routing::propagate(api, &table, &planned.strings("propagating_vgws")).await?;
        routing::sync(api, &table, planned, Some(planned)).await
    }

    async fn update(&self, api: &Api, changes: Changes<'_>) -> Result<()> {
        let found = api.load("route table", changes.id(), tables).await?;
        let table = found.ok_or_else(|| gone(changes.id()))?;
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
        let delete = || api.ec2().delete_route_table().route_table_id(prior.id()).send();
        api.call("ec2", "DeleteRouteTable", delete).await.map(|_| ())
    }

    fn delete_patience(&self) -> Duration {
        Duration::from_secs(5 * 60)
    }

    async fn holders(&self, api: &Api, prior: Fields<'_>) -> Result<Vec<String>> {
        let Some(table) = api.load("route table", prior.id(), tables).await? else {
            return Ok(Vec::new());
        };
        let by = |it: &aws_sdk_ec2::types::RouteTableAssociation| {
            let id = it.route_table_association_id().unwrap_or_default();
            match it.subnet_id().or(it.gateway_id()) {
                Some(object) => format!("association {id} with {object}"),
                None => format!("association {id}: it is the VPC's main route table"),
            }
        };
        Ok(table.associations().iter().map(by).collect())
    }
}

/// The table when reads show it.
pub(super) async fn visible(api: &Api, id: &str, patience: Duration) -> Result<Table> {
    let seen = |table: Option<&Table>| match table {
        Some(table) => Progress::Done(table.clone()),
        None => Progress::Pending("not visible".to_owned()),
    };
    match api.load("route table", id, tables).await? {
        Some(table) => Ok(table),
        None => api.wait("route table", id, patience, tables, seen).await,
    }
}

/// For updates of what was deleted by hand between plan and apply.
pub(super) fn gone(id: &str) -> AwsError {
    let message = format!("The route table {id:?} does not exist any more; plan again.");
    AwsError::refused("InvalidRouteTableID.NotFound", message)
}

/// A table as AWS has it.
pub(super) fn row(api: &Api, table: &Table, prior: Fields<'_>) -> Row {
    let id = table.route_table_id().unwrap_or_default();
    let owner = table.owner_id().unwrap_or_default();
    let routes = routing::shown(table, prior).into_iter();
    let mut row = Row::new();
    row.set("id", id)
        .set("arn", arn(api, owner, "route-table", id))
        .set("owner_id", owner)
        .set("vpc_id", table.vpc_id())
        .strings(
            "propagating_vgws",
            table.propagating_vgws().iter().filter_map(|it| it.gateway_id()),
        )
        .set("route", routes.map(|it| routing::inline(it, prior)).collect::<Vec<_>>())
        .tags(pairs(table.tags()));
    row
}
