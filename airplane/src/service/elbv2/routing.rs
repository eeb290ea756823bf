//! Where a network load balancer sends a connection, and how long the connection may stay. Nothing here moves bytes:
//! `proxy` does, and asks.
use super::attributes::group_value;
use super::elbv2;
use super::health::{self, Check};
use super::listeners::Listener;
use super::target_groups::TargetGroup;
use super::targets::{Key, Target};
use crate::world::scope::Scope;
use crate::world::{Millis, World};
use std::net::SocketAddr;

/// A listener that takes connections.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Front {
    pub(crate) account: String,
    pub(crate) region: String,
    /// The listener's ARN.
    pub(crate) listener: String,
    /// Where it shall listen, if that is said: any free port, if not.
    pub(crate) at: Option<SocketAddr>,
}

/// Where a connection goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) front: Front,
    group: String,
    target: Key,
    pub(crate) address: SocketAddr,
    opened: Millis,
}

fn places(world: &World) -> Vec<(String, String)> {
    let of = |(account, kept): (&String, &crate::world::Account)| {
        kept.realms.keys().map(|region| (account.clone(), region.clone())).collect::<Vec<_>>()
    };
    world.accounts.iter().flat_map(of).collect()
}

/// Every TCP listener of a network load balancer.
pub(crate) fn fronts(world: &mut World) -> Vec<Front> {
    let mut all = Vec::new();
    for (account, region) in places(world) {
        let state = &world.realm(&account, &region).elbv2;
        for (arn, listener) in state.listeners.iter() {
            let balancer = state.load_balancers.get(&listener.load_balancer);
            if balancer.is_some_and(|lb| lb.kind == "network")
                && matches!(listener.protocol.as_str(), "TCP" | "TCP_UDP")
            {
                let address = balancer.and_then(|lb| lb.address);
                let port = u16::try_from(listener.port).ok();
                let at = address.zip(port).map(SocketAddr::from);
                let (account, region) = (account.clone(), region.clone());
                all.push(Front { account, region, listener: arn.to_owned(), at });
            }
        }
    }
    all
}

/// The target of the next connection; nothing while the load balancer is not active, or has no target that can be
/// reached. `turn` counts the listener's connections, so that they go round.
pub(crate) fn route(world: &mut World, front: &Front, turn: usize) -> Option<Route> {
    let scope = &mut scope_of(world, front);
    let opened = scope.now();
    let listener = elbv2(scope).listeners.get(&front.listener).cloned()?;
    let balancer = elbv2(scope).load_balancers.get(&listener.load_balancer)?;
    if opened < balancer.active {
        return None;
    }
    let (arn, turn) = group_at(&listener, turn)?;
    let group = elbv2(scope).target_groups.get(&arn).cloned()?;
    let reachable = reachable(scope, &arn, &group);
    let healthy: Vec<&(Target, SocketAddr, bool)> =
        reachable.iter().filter(|(_, _, healthy)| *healthy).collect();
    // Fail-open: with no healthy target every registered one gets connections.
    let (target, address, _) = match healthy.is_empty() {
        true => reachable.get(turn % reachable.len().max(1))?,
        false => healthy.get(turn % healthy.len())?,
    };
    let (front, target) = (front.clone(), target.key.clone());
    Some(Route { front, group: arn, target, address: *address, opened })
}

fn scope_of<'w>(world: &'w mut World, front: &Front) -> Scope<'w> {
    Scope { world, account: front.account.clone(), region: front.region.clone() }
}

// Targets that take new connections, where they listen, and whether they are healthy.
fn reachable(
    scope: &mut Scope<'_>,
    arn: &str,
    group: &TargetGroup,
) -> Vec<(Target, SocketAddr, bool)> {
    let mut found = Vec::new();
    for target in group.targets.iter().filter(|target| target.draining.is_none()) {
        if let Some(address) = health::socket(scope, group, &target.key, target.key.port) {
            let healthy = health::health(scope, arn, group, target).state == "healthy";
            found.push((target.clone(), address, healthy));
        }
    }
    found
}

// The group whose turn it is, by the weights of the action, and how often it had its turn before.
fn group_at(listener: &Listener, turn: usize) -> Option<(String, usize)> {
    let groups = listener.actions.first()?["ForwardConfig"]["TargetGroups"].as_array()?;
    let weighed: Vec<(&str, usize)> = groups
        .iter()
        .filter_map(|group| {
            let weight = group["Weight"].as_u64().unwrap_or(1);
            Some((group["TargetGroupArn"].as_str()?, usize::try_from(weight).ok()?))
        })
        .collect();
    let total: usize = weighed.iter().map(|(_, weight)| weight).sum();
    let mut at = turn.checked_rem(total)?;
    for (arn, weight) in weighed {
        if at < weight {
            return Some((arn.to_owned(), turn / total * weight + at));
        }
        at -= weight;
    }
    None
}

/// May the connection stay? It must go when its listener goes; when its target turns unhealthy; and at the end of the
/// deregistration delay - the latter two as the group's attributes say.
pub(crate) fn holds(world: &mut World, route: &Route) -> bool {
    let scope = &mut scope_of(world, &route.front);
    if !elbv2(scope).listeners.contains(&route.front.listener) {
        return false;
    }
    let Some(group) = elbv2(scope).target_groups.get(&route.group).cloned() else { return false };
    let is_on = |key: &str| group_value(&group, key) == "true";
    let Some(target) = group.targets.iter().find(|target| target.key == route.target) else {
        return !is_on("deregistration_delay.connection_termination.enabled");
    };
    let fell = target.checked.as_ref().is_some_and(|checked| checked.since > route.opened)
        && health::health(scope, &route.group, &group, target).state == "unhealthy";
    !(fell && is_on("target_health_state.unhealthy.connection_termination.enabled"))
}

/// A check with the place that it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DueCheck {
    account: String,
    region: String,
    pub(crate) check: Check,
}

/// The connections that shall be tried now, to find the health of targets.
pub(crate) fn due(world: &mut World) -> Vec<DueCheck> {
    if world.sockets.is_empty() && world.root.machines.len() == 0 {
        return Vec::new();
    }
    let mut all = Vec::new();
    for (account, region) in places(world) {
        let mut scope =
            Scope { world: &mut *world, account: account.clone(), region: region.clone() };
        for check in health::due(&mut scope) {
            all.push(DueCheck { account: account.clone(), region: region.clone(), check });
        }
    }
    all
}

/// A connection was tried.
pub(crate) fn record(world: &mut World, due: &DueCheck, passed: bool) {
    let scope = &mut Scope { world, account: due.account.clone(), region: due.region.clone() };
    health::record(scope, &due.check, passed);
}
