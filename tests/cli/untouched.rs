//! What writes nothing, and what asks nobody: plans, an apply of nothing, and what is refused before
//! anything is begun.

use crate::place::Place;

const CONFIG: &str = r#"
variable "x" { default = "1" }
resource "terraform_data" "a" { input = var.x }
output "o" { value = terraform_data.a.output }
"#;

const COMPLETE: &str = "Apply complete! Resources: 0 added, 0 changed, 0 destroyed.";

/// Names of all files, those of locks and journals too.
fn names(place: &Place) -> Vec<String> {
    let entries = std::fs::read_dir(place.path("")).expect("a directory");
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn plans_write_nothing_but_their_file() {
    let place = Place::new(CONFIG);
    place.kprov("plan -detailed-exitcode").exits(2);
    assert_eq!(names(&place), ["main.tf"]);
    place.kprov("plan -out p").succeeds();
    place.kprov("show -json p").succeeds();
    place.kprov("validate -json").succeeds();
    assert_eq!(names(&place), ["main.tf", "p"]);
}

#[test]
fn nothing_to_do_is_done_without_asking() {
    let place = Place::new("locals { x = 1 }");
    place.kprov("apply -lock=false").succeeds().says(&["No changes.", COMPLETE]);
    assert_eq!(names(&place), ["main.tf"]);
    place.write("main.tf", CONFIG);
    place.applied();
    let runs = place.kprov("op log -json").succeeds().stdout;
    place.kprov("apply").succeeds().says(&["No changes.", COMPLETE, "o = \"1\""]);
    assert_eq!(place.kprov("op log -json").succeeds().stdout, runs);
}

#[test]
fn what_a_refresh_finds_is_recorded_without_asking() {
    let place = Place::new(
        "resource \"local_file\" \"f\" {
           filename = \"f.txt\"
           content  = \"a\"
         }",
    );
    place.applied();
    std::fs::remove_file(place.path("f.txt")).expect("a file");
    place.write("main.tf", "locals { x = 1 }");
    place.kprov("apply").succeeds().says(&[COMPLETE]);
    assert_eq!(place.kprov("state list").succeeds().stdout, "");
}

#[test]
fn mistakes_are_told_on_standard_error() {
    let place = Place::new(CONFIG);
    let before = place.content();
    for (status, line, phrase) in [
        (1, "nope", "No such command"),
        (1, "fmt", "Not supported yet"),
        (1, "plan -nope", "--nope"),
        (1, "-chdir=nope plan", "nope"),
        (1, "plan -destroy -refresh-only", "mutually-exclusive"),
        (1, "plan -target=[", "Invalid target address"),
        (1, "plan -var=zz=1", "undeclared variable"),
        (1, "apply -input=false", "-auto-approve"),
        (1, "taint terraform_data.a", "No such resource instance"),
        (1, "state rm terraform_data.a", "terraform_data.a"),
        (1, "force-unlock -force nope", "no lock"),
        (127, "", "Usage"),
    ] {
        let ended = place.kprov(line).exits(status).complains(&[phrase]);
        assert_eq!(ended.stdout, "", "{line}: {ended}");
    }
    // These say on standard output what they are about first.
    place.kprov("plan -out=nope/p").exits(1);
    place.kprov("import terraform_data.zz id").exits(1);
    assert_eq!(place.content(), before);
}
