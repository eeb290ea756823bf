//! Nested and `dynamic` blocks become what the schema says: a list, a set, a map, a single object.

use crate::support::{World, same, short, told};

/// What the only `terraform_nest` becomes.
fn check(body: &str, wanted: &str) {
    let main = format!(
        "variable \"secret\" {{\n  default   = [\"s\"]\n  sensitive = true\n}}\n\
         resource \"terraform_data\" \"a\" {{ input = [\"x\"] }}\n\
         resource \"terraform_nest\" \"n\" {{\n{body}\n}}\n"
    );
    let world = World::new(&[("main.tf", &main)]);
    let (plan, found, _) = world.plan();
    assert!(!found.has_errors(), "{body}: {}", told(&found));
    let change = plan.changes.iter().find(|it| &*it.addr.resource.ty == "terraform_nest");
    same(&short(&change.expect("a change").after), wanted);
}

/// The errors of a `terraform_nest` or `terraform_limits`: place, summary, detail.
fn fails(ty: &str, body: &str, wanted: &str) {
    let main = format!(
        "resource \"terraform_data\" \"a\" {{ input = [\"x\"] }}\n\
         resource \"terraform_{ty}\" \"n\" {{\n{body}\n}}\n"
    );
    let (_, found, _) = World::new(&[("main.tf", &main)]).plan();
    same(&told(&found), wanted);
}

#[test]
fn nothing_written_is_what_the_nesting_makes_of_nothing() {
    check("", "{group={v=null},list=[],map={},one=null,set=[]}");
}

#[test]
fn blocks_become_what_their_nesting_says() {
    check(
        r#"
        list {
          v = "b"
          deep { v = "c" }
          deep {}
        }
        one { v = "o" }
        set { v = "z" }
        list { v = "a" }
        set { v = "a" }
        set { v = "z" }
        map "k" { v = "m" }
        map "j" {}
        group { v = "g" }
        "#,
        "{group={v=g},list=[{deep=[{v=c},{v=null}],v=b},{deep=[],v=a}],\
         map={j={v=null},k={v=m}},one={v=o},set=[{v=a},{v=z}]}",
    );
}

#[test]
fn dynamic_blocks_are_written_out() {
    check(
        r#"
        list { v = "first" }
        dynamic "list" {
          for_each = { q = "x", p = "y" }
          content {
            v = "${list.key}=${list.value}"
            dynamic "deep" {
              for_each = [list.value, "z"]
              iterator = each_deep
              content { v = "${list.key}${each_deep.key}${each_deep.value}" }
            }
          }
        }
        list { v = "last" }
        dynamic "set" {
          for_each = toset(["b", "a"])
          content { v = "${set.key}${set.value}" }
        }
        dynamic "map" {
          for_each = ["m", "n"]
          labels   = ["key-${map.value}"]
          content { v = map.key }
        }
        dynamic "one" {
          for_each = []
          content {}
        }
        dynamic "group" {
          for_each = [1]
          content { v = "g" }
        }
        "#,
        "{group={v=g},list=[{deep=[],v=first},{deep=[{v=p0y},{v=p1z}],v=p=y},\
         {deep=[{v=q0x},{v=q1z}],v=q=x},{deep=[],v=last}],\
         map={key-m={v=0},key-n={v=1}},one=null,set=[{v=aa},{v=bb}]}",
    );
}

#[test]
fn what_is_not_known_yet_makes_the_whole_unknown() {
    let body = |ty: &str, labels: &str| {
        format!(
            "{ty} {labels} {{ v = \"known\" }}\ndynamic \"{ty}\" {{\n  for_each = \
             terraform_data.a.output\n  labels = [{ty}.value]\n  content {{ v = {ty}.value }}\n}}"
        )
    };
    let unlabelled = |ty: &str| body(ty, "").replace(&format!("  labels = [{ty}.value]\n"), "");
    check(&unlabelled("list"), "{group={v=null},list=?,map={},one=null,set=[]}");
    check(&unlabelled("set"), "{group={v=null},list=[],map={},one=null,set=?}");
    check(&body("map", "\"k\""), "{group={v=null},list=[],map=?,one=null,set=[]}");
    let alone = |ty: &str| unlabelled(ty).lines().skip(1).collect::<Vec<_>>().join("\n");
    check(&alone("one"), "{group={v=null},list=[],map={},one=?,set=[]}");
    // A known number of blocks with unknown content is a known number of blocks.
    check(
        "dynamic \"list\" {\n  for_each = [terraform_data.a.id]\n  content { v = list.value }\n}",
        "{group={v=null},list=[{deep=[],v=?}],map={},one=null,set=[]}",
    );
}

#[test]
fn what_was_unknown_is_written_out_by_the_apply() {
    let main = r#"
        resource "terraform_data" "a" { input = ["x", "y"] }
        resource "terraform_nest" "n" {
          dynamic "list" {
            for_each = terraform_data.a.output
            content { v = list.value }
          }
        }
    "#;
    let mut world = World::new(&[("main.tf", main)]);
    let plan = world.planned();
    world.apply(&plan);
    let made = world.prior.objects.values().find(|it| it.value.get("list").is_some());
    same(
        &short(&made.expect("the object").value),
        "{group={v=null},list=[{deep=[],v=x},{deep=[],v=y}],map={},one=null,set=[]}",
    );
    assert!(world.planned().operations.is_empty());
}

