//! kprov as a library: loads a module, plans it and applies it, with a provider of its own and a
//! state in memory. `cargo run -p kprov-example-embed`

use std::io::Write;
use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use kprov_apply::{SilentReporter, settle::SettledIntent};
use kprov_core::{Host, ProviderAddr, Str, Type, Value};
use kprov_ops::{ApplyRequest, ApplyWatcher, Disk, Interrupts, Machine, Planned, Project, Watch};
use kprov_provider::{
    Attribute, Block, CallContext, CreateRequest, Creation, DeleteRequest, Object, Provider,
    ProviderError, ProviderSchema, ReadRequest, Registry, Resource, ResourceSchema, Schema,
    SettleRequest, Settled, UpdateRequest,
};
use kprov_state::MemoryStore;

#[derive(Debug)]
struct Garden;

static SCHEMA: LazyLock<ProviderSchema> = LazyLock::new(|| {
    let plant = Attribute::new(Type::String).required().force_new();
    let label = Attribute::new(Type::String).computed();
    let attributes = [("plant", plant), ("label", label)].map(|(n, a)| (Str::from(n), a)).into();
    let block = Block { attributes, ..Block::default() };
    let bed = ResourceSchema { schema: Schema { version: 0, block }, creation: Creation::Local };
    ProviderSchema { resources: [("garden_bed".into(), bed)].into(), ..Default::default() }
});

impl Provider for Garden {
    fn addr(&self) -> ProviderAddr {
        ProviderAddr::hashicorp("garden")
    }
    fn schema(&self) -> &ProviderSchema {
        &SCHEMA
    }
    fn resource(&self, ty: &str) -> Option<&dyn Resource> {
        (ty == "garden_bed").then_some(self as &dyn Resource)
    }
}

type Answer<T> = Result<T, ProviderError>;

#[async_trait]
impl Resource for Garden {
    async fn read_many(
        &self,
        _: &CallContext,
        all: Vec<ReadRequest>,
    ) -> Vec<Answer<Option<Object>>> {
        all.into_iter().map(|request| Ok(Some(request.prior))).collect()
    }
    async fn create(&self, _: &CallContext, request: CreateRequest) -> Answer<Object> {
        let plant = request.config.get("plant").cloned().unwrap_or(Value::NULL);
        let label = format!("A bed of {}", plant.as_str().unwrap_or_default());
        Ok(Value::object([("plant", plant), ("label", Value::string(label))]).into())
    }
    async fn update(&self, _: &CallContext, request: UpdateRequest) -> Answer<Object> {
        Ok(request.prior)
    }
    async fn delete(&self, _: &CallContext, _: DeleteRequest) -> Answer<()> {
        Ok(())
    }
    async fn settle(&self, _: &CallContext, request: SettleRequest) -> Answer<Settled> {
        Ok(request.prior.map_or(Settled::Absent, Settled::Exists))
    }
}

/// Approves every plan.
#[derive(Debug)]
struct Approve;

impl ApplyWatcher for Approve {
    fn settled(&self, _: &[SettledIntent]) {}
    fn approve(&self, planned: &Planned, _phase: usize) -> bool {
        planned.plan.applyable
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("garden");
    let host: Arc<dyn Host> = Arc::new(Machine::new());
    let store = Arc::new(MemoryStore::new(host.clone()));
    let registry = Registry::new().with(Arc::new(Garden));
    let project = Project::new(Arc::new(Disk::new(here, None)), host, registry, store);
    let interrupts = Interrupts::new();
    let watch =
        Watch { watcher: &Approve, reporter: Arc::new(SilentReporter), interrupts: &interrupts };
    let applied = kprov_ops::apply(&project, &ApplyRequest::default(), &watch)?;
    writeln!(
        std::io::stdout(),
        "{:?}, {} objects",
        applied.outcome,
        project.store.read("default")?.objects.len()
    )?;
    Ok(())
}
