//! `rotation` blocks: what they say of each instance, outdated members, order within a cluster, `-rotate-only`.

use kprov_core::addr::{parse_instance, parse_target};
use kprov_plan::{Action, OperationKind, OutdatedMember, Plan};

use crate::support::{World, lines, said, same, told};
use crate::{check, errors};

/// What the changes' blocks say, one a line.
fn rotations(plan: &Plan) -> String {
    let of = |change: &kprov_plan::Change| {
        Some(format!("{} {}\n", change.addr, said(change.rotation.as_ref()?)))
    };
    plan.changes.iter().filter_map(of).collect()
}

/// The world in which `main` was applied.
fn applied(main: &str) -> World {
    let mut world = World::new(&[("main.tf", main)]);
    let plan = world.planned();
    world.apply(&plan);
    world.rotations.clear();
    world
}

/// A member of that group that is not what it should be.
fn outdate(world: &mut World, addr: &str) {
    let member = OutdatedMember { machine: "i-1".into(), reason: "it is dead".into() };
    world.outdated.insert(parse_instance(addr).expect("an address"), vec![member]);
}

#[test]
fn a_block_is_evaluated_for_each_instance() {
    let main = r#"
        variable "surge" { default = 2 }
        locals { cluster = "production" }
        resource "terraform_data" "key" { input = "k" }
        resource "terraform_group" "one" {
          count = 2
          lifecycle {
            rotation {
              role       = count.index == 0 ? "master" : "worker"
              cluster    = local.cluster
              max_surge  = count.index == 0 ? 1 : var.surge
              kubeconfig = terraform_data.key.output
            }
          }
        }
        resource "terraform_group" "each" {
          for_each = { a = ["x", "y"], b = [] }
          lifecycle {
            rotation {
              checkpoint { percent = 50 }
              hook "verified" {
                name = each.key
                note {
                  text  = "of ${each.key}"
                  token = "hunter2"
                }
              }
              dynamic "hook" {
                for_each = each.value
                labels   = ["launched"]
                content {
                  note { text = hook.value }
                }
              }
              dynamic "hook" {
                for_each = { draining = 1 }
                iterator = it
                labels   = tolist([it.key])
                content {
                  ask {}
                }
              }
            }
          }
        }
    "#;
    let world = applied(main);
    let plan = world.planned();
    assert!(!plan.applyable, "{}", lines(&plan));
    same(
        &rotations(&plan),
        r#"
        terraform_group.each["a"] {checkpoint=[{percent=50}],hook=[{name=a,note={text=of a,token=!hunter2},when=verified},{note={text=x},when=launched},{note={text=y},when=launched},{ask={},when=draining}],window=[]}
        terraform_group.each["b"] {checkpoint=[{percent=50}],hook=[{name=b,note={text=of b,token=!hunter2},when=verified},{ask={},when=draining}],window=[]}
        terraform_group.one[0] {checkpoint=[],cluster=production,hook=[],kubeconfig=!k,max_surge=1,role=master,window=[]}
        terraform_group.one[1] {checkpoint=[],cluster=production,hook=[],kubeconfig=!k,max_surge=2,role=worker,window=[]}
        "#,
    );
}

const GROUP: &str = r#"
    variable "template" { default = "v1" }
    resource "terraform_data" "key" { input = var.template }
    resource "terraform_group" "g" {
      input = var.template
      lifecycle {
        rotation { kubeconfig = terraform_data.key.output }
      }
    }
"#;

#[test]
fn what_is_not_known_yet_is_evaluated_anew_when_the_update_begins() {
    let mut world = applied(GROUP);
    world.variables.insert("template".into(), "v2".into());
    let plan = world.planned();
    same(&lines(&plan), "~ terraform_data.key v2\n~ terraform_group.g v2");
    same(&rotations(&plan), "terraform_group.g {checkpoint=[],hook=[],kubeconfig=!?,window=[]}");
    // A saved plan has it, with its marks.
    let text = serde_json::to_string(&plan).expect("a plan can be written");
    let again: Plan = serde_json::from_str(&text).expect("and read");
    assert_eq!(rotations(&again), rotations(&plan));
    world.apply(&again);
    let told = [
        "terraform_data.key none",
        "terraform_group.g {checkpoint=[],hook=[],kubeconfig=v2,window=[]}",
    ];
    assert_eq!(world.rotations, told, "known, and without marks");
}

