//! CreateAutoScalingGroup: everything is checked before the group is there; hooks given here hold its first instances.
use serde_json::{Value, json};

use super::config::Config;
use super::group::{Group, TERMINATION, places};
use super::{hooks, invalid, reconcile, tags};
use crate::around::call::Call;
use crate::service::iam;
use crate::service::{Action, elbv2};
use crate::wire::fault::{Fault, Outcome};

pub(crate) const ACTIONS: &[Action] = &[("CreateAutoScalingGroup", create)];

fn create(call: &mut Call<'_>) -> Outcome {
    let name = call.str("AutoScalingGroupName");
    if name.is_empty() || name.len() > 255 || name.contains(':') {
        return Err(invalid(
            "1 validation error detected: Value at 'autoScalingGroupName' failed to satisfy constraint",
        ));
    }
    iam::ensure_service_linked(call, "autoscaling.amazonaws.com");
    if call.realm().autoscaling.groups.contains(&name) {
        let message = format!(
            "AutoScalingGroup by this name already exists - A group with the name {name} already exists"
        );
        return Err(Fault::new("AlreadyExists", message));
    }
    if call.realm().autoscaling.groups.len() >= call.quota("autoscaling-groups-per-region") {
        let message = "You have reached your quota of Auto Scaling groups for this region.";
        return Err(Fault::new("LimitExceeded", message));
    }
    let group = checked(call, &name)?;
    let (now, visible) = (call.now(), call.visible_at());
    call.realm().autoscaling.groups.insert(&name, group, now, visible);
    reconcile::begin(call, &name);
    Ok(json!({}))
}

fn checked(call: &mut Call<'_>, name: &str) -> Result<Group, Fault> {
    if call.get("LaunchConfigurationName").is_some() {
        let message = "The Launch Configuration creation operation is not available in your account. Use launch templates to \
                       create configuration templates for your Auto Scaling groups.";
        return Err(Fault::new("UnsupportedOperation", message));
    }
    let config = Config::of(&Value::Object(call.input.clone()));
    if !config.is_some() {
        return Err(invalid(
            "Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId or MixedInstancesPolicy parameter.",
        ));
    }
    let config = config.checked(call)?;
    let recipe = config.recipe(call, (0, 0))?;
    if !recipe.data["ImageId"].is_string() {
        return Err(invalid(
            "You must use a valid fully-formed launch template. The request must contain the parameter ImageId",
        ));
    }
    let number = call.realm().autoscaling.groups.row_count_ever() + 1;
    let uuid = call.world.ids.uuid();
    let mut group = Group {
        number,
        arn: call
            .arn("autoscaling", &format!("autoScalingGroup:{uuid}:autoScalingGroupName/{name}")),
        created: call.now(),
        config,
        health_check: "EC2".to_owned(),
        cooldown: 300,
        termination_policies: vec!["Default".to_owned()],
        ..Group::default()
    };
    group.apply(call);
    if let Some(policy) = group
        .termination_policies
        .iter()
        .find(|policy| !TERMINATION.contains(&policy.as_str()) && !policy.starts_with("arn:"))
    {
        return Err(invalid(format!("Invalid termination policy: {policy}")));
    }
    group.desired = call.opt_int("DesiredCapacity").unwrap_or(group.min);
    group.check_sizes()?;
    let missing = || invalid("At least one Availability Zone or VPC Subnet is required.");
    (group.subnets, group.zones) = places(call)?.ok_or_else(missing)?;
    group.target_groups = call.strings("TargetGroupARNs");
    group.target_groups.extend(traffic_sources(call));
    for arn in &group.target_groups {
        if !elbv2::targets::exists(call, arn) {
            return Err(invalid(
                "Provided Target Groups may not be valid. Please ensure they exist and try again.",
            ));
        }
    }
    let given = call.list("LifecycleHookSpecificationList");
    group.hooks = given.iter().map(hooks::Hook::of).collect::<Result<_, _>>()?;
    group.tags = tags::given(call, name)?;
    Ok(group)
}

fn traffic_sources(call: &Call<'_>) -> Vec<String> {
    let sources = call.list("TrafficSources");
    sources.iter().filter_map(|source| source["Identifier"].as_str().map(str::to_owned)).collect()
}
