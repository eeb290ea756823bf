//! [`Cast`]: a random cluster, what is to become of it, and what goes wrong meanwhile.

use std::collections::BTreeSet;

use kprov_rotation::world::{Endpoint, Kind, Process, Reach, Snapshot, Target, Trust};
use kprov_rotation::{
    Amount, Checkpoint, GroupId, Hook, HookName, MachineId, OnFailure, OperatorId, RotationId,
    Strategies, Strategy, TemplateId, Version, When, Window,
};

use crate::dice::Dice;
use crate::truth::{Api, Budget, Group, Pod, Template, Truth, Voter};

/// What a group was before.
#[derive(Clone, Debug)]
pub(crate) struct Was {
    pub(crate) max: u32,
    pub(crate) suspended: BTreeSet<Process>,
    pub(crate) protected: bool,
}

/// What is wrong with the plan or the cluster, so that a person must be asked and nothing be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    Goaway,
    ShutdownDelay,
    Hairpin,
    Connections,
    Dns,
    Kubelet,
    Skew,
    Names,
    Tokens,
    Bundle,
    Expiry,
    NoWayBack,
    Budget,
    OtherMark,
    Quota,
}

pub(crate) const FLAWS: [Flaw; 15] = [
    Flaw::Goaway,
    Flaw::ShutdownDelay,
    Flaw::Hairpin,
    Flaw::Connections,
    Flaw::Dns,
    Flaw::Kubelet,
    Flaw::Skew,
    Flaw::Names,
    Flaw::Tokens,
    Flaw::Bundle,
    Flaw::Expiry,
    Flaw::NoWayBack,
    Flaw::Budget,
    Flaw::OtherMark,
    Flaw::Quota,
];

/// What goes wrong meanwhile.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults {
    pub(crate) deaths: bool,
    pub(crate) duds: bool,
    pub(crate) throttling: bool,
    pub(crate) slow_etcd: bool,
    pub(crate) alarms: bool,
    pub(crate) lost_zone: bool,
    /// Percent of steps at which kprov is killed.
    pub(crate) kills: u32,
    pub(crate) rival: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Cast {
    pub(crate) truth: Truth,
    pub(crate) was: Vec<Was>,
    pub(crate) strategies: Strategies,
    pub(crate) flaw: Option<Flaw>,
    pub(crate) faults: Faults,
}

pub(crate) fn cast(dice: &mut Dice, faulty: bool) -> Cast {
    let flaw = dice.chance(20).then(|| FLAWS[dice.below(FLAWS.len())]);
    let mut truth = empty();
    let zones = [1, 2, 3, 3][dice.below(4)];
    if dice.chance(25) {
        add(&mut truth, dice, "bastions", Kind::Bastion, 1 + dice.clone().below(2), zones);
    }
    let masters =
        if flaw == Some(Flaw::Expiry) { 3 } else { [1, 1, 2, 3, 3, 3, 3, 5, 5, 7][dice.below(10)] };
    let groups = if masters == 3 && dice.chance(15) { 3 } else { 1 };
    for number in 0..groups {
        add(&mut truth, dice, &format!("masters-{number}"), Kind::Master, masters / groups, zones);
    }
    let workers = match dice.below(100) {
        0 => dice.below(500),
        1..15 => dice.below(40),
        15..75 => 1 + dice.below(8),
        _ => 0,
    };
    if workers > 0 || flaw == Some(Flaw::Budget) {
        add(&mut truth, dice, "workers-a", Kind::Worker, workers.max(2), zones);
        if dice.chance(25) {
            add(&mut truth, dice, "workers-b", Kind::Worker, 1 + dice.clone().below(4), zones);
        }
    }
    pods(&mut truth, dice, flaw);
    let mut strategies = strategies(&truth, dice, flaw);
    apply(&mut truth, &mut strategies, flaw);
    let was = truth
        .groups
        .iter()
        .map(|group| Was {
            max: group.max,
            suspended: group.suspended.clone(),
            protected: group.protected,
        })
        .collect();
    Cast {
        truth,
        was,
        strategies,
        flaw,
        faults: if faulty { faults(dice) } else { Faults::default() },
    }
}

fn faults(dice: &mut Dice) -> Faults {
    Faults {
        deaths: dice.chance(40),
        duds: dice.chance(25),
        throttling: dice.chance(30),
        slow_etcd: dice.chance(30),
        alarms: dice.chance(10),
        lost_zone: dice.chance(10),
        kills: [0, 5, 5, 30][dice.below(4)],
        rival: dice.chance(25),
    }
}

