//! Routes as all types that have them see them: where to, through what, and what AWS keeps itself.

use aws_sdk_ec2::types::{Route, RouteOrigin, RouteTable};
use serde_json::{Value as Json, json};

use super::filter;
use crate::api::{Api, AwsError};
use crate::cidr;
use crate::fields::{Fields, Problems};
use crate::resource::Result;

type Found<T> = std::collections::HashMap<String, T>;

/// The gateway of a VPC's own routes.
pub(super) const LOCAL: &str = "local";

/// What a route can lead through, by attribute of aws_route. Inline routes have most of them.
pub(super) const TARGETS: [&str; 10] = [
    "carrier_gateway_id",
    "core_network_arn",
    "egress_only_gateway_id",
    "gateway_id",
    "local_gateway_id",
    "nat_gateway_id",
    "network_interface_id",
    "transit_gateway_id",
    "vpc_endpoint_id",
    "vpc_peering_connection_id",
];

/// Where a route leads to.
#[derive(Clone, Debug)]
pub(super) enum Destination {
    V4(String),
    V6(String),
    PrefixList(String),
}

impl Destination {
    /// Of a block whose attributes have these names, in the order of the variants.
    pub(super) fn of(block: Fields<'_>, names: [&str; 3]) -> Option<Destination> {
        let [v4, v6, list] = names;
        None.or_else(|| block.string(v4).map(Destination::V4))
            .or_else(|| block.string(v6).map(Destination::V6))
            .or_else(|| block.string(list).map(Destination::PrefixList))
    }

    /// Of an inline route.
    pub(crate) fn inline(block: Fields<'_>) -> Option<Destination> {
        Destination::of(block, ["cidr_block", "ipv6_cidr_block", "destination_prefix_list_id"])
    }

    /// From its text alone, as in import ids.
    pub(super) fn parse(text: &str) -> Destination {
        match text {
            _ if text.starts_with("pl-") => Destination::PrefixList(text.to_owned()),
            _ if text.contains(':') => Destination::V6(text.to_owned()),
            _ => Destination::V4(text.to_owned()),
        }
    }

    pub(super) fn text(&self) -> &str {
        match self {
            Destination::V4(text) | Destination::V6(text) | Destination::PrefixList(text) => text,
        }
    }

    pub(super) fn v4(&self) -> Option<String> {
        if let Destination::V4(text) = self { Some(text.clone()) } else { None }
    }

    pub(super) fn v6(&self) -> Option<String> {
        if let Destination::V6(text) = self { Some(text.clone()) } else { None }
    }

    pub(super) fn list(&self) -> Option<String> {
        if let Destination::PrefixList(text) = self { Some(text.clone()) } else { None }
    }

    /// The same, however it is spelt?
    pub(super) fn is(&self, other: &Destination) -> bool {
        cidr::same(self.text(), other.text())
    }

    fn leads(&self, route: &Route) -> bool {
        destination(route).is_some_and(|actual| self.is(&actual))
    }
}

/// Where AWS's route leads to.
pub(super) fn destination(route: &Route) -> Option<Destination> {
    None.or_else(|| route.destination_cidr_block.clone().map(Destination::V4))
        .or_else(|| route.destination_ipv6_cidr_block.clone().map(Destination::V6))
        .or_else(|| route.destination_prefix_list_id.clone().map(Destination::PrefixList))
}

/// The target attribute and its value of a block; nothing where it is unknown.
pub(super) fn target<'a>(block: Fields<'a>) -> Option<(&'static str, &'a str)> {
    TARGETS.into_iter().find_map(|name| Some((name, block.str(name)?)))
}

