//! `aws_route_table_association`: which table a subnet or gateway uses. AWS gives it a new id when
//! the table changes, so it is found by the subnet or gateway.

use async_trait::async_trait;
use aws_sdk_ec2::types::{RouteTableAssociation as Association, RouteTableAssociationStateCode};
use kprov_core::Value;

use super::{filter, routing};
use crate::api::{Api, AwsError, Progress};
use crate::fields::{Fields, Problems};
use crate::resource::{AwsResource, Changes, Create, Made, Plan, Result};
use crate::row::Row;

type Found<T> = std::collections::HashMap<String, T>;

const PATIENCE: std::time::Duration = std::time::Duration::from_secs(5 * 60);

/// Kinds of loads and waits.
const OF_SUBNET: &str = "route table of subnet";
const OF_GATEWAY: &str = "route table of gateway";

#[derive(Debug)]
pub(crate) struct RouteTableAssociation;

#[async_trait]
impl AwsResource for RouteTableAssociation {
    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        problems.needs_one(config, &["subnet_id", "gateway_id"]);
        problems.conflicts(config, &["subnet_id", "gateway_id"]);
    }

    fn plan(&self, plan: &mut Plan<'_>) {
        if plan.changes("route_table_id") {
            plan.unknown("id");
        }
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let Some(found) = now(api, prior).await? else { return Ok(None) };
        let mut row = Row::new();
        row.set("id", found.route_table_association_id())
            .set("route_table_id", found.route_table_id())
            .set("subnet_id", found.subnet_id())
            .set("gateway_id", found.gateway_id());
        Ok(Some(row))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        let planned = create.planned;
        let make = || {
            api.ec2()
                .associate_route_table()
                .set_route_table_id(planned.string("route_table_id"))
                .set_subnet_id(planned.string("subnet_id"))
                .set_gateway_id(planned.string("gateway_id"))
                .send()
        };
        match api.call("ec2", "AssociateRouteTable", make).await {
            Ok(answer) => {
                let id = answer.association_id.unwrap_or_default();
                let made = Association::builder()
                    .route_table_association_id(&id)
                    .set_route_table_id(planned.string("route_table_id"))
                    .set_subnet_id(planned.string("subnet_id"))
                    .set_gateway_id(planned.string("gateway_id"))
                    .set_association_state(answer.association_state)
                    .build();
                match (planned.str("subnet_id"), planned.str("gateway_id")) {
                    (Some(subnet), _) => api.tell(OF_SUBNET, subnet, Some(made)),
                    (None, Some(gateway)) => api.tell(OF_GATEWAY, gateway, Some(made)),
                    (None, None) => {}
                }
                Ok(Made::id(id))
            }
            Err(error) if error.is(&["Resource.AlreadyAssociated"]) => {
                Err(error.at(if planned.is_set("subnet_id") { "subnet_id" } else { "gateway_id" }))
            }
            Err(error) => Err(error),
        }
    }

    async fn complete(&self, api: &Api, _id: &str, create: Create<'_>) -> Result<()> {
        wait(api, create.planned, create.planned.timeout("create", PATIENCE)).await
    }

    async fn update(&self, api: &Api, changes: Changes<'_>) -> Result<()> {
        let planned = changes.planned;
        let Some(now) = now(api, planned).await? else {
            let message =
                format!("The association {:?} does not exist any more; plan again.", changes.id());
            return Err(AwsError::refused("InvalidAssociationID.NotFound", message));
        };
        if now.route_table_id() == planned.str("route_table_id") {
            return Ok(());
        }
        let replace = || {
            api.ec2()
                .replace_route_table_association()
                .set_association_id(now.route_table_association_id.clone())
                .set_route_table_id(planned.string("route_table_id"))
                .send()
        };
        let result = api.call("ec2", "ReplaceRouteTableAssociation", replace).await;
        result.map_err(|error| error.at("route_table_id"))?;
        wait(api, planned, planned.timeout("update", PATIENCE)).await
    }

    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        let delete = || api.ec2().disassociate_route_table().association_id(prior.id()).send();
        api.call("ec2", "DisassociateRouteTable", delete).await.map(|_| ())
    }

    async fn find(&self, api: &Api, create: Create<'_>) -> Result<Option<Made>> {
        let now = now(api, create.planned).await?;
        let ours = now.filter(|it| it.route_table_id() == create.planned.str("route_table_id"));
        Ok(ours.and_then(|it| it.route_table_association_id).map(Made::id))
    }

    fn import(&self, id: &str) -> std::result::Result<Vec<(&'static str, Value)>, String> {
        let bad = || format!("{id:?} is not SUBNETID/ROUTETABLEID or GATEWAYID/ROUTETABLEID.");
        let (object, table) = id.split_once('/').ok_or_else(bad)?;
        if object.is_empty() || !table.starts_with("rtb-") {
            return Err(bad());
        }
        let name = if object.starts_with("subnet-") { "subnet_id" } else { "gateway_id" };
        Ok(vec![(name, Value::string(object)), ("route_table_id", Value::string(table))])
    }
}

