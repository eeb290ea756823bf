//! Figures of scale: how long a plan of a large group takes, and a single decision.
//!
//! `cargo run -p kprov-rotation --example scale` prints them; nothing is asserted.

#![expect(clippy::print_stdout, reason = "it prints figures")]

use std::collections::BTreeSet;
use std::time::Instant;

use kprov_rotation::world::{
    Endpoint, Group, Kind, Lifecycle, Member, Node, Room, Target, Template, Trust,
};
use kprov_rotation::{
    Amount, Durations, GroupId, MachineId, OperatorId, Progress, RotationId, Strategies, Strategy,
    TemplateId, Version, World, Zone, decide, forecast,
};

fn template(id: &str) -> Template {
    Template {
        id: TemplateId::new(id),
        kubelet: Some(Version::minor(33)),
        api: None,
        trust: Trust::default(),
    }
}

fn world(count: u32) -> World {
    let zone = |at: u32| Zone::new(["a", "b", "c"][at as usize % 3]);
    let group = Group {
        id: GroupId::new("workers"),
        kind: Kind::Worker,
        desired: count,
        min: 0,
        max: count * 2,
        template: TemplateId::new("old"),
        templates: vec![template("old"), template("new")],
        zones: (0..3)
            .map(|at| Room { zone: zone(at), addresses_left: None, capacity: true })
            .collect(),
        suspended: BTreeSet::new(),
        protected: false,
        autoscaled: false,
        quota_left: None,
    };
    let members = (0..count).map(|at| Member {
        id: MachineId::new(&format!("i-{:08x}", at.wrapping_mul(2_654_435_761))),
        group: GroupId::new("workers"),
        zone: zone(at),
        template: TemplateId::new("old"),
        changed: false,
        launched_at: u64::from(at),
        lifecycle: Lifecycle::InService,
        alive: true,
        target: Target::NotRegistered,
        api: None,
        node: Some(Node {
            ready: true,
            cordoned: false,
            excluded: false,
            kubelet: Version::minor(33),
            pods: 20,
            volumes: u32::from(at % 10 == 0),
        }),
        trust: None,
        mark: None,
    });
    World {
        now: 100_000,
        groups: vec![group],
        members: members.collect(),
        endpoint: Endpoint::default(),
        ..World::default()
    }
}

fn main() {
    for (count, surge) in [
        (100, Amount::Count(1)),
        (1000, Amount::Percent(10)),
        (1000, Amount::Count(1)),
        (5000, Amount::Percent(10)),
    ] {
        let world = world(count);
        let mut strategy = Strategy::new(
            GroupId::new("workers"),
            TemplateId::new("new"),
            Some(TemplateId::new("old")),
        );
        strategy.max_surge = surge;
        let strategies =
            Strategies::new(RotationId::new("r"), OperatorId::new("o"), vec![strategy]);
        let mut progress = Progress::new(RotationId::new("r"), world.now);
        progress.looked(&world, &strategies);
        let times = 200;
        let begin = Instant::now();
        for _ in 0..times {
            std::hint::black_box(decide(&world, &strategies, &progress));
        }
        let decision = begin.elapsed() / times;
        let begin = Instant::now();
        let forecast = forecast(&world, &strategies, &Durations::default());
        println!(
            "{count} members, surge {surge:?}: a decision {decision:?}; the plan {:?}, {} steps, {} s of rotation, stops: {:?}",
            begin.elapsed(),
            forecast.steps.len(),
            forecast.takes,
            forecast.stops.map(|pause| pause.says),
        );
    }
}
