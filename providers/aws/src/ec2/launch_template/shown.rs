//! What a version of a launch template says, as attributes.

use aws_sdk_ec2::types::*;
use aws_smithy_types::date_time::Format;
use serde_json::{Value as Json, json};

use crate::ec2::{pairs, requirements};
use crate::row::Row;

/// A block that is there at most once.
fn one<T>(block: Option<&T>, make: impl Fn(&T) -> Json) -> Json {
    block.map_or_else(|| json!([]), |block| json!([make(block)]))
}

/// A bool that users write as text.
fn text(flag: Option<bool>) -> Option<String> {
    flag.map(|flag| flag.to_string())
}

fn all<T>(blocks: &[T], make: impl Fn(&T) -> Json) -> Json {
    Json::Array(blocks.iter().map(make).collect())
}

/// All of it.
pub(super) fn data(row: &mut Row, data: &ResponseLaunchTemplateData) {
    row.set("image_id", data.image_id())
        .set("instance_type", data.instance_type().map(InstanceType::as_str))
        .set("key_name", data.key_name())
        .set("kernel_id", data.kernel_id())
        .set("ram_disk_id", data.ram_disk_id())
        .set("user_data", data.user_data())
        .set("ebs_optimized", text(data.ebs_optimized()))
        .set("disable_api_stop", data.disable_api_stop())
        .set("disable_api_termination", data.disable_api_termination())
        .set(
            "instance_initiated_shutdown_behavior",
            data.instance_initiated_shutdown_behavior().map(ShutdownBehavior::as_str),
        )
        .strings("vpc_security_group_ids", data.security_group_ids())
        .strings("security_group_names", data.security_groups())
        .set("block_device_mappings", all(data.block_device_mappings(), device))
        .set("network_interfaces", all(data.network_interfaces(), interface))
        .set("tag_specifications", all(data.tag_specifications(), tags))
        .set(
            "license_specification",
            all(
                data.license_specifications(),
                |it| json!({"license_configuration_arn": it.license_configuration_arn()}),
            ),
        );
    blocks(row, data);
}

fn blocks(row: &mut Row, data: &ResponseLaunchTemplateData) {
    row.set(
        "iam_instance_profile",
        one(data.iam_instance_profile(), |it| json!({"arn": it.arn(), "name": it.name()})),
    )
    .set("monitoring", one(data.monitoring(), |it| json!({"enabled": it.enabled()})))
    .set("placement", one(data.placement(), placement))
    .set("instance_market_options", one(data.instance_market_options(), market))
    .set(
        "credit_specification",
        one(data.credit_specification(), |it| json!({"cpu_credits": it.cpu_credits()})),
    )
    .set("cpu_options", one(data.cpu_options(), cpu))
    .set(
        "capacity_reservation_specification",
        one(data.capacity_reservation_specification(), reservation),
    )
    .set(
        "hibernation_options",
        one(data.hibernation_options(), |it| json!({"configured": it.configured()})),
    )
    .set("metadata_options", one(data.metadata_options(), metadata))
    .set("enclave_options", one(data.enclave_options(), |it| json!({"enabled": it.enabled()})))
    .set("instance_requirements", one(data.instance_requirements(), requirements::ec2::shown))
    .set("private_dns_name_options", one(data.private_dns_name_options(), dns_names))
    .set(
        "maintenance_options",
        one(data.maintenance_options(), |it| {
            let recovery = it.auto_recovery().map(LaunchTemplateAutoRecoveryState::as_str);
            json!({"auto_recovery": recovery})
        }),
    );
}

fn device(it: &LaunchTemplateBlockDeviceMapping) -> Json {
    let ebs = one(it.ebs(), |ebs| {
        json!({
            "delete_on_termination": text(ebs.delete_on_termination()),
            "encrypted": text(ebs.encrypted()),
            "iops": ebs.iops(),
            "kms_key_id": ebs.kms_key_id(),
            "snapshot_id": ebs.snapshot_id(),
            "throughput": ebs.throughput(),
            "volume_initialization_rate": ebs.volume_initialization_rate(),
            "volume_size": ebs.volume_size(),
            "volume_type": ebs.volume_type().map(VolumeType::as_str),
        })
    });
    json!({
        "device_name": it.device_name(),
        "no_device": it.no_device(),
        "virtual_name": it.virtual_name(),
        "ebs": ebs,
    })
}

