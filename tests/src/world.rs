//! [`World`]: a fake cloud that is stricter than a real one.
//!
//! It holds things. A thing has a label, may use other things, and knows the token it was made with.
//! What no provider call may do is a *violation*: it is refused, and remembered for the test:
//! - making a second thing of one label and kind while the first exists,
//! - using a thing that does not exist,
//! - deleting a thing that is in use,
//! - reading or changing a thing by an id that never was.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use kprov_core::{Path, ProviderAddr, Refinements, Str, Type, Value};
use kprov_provider::{
    Attribute, Block, CallContext, CreateRequest, Creation, DataSource, DeleteRequest, Object,
    PlanRequest, PlannedObject, Private, Provider, ProviderError, ProviderSchema, ReadRequest,
    Resource, ResourceSchema, Schema, SettleRequest, Settled, UpdateRequest,
};

/// A thing in the world.
#[derive(Clone, Debug, PartialEq)]
pub struct Thing {
    /// All attributes, `id` included.
    pub value: Value,
    /// Of the create that made it.
    pub token: Str,
}

#[derive(Debug, Default)]
struct Content {
    things: BTreeMap<String, Thing>,
    /// How many were ever made.
    made: u64,
    log: Vec<String>,
    violations: Vec<String>,
}

/// See the module. Clones share one world.
#[derive(Clone, Debug, Default)]
pub struct World(Arc<Mutex<Content>>);

impl World {
    /// An empty world.
    pub fn new() -> World {
        World::default()
    }

    fn enter(&self) -> MutexGuard<'_, Content> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything that exists, by id.
    pub fn things(&self) -> BTreeMap<String, Thing> {
        self.enter().things.clone()
    }

    /// Calls that changed something, in order: `create a`, `update a`, `delete a`.
    pub fn log(&self) -> Vec<String> {
        self.enter().log.clone()
    }

    /// What must never happen, and did.
    pub fn violations(&self) -> Vec<String> {
        self.enter().violations.clone()
    }

    /// Somebody else deletes a thing, by its label.
    pub fn lose(&self, label: &str) {
        self.enter().things.retain(|_, thing| text(&thing.value, "label") != label);
    }

    /// Makes a thing, or finds the one that the token made.
    ///
    /// # Errors
    /// When it is a violation.
    pub fn create(&self, token: &Str, planned: &Value) -> Result<Value, ProviderError> {
        let mut content = self.enter();
        if let Some(thing) = content.things.values().find(|thing| thing.token == *token) {
            return Ok(thing.value.clone());
        }
        let (label, kind) = (text(planned, "label"), text(planned, "kind"));
        let double = content
            .things
            .values()
            .any(|it| text(&it.value, "label") == label && text(&it.value, "kind") == kind);
        if double {
            return Err(content.violated(format!("{label} of kind {kind:?} was made twice")));
        }
        content.check_uses(&label, planned)?;
        content.made += 1;
        let id = format!("thing-{}", content.made);
        let value = with(planned, "id", Value::string(id.as_str()));
        content.things.insert(id, Thing { value: value.clone(), token: token.clone() });
        content.log.push(format!("create {label}"));
        Ok(value)
    }

    /// Changes a thing.
    ///
    /// # Errors
    /// When it is a violation.
    pub fn update(&self, planned: &Value) -> Result<Value, ProviderError> {
        let mut content = self.enter();
        let (label, id) = (text(planned, "label"), text(planned, "id"));
        content.check_uses(&label, planned)?;
        match content.things.get_mut(&id) {
            Some(thing) => thing.value = planned.clone(),
            None => return Err(content.violated(format!("{label} was updated and is not there"))),
        }
        content.log.push(format!("update {label}"));
        Ok(planned.clone())
    }

    /// Makes a thing be gone; gone already is well.
    ///
    /// # Errors
    /// When it is in use: a violation.
    pub fn delete(&self, prior: &Value) -> Result<(), ProviderError> {
        let mut content = self.enter();
        let (label, id) = (text(prior, "label"), text(prior, "id"));
        let user = content.things.values().find(|thing| uses(&thing.value).contains(&id));
        if let Some(user) = user {
            let user = text(&user.value, "label");
            return Err(content.violated(format!("{label} was deleted while {user} uses it")));
        }
        if content.things.remove(&id).is_some() {
            content.log.push(format!("delete {label}"));
        }
        Ok(())
    }

    fn read(&self, prior: &Value) -> Option<Value> {
        self.enter().things.get(&text(prior, "id")).map(|thing| thing.value.clone())
    }

    fn by_token(&self, token: &Str) -> Option<Value> {
        let content = self.enter();
        content.things.values().find(|it| it.token == *token).map(|it| it.value.clone())
    }
}

impl Content {
    fn violated(&mut self, what: String) -> ProviderError {
        self.violations.push(what.clone());
        ProviderError::rejected("Violation", what)
    }

    fn check_uses(&mut self, label: &str, planned: &Value) -> Result<(), ProviderError> {
        let missing = uses(planned).into_iter().find(|id| !self.things.contains_key(id));
        match missing {
            Some(id) => Err(self.violated(format!("{label} uses {id}, which does not exist"))),
            None => Ok(()),
        }
    }
}

