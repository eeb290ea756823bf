//! The machine step by step, and the driver with real processes.

use std::time::Duration;

use super::machine::{Event, FIRST_WAIT, LONGEST_WAIT, Machine, Manner, Order, Probed, RAN_WELL};
use super::*;
use crate::layout::Layout;

fn manner(needs: &[&str]) -> Manner {
    let needs = needs.iter().map(|need| (*need).to_owned()).collect();
    Manner { needs, grace: Duration::from_secs(10), hung_after: Some(Duration::from_secs(60)) }
}

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn spawn(name: &str) -> Order {
    Order::Spawn(name.to_owned())
}

#[test]
fn what_needs_another_waits_until_that_is_ready_but_only_once() {
    let mut machine = Machine::default();
    machine.want("api", manner(&["etcd"]), false, at(0));
    machine.want("etcd", manner(&[]), false, at(0));
    assert_eq!(machine.due(at(0)), [spawn("etcd")]);
    machine.happened("etcd", Event::Spawned(1), at(0));
    assert_eq!(machine.due(at(1)), [Order::Probe("etcd".into())]);
    assert_eq!(machine.due(at(2)), [], "one probe at a time");
    machine.happened("etcd", Event::Probed(Probed::Ready), at(2));
    assert_eq!(machine.due(at(2)), [spawn("api")]);
    machine.happened("api", Event::Spawned(2), at(2));
    machine.happened("etcd", Event::Exited("x".into()), at(3));
    machine.happened("api", Event::Exited("y".into()), at(3));
    let due = machine.due(at(3) + FIRST_WAIT);
    assert!(
        due.contains(&spawn("api")),
        "it began once, and does not wait for etcd again: {due:?}"
    );
}

#[test]
fn waits_double_up_to_a_limit_and_begin_anew_after_a_good_run() {
    let mut machine = Machine::default();
    machine.want("x", manner(&[]), false, at(0));
    let mut now = at(0);
    let mut waits = Vec::new();
    for _ in 0..8 {
        assert_eq!(machine.due(now), [spawn("x")]);
        machine.happened("x", Event::Spawned(1), now);
        machine.happened("x", Event::Exited("status 1".into()), now);
        let begun = now;
        while machine.due(now).is_empty() {
            now += Duration::from_millis(500);
        }
        waits.push(now - begun);
        machine.happened("x", Event::SpawnFailed("again".into()), now);
        while machine.views()[0].last_error.as_deref() != Some("again") {
            now += Duration::from_millis(500);
        }
        // The failed spawn counts too; wait it out.
        let mut due = machine.due(now);
        while due.is_empty() {
            now += Duration::from_millis(500);
            due = machine.due(now);
        }
        machine.happened("x", Event::Spawned(1), now);
        machine.happened("x", Event::Exited("status 1".into()), now);
        now += LONGEST_WAIT;
    }
    assert_eq!(waits[0], FIRST_WAIT);
    assert!(
        waits.windows(2).all(|pair| pair[0] <= pair[1]) && waits[7] == LONGEST_WAIT,
        "{waits:?}"
    );
    assert_eq!(machine.due(now), [spawn("x")]);
    machine.happened("x", Event::Spawned(1), now);
    now += RAN_WELL;
    machine.happened("x", Event::Exited("status 1".into()), now);
    let due = machine.due(now + FIRST_WAIT);
    assert_eq!(due, [spawn("x")], "it ran well");
}

#[test]
fn who_does_not_end_is_killed() {
    let mut machine = Machine::default();
    machine.want("x", manner(&[]), false, at(0));
    machine.due(at(0));
    machine.happened("x", Event::Spawned(7), at(0));
    assert_eq!(machine.unwant("x", at(1)), [Order::Terminate("x".into(), 7)]);
    assert_eq!(machine.due(at(10)), []);
    assert_eq!(machine.due(at(11)), [Order::Kill("x".into(), 7)]);
    assert_eq!(machine.due(at(12)), [], "once");
    machine.happened("x", Event::Exited("signal".into()), at(12));
    assert_eq!(machine.due(at(99)), [], "nobody wants it");
    assert_eq!(machine.views()[0].state, State::Down);
}

#[test]
fn who_was_ready_and_is_silent_is_started_again_but_not_who_says_no() {
    let mut machine = Machine::default();
    machine.want("x", manner(&[]), false, at(0));
    machine.due(at(0));
    machine.happened("x", Event::Spawned(7), at(0));
    let silent = || Event::Probed(Probed::NoAnswer("refused".into()));
    assert_eq!(
        machine.happened("x", silent(), at(500)),
        [],
        "it was never ready: it may take its time"
    );
    machine.happened("x", Event::Probed(Probed::Ready), at(501));
    machine.happened("x", Event::Probed(Probed::Unready("no leader".into())), at(600));
    assert_eq!(machine.happened("x", silent(), at(650)), []);
    assert_eq!(machine.happened("x", silent(), at(660)), [Order::Terminate("x".into(), 7)]);
    machine.happened("x", Event::Exited("0".into()), at(661));
    assert_eq!(machine.due(at(661)), [spawn("x")], "at once: it was us who stopped it");
}

#[test]
fn a_changed_component_is_stopped_and_started_again() {
    let mut machine = Machine::default();
    machine.want("x", manner(&[]), false, at(0));
    machine.due(at(0));
    machine.happened("x", Event::Spawned(7), at(0));
    assert_eq!(machine.want("x", manner(&[]), false, at(1)), []);
    assert_eq!(machine.want("x", manner(&[]), true, at(1)), [Order::Terminate("x".into(), 7)]);
    machine.happened("x", Event::Exited("0".into()), at(2));
    assert_eq!(machine.due(at(2)), [spawn("x")]);
}

