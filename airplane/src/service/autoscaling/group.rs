//! Groups: what they are, how they are shown and changed, how they go.
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::config::Config;
use super::hooks::Hook;
use super::{invalid, reconcile};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use crate::world::Millis;
use crate::world::scope::Scope;

pub(crate) const ACTIONS: &[Action] = &[
    ("UpdateAutoScalingGroup", update),
    ("DeleteAutoScalingGroup", delete),
    ("DescribeAutoScalingGroups", describe),
    ("SetDesiredCapacity", set_desired),
    ("DescribeAccountLimits", limits),
    ("DescribeTerminationPolicyTypes", termination_policies),
];

/// A tag of a group.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Tag {
    pub(super) key: String,
    pub(super) value: String,
    pub(super) propagate: bool,
}

/// A group.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Group {
    /// Tells it from a later group of the same name.
    pub(super) number: u64,
    pub(super) arn: String,
    pub(super) created: Millis,
    pub(super) config: Config,
    pub(super) min: i64,
    pub(super) max: i64,
    pub(super) desired: i64,
    pub(super) subnets: Vec<String>,
    pub(super) zones: Vec<String>,
    pub(super) health_check: String,
    pub(super) grace_seconds: i64,
    pub(super) cooldown: i64,
    pub(super) warmup: Option<i64>,
    pub(super) termination_policies: Vec<String>,
    pub(super) protect_new: bool,
    pub(super) target_groups: Vec<String>,
    pub(super) hooks: Vec<Hook>,
    pub(super) tags: Vec<Tag>,
    /// With the reason.
    pub(super) suspended: Vec<(String, String)>,
    pub(super) metrics: Vec<String>,
    pub(super) warm_pool: Option<Value>,
    pub(super) deleting: bool,
    /// Members of the API that are kept and shown as they were given.
    pub(super) others: Map<String, Value>,
    /// What instances are launched from while a refresh runs.
    pub(super) refreshing: Option<Config>,
    /// A launch failed; nothing is tried before then.
    pub(super) retry_at: Millis,
    pub(super) failures: u32,
    /// When it looks after itself next; nothing while nothing can happen by itself.
    #[serde(default)]
    pub(super) next_look: Option<Millis>,
}

/// Members that mean nothing here and are only shown again.
const KEPT: &[&str] = &[
    "PlacementGroup",
    "CapacityRebalance",
    "MaxInstanceLifetime",
    "Context",
    "DesiredCapacityType",
    "InstanceMaintenancePolicy",
    "AvailabilityZoneDistribution",
    "AvailabilityZoneImpairmentPolicy",
    "CapacityReservationSpecification",
    "ServiceLinkedRoleARN",
    "DeletionProtection",
    "InstanceLifecyclePolicy",
];

impl Group {
    /// Is that process off?
    pub(super) fn is_suspended(&self, process: &str) -> bool {
        self.suspended.iter().any(|(name, _)| name == process)
    }

    /// Takes over what a call says; what it does not say stays.
    pub(super) fn apply(&mut self, call: &Call<'_>) {
        self.min = call.opt_int("MinSize").unwrap_or(self.min);
        self.max = call.opt_int("MaxSize").unwrap_or(self.max);
        self.cooldown = call.opt_int("DefaultCooldown").unwrap_or(self.cooldown);
        self.grace_seconds = call.opt_int("HealthCheckGracePeriod").unwrap_or(self.grace_seconds);
        self.health_check =
            call.opt_str("HealthCheckType").unwrap_or_else(|| self.health_check.clone());
        if let Some(seconds) = call.opt_int("DefaultInstanceWarmup") {
            self.warmup = (seconds >= 0).then_some(seconds);
        }
        self.protect_new =
            call.opt_bool("NewInstancesProtectedFromScaleIn").unwrap_or(self.protect_new);
        let policies = call.strings("TerminationPolicies");
        if !policies.is_empty() {
            self.termination_policies = policies;
        }
        for name in KEPT {
            if let Some(value) = call.get(name) {
                self.others.insert((*name).to_owned(), value.clone());
            }
        }
    }

