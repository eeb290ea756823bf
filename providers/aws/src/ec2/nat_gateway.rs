//! `aws_nat_gateway`. Its delete waits until AWS has deleted it, so that the address can go then.

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_ec2::types::{
    AvailabilityMode, AvailabilityZoneAddress, ConnectivityType, NatGateway as Gateway,
    NatGatewayAddress, NatGatewayAddressStatus, NatGatewayState,
};
use serde_json::json;

use super::{filter, pairs, tag_specification};
use crate::api::{Api, AwsError, Progress};
use crate::fields::{Fields, Problems};
use crate::resource::{AwsResource, Changes, Create, Made, Plan, Result, Tagging};
use crate::row::Row;

type Found<T> = std::collections::HashMap<String, T>;

const CREATE: Duration = Duration::from_secs(10 * 60);
const DELETE: Duration = Duration::from_secs(30 * 60);

#[derive(Debug)]
pub(crate) struct NatGateway;

#[async_trait]
impl AwsResource for NatGateway {
    fn tagging(&self) -> Tagging {
        Tagging::Ec2("natgateway")
    }

    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        problems.one_of(config, "connectivity_type", &["public", "private"]);
        problems.one_of(config, "availability_mode", &["zonal", "regional"]);
        problems.conflicts(
            config,
            &["secondary_private_ip_address_count", "secondary_private_ip_addresses"],
        );
        let missing = "Missing required argument";
        let private = config.str("connectivity_type") == Some("private");
        if config.is_unknown("availability_mode") || config.is_unknown("connectivity_type") {
            return;
        }
        if config.str("availability_mode") == Some("regional") {
            if !config.is_set("vpc_id") {
                problems.add("vpc_id", missing, "A regional NAT gateway needs \"vpc_id\".");
            }
            if config.is_set("subnet_id") {
                let message = "A regional NAT gateway has no subnet; remove \"subnet_id\".";
                problems.add("subnet_id", "Conflicting configuration arguments", message);
            }
            return;
        }
        if !config.is_set("subnet_id") {
            problems.add("subnet_id", missing, "A zonal NAT gateway needs \"subnet_id\".");
        }
        if private && config.is_set("allocation_id") {
            let message = "A private NAT gateway has no public address; remove \"allocation_id\".";
            problems.add("allocation_id", "Conflicting configuration arguments", message);
        }
        if !private && !config.is_set("allocation_id") {
            let message = "A public NAT gateway needs \"allocation_id\": the id of an aws_eip.";
            problems.add("allocation_id", missing, message);
        }
    }

    fn plan(&self, plan: &mut Plan<'_>) {
        let secondary = ["secondary_allocation_ids", "secondary_private_ip_addresses"];
        if plan.changes(secondary[0]) {
            plan.unknown(secondary[1]);
            plan.unknown("secondary_private_ip_address_count");
        }
        if plan.changes(secondary[1]) {
            plan.unknown("secondary_private_ip_address_count");
        }
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let found = api.load("nat gateway", prior.id(), gateways).await?;
        let Some(gateway) = found.filter(|gateway| !is_over(gateway)) else { return Ok(None) };
        let regional = gateway.availability_mode() == Some(&AvailabilityMode::Regional);
        let mut row = Row::new();
        row.set("id", prior.id())
            .set("subnet_id", gateway.subnet_id())
            .set("vpc_id", gateway.vpc_id())
            .set("availability_mode", if regional { "regional" } else { "zonal" })
            .set("connectivity_type", gateway.connectivity_type().map(ConnectivityType::as_str))
            .set("auto_provision_zones", gateway.auto_provision_zones().map(|it| it.as_str()))
            .set("auto_scaling_ips", gateway.auto_scaling_ips().map(|it| it.as_str()))
            .set("route_table_id", gateway.route_table_id())
            .tags(pairs(gateway.tags()));
        addresses(&gateway, regional, &mut row);
        Ok(Some(row))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        let planned = create.planned;
        let tags = tag_specification("natgateway", &create.tags_with_token());
        let regional = planned.str("availability_mode") == Some("regional");
        let zones: Vec<AvailabilityZoneAddress> = planned
            .blocks("availability_zone_address")
            .map(|zone| {
                AvailabilityZoneAddress::builder()
                    .set_availability_zone(zone.string("availability_zone"))
                    .set_availability_zone_id(zone.string("availability_zone_id"))
                    .set_allocation_ids(zone.some_strings("allocation_ids"))
                    .build()
            })
            .collect();
        let make = || {
            api.ec2()
                .create_nat_gateway()
                .client_token(create.token)
                .set_allocation_id(planned.string("allocation_id"))
                .set_subnet_id(planned.string("subnet_id"))
                .set_vpc_id(planned.string("vpc_id").filter(|_| regional))
                .set_availability_mode(regional.then_some(AvailabilityMode::Regional))
                .set_availability_zone_addresses(Some(zones.clone()).filter(|it| !it.is_empty()))
                .set_connectivity_type(planned.str("connectivity_type").map(Into::into))
                .set_private_ip_address(planned.string("private_ip"))
                .set_secondary_allocation_ids(planned.some_strings("secondary_allocation_ids"))
                .set_secondary_private_ip_addresses(
                    planned.some_strings("secondary_private_ip_addresses"),
                )
                .set_secondary_private_ip_address_count(
                    planned.i32("secondary_private_ip_address_count").filter(|count| *count > 0),
                )
                .tag_specifications(tags.clone())
                .send()
        };
        let answer = api.call("ec2", "CreateNatGateway", make).await?;
        let id = answer.nat_gateway.and_then(|gateway| gateway.nat_gateway_id);
        Ok(Made::id(id.unwrap_or_default()))
    }

    async fn complete(&self, api: &Api, id: &str, create: Create<'_>) -> Result<()> {
        let patience = create.planned.timeout("create", CREATE);
        api.wait("nat gateway", id, patience, gateways, usable).await
    }

    async fn update(&self, api: &Api, changes: Changes<'_>) -> Result<()> {
        let id = changes.id();
        let Some(now) = api.load("nat gateway", id, gateways).await? else { return Ok(()) };
        if changes.planned.str("connectivity_type") == Some("private") {
            if changes.has("secondary_private_ip_addresses") {
                change_private(api, &now, changes).await?;
            }
        } else if changes.any(&["secondary_allocation_ids", "secondary_private_ip_addresses"]) {
            change_public(api, &now, changes).await?;
        }
        let patience = changes.planned.timeout("update", CREATE);
        api.wait("nat gateway", id, patience, gateways, usable).await
    }

    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        let id = prior.id();
        let delete = || api.ec2().delete_nat_gateway().nat_gateway_id(id).send();
        api.call("ec2", "DeleteNatGateway", delete).await?;
        let patience = prior.timeout("delete", DELETE);
        let gone = |gateway: Option<&Gateway>| match gateway {
            Some(gateway) if gateway.state() != Some(&NatGatewayState::Deleted) => {
                Progress::Pending(gateway.state().map_or("", |state| state.as_str()).to_owned())
            }
            _ => Progress::Done(()),
        };
        api.wait("nat gateway", id, patience, gateways, gone).await
    }
}

