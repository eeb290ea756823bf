//! The provider of the tests: `terraform_data`, resources with nested blocks, a data source and an
//! ephemeral resource that give back what they are asked, and nothing outside.

use std::sync::LazyLock;

use super::group;
use async_trait::async_trait;
use kprov_core::{Path, ProviderAddr, Refinements, Str, Type, Value};
use kprov_provider::rotation::{HookAction, MemberGroups};
use kprov_provider::{
    Attribute, AttributeError, Block, CallContext, CreateRequest, Creation, DataSource,
    DeleteRequest, NestedBlock, Nesting, Object, PlanRequest, PlannedInstance, PlannedObject,
    Private, Provider, ProviderError, ProviderSchema, ReadRequest, Resource, ResourceSchema,
    Schema, SettleRequest, Settled, UpdateRequest,
};

/// `terraform.io/builtin/terraform`, or something like it.
#[derive(Debug)]
pub(super) struct Testing;

#[derive(Debug)]
struct Data;

/// The same, with members that can be rotated.
#[derive(Debug)]
struct Group;

#[derive(Debug)]
struct Echo;

static SCHEMA: LazyLock<ProviderSchema> = LazyLock::new(|| {
    let data = [
        ("id", Attribute::new(Type::String).computed()),
        ("input", Attribute::new(Type::Dynamic).optional()),
        ("output", Attribute::new(Type::Dynamic).computed()),
        ("triggers_replace", Attribute::new(Type::Dynamic).optional()),
    ];
    let echo = [
        ("input", Attribute::new(Type::String).optional()),
        ("output", Attribute::new(Type::String).computed()),
    ];
    let rule = Type::object([("name", Type::String), ("port", Type::Number)]);
    let rules = [
        ("rule", Attribute::new(Type::set(rule.clone())).optional().computed()),
        ("found", Attribute::new(Type::list(rule)).computed()),
    ];
    let block = |attributes: &[(&str, Attribute)]| Schema {
        version: 0,
        block: Block {
            attributes: attributes.iter().map(|(n, a)| (Str::from(*n), a.clone())).collect(),
            ..Block::default()
        },
    };
    ProviderSchema {
        provider: block(&[("endpoint", Attribute::new(Type::String).optional())]),
        resources: [
            ("terraform_data".into(), local(block(&data))),
            ("terraform_group".into(), local(block(&data))),
            ("terraform_nest".into(), local(nest())),
            ("terraform_limits".into(), local(limits())),
        ]
        .into(),
        data_sources: [
            ("terraform_echo".into(), block(&echo)),
            ("terraform_rules".into(), block(&rules)),
        ]
        .into(),
        ephemerals: [("terraform_echo".into(), block(&echo))].into(),
    }
});

fn local(schema: Schema) -> ResourceSchema {
    ResourceSchema { schema, creation: Creation::Local }
}

fn repeated(nesting: Nesting, block: Block, min_items: u64, max_items: u64) -> NestedBlock {
    NestedBlock { nesting, block, min_items, max_items, force_new: false }
}

fn of_blocks<const N: usize>(blocks: [(&str, NestedBlock); N]) -> Schema {
    let blocks = blocks.map(|(name, nested)| (Str::from(name), nested)).into();
    Schema { version: 0, block: Block { blocks, ..Block::default() } }
}

/// A block type of each nesting; those in `list` have blocks inside.
fn nest() -> Schema {
    let inner = || Block::of("", [("v", Attribute::new(Type::String).optional())]);
    let deep = repeated(Nesting::List, inner(), 0, 0);
    let outer = Block { blocks: [("deep".into(), deep)].into(), ..inner() };
    of_blocks([
        ("group", repeated(Nesting::Group, inner(), 0, 0)),
        ("list", repeated(Nesting::List, outer, 0, 0)),
        ("map", repeated(Nesting::Map, inner(), 0, 0)),
        ("one", repeated(Nesting::Single, inner(), 0, 0)),
        ("set", repeated(Nesting::Set, inner(), 0, 0)),
    ])
}

/// Two or three `pair`, one `must`.
fn limits() -> Schema {
    let inner = || Block::of("", [("v", Attribute::new(Type::String).required())]);
    of_blocks([
        ("must", repeated(Nesting::Single, inner(), 1, 1)),
        ("pair", repeated(Nesting::List, inner(), 2, 3)),
    ])
}

#[async_trait]
impl Provider for Testing {
    fn addr(&self) -> ProviderAddr {
        ProviderAddr::builtin("terraform")
    }

    fn schema(&self) -> &ProviderSchema {
        &SCHEMA
    }

    fn resource(&self, ty: &str) -> Option<&dyn Resource> {
        match ty {
            "terraform_group" => Some(&Group),
            _ => SCHEMA.resources.contains_key(ty).then_some(&Data as &dyn Resource),
        }
    }

    fn data_source(&self, _ty: &str) -> Option<&dyn DataSource> {
        Some(&Echo)
    }

    fn hook_actions(&self) -> &[&str] {
        &["ask", "note"]
    }

    fn hook_action(&self, name: &str) -> Option<&dyn HookAction> {
        group::hook_action(name)
    }

    fn checked_together(&self) -> &[&str] {
        &["terraform_data"]
    }

