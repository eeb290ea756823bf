//! `aws_cloudwatch_event_target`: queues, topics, streams and functions; others by their ARN alone.

use async_trait::async_trait;
use aws_sdk_eventbridge::types::{
    DeadLetterConfig, InputTransformer, KinesisParameters, RetryPolicy, SqsParameters, Target,
};
use kprov_core::Value;
use serde_json::json;

use super::{bus, is_name};
use crate::api::{Api, AwsError};
use crate::bulk::{Found, each};
use crate::fields::{Fields, Problems};
use crate::iam::{PROPAGATION, check_arn};
use crate::names::{check_text, generated};
use crate::resource::{AwsResource, Changes, Create, Made, Plan, Result};
use crate::row::Row;

/// Blocks of targets that are not supported yet.
const MISSING: [&str; 7] = [
    "appsync_target",
    "batch_target",
    "ecs_target",
    "http_target",
    "redshift_target",
    "run_command_targets",
    "sagemaker_pipeline_target",
];

#[derive(Debug)]
pub(crate) struct EventTarget;

#[async_trait]
impl AwsResource for EventTarget {
    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        check_text(problems, config, "rule", 64, is_name, "letters, digits and ._-");
        check_text(problems, config, "target_id", 64, is_name, "letters, digits and ._-");
        check_arn(problems, config, "arn");
        check_arn(problems, config, "role_arn");
        problems.conflicts(config, &["input", "input_path"]);
        if config.block("input_transformer").is_some() {
            for name in ["input", "input_path"].into_iter().filter(|name| config.is_set(name)) {
                let message = format!("{name:?} and \"input_transformer\" cannot both be set.");
                problems.add(name, "Conflicting configuration arguments", message);
            }
        }
        if let Some(text) = config.str("input")
            && let Err(error) = serde_json::from_str::<serde_json::Value>(text)
        {
            problems.add("input", "Invalid JSON", format!("Not JSON: {error}."));
        }
        for name in MISSING.into_iter().filter(|name| config.blocks(name).next().is_some()) {
            let message = format!("{name:?} is not supported here yet: remove it.");
            problems.add(name, "Not supported", message);
        }
    }

    fn plan(&self, plan: &mut Plan<'_>) {
        plan.keep_same_document("input");
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let key = format!("{}\t{}", bus(prior), prior.str("rule").unwrap_or_default());
        let Some(targets) = api.load("event targets", &key, targets).await? else {
            return Ok(None);
        };
        let wanted = prior.str("target_id").unwrap_or_default();
        let Some(target) = targets.iter().find(|target| target.id() == wanted) else {
            return Ok(None);
        };
        let known = prior.string("id").unwrap_or_else(|| id(prior, wanted));
        let mut row = Row::new();
        row.set("id", known)
            .set("target_id", wanted)
            .set("arn", target.arn())
            .set("role_arn", target.role_arn())
            .document("input", target.input())
            .set("input_path", target.input_path());
        tell(target, prior, &mut row);
        Ok(Some(row))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        let target = target_id(create);
        put(api, &target, create.planned).await?;
        Ok(made(create, target))
    }

    async fn update(&self, api: &Api, changes: Changes<'_>) -> Result<()> {
        let target = changes.prior.str("target_id").unwrap_or_default();
        put(api, target, changes.planned).await
    }

    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        let force = prior.bool("force_destroy") == Some(true);
        let call = || {
            api.events()
                .remove_targets()
                .rule(prior.str("rule").unwrap_or_default())
                .event_bus_name(bus(prior))
                .ids(prior.str("target_id").unwrap_or_default())
                .set_force(force.then_some(true))
                .send()
        };
        let answer = api.call("events", "RemoveTargets", call).await?;
        let failed = answer.failed_entries().first();
        failed.map_or(Ok(()), |it| Err(refused(it.error_code(), it.error_message())))
    }

    async fn find(&self, api: &Api, create: Create<'_>) -> Result<Option<Made>> {
        let planned = create.planned;
        let target = target_id(create);
        let key = format!("{}\t{}", bus(planned), planned.str("rule").unwrap_or_default());
        let found = api.load("event targets", &key, targets).await?.unwrap_or_default();
        let ours = found.iter().any(|it| it.id() == target && Some(it.arn()) == planned.str("arn"));
        Ok(ours.then(|| made(create, target)))
    }

    /// `[BUS/]RULE/TARGET`
    fn import(&self, id: &str) -> std::result::Result<Vec<(&'static str, Value)>, String> {
        let wrong = || format!("Expected [BUS/]RULE/TARGET, not {id:?}.");
        let (rest, target) = id.rsplit_once('/').ok_or_else(wrong)?;
        let (bus, rule) = rest.rsplit_once('/').unwrap_or(("default", rest));
        let own = if bus == "default" {
            format!("{rule}-{target}")
        } else {
            format!("{bus}-{rule}-{target}")
        };
        Ok(vec![
            ("id", Value::string(own)),
            ("event_bus_name", Value::string(bus)),
            ("rule", Value::string(rule)),
            ("target_id", Value::string(target)),
        ])
    }
}

fn target_id(create: Create<'_>) -> String {
    let given = create.planned.string("target_id");
    given.unwrap_or_else(|| generated("terraform-", create.token))
}