    /// Refuses sizes that do not fit each other.
    pub(super) fn check_sizes(&self) -> Result<(), Fault> {
        if self.min < 0 || self.max < 0 {
            return Err(invalid("Group sizes must not be negative."));
        }
        if self.min > self.max {
            return Err(invalid("Max bound, must be greater than or equal to min bound"));
        }
        if self.desired < self.min || self.desired > self.max {
            let (desired, min, max) = (self.desired, self.min, self.max);
            return Err(invalid(format!(
                "Desired capacity:{desired} must be between the specified min size:{min} and max size:{max}"
            )));
        }
        Ok(())
    }
}

/// The error for a name that no group has.
pub(super) fn missing(name: &str) -> Fault {
    invalid(format!("AutoScalingGroup name not found - AutoScalingGroup '{name}' not found"))
}

/// A copy of the group that a call names.
pub(super) fn named(call: &mut Call<'_>) -> Result<(String, Group), Fault> {
    let name = call.str("AutoScalingGroupName");
    let found = call.realm().autoscaling.groups.get(&name).cloned();
    found.map(|group| (name.clone(), group)).ok_or_else(|| missing(&name))
}

/// The same, refused where the group is going.
pub(super) fn staying(call: &mut Call<'_>) -> Result<(String, Group), Fault> {
    let (name, group) = named(call)?;
    if group.deleting {
        let message = "You cannot modify an AutoScalingGroup that is pending delete.";
        return Err(Fault::new("ScalingActivityInProgress", message));
    }
    Ok((name, group))
}

/// Changes a group that is there.
pub(super) fn edit(scope: &mut Scope<'_>, name: &str, change: impl FnOnce(&mut Group)) {
    if let Some(group) = scope.realm().autoscaling.groups.get_mut(name) {
        change(group);
    }
}

/// Subnets, and the zones that they are in.
pub(super) type Places = (Vec<String>, Vec<String>);

/// Subnets and zones of a call; nothing where it says none.
pub(super) fn places(call: &mut Call<'_>) -> Result<Option<Places>, Fault> {
    let text = call.opt_str("VPCZoneIdentifier").unwrap_or_default();
    let subnets: Vec<String> =
        text.split(',').map(str::trim).filter(|id| !id.is_empty()).map(str::to_owned).collect();
    if !subnets.is_empty() {
        let mut zones = Vec::new();
        for id in &subnets {
            let subnet = call.realm().ec2.subnets.get(id).cloned();
            let subnet =
                subnet.ok_or_else(|| invalid(format!("The subnet ID '{id}' does not exist")))?;
            if !zones.contains(&subnet.zone) {
                zones.push(subnet.zone);
            }
        }
        zones.sort();
        return Ok(Some((subnets, zones)));
    }
    let zones = call.strings("AvailabilityZones");
    if zones.is_empty() {
        return Ok(None);
    }
    let known = call.zones();
    if let Some(zone) = zones.iter().find(|zone| !known.contains(zone)) {
        return Err(invalid(format!("Invalid availability zones: [{zone}]")));
    }
    let defaults = call.realm().ec2.subnets.iter();
    let subnets: Vec<String> = defaults
        .filter(|(_, subnet)| subnet.default_for_zone && zones.contains(&subnet.zone))
        .map(|(id, _)| id.to_owned())
        .collect();
    if subnets.is_empty() {
        return Err(invalid("No default VPC for this user"));
    }
    Ok(Some((subnets, zones)))
}

