//! `aws_s3_object`.

use async_trait::async_trait;
use aws_sdk_s3::operation::head_object::HeadObjectOutput as Head;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    ChecksumAlgorithm, ObjectCannedAcl, ObjectLockLegalHoldStatus, ObjectLockMode,
    ServerSideEncryption, StorageClass,
};
use aws_smithy_types::date_time::{DateTime, Format};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use kprov_core::Value;

use super::emptying::delete_versions;
use super::tagging::{header, of_object, put_object};
use super::{at_bucket, there};
use crate::api::{Api, AwsError};
use crate::fields::{Fields, Problems};
use crate::resource::{AwsResource, Changes, Create, Made, Plan, Result, Tagging};
use crate::row::Row;
use crate::tags::{OPERATION, Tags};

/// How many tags an object has at most.
const TAGS: usize = 10;

/// What a change of makes another object of it.
const BODY: [&str; 18] = [
    "acl",
    "bucket_key_enabled",
    "cache_control",
    "checksum_algorithm",
    "content",
    "content_base64",
    "content_disposition",
    "content_encoding",
    "content_language",
    "content_type",
    "etag",
    "kms_key_id",
    "metadata",
    "server_side_encryption",
    "source",
    "source_hash",
    "storage_class",
    "website_redirect",
];

#[derive(Debug)]
pub(crate) struct S3Object;

fn place(object: Fields<'_>) -> (&str, &str) {
    let key = object.str("key").unwrap_or_default();
    (object.str("bucket").unwrap_or_default(), key.trim_start_matches('/'))
}

fn id(object: Fields<'_>) -> String {
    let (bucket, key) = place(object);
    format!("{bucket}/{key}")
}

#[async_trait]
impl AwsResource for S3Object {
    fn tagging(&self) -> Tagging {
        Tagging::Own
    }

    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        problems.conflicts(config, &["source", "content", "content_base64"]);
        if config.get("key").as_str() == Some("") {
            problems.add("key", "Invalid key", "A key is not empty.");
        }
        if config.text("key").is_some_and(|key| key.len() > 1024) {
            problems.add("key", "Invalid key", "A key has at most 1024 bytes.");
        }
        if let Some(text) = config.text("content_base64")
            && BASE64_STANDARD.decode(text).is_err()
        {
            problems.add(
                "content_base64",
                "Invalid base64",
                "It is not base64: use base64encode().",
            );
        }
        problems.one_of(
            config,
            "server_side_encryption",
            &["AES256", "aws:fsx", "aws:kms", "aws:kms:dsse"],
        );
        if config.is_set("kms_key_id") && config.is_set("etag") {
            let message =
                "The etag of an object under a KMS key is not its MD5: use \"source_hash\".";
            problems.add("etag", "Conflicting configuration arguments", message);
        }
    }

    fn plan(&self, plan: &mut Plan<'_>) {
        if plan.prior.is_some() && BODY.iter().any(|name| plan.changes(name)) {
            let computed = [
                "etag",
                "version_id",
                "checksum_crc32",
                "checksum_crc32c",
                "checksum_crc64nvme",
                "checksum_sha1",
                "checksum_sha256",
            ];
            computed.into_iter().for_each(|name| plan.unknown(name));
        }
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let (bucket, key) = place(prior);
        let (head, tags) = futures::join!(head(api, bucket, key), of_object(api, bucket, key));
        let Some(head) = head? else { return Ok(None) };
        let known = prior.string("id").unwrap_or_else(|| id(prior));
        let mut row = Row::new();
        row.set("id", known)
            .set("bucket", bucket)
            .set("arn", format!("arn:{}:s3:::{bucket}/{key}", api.partition()))
            .tags(tags?);
        tell(&head, &mut row);
        Ok(Some(row))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        // The token takes a tag; settle can do without it.
        let own = create.tags.len() < TAGS;
        let tags = if own { create.tags_with_token() } else { create.tags.clone() };
        put(api, create.planned, &tags).await?;
        Ok(Made::id(id(create.planned)))
    }

    async fn update(&self, api: &Api, changes: Changes<'_>) -> Result<()> {
        if !BODY.iter().any(|name| changes.has(name)) {
            return Ok(());
        }
        let (bucket, key) = place(changes.planned);
        // A put forgets the tags.
        let tags = of_object(api, bucket, key).await?;
        put(api, changes.planned, &tags).await
    }

    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        let (bucket, key) = place(prior);
        if prior.str("version_id").is_some_and(|version| version != "null") {
            return there(delete_versions(api, bucket, key, |found| found == key).await)
                .map(|_| ());
        }
        let call = || api.s3().delete_object().bucket(bucket).key(key).send();
        there(api.call("s3", "DeleteObject", call).await).map(|_| ())
    }

    async fn find(&self, api: &Api, create: Create<'_>) -> Result<Option<Made>> {
        let (bucket, key) = place(create.planned);
        let tags = of_object(api, bucket, key).await?;
        let ours = tags.get(OPERATION).is_some_and(|token| token == create.token);
        Ok(ours.then(|| Made::id(id(create.planned))))
    }

    async fn retag(
        &self,
        api: &Api,
        object: Fields<'_>,
        removed: Vec<String>,
        written: Tags,
    ) -> Result<()> {
        let (bucket, key) = place(object);
        let mut tags = of_object(api, bucket, key).await?;
        tags.retain(|key, _| !removed.contains(key));
        tags.extend(written);
        if tags.len() > TAGS {
            tags.remove(OPERATION);
        }
        put_object(api, bucket, key, &tags).await
    }

    /// `BUCKET/KEY` or `s3://BUCKET/KEY`
    fn import(&self, text: &str) -> std::result::Result<Vec<(&'static str, Value)>, String> {
        let plain = text.strip_prefix("s3://").unwrap_or(text);
        match plain.split_once('/') {
            Some((bucket, key)) if !bucket.is_empty() && !key.is_empty() => Ok(vec![
                ("id", Value::string(plain)),
                ("bucket", Value::string(bucket)),
                ("key", Value::string(key)),
            ]),
            _ => Err(format!("Expected BUCKET/KEY or s3://BUCKET/KEY, not {text:?}.")),
        }
    }
}

