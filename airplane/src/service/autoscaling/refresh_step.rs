//! What a refresh does at each tick: replaces members by ones of the wanted configuration, never below the lowest healthy
//! percentage, never above the highest, with pauses at its checkpoints.
use super::members::{Member, of_group};
use super::refresh::{Refresh, edit, open_of};
use super::{group, launching};
use crate::world::scope::Scope;

/// A refresh gives up after so many instances that never came into service.
const FAILURES_MAX: u32 = 3;

/// Is one going on?
pub(super) fn is_running(scope: &mut Scope<'_>, name: &str) -> bool {
    open_of(scope, name).is_some()
}

/// How many members more than desired it may have now.
pub(super) fn surge(scope: &mut Scope<'_>, name: &str) -> usize {
    let Some((_, refresh)) = open_of(scope, name) else { return 0 };
    let desired = scope.realm().autoscaling.groups.get(name).map_or(0, |group| group.desired);
    if refresh.left.is_empty() {
        0
    } else {
        ceiling(&refresh, desired).saturating_sub(usize::try_from(desired).unwrap_or(0))
    }
}

fn ceiling(refresh: &Refresh, desired: i64) -> usize {
    let (min, max) =
        (refresh.number("MinHealthyPercentage", 90), refresh.number("MaxHealthyPercentage", 100));
    // All healthy and none more would never move: one at a time goes above.
    let most = if min == 100 && max == 100 { desired + 1 } else { (desired * max + 99) / 100 };
    usize::try_from(most.max(desired)).unwrap_or(0)
}

/// An instance of the new configuration was abandoned.
pub(super) fn count_failure(scope: &mut Scope<'_>, name: &str) {
    if let Some((id, _)) = open_of(scope, name) {
        edit(scope, &id, |refresh| refresh.failures += 1);
    }
}

fn finish(scope: &mut Scope<'_>, id: &str, status: &str, reason: Option<&str>) {
    let now = scope.now();
    let Some(refresh) = scope.realm().autoscaling.refreshes.get(id).cloned() else { return };
    let succeeded = status == "Successful";
    group::edit(scope, &refresh.group, |group| {
        if let Some(config) = group.refreshing.take()
            && succeeded
        {
            group.config = config;
        }
    });
    edit(scope, id, |refresh| {
        refresh.status = status.to_owned();
        refresh.ended = Some(now);
        if let Some(reason) = reason {
            refresh.reason = Some(reason.to_owned());
        }
    });
}

/// Replaces what was replaced already by the former configuration.
pub(super) fn turn_back(scope: &mut Scope<'_>, id: &str, reason: &str) {
    let Some(refresh) = scope.realm().autoscaling.refreshes.get(id).cloned() else { return };
    let before = refresh.before.clone();
    let new: Vec<String> = of_group(scope, &refresh.group)
        .into_iter()
        .filter(|(member, state)| !refresh.left.contains(member) && !state.is_leaving())
        .map(|(member, _)| member)
        .collect();
    group::edit(scope, &refresh.group, |group| group.refreshing = Some(before));
    edit(scope, id, |refresh| {
        refresh.status = "RollbackInProgress".to_owned();
        refresh.reason = Some(reason.to_owned());
        refresh.rolling_back = true;
        refresh.total = new.len();
        refresh.left = new;
        refresh.checkpoints.clear();
        refresh.wait_until = 0;
        refresh.failures = 0;
    });
}

/// Does what is next.
pub(super) fn step(scope: &mut Scope<'_>, name: &str) {
    let Some((id, refresh)) = open_of(scope, name) else { return };
    match refresh.status.as_str() {
        "Pending" => edit(scope, &id, |refresh| refresh.status = "InProgress".to_owned()),
        "Cancelling" => {
            return finish(scope, &id, "Cancelled", Some("Cancelled due to user request."));
        }
        "Baking" if scope.now() < refresh.wait_until => return,
        "Baking" => return finish(scope, &id, "Successful", None),
        _ => {}
    }
    if refresh.failures > FAILURES_MAX {
        let reason = "Instances of the desired configuration do not come into service.";
        if refresh.truth("AutoRollback") && !refresh.rolling_back {
            return turn_back(scope, &id, reason);
        }
        let status = if refresh.rolling_back { "RollbackFailed" } else { "Failed" };
        return finish(scope, &id, status, Some(reason));
    }
    replace(scope, name, &id);
}

