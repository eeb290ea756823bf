//! What an instance says, as RunInstances takes it.

use aws_sdk_ec2::operation::run_instances::builders::RunInstancesInputBuilder as Input;
use aws_sdk_ec2::types::*;
use aws_smithy_types::date_time::Format;

use crate::ec2::user_data;
use crate::fields::Fields;

/// User data in Base64.
pub(super) fn encoded_user_data(object: Fields<'_>) -> Option<String> {
    let plain = object.str("user_data").map(user_data::encoded);
    plain.or_else(|| object.string("user_data_base64"))
}

/// What is run, and as whom.
pub(super) fn machine(input: Input, object: Fields<'_>) -> Input {
    let monitoring = object
        .bool("monitoring")
        .map(|enabled| RunInstancesMonitoringEnabled::builder().enabled(enabled).build());
    input
        .set_image_id(object.string("ami"))
        .set_instance_type(object.str("instance_type").map(InstanceType::from))
        .set_launch_template(template(object))
        .set_key_name(object.string("key_name"))
        .set_user_data(encoded_user_data(object))
        .set_iam_instance_profile(profile(object))
        .set_ebs_optimized(object.bool("ebs_optimized"))
        .set_disable_api_stop(object.bool("disable_api_stop"))
        .set_disable_api_termination(object.bool("disable_api_termination"))
        .set_instance_initiated_shutdown_behavior(
            object.str("instance_initiated_shutdown_behavior").map(ShutdownBehavior::from),
        )
        .set_monitoring(monitoring)
        .placement(placement(object))
}

/// Its options.
pub(super) fn options(input: Input, object: Fields<'_>) -> Input {
    let hibernation = object
        .bool("hibernation")
        .map(|it| HibernationOptionsRequest::builder().configured(it).build());
    let credits = object.block("credit_specification").and_then(|it| it.string("cpu_credits"));
    let credits =
        credits.map(|credits| CreditSpecificationRequest::builder().cpu_credits(credits).build());
    let enclave = object
        .block("enclave_options")
        .map(|it| EnclaveOptionsRequest::builder().set_enabled(it.bool("enabled")).build());
    let maintenance = object.block("maintenance_options").map(|it| {
        let recovery = it.str("auto_recovery").map(InstanceAutoRecoveryState::from);
        InstanceMaintenanceOptionsRequest::builder().set_auto_recovery(recovery).build()
    });
    input
        .set_hibernation_options(hibernation)
        .set_credit_specification(credits)
        .set_enclave_options(enclave)
        .set_maintenance_options(maintenance)
        .set_instance_market_options(market(object))
        .set_cpu_options(cpu(object))
        .set_metadata_options(metadata(object))
        .set_capacity_reservation_specification(reservation(object))
        .set_private_dns_name_options(dns_names(object))
}

/// Its network. What an interface says must not be said twice.
pub(super) fn network(input: Input, object: Fields<'_>) -> Input {
    let interfaces = interfaces(object);
    if interfaces.is_some() {
        return input.set_network_interfaces(interfaces);
    }
    let addresses = object.strings("ipv6_addresses").into_iter();
    let addresses: Vec<InstanceIpv6Address> =
        addresses.map(|it| InstanceIpv6Address::builder().ipv6_address(it).build()).collect();
    input
        .set_subnet_id(object.string("subnet_id"))
        .set_security_group_ids(object.some_strings("vpc_security_group_ids"))
        .set_security_groups(object.some_strings("security_groups"))
        .set_private_ip_address(object.string("private_ip"))
        .set_ipv6_address_count(object.i32("ipv6_address_count").filter(|it| *it != 0))
        .set_ipv6_addresses(Some(addresses).filter(|all| !all.is_empty()))
}

/// `arn` or name of an instance profile.
pub(super) fn profile(object: Fields<'_>) -> Option<IamInstanceProfileSpecification> {
    let name = object.string("iam_instance_profile")?;
    Some(IamInstanceProfileSpecification::builder().name(name).build())
}

/// Where it shall be.
pub(super) fn placement(object: Fields<'_>) -> Placement {
    Placement::builder()
        .set_availability_zone(object.string("availability_zone"))
        .set_group_name(object.string("placement_group"))
        .set_group_id(object.string("placement_group_id"))
        .set_host_id(object.string("host_id"))
        .set_host_resource_group_arn(object.string("host_resource_group_arn"))
        .set_partition_number(object.i32("placement_partition_number").filter(|it| *it != 0))
        .set_tenancy(object.str("tenancy").map(Tenancy::from))
        .build()
}

