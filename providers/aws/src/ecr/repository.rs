//! `aws_ecr_repository`.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_ecr::types::{
    EncryptionConfiguration, EncryptionType, ImageScanningConfiguration, ImageTagMutability,
    ImageTagMutabilityExclusionFilter as Exclusion,
    ImageTagMutabilityExclusionFilterType as ExclusionType, Repository as EcrRepository, Tag,
};
use serde_json::json;

use crate::api::{Api, AwsError};
use crate::bulk::{Found, each, groups};
use crate::fields::{Fields, Problems};
use crate::resource::{AwsResource, Changes, Create, Made, Result, Tagging};
use crate::row::Row;
use crate::tags::{OPERATION, Tags};

/// How many names DescribeRepositories takes.
const GROUP: usize = 100;

#[derive(Debug)]
pub(crate) struct Repository;

#[async_trait]
impl AwsResource for Repository {
    fn tagging(&self) -> Tagging {
        Tagging::Own
    }

    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-/".contains(c);
        let words = "lower case letters, digits and ._-/";
        crate::names::check_text(problems, config, "name", 256, allowed, words);
        if config.text("name").is_some_and(|name| name.len() == 1) {
            problems.add("name", "Invalid name", "A name has at least 2 characters.");
        }
        let states = ["IMMUTABLE", "IMMUTABLE_WITH_EXCLUSION", "MUTABLE", "MUTABLE_WITH_EXCLUSION"];
        problems.one_of(config, "image_tag_mutability", &states);
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let name = prior.id();
        let Some(found) = api.load("ecr repository", name, repositories).await? else {
            return Ok(None);
        };
        let arn = found.repository_arn().unwrap_or_default();
        let tags = api.load("ecr tags", arn, tags_of).await?.unwrap_or_default();
        let mut row = Row::new();
        row.set("id", name)
            .set("name", name)
            .set("arn", arn)
            .set("registry_id", found.registry_id())
            .set("repository_url", found.repository_uri())
            .set(
                "image_tag_mutability",
                found.image_tag_mutability().map(ImageTagMutability::as_str),
            )
            .set("image_tag_mutability_exclusion_filter", exclusions_told(&found))
            .tags(tags);
        // AWS encrypts and scans (or not) in any case; without the blocks that is its affair.
        let scan = found.image_scanning_configuration().is_some_and(|it| it.scan_on_push());
        if prior.block("image_scanning_configuration").is_some() || scan {
            row.set("image_scanning_configuration", vec![json!({"scan_on_push": scan})]);
        }
        let encryption = found.encryption_configuration();
        let kms = encryption.is_some_and(|it| *it.encryption_type() != EncryptionType::Aes256);
        if prior.block("encryption_configuration").is_some() || kms {
            let told = encryption.map(|it| {
                json!({
                    "encryption_type": it.encryption_type().as_str(),
                    "kms_key": it.kms_key().unwrap_or_default(),
                })
            });
            row.set("encryption_configuration", Vec::from_iter(told));
        }
        Ok(Some(row))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        let planned = create.planned;
        let name = planned.str("name").unwrap_or_default();
        let all = tags(&create.tags_with_token());
        let encryption = planned.block("encryption_configuration").and_then(|block| {
            let kind = EncryptionType::from(block.str("encryption_type").unwrap_or("AES256"));
            let of = EncryptionConfiguration::builder().encryption_type(kind);
            of.set_kms_key(block.string("kms_key")).build().ok()
        });
        let scan = planned.block("image_scanning_configuration").map(scanning);
        let make = || {
            api.ecr()
                .create_repository()
                .repository_name(name)
                .set_image_tag_mutability(mutability(planned))
                .set_image_tag_mutability_exclusion_filters(exclusions(planned))
                .set_encryption_configuration(encryption.clone())
                .set_image_scanning_configuration(scan.clone())
                .set_tags(Some(all.clone()))
                .send()
        };
        api.call("ecr", "CreateRepository", make).await.map_err(|error| {
            if error.is(&["RepositoryAlreadyExistsException"]) { error.at("name") } else { error }
        })?;
        Ok(Made::id(name))
    }

    async fn update(&self, api: &Api, changes: Changes<'_>) -> Result<()> {
        let (name, planned) = (changes.id(), changes.planned);
        if changes.any(&["image_tag_mutability", "image_tag_mutability_exclusion_filter"]) {
            let call = || {
                api.ecr()
                    .put_image_tag_mutability()
                    .repository_name(name)
                    .set_image_tag_mutability(mutability(planned))
                    .set_image_tag_mutability_exclusion_filters(exclusions(planned))
                    .send()
            };
            api.call("ecr", "PutImageTagMutability", call).await?;
        }
        if changes.has("image_scanning_configuration") {
            let off = ImageScanningConfiguration::builder().scan_on_push(false).build();
            let wanted = planned.block("image_scanning_configuration").map_or(off, scanning);
            let call = || {
                let call = api.ecr().put_image_scanning_configuration().repository_name(name);
                call.image_scanning_configuration(wanted.clone()).send()
            };
            api.call("ecr", "PutImageScanningConfiguration", call).await?;
        }
        Ok(())
    }

    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        let force = prior.bool("force_delete") == Some(true);
        let delete = || {
            let call = api.ecr().delete_repository().repository_name(prior.id());
            call.set_force(force.then_some(true)).send()
        };
        api.call("ecr", "DeleteRepository", delete).await.map(|_| ()).map_err(|mut error| {
            if error.is(&["RepositoryNotEmptyException"]) {
                error.message += " Remove the images, or set \"force_delete\" and apply first.";
            }
            error
        })
    }

    fn delete_patience(&self) -> Duration {
        PATIENCE
    }

    async fn find(&self, api: &Api, create: Create<'_>) -> Result<Option<Made>> {
        let name = create.planned.str("name").unwrap_or_default();
        let Some(found) = api.load("ecr repository", name, repositories).await? else {
            return Ok(None);
        };
        let arn = found.repository_arn().unwrap_or_default();
        let tags = api.load("ecr tags", arn, tags_of).await?.unwrap_or_default();
        let ours = tags.get(OPERATION).is_some_and(|token| token == create.token);
        Ok(ours.then(|| Made::id(name)))
    }

    async fn retag(
        &self,
        api: &Api,
        object: Fields<'_>,
        removed: Vec<String>,
        written: Tags,
    ) -> Result<()> {
        let arn = object.str("arn").unwrap_or_default();
        if !removed.is_empty() {
            let call = || {
                let call = api.ecr().untag_resource().resource_arn(arn);
                call.set_tag_keys(Some(removed.clone())).send()
            };
            api.call("ecr", "UntagResource", call).await?;
        }
        if !written.is_empty() {
            let all = tags(&written);
            let call =
                || api.ecr().tag_resource().resource_arn(arn).set_tags(Some(all.clone())).send();
            api.call("ecr", "TagResource", call).await?;
        }
        Ok(())
    }
}

