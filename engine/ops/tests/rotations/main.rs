//! What plans say of rotations, under a sky that says what a test wants; and what people see of those that are under way.

#![allow(clippy::unwrap_used, reason = "a failed test says where")]

mod named;
mod sky;
mod store;

use kprov_core::Severity;
use kprov_ops::rotation::PlannedRotation;
use kprov_ops::{PlanFile, PlanRequest, Planned, plan_document};
use kprov_plan::Action;
use kprov_provider::rotation::world::{Budget, Kind};
use kprov_provider::rotation::{BudgetName, MachineId, TemplateId, Version};
use kprov_state::{RotationChange, StepDuration};
use sky::Place;

/// A template of an image, and a group of it whose block has this.
fn main(image: &str, rotation: &str) -> String {
    format!(
        r#"
resource "cloud_template" "w" {{
  image     = "{image}"
  user_data = "hush-{image}"
}}
resource "cloud_group" "w" {{
  name     = "workers"
  template = "${{cloud_template.w.id}}/${{cloud_template.w.version}}"
  {rotation}
}}
"#
    )
}

const ROTATION: &str = r#"lifecycle {
  rotation {
    cluster            = "demo"
    kubeconfig         = "kubeconfig"
    kubernetes_version = "1.36.3"
  }
}"#;

/// Applied, with so many machines.
fn of(count: usize) -> Place {
    let place = Place::new();
    place.apply(&main("a", ROTATION));
    place.sky.workers("workers", count, "lt-1/1");
    place
}

#[track_caller]
fn only(planned: &Planned) -> &PlannedRotation {
    let [rotation] = planned.rotations.as_slice() else { panic!("{:?}", planned.rotations) };
    rotation
}

fn action(planned: &Planned) -> Action {
    let group = |change: &&kprov_plan::Change| change.addr.to_string() == "cloud_group.w";
    planned.plan.changes.iter().find(group).expect("the group").action
}

#[test]
fn without_a_block_nobody_is_asked() {
    let place = Place::new();
    place.apply(&main("a", ""));
    place.sky.workers("workers", 3, "lt-1/0");
    let planned = place.plan(&main("b", ""));
    assert_eq!(action(&planned), Action::Update);
    assert!(planned.rotations.is_empty());
    let said = place.sky.said();
    assert_eq!((said.group_looks, said.cluster_looks), (0, 0));
}

#[test]
fn a_new_template_replaces_all_members_in_order_and_says_why() {
    let place = of(3);
    let planned = place.plan(&main("b", ROTATION));
    let rotation = only(&planned);
    assert_eq!((rotation.cluster.as_str(), &rotation.continues), ("demo", &None));
    let [group] = rotation.groups.as_slice() else { panic!("{:?}", rotation.groups) };
    assert_eq!(
        (group.address.as_str(), group.role, group.size),
        ("cloud_group.w", Kind::Worker, 3)
    );
    assert_eq!(group.template_before.as_deref(), Some("lt-1/1"));
    assert_eq!(group.template_after, None, "its version is not known yet");
    assert_eq!(group.template_address.as_deref(), Some("cloud_template.w"));
    assert_eq!(group.template_changes, ["image", "user_data"]);
    let machines: Vec<&str> = group.members.iter().map(|it| it.machine.as_str()).collect();
    assert_eq!(machines, ["i-000", "i-001", "i-002"]);
    assert!(group.members.iter().all(|it| it.reason == "its template has changed"), "{group:?}");
    let times: Vec<_> = group.members.iter().map(|it| it.leaves.unwrap()).collect();
    assert!(times.windows(2).all(|pair| pair[0].1 <= pair[1].0), "one after the other: {times:?}");
    let says: Vec<&str> = rotation.steps.iter().map(|step| step.says.as_str()).collect();
    assert!(says.contains(&"launch in workers from (known after apply) up to 4"), "{says:?}");
    assert!(says.contains(&"complete launch new machine 1"), "{says:?}");
    assert!(says.contains(&"drain i-000"), "{says:?}");
    assert_eq!(rotation.surge_machines, 1);
    assert!(rotation.seconds >= times[2].1, "{}", rotation.seconds);
    assert!(rotation.findings.is_empty() && rotation.unchecked.is_empty(), "{rotation:?}");
    assert!(!planned.plan.errored && planned.plan.applyable);
}

