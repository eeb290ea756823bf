//! The tick: a group compares what is with what shall be, and does the next things. Each step here is one thing that
//! Auto Scaling is documented to do. A group has at most one look planned: when something can happen next.
use std::collections::BTreeMap;

use super::group::Group;
use super::members::{Member, edit, is_alive, of_group};
use super::{Event, activities, hooks, launching, refresh_step, warm_pool};
use crate::service::ec2::{instance, instance_status};
use crate::service::elbv2;
use crate::world::scope::Scope;
use crate::world::{Millis, timing};

/// Starts the ticking of a new group.
pub(super) fn begin(scope: &mut Scope<'_>, name: &str) {
    let at = scope.now() + 1000;
    look_at(scope, name, at);
}

/// Something of the group changed: it looks after itself at once.
pub(super) fn soon(scope: &mut Scope<'_>, name: &str) {
    look(scope, name);
    plan(scope, name);
}

/// Something around the group changed: it looks after itself at its next tick.
pub(super) fn wake(scope: &mut Scope<'_>, name: &str) {
    let at = scope.now() + timing::ASG_TICK;
    look_at(scope, name, at);
}

// Plans a look, if none comes earlier.
fn look_at(scope: &mut Scope<'_>, name: &str, at: Millis) {
    let Some(group) = scope.realm().autoscaling.groups.get(name) else { return };
    if group.next_look.is_some_and(|known| known <= at) {
        return;
    }
    let number = group.number;
    super::group::edit(scope, name, |group| group.next_look = Some(at));
    let after = at - scope.now();
    scope.schedule(after, Event::Tick { group: name.to_owned(), number });
}

/// The time of a look has come, unless an earlier one took its place.
pub(super) fn tick(scope: &mut Scope<'_>, name: &str, number: u64) {
    let now = scope.now();
    let group = scope.realm().autoscaling.groups.get(name);
    let is_meant = |group: &Group| {
        group.number == number && group.next_look.is_none_or(|planned| planned <= now)
    };
    if !group.is_some_and(is_meant) {
        return;
    }
    super::group::edit(scope, name, |group| group.next_look = None);
    look(scope, name);
    plan(scope, name);
}

// Plans the look at which something can happen next. Without one the group sleeps until it is woken: by a call, by
// one of its instances, by a condition.
fn plan(scope: &mut Scope<'_>, name: &str) {
    let Some(group) = scope.realm().autoscaling.groups.get(name).cloned() else { return };
    let (now, members) = (scope.now(), of_group(scope, name));
    let tick = now + timing::ASG_TICK;
    let mut times: Vec<Millis> =
        members.iter().filter_map(|(_, m)| next_of(&group, m, now)).collect();
    let counting = members.iter().filter(|(_, member)| member.counts()).count();
    if i64::try_from(counting).unwrap_or(0) < group.desired && !group.is_suspended("Launch") {
        times.push(tick.max(group.retry_at));
    }
    if group.deleting {
        times.push(tick);
    }
    if group.retry_at > now {
        times.push(group.retry_at);
    }
    times.extend(refresh_step::next(scope, name).map(|at| at.max(tick)));
    if let Some(at) = times.into_iter().min() {
        look_at(scope, name, at);
    }
}

// When something can happen to a member next, if anything can by itself.
fn next_of(group: &Group, member: &Member, now: Millis) -> Option<Millis> {
    let tick = now + timing::ASG_TICK;
    if let Some(wait) = &member.wait {
        return Some(wait.until.max(now));
    }
    let grace_ends = member.in_service + group.grace_seconds * 1000;
    match member.state.as_str() {
        "Pending" | "Pending:Proceed" | "Terminating" | "Terminating:Proceed" => Some(tick),
        "InService" => Some(grace_ends).filter(|at| *at > now),
        _ => None,
    }
}

fn look(scope: &mut Scope<'_>, name: &str) {
    let Some(group) = scope.realm().autoscaling.groups.get(name).cloned() else { return };
    for (id, member) in of_group(scope, name) {
        advance(scope, name, &group, &id, &member);
        // What a wait held up goes on at once.
        let after = scope.realm().autoscaling.members.get(&id).cloned();
        if let Some(after) = after.filter(|after| member.wait.is_some() && after.wait.is_none()) {
            advance(scope, name, &group, &id, &after);
        }
    }
    if group.deleting {
        return wind_up(scope, name);
    }
    check_health(scope, name, &group);
    refresh_step::step(scope, name);
    fit_capacity(scope, name);
    rebalance(scope, name);
    warm_pool::fit(scope, name);
}

