//! What AWS says of a group, as attributes.
//!
//! AWS answers with its defaults where a configuration has no block at all; such a block is shown
//! only where the configuration has it or where it is not the default.

use std::collections::BTreeSet;

use aws_sdk_autoscaling::types::*;
use serde_json::{Value as Json, json};

use crate::api::Api;
use crate::ec2::requirements;
use crate::fields::Fields;
use crate::names;
use crate::row::Row;

/// All of it.
pub(super) fn row(api: &Api, group: &AutoScalingGroup, prior: Fields<'_>) -> Row {
    let name = group.auto_scaling_group_name().unwrap_or_default();
    let mut row = Row::new();
    row.set("id", name)
        .set("name", name)
        .set("name_prefix", names::prefix(name))
        .set("arn", group.auto_scaling_group_arn())
        .set("min_size", group.min_size())
        .set("max_size", group.max_size())
        .set("desired_capacity", group.desired_capacity())
        .set("predicted_capacity", group.predicted_capacity())
        .set("warm_pool_size", group.warm_pool_size())
        .set("default_cooldown", group.default_cooldown())
        .set("default_instance_warmup", group.default_instance_warmup().filter(|it| *it >= 0))
        .set("health_check_grace_period", group.health_check_grace_period())
        .set("health_check_type", group.health_check_type())
        .set("launch_configuration", group.launch_configuration_name())
        .set("placement_group", group.placement_group())
        .set(
            "protect_from_scale_in",
            group.new_instances_protected_from_scale_in().unwrap_or(false),
        )
        .set("service_linked_role_arn", group.service_linked_role_arn())
        .set("max_instance_lifetime", group.max_instance_lifetime())
        .set("capacity_rebalance", group.capacity_rebalance())
        .set("context", group.context());
    lists(&mut row, group, prior);
    templates(&mut row, group, prior);
    blocks(&mut row, group, prior);
    row.set("tag", tags(api, group)).set("initial_lifecycle_hook", hooks(prior));
    row
}