const PATIENCE: Duration = Duration::from_secs(20 * 60);

fn mutability(planned: Fields<'_>) -> Option<ImageTagMutability> {
    planned.str("image_tag_mutability").map(ImageTagMutability::from)
}

fn scanning(block: Fields<'_>) -> ImageScanningConfiguration {
    let scan = block.bool("scan_on_push").unwrap_or(false);
    ImageScanningConfiguration::builder().scan_on_push(scan).build()
}

fn exclusions(planned: Fields<'_>) -> Option<Vec<Exclusion>> {
    let blocks = planned.blocks("image_tag_mutability_exclusion_filter");
    let all: Vec<_> = blocks
        .filter_map(|block| {
            Exclusion::builder()
                .filter(block.str("filter").unwrap_or_default())
                .filter_type(ExclusionType::from(block.str("filter_type").unwrap_or("WILDCARD")))
                .build()
                .ok()
        })
        .collect();
    Some(all).filter(|all| !all.is_empty())
}

fn exclusions_told(found: &EcrRepository) -> Vec<serde_json::Value> {
    let all = found.image_tag_mutability_exclusion_filters().iter();
    all.map(|it| json!({"filter": it.filter(), "filter_type": it.filter_type().as_str()})).collect()
}

fn tags(tags: &Tags) -> Vec<Tag> {
    tags.iter()
        .filter_map(|(key, value)| Tag::builder().key(key).value(value).build().ok())
        .collect()
}

/// Repositories by name.
async fn repositories(api: Api, names: Vec<String>) -> Result<Found<EcrRepository>> {
    let api = &api;
    groups(names, GROUP, |group| async move {
        let ask =
            || api.ecr().describe_repositories().set_repository_names(Some(group.clone())).send();
        let answer = api.call("ecr", "DescribeRepositories", ask).await?;
        let all = answer.repositories.unwrap_or_default().into_iter();
        Ok::<_, AwsError>(all.filter_map(|it| Some((it.repository_name.clone()?, it))).collect())
    })
    .await
}

async fn tags_of(api: Api, arns: Vec<String>) -> Result<Found<Tags>> {
    let api = &api;
    each(arns, |arn| async move {
        let ask = || api.ecr().list_tags_for_resource().resource_arn(&arn).send();
        let answer = api.call("ecr", "ListTagsForResource", ask).await?;
        Ok(answer.tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)).collect())
    })
    .await
}