/// A group that is deleted ends its members, and goes with the last one.
fn wind_up(scope: &mut Scope<'_>, name: &str) {
    let members = of_group(scope, name);
    for (id, member) in &members {
        if !member.is_leaving() {
            let at = crate::wire::scalar::iso(scope.now());
            launching::end(
                scope,
                id,
                &format!(
                    "At {at} instance {id} was taken out of service because the group is deleted."
                ),
            );
        }
    }
    if members.is_empty() {
        scope.realm().autoscaling.groups.remove(name);
        super::policies::forget(scope, name);
        let ids: Vec<String> = scope.realm().autoscaling.refreshes.ids();
        for id in ids {
            if scope
                .realm()
                .autoscaling
                .refreshes
                .get(&id)
                .is_some_and(|refresh| refresh.group == name)
            {
                scope.realm().autoscaling.refreshes.remove(&id);
            }
        }
    }
}

/// Takes one member as far as it can go now.
fn advance(scope: &mut Scope<'_>, name: &str, group: &Group, id: &str, member: &Member) {
    let now = scope.now();
    if let Some(wait) = &member.wait {
        if now >= wait.until {
            let default = group.hooks.iter().find(|hook| hook.name == wait.hook);
            proceed(scope, id, default.is_some_and(|hook| hook.continues));
        }
        return;
    }
    match member.state.as_str() {
        "Pending" | "Pending:Proceed" => arrive(scope, name, group, id, member),
        "Terminating" | "Terminating:Proceed" => leave(scope, name, group, id, member),
        _ => {}
    }
}

/// Goes on after a hook, or not.
pub(super) fn proceed(scope: &mut Scope<'_>, id: &str, go_on: bool) {
    let Some(member) = scope.realm().autoscaling.members.get(id).cloned() else { return };
    let hook = member.wait.map(|wait| wait.hook).unwrap_or_default();
    let leaving = member.state.starts_with("Terminating");
    let all: Vec<String> = if leaving && !go_on {
        // ABANDON at the end skips the other hooks.
        let group = scope.realm().autoscaling.groups.get(&member.group);
        group
            .map(|group| group.hooks.iter().map(|hook| hook.name.clone()).collect())
            .unwrap_or_default()
    } else {
        vec![hook]
    };
    edit(scope, id, |member| {
        member.wait = None;
        member.done.extend(all);
        member.state = if leaving { "Terminating:Proceed" } else { "Pending:Proceed" }.to_owned();
    });
    if !leaving && !go_on {
        let at = crate::wire::scalar::iso(scope.now());
        launching::end(
            scope,
            id,
            &format!(
                "At {at} instance {id} was taken out of service because its lifecycle action was abandoned."
            ),
        );
        refresh_step::count_failure(scope, &member.group);
    }
}

fn arrive(scope: &mut Scope<'_>, name: &str, group: &Group, id: &str, member: &Member) {
    let state = scope.realm().ec2.instances.get(id).map(|i| i.state.clone());
    match state.as_deref() {
        Some("running") => {}
        Some("pending") => return,
        _ => {
            let at = crate::wire::scalar::iso(scope.now());
            launching::end(
                scope,
                id,
                &format!("At {at} instance {id} was taken out of service because it never ran."),
            );
            return;
        }
    }
    if let Some(hook) = hooks::next(group, member) {
        let hook = hook.clone();
        activities::set_status(scope, &member.activity, "MidLifecycleAction");
        return hooks::hold(scope, name, &hook, id);
    }
    let now = scope.now();
    if !group.is_suspended("AddToLoadBalancer") {
        for arn in &group.target_groups {
            elbv2::targets::register(scope, arn, id);
        }
    }
    let activity = member.activity.clone();
    edit(scope, id, |member| {
        member.state = "InService".to_owned();
        member.in_service = now;
        member.done.clear();
        member.activity.clear();
    });
    activities::finish(scope, &activity, Ok(()));
    publish(scope, name, group, id, "EC2 Instance Launch Successful");
}

fn leave(scope: &mut Scope<'_>, name: &str, group: &Group, id: &str, member: &Member) {
    let drained = group.target_groups.iter().all(|arn| elbv2::targets::is_drained(scope, arn, id));
    if !drained && is_alive(scope, id) {
        return activities::set_status(scope, &member.activity, "WaitingForELBConnectionDraining");
    }
    if is_alive(scope, id) {
        if let Some(hook) = hooks::next(group, member) {
            let hook = hook.clone();
            activities::set_status(scope, &member.activity, "MidLifecycleAction");
            return hooks::hold(scope, name, &hook, id);
        }
        instance::terminate(
            scope,
            id,
            ("Server.ScheduledStop", "Server.ScheduledStop: Terminated by Auto Scaling"),
        );
        return;
    }
    let gone = scope.realm().ec2.instances.get(id).is_none_or(|i| i.state == "terminated");
    if gone {
        scope.realm().autoscaling.members.remove(id);
        activities::finish(scope, &member.activity, Ok(()));
        publish(scope, name, group, id, "EC2 Instance Terminate Successful");
    }
}

fn publish(scope: &mut Scope<'_>, name: &str, group: &Group, id: &str, kind: &str) {
    let detail = serde_json::json!({"AutoScalingGroupName": name, "EC2InstanceId": id, "StatusCode": "InProgress"});
    let instance = scope.arn("ec2", &format!("instance/{id}"));
    crate::service::events::publish(
        scope,
        "aws.autoscaling",
        kind,
        &[group.arn.clone(), instance],
        detail,
    );
}