async fn head(api: &Api, bucket: &str, key: &str) -> Result<Option<Head>> {
    let ask = || api.s3().head_object().bucket(bucket).key(key).send();
    there(api.call("s3", "HeadObject", ask).await)
}

fn tell(head: &Head, row: &mut Row) {
    let metadata: serde_json::Map<_, _> = head
        .metadata()
        .into_iter()
        .flatten()
        .map(|(key, value)| (key.clone(), value.clone().into()))
        .collect();
    let until = head.object_lock_retain_until_date();
    row.set("etag", head.e_tag().map(|etag| etag.trim_matches('"')))
        .set("version_id", head.version_id().filter(|version| *version != "null"))
        .set("cache_control", head.cache_control())
        .set("content_disposition", head.content_disposition())
        .set("content_encoding", head.content_encoding())
        .set("content_language", head.content_language())
        .set("content_type", head.content_type())
        .set("website_redirect", head.website_redirect_location())
        .set("bucket_key_enabled", head.bucket_key_enabled().unwrap_or(false))
        .set("kms_key_id", head.ssekms_key_id())
        .set(
            "server_side_encryption",
            head.server_side_encryption().map(ServerSideEncryption::as_str),
        )
        .set("storage_class", head.storage_class().map_or("STANDARD", StorageClass::as_str))
        .set("object_lock_mode", head.object_lock_mode().map(ObjectLockMode::as_str))
        .set(
            "object_lock_legal_hold_status",
            head.object_lock_legal_hold_status().map(ObjectLockLegalHoldStatus::as_str),
        )
        .set(
            "object_lock_retain_until_date",
            until.and_then(|date| date.fmt(Format::DateTime).ok()),
        )
        .set("metadata", metadata);
}

/// What the object shall hold.
async fn body(planned: Fields<'_>) -> Result<Vec<u8>> {
    if let Some(path) = planned.str("source") {
        return std::fs::read(path).map_err(|error| {
            AwsError::refused("NoSuchFile", format!("Cannot read {path}: {error}")).at("source")
        });
    }
    if let Some(text) = planned.text("content_base64") {
        return BASE64_STANDARD.decode(text).map_err(|_| {
            AwsError::refused("InvalidBase64", "The content is not base64").at("content_base64")
        });
    }
    Ok(planned.text("content").unwrap_or_default().as_bytes().to_vec())
}

async fn put(api: &Api, planned: Fields<'_>, tags: &Tags) -> Result<()> {
    let (bucket, key) = place(planned);
    let body = body(planned).await?;
    let until = planned.str("object_lock_retain_until_date");
    let until = until.and_then(|text| DateTime::from_str(text, Format::DateTime).ok());
    let call = || {
        api.s3()
            .put_object()
            .bucket(bucket)
            .key(key)
            .body(ByteStream::from(body.clone()))
            .set_acl(planned.str("acl").map(ObjectCannedAcl::from))
            .set_bucket_key_enabled(planned.bool("bucket_key_enabled").filter(|it| *it))
            .set_cache_control(planned.string("cache_control"))
            .set_checksum_algorithm(planned.str("checksum_algorithm").map(ChecksumAlgorithm::from))
            .set_content_disposition(planned.string("content_disposition"))
            .set_content_encoding(planned.string("content_encoding"))
            .set_content_language(planned.string("content_language"))
            .set_content_type(planned.string("content_type"))
            .set_ssekms_key_id(planned.string("kms_key_id"))
            .set_server_side_encryption(encryption(planned))
            .set_storage_class(planned.str("storage_class").map(StorageClass::from))
            .set_website_redirect_location(planned.string("website_redirect"))
            .set_object_lock_mode(planned.str("object_lock_mode").map(ObjectLockMode::from))
            .set_object_lock_legal_hold_status(
                planned.str("object_lock_legal_hold_status").map(ObjectLockLegalHoldStatus::from),
            )
            .set_object_lock_retain_until_date(until)
            .set_metadata(
                Some(
                    planned
                        .map("metadata")
                        .into_iter()
                        .collect::<std::collections::HashMap<_, _>>(),
                )
                .filter(|metadata| !metadata.is_empty()),
            )
            .set_tagging(Some(header(tags)).filter(|text| !text.is_empty()))
            .send()
    };
    api.call("s3", "PutObject", call).await.map(|_| ()).map_err(at_bucket)
}

/// A key is only for KMS.
fn encryption(planned: Fields<'_>) -> Option<ServerSideEncryption> {
    let implied = planned.str("kms_key_id").map(|_| "aws:kms");
    planned.str("server_side_encryption").or(implied).map(ServerSideEncryption::from)
}