fn update(call: &mut Call<'_>) -> Outcome {
    let (name, mut group) = staying(call)?;
    let config = Config::of(&Value::Object(call.input.clone()));
    let before = (group.min, group.max);
    group.apply(call);
    if config.is_some() {
        if group.refreshing.is_some() {
            let message = "An active instance refresh with a desired configuration exists. All configuration options \
                           derived from the desired configuration are not available for update while the instance \
                           refresh is active.";
            return Err(invalid(message));
        }
        group.config = config.checked(call)?;
    }
    if let Some((subnets, zones)) = places(call)? {
        group.subnets = subnets;
        group.zones = zones;
    }
    match call.opt_int("DesiredCapacity") {
        Some(desired) => group.desired = desired,
        // New bounds move a desired capacity that nobody says.
        None if before != (group.min, group.max) => {
            group.desired = group.desired.max(group.min).min(group.max.max(group.min))
        }
        None => {}
    }
    group.check_sizes()?;
    group.retry_at = 0;
    edit(call, &name, |known| *known = group);
    reconcile::soon(call, &name);
    Ok(json!({}))
}

fn delete(call: &mut Call<'_>) -> Outcome {
    let (name, group) = named(call)?;
    let force = call.opt_bool("ForceDelete").unwrap_or(false);
    if group.others.get("DeletionProtection").is_some_and(|level| {
        level == "prevent-all-deletion" || level == "prevent-force-deletion" && force
    }) {
        return Err(Fault::new(
            "ResourceInUse",
            "The Auto Scaling group is protected from deletion.",
        ));
    }
    let members = super::members::of_group(call, &name);
    if !force {
        if members.iter().any(|(_, member)| {
            member.state.starts_with("Terminating") || member.state.starts_with("Pending")
        }) {
            let message = "You cannot delete an AutoScalingGroup while there are scaling activities in progress for that group.";
            return Err(Fault::new("ScalingActivityInProgress", message));
        }
        if !members.is_empty() {
            let message = "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) still in the group.";
            return Err(Fault::new("ResourceInUse", message));
        }
    }
    edit(call, &name, |group| {
        group.deleting = true;
        (group.min, group.max, group.desired) = (0, 0, 0);
        if force {
            // "also deletes any outstanding lifecycle actions associated with the group"
            group.hooks.clear();
        }
    });
    if force {
        for (id, member) in members {
            if member.wait.is_some() {
                reconcile::proceed(call, &id, member.state.starts_with("Terminating"));
            }
        }
    }
    reconcile::soon(call, &name);
    Ok(json!({}))
}

fn set_desired(call: &mut Call<'_>) -> Outcome {
    let (name, group) = staying(call)?;
    let desired = call.opt_int("DesiredCapacity").unwrap_or(group.desired);
    if desired < group.min {
        let message = format!(
            "New SetDesiredCapacity value {desired} is below min value {} for the AutoScalingGroup.",
            group.min
        );
        return Err(invalid(message));
    }
    if desired > group.max {
        let message = format!(
            "New SetDesiredCapacity value {desired} is above max value {} for the AutoScalingGroup.",
            group.max
        );
        return Err(invalid(message));
    }
    edit(call, &name, |group| {
        group.desired = desired;
        group.retry_at = 0;
    });
    reconcile::soon(call, &name);
    Ok(json!({}))
}