/// The association of the subnet or gateway, whichever table it is with.
async fn now(api: &Api, object: Fields<'_>) -> Result<Option<Association>> {
    match (object.str("subnet_id"), object.str("gateway_id")) {
        (Some(id), _) => api.load(OF_SUBNET, id, of_subnets).await,
        (None, Some(id)) => api.load(OF_GATEWAY, id, of_gateways).await,
        (None, None) => Ok(None),
    }
}

/// Waits until the planned table is the one.
async fn wait(api: &Api, planned: Fields<'_>, patience: std::time::Duration) -> Result<()> {
    let table = planned.str("route_table_id");
    let judge = |found: Option<&Association>| {
        let Some(found) = found.filter(|it| it.route_table_id() == table) else {
            return Progress::Pending("not visible".to_owned());
        };
        use RouteTableAssociationStateCode::{Associated, Failed};
        match found.association_state().and_then(|state| state.state()) {
            None | Some(Associated) => Progress::Done(()),
            Some(Failed) => {
                let why = found.association_state().and_then(|state| state.status_message());
                let why = format!("The association failed: {}.", why.unwrap_or("AWS says no more"));
                Progress::Failed(AwsError::refused("Failed", why))
            }
            Some(other) => Progress::Pending(other.as_str().to_owned()),
        }
    };
    // Mostly there at once, as the answer of the call that made it tells.
    if let Progress::Done(()) = judge(now(&api.recalling(), planned).await?.as_ref()) {
        return Ok(());
    }
    match (planned.str("subnet_id"), planned.str("gateway_id")) {
        (Some(id), _) => api.wait(OF_SUBNET, id, patience, of_subnets, judge).await,
        (None, Some(id)) => api.wait(OF_GATEWAY, id, patience, of_gateways, judge).await,
        (None, None) => Ok(()),
    }
}

/// Associations by subnet.
async fn of_subnets(api: Api, ids: Vec<String>) -> Result<Found<Association>> {
    let all = routing::describe(&api, vec![filter("association.subnet-id", ids)]).await?;
    let all = all.into_iter().flat_map(|table| table.associations.unwrap_or_default());
    Ok(all.filter(is_live).filter_map(|it| Some((it.subnet_id.clone()?, it))).collect())
}

/// Associations by gateway.
async fn of_gateways(api: Api, ids: Vec<String>) -> Result<Found<Association>> {
    let all = routing::describe(&api, vec![filter("association.gateway-id", ids)]).await?;
    let all = all.into_iter().flat_map(|table| table.associations.unwrap_or_default());
    Ok(all.filter(is_live).filter_map(|it| Some((it.gateway_id.clone()?, it))).collect())
}

fn is_live(association: &Association) -> bool {
    use RouteTableAssociationStateCode::{Disassociated, Disassociating};
    let state = association.association_state().and_then(|state| state.state());
    !matches!(state, Some(Disassociated | Disassociating))
}
