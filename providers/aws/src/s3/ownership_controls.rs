//! `aws_s3_bucket_ownership_controls`.

use async_trait::async_trait;
use aws_sdk_s3::types::{ObjectOwnership, OwnershipControls, OwnershipControlsRule};
use serde_json::json;

use super::{at_bucket, bucket, there};
use crate::api::{Api, AwsError};
use crate::fields::{Fields, Problems};
use crate::resource::{AwsResource, Changes, Create, Made, Result};
use crate::row::Row;

const KNOWN: [&str; 3] = ["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"];

#[derive(Debug)]
pub(crate) struct BucketOwnershipControls;

fn ownership(object: Fields<'_>) -> Option<&str> {
    object.block("rule").and_then(|rule| rule.str("object_ownership"))
}

#[async_trait]
impl AwsResource for BucketOwnershipControls {
    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        if let Some(name) = ownership(config).filter(|name| !KNOWN.contains(name)) {
            let message = format!("{name:?} is none of: {}.", KNOWN.join(", "));
            problems.add("rule", "Invalid value", message);
        }
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let name = bucket(prior);
        let Some(found) = get(api, name).await? else { return Ok(None) };
        let mut row = Row::new();
        row.set("id", name)
            .set("bucket", name)
            .set("rule", vec![json!({"object_ownership": found})]);
        Ok(Some(row))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        put(api, create.planned).await?;
        Ok(Made::id(bucket(create.planned)))
    }

    async fn update(&self, api: &Api, changes: Changes<'_>) -> Result<()> {
        if changes.has("rule") { put(api, changes.planned).await } else { Ok(()) }
    }

    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        let call = || api.s3().delete_bucket_ownership_controls().bucket(bucket(prior)).send();
        there(api.call("s3", "DeleteBucketOwnershipControls", call).await).map(|_| ())
    }

    async fn find(&self, api: &Api, create: Create<'_>) -> Result<Option<Made>> {
        let name = bucket(create.planned);
        let found = get(api, name).await?;
        let same = found.is_some() && found.as_deref() == ownership(create.planned);
        Ok(same.then(|| Made::id(name)))
    }
}

async fn get(api: &Api, name: &str) -> Result<Option<String>> {
    let ask = || api.s3().get_bucket_ownership_controls().bucket(name).send();
    let answer = there(api.call("s3", "GetBucketOwnershipControls", ask).await)?;
    let controls = answer.and_then(|answer| answer.ownership_controls);
    Ok(controls.and_then(|it| it.rules.first().map(|rule| rule.object_ownership.to_string())))
}

async fn put(api: &Api, planned: Fields<'_>) -> Result<()> {
    let broken = |error: String| AwsError::refused("InvalidRule", error);
    let ownership = ObjectOwnership::from(ownership(planned).unwrap_or_default());
    let rule = OwnershipControlsRule::builder().object_ownership(ownership).build();
    let rule = rule.map_err(|error| broken(error.to_string()))?;
    let wanted = OwnershipControls::builder().rules(rule).build();
    let wanted = wanted.map_err(|error| broken(error.to_string()))?;
    let call = || {
        let call = api.s3().put_bucket_ownership_controls().bucket(bucket(planned));
        call.ownership_controls(wanted.clone()).send()
    };
    api.call("s3", "PutBucketOwnershipControls", call).await.map(|_| ()).map_err(at_bucket)
}
