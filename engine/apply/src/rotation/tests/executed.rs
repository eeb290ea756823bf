//! Whole applies on tokio: the update of a group is rotated by the driver's means. Time goes by with each look, by the
//! truth's clock; nothing depends on how long a look really takes.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use kprov_core::{Diagnostics, Host, Marks, Str, Value};
use kprov_plan::{
    Action, Change, CheckReport, Operation, OperationIndex, OperationKind, Plan, PlanMode,
    Prepared, ProvisionerRun, Resolver,
};
use kprov_provider::{Object, Registry};
use kprov_rotation::world::Kind;
use kprov_state::{Entry, MemoryStore, ObjectStatus, RunOutcome, Store, StoredObject};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::bench::{settings, site};
use super::provider::{Cloud, Connected, Sky};
use crate::machine::ExecuteOutcome;
use crate::{Execution, ProgressEvent, Reporter, execute};

const START: u64 = 2_000_000;

#[derive(Debug)]
struct Clock {
    sky: Sky,
    drawn: AtomicU64,
}

impl Host for Clock {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(self.sky.truth().now)
    }

    fn elapsed(&self) -> Duration {
        Duration::from_secs(self.sky.truth().now)
    }

    fn random(&self, buffer: &mut [u8]) {
        let drawn = self.drawn.fetch_add(1, Ordering::Relaxed);
        buffer
            .iter_mut()
            .zip(drawn.to_le_bytes().iter().cycle())
            .for_each(|(to, from)| *to = *from);
    }

    fn env(&self, name: &str) -> Option<String> {
        (name == "KPROV_ROTATION_EVERY").then(|| "1ms".to_owned())
    }
}

fn object(id: &str, note: &str, template: &str) -> Value {
    Value::object([
        ("id", Value::string(id)),
        ("note", Value::string(note)),
        ("template", Value::string(template)),
    ])
}

fn rotation(role: &str, version: &str) -> Value {
    Value::object([
        ("role", Value::string(role)),
        ("cluster", Value::string("prod")),
        ("kubeconfig", Value::string("server: here").with_marks(Marks::SENSITIVE)),
        ("kubernetes_version", Value::string(version)),
    ])
}

fn change(id: &str, role: &str, action: Action, before: Value, after: Value) -> Change {
    let kind = if role == "master" { Kind::Master } else { Kind::Worker };
    let site = site(id, settings(kind));
    Change {
        addr: site.address,
        deposed: None,
        previous_addr: None,
        provider: site.provider,
        action,
        reason: None,
        before,
        after,
        replace_paths: Vec::new(),
        importing: None,
        prior_private: Vec::new(),
        planned_private: Vec::new(),
        dependencies: Vec::new(),
        create_before_destroy: false,
        tainted: false,
        rotation: Some(rotation(role, "1.35.0")),
        outdated: Vec::new(),
    }
}

/// Masters stay as they are; workers get another note, and the new template.
fn plan() -> Plan {
    let masters = object("masters", "", "old");
    let changes = vec![
        change("masters", "master", Action::NoOp, masters.clone(), masters),
        change(
            "workers",
            "worker",
            Action::Update,
            object("workers", "one", "old"),
            object("workers", "two", "new"),
        ),
    ];
    Plan {
        mode: PlanMode::Normal,
        variables: BTreeMap::new(),
        changes,
        drift: Vec::new(),
        outputs: BTreeMap::new(),
        checks: Vec::new(),
        deferred: Vec::new(),
        operations: vec![Operation { kind: OperationKind::Update(1), after: Vec::new() }],
        timestamp: String::new(),
        workspace: "default".into(),
        applyable: true,
        complete: true,
        errored: false,
        targets: Vec::new(),
        excludes: Vec::new(),
        replace: Vec::new(),
        rotate_only: false,
    }
}

/// Everything is as planned.
struct Planned {
    version: &'static str,
}

