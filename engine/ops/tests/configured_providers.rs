//! Settling and refreshing call providers before the graph is walked: they must be configured by
//! then, with values that come from variables and from objects in the state.

use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use kprov_apply::SilentReporter;
use kprov_apply::settle::SettledIntent;
use kprov_core::{Host, ProviderAddr, Str, Type, Value};
use kprov_ops::{
    ApplyRequest, ApplyWatcher, Disk, Interrupts, Machine, PlanRequest, Planned, Project, Watch,
};
use kprov_provider::{
    Attribute, Block, CallContext, Client, CreateRequest, Creation, DeleteRequest, Object,
    Provider, ProviderError, ProviderSchema, ReadRequest, Registry, Resource, ResourceSchema,
    Schema, SettleRequest, Settled, UpdateRequest,
};
use kprov_state::MemoryStore;

const CONFIGURATION: &str = r#"
variable "region" { default = "north" }
provider "cloud" {
  region = var.region
}
provider "cloud" {
  alias  = "late"
  region = cloud_thing.a.place
}
resource "cloud_thing" "a" {}
resource "cloud_thing" "b" { provider = cloud.late }
output "places" { value = [cloud_thing.a.place, cloud_thing.b.place] }
"#;

#[derive(Debug)]
struct Cloud;

fn block(attributes: &[(&str, Attribute)]) -> Schema {
    let attributes = attributes.iter().map(|(n, a)| (Str::from(*n), a.clone())).collect();
    Schema { version: 0, block: Block { attributes, ..Block::default() } }
}

static SCHEMA: LazyLock<ProviderSchema> = LazyLock::new(|| {
    let place = ("place", Attribute::new(Type::String).computed());
    let thing = ResourceSchema { schema: block(&[place]), creation: Creation::Local };
    ProviderSchema {
        provider: block(&[("region", Attribute::new(Type::String).required())]),
        resources: [("cloud_thing".into(), thing)].into(),
        ..Default::default()
    }
});

#[async_trait]
impl Provider for Cloud {
    fn addr(&self) -> ProviderAddr {
        ProviderAddr::hashicorp("cloud")
    }
    fn schema(&self) -> &ProviderSchema {
        &SCHEMA
    }
    fn resource(&self, _: &str) -> Option<&dyn Resource> {
        Some(self)
    }
    async fn configure(&self, config: &Value, _: &Arc<dyn Host>) -> Result<Client, ProviderError> {
        let region = config.get("region").and_then(Value::as_str).map(str::to_owned);
        let missing = || ProviderError::rejected("No region", "The region is not set.");
        Ok(Arc::new(region.ok_or_else(missing)?))
    }
}

fn thing(context: &CallContext) -> Object {
    Value::object([("place", Value::string(context.client::<String>()))]).into()
}

#[async_trait]
impl Resource for Cloud {
    async fn read_many(
        &self,
        context: &CallContext,
        requests: Vec<ReadRequest>,
    ) -> Vec<Result<Option<Object>, ProviderError>> {
        requests.iter().map(|_| Ok(Some(thing(context)))).collect()
    }
    async fn create(&self, c: &CallContext, _: CreateRequest) -> Result<Object, ProviderError> {
        Ok(thing(c))
    }
    async fn update(&self, c: &CallContext, _: UpdateRequest) -> Result<Object, ProviderError> {
        Ok(thing(c))
    }
    async fn delete(&self, _: &CallContext, _: DeleteRequest) -> Result<(), ProviderError> {
        Ok(())
    }
    async fn settle(&self, _: &CallContext, _: SettleRequest) -> Result<Settled, ProviderError> {
        Ok(Settled::Absent)
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

#[test]
fn providers_are_configured_before_refresh_and_deferred_until_known() {
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::write(dir.path().join("main.tf"), CONFIGURATION).expect("written");
    let host: Arc<dyn Host> = Arc::new(Machine::new());
    let store = Arc::new(MemoryStore::new(host.clone()));
    let registry = Registry::new().with(Arc::new(Cloud));
    let disk = Arc::new(Disk::new(dir.path().to_owned(), None));
    let project = Project::new(disk, host, registry, store);
    let interrupts = Interrupts::new();
    let watch =
        Watch { watcher: &Approve, reporter: Arc::new(SilentReporter), interrupts: &interrupts };

    // The second provider takes its region from an object of the same apply: a later phase.
    let applied = kprov_ops::apply(&project, &ApplyRequest::default(), &watch).expect("begun");
    assert!(!applied.problems.has_errors(), "{:?}", applied.problems);
    assert_eq!(applied.counts.added, 2);

    // Both are read again, each by a client of its own region.
    let planned = kprov_ops::plan(&project, &PlanRequest::default()).expect("planned");
    assert!(!planned.problems.has_errors(), "{:?}", planned.problems);
    assert!(!planned.plan.applyable, "{:?}", planned.plan.changes);
    let places: Vec<_> =
        planned.prior.objects.values().map(|it| it.value.get("place").cloned()).collect();
    assert_eq!(places, [Some(Value::from("north")), Some(Value::from("north"))]);
}