fn replace(scope: &mut Scope<'_>, name: &str, id: &str) {
    let members = of_group(scope, name);
    let Some(refresh) = scope.realm().autoscaling.refreshes.get(id).cloned() else { return };
    let left = still_left(&refresh, &members);
    edit(scope, id, |known| known.left = left.clone());
    let refresh = Refresh { left: left.clone(), ..refresh };
    let Some(group) = scope.realm().autoscaling.groups.get(name).cloned() else { return };
    let now = scope.now();
    let warmup =
        refresh.number("InstanceWarmup", group.warmup.unwrap_or(group.grace_seconds)) * 1000;
    let ready = |(id, member): &&(String, Member)| {
        member.state == "InService"
            && member.healthy
            && (left.contains(id) || now >= member.in_service + warmup)
    };
    let healthy = members.iter().filter(ready).count();
    let counting = members.iter().filter(|(_, member)| member.counts()).count();
    let desired = usize::try_from(group.desired).unwrap_or(0);
    if left.is_empty() {
        if healthy >= desired && counting == desired {
            complete(scope, id, &refresh);
        }
        return;
    }
    if now < refresh.wait_until {
        return;
    }
    if let Some(step) =
        refresh.checkpoints.first().copied().filter(|step| refresh.percentage() >= *step)
    {
        let delay = refresh.number("CheckpointDelay", 3600) * 1000;
        return edit(scope, id, |refresh| {
            refresh.checkpoints.retain(|known| *known != step);
            refresh.wait_until = now + delay;
        });
    }
    let most = ceiling(&refresh, group.desired);
    if counting < most && now >= group.retry_at && !group.is_suspended("Launch") {
        let missing =
            (most - counting).min(left.len().saturating_sub(counting.saturating_sub(desired)));
        for _ in 0..missing {
            if !launching::start(scope, name, true) {
                edit(scope, id, |refresh| refresh.failures += 1);
                break;
            }
        }
    }
    let floor =
        usize::try_from((group.desired * refresh.number("MinHealthyPercentage", 90) + 99) / 100)
            .unwrap_or(0);
    let spare = healthy.saturating_sub(floor);
    let protected = refresh
        .preferences
        .get("ScaleInProtectedInstances")
        .and_then(|v| v.as_str())
        .unwrap_or("Wait")
        != "Refresh";
    let next = members.iter().filter(|(id, member)| {
        left.contains(id) && member.state == "InService" && !(protected && member.protected)
    });
    let next: Vec<String> = next.map(|(id, _)| id.clone()).take(spare).collect();
    for victim in next {
        let at = crate::wire::scalar::iso(now);
        let cause = format!(
            "At {at} an instance was taken out of service in response to an instance refresh."
        );
        launching::end(scope, &victim, &cause);
    }
}

fn still_left(refresh: &Refresh, members: &[(String, Member)]) -> Vec<String> {
    let ignore = |name: &str| {
        refresh.preferences.get(name).and_then(|value| value.as_str()) == Some("Ignore")
    };
    let skip_protected = ignore("ScaleInProtectedInstances");
    let skip_standby = ignore("StandbyInstances");
    let is_out = |member: &Member| {
        member.is_leaving()
            || skip_protected && member.protected
            || skip_standby && member.state == "Standby"
    };
    let still =
        |id: &&String| members.iter().any(|(known, member)| known == *id && !is_out(member));
    refresh.left.iter().filter(still).cloned().collect()
}

fn complete(scope: &mut Scope<'_>, id: &str, refresh: &Refresh) {
    if refresh.rolling_back {
        return finish(scope, id, "RollbackSuccessful", None);
    }
    let bake = refresh.number("BakeTime", 0) * 1000;
    if bake == 0 {
        return finish(scope, id, "Successful", None);
    }
    let until = scope.now() + bake;
    edit(scope, id, |refresh| {
        refresh.status = "Baking".to_owned();
        refresh.wait_until = until;
    });
}
