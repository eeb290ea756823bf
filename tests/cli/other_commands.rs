//! `console`, `import`, `graph`, `metadata`, `providers`, and `init` beside a state of Terraform.

use std::process::Stdio;

use crate::place::Place;
use crate::program::{Output, Running};

const MAIN: &str = "
variable \"v\" { default = 3 }
resource \"terraform_data\" \"a\" { input = var.v }
resource \"terraform_data\" \"b\" { input = terraform_data.a.id }
";

/// Runs a command with this on its standard input.
fn with_input(place: &Place, line: &str, input: &[u8]) -> Output {
    place.write("input", input);
    let mut command = place.command(&line.split(' ').collect::<Vec<_>>());
    let file = std::fs::File::open(place.path("input")).expect("a file");
    command.stdin(Stdio::from(file));
    Running::start(command).finish()
}

#[test]
fn expressions_are_tried_in_the_console() {
    let place = Place::new(MAIN);
    let said =
        with_input(&place, "console", b"1 + var.v\nupper(\"x\")\n[for n in [1, 2] : n * 2]\n");
    said.succeeds().says(&["4 \"X\" [ 2, 4, ]"]);
    with_input(&place, "console", b"var.nobody").fails(&["nobody"]);
    for name in [
        "local.nobody",
        "terraform_data.nobody.id",
        "module.nobody",
        "data.x.nobody",
        "each.nobody",
        "nobody(1)",
    ] {
        with_input(&place, "console", name.as_bytes())
            .fails(&["line 1", name.trim_end_matches("(1)")]);
    }
    with_input(&place, "console", b"1 +").fails(&[]);
    with_input(&place, "console", b"\xff\xfe\n\x00").exits(1);
    with_input(&place, "console", b"").succeeds();
    with_input(&place, "console", b"exit\nnope\n").succeeds();
    assert!(!place.has("kprov.db"));
    with_input(&Place::empty(), "console", b"1 + 1").succeeds().says(&["2"]);
}

#[test]
fn an_object_is_imported() {
    let place = Place::new(MAIN);
    place.kprov("import terraform_data.a some-id").succeeds().says(&["Import successful!"]);
    assert_eq!(place.kprov("state list").succeeds().lines(), ["terraform_data.a"]);
    let before = place.content();
    place.kprov("import terraform_data.a some-id").fails(&["terraform_data.a"]);
    place.kprov("import terraform_data.nobody some-id").fails(&["terraform_data.nobody"]);
    place.kprov("import data.terraform_data.a x").fails(&[]);
    place.kprov("import terraform_data.b").exits(1);
    assert_eq!(place.content(), before);
    place.applied();
    place.kprov("plan -detailed-exitcode").succeeds();
}

#[test]
fn an_import_block_is_planned_and_applied() {
    let place =
        Place::new(&format!("{MAIN}import {{\n  to = terraform_data.a\n  id = \"some-id\"\n}}\n"));
    place.kprov("plan").succeeds().says(&["Plan: 1 to import"]);
    place.kprov("apply -auto-approve").succeeds().says(&["1 imported"]);
    let shown = place.kprov("state show terraform_data.a").succeeds();
    shown.says(&["some-id"]);
}

#[test]
fn the_graph_is_dot() {
    let place = Place::new(MAIN);
    let graph = place.kprov("graph").succeeds().says(&["digraph", "terraform_data.a"]);
    assert!(graph.stdout.contains("\"terraform_data.b\" -> \"terraform_data.a\""), "{graph}");
    place.write("main.tf", "resource {");
    place.kprov("graph").fails(&["main.tf"]);
}

#[test]
fn functions_and_schemas_are_json() {
    let place = Place::new(MAIN);
    let functions = place.kprov("metadata functions -json").succeeds().json();
    let known = functions["function_signatures"].as_object().expect("functions");
    assert!(known.contains_key("cidrsubnet") && known.len() > 100);
    let schemas = place.kprov("providers schema -json").succeeds().json();
    let schema = &schemas["provider_schemas"]["terraform.io/builtin/terraform"]["resource_schemas"];
    assert!(schema["terraform_data"]["block"]["attributes"]["triggers_replace"].is_object());
    place.kprov("providers").succeeds().says(&["terraform.io/builtin/terraform"]);
}

/// A project of Terraform becomes one of kprov by `init`.
#[test]
fn a_state_of_terraform_is_taken_over_once() {
    let recorded = include_str!("data/terraform-1.11.4.tfstate");
    let place = Place::new(crate::state_transfer::MAIN);
    place.write("terraform.tfstate", recorded);
    place.kprov("init").succeeds().says(&["terraform.tfstate"]);
    place.kprov("plan -detailed-exitcode").succeeds();
    assert_eq!(place.read("terraform.tfstate"), recorded.as_bytes());
    place.kprov("destroy -auto-approve").succeeds();
    place.kprov("init").succeeds();
    assert!(place.kprov("state list").succeeds().lines().is_empty(), "it was taken over again");
    let place = Place::new(MAIN);
    place.write("terraform.tfstate", "{ garbage");
    let before = place.content();
    place.kprov("init").fails(&["terraform.tfstate"]);
    assert_eq!(place.content(), before);
}

#[test]
fn a_concise_plan_is_a_line_for_each_change() {
    let place = Place::new(MAIN);
    let plan = place.kprov("plan -concise").succeeds();
    let of = |name: &str| plan.stdout.lines().filter(|line| line.contains(name)).count();
    assert_eq!((of("terraform_data.a"), of("terraform_data.b")), (1, 1), "{plan}");
}
