//! What AWS says of an instance, as attributes.
//!
//! Blocks that AWS fills in where a configuration has none are shown only where it has them.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::*;
use futures::future::try_join_all;
use kprov_core::Value;
use serde_json::{Value as Json, json};

use crate::api::Api;
use crate::ec2::ebs_volume::volumes;
use crate::ec2::{instances, pairs};
use crate::fields::Fields;
use crate::resource::Result;
use crate::row::Row;

/// All but what takes further calls.
pub(super) fn row(api: &Api, it: &Instance, owner: &str, prior: Fields<'_>) -> Row {
    let id = it.instance_id().unwrap_or_default();
    let place = it.placement();
    let profile = it.iam_instance_profile().and_then(|profile| profile.arn());
    let monitored = it.monitoring().and_then(|monitoring| monitoring.state());
    let mut row = Row::new();
    row.set("id", id)
        .set("arn", format!("arn:{}:ec2:{}:{owner}:instance/{id}", api.partition(), api.region()))
        .set("ami", it.image_id())
        .set("availability_zone", place.and_then(|place| place.availability_zone()))
        .set("tenancy", place.and_then(|place| place.tenancy()).map(Tenancy::as_str))
        .set("placement_group", place.and_then(|place| place.group_name()))
        .set("placement_group_id", place.and_then(|place| place.group_id()))
        .set("placement_partition_number", place.and_then(|place| place.partition_number()))
        .set("host_id", place.and_then(|place| place.host_id()))
        .set("host_resource_group_arn", place.and_then(|it| it.host_resource_group_arn()))
        .set("ebs_optimized", it.ebs_optimized())
        .set("hibernation", it.hibernation_options().and_then(|it| it.configured()))
        .set("iam_instance_profile", profile.and_then(|arn| arn.rsplit('/').next()))
        .set("instance_lifecycle", it.instance_lifecycle().map(InstanceLifecycleType::as_str))
        .set("instance_state", instances::state(it).map(InstanceStateName::as_str))
        .set("instance_type", it.instance_type().map(InstanceType::as_str))
        .set("key_name", it.key_name())
        .set(
            "monitoring",
            matches!(monitored, Some(MonitoringState::Enabled | MonitoringState::Pending)),
        )
        .set("outpost_arn", it.outpost_arn())
        .set("private_dns", it.private_dns_name())
        .set("private_ip", it.private_ip_address())
        .set("public_dns", it.public_dns_name())
        .set("public_ip", it.public_ip_address())
        .set("spot_instance_request_id", it.spot_instance_request_id())
        .set("subnet_id", it.subnet_id())
        .tags(pairs(it.tags()));
    let cpu = it.cpu_options();
    row.set("cpu_core_count", cpu.and_then(|cpu| cpu.core_count()))
        .set("cpu_threads_per_core", cpu.and_then(|cpu| cpu.threads_per_core()));
    network(&mut row, it, prior);
    blocks(&mut row, it, prior);
    row
}

fn network(row: &mut Row, it: &Instance, prior: Fields<'_>) {
    let primary = it
        .network_interfaces()
        .iter()
        .find(|it| it.attachment().and_then(|at| at.device_index()) == Some(0))
        .or(it.network_interfaces().first());
    let Some(primary) = primary else {
        let groups = it.security_groups().iter().filter_map(|it| it.group_id());
        row.strings("vpc_security_group_ids", groups);
        return;
    };
    let six = primary.ipv6_addresses();
    let groups = primary.groups().iter().filter_map(|group| group.group_id());
    let more = primary.private_ip_addresses().iter().filter(|it| it.primary() != Some(true));
    row.set("primary_network_interface_id", primary.network_interface_id())
        .set("source_dest_check", it.source_dest_check().or(primary.source_dest_check()))
        .set("ipv6_address_count", six.len())
        .set("enable_primary_ipv6", six.iter().any(|it| it.is_primary_ipv6() == Some(true)))
        .strings("ipv6_addresses", six.iter().filter_map(|it| it.ipv6_address()))
        .strings("secondary_private_ips", more.filter_map(|it| it.private_ip_address()))
        .strings("vpc_security_group_ids", groups);
    // Only what the instance began with counts: one that is stopped has no public address, and one
    // that was given another address is not to be made anew for it.
    if prior.str("instance_state").is_none() {
        row.set("associate_public_ip_address", primary.association().is_some());
    }
    if prior.block("primary_network_interface").is_some() {
        let id = primary.network_interface_id();
        let delete = primary.attachment().and_then(|at| at.delete_on_termination());
        let block = json!([{"network_interface_id": id, "delete_on_termination": delete}]);
        row.set("primary_network_interface", block);
    }
}

