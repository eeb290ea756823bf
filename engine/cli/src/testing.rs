//! A provider with nested blocks of every kind, and a project that uses it: for tests of what is
//! shown of real plans.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, SystemTime};

use kprov_apply::SilentReporter;
use kprov_apply::settle::SettledIntent;
use kprov_core::value::transform;
use kprov_core::{Host, ProviderAddr, Str, Type, Value};
use kprov_ops::{
    ApplyRequest, ApplyWatcher, Disk, Interrupts, Machine, PlanRequest, Planned, Project, Watch,
};
use kprov_provider::{
    Attribute, Block, Creation, InState, NestedBlock, Nesting, Provider, ProviderError,
    ProviderSchema, Registry, Resource, ResourceSchema, Schema, StateOnly,
};
use kprov_state::MemoryStore;

/// `registry.terraform.io/hashicorp/test` with `test_host` and `test_key`.
#[derive(Debug)]
pub(crate) struct Test {
    kept: InState<Kept>,
    /// Calls of an earlier life.
    asked: Vec<(String, u64)>,
}

impl Test {
    pub(crate) fn new() -> Test {
        Test::that_asked(Vec::new())
    }

    /// One that called its API already.
    pub(crate) fn that_asked(asked: Vec<(String, u64)>) -> Test {
        Test { kept: InState(Kept::default()), asked }
    }
}

/// Objects are as planned; what the provider chooses is "made".
#[derive(Debug, Default)]
struct Kept {
    made: AtomicU64,
}

impl StateOnly for Kept {
    fn make(&self, _: &dyn Host, planned: &Value) -> Result<Value, ProviderError> {
        self.made.fetch_add(1, Ordering::Relaxed);
        Ok(transform(planned, &mut |_, part| match part {
            Value::Unknown(_) => Value::from("made"),
            part => part,
        }))
    }
}

impl Provider for Test {
    fn addr(&self) -> ProviderAddr {
        ProviderAddr::hashicorp("test")
    }

    fn schema(&self) -> &ProviderSchema {
        static SCHEMA: LazyLock<ProviderSchema> = LazyLock::new(schema);
        &SCHEMA
    }

    fn resource(&self, ty: &str) -> Option<&dyn Resource> {
        self.schema().resources.contains_key(ty).then_some(&self.kept as &dyn Resource)
    }

    fn calls(&self) -> Vec<(String, u64)> {
        let made = self.kept.0.made.load(Ordering::Relaxed);
        [("test MakeObject".to_owned(), made)].into_iter().chain(self.asked.clone()).collect()
    }
}

fn schema() -> ProviderSchema {
    let id = || ("id", Attribute::new(Type::String).computed());
    let key = Block::of("", [id(), ("name", optional())]);
    let types = [("test_host", host(id())), ("test_key", key), ("t", loose())];
    let resources = types.map(|(name, block)| {
        let schema = Schema { version: 0, block };
        (Str::from(name), ResourceSchema { schema, creation: Creation::Local })
    });
    ProviderSchema { resources: resources.into(), ..ProviderSchema::default() }
}

fn optional() -> Attribute {
    Attribute::new(Type::String).optional()
}

fn host(id: (&str, Attribute)) -> Block {
    let number = || Attribute::new(Type::Number).optional();
    let rule = Block::of("", [("path", optional()), ("zone", optional().force_new())]);
    let mut ingress = Block::of(
        "",
        [
            ("cidrs", Attribute::new(Type::list(Type::String)).optional()),
            ("from_port", number()),
            ("zone", optional().force_new()),
        ],
    );
    ingress.blocks = nested([("rule", Nesting::List, rule)]);
    let disk = Block::of("", [("kind", optional().force_new()), ("size", number())]);
    let mut shell = Block::of("", []);
    shell.blocks = nested([
        ("inner", Nesting::Single, Block::of("", [("mode", optional())])),
        ("other", Nesting::Single, Block::of("", [("mode", optional())])),
    ]);
    let secret = optional().sensitive();
    let mut host = Block::of("", [id, ("name", optional()), ("size", number())]);
    host.blocks = nested([
        ("disk", Nesting::Set, disk),
        ("group", Nesting::Group, Block::of("", [("mode", optional())])),
        ("ingress", Nesting::List, ingress),
        (
            "login",
            Nesting::Set,
            Block::of("", [("password", secret.clone()), ("user", optional())]),
        ),
        ("mount", Nesting::Map, Block::of("", [("path", optional())])),
        ("one", Nesting::Single, Block::of("", [("secret", secret), ("size", number())])),
        ("shell", Nesting::Single, shell),
        ("tag", Nesting::Set, Block::of("", [("key", optional()), ("value", optional())])),
    ]);
    host
}