/// What AWS's route leads through.
pub(super) fn target_of(route: &Route, name: &str) -> Option<String> {
    // Endpoints of Gateway Load Balancers are told as gateways.
    let endpoint = |id: &&str| id.starts_with("vpce-");
    match name {
        "carrier_gateway_id" => route.carrier_gateway_id(),
        "core_network_arn" => route.core_network_arn(),
        "egress_only_gateway_id" => route.egress_only_internet_gateway_id(),
        "gateway_id" => route.gateway_id().filter(|id| !endpoint(id)),
        "local_gateway_id" => route.local_gateway_id(),
        "nat_gateway_id" => route.nat_gateway_id(),
        "network_interface_id" => route.network_interface_id(),
        "transit_gateway_id" => route.transit_gateway_id(),
        "vpc_endpoint_id" => route.gateway_id().filter(endpoint),
        "vpc_peering_connection_id" => route.vpc_peering_connection_id(),
        _ => None,
    }
    .map(str::to_owned)
}

/// Is it of the table's owner, or of AWS: the VPC's own, those of gateway endpoints and of lattices,
/// and what VPN gateways propagate?
pub(crate) fn is_own(route: &Route) -> bool {
    let gateway = route.gateway_id().unwrap_or_default();
    route.origin() != Some(&RouteOrigin::EnableVgwRoutePropagation)
        && gateway != LOCAL
        && gateway != "VpcLattice"
        && !(route.destination_prefix_list_id().is_some() && gateway.starts_with("vpce-"))
}

/// Targets that aws_route_table's inline routes have and aws_default_route_table's have not.
const NOT_IN_DEFAULT: [&str; 2] = ["carrier_gateway_id", "local_gateway_id"];

/// An inline route of a default route table.
pub(super) fn inline_of_default(route: &Route, before: Fields<'_>) -> Json {
    let mut cell = inline(route, before);
    if let Some(cell) = cell.as_object_mut() {
        cell.retain(|name, _| !NOT_IN_DEFAULT.contains(&name.as_str()));
        // Instances are told by their interfaces.
        cell.insert("instance_id".to_owned(), Json::Null);
    }
    cell
}

/// An inline route as AWS has it; the destination as `before` spells it.
pub(crate) fn inline(route: &Route, before: Fields<'_>) -> Json {
    let actual = destination(route);
    let spelt = before
        .blocks("route")
        .filter_map(Destination::inline)
        .find(|spelt| actual.as_ref().is_some_and(|actual| actual.is(spelt)))
        .or(actual);
    let spelt = spelt.as_ref();
    let mut cell = serde_json::Map::new();
    cell.insert("cidr_block".to_owned(), json!(spelt.and_then(Destination::v4)));
    cell.insert("ipv6_cidr_block".to_owned(), json!(spelt.and_then(Destination::v6)));
    cell.insert("destination_prefix_list_id".to_owned(), json!(spelt.and_then(Destination::list)));
    for name in TARGETS {
        cell.insert(name.to_owned(), json!(target_of(route, name)));
    }
    Json::Object(cell)
}

/// The table's routes that `before` should show: those of its owner, and local ones that it names.
pub(super) fn shown<'t>(table: &'t RouteTable, before: Fields<'_>) -> Vec<&'t Route> {
    let named: Vec<Destination> = before.blocks("route").filter_map(Destination::inline).collect();
    let is_named = |route: &Route| named.iter().any(|named| named.leads(route));
    let local = |route: &Route| route.gateway_id() == Some(LOCAL) && is_named(route);
    table.routes().iter().filter(|route| is_own(route) || local(route)).collect()
}

/// The route of that destination, whoever made it.
pub(super) fn route_to<'t>(table: &'t RouteTable, to: &Destination) -> Option<&'t Route> {
    let propagated =
        |route: &Route| route.origin() == Some(&RouteOrigin::EnableVgwRoutePropagation);
    table.routes().iter().find(|route| to.leads(route) && !propagated(route))
}

