//! `aws_s3_bucket`. What belongs to a bucket has types of its own; the blocks that did that before
//! version 4 are refused with the name of the type to use.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};

use super::emptying::delete_versions;
use super::tagging::{of_bucket, put_bucket};
use super::there;
use crate::api::{Api, AwsError};
use crate::fields::{Fields, Problems};
use crate::names;
use crate::resource::{AwsResource, Changes, Create, Made, Result, Tagging};
use crate::row::Row;
use crate::tags::{OPERATION, Tags};

/// Arguments of old and the types that took their place.
const MOVED: [(&str, &str); 13] = [
    ("acceleration_status", "aws_s3_bucket_accelerate_configuration"),
    ("acl", "aws_s3_bucket_acl"),
    ("cors_rule", "aws_s3_bucket_cors_configuration"),
    ("grant", "aws_s3_bucket_acl"),
    ("lifecycle_rule", "aws_s3_bucket_lifecycle_configuration"),
    ("logging", "aws_s3_bucket_logging"),
    ("object_lock_configuration", "aws_s3_bucket_object_lock_configuration"),
    ("policy", "aws_s3_bucket_policy"),
    ("replication_configuration", "aws_s3_bucket_replication_configuration"),
    ("request_payer", "aws_s3_bucket_request_payment_configuration"),
    ("server_side_encryption_configuration", "aws_s3_bucket_server_side_encryption_configuration"),
    ("versioning", "aws_s3_bucket_versioning"),
    ("website", "aws_s3_bucket_website_configuration"),
];

/// Hosted zones of S3's websites, by region.
const ZONES: [(&str, &str); 20] = [
    ("af-south-1", "Z83WF9RJE8B12"),
    ("ap-east-1", "ZNB98KWMFR0R6"),
    ("ap-northeast-1", "Z2M4EHUR26P7ZW"),
    ("ap-northeast-2", "Z3W03O7B5YMIYP"),
    ("ap-south-1", "Z11RGJOFQNVJUP"),
    ("ap-southeast-1", "Z3O0J2DXBE1FTB"),
    ("ap-southeast-2", "Z1WCIGYICN2BYD"),
    ("ca-central-1", "Z1QDHH18159H29"),
    ("eu-central-1", "Z21DNDUVLTQW6Q"),
    ("eu-north-1", "Z3BAZG2TWCNX0D"),
    ("eu-south-1", "Z30OZKI7KPW7MI"),
    ("eu-west-1", "Z1BKCTXD74EZPE"),
    ("eu-west-2", "Z3GKZC51ZF0DB4"),
    ("eu-west-3", "Z3R1K369G5AVDG"),
    ("me-south-1", "Z1MPMWCPA7YB62"),
    ("sa-east-1", "Z7KQH4QJS55SO"),
    ("us-east-1", "Z3AQBSTGFYJSTF"),
    ("us-east-2", "Z2O1EMRO9K5GLX"),
    ("us-west-1", "Z2F56UZL2M1ACD"),
    ("us-west-2", "Z3BJ6K6RIION7M"),
];

/// Where S3 takes a bucket of one's own for made.
const LENIENT: &str = "us-east-1";

#[derive(Debug)]
pub(crate) struct Bucket;