#[test]
fn what_a_block_refers_to_comes_first_and_is_recorded() {
    let world = World::new(&[("main.tf", GROUP)]);
    let plan = world.planned();
    let kinds: Vec<_> = plan.operations.iter().map(|it| it.kind).collect();
    assert_eq!(kinds, [OperationKind::Create(0), OperationKind::Create(1)]);
    assert_eq!(plan.operations[1].after, [kprov_plan::OperationIndex(0)]);
    let group = &plan.changes[1];
    let on: Vec<String> = group.dependencies.iter().map(ToString::to_string).collect();
    assert_eq!(on, ["terraform_data.key"]);
    assert!(group.rotation.is_none(), "what is made has nothing to rotate");
}

#[test]
fn what_is_replaced_or_deleted_is_not_rotated() {
    let mut world = applied(GROUP);
    outdate(&mut world, "terraform_group.g");
    world.options.replace = vec![parse_instance("terraform_group.g").expect("an address")];
    let plan = world.planned();
    assert!(matches!(plan.changes[1].action, Action::Replace(_)), "{}", lines(&plan));
    assert!(plan.changes[1].rotation.is_none() && plan.changes[1].outdated.is_empty());
    world.options.replace.clear();
    world.options.mode = kprov_plan::PlanMode::Destroy;
    let plan = world.planned();
    assert!(plan.changes.iter().all(|it| it.rotation.is_none() && it.outdated.is_empty()));
}

#[test]
fn outdated_members_are_an_update_though_nothing_else_changes() {
    let main = format!(
        "{GROUP}
        resource \"terraform_group\" \"plain\" {{ input = 1 }}
        resource \"terraform_data\" \"triggered\" {{
          lifecycle {{ replace_triggered_by = [terraform_group.g] }}
        }}
        data \"terraform_echo\" \"after\" {{
          input      = \"x\"
          depends_on = [terraform_group.g]
        }}"
    );
    let mut world = applied(&main);
    assert!(!world.planned().applyable);
    outdate(&mut world, "terraform_group.g");
    // Without a block nobody rotates.
    outdate(&mut world, "terraform_group.plain");
    let plan = world.planned();
    same(
        &lines(&plan),
        r"
        <= data.terraform_echo.after x (ReadBecauseDependencyPending)
        = terraform_data.key v1
        = terraform_data.triggered null
        ~ terraform_group.g v1
        = terraform_group.plain 1
        ",
    );
    assert!(plan.applyable && plan.complete && plan.drift.is_empty());
    let change = plan.changes.iter().find(|it| it.action == Action::Update).expect("an update");
    assert_eq!(change.before, change.after);
    assert_eq!(change.outdated.len(), 1);
    assert_eq!(change.outdated[0].reason.as_str(), "it is dead");
    let text = serde_json::to_string(&plan).expect("a plan can be written");
    let again: Plan = serde_json::from_str(&text).expect("and read");
    assert!(again.changes.iter().any(|it| it.outdated == change.outdated));
    world.apply(&plan);
    let told = "terraform_group.g {checkpoint=[],hook=[],kubeconfig=v1,window=[]}";
    assert_eq!(world.rotations, [told], "it is begun, although it changes nothing");
    world.outdated.clear();
    assert!(!world.planned().applyable);
}

#[test]
fn a_block_that_is_not_enabled_counts_as_absent() {
    let of = |enabled: &str| group(&format!("enabled = {enabled}\nrole = \"nobody\""));
    let mut world = World::new(&[("main.tf", &of("false"))]);
    let plan = world.planned();
    world.apply(&plan);
    outdate(&mut world, "terraform_group.g");
    let plan = world.planned();
    assert!(!plan.applyable && plan.changes.iter().all(|it| it.rotation.is_none()));
    let (_, problems, _) = World::new(&[("main.tf", &of("true"))]).plan();
    assert!(problems.has_errors(), "what it says counts");
}