/// A group as DescribeAutoScalingGroups shows it.
fn render(scope: &mut Scope<'_>, name: &str, group: &Group) -> Value {
    let members = super::members::of_group(scope, name);
    let instances: Vec<Value> =
        members.iter().filter(|(_, m)| !m.is_warm()).map(|(id, m)| m.render(id, false)).collect();
    let warm = members.iter().filter(|(_, m)| m.is_warm()).count();
    let mut out = json!({
        "AutoScalingGroupName": name, "AutoScalingGroupARN": group.arn, "MinSize": group.min, "MaxSize": group.max,
        "DesiredCapacity": group.desired, "DefaultCooldown": group.cooldown, "AvailabilityZones": group.zones,
        "LoadBalancerNames": [], "TargetGroupARNs": group.target_groups, "HealthCheckType": group.health_check,
        "HealthCheckGracePeriod": group.grace_seconds, "Instances": instances, "CreatedTime": group.created,
        "SuspendedProcesses": group.suspended.iter().map(|(process, reason)| json!({"ProcessName": process, "SuspensionReason": reason})).collect::<Vec<_>>(),
        "VPCZoneIdentifier": group.subnets.join(","),
        "EnabledMetrics": group.metrics.iter().map(|metric| json!({"Metric": metric, "Granularity": "1Minute"})).collect::<Vec<_>>(),
        "Tags": super::tags::list(name, group), "TerminationPolicies": group.termination_policies,
        "NewInstancesProtectedFromScaleIn": group.protect_new,
        "TrafficSources": group.target_groups.iter().map(|arn| json!({"Identifier": arn, "Type": "elbv2"})).collect::<Vec<_>>(),
    });
    if let Some(template) = &group.config.template {
        out["LaunchTemplate"] = template.clone();
    }
    if let Some(mixed) = &group.config.mixed {
        out["MixedInstancesPolicy"] = mixed.clone();
    }
    if let Some(seconds) = group.warmup {
        out["DefaultInstanceWarmup"] = json!(seconds);
    }
    if let Some(pool) = &group.warm_pool {
        out["WarmPoolConfiguration"] = pool.clone();
        out["WarmPoolSize"] = json!(warm);
    }
    if group.deleting {
        out["Status"] = json!("Delete in progress");
    }
    let account = &scope.account;
    out["ServiceLinkedRoleARN"] = json!(format!(
        "arn:aws:iam::{account}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
    ));
    for (member, value) in &group.others {
        out[member] = value.clone();
    }
    out
}

fn describe(call: &mut Call<'_>) -> Outcome {
    let names = call.strings("AutoScalingGroupNames");
    let now = call.now();
    let seen: Vec<(String, Group)> = call
        .realm()
        .autoscaling
        .groups
        .seen(now)
        .map(|(name, group)| (name.to_owned(), group.clone()))
        .collect();
    let filters = call.list("Filters");
    let passes = |group: &Group| {
        filters.iter().all(|filter| {
            let values: Vec<&str> = filter["Values"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect();
            match filter["Name"].as_str().unwrap_or_default() {
                "tag-key" => group.tags.iter().any(|tag| values.contains(&tag.key.as_str())),
                "tag-value" => group.tags.iter().any(|tag| values.contains(&tag.value.as_str())),
                name => match name.strip_prefix("tag:") {
                    Some(key) => group
                        .tags
                        .iter()
                        .any(|tag| tag.key == key && values.contains(&tag.value.as_str())),
                    None => false,
                },
            }
        })
    };
    // Names that no group has are left out without an error, as on AWS.
    let wanted = seen
        .iter()
        .filter(|(name, group)| (names.is_empty() || names.contains(name)) && passes(group));
    let wanted: Vec<&(String, Group)> = wanted.collect();
    let groups: Vec<Value> =
        wanted.into_iter().map(|(name, group)| render(call, name, group)).collect();
    Ok(json!({"AutoScalingGroups": groups}))
}

fn limits(call: &mut Call<'_>) -> Outcome {
    let most = call.quota("autoscaling-groups-per-region");
    let groups = call.realm().autoscaling.groups.len();
    Ok(json!({
        "MaxNumberOfAutoScalingGroups": most, "MaxNumberOfLaunchConfigurations": 200,
        "NumberOfAutoScalingGroups": groups, "NumberOfLaunchConfigurations": 0,
    }))
}

/// What TerminationPolicies may say.
pub(super) const TERMINATION: &[&str] = &[
    "AllocationStrategy",
    "ClosestToNextInstanceHour",
    "Default",
    "NewestInstance",
    "OldestInstance",
    "OldestLaunchConfiguration",
    "OldestLaunchTemplate",
];

fn termination_policies(_call: &mut Call<'_>) -> Outcome {
    Ok(json!({"TerminationPolicyTypes": TERMINATION}))
}
