//! `data.aws_route_table`.

use async_trait::async_trait;
use serde_json::{Value as Json, json};

use super::AwsData;
use super::filters::{filters, only};
use crate::api::{Api, AwsError};
use crate::ec2::{arn, pairs, routing};
use crate::fields::Fields;
use crate::resource::Result;
use crate::row::Row;

/// Arguments and their filters.
const BY: [(&str, &str); 4] = [
    ("gateway_id", "association.gateway-id"),
    ("route_table_id", "route-table-id"),
    ("subnet_id", "association.subnet-id"),
    ("vpc_id", "vpc-id"),
];

#[derive(Debug)]
pub(crate) struct RouteTable;

#[async_trait]
impl AwsData for RouteTable {
    async fn read(&self, api: &Api, config: Fields<'_>) -> Result<Row> {
        let by = filters(config, &BY);
        if by.is_empty() {
            let message = "At least one argument or \"filter\" must say which table is wanted.";
            return Err(AwsError::refused("NoArguments", message));
        }
        let all = routing::describe(api, by).await?;
        let table = only(all, "route table", |table| table.route_table_id())?;
        let id = table.route_table_id().unwrap_or_default();
        let owner = table.owner_id().unwrap_or_default();
        let associations = table.associations().iter().map(|it| {
            json!({
                "gateway_id": it.gateway_id(),
                "main": it.main(),
                "route_table_association_id": it.route_table_association_id(),
                "route_table_id": it.route_table_id(),
                "subnet_id": it.subnet_id(),
            })
        });
        let routes = table.routes().iter().filter(|route| routing::is_own(route)).map(|route| {
            let mut cell = routing::inline(route, config);
            if let Some(cell) = cell.as_object_mut() {
                cell.insert(
                    "instance_id".to_owned(),
                    route.instance_id().map_or(Json::Null, Json::from),
                );
            }
            cell
        });
        let mut row = Row::new();
        row.set("id", id)
            .set("arn", arn(api, owner, "route-table", id))
            .set("associations", associations.collect::<Vec<_>>())
            .set("owner_id", owner)
            .set("route_table_id", id)
            .set("routes", routes.collect::<Vec<_>>())
            .set("vpc_id", table.vpc_id())
            .tags(pairs(table.tags()));
        Ok(row)
    }
}
