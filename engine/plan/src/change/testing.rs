//! What the tests of this module share: a resource type, and values written as JSON.

use async_trait::async_trait;
use kprov_core::{Marks, Path, ProviderAddr, ProviderConfigAddr, Str, Type, Value};
use kprov_provider::{
    Attribute, Block, CallContext, CreateRequest, DeleteRequest, NestedBlock, Nesting, Object,
    PlanRequest, PlannedObject, ProviderError, ReadRequest, Resource, SettleRequest, Settled,
    UpdateRequest,
};

use crate::PriorObject;

/// Plans by its schema, and asks for a replacement where `size` shrinks.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    /// Plans something that nobody configured.
    pub(crate) broken: bool,
}

/// `id` computed, `name` force_new, `size`, `zone` optional and computed, `secret` sensitive,
/// `kind` with a default, `token` write-only, `tags` a map, blocks `mount` (list) and `rule` (set).
pub(crate) fn schema() -> Block {
    let mut token = Attribute::new(Type::String).optional();
    token.write_only = true;
    let attributes = [
        ("id", Attribute::new(Type::String).computed()),
        ("name", Attribute::new(Type::String).optional().force_new()),
        ("size", Attribute::new(Type::Number).optional()),
        ("zone", Attribute::new(Type::String).optional().computed()),
        ("secret", Attribute::new(Type::String).optional().sensitive()),
        ("kind", Attribute::new(Type::String).default("ssd".into())),
        ("token", token),
        ("tags", Attribute::new(Type::map(Type::String)).optional()),
    ];
    let inner = [
        ("path", Attribute::new(Type::String).optional()),
        ("device", Attribute::new(Type::String).computed()),
    ];
    let nested = |nesting| NestedBlock {
        nesting,
        block: Block {
            attributes: inner.clone().map(|(name, a)| (Str::from(name), a)).into(),
            ..Block::default()
        },
        min_items: 0,
        max_items: 0,
        force_new: false,
    };
    Block {
        attributes: attributes.map(|(name, a)| (Str::from(name), a)).into(),
        blocks: [
            (Str::from("mount"), nested(Nesting::List)),
            (Str::from("rule"), nested(Nesting::Set)),
        ]
        .into(),
        ..Block::default()
    }
}

/// An object of [`schema`]: what is not given is null or no block. Strings `"?"` are unknown, those
/// that begin with `!` sensitive.
pub(crate) fn disk(given: &[(&str, Value)]) -> Value {
    let schema = schema();
    let find = |name: &Str| given.iter().find(|(it, _)| *name == *it).map(|(_, v)| v.clone());
    let attributes = schema.attributes.iter().map(|(name, attribute)| {
        (name.clone(), find(name).unwrap_or_else(|| Value::Null(attribute.ty.clone())))
    });
    let blocks = schema.blocks.iter().map(|(name, nested)| {
        let element = nested.block.implied_type();
        let empty = match nested.nesting {
            Nesting::Set => Value::set(element, Vec::new()),
            _ => Value::list(element, Vec::new()),
        };
        (name.clone(), find(name).unwrap_or(empty))
    });
    Value::object(attributes.chain(blocks))
}

/// An item of `mount` or `rule`.
pub(crate) fn item(path: &str, device: Value) -> Value {
    Value::object([("path", Value::string(path)), ("device", device)])
}

pub(crate) fn nothing() -> Value {
    Value::Null(Type::String)
}

pub(crate) fn unknown() -> Value {
    Value::unknown(Type::String)
}

pub(crate) fn mounts(items: Vec<Value>) -> Value {
    Value::list(schema().blocks["mount"].block.implied_type(), items)
}

pub(crate) fn rules(items: Vec<Value>) -> Value {
    Value::set(schema().blocks["rule"].block.implied_type(), items)
}

pub(crate) fn tags(entries: &[(&str, &str)]) -> Value {
    let entries = entries.iter().map(|(k, v)| (Str::from(*k), Value::string(*v)));
    Value::map(Type::String, entries.collect())
}

pub(crate) fn sensitive(value: impl Into<Value>) -> Value {
    value.into().with_marks(Marks::SENSITIVE)
}

pub(crate) fn provider() -> ProviderConfigAddr {
    ProviderConfigAddr {
        module: kprov_core::ModulePath::root(),
        provider: ProviderAddr::hashicorp("fake"),
        alias: None,
    }
}

pub(crate) fn object(value: Value) -> PriorObject {
    PriorObject {
        provider: provider(),
        value,
        private: Vec::new(),
        tainted: false,
        dependencies: Vec::new(),
        create_before_destroy: false,
    }
}

#[async_trait]
impl Resource for Disk {
    fn plan(&self, request: PlanRequest<'_>) -> Result<PlannedObject, ProviderError> {
        let size = |value: &Value| value.get("size").and_then(Value::as_number).cloned();
        let mut planned = PlannedObject::from(request.proposed.clone());
        if self.broken {
            let entries = request.proposed.as_entries().into_iter().flatten().cloned();
            let wrong = (Str::from("name"), Value::string("other"));
            planned.value = Value::object(entries.chain([wrong]));
        }
        let shrinks = request.prior.and_then(size) > size(request.proposed);
        if shrinks {
            planned.requires_replace.push(Path::attribute("size"));
        }
        if size(request.proposed) == Some(kprov_core::Number::from(-1i64)) {
            let error = ProviderError::rejected("Invalid size", "A size is not negative.");
            return Err(error.at(Path::attribute("size")));
        }
        Ok(planned)
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
        Ok(request.planned.into())
    }

    async fn update(
        &self,
        _context: &CallContext,
        request: UpdateRequest,
    ) -> Result<Object, ProviderError> {
        Ok(request.planned.into())
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
