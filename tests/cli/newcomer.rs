//! The way of somebody new: write, plan, read, apply, change, apply, destroy.

use crate::place::Place;

const TWO: &str = r#"
variable "greeting" {
  type    = string
  default = "hello"
}

resource "terraform_data" "first" {
  input = var.greeting
}

resource "terraform_data" "second" {
  triggers_replace = [terraform_data.first.output]
  input            = upper(terraform_data.first.output)
}

output "loud" {
  value = terraform_data.second.output
}
"#;

#[test]
fn from_nothing_and_back() {
    let place = Place::new(TWO);
    place.kprov("init").succeeds();
    place.kprov("validate").succeeds().says(&["The configuration is valid"]);
    let before = place.content();
    place
        .kprov("plan")
        .succeeds()
        .says(&["terraform_data.first", "Plan: 2 to add, 0 to change, 0 to destroy."]);
    assert_eq!(place.content(), before, "a plan writes nothing");

    let applied = place.kprov("apply -auto-approve").succeeds();
    let applied = applied.says(&["Apply complete! Resources: 2 added, 0 changed, 0 destroyed."]);
    let applied = applied.says(&["terraform_data.first: Creation complete", "loud = \"HELLO\""]);
    assert_eq!(applied.stderr, "");
    place.kprov("plan -detailed-exitcode").succeeds().says(&["No changes."]);

    place.write("main.tf", TWO.replace("\"hello\"", "\"bye\""));
    place
        .kprov("plan -detailed-exitcode")
        .exits(2)
        .says(&["Plan: 1 to add, 1 to change, 1 to destroy."]);
    place
        .kprov("apply -auto-approve")
        .succeeds()
        .says(&["Apply complete! Resources: 1 added, 1 changed, 1 destroyed.", "loud = \"BYE\""]);
    place.kprov("plan -detailed-exitcode").succeeds().says(&["No changes."]);

    place
        .kprov("destroy -auto-approve")
        .succeeds()
        .says(&["Destroy complete! Resources: 2 destroyed."]);
    place.kprov("state list").succeeds().says(&[]).hides("terraform_data");
    place.kprov("plan -detailed-exitcode").exits(2);
}

#[test]
fn a_resource_that_leaves_the_configuration_is_destroyed() {
    let place =
        Place::new("resource \"terraform_data\" \"a\" {}\nresource \"terraform_data\" \"b\" {}");
    place.applied();
    place.write("main.tf", "resource \"terraform_data\" \"a\" {}");
    place
        .kprov("apply -auto-approve")
        .succeeds()
        .says(&["Resources: 0 added, 0 changed, 1 destroyed."]);
    assert_eq!(place.kprov("state list").succeeds().lines(), ["terraform_data.a"]);
}

#[test]
fn the_exit_status_tells_of_changes_only_when_asked() {
    let place = Place::new("resource \"terraform_data\" \"a\" {}");
    place.kprov("plan").succeeds();
    place.kprov("plan -detailed-exitcode").exits(2);
    place.kprov("plan -detailed-exitcode=false").succeeds();
    place.applied();
    place.kprov("plan -detailed-exitcode").succeeds();
    place.write("main.tf", "resource \"terraform_data\" \"a\" {");
    place.kprov("plan -detailed-exitcode").fails(&["main.tf"]);
}

#[test]
fn nothing_happens_without_a_yes() {
    let place = Place::new("resource \"terraform_data\" \"a\" {}");
    place.kprov("apply").exits(1).says(&["Only 'yes' will be accepted", "Apply cancelled."]);
    place.kprov("state list").succeeds().hides("terraform_data");
    place.kprov("apply -input=false").fails(&["-auto-approve"]);
    place.kprov("state list").succeeds().hides("terraform_data");
    place.applied();
    place.kprov("destroy").exits(1).says(&["Destroy cancelled."]);
    assert_eq!(place.kprov("state list").succeeds().lines(), ["terraform_data.a"]);
}

#[test]
fn a_yes_on_standard_input_is_enough() {
    let place = Place::new("resource \"terraform_data\" \"a\" {}");
    place.write("answer", "yes\n");
    let mut command = place.command(&["apply"]);
    command.stdin(std::fs::File::open(place.path("answer")).expect("a file"));
    crate::program::Running::start(command).finish().succeeds().says(&["Apply complete!"]);
}

#[test]
fn a_failure_keeps_what_was_done() {
    let place = Place::new(
        "resource \"terraform_data\" \"a\" {}
         resource \"terraform_data\" \"b\" {
           input = terraform_data.a.id
           provisioner \"local-exec\" { command = \"exit 7\" }
         }
         resource \"terraform_data\" \"c\" { input = terraform_data.b.id }",
    );
    place
        .kprov("apply -auto-approve")
        .fails(&["terraform_data.b", "local-exec provisioner error"])
        .hides("Apply complete!");
    let known = place.kprov("state list").succeeds();
    assert_eq!(known.lines(), ["terraform_data.a", "terraform_data.b"]);
    place.write(
        "main.tf",
        String::from_utf8_lossy(&place.read("main.tf")).replace("exit 7", "exit 0"),
    );
    place
        .kprov("apply -auto-approve")
        .succeeds()
        .says(&["Resources: 2 added, 0 changed, 1 destroyed."]);
}

#[test]
fn help_and_version_are_there_without_a_project() {
    let place = Place::empty();
    place.kprov("version").succeeds().says(&["kprov"]);
    place.kprov("-version").succeeds().says(&["kprov"]);
    place.kprov("-help").succeeds().says(&["apply", "plan"]);
    place.kprov("plan -help").succeeds().says(&["-out"]);
    place.kprov("frobnicate").exits(1).complains(&["frobnicate"]);
    place.kprov("plan -frobnicate").exits(1).complains(&["frobnicate"]);
    assert!(place.content().0.is_empty());
}

#[test]
fn an_empty_directory_is_told() {
    let place = Place::empty();
    place.kprov("plan").fails(&["No configuration files"]);
    place.kprov("apply -auto-approve").fails(&["No configuration files"]);
    assert!(place.content().0.is_empty());
}