#[test]
fn what_keeps_a_group_from_being_rotated_is_told_where_it_is_rotated() {
    let of = |block: &str| {
        format!("resource \"terraform_group\" \"g\" {{\n  input = \"floats\"\n  {block}\n}}\n")
    };
    let problems = |block: &str| World::new(&[("main.tf", &of(block))]).plan().1;
    assert!(problems("lifecycle {\n    rotation {}\n  }").has_errors());
    assert!(
        !problems("lifecycle {\n    rotation {\n      enabled = false\n    }\n  }").has_errors()
    );
    assert!(!problems("").has_errors());
}

#[test]
fn an_update_that_turns_out_to_be_none_still_rotates_outdated_members() {
    let main = |to: &str| {
        format!(
            r#"
            resource "terraform_data" "t" {{ input = "{to}" }}
            resource "terraform_group" "g" {{
              input = length(terraform_data.t.output)
              lifecycle {{
                rotation {{}}
              }}
            }}
            "#
        )
    };
    for (members, wanted) in [(true, ""), (false, " nothing to do")] {
        let world = applied(&main("v1"));
        let mut world = world.configure(&[("main.tf", &main("v2"))]);
        if members {
            outdate(&mut world, "terraform_group.g");
        }
        let plan = world.planned();
        same(&lines(&plan), "~ terraform_data.t v2\n~ terraform_group.g ?");
        world.apply(&plan);
        let told = format!("terraform_group.g{wanted} {{checkpoint=[],hook=[],window=[]}}");
        assert_eq!(world.rotations, ["terraform_data.t none".to_owned(), told]);
    }
}

#[test]
fn members_are_told_by_the_address_that_the_state_has() {
    let group = |name: &str| {
        format!(
            "resource \"terraform_group\" \"{name}\" {{\n lifecycle {{\n rotation {{}}\n }}\n}}\n"
        )
    };
    let moved =
        format!("{}moved {{\n from = terraform_group.a\n to = terraform_group.b\n}}\n", group("b"));
    let mut world = applied(&group("a")).configure(&[("main.tf", &moved)]);
    outdate(&mut world, "terraform_group.a");
    let plan = world.planned();
    same(&lines(&plan), "~ terraform_group.b null");
    assert_eq!(plan.changes[0].outdated.len(), 1);
}

/// Wraps what stands in a block of a group.
fn group(inside: &str) -> String {
    format!(
        "resource \"terraform_group\" \"g\" {{\n  lifecycle {{\n    rotation {{\n{inside}\n    }}\n  }}\n}}\n"
    )
}

#[test]
fn what_is_wrong_is_told_at_its_place() {
    let at = |inside: &str, wanted: &str| {
        let main = group(inside);
        assert_eq!(errors(&[("main.tf", &main)]), wanted, "{inside}");
    };
    at("", "");
    at("role = \"boss\"", "4: Invalid rotation");
    at("\nmax_surge = 0", "5: Invalid rotation");
    at("rol = 1", "4: Unsupported argument");
    at("retries = [1]", "4: Incorrect attribute value type");
    at(
        "window {\n days = [\"mon\"]\n}",
        "4: Missing required argument\n4: Missing required argument",
    );
    at("window {\n from = \"22:00\"\n until = \"x\"\n}", "6: Invalid rotation");
    at("checkpoint {\n percent = 50\n}\ncheckpoint {\n percent = 20\n}", "4: Invalid rotation");
    at("hook {\n ask {}\n}", "4: Missing moment for hook");
    at("hook \"launched\" \"x\" {\n ask {}\n}", "4: Extraneous label for hook");
    at("hook \"later\" {\n ask {}\n}", "4: Invalid rotation");
    at("hook \"launched\" {\n when = \"x\"\n ask {}\n}", "5: Unsupported argument");
    at("hook \"launched\" {\n}", "4: Invalid rotation");
    at("hook \"launched\" {\n ask {}\n note {\n text = \"\"\n }\n}", "4: Invalid rotation");
    at("hook \"launched\" {\n tell {}\n}", "5: Unsupported block type");
    at("hook \"launched\" {\n note {}\n}", "5: Missing required argument");
    at("hook \"launched\" {\n note {\n\n text = \"bad\"\n }\n}", "7: Invalid note");
    at(
        "dynamic \"hook\" {\n for_each = [1]\n content {\n ask {}\n }\n}",
        "4: Missing moment for hook",
    );
    at(
        "dynamic \"hook\" {\n for_each = [1]\n labels = [\"launched\", \"x\"]\n content {\n ask {}\n }\n}",
        "6: Invalid dynamic block label",
    );
    at(
        "dynamic \"hook\" {\n for_each = [1]\n labels = [\"later\"]\n content {\n ask {}\n }\n}",
        "4: Invalid rotation",
    );
    at("role = var.x", "4: Reference to undeclared input variable");
    at("role = terraform_group.g.input", "4: Self-referential block");
    at("role = self.input", "4: Invalid \"self\" reference");
}

