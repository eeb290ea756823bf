//! Each thing that can be wrong with a strategy is said, and a strategy that is in order says nothing.

use super::*;
use crate::invariants::scene::Scene;

#[track_caller]
fn says(scene: &Scene, part: &str) {
    let found = scene.strategies.problems(&scene.world);
    let details: Vec<&str> = found.iter().map(|problem| problem.detail.as_str()).collect();
    assert!(details.iter().any(|detail| detail.contains(part)), "{part}: {details:?}");
}

#[test]
fn what_is_in_order_says_nothing() {
    for scene in [Scene::masters(3), Scene::masters(1), Scene::workers(3)] {
        assert!(scene.strategies.problems(&scene.world).is_empty());
    }
}

#[test]
fn amounts_that_nothing_comes_of() {
    let mut scene = Scene::workers(3);
    scene.strategy().max_surge = Amount::Percent(0);
    says(&scene, "max_surge and max_unavailable of workers are both 0");
    scene.strategy().max_surge = Amount::Percent(120);
    says(&scene, "more than all of it");
}

#[test]
fn masters_go_one_by_one() {
    let mut scene = Scene::masters(5);
    scene.strategy().max_surge = Amount::Count(2);
    says(&scene, "one new member at a time");
    // A share of them that comes to more than one is as wrong.
    scene.strategy().max_surge = Amount::Percent(40);
    says(&scene, "one new member at a time");
    scene.strategy().max_surge = Amount::Count(0);
    scene.strategy().max_unavailable = Amount::Count(2);
    says(&scene, "one new member at a time");
    scene.strategy().downtime = true;
    says(&scene, "with 5 masters there need be none");
    let mut scene = Scene::masters(1);
    scene.strategy().max_surge = Amount::Count(0);
    scene.strategy().max_unavailable = Amount::Count(1);
    says(&scene, "Say downtime = true");
    scene.world.groups[0].desired = 2;
    says(&scene, "no majority");
}

#[test]
fn only_masters_have_a_downtime() {
    let mut scene = Scene::workers(1);
    scene.strategy().downtime = true;
    says(&scene, "the group has no masters");
}

#[test]
fn checkpoints_rise() {
    let mut scene = Scene::workers(3);
    let at = |percent: u32| Checkpoint { percent, bake: 0, confirm: false };
    scene.strategy().checkpoints = vec![at(50), at(20)];
    says(&scene, "they must rise");
    scene.strategy().checkpoints = vec![at(0), at(101)];
    says(&scene, "each must be from 1 to 100");
}

#[test]
fn there_is_something_to_rotate_and_a_way_back() {
    let mut scene = Scene::workers(3);
    scene.strategy().on_failure = OnFailure::Rollback;
    scene.strategy().previous = None;
    says(&scene, "no template before this one");
    scene.strategy().good_looks = 0;
    says(&scene, "good_looks of workers is 0");
    scene.strategy().group = GroupId::new("gone");
    says(&scene, "There is no group gone");
    scene.strategies.parallel_groups = 0;
    says(&scene, "parallel_groups is 0");
    scene.strategies.failures_max = 0;
    says(&scene, "failures_max is 0");
    scene.strategies.windows = vec![Window { opens: 5, closes: 5 }];
    says(&scene, "it is never open");
}