impl Resolver for Planned {
    fn prepare(&mut self, _operation: OperationIndex) -> Result<Prepared, Diagnostics> {
        let planned = object("workers", "two", "new");
        Ok(Prepared::Write {
            config: planned.clone(),
            planned,
            private: Vec::new(),
            sensitive_paths: Vec::new(),
            provisioners: 0,
        })
    }

    fn rotation(&mut self, _operation: OperationIndex) -> Result<Option<Value>, Diagnostics> {
        Ok(Some(rotation("worker", self.version)))
    }

    fn create_provisioners(
        &mut self,
        _operation: OperationIndex,
        _new: &Object,
    ) -> Result<Vec<ProvisionerRun>, Diagnostics> {
        Ok(Vec::new())
    }

    fn complete(&mut self, _operation: OperationIndex, _new: Option<&Object>) -> Diagnostics {
        Diagnostics::new()
    }

    fn outputs(&mut self) -> (BTreeMap<Str, Value>, Diagnostics) {
        Default::default()
    }

    fn checks(&mut self) -> (Vec<CheckReport>, Diagnostics) {
        Default::default()
    }
}

/// Interrupts so often when a drain is told.
#[derive(Debug)]
struct Impatient {
    interrupts: Mutex<UnboundedSender<()>>,
    left: AtomicU32,
}

impl Reporter for Impatient {
    fn report(&self, event: &ProgressEvent) {
        let ProgressEvent::Rotation(line) = event else { return };
        if line.step.as_str() == "drain" {
            for _ in 0..self.left.swap(0, Ordering::Relaxed) {
                let _ = self.interrupts.lock().unwrap().send(());
            }
        }
    }
}

struct World {
    sky: Sky,
    host: Arc<dyn Host>,
    store: Arc<MemoryStore>,
}

impl World {
    fn new() -> World {
        let sky = Sky::default();
        {
            let mut truth = sky.truth();
            truth.now = START - 100_000;
            truth.group("masters", Kind::Master, 3);
            truth.group("workers", Kind::Worker, 2);
            truth.now = START;
            truth.per_look = 5;
        }
        let host: Arc<dyn Host> = Arc::new(Clock { sky: sky.clone(), drawn: AtomicU64::new(1) });
        let store = Arc::new(MemoryStore::new(host.clone()));
        let world = World { sky, host, store };
        let run = world.begin();
        let site = site("workers", settings(Kind::Worker));
        let json = r#"{"id":"workers","note":"one","template":"old"}"#;
        let stored = StoredObject {
            provider: site.provider,
            schema_version: 0,
            attributes: serde_json::value::RawValue::from_string(json.to_owned()).unwrap(),
            sensitive_paths: None,
            status: ObjectStatus::Ready,
            dependencies: Vec::new(),
            create_before_destroy: false,
            private: Vec::new(),
        };
        let entries = [
            Entry::ObjectSet { address: site.address.current(), object: Box::new(stored) },
            Entry::RunFinished { outcome: RunOutcome::Succeeded },
        ];
        world.store.append("default", run, "now", &entries).unwrap();
        world
    }

    fn begin(&self) -> kprov_state::RunId {
        let started = Entry::RunStarted {
            command: "apply".to_owned(),
            plan_digest: String::new(),
            who: "me".to_owned(),
            pid: 1,
        };
        self.store.begin_run("default", started, "now").unwrap()
    }

    fn execute(&self, interrupts: u32) -> ExecuteOutcome {
        self.execute_as(interrupts, "1.35.0")
    }

