//! `aws_ebs_volume`.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_ec2::types::{Volume, VolumeModificationState, VolumeState, VolumeType};
use aws_smithy_types::date_time::Format;

use super::{filter, pairs, tag_specification};
use crate::api::{Api, AwsError, Progress};
use crate::fields::{Fields, Problems};
use crate::resource::{AwsResource, Changes, Create, Made, Plan, Result, Tagging};
use crate::row::Row;

#[derive(Debug)]
pub(crate) struct EbsVolume;

#[async_trait]
impl AwsResource for EbsVolume {
    fn tagging(&self) -> Tagging {
        Tagging::Ec2("volume")
    }

    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        problems.needs_one(config, &["size", "snapshot_id"]);
        let types = ["standard", "gp2", "gp3", "io1", "io2", "sc1", "st1"];
        problems.one_of(config, "type", &types);
        problems.in_range(config, "size", 1, 65_536);
        if config.bool("multi_attach_enabled") == Some(true)
            && config.str("type").is_some_and(|it| it != "io1" && it != "io2")
        {
            let message = "Only volumes of type io1 and io2 can be attached to many instances.";
            problems.add("multi_attach_enabled", "Invalid value", message);
        }
        let kind = config.str("type");
        let provisioned = matches!(kind, Some("io1" | "io2"));
        if provisioned && !config.is_set("iops") {
            let message = "A volume of type io1 or io2 needs \"iops\".";
            problems.add("iops", "Missing required argument", message);
        }
        let fixed = kind.is_some_and(|kind| !matches!(kind, "io1" | "io2" | "gp3"));
        if fixed && config.i64("iops").is_some_and(|iops| iops != 0) {
            let message = "\"iops\" is for the types gp3, io1 and io2; of others, AWS says it.";
            problems.add("iops", "Invalid value", message);
        }
        if kind.is_some_and(|kind| kind != "gp3") && config.i64("throughput").unwrap_or(0) != 0 {
            let message = "\"throughput\" is for the type gp3.";
            problems.add("throughput", "Invalid value", message);
        }
    }

    fn plan(&self, plan: &mut Plan<'_>) {
        if plan.changes("type") {
            ["iops", "throughput"].into_iter().for_each(|name| plan.unknown(name));
        } else if plan.changes("size") && plan.get("type").as_str() == Some("gp2") {
            plan.unknown("iops");
        }
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let Some(volume) = api.load("volume", prior.id(), volumes).await? else { return Ok(None) };
        if volume.state() == Some(&VolumeState::Deleting) {
            return Ok(None);
        }
        let id = prior.id();
        let owner = &api.identity().await?.account;
        let created = volume.create_time().and_then(|time| time.fmt(Format::DateTime).ok());
        let mut row = Row::new();
        row.set("id", id)
            .set("arn", format!("arn:{}:ec2:{}:{owner}:volume/{id}", api.partition(), api.region()))
            .set("availability_zone", volume.availability_zone())
            .set("create_time", created)
            .set("encrypted", volume.encrypted())
            .set("iops", volume.iops())
            .set("kms_key_id", volume.kms_key_id())
            .set("multi_attach_enabled", volume.multi_attach_enabled())
            .set("outpost_arn", volume.outpost_arn())
            .set("size", volume.size())
            .set("snapshot_id", volume.snapshot_id())
            .set("throughput", volume.throughput())
            .set("type", volume.volume_type().map(VolumeType::as_str))
            .set("volume_initialization_rate", volume.volume_initialization_rate())
            .tags(pairs(volume.tags()));
        Ok(Some(row))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        let planned = create.planned;
        let tags = tag_specification("volume", &create.tags_with_token());
        let number = |name: &str| planned.i32(name).filter(|number| *number != 0);
        let make = || {
            api.ec2()
                .create_volume()
                .client_token(create.token)
                .set_availability_zone(planned.string("availability_zone"))
                .set_encrypted(planned.bool("encrypted"))
                .set_iops(number("iops"))
                .set_kms_key_id(planned.string("kms_key_id"))
                .set_multi_attach_enabled(planned.bool("multi_attach_enabled"))
                .set_outpost_arn(planned.string("outpost_arn"))
                .set_size(number("size"))
                .set_snapshot_id(planned.string("snapshot_id"))
                .set_throughput(number("throughput"))
                .set_volume_initialization_rate(number("volume_initialization_rate"))
                .set_volume_type(planned.str("type").map(VolumeType::from))
                .tag_specifications(tags.clone())
                .send()
        };
        let answer = api.call("ec2", "CreateVolume", make).await?;
        Ok(Made::id(answer.volume_id.unwrap_or_default()))
    }

    async fn complete(&self, api: &Api, id: &str, create: Create<'_>) -> Result<()> {
        let patience = create.planned.timeout("create", Duration::from_secs(5 * 60));
        let judge = |volume: Option<&Volume>| match volume.and_then(Volume::state) {
            Some(VolumeState::Available | VolumeState::InUse) => Progress::Done(()),
            Some(VolumeState::Error) => {
                let message =
                    format!("{id} could not be made: check its KMS key and its snapshot.");
                Progress::Failed(AwsError::refused("error", message).after_effect())
            }
            state => Progress::Pending(state.map_or("not visible", VolumeState::as_str).to_owned()),
        };
        api.wait("volume", id, patience, volumes, judge).await
    }

    async fn update(&self, api: &Api, changes: Changes<'_>) -> Result<()> {
        if !changes.any(&["size", "type", "iops", "throughput"]) {
            return Ok(());
        }
        let patience = changes.planned.timeout("update", Duration::from_secs(5 * 60));
        modify(api, changes.id(), changes.planned, "type", patience).await
    }

    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        let id = prior.id();
        if prior.bool("final_snapshot") == Some(true) {
            final_snapshot(api, prior).await?;
        }
        let delete = || api.ec2().delete_volume().volume_id(id).send();
        api.call("ec2", "DeleteVolume", delete).await?;
        let judge = |volume: Option<&Volume>| match volume.and_then(Volume::state) {
            None | Some(VolumeState::Deleted) => Progress::Done(()),
            Some(state) => Progress::Pending(state.as_str().to_owned()),
        };
        let patience = prior.timeout("delete", Duration::from_secs(10 * 60));
        api.wait("volume", id, patience, volumes, judge).await
    }

    fn delete_patience(&self) -> Duration {
        Duration::from_secs(10 * 60)
    }

    async fn holders(&self, api: &Api, prior: Fields<'_>) -> Result<Vec<String>> {
        let volume = api.load("volume", prior.id(), volumes).await?;
        let attachments = volume.and_then(|volume| volume.attachments).unwrap_or_default();
        let ids = attachments.into_iter().filter_map(|it| it.instance_id);
        Ok(ids.map(|id| format!("instance {id}")).collect())
    }
}

