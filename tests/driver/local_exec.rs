//! `local-exec`, with real processes.

use std::sync::Arc;

use kprov_state::{ObjectStatus, RunOutcome};
use kprov_tests::bench::{Bench, told};

use crate::{Lines, drive};

/// Applies one thing with that provisioner; gives the lines told and the problems.
fn provision(arguments: &str) -> (Vec<String>, String, Bench) {
    let main = format!(
        "variable \"secret\" {{\n default = \"s3cr3t\"\n sensitive = true\n}}\n\
         resource \"world_thing\" \"a\" {{\n label = \"a\"\n{arguments}\n}}"
    );
    let mut bench = Bench::new(1);
    let lines = Arc::new(Lines::default());
    let outcome = drive(&mut bench, &main, &lines);
    (lines.told(), told(&outcome.diagnostics), bench)
}

fn check(arguments: &str, output: &[&str]) {
    let arguments = format!("provisioner \"local-exec\" {{\n{arguments}\n}}");
    let (lines, problems, _) = provision(&arguments);
    let found: Vec<&str> =
        lines.iter().filter_map(|line| line.strip_prefix("world_thing.a (local-exec): ")).collect();
    assert_eq!(found, output, "{problems}");
    assert_eq!(problems, "");
}

#[test]
fn output_is_told_line_by_line() {
    check(
        "command = \"echo one; echo two; printf three\"",
        &[
            "Executing: [\"/bin/sh\" \"-c\" \"echo one; echo two; printf three\"]",
            "one",
            "two",
            "three",
        ],
    );
}

#[test]
fn arguments_are_kept() {
    check("command = \"echo x\"\nquiet = true", &["x"]);
    check(
        "command = \"echo $A $B\"\nquiet = true\nenvironment = {\n A = \"1\"\n B = \"x y\"\n}",
        &["1 x y"],
    );
    check("command = \"pwd\"\nquiet = true\nworking_dir = \"/\"", &["/"]);
    check(
        "command = \"hello\"\ninterpreter = [\"/bin/echo\", \"-n\", \"so\"]\nquiet = true",
        &["so hello"],
    );
    check("command = \"echo ${self.id}\"\nquiet = true", &["thing-1"]);
}

#[test]
fn sensitive_output_is_suppressed() {
    check(
        "command = \"echo ${var.secret}\"",
        &["(output suppressed due to sensitive value in config)"],
    );
    let (lines, problems, _) =
        provision("provisioner \"local-exec\" { command = \"echo ${var.secret}; exit 1\" }");
    assert!(!format!("{lines:?}{problems}").contains("s3cr3t"), "{lines:?} {problems}");
    assert!(problems.contains("local-exec provisioner error"), "{problems}");
}

#[test]
fn a_failure_taints_and_says_why() {
    let (_, problems, bench) = provision(
        "provisioner \"local-exec\" { command = \"echo no luck; exit 3\" }\n\
         provisioner \"local-exec\" { command = \"touch /never\" }",
    );
    assert!(problems.contains("exit status 3") && problems.contains("no luck"), "{problems}");
    let state = bench.state();
    assert!(state.objects.values().all(|object| object.status == ObjectStatus::Tainted));
    let runs = bench.store.runs("default", Default::default()).expect("runs");
    assert_eq!(runs[0].outcome, Some(RunOutcome::Failed));
}

#[test]
fn a_failure_can_be_gone_on_after() {
    let (_, problems, bench) =
        provision("provisioner \"local-exec\" {\n command = \"exit 3\"\n on_failure = continue\n}");
    assert_eq!(problems, "");
    assert!(bench.state().objects.values().all(|object| object.status == ObjectStatus::Ready));
}

#[test]
fn ephemeral_values_are_opened_during_the_run_and_not_shown() {
    let main = r#"
        ephemeral "world_echo" "e" { input = "0nce" }
        resource "world_thing" "a" {
          label = "a"
          provisioner "local-exec" {
            command = "test ${ephemeral.world_echo.e.output} = 0nce"
          }
        }
    "#;
    let mut bench = Bench::new(1);
    let lines = Arc::new(Lines::default());
    let outcome = drive(&mut bench, main, &lines);
    assert_eq!(told(&outcome.diagnostics), "");
    let journal = bench.store.journal("default", Default::default()).expect("a journal");
    assert!(!format!("{:?}{journal:?}", lines.told()).contains("0nce"), "{:?}", lines.told());
}

#[test]
fn a_program_that_is_not_there() {
    let (_, problems, _) = provision(
        "provisioner \"local-exec\" {\n command = \"x\"\n interpreter = [\"/no/such/program\"]\n}",
    );
    assert!(problems.contains("No such file"), "{problems}");
}
