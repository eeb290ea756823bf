//! What goes waits while something that nobody can plan yet still refers to it.

use kprov_plan::{OperationKind, Plan};

use crate::support::{World, lines, same};

const BEFORE: &str = r#"
    resource "terraform_data" "a" {
      input = "a"
    }
    resource "terraform_data" "e" { input = "e" }
    resource "terraform_data" "d" {
      input            = "d"
      triggers_replace = [terraform_data.e.input]
    }
    resource "terraform_data" "x" {
      count = terraform_data.a.id == "" ? 0 : 1
      input = terraform_data.d.input
    }
    resource "terraform_data" "y" { input = terraform_data.d.id }
    resource "terraform_data" "z" { input = "z" }
"#;

/// The world after both phases of `BEFORE`, with another configuration.
fn after(main: &str) -> World {
    let mut world = World::new(&[("main.tf", BEFORE)]);
    for _ in 0..2 {
        let plan = world.planned();
        world.apply(&plan);
    }
    assert!(world.planned().operations.is_empty(), "{}", lines(&world.planned()));
    let mut world = world.configure(&[("main.tf", main)]);
    world.options.replace =
        vec![kprov_core::addr::parse_instance("terraform_data.a").expect("an address")];
    world
}

/// Plans both phases of `main` after `BEFORE`, in which `a` is replaced.
fn check(main: &str, first: &str, second: &str) -> Plan {
    let mut world = after(main);
    let plan = world.planned();
    same(&changes(&plan), first);
    world.apply(&plan);
    world.options.replace = plan.still_to_replace(&world.options.replace);
    same(&changes(&world.planned()), second);
    plan
}

/// All but what stays.
fn changes(plan: &Plan) -> String {
    let text = lines(plan);
    text.lines().filter(|line| !line.starts_with('=')).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_a_deferred_block_still_refers_to_is_deleted_later() {
    check(
        r#"
        resource "terraform_data" "a" { input = "a" }
        resource "terraform_data" "x" {
          count = terraform_data.a.id == "" ? 0 : 1
          input = "new"
        }
        "#,
        r#"
        -/+ terraform_data.a a (ReplaceByRequest)
        - terraform_data.y (DeleteBecauseNoResourceConfig)
        - terraform_data.z (DeleteBecauseNoResourceConfig)
        later terraform_data.x InstanceCountUnknown
        later terraform_data.d DeferredPrerequisite
        later terraform_data.e DeferredPrerequisite
        "#,
        r#"
        - terraform_data.d (DeleteBecauseNoResourceConfig)
        - terraform_data.e (DeleteBecauseNoResourceConfig)
        ~ terraform_data.x[0] new
        "#,
    );
}

#[test]
fn what_is_made_of_a_replacement_that_waits_waits_with_it() {
    check(
        &BEFORE.replace(r#"input = "e""#, r#"input = "f""#),
        "
        -/+ terraform_data.a a (ReplaceByRequest)
        ~ terraform_data.e f
        later terraform_data.x InstanceCountUnknown
        later terraform_data.d DeferredPrerequisite
        later terraform_data.y DeferredPrerequisite
        ",
        "
        -/+ terraform_data.d d (ReplaceBecauseCannotUpdate)
        ~ terraform_data.y ?
        ",
    );
}

#[test]
fn what_a_count_needs_goes_ahead_and_keeps_its_old_object() {
    let cbd = "input = \"a\"\nlifecycle { create_before_destroy = true }";
    let plan = check(
        &BEFORE.replace(r#"input = "a""#, cbd),
        "
        +/- terraform_data.a a (ReplaceByRequest)
        later terraform_data.x InstanceCountUnknown
        ",
        "",
    );
    let kinds: Vec<OperationKind> = plan.operations.iter().map(|it| it.kind).collect();
    assert_eq!(kinds, [OperationKind::Create(0)], "the old object stays, deposed");
}

/// `late` was made with `a` as it was; what it is triggered by changes while it cannot be planned.
const TRIGGERED: &str = r#"
    resource "terraform_data" "a" { input = "a" }
    resource "terraform_data" "t" { input = "t" }
    resource "terraform_data" "late" {
      count = terraform_data.a.id == "" ? 0 : 1
      lifecycle { replace_triggered_by = [terraform_data.t.input] }
    }
    resource "terraform_data" "soon" {
      lifecycle { replace_triggered_by = [terraform_data.t.input] }
    }
"#;

#[test]
fn what_triggered_a_deferred_block_in_an_earlier_phase_still_does() {
    let mut world = World::new(&[("main.tf", TRIGGERED)]);
    for _ in 0..2 {
        let plan = world.planned();
        world.apply(&plan);
    }
    let changed = TRIGGERED.replace("\"t\" { input = \"t\" }", "\"t\" { input = \"u\" }");
    let mut world = world.configure(&[("main.tf", &changed)]);
    world.options.replace =
        vec![kprov_core::addr::parse_instance("terraform_data.a").expect("an address")];
    let first = world.planned();
    same(
        &changes(&first),
        "
        -/+ terraform_data.a a (ReplaceByRequest)
        -/+ terraform_data.soon null (ReplaceByTriggers)
        ~ terraform_data.t u
        later terraform_data.late InstanceCountUnknown
        ",
    );
    world.apply(&first);
    world.options.replace = Vec::new();
    world.earlier.push(std::sync::Arc::new(first));
    let second = world.planned();
    // What could be planned at once was triggered then, and is not again.
    same(&changes(&second), "-/+ terraform_data.late[0] null (ReplaceByTriggers)");
    world.apply(&second);
    world.earlier.push(std::sync::Arc::new(second));
    same(&changes(&world.planned()), "");
}