/// Volumes by id.
pub(crate) async fn volumes(api: Api, ids: Vec<String>) -> Result<HashMap<String, Volume>> {
    let by = filter("volume-id", ids);
    let ask = |token| api.ec2().describe_volumes().filters(by.clone()).set_next_token(token).send();
    let all =
        api.pages("ec2", "DescribeVolumes", ask, |answer| (answer.volumes, answer.next_token));
    let all = all.await?.into_iter();
    Ok(all.filter_map(|volume| Some((volume.volume_id.clone()?, volume))).collect())
}

/// Changes size, kind, iops and throughput of a volume to those of `object`; waits until the new size
/// can be used. A volume that is so already is left alone.
pub(crate) async fn modify(
    api: &Api,
    id: &str,
    object: Fields<'_>,
    kind: &str,
    patience: Duration,
) -> Result<()> {
    let size = object.i32(if kind == "type" { "size" } else { "volume_size" });
    let kind = object.str(kind);
    let now = api.load("volume", id, volumes).await?;
    let (iops, throughput) = (object.i32("iops"), object.i32("throughput"));
    let same = |wanted: Option<i32>, now: Option<i32>| wanted.is_none() || wanted == now;
    if now.is_some_and(|now| {
        same(size, now.size())
            && kind.is_none_or(|kind| now.volume_type().map(VolumeType::as_str) == Some(kind))
            && same(iops, now.iops())
            && same(throughput.filter(|it| *it != 0), now.throughput())
    }) {
        return Ok(());
    }
    let free = matches!(kind, Some("gp3" | "io1" | "io2"));
    let make = || {
        api.ec2()
            .modify_volume()
            .volume_id(id)
            .set_size(size)
            .set_volume_type(kind.map(VolumeType::from))
            .set_iops(iops.filter(|iops| free && *iops != 0))
            .set_throughput(throughput.filter(|it| kind == Some("gp3") && *it != 0))
            .send()
    };
    let modified = api.call("ec2", "ModifyVolume", make).await;
    modified.map_err(|mut error| {
        if error.is(&["VolumeModificationRateExceeded"]) {
            error.message =
                format!("{} AWS lets a volume be changed every 6 hours.", error.message);
        }
        error
    })?;
    let judge = |state: Option<&VolumeModificationState>| match state {
        None | Some(VolumeModificationState::Completed | VolumeModificationState::Optimizing) => {
            Progress::Done(())
        }
        Some(VolumeModificationState::Failed) => {
            let message = format!("The change of {id} failed.");
            Progress::Failed(AwsError::refused("failed", message).after_effect())
        }
        Some(state) => Progress::Pending(state.as_str().to_owned()),
    };
    api.wait("volume modification", id, patience, modifications, judge).await
}

