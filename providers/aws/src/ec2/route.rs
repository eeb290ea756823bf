//! `aws_route`: one route of a table that is managed elsewhere. It is told by table and destination.

use async_trait::async_trait;
use aws_sdk_ec2::types::{RouteOrigin, RouteState};
use kprov_core::Value;
use serde_json::Value as Json;

use super::routing::{self, Destination, LOCAL, TARGETS, is_given, tables};
use crate::api::Api;
use crate::cidr;
use crate::fields::{Fields, Problems};
use crate::resource::{AwsResource, Changes, Create, Made, Plan, Result};
use crate::row::Row;

/// Attributes that say where a route leads to.
const DESTINATIONS: [&str; 3] =
    ["destination_cidr_block", "destination_ipv6_cidr_block", "destination_prefix_list_id"];

#[derive(Debug)]
pub(crate) struct Route;

#[async_trait]
impl AwsResource for Route {
    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        cidr::check_v4(problems, config, DESTINATIONS[0], 0, 32);
        cidr::check_v6(problems, config, DESTINATIONS[1], 0, 128);
        let given = |names: &[&'static str]| -> Vec<&'static str> {
            names.iter().copied().filter(|name| is_given(config, name)).collect()
        };
        for (what, names) in [("destination", &DESTINATIONS[..]), ("target", &TARGETS[..])] {
            // What is not known yet may turn out to be null.
            let given = given(names);
            let known: Vec<_> =
                given.iter().copied().filter(|name| config.get(name).is_known()).collect();
            if given.is_empty() || known.len() > 1 {
                one(problems, what, names, known);
            }
        }
    }

    fn plan(&self, plan: &mut Plan<'_>) {
        if TARGETS.iter().any(|name| plan.changes(name)) {
            let computed = ["instance_id", "instance_owner_id", "network_interface_id", "state"];
            computed.into_iter().for_each(|name| plan.unknown(name));
        }
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let Some(table_id) = prior.str("route_table_id") else { return Ok(None) };
        let Some(to) = Destination::of(prior, DESTINATIONS) else { return Ok(None) };
        let Some(table) = api.load("route table", table_id, tables).await? else {
            return Ok(None);
        };
        let Some(route) = routing::route_to(&table, &to) else { return Ok(None) };
        // A local route that nobody asked for is what remains of one that was given back.
        if route.gateway_id() == Some(LOCAL) && !may_be_local(prior) {
            return Ok(None);
        }
        let mut row = Row::new();
        row.set("id", id(table_id, &to))
            .set("route_table_id", table_id)
            .set("destination_cidr_block", to.v4())
            .set("destination_ipv6_cidr_block", to.v6())
            .set("destination_prefix_list_id", to.list())
            .set("instance_id", route.instance_id())
            .set("instance_owner_id", route.instance_owner_id())
            .set("origin", route.origin().map(|origin| origin.as_str()))
            .set("state", route.state().map(|state| state.as_str()));
        for name in TARGETS {
            row.set(name, routing::target_of(route, name).map_or(Json::Null, Json::String));
        }
        Ok(Some(row))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        let planned = create.planned;
        let table = planned.str("route_table_id").unwrap_or_default();
        let Some(to) = Destination::of(planned, DESTINATIONS) else { return Ok(Made::id("")) };
        let Some(through) = routing::target(planned) else { return Ok(Made::id("")) };
        // Local routes are there already, and can only be adopted.
        let local = through == ("gateway_id", LOCAL)
            && api
                .load("route table", table, tables)
                .await?
                .is_some_and(|table| routing::route_to(&table, &to).is_some());
        let made = match local {
            true => routing::replace(api, table, &to, through).await,
            false => routing::create(api, table, &to, through).await,
        };
        made.map_err(|error| {
            if error.code.starts_with("InvalidRouteTableID") {
                error.at("route_table_id")
            } else {
                error.at(through.0)
            }
        })?;
        Ok(Made::knowing(id(table, &to), told(through.0, local)))
    }