/// Marks what is unhealthy, and replaces it.
fn check_health(scope: &mut Scope<'_>, name: &str, group: &Group) {
    let now = scope.now();
    for (id, member) in of_group(scope, name) {
        if member.state != "InService" {
            continue;
        }
        if !group.is_suspended("HealthCheck") && member.healthy {
            let old_enough = now >= member.in_service + group.grace_seconds * 1000;
            let problem = problem(scope, group, &id, old_enough);
            if let Some(problem) = problem {
                edit(scope, &id, |member| {
                    member.healthy = false;
                    member.health_message = problem.to_owned();
                });
            }
        }
        let sick =
            scope.realm().autoscaling.members.get(&id).filter(|member| !member.healthy).cloned();
        if let Some(sick) = sick
            && !group.is_suspended("ReplaceUnhealthy")
            && !group.is_suspended("Terminate")
        {
            let at = crate::wire::scalar::iso(now);
            let why = sick.health_message;
            launching::end(
                scope,
                &id,
                &format!("At {at} an instance was taken out of service in response to {why}."),
            );
        }
    }
}

fn problem(
    scope: &mut Scope<'_>,
    group: &Group,
    id: &str,
    old_enough: bool,
) -> Option<&'static str> {
    let Some(i) = scope.realm().ec2.instances.get(id).cloned() else {
        return Some("an EC2 health check indicating it has been terminated or stopped");
    };
    if i.state != "running" {
        return Some("an EC2 health check indicating it has been terminated or stopped");
    }
    if scope.condition(&format!("zone-down:{}", i.zone))
        || instance_status::is_impaired(scope, id) && old_enough
    {
        return Some("an EC2 instance status check failure");
    }
    let by_elb = group.health_check.split(',').any(|kind| kind == "ELB");
    let sick = by_elb
        && old_enough
        && group.target_groups.iter().any(|arn| !elbv2::targets::is_healthy(scope, arn, id));
    sick.then_some("an ELB system health check failure")
}

/// Launches what is missing, ends what is too much.
fn fit_capacity(scope: &mut Scope<'_>, name: &str) {
    let Some(group) = scope.realm().autoscaling.groups.get(name).cloned() else { return };
    let members = of_group(scope, name);
    let counting = members.iter().filter(|(_, member)| member.counts()).count();
    let surge = refresh_step::surge(scope, name);
    let desired = usize::try_from(group.desired).unwrap_or(0);
    if counting < desired && !group.is_suspended("Launch") && scope.now() >= group.retry_at {
        for _ in counting..desired {
            if !launching::start(scope, name, false) {
                break;
            }
        }
    }
    if counting > desired + surge && !group.is_suspended("Terminate") {
        let pending =
            members.iter().any(|(_, member)| member.extra && member.state.starts_with("Pending"));
        if pending {
            // One that was made in advance is not there yet: nothing goes before.
            return;
        }
        for id in launching::victims(&group, &members, counting - desired - surge) {
            let at = crate::wire::scalar::iso(scope.now());
            let cause = format!(
                "At {at} an instance was taken out of service in response to a difference between desired and \
                                 actual capacity, shrinking the capacity from {counting} to {desired}."
            );
            launching::end(scope, &id, &cause);
        }
    }
}

/// Evens out zones that differ by more than one: launches first, and the scale-in takes from the fullest.
fn rebalance(scope: &mut Scope<'_>, name: &str) {
    let Some(group) = scope.realm().autoscaling.groups.get(name).cloned() else { return };
    let off =
        ["AZRebalance", "Launch", "Terminate"].iter().any(|process| group.is_suspended(process));
    if off
        || refresh_step::is_running(scope, name)
        || activities::in_progress(scope, name)
        || scope.now() < group.retry_at
    {
        return;
    }
    let members = of_group(scope, name);
    let counting: Vec<&Member> =
        members.iter().map(|(_, member)| member).filter(|member| member.counts()).collect();
    if i64::try_from(counting.len()).unwrap_or(0) != group.desired {
        return;
    }
    let mut zones: BTreeMap<&str, usize> =
        group.zones.iter().map(|zone| (zone.as_str(), 0)).collect();
    for member in &counting {
        *zones.entry(member.zone.as_str()).or_default() += 1;
    }
    let open = |zone: &str| {
        !scope.condition(&format!("no-capacity:{zone}"))
            && !scope.condition(&format!("zone-down:{zone}"))
    };
    let least = zones
        .iter()
        .filter(|(zone, _)| group.zones.iter().any(|z| z == *zone) && open(zone))
        .map(|(_, count)| *count)
        .min();
    let most = zones.values().copied().max().unwrap_or(0);
    if least.is_some_and(|least| most >= least + 2) {
        launching::start(scope, name, true);
    }
}