fn made(create: Create<'_>, target: String) -> Made {
    let mut made = Made::id(id(create.planned, &target));
    made.known.set("target_id", target);
    made
}

/// `RULE-TARGET`, after `BUS-` on another bus than the default.
fn id(object: Fields<'_>, target: &str) -> String {
    let rule = object.str("rule").unwrap_or_default();
    match bus(object) {
        "default" => format!("{rule}-{target}"),
        bus => format!("{bus}-{rule}-{target}"),
    }
}

fn refused(code: Option<&str>, message: Option<&str>) -> AwsError {
    AwsError::refused(code.unwrap_or("Failed"), message.unwrap_or("AWS does not say why"))
}

async fn put(api: &Api, target: &str, planned: Fields<'_>) -> Result<()> {
    let wanted = wanted(target, planned)?;
    let put = || async {
        let call = || {
            let call = api.events().put_targets().rule(planned.str("rule").unwrap_or_default());
            call.event_bus_name(bus(planned)).targets(wanted.clone()).send()
        };
        let answer = api.call("events", "PutTargets", call).await?;
        let failed = answer.failed_entries().first();
        failed.map_or(Ok(()), |it| Err(refused(it.error_code(), it.error_message())))
    };
    // A new role may not be known yet.
    let early = |error: &AwsError| error.message.contains("cannot be assumed by principal");
    api.insist(PROPAGATION, early, put).await.map_err(|error| match error.is_not_found() {
        true => error.at("rule"),
        false => error.at("arn"),
    })
}

fn wanted(target: &str, planned: Fields<'_>) -> Result<Target> {
    let transformer = planned.block("input_transformer").map(|block| {
        InputTransformer::builder()
            .input_template(block.text("input_template").unwrap_or_default())
            .set_input_paths_map(
                Some(
                    block
                        .map("input_paths")
                        .into_iter()
                        .collect::<std::collections::HashMap<_, _>>(),
                )
                .filter(|paths| !paths.is_empty()),
            )
            .build()
    });
    let broken = |error: String| AwsError::refused("InvalidTarget", error);
    let transformer = transformer.transpose().map_err(|error| broken(error.to_string()))?;
    let kinesis = planned.block("kinesis_target").and_then(|block| {
        let path = block.string("partition_key_path")?;
        KinesisParameters::builder().partition_key_path(path).build().ok()
    });
    let retry = planned.block("retry_policy").map(|block| {
        RetryPolicy::builder()
            .set_maximum_event_age_in_seconds(block.i32("maximum_event_age_in_seconds"))
            .set_maximum_retry_attempts(block.i32("maximum_retry_attempts"))
            .build()
    });
    Target::builder()
        .id(target)
        .arn(planned.str("arn").unwrap_or_default())
        .set_role_arn(planned.string("role_arn"))
        .set_input(planned.string("input"))
        .set_input_path(planned.string("input_path"))
        .set_input_transformer(transformer)
        .set_kinesis_parameters(kinesis)
        .set_retry_policy(retry)
        .set_dead_letter_config(
            planned
                .block("dead_letter_config")
                .map(|block| DeadLetterConfig::builder().set_arn(block.string("arn")).build()),
        )
        .set_sqs_parameters(planned.block("sqs_target").map(|block| {
            SqsParameters::builder().set_message_group_id(block.string("message_group_id")).build()
        }))
        .build()
        .map_err(|error| broken(error.to_string()))
}

/// Blocks. AWS may tell of retry defaults that nobody asked for.
fn tell(target: &Target, prior: Fields<'_>, row: &mut Row) {
    let transformer = target.input_transformer().map(|it| {
        let paths: serde_json::Map<_, _> = it
            .input_paths_map()
            .into_iter()
            .flatten()
            .map(|(key, path)| (key.clone(), path.clone().into()))
            .collect();
        json!({"input_template": it.input_template(), "input_paths": paths})
    });
    let kinesis = target.kinesis_parameters();
    let kinesis = kinesis.map(|it| json!({"partition_key_path": it.partition_key_path()}));
    let letters = target.dead_letter_config().map(|it| json!({"arn": it.arn()}));
    let sqs = target.sqs_parameters().map(|it| json!({"message_group_id": it.message_group_id()}));
    row.set("input_transformer", Vec::from_iter(transformer))
        .set("kinesis_target", Vec::from_iter(kinesis))
        .set("dead_letter_config", Vec::from_iter(letters))
        .set("sqs_target", Vec::from_iter(sqs));
    if prior.block("retry_policy").is_some() {
        let retry = target.retry_policy().map(|it| {
            json!({
                "maximum_event_age_in_seconds": it.maximum_event_age_in_seconds(),
                "maximum_retry_attempts": it.maximum_retry_attempts(),
            })
        });
        row.set("retry_policy", Vec::from_iter(retry));
    }
}

/// Targets of rules by "BUS\tRULE".
async fn targets(api: Api, keys: Vec<String>) -> Result<Found<Vec<Target>>> {
    let api = &api;
    each(keys, |key| async move {
        let (bus, rule) = key.split_once('\t').unwrap_or(("default", &key));
        let ask = |token| {
            let call = api.events().list_targets_by_rule().rule(rule).event_bus_name(bus);
            call.set_next_token(token).send()
        };
        api.pages("events", "ListTargetsByRule", ask, |answer| (answer.targets, answer.next_token))
            .await
    })
    .await
}
