//! `data.aws_ami`: the one image that matches, or the newest of them.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_ec2::types::{BlockDeviceMapping, Image};
use regex::Regex;
use serde_json::{Value as Json, json};

use super::{AwsData, filters};
use crate::api::{Api, AwsError};
use crate::ec2::pairs;
use crate::fields::{Fields, Problems};
use crate::resource::Result;
use crate::row::Row;

#[derive(Debug)]
pub(crate) struct Ami;

#[async_trait]
impl AwsData for Ami {
    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        if let Some(text) = config.str("name_regex")
            && Regex::new(text).is_err()
        {
            problems.add(
                "name_regex",
                "Invalid regular expression",
                format!("Cannot read {text:?}."),
            );
        }
        let by_owner = |block: Fields<'_>| {
            matches!(block.str("name"), Some("owner-id" | "owner-alias" | "image-id"))
        };
        let narrow = config.is_set("owners")
            || config.is_unknown("filter")
            || config.blocks("filter").any(by_owner)
            || config.bool("allow_unsafe_filter") == Some(true);
        if config.bool("most_recent") == Some(true) && !narrow {
            let message = "The newest image of anybody in the world may be an attacker's: say whose \
                           with \"owners\" (or \"allow_unsafe_filter\").";
            problems.add("most_recent", "Unsafe filter", message);
        }
    }

    async fn read(&self, api: &Api, config: Fields<'_>) -> Result<Row> {
        let mut found = images(api, config).await?;
        if let Some(pattern) = config.str("name_regex").and_then(|text| Regex::new(text).ok()) {
            found.retain(|image| image.name().is_some_and(|name| pattern.is_match(name)));
        }
        found.sort_by(|a, b| b.creation_date().cmp(&a.creation_date()));
        match found.len() {
            0 => {
                let message = "No image matches. Check the region, \"owners\" and the filters.";
                Err(AwsError::refused("NotFound", message))
            }
            count if count > 1 && config.bool("most_recent") != Some(true) => {
                let message = format!(
                    "{count} images match: narrow the filters, or take the newest with \
                     \"most_recent\"."
                );
                Err(AwsError::refused("TooMany", message))
            }
            _ => Ok(row(api, &found[0])),
        }
    }
}

async fn images(api: &Api, config: Fields<'_>) -> Result<Vec<Image>> {
    let by = Some(filters(config)).filter(|by| !by.is_empty());
    let ask = |token| {
        api.ec2()
            .describe_images()
            .set_owners(config.some_strings("owners"))
            .set_executable_users(config.some_strings("executable_users"))
            .set_include_deprecated(config.bool("include_deprecated"))
            .set_filters(by.clone())
            .set_next_token(token)
            .send()
    };
    api.pages("ec2", "DescribeImages", ask, |answer| (answer.images, answer.next_token)).await
}

fn row(api: &Api, image: &Image) -> Row {
    let id = image.image_id().unwrap_or_default();
    let arn = format!("arn:{}:ec2:{}::image/{id}", api.partition(), api.region());
    let root = image
        .block_device_mappings()
        .iter()
        .find(|it| it.device_name().is_some() && it.device_name() == image.root_device_name());
    let root = root.and_then(|it| it.ebs()).and_then(|ebs| ebs.snapshot_id());
    let devices: Vec<Json> = image.block_device_mappings().iter().map(device).collect();
    let codes: Vec<Json> = image
        .product_codes()
        .iter()
        .map(|code| {
            json!({
                "product_code_id": code.product_code_id(),
                "product_code_type": code.product_code_type().map(|it| it.as_str()),
            })
        })
        .collect();
    let reason: HashMap<&str, &str> = [
        ("code", image.state_reason().and_then(|reason| reason.code()).unwrap_or("UNSET")),
        ("message", image.state_reason().and_then(|reason| reason.message()).unwrap_or("UNSET")),
    ]
    .into();
    let mut row = Row::new();
    row.set("id", id)
        .set("image_id", id)
        .set("arn", arn)
        .set("name", image.name())
        .set("description", image.description())
        .set("architecture", image.architecture().map(|it| it.as_str()))
        .set("boot_mode", image.boot_mode().map(|it| it.as_str()))
        .set("creation_date", image.creation_date())
        .set("deprecation_time", image.deprecation_time())
        .set("ena_support", image.ena_support())
        .set("hypervisor", image.hypervisor().map(|it| it.as_str()))
        .set("image_location", image.image_location())
        .set("image_owner_alias", image.image_owner_alias())
        .set("image_type", image.image_type().map(|it| it.as_str()))
        .set("imds_support", image.imds_support().map(|it| it.as_str()))
        .set("kernel_id", image.kernel_id())
        .set("last_launched_time", image.last_launched_time())
        .set("owner_id", image.owner_id())
        .set("platform", image.platform().map(|it| it.as_str()))
        .set("platform_details", image.platform_details())
        .set("public", image.public())
        .set("ramdisk_id", image.ramdisk_id())
        .set("root_device_name", image.root_device_name())
        .set("root_device_type", image.root_device_type().map(|it| it.as_str()))
        .set("root_snapshot_id", root)
        .set("sriov_net_support", image.sriov_net_support())
        .set("state", image.state().map(|it| it.as_str()))
        .set("tpm_support", image.tpm_support().map(|it| it.as_str()))
        .set("usage_operation", image.usage_operation())
        .set("virtualization_type", image.virtualization_type().map(|it| it.as_str()))
        .set("block_device_mappings", devices)
        .set("product_codes", codes)
        .set("state_reason", json!(reason))
        .tags(pairs(image.tags()));
    row
}

fn device(it: &BlockDeviceMapping) -> Json {
    let ebs = it.ebs().map(|ebs| {
        let number = |number: Option<i32>| number.unwrap_or(0).to_string();
        json!({
            "delete_on_termination": ebs.delete_on_termination().unwrap_or(false).to_string(),
            "encrypted": ebs.encrypted().unwrap_or(false).to_string(),
            "iops": number(ebs.iops()),
            "snapshot_id": ebs.snapshot_id().unwrap_or_default(),
            "throughput": number(ebs.throughput()),
            "volume_initialization_rate": number(ebs.volume_initialization_rate()),
            "volume_size": number(ebs.volume_size()),
            "volume_type": ebs.volume_type().map_or("", |it| it.as_str()),
        })
    });
    json!({
        "device_name": it.device_name().unwrap_or_default(),
        "no_device": it.no_device().unwrap_or_default(),
        "virtual_name": it.virtual_name().unwrap_or_default(),
        "ebs": ebs.unwrap_or_else(|| json!({})),
    })
}
