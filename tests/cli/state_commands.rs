//! `state list`, `show`, `mv`, `rm`, and `taint`: by address, and nothing else is touched.

use crate::place::Place;

const MAIN: &str = "
resource \"terraform_data\" \"a\" {
  count = 2
  input = count.index
}
resource \"terraform_data\" \"b\" { input = terraform_data.a[0].id }
";

fn known(place: &Place) -> Vec<String> {
    place.kprov("state list").succeeds().lines().into_iter().map(str::to_owned).collect()
}

fn made() -> Place {
    let place = Place::new(MAIN);
    place.applied();
    place
}

#[test]
fn objects_are_listed_and_shown() {
    let place = made();
    assert_eq!(known(&place), ["terraform_data.a[0]", "terraform_data.a[1]", "terraform_data.b"]);
    let some = place.kprov("state list terraform_data.a").succeeds();
    assert_eq!(some.lines(), ["terraform_data.a[0]", "terraform_data.a[1]"]);
    place
        .kprov("state show terraform_data.a[1]")
        .succeeds()
        .says(&["# terraform_data.a[1]:", "input"]);
    place.kprov("state show terraform_data.a[7]").exits(1).complains(&["terraform_data.a[7]"]);
    place.kprov("state show not..an..address").exits(1).complains(&["not..an..address"]);
}

#[test]
fn a_moved_object_needs_no_change() {
    let place = made();
    place.kprov("state mv terraform_data.b terraform_data.c").succeeds();
    assert_eq!(known(&place), ["terraform_data.a[0]", "terraform_data.a[1]", "terraform_data.c"]);
    place.write("main.tf", MAIN.replace("\"b\"", "\"c\""));
    place.kprov("plan -detailed-exitcode").succeeds();
    let before = place.content();
    place.kprov("state mv terraform_data.c terraform_data.a[0]").fails(&["terraform_data.a[0]"]);
    place.kprov("state mv terraform_data.x terraform_data.y").fails(&["terraform_data.x"]);
    place.kprov("state mv -dry-run terraform_data.c terraform_data.d").succeeds();
    assert_eq!(place.content(), before);
    place.kprov("state fsck").succeeds();
}

#[test]
fn a_removed_object_is_forgotten_not_destroyed() {
    let place = made();
    place.kprov("state rm terraform_data.a[1]").succeeds();
    assert_eq!(known(&place), ["terraform_data.a[0]", "terraform_data.b"]);
    place.kprov("plan -detailed-exitcode").exits(2).says(&["Plan: 1 to add, 0 to change, 0 to"]);
    let before = place.content();
    place.kprov("state rm terraform_data.nobody").fails(&["terraform_data.nobody"]);
    assert_eq!(place.content(), before);
    place.kprov("state rm terraform_data.a").succeeds();
    assert_eq!(known(&place), ["terraform_data.b"]);
}

#[test]
fn taint_replaces_and_untaint_does_not() {
    let place = made();
    place.kprov("taint terraform_data.a[1]").succeeds();
    place
        .kprov("plan -detailed-exitcode")
        .exits(2)
        .says(&["tainted", "Plan: 1 to add, 0 to change, 1"]);
    place.kprov("untaint terraform_data.a[1]").succeeds();
    place.kprov("plan -detailed-exitcode").succeeds();
    place.kprov("taint terraform_data.nobody").fails(&["terraform_data.nobody"]);
    place.kprov("taint -allow-missing terraform_data.nobody").succeeds();
    place.kprov("untaint terraform_data.a[1]").fails(&["terraform_data.a[1]"]);
}

#[test]
fn fsck_does_not_cry_wolf() {
    let place = Place::new(
        "variable \"n\" { default = 1 }
         resource \"terraform_data\" \"a\" { count = var.n }
         resource \"terraform_data\" \"b\" {
           input      = \"b\"
           depends_on = [terraform_data.a]
         }",
    );
    place.applied();
    // What `b` is recorded to depend on has no instance any more, and that is well.
    place
        .kprov("apply -auto-approve -var n=0")
        .succeeds()
        .says(&["0 added, 0 changed, 1 destroyed"]);
    place.kprov("state fsck").succeeds();
    place.applied();
    place.kprov("state rm terraform_data.a").succeeds();
    place.kprov("state fsck").succeeds();
}

#[test]
fn whoever_depended_on_what_moved_follows_it() {
    let place = Place::new(
        "resource \"terraform_data\" \"c\" { count = 2 }
         resource \"terraform_data\" \"s\" { input = terraform_data.c[*].id }",
    );
    place.applied();
    let depends = || {
        let shown = place.kprov("show -json").succeeds().json();
        let all = shown["values"]["root_module"]["resources"].as_array().cloned();
        let s = all.into_iter().flatten().find(|it| it["address"] == "terraform_data.s");
        s.expect("the dependent")["depends_on"].clone()
    };
    // One of two: the other is still there.
    place.run(&["state", "mv", "terraform_data.c[1]", "terraform_data.d"]).succeeds();
    assert_eq!(depends(), serde_json::json!(["terraform_data.c"]));
    place.run(&["state", "mv", "terraform_data.c", "module.m.terraform_data.e"]).succeeds();
    assert_eq!(depends(), serde_json::json!(["module.m.terraform_data.e"]));
    place.run(&["state", "mv", "module.m", "module.n[\"k\"]"]).succeeds();
    assert_eq!(depends(), serde_json::json!(["module.n.terraform_data.e"]));
    place.kprov("state fsck").succeeds();
}