fn empty() -> Truth {
    Truth {
        now: 100_000,
        groups: Vec::new(),
        machines: Vec::new(),
        etcd: Vec::new(),
        leader: None,
        alarm: None,
        snapshot: Some(Snapshot { taken_at: 90_000, verified: true, complete: false }),
        pods: Vec::new(),
        budgets: Vec::new(),
        endpoint: Endpoint { names: ["api.example".to_owned()].into(), ..Endpoint::default() },
        lock: None,
        lost: BTreeSet::new(),
        next: 0,
    }
}

fn template(name: &str, version: u32, kind: Kind) -> Template {
    Template {
        name: name.to_owned(),
        kubelet: (kind != Kind::Bastion).then(|| Version::minor(version)),
        api: Version::minor(version),
        goaway: 1000,
        shutdown_delay: 60,
        names: ["api.example".to_owned()].into(),
        trust: Trust {
            issued_by: u32::from(kind != Kind::Bastion),
            accepts: [1].into(),
            tokens_signed_by: u32::from(kind == Kind::Master),
            tokens_verified_by: [1].into(),
            expires_at: None,
        },
        exists: true,
    }
}

fn add(truth: &mut Truth, dice: &mut Dice, name: &str, kind: Kind, count: usize, zones: usize) {
    let group = truth.groups.len();
    let desired = u32::try_from(count).unwrap_or(0);
    let balanced = match kind {
        Kind::Master => true,
        Kind::Worker => dice.chance(30),
        Kind::Bastion => false,
    };
    truth.groups.push(Group {
        name: name.to_owned(),
        kind,
        wanted: desired,
        desired,
        max: desired + u32::from(dice.chance(50)),
        template: 0,
        templates: vec![template("old", 33, kind), template("new", 33, kind)],
        zones,
        zone_next: None,
        suspended: BTreeSet::new(),
        protected: false,
        autoscaled: kind == Kind::Worker && dice.chance(20),
        balanced,
        quota_left: None,
    });
    for number in 0..count {
        let mut machine = truth.machine(group, number % zones, 0, dice);
        machine.launched_at = dice.within(1_000, 90_000);
        (machine.node, machine.ready) = (kind != Kind::Bastion, kind != Kind::Bastion);
        machine.pods =
            if kind == Kind::Worker { 1 + u32::try_from(dice.below(9)).unwrap_or(0) } else { 0 };
        machine.target = if balanced { Target::Healthy } else { Target::NotRegistered };
        machine.target_until = truth.now + 30;
        machine.looks = 1000;
        truth.machines.push(machine);
        if kind == Kind::Master {
            let at = truth.machines.len() - 1;
            truth.machines[at].api = Api::On;
            truth.next += 1;
            let id = truth.next;
            truth.etcd.push(Voter {
                id,
                machine: at,
                added_at: 1_000,
                claimed_at: 1_000,
                voter: true,
                started: true,
                slow_until: 0,
            });
            if truth.leader.is_none() || dice.chance(40) {
                truth.leader = Some(id);
            }
        }
    }
}

/// Pods that somebody cares about: some with budgets, some with volumes.
fn pods(truth: &mut Truth, dice: &mut Dice, flaw: Option<Flaw>) {
    let workers: Vec<usize> =
        (0..truth.machines.len()).filter(|&at| truth.kind(at) == Kind::Worker).collect();
    if workers.is_empty() {
        return;
    }
    for budget in 0..dice.below(3) + usize::from(flaw == Some(Flaw::Budget)) {
        let replicas = 2 + dice.below(3);
        let never = flaw == Some(Flaw::Budget) && budget == 0;
        let min_available = if never { replicas } else { replicas - 1 };
        truth.budgets.push(Budget {
            name: format!("shop/{budget}"),
            min_available,
            satisfiable: !never,
        });
        for _ in 0..replicas {
            let on = workers[dice.below(workers.len())];
            truth.pods.push(Pod { budget: Some(budget), on: Some(on), ready_at: 0, zone: None });
        }
    }
    for _ in 0..dice.below(4) {
        let on = workers[dice.below(workers.len())];
        let zone = Some(truth.machines[on].zone);
        truth.pods.push(Pod { budget: None, on: Some(on), ready_at: 0, zone });
    }
}

fn strategies(truth: &Truth, dice: &mut Dice, flaw: Option<Flaw>) -> Strategies {
    let groups = truth.groups.iter().map(|group| strategy(truth, group, dice)).collect();
    let mut all = Strategies::new(RotationId::new("r1"), OperatorId::new("run"), groups);
    all.parallel_groups = 1 + u32::from(dice.chance(30));
    all.failures_max = 4;
    if dice.chance(10) && flaw.is_none() {
        all.windows = (0..40)
            .map(|n| Window { opens: 100_000 + n * 3_600, closes: 101_500 + n * 3_600 })
            .collect();
    }
    all
}

