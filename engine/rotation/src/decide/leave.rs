//! What is still to be taken from a member that leaves, and what is still to be given to one that comes.

use super::machine::Machine;
use crate::reason::Reason;
use crate::strategy::Strategy;
use crate::world::{Kind, Lifecycle, Member};
use crate::{EtcdId, HookName, Step, Waiting, When};

impl Machine<'_, '_> {
    /// A member on its way in.
    pub(super) fn come(&mut self, at: usize) {
        self.moving = true;
        let member = self.index.member(at).clone();
        let strategy = self.index.group_of(at).and_then(|group| self.index.groups[group].strategy);
        let Some(strategy) = strategy else { return };
        if member.lifecycle == Lifecycle::PendingWait {
            let complete = Step::CompleteLaunch { member: member.id.clone() };
            match self.possible(&complete) {
                Err(blocked) => self.note(blocked),
                Ok(()) => {
                    let hook = self.hook(strategy, &member, When::Launched);
                    self.try_to(hook.unwrap_or(complete));
                }
            }
        }
        self.wait(Waiting {
            group: Some(member.group.clone()),
            member: Some(member.id.clone()),
            says: format!("{} is on its way into service.", member.id),
            since: Some(member.launched_at),
            until: Some(member.launched_at.saturating_add(strategy.timeouts.launch)),
        });
    }

    /// A user's hook that has not run for this member yet.
    pub(super) fn hook(&self, strategy: &Strategy, member: &Member, when: When) -> Option<Step> {
        let ran = |name: &HookName| {
            self.index.progress.hooks.contains(&(member.id.clone(), when, name.clone()))
        };
        let hook = strategy.hooks.iter().find(|hook| hook.when == when && !ran(&hook.name))?;
        Some(Step::Hook { member: member.id.clone(), when, name: hook.name.clone() })
    }

    /// A member on its way out: everything that is to be taken from it, in the order that a person would expect. The
    /// first that breaks nothing is the step.
    pub(super) fn leave(&mut self, at: usize) {
        self.moving = true;
        let member = self.index.member(at).clone();
        let Some(group) = self.index.group_of(at) else { return };
        let Some(strategy) = self.index.groups[group].strategy else { return };
        if member.coming() && member.alive && !self.can_go(group, &member) {
            return;
        }
        let etcd = self.index.etcd_of(&member.id).map(|of| (of.id, of.leader, of.voter));
        let candidates = if member.going() {
            gone(&member, etcd.map(|(id, ..)| id))
        } else {
            let serving = member.alive && !member.coming();
            let mut candidates =
                if serving { self.takings(at, &member, strategy) } else { Vec::new() };
            if let Some((id, leader, voter)) = etcd {
                if leader
                    && serving
                    && let Some(to) = self.successor(at)
                {
                    let node =
                        |step: &&Step| matches!(step, Step::Cordon { .. } | Step::Exclude { .. });
                    let place = candidates.iter().take_while(node).count();
                    candidates.insert(place, Step::MoveLeader { member: member.id.clone(), to });
                }
                if voter || !member.alive {
                    candidates.push(Step::RemoveEtcdMember { id, member: Some(member.id.clone()) });
                }
            }
            candidates.push(self.terminate(group, &member));
            candidates
        };
        let mut first = None;
        for candidate in candidates {
            match self.propose(candidate) {
                Ok(()) => return,
                Err(blocked) => {
                    let homeless =
                        blocked.by(&["N4"]) && matches!(blocked.step, Step::Drain { .. });
                    first = first.or(Some(blocked));
                    // Who was to take its volumes is gone: back to work, until there is a place again.
                    if homeless && self.can_return(at) {
                        self.try_to(Step::Return { member: member.id.clone() });
                        break;
                    }
                }
            }
        }
        if let Some(first) = first {
            self.note(first);
        }
    }

    /// A machine that never came into service joins etcd again and again, for as long as it lives: nothing is removed
    /// before it can be terminated at once.
    fn can_go(&mut self, group: usize, member: &Member) -> bool {
        let terminate = self.terminate(group, member);
        match self.possible(&terminate) {
            Err(blocked) if !blocked.by(&["Q3"]) || blocked.because.len() > 1 => {
                self.note(blocked);
                false
            }
            _ => true,
        }
    }

