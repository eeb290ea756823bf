//! [`preflight`]: what would block at minute fifteen, said in the plan. Pure over a world; everything is looked at, and
//! every finding is told.

use kprov_core::Severity;
use serde::{Deserialize, Serialize};

use crate::forecast::Forecast;
use crate::index::{Index, Indexed};
use crate::progress::Progress;
use crate::strategy::Strategies;
use crate::world::{Kind, World};
use crate::{GroupId, MachineId, Seconds};

/// Something that would block, or might.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What it is about: `budget`, `quota`, `capacity`, `addresses`, `certificate`, `alarm`, `quorum`, `unhealthy`, `blocked`.
    pub code: String,
    /// An error blocks for certain.
    pub severity: Severity,
    /// In which group.
    pub group: Option<GroupId>,
    /// With which member.
    pub member: Option<MachineId>,
    /// What, why, and what to do.
    pub says: String,
}

/// Certificates that expire within so long are told: thirty days.
const SOON: Seconds = 30 * 86_400;

/// What would block, in the order of a rotation.
#[must_use]
pub fn preflight(world: &World, strategies: &Strategies, forecast: &Forecast) -> Vec<Finding> {
    let mut progress = Progress::new(strategies.rotation.clone(), world.now);
    progress.looked(world, strategies);
    let index = Index::new(world, strategies, &progress);
    let mut found = Vec::new();
    etcd(world, &mut found);
    for indexed in
        index.groups.iter().filter(|indexed| indexed.strategy.is_some() && indexed.now.outdated > 0)
    {
        unhealthy(&index, indexed, &mut found);
        room(&index, indexed, &mut found);
    }
    budgets(&index, &mut found);
    certificates(&index, &mut found);
    // Whatever else needs a person is what the machine itself would stop at.
    if let Some(pause) = &forecast.stops {
        let (group, member) = (pause.group.clone(), pause.member.clone());
        found.push(Finding {
            group,
            member,
            ..finding("blocked", Severity::Error, pause.says.clone())
        });
    }
    found
}

fn finding(code: &str, severity: Severity, says: String) -> Finding {
    Finding { code: code.to_owned(), severity, group: None, member: None, says }
}

fn etcd(world: &World, found: &mut Vec<Finding>) {
    let Some(etcd) = &world.etcd else { return };
    for alarm in &etcd.alarms {
        let says = format!(
            "etcd raises the alarm {alarm:?}, and masters are not touched while it does. Clear it first."
        );
        found.push(finding("alarm", Severity::Error, says));
    }
    let (all, healthy) = etcd.votes();
    if !etcd.has_quorum() {
        let says = format!(
            "etcd has no majority: {healthy} of {all} voters are healthy. No member can be replaced; restore a snapshot."
        );
        found.push(finding("quorum", Severity::Error, says));
    } else if healthy < all {
        let says = format!(
            "Quorum is at risk already: {healthy} of {all} voters of etcd are healthy. Replace the sick one first, by -rotate."
        );
        found.push(finding("quorum", Severity::Warning, says));
    }
}

fn unhealthy(index: &Index<'_>, indexed: &Indexed<'_>, found: &mut Vec<Finding>) {
    let kind = indexed.group.kind;
    for &at in &indexed.members {
        let member = index.member(at);
        let named = indexed.strategy.is_some_and(|strategy| strategy.named.contains(&member.id));
        let Some(ailment) =
            crate::health::ailment(member, kind, index.etcd.as_ref()).filter(|_| !named)
        else {
            continue;
        };
        // Who comes is not well yet, and who is marked is not to be.
        if member.going() || member.coming() || member.mark.is_some() {
            continue;
        }
        let may_miss = if kind == Kind::Master { 0 } else { indexed.amounts().1 };
        let enough = indexed.now.well >= indexed.base().saturating_sub(may_miss);
        let severity = if enough { Severity::Warning } else { Severity::Error };
        let says = format!(
            "{} of {} is not well: {ailment}. A group that is not well is not touched: repair it, or name the member \
             with -rotate.",
            member.id, indexed.group.id
        );
        let (group, member) = (Some(indexed.group.id.clone()), Some(member.id.clone()));
        found.push(Finding { group, member, ..finding("unhealthy", severity, says) });
    }
}

/// Machines, and addresses for them.
fn room(index: &Index<'_>, indexed: &Indexed<'_>, found: &mut Vec<Finding>) {
    let group = indexed.group;
    let surge = indexed.amounts().0.min(indexed.now.outdated);
    let mut tell = |code: &str, severity: Severity, says: String| {
        found.push(Finding { group: Some(group.id.clone()), ..finding(code, severity, says) });
    };
    if group.quota_left.is_some_and(|left| left < surge) {
        let left = group.quota_left.unwrap_or(0);
        tell(
            "quota",
            Severity::Error,
            format!(
                "{} needs {surge} machines more for a while, and the account's quota allows {left}. Have it raised, or lower max_surge.",
                group.id
            ),
        );
    }
    for room in &group.zones {
        let here = indexed
            .members
            .iter()
            .any(|&at| index.member(at).zone == room.zone && index.outdated(at));
        if !here {
            continue;
        }
        if !room.capacity {
            tell(
                "capacity",
                Severity::Warning,
                format!(
                    "No machine of {} can be had in {} now; members there would be replaced elsewhere, and those with volumes not at all.",
                    group.id, room.zone
                ),
            );
        }
        if room.addresses_left.is_some_and(|left| left < surge.max(1)) {
            let left = room.addresses_left.unwrap_or(0);
            tell(
                "addresses",
                if left == 0 { Severity::Error } else { Severity::Warning },
                format!(
                    "The subnets of {} have {left} free addresses in {}, and {} may be wanted there. Give it a larger subnet.",
                    group.id,
                    room.zone,
                    surge.max(1)
                ),
            );
        }
    }
}

fn budgets(index: &Index<'_>, found: &mut Vec<Finding>) {
    for budget in &index.world.budgets {
        let touched =
            budget.machines.iter().filter_map(|id| index.find(id)).find(|&at| index.outdated(at));
        let Some(at) = touched else { continue };
        let member = index.member(at);
        let (severity, says) = if !budget.satisfiable {
            let says = format!(
                "The budget {} never lets a pod go, and some are on {}. Give it one replica more, or let it miss one.",
                budget.name, member.id
            );
            (Severity::Error, says)
        } else if budget.allowed == 0 {
            let says = format!(
                "The budget {} lets no pod go now: not all of its pods are ready. Drains wait until it does.",
                budget.name
            );
            (Severity::Warning, says)
        } else {
            continue;
        };
        let (group, member) = (Some(member.group.clone()), Some(member.id.clone()));
        found.push(Finding { group, member, ..finding("budget", severity, says) });
    }
}

fn certificates(index: &Index<'_>, found: &mut Vec<Finding>) {
    let now = index.world.now;
    for member in index.live() {
        let Some(until) = member.trust.as_ref().and_then(|trust| trust.expires_at) else {
            continue;
        };
        if until > now.saturating_add(SOON) {
            continue;
        }
        let (severity, says) = if until <= now {
            (Severity::Error, format!("Certificates of {} have expired.", member.id))
        } else {
            let days = (until - now) / 86_400;
            (Severity::Warning, format!("Certificates of {} expire in {days} days.", member.id))
        };
        let (group, member) = (Some(member.group.clone()), Some(member.id.clone()));
        found.push(Finding { group, member, ..finding("certificate", severity, says) });
    }
}

#[cfg(test)]
mod tests;
