//! Groups that come to a plan later, looks in which the cluster does not answer, and rotations that a person ends.

use super::*;
use crate::invariants::scene::Scene;
use crate::strategy::Strategy;
use crate::{Reason, TemplateId};

fn strategy(group: &str) -> Strategy {
    Strategy::new(GroupId::new(group), TemplateId::new("new"), Some(TemplateId::new("old")))
}

/// Three workers whose group is in no strategy yet, and three masters whose is; nothing was looked at.
fn masters_first() -> Scene {
    let mut scene = Scene::workers(3);
    scene.strategies.groups = vec![strategy("masters")];
    scene.progress = Progress::new(scene.strategies.rotation.clone(), 5_000);
    for group in &mut scene.world.groups {
        group.suspended.clear();
        group.protected = false;
    }
    scene
}

fn decision(scene: &mut Scene) -> Decision {
    scene.world.now += 10;
    if let Some(lock) = &mut scene.world.lock {
        lock.expires_at = scene.world.now + 60;
    }
    scene.progress.looked(&scene.world, &scene.strategies);
    decide(&scene.world, &scene.strategies, &scene.progress)
}

fn groups(decision: &Decision, scene: &Scene) -> Vec<String> {
    let Decision::Steps(steps) = decision else { return Vec::new() };
    let of = |step: &Step| match step.subject() {
        crate::Subject::Group(id) => Some(id.to_string()),
        crate::Subject::Member(id) => {
            let of = scene.world.members.iter().find(|member| member.id == *id);
            of.map(|member| member.group.to_string())
        }
        crate::Subject::Etcd => None,
    };
    steps.iter().filter_map(of).collect()
}

#[test]
fn a_group_that_comes_later_is_met_when_it_comes_and_waits_for_its_turn() {
    let mut scene = masters_first();
    let first = decision(&mut scene);
    assert_eq!(groups(&first, &scene), ["masters"], "{first:?}");
    assert!(scene.progress.of(&GroupId::new("workers")).is_none());
    scene.strategies.groups.push(strategy("workers"));
    scene.world.groups[1].desired = 3;
    let second = decision(&mut scene);
    let met = scene.progress.of(&GroupId::new("workers")).expect("it was met");
    assert_eq!((met.total, met.base.desired, met.touched), (3, 3, false));
    assert_eq!(groups(&second, &scene), ["masters"], "{second:?}");
}

#[test]
fn a_group_that_comes_after_the_others_are_done_is_rotated() {
    let mut scene = masters_first();
    for at in 3..6 {
        scene.fresh(at);
    }
    scene.world.groups[0].template = TemplateId::new("new");
    assert_eq!(decision(&mut scene), Decision::Finished);
    scene.strategies.groups.push(strategy("workers"));
    let next = decision(&mut scene);
    assert_eq!(groups(&next, &scene), ["workers"], "{next:?}");
    assert!(!scene.progress.groups[&GroupId::new("workers")].finished);
}

#[test]
fn the_breaker_counts_over_groups_that_come_later() {
    let mut scene = masters_first();
    scene.strategies.failures_max = 2;
    decision(&mut scene);
    let step = Step::SuspendProcesses { group: GroupId::new("masters") };
    scene.progress.failed(&step, &scene.world, "refused".to_owned());
    scene.strategies.groups.push(strategy("workers"));
    let step = Step::SuspendProcesses { group: GroupId::new("workers") };
    scene.progress.failed(&step, &scene.world, "refused".to_owned());
    let Decision::Paused(pause) = decision(&mut scene) else { panic!("it goes on") };
    assert_eq!(pause.code, Code::Breaker);
}

#[test]
fn masters_that_are_not_in_the_plan_count_for_the_health_of_workers() {
    let mut scene = Scene::workers(3);
    assert!(scene.strategies.of(&GroupId::new("masters")).is_none());
    scene.fine(scene.launch());
    // The first of the masters: workers come before them.
    let master = &mut scene.world.members[3];
    master.api = None;
    scene.progress.looked(&scene.world, &scene.strategies);
    scene.only("N6", scene.launch());
    scene.progress.moved_at = scene.world.now;
    let next = decision(&mut scene);
    assert!(matches!(next, Decision::Waiting(_)), "{next:?}");
}