fn interface(it: &LaunchTemplateInstanceNetworkInterfaceSpecification) -> Json {
    let four: Vec<_> =
        it.private_ip_addresses().iter().filter_map(|it| it.private_ip_address()).collect();
    let six: Vec<_> = it.ipv6_addresses().iter().filter_map(|it| it.ipv6_address()).collect();
    let prefixes: Vec<_> = it.ipv4_prefixes().iter().filter_map(|it| it.ipv4_prefix()).collect();
    let six_prefixes: Vec<_> =
        it.ipv6_prefixes().iter().filter_map(|it| it.ipv6_prefix()).collect();
    let mut shown = json!({
        "associate_carrier_ip_address": text(it.associate_carrier_ip_address()),
        "associate_public_ip_address": text(it.associate_public_ip_address()),
        "delete_on_termination": text(it.delete_on_termination()),
        "primary_ipv6": text(it.primary_ipv6()),
        "description": it.description(),
        "device_index": it.device_index(),
        "network_card_index": it.network_card_index(),
        "interface_type": it.interface_type(),
        "network_interface_id": it.network_interface_id(),
        "subnet_id": it.subnet_id(),
        "security_groups": it.groups(),
        "private_ip_address": it.private_ip_address(),
        "ipv4_addresses": four,
        "ipv6_addresses": six,
        "ipv4_prefixes": prefixes,
        "ipv6_prefixes": six_prefixes,
    });
    shown["ipv4_address_count"] = json!(it.secondary_private_ip_address_count());
    shown["ipv6_address_count"] = json!(it.ipv6_address_count());
    shown["ipv4_prefix_count"] = json!(it.ipv4_prefix_count());
    shown["ipv6_prefix_count"] = json!(it.ipv6_prefix_count());
    shown["connection_tracking_specification"] =
        one(it.connection_tracking_specification(), |it| {
            json!({
                "tcp_established_timeout": it.tcp_established_timeout(),
                "udp_stream_timeout": it.udp_stream_timeout(),
                "udp_timeout": it.udp_timeout(),
            })
        });
    shown["ena_srd_specification"] = one(it.ena_srd_specification(), |it| {
        let udp = one(
            it.ena_srd_udp_specification(),
            |udp| json!({"ena_srd_udp_enabled": udp.ena_srd_udp_enabled()}),
        );
        json!({"ena_srd_enabled": it.ena_srd_enabled(), "ena_srd_udp_specification": udp})
    });
    shown
}

fn tags(it: &LaunchTemplateTagSpecification) -> Json {
    let tags: serde_json::Map<String, Json> =
        pairs(it.tags()).map(|(key, value)| (key.to_owned(), json!(value))).collect();
    json!({"resource_type": it.resource_type().map(ResourceType::as_str), "tags": tags})
}

fn placement(it: &LaunchTemplatePlacement) -> Json {
    json!({
        "affinity": it.affinity(),
        "availability_zone": it.availability_zone(),
        "group_id": it.group_id(),
        "group_name": it.group_name(),
        "host_id": it.host_id(),
        "host_resource_group_arn": it.host_resource_group_arn(),
        "partition_number": it.partition_number(),
        "spread_domain": it.spread_domain(),
        "tenancy": it.tenancy().map(Tenancy::as_str),
    })
}

fn market(it: &LaunchTemplateInstanceMarketOptions) -> Json {
    let spot = one(it.spot_options(), |spot| {
        let until = spot.valid_until().and_then(|until| until.fmt(Format::DateTime).ok());
        let behaviour = spot.instance_interruption_behavior();
        json!({
            "block_duration_minutes": spot.block_duration_minutes(),
            "instance_interruption_behavior":
                behaviour.map(InstanceInterruptionBehavior::as_str),
            "max_price": spot.max_price(),
            "spot_instance_type": spot.spot_instance_type().map(SpotInstanceType::as_str),
            "valid_until": until,
        })
    });
    json!({"market_type": it.market_type().map(MarketType::as_str), "spot_options": spot})
}

fn cpu(it: &LaunchTemplateCpuOptions) -> Json {
    json!({
        "amd_sev_snp": it.amd_sev_snp().map(AmdSevSnpSpecification::as_str),
        "core_count": it.core_count(),
        "threads_per_core": it.threads_per_core(),
    })
}

fn reservation(it: &LaunchTemplateCapacityReservationSpecificationResponse) -> Json {
    let target = one(it.capacity_reservation_target(), |target| {
        json!({
            "capacity_reservation_id": target.capacity_reservation_id(),
            "capacity_reservation_resource_group_arn":
                target.capacity_reservation_resource_group_arn(),
        })
    });
    json!({
        "capacity_reservation_preference":
            it.capacity_reservation_preference().map(CapacityReservationPreference::as_str),
        "capacity_reservation_target": target,
    })
}

fn metadata(it: &LaunchTemplateInstanceMetadataOptions) -> Json {
    json!({
        "http_endpoint":
            it.http_endpoint().map(LaunchTemplateInstanceMetadataEndpointState::as_str),
        "http_protocol_ipv6":
            it.http_protocol_ipv6().map(LaunchTemplateInstanceMetadataProtocolIpv6::as_str),
        "http_put_response_hop_limit": it.http_put_response_hop_limit(),
        "http_tokens": it.http_tokens().map(LaunchTemplateHttpTokensState::as_str),
        "instance_metadata_tags":
            it.instance_metadata_tags().map(LaunchTemplateInstanceMetadataTagsState::as_str),
    })
}

fn dns_names(it: &LaunchTemplatePrivateDnsNameOptions) -> Json {
    json!({
        "hostname_type": it.hostname_type().map(HostnameType::as_str),
        "enable_resource_name_dns_a_record": it.enable_resource_name_dns_a_record(),
        "enable_resource_name_dns_aaaa_record": it.enable_resource_name_dns_aaaa_record(),
    })
}
