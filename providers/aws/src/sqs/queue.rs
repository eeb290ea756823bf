//! `aws_sqs_queue`.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sqs::types::QueueAttributeName as Name;
use kprov_core::Value;

use super::{Attributes, attributes, set, tags};
use crate::api::{Api, AwsError, Progress};
use crate::fields::{Fields, Problems};
use crate::iam::check_document;
use crate::names;
use crate::resource::{AwsResource, Changes, Create, Made, Plan, Result, Tagging};
use crate::row::Row;
use crate::tags::{OPERATION, Tags};

/// How long the name of a deleted queue is not free, and a deleted queue may still be seen.
const QUARANTINE: Duration = Duration::from_secs(90);
const PATIENCE: Duration = Duration::from_secs(3 * 60);

const NUMBERS: [(&str, &str); 6] = [
    ("delay_seconds", "DelaySeconds"),
    ("kms_data_key_reuse_period_seconds", "KmsDataKeyReusePeriodSeconds"),
    ("max_message_size", "MaximumMessageSize"),
    ("message_retention_seconds", "MessageRetentionPeriod"),
    ("receive_wait_time_seconds", "ReceiveMessageWaitTimeSeconds"),
    ("visibility_timeout_seconds", "VisibilityTimeout"),
];
const BOOLS: [(&str, &str); 3] = [
    ("content_based_deduplication", "ContentBasedDeduplication"),
    ("fifo_queue", "FifoQueue"),
    ("sqs_managed_sse_enabled", "SqsManagedSseEnabled"),
];
const TEXTS: [(&str, &str); 3] = [
    ("deduplication_scope", "DeduplicationScope"),
    ("fifo_throughput_limit", "FifoThroughputLimit"),
    ("kms_master_key_id", "KmsMasterKeyId"),
];
const DOCUMENTS: [(&str, &str); 3] = [
    ("policy", "Policy"),
    ("redrive_allow_policy", "RedriveAllowPolicy"),
    ("redrive_policy", "RedrivePolicy"),
];

#[derive(Debug)]
pub(crate) struct Queue;

#[async_trait]
impl AwsResource for Queue {
    fn tagging(&self) -> Tagging {
        Tagging::Own
    }

    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        names::check(problems, config, 80, allowed, "letters, digits, hyphens and underscores");
        let fifo = config.bool("fifo_queue") == Some(true);
        if let Some(name) = config.text("name")
            && config.get("fifo_queue").is_known()
            && fifo != name.ends_with(".fifo")
        {
            let message = match fifo {
                true => "The name of a FIFO queue ends in \".fifo\".",
                false => "Only the name of a FIFO queue ends in \".fifo\"; set \"fifo_queue\".",
            };
            problems.add("name", "Invalid name", message);
        }
        if !fifo && config.bool("content_based_deduplication") == Some(true) {
            let message = "Only FIFO queues have \"content_based_deduplication\".";
            problems.add(
                "content_based_deduplication",
                "Conflicting configuration arguments",
                message,
            );
        }
        problems.conflicts(config, &["kms_master_key_id", "sqs_managed_sse_enabled"]);
        problems.in_range(config, "delay_seconds", 0, 900);
        problems.in_range(config, "kms_data_key_reuse_period_seconds", 60, 86_400);
        problems.in_range(config, "max_message_size", 1024, 1_048_576);
        problems.in_range(config, "message_retention_seconds", 60, 1_209_600);
        problems.in_range(config, "receive_wait_time_seconds", 0, 20);
        problems.in_range(config, "visibility_timeout_seconds", 0, 43_200);
        problems.one_of(config, "deduplication_scope", &["messageGroup", "queue"]);
        problems.one_of(config, "fifo_throughput_limit", &["perMessageGroupId", "perQueue"]);
        DOCUMENTS.iter().for_each(|(name, _)| check_document(problems, config, name));
    }

    fn plan(&self, plan: &mut Plan<'_>) {
        DOCUMENTS.iter().for_each(|(name, _)| plan.keep_same_document(name));
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let url = prior.id();
        let (found, tags) = futures::try_join!(
            api.load("sqs queue", url, attributes),
            api.load("sqs tags", url, tags),
        )?;
        let Some(found) = found else { return Ok(None) };
        let name = url.rsplit('/').next().unwrap_or_default();
        let mut row = Row::new();
        row.set("id", url)
            .set("url", url)
            .set("name", name)
            .set("name_prefix", names::prefix(name.strip_suffix(".fifo").unwrap_or(name)))
            .set("arn", found.get("QueueArn").cloned())
            .tags(tags.unwrap_or_default());
        tell(&found, &mut row);
        Ok(Some(row))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        let (planned, name) = (create.planned, name(create));
        let all: Vec<_> = table(planned)
            .filter(|(name, text)| *name != "FifoQueue" || text == "true")
            .filter(|(name, text)| *name != "ContentBasedDeduplication" || text == "true")
            .map(|(name, text)| (Name::from(name), text))
            .collect();
        let tags = create.tags_with_token();
        let make = || {
            let call = api.sqs().create_queue().queue_name(&name);
            call.set_attributes(Some(all.iter().cloned().collect()))
                .set_tags(Some(tags.clone().into_iter().collect()))
                .send()
        };
        let recent = |error: &AwsError| {
            error.is(&["QueueDeletedRecently", "AWS.SimpleQueueService.QueueDeletedRecently"])
        };
        let work = || api.call("sqs", "CreateQueue", make);
        let answer = api.insist(QUARANTINE, recent, work).await.map_err(|error| {
            let taken = error.is(&["QueueAlreadyExists", "QueueNameExists"]);
            if taken { error.at("name") } else { error }
        })?;
        Ok(Made::id(answer.queue_url.unwrap_or_default()))
    }

    async fn complete(&self, api: &Api, id: &str, create: Create<'_>) -> Result<()> {
        agree(api, id, create.planned, create.planned.timeout("create", PATIENCE)).await?;
        api.tell("sqs tags", id, Some(create.tags_with_token()));
        Ok(())
    }

    async fn update(&self, api: &Api, changes: Changes<'_>) -> Result<()> {
        let (id, planned) = (changes.id(), changes.planned);
        let mut all = Vec::new();
        let every = NUMBERS.iter().chain(&BOOLS).chain(&TEXTS).chain(&DOCUMENTS);
        for (name, key) in every.filter(|(name, _)| changes.has(name)) {
            // What is not set any more is emptied.
            let text = text_of(planned.get(name)).unwrap_or_default();
            all.push((Name::from(*key), text));
        }
        set(api, id, all).await?;
        agree(api, id, planned, planned.timeout("update", PATIENCE)).await
    }

    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        let url = prior.id();
        let delete = || api.sqs().delete_queue().queue_url(url).send();
        api.call("sqs", "DeleteQueue", delete).await?;
        api.wait("sqs queue gone", url, QUARANTINE, attributes, |found| match found {
            None => Progress::Done(()),
            Some(_) => Progress::Pending("deleting".to_owned()),
        })
        .await
    }

    async fn find(&self, api: &Api, create: Create<'_>) -> Result<Option<Made>> {
        let name = name(create);
        let ask = || api.sqs().get_queue_url().queue_name(&name).send();
        let url = match api.call("sqs", "GetQueueUrl", ask).await {
            Err(error) if error.is_not_found() => return Ok(None),
            answer => answer?.queue_url.unwrap_or_default(),
        };
        let found = api.load("sqs tags", &url, tags).await?.unwrap_or_default();
        let ours = found.get(OPERATION).is_some_and(|token| token == create.token);
        Ok(ours.then(|| Made::id(url)))
    }

    async fn retag(
        &self,
        api: &Api,
        object: Fields<'_>,
        removed: Vec<String>,
        written: Tags,
    ) -> Result<()> {
        let url = object.id();
        if !removed.is_empty() {
            let call = || {
                let call = api.sqs().untag_queue().queue_url(url);
                call.set_tag_keys(Some(removed.clone())).send()
            };
            api.call("sqs", "UntagQueue", call).await?;
        }
        if !written.is_empty() {
            let call = || {
                let call = api.sqs().tag_queue().queue_url(url);
                call.set_tags(Some(written.clone().into_iter().collect())).send()
            };
            api.call("sqs", "TagQueue", call).await?;
        }
        Ok(())
    }

    fn import(&self, id: &str) -> std::result::Result<Vec<(&'static str, Value)>, String> {
        match id.starts_with("http") {
            true => Ok(vec![("id", Value::string(id))]),
            false => Err(format!("Expected the URL of a queue, not {id:?}.")),
        }
    }
}

