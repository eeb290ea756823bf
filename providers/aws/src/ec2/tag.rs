//! `aws_ec2_tag`: one tag of an object that is managed elsewhere, or not at all.

use async_trait::async_trait;
use aws_sdk_ec2::types::Tag as Ec2Tag;
use kprov_core::Value;

use super::filter;
use crate::api::Api;
use crate::fields::{Fields, Problems};
use crate::resource::{AwsResource, Changes, Create, Made, Result};
use crate::row::Row;

type Found<T> = std::collections::HashMap<String, T>;

#[derive(Debug)]
pub(crate) struct Tag;

#[async_trait]
impl AwsResource for Tag {
    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        if let Some(key) = config.text("key") {
            if key.is_empty() || key.chars().count() > 128 {
                problems.add("key", "Invalid tag", "A tag's key has 1 to 128 characters.");
            }
            if key.to_ascii_lowercase().starts_with("aws:") {
                let message = "Tags whose keys begin with \"aws:\" are AWS's own.";
                problems.add("key", "Invalid tag", message);
            }
        }
        if config.text("value").is_some_and(|value| value.chars().count() > 256) {
            problems.add("value", "Invalid tag", "A tag's value has at most 256 characters.");
        }
        if config.text("resource_id") == Some("") {
            problems.add("resource_id", "Invalid value", "The id of an EC2 object is needed.");
        }
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let (object, key) = parts(prior);
        let id = id(object, key);
        let Some(value) = api.load("tag", &id, tags).await? else { return Ok(None) };
        let mut row = Row::new();
        row.set("id", id).set("resource_id", object).set("key", key).set("value", value);
        Ok(Some(row))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        let (object, key) = parts(create.planned);
        write(api, create.planned).await?;
        Ok(Made::id(id(object, key)))
    }

    async fn update(&self, api: &Api, changes: Changes<'_>) -> Result<()> {
        write(api, changes.planned).await
    }

    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        let (object, key) = parts(prior);
        // With the value, so that one that others wrote since stays.
        let tag = Ec2Tag::builder().key(key).set_value(prior.text("value").map(str::to_owned));
        let call = || api.ec2().delete_tags().resources(object).tags(tag.clone().build()).send();
        api.call("ec2", "DeleteTags", call).await.map(|_| ())
    }

    async fn find(&self, api: &Api, create: Create<'_>) -> Result<Option<Made>> {
        let (object, key) = parts(create.planned);
        let id = id(object, key);
        let now = api.load("tag", &id, tags).await?;
        Ok(now
            .filter(|now| Some(now.as_str()) == create.planned.text("value"))
            .map(|_| Made::id(id)))
    }

    fn import(&self, id: &str) -> std::result::Result<Vec<(&'static str, Value)>, String> {
        match id.split_once(',').filter(|(object, key)| !object.is_empty() && !key.is_empty()) {
            Some((object, key)) => {
                Ok(vec![("resource_id", Value::string(object)), ("key", Value::string(key))])
            }
            None => Err(format!("{id:?} is not ID,KEY, such as \"vpc-1,Name\".")),
        }
    }
}

fn parts(object: Fields<'_>) -> (&str, &str) {
    (object.str("resource_id").unwrap_or_default(), object.str("key").unwrap_or_default())
}

fn id(object: &str, key: &str) -> String {
    format!("{object},{key}")
}

async fn write(api: &Api, planned: Fields<'_>) -> Result<()> {
    let (object, key) = parts(planned);
    let tag = Ec2Tag::builder().key(key).value(planned.text("value").unwrap_or_default()).build();
    let call = || api.ec2().create_tags().resources(object).tags(tag.clone()).send();
    api.call("ec2", "CreateTags", call).await.map(|_| ()).map_err(|error| {
        let object = error.is_not_found();
        error.at(if object { "resource_id" } else { "key" })
    })
}

/// Values of tags by `ID,KEY`.
async fn tags(api: Api, ids: Vec<String>) -> Result<Found<String>> {
    let pairs = || ids.iter().filter_map(|id| id.split_once(','));
    let keys: std::collections::BTreeSet<&str> = pairs().map(|(_, key)| key).collect();
    let objects: std::collections::BTreeSet<&str> = pairs().map(|(object, _)| object).collect();
    // Filters take * and ? for wildcards; what they find beside is left out by the caller.
    let by = [filter("resource-id", objects), filter("key", keys)];
    let ask = |token| {
        let call = api.ec2().describe_tags().set_filters(Some(by.to_vec()));
        call.set_next_token(token).send()
    };
    let all = api.pages("ec2", "DescribeTags", ask, |answer| (answer.tags, answer.next_token));
    let all = all.await?.into_iter();
    Ok(all
        .filter_map(|tag| {
            let id = id(tag.resource_id()?, tag.key()?);
            Some((id, tag.value.unwrap_or_default()))
        })
        .collect())
}
