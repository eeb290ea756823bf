//! [`Truth`]: the cluster as it is, whatever anybody sees of it or thinks of it. Times are seconds.

use std::collections::BTreeSet;

use kprov_rotation::Version;
use kprov_rotation::world::{Alarm, Endpoint, Kind, Process, Snapshot, Target, Trust};

/// Where a machine is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Boots until then.
    Booting(u64),
    /// Held by the launching hook.
    Held,
    Up,
    /// The cloud takes it, and it is held by the terminating hook until then.
    Announced(u64),
    /// Ends then.
    Ending(u64),
    Gone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Api {
    Off,
    On,
    /// Unready, until then.
    Stopping(u64),
}

#[derive(Clone, Debug)]
pub(crate) struct Machine {
    pub(crate) id: String,
    pub(crate) group: usize,
    pub(crate) zone: usize,
    pub(crate) template: usize,
    pub(crate) launched_at: u64,
    pub(crate) phase: Phase,
    pub(crate) alive: bool,
    /// It never becomes ready.
    pub(crate) dud: bool,
    pub(crate) died_at: u64,
    pub(crate) api: Api,
    pub(crate) target: Target,
    pub(crate) target_until: u64,
    pub(crate) node: bool,
    pub(crate) ready: bool,
    pub(crate) cordoned: bool,
    pub(crate) excluded: bool,
    pub(crate) draining: bool,
    /// Pods that no budget speaks of.
    pub(crate) pods: u32,
    /// Volumes that are being detached, and until when.
    pub(crate) detaching: Vec<u64>,
    pub(crate) mark: Option<String>,
    pub(crate) expires_at: u64,
    /// Well so many looks in a row.
    pub(crate) looks: u32,
}

#[derive(Clone, Debug)]
pub(crate) struct Template {
    pub(crate) name: String,
    pub(crate) kubelet: Option<Version>,
    pub(crate) api: Version,
    pub(crate) goaway: u32,
    pub(crate) shutdown_delay: u64,
    pub(crate) names: BTreeSet<String>,
    pub(crate) trust: Trust,
    pub(crate) exists: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// What people and autoscalers want.
    pub(crate) wanted: u32,
    /// What the cloud keeps up.
    pub(crate) desired: u32,
    pub(crate) max: u32,
    pub(crate) template: usize,
    pub(crate) templates: Vec<Template>,
    pub(crate) zones: usize,
    pub(crate) zone_next: Option<usize>,
    pub(crate) suspended: BTreeSet<Process>,
    pub(crate) protected: bool,
    pub(crate) autoscaled: bool,
    pub(crate) balanced: bool,
    pub(crate) quota_left: Option<u32>,
}

#[derive(Clone, Debug)]
pub(crate) struct Voter {
    pub(crate) id: u64,
    /// The index of its machine; it is known to others after a while.
    pub(crate) machine: usize,
    pub(crate) added_at: u64,
    pub(crate) claimed_at: u64,
    pub(crate) voter: bool,
    pub(crate) started: bool,
    /// Slow until then.
    pub(crate) slow_until: u64,
}

/// A pod that somebody cares about.
#[derive(Clone, Debug)]
pub(crate) struct Pod {
    pub(crate) budget: Option<usize>,
    pub(crate) on: Option<usize>,
    pub(crate) ready_at: u64,
    /// Its volume stays in this zone.
    pub(crate) zone: Option<usize>,
}

#[derive(Clone, Debug)]
pub(crate) struct Budget {
    pub(crate) name: String,
    pub(crate) min_available: usize,
    pub(crate) satisfiable: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Truth {
    pub(crate) now: u64,
    pub(crate) groups: Vec<Group>,
    pub(crate) machines: Vec<Machine>,
    pub(crate) etcd: Vec<Voter>,
    pub(crate) leader: Option<u64>,
    pub(crate) alarm: Option<Alarm>,
    pub(crate) snapshot: Option<Snapshot>,
    pub(crate) pods: Vec<Pod>,
    pub(crate) budgets: Vec<Budget>,
    pub(crate) endpoint: Endpoint,
    pub(crate) lock: Option<(String, u64)>,
    /// Zones where no machine can be had.
    pub(crate) lost: BTreeSet<usize>,
    pub(crate) next: u64,
}

impl Machine {
    /// In the cloud's count.
    pub(crate) fn counted(&self) -> bool {
        matches!(self.phase, Phase::Booting(_) | Phase::Held | Phase::Up)
    }

