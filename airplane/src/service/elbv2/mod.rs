//! Elastic Load Balancing v2: state, events and the registry of actions. Load balancers, target groups and listeners
//! stand by ARN; a listener's forward actions are all that ties a group to a load balancer.
mod attributes;
pub(crate) mod health;
mod limits;
mod listeners;
mod load_balancers;
mod places;
pub(crate) mod routing;
mod tags;
mod target_groups;
pub(crate) mod targets;
mod zone_ids;

use crate::service::{Action, ec2};
use crate::wire::fault::Fault;
use crate::world::scope::Scope;
use crate::world::table::tables;
use serde::{Deserialize, Serialize};

/// Actions by family file; one line per family here, one line per action there.
pub(crate) const ACTIONS: &[&[Action]] = &[
    load_balancers::ACTIONS,
    places::ACTIONS,
    attributes::ACTIONS,
    target_groups::ACTIONS,
    targets::ACTIONS,
    listeners::ACTIONS,
    tags::ACTIONS,
    limits::ACTIONS,
];

tables! {
    /// What the service keeps.
    pub(crate) struct State {
        table load_balancers: load_balancers::LoadBalancer,
        table target_groups: target_groups::TargetGroup,
        table listeners: listeners::Listener,
    }
}

/// The service's part of the realm.
fn elbv2<'a>(scope: &'a mut Scope<'_>) -> &'a mut State {
    &mut scope.realm().elbv2
}

fn invalid(message: impl Into<String>) -> Fault {
    Fault::new("ValidationError", message)
}

fn misconfigured(message: impl Into<String>) -> Fault {
    Fault::new("InvalidConfigurationRequest", message)
}

/// Refuses names that load balancers and target groups cannot have.
fn check_name(what: &str, name: &str) -> Result<(), Fault> {
    if name.is_empty() || name.len() > 32 {
        return Err(invalid(format!(
            "The {what} name '{name}' cannot be empty or longer than '32' characters"
        )));
    }
    if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        return Err(invalid(format!(
            "The {what} name '{name}' can only contain characters that are alphanumeric characters and hyphens(-)"
        )));
    }
    if name.starts_with('-') || name.ends_with('-') {
        return Err(invalid(format!(
            "The {what} name '{name}' cannot begin or end with a hyphen(-)"
        )));
    }
    Ok(())
}

/// Refuses what is no ARN of this kind (`loadbalancer`, `targetgroup`, `listener`).
fn check_arn(kind: &str, arn: &str) -> Result<(), Fault> {
    let resource = arn.splitn(6, ':').nth(5).unwrap_or_default();
    let fits = arn.starts_with("arn:")
        && resource.strip_prefix(kind).is_some_and(|rest| rest.starts_with('/'));
    let title = match kind {
        "loadbalancer" => "load balancer",
        "targetgroup" => "target group",
        other => other,
    };
    if fits { Ok(()) } else { Err(invalid(format!("'{arn}' is not a valid {title} ARN"))) }
}

/// What happens later.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Event {
    /// The network interfaces of a deleted load balancer, or of a subnet that it left, go.
    InterfacesGone { interfaces: Vec<String> },
    /// A target that was deregistered then has no connections any more.
    Drained { group: String, target: targets::Key, since: i64 },
}

impl Event {
    /// Lets it happen.
    pub(crate) fn run(self, scope: &mut Scope<'_>) {
        match self {
            Event::InterfacesGone { interfaces } => {
                for id in interfaces {
                    ec2::network_interface::remove(scope, &id);
                }
            }
            Event::Drained { group, target, since } => {
                targets::drained(scope, &group, &target, since);
            }
        }
    }
}

#[cfg(test)]
mod tests;
