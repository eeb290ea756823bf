//! `aws_volume_attachment`: a volume at an instance.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_ec2::types::{Volume, VolumeAttachmentState};
use kprov_core::Value;
use sha1::{Digest, Sha1};

use super::ebs_volume::volumes;
use super::instances::{self, instances};
use crate::api::{Api, AwsError, Progress};
use crate::fields::Fields;
use crate::resource::{AwsResource, Changes, Create, Made, Result};
use crate::row::Row;

const PATIENCE: Duration = Duration::from_secs(5 * 60);

#[derive(Debug)]
pub(crate) struct VolumeAttachment;

#[async_trait]
impl AwsResource for VolumeAttachment {
    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let volume =
            api.load("volume", prior.str("volume_id").unwrap_or_default(), volumes).await?;
        let device = volume.as_ref().and_then(|volume| attached(volume, prior));
        let Some((device, VolumeAttachmentState::Attached | VolumeAttachmentState::Attaching)) =
            device
        else {
            return Ok(None);
        };
        let mut row = Row::new();
        row.set("id", id(prior)).set("device_name", device);
        Ok(Some(row))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        let planned = create.planned;
        let instance = planned.str("instance_id").unwrap_or_default();
        let patience = planned.timeout("create", PATIENCE);
        // AWS attaches nothing to an instance that is on its way up.
        let judge = |found: Option<&_>| instances::settled(instance, found);
        api.wait("instance", instance, patience, instances, judge).await?;
        let make = || {
            api.ec2()
                .attach_volume()
                .set_device(planned.string("device_name"))
                .instance_id(instance)
                .set_volume_id(planned.string("volume_id"))
                .send()
        };
        api.call("ec2", "AttachVolume", make).await?;
        Ok(Made::id(id(planned)))
    }

    async fn complete(&self, api: &Api, _id: &str, create: Create<'_>) -> Result<()> {
        let planned = create.planned;
        let volume = planned.str("volume_id").unwrap_or_default();
        let judge = |found: Option<&Volume>| match found.and_then(|it| attached(it, planned)) {
            Some((_, VolumeAttachmentState::Attached)) => Progress::Done(()),
            Some((_, state)) => Progress::Pending(state.as_str().to_owned()),
            None => Progress::Pending("not attached".to_owned()),
        };
        api.wait("volume", volume, planned.timeout("create", PATIENCE), volumes, judge).await
    }

    async fn update(&self, _api: &Api, _changes: Changes<'_>) -> Result<()> {
        Ok(())
    }

    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        if prior.bool("skip_destroy") == Some(true) {
            return Ok(());
        }
        let volume = prior.str("volume_id").unwrap_or_default();
        let instance = prior.str("instance_id").unwrap_or_default();
        let patience = prior.timeout("delete", PATIENCE);
        if prior.bool("stop_instance_before_detaching") == Some(true) {
            instances::stop(api, instance, patience).await?;
        }
        let make = || {
            api.ec2()
                .detach_volume()
                .set_device(prior.string("device_name"))
                .instance_id(instance)
                .volume_id(volume)
                .set_force(prior.bool("force_detach"))
                .send()
        };
        match api.call("ec2", "DetachVolume", make).await {
            Err(error) if is_detached(&error) => return Ok(()),
            result => result?,
        };
        let judge = |found: Option<&Volume>| match found.and_then(|it| attached(it, prior)) {
            None | Some((_, VolumeAttachmentState::Detached)) => Progress::Done(()),
            Some((_, state)) => Progress::Pending(format!(
                "{} (is it still mounted in the instance?)",
                state.as_str()
            )),
        };
        api.wait("volume", volume, patience, volumes, judge).await
    }

    async fn find(&self, api: &Api, create: Create<'_>) -> Result<Option<Made>> {
        let found = self.read(api, create.planned).await?;
        Ok(found.map(|_| Made::id(id(create.planned))))
    }

    fn import(&self, id: &str) -> std::result::Result<Vec<(&'static str, Value)>, String> {
        let parts: Vec<&str> = id.split(':').collect();
        let [device, volume, instance] = parts[..] else {
            return Err(format!("{id:?} is not of the form DEVICE:VOLUME:INSTANCE."));
        };
        Ok(vec![
            ("device_name", Value::string(device)),
            ("volume_id", Value::string(volume)),
            ("instance_id", Value::string(instance)),
        ])
    }
}

fn is_detached(error: &AwsError) -> bool {
    error.is_not_found() || error.is(&["IncorrectState"]) && error.message.contains("available")
}

/// Device and state of the volume at the instance.
fn attached(volume: &Volume, object: Fields<'_>) -> Option<(String, VolumeAttachmentState)> {
    let instance = object.str("instance_id");
    let found = volume.attachments().iter().find(|it| it.instance_id() == instance)?;
    Some((found.device().unwrap_or_default().to_owned(), found.state()?.clone()))
}

fn id(object: Fields<'_>) -> String {
    let parts = ["device_name", "instance_id", "volume_id"];
    let text = parts.map(|name| object.str(name).unwrap_or_default()).join("-");
    let hash = Sha1::digest(text.as_bytes());
    let number = hash.iter().take(4).fold(0u32, |number, byte| number << 8 | u32::from(*byte));
    format!("vai-{number}")
}
