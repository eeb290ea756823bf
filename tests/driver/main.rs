//! The real driver: tokio, the writer thread, SQLite and real processes.

mod local_exec;
mod settling;
mod speed;

use std::sync::{Arc, Mutex, PoisonError};

use kprov_apply::machine::ExecuteOutcome;
use kprov_apply::{ProgressEvent, Reporter};
use kprov_core::Host;
use kprov_state::{AppendFault, Entry, MemoryStore, RunOutcome, SqliteOptions, SqliteStore};
use kprov_tests::bench::{Bench, Wanted, told};
use kprov_tests::host::CountingHost;
use kprov_tests::invariants::{check_always, check_converged};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

type Reaction = Box<dyn Fn(&ProgressEvent) + Send + Sync>;

/// Keeps what it is told, one line each; may react.
#[derive(Default)]
pub(crate) struct Lines {
    lines: Mutex<Vec<String>>,
    reaction: Option<Reaction>,
}

impl std::fmt::Debug for Lines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lines").finish_non_exhaustive()
    }
}

impl Lines {
    fn reacting(reaction: impl Fn(&ProgressEvent) + Send + Sync + 'static) -> Lines {
        Lines { reaction: Some(Box::new(reaction)), ..Lines::default() }
    }

    pub(crate) fn told(&self) -> Vec<String> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Reporter for Lines {
    fn report(&self, event: &ProgressEvent) {
        let id = |id: &Option<(kprov_core::Str, kprov_core::Str)>| {
            id.as_ref().map_or_else(String::new, |(key, value)| format!(" [{key}={value}]"))
        };
        let line = match event {
            ProgressEvent::Started { address, verb, id: named } => {
                format!("{address}: {verb:?} begins{}", id(named))
            }
            ProgressEvent::Running { address, .. } => format!("{address}: runs"),
            ProgressEvent::Finished { address, verb, id: named, .. } => {
                format!("{address}: {verb:?} done{}", id(named))
            }
            ProgressEvent::Failed { address, verb, .. } => format!("{address}: {verb:?} failed"),
            ProgressEvent::Provisioning { address, provisioner } => {
                format!("{address}: {provisioner}")
            }
            ProgressEvent::Output { address, provisioner, line } => {
                format!("{address} ({provisioner}): {line}")
            }
            ProgressEvent::Provisioned { address, succeeded, .. } => {
                format!("{address}: provisioned {succeeded}")
            }
            ProgressEvent::Rotation(line) => format!("{}: {}", line.address, line.step),
            ProgressEvent::Stopping { waiting } => format!("stopping, {waiting} to wait for"),
        };
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        if let Some(reaction) = &self.reaction {
            reaction(event);
        }
    }
}

fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).enable_all().build().expect("a runtime")
}

pub(crate) fn drive(bench: &mut Bench, main: &str, lines: &Arc<Lines>) -> ExecuteOutcome {
    let (_keep, interrupts) = unbounded_channel();
    drive_until(bench, main, lines, interrupts)
}

fn drive_until(
    bench: &mut Bench,
    main: &str,
    lines: &Arc<Lines>,
    interrupts: UnboundedReceiver<()>,
) -> ExecuteOutcome {
    runtime().block_on(bench.driven(&Wanted::new(main), lines.clone(), interrupts))
}

/// A bench on SQLite, and the directory that must outlive it.
pub(crate) fn on_disk() -> (Bench, tempfile::TempDir) {
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    let host: Arc<dyn Host> = Arc::new(CountingHost::new(9));
    let path = directory.path().join("kprov.db");
    let store = SqliteStore::open(&path, host, SqliteOptions::default()).expect("a store");
    (Bench::new(1).with_store(Arc::new(store)), directory)
}

const CHAIN: &str = r#"
resource "world_thing" "a" { label = "a" }
resource "world_thing" "b" {
  label = "b"
  uses  = [world_thing.a.id]
}
output "b" { value = world_thing.b.id }
"#;

#[test]
fn a_chain_is_applied_and_told() {
    let (mut bench, _directory) = on_disk();
    let lines = Arc::new(Lines::default());
    let outcome = drive(&mut bench, CHAIN, &lines);
    assert_eq!(outcome.outcome, RunOutcome::Succeeded, "{}", told(&outcome.diagnostics));
    assert_eq!((outcome.counts.added, outcome.counts.failed), (2, 0));
    assert_eq!(
        lines.told(),
        [
            "world_thing.a: Create begins",
            "world_thing.a: Create done [id=thing-1]",
            "world_thing.b: Create begins",
            "world_thing.b: Create done [id=thing-2]",
        ]
    );
    check_converged(&bench, &Wanted::new(CHAIN), "a chain");
    assert_eq!(bench.state().outputs["b"].value.get(), "\"thing-2\"");
}

