//! `aws_s3_bucket_policy`.

use async_trait::async_trait;

use super::{at_bucket, bucket, there};
use crate::api::{Api, AwsError};
use crate::fields::{Fields, Problems};
use crate::iam::{PROPAGATION, check_document};
use crate::resource::{AwsResource, Changes, Create, Made, Plan, Result};
use crate::row::{Row, same_document};

#[derive(Debug)]
pub(crate) struct BucketPolicy;

#[async_trait]
impl AwsResource for BucketPolicy {
    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        check_document(problems, config, "policy");
    }

    fn plan(&self, plan: &mut Plan<'_>) {
        plan.keep_same_document("policy");
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let name = bucket(prior);
        let Some(policy) = policy(api, name).await? else { return Ok(None) };
        let mut row = Row::new();
        row.set("id", name).set("bucket", name).document("policy", Some(&policy));
        Ok(Some(row))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        put(api, create.planned).await?;
        Ok(Made::id(bucket(create.planned)))
    }

    async fn update(&self, api: &Api, changes: Changes<'_>) -> Result<()> {
        if changes.has("policy") { put(api, changes.planned).await } else { Ok(()) }
    }

    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        let call = || api.s3().delete_bucket_policy().bucket(bucket(prior)).send();
        there(api.call("s3", "DeleteBucketPolicy", call).await).map(|_| ())
    }

    async fn find(&self, api: &Api, create: Create<'_>) -> Result<Option<Made>> {
        let name = bucket(create.planned);
        let wanted = create.planned.str("policy").unwrap_or_default();
        let found = policy(api, name).await?;
        Ok(found.is_some_and(|found| same_document(&found, wanted)).then(|| Made::id(name)))
    }
}

async fn policy(api: &Api, name: &str) -> Result<Option<String>> {
    let ask = || api.s3().get_bucket_policy().bucket(name).send();
    let answer = there(api.call("s3", "GetBucketPolicy", ask).await)?;
    Ok(answer.and_then(|answer| answer.policy))
}

/// Sets the policy. A principal in it may be new, and a public access block just be gone.
async fn put(api: &Api, planned: Fields<'_>) -> Result<()> {
    let call = || {
        let call = api.s3().put_bucket_policy().bucket(bucket(planned));
        call.set_policy(planned.string("policy")).send()
    };
    let early =
        |error: &AwsError| error.is(&["MalformedPolicy"]) && error.message.contains("principal");
    let work = || api.call("s3", "PutBucketPolicy", call);
    api.insist(PROPAGATION, early, work).await.map(|_| ()).map_err(|error| match &*error.code {
        "MalformedPolicy" => error.at("policy"),
        _ => at_bucket(error),
    })
}
