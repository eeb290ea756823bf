//! A deposed object through its whole life: set aside by create_before_destroy, left over because its
//! delete failed, shown by the next plan and the state, deleted by the next apply.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use kprov_apply::SilentReporter;
use kprov_apply::settle::SettledIntent;
use kprov_core::{Host, Path, ProviderAddr, Type, Value};
use kprov_ops::{
    Applied, ApplyRequest, ApplyWatcher, Disk, Interrupts, LockOptions, Machine, PlanFile,
    PlanRequest, Planned, Project, Watch, plan_document, read_state, state_pull, state_push,
};
use kprov_plan::Action;
use kprov_provider::{
    Attribute, Block, CallContext, CreateRequest, Creation, DeleteRequest, Object,
    PlanRequest as ProviderPlan, PlannedObject, Private, Provider, ProviderError, ProviderSchema,
    ReadRequest, Registry, Resource, ResourceSchema, Schema, SettleRequest, Settled, UpdateRequest,
};
use kprov_state::{MemoryStore, RunOutcome};
use serde_json::{Value as Json, json};

/// Things by name; refuses to delete while it is told to.
#[derive(Debug, Default)]
struct Shelf {
    things: Mutex<BTreeSet<String>>,
    refuses: Mutex<bool>,
}

fn name(value: &Value) -> String {
    value.get("name").and_then(Value::as_str).unwrap_or_default().to_owned()
}

impl Shelf {
    fn things(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.things.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refuse(&self, refuse: bool) {
        *self.refuses.lock().unwrap_or_else(PoisonError::into_inner) = refuse;
    }

    fn has(&self, names: &[&str]) -> bool {
        self.things().iter().map(String::as_str).eq(names.iter().copied())
    }
}

#[async_trait]
impl Resource for Shelf {
    fn plan(&self, request: ProviderPlan<'_>) -> Result<PlannedObject, ProviderError> {
        let other = request.prior.is_some_and(|prior| name(prior) != name(request.proposed));
        let requires_replace = if other { vec![Path::attribute("name")] } else { Vec::new() };
        let value = request.proposed.clone();
        Ok(PlannedObject { value, requires_replace, private: Private::new() })
    }

    async fn read_many(
        &self,
        _: &CallContext,
        requests: Vec<ReadRequest>,
    ) -> Vec<Result<Option<Object>, ProviderError>> {
        let is_there = |object: &Object| self.things().contains(&name(&object.value));
        requests.into_iter().map(|it| Ok(Some(it.prior).filter(is_there))).collect()
    }

    async fn create(&self, _: &CallContext, r: CreateRequest) -> Result<Object, ProviderError> {
        self.things().insert(name(&r.planned));
        Ok(r.planned.into())
    }

    async fn update(&self, _: &CallContext, r: UpdateRequest) -> Result<Object, ProviderError> {
        Ok(r.planned.into())
    }

    async fn delete(&self, _: &CallContext, r: DeleteRequest) -> Result<(), ProviderError> {
        if *self.refuses.lock().unwrap_or_else(PoisonError::into_inner) {
            return Err(ProviderError::rejected("In use", "Somebody still needs it."));
        }
        self.things().remove(&name(&r.prior.value));
        Ok(())
    }

    async fn settle(&self, _: &CallContext, _: SettleRequest) -> Result<Settled, ProviderError> {
        Ok(Settled::Absent)
    }
}

#[derive(Debug)]
struct ShelfProvider(Arc<Shelf>);

static SCHEMA: LazyLock<ProviderSchema> = LazyLock::new(|| {
    let block = Block::of("", [("name", Attribute::new(Type::String).required())]);
    let schema = Schema { version: 0, block };
    let thing = ResourceSchema { schema, creation: Creation::Name };
    ProviderSchema { resources: [("shelf_thing".into(), thing)].into(), ..Default::default() }
});

impl Provider for ShelfProvider {
    fn addr(&self) -> ProviderAddr {
        ProviderAddr::hashicorp("shelf")
    }

    fn schema(&self) -> &ProviderSchema {
        &SCHEMA
    }