#[test]
fn marks_of_a_dynamic_collection_stay_on_the_blocks() {
    check(
        "dynamic \"list\" {\n  for_each = var.secret\n  content { v = \"open\" }\n}",
        "{group={v=null},list=![{deep=[],v=open}],map={},one=null,set=[]}",
    );
}

#[test]
fn there_are_as_many_blocks_as_the_schema_allows() {
    fails(
        "limits",
        "",
        "
        Error: Insufficient pair blocks at main.tf:2:1: At least 2 \"pair\" blocks are required.
        Error: Missing must block at main.tf:2:1: A must block is required here.
        ",
    );
    let pairs = |count: usize| "pair { v = \"p\" }\n".repeat(count);
    let must = "must { v = \"m\" }\n";
    fails("limits", &format!("{must}{}", pairs(2)), "");
    fails("limits", &format!("{must}{}", pairs(3)), "");
    fails(
        "limits",
        &format!("{must}{}", pairs(4)),
        "Error: Too many pair blocks at main.tf:5:1: No more than 3 \"pair\" blocks are allowed",
    );
    fails(
        "limits",
        &format!("{must}{must}{}", pairs(2)),
        "Error: Duplicate must block at main.tf:4:1: Only one \"must\" block is allowed.",
    );
    fails(
        "limits",
        &format!("must {{}}\n{}", pairs(2)),
        "Error: Missing required argument at main.tf:3:1: The argument \"v\" is required, but no \
         definition was found.",
    );
    // How many there will be is not known: nothing can be said yet.
    let unknown =
        "dynamic \"pair\" {\n  for_each = terraform_data.a.output\n  content { v = 1 }\n}";
    fails("limits", &format!("{must}{unknown}"), "");
    let four = "dynamic \"pair\" {\n  for_each = range(4)\n  content { v = pair.value }\n}";
    fails(
        "limits",
        &format!("{must}{four}"),
        "Error: Too many pair blocks at main.tf:4:1: No more than 3 \"pair\" blocks are allowed",
    );
}

#[test]
fn wrong_blocks_are_told_where_they_stand() {
    fails(
        "nest",
        "dynamic \"list\" {\n  content {}\n}\ndynamic \"set\" { for_each = [] }\ndynamic \"map\" {\n  \
         for_each = null\n  content {}\n}\ndynamic \"one\" {\n  for_each = 5\n  content {}\n}",
        "
        Error: Missing required argument at main.tf:3:1: The argument \"for_each\" is required, but no definition was found.
        Error: Insufficient content blocks at main.tf:6:1: A dynamic \"set\" block must have one \"content\" block.
        Error: Invalid dynamic for_each value at main.tf:8:14: Cannot use a null value in for_each.
        Error: Invalid dynamic for_each value at main.tf:12:14: Cannot use a number value in for_each. An iterable collection is required.
        ",
    );
    fails(
        "nest",
        "list { w = 1 }\nlisp {}\ndynamic \"lisp\" {}\nset = []",
        "
        Error: Unsupported argument at main.tf:3:8: An argument named \"w\" is not expected here. Did you mean \"v\"?
        Error: Unsupported block type at main.tf:4:1: Blocks of type \"lisp\" are not expected here. Did you mean \"list\"?
        Error: Unsupported block type at main.tf:5:1: Blocks of type \"lisp\" are not expected here. Did you mean \"list\"?
        Error: Unsupported argument at main.tf:6:1: An argument named \"set\" is not expected here. Did you mean to define a block of type \"set\"?
        ",
    );
}

#[test]
fn keys_are_for_maps_and_there_only_once() {
    fails(
        "nest",
        "map {}\nlist \"a\" {}\nmap \"a\" \"b\" {}\nmap \"a\" {}",
        r#"
        Error: Missing key for map at main.tf:3:1: All map blocks must have one label, their key.
        Error: Extraneous label for list at main.tf:4:6: No labels are expected for list blocks.
        Error: Extraneous label for map at main.tf:5:9: Only one label (the key) is expected for map blocks.
        Error: Duplicate map block at main.tf:6:1: There is another "map" block with the key "a".
        "#,
    );
    fails(
        "nest",
        "dynamic \"map\" {\n  for_each = [1]\n  content {}\n}\ndynamic \"set\" {\n  for_each = [1]\n  \
         labels = [1]\n  content {}\n}",
        "
        Error: Missing key for map at main.tf:3:1: All map blocks must have one label, their key.
        Error: Extraneous label for set at main.tf:9:12: No labels are expected for set blocks.
        ",
    );
    let map = |labels: &str| {
        format!("dynamic \"map\" {{\n  for_each = [1, 2]\n  labels = {labels}\n  content {{}}\n}}")
    };
    fails(
        "nest",
        &map("[\"same\"]"),
        r#"Error: Duplicate map block at main.tf:3:1: There is another "map" block with the key "same"."#,
    );
    let no_key = "Error: Invalid dynamic block label at main.tf:5:12: The labels of \"map\" blocks \
                  are a list of one text, their key.\n";
    fails("nest", &map("[null]"), no_key);
    fails("nest", &map("[1, 2]"), no_key);
    // A number is as good as a text, and a key that is not known leaves all unknown.
    check(
        &map("[map.value]"),
        "{group={v=null},list=[],map={1={v=null},2={v=null}},one=null,set=[]}",
    );
    check(&map("[terraform_data.a.id]"), "{group={v=null},list=[],map=?,one=null,set=[]}");
    check(
        &map("[\"${var.secret[0]}${map.value}\"]"),
        "{group={v=null},list=[],map=!{s1={v=null},s2={v=null}},one=null,set=[]}",
    );
}
