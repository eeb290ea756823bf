//! The health of targets: initial until the checks passed, healthy while the machine answers, unused while nothing sends
//! to them, draining after they left. A target with a socket (`World::sockets`) or a process (`world::machines`) is checked
//! by true connections and requests, which others make and report here; of any other target airplane knows how it is.
use super::elbv2;
use super::target_groups::{HealthCheck, TargetGroup};
use super::targets::{Key, Target};
use crate::service::autoscaling;
use crate::world::scope::Scope;
use crate::world::{Millis, timing};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

/// What the connections made to a target said.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Checked {
    at: Millis,
    /// Checks in a row with the same outcome: above zero they passed, below they failed.
    streak: i64,
    healthy: Option<bool>,
    /// When `healthy` became what it is.
    pub(super) since: Millis,
}

/// A state with its reason.
pub(crate) struct Health {
    pub(super) state: &'static str,
    pub(super) reason: Option<(&'static str, &'static str)>,
}

const HEALTHY: Health = Health { state: "healthy", reason: None };

/// A state that has a reason and its description.
pub(super) fn health_of(
    state: &'static str,
    reason: &'static str,
    description: &'static str,
) -> Health {
    Health { state, reason: Some((reason, description)) }
}

fn unhealthy() -> Health {
    health_of("unhealthy", "Target.FailedHealthChecks", "Health checks failed")
}

fn checking() -> Health {
    health_of("initial", "Elb.InitialHealthChecking", "Initial health checks in progress")
}

/// An instance as load balancers know it.
struct Machine {
    id: String,
    state: String,
    zone: String,
    started: Millis,
}

fn machine(scope: &mut Scope<'_>, group: &TargetGroup, id: &str) -> Option<Machine> {
    let ec2 = &scope.realm().ec2;
    let id = match group.target_type.as_str() {
        "instance" => id.to_owned(),
        _ => {
            let has = |e: &&crate::service::ec2::network_interface::NetworkInterface| {
                e.vpc == group.vpc && e.addresses.iter().chain(&e.ipv6).any(|a| a == id)
            };
            let interface = ec2.network_interfaces.values().find(has)?;
            interface.attachment.as_ref()?.instance.clone()?
        }
    };
    let i = ec2.instances.get(&id)?;
    Some(Machine { id, state: i.state.clone(), zone: i.zone.clone(), started: i.started })
}

/// Where a target truly listens: where the control API says - by its id or address, by the other name of the machine, and
/// for one port before any port - or else where the process of its machine is.
pub(super) fn socket(
    scope: &mut Scope<'_>,
    group: &TargetGroup,
    key: &Key,
    port: i64,
) -> Option<SocketAddr> {
    if scope.world.sockets.is_empty() {
        return process(scope, group, key, port);
    }
    let mut names = Vec::new();
    if group.target_type == "instance" {
        names.push(key.id.clone());
        let ip = scope.realm().ec2.instances.get(&key.id).and_then(|i| i.private_ip.clone());
        names.extend(ip.iter().map(|ip| format!("{}/{ip}", group.vpc)));
        names.extend(ip);
    } else {
        names.push(format!("{}/{}", group.vpc, key.id));
        names.push(key.id.clone());
        names.extend(machine(scope, group, &key.id).map(|machine| machine.id));
    }
    let sockets = &scope.world.sockets;
    let by_port = names.iter().find_map(|name| sockets.get(&format!("{name}:{port}")));
    let found = by_port.or_else(|| names.iter().find_map(|name| sockets.get(name))).copied();
    found.or_else(|| process(scope, group, key, port))
}

fn process(scope: &mut Scope<'_>, group: &TargetGroup, key: &Key, port: i64) -> Option<SocketAddr> {
    scope.world.loopback?;
    let id = match group.target_type.as_str() {
        "instance" => key.id.clone(),
        _ => machine(scope, group, &key.id)?.id,
    };
    let address = scope.world.root.machines.get(&id)?.address;
    Some(SocketAddr::from((address, u16::try_from(port).ok()?)))
}

/// Since when traffic can reach a group, and the zones that it comes from.
fn reach(scope: &mut Scope<'_>, arn: &str) -> Option<(Millis, Vec<String>)> {
    let state = elbv2(scope);
    let (mut reached, mut zones) = (None::<Millis>, Vec::new());
    for listener in state.listeners.values().filter(|l| l.forwards_to(arn)) {
        let Some(lb) = state.load_balancers.get(&listener.load_balancer) else { continue };
        let from = lb.active.max(listener.created);
        reached = Some(reached.map_or(from, |r| r.min(from)));
        zones.extend(lb.places.iter().map(|p| p.zone.clone()));
    }
    reached.map(|reached| (reached, zones))
}