fn strategy(truth: &Truth, group: &Group, dice: &mut Dice) -> Strategy {
    let mut strategy = Strategy::new(
        GroupId::new(&group.name),
        TemplateId::new("new"),
        Some(TemplateId::new("old")),
    );
    let volumes = truth.pods.iter().any(|pod| pod.zone.is_some());
    strategy.good_looks = 1 + u32::try_from(dice.below(3)).unwrap_or(0);
    match group.kind {
        Kind::Master => {
            let others = truth.groups.iter().filter(|of| of.kind == Kind::Master).count() > 1;
            if (group.desired >= 3 || group.desired == 1 && !others) && dice.chance(25) {
                strategy.max_surge = Amount::Count(0);
                strategy.max_unavailable = Amount::Count(1);
                strategy.downtime = group.desired == 1;
            }
        }
        Kind::Worker | Kind::Bastion => {
            strategy.max_surge =
                [Amount::Count(1), Amount::Count(2), Amount::Percent(25)][dice.below(3)];
            strategy.max_unavailable =
                [Amount::Count(0), Amount::Count(0), Amount::Count(1)][dice.below(3)];
            if !volumes && dice.chance(20) && group.desired > 1 {
                strategy.max_surge = Amount::Count(0);
                strategy.max_unavailable = Amount::Count(1);
            }
            if dice.chance(20) {
                let (bake, confirm) = (dice.within(0, 120), dice.chance(30));
                strategy.checkpoints = vec![
                    Checkpoint { percent: 30, bake, confirm },
                    Checkpoint { percent: 100, bake, confirm },
                ];
            }
            if group.desired > 20 {
                strategy.max_surge = Amount::Percent(25);
            }
            strategy.canary_bake = if dice.chance(30) { 60 } else { 0 };
        }
    }
    if dice.chance(40) {
        strategy.on_failure = OnFailure::Rollback;
    }
    for when in [When::Launched, When::Draining, When::Terminating, When::Verified] {
        if dice.chance(10) {
            strategy.hooks.push(Hook { when, name: HookName::new("check") });
        }
    }
    if dice.chance(10) {
        // Named, of the right template.
        strategy.template = TemplateId::new("old");
        let of =
            truth.machines.iter().filter(|machine| truth.groups[machine.group].name == group.name);
        strategy.named = of.take(2).map(|machine| MachineId::new(&machine.id)).collect();
    }
    strategy
}

/// Spoils one thing. Everything then goes to the new template.
fn apply(truth: &mut Truth, strategies: &mut Strategies, flaw: Option<Flaw>) {
    let Some(flaw) = flaw else { return };
    for strategy in &mut strategies.groups {
        (strategy.template, strategy.named) = (TemplateId::new("new"), Vec::new());
    }
    let masters = |truth: &mut Truth, spoil: &dyn Fn(&mut Template)| {
        for group in truth.groups.iter_mut().filter(|group| group.kind == Kind::Master) {
            spoil(&mut group.templates[1]);
        }
    };
    match flaw {
        Flaw::Goaway => masters(truth, &|of| of.goaway = 30_000),
        Flaw::ShutdownDelay => masters(truth, &|of| of.shutdown_delay = 5),
        Flaw::Kubelet => masters(truth, &|of| of.kubelet = Some(Version::minor(34))),
        Flaw::Skew => masters(truth, &|of| {
            (of.api, of.kubelet) = (Version::minor(35), Some(Version::minor(35)))
        }),
        Flaw::Tokens => masters(truth, &|of| of.trust.tokens_signed_by = 2),
        Flaw::Names => {
            truth.endpoint.names.insert("new.example".to_owned());
        }
        Flaw::Bundle => masters(truth, &|of| of.trust.issued_by = 2),
        Flaw::Hairpin => {
            (truth.endpoint.preserves_client_ip, truth.endpoint.masters_use_their_own) =
                (true, false);
        }
        Flaw::Connections => truth.endpoint.terminates_connections = false,
        Flaw::Dns => truth.endpoint.reach = Reach::Dns { ttl: 60 },
        // Everything that is and will be expires in one hour: the machines' own dates are overwritten as they come.
        Flaw::Expiry | Flaw::Budget => {}
        Flaw::NoWayBack => {
            truth.groups.iter_mut().for_each(|group| group.templates[0].exists = false)
        }
        Flaw::Quota => truth.groups.iter_mut().for_each(|group| group.quota_left = Some(0)),
        Flaw::OtherMark => {
            let at = (0..truth.machines.len()).find(|&at| truth.kind(at) == Kind::Master);
            if let Some(at) = at {
                truth.machines[at].mark = Some("other".to_owned());
            }
        }
    }
}
