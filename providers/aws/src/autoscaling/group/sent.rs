//! What a group says, as the calls take it.

use aws_sdk_autoscaling::types::*;

use crate::ec2::requirements;
use crate::fields::{Fields, parse_duration};

/// `launch_template { id, name, version }`, and the same with `launch_template_` before id and name.
/// AWS takes the id or the name.
pub(super) fn template(block: Fields<'_>, prefix: &str) -> LaunchTemplateSpecification {
    let id = block.string(&format!("{prefix}id"));
    let name = block.string(&format!("{prefix}name")).filter(|_| id.is_none());
    LaunchTemplateSpecification::builder()
        .set_launch_template_id(id)
        .set_launch_template_name(name)
        .set_version(block.string("version"))
        .build()
}

/// The group's own template.
pub(super) fn launch_template(object: Fields<'_>) -> Option<LaunchTemplateSpecification> {
    object.block("launch_template").map(|block| template(block, ""))
}

/// The mixed instances policy.
pub(super) fn mixed(object: Fields<'_>) -> Option<MixedInstancesPolicy> {
    let block = object.block("mixed_instances_policy")?;
    let launch = block.block("launch_template").map(|launch| {
        let specification = launch.block("launch_template_specification");
        let overrides: Vec<_> = launch.blocks("override").map(overriding).collect();
        LaunchTemplate::builder()
            .set_launch_template_specification(
                specification.map(|it| template(it, "launch_template_")),
            )
            .set_overrides(Some(overrides))
            .build()
    });
    Some(
        MixedInstancesPolicy::builder()
            .set_launch_template(launch)
            .set_instances_distribution(block.block("instances_distribution").map(distribution))
            .build(),
    )
}

fn distribution(block: Fields<'_>) -> InstancesDistribution {
    InstancesDistribution::builder()
        .set_on_demand_allocation_strategy(block.string("on_demand_allocation_strategy"))
        .set_on_demand_base_capacity(block.i32("on_demand_base_capacity"))
        .set_on_demand_percentage_above_base_capacity(
            block.i32("on_demand_percentage_above_base_capacity"),
        )
        .set_spot_allocation_strategy(block.string("spot_allocation_strategy"))
        .set_spot_instance_pools(block.i32("spot_instance_pools").filter(|pools| *pools != 0))
        .set_spot_max_price(block.text("spot_max_price").map(str::to_owned))
        .build()
}

fn overriding(block: Fields<'_>) -> LaunchTemplateOverrides {
    let specification = block.block("launch_template_specification");
    let needs = block.block("instance_requirements").map(requirements::autoscaling::expand);
    LaunchTemplateOverrides::builder()
        .set_instance_type(block.string("instance_type"))
        .set_weighted_capacity(block.string("weighted_capacity"))
        .set_launch_template_specification(specification.map(|it| template(it, "launch_template_")))
        .set_instance_requirements(needs)
        .build()
}

/// Hooks that are there before the first instance.
pub(super) fn hooks(object: Fields<'_>) -> Option<Vec<LifecycleHookSpecification>> {
    let one = |block: Fields<'_>| {
        LifecycleHookSpecification::builder()
            .lifecycle_hook_name(block.str("name").unwrap_or_default())
            .lifecycle_transition(block.str("lifecycle_transition").unwrap_or_default())
            .default_result(block.str("default_result").unwrap_or("ABANDON"))
            .set_heartbeat_timeout(block.i32("heartbeat_timeout").filter(|it| *it != 0))
            .set_notification_metadata(block.string("notification_metadata"))
            .set_notification_target_arn(block.string("notification_target_arn"))
            .set_role_arn(block.string("role_arn"))
            .build()
    };
    let all: Vec<_> = object.blocks("initial_lifecycle_hook").map(one).collect();
    Some(all).filter(|all| !all.is_empty())
}

/// The group's tags.
pub(super) fn tags(object: Fields<'_>, group: &str) -> Vec<Tag> {
    let one = |block: Fields<'_>| {
        Tag::builder()
            .key(block.str("key").unwrap_or_default())
            .value(block.text("value").unwrap_or_default())
            .propagate_at_launch(block.bool("propagate_at_launch").unwrap_or(false))
            .resource_id(group)
            .resource_type("auto-scaling-group")
            .build()
    };
    object.blocks("tag").map(one).collect()
}

/// Bounds of what an update of instances may do; -1 is none.
pub(super) fn maintenance(object: Fields<'_>) -> InstanceMaintenancePolicy {
    let block = object.block("instance_maintenance_policy");
    let bound = |name: &str| block.and_then(|block| block.i32(name)).unwrap_or(-1);
    InstanceMaintenancePolicy::builder()
        .min_healthy_percentage(bound("min_healthy_percentage"))
        .max_healthy_percentage(bound("max_healthy_percentage"))
        .build()
}

/// How instances are spread over zones.
pub(super) fn zones(object: Fields<'_>) -> Option<AvailabilityZoneDistribution> {
    let block = object.block("availability_zone_distribution")?;
    let strategy = block.str("capacity_distribution_strategy");
    Some(
        AvailabilityZoneDistribution::builder()
            .set_capacity_distribution_strategy(strategy.map(CapacityDistributionStrategy::from))
            .build(),
    )
}

/// Capacity reservations.
pub(super) fn reservation(object: Fields<'_>) -> Option<CapacityReservationSpecification> {
    let block = object.block("capacity_reservation_specification")?;
    let target = block.block("capacity_reservation_target").map(|target| {
        CapacityReservationTarget::builder()
            .set_capacity_reservation_ids(target.some_strings("capacity_reservation_ids"))
            .set_capacity_reservation_resource_group_arns(
                target.some_strings("capacity_reservation_resource_group_arns"),
            )
            .build()
    });
    let preference = block.str("capacity_reservation_preference");
    Some(
        CapacityReservationSpecification::builder()
            .set_capacity_reservation_preference(
                preference.map(CapacityReservationPreference::from),
            )
            .set_capacity_reservation_target(target)
            .build(),
    )
}

/// How a refresh goes about it.
pub(super) fn preferences(block: Fields<'_>) -> Option<RefreshPreferences> {
    let block = block.block("preferences")?;
    let seconds = |name: &str| {
        let text = block.str(name)?;
        let plain = text.parse::<i32>().ok();
        plain.or_else(|| i32::try_from(parse_duration(text)?.as_secs()).ok())
    };
    let percentages: Vec<i32> = block
        .items("checkpoint_percentages")
        .iter()
        .filter_map(|it| i32::try_from(it.as_number()?.to_i64()?).ok())
        .collect();
    let alarms = block.block("alarm_specification").map(|alarms| {
        AlarmSpecification::builder().set_alarms(alarms.some_strings("alarms")).build()
    });
    Some(
        RefreshPreferences::builder()
            .set_auto_rollback(block.bool("auto_rollback"))
            .set_checkpoint_delay(seconds("checkpoint_delay"))
            .set_checkpoint_percentages(Some(percentages).filter(|all| !all.is_empty()))
            .set_instance_warmup(seconds("instance_warmup"))
            .set_max_healthy_percentage(block.i32("max_healthy_percentage"))
            .set_min_healthy_percentage(block.i32("min_healthy_percentage"))
            .set_skip_matching(block.bool("skip_matching"))
            .set_scale_in_protected_instances(
                block.str("scale_in_protected_instances").map(ScaleInProtectedInstances::from),
            )
            .set_standby_instances(block.str("standby_instances").map(StandbyInstances::from))
            .set_alarm_specification(alarms)
            .build(),
    )
}