    async fn update(&self, api: &Api, changes: Changes<'_>) -> Result<()> {
        let table = changes.planned.str("route_table_id").unwrap_or_default();
        let Some(to) = Destination::of(changes.planned, DESTINATIONS) else { return Ok(()) };
        let Some(through) = routing::target(changes.planned) else { return Ok(()) };
        let result = routing::replace(api, table, &to, through).await;
        result.map_err(|error| error.at(through.0))
    }

    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        let table_id = prior.str("route_table_id").unwrap_or_default();
        let Some(to) = Destination::of(prior, DESTINATIONS) else { return Ok(()) };
        let Some(table) = api.load("route table", table_id, tables).await? else { return Ok(()) };
        match routing::route_to(&table, &to) {
            Some(route) => routing::remove(api, table_id, route, &to).await,
            None => Ok(()),
        }
    }

    async fn find(&self, api: &Api, create: Create<'_>) -> Result<Option<Made>> {
        let planned = create.planned;
        let table = planned.str("route_table_id").unwrap_or_default();
        let Some(to) = Destination::of(planned, DESTINATIONS) else { return Ok(None) };
        let Some((name, wanted)) = routing::target(planned) else { return Ok(None) };
        let found = api.load("route table", table, tables).await?;
        let route = found.as_ref().and_then(|table| routing::route_to(table, &to));
        let is = route.is_some_and(|it| routing::target_of(it, name).as_deref() == Some(wanted));
        Ok(is.then(|| Made::id(id(table, &to))))
    }

    fn import(&self, id: &str) -> std::result::Result<Vec<(&'static str, Value)>, String> {
        let Some((table, to)) = id.split_once('_').filter(|(_, to)| !to.is_empty()) else {
            return Err(format!(
                "{id:?} is not ROUTETABLEID_DESTINATION, such as \"rtb-1_10.0.0.0/8\"."
            ));
        };
        let to = Destination::parse(to);
        let name = match &to {
            Destination::V4(_) => DESTINATIONS[0],
            Destination::V6(_) => DESTINATIONS[1],
            Destination::PrefixList(_) => DESTINATIONS[2],
        };
        Ok(vec![("route_table_id", Value::string(table)), (name, Value::string(to.text()))])
    }
}

/// What a new route is besides what was asked for. AWS takes a route through a gateway only if it is
/// there, and then it is active; the others may be no route at all (a peering that is not accepted),
/// or belong to what is not said (the interface of an instance): those are looked at.
fn told(target: &str, local: bool) -> Row {
    let mut row = Row::new();
    if !local && ["egress_only_gateway_id", "gateway_id", "nat_gateway_id"].contains(&target) {
        row.set("instance_id", Json::Null)
            .set("instance_owner_id", Json::Null)
            .set("network_interface_id", Json::Null)
            .set("origin", RouteOrigin::CreateRoute.as_str())
            .set("state", RouteState::Active.as_str());
    }
    row
}

/// Of these names exactly one must be given.
fn one(problems: &mut Problems, what: &str, names: &[&str], given: Vec<&'static str>) {
    match given[..] {
        [_] => {}
        [] => {
            let message = format!("A route needs a {what}: one of {}.", names.join(", "));
            problems.add(names[0], "Missing required argument", message);
        }
        [first, second, ..] => {
            let message = format!("{first:?} and {second:?} cannot both be set; remove one.");
            problems.add(second, "Conflicting configuration arguments", message);
        }
    }
}

/// Adopted as local, or imported with its target still to be found out?
fn may_be_local(prior: Fields<'_>) -> bool {
    prior.str("gateway_id") == Some(LOCAL) || routing::target(prior).is_none()
}

/// `r-TABLE` and the CRC of the destination, as hashicorp/aws has it.
fn id(table: &str, to: &Destination) -> String {
    format!("r-{table}{}", crc32(to.text()))
}

/// CRC-32 as in IEEE 802.3.
fn crc32(text: &str) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 };
    !text.bytes().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(byte), step))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_those_of_hashicorp_aws() {
        assert_eq!(crc32("123456789"), 0xCBF4_3926);
        assert_eq!(id("rtb-1", &Destination::parse("0.0.0.0/0")), "r-rtb-11080289494");
    }

    #[test]
    fn import_ids_name_table_and_destination() {
        let known = Route.import("rtb-1_::/0").unwrap();
        assert_eq!(known[1], (DESTINATIONS[1], Value::string("::/0")));
        for bad in ["rtb-1", "rtb-1_", ""] {
            assert!(Route.import(bad).is_err(), "{bad}");
        }
    }
}
