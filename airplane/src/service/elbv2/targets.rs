//! Targets: registered, shown with their health, draining after they left. Auto Scaling registers its instances through
//! the functions here.
use super::attributes::group_value;
use super::health::{Checked, Health, health, health_of};
use super::target_groups::{self, TargetGroup};
use super::{Event, elbv2, invalid};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use crate::world::Millis;
use crate::world::scope::Scope;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::net::IpAddr;

pub(crate) const ACTIONS: &[Action] = &[
    ("RegisterTargets", register_all),
    ("DeregisterTargets", deregister_all),
    ("DescribeTargetHealth", describe_health),
];

/// What a target is known by: an instance may be registered with several ports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) port: i64,
}

/// A target of a group.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Target {
    pub(crate) key: Key,
    pub(crate) zone: Option<String>,
    pub(crate) since: Millis,
    /// Since when its connections are drained.
    pub(crate) draining: Option<Millis>,
    /// What connections to it said, where it has a socket.
    #[serde(default)]
    pub(crate) checked: Option<Checked>,
}

/// State and VPC of an instance that describes still show.
fn instance_state(scope: &mut Scope<'_>, id: &str) -> Option<(String, String)> {
    scope.realm().ec2.instances.get(id).map(|i| (i.state.clone(), i.vpc.clone()))
}

/// Does the group exist?
pub(crate) fn exists(scope: &mut Scope<'_>, arn: &str) -> bool {
    elbv2(scope).target_groups.contains(arn)
}

/// Registers an instance with the group's port, for Auto Scaling. A group that is gone is none of its business.
pub(crate) fn register(scope: &mut Scope<'_>, arn: &str, instance: &str) {
    add(scope, arn, instance, None, None);
}

/// Deregisters an instance with all its ports, for Auto Scaling.
pub(crate) fn deregister(scope: &mut Scope<'_>, arn: &str, instance: &str) {
    drop_target(scope, arn, instance, None);
}

/// Is the instance healthy with every port that it is registered with?
pub(crate) fn is_healthy(scope: &mut Scope<'_>, arn: &str, instance: &str) -> bool {
    let Some(group) = elbv2(scope).target_groups.get(arn).cloned() else { return false };
    let mine: Vec<&Target> = group.targets.iter().filter(|t| t.key.id == instance).collect();
    !mine.is_empty() && mine.iter().all(|t| health(scope, arn, &group, t).state == "healthy")
}

/// Has the instance left the group for good? So it has when it never was in it.
pub(crate) fn is_drained(scope: &mut Scope<'_>, arn: &str, instance: &str) -> bool {
    let group = elbv2(scope).target_groups.get(arn);
    group.is_none_or(|g| !g.targets.iter().any(|t| t.key.id == instance))
}

fn add(scope: &mut Scope<'_>, arn: &str, id: &str, port: Option<i64>, zone: Option<String>) {
    let since = scope.now();
    let Some(group) = elbv2(scope).target_groups.get_mut(arn) else { return };
    let key = Key { id: id.to_owned(), port: port.unwrap_or(group.port) };
    let new = Target { key, zone, since, draining: None, checked: None };
    match group.targets.iter_mut().find(|t| t.key == new.key) {
        Some(known) if known.draining.is_none() => {}
        // One that comes back begins anew.
        Some(known) => *known = new,
        None => group.targets.push(new),
    }
}

fn drop_target(scope: &mut Scope<'_>, arn: &str, id: &str, port: Option<i64>) {
    let now = scope.now();
    let used = !target_groups::users(elbv2(scope), arn).is_empty();
    let Some(group) = elbv2(scope).target_groups.get(arn).cloned() else { return };
    let seconds: Millis =
        group_value(&group, "deregistration_delay.timeout_seconds").parse().unwrap_or(300);
    let leaves = |t: &Target| t.key.id == id && port.is_none_or(|p| p == t.key.port);
    let mut leaving = Vec::new();
    if let Some(group) = elbv2(scope).target_groups.get_mut(arn) {
        if !used || seconds == 0 {
            group.targets.retain(|t| !leaves(t));
            return;
        }
        for target in group.targets.iter_mut().filter(|t| leaves(t) && t.draining.is_none()) {
            target.draining = Some(now);
            leaving.push(target.key.clone());
        }
    }
    for target in leaving {
        let event = Event::Drained { group: arn.to_owned(), target, since: now };
        scope.schedule(seconds * 1000, event);
    }
}

/// A target's connections are gone, unless it came back in the meantime.
pub(super) fn drained(scope: &mut Scope<'_>, arn: &str, target: &Key, since: Millis) {
    if let Some(group) = elbv2(scope).target_groups.get_mut(arn) {
        group.targets.retain(|t| t.key != *target || t.draining != Some(since));
    }
}

fn check_instance(scope: &mut Scope<'_>, group: &TargetGroup, id: &str) -> Result<(), Fault> {
    let bad = |message: String| Err(Fault::new("InvalidTarget", message));
    if !id.starts_with("i-") {
        return Err(invalid(format!("Instance ID '{id}' is not valid")));
    }
    match instance_state(scope, id) {
        None => bad(format!("The following targets do not exist: '{id}'")),
        Some((_, vpc)) if vpc != group.vpc => bad(format!(
            "The following targets are not in the target group VPC '{}': '{id}'",
            group.vpc
        )),
        Some((state, _)) if state != "running" => bad(format!(
            "The following targets are not in a running state and cannot be registered: '{id}'"
        )),
        Some(_) => Ok(()),
    }
}

fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            // 100.64.0.0/10 is the one private range that the standard library does not call so.
            let shared = u32::from(ip) >> 22 == (100 << 2 | 1);
            ip.is_private() || shared
        }
        IpAddr::V6(_) => false,
    }
}

fn check_ip(
    scope: &mut Scope<'_>,
    group: &TargetGroup,
    id: &str,
    zone: Option<&str>,
) -> Result<(), Fault> {
    let family = if group.ip_address_type == "ipv6" { "IPv6" } else { "IPv4" };
    let ip =
        id.parse::<IpAddr>().ok().filter(|ip| ip.is_ipv6() == (family == "IPv6")).ok_or_else(
            || invalid(format!("The IP address '{id}' is not a valid {family} address")),
        )?;
    let mut blocks: Vec<String> = Vec::new();
    for subnet in scope.realm().ec2.subnets.values().filter(|s| s.vpc == group.vpc) {
        blocks.push(subnet.cidr.clone());
        blocks.extend(subnet.ipv6_blocks.iter().map(|b| b.cidr.clone()));
    }
    let inside =
        blocks.iter().filter_map(|b| b.parse::<ipnet::IpNet>().ok()).any(|net| net.contains(&ip));
    if inside || (zone == Some("all") && is_private(ip)) {
        return Ok(());
    }
    let message = format!(
        "The IP address '{id}' is not in a subnet of the VPC '{}'. Addresses outside of it must be private ones, with the Availability Zone 'all'",
        group.vpc
    );
    Err(Fault::new("InvalidTarget", message))
}

// Id, port and zone of the targets that a call names.
fn given(call: &Call<'_>) -> Vec<(String, Option<i64>, Option<String>)> {
    let part = |t: &Value, name: &str| t[name].as_str().map(str::to_owned);
    call.list("Targets")
        .iter()
        .map(|t| {
            let id = part(t, "Id").unwrap_or_default();
            (id, t["Port"].as_i64(), part(t, "AvailabilityZone"))
        })
        .collect()
}

fn register_all(call: &mut Call<'_>) -> Outcome {
    let group = target_groups::named(call)?;
    let (arn, targets) = (call.str("TargetGroupArn"), given(call));
    if targets.is_empty() {
        return Err(invalid("At least one target must be specified"));
    }
    for (id, port, zone) in targets {
        match group.target_type.as_str() {
            "instance" => check_instance(call, &group, &id)?,
            _ => check_ip(call, &group, &id, zone.as_deref())?,
        }
        add(call, &arn, &id, port, zone);
    }
    let count = elbv2(call).target_groups.get(&arn).map(|g| g.targets.len()).unwrap_or_default();
    if count > call.quota("targets-per-target-group") {
        let message = "The maximum number of targets of a target group has been reached";
        return Err(Fault::new("TooManyTargets", message));
    }
    Ok(json!({}))
}

fn deregister_all(call: &mut Call<'_>) -> Outcome {
    target_groups::named(call)?;
    let arn = call.str("TargetGroupArn");
    // A target that is not registered is no error.
    for (id, port, _) in given(call) {
        drop_target(call, &arn, &id, port);
    }
    Ok(json!({}))
}

fn answer(group: &TargetGroup, key: &Key, zone: Option<&String>, health: &Health) -> Value {
    let check_port = match group.check.port.as_str() {
        "traffic-port" => key.port.to_string(),
        port => port.to_owned(),
    };
    let mut target = json!({"Id": key.id, "Port": key.port});
    if let Some(zone) = zone {
        target["AvailabilityZone"] = json!(zone);
    }
    let mut out = json!({"State": health.state});
    if let Some((reason, description)) = health.reason {
        out["Reason"] = json!(reason);
        out["Description"] = json!(description);
    }
    json!({"Target": target, "HealthCheckPort": check_port, "TargetHealth": out})
}

fn describe_health(call: &mut Call<'_>) -> Outcome {
    let group = target_groups::named(call)?;
    let (arn, asked) = (call.str("TargetGroupArn"), given(call));
    let mut list = Vec::new();
    for target in &group.targets {
        let fits = |(id, port, _): &(String, Option<i64>, Option<String>)| {
            *id == target.key.id && port.unwrap_or(group.port) == target.key.port
        };
        if asked.is_empty() || asked.iter().any(fits) {
            let health = health(call, &arn, &group, target);
            list.push(answer(&group, &target.key, target.zone.as_ref(), &health));
        }
    }
    for (id, port, _) in asked {
        let key = Key { id, port: port.unwrap_or(group.port) };
        if !group.targets.iter().any(|t| t.key == key) {
            let text = "Target is not registered to the target group";
            let health = health_of("unused", "Target.NotRegistered", text);
            list.push(answer(&group, &key, None, &health));
        }
    }
    Ok(json!({ "TargetHealthDescriptions": list }))
}
