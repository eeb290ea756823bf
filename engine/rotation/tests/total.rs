//! The machine is total and deterministic: any world, however contradictory, gives a decision, and the order of what was
//! seen does not matter.

use kprov_rotation::world::{
    Api, Budget, Endpoint, Etcd, EtcdMember, Group, Kind, Lifecycle, Lock, Member, Node, Target,
    Template, Trust,
};
use kprov_rotation::{
    Amount, BudgetName, Decision, Durations, EtcdId, GroupId, MachineId, OperatorId, Progress,
    RotationId, Step, Strategies, Strategy, TemplateId, Version, World, Zone, decide, forecast,
    preflight, violated,
};
use proptest::prelude::*;

const LIFECYCLES: [Lifecycle; 7] = [
    Lifecycle::Pending,
    Lifecycle::PendingWait,
    Lifecycle::InService,
    Lifecycle::Standby,
    Lifecycle::TerminatingWait,
    Lifecycle::Terminating,
    Lifecycle::Terminated,
];
const TARGETS: [Target; 6] = [
    Target::NotRegistered,
    Target::Initial,
    Target::Healthy,
    Target::Unhealthy,
    Target::Draining,
    Target::Unused,
];

fn number() -> impl proptest::strategy::Strategy<Value = u32> {
    prop_oneof![4 => 0..6_u32, 1 => Just(u32::MAX)]
}

fn time() -> impl proptest::strategy::Strategy<Value = u64> {
    prop_oneof![4 => 0..20_000_u64, 1 => Just(u64::MAX)]
}

prop_compose! {
    fn member()(id in 0..8_u32, group in 0..4_u32, template in 0..3_u32, launched_at in time(), lifecycle in 0..7_usize,
        target in 0..6_usize, flags in any::<[bool; 10]>(), pods in number(), minor in 28..40_u32) -> Member {
        Member {
            id: MachineId::new(&format!("m{id}")),
            group: GroupId::new(&format!("g{group}")),
            zone: Zone::new(&format!("z{}", id % 2)),
            template: TemplateId::new(&format!("t{template}")),
            changed: flags[0],
            launched_at,
            lifecycle: LIFECYCLES[lifecycle],
            alive: flags[1],
            target: TARGETS[target],
            api: flags[2].then_some(Api { version: Version::minor(minor), ready: flags[3], serving: flags[4], shutdown_delay: launched_at }),
            node: flags[5].then_some(Node { ready: flags[6], cordoned: flags[7], excluded: flags[8], kubelet: Version::minor(minor), pods, volumes: pods }),
            trust: flags[9].then(|| Trust { expires_at: Some(launched_at), ..Trust::default() }),
            mark: flags[8].then(|| RotationId::new(if flags[9] { "r" } else { "other" })),
        }
    }
}

prop_compose! {
    fn group()(id in 0..4_u32, kind in 0..3_usize, desired in number(), max in number(), template in 0..3_u32,
        flags in any::<[bool; 3]>(), quota in proptest::option::of(number())) -> Group {
        Group {
            id: GroupId::new(&format!("g{id}")),
            kind: [Kind::Bastion, Kind::Master, Kind::Worker][kind],
            desired,
            min: max,
            max,
            template: TemplateId::new(&format!("t{template}")),
            templates: (0..2).map(|of| Template { id: TemplateId::new(&format!("t{of}")), kubelet: None, api: None, trust: Trust::default() }).collect(),
            zones: Vec::new(),
            suspended: if flags[0] { kprov_rotation::world::MASTER_PROCESSES.into() } else { Default::default() },
            protected: flags[1],
            autoscaled: flags[2],
            quota_left: quota,
        }
    }
}

prop_compose! {
    fn voter()(id in prop_oneof![0..9_u64, Just(u64::MAX)], machine in proptest::option::of(0..9_u32), added_at in time(), flags in any::<[bool; 4]>()) -> EtcdMember {
        EtcdMember {
            id: EtcdId(id),
            machine: machine.map(|machine| MachineId::new(&format!("m{machine}"))),
            added_at,
            started: flags[0],
            voter: flags[1],
            healthy: flags[2],
            leader: flags[3],
        }
    }
}