    /// What comes from one instance alone must not come from one with the input "lonely".
    fn check_plan(&self, planned: &[PlannedInstance<'_>]) -> Vec<(usize, AttributeError)> {
        let lonely = Value::from("lonely");
        let from = |it: &PlannedInstance<'_>| {
            let source = &planned[it.source("input")?];
            (source.value.get("input") == Some(&lonely)).then(|| source.addr.to_string())
        };
        let problem = |(index, it)| {
            let message = format!("It comes from {}.", from(it)?);
            Some((index, AttributeError::new(Path::attribute("input"), "Not lonely", message)))
        };
        planned.iter().enumerate().filter_map(problem).collect()
    }
}

#[async_trait]
impl DataSource for Echo {
    async fn read(&self, _context: &CallContext, config: &Value) -> Result<Value, ProviderError> {
        answer(config)
    }
}

/// What the data source gives; `fail` fails.
pub(super) fn answer(config: &Value) -> Result<Value, ProviderError> {
    if let Some(rules) = config.get("rule") {
        let found = match rules {
            Value::Set(set) => Value::list(set.element().clone(), set.items().to_vec()),
            _ => Value::NULL,
        };
        return Ok(Value::object([("rule", rules.clone()), ("found", found)]));
    }
    let input = config.get("input").cloned().unwrap_or(Value::NULL);
    if input == Value::from("fail") {
        return Err(ProviderError::rejected("Echo failed", "It was asked to."));
    }
    Ok(Value::object([("input", input.clone()), ("output", input)]))
}

/// What is made of a planned value.
pub(super) fn made(planned: &Value, number: usize) -> Value {
    let id = match planned.get("id") {
        Some(id @ Value::String(_)) => id.clone(),
        _ => Value::string(format!("id-{number}")),
    };
    let input = planned.get("input").cloned().unwrap_or(Value::NULL);
    with(planned, &[("id", id), ("output", input)])
}

/// What an import finds.
pub(super) fn imported(id: &str) -> Object {
    object(Value::NULL, id).into()
}

/// An object as the state has it.
pub(super) fn object(input: Value, id: &str) -> Value {
    Value::object([
        ("id", Value::string(id)),
        ("input", input.clone()),
        ("output", input),
        ("triggers_replace", Value::NULL),
    ])
}

fn with(value: &Value, changed: &[(&str, Value)]) -> Value {
    Value::object(value.as_entries().into_iter().flatten().map(|(name, old)| {
        let new = changed.iter().find(|(changed, _)| name == changed);
        (name.clone(), new.map_or_else(|| old.clone(), |(_, new)| new.clone()))
    }))
}

#[async_trait]
impl Resource for Data {
    fn plan(&self, request: PlanRequest<'_>) -> Result<PlannedObject, ProviderError> {
        let part = |value: &Value, name: &str| value.get(name).cloned().unwrap_or(Value::NULL);
        let input = part(request.proposed, "input");
        let output = if input.is_null() { input } else { Value::unknown(input.ty()) };
        let id = Value::refined(Type::String, Refinements::not_null());
        let same =
            |name| request.prior.is_some_and(|p| part(p, name) == part(request.proposed, name));
        let mut requires_replace = Vec::new();
        let value = if request.prior.is_none() {
            with(request.proposed, &[("id", id), ("output", output)])
        } else if !same("triggers_replace") {
            requires_replace.push(Path::attribute("triggers_replace"));
            request.proposed.clone()
        } else if !same("input") {
            with(request.proposed, &[("output", output)])
        } else {
            request.proposed.clone()
        };
        Ok(PlannedObject { value, requires_replace, private: Private::new() })
    }

    async fn read_many(
        &self,
        _context: &CallContext,
        requests: Vec<ReadRequest>,
    ) -> Vec<Result<Option<Object>, ProviderError>> {
        requests.into_iter().map(|request| Ok(Some(request.prior))).collect()
    }

    async fn create(
        &self,
        _context: &CallContext,
        request: CreateRequest,
    ) -> Result<Object, ProviderError> {
        Ok(made(&request.planned, 0).into())
    }

    async fn update(
        &self,
        _context: &CallContext,
        request: UpdateRequest,
    ) -> Result<Object, ProviderError> {
        Ok(made(&request.planned, 0).into())
    }

    async fn delete(
        &self,
        _context: &CallContext,
        _request: DeleteRequest,
    ) -> Result<(), ProviderError> {
        Ok(())
    }

    async fn settle(
        &self,
        _context: &CallContext,
        _request: SettleRequest,
    ) -> Result<Settled, ProviderError> {
        Ok(Settled::Absent)
    }
}

#[async_trait]
impl Resource for Group {
    fn member_groups(&self) -> Option<&dyn MemberGroups> {
        Some(&group::Members)
    }

    fn plan(&self, request: PlanRequest<'_>) -> Result<PlannedObject, ProviderError> {
        Data.plan(request)
    }

    async fn read_many(
        &self,
        context: &CallContext,
        requests: Vec<ReadRequest>,
    ) -> Vec<Result<Option<Object>, ProviderError>> {
        Data.read_many(context, requests).await
    }

    async fn create(
        &self,
        context: &CallContext,
        request: CreateRequest,
    ) -> Result<Object, ProviderError> {
        Data.create(context, request).await
    }

    async fn update(
        &self,
        context: &CallContext,
        request: UpdateRequest,
    ) -> Result<Object, ProviderError> {
        Data.update(context, request).await
    }

    async fn delete(
        &self,
        context: &CallContext,
        request: DeleteRequest,
    ) -> Result<(), ProviderError> {
        Data.delete(context, request).await
    }

    async fn settle(
        &self,
        context: &CallContext,
        request: SettleRequest,
    ) -> Result<Settled, ProviderError> {
        Data.settle(context, request).await
    }
}