    fn execute_as(&self, interrupts: u32, version: &'static str) -> ExecuteOutcome {
        let code = Cloud::over(&self.sky);
        let (sender, receiver) = unbounded_channel();
        let reporter =
            Impatient { interrupts: Mutex::new(sender), left: AtomicU32::new(interrupts) };
        let execution = Execution {
            plan: Arc::new(plan()),
            state: Arc::new(self.store.read("default").unwrap()),
            registry: Registry::new().with(code.clone()),
            host: self.host.clone(),
            store: self.store.clone(),
            workspace: "default".to_owned(),
            run: self.begin(),
            parallelism: 10,
            clients: Arc::new(Connected(code, self.host.clone())),
            reporter: Arc::new(reporter),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(execute(execution, &mut Planned { version }, receiver))
    }

    fn stored(&self) -> String {
        let state = self.store.read("default").unwrap();
        state.objects.values().next().unwrap().attributes.get().to_owned()
    }

    fn check(&self) {
        let truth = self.sky.truth();
        assert_eq!(truth.wrongs, Vec::<String>::new());
        let live = truth.machines.iter().filter(|of| !of.member.going());
        let templates: Vec<(&str, &str)> =
            live.map(|of| (of.member.group.as_str(), of.member.template.as_str())).collect();
        let (old, new) = (("masters", "old"), ("workers", "new"));
        assert_eq!(templates, [old, old, old, new, new]);
        assert_eq!(truth.launched, 2);
    }
}

#[test]
fn an_update_of_a_group_rotates_it_and_then_its_object_is_as_planned() {
    let world = World::new();
    let outcome = world.execute(0);
    assert_eq!(outcome.outcome, RunOutcome::Succeeded, "{:?}", outcome.diagnostics);
    assert_eq!(outcome.counts.changed, 1);
    world.check();
    assert_eq!(world.stored(), r#"{"id":"workers","note":"two","template":"new"}"#);
    assert!(world.store.rotations("default").unwrap()[0].finished_at.is_some());
}

#[test]
fn an_interrupt_reaches_the_rotation_and_the_next_apply_goes_on() {
    let world = World::new();
    let outcome = world.execute(1);
    let told = format!("{:?}", outcome.diagnostics);
    assert!(told.contains("Rotation interrupted"), "{told}");
    assert_eq!(world.stored(), r#"{"id":"workers","note":"one","template":"old"}"#);
    {
        let truth = world.sky.truth();
        let terminated = truth.calls.iter().filter(|(_, step)| step.name() == "terminate").count();
        assert_eq!(terminated, 1, "what was begun is finished, nothing more is begun");
    }
    let outcome = world.execute(0);
    assert_eq!(outcome.outcome, RunOutcome::Succeeded, "{:?}", outcome.diagnostics);
    world.check();
}

#[test]
fn who_leaves_at_once_leaves_what_the_next_run_goes_on_with() {
    let world = World::new();
    let outcome = world.execute(2);
    assert_eq!(outcome.outcome, RunOutcome::Interrupted);
    let record = &world.store.rotations("default").unwrap()[0];
    assert!(record.finished_at.is_none());
    // The intent is settled by reading back, as that of any update is.
    let state = world.store.read("default").unwrap();
    let settled: Vec<Entry> = state
        .open
        .iter()
        .filter_map(|open| match &open.entry {
            Entry::Intended { op, object, .. } => Some(Entry::Settled {
                op: *op,
                address: object.clone(),
                how: kprov_state::HowSettled::Unchanged,
                object: None,
            }),
            _ => None,
        })
        .collect();
    let run = world.begin();
    world.store.append("default", run, "now", &settled).unwrap();
    let outcome = world.execute(0);
    assert_eq!(outcome.outcome, RunOutcome::Succeeded, "{:?}", outcome.diagnostics);
    world.check();
    assert_eq!(world.store.fsck().unwrap(), Vec::<String>::new());
}

#[test]
fn groups_that_stay_as_they_are_are_seen_all_the_same() {
    let world = World::new();
    let told = format!("{:?}", world.execute_as(0, "1.36.0").diagnostics);
    assert!(told.contains("Rotation paused") && told.contains("(unsafe, V1)"), "{told}");
    assert!(told.contains("newer than an API server, which is 1.35.0"), "{told}");
    assert_eq!(world.sky.truth().launched, 0);
}
