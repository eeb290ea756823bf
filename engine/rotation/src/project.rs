//! What a step makes of the world, at worst: what it takes away is gone at once, and what it gives is not there
//! yet, or is not healthy. [`Index::apply`] changes an index, and [`Index::undo`] changes it back.

use crate::index::{Counts, Index};
use crate::world::{Etcd, EtcdMember, Kind, Lifecycle, Member, Target};
use crate::{EtcdId, GroupId, MachineId, Step};

/// What was before a step.
#[derive(Debug, Default)]
pub(crate) struct Before {
    /// The member, its place, and whether it served.
    pub(crate) member: Option<(usize, Member, bool)>,
    pub(crate) group: Option<(usize, Counts)>,
    pub(crate) etcd: Option<Etcd>,
    overlaid: bool,
}

impl Index<'_> {
    /// The world after a step, at worst. A step about what is not there changes nothing.
    pub(crate) fn apply(&mut self, step: &Step) -> Before {
        let mut before = Before { etcd: self.etcd.clone(), ..Before::default() };
        match step {
            Step::UseTemplate { group, template } => {
                if let Some(at) = self.remember_group(group, &mut before) {
                    self.groups[at].now.template = template.clone();
                }
            }
            Step::Launch { group, template, desired, .. } => {
                if let Some(at) = self.remember_group(group, &mut before) {
                    self.launch(at, *desired);
                    self.groups[at].now.template = template.clone();
                }
            }
            Step::SuspendProcesses { group } | Step::RestoreGroup { group } => {
                self.remember_group(group, &mut before);
            }
            Step::Snapshot => {}
            Step::RemoveEtcdMember { id, member } => {
                if let Some(member) = member {
                    self.change(member, &mut before, |_| {});
                }
                if let Some(etcd) = &mut self.etcd {
                    etcd.members.retain(|of| of.id != *id);
                }
            }
            _ => self.apply_to_member(step, &mut before),
        }
        before
    }

    fn apply_to_member(&mut self, step: &Step, before: &mut Before) {
        let Some(id) = step.member() else { return };
        let rotation = self.strategies.rotation.clone();
        self.change(id, before, |member| match step {
            Step::Mark { .. } => member.mark = Some(rotation),
            Step::Cordon { .. } => {
                if let Some(node) = &mut member.node {
                    node.cordoned = true;
                }
            }
            Step::Exclude { .. } => {
                if let Some(node) = &mut member.node {
                    node.excluded = true;
                }
            }
            Step::Deregister { .. } => member.target = Target::Draining,
            Step::StopApi { .. } => {
                if let Some(api) = &mut member.api {
                    (api.ready, api.serving) = (false, false);
                }
            }
            Step::Terminate { .. } => {
                member.lifecycle = Lifecycle::Terminating;
                member.alive = false;
            }
            Step::DeleteNode { .. } => member.node = None,
            // A return is no health: it may be as bad as before. Nothing counts until it is seen.
            _ => {}
        });
        if let Step::Terminate { decrement, .. } = step {
            self.terminated(id, *decrement);
        }
    }

    /// Changes a member, and what is counted of its group.
    fn change(&mut self, id: &MachineId, before: &mut Before, change: impl FnOnce(&mut Member)) {
        let Some(at) = self.find(id) else { return };
        let old = self.member(at).clone();
        let (served, live, marked) = (self.serves(at), !old.going(), old.mark.is_some());
        let group = self.group_of(at);
        if let Some(group) = group {
            before.group = Some((group, self.groups[group].now.clone()));
        }
        let mut new = old.clone();
        change(&mut new);
        let still_marked = new.mark.is_some();
        let still_live = !new.going();
        let fresh = group.is_some_and(|group| self.groups[group].target == Some(&new.template));
        let outdated = self.outdated(at);
        let proven = !self.progress.looks.contains_key(id);
        let zone = new.zone.clone();
        before.overlaid = self.set_member(at, Some(new)).is_some();
        before.member = Some((at, old, served));
        let lost = served && !self.serves(at);
        let Some(group) = group else { return };
        let counts = &mut self.groups[group].now;
        if lost {
            counts.well = counts.well.saturating_sub(1);
            counts.proven = counts.proven.saturating_sub(u32::from(proven));
            if let Some((_, count)) = counts.zones.iter_mut().find(|(of, _)| *of == zone) {
                *count = count.saturating_sub(1);
            }
        }
        if live && still_live && still_marked && !marked {
            counts.marked += 1;
        }
        if live && !still_live {
            counts.live = counts.live.saturating_sub(1);
            counts.marked = counts.marked.saturating_sub(u32::from(marked));
            counts.fresh = counts.fresh.saturating_sub(u32::from(fresh));
            counts.outdated = counts.outdated.saturating_sub(u32::from(outdated));
        }
    }

    fn remember_group(&self, id: &GroupId, before: &mut Before) -> Option<usize> {
        let at = self.group(id)?;
        before.group = Some((at, self.groups[at].now.clone()));
        Some(at)
    }

    /// New machines are there, and none of them is healthy; a new master's member of etcd votes, and is dead.
    fn launch(&mut self, at: usize, desired: u32) {
        let indexed = &mut self.groups[at];
        let more = desired.saturating_sub(indexed.now.desired);
        indexed.now.desired = desired;
        indexed.now.live += more;
        indexed.now.fresh += more;
        if indexed.group.kind == Kind::Master
            && let Some(etcd) = &mut self.etcd
        {
            let new = (0..u64::from(more).min(16)).map(|of| EtcdMember {
                id: EtcdId(u64::MAX - of),
                machine: None,
                added_at: self.world.now,
                started: false,
                voter: true,
                healthy: false,
                leader: false,
            });
            etcd.members.extend(new);
        }
    }

    fn terminated(&mut self, id: &MachineId, decrement: bool) {
        let known = self.etcd_of(id).map(|of| of.id);
        if let Some(etcd) = &mut self.etcd {
            for of in etcd.members.iter_mut().filter(|of| Some(of.id) == known) {
                of.healthy = false;
            }
        }
        if decrement
            && let Some(at) = self.find(id)
            && let Some(group) = self.group_of(at)
        {
            let counts = &mut self.groups[group].now;
            counts.desired = counts.desired.saturating_sub(1);
        }
    }

    /// The world as it was before the last step.
    pub(crate) fn undo(&mut self, before: Before) {
        if let Some((at, member, _)) = before.member {
            let member = before.overlaid.then_some(member);
            self.set_member(at, member);
        }
        if let Some((at, counts)) = before.group {
            self.groups[at].now = counts;
        }
        self.etcd = before.etcd;
    }
}
