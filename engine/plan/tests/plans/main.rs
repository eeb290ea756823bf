//! Configurations to plans, and plans applied.

mod blocks;
mod drift;
mod hold;
mod nested;
mod rotation;
mod scale;
mod support;
mod together;

use support::{World, lines, same, short, told};

/// Plans `main` on an empty state.
fn check(main: &str, wanted: &str) {
    same(&lines(&World::new(&[("main.tf", main)]).planned()), wanted);
}

/// Applies `main`, and checks outputs; a second plan must be empty.
fn check_apply(files: &[(&str, &str)], wanted: &[(&str, &str)]) {
    let mut world = World::new(files);
    let plan = world.planned();
    let outputs = world.apply(&plan);
    let got: Vec<(String, String)> =
        outputs.iter().map(|(name, value)| (name.to_string(), short(value))).collect();
    let wanted: Vec<(String, String)> =
        wanted.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    assert_eq!(got, wanted);
    let again = world.planned();
    assert!(!again.applyable, "{}", lines(&again));
}

fn errors(files: &[(&str, &str)]) -> String {
    let (_, found, _) = World::new(files).plan();
    found
        .iter()
        .map(|it| {
            let line = it.subject.as_ref().map_or(0, |at| at.start.line);
            format!("{line}: {}", it.summary)
        })
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn resources_refer_to_each_other() {
    check(
        r#"
        locals { n = 2 }
        variable "v" { default = "x" }
        resource "terraform_data" "a" { input = "${var.v}-${local.n}" }
        resource "terraform_data" "b" { input = terraform_data.a.output }
        output "o" { value = terraform_data.b.id }
        output "k" { value = terraform_data.a.input }
        "#,
        r#"
        + terraform_data.a x-2
        + terraform_data.b ?
        + output.k x-2
        + output.o ?
        "#,
    );
}

#[test]
fn repetition() {
    check(
        r#"
        resource "terraform_data" "c" {
          count = 3
          input = count.index
        }
        resource "terraform_data" "e" {
          for_each = { b = 1, a = terraform_data.c[1].input }
          input    = "${each.key}${each.value}"
        }
        resource "terraform_data" "none" { count = 0 }
        output "all" { value = terraform_data.c[*].input }
        output "one" { value = terraform_data.e["a"].input }
        output "none" { value = length(terraform_data.none) }
        "#,
        r#"
        + terraform_data.c[0] 0
        + terraform_data.c[1] 1
        + terraform_data.c[2] 2
        + terraform_data.e["a"] a1
        + terraform_data.e["b"] b1
        + output.all [0,1,2]
        + output.none 0
        + output.one a1
        "#,
    );
}

#[test]
fn modules_take_variables_and_give_outputs() {
    let child = r#"
        variable "name" { type = string }
        variable "size" {
          type    = number
          default = 1
        }
        resource "terraform_data" "x" { input = "${var.name}:${var.size}" }
        output "it" { value = terraform_data.x.output }
        output "name" { value = var.name }
    "#;
    let main = r#"
        module "m" {
          source   = "./m"
          for_each = toset(["a", "b"])
          name     = each.key
          size     = "5"
        }
        module "n" {
          source = "./m"
          name   = module.m["a"].it
        }
        output "names" { value = { for k, m in module.m : k => m.name } }
        output "n" { value = module.n.it }
    "#;
    let files = [("main.tf", main), ("m/main.tf", child)];
    same(
        &lines(&World::new(&files).planned()),
        r#"
        + module.m["a"].terraform_data.x a:5
        + module.m["b"].terraform_data.x b:5
        + module.n.terraform_data.x ?
        + output.n ?
        + output.names {a=a,b=b}
        "#,
    );
    check_apply(&files, &[("n", "a:5:1"), ("names", "{a=a,b=b}")]);
}

#[test]
fn changes_of_a_state() {
    let before = r#"
        resource "terraform_data" "same" { input = 1 }
        resource "terraform_data" "up" { input = 1 }
        resource "terraform_data" "gone" {}
        resource "terraform_data" "c" { count = 2 }
        resource "terraform_data" "re" { triggers_replace = 1 }
        resource "terraform_data" "after" { input = terraform_data.re.id }
    "#;
    let mut world = World::new(&[("main.tf", before)]);
    let plan = world.planned();
    world.apply(&plan);
    let after = r#"
        resource "terraform_data" "same" { input = 1 }
        resource "terraform_data" "up" { input = 2 }
        resource "terraform_data" "c" { count = 1 }
        resource "terraform_data" "re" { triggers_replace = 2 }
        resource "terraform_data" "after" { input = terraform_data.re.id }
    "#;
    let world = world.configure(&[("main.tf", after)]);
    let text = lines(&world.planned());
    let signs: Vec<&str> = text.lines().filter_map(|line| line.split(" (").next()).collect();
    same(
        &signs.join("\n"),
        r#"
        ~ terraform_data.after ?
        = terraform_data.c[0] null
        - terraform_data.c[1]
        - terraform_data.gone
        -/+ terraform_data.re null
        = terraform_data.same 1
        ~ terraform_data.up 2
        "#,
    );
}

#[test]
fn apply_resolves_what_was_unknown() {
    let main = r#"
        resource "terraform_data" "a" { input = "x" }
        locals { id = terraform_data.a.id }
        resource "terraform_data" "b" {
          count = 2
          input = "${local.id}-${count.index}"
        }
        data "terraform_echo" "e" { input = terraform_data.b[1].output }
        output "e" { value = data.terraform_echo.e.output }
        output "b" { value = terraform_data.b[*].output }
    "#;
    check_apply(&[("main.tf", main)], &[("b", "[id-1-0,id-1-1]"), ("e", "id-1-1")]);
}

#[test]
fn data_sources_are_read_in_one_batch_per_level() {
    let main = r#"
        data "terraform_echo" "a" { input = "1" }
        data "terraform_echo" "b" {
          count = 2
          input = "2"
        }
        data "terraform_echo" "c" { input = data.terraform_echo.a.output }
        resource "terraform_data" "x" { input = data.terraform_echo.c.output }
        data "terraform_echo" "later" {
          input      = "3"
          depends_on = [terraform_data.x]
        }
        output "o" { value = data.terraform_echo.later.output }
    "#;
    let world = World::new(&[("main.tf", main)]);
    let (plan, found, answers) = world.plan();
    assert!(!found.has_errors(), "{}", told(&found));
    assert_eq!(
        answers.batches,
        vec![
            vec!["data.terraform_echo.a", "data.terraform_echo.b[0]", "data.terraform_echo.b[1]"],
            vec!["data.terraform_echo.c"],
        ]
    );
    same(
        &lines(&plan),
        r#"
        = data.terraform_echo.a 1
        = data.terraform_echo.b[0] 2
        = data.terraform_echo.b[1] 2
        = data.terraform_echo.c 1
        <= data.terraform_echo.later 3 (ReadBecauseDependencyPending)
        + terraform_data.x 1
        + output.o ?
        "#,
    );
}

#[test]
fn sensitive_values() {
    let main = r#"
        variable "s" {
          default   = "hush"
          sensitive = true
        }
        resource "terraform_data" "a" { input = "x-${var.s}" }
        output "o" {
          value     = terraform_data.a.input
          sensitive = true
        }
    "#;
    check(main, "+ terraform_data.a !x-hush\n+ output.o !x-hush");
    let open =
        "variable \"s\" {\n sensitive = true\n default = 1\n}\noutput \"o\" {\n value = var.s\n}";
    assert_eq!(errors(&[("main.tf", open)]), "5: Output refers to sensitive values");
}

#[test]
fn problems_come_all_at_once() {
    let main = r#"
output "a" { value = terraform_data.zz.id }
output "b" { value = var.zz }
output "c" { value = local.zz }
output "d" { value = module.zz.v }
output "f" { value = zz }
resource "terraform_data" "x" {
  inptu = 1
}
resource "terraform_data" "y" { input = terraform_data.x.outputt }
output "g" { value = uper("a") }
    "#;
    same(
        &errors(&[("main.tf", main)]),
        "2: Reference to undeclared resource
         3: Reference to undeclared input variable
         4: Reference to undeclared local value
         5: Reference to undeclared module
         6: Invalid reference
         8: Unsupported argument
         10: Unsupported attribute
         11: Call to unknown function",
    );
    same(&errors(&[("main.tf", "locals {\n a = local.b\n b = local.a\n}")]), "0: Cycle");
    same(
        &errors(&[("main.tf", "resource \"terraform_data\" \"x\" {\n inptu = 1\n}")]),
        "2: Unsupported argument",
    );
}

#[test]
fn conditions() {
    let main = r#"
variable "v" {
  default = 1
  validation {
    condition     = var.v > 1
    error_message = "too small"
  }
}
"#;
    same(&errors(&[("main.tf", main)]), "2: Invalid value for variable");
    let main = r#"
variable "v" { default = 1 }
resource "terraform_data" "x" {
  input = 1
  lifecycle {
    precondition {
      condition     = var.v == 2
      error_message = "no"
    }
  }
}
resource "terraform_data" "y" {
  input = 1
  lifecycle {
    postcondition {
      condition     = self.input == 2
      error_message = "no"
    }
  }
}
check "c" {
  assert {
    condition     = var.v == 2
    error_message = "warned"
  }
}
"#;
    same(
        &errors(&[("main.tf", main)]),
        "7: Resource precondition failed
         16: Resource postcondition failed
         23: Check block assertion failed",
    );
}

#[test]
fn unknown_repetition_is_left_for_later() {
    let main = r#"
        resource "terraform_data" "a" { input = [1, 2] }
        resource "terraform_data" "b" {
          for_each = toset([terraform_data.a.id])
          input    = each.key
        }
        resource "terraform_data" "c" { input = keys(terraform_data.b) }
        output "o" { value = terraform_data.a.input }
    "#;
    check(
        main,
        r#"
        + terraform_data.a [1,2]
        + output.o [1,2]
        later terraform_data.b InstanceCountUnknown
        later terraform_data.c DeferredPrerequisite
        "#,
    );
    let mut world = World::new(&[("main.tf", main)]);
    world.options.no_defer = true;
    let (_, found, _) = world.plan();
    assert!(told(&found).contains("Invalid for_each argument"), "{}", told(&found));
}

#[test]
fn providers_are_configured_once_and_inherited() {
    let main = r#"
        provider "terraform" { endpoint = "e" }
        provider "terraform" {
          alias    = "b"
          endpoint = terraform_data.a.id
        }
        resource "terraform_data" "a" {}
        resource "terraform_data" "b" { provider = terraform.b }
        module "m" {
          source = "./m"
        }
        module "n" {
          source    = "./m"
          providers = { terraform = terraform.b }
        }
    "#;
    let child = r#"
        resource "terraform_data" "x" {}
    "#;
    let world = World::new(&[("main.tf", main), ("m/main.tf", child)]);
    let (plan, found, answers) = world.plan();
    assert!(!found.has_errors(), "{}", told(&found));
    same(
        &lines(&plan),
        "+ terraform_data.a null
         + module.m.terraform_data.x null
         later terraform_data.b ProviderConfigUnknown
         later module.n.terraform_data.x ProviderConfigUnknown",
    );
    let address = "provider[\"terraform.io/builtin/terraform\"]";
    assert_eq!(
        answers.configured,
        vec![format!("{address} known"), format!("{address}.b unknown")]
    );
}

/// Applies `before` on an empty state, and plans `after` on what that made.
fn check_change(before: &str, after: &str, wanted: &str) {
    let mut world = World::new(&[("main.tf", before)]);
    let plan = world.planned();
    world.apply(&plan);
    let world = world.configure(&[("main.tf", after)]);
    same(&lines(&world.planned()), wanted);
}

#[test]
fn moves_removals_and_triggers() {
    let one = "resource \"terraform_data\" \"a\" {\n input = 1\n}\n";
    check_change(
        one,
        "resource \"terraform_data\" \"b\" {\n input = 1\n}\n\
         moved {\n from = terraform_data.a\n to = terraform_data.b\n}\n",
        "= terraform_data.b 1",
    );
    check_change(
        one,
        "resource \"terraform_data\" \"a\" {\n count = 1\n input = 1\n}\n",
        "= terraform_data.a[0] 1",
    );
    check_change(
        one,
        "removed {\n from = terraform_data.a\n lifecycle {\n destroy = false\n }\n}\n",
        ". terraform_data.a (DeleteBecauseNoResourceConfig)",
    );
    let ignored = |value: &str| {
        format!(
            "resource \"terraform_data\" \"a\" {{\n input = {value}\n lifecycle {{\n \
             ignore_changes = [input]\n }}\n}}\n"
        )
    };
    check_change(&ignored("sensitive(1)"), &ignored("2"), "= terraform_data.a !1");
    let triggered = "resource \"terraform_data\" \"t\" {\n lifecycle {\n \
                     replace_triggered_by = [terraform_data.a.input]\n }\n}\n";
    check_change(
        &format!("{one}{triggered}"),
        &format!("{}{triggered}", one.replace("= 1", "= 2")),
        "~ terraform_data.a 2
         -/+ terraform_data.t null (ReplaceByTriggers)",
    );
}

#[test]
fn what_is_never_known_is_unknown_in_outputs() {
    // Terraform's format() does not tell what a null looks like. The executor stores null.
    let main = r#"
        output "o" { value = format("%s", null) }
        output "n" { value = null }
    "#;
    let mut world = World::new(&[("main.tf", main)]);
    let plan = world.planned();
    let outputs = world.apply(&plan);
    assert!(outputs["n"].is_null() && !outputs["o"].is_known());
}

#[test]
fn a_refresh_evaluates_outputs_with_what_is_there() {
    let mut world = World::new(&[("main.tf", "resource \"terraform_data\" \"a\" { input = 1 }\n")]);
    let plan = world.planned();
    world.apply(&plan);
    let prior = world.prior.clone();
    let mut world = World::new(&[(
        "main.tf",
        "resource \"terraform_data\" \"a\" { input = 2 }\noutput \"o\" { value = terraform_data.a.input }\n",
    )]);
    world.prior = prior;
    world.options.mode = kprov_plan::PlanMode::RefreshOnly;
    let plan = world.planned();
    same(&lines(&plan), "+ output.o 1");
    assert_eq!(world.apply(&plan)["o"], kprov_core::Value::int(1));
}

#[test]
fn an_only_instance_has_no_key() {
    let main = r#"
        resource "terraform_data" "a" {}
        output "index" { value = terraform_data.a[0].id }
        output "old" { value = terraform_data.a.0.id }
        output "key" { value = terraform_data.a["id"] }
        output "computed" { value = terraform_data.a[lower("ID")] }
    "#;
    same(
        &errors(&[("main.tf", main)]),
        "3: Unexpected resource instance key
         4: Unexpected resource instance key
         5: Unexpected resource instance key",
    );
}

#[test]
fn imports() {
    check(
        r#"
        locals { ids = { x = "id-x", y = "id-y" } }
        import {
          for_each = local.ids
          to       = terraform_data.a[each.key]
          id       = each.value
        }
        resource "terraform_data" "a" {
          for_each = local.ids
          input    = each.key
        }
        "#,
        "~ terraform_data.a[\"x\"] x
         ~ terraform_data.a[\"y\"] y",
    );
    let undeclared = "import {\n to = terraform_data.zz\n id = \"x\"\n}\n";
    same(&errors(&[("main.tf", undeclared)]), "2: Configuration for import target does not exist");
}

#[test]
fn targets_and_modes() {
    let main = r#"
        resource "terraform_data" "a" { input = 1 }
        resource "terraform_data" "b" { input = terraform_data.a.id }
        resource "terraform_data" "c" {}
        output "b" { value = terraform_data.b.input }
        output "c" { value = terraform_data.c.id }
    "#;
    let mut world = World::new(&[("main.tf", main)]);
    world.options.targets =
        vec![kprov_core::addr::parse_target("terraform_data.b").expect("an address")];
    let plan = world.planned();
    same(&lines(&plan), "+ terraform_data.a 1\n+ terraform_data.b ?\n+ output.b ?");
    assert!(!plan.complete);
    world.options.targets.clear();
    let plan = world.planned();
    world.apply(&plan);
    world.options.mode = kprov_plan::PlanMode::Destroy;
    let plan = world.planned();
    same(
        &lines(&plan),
        "- terraform_data.a\n- terraform_data.b\n- terraform_data.c\n- output.b null\n- output.c null",
    );
    world.apply(&plan);
    assert!(world.prior.objects.is_empty() && world.prior.outputs.is_empty());
}

#[test]
fn plans_keep_their_invariants() {
    let main = r#"
        resource "terraform_data" "a" { count = 3 }
        resource "terraform_data" "b" {
          count            = 3
          triggers_replace = terraform_data.a[count.index].id
          lifecycle { create_before_destroy = true }
        }
        output "b" { value = terraform_data.b[*].id }
    "#;
    let mut world = World::new(&[("main.tf", main)]);
    let plan = world.planned();
    assert_eq!(kprov_plan::change::lint::lint(&plan), Vec::<String>::new());
    // One instance waits for the one that it refers to, not for its siblings.
    let edges: usize = plan.operations.iter().map(|operation| operation.after.len()).sum();
    assert_eq!(edges, 3, "{:?}", plan.operations);
    world.apply(&plan);
    world.options.replace =
        vec![kprov_core::addr::parse_instance("terraform_data.a[1]").expect("an address")];
    let plan = world.planned();
    assert_eq!(kprov_plan::change::lint::lint(&plan), Vec::<String>::new());
    let text = lines(&plan);
    assert!(text.contains("+/- terraform_data.a[1] null (ReplaceByRequest)"), "{text}");
    assert!(text.contains("+/- terraform_data.b[1]"), "{text}");
}

#[test]
fn only_a_normal_plan_leaves_things_to_a_later_phase() {
    use kprov_plan::PlanMode;
    let main = r#"
        resource "terraform_data" "a" { input = "x" }
        resource "terraform_data" "b" { count = terraform_data.a.id == "" ? 0 : 1 }
    "#;
    for (mode, later) in [(PlanMode::Normal, 1), (PlanMode::Destroy, 0), (PlanMode::RefreshOnly, 0)]
    {
        let mut world = World::new(&[("main.tf", main)]);
        world.options.mode = mode;
        assert_eq!(world.planned().deferred.len(), later, "{mode:?}");
    }
}

/// What is recorded reaches, through what has no objects, what Terraform records.
#[test]
fn dependencies_reach_through_blocks_without_objects() {
    let main = r#"
        resource "terraform_data" "a" {}
        resource "terraform_data" "none" {
          count = 0
          input = terraform_data.a.id
        }
        resource "terraform_data" "b" { input = length(terraform_data.none) }
        resource "terraform_data" "c" { input = terraform_data.b.id }
        module "m" {
          source = "./m"
          count  = 1
        }
        resource "terraform_data" "whole" { input = module.m[*].o }
        resource "terraform_data" "part" { input = module.m[0].o }
    "#;
    let inner = r#"
        resource "terraform_data" "seen" {}
        resource "terraform_data" "unseen" {}
        output "o" { value = terraform_data.seen.id }
    "#;
    let plan = World::new(&[("main.tf", main), ("m/main.tf", inner)]).planned();
    let check = |name: &str, expect: &[&str]| {
        let mut found = plan.changes.iter().filter(|change| change.addr.to_string() == name);
        let dependencies = &found.next().expect("a change").dependencies;
        let texts: Vec<String> = dependencies.iter().map(ToString::to_string).collect();
        assert_eq!(texts, expect, "{name}");
    };
    check("terraform_data.a", &[]);
    check("terraform_data.b", &["terraform_data.a", "terraform_data.none"]);
    check("terraform_data.c", &["terraform_data.b"]);
    check("terraform_data.part", &["module.m.terraform_data.seen"]);
    check(
        "terraform_data.whole",
        &["module.m.terraform_data.seen", "module.m.terraform_data.unseen"],
    );
}

#[test]
fn removed_blocks_say_farewell() {
    let one = "resource \"terraform_data\" \"a\" {\n input = 1\n}\n";
    let check = |before: &[(&str, &str)], removed: &str, expect: &[&str]| {
        let mut world = World::new(before);
        let plan = world.planned();
        world.apply(&plan);
        let provisioner = "provisioner \"local-exec\" {\n when = destroy\n \
                           command = \"bye ${self.input}\"\n }\n";
        let main = format!("removed {{\n from = {removed}\n {provisioner}}}\n");
        let mut world = world.configure(&[("main.tf", &main)]);
        let plan = world.planned();
        world.apply(&plan);
        assert_eq!(world.farewells, expect, "{removed}");
    };
    check(&[("main.tf", one)], "terraform_data.a", &["bye 1"]);
    let call = "module \"m\" {\n source = \"./m\"\n}\n";
    let inside = [("main.tf", call), ("m/main.tf", one)];
    check(&inside, "module.m.terraform_data.a", &["bye 1"]);
}