/// Checks the inline routes of a configuration.
pub(super) fn validate(config: Fields<'_>, problems: &mut Problems) {
    let mut seen: Vec<Destination> = Vec::new();
    for block in config.blocks("route") {
        let names = ["cidr_block", "ipv6_cidr_block", "destination_prefix_list_id"];
        let set = names.iter().filter(|name| is_given(block, name)).count();
        let summary = "Invalid route";
        if set != 1 {
            let message = format!("A route needs exactly one of {}.", names.join(", "));
            problems.add("route", summary, message);
        }
        let targets: Vec<_> = TARGETS
            .into_iter()
            .chain(["instance_id"])
            .filter(|name| is_given(block, name))
            .collect();
        if targets.len() != 1 {
            let message = format!(
                "A route needs exactly one target, such as gateway_id or nat_gateway_id; it has {}.",
                if targets.is_empty() { "none".to_owned() } else { targets.join(" and ") }
            );
            problems.add("route", summary, message);
        }
        let (v4, v6) = (block.str("cidr_block"), block.str("ipv6_cidr_block"));
        let checks = [
            v4.map(|it| cidr::problem(it, true, 0, 32)),
            v6.map(|it| cidr::problem(it, false, 0, 128)),
        ];
        for why in checks.into_iter().flatten().filter_map(std::result::Result::err) {
            problems.add("route", "Invalid CIDR block", why);
        }
        if let Some(to) = Destination::inline(block) {
            if seen.iter().any(|other| other.is(&to)) {
                let message = format!("There are two routes to {:?}.", to.text());
                problems.add("route", summary, message);
            }
            seen.push(to);
        }
    }
}

/// Set to more than "", which old modules say for nothing?
pub(super) fn is_given(block: Fields<'_>, name: &str) -> bool {
    block.is_set(name) && block.text(name) != Some("")
}

/// Brings a table's routes to `wanted`. Those in `old` that are not wanted go;
/// without `old`, all.
pub(super) async fn sync(
    api: &Api,
    table: &RouteTable,
    wanted: Fields<'_>,
    old: Option<Fields<'_>>,
) -> Result<()> {
    let id = table.route_table_id().unwrap_or_default();
    let destinations: Vec<Destination> =
        wanted.blocks("route").filter_map(Destination::inline).collect();
    let named: Option<Vec<Destination>> =
        old.map(|old| old.blocks("route").filter_map(Destination::inline).collect());
    for route in table.routes().iter().filter(|route| is_own(route)) {
        let Some(to) = destination(route) else { continue };
        let ours = named.as_ref().is_none_or(|named| named.iter().any(|named| named.is(&to)));
        if ours && !destinations.iter().any(|wanted| wanted.is(&to)) {
            remove(api, id, route, &to).await?;
        }
    }
    for block in wanted.blocks("route") {
        let Some(to) = Destination::inline(block) else { continue };
        let Some(through) = target(block) else { continue };
        put(api, table, &to, through).await.map_err(|error| error.at("route"))?;
    }
    Ok(())
}

