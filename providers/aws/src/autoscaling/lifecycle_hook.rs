//! `aws_autoscaling_lifecycle_hook`. Hooks are read per group: all of a group in one call.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_autoscaling::types::LifecycleHook as Found;
use futures::future::try_join_all;
use kprov_core::Value;

use super::{is_gone, or_gone};
use crate::api::{Api, AwsError};
use crate::fields::{Fields, Problems};
use crate::resource::{AwsResource, Changes, Create, Made, Result};
use crate::row::Row;

/// How long a new role or topic may be unknown to Auto Scaling.
const PROPAGATION: Duration = Duration::from_secs(5 * 60);

#[derive(Debug)]
pub(crate) struct LifecycleHook;

#[async_trait]
impl AwsResource for LifecycleHook {
    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        for (name, message) in problem(config) {
            problems.add(name, "Invalid value", message);
        }
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let group = prior.str("autoscaling_group_name").unwrap_or_default();
        let found = api.load("lifecycle hooks", group, hooks).await?.unwrap_or_default();
        let name = prior.str("name").unwrap_or(prior.id());
        Ok(found.iter().find(|hook| hook.lifecycle_hook_name() == Some(name)).map(row))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        put(api, create.planned).await?;
        Ok(Made::id(create.planned.str("name").unwrap_or_default()))
    }

    async fn update(&self, api: &Api, changes: Changes<'_>) -> Result<()> {
        put(api, changes.planned).await
    }

    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        let group = prior.str("autoscaling_group_name").unwrap_or_default();
        delete(api, group, prior.str("name").unwrap_or(prior.id())).await
    }

    async fn find(&self, api: &Api, create: Create<'_>) -> Result<Option<Made>> {
        let name = create.planned.str("name").unwrap_or_default();
        Ok(self.read(api, create.planned).await?.map(|_| Made::id(name)))
    }

    fn import(&self, id: &str) -> std::result::Result<Vec<(&'static str, Value)>, String> {
        let Some((group, name)) = id.split_once('/') else {
            return Err(format!("{id:?} is not of the form GROUP/HOOK."));
        };
        Ok(vec![
            ("id", Value::string(name)),
            ("name", Value::string(name)),
            ("autoscaling_group_name", Value::string(group)),
        ])
    }
}

/// What is wrong with a hook, and where; also with one that is given with its group.
pub(super) fn problem(hook: Fields<'_>) -> Vec<(&'static str, String)> {
    let mut all = Vec::new();
    let mut one_of = |name: &'static str, allowed: &[&str]| {
        if let Some(text) = hook.text(name).filter(|text| !allowed.contains(text)) {
            all.push((name, format!("{name} {text:?} is none of: {}.", allowed.join(", "))));
        }
    };
    one_of(
        "lifecycle_transition",
        &["autoscaling:EC2_INSTANCE_LAUNCHING", "autoscaling:EC2_INSTANCE_TERMINATING"],
    );
    one_of("default_result", &["CONTINUE", "ABANDON"]);
    if hook.i64("heartbeat_timeout").is_some_and(|it| !(30..=7200).contains(&it)) {
        all.push(("heartbeat_timeout", "heartbeat_timeout is from 30 to 7200 seconds.".into()));
    }
    if hook.is_set("notification_target_arn") != hook.is_set("role_arn") {
        let message = "notification_target_arn and role_arn are given together or not at all: the \
                       role allows to notify the target.";
        // A queue or topic may be allowed by its own policy, but then AWS wants no role either.
        if hook.is_set("role_arn") {
            all.push(("role_arn", message.to_owned()));
        }
    }
    if hook.text("name").is_some_and(|name| name.is_empty() || name.len() > 255) {
        all.push(("name", "The name of a hook has 1 to 255 characters.".into()));
    }
    all
}

async fn put(api: &Api, planned: Fields<'_>) -> Result<()> {
    let make = || {
        api.autoscaling()
            .put_lifecycle_hook()
            .set_auto_scaling_group_name(planned.string("autoscaling_group_name"))
            .set_lifecycle_hook_name(planned.string("name"))
            .set_lifecycle_transition(planned.string("lifecycle_transition"))
            .set_heartbeat_timeout(planned.i32("heartbeat_timeout").filter(|it| *it != 0))
            // Said even where it is AWS's default, on which its documentation disagrees.
            .default_result(planned.str("default_result").unwrap_or("ABANDON"))
            .set_notification_metadata(planned.string("notification_metadata"))
            .set_notification_target_arn(planned.string("notification_target_arn"))
            .set_role_arn(planned.string("role_arn"))
            .send()
    };
    let again = |error: &AwsError| {
        error.code == "ValidationError"
            && error.message.contains("Unable to publish test message to notification target")
    };
    let work = || async { api.call("autoscaling", "PutLifecycleHook", make).await.map(|_| ()) };
    api.insist(PROPAGATION, again, work).await
}

/// Deletes a hook; instances that wait for it go on, as AWS does then.
pub(super) async fn delete(api: &Api, group: &str, name: &str) -> Result<()> {
    let make = || {
        let call = api.autoscaling().delete_lifecycle_hook();
        call.auto_scaling_group_name(group).lifecycle_hook_name(name).send()
    };
    or_gone(api.call("autoscaling", "DeleteLifecycleHook", make).await)
}

/// All hooks of groups, by the group's name.
pub(super) async fn hooks(api: Api, groups: Vec<String>) -> Result<HashMap<String, Vec<Found>>> {
    let one = |group: String| {
        let api = api.clone();
        async move {
            let ask = || {
                let call = api.autoscaling().describe_lifecycle_hooks();
                call.auto_scaling_group_name(&group).send()
            };
            match api.call("autoscaling", "DescribeLifecycleHooks", ask).await {
                Ok(answer) => Ok((group.clone(), answer.lifecycle_hooks.unwrap_or_default())),
                Err(error) if is_gone(&error) => Ok((group.clone(), Vec::new())),
                Err(error) => Err(error),
            }
        }
    };
    Ok(try_join_all(groups.into_iter().map(one)).await?.into_iter().collect())
}

fn row(hook: &Found) -> Row {
    let mut row = Row::new();
    row.set("id", hook.lifecycle_hook_name())
        .set("name", hook.lifecycle_hook_name())
        .set("autoscaling_group_name", hook.auto_scaling_group_name())
        .set("lifecycle_transition", hook.lifecycle_transition())
        .set("default_result", hook.default_result())
        .set("heartbeat_timeout", hook.heartbeat_timeout())
        .set("notification_metadata", hook.notification_metadata())
        .set("notification_target_arn", hook.notification_target_arn())
        .set("role_arn", hook.role_arn());
    row
}
