//! [`Truth`]: a small cloud with a cluster on it, as it is. It obeys steps, each in its time; calls are idempotent, as those
//! that they stand for. It says by itself when something is wrong that no step may lead to.

use std::collections::{BTreeMap, BTreeSet};

use kprov_provider::ProviderError;
use kprov_provider::rotation::{ClusterView, GroupView, MasterView, StepCall};
use kprov_rotation::world::{
    Api, Etcd, EtcdMember, Group, Kind, Lifecycle, Lock, MASTER_PROCESSES, Member, Node, Room,
    Snapshot, Target, Template, Trust, WORKER_PROCESSES,
};
use kprov_rotation::{
    EtcdId, GroupId, MachineId, OperatorId, Seconds, Step, TemplateId, Version, Zone,
};

/// A machine, and what is about to happen to it.
#[derive(Clone, Debug)]
pub(super) struct Machine {
    pub(super) member: Member,
    /// It has a node, and whether that is ready.
    pub(super) node: Option<Node>,
    pub(super) api: bool,
    /// When what goes on with it is over.
    until: Seconds,
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub(super) struct Truth {
    pub(super) now: Seconds,
    pub(super) groups: BTreeMap<GroupId, Group>,
    pub(super) machines: Vec<Machine>,
    pub(super) etcd: Vec<EtcdMember>,
    pub(super) snapshot: Option<Snapshot>,
    pub(super) lock: Option<Lock>,
    /// The cluster does not answer until then.
    pub(super) silent_until: Seconds,
    /// Machines launched so far.
    pub(super) launched: u32,
    /// Calls that were made, with their tokens.
    pub(super) calls: Vec<(String, Step)>,
    /// Heartbeats.
    pub(super) beats: u32,
    /// What went wrong.
    pub(super) wrongs: Vec<String>,
    /// What is to come of the next calls of steps of that name.
    pub(super) faults: Vec<(&'static str, Fault)>,
    number: u32,
    /// So much time goes by with each look, where nobody moves a clock.
    pub(super) per_look: Seconds,
}

/// What comes of a call.
#[derive(Clone, Debug)]
pub(super) enum Fault {
    /// It is refused.
    Before(ProviderError),
    /// It is carried out, and that is not told.
    After(ProviderError),
}

impl Truth {
    pub(super) fn group(&mut self, id: &str, kind: Kind, count: u32) {
        let template = |id: &str| Template {
            id: TemplateId::new(id),
            kubelet: None,
            api: None,
            trust: Trust::default(),
        };
        let group = Group {
            id: GroupId::new(id),
            kind: Kind::Worker,
            desired: count,
            min: 0,
            max: count,
            template: TemplateId::new("old"),
            templates: vec![template("old"), template("new")],
            zones: vec![Room { zone: Zone::new("a"), addresses_left: None, capacity: true }],
            suspended: BTreeSet::new(),
            protected: false,
            autoscaled: false,
            quota_left: None,
        };
        for _ in 0..count {
            self.launch(&group, kind);
            let at = self.machines.len() - 1;
            self.machines[at].until = 0;
            self.up(at);
            self.machines[at].member.lifecycle = Lifecycle::InService;
            self.machines[at].member.target = target(kind, Target::Healthy);
        }
        self.launched = 0;
        self.groups.insert(group.id.clone(), group);
    }

    fn launch(&mut self, group: &Group, kind: Kind) {
        self.number += 1;
        self.launched += 1;
        let number = self.number;
        let id = format!("i-{}{number:02}", if kind == Kind::Master { "m" } else { "w" });
        self.machines.push(Machine {
            member: Member {
                id: MachineId::new(&id),
                group: group.id.clone(),
                zone: Zone::new("a"),
                template: group.template.clone(),
                changed: false,
                launched_at: self.now,
                lifecycle: Lifecycle::Pending,
                alive: true,
                target: Target::NotRegistered,
                api: None,
                node: None,
                trust: None,
                mark: None,
            },
            node: None,
            api: false,
            until: self.now + 30,
        });
    }

    fn is_master(&self, at: usize) -> bool {
        self.machines[at].member.id.as_str().starts_with("i-m")
    }

    /// It has booted: its node is there, and a master's member of etcd.
    fn up(&mut self, at: usize) {
        let master = self.is_master(at);
        let minor = if self.machines[at].member.template.as_str() == "old" { 35 } else { 36 };
        let machine = &mut self.machines[at];
        machine.member.lifecycle = Lifecycle::PendingWait;
        machine.api = master;
        machine.node = Some(Node {
            ready: true,
            cordoned: false,
            excluded: false,
            kubelet: Version::minor(minor),
            pods: u32::from(!master) * 2,
            volumes: 0,
        });
        if master {
            let (id, machine) = (EtcdId(u64::from(self.number)), machine.member.id.clone());
            let leader = self.etcd.is_empty();
            self.etcd.push(EtcdMember {
                id,
                machine: Some(machine),
                added_at: self.now,
                started: true,
                voter: true,
                healthy: true,
                leader,
            });
        }
    }

    /// So many seconds go by.
    pub(super) fn pass(&mut self, seconds: Seconds) {
        self.now += seconds;
        for at in 0..self.machines.len() {
            self.live(at);
        }
        for group in self.groups.values().cloned().collect::<Vec<_>>() {
            let own =
                |machine: &&Machine| machine.member.group == group.id && !machine.member.going();
            let live = self.machines.iter().filter(own).count();
            let kind = if group.id.as_str().starts_with('m') { Kind::Master } else { Kind::Worker };
            for _ in live..group.desired as usize {
                self.launch(&group, kind);
            }
        }
        self.judge();
    }

    fn live(&mut self, at: usize) {
        let now = self.now;
        if self.machines[at].until > now {
            return;
        }
        let kind = if self.is_master(at) { Kind::Master } else { Kind::Worker };
        match self.machines[at].member.lifecycle {
            Lifecycle::Pending => self.up(at),
            Lifecycle::Terminating => {
                self.machines[at].member.lifecycle = Lifecycle::Terminated;
                let gone = self.machines[at].member.id.clone();
                if let Some(of) = self.etcd.iter_mut().find(|of| of.machine.as_ref() == Some(&gone))
                {
                    of.healthy = false;
                }
                if let Some(node) = &mut self.machines[at].node {
                    node.ready = false;
                }
            }
            _ => {}
        }
        let machine = &mut self.machines[at];
        match machine.member.target {
            Target::Initial => machine.member.target = target(kind, Target::Healthy),
            Target::Draining => machine.member.target = Target::Unused,
            _ => {}
        }
    }

    fn judge(&mut self) {
        let (votes, healthy) = self.etcd.iter().fold((0, 0), |(all, well), of| {
            (all + usize::from(of.voter), well + usize::from(of.voter && of.healthy))
        });
        if votes > 0 && healthy <= votes / 2 {
            self.wrongs.push(format!("etcd has {healthy} of {votes} voters"));
        }
        if votes > 0
            && !self.machines.iter().any(|of| of.api && of.member.target == Target::Healthy)
        {
            self.wrongs.push("no API server is behind the balancer".to_owned());
        }
    }

    /// What a call of a step comes to.
    pub(super) fn call(&mut self, call: &StepCall<'_>) -> Result<(), ProviderError> {
        let step = call.step;
        self.calls.push((call.token.to_owned(), step.clone()));
        let at = self.faults.iter().position(|(name, _)| *name == step.name());
        match at.map(|at| self.faults.remove(at).1) {
            Some(Fault::Before(error)) => return Err(error),
            Some(Fault::After(error)) => {
                self.carry_out(call);
                return Err(error);
            }
            None => self.carry_out(call),
        }
        Ok(())
    }

    fn carry_out(&mut self, call: &StepCall<'_>) {
        let now = self.now;
        match call.step {
            Step::SuspendProcesses { group } => {
                let Some(group) = self.groups.get_mut(group) else { return };
                let master = group.id.as_str().starts_with('m');
                let rest = if master { &MASTER_PROCESSES[..] } else { &WORKER_PROCESSES[..] };
                group.suspended.extend(rest.iter().copied());
                group.protected |= master;
            }
            Step::UseTemplate { group, template } => {
                if let Some(group) = self.groups.get_mut(group) {
                    group.template = template.clone();
                }
            }
            Step::Launch { group, template, desired, .. } => {
                let Some(group) = self.groups.get_mut(group) else { return };
                group.template = template.clone();
                group.desired = *desired;
                group.max = group.max.max(*desired);
            }
            Step::RestoreGroup { group } => {
                let base = call.base.expect("a base");
                let Some(group) = self.groups.get_mut(group) else { return };
                group.max = base.max;
                group.suspended.clone_from(&base.suspended);
                group.protected = base.protected;
            }
            Step::Snapshot => {
                self.snapshot = Some(Snapshot { taken_at: now, verified: true, complete: false });
            }
            Step::RemoveEtcdMember { id, .. } => self.etcd.retain(|of| of.id != *id),
            step => {
                let id = step.member().expect("a machine");
                if let Some(at) = self.machines.iter().position(|of| of.member.id == *id) {
                    self.carry_out_on(at, call);
                }
            }
        }
    }

    fn carry_out_on(&mut self, at: usize, call: &StepCall<'_>) {
        let now = self.now;
        let kind = if self.is_master(at) { Kind::Master } else { Kind::Worker };
        let machine = &mut self.machines[at];
        let member = &mut machine.member;
        match call.step {
            Step::CompleteLaunch { .. } if member.lifecycle == Lifecycle::PendingWait => {
                member.lifecycle = Lifecycle::InService;
                member.target = target(kind, Target::Initial);
                machine.until = now + 10;
            }
            Step::Mark { .. } => {
                member.mark = member.mark.take().or(Some(call.rotation.clone()));
            }
            Step::Cordon { .. } => set(machine, |node| node.cordoned = true),
            Step::Exclude { .. } => set(machine, |node| node.excluded = true),
            Step::Deregister { .. } if member.target.registered() => {
                member.target = Target::Draining;
                machine.until = now + 20;
            }
            Step::MoveLeader { to, .. } => {
                for of in &mut self.etcd {
                    of.leader = of.machine.as_ref() == Some(to);
                }
            }
            // Each call evicts one pod: it must be called again.
            Step::Drain { .. } => set(machine, |node| node.pods = node.pods.saturating_sub(1)),
            Step::StopApi { .. } => machine.api = false,
            Step::Terminate { decrement, .. } if !member.going() => {
                member.lifecycle = Lifecycle::Terminating;
                member.alive = false;
                machine.api = false;
                machine.until = now + 20;
                let pods = machine.node.map_or(0, |node| node.pods);
                let group = member.group.clone();
                if pods > 0 {
                    self.wrongs.push(format!("{} had {pods} pods", machine.member.id));
                }
                if let Some(group) = self.groups.get_mut(&group).filter(|_| *decrement) {
                    group.desired -= 1;
                }
            }
            Step::DeleteNode { .. } => machine.node = None,
            Step::Return { .. } => {
                member.mark = None;
                if kind == Kind::Master && !member.target.registered() {
                    member.target = Target::Initial;
                    machine.until = now + 10;
                }
                set(machine, |node| (node.cordoned, node.excluded) = (false, false));
            }
            _ => {}
        }
    }

    /// Gone machines are listed while something is left of them.
    fn listed(&self) -> impl Iterator<Item = &Machine> {
        self.machines.iter().filter(|of| {
            of.member.lifecycle != Lifecycle::Terminated
                || of.node.is_some()
                || self.etcd.iter().any(|etcd| etcd.machine.as_ref() == Some(&of.member.id))
        })
    }

    pub(super) fn seen_group(&self, id: &GroupId) -> Option<GroupView> {
        let members = self.listed().filter(|of| of.member.group == *id);
        let members = members.map(|of| of.member.clone()).collect();
        Some(GroupView { group: self.groups.get(id)?.clone(), members, endpoint: None })
    }

    pub(super) fn seen_cluster(&self) -> Result<ClusterView, ProviderError> {
        self.answers()?;
        let id = |of: &Machine| of.member.id.clone();
        let masters = self.listed().filter(|of| of.api).map(|of| {
            let minor = if of.member.template.as_str() == "old" { 35 } else { 36 };
            let version = Version::minor(minor);
            let api = Api { version, ready: true, serving: true, shutdown_delay: 60 };
            (id(of), MasterView { api, settings: None })
        });
        Ok(ClusterView {
            nodes: self.listed().filter_map(|of| Some((id(of), of.node?))).collect(),
            masters: masters.collect(),
            etcd: Some(Etcd {
                members: self.etcd.clone(),
                alarms: Vec::new(),
                snapshot: self.snapshot.clone(),
            }),
            lock: self.lock.clone(),
            ..ClusterView::default()
        })
    }

    pub(super) fn answers(&self) -> Result<(), ProviderError> {
        if self.silent_until > self.now {
            return Err(ProviderError::ambiguous("No answer", "the cluster does not answer"));
        }
        Ok(())
    }

    pub(super) fn take_lock(&mut self, holder: &OperatorId, now: Seconds, until: Seconds) -> Lock {
        let held = self.lock.clone().filter(|of| of.holder != *holder && of.expires_at > now);
        let lock = held.unwrap_or(Lock { holder: holder.clone(), expires_at: until });
        self.lock = Some(lock.clone());
        lock
    }
}

fn target(kind: Kind, target: Target) -> Target {
    if kind == Kind::Master { target } else { Target::NotRegistered }
}

fn set(machine: &mut Machine, change: impl FnOnce(&mut Node)) {
    if let Some(node) = &mut machine.node {
        change(node);
    }
}
