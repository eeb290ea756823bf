//! What a refresh does at each tick: replaces members by ones of the wanted configuration, never below the lowest healthy
//! percentage, never above the highest, with pauses at its checkpoints.
use super::group::Group;
use super::members::{Member, of_group};
use super::refresh::{Refresh, edit, open_of};
use super::{group, launching};
use crate::world::Millis;
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
    let replaced = refresh.total.saturating_sub(refresh.left.len());
    if refresh.left.is_empty() || replaced >= refresh.goal() {
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
    let staying =
        of_group(scope, &refresh.group).into_iter().filter(|(_, state)| !state.is_leaving());
    let (old, new): (Vec<String>, Vec<String>) =
        staying.map(|(member, _)| member).partition(|member| refresh.left.contains(member));
    let kept = old.len();
    group::edit(scope, &refresh.group, |group| group.refreshing = Some(before));
    edit(scope, id, |refresh| {
        refresh.status = "RollbackInProgress".to_owned();
        refresh.reason = Some(reason.to_owned());
        refresh.rolling_back = true;
        refresh.total = new.len();
        refresh.left = new;
        refresh.updated = 0;
        refresh.goal = None;
        refresh.kept = kept;
        refresh.blocked = None;
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

/// When it goes on by itself, if one is open.
pub(super) fn next(scope: &mut Scope<'_>, name: &str) -> Option<Millis> {
    open_of(scope, name).map(|(_, refresh)| refresh.wait_until)
}

/// How long it waits for members that stand by or are protected.
const PATIENCE: Millis = 60 * 60 * 1000;

// Where a refresh stands at a tick.
struct Standing {
    group: Group,
    members: Vec<(String, Member)>,
    /// In service, healthy, and warm unless it is still to be replaced.
    healthy: usize,
    counting: usize,
    desired: usize,
}

fn standing(scope: &mut Scope<'_>, name: &str, refresh: &Refresh) -> Option<Standing> {
    let group = scope.realm().autoscaling.groups.get(name).cloned()?;
    let (members, now) = (of_group(scope, name), scope.now());
    let warmup =
        refresh.number("InstanceWarmup", group.warmup.unwrap_or(group.grace_seconds)) * 1000;
    let ready = |(id, member): &&(String, Member)| {
        member.state == "InService"
            && member.healthy
            && (refresh.left.contains(id) || now >= member.in_service + warmup)
    };
    let healthy = members.iter().filter(ready).count();
    let counting = members.iter().filter(|(_, member)| member.counts()).count();
    let desired = usize::try_from(group.desired).unwrap_or(0);
    Some(Standing { group, members, healthy, counting, desired })
}

fn replace(scope: &mut Scope<'_>, name: &str, id: &str) {
    let members = of_group(scope, name);
    let Some(mut refresh) = scope.realm().autoscaling.refreshes.get(id).cloned() else { return };
    refresh.left = still_left(&refresh, &members);
    let Some(standing) = standing(scope, name, &refresh) else { return };
    let old = standing.members.iter().filter(|(id, member)| {
        refresh.left.contains(id) && member.state == "InService" && member.healthy
    });
    let new = standing.healthy - old.count();
    let replaced = refresh.total.saturating_sub(refresh.left.len());
    refresh.updated = replaced.min(new.saturating_sub(refresh.kept));
    let now = scope.now();
    if refresh.left.is_empty() || replaced >= refresh.goal() {
        // What was replaced is gone, and what replaces it is there.
        let is_over = standing.healthy >= standing.desired
            && standing.counting == standing.desired
            && !standing.members.iter().any(|(_, member)| member.is_leaving());
        if is_over {
            refresh.updated = refresh.goal();
        }
        edit(scope, id, |known| *known = refresh.clone());
        if is_over {
            complete(scope, id, &refresh);
        }
        return;
    }
    let reached = refresh.checkpoints.first().copied();
    if let Some(step) = reached.filter(|step| refresh.percentage() >= *step) {
        refresh.checkpoints.retain(|known| *known != step);
        refresh.wait_until = now + refresh.number("CheckpointDelay", 3600) * 1000;
    }
    edit(scope, id, |known| *known = refresh.clone());
    if now < refresh.wait_until || is_out_of_patience(scope, id, &refresh, &standing) {
        return;
    }
    launch(scope, name, id, &refresh, &standing);
    end_old(scope, &refresh, &standing);
}

// Only members are left that it must wait for: after an hour it fails.
fn is_out_of_patience(
    scope: &mut Scope<'_>,
    id: &str,
    refresh: &Refresh,
    standing: &Standing,
) -> bool {
    let now = scope.now();
    let is_free = |(id, member): &(String, Member)| {
        refresh.left.contains(id) && member.state != "Standby" && !holds(refresh, member)
    };
    if standing.members.iter().any(is_free) {
        edit(scope, id, |refresh| refresh.blocked = None);
        return false;
    }
    let since = refresh.blocked.unwrap_or(now);
    edit(scope, id, |refresh| refresh.blocked = Some(since));
    if now < since + PATIENCE {
        return false;
    }
    let reason =
        "Instances that are in Standby or protected from scale-in did not return within an hour.";
    let status = if refresh.rolling_back { "RollbackFailed" } else { "Failed" };
    finish(scope, id, status, Some(reason));
    true
}

// Is it protected, and the refresh told to respect that?
fn holds(refresh: &Refresh, member: &Member) -> bool {
    let told = refresh.preferences.get("ScaleInProtectedInstances").and_then(|v| v.as_str());
    member.protected && told != Some("Refresh")
}

// Launches as many in advance as the highest healthy percentage allows.
fn launch(scope: &mut Scope<'_>, name: &str, id: &str, refresh: &Refresh, standing: &Standing) {
    let most = ceiling(refresh, standing.group.desired);
    let may = scope.now() >= standing.group.retry_at && !standing.group.is_suspended("Launch");
    if standing.counting >= most || !may {
        return;
    }
    let ahead = standing.counting.saturating_sub(standing.desired);
    let replaced = refresh.total.saturating_sub(refresh.left.len());
    let to_go = refresh.goal().saturating_sub(replaced);
    let missing = (most - standing.counting).min(to_go.saturating_sub(ahead));
    for _ in 0..missing {
        if !launching::start(scope, name, true) {
            edit(scope, id, |refresh| refresh.failures += 1);
            break;
        }
    }
}

// Ends as many old ones as the lowest healthy percentage and the next checkpoint allow.
fn end_old(scope: &mut Scope<'_>, refresh: &Refresh, standing: &Standing) {
    let floor = (standing.group.desired * refresh.number("MinHealthyPercentage", 90) + 99) / 100;
    let spare = standing.healthy.saturating_sub(usize::try_from(floor).unwrap_or(0));
    let replaced = refresh.total.saturating_sub(refresh.left.len());
    let up_to = match refresh.checkpoints.first() {
        Some(step) => (refresh.total * usize::try_from(*step).unwrap_or(100)).div_ceil(100),
        None => refresh.goal(),
    };
    let next = standing.members.iter().filter(|(id, member)| {
        refresh.left.contains(id) && member.state == "InService" && !holds(refresh, member)
    });
    let count = spare.min(up_to.saturating_sub(replaced));
    let next: Vec<String> = next.map(|(id, _)| id.clone()).take(count).collect();
    for victim in next {
        let at = crate::wire::scalar::iso(scope.now());
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
