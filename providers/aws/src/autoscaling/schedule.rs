//! `aws_autoscaling_schedule`: sizes that a group takes at a time. Schedules are read together.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_autoscaling::types::ScheduledUpdateGroupAction as Found;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use kprov_core::Value;

use super::or_gone;
use crate::api::Api;
use crate::fields::{Fields, Problems};
use crate::resource::{AwsResource, Changes, Create, Made, Result};
use crate::row::Row;

const SIZES: [&str; 3] = ["min_size", "max_size", "desired_capacity"];

#[derive(Debug)]
pub(crate) struct Schedule;

#[async_trait]
impl AwsResource for Schedule {
    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        for name in ["start_time", "end_time"] {
            if let Some(text) = config.str(name)
                && DateTime::from_str(text, Format::DateTime).is_err()
            {
                let message = format!("{text:?} is not a time such as \"2030-01-31T18:00:00Z\".");
                problems.add(name, "Invalid time", message);
            }
        }
        for name in SIZES {
            problems.in_range(config, name, -1, 1_000_000);
        }
        if config
            .text("recurrence")
            .is_some_and(|it| !it.is_empty() && it.split_whitespace().count() != 5)
        {
            let message = "A recurrence has five fields as in cron, such as \"0 6 * * 1-5\".";
            problems.add("recurrence", "Invalid value", message);
        }
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let key = key(prior);
        let Some(action) = api.load("scheduled action", &key, actions).await? else {
            return Ok(None);
        };
        let time = |time: Option<&DateTime>| time.and_then(|time| time.fmt(Format::DateTime).ok());
        let mut row = Row::new();
        row.set("id", action.scheduled_action_name())
            .set("scheduled_action_name", action.scheduled_action_name())
            .set("autoscaling_group_name", action.auto_scaling_group_name())
            .set("arn", action.scheduled_action_arn())
            .set("start_time", time(action.start_time()))
            .set("end_time", time(action.end_time()))
            .set("recurrence", action.recurrence())
            .set("time_zone", action.time_zone())
            // Nothing is -1: leave it as it is.
            .set("min_size", action.min_size().unwrap_or(-1))
            .set("max_size", action.max_size().unwrap_or(-1))
            .set("desired_capacity", action.desired_capacity().unwrap_or(-1));
        Ok(Some(row))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        put(api, create.planned).await?;
        Ok(Made::id(create.planned.str("scheduled_action_name").unwrap_or_default()))
    }

    async fn update(&self, api: &Api, changes: Changes<'_>) -> Result<()> {
        put(api, changes.planned).await
    }

    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        let make = || {
            api.autoscaling()
                .delete_scheduled_action()
                .set_auto_scaling_group_name(prior.string("autoscaling_group_name"))
                .set_scheduled_action_name(prior.string("scheduled_action_name"))
                .send()
        };
        or_gone(api.call("autoscaling", "DeleteScheduledAction", make).await)
    }

    async fn find(&self, api: &Api, create: Create<'_>) -> Result<Option<Made>> {
        let name = create.planned.str("scheduled_action_name").unwrap_or_default();
        Ok(self.read(api, create.planned).await?.map(|_| Made::id(name)))
    }

    fn import(&self, id: &str) -> std::result::Result<Vec<(&'static str, Value)>, String> {
        let Some((group, name)) = id.split_once('/') else {
            return Err(format!("{id:?} is not of the form GROUP/ACTION."));
        };
        Ok(vec![
            ("id", Value::string(name)),
            ("scheduled_action_name", Value::string(name)),
            ("autoscaling_group_name", Value::string(group)),
        ])
    }
}

fn key(object: Fields<'_>) -> String {
    let group = object.str("autoscaling_group_name").unwrap_or_default();
    format!("{group}/{}", object.str("scheduled_action_name").unwrap_or_default())
}

async fn put(api: &Api, planned: Fields<'_>) -> Result<()> {
    let time = |name: &str| {
        planned.str(name).and_then(|text| DateTime::from_str(text, Format::DateTime).ok())
    };
    let size = |name: &str| planned.i32(name).filter(|size| *size >= 0);
    let make = || {
        api.autoscaling()
            .put_scheduled_update_group_action()
            .set_auto_scaling_group_name(planned.string("autoscaling_group_name"))
            .set_scheduled_action_name(planned.string("scheduled_action_name"))
            .set_start_time(time("start_time"))
            .set_end_time(time("end_time"))
            .set_recurrence(planned.string("recurrence"))
            .set_time_zone(planned.string("time_zone"))
            .set_min_size(size("min_size"))
            .set_max_size(size("max_size"))
            .set_desired_capacity(size("desired_capacity"))
            .send()
    };
    api.call("autoscaling", "PutScheduledUpdateGroupAction", make).await.map(|_| ())
}

/// Actions by `group/name`. Asked for by name, of all groups.
async fn actions(api: Api, keys: Vec<String>) -> Result<HashMap<String, Found>> {
    let names = super::names_of(&keys);
    let mut all = HashMap::new();
    for page in names.chunks(50) {
        let ask = |token| {
            let call = api.autoscaling().describe_scheduled_actions();
            let call = call.set_scheduled_action_names(Some(page.to_vec()));
            call.set_next_token(token).send()
        };
        let found = api.pages("autoscaling", "DescribeScheduledActions", ask, |answer| {
            (answer.scheduled_update_group_actions, answer.next_token)
        });
        all.extend(found.await?.into_iter().filter_map(|it| {
            Some((format!("{}/{}", it.auto_scaling_group_name()?, it.scheduled_action_name()?), it))
        }));
    }
    Ok(all)
}
