//! `aws_autoscaling_policy`: simple, step, target tracking and predictive scaling. Read together.

mod metrics;

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_autoscaling::types::{ScalingPolicy as Found, StepAdjustment};
use kprov_core::Value;
use serde_json::json;

use super::or_gone;
use crate::api::Api;
use crate::fields::{Fields, Problems};
use crate::resource::{AwsResource, Changes, Create, Made, Result};
use crate::row::Row;

#[derive(Debug)]
pub(crate) struct Policy;

#[async_trait]
impl AwsResource for Policy {
    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        let kinds = ["SimpleScaling", "StepScaling", "TargetTrackingScaling", "PredictiveScaling"];
        problems.one_of(config, "policy_type", &kinds);
        let adjustments = ["ChangeInCapacity", "ExactCapacity", "PercentChangeInCapacity"];
        problems.one_of(config, "adjustment_type", &adjustments);
        let kind = config.str("policy_type").unwrap_or("SimpleScaling");
        let mut needs = |name: &str, is_there: bool| {
            if !is_there && !config.is_unknown(name) && config.get("policy_type").is_known() {
                let message = format!("A policy of type {kind} needs {name:?}.");
                problems.add(name, "Missing required argument", message);
            }
        };
        match kind {
            "StepScaling" => {
                needs("step_adjustment", config.is_given("step_adjustment"));
                needs("adjustment_type", config.is_set("adjustment_type"));
            }
            "TargetTrackingScaling" => needs(
                "target_tracking_configuration",
                config.is_given("target_tracking_configuration"),
            ),
            "PredictiveScaling" => needs(
                "predictive_scaling_configuration",
                config.is_given("predictive_scaling_configuration"),
            ),
            _ => {
                needs("scaling_adjustment", config.is_set("scaling_adjustment"));
                needs("adjustment_type", config.is_set("adjustment_type"));
            }
        }
        let predictive = config.block("predictive_scaling_configuration");
        let metrics = predictive.and_then(|it| it.block("metric_specification"));
        let custom = ["capacity", "load", "scaling"]
            .map(|kind| format!("customized_{kind}_metric_specification"));
        if metrics.is_some_and(|it| custom.iter().any(|name| it.is_given(name))) {
            let message = "Customized metrics of predictive scaling are not supported yet: use \
                           predefined ones.";
            problems.add("predictive_scaling_configuration", "Not supported", message);
        }
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let policy = api.load("scaling policy", &key(prior), policies).await?;
        Ok(policy.map(|policy| row(&policy, prior)))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        put(api, create.planned).await?;
        Ok(Made::id(create.planned.str("name").unwrap_or_default()))
    }

    async fn update(&self, api: &Api, changes: Changes<'_>) -> Result<()> {
        put(api, changes.planned).await
    }

    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        let make = || {
            api.autoscaling()
                .delete_policy()
                .set_auto_scaling_group_name(prior.string("autoscaling_group_name"))
                .set_policy_name(prior.string("name"))
                .send()
        };
        or_gone(api.call("autoscaling", "DeletePolicy", make).await)
    }

    async fn find(&self, api: &Api, create: Create<'_>) -> Result<Option<Made>> {
        let name = create.planned.str("name").unwrap_or_default();
        Ok(self.read(api, create.planned).await?.map(|_| Made::id(name)))
    }

    fn import(&self, id: &str) -> std::result::Result<Vec<(&'static str, Value)>, String> {
        let Some((group, name)) = id.split_once('/') else {
            return Err(format!("{id:?} is not of the form GROUP/POLICY."));
        };
        Ok(vec![
            ("id", Value::string(name)),
            ("name", Value::string(name)),
            ("autoscaling_group_name", Value::string(group)),
        ])
    }
}

fn key(object: Fields<'_>) -> String {
    let group = object.str("autoscaling_group_name").unwrap_or_default();
    format!("{group}/{}", object.str("name").unwrap_or_default())
}

/// A bound as users write it; an empty text is none.
fn bound(block: Fields<'_>, name: &str) -> Option<f64> {
    block.str(name).and_then(|text| text.parse().ok())
}