/// Its devices. `root` is the image's root device.
pub(super) fn devices(object: Fields<'_>, root: Option<&str>) -> Option<Vec<BlockDeviceMapping>> {
    let number = |block: Fields<'_>, name: &str| block.i32(name).filter(|number| *number != 0);
    let disk = |block: Fields<'_>| {
        EbsBlockDevice::builder()
            .set_delete_on_termination(block.bool("delete_on_termination"))
            .set_encrypted(block.bool("encrypted").filter(|encrypted| *encrypted))
            .set_iops(number(block, "iops"))
            .set_kms_key_id(block.string("kms_key_id"))
            .set_snapshot_id(block.string("snapshot_id"))
            .set_throughput(number(block, "throughput"))
            .set_volume_size(number(block, "volume_size"))
            .set_volume_type(block.str("volume_type").map(VolumeType::from))
            .build()
    };
    let mut all = Vec::new();
    if let Some(block) = object.block("root_block_device") {
        let name = root.map(str::to_owned);
        let device = BlockDeviceMapping::builder().set_device_name(name).ebs(disk(block));
        all.push(device.build());
    }
    for block in object.blocks("ebs_block_device") {
        let name = block.string("device_name");
        all.push(BlockDeviceMapping::builder().set_device_name(name).ebs(disk(block)).build());
    }
    for block in object.blocks("ephemeral_block_device") {
        let device = BlockDeviceMapping::builder()
            .set_device_name(block.string("device_name"))
            .set_virtual_name(block.string("virtual_name"))
            .set_no_device((block.bool("no_device") == Some(true)).then(String::new));
        all.push(device.build());
    }
    Some(all).filter(|all| !all.is_empty())
}

/// Its interfaces, where they cannot be left to AWS.
pub(super) fn interfaces(object: Fields<'_>) -> Option<Vec<InstanceNetworkInterfaceSpecification>> {
    let given = |block: Fields<'_>, index: Option<i32>| {
        InstanceNetworkInterfaceSpecification::builder()
            .set_network_interface_id(block.string("network_interface_id"))
            .set_device_index(index)
            .set_network_card_index(block.i32("network_card_index").filter(|it| *it != 0))
            .set_delete_on_termination(
                block.bool("delete_on_termination").filter(|_| index != Some(0)),
            )
            .build()
    };
    if let Some(block) = object.block("primary_network_interface") {
        return Some(vec![given(block, Some(0))]);
    }
    let all: Vec<_> =
        object.blocks("network_interface").map(|it| given(it, it.i32("device_index"))).collect();
    if !all.is_empty() {
        return Some(all);
    }
    if !needs_interface(object) {
        return None;
    }
    let addresses = object.strings("ipv6_addresses").into_iter();
    let addresses: Vec<InstanceIpv6Address> =
        addresses.map(|it| InstanceIpv6Address::builder().ipv6_address(it).build()).collect();
    let secondary: Vec<_> = object
        .strings("secondary_private_ips")
        .into_iter()
        .map(|it| PrivateIpAddressSpecification::builder().private_ip_address(it).build())
        .collect();
    let one = InstanceNetworkInterfaceSpecification::builder()
        .device_index(0)
        .set_associate_public_ip_address(object.bool("associate_public_ip_address"))
        .set_subnet_id(object.string("subnet_id"))
        .set_groups(object.some_strings("vpc_security_group_ids"))
        .set_private_ip_address(object.string("private_ip"))
        .set_private_ip_addresses(Some(secondary).filter(|all| !all.is_empty()))
        .set_ipv6_address_count(object.i32("ipv6_address_count").filter(|it| *it != 0))
        .set_ipv6_addresses(Some(addresses).filter(|all| !all.is_empty()))
        .set_primary_ipv6(object.bool("enable_primary_ipv6"));
    Some(vec![one.build()])
}

/// Is there something to say that only an interface can say?
pub(super) fn needs_interface(object: Fields<'_>) -> bool {
    object.bool("associate_public_ip_address").is_some()
        || !object.strings("secondary_private_ips").is_empty()
        || object.bool("enable_primary_ipv6") == Some(true)
}