fn blocks(row: &mut Row, it: &Instance, prior: Fields<'_>) {
    let mut set = |name: &str, block: Option<Json>| {
        if prior.block(name).is_some() {
            row.set(name, Vec::from_iter(block));
        }
    };
    set(
        "metadata_options",
        it.metadata_options().map(|it| {
            json!({
                "http_endpoint": it.http_endpoint().map(|it| it.as_str()),
                "http_protocol_ipv6": it.http_protocol_ipv6().map(|it| it.as_str()),
                "http_put_response_hop_limit": it.http_put_response_hop_limit(),
                "http_tokens": it.http_tokens().map(|it| it.as_str()),
                "instance_metadata_tags": it.instance_metadata_tags().map(|it| it.as_str()),
            })
        }),
    );
    set(
        "cpu_options",
        it.cpu_options().map(|it| {
            json!({
                "amd_sev_snp": it.amd_sev_snp().map(|it| it.as_str()),
                "core_count": it.core_count(),
                "threads_per_core": it.threads_per_core(),
            })
        }),
    );
    set("enclave_options", it.enclave_options().map(|it| json!({"enabled": it.enabled()})));
    set(
        "maintenance_options",
        it.maintenance_options()
            .map(|it| json!({"auto_recovery": it.auto_recovery().map(|it| it.as_str())})),
    );
    set(
        "private_dns_name_options",
        it.private_dns_name_options().map(|it| {
            json!({
                "hostname_type": it.hostname_type().map(|it| it.as_str()),
                "enable_resource_name_dns_a_record": it.enable_resource_name_dns_a_record(),
                "enable_resource_name_dns_aaaa_record": it.enable_resource_name_dns_aaaa_record(),
            })
        }),
    );
    set(
        "capacity_reservation_specification",
        it.capacity_reservation_specification().map(|it| {
            let target = it.capacity_reservation_target().map(|target| {
                json!({
                    "capacity_reservation_id": target.capacity_reservation_id(),
                    "capacity_reservation_resource_group_arn":
                        target.capacity_reservation_resource_group_arn(),
                })
            });
            json!({
                "capacity_reservation_preference":
                    it.capacity_reservation_preference().map(|it| it.as_str()),
                "capacity_reservation_target": Vec::from_iter(target),
            })
        }),
    );
    kept(row, prior);
}

/// Blocks of which AWS does not tell all: as written, and nothing where AWS chose.
fn kept(row: &mut Row, prior: Fields<'_>) {
    if let Some(block) = prior.block("instance_market_options") {
        let spot = block.block("spot_options").map(|spot| {
            json!({
                "instance_interruption_behavior":
                    spot.str("instance_interruption_behavior").unwrap_or("terminate"),
                "max_price": spot.str("max_price").unwrap_or_default(),
                "spot_instance_type": spot.str("spot_instance_type").unwrap_or("one-time"),
                "valid_until": spot.str("valid_until").unwrap_or_default(),
            })
        });
        let kind = block.str("market_type").unwrap_or("spot");
        let block = json!([{"market_type": kind, "spot_options": Vec::from_iter(spot)}]);
        row.set("instance_market_options", block);
    }
}

/// Volumes of the root device and of the devices that the configuration names.
pub(super) async fn devices(
    api: &Api,
    it: &Instance,
    prior: Fields<'_>,
    row: &mut Row,
) -> Result<()> {
    let all = it.block_device_mappings();
    let of = |name: Option<&str>| {
        all.iter().find(|it| it.device_name() == name).and_then(|it| it.ebs()).cloned()
    };
    let root = of(it.root_device_name());
    if let Some(before) = prior.block("root_block_device") {
        let block = match &root {
            Some(disk) => device(api, disk, before).await?.map(|mut block| {
                block["device_name"] = json!(it.root_device_name());
                if let Some(block) = block.as_object_mut() {
                    block.remove("snapshot_id");
                }
                block
            }),
            None => None,
        };
        row.set("root_block_device", Vec::from_iter(block));
    }
    let named: Vec<Fields<'_>> = prior.blocks("ebs_block_device").collect();
    if !named.is_empty() {
        let work = named.into_iter().map(|before| async move {
            let name = before.str("device_name");
            let Some(disk) = of(name) else { return Ok(None) };
            let block = device(api, &disk, before).await?;
            Ok(block.map(|mut block| {
                block["device_name"] = json!(name);
                block
            }))
        });
        let blocks: Vec<Json> = try_join_all(work).await?.into_iter().flatten().collect();
        row.set("ebs_block_device", blocks);
    }
    if !prior.map("volume_tags").is_empty() {
        let ids: Vec<String> =
            all.iter().filter_map(|it| it.ebs().and_then(|ebs| ebs.volume_id.clone())).collect();
        volume_tags(api, &ids, row).await?;
    }
    Ok(())
}

async fn volume_tags(api: &Api, ids: &[String], row: &mut Row) -> Result<()> {
    let mut tags: BTreeMap<String, String> = BTreeMap::new();
    let found = try_join_all(ids.iter().map(|id| api.load("volume", id, volumes))).await?;
    for volume in found.into_iter().flatten() {
        let own = pairs(volume.tags()).filter(|(key, _)| !api.tag_rules().hides(key));
        tags.extend(own.map(|(key, value)| (key.to_owned(), value.to_owned())));
    }
    row.set("volume_tags", json!(tags));
    Ok(())
}

async fn device(
    api: &Api,
    disk: &EbsInstanceBlockDevice,
    before: Fields<'_>,
) -> Result<Option<Json>> {
    let id = disk.volume_id().unwrap_or_default();
    let Some(volume) = api.load("volume", id, volumes).await? else { return Ok(None) };
    let tags: crate::tags::Tags =
        pairs(volume.tags()).map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    let (own, all) = api.tag_rules().shown(&tags, before.get("tags"));
    let of_block = before.is_set("tags");
    Ok(Some(json!({
        "delete_on_termination": disk.delete_on_termination(),
        "encrypted": volume.encrypted(),
        "iops": volume.iops(),
        "kms_key_id": volume.kms_key_id(),
        "snapshot_id": volume.snapshot_id(),
        "throughput": volume.throughput(),
        "volume_id": id,
        "volume_size": volume.size(),
        "volume_type": volume.volume_type().map(VolumeType::as_str),
        "tags": of_block.then(|| texts(&own)),
        "tags_all": texts(&all),
    })))
}

fn texts(map: &Value) -> BTreeMap<String, String> {
    let entries = map.as_entries().into_iter().flatten();
    entries
        .filter_map(|(key, text)| Some((key.as_str().to_owned(), text.as_str()?.to_owned())))
        .collect()
}
