//! Over from Terraform and back: `state push` takes its state, `state pull` prints one.
//!
//! The recorded state was written by terraform 1.11.4. Where a `terraform` is at hand the way is gone
//! with it as well, in both directions.

use std::process::Command;

use serde_json::{Value, json};

use crate::place::Place;
use crate::program::{Output, Running};

/// Two of one, one for each of two, and an output.
pub(crate) const MAIN: &str = "
resource \"terraform_data\" \"a\" {
  count = 2
  input = { n = count.index, s = \"text\" }
}
resource \"terraform_data\" \"b\" {
  for_each         = toset([\"x\", \"y z\"])
  triggers_replace = [terraform_data.a[0].id]
  input            = each.key
}
output \"a\" { value = terraform_data.a[1].output }
";

/// What terraform 1.11.4 wrote for `MAIN`.
const RECORDED: &str = include_str!("data/terraform-1.11.4.tfstate");

/// A state without what each writer says of itself.
fn essence(mut state: Value) -> Value {
    let object = state.as_object_mut().expect("an object");
    object.retain(|key, _| matches!(key.as_str(), "outputs" | "resources" | "lineage"));
    for resource in object["resources"].as_array_mut().expect("resources") {
        for instance in resource["instances"].as_array_mut().expect("instances") {
            let instance = instance.as_object_mut().expect("an object");
            instance.retain(|key, value| {
                let said = !value.is_null() && *value != json!([]) && *value != json!(0);
                said || key == "index_key"
            });
        }
    }
    state
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

#[test]
fn a_recorded_state_goes_in_and_out() {
    let place = Place::new(MAIN);
    place.write("old.tfstate", RECORDED);
    place.kprov("state push old.tfstate").succeeds();
    // Nothing needs to be done: it is the same world.
    place.kprov("plan -detailed-exitcode").succeeds().says(&["No changes."]);
    assert_eq!(place.kprov("state list").succeeds().lines().len(), 4);
    place.kprov("state fsck").succeeds();
    let pulled = place.kprov("state pull").succeeds();
    assert_eq!(pulled.stderr, "");
    assert_eq!(essence(pulled.json()), essence(parsed(RECORDED)));
    // Once more round.
    let again = Place::new(MAIN);
    again.write("new.tfstate", &pulled.stdout);
    again.kprov("state push new.tfstate").succeeds();
    assert_eq!(again.kprov("state pull").succeeds().json(), pulled.json());
}

#[test]
fn a_state_is_pushed_from_standard_input() {
    let place = Place::new(MAIN);
    place.write("old.tfstate", RECORDED);
    let mut command = place.command(&["state", "push", "-"]);
    command.stdin(std::fs::File::open(place.path("old.tfstate")).expect("the file"));
    Running::start(command).finish().succeeds();
    place.kprov("plan -detailed-exitcode").succeeds();
}

#[test]
fn what_would_lose_something_is_refused() {
    let place = Place::new(MAIN);
    place.applied();
    let before = place.content();
    // Another project's.
    place.write("old.tfstate", RECORDED);
    place.kprov("state push old.tfstate").fails(&["lineage"]);
    // An older one of this project.
    let mut older = place.kprov("state pull").succeeds().json();
    older["serial"] = json!(0);
    older["resources"] = json!([]);
    place.write("old.tfstate", older.to_string());
    place.kprov("state push old.tfstate").fails(&["serial"]);
    std::fs::remove_file(place.path("old.tfstate")).expect("the file");
    place.kprov("state push old.tfstate").fails(&["old.tfstate"]);
    assert_eq!(place.content(), before);
    place.write("old.tfstate", older.to_string());
    place.kprov("state push -force old.tfstate").succeeds();
    assert!(place.kprov("state list").succeeds().lines().is_empty());
}

#[test]
fn what_is_no_state_is_refused() {
    let place = Place::new(MAIN);
    let check = |content: &[u8]| {
        place.write("pushed", content);
        let before = place.content();
        place.kprov("state push pushed").fails(&[]);
        assert_eq!(place.content(), before, "{}", String::from_utf8_lossy(content));
    };
    check(b"");
    check(b"garbage");
    check(b"{}");
    check(b"[]");
    check(b"null");
    check(b"\xff\xfe\x00");
    check(br#"{"version": 3, "serial": 1, "modules": []}"#);
    check(br#"{"version": 5}"#);
    check(br#"{"version": 4, "resources": 5}"#);
    check(br#"{"version": 4, "resources": [{"mode": "odd"}]}"#);
    for eighth in 1..8 {
        check(&RECORDED.as_bytes()[..RECORDED.len() * eighth / 8]);
    }
}

fn terraform(place: &Place, arguments: &[&str]) -> Output {
    let mut command = Command::new("terraform");
    place.surround(&mut command);
    command.args(arguments).env("TF_CLI_CONFIG_FILE", "/dev/null").env("CHECKPOINT_DISABLE", "1");
    Running::start(command).finish()
}

#[test]
fn a_project_moves_over_and_back_with_terraform_itself() {
    if Command::new("terraform").arg("version").output().is_err() {
        eprintln!("terraform not found: recorded state used");
        return a_recorded_state_goes_in_and_out();
    }
    let place = Place::new(MAIN);
    terraform(&place, &["apply", "-auto-approve"]).succeeds();
    place.kprov("state push terraform.tfstate").succeeds();
    place.kprov("plan -detailed-exitcode").succeeds().says(&["No changes."]);
    place.write("main.tf", MAIN.replace("\"y z\"", "\"new\""));
    place
        .kprov("apply -auto-approve")
        .succeeds()
        .says(&["Resources: 1 added, 0 changed, 1 destroyed"]);
    let pulled = place.kprov("state pull").succeeds();
    place.write("terraform.tfstate", &pulled.stdout);
    terraform(&place, &["plan", "-detailed-exitcode"]).succeeds().says(&["No changes."]);
    terraform(&place, &["destroy", "-auto-approve"]).succeeds().says(&["Resources: 4 destroyed."]);
}