/// The text of an attribute; empty where it is none.
pub fn text(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn uses(value: &Value) -> Vec<String> {
    let items = value.get("uses").and_then(Value::as_items).unwrap_or_default();
    items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

fn with(value: &Value, name: &str, part: Value) -> Value {
    let entries = value.as_entries().into_iter().flatten();
    Value::object(entries.map(|(key, old)| {
        (key.clone(), if key.as_str() == name { part.clone() } else { old.clone() })
    }))
}

/// `registry.terraform.io/hashicorp/world`: resource `world_thing`, data source and
/// ephemeral resource `world_echo`.
#[derive(Debug)]
pub struct WorldProvider {
    thing: ThingResource,
    echo: Echo,
}

#[derive(Debug)]
struct ThingResource(World);

#[derive(Debug)]
struct Echo;

static SCHEMA: LazyLock<ProviderSchema> = LazyLock::new(|| {
    let block = |attributes: &[(&str, Attribute)]| Schema {
        version: 0,
        block: Block {
            attributes: attributes.iter().map(|(n, a)| (Str::from(*n), a.clone())).collect(),
            ..Block::default()
        },
    };
    let string = || Attribute::new(Type::String);
    let thing = block(&[
        ("id", string().computed()),
        ("kind", string().optional().force_new()),
        ("label", string().required().force_new()),
        ("secret", string().optional().sensitive()),
        ("size", Attribute::new(Type::Number).optional()),
        ("uses", Attribute::new(Type::list(Type::String)).optional()),
    ]);
    let echo = block(&[("input", string().required()), ("output", string().computed())]);
    ProviderSchema {
        resources: [(
            "world_thing".into(),
            ResourceSchema { schema: thing, creation: Creation::Token },
        )]
        .into(),
        data_sources: [("world_echo".into(), echo.clone())].into(),
        ephemerals: [("world_echo".into(), echo)].into(),
        ..ProviderSchema::default()
    }
});

impl WorldProvider {
    /// The provider of that world.
    pub fn new(world: World) -> WorldProvider {
        WorldProvider { thing: ThingResource(world), echo: Echo }
    }
}

#[async_trait]
impl Provider for WorldProvider {
    fn addr(&self) -> ProviderAddr {
        ProviderAddr::hashicorp("world")
    }

    fn schema(&self) -> &ProviderSchema {
        &SCHEMA
    }

    fn resource(&self, ty: &str) -> Option<&dyn Resource> {
        (ty == "world_thing").then_some(&self.thing as &dyn Resource)
    }

    fn data_source(&self, ty: &str) -> Option<&dyn DataSource> {
        (ty == "world_echo").then_some(&self.echo as &dyn DataSource)
    }
}

#[async_trait]
impl Resource for ThingResource {
    fn plan(&self, request: PlanRequest<'_>) -> Result<PlannedObject, ProviderError> {
        let id = Value::refined(Type::String, Refinements::not_null());
        let replaced = |name: &str| {
            request.prior.is_some_and(|prior| prior.get(name) != request.proposed.get(name))
        };
        let requires_replace: Vec<Path> = ["kind", "label"]
            .into_iter()
            .filter(|name| replaced(name))
            .map(Path::attribute)
            .collect();
        let fresh = request.prior.is_none() || !requires_replace.is_empty();
        let value = if fresh { with(request.proposed, "id", id) } else { request.proposed.clone() };
        Ok(PlannedObject { value, requires_replace, private: Private::new() })
    }

    async fn read_many(
        &self,
        _context: &CallContext,
        requests: Vec<ReadRequest>,
    ) -> Vec<Result<Option<Object>, ProviderError>> {
        let read = |request: ReadRequest| Ok(self.0.read(&request.prior.value).map(Object::from));
        requests.into_iter().map(read).collect()
    }

    async fn create(
        &self,
        _context: &CallContext,
        request: CreateRequest,
    ) -> Result<Object, ProviderError> {
        self.0.create(&request.intent.token, &request.planned).map(Object::from)
    }

    async fn update(
        &self,
        _context: &CallContext,
        request: UpdateRequest,
    ) -> Result<Object, ProviderError> {
        self.0.update(&request.planned).map(Object::from)
    }

    async fn delete(
        &self,
        _context: &CallContext,
        request: DeleteRequest,
    ) -> Result<(), ProviderError> {
        self.0.delete(&request.prior.value)
    }

    async fn settle(
        &self,
        _context: &CallContext,
        request: SettleRequest,
    ) -> Result<Settled, ProviderError> {
        let found = match &request.prior {
            Some(prior) => self.0.read(&prior.value),
            None => self.0.by_token(&request.intent.token),
        };
        Ok(found.map_or(Settled::Absent, |value| Settled::Exists(value.into())))
    }
}

#[async_trait]
impl DataSource for Echo {
    async fn read(&self, _context: &CallContext, config: &Value) -> Result<Value, ProviderError> {
        let input = config.get("input").cloned().unwrap_or(Value::NULL);
        Ok(with(config, "output", input))
    }
}