/// Deleted, or never to be: AWS takes a failed gateway away by itself.
fn is_over(gateway: &Gateway) -> bool {
    use NatGatewayState::{Deleted, Deleting, Failed};
    matches!(gateway.state(), Some(Deleted | Deleting | Failed))
}

fn usable(gateway: Option<&Gateway>) -> Progress<()> {
    let Some(gateway) = gateway else { return Progress::Pending("not visible".to_owned()) };
    let settled = gateway.nat_gateway_addresses().iter().all(|address| {
        address.status().is_none_or(|status| *status == NatGatewayAddressStatus::Succeeded)
    });
    match gateway.state() {
        Some(NatGatewayState::Available) if settled => Progress::Done(()),
        Some(NatGatewayState::Failed) => {
            let code = gateway.failure_code().unwrap_or("Failed");
            let why = gateway.failure_message().unwrap_or("AWS does not say why");
            let id = gateway.nat_gateway_id().unwrap_or_default();
            Progress::Failed(AwsError::refused(code, format!("NAT gateway {id} failed: {why}.")))
        }
        state => Progress::Pending(state.map_or("", |state| state.as_str()).to_owned()),
    }
}

fn addresses(gateway: &Gateway, regional: bool, row: &mut Row) {
    let all = gateway.nat_gateway_addresses();
    if regional {
        let each = all.iter().map(|it| {
            json!({
                "allocation_id": it.allocation_id(),
                "association_id": it.association_id(),
                "availability_zone": it.availability_zone(),
                "availability_zone_id": it.availability_zone_id(),
                "network_interface_id": it.network_interface_id(),
                "public_ip": it.public_ip(),
                "status": it.status().map(NatGatewayAddressStatus::as_str),
            })
        });
        row.set("regional_nat_gateway_address", each.collect::<Vec<_>>());
        return;
    }
    let primary = all.iter().find(|it| it.is_primary() == Some(true)).or(match all {
        [only] => Some(only),
        _ => None,
    });
    let others = || all.iter().filter(|it| primary.is_none_or(|main| !std::ptr::eq(*it, main)));
    let allocations = others().filter_map(NatGatewayAddress::allocation_id);
    let private: Vec<&str> = others().filter_map(NatGatewayAddress::private_ip).collect();
    row.set("allocation_id", primary.and_then(|it| it.allocation_id()))
        .set("association_id", primary.and_then(|it| it.association_id()))
        .set("network_interface_id", primary.and_then(|it| it.network_interface_id()))
        .set("private_ip", primary.and_then(|it| it.private_ip()))
        .set("public_ip", primary.and_then(|it| it.public_ip()))
        .strings("secondary_allocation_ids", allocations)
        .set("secondary_private_ip_address_count", private.len())
        .strings("secondary_private_ip_addresses", private);
}

