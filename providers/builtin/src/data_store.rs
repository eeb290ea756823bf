//! `terraform_data`: keeps a value, and is replaced when its triggers change. Nothing exists outside
//! the state.

use async_trait::async_trait;
use kprov_core::{Path, Refinements, Str, Type, Value};
use kprov_provider::{
    Attribute, Block, CallContext, CreateRequest, Creation, DeleteRequest, Imported, Object,
    PlanRequest, PlannedObject, Private, ProviderError, ReadRequest, Resource, ResourceSchema,
    Schema, SettleRequest, Settled, UpdateRequest,
};

/// The resource type.
#[derive(Debug)]
pub(crate) struct TerraformData;

pub(crate) fn schema() -> ResourceSchema {
    let attributes = [
        ("id", Attribute::new(Type::String).computed().describe("A UUID made on creation.")),
        ("input", Attribute::new(Type::Dynamic).optional().describe("The value to keep.")),
        ("output", Attribute::new(Type::Dynamic).computed().describe("The value of input.")),
        (
            "triggers_replace",
            Attribute::new(Type::Dynamic)
                .optional()
                .describe("A change of this value replaces the object."),
        ),
    ];
    ResourceSchema {
        schema: Schema {
            version: 0,
            block: Block {
                attributes: attributes.map(|(name, a)| (Str::from(name), a)).into(),
                ..Block::default()
            },
        },
        creation: Creation::Local,
    }
}

/// `value` with some attributes changed.
fn with(value: &Value, changed: &[(&str, Value)]) -> Value {
    let entries = value.as_entries().into_iter().flatten().map(|(name, old)| {
        let new = changed.iter().find(|(changed, _)| name == changed);
        (name.clone(), new.map_or_else(|| old.clone(), |(_, new)| new.clone()))
    });
    Value::object(entries)
}

fn attribute(value: &Value, name: &str) -> Value {
    value.get(name).cloned().unwrap_or(Value::NULL)
}

/// The output will have the input's type; that is all that is known of it.
fn planned_output(input: &Value) -> Value {
    if input.is_null() { input.clone() } else { Value::unknown(input.ty()) }
}

#[async_trait]
impl Resource for TerraformData {
    fn plan(&self, request: PlanRequest<'_>) -> Result<PlannedObject, ProviderError> {
        let input = attribute(request.proposed, "input");
        let output = planned_output(&input);
        let id = Value::refined(Type::String, Refinements::not_null());
        let same = |name| {
            request.prior.is_some_and(|p| attribute(p, name) == attribute(request.proposed, name))
        };
        let mut requires_replace = Vec::new();
        let value = if request.prior.is_none() {
            with(request.proposed, &[("id", id), ("output", output)])
        } else if !same("triggers_replace") {
            requires_replace.push(Path::attribute("triggers_replace"));
            with(request.proposed, &[("id", id), ("output", output)])
        } else if !same("input") {
            // Here, unlike for a new object, the output of a null input is not known either.
            with(request.proposed, &[("output", Value::unknown(input.ty()))])
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
        // The token is a UUID of this very create: the same intent gives the same object.
        let id = Value::String(request.intent.token.clone());
        let output = attribute(&request.planned, "input");
        Ok(with(&request.planned, &[("id", id), ("output", output)]).into())
    }

    async fn update(
        &self,
        _context: &CallContext,
        request: UpdateRequest,
    ) -> Result<Object, ProviderError> {
        let output = attribute(&request.planned, "input");
        Ok(with(&request.planned, &[("output", output)]).into())
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
        request: SettleRequest,
    ) -> Result<Settled, ProviderError> {
        Ok(request.prior.map_or(Settled::Absent, Settled::Exists))
    }

    async fn import(&self, _context: &CallContext, id: &str) -> Result<Imported, ProviderError> {
        let untyped = || Value::NULL;
        let value = Value::object([
            ("id", Value::string(id)),
            ("input", untyped()),
            ("output", untyped()),
            ("triggers_replace", untyped()),
        ]);
        Ok(Imported { object: value.into() })
    }
}