    fn resource(&self, ty: &str) -> Option<&dyn Resource> {
        (ty == "shelf_thing").then_some(self.0.as_ref())
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

struct Scene {
    directory: tempfile::TempDir,
    shelf: Arc<Shelf>,
    project: Project,
}

impl Scene {
    /// `old` was replaced by `new`, and could not be deleted.
    fn left_over() -> Scene {
        let directory = tempfile::tempdir().expect("a folder");
        let host: Arc<dyn Host> = Arc::new(Machine::new());
        let shelf = Arc::new(Shelf::default());
        let registry = Registry::new().with(Arc::new(ShelfProvider(shelf.clone())));
        let disk = Arc::new(Disk::new(directory.path().to_owned(), None));
        let store = Arc::new(MemoryStore::new(host.clone()));
        let project = Project::new(disk, host, registry, store);
        let scene = Scene { directory, shelf, project };
        scene.configure("old");
        assert_eq!(scene.apply().counts.added, 1);
        scene.configure("new");
        scene.shelf.refuse(true);
        let applied = scene.apply();
        assert_eq!(applied.outcome, Some(RunOutcome::Failed));
        assert_eq!((applied.counts.added, applied.counts.destroyed), (1, 0));
        let told: Vec<_> = applied.problems.iter().map(|it| it.detail.to_string()).collect();
        assert_eq!(told, ["Somebody still needs it."]);
        assert!(scene.shelf.has(&["new", "old"]));
        scene
    }

    fn configure(&self, name: &str) {
        let text = format!(
            "resource \"shelf_thing\" \"a\" {{\n  name = {name:?}\n  lifecycle {{ \
             create_before_destroy = true }}\n}}\n"
        );
        std::fs::write(self.directory.path().join("main.tf"), text).expect("written");
    }

    fn plan(&self) -> Planned {
        let planned = kprov_ops::plan(&self.project, &PlanRequest::default()).expect("planned");
        assert!(!planned.problems.has_errors(), "{:?}", planned.problems);
        planned
    }

    fn apply(&self) -> Applied {
        let interrupts = Interrupts::new();
        let reporter = Arc::new(SilentReporter);
        let watch = Watch { watcher: &Approve, reporter, interrupts: &interrupts };
        kprov_ops::apply(&self.project, &ApplyRequest::default(), &watch).expect("begun")
    }

    /// The key of the only deposed object.
    fn key(&self) -> String {
        let state = read_state(&self.project).expect("a state").state;
        let keys: Vec<_> = state.objects.keys().filter_map(|it| it.deposed.as_ref()).collect();
        assert_eq!(keys.len(), 1, "{keys:?}");
        keys[0].to_string()
    }
}

#[test]
fn the_next_plan_shows_it_and_the_next_apply_deletes_it() {
    let scene = Scene::left_over();
    let key = scene.key();
    let planned = scene.plan();
    let changes: Vec<_> = planned
        .plan
        .changes
        .iter()
        .map(|it| (it.action, it.deposed.as_ref().map(ToString::to_string), name(&it.before)))
        .collect();
    assert_eq!(
        changes,
        [
            (Action::NoOp, None, "new".to_owned()),
            (Action::Delete, Some(key.clone()), "old".to_owned())
        ]
    );
    // As long as it cannot be deleted it stays, under the same key.
    assert_eq!(scene.apply().outcome, Some(RunOutcome::Failed));
    assert_eq!(scene.key(), key);
    scene.shelf.refuse(false);
    let applied = scene.apply();
    assert_eq!(applied.outcome, Some(RunOutcome::Succeeded));
    assert_eq!((applied.counts.added, applied.counts.destroyed), (0, 1));
    assert!(scene.shelf.has(&["new"]));
    assert!(!scene.plan().plan.applyable);
}

#[test]
fn plan_and_state_show_it_as_json() {
    let scene = Scene::left_over();
    let key = scene.key();
    let file = PlanFile::of(&scene.plan(), &scene.project);
    let document = plan_document(&scene.project, &file);
    let change = |document: &Json| {
        let all = document["resource_changes"].as_array().cloned().unwrap_or_default();
        all.into_iter().find(|change| change.get("deposed").is_some())
    };
    let deposed = change(&document).expect("a change of the deposed object");
    assert_eq!(deposed["deposed"], json!(key));
    assert_eq!(deposed["address"], "shelf_thing.a");
    assert_eq!(deposed["change"]["actions"], json!(["delete"]));
    assert_eq!(deposed["change"]["before"], json!({"name": "old"}));
    let state = read_state(&scene.project).expect("a state").json();
    let shown = state["values"]["root_module"]["resources"].as_array().expect("resources");
    let seen: Vec<_> = shown.iter().map(|it| (&it["deposed_key"], &it["values"]["name"])).collect();
    assert_eq!(seen, [(&Json::Null, &json!("new")), (&json!(key), &json!("old"))]);
}

#[test]
fn a_state_that_moves_over_and_back_keeps_it() {
    let scene = Scene::left_over();
    let key = scene.key();
    let v4 = state_pull(&scene.project).expect("pulled");
    let instances = v4["resources"][0]["instances"].as_array().expect("instances");
    let keys: Vec<_> = instances.iter().map(|it| it["deposed"].as_str()).collect();
    assert_eq!(keys, [None, Some(key.as_str())]);
    let back = LockOptions::default();
    state_push(&scene.project, &v4.to_string(), true, back).expect("pushed");
    assert_eq!(scene.key(), key);
    scene.shelf.refuse(false);
    assert_eq!(scene.apply().counts.destroyed, 1);
    assert!(scene.shelf.has(&["new"]));
}

#[test]
fn destroying_everything_takes_it_along() {
    let scene = Scene::left_over();
    scene.shelf.refuse(false);
    let interrupts = Interrupts::new();
    let reporter = Arc::new(SilentReporter);
    let watch = Watch { watcher: &Approve, reporter, interrupts: &interrupts };
    let plan = PlanRequest { mode: kprov_plan::PlanMode::Destroy, ..PlanRequest::default() };
    let request = ApplyRequest { plan, ..ApplyRequest::default() };
    let applied = kprov_ops::apply(&scene.project, &request, &watch).expect("begun");
    assert_eq!(applied.counts.destroyed, 2);
    assert!(scene.shelf.has(&[]));
}
