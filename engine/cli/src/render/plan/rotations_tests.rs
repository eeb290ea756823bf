//! What plans say of rotations. The snapshots are read by people before they are taken.

use kprov_core::Value;
use kprov_ops::rotation::PlannedRotation;
use kprov_plan::{Action, OutdatedMember};
use serde_json::{Value as Json, json};

use super::super::{Schemas, Style};
use super::testing::{change, plan_of};
use super::{plan, rotations};

/// The steps of a group of workers whose members `i-0`, `i-1`, .. leave one after the other, each after 300 s.
fn steps(members: usize) -> Vec<Json> {
    let mut all =
        vec![json!({"at": 0, "says": "suspend processes of workers", "step": "suspend_processes",
                              "group": "workers", "of_group": "workers"})];
    for at in 0..members {
        let start = at * 300;
        let new = format!("~{at:08}-workers");
        let old = format!("i-{at}");
        let of = |step: &str, member: &str, seconds: usize, says: String| json!({"at": start + seconds, "says": says, "step": step, "member": member, "of_group": "workers"});
        all.push(json!({"at": start + 2, "says": "launch in workers from (known after apply) up to 4", "step": "launch",
                        "group": "workers", "template": "(known after apply)", "desired": 4, "zone": null,
                        "of_group": "workers"}));
        all.push(of(
            "complete_launch",
            &new,
            160,
            format!("complete launch new machine {}", at + 1),
        ));
        for (number, step) in ["mark", "cordon", "exclude", "drain"].into_iter().enumerate() {
            all.push(of(step, &old, 180 + 2 * number, format!("{step} {old}")));
        }
        let terminate = json!({"at": start + 250, "says": format!("terminate {old}"), "step": "terminate",
                               "member": old, "decrement": true, "of_group": "workers"});
        all.push(terminate);
        all.push(of("delete_node", &old, 290, format!("delete node {old}")));
    }
    all.push(
        json!({"at": members * 300, "says": "restore group of workers", "step": "restore_group",
                    "group": "workers", "of_group": "workers"}),
    );
    all
}

fn rotation(members: usize, measured: usize) -> PlannedRotation {
    let replaced = (0..members).map(|at| {
        json!({"machine": format!("i-{at}"), "zone": format!("us-east-1{}", ["a", "b", "c"][at % 3]),
               "reason": "its template has changed", "leaves": [at * 300 + 180, at * 300 + 290]})
    });
    let json = json!({
        "cluster": "production.example",
        "continues": null,
        "groups": [{
            "address": "aws_autoscaling_group.w", "group": "workers", "role": "worker",
            "template_before": "lt-0abc/3", "template_after": null,
            "template_address": "aws_launch_template.w", "template_changes": ["image_id", "user_data"],
            "size": members, "members": replaced.collect::<Vec<_>>(),
        }],
        "steps": steps(members),
        "seconds": members * 300, "estimate": {"measured_steps": measured},
        "surge_machines": 1, "surge_machine_seconds": members * 250, "confirmations": 0,
        "findings": [], "unchecked": [],
    });
    serde_json::from_value(json).unwrap()
}

fn shown(all: &[PlannedRotation]) -> String {
    rotations(all, false, Style::plain())
}

#[test]
fn members_stand_in_order_the_first_with_its_steps() {
    insta::assert_snapshot!(shown(&[rotation(3, 42)]));
    assert_eq!(shown(&[]), "");
}

#[test]
fn a_hundred_members_are_a_line_each() {
    let text = shown(&[rotation(100, 0)]);
    assert!(
        text.contains("100. i-99 in us-east-1a: its template has changed; from 8h18m0s to"),
        "{text}"
    );
    let lines = text.lines().count();
    assert!((100..125).contains(&lines), "{lines}");
}

#[test]
fn what_blocks_and_what_was_not_checked_is_told() {
    let mut rotation = rotation(1, 0);
    let findings = json!([
        {"code": "budget", "severity": "error", "address": "aws_autoscaling_group.w",
         "says": "The budget shop/web never lets a pod go, and some are on i-0. Give it one replica more, or let it miss one."},
        {"code": "capacity", "severity": "warning", "address": null,
         "says": "No machine of workers can be had in us-east-1a now."},
    ]);
    rotation.findings = serde_json::from_value(findings).unwrap();
    rotation.unchecked = vec![
        "The cluster production.example does not answer (timed out): its nodes were not checked."
            .to_owned(),
    ];
    rotation.confirmations = 2;
    rotation.continues = Some("r-7".to_owned());
    rotation.groups[0].template_after = rotation.groups[0].template_before.clone();
    rotation.groups[0].template_changes.clear();
    insta::assert_snapshot!(shown(&[rotation]));
}

#[test]
fn groups_that_were_not_looked_at_are_told_by_what_is_known() {
    let mut rotation = rotation(0, 0);
    rotation.steps.clear();
    rotation.unchecked = vec!["Groups and cluster were not looked at (-refresh=false).".to_owned()];
    insta::assert_snapshot!(shown(&[rotation]));
}

#[test]
fn concise_is_a_line_for_each_group() {
    insta::assert_snapshot!(rotations(&[rotation(3, 42)], true, Style::plain()));
}

/// Names come from outside.
#[test]
fn control_characters_do_not_reach_the_terminal() {
    let mut rotation = rotation(1, 0);
    rotation.cluster = "evil\u{1b}[2J".to_owned();
    rotation.groups[0].members[0].reason = "\u{1b}[2J".to_owned();
    rotation.steps[0].says = "\u{1b}[2J".to_owned();
    assert!(!shown(&[rotation]).contains('\u{1b}'));
}

#[test]
fn an_object_that_only_rotates_is_told_without_its_attributes() {
    let value = || Value::object([("id", Value::from("workers")), ("size", Value::int(3))]);
    let mut rotated = change("t.w", Action::Update, value(), value());
    let outdated =
        OutdatedMember { machine: "i-0".into(), reason: "it was changed by hand".into() };
    rotated.outdated = vec![outdated];
    insta::assert_snapshot!(plan(&plan_of(vec![rotated]), Schemas::default(), Style::plain()));
}
