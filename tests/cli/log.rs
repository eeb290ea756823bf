//! The operation log: what every run did, also the one that was killed.

use crate::place::Place;

const MAIN: &str = "
variable \"v\" { default = 1 }
resource \"terraform_data\" \"a\" { input = var.v }
resource \"terraform_data\" \"b\" { input = terraform_data.a.output }
";

#[test]
fn every_run_is_in_the_log() {
    let place = Place::new(MAIN);
    place.applied();
    place.kprov("apply -auto-approve -var v=2").succeeds();
    place.kprov("destroy -auto-approve").succeeds();
    let log = place.kprov("op log -json").succeeds();
    assert_eq!(log.stderr, "");
    let text = log.json().to_string();
    for word in ["apply", "destroy", "tester@"] {
        assert!(text.contains(word), "{word}: {log}");
    }
    place.kprov("op log").succeeds().says(&["apply", "destroy", "tester@"]);
    place.kprov("op show").succeeds().says(&["terraform_data.a", "terraform_data.b"]);
    place.kprov("op show -json").succeeds().json();
    place.kprov("op diff -json").succeeds().json();
    place.kprov("op show 4711").fails(&["4711"]);
}

#[test]
fn an_operation_without_an_end_is_named() {
    let place = Place::new(
        "resource \"terraform_data\" \"held\" {
           provisioner \"local-exec\" {
             command = \"touch started; n=0; while [ ! -e go ] && [ $n -lt 6000 ]; do sleep 0.02; n=$((n+1)); done\"
           }
         }",
    );
    let holder = place.start(&["apply", "-auto-approve"]);
    place.await_file("started");
    holder.kill();
    place.write("go", "");
    place.kprov("op show").succeeds().says(&["terraform_data.held"]);
    place.kprov("op log").succeeds();
    place.kprov("plan").exits(0).says(&["terraform_data.held"]);
    let told = place.kprov("apply -auto-approve").succeeds();
    assert!(told.stderr.contains("terraform_data.held"), "what was settled is told: {told}");
    place.kprov("state fsck").succeeds();
}

#[test]
fn an_empty_log_is_empty() {
    let place = Place::new(MAIN);
    place.kprov("op log").succeeds();
    place.kprov("op log -json").succeeds().json();
    assert!(!place.has("kprov.db"));
}
