//! The program on a terminal: what it asks there, and what Ctrl-C does. The terminal is made by
//! Python (terminal.py), since this house has no unsafe code; without Python it is not tested.

use std::process::{Command, Stdio};

use crate::place::Place;
use crate::program::Running;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/cli/terminal.py");

const VARIABLES: &str = r#"
variable "b" {
  description = "The b."
}
variable "a" {
  sensitive = true
}
variable "given" {}
variable "has" { default = "d" }
output "o" { value = "${var.b} ${var.given} ${var.has} ${nonsensitive(var.a)}" }
"#;

/// What has to be typed to interrupt.
const CTRL_C: &str = "\u{3}";

/// Starts the program on a terminal of 24 rows and 80 columns.
fn on_terminal(place: &Place, line: &str) -> Option<Running> {
    let python = Command::new("python3").arg("--version").stdout(Stdio::null()).status();
    if !python.is_ok_and(|status| status.success()) {
        eprintln!("not tested here: there is no python3 to make a terminal");
        return None;
    }
    let mut command = Command::new("python3");
    command.args([SCRIPT, "24", "80", env!("CARGO_BIN_EXE_kprov")]);
    command.args(line.split_whitespace());
    place.surround(&mut command);
    command.env("TERM", "xterm").stdin(Stdio::piped());
    Some(Running::start(command))
}

/// Types an answer when the question stands there.
fn answer(running: &mut Running, from: usize, question: &str, answer: &str) -> usize {
    let at = running.await_said(from, question);
    let at = running.await_said(at, "Enter a value:");
    running.types(answer);
    at
}

#[test]
fn missing_variables_are_asked_for_in_order() {
    let place = Place::new(VARIABLES);
    let Some(mut running) = on_terminal(&place, "apply -no-color -var given=g") else { return };
    let at = answer(&mut running, 0, "var.a", "hidden-a\n");
    let at = answer(&mut running, at, "var.b\r\n  The b.", "bee\n");
    answer(&mut running, at, "Do you want to perform these actions?", "yes\n");
    let ended = running.finish().succeeds();
    // What was typed for the secret is not seen, only the output's value.
    assert_eq!(ended.stdout.matches("hidden-a").count(), 2, "plan and output say it: {ended}");
    assert!(!ended.stdout.contains("var.given") && !ended.stdout.contains("var.has"), "{ended}");
    assert_eq!(place.kprov("output -raw o").succeeds().stdout, "bee g d hidden-a");
}

#[test]
fn wrong_answers_and_none_change_nothing() {
    let place = Place::new(
        "variable \"n\" { type = number }
         resource \"terraform_data\" \"x\" { input = var.n }",
    );
    for line in ["plan", "destroy", "refresh", "import terraform_data.x i"] {
        let Some(mut running) = on_terminal(&place, line) else { return };
        answer(&mut running, 0, "var.n", "many\n");
        let ended = running.finish().exits(1);
        assert!(ended.stdout.contains("var.n given as an answer"), "{line}: {ended}");
    }
    let Some(mut running) = on_terminal(&place, "plan") else { return };
    // The end of the input.
    answer(&mut running, 0, "var.n", "\u{4}");
    running.finish().exits(1).says(&["No value for required variable"]);
    let Some(running) = on_terminal(&place, "plan -input=false") else { return };
    let ended = running.finish().exits(1);
    assert!(!ended.stdout.contains("Enter a value"), "{ended}");
    let Some(mut running) = on_terminal(&place, "console") else { return };
    let at = answer(&mut running, 0, "var.n", "41\n");
    running.await_said(at, "> ");
    running.types("var.n + 1\nexit\n");
    let ended = running.finish().succeeds();
    assert!(ended.stdout.contains("42"), "{ended}");
}

#[test]
fn an_interrupted_question_leaves_the_terminal_as_it_was() {
    let place = Place::new(VARIABLES);
    let kprov = env!("CARGO_BIN_EXE_kprov");
    place.write("ask.sh", format!("trap : INT\n{kprov} plan\necho status $?\nstty -a\n"));
    let Some(running) = on_terminal(&place, "version") else { return };
    running.finish().succeeds();
    let mut command = Command::new("python3");
    command.args([SCRIPT, "24", "80", "sh", "ask.sh"]);
    place.surround(&mut command);
    command.stdin(Stdio::piped());
    let mut running = Running::start(command);
    answer(&mut running, 0, "var.a", CTRL_C);
    let ended = running.finish().succeeds();
    assert!(ended.stdout.contains("status 130"), "{ended}");
    assert!(ended.stdout.contains(" echo ") && !ended.stdout.contains("-echo "), "{ended}");
}

/// Two at a time, and those two stay until there is a file `go`.
const SIX: &str = r#"
resource "terraform_data" "six" {
  count = 6
  provisioner "local-exec" {
    command = "touch started-${count.index}; n=0; while [ ! -e go ] && [ $n -lt 6000 ]; do sleep 0.02; n=$((n+1)); done"
  }
}
"#;

#[test]
fn ctrl_c_lets_what_is_under_way_end() {
    let place = Place::new(SIX);
    let Some(mut running) = on_terminal(&place, "apply -auto-approve -parallelism=2") else {
        return;
    };
    let started = || (0..6).filter(|n| place.has(format!("started-{n}"))).count();
    crate::place::until("two under way", || started() == 2);
    running.types(CTRL_C);
    running.await_said(0, "Interrupt again to leave at once.");
    place.write("go", "");
    let ended = running.finish().exits(130);
    // The keys reach all that runs on the terminal; provisioners are spared.
    assert_eq!(ended.stdout.matches("Creation complete").count(), 2, "{ended}");
    let plan = place.kprov("plan -no-color").succeeds();
    assert!(plan.stdout.contains("4 to add, 0 to change, 0 to destroy"), "{plan}");
}

#[test]
fn ctrl_c_drains_and_the_second_leaves() {
    let place = Place::new(SIX);
    let line = "apply -auto-approve -parallelism=2";
    let started = || (0..6).filter(|n| place.has(format!("started-{n}"))).count();
    let Some(mut running) = on_terminal(&place, line) else { return };
    crate::place::until("two under way", || started() == 2);
    running.types(CTRL_C);
    let at = running.await_said(0, "Interrupt again to leave at once.");
    // It drains: neither ends before they are let.
    running.types(CTRL_C);
    running.await_said(at, "Leaving at once.");
    let ended = running.finish().exits(130);
    assert!(!place.has("go") && started() == 2, "{ended}");
    place.write("go", "");
    place.kprov("apply -auto-approve").succeeds();
    assert_eq!(place.kprov("state list").succeeds().lines().len(), 6);
    place.kprov("plan -detailed-exitcode").succeeds();
}
