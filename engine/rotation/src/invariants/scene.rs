//! A world in which everything is in order, for the tests of invariants: each breaks one thing, and the one invariant
//! must say so. A test fails when its invariant is taken off the list, because then nobody says it.

use std::collections::{BTreeMap, BTreeSet};

use super::violated;
use crate::progress::{GroupProgress, Progress};
use crate::strategy::{Amount, Strategies, Strategy};
use crate::world::{
    Api, ApiSettings, Endpoint, Etcd, EtcdMember, Group, Kind, Lifecycle, Lock, MASTER_PROCESSES,
    Member, Node, Room, Snapshot, Target, Template, Trust,
};
use crate::{
    EtcdId, GroupId, MachineId, OperatorId, RotationId, Seconds, Step, TemplateId, Version, World,
    Zone,
};

const NOW: Seconds = 10_000;

pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) strategies: Strategies,
    pub(crate) progress: Progress,
    group: usize,
}

fn trust() -> Trust {
    Trust {
        issued_by: 1,
        accepts: [1].into(),
        tokens_signed_by: 1,
        tokens_verified_by: [1].into(),
        expires_at: None,
    }
}

fn template(id: &str, kind: Kind) -> Template {
    let api = ApiSettings {
        version: Version::minor(33),
        goaway_millionths: 1000,
        shutdown_delay: 60,
        names: ["api.example".to_owned()].into(),
    };
    Template {
        id: TemplateId::new(id),
        kubelet: Some(Version::minor(33)),
        api: (kind == Kind::Master).then_some(api),
        trust: trust(),
    }
}

fn group(id: &str, kind: Kind, desired: u32) -> Group {
    Group {
        id: GroupId::new(id),
        kind,
        desired,
        min: 1,
        max: 10,
        template: TemplateId::new("old"),
        templates: vec![template("old", kind), template("new", kind)],
        zones: vec![Room { zone: Zone::new("z1"), addresses_left: Some(50), capacity: true }],
        suspended: MASTER_PROCESSES.into(),
        protected: true,
        autoscaled: false,
        quota_left: None,
    }
}

fn member(id: &str, group: &str, kind: Kind, number: u64) -> Member {
    let master = kind == Kind::Master;
    let api = Api { version: Version::minor(33), ready: true, serving: true, shutdown_delay: 60 };
    let kubelet = Version::minor(33);
    Member {
        id: MachineId::new(id),
        group: GroupId::new(group),
        zone: Zone::new("z1"),
        template: TemplateId::new("old"),
        changed: false,
        launched_at: 100 + number,
        lifecycle: Lifecycle::InService,
        alive: true,
        target: Target::Healthy,
        api: master.then_some(api),
        node: Some(Node {
            ready: true,
            cordoned: false,
            excluded: false,
            kubelet,
            pods: 3,
            volumes: 0,
        }),
        trust: Some(Trust { expires_at: Some(40_000_000 + number * 86_400), ..trust() }),
        mark: None,
    }
}

fn etcd(count: u64) -> Etcd {
    let members = (0..count).map(|at| EtcdMember {
        id: EtcdId(at + 1),
        machine: Some(MachineId::new(&format!("m{at}"))),
        added_at: 100,
        started: true,
        voter: true,
        healthy: true,
        leader: at + 1 == count,
    });
    let snapshot = Snapshot { taken_at: NOW - 60, verified: true, complete: false };
    Etcd { members: members.collect(), alarms: Vec::new(), snapshot: Some(snapshot) }
}

impl Scene {
    /// So many masters; an even number is one more than the group is to have.
    pub(crate) fn masters(count: u32) -> Scene {
        let members =
            (0..count).map(|at| member(&format!("m{at}"), "masters", Kind::Master, u64::from(at)));
        let world = World {
            now: NOW,
            groups: vec![group("masters", Kind::Master, count)],
            members: members.collect(),
            etcd: Some(etcd(u64::from(count))),
            ..Scene::around()
        };
        let base = if count.is_multiple_of(2) { count - 1 } else { count };
        Scene::of(world, 0, base)
    }

    /// So many workers, of which those over three are more than the group is to have by one; and three masters.
    pub(crate) fn workers(count: u32) -> Scene {
        let masters = (0..3).map(|at| member(&format!("m{at}"), "masters", Kind::Master, at));
        let workers =
            (0..count).map(|at| member(&format!("w{at}"), "workers", Kind::Worker, u64::from(at)));
        let world = World {
            now: NOW,
            groups: vec![group("masters", Kind::Master, 3), group("workers", Kind::Worker, count)],
            members: workers.chain(masters).collect(),
            etcd: Some(etcd(3)),
            ..Scene::around()
        };
        let base = if count > 3 { count - 1 } else { count };
        Scene::of(world, 1, base)
    }

    fn around() -> World {
        let lock = Lock { holder: OperatorId::new("run"), expires_at: NOW + 60 };
        let endpoint = Endpoint { names: ["api.example".to_owned()].into(), ..Endpoint::default() };
        World { endpoint, lock: Some(lock), ..World::default() }
    }

