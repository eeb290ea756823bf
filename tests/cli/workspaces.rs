//! Workspaces: each has its own state in the same file.

use crate::place::Place;
use crate::program::Running;

const MAIN: &str = "
resource \"terraform_data\" \"a\" { input = terraform.workspace }
output \"w\" { value = terraform_data.a.output }
";

#[test]
fn each_has_its_own_objects() {
    let place = Place::new(MAIN);
    place.applied();
    assert_eq!(place.kprov("workspace show").succeeds().stdout.trim(), "default");
    place.kprov("workspace new blue").succeeds();
    assert_eq!(place.kprov("workspace show").succeeds().stdout.trim(), "blue");
    assert!(place.kprov("state list").succeeds().lines().is_empty());
    place.applied();
    assert_eq!(place.kprov("output -raw w").succeeds().stdout, "blue");
    let list = place.kprov("workspace list").succeeds();
    let names: Vec<String> =
        list.lines().into_iter().map(|line| line.replace(['*', ' '], "")).collect();
    assert!(names.contains(&"default".to_owned()) && names.contains(&"blue".to_owned()), "{list}");
    place.kprov("workspace select default").succeeds();
    assert_eq!(place.kprov("output -raw w").succeeds().stdout, "default");
    let mut command = place.command(&["output", "-raw", "w"]);
    command.env("TF_WORKSPACE", "blue");
    assert_eq!(Running::start(command).finish().succeeds().stdout, "blue");
    assert!(!place.has("terraform.tfstate.d"), "one file holds all");
}

#[test]
fn nothing_is_deleted_by_mistake() {
    let place = Place::new(MAIN);
    place.kprov("workspace new blue").succeeds();
    place.applied();
    let before = place.content();
    place.kprov("workspace delete blue").fails(&["blue"]);
    place.kprov("workspace delete default").fails(&["default"]);
    place.kprov("workspace delete nobody").fails(&["nobody"]);
    place.kprov("workspace select nobody").fails(&["nobody"]);
    place.kprov("workspace new blue").fails(&["blue"]);
    place.run(&["workspace", "new", "a/b"]).fails(&["a/b"]);
    place.run(&["workspace", "new", ""]).exits(1).hides("Created");
    place.run(&["workspace", "new", "\u{0}x"].map(|it| it.trim_start_matches('\0'))).succeeds();
    place.kprov("workspace select blue").succeeds();
    place.kprov("workspace select default").succeeds();
    place.kprov("workspace delete x").succeeds();
    place.kprov("workspace delete blue").fails(&["blue"]);
    place.kprov("workspace select blue").succeeds();
    assert_eq!(place.content(), before);
    place.kprov("destroy -auto-approve").succeeds();
    place.kprov("workspace select default").succeeds();
    place.kprov("workspace delete blue").succeeds();
}

#[test]
fn a_selection_that_is_garbage_is_told() {
    let place = Place::new(MAIN);
    let mut command = place.command(&["plan"]);
    command.env("TF_WORKSPACE", "a/../b");
    Running::start(command).finish().fails(&["a/../b"]);
    place.write(".kprov/environment", b"\xff\xfe");
    place.kprov("plan").fails(&["environment"]);
    place.write(".kprov/environment", "../../etc");
    place.kprov("plan").fails(&["../../etc"]);
}