prop_compose! {
    fn world()(now in time(), groups in proptest::collection::vec(group(), 0..5), members in proptest::collection::vec(member(), 0..10),
        voters in proptest::option::of(proptest::collection::vec(voter(), 0..7)), allowed in number(), locked in any::<bool>()) -> World {
        World {
            now,
            groups,
            budgets: vec![Budget { name: BudgetName::new("a/b"), machines: vec![MachineId::new("m0"), MachineId::new("m99")], allowed, satisfiable: allowed > 0 }],
            members,
            etcd: voters.map(|members| Etcd { members, ..Etcd::default() }),
            endpoint: Endpoint::default(),
            lock: locked.then(|| Lock { holder: OperatorId::new("o"), expires_at: u64::MAX }),
        }
    }
}

fn strategies(surge: u32, unavailable: u32, percent: bool) -> Strategies {
    let groups = (0..4).map(|of| {
        let mut strategy = Strategy::new(
            GroupId::new(&format!("g{of}")),
            TemplateId::new("t1"),
            Some(TemplateId::new("t0")),
        );
        strategy.max_surge = if percent { Amount::Percent(surge) } else { Amount::Count(surge) };
        strategy.max_unavailable = Amount::Count(unavailable);
        strategy.downtime = percent;
        strategy.named = vec![MachineId::new("m1")];
        strategy
    });
    Strategies::new(RotationId::new("r"), OperatorId::new("o"), groups.collect())
}

/// What is seen twice is a contradiction, which the order decides nothing of.
fn single(mut world: World) -> World {
    world.members.sort_by(|a, b| a.id.cmp(&b.id));
    world.members.dedup_by(|a, b| a.id == b.id);
    world.groups.sort_by(|a, b| a.id.cmp(&b.id));
    world.groups.dedup_by(|a, b| a.id == b.id);
    world
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_worlds_give_decisions(worlds in proptest::collection::vec(world(), 1..5), surge in number(), unavailable in number(), percent in any::<bool>()) {
        let strategies = strategies(surge, unavailable, percent);
        let mut progress = Progress::new(RotationId::new("r"), 5_000);
        for world in &worlds {
            progress.looked(world, &strategies);
            if let Decision::Steps(steps) = decide(world, &strategies, &progress) {
                for step in steps {
                    progress.started(&step, world);
                    progress.done(&step);
                }
            }
        }
        let last = &worlds[0];
        let text = serde_json::to_string(&progress).expect("progress can be written");
        prop_assert_eq!(&serde_json::from_str::<Progress>(&text).expect("and read"), &progress);
        progress.repeat(last, &strategies);
        progress.roll_back(&strategies, last.now);
        progress.looked(last, &strategies);
        let _ = decide(last, &strategies, &progress);
        let _ = strategies.problems(last);
    }

    #[test]
    fn the_first_step_breaks_nothing(world in world(), surge in 0..3_u32, unavailable in 0..3_u32) {
        let world = single(world);
        let strategies = strategies(surge, unavailable, false);
        let mut progress = Progress::new(RotationId::new("r"), 5_000);
        progress.looked(&world, &strategies);
        if let Decision::Steps(steps) = decide(&world, &strategies, &progress) {
            prop_assert_eq!(violated(&world, &strategies, &progress, &steps[0]), []);
            prop_assert!(!steps.is_empty());
        }
    }

    #[test]
    fn the_order_of_what_was_seen_does_not_matter(world in world()) {
        let world = single(world);
        let strategies = strategies(1, 0, false);
        let decided = |world: &World| {
            let mut progress = Progress::new(RotationId::new("r"), 5_000);
            progress.looked(world, &strategies);
            decide(world, &strategies, &progress)
        };
        let mut other = world.clone();
        other.members.reverse();
        other.groups.reverse();
        prop_assert_eq!(decided(&world), decided(&other));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_world_has_a_forecast(world in world()) {
        let strategies = strategies(1, 0, false);
        let forecast = forecast(&world, &strategies, &Durations::default());
        let _ = preflight(&world, &strategies, &forecast);
    }
}

#[test]
fn steps_are_told_to_people() {
    let step = Step::RemoveEtcdMember { id: EtcdId(0x1f), member: None };
    assert_eq!(step.to_string(), "remove etcd member 1f");
}
