//! Ctrl-C: the first drains, the second leaves at once; either way the next apply goes on from there.
//! The exit status is 130, as shells have it for what SIGINT ended.

use crate::place::Place;
use crate::program::Running;

/// Two at a time, and those two stay until there is a file `go`.
const SIX: &str = r#"
resource "terraform_data" "six" {
  count = 6
  provisioner "local-exec" {
    command = "touch started-${count.index}; n=0; while [ ! -e go ] && [ $n -lt 6000 ]; do sleep 0.02; n=$((n+1)); done; touch made-${count.index}"
  }
}
"#;

fn two_under_way() -> (Place, Running) {
    let place = Place::new(SIX);
    let running = place.start(&["apply", "-auto-approve", "-parallelism=2"]);
    crate::place::until("two under way", || count(&place, "started-") == 2);
    (place, running)
}

fn count(place: &Place, prefix: &str) -> usize {
    (0..6).filter(|n| place.has(format!("{prefix}{n}"))).count()
}

#[test]
fn once_finishes_what_is_under_way_and_starts_nothing() {
    for signal in ["INT", "TERM"] {
        let (place, mut running) = two_under_way();
        running.signal(signal);
        running.await_complaint("Interrupt received");
        place.write("go", "");
        let ended = running.finish().exits(130).hides("Apply complete!");
        assert_eq!((count(&place, "started-"), count(&place, "made-")), (2, 2), "{ended}");
        assert_eq!(place.kprov("state list").succeeds().lines().len(), 2);
        place.kprov("apply -auto-approve").succeeds().says(&["Resources: 4 added, 0 changed, 0"]);
        assert_eq!(count(&place, "made-"), 6);
    }
}

#[test]
fn twice_leaves_and_the_next_apply_finds_out() {
    let (place, mut running) = two_under_way();
    running.signal("INT");
    running.await_complaint("Interrupt received");
    running.signal("INT");
    let ended = running.finish().exits(130);
    assert!(!place.has("go"), "it did not wait: {ended}");
    place.kprov("state list").succeeds().hides("Error");
    place.write("go", "");
    place.kprov("apply -auto-approve").succeeds();
    assert_eq!(place.kprov("state list").succeeds().lines().len(), 6);
    place.kprov("plan -detailed-exitcode").succeeds();
}

#[test]
fn before_anything_is_begun_it_just_ends() {
    let place = Place::new(SIX);
    let mut command = place.command(&["apply"]);
    command.stdin(std::process::Stdio::piped());
    // Nobody answers the question: it is interrupted there.
    let running = Running::start(command);
    crate::place::until("the question", || running.said().contains("Enter a value"));
    running.signal("INT");
    let ended = running.finish();
    assert!(ended.signal == Some(2) || ended.code == Some(130), "{ended}");
    place.kprov("state list").succeeds().hides("terraform_data");
    assert_eq!(count(&place, "started-"), 0);
}