#[test]
fn outputs_that_are_never_known_are_null_and_null_ones_go() {
    let (mut bench, _directory) = on_disk();
    let lines = Arc::new(Lines::default());
    let first = r#"
        output "known" { value = 1 }
        output "unknown" { value = format("%s", null) }
    "#;
    let outcome = drive(&mut bench, first, &lines);
    assert_eq!(outcome.outcome, RunOutcome::Succeeded, "{}", told(&outcome.diagnostics));
    let outputs = |bench: &Bench| -> Vec<String> {
        let outputs = bench.state().outputs;
        outputs.iter().map(|(name, output)| format!("{name} {}", output.value.get())).collect()
    };
    assert_eq!(outputs(&bench), ["known 1", "unknown null"]);
    drive(&mut bench, r#"output "known" { value = null }"#, &lines);
    assert!(outputs(&bench).is_empty());
}

#[test]
fn a_store_that_fails_stops_the_run_and_loses_nothing() {
    let is_outcome = |entry: &Entry| matches!(entry, Entry::Succeeded { .. });
    for fault in [AppendFault::BeforeDurable, AppendFault::AfterDurable] {
        let store =
            Arc::new(MemoryStore::with_faults(Arc::new(CountingHost::new(3)), move |entries| {
                if entries.iter().any(is_outcome) { fault } else { AppendFault::None }
            }));
        let mut bench = Bench::new(1).with_store(store.clone());
        let lines = Arc::new(Lines::default());
        let outcome = drive(&mut bench, CHAIN, &lines);
        assert_eq!(outcome.outcome, RunOutcome::Failed);
        let problems = told(&outcome.diagnostics);
        assert_eq!(problems.matches("Failed to save state").count(), 1, "{problems}");
        assert_eq!(bench.world.log(), ["create a"], "nothing new was begun");
        let mut bench = bench.with_store(Arc::new(store.clone_durable()));
        check_always(&bench, "after a failing store");
        let wanted = Wanted::new(CHAIN);
        bench.applied(&wanted);
        check_converged(&bench, &wanted, "after a failing store");
        assert_eq!(bench.world.log(), ["create a", "create b"]);
    }
}

#[test]
fn one_interrupt_waits_and_starts_nothing() {
    let (sender, interrupts): (UnboundedSender<()>, _) = unbounded_channel();
    let lines = Arc::new(Lines::reacting(move |event| {
        if matches!(event, ProgressEvent::Provisioning { .. }) {
            sender.send(()).expect("a listener");
        }
    }));
    let main = r#"
        resource "world_thing" "a" {
          label = "a"
          provisioner "local-exec" { command = "read -t 0.2 x < /dev/zero; echo ready" }
        }
        resource "world_thing" "b" {
          label = "b"
          uses  = [world_thing.a.id]
        }
    "#;
    let mut bench = Bench::new(1);
    let outcome = drive_until(&mut bench, main, &lines, interrupts);
    assert_eq!(outcome.outcome, RunOutcome::Interrupted);
    assert!(!outcome.run_open);
    assert_eq!(bench.world.log(), ["create a"]);
    let state = bench.state();
    assert!(state.open.is_empty());
    assert_eq!(state.objects.len(), 1);
    let ready = state.objects.values().all(|it| it.status == kprov_state::ObjectStatus::Ready);
    assert!(ready, "the provisioner was waited for: {:?}", lines.told());
}

#[test]
fn two_interrupts_leave_at_once_and_kill_provisioners() {
    let (sender, interrupts): (UnboundedSender<()>, _) = unbounded_channel();
    let lines = Arc::new(Lines::reacting(move |event| {
        if matches!(event, ProgressEvent::Output { line, .. } if line.starts_with("pid")) {
            sender.send(()).expect("a listener");
            sender.send(()).expect("a listener");
        }
    }));
    let main = r#"
        resource "world_thing" "a" {
          label = "a"
          provisioner "local-exec" { command = "sleep 600 & echo pid $!; wait" }
        }
    "#;
    let mut bench = Bench::new(1);
    let outcome = drive_until(&mut bench, main, &lines, interrupts);
    assert_eq!(outcome.outcome, RunOutcome::Interrupted);
    assert!(outcome.run_open);
    let told = lines.told();
    let pid = told.iter().find_map(|line| line.rsplit_once("pid ")).expect("a pid").1;
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    assert!(stat.is_empty() || stat.contains(") Z"), "still running: {stat}");
    assert_eq!(bench.state().open.len(), 1, "the provisioner's intent stays open");
    let wanted = Wanted::new(&main.replace("sleep 600", "true"));
    bench.applied(&wanted);
    check_converged(&bench, &wanted, "after leaving");
    assert_eq!(bench.world.log(), ["create a", "delete a", "create a"], "it was tainted");
}
