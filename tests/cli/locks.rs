//! Locks: one writer at a time, who says who it is; readers never wait; the dead hold nothing.

use std::path::Path;
use std::time::Duration;

use crate::place::{Place, until};
use crate::program::Running;

/// An apply of this stays open until there is a file `go`; for two minutes at most, so that no shell
/// outlives a failed test for long.
const HELD: &str = r#"
resource "terraform_data" "held" {
  provisioner "local-exec" {
    command = "touch started; n=0; while [ ! -e go ] && [ $n -lt 6000 ]; do sleep 0.02; n=$((n+1)); done"
  }
}
"#;

fn holding() -> (Place, Running) {
    let place = Place::new(HELD);
    let holder = place.start(&["apply", "-auto-approve"]);
    place.await_file("started");
    (place, holder)
}

#[test]
fn a_second_apply_is_refused_and_told_by_whom() {
    let (place, holder) = holding();
    for command in ["apply -auto-approve", "destroy -auto-approve", "refresh"] {
        let refused = place.kprov(command).fails(&["locked by tester@", "(apply)", "since 20"]);
        let pid = holder.pid().to_string();
        let refused = refused.complains(&["-lock-timeout", "force-unlock", &pid]);
        assert!(!refused.stdout.contains("Creating..."), "{refused}");
    }
    place.write("go", "");
    holder.finish().succeeds().says(&["Resources: 1 added"]);
    place.kprov("apply -auto-approve").succeeds().says(&["Resources: 0 added"]);
}

#[test]
fn readers_wait_for_nobody() {
    let (place, holder) = holding();
    place.write("other/main.tf", HELD);
    for command in ["plan", "show", "show -json", "output -json", "state list", "validate"] {
        place.kprov(command).succeeds();
    }
    assert!(!place.has("go"), "the apply was open all the time");
    place.write("go", "");
    holder.finish().succeeds();
}

#[test]
fn with_a_timeout_the_second_waits_for_its_turn() {
    let (place, holder) = holding();
    let mut waiter = place.start(&["apply", "-auto-approve", "-lock-timeout=60s"]);
    // It waits once it has the lock's file open, and it stays so while the first is held.
    until("the second at the lock", || has_open(waiter.pid(), &place.path("kprov.db")));
    assert!(!waiter.ends_within(Duration::from_millis(200)), "it did not wait");
    place.write("go", "");
    holder.finish().succeeds().says(&["Resources: 1 added"]);
    waiter.finish().succeeds().says(&["Resources: 0 added, 0 changed, 0 destroyed."]);
}

#[test]
fn who_waits_can_be_interrupted() {
    let (place, holder) = holding();
    let mut waiter = place.start(&["apply", "-auto-approve", "-lock-timeout=600s"]);
    until("the second at the lock", || has_open(waiter.pid(), &place.path("kprov.db")));
    assert!(!waiter.ends_within(Duration::from_millis(100)), "it did not wait");
    waiter.signal("INT");
    let ended = waiter.finish();
    assert!(ended.signal == Some(2) || matches!(ended.code, Some(1 | 130)), "{ended}");
    place.write("go", "");
    holder.finish().succeeds();
}

#[test]
fn a_timeout_ends() {
    let (place, holder) = holding();
    place.kprov("apply -auto-approve -lock-timeout=200ms").fails(&["locked by tester@"]);
    place.write("go", "");
    holder.finish().succeeds();
}

#[test]
fn the_dead_hold_nothing() {
    let (place, holder) = holding();
    holder.kill();
    // The shell that it left ends, and so does the next.
    place.write("go", "");
    place.kprov("apply -auto-approve").succeeds().says(&["Apply complete!"]);
    place.kprov("plan -detailed-exitcode").succeeds();
}

#[test]
fn a_lock_is_forced_by_its_id_only() {
    let (place, holder) = holding();
    let refused = place.kprov("apply -auto-approve").fails(&["ID:"]);
    let id = refused.stderr.split("ID:").nth(1).and_then(|rest| rest.split_whitespace().next());
    let id = id.expect("an id").to_owned();
    place.kprov("force-unlock -force wrong-id").fails(&["wrong-id"]);
    place.kprov("apply -auto-approve").fails(&["locked by"]);
    place.run(&["force-unlock", "-force", &id]).succeeds();
    place.write("go", "");
    // What the former holder does now is its own risk; it must not crash.
    let _ = holder.finish();
    place.kprov("force-unlock -force wrong-id").fails(&["wrong-id"]);
}

#[test]
fn without_a_lock_nobody_is_asked() {
    let (place, holder) = holding();
    place.kprov("plan -lock=false").succeeds();
    place.write("go", "");
    holder.finish().succeeds();
}

fn has_open(pid: u32, path: &Path) -> bool {
    let Ok(files) = std::fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    files.flatten().any(|file| std::fs::read_link(file.path()).is_ok_and(|open| open == path))
}
