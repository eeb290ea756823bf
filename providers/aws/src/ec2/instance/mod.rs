//! `aws_instance`.

mod attributes;
mod changes;
mod sent;
mod shown;

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_ec2::operation::run_instances::RunInstancesInput;
use aws_sdk_ec2::types::{Instance as Found, InstanceStateName};

use super::instances::{instances, running, state, terminate};
use super::{filter, tag_specification, user_data};
use crate::api::{Api, AwsError};
use crate::fields::{Fields, Problems};
use crate::resource::{AwsResource, Changes, Create, Made, Plan, Result, Tagging, retag_ec2};
use crate::row::Row;

/// How long a new instance profile may be unknown to EC2.
const PROPAGATION: Duration = Duration::from_secs(2 * 60);

/// Attributes that AWS says anew when the instance was stopped in between.
const RESTARTED: [&str; 2] = ["public_dns", "public_ip"];

#[derive(Debug)]
pub(crate) struct Instance;

#[async_trait]
impl AwsResource for Instance {
    fn tagging(&self) -> Tagging {
        Tagging::Ec2("instance")
    }

    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        problems.conflicts(config, &["user_data", "user_data_base64"]);
        problems.conflicts(config, &["security_groups", "vpc_security_group_ids"]);
        problems.conflicts(config, &["host_id", "host_resource_group_arn"]);
        problems.conflicts(config, &["ipv6_address_count", "ipv6_addresses"]);
        problems.one_of(config, "tenancy", &["default", "dedicated", "host"]);
        problems.one_of(config, "instance_initiated_shutdown_behavior", &["stop", "terminate"]);
        user_data::check_plain(config, "user_data", problems);
        user_data::check_encoded(config, "user_data_base64", problems);
        if config.block("launch_template").is_none() && !config.is_unknown("launch_template") {
            for name in ["ami", "instance_type"].into_iter().filter(|name| !config.is_set(name)) {
                let message = format!("{name:?} is needed where there is no launch_template.");
                problems.add(name, "Missing required argument", message);
            }
        }
        if config.blocks("network_interface").next().is_some() {
            let others = ["subnet_id", "private_ip", "vpc_security_group_ids"];
            for name in others.into_iter().filter(|name| config.is_set(name)) {
                let message = format!("With network_interface, {name:?} is the interface's.");
                problems.add(name, "Conflicting configuration arguments", message);
            }
        }
    }

    fn plan(&self, plan: &mut Plan<'_>) {
        let data = ["user_data", "user_data_base64"];
        let replaces = plan.get("user_data_replace_on_change").as_bool() == Some(true);
        if plan.prior.is_none() {
            return;
        }
        for name in data.into_iter().filter(|_| replaces) {
            if plan.changes(name) {
                plan.replace(name);
            }
        }
        let restarts = data.iter().chain(&["instance_type"]).any(|name| plan.changes(name));
        if restarts {
            RESTARTED.into_iter().for_each(|name| plan.unknown(name));
        }
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let Some(found) = api.load("instance", prior.id(), instances).await? else {
            return Ok(None);
        };
        if state(&found) == Some(&InstanceStateName::Terminated) {
            return Ok(None);
        }
        let owner = api.identity().await?.account.clone();
        let mut row = shown::row(api, &found, &owner, prior);
        shown::devices(api, &found, prior, &mut row).await?;
        attributes::read(api, prior.id(), prior, &mut row).await?;
        Ok(Some(row))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        let planned = create.planned;
        let root = match planned.block("root_block_device") {
            Some(_) => {
                let image = planned.str("ami").unwrap_or_default();
                api.load("root device of image", image, root_devices).await?
            }
            None => None,
        };
        let id = api
            .insist(PROPAGATION, is_unknown_profile, || run(api, create, root.as_deref()))
            .await
            .map_err(at_fault)?;
        Ok(Made::id(id))
    }

    async fn complete(&self, api: &Api, id: &str, create: Create<'_>) -> Result<()> {
        let planned = create.planned;
        let patience = planned.timeout("create", Duration::from_secs(10 * 60));
        let found = api
            .wait("instance", id, patience, instances, |found: Option<&Found>| {
                match running(id, found) {
                    crate::api::Progress::Done(()) => crate::api::Progress::Done(found.cloned()),
                    crate::api::Progress::Pending(state) => crate::api::Progress::Pending(state),
                    crate::api::Progress::Failed(error) => crate::api::Progress::Failed(error),
                }
            })
            .await?;
        if planned.bool("source_dest_check") == Some(false)
            && planned.blocks("network_interface").next().is_none()
        {
            changes::set_attribute(api, id, "source_dest_check", planned).await?;
        }
        match found {
            Some(found) => tag_devices(api, &found, planned).await,
            None => Ok(()),
        }
    }

    async fn update(&self, api: &Api, changes: Changes<'_>) -> Result<()> {
        changes::update(api, changes).await
    }

    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        let id = prior.id();
        if prior.bool("force_destroy") == Some(true) {
            for name in ["disable_api_termination", "disable_api_stop"] {
                if prior.bool(name) == Some(true) {
                    changes::set_attribute(api, id, name, Fields(&kprov_core::Value::NULL)).await?;
                }
            }
        }
        let patience = prior.timeout("delete", Duration::from_secs(20 * 60));
        terminate(api, id, patience).await.map_err(|mut error| {
            if error.is(&["OperationNotPermitted"]) {
                error.message = format!(
                    "{} Set \"disable_api_termination\" to false first, or \"force_destroy\" to \
                     true.",
                    error.message
                );
            }
            error
        })
    }
}

