//! Providers see what is planned together, and where unknown values will come from.

use crate::support::World;

const MAIN: &str = r#"
resource "terraform_data" "a" { input = "lonely" }
resource "terraform_data" "z" { input = "any" }
locals { x = terraform_data.a.output }
module "m" {
  source = "./m"
  x      = local.x
}
resource "terraform_data" "b" { input = terraform_data.a.id }
resource "terraform_data" "c" { input = "${terraform_data.a.id} ${terraform_data.z.id}" }
resource "terraform_data" "d" { input = terraform_data.z.id }
resource "terraform_data" "f" {
  for_each = { k = terraform_data.z.id }
  input    = coalesce(each.value, terraform_data.a.id)
}
resource "terraform_data" "g" {
  for_each = { k = "known" }
  input    = "${each.value}${terraform_data.a.id}"
}
module "n" {
  source   = "./m"
  for_each = { k = terraform_data.z.id }
  x        = coalesce(each.value, terraform_data.a.id)
}
resource "terraform_data" "e" {
  input            = "x"
  triggers_replace = terraform_data.a.id
}
"#;

const MODULE: &str = r#"
variable "x" {}
resource "terraform_data" "m" { input = var.x }
"#;

#[test]
fn an_unknown_value_is_told_by_the_one_instance_that_it_comes_from() {
    let world = World::new(&[("main.tf", MAIN), ("m/main.tf", MODULE)]);
    let (plan, found, _) = world.plan();
    let told: Vec<String> = found
        .iter()
        .map(|it| {
            let line = it.subject.as_ref().map_or(0, |at| at.start.line);
            let addr = it.address.as_ref().map(ToString::to_string).unwrap_or_default();
            format!("{line} {addr}: {}: {}", it.summary, it.detail)
        })
        .collect();
    assert_eq!(
        told,
        [
            "3 module.m.terraform_data.m: Not lonely: input: It comes from terraform_data.a.",
            "9 terraform_data.b: Not lonely: input: It comes from terraform_data.a.",
            "16 terraform_data.g[\"k\"]: Not lonely: input: It comes from terraform_data.a.",
        ]
    );
    assert!(plan.errored);
}

#[test]
fn what_only_rotates_is_a_part_and_is_not_looked_at_together() {
    let group = "resource \"terraform_group\" \"g\" {\n lifecycle {\n rotation {\n cluster = \
                 terraform_data.b.output\n }\n }\n}\n";
    let main = format!("{MAIN}\n{group}");
    let mut world = World::new(&[("main.tf", &main), ("m/main.tf", MODULE)]);
    world.options.rotate_only = true;
    let plan = world.planned();
    let planned: Vec<String> = plan.changes.iter().map(|it| it.addr.to_string()).collect();
    assert_eq!(planned, ["terraform_data.a", "terraform_data.b", "terraform_group.g"]);
}
