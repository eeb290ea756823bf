//! Each finding, by the one thing that makes it; and none where all is well.

use super::*;
use crate::forecast::{Durations, forecast};
use crate::invariants::scene::Scene;
use crate::world::{Alarm, Budget};
use crate::{BudgetName, Strategies, World};

fn codes(world: &World, strategies: &Strategies) -> Vec<(String, Severity)> {
    let forecast = forecast(world, strategies, &Durations::default());
    preflight(world, strategies, &forecast)
        .into_iter()
        .map(|found| (found.code, found.severity))
        .collect()
}

#[track_caller]
fn told(scene: &Scene, code: &str, severity: Severity) {
    let codes = codes(&scene.world, &scene.strategies);
    assert!(codes.contains(&(code.to_owned(), severity)), "{codes:?}");
}

#[test]
fn nothing_is_told_where_all_is_well() {
    for scene in [Scene::workers(3), Scene::masters(3), Scene::masters(1)] {
        assert_eq!(codes(&scene.world, &scene.strategies), []);
    }
}

#[test]
fn budgets_that_never_give_and_those_that_do_not_now() {
    let mut scene = Scene::workers(3);
    let (name, machines) = (BudgetName::new("shop/db"), vec![scene.id(0)]);
    scene.world.budgets = vec![Budget { name, machines, allowed: 0, satisfiable: false }];
    told(&scene, "budget", Severity::Error);
    told(&scene, "blocked", Severity::Error);
    scene.world.budgets[0].satisfiable = true;
    assert_eq!(codes(&scene.world, &scene.strategies), [("budget".to_owned(), Severity::Warning)]);
}

#[test]
fn quota_capacity_and_addresses() {
    let mut scene = Scene::workers(3);
    scene.world.groups[1].quota_left = Some(0);
    told(&scene, "quota", Severity::Error);
    let mut scene = Scene::workers(3);
    scene.world.groups[1].zones[0].capacity = false;
    told(&scene, "capacity", Severity::Warning);
    let mut scene = Scene::workers(3);
    scene.world.groups[1].zones[0].addresses_left = Some(0);
    told(&scene, "addresses", Severity::Error);
}

#[test]
fn alarms_quorum_and_sick_groups() {
    let mut scene = Scene::masters(3);
    scene.world.etcd.as_mut().unwrap().alarms.push(Alarm::NoSpace);
    told(&scene, "alarm", Severity::Error);
    let mut scene = Scene::masters(3);
    scene.kill(0);
    told(&scene, "quorum", Severity::Warning);
    told(&scene, "unhealthy", Severity::Error);
    scene.kill(1);
    told(&scene, "quorum", Severity::Error);
}

#[test]
fn certificates_that_expire() {
    let mut scene = Scene::workers(3);
    scene.world.members[0].trust.as_mut().unwrap().expires_at = Some(scene.world.now + 86_400);
    told(&scene, "certificate", Severity::Warning);
    scene.world.members[0].trust.as_mut().unwrap().expires_at = Some(scene.world.now);
    told(&scene, "certificate", Severity::Error);
}

#[test]
fn whatever_the_machine_would_stop_at() {
    let mut scene = Scene::masters(3);
    scene.template_api().goaway_millionths = 0;
    told(&scene, "blocked", Severity::Error);
}