    pub(crate) fn going(&self) -> bool {
        matches!(self.phase, Phase::Ending(_) | Phase::Gone)
    }

    pub(crate) fn coming(&self) -> bool {
        matches!(self.phase, Phase::Booting(_) | Phase::Held)
    }
}

impl Truth {
    pub(crate) fn kind(&self, machine: usize) -> Kind {
        self.groups[self.machines[machine].group].kind
    }

    pub(crate) fn find(&self, id: &str) -> Option<usize> {
        self.machines.iter().position(|machine| machine.id == id)
    }

    pub(crate) fn voter_of(&self, machine: usize) -> Option<&Voter> {
        self.etcd.iter().find(|voter| voter.machine == machine)
    }

    /// It answers, and keeps up.
    pub(crate) fn healthy(&self, voter: &Voter) -> bool {
        let machine = &self.machines[voter.machine];
        voter.started && machine.alive && !machine.going() && voter.slow_until <= self.now
    }

    /// Voters, and healthy ones among them.
    pub(crate) fn votes(&self) -> (usize, usize) {
        let voters = self.etcd.iter().filter(|voter| voter.voter);
        voters.fold((0, 0), |(all, healthy), voter| {
            (all + 1, healthy + usize::from(self.healthy(voter)))
        })
    }

    pub(crate) fn has_quorum(&self) -> bool {
        let (all, healthy) = self.votes();
        healthy > all / 2
    }

    /// The API server answers and is ready.
    pub(crate) fn api_ready(&self, at: usize) -> bool {
        let machine = &self.machines[at];
        machine.alive && machine.api == Api::On && self.has_quorum()
    }

    /// Gets requests through the balancer, and answers them.
    pub(crate) fn served(&self) -> usize {
        (0..self.machines.len())
            .filter(|&at| {
                self.kind(at) == Kind::Master && self.machines[at].target == Target::Healthy
            })
            .filter(|&at| self.api_ready(at))
            .count()
    }

    /// Does all that it is for, and is not leaving.
    pub(crate) fn well(&self, at: usize) -> bool {
        let machine = &self.machines[at];
        let sound = machine.alive && machine.phase == Phase::Up;
        let balanced = matches!(machine.target, Target::Healthy | Target::NotRegistered);
        let node = machine.ready && !machine.cordoned && machine.mark.is_none();
        sound
            && balanced
            && match self.kind(at) {
                Kind::Bastion => machine.mark.is_none(),
                Kind::Worker => node,
                Kind::Master => {
                    node && self.api_ready(at)
                        && self.voter_of(at).is_some_and(|voter| voter.voter && self.healthy(voter))
                }
            }
    }

    /// kprov looks.
    pub(crate) fn look(&mut self) {
        for at in 0..self.machines.len() {
            let well = self.well(at);
            let machine = &mut self.machines[at];
            machine.looks = if well { machine.looks.saturating_add(1) } else { 0 };
        }
    }

    pub(crate) fn pods_on(&self, at: usize) -> u32 {
        let named = self.pods.iter().filter(|pod| pod.on == Some(at)).count();
        self.machines[at].pods + u32::try_from(named).unwrap_or(0)
    }

    pub(crate) fn volumes_on(&self, at: usize) -> u32 {
        let attached =
            self.pods.iter().filter(|pod| pod.on == Some(at) && pod.zone.is_some()).count();
        u32::try_from(attached + self.machines[at].detaching.len()).unwrap_or(0)
    }

    /// How many pods of a budget may go now.
    pub(crate) fn allowed(&self, budget: usize) -> usize {
        let of = self.pods.iter().filter(|pod| pod.budget == Some(budget));
        let ready = of.filter(|pod| pod.on.is_some() && pod.ready_at <= self.now).count();
        ready.saturating_sub(self.budgets[budget].min_available)
    }
}
