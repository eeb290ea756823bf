//! `aws_s3_bucket_public_access_block`.

use async_trait::async_trait;
use aws_sdk_s3::types::PublicAccessBlockConfiguration as Configuration;

use super::{at_bucket, bucket, there};
use crate::api::Api;
use crate::fields::Fields;
use crate::resource::{AwsResource, Changes, Create, Made, Result};
use crate::row::Row;

#[derive(Debug)]
pub(crate) struct PublicAccessBlock;

#[async_trait]
impl AwsResource for PublicAccessBlock {
    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let name = bucket(prior);
        let Some(found) = get(api, name).await? else { return Ok(None) };
        let on = |value: Option<bool>| value.unwrap_or(false);
        let mut row = Row::new();
        row.set("id", name)
            .set("bucket", name)
            .set("block_public_acls", on(found.block_public_acls()))
            .set("block_public_policy", on(found.block_public_policy()))
            .set("ignore_public_acls", on(found.ignore_public_acls()))
            .set("restrict_public_buckets", on(found.restrict_public_buckets()));
        Ok(Some(row))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        put(api, create.planned).await?;
        Ok(Made::id(bucket(create.planned)))
    }

    async fn update(&self, api: &Api, changes: Changes<'_>) -> Result<()> {
        put(api, changes.planned).await
    }

    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        if prior.bool("skip_destroy") == Some(true) {
            return Ok(());
        }
        let call = || api.s3().delete_public_access_block().bucket(bucket(prior)).send();
        there(api.call("s3", "DeletePublicAccessBlock", call).await).map(|_| ())
    }

    async fn find(&self, api: &Api, create: Create<'_>) -> Result<Option<Made>> {
        let name = bucket(create.planned);
        Ok((get(api, name).await? == Some(wanted(create.planned))).then(|| Made::id(name)))
    }
}

fn wanted(planned: Fields<'_>) -> Configuration {
    Configuration::builder()
        .block_public_acls(planned.bool("block_public_acls").unwrap_or(false))
        .block_public_policy(planned.bool("block_public_policy").unwrap_or(false))
        .ignore_public_acls(planned.bool("ignore_public_acls").unwrap_or(false))
        .restrict_public_buckets(planned.bool("restrict_public_buckets").unwrap_or(false))
        .build()
}

async fn get(api: &Api, name: &str) -> Result<Option<Configuration>> {
    let ask = || api.s3().get_public_access_block().bucket(name).send();
    let answer = there(api.call("s3", "GetPublicAccessBlock", ask).await)?;
    Ok(answer.and_then(|answer| answer.public_access_block_configuration))
}

async fn put(api: &Api, planned: Fields<'_>) -> Result<()> {
    let call = || {
        let call = api.s3().put_public_access_block().bucket(bucket(planned));
        call.public_access_block_configuration(wanted(planned)).send()
    };
    api.call("s3", "PutPublicAccessBlock", call).await.map(|_| ()).map_err(at_bucket)
}