/// The health of a target now.
pub(super) fn health(
    scope: &mut Scope<'_>,
    arn: &str,
    group: &TargetGroup,
    target: &Target,
) -> Health {
    if target.draining.is_some() {
        let text = "Target deregistration is in progress";
        return health_of("draining", "Target.DeregistrationInProgress", text);
    }
    let Some((reached, zones)) = reach(scope, arn) else {
        let text = "Target group is not configured to receive traffic from the load balancer";
        return health_of("unused", "Target.NotInUse", text);
    };
    let machine = machine(scope, group, &target.key.id);
    if group.target_type == "instance" {
        let state = machine.as_ref().map(|m| m.state.as_str()).unwrap_or("terminated");
        if !matches!(state, "pending" | "running") {
            let text = "Target is in the stopped or terminated state";
            return health_of("unused", "Target.InvalidState", text);
        }
        if machine.as_ref().is_some_and(|m| !zones.contains(&m.zone)) {
            let text =
                "Target is in an Availability Zone that is not enabled for the load balancer";
            return health_of("unused", "Target.NotInUse", text);
        }
    }
    let now = scope.now();
    if now < reached {
        return health_of(
            "initial",
            "Elb.RegistrationInProgress",
            "Target registration is in progress",
        );
    }
    if is_checked(scope, group, target) {
        return match target.checked.as_ref().and_then(|checked| checked.healthy) {
            None => checking(),
            Some(true) if !is_down(scope, &target.key.id, machine.as_ref()) => HEALTHY,
            Some(_) => unhealthy(),
        };
    }
    let started = machine.as_ref().map(|m| m.started).unwrap_or_default();
    let checks = group.check.interval * group.check.healthy * 1000;
    let settled = target.since.max(reached).max(started) + checks.max(timing::TARGET_INITIAL);
    if now < settled {
        return checking();
    }
    let answers = machine.as_ref().is_some_and(|m| m.state == "running")
        && !is_down(scope, &target.key.id, machine.as_ref());
    if answers { HEALTHY } else { unhealthy() }
}

// Has a fault taken the target, its machine or its zone down?
fn is_down(scope: &Scope<'_>, target: &str, machine: Option<&Machine>) -> bool {
    scope.condition(&format!("target-down:{target}"))
        || machine.is_some_and(|m| {
            scope.condition(&format!("zone-down:{}", m.zone))
                || scope.condition(&format!("target-down:{}", m.id))
        })
}

// Is the health of this target found by connections?
fn is_checked(scope: &mut Scope<'_>, group: &TargetGroup, target: &Target) -> bool {
    !group.is_application() && socket(scope, group, &target.key, target.key.port).is_some()
}

/// A check that somebody shall make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Check {
    pub(crate) group: String,
    pub(crate) target: Key,
    pub(crate) address: SocketAddr,
    /// What is asked on the connection; where nothing is, it passes by being there.
    pub(crate) question: Option<Question>,
    /// How long it may take.
    pub(crate) timeout: Millis,
}

/// A `GET` with the status codes that are right answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question {
    pub(crate) secure: bool,
    pub(crate) path: String,
    codes: String,
}

impl Question {
    fn of(check: &HealthCheck) -> Option<Question> {
        let secure = match check.protocol.as_str() {
            "HTTPS" => true,
            "HTTP" => false,
            _ => return None,
        };
        let path = check.path.clone().unwrap_or_else(|| "/".to_owned());
        let codes = check.matcher.clone().unwrap_or_else(|| "200-399".to_owned());
        Some(Question { secure, path, codes })
    }

    /// Does the target pass with this status?
    pub(crate) fn passes(&self, status: u16) -> bool {
        self.codes.split(',').any(|part| {
            let (low, high) = part.split_once('-').unwrap_or((part, part));
            let bounds = low.trim().parse::<u16>().ok().zip(high.trim().parse::<u16>().ok());
            bounds.is_some_and(|(low, high)| (low..=high).contains(&status))
        })
    }
}

/// The checks of this place that are due.
pub(super) fn due(scope: &mut Scope<'_>) -> Vec<Check> {
    let now = scope.now();
    let groups = elbv2(scope).target_groups.iter();
    let groups: Vec<(String, TargetGroup)> =
        groups.map(|(arn, group)| (arn.to_owned(), group.clone())).collect();
    let mut due = Vec::new();
    for (arn, group) in groups {
        let reached = reach(scope, &arn).is_some_and(|(reached, _)| reached <= now);
        if !reached || group.is_application() {
            continue;
        }
        let interval = group.check.interval * 1000;
        for target in group.targets.iter().filter(|target| target.draining.is_none()) {
            let waits = target.checked.as_ref().is_some_and(|checked| now < checked.at + interval);
            let port = group.check.port.parse().unwrap_or(target.key.port);
            if let Some(address) = socket(scope, &group, &target.key, port)
                && !waits
            {
                let timeout = group.check.timeout * 1000;
                due.push(Check {
                    group: arn.clone(),
                    target: target.key.clone(),
                    address,
                    question: Question::of(&group.check),
                    timeout,
                });
            }
        }
    }
    due
}

/// A connection was tried. One outcome stands for all checks that fell due since the last: a stepped clock leaps.
pub(super) fn record(scope: &mut Scope<'_>, check: &Check, passed: bool) {
    let now = scope.now();
    let Some(group) = elbv2(scope).target_groups.get_mut(&check.group) else { return };
    let (interval, up, down) =
        (group.check.interval * 1000, group.check.healthy, group.check.unhealthy);
    let Some(target) = group.targets.iter_mut().find(|target| target.key == check.target) else {
        return;
    };
    let checked = target.checked.get_or_insert_default();
    let count = match checked.at {
        0 => 1,
        at => ((now - at) / interval.max(1)).max(1),
    };
    checked.streak =
        if passed { checked.streak.max(0) + count } else { checked.streak.min(0) - count };
    checked.at = now;
    let healthy = match checked.streak {
        streak if streak >= up => Some(true),
        streak if -streak >= down => Some(false),
        _ => checked.healthy,
    };
    if healthy != checked.healthy {
        (checked.healthy, checked.since) = (healthy, now);
        autoscaling::instance_changed(scope, &check.target.id);
    }
}