#[test]
fn masters_that_are_not_in_the_plan_count_for_skew() {
    let mut scene = Scene::workers(3);
    scene.template().kubelet = Some(crate::Version::minor(34));
    scene.only("V1", scene.launch());
}

#[test]
fn nobody_is_dead_because_the_cluster_does_not_answer() {
    for mut scene in [Scene::masters(4), Scene::workers(4)] {
        // All of them were launched by this rotation, so that they would be failed launches.
        scene.progress.started_at = 0;
        for at in 0..4 {
            scene.fresh(at);
        }
        decision(&mut scene);
        scene.blind();
        for _ in 0..400 {
            let next = decision(&mut scene);
            assert!(!matches!(next, Decision::Steps(_)), "{next:?}");
            assert!(scene.progress.failures.is_empty(), "{:?}", scene.progress.failures);
        }
        let index = Index::new(&scene.world, &scene.strategies, &scene.progress);
        for at in index.groups.iter().flat_map(|indexed| &indexed.members) {
            assert!(!matches!(index.reason(*at), Some(Reason::Dead | Reason::FailedLaunch)));
        }
    }
}

#[test]
fn a_drained_worker_is_not_terminated_while_the_cluster_does_not_answer() {
    let mut scene = Scene::workers(4);
    scene.fresh(3);
    scene.drained(0);
    scene.world.members[0].node.as_mut().unwrap().pods = 2;
    scene.progress.moved_at = scene.world.now;
    scene.blind();
    let next = decision(&mut scene);
    let Decision::Waiting(waiting) = &next else { panic!("{next:?}") };
    assert!(waiting.iter().any(|of| of.says.contains("does not answer")), "{waiting:?}");
    assert!(scene.progress.repeat(&scene.world, &scene.strategies).is_empty());
}

#[test]
fn after_an_abort_who_leaves_comes_back_and_the_group_is_given_back() {
    let mut scene = Scene::workers(3);
    scene.mark(0);
    scene.world.members[0].node.as_mut().unwrap().cordoned = true;
    scene.progress.abort(scene.world.now);
    let member = scene.id(0);
    assert_eq!(decision(&mut scene), Decision::Steps(vec![Step::Return { member }]));
    let worker = &mut scene.world.members[0];
    worker.mark = None;
    worker.node.as_mut().unwrap().cordoned = false;
    let group = GroupId::new("workers");
    assert_eq!(decision(&mut scene), Decision::Steps(vec![Step::RestoreGroup { group }]));
    let workers = &mut scene.world.groups[1];
    (workers.protected, workers.max) = (false, 10);
    workers.suspended.clear();
    assert_eq!(decision(&mut scene), Decision::Finished);
    assert!(scene.world.members.iter().all(|member| member.template == TemplateId::new("old")));
}

#[test]
fn after_an_abort_what_is_too_much_leaves() {
    let mut scene = Scene::workers(4);
    scene.fresh(3);
    scene.progress_of().surge = 1;
    scene.progress.abort(scene.world.now);
    let next = decision(&mut scene);
    // The newest of the fullest zone.
    assert_eq!(next, Decision::Steps(vec![Step::Mark { member: scene.id(3) }]));
    scene.mark(3);
    let next = decision(&mut scene);
    assert_eq!(next, Decision::Steps(vec![Step::Cordon { member: scene.id(3) }]));
}

#[test]
fn after_an_abort_nothing_is_begun() {
    let mut scene = masters_first();
    decision(&mut scene);
    scene.progress.abort(scene.world.now);
    assert_eq!(decision(&mut scene), Decision::Finished);
    scene.progress.resume(scene.world.now);
    assert!(matches!(decision(&mut scene), Decision::Steps(_)));
}