    fn of(world: World, at: usize, base: u32) -> Scene {
        let id = world.groups[at].id.clone();
        let strategy =
            Strategy::new(id.clone(), TemplateId::new("new"), Some(TemplateId::new("old")));
        let rotation = RotationId::new("r1");
        let mut progress = Progress::new(rotation.clone(), 5_000);
        progress.groups = BTreeMap::from([(
            id,
            GroupProgress {
                base: crate::Base {
                    desired: base,
                    max: 10,
                    suspended: BTreeSet::new(),
                    protected: false,
                },
                surge: 0,
                total: base,
                touched: true,
                back: false,
                canary_since: Some(9_000),
                checkpoints: 0,
                baking_since: None,
                awaits: false,
                confirmed: false,
                short_since: None,
                failed: BTreeSet::new(),
                finished: false,
            },
        )]);
        let strategies = Strategies::new(rotation, OperatorId::new("run"), vec![strategy]);
        Scene { world, strategies, progress, group: at }
    }

    pub(crate) fn id(&self, at: usize) -> MachineId {
        self.world.members[at].id.clone()
    }

    pub(crate) fn strategy(&mut self) -> &mut Strategy {
        &mut self.strategies.groups[0]
    }

    pub(crate) fn progress_of(&mut self) -> &mut GroupProgress {
        self.progress.groups.first_entry().unwrap().into_mut()
    }

    pub(crate) fn template(&mut self) -> &mut Template {
        &mut self.world.groups[self.group].templates[1]
    }

    pub(crate) fn template_api(&mut self) -> &mut ApiSettings {
        self.template().api.as_mut().unwrap()
    }

    /// One more.
    pub(crate) fn launch(&self) -> Step {
        self.launch_more(1)
    }

    pub(crate) fn launch_more(&self, more: u32) -> Step {
        let group = &self.world.groups[self.group];
        Step::Launch {
            group: group.id.clone(),
            template: TemplateId::new("new"),
            desired: group.desired + more,
            zone: None,
        }
    }

    pub(crate) fn fresh(&mut self, at: usize) {
        self.world.members[at].template = TemplateId::new("new");
    }

    pub(crate) fn mark(&mut self, at: usize) {
        self.world.members[at].mark = Some(RotationId::new("r1"));
    }

    pub(crate) fn kill(&mut self, at: usize) {
        let member = &mut self.world.members[at];
        (member.alive, member.target, member.api) = (false, Target::Unhealthy, None);
        self.world.etcd.as_mut().unwrap().members[at].healthy = false;
    }

    /// The cluster does not answer: what the cloud says is all there is.
    pub(crate) fn blind(&mut self) {
        self.world.etcd = None;
        self.world.budgets.clear();
        for member in &mut self.world.members {
            (member.node, member.api, member.trust) = (None, None, None);
        }
    }

    pub(crate) fn leader(&mut self, at: usize) {
        for (number, of) in self.world.etcd.as_mut().unwrap().members.iter_mut().enumerate() {
            of.leader = number == at;
        }
    }

    pub(crate) fn learner(&mut self, id: u64) {
        self.world.etcd.as_mut().unwrap().members.push(EtcdMember {
            id: EtcdId(id),
            machine: None,
            added_at: NOW,
            started: true,
            voter: false,
            healthy: true,
            leader: false,
        });
    }

    /// Marked, cordoned, excluded, out of its balancer, and without pods.
    pub(crate) fn drained(&mut self, at: usize) {
        self.mark(at);
        let member = &mut self.world.members[at];
        member.target = Target::Unused;
        let node = member.node.as_mut().unwrap();
        (node.cordoned, node.excluded, node.pods) = (true, true, 0);
    }

    pub(crate) fn deregistered(&mut self, at: usize) {
        self.drained(at);
    }

    /// And its API server has stopped.
    pub(crate) fn stopped(&mut self, at: usize) {
        self.drained(at);
        let api = self.world.members[at].api.as_mut().unwrap();
        (api.ready, api.serving) = (false, false);
    }

    pub(crate) fn in_place(&mut self) {
        let strategy = self.strategy();
        (strategy.max_surge, strategy.max_unavailable) = (Amount::Count(0), Amount::Count(1));
        strategy.downtime = true;
        self.world.groups[0].template = TemplateId::new("new");
    }

    pub(crate) fn remove_etcd(&self, at: usize) -> Step {
        let id = self.world.etcd.as_ref().unwrap().members[at].id;
        Step::RemoveEtcdMember { id, member: Some(self.id(at)) }
    }

    fn broken(&self, step: &Step) -> Vec<String> {
        let found = violated(&self.world, &self.strategies, &self.progress, step);
        found.into_iter().map(|violation| violation.invariant).collect()
    }

    /// This invariant, and no other, says no.
    #[track_caller]
    pub(crate) fn only(&self, id: &str, step: Step) {
        assert_eq!(self.broken(&step), [id], "{step}");
    }

    /// These, and no others.
    #[track_caller]
    pub(crate) fn both(&self, ids: &[&str], step: Step) {
        assert_eq!(self.broken(&step), ids, "{step}");
    }

    /// Nobody says no.
    #[track_caller]
    pub(crate) fn fine(&self, step: Step) {
        assert_eq!(violated(&self.world, &self.strategies, &self.progress, &step), [], "{step}");
    }
}