/// For objects of any shape: what fits is a block.
fn loose() -> Block {
    let parts = || Block::of("", [("a", optional()), ("b", optional())]);
    let mut inner = parts();
    inner.blocks = nested([("x", Nesting::Set, parts())]);
    let mut outer = Block::of("", [("user_data", optional())]);
    let kinds = [("id", Nesting::Single, inner.clone()), ("x", Nesting::List, inner)];
    outer.blocks = nested(kinds);
    outer
}

fn nested<const N: usize>(all: [(&str, Nesting, Block); N]) -> BTreeMap<Str, NestedBlock> {
    let of = |nesting, block| NestedBlock {
        nesting,
        block,
        min_items: 0,
        max_items: 0,
        force_new: false,
    };
    all.map(|(name, nesting, block)| (Str::from(name), of(nesting, block))).into()
}

/// A configuration that uses [`Test`], with a state in memory.
#[derive(Debug)]
pub(crate) struct World {
    dir: tempfile::TempDir,
    pub(crate) project: Project,
}

impl World {
    pub(crate) fn new() -> World {
        let registry = Registry::new().with(Arc::new(Test::new()));
        World::of(registry, Arc::new(Machine::new()))
    }

    /// The same with other providers, on another machine.
    pub(crate) fn of(registry: Registry, host: Arc<dyn Host>) -> World {
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(MemoryStore::new(host.clone()));
        let files = Arc::new(Disk::new(dir.path().to_owned(), None));
        World { dir, project: Project::new(files, host, registry, store) }
    }

    /// Plans this configuration.
    #[track_caller]
    pub(crate) fn plan(&self, config: &str) -> Planned {
        self.plan_as(config, &PlanRequest::default())
    }

    /// The same with these choices.
    #[track_caller]
    pub(crate) fn plan_as(&self, config: &str, request: &PlanRequest) -> Planned {
        std::fs::write(self.dir.path().join("main.tf"), config).unwrap();
        let planned = kprov_ops::plan(&self.project, request).unwrap();
        assert!(!planned.problems.has_errors(), "{:?}", planned.problems);
        planned
    }

    /// Applies this configuration.
    #[track_caller]
    pub(crate) fn apply(&self, config: &str) {
        std::fs::write(self.dir.path().join("main.tf"), config).unwrap();
        let interrupts = Interrupts::new();
        let reporter = Arc::new(SilentReporter);
        let watch = Watch { watcher: &Approve, reporter, interrupts: &interrupts };
        let applied = kprov_ops::apply(&self.project, &ApplyRequest::default(), &watch).unwrap();
        assert!(!applied.problems.has_errors(), "{:?}", applied.problems);
    }
}

/// A machine whose day a test chooses.
#[derive(Debug)]
pub(crate) struct Calendar {
    machine: Machine,
    day: AtomicU64,
}

impl Calendar {
    /// On 2024-01-01.
    pub(crate) fn new() -> Calendar {
        Calendar { machine: Machine::new(), day: AtomicU64::new(0) }
    }

    /// So many days later.
    pub(crate) fn pass(&self, days: u64) {
        self.day.fetch_add(days, Ordering::Relaxed);
    }
}

impl Host for Calendar {
    fn now(&self) -> SystemTime {
        let day = Duration::from_secs(86_400 * self.day.load(Ordering::Relaxed));
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_704_067_200) + day
    }

    fn elapsed(&self) -> Duration {
        self.machine.elapsed()
    }

    fn random(&self, buffer: &mut [u8]) {
        self.machine.random(buffer);
    }

    fn env(&self, _: &str) -> Option<String> {
        None
    }
}

#[derive(Debug)]
struct Approve;

impl ApplyWatcher for Approve {
    fn settled(&self, _: &[SettledIntent]) {}

    fn approve(&self, _: &Planned, _: usize) -> bool {
        true
    }
}