fn lists(row: &mut Row, group: &AutoScalingGroup, prior: Fields<'_>) {
    let subnets = group.vpc_zone_identifier().unwrap_or_default();
    let subnets = subnets.split(',').map(str::trim).filter(|subnet| !subnet.is_empty());
    // Old groups name "Default" where they name none.
    let policies = group.termination_policies();
    let default = policies == ["Default"] && prior.strings("termination_policies").is_empty();
    let policies = if default { &[] } else { policies };
    let metrics = group.enabled_metrics();
    let processes = group.suspended_processes().iter().filter_map(|it| it.process_name());
    row.strings("vpc_zone_identifier", subnets)
        .strings("availability_zones", group.availability_zones())
        .strings("load_balancers", group.load_balancer_names())
        .strings("target_group_arns", group.target_group_arns())
        .strings("termination_policies", policies)
        .strings("suspended_processes", processes.collect::<BTreeSet<_>>())
        .strings("enabled_metrics", metrics.iter().filter_map(|it| it.metric()));
    if let Some(granularity) = metrics.first().and_then(|it| it.granularity()) {
        row.set("metrics_granularity", granularity);
    }
    let kind = group.desired_capacity_type();
    row.set(
        "desired_capacity_type",
        kind.filter(|kind| *kind != "units" || prior.is_set("desired_capacity_type")),
    );
    if prior.blocks("traffic_source").next().is_some() {
        let all = group.traffic_sources().iter();
        let all = all.map(|it| json!({"identifier": it.identifier(), "type": it.r#type()}));
        row.set("traffic_source", all.collect::<Vec<_>>());
    }
}

fn templates(row: &mut Row, group: &AutoScalingGroup, prior: Fields<'_>) {
    let own: Vec<Json> = group.launch_template().map(|it| reference(it, "")).into_iter().collect();
    let mixed: Vec<Json> =
        group.mixed_instances_policy().map(|it| mixed(it, prior)).into_iter().collect();
    row.set("launch_template", own).set("mixed_instances_policy", mixed);
}

/// `{ id, name, version }`
fn reference(it: &LaunchTemplateSpecification, prefix: &str) -> Json {
    let mut block = json!({"version": it.version().unwrap_or("$Default")});
    block[format!("{prefix}id")] = json!(it.launch_template_id());
    block[format!("{prefix}name")] = json!(it.launch_template_name());
    block
}

fn mixed(policy: &MixedInstancesPolicy, prior: Fields<'_>) -> Json {
    let before = prior.block("mixed_instances_policy");
    let written = before.is_some_and(|it| it.block("instances_distribution").is_some());
    let distribution: Vec<Json> = policy
        .instances_distribution()
        .filter(|it| written || !is_default(it))
        .map(|it| {
            json!({
                "on_demand_allocation_strategy": it.on_demand_allocation_strategy(),
                "on_demand_base_capacity": it.on_demand_base_capacity(),
                "on_demand_percentage_above_base_capacity":
                    it.on_demand_percentage_above_base_capacity(),
                "spot_allocation_strategy": it.spot_allocation_strategy(),
                "spot_instance_pools": it.spot_instance_pools(),
                "spot_max_price": it.spot_max_price(),
            })
        })
        .into_iter()
        .collect();
    let launch: Vec<Json> = policy
        .launch_template()
        .map(|launch| {
            let specification: Vec<Json> = launch
                .launch_template_specification()
                .map(|it| reference(it, "launch_template_"))
                .into_iter()
                .collect();
            let overrides: Vec<Json> = launch.overrides().iter().map(overriding).collect();
            json!({"launch_template_specification": specification, "override": overrides})
        })
        .into_iter()
        .collect();
    json!({"instances_distribution": distribution, "launch_template": launch})
}

/// What AWS takes where nothing is said.
fn is_default(it: &InstancesDistribution) -> bool {
    let word = |word: Option<&str>, defaults: &[&str]| word.is_none_or(|it| defaults.contains(&it));
    word(it.on_demand_allocation_strategy(), &["prioritized", "lowest-price"])
        && word(it.spot_allocation_strategy(), &["lowest-price"])
        && it.on_demand_base_capacity().unwrap_or(0) == 0
        && it.on_demand_percentage_above_base_capacity().unwrap_or(100) == 100
        && it.spot_instance_pools().is_none_or(|pools| pools == 2)
        && it.spot_max_price().is_none_or(str::is_empty)
}

fn overriding(it: &LaunchTemplateOverrides) -> Json {
    let specification: Vec<Json> = it
        .launch_template_specification()
        .map(|it| reference(it, "launch_template_"))
        .into_iter()
        .collect();
    let needs: Vec<Json> =
        it.instance_requirements().map(requirements::autoscaling::shown).into_iter().collect();
    json!({
        "instance_type": it.instance_type(),
        "weighted_capacity": it.weighted_capacity(),
        "launch_template_specification": specification,
        "instance_requirements": needs,
    })
}

fn blocks(row: &mut Row, group: &AutoScalingGroup, prior: Fields<'_>) {
    let written = |name: &str| prior.block(name).is_some();
    let maintenance = group.instance_maintenance_policy().filter(|it| {
        it.min_healthy_percentage().unwrap_or(-1) >= 0
            || it.max_healthy_percentage().unwrap_or(-1) >= 0
    });
    row.set(
        "instance_maintenance_policy",
        Vec::from_iter(maintenance.map(|it| {
            json!({
                "min_healthy_percentage": it.min_healthy_percentage(),
                "max_healthy_percentage": it.max_healthy_percentage(),
            })
        })),
    );
    let spread = group.availability_zone_distribution();
    let spread = spread.and_then(|it| it.capacity_distribution_strategy()).map(|it| it.as_str());
    let spread = spread
        .filter(|it| written("availability_zone_distribution") || *it != "balanced-best-effort");
    row.set(
        "availability_zone_distribution",
        Vec::from_iter(spread.map(|it| json!({"capacity_distribution_strategy": it}))),
    );
    let reservation = group.capacity_reservation_specification().filter(|it| {
        let preference = it.capacity_reservation_preference().map(|it| it.as_str());
        written("capacity_reservation_specification")
            || it.capacity_reservation_target().is_some()
            || preference.is_some_and(|preference| preference != "default")
    });
    row.set(
        "capacity_reservation_specification",
        Vec::from_iter(reservation.map(|it| {
            let target = it.capacity_reservation_target().map(|target| {
                json!({
                    "capacity_reservation_ids": target.capacity_reservation_ids(),
                    "capacity_reservation_resource_group_arns":
                        target.capacity_reservation_resource_group_arns(),
                })
            });
            json!({
                "capacity_reservation_preference":
                    it.capacity_reservation_preference().map(|it| it.as_str()),
                "capacity_reservation_target": Vec::from_iter(target),
            })
        })),
    );
    row.set("warm_pool", Vec::from_iter(live_warm_pool(group).map(warm_pool)));
}

/// The warm pool, unless it is about to go.
pub(super) fn live_warm_pool(group: &AutoScalingGroup) -> Option<&WarmPoolConfiguration> {
    group.warm_pool_configuration().filter(|it| it.status().is_none())
}

fn warm_pool(it: &WarmPoolConfiguration) -> Json {
    let reuse = it
        .instance_reuse_policy()
        .map(|it| json!({"reuse_on_scale_in": it.reuse_on_scale_in().unwrap_or(false)}));
    json!({
        "max_group_prepared_capacity": it.max_group_prepared_capacity().unwrap_or(-1),
        "min_size": it.min_size().unwrap_or(0),
        "pool_state": it.pool_state().map_or("Stopped", |state| state.as_str()),
        "instance_reuse_policy": Vec::from_iter(reuse),
    })
}

fn tags(api: &Api, group: &AutoScalingGroup) -> Vec<Json> {
    let ours = group.tags().iter();
    let ours = ours.filter(|tag| !api.tag_rules().hides(tag.key().unwrap_or_default()));
    ours.map(|tag| {
        json!({
            "key": tag.key(),
            "value": tag.value().unwrap_or_default(),
            "propagate_at_launch": tag.propagate_at_launch().unwrap_or(false),
        })
    })
    .collect()
}

/// Initial hooks only count when the group is made; afterwards they are as they were given.
fn hooks(prior: Fields<'_>) -> Vec<Json> {
    let one = |hook: Fields<'_>| {
        json!({
            "name": hook.text("name"),
            "lifecycle_transition": hook.text("lifecycle_transition"),
            "default_result": hook.str("default_result").unwrap_or("ABANDON"),
            "heartbeat_timeout": hook.i64("heartbeat_timeout"),
            "notification_metadata": hook.text("notification_metadata"),
            "notification_target_arn": hook.text("notification_target_arn"),
            "role_arn": hook.text("role_arn"),
        })
    };
    prior.blocks("initial_lifecycle_hook").map(one).collect()
}
