//! `aws_key_pair`: a public key that is imported. Known by its name; tags go by its id.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_ec2::primitives::Blob;
use aws_sdk_ec2::types::{KeyPairInfo, KeyType};

use super::{filter, pairs, tag_specification};
use crate::api::Api;
use crate::fields::{Fields, Problems};
use crate::names;
use crate::resource::{AwsResource, Changes, Create, Made, Plan, Result, Tagging, retag_ec2};
use crate::row::Row;
use crate::tags::Tags;

#[derive(Debug)]
pub(crate) struct KeyPair;

#[async_trait]
impl AwsResource for KeyPair {
    fn tagging(&self) -> Tagging {
        Tagging::Own
    }

    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        problems.conflicts(config, &["key_name", "key_name_prefix"]);
        for (name, longest) in [("key_name", 255), ("key_name_prefix", 255 - 26)] {
            if config.text(name).is_some_and(|text| text.chars().count() > longest) {
                let message = format!("Expected at most {longest} characters.");
                problems.add(name, "Value too long", message);
            }
        }
        if let Some(key) = config.text("public_key") {
            check_key(key, problems);
        }
    }

    fn plan(&self, plan: &mut Plan<'_>) {
        // A comment behind the key is no part of it.
        let old = plan.prior.and_then(|prior| prior.str("public_key"));
        if let (Some(old), Some(new)) = (old, plan.get("public_key").as_str())
            && same_key(old, new)
        {
            plan.keep("public_key");
        }
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let Some(pair) = api.load("key pair", prior.id(), key_pairs).await? else {
            return Ok(None);
        };
        Ok(Some(row(api, &pair, prior).await?))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        let planned = create.planned;
        let name = names::name(planned, "key_name", "key_name_prefix", create.token);
        let key = planned.str("public_key").unwrap_or_default();
        let tags = tag_specification("key-pair", &create.tags_with_token());
        let make = || {
            api.ec2()
                .import_key_pair()
                .key_name(&name)
                .public_key_material(Blob::new(key))
                .tag_specifications(tags.clone())
                .send()
        };
        api.call("ec2", "ImportKeyPair", make).await.map_err(|error| {
            match error.code.as_str() {
                "InvalidKey.Format" | "InvalidKeyPair.Format" => error.at("public_key"),
                "InvalidKeyPair.Duplicate" => error.at("key_name"),
                _ => error,
            }
        })?;
        Ok(Made::id(name))
    }

    async fn update(&self, _api: &Api, _changes: Changes<'_>) -> Result<()> {
        Ok(())
    }

    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        let delete = || api.ec2().delete_key_pair().key_name(prior.id()).send();
        api.call("ec2", "DeleteKeyPair", delete).await.map(|_| ())
    }

    async fn find(&self, api: &Api, create: Create<'_>) -> Result<Option<Made>> {
        let name = names::name(create.planned, "key_name", "key_name_prefix", create.token);
        let found = api.load("key pair", &name, key_pairs).await?;
        let ours = found.is_some_and(|pair| {
            pairs(pair.tags()).any(|it| it == (crate::tags::OPERATION, create.token))
        });
        Ok(ours.then(|| Made::id(name)))
    }

    async fn retag(
        &self,
        api: &Api,
        object: Fields<'_>,
        removed: Vec<String>,
        written: Tags,
    ) -> Result<()> {
        retag_ec2(api, object.str("key_pair_id").unwrap_or_default(), &removed, &written).await
    }
}

fn check_key(key: &str, problems: &mut Problems) {
    let known = ["ssh-rsa", "ssh-ed25519", "---- BEGIN SSH2 PUBLIC KEY ----"];
    let key = key.trim();
    if key.contains("PRIVATE KEY") {
        let message = "This is a private key, which must stay where it is; give the public one.";
        problems.add("public_key", "Private key", message);
    } else if !known.iter().any(|start| key.starts_with(start)) && key.contains(' ') {
        let message = "AWS takes RSA and ED25519 keys in the form \"ssh-rsa AAAA...\" or \
                       \"ssh-ed25519 AAAA...\".";
        problems.add("public_key", "Invalid public key", message);
    }
}

/// Type and body are the same; what follows is a comment.
fn same_key(a: &str, b: &str) -> bool {
    let parts = |text: &str| {
        let mut words = text.split_whitespace().map(str::to_owned);
        (words.next(), words.next())
    };
    parts(a) == parts(b)
}

async fn key_pairs(api: Api, names: Vec<String>) -> Result<HashMap<String, KeyPairInfo>> {
    let by = filter("key-name", names);
    let ask = || api.ec2().describe_key_pairs().filters(by.clone()).include_public_key(true).send();
    let answer = api.call("ec2", "DescribeKeyPairs", ask).await?;
    let all = answer.key_pairs.unwrap_or_default().into_iter();
    Ok(all.filter_map(|pair| Some((pair.key_name.clone()?, pair))).collect())
}

async fn row(api: &Api, pair: &KeyPairInfo, prior: Fields<'_>) -> Result<Row> {
    let (name, id) = (prior.id(), pair.key_pair_id().unwrap_or_default());
    let owner = &api.identity().await?.account;
    let mut row = Row::new();
    row.set("id", name)
        .set("arn", format!("arn:{}:ec2:{}:{owner}:key-pair/{name}", api.partition(), api.region()))
        .set("key_name", name)
        .set("key_name_prefix", names::prefix(name))
        .set("key_pair_id", id)
        .set("fingerprint", pair.key_fingerprint())
        .set("key_type", pair.key_type().map(KeyType::as_str))
        .tags(pairs(pair.tags()));
    let before = prior.str("public_key");
    match pair.public_key().filter(|key| !key.is_empty()) {
        Some(key) if !before.is_some_and(|before| same_key(before, key)) => {
            row.set("public_key", key.trim());
        }
        _ => {}
    }
    Ok(row)
}