/// Makes the table's route to `to` lead through `through`.
pub(super) async fn put(
    api: &Api,
    table: &RouteTable,
    to: &Destination,
    through: (&'static str, &str),
) -> Result<()> {
    let id = table.route_table_id().unwrap_or_default();
    match route_to(table, to) {
        Some(now) if target_of(now, through.0).as_deref() == Some(through.1) => Ok(()),
        Some(_) => replace(api, id, to, through).await,
        None => create(api, id, to, through).await,
    }
}

/// A call about the route to `to` of a table.
macro_rules! about {
    ($call:expr, $table:expr, $to:expr) => {
        $call
            .route_table_id($table)
            .set_destination_cidr_block($to.v4())
            .set_destination_ipv6_cidr_block($to.v6())
            .set_destination_prefix_list_id($to.list())
    };
}

/// [`about`], with the target, of which `is` gives the id by the attribute's name.
macro_rules! leading {
    ($call:expr, $table:expr, $to:expr, $is:expr) => {
        about!($call, $table, $to)
            .set_carrier_gateway_id($is("carrier_gateway_id"))
            .set_core_network_arn($is("core_network_arn"))
            .set_egress_only_internet_gateway_id($is("egress_only_gateway_id"))
            .set_gateway_id($is("gateway_id"))
            .set_local_gateway_id($is("local_gateway_id"))
            .set_nat_gateway_id($is("nat_gateway_id"))
            .set_network_interface_id($is("network_interface_id"))
            .set_transit_gateway_id($is("transit_gateway_id"))
            .set_vpc_endpoint_id($is("vpc_endpoint_id"))
            .set_vpc_peering_connection_id($is("vpc_peering_connection_id"))
    };
}

/// CreateRoute.
pub(super) async fn create(
    api: &Api,
    table: &str,
    to: &Destination,
    (name, id): (&'static str, &str),
) -> Result<()> {
    if (name, id) == ("gateway_id", LOCAL) {
        let message = format!(
            "Route table {table} has no local route to {:?}: local routes are AWS's, and can only be \
             adopted. Its destination must be a CIDR block of the VPC.",
            to.text()
        );
        return Err(AwsError::refused("InvalidRoute.Local", message));
    }
    let is = |wanted: &str| (wanted == name).then(|| id.to_owned());
    let call = || leading!(api.ec2().create_route(), table, to, is).send();
    api.call("ec2", "CreateRoute", call).await.map(|_| ())
}

/// ReplaceRoute. A target of "local" gives a VPC's own route back to it.
pub(super) async fn replace(
    api: &Api,
    table: &str,
    to: &Destination,
    (name, id): (&'static str, &str),
) -> Result<()> {
    let local = (name, id) == ("gateway_id", LOCAL);
    let is = |wanted: &str| (wanted == name && !local).then(|| id.to_owned());
    let call = || {
        let call = leading!(api.ec2().replace_route(), table, to, is);
        call.set_local_target(local.then_some(true)).send()
    };
    api.call("ec2", "ReplaceRoute", call).await.map(|_| ())
}

/// Removes a route; the VPC's own, which was made to lead elsewhere, becomes local again.
pub(super) async fn remove(api: &Api, table: &str, route: &Route, to: &Destination) -> Result<()> {
    if route.origin() == Some(&RouteOrigin::CreateRouteTable) {
        return match route.gateway_id() {
            Some(LOCAL) => Ok(()),
            _ => replace(api, table, to, ("gateway_id", LOCAL)).await,
        };
    }
    let call = || about!(api.ec2().delete_route(), table, to).send();
    match api.call("ec2", "DeleteRoute", call).await {
        Err(error) if error.is(&["InvalidRoute.NotFound"]) => Ok(()),
        result => result.map(|_| ()),
    }
}

/// Switches propagation of VPN gateways' routes on and off.
pub(super) async fn propagate(api: &Api, table: &RouteTable, wanted: &[String]) -> Result<()> {
    let id = table.route_table_id().unwrap_or_default();
    let now: Vec<&str> = table.propagating_vgws().iter().filter_map(|it| it.gateway_id()).collect();
    for gateway in now.iter().filter(|now| !wanted.iter().any(|wanted| wanted == *now)) {
        let call = || {
            let call = api.ec2().disable_vgw_route_propagation();
            call.route_table_id(id).gateway_id(*gateway).send()
        };
        api.call("ec2", "DisableVgwRoutePropagation", call).await?;
    }
    for gateway in wanted.iter().filter(|wanted| !now.contains(&wanted.as_str())) {
        let call = || {
            let call = api.ec2().enable_vgw_route_propagation();
            call.route_table_id(id).gateway_id(gateway).send()
        };
        let result = api.call("ec2", "EnableVgwRoutePropagation", call).await;
        result.map_err(|error| error.at("propagating_vgws"))?;
    }
    Ok(())
}

/// Route tables that match.
pub(crate) async fn describe(
    api: &Api,
    by: Vec<aws_sdk_ec2::types::Filter>,
) -> Result<Vec<RouteTable>> {
    let ask = |token| {
        let call = api.ec2().describe_route_tables().set_filters(Some(by.clone()));
        call.set_next_token(token).send()
    };
    let all = api.pages("ec2", "DescribeRouteTables", ask, |answer| {
        (answer.route_tables, answer.next_token)
    });
    all.await
}

/// Route tables by id.
pub(super) async fn tables(api: Api, ids: Vec<String>) -> Result<Found<RouteTable>> {
    let all = describe(&api, vec![filter("route-table-id", ids)]).await?.into_iter();
    Ok(all.filter_map(|it| Some((it.route_table_id.clone()?, it))).collect())
}