/// How far the last changes of volumes are.
async fn modifications(
    api: Api,
    ids: Vec<String>,
) -> Result<HashMap<String, VolumeModificationState>> {
    let by = filter("volume-id", ids);
    let ask = |token| {
        let call = api.ec2().describe_volumes_modifications().filters(by.clone());
        call.set_next_token(token).send()
    };
    let all = api.pages("ec2", "DescribeVolumesModifications", ask, |answer| {
        (answer.volumes_modifications, answer.next_token)
    });
    let all = all.await?.into_iter();
    Ok(all.filter_map(|it| Some((it.volume_id?, it.modification_state?))).collect())
}

/// Keeps what is on the volume, under its tags.
async fn final_snapshot(api: &Api, prior: Fields<'_>) -> Result<()> {
    let id = prior.id();
    let tags = tag_specification("snapshot", &prior.map("tags_all"));
    let make = || {
        let call = api.ec2().create_snapshot().volume_id(id).tag_specifications(tags.clone());
        call.description(format!("Last of {id}")).send()
    };
    let answer = api.call("ec2", "CreateSnapshot", make).await?;
    let snapshot = answer.snapshot_id.unwrap_or_default();
    let judge = |state: Option<&String>| match state.map(String::as_str) {
        Some("completed") => Progress::Done(()),
        Some("error") => {
            let message = format!("The last snapshot of {id} failed, so the volume stays.");
            Progress::Failed(AwsError::refused("error", message))
        }
        state => Progress::Pending(state.unwrap_or("not visible").to_owned()),
    };
    let patience = prior.timeout("delete", Duration::from_secs(10 * 60));
    api.wait("snapshot", &snapshot, patience, snapshots, judge).await
}

/// States of snapshots.
async fn snapshots(api: Api, ids: Vec<String>) -> Result<HashMap<String, String>> {
    let by = filter("snapshot-id", ids);
    let ask =
        |token| api.ec2().describe_snapshots().filters(by.clone()).set_next_token(token).send();
    let all =
        api.pages("ec2", "DescribeSnapshots", ask, |answer| (answer.snapshots, answer.next_token));
    let all = all.await?.into_iter();
    Ok(all.filter_map(|it| Some((it.snapshot_id?, it.state?.as_str().to_owned()))).collect())
}
