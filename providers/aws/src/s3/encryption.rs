//! `aws_s3_bucket_server_side_encryption_configuration`. Every bucket has one; taken away, it is
//! AES256 again, which counts as gone where anything else should be.

use async_trait::async_trait;
use aws_sdk_s3::types::{
    BlockedEncryptionTypes, EncryptionType, ServerSideEncryption,
    ServerSideEncryptionByDefault as ByDefault, ServerSideEncryptionConfiguration as Configuration,
    ServerSideEncryptionRule as Rule,
};
use serde_json::json;

use super::{at_bucket, bucket, there};
use crate::api::{Api, AwsError};
use crate::fields::{Fields, Problems};
use crate::resource::{AwsResource, Changes, Create, Made, Result};
use crate::row::Row;

const DEFAULT: &str = "apply_server_side_encryption_by_default";

#[derive(Debug)]
pub(crate) struct Encryption;

fn algorithm(rule: Fields<'_>) -> Option<&str> {
    rule.block(DEFAULT).and_then(|block| block.str("sse_algorithm"))
}

#[async_trait]
impl AwsResource for Encryption {
    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        for rule in config.blocks("rule") {
            let known = ["AES256", "aws:fsx", "aws:kms", "aws:kms:dsse"];
            if let Some(name) = algorithm(rule).filter(|name| !known.contains(name)) {
                let message = format!("{name:?} is none of: {}.", known.join(", "));
                problems.add("rule", "Invalid algorithm", message);
            }
            let key = rule.block(DEFAULT).and_then(|block| block.str("kms_master_key_id"));
            if algorithm(rule) == Some("AES256") && key.is_some() {
                let message = "AES256 has no \"kms_master_key_id\": remove it, or use \"aws:kms\".";
                problems.add("rule", "Conflicting configuration arguments", message);
            }
        }
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let name = bucket(prior);
        let ask = || api.s3().get_bucket_encryption().bucket(name).send();
        let Some(found) = there(api.call("s3", "GetBucketEncryption", ask).await)? else {
            return Ok(None);
        };
        let rules = found.server_side_encryption_configuration().map(|it| it.rules());
        let rules = rules.unwrap_or_default();
        let wanted = prior.blocks("rule").find_map(algorithm);
        let plain = |rule: &Rule| {
            let it = rule.apply_server_side_encryption_by_default();
            it.is_none_or(|it| *it.sse_algorithm() == ServerSideEncryption::Aes256)
        };
        if rules.is_empty() || (wanted.is_some_and(|it| it != "AES256") && rules.iter().all(plain))
        {
            return Ok(None);
        }
        let told = rules.iter().map(|rule| {
            let default = rule.apply_server_side_encryption_by_default().map(|it| {
                json!({
                    "sse_algorithm": it.sse_algorithm().as_str(),
                    "kms_master_key_id": it.kms_master_key_id().unwrap_or_default(),
                })
            });
            let blocked = rule.blocked_encryption_types().map(|it| it.encryption_type());
            let blocked = blocked.unwrap_or_default().iter().map(EncryptionType::as_str);
            json!({
                "bucket_key_enabled": rule.bucket_key_enabled().unwrap_or(false),
                "blocked_encryption_types": blocked.collect::<Vec<_>>(),
                DEFAULT: Vec::from_iter(default),
            })
        });
        let mut row = Row::new();
        row.set("id", name).set("bucket", name).set("rule", told.collect::<Vec<_>>());
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
        let call = || api.s3().delete_bucket_encryption().bucket(bucket(prior)).send();
        there(api.call("s3", "DeleteBucketEncryption", call).await).map(|_| ())
    }

    async fn find(&self, api: &Api, create: Create<'_>) -> Result<Option<Made>> {
        let row = self.read(api, create.planned).await?;
        Ok(row.map(|_| Made::id(bucket(create.planned))))
    }
}

async fn put(api: &Api, planned: Fields<'_>) -> Result<()> {
    let rules = planned.blocks("rule").map(|block| {
        let default = block.block(DEFAULT).and_then(|it| {
            ByDefault::builder()
                .sse_algorithm(ServerSideEncryption::from(it.str("sse_algorithm")?))
                .set_kms_master_key_id(it.string("kms_master_key_id"))
                .build()
                .ok()
        });
        let blocked = block.some_strings("blocked_encryption_types").map(|types| {
            let types = types.iter().map(|it| EncryptionType::from(it.as_str())).collect();
            BlockedEncryptionTypes::builder().set_encryption_type(Some(types)).build()
        });
        Rule::builder()
            .set_apply_server_side_encryption_by_default(default)
            .set_bucket_key_enabled(block.bool("bucket_key_enabled"))
            .set_blocked_encryption_types(blocked)
            .build()
    });
    let wanted = Configuration::builder().set_rules(Some(rules.collect())).build();
    let wanted = wanted.map_err(|error| AwsError::refused("InvalidRule", error.to_string()))?;
    let call = || {
        api.s3()
            .put_bucket_encryption()
            .bucket(bucket(planned))
            .set_expected_bucket_owner(planned.string("expected_bucket_owner"))
            .server_side_encryption_configuration(wanted.clone())
            .send()
    };
    api.call("s3", "PutBucketEncryption", call).await.map(|_| ()).map_err(at_bucket)
}
