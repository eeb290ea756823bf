//! A world where everything that is asked for happens, each in its time.

use std::collections::{BTreeMap, BTreeSet};

use super::{Durations, Forecast};
use crate::progress::Progress;
use crate::world::{
    Api, EtcdMember, Kind, Lifecycle, MASTER_PROCESSES, Member, Node, Snapshot, Target,
    WORKER_PROCESSES, World,
};
use crate::{EtcdId, MachineId, RotationId, Seconds, Step, Zone};

/// What happens to a machine after a while.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Booted,
    Healthy,
    Unused,
    Drained,
    Stopped,
    Gone,
    Hooked(Step),
}

/// The world, and what is about to happen in it.
pub(super) struct Ideal<'d> {
    pub(super) world: World,
    durations: &'d Durations,
    events: BTreeSet<(Seconds, u64, MachineId, Event)>,
    number: u64,
    balanced: BTreeSet<usize>,
    usual: BTreeMap<usize, u32>,
    rotation: RotationId,
}

impl<'d> Ideal<'d> {
    pub(super) fn new(world: &World, rotation: &RotationId, durations: &'d Durations) -> Ideal<'d> {
        let mut world = world.clone();
        // In order once; new members come last, so that it stays so.
        world.members.sort_by(|a, b| a.id.cmp(&b.id));
        let balanced = |id: &crate::GroupId| {
            let mut of = world.members.iter().filter(|member| member.group == *id);
            of.any(|member| member.target != Target::NotRegistered)
        };
        let balanced =
            (0..world.groups.len()).filter(|&at| balanced(&world.groups[at].id)).collect();
        let usual = world.groups.iter().map(|group| group.desired).enumerate().collect();
        let mut ideal = Ideal {
            durations,
            events: BTreeSet::new(),
            number: 0,
            balanced,
            usual,
            rotation: rotation.clone(),
            world,
        };
        ideal.go_on();
        ideal
    }

    /// What was under way when it was looked goes on.
    fn go_on(&mut self) {
        let d = self.durations;
        for at in 0..self.world.members.len() {
            let member = &self.world.members[at];
            let id = member.id.clone();
            let event = match (member.lifecycle, member.target) {
                (Lifecycle::Pending | Lifecycle::PendingWait, _) if member.alive => {
                    Some((d.boot, Event::Booted))
                }
                (Lifecycle::Terminating, _) => Some((d.terminate, Event::Gone)),
                (_, Target::Initial) => Some((d.healthy, Event::Healthy)),
                (_, Target::Draining) => Some((d.deregister, Event::Unused)),
                _ => None,
            };
            if let Some((length, event)) = event {
                self.after(length, &id, event);
            }
        }
    }

    fn after(&mut self, length: Seconds, member: &MachineId, event: Event) {
        self.number += 1;
        let at = self.world.now.saturating_add(length);
        self.events.insert((at, self.number, member.clone(), event));
    }

    fn find(&self, id: &MachineId) -> Option<usize> {
        self.world.members.binary_search_by(|member| member.id.cmp(id)).ok()
    }

    fn group(&self, member: usize) -> Option<usize> {
        self.world.groups.iter().position(|group| group.id == self.world.members[member].group)
    }

    /// How long until something happens.
    pub(super) fn next(&self, proving: bool, until: Option<Seconds>, look: Seconds) -> Seconds {
        let now = self.world.now;
        let event = self.events.first().map(|(at, ..)| *at);
        let next = event.or(until.filter(|until| *until > now));
        let length = next.map_or(look, |at| at.saturating_sub(now).max(1));
        if proving { length.min(look) } else { length }
    }

    /// Time passes.
    pub(super) fn pass(&mut self, length: Seconds, progress: &mut Progress, found: &mut Forecast) {
        let more: u32 = self
            .world
            .groups
            .iter()
            .enumerate()
            .map(|(at, group)| {
                group.desired.saturating_sub(self.usual.get(&at).copied().unwrap_or(0))
            })
            .fold(0, u32::saturating_add);
        found.surge_peak = found.surge_peak.max(more);
        found.surge_seconds =
            found.surge_seconds.saturating_add(u64::from(more).saturating_mul(length));
        self.world.now = self.world.now.saturating_add(length);
        while let Some((at, ..)) = self.events.first()
            && *at <= self.world.now
            && let Some((_, _, member, event)) = self.events.pop_first()
        {
            self.happen(&member, event, progress);
        }
    }

    fn happen(&mut self, id: &MachineId, event: Event, progress: &mut Progress) {
        if let Event::Hooked(step) = &event {
            progress.done(step);
        }
        let Some(at) = self.find(id) else { return };
        let only = self
            .world
            .members
            .iter()
            .filter(|member| member.api.is_some_and(|api| api.serving))
            .count()
            <= 1;
        let now = self.world.now;
        let member = &mut self.world.members[at];
        match event {
            Event::Booted => self.boot(at),
            Event::Healthy => member.target = Target::Healthy,
            Event::Unused => member.target = Target::Unused,
            Event::Drained => {
                if let Some(node) = &mut member.node {
                    (node.pods, node.volumes) = (0, 0);
                }
            }
            Event::Stopped => {
                member.api = None;
                if only && let Some(etcd) = &mut self.world.etcd {
                    etcd.snapshot =
                        Some(Snapshot { taken_at: now, verified: true, complete: true });
                }
            }
            Event::Gone => {
                member.lifecycle = Lifecycle::Terminated;
                if member.node.is_none() {
                    self.world.members.remove(at);
                }
            }
            Event::Hooked(_) => {}
        }
    }

    /// It is up: a master votes and serves, a node is ready.
    fn boot(&mut self, at: usize) {
        let Some(group) = self.group(at) else { return };
        let group = &self.world.groups[group];
        let member = &mut self.world.members[at];
        let template = group.templates.iter().find(|template| template.id == member.template);
        member.lifecycle = Lifecycle::PendingWait;
        member.trust = template.map(|template| template.trust.clone());
        if let Some(trust) = &mut member.trust {
            trust.expires_at = None;
        }
        let kubelet = template.and_then(|template| template.kubelet);
        member.node = kubelet.map(|kubelet| Node {
            ready: true,
            cordoned: false,
            excluded: false,
            kubelet,
            pods: 0,
            volumes: 0,
        });
        let api = template.and_then(|template| template.api.as_ref());
        member.api = api.map(|api| Api {
            version: api.version,
            ready: true,
            serving: true,
            shutdown_delay: api.shutdown_delay,
        });
        if group.kind != Kind::Master {
            return;
        }
        let machine = member.id.clone();
        if let Some(etcd) = &mut self.world.etcd {
            let other = |of: &EtcdMember| of.healthy && of.machine.as_ref() != Some(&machine);
            etcd.members.retain(other);
            self.number += 1;
            etcd.members.push(EtcdMember {
                id: EtcdId(u64::MAX / 2 + self.number),
                machine: Some(machine),
                added_at: self.world.now,
                started: true,
                voter: true,
                healthy: true,
                leader: etcd.members.is_empty(),
            });
        }
    }

    /// A step is asked for, and is answered.
    pub(super) fn carry_out(&mut self, step: &Step, progress: &mut Progress) {
        match step {
            Step::Hook { member, .. } => {
                return self.after(self.durations.hook, member, Event::Hooked(step.clone()));
            }
            Step::Snapshot => {
                let taken_at = self.world.now;
                if let Some(etcd) = &mut self.world.etcd {
                    etcd.snapshot = Some(Snapshot { taken_at, verified: true, complete: false });
                }
            }
            Step::RemoveEtcdMember { id, .. } => {
                if let Some(etcd) = &mut self.world.etcd {
                    etcd.members.retain(|of| of.id != *id);
                }
            }
            _ => match step.member().and_then(|id| self.find(id)) {
                Some(at) => self.carry_out_on(at, step),
                None => self.carry_out_in_group(step, progress),
            },
        }
        progress.done(step);
    }

    fn carry_out_in_group(&mut self, step: &Step, progress: &Progress) {
        let crate::Subject::Group(id) = step.subject() else { return };
        let Some(at) = self.world.groups.iter().position(|group| group.id == *id) else { return };
        let group = &mut self.world.groups[at];
        match step {
            Step::SuspendProcesses { .. } => {
                let master = group.kind == Kind::Master;
                let rest = if master { &MASTER_PROCESSES[..] } else { &WORKER_PROCESSES[..] };
                group.suspended.extend(rest.iter().copied());
                group.protected |= master;
            }
            Step::UseTemplate { template, .. } => group.template = template.clone(),
            Step::Launch { template, desired, zone, .. } => {
                let more = desired.saturating_sub(group.desired);
                group.template = template.clone();
                group.desired = *desired;
                group.max = group.max.max(*desired);
                self.launch(at, more, zone.as_ref());
            }
            Step::RestoreGroup { group: id } => {
                if let Some(progress) = progress.of(id) {
                    group.max = progress.base.max;
                    group.suspended.clone_from(&progress.base.suspended);
                    group.protected = progress.base.protected;
                }
            }
            _ => {}
        }
    }

    fn launch(&mut self, at: usize, more: u32, zone: Option<&Zone>) {
        for _ in 0..more {
            self.number += 1;
            let group = &self.world.groups[at];
            let place =
                zone.cloned().or_else(|| self.emptiest(at)).unwrap_or_else(|| Zone::new(""));
            let member = Member {
                id: MachineId::new(&format!("~{:08}-{}", self.number, group.id)),
                group: group.id.clone(),
                zone: place,
                template: group.template.clone(),
                changed: false,
                launched_at: self.world.now,
                lifecycle: Lifecycle::Pending,
                alive: true,
                target: Target::NotRegistered,
                api: None,
                node: None,
                trust: None,
                mark: None,
            };
            self.after(self.durations.boot, &member.id.clone(), Event::Booted);
            let place = self.world.members.partition_point(|of| of.id < member.id);
            self.world.members.insert(place, member);
        }
    }

    fn emptiest(&self, at: usize) -> Option<Zone> {
        let group = &self.world.groups[at];
        let mut counts: BTreeMap<&Zone, usize> =
            group.zones.iter().map(|room| (&room.zone, 0)).collect();
        for member in
            self.world.members.iter().filter(|member| member.group == group.id && !member.going())
        {
            *counts.entry(&member.zone).or_insert(0) += 1;
        }
        counts.into_iter().min_by_key(|(_, count)| *count).map(|(zone, _)| zone.clone())
    }

    fn carry_out_on(&mut self, at: usize, step: &Step) {
        let Some(group) = self.group(at) else { return };
        let id = self.world.members[at].id.clone();
        let member = &mut self.world.members[at];
        match step {
            Step::CompleteLaunch { .. } => {
                member.lifecycle = Lifecycle::InService;
                if self.balanced.contains(&group) {
                    member.target = Target::Initial;
                    self.after(self.durations.healthy, &id, Event::Healthy);
                }
            }
            Step::Mark { .. } => member.mark = Some(self.rotation.clone()),
            Step::Cordon { .. } => set(member, |node| node.cordoned = true),
            Step::Exclude { .. } => set(member, |node| node.excluded = true),
            Step::MoveLeader { to, .. } => {
                for of in self.world.etcd.iter_mut().flat_map(|etcd| &mut etcd.members) {
                    of.leader = of.machine.as_ref() == Some(to);
                }
            }
            Step::Deregister { .. } => {
                member.target = Target::Draining;
                self.after(self.durations.deregister, &id, Event::Unused);
            }
            Step::Drain { .. } => self.after(self.durations.drain, &id, Event::Drained),
            Step::StopApi { .. } => self.after(self.durations.stop, &id, Event::Stopped),
            Step::Terminate { decrement, .. } => {
                let counted = member.lifecycle != Lifecycle::TerminatingWait;
                (member.lifecycle, member.alive) = (Lifecycle::Terminating, false);
                for of in self.world.etcd.iter_mut().flat_map(|etcd| &mut etcd.members) {
                    of.healthy &= of.machine.as_ref() != Some(&id);
                }
                self.after(self.durations.terminate, &id, Event::Gone);
                if *decrement {
                    let group = &mut self.world.groups[group];
                    group.desired = group.desired.saturating_sub(1);
                } else if counted {
                    self.launch(group, 1, None);
                }
            }
            Step::DeleteNode { .. } => {
                self.world.members.remove(at);
            }
            Step::Return { .. } => {
                member.mark = None;
                set(member, |node| (node.cordoned, node.excluded) = (false, false));
                if member.target != Target::NotRegistered {
                    member.target = Target::Initial;
                    self.after(self.durations.healthy, &id, Event::Healthy);
                }
            }
            _ => {}
        }
    }
}

fn set(member: &mut Member, change: impl FnOnce(&mut Node)) {
    if let Some(node) = &mut member.node {
        change(node);
    }
}