fn name(create: Create<'_>) -> String {
    let planned = create.planned;
    if let Some(name) = planned.str("name") {
        return name.to_owned();
    }
    let end = if planned.bool("fifo_queue") == Some(true) { ".fifo" } else { "" };
    format!("{}{end}", names::chosen(planned, create.token, "terraform-"))
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        value => value.as_str().map(str::to_owned),
    }
}

/// What is set, by the API's names.
fn table(object: Fields<'_>) -> impl Iterator<Item = (&'static str, String)> {
    let every = NUMBERS.iter().chain(&BOOLS).chain(&TEXTS).chain(&DOCUMENTS);
    every.filter_map(move |(name, key)| {
        Some((*key, text_of(object.get(name)).filter(|text| !text.is_empty())?))
    })
}

fn tell(found: &Attributes, row: &mut Row) {
    let get = |key: &str| found.get(key).map(String::as_str);
    for (name, key) in NUMBERS {
        if let Some(number) = get(key).and_then(|text| text.parse::<i64>().ok()) {
            row.set(name, number);
        }
    }
    for (name, key) in BOOLS {
        row.set(name, get(key) == Some("true"));
    }
    for (name, key) in TEXTS {
        row.set(name, get(key));
    }
    for (name, key) in DOCUMENTS {
        row.document(name, get(key));
    }
}

/// Waits until AWS tells what was written: a queue's attributes spread for up to a minute.
async fn agree(api: &Api, url: &str, planned: Fields<'_>, patience: Duration) -> Result<()> {
    let wanted: Attributes = table(planned).map(|(key, text)| (key.to_owned(), text)).collect();
    api.wait("sqs queue", url, patience, attributes, |found| {
        let Some(found) = found else { return Progress::Pending("not visible".to_owned()) };
        let differs = wanted.iter().find(|(key, text)| match found.get(*key) {
            Some(now) => now != *text && !crate::row::same_document(now, text),
            // AWS leaves out what is off.
            None => *text != "false" && *key != "KmsDataKeyReusePeriodSeconds",
        });
        match differs {
            None => Progress::Done(()),
            Some((key, _)) => Progress::Pending(format!("{key} not spread")),
        }
    })
    .await
}