#[async_trait]
impl AwsResource for Bucket {
    fn tagging(&self) -> Tagging {
        Tagging::Own
    }

    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        problems.conflicts(config, &["bucket", "bucket_prefix"]);
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
        let words = "lower case letters, digits, hyphens and dots";
        names::check_text(problems, config, "bucket", 63, allowed, words);
        names::check_text(problems, config, "bucket_prefix", 37, allowed, words);
        if let Some(name) = config.text("bucket") {
            let edge = |c: Option<char>| c.is_some_and(|c| !c.is_ascii_alphanumeric());
            if name.len() < 3 || edge(name.chars().next()) || edge(name.chars().last()) {
                let message = format!(
                    "{name:?} must have at least 3 characters, and begin and end with a letter or \
                     digit."
                );
                problems.add("bucket", "Invalid name", message);
            }
        }
        for (name, other) in MOVED {
            let value = config.get(name);
            let set = match value.as_items() {
                Some(items) => !items.is_empty(),
                None => value.is_known() && !value.is_null(),
            };
            if set {
                let message = format!("Use a resource of the type {other:?} instead.");
                problems.add(name, "Not supported", message);
            }
        }
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let name = prior.id();
        let Some(tags) = of_bucket(api, name).await? else { return Ok(None) };
        let mut row = row(api, name);
        row.tags(tags);
        Ok(Some(row))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        let planned = create.planned;
        let name = names::name(planned, "bucket", "bucket_prefix", create.token);
        if api.region() == LENIENT {
            let head = || api.s3().head_bucket().bucket(&name).send();
            if there(api.call("s3", "HeadBucket", head).await)?.is_some() {
                let message = "The bucket is there already. Import it, or choose another name";
                return Err(AwsError::refused("BucketAlreadyOwnedByYou", message).at("bucket"));
            }
        }
        let place = (api.region() != LENIENT).then(|| {
            let region = BucketLocationConstraint::from(api.region());
            CreateBucketConfiguration::builder().location_constraint(region).build()
        });
        let make = || {
            api.s3()
                .create_bucket()
                .bucket(&name)
                .set_create_bucket_configuration(place.clone())
                .set_object_lock_enabled_for_bucket(
                    planned.bool("object_lock_enabled").filter(|it| *it),
                )
                .send()
        };
        api.call("s3", "CreateBucket", make).await.map_err(|error| match &*error.code {
            "BucketAlreadyExists" | "BucketAlreadyOwnedByYou" | "InvalidBucketName" => {
                error.at("bucket")
            }
            _ => error,
        })?;
        let mut known = row(api, &name);
        // As a look shows them: not at all.
        UNTOLD.iter().for_each(|name| {
            known.set(name, serde_json::Value::Null);
        });
        known.set("object_lock_enabled", planned.bool("object_lock_enabled"));
        Ok(Made::knowing(name, known))
    }

    async fn complete(&self, api: &Api, id: &str, create: Create<'_>) -> Result<()> {
        let tags = create.tags_with_token();
        // A new bucket may not be known everywhere.
        let early = |error: &AwsError| error.is(&["NoSuchBucket"]);
        let patience = create.planned.timeout("create", Duration::from_secs(60));
        api.insist(patience, early, || put_bucket(api, id, &tags)).await
    }

    async fn update(&self, _api: &Api, _changes: Changes<'_>) -> Result<()> {
        Ok(())
    }

    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        let name = prior.id();
        let force = prior.bool("force_destroy") == Some(true);
        let delete = || async {
            if force {
                delete_versions(api, name, "", |_| true).await?;
            }
            let delete = || api.s3().delete_bucket().bucket(name).send();
            api.call("s3", "DeleteBucket", delete).await.map(|_| ())
        };
        // Others may write while we empty it.
        let again = |error: &AwsError| force && error.is(&["BucketNotEmpty"]);
        api.insist(Duration::from_secs(2 * 60), again, delete).await.map_err(|mut error| {
            if error.is(&["BucketNotEmpty"]) && !force {
                error.message +=
                    " Remove its objects and versions, or set \"force_destroy\" and apply first.";
            }
            error
        })
    }

    /// Tags follow the create, so one without any may be ours as well.
    async fn find(&self, api: &Api, create: Create<'_>) -> Result<Option<Made>> {
        let name = names::name(create.planned, "bucket", "bucket_prefix", create.token);
        let Some(tags) = of_bucket(api, &name).await? else { return Ok(None) };
        let ours = tags.is_empty() || tags.get(OPERATION).is_some_and(|it| it == create.token);
        Ok(ours.then(|| Made::id(name)))
    }

    async fn retag(
        &self,
        api: &Api,
        object: Fields<'_>,
        removed: Vec<String>,
        written: Tags,
    ) -> Result<()> {
        let mut tags = of_bucket(api, object.id()).await?.unwrap_or_default();
        tags.retain(|key, _| !removed.contains(key));
        tags.extend(written);
        put_bucket(api, object.id(), &tags).await
    }
}

/// What follows from its name.
fn row(api: &Api, name: &str) -> Row {
    let (region, suffix) = (api.region(), api.dns_suffix());
    let zone = ZONES.iter().find(|(of, _)| *of == region).map(|(_, zone)| *zone);
    let mut row = Row::new();
    row.set("id", name)
        .set("bucket", name)
        .set("bucket_prefix", names::prefix(name))
        .set("arn", format!("arn:{}:s3:::{name}", api.partition()))
        .set("bucket_domain_name", format!("{name}.s3.{suffix}"))
        .set("bucket_regional_domain_name", format!("{name}.s3.{region}.{suffix}"))
        .set("bucket_region", region)
        .set("hosted_zone_id", zone);
    row
}

/// What a new bucket has none of: types of their own manage it.
const UNTOLD: [&str; 6] =
    ["acceleration_status", "acl", "policy", "request_payer", "website_domain", "website_endpoint"];
