//! Changes of an instance in place: some need it to be stopped, most do not.

use std::time::Duration;

use aws_sdk_ec2::primitives::Blob;
use aws_sdk_ec2::types::*;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::sent;
use crate::api::Api;
use crate::ec2::ebs_volume;
use crate::ec2::instances::{instances, start, state, stop};
use crate::ec2::{filter, truth};
use crate::fields::{Fields, same};
use crate::resource::{Changes, Result, retag_ec2};
use crate::tags::difference;

/// What AWS only changes of a stopped instance.
const STOPPED: [&str; 3] = ["instance_type", "user_data", "user_data_base64"];

const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// All of them.
pub(super) async fn update(api: &Api, changes: Changes<'_>) -> Result<()> {
    let (id, planned) = (changes.id(), changes.planned);
    let patience = planned.timeout("update", PATIENCE);
    attributes(api, changes).await?;
    if changes.has("iam_instance_profile") {
        profile(api, id, planned).await?;
    }
    if changes.has("monitoring") {
        if planned.bool("monitoring") == Some(true) {
            let make = || api.ec2().monitor_instances().instance_ids(id).send();
            api.call("ec2", "MonitorInstances", make).await?;
        } else {
            let make = || api.ec2().unmonitor_instances().instance_ids(id).send();
            api.call("ec2", "UnmonitorInstances", make).await?;
        }
    }
    options(api, changes).await?;
    addresses(api, changes).await?;
    volumes(api, changes, patience).await?;
    if STOPPED.iter().any(|name| changes.has(name)) {
        let now = api.load("instance", id, instances).await?;
        let runs = now.as_ref().and_then(state) == Some(&InstanceStateName::Running);
        if runs {
            stop(api, id, patience).await?;
        }
        stopped(api, changes).await?;
        if runs {
            start(api, id, patience).await?;
        }
    }
    Ok(())
}

/// ModifyInstanceAttribute changes one attribute per call.
async fn attributes(api: &Api, changes: Changes<'_>) -> Result<()> {
    let (id, planned) = (changes.id(), changes.planned);
    let names = [
        "vpc_security_group_ids",
        "source_dest_check",
        "disable_api_stop",
        "disable_api_termination",
        "instance_initiated_shutdown_behavior",
    ];
    for name in names.into_iter().filter(|name| changes.has(name)) {
        set_attribute(api, id, name, planned).await?;
    }
    Ok(())
}

/// Sets one attribute to what is planned.
pub(super) async fn set_attribute(
    api: &Api,
    id: &str,
    name: &'static str,
    planned: Fields<'_>,
) -> Result<()> {
    let value = truth(planned.bool(name).unwrap_or(false));
    let make = || {
        let call = api.ec2().modify_instance_attribute().instance_id(id);
        match name {
            "vpc_security_group_ids" => call.set_groups(Some(planned.strings(name))),
            "source_dest_check" => call.source_dest_check(value.clone()),
            "disable_api_stop" => call.disable_api_stop(value.clone()),
            "disable_api_termination" => call.disable_api_termination(value.clone()),
            _ => {
                let text = planned.str(name).unwrap_or("stop");
                let value = AttributeValue::builder().value(text).build();
                call.instance_initiated_shutdown_behavior(value)
            }
        }
        .send()
    };
    let result = api.call("ec2", "ModifyInstanceAttribute", make).await;
    result.map(|_| ()).map_err(|error| error.at(name))
}