/// What `old` has and `new` has not.
fn without(old: &BTreeSet<String>, new: &BTreeSet<String>) -> Option<Vec<String>> {
    Some(old.difference(new).cloned().collect::<Vec<_>>()).filter(|rest| !rest.is_empty())
}

fn secondary(now: &Gateway) -> impl Iterator<Item = &NatGatewayAddress> {
    now.nat_gateway_addresses().iter().filter(|it| it.is_primary() == Some(false))
}

async fn change_private(api: &Api, now: &Gateway, changes: Changes<'_>) -> Result<()> {
    let id = changes.id();
    let name = "secondary_private_ip_addresses";
    let old = secondary(now).filter_map(|it| it.private_ip()).map(str::to_owned).collect();
    let new = changes.planned.strings(name).into_iter().collect();
    if let Some(gone) = without(&old, &new) {
        let call = || {
            let call = api.ec2().unassign_private_nat_gateway_address().nat_gateway_id(id);
            call.set_private_ip_addresses(Some(gone.clone())).send()
        };
        api.call("ec2", "UnassignPrivateNatGatewayAddress", call).await.map_err(|e| e.at(name))?;
    }
    if let Some(more) = without(&new, &old) {
        let call = || {
            let call = api.ec2().assign_private_nat_gateway_address().nat_gateway_id(id);
            call.set_private_ip_addresses(Some(more.clone())).send()
        };
        api.call("ec2", "AssignPrivateNatGatewayAddress", call).await.map_err(|e| e.at(name))?;
    }
    Ok(())
}

async fn change_public(api: &Api, now: &Gateway, changes: Changes<'_>) -> Result<()> {
    let id = changes.id();
    let name = "secondary_allocation_ids";
    let new: BTreeSet<String> = changes.planned.strings(name).into_iter().collect();
    let old = secondary(now).filter_map(|it| it.allocation_id()).map(str::to_owned).collect();
    let gone: Vec<String> = secondary(now)
        .filter(|it| it.allocation_id().is_some_and(|allocation| !new.contains(allocation)))
        .filter_map(|it| it.association_id().map(str::to_owned))
        .collect();
    if !gone.is_empty() {
        let call = || {
            let call = api.ec2().disassociate_nat_gateway_address().nat_gateway_id(id);
            call.set_association_ids(Some(gone.clone())).send()
        };
        api.call("ec2", "DisassociateNatGatewayAddress", call).await.map_err(|e| e.at(name))?;
    }
    if let Some(more) = without(&new, &old) {
        let private = changes.config.some_strings("secondary_private_ip_addresses");
        let private = private.filter(|private| private.len() == more.len());
        let call = || {
            let call = api.ec2().associate_nat_gateway_address().nat_gateway_id(id);
            let call = call.set_private_ip_addresses(private.clone());
            call.set_allocation_ids(Some(more.clone())).send()
        };
        api.call("ec2", "AssociateNatGatewayAddress", call).await.map_err(|e| e.at(name))?;
    }
    Ok(())
}

/// NAT gateways by id.
async fn gateways(api: Api, ids: Vec<String>) -> Result<Found<Gateway>> {
    let all = super::nat_gateways(&api, filter("nat-gateway-id", ids)).await?.into_iter();
    Ok(all.filter_map(|it| Some((it.nat_gateway_id.clone()?, it))).collect())
}