fn component(script: &str) -> Component {
    let arguments = vec!["-c".to_owned(), script.to_owned()];
    Component {
        name: "x".into(),
        invocation: Invocation { program: "/bin/sh".into(), arguments },
        needs: Vec::new(),
        grace: Duration::from_secs(5),
        listens: Vec::new(),
        probe: Probe::Running,
        hung_after: None,
    }
}

fn laid_out() -> (tempfile::TempDir, Layout) {
    let dir = tempfile::tempdir().unwrap();
    let layout = Layout::new(dir.path());
    for path in [layout.logs(), layout.run()] {
        std::fs::create_dir_all(path).unwrap();
    }
    (dir, layout)
}

#[tokio::test]
async fn a_process_that_ends_is_started_again_and_its_last_words_are_told() {
    let (_dir, layout) = laid_out();
    let supervisor = Supervisor::start(&layout);
    supervisor.want(component("echo no certificates >&2; exit 3")).await;
    supervisor.until(|views| views[0].restarts >= 2).await;
    let said = supervisor.view("x").unwrap().last_error.unwrap();
    assert!(said.contains("exit status: 3") && said.contains("no certificates"), "{said}");
    supervisor.stop(&["x"]).await;
    assert_eq!(supervisor.view("x").unwrap().state, State::Down);
    assert!(std::fs::read_to_string(layout.log("x")).unwrap().contains("no certificates"));
}

#[tokio::test]
async fn stopping_is_sigterm_and_waits_for_the_end() {
    let (dir, layout) = laid_out();
    let supervisor = Supervisor::start(&layout);
    let mark = dir.path().join("mark");
    let script =
        format!("trap 'echo bye > {}; exit 0' TERM; while :; do sleep 0.05; done", mark.display());
    supervisor.want(component(&script)).await;
    supervisor.ready("x").await;
    assert!(layout.pid_file("x").exists());
    supervisor.stop(&["x"]).await;
    assert_eq!(std::fs::read_to_string(&mark).unwrap(), "bye\n");
    assert!(!layout.pid_file("x").exists());
}

#[tokio::test]
async fn what_is_paused_does_not_run_until_it_is_let_go() {
    let (_dir, layout) = laid_out();
    let supervisor = Supervisor::start(&layout);
    supervisor.want(component("exec sleep 600")).await;
    supervisor.ready("x").await;
    let pid = supervisor.view("x").unwrap().pid.unwrap();
    let stands = || {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        stat.rsplit_once(") ").unwrap().1.starts_with('T')
    };
    let becomes = async |wanted: bool| {
        let until = tokio::time::Instant::now() + Duration::from_secs(20);
        while stands() != wanted {
            assert!(tokio::time::Instant::now() < until, "it stands: {}", !wanted);
            tokio::task::yield_now().await;
        }
    };
    let paused = supervisor.pause("x");
    becomes(true).await;
    drop(paused);
    becomes(false).await;
    // One that does not run cannot be held.
    drop(supervisor.pause("y"));
    supervisor.stop(&["x"]).await;
}

#[tokio::test]
async fn a_taken_port_is_told_and_nothing_is_spawned() {
    let (_dir, layout) = laid_out();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let supervisor = Supervisor::start(&layout);
    let listens = vec![listener.local_addr().unwrap()];
    supervisor.want(Component { listens, ..component("exit 0") }).await;
    supervisor.until(|views| views[0].last_error.is_some()).await;
    let view = supervisor.view("x").unwrap();
    assert!(view.last_error.unwrap().contains("is in use by"), "named");
    assert_eq!(view.state, State::BackingOff);
}

#[tokio::test]
async fn orphans_of_a_killed_run_are_ended_and_others_left_alone() {
    use std::os::unix::process::CommandExt;
    let (_dir, layout) = laid_out();
    let start =
        || std::process::Command::new("/bin/sleep").arg("600").process_group(0).spawn().unwrap();
    let (mut ours, mut other) = (start(), start());
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", ours.id())).unwrap();
    let started: u64 =
        stat.rsplit_once(')').unwrap().1.split_whitespace().nth(19).unwrap().parse().unwrap();
    let record = |pid: u32, started: u64| format!("{pid} {started}\n");
    std::fs::write(layout.pid_file("ours"), record(ours.id(), started)).unwrap();
    std::fs::write(layout.pid_file("other"), record(other.id(), started + 1_000_000)).unwrap();
    let ended = end_orphans(&layout, Duration::from_secs(5)).await.unwrap();
    assert_eq!(ended, ["ours"]);
    assert!(!ours.wait().unwrap().success());
    assert!(other.try_wait().unwrap().is_none(), "its start time is another's");
    other.kill().unwrap();
    other.wait().unwrap();
    assert!(!layout.pid_file("other").exists());
}

#[test]
fn what_runs_is_killed_with_the_supervisor() {
    let (dir, layout) = laid_out();
    let mark = dir.path().join("mark");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let pid = runtime.block_on(async {
        let supervisor = Supervisor::start(&layout);
        // It takes no notice of SIGTERM, nor of a closed pipe.
        supervisor
            .want(component(&format!("trap '' TERM; : > {}; exec sleep 600", mark.display())))
            .await;
        supervisor.ready("x").await;
        supervisor.view("x").unwrap().pid.unwrap()
    });
    // The supervisor is gone, and nobody stopped anything: as by SIGKILL.
    runtime.shutdown_background();
    let begun = std::time::Instant::now();
    let lives = || {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.starts_with(" Z"))
    };
    while lives() {
        assert!(begun.elapsed() < Duration::from_secs(20), "it is left behind");
        std::thread::yield_now();
    }
}