/// Spot or not.
pub(super) fn market(object: Fields<'_>) -> Option<InstanceMarketOptionsRequest> {
    let block = object.block("instance_market_options")?;
    let spot = block.block("spot_options").map(|spot| {
        let until = spot.str("valid_until");
        let until = until
            .and_then(|text| aws_smithy_types::DateTime::from_str(text, Format::DateTime).ok());
        SpotMarketOptions::builder()
            .set_instance_interruption_behavior(
                spot.str("instance_interruption_behavior").map(InstanceInterruptionBehavior::from),
            )
            .set_max_price(spot.string("max_price"))
            .set_spot_instance_type(spot.str("spot_instance_type").map(SpotInstanceType::from))
            .set_valid_until(until)
            .build()
    });
    Some(
        InstanceMarketOptionsRequest::builder()
            .set_market_type(block.str("market_type").map(MarketType::from))
            .set_spot_options(spot)
            .build(),
    )
}

/// Cores and threads.
pub(super) fn cpu(object: Fields<'_>) -> Option<CpuOptionsRequest> {
    let block = object.block("cpu_options");
    let number = |name: &str, old: &str| {
        let number = block.and_then(|block| block.i32(name)).or(object.i32(old));
        number.filter(|number| *number != 0)
    };
    let core_count = number("core_count", "cpu_core_count");
    let threads = number("threads_per_core", "cpu_threads_per_core");
    let snp = block.and_then(|block| block.str("amd_sev_snp")).map(AmdSevSnpSpecification::from);
    (core_count.is_some() || threads.is_some() || snp.is_some()).then(|| {
        CpuOptionsRequest::builder()
            .set_core_count(core_count)
            .set_threads_per_core(threads)
            .set_amd_sev_snp(snp)
            .build()
    })
}

/// The metadata service.
pub(super) fn metadata(object: Fields<'_>) -> Option<InstanceMetadataOptionsRequest> {
    let block = object.block("metadata_options")?;
    Some(
        InstanceMetadataOptionsRequest::builder()
            .set_http_endpoint(block.str("http_endpoint").map(InstanceMetadataEndpointState::from))
            .set_http_protocol_ipv6(
                block.str("http_protocol_ipv6").map(InstanceMetadataProtocolState::from),
            )
            .set_http_put_response_hop_limit(
                block.i32("http_put_response_hop_limit").filter(|it| *it != 0),
            )
            .set_http_tokens(block.str("http_tokens").map(HttpTokensState::from))
            .set_instance_metadata_tags(
                block.str("instance_metadata_tags").map(InstanceMetadataTagsState::from),
            )
            .build(),
    )
}

/// The capacity reservation that it may use.
pub(super) fn reservation(object: Fields<'_>) -> Option<CapacityReservationSpecification> {
    let block = object.block("capacity_reservation_specification")?;
    let target = block.block("capacity_reservation_target").map(|target| {
        CapacityReservationTarget::builder()
            .set_capacity_reservation_id(target.string("capacity_reservation_id"))
            .set_capacity_reservation_resource_group_arn(
                target.string("capacity_reservation_resource_group_arn"),
            )
            .build()
    });
    let preference = block.str("capacity_reservation_preference");
    Some(
        CapacityReservationSpecification::builder()
            .set_capacity_reservation_preference(
                preference.map(CapacityReservationPreference::from),
            )
            .set_capacity_reservation_target(target)
            .build(),
    )
}

/// The launch template that it is made from.
pub(super) fn template(object: Fields<'_>) -> Option<LaunchTemplateSpecification> {
    let block = object.block("launch_template")?;
    let id = block.string("id");
    let name = block.string("name").filter(|_| id.is_none());
    Some(
        LaunchTemplateSpecification::builder()
            .set_launch_template_id(id)
            .set_launch_template_name(name)
            .set_version(block.string("version"))
            .build(),
    )
}

/// Names in the private zone.
pub(super) fn dns_names(object: Fields<'_>) -> Option<PrivateDnsNameOptionsRequest> {
    let block = object.block("private_dns_name_options")?;
    Some(
        PrivateDnsNameOptionsRequest::builder()
            .set_hostname_type(block.str("hostname_type").map(HostnameType::from))
            .set_enable_resource_name_dns_a_record(block.bool("enable_resource_name_dns_a_record"))
            .set_enable_resource_name_dns_aaaa_record(
                block.bool("enable_resource_name_dns_aaaa_record"),
            )
            .build(),
    )
}