#[test]
fn values_that_only_a_plan_knows_are_checked_too() {
    let main = r#"
        variable "roles" { default = { a = "worker", b = "boss" } }
        resource "terraform_group" "g" {
          for_each = var.roles
          lifecycle {
            rotation { role = each.value }
          }
        }
    "#;
    let (plan, found, _) = World::new(&[("main.tf", main)]).plan();
    assert!(plan.errored);
    let problem = found.iter().next().expect("a problem");
    assert_eq!(problem.address.as_deref(), Some("terraform_group.g[\"b\"]"));
    assert!(problem.detail.contains("role: is \"boss\""), "{}", told(&found));
    assert_eq!(found.iter().count(), 1, "{}", told(&found));
}

#[test]
fn only_groups_have_a_rotation() {
    let main = group("").replace("terraform_group", "terraform_data");
    let (_, found, _) = World::new(&[("main.tf", &main)]).plan();
    assert!(told(&found).contains("at main.tf:3:14"), "{}", told(&found));
    assert!(told(&found).contains("these have: terraform_group."), "{}", told(&found));
}

#[test]
fn ephemeral_values_are_refused() {
    let main = format!(
        "ephemeral \"terraform_echo\" \"e\" {{\n  input = \"x\"\n}}\n{}",
        group("kubeconfig = ephemeral.terraform_echo.e.output")
    );
    let (_, found, _) = World::new(&[("main.tf", &main)]).plan();
    assert!(told(&found).contains("Invalid use of ephemeral value"), "{}", told(&found));
}

/// Groups of a cluster, each with its role; `of` the cluster.
fn groups(template: &str, all: &[(&str, &str, &str)]) -> String {
    let block = |(name, role, more): &(&str, &str, &str)| {
        format!(
            "resource \"terraform_group\" \"{name}\" {{\n input = \"{template}\"\n {more}\n lifecycle {{\n rotation {{\n \
             cluster = \"c\"\n role = \"{role}\"\n }}\n }}\n}}\n"
        )
    };
    all.iter().map(block).collect()
}

/// What each update waits for, through gates.
fn waits(plan: &Plan) -> String {
    let name = |at: usize| match plan.operations[at].kind {
        OperationKind::Update(change) => Some(plan.changes[change as usize].addr.to_string()),
        _ => None,
    };
    let mut text = String::new();
    for (at, operation) in plan.operations.iter().enumerate() {
        let Some(own) = name(at) else { continue };
        let mut open: Vec<usize> = operation.after.iter().map(|it| it.0 as usize).collect();
        let mut found = std::collections::BTreeSet::new();
        while let Some(before) = open.pop() {
            match name(before) {
                Some(name) => {
                    found.insert(name);
                }
                None => open.extend(plan.operations[before].after.iter().map(|it| it.0 as usize)),
            }
        }
        let found: Vec<String> = found.into_iter().collect();
        text += &format!("{own} after {}\n", found.join(" "));
    }
    text.replace("terraform_group.", "")
}

#[test]
fn groups_of_a_cluster_are_rotated_in_order() {
    let all = [
        ("a_worker", "worker", ""),
        ("b_master", "master", ""),
        ("c_bastion", "bastion", ""),
        ("d_worker", "worker", ""),
    ];
    let world = applied(&groups("v1", &all));
    let changed = world.configure(&[("main.tf", &groups("v2", &all))]);
    same(
        &waits(&changed.planned()),
        r"
        c_bastion after
        b_master after c_bastion
        a_worker after b_master c_bastion
        d_worker after b_master c_bastion
        ",
    );
}

