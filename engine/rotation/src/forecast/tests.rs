//! What a plan shows, step by step.

use super::*;
use crate::invariants::scene::Scene;
use crate::{Amount, Checkpoint, TemplateId};

fn of(scene: &Scene) -> Forecast {
    forecast(&scene.world, &scene.strategies, &Durations::default())
}

fn names(forecast: &Forecast) -> Vec<&'static str> {
    forecast.steps.iter().map(|planned| planned.step.name()).collect()
}

#[test]
fn one_master_after_the_other_and_the_leader_last() {
    let forecast = of(&Scene::masters(3));
    assert_eq!(forecast.stops, None);
    let gone: Vec<&str> = forecast
        .steps
        .iter()
        .filter(|planned| matches!(planned.step, Step::Mark { .. }))
        .map(|planned| planned.member.as_ref().unwrap().as_str())
        .collect();
    assert_eq!(gone, ["m0", "m1", "m2"]);
    let first: Vec<&str> = names(&forecast).into_iter().take(10).collect();
    assert_eq!(
        first,
        [
            "launch",
            "complete launch",
            "mark",
            "cordon",
            "exclude from balancers",
            "deregister",
            "drain",
            "stop API server",
            "remove etcd member",
            "terminate",
        ]
    );
    assert!(names(&forecast).contains(&"move leader"));
    assert_eq!(forecast.surge_peak, 1);
    assert!(forecast.steps.iter().any(|planned| planned.reason == Some(Reason::Template)));
    // Derived floor of KUBERNETES-FACTS.md, section 5: 14 to 20 minutes for three masters.
    assert!((800..1600).contains(&forecast.takes), "{}", forecast.takes);
}

#[test]
fn the_only_master_in_place() {
    let mut scene = Scene::masters(1);
    scene.in_place();
    scene.world.groups[0].template = TemplateId::new("old");
    let forecast = of(&scene);
    assert_eq!(forecast.stops, None);
    assert_eq!(
        names(&forecast),
        [
            "use template",
            "mark",
            "cordon",
            "exclude from balancers",
            "drain",
            "stop API server",
            "terminate",
            "delete node",
            "complete launch",
        ]
    );
    assert_eq!((forecast.surge_peak, forecast.surge_seconds), (0, 0));
}

#[test]
fn a_canary_and_then_as_many_as_may_be_more() {
    let mut scene = Scene::workers(3);
    scene.strategy().max_surge = Amount::Count(3);
    scene.strategy().checkpoints = vec![Checkpoint { percent: 50, bake: 600, confirm: true }];
    let forecast = of(&scene);
    assert_eq!((&forecast.stops, forecast.confirmations), (&None, 1));
    let launches: Vec<u32> = forecast
        .steps
        .iter()
        .filter_map(|planned| match planned.step {
            Step::Launch { desired, .. } => Some(desired),
            _ => None,
        })
        .collect();
    assert_eq!(launches[0], 4);
    assert!(forecast.takes > 600);
}

#[test]
fn nothing_is_planned_where_nothing_is_outdated() {
    let mut scene = Scene::workers(3);
    for at in 0..3 {
        scene.fresh(at);
    }
    let forecast = of(&scene);
    assert_eq!((forecast.steps, forecast.stops), (Vec::new(), None));
}
