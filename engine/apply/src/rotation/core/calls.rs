//! Calls of steps: what they are given, and when they are made again.

use kprov_rotation::settings::Secret;
use kprov_rotation::world::{Kind, Lifecycle, Member};
use kprov_rotation::{
    MachineId, Open, Progress, Seconds, Step, Strategies, Subject, World, violated,
};

use super::kept::Kept;
use super::{Core, Effect, StepOrder};
use crate::rotation::observe::Site;

/// Between two tries at most.
const RETRY_MAX: Seconds = 30;

/// How long after so many failures a call is made again.
pub(super) fn pause(count: u32) -> Seconds {
    1_u64.checked_shl(count).unwrap_or(RETRY_MAX).min(RETRY_MAX)
}

impl Core {
    /// The call of an open step.
    pub(super) fn call(
        &mut self,
        kept: &Kept,
        open: &Open,
        world: &World,
        effects: &mut Vec<Effect>,
    ) {
        if !self.calls.insert(open.token.clone()) {
            return;
        }
        self.again.remove(&open.token);
        let step = &open.step;
        let member = step.member().and_then(|id| world.members.iter().find(|of| of.id == *id));
        let group = match step.subject() {
            Subject::Group(id) => Some(id.clone()),
            Subject::Member(_) => member.map(|of| of.group.clone()).or_else(|| open.group.clone()),
            Subject::Etcd => open.group.clone(),
        };
        let site = self.sites.iter().find(|site| Some(&site.group.id) == group.as_ref()).cloned();
        let settings = site.as_ref().and_then(|site| site.settings.as_ref());
        let hook = match step {
            Step::Hook { when, name, .. } => settings.and_then(|it| it.hook(*when, name)).cloned(),
            _ => None,
        };
        let timeouts = settings.map(|settings| settings.timeouts).unwrap_or_default();
        let order = StepOrder {
            token: open.token.clone(),
            step: step.clone(),
            rotation: kept.progress.rotation.clone(),
            group: world.groups.iter().find(|of| Some(&of.id) == group.as_ref()).cloned(),
            base: group.as_ref().and_then(|id| kept.progress.of(id)).map(|of| of.base.clone()),
            member: member.cloned(),
            masters: masters(world, step),
            kubeconfig: self.kubeconfig(),
            hook,
            timeout: step.timeout(&timeouts),
            site,
        };
        effects.push(Effect::Call(Box::new(order)));
    }

    /// Where the cluster is.
    pub(in crate::rotation) fn kubeconfig(&self) -> Option<Secret> {
        let own = |site: &&Site| site.cluster().as_deref() == Some(&self.cluster);
        let settings = self.sites.iter().filter(own).filter_map(|site| site.settings.as_ref());
        settings.filter_map(|settings| settings.kubeconfig.clone()).next()
    }

    /// Open steps whose call is to be made again now: drains and hooks, and whatever got no answer.
    pub(super) fn due(&self, kept: &Kept, now: Seconds) -> Vec<Open> {
        let due = |open: &&Open| {
            !self.calls.contains(&open.token)
                && self.again.get(&open.token).is_some_and(|at| *at <= now)
        };
        kept.progress.open.iter().filter(due).cloned().collect()
    }
}

/// Whether an open step's call may be made again: by now it could break something.
pub(super) fn is_safe(
    progress: &Progress,
    open: &Open,
    world: &World,
    strategies: &Strategies,
) -> bool {
    if matches!(open.step, Step::Hook { .. }) {
        return true;
    }
    let mut others = progress.clone();
    others.open.retain(|other| other.token != open.token);
    violated(world, strategies, &others, &open.step).is_empty()
}

/// Masters that may be asked to do something for the cluster, or for one that cannot.
fn masters(world: &World, step: &Step) -> Vec<MachineId> {
    let masters = |of: &&Member| {
        world.groups.iter().any(|group| group.id == of.group && group.kind == Kind::Master)
    };
    let votes = |of: &&Member| {
        let mut members = world.etcd.iter().flat_map(|etcd| &etcd.members);
        members.any(|etcd| etcd.machine.as_ref() == Some(&of.id) && etcd.voter && etcd.healthy)
    };
    let well = |of: &&Member| {
        let serves = of.api.is_some_and(|api| api.ready && api.serving);
        of.alive && serves && of.lifecycle == Lifecycle::InService && of.mark.is_none()
    };
    let other = |of: &&Member| step.member() != Some(&of.id);
    let fit = world.members.iter().filter(masters).filter(well).filter(votes).filter(other);
    let mut fit: Vec<MachineId> = fit.map(|of| of.id.clone()).collect();
    fit.sort();
    fit
}
