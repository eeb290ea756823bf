//! What a launch template says, as CreateLaunchTemplate takes it.

use aws_sdk_ec2::types::*;
use aws_smithy_types::date_time::Format;

use crate::ec2::requirements;
use crate::fields::Fields;

/// `"true"`, `"false"` and `""` (AWS decides), as users write them.
pub(super) fn flag(block: Fields<'_>, name: &str) -> Option<bool> {
    match block.str(name)? {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

/// Blocks as a list; `None` where there are none.
fn list<'a, T>(object: Fields<'a>, name: &str, make: impl Fn(Fields<'a>) -> T) -> Option<Vec<T>> {
    let all: Vec<T> = object.blocks(name).map(make).collect();
    Some(all).filter(|all| !all.is_empty())
}

/// The whole template.
pub(super) fn data(object: Fields<'_>) -> RequestLaunchTemplateData {
    let one = |name: &str| object.block(name);
    RequestLaunchTemplateData::builder()
        .set_image_id(object.string("image_id"))
        .set_instance_type(object.str("instance_type").map(InstanceType::from))
        .set_key_name(object.string("key_name"))
        .set_kernel_id(object.string("kernel_id"))
        .set_ram_disk_id(object.string("ram_disk_id"))
        .set_user_data(object.string("user_data"))
        .set_ebs_optimized(flag(object, "ebs_optimized"))
        .set_disable_api_stop(object.bool("disable_api_stop"))
        .set_disable_api_termination(object.bool("disable_api_termination"))
        .set_instance_initiated_shutdown_behavior(
            object.str("instance_initiated_shutdown_behavior").map(ShutdownBehavior::from),
        )
        .set_security_group_ids(object.some_strings("vpc_security_group_ids"))
        .set_security_groups(object.some_strings("security_group_names"))
        .set_block_device_mappings(list(object, "block_device_mappings", device))
        .set_network_interfaces(list(object, "network_interfaces", interface))
        .set_tag_specifications(list(object, "tag_specifications", tags))
        .set_license_specifications(list(object, "license_specification", license))
        .set_iam_instance_profile(one("iam_instance_profile").map(profile))
        .set_monitoring(one("monitoring").map(|it| {
            let enabled = it.bool("enabled").unwrap_or(false);
            LaunchTemplatesMonitoringRequest::builder().enabled(enabled).build()
        }))
        .set_placement(one("placement").map(placement))
        .set_instance_market_options(one("instance_market_options").map(market))
        .set_credit_specification(one("credit_specification").and_then(credits))
        .set_cpu_options(one("cpu_options").map(cpu))
        .set_capacity_reservation_specification(
            one("capacity_reservation_specification").map(reservation),
        )
        .set_hibernation_options(one("hibernation_options").map(|it| {
            let configured = it.bool("configured");
            LaunchTemplateHibernationOptionsRequest::builder().set_configured(configured).build()
        }))
        .set_metadata_options(one("metadata_options").map(metadata))
        .set_enclave_options(one("enclave_options").map(|it| {
            LaunchTemplateEnclaveOptionsRequest::builder().set_enabled(it.bool("enabled")).build()
        }))
        .set_instance_requirements(one("instance_requirements").map(requirements::ec2::expand))
        .set_private_dns_name_options(one("private_dns_name_options").map(dns_names))
        .set_maintenance_options(one("maintenance_options").map(|it| {
            let recovery = it.str("auto_recovery").map(LaunchTemplateAutoRecoveryState::from);
            LaunchTemplateInstanceMaintenanceOptionsRequest::builder()
                .set_auto_recovery(recovery)
                .build()
        }))
        .build()
}

fn device(block: Fields<'_>) -> LaunchTemplateBlockDeviceMappingRequest {
    let disk = block.block("ebs").map(|ebs| {
        // Zero is how configurations say nothing here.
        let number = |name: &str| ebs.i32(name).filter(|number| *number != 0);
        LaunchTemplateEbsBlockDeviceRequest::builder()
            .set_delete_on_termination(flag(ebs, "delete_on_termination"))
            .set_encrypted(flag(ebs, "encrypted"))
            .set_iops(number("iops"))
            .set_throughput(number("throughput"))
            .set_volume_size(number("volume_size"))
            .set_volume_initialization_rate(number("volume_initialization_rate"))
            .set_kms_key_id(ebs.string("kms_key_id"))
            .set_snapshot_id(ebs.string("snapshot_id"))
            .set_volume_type(ebs.str("volume_type").map(VolumeType::from))
            .build()
    });
    LaunchTemplateBlockDeviceMappingRequest::builder()
        .set_device_name(block.string("device_name"))
        .set_no_device(block.string("no_device"))
        .set_virtual_name(block.string("virtual_name"))
        .set_ebs(disk)
        .build()
}

fn interface(block: Fields<'_>) -> LaunchTemplateInstanceNetworkInterfaceSpecificationRequest {
    let count = |name: &str| block.i32(name).filter(|count| *count != 0);
    let primary = block.str("private_ip_address");
    let addresses = block.some_strings("ipv4_addresses").map(|all| {
        let one = |address: String| {
            PrivateIpAddressSpecification::builder()
                .primary(Some(address.as_str()) == primary)
                .private_ip_address(address)
                .build()
        };
        all.into_iter().map(one).collect()
    });
    let six = block.some_strings("ipv6_addresses").map(|all| {
        let one =
            |address: String| InstanceIpv6AddressRequest::builder().ipv6_address(address).build();
        all.into_iter().map(one).collect()
    });
    let prefixes = block.some_strings("ipv4_prefixes").map(|all| {
        let one = |it: String| Ipv4PrefixSpecificationRequest::builder().ipv4_prefix(it).build();
        all.into_iter().map(one).collect()
    });
    let six_prefixes = block.some_strings("ipv6_prefixes").map(|all| {
        let one = |it: String| Ipv6PrefixSpecificationRequest::builder().ipv6_prefix(it).build();
        all.into_iter().map(one).collect()
    });
    LaunchTemplateInstanceNetworkInterfaceSpecificationRequest::builder()
        .set_associate_carrier_ip_address(flag(block, "associate_carrier_ip_address"))
        .set_associate_public_ip_address(flag(block, "associate_public_ip_address"))
        .set_delete_on_termination(flag(block, "delete_on_termination"))
        .set_primary_ipv6(flag(block, "primary_ipv6"))
        .set_description(block.string("description"))
        .device_index(block.i32("device_index").unwrap_or(0))
        .set_network_card_index(count("network_card_index"))
        .set_interface_type(block.string("interface_type"))
        .set_network_interface_id(block.string("network_interface_id"))
        .set_subnet_id(block.string("subnet_id"))
        .set_groups(block.some_strings("security_groups"))
        .set_private_ip_address(block.string("private_ip_address"))
        .set_private_ip_addresses(addresses)
        .set_secondary_private_ip_address_count(count("ipv4_address_count"))
        .set_ipv6_addresses(six)
        .set_ipv6_address_count(count("ipv6_address_count"))
        .set_ipv4_prefixes(prefixes)
        .set_ipv4_prefix_count(count("ipv4_prefix_count"))
        .set_ipv6_prefixes(six_prefixes)
        .set_ipv6_prefix_count(count("ipv6_prefix_count"))
        .set_connection_tracking_specification(
            block.block("connection_tracking_specification").map(tracking),
        )
        .set_ena_srd_specification(block.block("ena_srd_specification").map(srd))
        .build()
}

fn tracking(block: Fields<'_>) -> ConnectionTrackingSpecificationRequest {
    ConnectionTrackingSpecificationRequest::builder()
        .set_tcp_established_timeout(block.i32("tcp_established_timeout"))
        .set_udp_stream_timeout(block.i32("udp_stream_timeout"))
        .set_udp_timeout(block.i32("udp_timeout"))
        .build()
}

fn srd(block: Fields<'_>) -> EnaSrdSpecificationRequest {
    let udp = block.block("ena_srd_udp_specification").map(|it| {
        EnaSrdUdpSpecificationRequest::builder()
            .set_ena_srd_udp_enabled(it.bool("ena_srd_udp_enabled"))
            .build()
    });
    EnaSrdSpecificationRequest::builder()
        .set_ena_srd_enabled(block.bool("ena_srd_enabled"))
        .set_ena_srd_udp_specification(udp)
        .build()
}

fn tags(block: Fields<'_>) -> LaunchTemplateTagSpecificationRequest {
    LaunchTemplateTagSpecificationRequest::builder()
        .set_resource_type(block.str("resource_type").map(ResourceType::from))
        .set_tags(Some(crate::ec2::tags(&block.map("tags"))))
        .build()
}

fn license(block: Fields<'_>) -> LaunchTemplateLicenseConfigurationRequest {
    LaunchTemplateLicenseConfigurationRequest::builder()
        .set_license_configuration_arn(block.string("license_configuration_arn"))
        .build()
}

fn profile(block: Fields<'_>) -> LaunchTemplateIamInstanceProfileSpecificationRequest {
    LaunchTemplateIamInstanceProfileSpecificationRequest::builder()
        .set_arn(block.string("arn"))
        .set_name(block.string("name"))
        .build()
}

fn placement(block: Fields<'_>) -> LaunchTemplatePlacementRequest {
    LaunchTemplatePlacementRequest::builder()
        .set_affinity(block.string("affinity"))
        .set_availability_zone(block.string("availability_zone"))
        .set_group_id(block.string("group_id"))
        .set_group_name(block.string("group_name"))
        .set_host_id(block.string("host_id"))
        .set_host_resource_group_arn(block.string("host_resource_group_arn"))
        .set_partition_number(block.i32("partition_number").filter(|number| *number != 0))
        .set_spread_domain(block.string("spread_domain"))
        .set_tenancy(block.str("tenancy").map(Tenancy::from))
        .build()
}

fn market(block: Fields<'_>) -> LaunchTemplateInstanceMarketOptionsRequest {
    let spot = block.block("spot_options").map(|spot| {
        let until = spot.str("valid_until");
        let until = until
            .and_then(|text| aws_smithy_types::DateTime::from_str(text, Format::DateTime).ok());
        let minutes = spot.i32("block_duration_minutes").filter(|minutes| *minutes != 0);
        LaunchTemplateSpotMarketOptionsRequest::builder()
            .set_block_duration_minutes(minutes)
            .set_max_price(spot.string("max_price"))
            .set_instance_interruption_behavior(
                spot.str("instance_interruption_behavior").map(InstanceInterruptionBehavior::from),
            )
            .set_spot_instance_type(spot.str("spot_instance_type").map(SpotInstanceType::from))
            .set_valid_until(until)
            .build()
    });
    LaunchTemplateInstanceMarketOptionsRequest::builder()
        .set_market_type(block.str("market_type").map(MarketType::from))
        .set_spot_options(spot)
        .build()
}

fn credits(block: Fields<'_>) -> Option<CreditSpecificationRequest> {
    let credits = block.string("cpu_credits")?;
    Some(CreditSpecificationRequest::builder().cpu_credits(credits).build())
}

fn cpu(block: Fields<'_>) -> LaunchTemplateCpuOptionsRequest {
    LaunchTemplateCpuOptionsRequest::builder()
        .set_amd_sev_snp(block.str("amd_sev_snp").map(AmdSevSnpSpecification::from))
        .set_core_count(block.i32("core_count").filter(|count| *count != 0))
        .set_threads_per_core(block.i32("threads_per_core").filter(|count| *count != 0))
        .build()
}

fn reservation(block: Fields<'_>) -> LaunchTemplateCapacityReservationSpecificationRequest {
    let target = block.block("capacity_reservation_target").map(|target| {
        CapacityReservationTarget::builder()
            .set_capacity_reservation_id(target.string("capacity_reservation_id"))
            .set_capacity_reservation_resource_group_arn(
                target.string("capacity_reservation_resource_group_arn"),
            )
            .build()
    });
    LaunchTemplateCapacityReservationSpecificationRequest::builder()
        .set_capacity_reservation_preference(
            block.str("capacity_reservation_preference").map(CapacityReservationPreference::from),
        )
        .set_capacity_reservation_target(target)
        .build()
}

fn metadata(block: Fields<'_>) -> LaunchTemplateInstanceMetadataOptionsRequest {
    let hops = block.i32("http_put_response_hop_limit").filter(|hops| *hops != 0);
    LaunchTemplateInstanceMetadataOptionsRequest::builder()
        .set_http_endpoint(
            block.str("http_endpoint").map(LaunchTemplateInstanceMetadataEndpointState::from),
        )
        .set_http_protocol_ipv6(
            block.str("http_protocol_ipv6").map(LaunchTemplateInstanceMetadataProtocolIpv6::from),
        )
        .set_http_put_response_hop_limit(hops)
        .set_http_tokens(block.str("http_tokens").map(LaunchTemplateHttpTokensState::from))
        .set_instance_metadata_tags(
            block.str("instance_metadata_tags").map(LaunchTemplateInstanceMetadataTagsState::from),
        )
        .build()
}

fn dns_names(block: Fields<'_>) -> LaunchTemplatePrivateDnsNameOptionsRequest {
    LaunchTemplatePrivateDnsNameOptionsRequest::builder()
        .set_hostname_type(block.str("hostname_type").map(HostnameType::from))
        .set_enable_resource_name_dns_a_record(block.bool("enable_resource_name_dns_a_record"))
        .set_enable_resource_name_dns_aaaa_record(
            block.bool("enable_resource_name_dns_aaaa_record"),
        )
        .build()
}
