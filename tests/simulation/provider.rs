//! [`SimProvider`]: `sim_object`, an object of the [`World`], through the provider SDK.

use std::sync::LazyLock;

use async_trait::async_trait;
use kprov_core::{Path, ProviderAddr, Refinements, Str, Type, Value};
use kprov_provider::{
    Attribute, Block, CallContext, CreateRequest, Creation, DeleteRequest, Object, PlanRequest,
    PlannedObject, Private, Provider, ProviderError, ProviderSchema, ReadRequest, Resource,
    ResourceSchema, Schema, SettleRequest, Settled, UpdateRequest,
};

use crate::world::{World, text};

/// `registry.terraform.io/hashicorp/sim`
#[derive(Debug)]
pub(crate) struct SimProvider(SimObject);

#[derive(Debug)]
struct SimObject(World);

static SCHEMA: LazyLock<ProviderSchema> = LazyLock::new(|| {
    let ids = || Attribute::new(Type::set(Type::String)).optional();
    let string = || Attribute::new(Type::String);
    let attributes = [
        ("etag", string().computed()),
        ("id", string().computed()),
        ("kind", string().required().force_new()),
        ("links", ids()),
        ("note", string().optional()),
        ("refs", ids().force_new()),
        ("size", Attribute::new(Type::Number).required()),
    ];
    let block = Block {
        attributes: attributes.map(|(name, it)| (Str::from(name), it)).into(),
        ..Block::default()
    };
    let schema = Schema { version: 0, block };
    let object = ResourceSchema { schema, creation: Creation::Token };
    ProviderSchema { resources: [("sim_object".into(), object)].into(), ..<_>::default() }
});

impl SimProvider {
    pub(crate) fn new(world: World) -> SimProvider {
        SimProvider(SimObject(world))
    }
}

impl Provider for SimProvider {
    fn addr(&self) -> ProviderAddr {
        ProviderAddr::hashicorp("sim")
    }

    fn schema(&self) -> &ProviderSchema {
        &SCHEMA
    }

    fn resource(&self, ty: &str) -> Option<&dyn Resource> {
        (ty == "sim_object").then_some(&self.0 as &dyn Resource)
    }
}

fn with(value: &Value, changed: &[(&str, Value)]) -> Value {
    let entries = value.as_entries().into_iter().flatten();
    Value::object(entries.map(|(name, old)| {
        let new = changed.iter().find(|(changed, _)| name.as_str() == *changed);
        (name.clone(), new.map_or_else(|| old.clone(), |(_, new)| new.clone()))
    }))
}

impl SimObject {
    fn read(&self, prior: &Object) -> Option<Object> {
        self.0.read(&text(&prior.value, "id")?).map(Object::from)
    }
}

#[async_trait]
impl Resource for SimObject {
    fn plan(&self, request: PlanRequest<'_>) -> Result<PlannedObject, ProviderError> {
        let unknown = || Value::refined(Type::String, Refinements::not_null());
        let Some(prior) = request.prior else {
            let new = [("id", unknown()), ("etag", unknown())];
            return Ok(with(request.proposed, &new).into());
        };
        let differs = |name: &&str| prior.get(name) != request.proposed.get(name);
        let fixed = ["kind", "refs"].into_iter().filter(differs).map(Path::attribute).collect();
        let changed = ["kind", "links", "note", "refs", "size"].iter().any(differs);
        let value = match changed {
            true => with(request.proposed, &[("etag", unknown())]),
            false => request.proposed.clone(),
        };
        Ok(PlannedObject { value, requires_replace: fixed, private: Private::new() })
    }

    async fn read_many(
        &self,
        _context: &CallContext,
        requests: Vec<ReadRequest>,
    ) -> Vec<Result<Option<Object>, ProviderError>> {
        let read = |it: ReadRequest| self.0.reading().map(|()| self.read(&it.prior));
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
        self.0.delete(&text(&request.prior.value, "id").unwrap_or_default())
    }

    async fn settle(
        &self,
        _context: &CallContext,
        request: SettleRequest,
    ) -> Result<Settled, ProviderError> {
        self.0.reading()?;
        let found = match &request.prior {
            Some(prior) => self.read(prior),
            None => self.0.by_token(&request.intent.token).map(Object::from),
        };
        Ok(found.map_or(Settled::Absent, Settled::Exists))
    }
}
