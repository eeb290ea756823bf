//! Which of what changed outside is told: what the plan's changes are made of.

use kprov_core::Value;
use kprov_core::addr::parse_instance;

use crate::support::World;

/// `a`, and far from it something that is made of `taken`.
fn files(taken: &'static str, other: &str) -> [(&'static str, String); 2] {
    let main = format!(
        r#"
        resource "terraform_data" "a" {{ input = "a" }}
        module "far" {{
          source = "./far"
          given  = {taken}
        }}
        output "shown" {{ value = module.far.made }}
        "#
    );
    let far = format!(
        r#"
        variable "given" {{ type = any }}
        locals {{ taken = [for it in [var.given] : it] }}
        resource "terraform_data" "between" {{ input = local.taken }}
        resource "terraform_data" "user" {{
          input            = terraform_data.between.id
          triggers_replace = "{other}"
        }}
        output "made" {{ value = terraform_data.user.id }}
        "#
    );
    [("main.tf", main), ("far/main.tf", far)]
}

fn borrowed<'f>(files: &'f [(&'static str, String); 2]) -> [(&'f str, &'f str); 2] {
    [(files[0].0, &files[0].1), (files[1].0, &files[1].1)]
}

/// After an apply, `a` has another output, and the module's resource another trigger. Is it told?
fn told(taken: &'static str, trigger: &str) -> bool {
    let mut world = World::new(&borrowed(&files(taken, "one")));
    let plan = world.planned();
    world.apply(&plan);
    let mut world = world.configure(&borrowed(&files(taken, trigger)));
    world.previous = Some(world.prior.clone());
    let addr = parse_instance("terraform_data.a").expect("an address").current();
    let object = world.prior.objects.get_mut(&addr).expect("an object");
    let value = object.value.clone();
    let entries = ["id", "input", "output", "triggers_replace"].map(|name| {
        let old = value.get(name).cloned().unwrap_or(Value::NULL);
        (name, if name == "output" { Value::from("other") } else { old })
    });
    object.value = Value::object(entries);
    let plan = world.planned();
    assert_eq!(plan.drift.len(), 1, "it did change");
    plan.drift[0].relevant
}

#[test]
fn an_attribute_that_a_change_is_made_of() {
    assert!(told("terraform_data.a.output", "two"), "through variable, local and what is between");
    assert!(told("terraform_data.a", "two"), "as part of the whole");
    assert!(told("terraform_data.a[*].output", "two"), "a splat takes it whole");
}

#[test]
fn an_attribute_that_no_change_is_made_of() {
    assert!(!told("terraform_data.a.id", "two"), "another attribute is used");
    assert!(!told("\"constant\"", "two"), "nothing is used");
    assert!(!told("terraform_data.a.id", "one"), "nothing changes");
}