async fn stopped(api: &Api, changes: Changes<'_>) -> Result<()> {
    let (id, planned) = (changes.id(), changes.planned);
    if changes.has("instance_type") {
        let kind = AttributeValue::builder().set_value(planned.string("instance_type")).build();
        let make = || {
            let call = api.ec2().modify_instance_attribute().instance_id(id);
            call.instance_type(kind.clone()).send()
        };
        let result = api.call("ec2", "ModifyInstanceAttribute", make).await;
        result.map_err(|error| error.at("instance_type"))?;
    }
    if changes.any(&["user_data", "user_data_base64"]) {
        let text = sent::encoded_user_data(planned).unwrap_or_default();
        // The SDK encodes what it is given.
        let raw = STANDARD.decode(text).unwrap_or_default();
        let value = SecureBlobAttributeValue::builder().value(Blob::new(raw)).build();
        let make = || {
            let call = api.ec2().modify_instance_attribute().instance_id(id);
            call.user_data(value.clone()).send()
        };
        let result = api.call("ec2", "ModifyInstanceAttribute", make).await;
        result.map_err(|error| error.at("user_data"))?;
    }
    Ok(())
}

async fn profile(api: &Api, id: &str, planned: Fields<'_>) -> Result<()> {
    let by = filter("instance-id", [id]);
    let live = filter("state", ["associating", "associated"]);
    let ask = || {
        let call = api.ec2().describe_iam_instance_profile_associations();
        call.filters(by.clone()).filters(live.clone()).send()
    };
    let answer = api.call("ec2", "DescribeIamInstanceProfileAssociations", ask).await?;
    let now = answer
        .iam_instance_profile_associations()
        .first()
        .and_then(|it| it.association_id())
        .map(str::to_owned);
    match (now, sent::profile(planned)) {
        (None, None) => Ok(()),
        (Some(now), None) => {
            let make = || api.ec2().disassociate_iam_instance_profile().association_id(&now).send();
            api.call("ec2", "DisassociateIamInstanceProfile", make).await.map(|_| ())
        }
        (None, Some(wanted)) => {
            let make = || {
                let call = api.ec2().associate_iam_instance_profile().instance_id(id);
                call.iam_instance_profile(wanted.clone()).send()
            };
            let work =
                || async { api.call("ec2", "AssociateIamInstanceProfile", make).await.map(|_| ()) };
            api.insist(super::PROPAGATION, super::is_unknown_profile, work).await
        }
        (Some(now), Some(wanted)) => {
            let make = || {
                let call = api.ec2().replace_iam_instance_profile_association();
                call.association_id(&now).iam_instance_profile(wanted.clone()).send()
            };
            let work = || async {
                api.call("ec2", "ReplaceIamInstanceProfileAssociation", make).await.map(|_| ())
            };
            api.insist(super::PROPAGATION, super::is_unknown_profile, work).await
        }
    }
}

async fn options(api: &Api, changes: Changes<'_>) -> Result<()> {
    let (id, planned) = (changes.id(), changes.planned);
    if changes.has("metadata_options")
        && let Some(options) = sent::metadata(planned)
    {
        let make = || {
            api.ec2()
                .modify_instance_metadata_options()
                .instance_id(id)
                .set_http_endpoint(options.http_endpoint().cloned())
                .set_http_protocol_ipv6(options.http_protocol_ipv6().cloned())
                .set_http_put_response_hop_limit(options.http_put_response_hop_limit())
                .set_http_tokens(options.http_tokens().cloned())
                .set_instance_metadata_tags(options.instance_metadata_tags().cloned())
                .send()
        };
        let result = api.call("ec2", "ModifyInstanceMetadataOptions", make).await;
        result.map_err(|error| error.at("metadata_options"))?;
    }
    if changes.has("maintenance_options")
        && let Some(block) = planned.block("maintenance_options")
    {
        let recovery = block.str("auto_recovery").map(InstanceAutoRecoveryState::from);
        let make = || {
            let call = api.ec2().modify_instance_maintenance_options().instance_id(id);
            call.set_auto_recovery(recovery.clone()).send()
        };
        api.call("ec2", "ModifyInstanceMaintenanceOptions", make).await?;
    }
    if changes.has("credit_specification")
        && let Some(credits) =
            planned.block("credit_specification").and_then(|it| it.string("cpu_credits"))
    {
        let wanted = InstanceCreditSpecificationRequest::builder()
            .instance_id(id)
            .cpu_credits(credits)
            .build();
        let make = || {
            let call = api.ec2().modify_instance_credit_specification();
            call.instance_credit_specifications(wanted.clone()).send()
        };
        api.call("ec2", "ModifyInstanceCreditSpecification", make).await?;
    }
    if changes.has("capacity_reservation_specification")
        && let Some(wanted) = sent::reservation(planned)
    {
        let make = || {
            let call = api.ec2().modify_instance_capacity_reservation_attributes();
            let call = call.instance_id(id);
            call.capacity_reservation_specification(wanted.clone()).send()
        };
        api.call("ec2", "ModifyInstanceCapacityReservationAttributes", make).await?;
    }
    Ok(())
}