    /// What a member that serves gives up.
    fn takings(&self, at: usize, member: &Member, strategy: &Strategy) -> Vec<Step> {
        let id = || member.id.clone();
        let master = self.index.kind_of(at) == Some(Kind::Master);
        let mut takings = Vec::new();
        if let Some(node) = member.node {
            if !node.cordoned {
                takings.push(Step::Cordon { member: id() });
            }
            if !node.excluded {
                takings.push(Step::Exclude { member: id() });
            }
        }
        let serves = master && member.api.is_some_and(|api| api.serving);
        // First, where that may be (L2): who was deregistered and then left alone would lose its connections.
        if serves && member.target.registered() {
            takings.push(Step::StopApi { member: id() });
        }
        if member.target.registered() {
            takings.push(Step::Deregister { member: id() });
        }
        let in_use = if master { member.target.registered() } else { member.target.in_use() };
        if in_use {
            // Hooks wait for it as what comes after them does (L2, N2); invariants do not know of hooks.
        } else if let Some(hook) = self.hook(strategy, member, When::Draining) {
            takings.push(hook);
            return takings;
        }
        let drained = member.node.is_none_or(|node| node.pods == 0 && node.volumes == 0);
        if !drained {
            takings.push(Step::Drain { member: id() });
        }
        if serves {
            takings.push(Step::StopApi { member: id() });
        } else if drained && let Some(hook) = self.hook(strategy, member, When::Terminating) {
            takings.push(hook);
        }
        takings
    }

    /// The newest healthy master that stays.
    fn successor(&self, leader: usize) -> Option<crate::MachineId> {
        let of = self.index.masters.iter().filter(|&&at| at != leader && self.index.serves(at));
        let best = of.max_by_key(|&&at| {
            let outdated = self.index.reason(at).is_some_and(Reason::counts);
            (!outdated, self.index.member(at).launched_at, std::cmp::Reverse(at))
        })?;
        Some(self.index.member(*best).id.clone())
    }

    /// It is replaced by the cloud unless the group has more than it is to have.
    fn terminate(&self, group: usize, member: &Member) -> Step {
        let indexed = &self.index.groups[group];
        let more = indexed.now.desired > indexed.base();
        let decrement = more && member.lifecycle != Lifecycle::TerminatingWait;
        Step::Terminate { member: member.id.clone(), decrement }
    }

    /// Whether a member that leaves can still be put back to work.
    pub(super) fn can_return(&self, at: usize) -> bool {
        let member = self.index.member(at);
        let serving = match self.index.kind_of(at) {
            Some(Kind::Master) => {
                member.api.is_some_and(|api| api.serving)
                    && self.index.etcd_of(&member.id).is_some()
            }
            _ => true,
        };
        serving && member.alive && member.lifecycle == Lifecycle::InService
    }

    /// Members of etcd that no machine is known of, or whose machine is not seen any more.
    pub(super) fn orphans(&mut self) {
        let Some(etcd) = &self.index.etcd else { return };
        let orphans: Vec<Step> = etcd
            .members
            .iter()
            .filter(|of| of.id != EtcdId(u64::MAX))
            .filter(|of| {
                of.machine.as_ref().is_none_or(|machine| self.index.find(machine).is_none())
            })
            .map(|of| Step::RemoveEtcdMember { id: of.id, member: of.machine.clone() })
            .collect();
        for step in orphans {
            if self.index.progress.groups.values().any(|group| group.touched) {
                self.try_to(step);
            }
        }
    }
}

/// What is left of a machine that is gone.
fn gone(member: &Member, etcd: Option<EtcdId>) -> Vec<Step> {
    let remove = etcd.map(|id| Step::RemoveEtcdMember { id, member: Some(member.id.clone()) });
    let node = member.node.map(|_| Step::DeleteNode { member: member.id.clone() });
    remove.into_iter().chain(node).collect()
}