async fn put(api: &Api, planned: Fields<'_>) -> Result<()> {
    let kind = planned.str("policy_type").unwrap_or("SimpleScaling");
    let simple = kind == "SimpleScaling";
    let steps: Vec<StepAdjustment> = planned
        .blocks("step_adjustment")
        .map(|step| {
            StepAdjustment::builder()
                .set_metric_interval_lower_bound(bound(step, "metric_interval_lower_bound"))
                .set_metric_interval_upper_bound(bound(step, "metric_interval_upper_bound"))
                .scaling_adjustment(step.i32("scaling_adjustment").unwrap_or(0))
                .build()
        })
        .collect();
    let steps = Some(steps).filter(|steps| !steps.is_empty());
    let make = || {
        api.autoscaling()
            .put_scaling_policy()
            .set_auto_scaling_group_name(planned.string("autoscaling_group_name"))
            .set_policy_name(planned.string("name"))
            .policy_type(kind)
            .set_enabled(planned.bool("enabled"))
            .set_adjustment_type(planned.string("adjustment_type"))
            .set_cooldown(planned.i32("cooldown").filter(|_| simple))
            .set_scaling_adjustment(planned.i32("scaling_adjustment").filter(|_| simple))
            .set_min_adjustment_magnitude(
                planned.i32("min_adjustment_magnitude").filter(|it| *it != 0),
            )
            .set_estimated_instance_warmup(
                planned.i32("estimated_instance_warmup").filter(|_| !simple),
            )
            .set_metric_aggregation_type(
                planned.string("metric_aggregation_type").filter(|_| kind == "StepScaling"),
            )
            .set_step_adjustments(steps.clone())
            .set_target_tracking_configuration(metrics::target_tracking(planned))
            .set_predictive_scaling_configuration(metrics::predictive(planned))
            .send()
    };
    api.call("autoscaling", "PutScalingPolicy", make).await.map(|_| ())
}

fn row(policy: &Found, prior: Fields<'_>) -> Row {
    let kind = policy.policy_type().unwrap_or("SimpleScaling");
    let spelt = |bound: Option<f64>, name: &str| {
        let bound = bound?;
        // As written where it means the same: "0" and "0.0".
        let mut written = prior.blocks("step_adjustment").filter_map(|step| step.str(name));
        let same = written.find(|text| text.parse::<f64>() == Ok(bound));
        Some(same.map_or_else(|| bound.to_string(), str::to_owned))
    };
    let steps = policy.step_adjustments().iter().map(|step| {
        json!({
            "metric_interval_lower_bound":
                spelt(step.metric_interval_lower_bound(), "metric_interval_lower_bound"),
            "metric_interval_upper_bound":
                spelt(step.metric_interval_upper_bound(), "metric_interval_upper_bound"),
            "scaling_adjustment": step.scaling_adjustment(),
        })
    });
    let predictive = policy.predictive_scaling_configuration();
    let predictive = predictive.filter(|it| !it.metric_specifications().is_empty());
    let mut row = Row::new();
    row.set("id", policy.policy_name())
        .set("name", policy.policy_name())
        .set("arn", policy.policy_arn())
        .set("autoscaling_group_name", policy.auto_scaling_group_name())
        .set("policy_type", kind)
        .set("enabled", policy.enabled().unwrap_or(true))
        .set("adjustment_type", policy.adjustment_type())
        .set("cooldown", policy.cooldown())
        .set("estimated_instance_warmup", policy.estimated_instance_warmup())
        .set("metric_aggregation_type", policy.metric_aggregation_type())
        .set(
            "min_adjustment_magnitude",
            policy.min_adjustment_magnitude().or(policy.min_adjustment_step()),
        )
        .set("scaling_adjustment", policy.scaling_adjustment())
        .set("step_adjustment", steps.collect::<Vec<_>>())
        .set(
            "target_tracking_configuration",
            Vec::from_iter(policy.target_tracking_configuration().map(metrics::shown)),
        )
        .set(
            "predictive_scaling_configuration",
            Vec::from_iter(predictive.map(metrics::shown_predictive)),
        );
    row
}

/// Policies by `group/name`. Asked for by name, of all groups.
async fn policies(api: Api, keys: Vec<String>) -> Result<HashMap<String, Found>> {
    let names = super::names_of(&keys);
    let mut all = HashMap::new();
    for page in names.chunks(50) {
        let ask = |token| {
            let call = api.autoscaling().describe_policies();
            call.set_policy_names(Some(page.to_vec())).set_next_token(token).send()
        };
        let found = api.pages("autoscaling", "DescribePolicies", ask, |answer| {
            (answer.scaling_policies, answer.next_token)
        });
        all.extend(found.await?.into_iter().filter_map(|it| {
            Some((format!("{}/{}", it.auto_scaling_group_name()?, it.policy_name()?), it))
        }));
    }
    Ok(all)
}