async fn addresses(api: &Api, changes: Changes<'_>) -> Result<()> {
    if !changes.has("secondary_private_ips") {
        return Ok(());
    }
    let interface = changes.prior.str("primary_network_interface_id").unwrap_or_default();
    let name = "secondary_private_ips";
    let (old, new) = (changes.prior.strings(name), changes.planned.strings(name));
    let without = |all: &[String], others: &[String]| -> Vec<String> {
        all.iter().filter(|it| !others.contains(it)).cloned().collect()
    };
    let (gone, added) = (without(&old, &new), without(&new, &old));
    if !gone.is_empty() {
        let make = || {
            let call = api.ec2().unassign_private_ip_addresses().network_interface_id(interface);
            call.set_private_ip_addresses(Some(gone.clone())).send()
        };
        api.call("ec2", "UnassignPrivateIpAddresses", make).await?;
    }
    if !added.is_empty() {
        let make = || {
            let call = api.ec2().assign_private_ip_addresses().network_interface_id(interface);
            call.set_private_ip_addresses(Some(added.clone())).send()
        };
        api.call("ec2", "AssignPrivateIpAddresses", make).await.map_err(|error| error.at(name))?;
    }
    Ok(())
}

async fn volumes(api: &Api, changes: Changes<'_>, patience: Duration) -> Result<()> {
    let (old, new) = (changes.prior.map("volume_tags"), changes.planned.map("volume_tags"));
    if changes.has("volume_tags") {
        let (removed, written) = difference(&old, &new);
        let found = api.load("instance", changes.id(), instances).await?;
        let devices = found.map(|it| it.block_device_mappings().to_vec()).unwrap_or_default();
        for volume in devices.iter().filter_map(|it| it.ebs().and_then(|ebs| ebs.volume_id())) {
            retag_ec2(api, volume, &removed, &written).await?;
        }
    }
    let Some(root) = changes.planned.block("root_block_device") else { return Ok(()) };
    let Some(before) = changes.prior.block("root_block_device") else { return Ok(()) };
    let volume = before.str("volume_id").unwrap_or_default();
    let differs = |names: &[&str]| names.iter().any(|name| !same(before, root, name));
    if differs(&["volume_size", "volume_type", "iops", "throughput"]) && !volume.is_empty() {
        let modified = ebs_volume::modify(api, volume, root, "volume_type", patience).await;
        modified.map_err(|error| error.at("root_block_device"))?;
    }
    if differs(&["delete_on_termination"]) {
        let disk = EbsInstanceBlockDeviceSpecification::builder()
            .set_delete_on_termination(root.bool("delete_on_termination"))
            .build();
        let device = InstanceBlockDeviceMappingSpecification::builder()
            .set_device_name(before.string("device_name"))
            .ebs(disk)
            .build();
        let make = || {
            let call = api.ec2().modify_instance_attribute().instance_id(changes.id());
            call.block_device_mappings(device.clone()).send()
        };
        api.call("ec2", "ModifyInstanceAttribute", make).await?;
    }
    let (removed, written) = difference(&before.map("tags"), &root.map("tags"));
    retag_ec2(api, volume, &removed, &written).await
}