#[test]
fn what_is_outdated_is_rotated_though_nothing_changes() {
    let place = of(3);
    assert_eq!(action(&place.plan(&main("a", ROTATION))), Action::NoOp);
    {
        let mut said = place.sky.said();
        let group = said.groups.values_mut().next().unwrap();
        group.members[1].template = TemplateId::new("lt-1/0");
        group.members[2].changed = true;
    }
    let planned = place.plan(&main("a", ROTATION));
    assert_eq!(action(&planned), Action::Update);
    let group = &only(&planned).groups[0];
    let told: Vec<(&str, &str)> =
        group.members.iter().map(|it| (it.machine.as_str(), it.reason.as_str())).collect();
    assert_eq!(told, [("i-001", "its template has changed"), ("i-002", "it was changed by hand")]);
    assert_eq!(group.template_after.as_deref(), Some("lt-1/1"));
}

#[test]
fn without_a_refresh_nobody_is_asked_and_it_is_said() {
    let place = of(3);
    place.sky.said().groups.values_mut().next().unwrap().members[1].changed = true;
    let looks = place.sky.said().group_looks;
    let request = PlanRequest { skip_refresh: true, ..PlanRequest::default() };
    let planned = place.plan_as(&main("a", ROTATION), &request);
    assert_eq!(action(&planned), Action::NoOp);
    let planned = place.plan_as(&main("b", ROTATION), &request);
    assert!(!planned.problems.has_errors(), "{:?}", planned.problems);
    let rotation = only(&planned);
    assert!(rotation.steps.is_empty() && rotation.unchecked[0].contains("-refresh=false"));
    assert_eq!(place.sky.said().group_looks, looks);
}

#[test]
fn a_cluster_that_does_not_answer_is_a_warning_and_the_steps_are_told() {
    let place = of(3);
    place.sky.said().cluster = None;
    let planned = place.plan_as(&main("b", ROTATION), &PlanRequest::default());
    assert!(!planned.problems.has_errors(), "{:?}", planned.problems);
    let told = planned.problems.iter().find(|it| it.summary.as_str() == "Rotation not checked");
    let told = told.expect("a warning");
    assert!(told.detail.contains("demo does not answer"), "{}", told.detail);
    let rotation = only(&planned);
    assert_eq!(rotation.groups[0].members.len(), 3);
    assert!(rotation.steps.iter().any(|step| step.says == "drain i-000"), "{:?}", rotation.steps);
}

#[test]
fn a_kubeconfig_that_only_apply_knows_is_a_warning_too() {
    let place = of(3);
    let late = ROTATION.replace("\"kubeconfig\"", "\"k-${cloud_template.w.version}\"");
    let planned = place.plan_as(&main("b", &late), &PlanRequest::default());
    assert!(!planned.problems.has_errors(), "{:?}", planned.problems);
    let told = planned.problems.iter().any(|it| it.detail.contains("is known after apply only"));
    assert!(told, "{:?}", planned.problems);
    let rotation = only(&planned);
    assert!(rotation.steps.iter().any(|step| step.says == "drain i-000"), "{:?}", rotation.steps);
}

#[test]
fn a_cloud_that_does_not_answer_is_an_error() {
    let place = of(3);
    place.sky.said().unreachable = true;
    let told = place.refused(&main("b", ROTATION), &PlanRequest::default());
    assert!(told.contains("The cloud does not answer."), "{told}");
}

#[test]
fn what_would_block_is_an_error_of_the_plan_which_is_shown() {
    let place = of(3);
    {
        let mut said = place.sky.said();
        let budgets = &mut said.cluster.as_mut().unwrap().budgets;
        budgets.push(Budget {
            name: BudgetName::new("shop/web"),
            machines: vec![MachineId::new("i-001")],
            allowed: 0,
            satisfiable: false,
        });
    }
    let planned = place.plan_as(&main("b", ROTATION), &PlanRequest::default());
    assert!(planned.plan.errored && !planned.plan.applyable);
    let told: Vec<&str> = planned.problems.iter().map(|it| it.detail.as_str()).collect();
    assert!(told.iter().any(|it| it.contains("shop/web never lets a pod go")), "{told:?}");
    let finding = &only(&planned).findings[0];
    assert_eq!((finding.code.as_str(), finding.severity), ("budget", Severity::Error));
    assert_eq!(finding.address.as_deref(), Some("cloud_group.w"));
    assert_eq!(only(&planned).groups[0].members.len(), 3, "what is in the way of what");
    // What is not rotated is not blocked.
    assert!(!place.plan(&main("a", ROTATION)).plan.errored);
}