#[test]
fn the_configurations_order_comes_before_that_of_a_cluster() {
    let of = |template: &str| {
        let master = "triggers_replace = null\n depends_on = [terraform_group.w]";
        groups(template, &[("m", "master", master), ("w", "worker", ""), ("x", "worker", "")])
    };
    let world = applied(&of("v1"));
    let plan = world.configure(&[("main.tf", &of("v2"))]).planned();
    // The master comes after a worker: so no worker waits for it.
    let told = waits(&plan);
    assert!(told.contains("m after w\n") && told.contains("w after \n"), "{told}");
}

#[test]
fn rotate_only_plans_groups_with_a_rotation_and_what_they_depend_on() {
    let main = |text: &str, more: &str| {
        format!(
            r#"
            resource "terraform_data" "template" {{ input = "{text}" }}
            resource "terraform_data" "other" {{ input = "{text}" }}
            resource "terraform_group" "plain" {{ input = "{text}" }}
            module "m" {{
              source   = "./m"
              for_each = toset(["a", "b"])
              template = terraform_data.template.input
            }}
            output "other" {{ value = terraform_data.other.input }}
            {more}
            "#
        )
    };
    let module = r#"
        variable "template" {}
        resource "terraform_group" "g" {
          input = var.template
          lifecycle {
            rotation {}
          }
        }
    "#;
    let files = |main: &str| [("main.tf", main.to_owned()), ("m/main.tf", module.to_owned())];
    let world_of = |main: &str| {
        let files = files(main);
        let files: Vec<_> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
        World::new(&files)
    };
    let mut world = world_of(&main("v1", "resource \"terraform_data\" \"gone\" {}"));
    let plan = world.planned();
    world.apply(&plan);
    let mut next = world_of(&main("v2", ""));
    next.prior = world.prior;
    next.options.rotate_only = true;
    let plan = next.planned();
    same(
        &lines(&plan),
        r#"
        ~ terraform_data.template v2
        ~ module.m["a"].terraform_group.g v2
        ~ module.m["b"].terraform_group.g v2
        "#,
    );
    assert!(plan.applyable && !plan.complete && plan.rotate_only);
    // A target narrows it.
    let targets = |all: &[&str]| all.iter().map(|it| parse_target(it).expect("a target")).collect();
    for narrow in ["module.m[\"b\"]", "module.m[\"b\"].terraform_group.g"] {
        next.options.targets = targets(&[narrow]);
        same(
            &lines(&next.planned()),
            r#"
            ~ terraform_data.template v2
            ~ module.m["b"].terraform_group.g v2
                "#,
        );
    }
    next.options.targets = targets(&["terraform_data.other"]);
    let (_, found, _) = next.plan();
    assert!(told(&found).contains("None of the targets has a rotation block"), "{}", told(&found));
    next.options.targets.clear();
    next.options.mode = kprov_plan::PlanMode::Destroy;
    let (plan, found, _) = next.plan();
    assert!(plan.errored && told(&found).contains("Incompatible plan options"), "{}", told(&found));
}

#[test]
fn rotate_only_deletes_no_group_that_has_left_the_configuration() {
    let main = |count: u64| {
        format!(
            "resource \"terraform_group\" \"g\" {{\n count = {count}\n lifecycle {{\n rotation {{}}\n }}\n}}\n"
        )
    };
    let mut world = applied(&main(2)).configure(&[("main.tf", &main(1))]);
    world.options.rotate_only = true;
    same(&lines(&world.planned()), "= terraform_group.g[0] null");
    world.options.rotate_only = false;
    let all = lines(&world.planned());
    assert!(all.contains("- terraform_group.g[1]"), "{all}");
}

#[test]
fn rotate_only_needs_something_to_rotate() {
    let mut world = World::new(&[("main.tf", "resource \"terraform_data\" \"a\" {}")]);
    world.options.rotate_only = true;
    let (plan, found, _) = world.plan();
    assert!(plan.errored && plan.changes.is_empty());
    assert!(told(&found).contains("Nothing to rotate"), "{}", told(&found));
}

#[test]
fn a_block_may_wait_for_a_later_phase() {
    check(
        r#"
        resource "terraform_data" "a" { input = 1 }
        resource "terraform_group" "g" {
          count = terraform_data.a.output
          lifecycle {
            rotation { cluster = terraform_data.a.id }
          }
        }
        "#,
        r"
        + terraform_data.a 1
        later terraform_group.g InstanceCountUnknown
        ",
    );
}
