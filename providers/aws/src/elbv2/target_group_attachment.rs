//! `aws_lb_target_group_attachment`: a target that is registered by hand.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_elasticloadbalancingv2::types::{
    TargetDescription, TargetHealthReasonEnum as Reason, TargetHealthStateEnum as State,
};
use kprov_core::Value;

use crate::api::Api;
use crate::bulk::{Found, each};
use crate::fields::{Fields, Problems};
use crate::resource::{AwsResource, Changes, Create, Made, Result};
use crate::row::Row;

#[derive(Debug)]
pub(crate) struct TargetGroupAttachment;

#[async_trait]
impl AwsResource for TargetGroupAttachment {
    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        problems.in_range(config, "port", 1, 65535);
        crate::iam::check_arn(problems, config, "target_group_arn");
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let group = prior.str("target_group_arn").unwrap_or_default();
        let Some(targets) = api.load("targets of group", group, targets).await? else {
            return Ok(None);
        };
        let wanted = target(prior);
        let found = targets.iter().any(|it| {
            it.id() == wanted.id() && (wanted.port().is_none() || it.port() == wanted.port())
        });
        if !found {
            return Ok(None);
        }
        let known = prior.string("id").unwrap_or_else(|| id(prior));
        let mut row = Row::new();
        row.set("id", known);
        Ok(Some(row))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        let planned = create.planned;
        let group = planned.str("target_group_arn").unwrap_or_default();
        let call = || {
            let call = api.elbv2().register_targets().target_group_arn(group);
            call.targets(target(planned)).send()
        };
        let work = || api.call("elbv2", "RegisterTargets", call);
        // A new instance may not be running yet.
        let early = |error: &crate::api::AwsError| error.is(&["InvalidTarget"]);
        let result = api.insist(Duration::from_secs(2 * 60), early, work).await;
        result.map_err(|error| match error.is(&["TargetGroupNotFound"]) {
            true => error.at("target_group_arn"),
            false => error.at("target_id"),
        })?;
        Ok(Made::id(id(planned)))
    }

    async fn update(&self, _api: &Api, _changes: Changes<'_>) -> Result<()> {
        Ok(())
    }

    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        let group = prior.str("target_group_arn").unwrap_or_default();
        let call = || {
            let call = api.elbv2().deregister_targets().target_group_arn(group);
            call.targets(target(prior)).send()
        };
        match api.call("elbv2", "DeregisterTargets", call).await {
            Err(error) if !error.is(&["InvalidTarget"]) => Err(error),
            _ => Ok(()),
        }
    }

    async fn find(&self, api: &Api, create: Create<'_>) -> Result<Option<Made>> {
        let there = self.read(api, create.planned).await?.is_some();
        Ok(there.then(|| Made::id(id(create.planned))))
    }

    /// As of 6.x: GROUP_ARN,TARGET[,PORT[,ZONE]].
    fn import(&self, id: &str) -> std::result::Result<Vec<(&'static str, Value)>, String> {
        let parts: Vec<&str> = id.split(',').collect();
        let wrong = || format!("Expected TARGET_GROUP_ARN,TARGET_ID[,PORT[,ZONE]], not {id:?}.");
        let [group, target, rest @ ..] = &parts[..] else { return Err(wrong()) };
        let mut known = vec![
            ("id", Value::string(id)),
            ("target_group_arn", Value::string(*group)),
            ("target_id", Value::string(*target)),
        ];
        if let Some(port) = rest.first() {
            known.push(("port", Value::int(port.parse::<u16>().map_err(|_| wrong())?.into())));
        }
        known.extend(rest.get(1).map(|zone| ("availability_zone", Value::string(*zone))));
        Ok(known)
    }
}

fn id(object: Fields<'_>) -> String {
    let part = |name| object.str(name).unwrap_or_default();
    let mut id = format!("{},{}", part("target_group_arn"), part("target_id"));
    if let Some(port) = object.i64("port") {
        id = format!("{id},{port}");
    }
    id
}

fn target(object: Fields<'_>) -> TargetDescription {
    TargetDescription::builder()
        .set_id(object.string("target_id"))
        .set_port(object.i32("port"))
        .set_availability_zone(object.string("availability_zone"))
        .build()
}

/// Registered targets of groups, by ARN; those that are leaving are not.
async fn targets(api: Api, arns: Vec<String>) -> Result<Found<Vec<TargetDescription>>> {
    let api = &api;
    each(arns, |arn| async move {
        let ask = || api.elbv2().describe_target_health().target_group_arn(&arn).send();
        let answer = api.call("elbv2", "DescribeTargetHealth", ask).await?;
        let all = answer.target_health_descriptions.unwrap_or_default().into_iter();
        let stays = all.filter(|it| {
            let health = it.target_health();
            let leaving = health.and_then(|it| it.state()) == Some(&State::Draining);
            let gone = health.and_then(|it| it.reason()) == Some(&Reason::NotRegistered);
            !leaving && !gone
        });
        Ok(stays.filter_map(|it| it.target).collect())
    })
    .await
}