#[test]
fn versions_that_do_not_go_together_are_an_error() {
    let place = of(3);
    {
        let mut said = place.sky.said();
        let cluster = said.cluster.as_mut().unwrap();
        let api = kprov_provider::rotation::world::Api {
            version: Version::minor(36),
            ready: true,
            serving: true,
            shutdown_delay: 60,
        };
        let master = kprov_provider::rotation::MasterView { api, settings: None };
        cluster.masters.insert(MachineId::new("i-900"), master);
    }
    let newer = ROTATION.replace("1.36.3", "1.37.0");
    let planned = place.plan_as(&main("b", &newer), &PlanRequest::default());
    assert!(planned.plan.errored);
    let told = planned.problems.iter().any(|it| it.detail.contains("newer than the API servers"));
    assert!(told, "{:?}", planned.problems);
}

#[test]
fn estimates_come_from_what_was_measured() {
    let place = of(3);
    let usual = only(&place.plan(&main("b", ROTATION))).clone();
    assert_eq!(usual.estimate.measured_steps, 0);
    let duration = |step: &str, seconds| StepDuration {
        cluster: "demo".to_owned(),
        role: "worker".to_owned(),
        step: step.to_owned(),
        seconds,
        at: "2026-01-01T00:00:00Z".to_owned(),
    };
    let durations = vec![duration("drain", 1000), duration("drain", 1000), duration("mark", 9)];
    let change = RotationChange { durations, ..RotationChange::default() };
    store::append(&place.project, &[], &change);
    let measured = only(&place.plan(&main("b", ROTATION))).clone();
    assert_eq!(measured.estimate.measured_steps, 2);
    assert!(measured.seconds > usual.seconds + 2000, "{} {}", measured.seconds, usual.seconds);
}

#[test]
fn a_saved_plan_has_it_and_its_json_too() {
    let place = of(3);
    let planned = place.plan(&main("b", ROTATION));
    let file = PlanFile::of(&planned, &place.project);
    let bytes = file.encode(&place.project.vault, &*place.project.host).unwrap();
    let read = PlanFile::decode(&bytes, "p", &place.project.vault).unwrap();
    assert_eq!(read.rotations, planned.rotations);
    let json = &plan_document(&place.project, &read)["kprov_rotations"][0];
    assert_eq!(json["groups"][0]["members"][0]["machine"], "i-000");
    assert_eq!(json["steps"].as_array().unwrap().len(), planned.rotations[0].steps.len());
    assert!(json["steps"].as_array().unwrap().iter().any(|step| step["step"] == "drain"), "{json}");
    assert!(!json.to_string().contains("hush"), "{json}");
    let quiet = PlanFile::of(&place.plan(&main("a", ROTATION)), &place.project);
    assert!(plan_document(&place.project, &quiet).get("kprov_rotations").is_none());
}

#[test]
fn a_hundred_members_are_all_told() {
    let place = of(100);
    let surge = ROTATION.replace("cluster ", "max_surge = \"10%\"\n cluster ");
    let planned = place.plan(&main("b", &surge));
    let rotation = only(&planned);
    assert_eq!((rotation.groups[0].members.len(), rotation.surge_machines), (100, 10));
    assert!(rotation.groups[0].members.iter().all(|it| it.leaves.is_some()));
}

#[test]
fn a_destroy_looks_at_nothing() {
    let place = of(3);
    let looks = place.sky.said().group_looks;
    let request = PlanRequest { mode: kprov_plan::PlanMode::Destroy, ..PlanRequest::default() };
    let planned = place.plan_as(&main("a", ROTATION), &request);
    assert!(planned.rotations.is_empty() && !planned.problems.has_errors());
    assert_eq!(place.sky.said().group_looks, looks);
}
