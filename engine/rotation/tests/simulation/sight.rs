//! What kprov sees of the truth. Claims of members of etcd come late.

use kprov_rotation::world::{
    Api as SeenApi, ApiSettings, Budget, Etcd, EtcdMember, Group, Kind, Lifecycle, Lock, Member,
    Node, Room, Template, World,
};
use kprov_rotation::{
    BudgetName, EtcdId, GroupId, MachineId, OperatorId, RotationId, TemplateId, Version, Zone,
};

use crate::truth::{Api, Machine, Phase, Truth};

pub(crate) fn zone(at: usize) -> Zone {
    Zone::new(&format!("z{at}"))
}

/// What is seen while the cluster's API does not answer kprov: what the cloud tells.
pub(crate) fn unanswered(world: World) -> World {
    let members = world.members.into_iter();
    World {
        members: members.map(|of| Member { node: None, api: None, trust: None, ..of }).collect(),
        etcd: None,
        budgets: Vec::new(),
        ..world
    }
}

impl Truth {
    pub(crate) fn seen(&self) -> World {
        World {
            now: self.now,
            groups: self.groups.iter().map(|group| self.seen_group(group)).collect(),
            members: (0..self.machines.len())
                .filter(|&at| self.listed(at))
                .map(|at| self.seen_member(at, &self.machines[at]))
                .collect(),
            etcd: Some(self.seen_etcd()),
            budgets: (0..self.budgets.len()).map(|at| self.seen_budget(at)).collect(),
            endpoint: self.endpoint.clone(),
            lock: self.lock.as_ref().map(|(holder, expires_at)| Lock {
                holder: OperatorId::new(holder),
                expires_at: *expires_at,
            }),
        }
    }

    /// Machines that are gone are listed while something is left of them.
    fn listed(&self, at: usize) -> bool {
        let machine = &self.machines[at];
        machine.phase != Phase::Gone || machine.node || self.now < machine.died_at + 120
    }

    fn seen_group(&self, group: &crate::truth::Group) -> Group {
        let template = |of: &crate::truth::Template| Template {
            id: TemplateId::new(&of.name),
            kubelet: of.kubelet,
            api: (group.kind == Kind::Master).then(|| ApiSettings {
                version: of.api,
                goaway_millionths: of.goaway,
                shutdown_delay: of.shutdown_delay,
                names: of.names.clone(),
            }),
            trust: of.trust.clone(),
        };
        Group {
            id: GroupId::new(&group.name),
            kind: group.kind,
            desired: group.desired,
            min: 0,
            max: group.max,
            template: TemplateId::new(&group.templates[group.template].name),
            templates: group.templates.iter().filter(|of| of.exists).map(template).collect(),
            zones: (0..group.zones)
                .map(|at| Room {
                    zone: zone(at),
                    addresses_left: None,
                    capacity: !self.lost.contains(&at),
                })
                .collect(),
            suspended: group.suspended.clone(),
            protected: group.protected,
            autoscaled: group.autoscaled,
            quota_left: group.quota_left,
        }
    }

    fn seen_member(&self, at: usize, machine: &Machine) -> Member {
        let group = &self.groups[machine.group];
        let template = &group.templates[machine.template];
        let master = group.kind == Kind::Master;
        let boots = matches!(machine.phase, Phase::Booting(_));
        let tells = machine.alive && !boots && group.kind != Kind::Bastion;
        Member {
            id: MachineId::new(&machine.id),
            group: GroupId::new(&group.name),
            zone: zone(machine.zone),
            template: TemplateId::new(&template.name),
            changed: false,
            launched_at: machine.launched_at,
            lifecycle: match machine.phase {
                Phase::Booting(_) => Lifecycle::Pending,
                Phase::Held => Lifecycle::PendingWait,
                Phase::Up => Lifecycle::InService,
                Phase::Announced(_) => Lifecycle::TerminatingWait,
                Phase::Ending(_) => Lifecycle::Terminating,
                Phase::Gone => Lifecycle::Terminated,
            },
            alive: machine.alive,
            target: machine.target,
            api: (master && machine.api != Api::Off && machine.alive).then_some(SeenApi {
                version: template.api,
                ready: self.api_ready(at),
                serving: true,
                shutdown_delay: template.shutdown_delay,
            }),
            node: machine.node.then(|| Node {
                ready: machine.ready,
                cordoned: machine.cordoned,
                excluded: machine.excluded,
                kubelet: template.kubelet.unwrap_or(Version::minor(0)),
                pods: self.pods_on(at),
                volumes: self.volumes_on(at),
            }),
            trust: tells.then(|| kprov_rotation::world::Trust {
                expires_at: Some(machine.expires_at),
                ..template.trust.clone()
            }),
            mark: machine.mark.as_deref().map(RotationId::new),
        }
    }

    fn seen_etcd(&self) -> Etcd {
        let members = self.etcd.iter().map(|voter| EtcdMember {
            id: EtcdId(voter.id),
            machine: (voter.claimed_at <= self.now)
                .then(|| MachineId::new(&self.machines[voter.machine].id)),
            added_at: voter.added_at,
            started: voter.started,
            voter: voter.voter,
            healthy: self.healthy(voter),
            leader: self.leader == Some(voter.id),
        });
        Etcd {
            members: members.collect(),
            alarms: self.alarm.into_iter().collect(),
            snapshot: self.snapshot.clone(),
        }
    }

    fn seen_budget(&self, at: usize) -> Budget {
        let budget = &self.budgets[at];
        let on = self.pods.iter().filter(|pod| pod.budget == Some(at)).filter_map(|pod| pod.on);
        let mut machines: Vec<MachineId> =
            on.map(|on| MachineId::new(&self.machines[on].id)).collect();
        machines.sort();
        machines.dedup();
        Budget {
            name: BudgetName::new(&budget.name),
            machines,
            allowed: u32::try_from(self.allowed(at)).unwrap_or(0),
            satisfiable: budget.satisfiable,
        }
    }
}