/// Does EC2 not know the instance profile yet?
fn is_unknown_profile(error: &AwsError) -> bool {
    error.is(&["InvalidParameterValue"])
        && (error.message.contains("Invalid IAM Instance Profile")
            || error.message.contains("has no associated IAM Roles"))
}

/// The attribute that AWS's code is about.
fn at_fault(error: AwsError) -> AwsError {
    let code = error.code.clone();
    match code.as_str() {
        "InvalidAMIID.NotFound" | "InvalidAMIID.Malformed" | "InvalidAMIID.Unavailable" => {
            error.at("ami")
        }
        "InvalidSubnetID.NotFound" => error.at("subnet_id"),
        "InvalidGroup.NotFound" => error.at("vpc_security_group_ids"),
        "InvalidKeyPair.NotFound" => error.at("key_name"),
        "InsufficientInstanceCapacity" => error.at("availability_zone"),
        "Unsupported" => error.at("instance_type"),
        _ => error,
    }
}

async fn run(api: &Api, create: Create<'_>, root: Option<&str>) -> Result<String> {
    let planned = create.planned;
    let mut tags = vec![tag_specification("instance", &create.tags_with_token())];
    let of_volumes = match planned.map("volume_tags") {
        own if own.is_empty() => api.tag_rules().all(&crate::tags::Tags::new()),
        own => own,
    };
    if !of_volumes.is_empty() {
        tags.push(tag_specification("volume", &of_volumes));
    }
    let input = RunInstancesInput::builder()
        .client_token(create.token)
        .min_count(1)
        .max_count(1)
        .set_block_device_mappings(sent::devices(planned, root))
        .set_tag_specifications(Some(tags));
    let input = sent::network(sent::options(sent::machine(input, planned), planned), planned);
    let client = api.ec2();
    let make = || input.clone().send_with(&client);
    let answer = api.call("ec2", "RunInstances", make).await?;
    let id = answer.instances.unwrap_or_default().into_iter().find_map(|it| it.instance_id);
    Ok(id.unwrap_or_default())
}

/// Tags that the blocks of devices say.
async fn tag_devices(api: &Api, found: &Found, planned: Fields<'_>) -> Result<()> {
    let root = found.root_device_name().unwrap_or_default();
    let root = planned.block("root_block_device").map(|block| (root, block));
    let others = planned.blocks("ebs_block_device");
    let others = others.map(|block| (block.str("device_name").unwrap_or_default(), block));
    for (name, block) in root.into_iter().chain(others) {
        let tags = block.map("tags");
        let device = found.block_device_mappings().iter().find(|it| it.device_name() == Some(name));
        let volume = device.and_then(|it| it.ebs()).and_then(|ebs| ebs.volume_id());
        if let Some(volume) = volume.filter(|_| !tags.is_empty()) {
            retag_ec2(api, volume, &[], &tags).await?;
        }
    }
    Ok(())
}

/// Names of root devices by image.
async fn root_devices(api: Api, images: Vec<String>) -> Result<HashMap<String, String>> {
    let by = filter("image-id", images);
    let ask = || api.ec2().describe_images().filters(by.clone()).send();
    let answer = api.call("ec2", "DescribeImages", ask).await?;
    let all = answer.images.unwrap_or_default().into_iter();
    Ok(all.filter_map(|image| Some((image.image_id?, image.root_device_name?))).collect())
}
