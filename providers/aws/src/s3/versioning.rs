//! `aws_s3_bucket_versioning`. It cannot be taken away, only suspended: so one that should be enabled
//! and is suspended counts as gone, and is enabled again by being made again.

use async_trait::async_trait;
use aws_sdk_s3::types::{
    BucketVersioningStatus as Status, MfaDelete, MfaDeleteStatus, VersioningConfiguration,
};
use kprov_core::{Path, PathStep};
use serde_json::json;

use super::{at_bucket, bucket, there};
use crate::api::Api;
use crate::fields::{Fields, Problems};
use crate::resource::{AwsResource, Changes, Create, Made, Result};
use crate::row::Row;

const BLOCK: &str = "versioning_configuration";
const DISABLED: &str = "Disabled";

#[derive(Debug)]
pub(crate) struct Versioning;

fn status(object: Fields<'_>) -> Option<&str> {
    object.block(BLOCK).and_then(|block| block.str("status"))
}

#[async_trait]
impl AwsResource for Versioning {
    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        if let Some(status) = status(config)
            && ![DISABLED, "Enabled", "Suspended"].contains(&status)
        {
            let at = Path::attribute(BLOCK).then(PathStep::Index(0));
            let message = format!("{status:?} is none of: Disabled, Enabled, Suspended.");
            problems.at(at.then(PathStep::Attribute("status".into())), "Invalid value", message);
        }
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let name = bucket(prior);
        let ask = || api.s3().get_bucket_versioning().bucket(name).send();
        let Some(found) = there(api.call("s3", "GetBucketVersioning", ask).await)? else {
            return Ok(None);
        };
        let now = found.status().map_or(DISABLED, Status::as_str);
        let wanted = status(prior);
        if (wanted == Some("Enabled") && now != "Enabled")
            || (now == DISABLED && wanted != Some(DISABLED))
        {
            return Ok(None);
        }
        let mfa = found.mfa_delete().map_or("", MfaDeleteStatus::as_str);
        let mut row = Row::new();
        row.set("id", name)
            .set("bucket", name)
            .set(BLOCK, vec![json!({"status": now, "mfa_delete": mfa})]);
        Ok(Some(row))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        // New buckets have none: there is nothing to say.
        if status(create.planned) != Some(DISABLED) {
            put(api, create.planned).await?;
        }
        let block = create.planned.block(BLOCK);
        let mfa = block.and_then(|block| block.str("mfa_delete")).unwrap_or_default();
        let mut known = Row::new();
        known.set(BLOCK, vec![json!({"status": status(create.planned), "mfa_delete": mfa})]);
        Ok(Made::knowing(bucket(create.planned), known))
    }

    async fn update(&self, api: &Api, changes: Changes<'_>) -> Result<()> {
        if changes.has(BLOCK) { put(api, changes.planned).await } else { Ok(()) }
    }

    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        if status(prior) != Some("Enabled") {
            return Ok(());
        }
        let off = VersioningConfiguration::builder().status(Status::Suspended).build();
        let call = || {
            let call = api.s3().put_bucket_versioning().bucket(bucket(prior));
            call.versioning_configuration(off.clone()).send()
        };
        api.call("s3", "PutBucketVersioning", call).await.map(|_| ())
    }

    async fn find(&self, api: &Api, create: Create<'_>) -> Result<Option<Made>> {
        let planned = create.planned;
        if status(planned) == Some(DISABLED) {
            return Ok(None);
        }
        let row = self.read(api, planned).await?;
        Ok(row.map(|_| Made::id(bucket(planned))))
    }
}

async fn put(api: &Api, planned: Fields<'_>) -> Result<()> {
    let block = planned.block(BLOCK);
    let mfa = block.and_then(|block| block.str("mfa_delete")).map(MfaDelete::from);
    let wanted = VersioningConfiguration::builder()
        .set_status(status(planned).map(Status::from))
        .set_mfa_delete(mfa)
        .build();
    let call = || {
        api.s3()
            .put_bucket_versioning()
            .bucket(bucket(planned))
            .set_mfa(planned.string("mfa"))
            .set_expected_bucket_owner(planned.string("expected_bucket_owner"))
            .versioning_configuration(wanted.clone())
            .send()
    };
    api.call("s3", "PutBucketVersioning", call).await.map(|_| ()).map_err(at_bucket)
}
