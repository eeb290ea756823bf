//! `null_data_source`: gives back what it is given. Deprecated in Terraform, in favour of locals.

use async_trait::async_trait;
use kprov_core::{Type, Value};
use kprov_provider::{
    Attribute, Block, CallContext, DataSource, ProviderError, Schema, attribute, with_attributes,
};

use crate::random_number;

/// The data source type.
#[derive(Debug)]
pub(crate) struct NullDataSource;

pub(crate) fn schema() -> Schema {
    let strings = || Attribute::new(Type::map(Type::String));
    let text = || Attribute::new(Type::String);
    let attributes = [
        (
            "has_computed_default",
            text().optional().computed().describe("Kept if set, \"default\" if not; for tests."),
        ),
        ("id", text().computed().describe("Always \"static\".").deprecated("It says nothing.")),
        ("inputs", strings().optional().describe("The values to give back.")),
        ("outputs", strings().computed().describe("The values of inputs.")),
        ("random", text().computed().describe("A random number; for tests.")),
    ];
    Schema { version: 0, block: Block::of("Gives back its inputs; use locals.", attributes) }
}

#[async_trait]
impl DataSource for NullDataSource {
    async fn read(&self, context: &CallContext, config: &Value) -> Result<Value, ProviderError> {
        let default = match attribute(config, "has_computed_default") {
            Value::Null(_) => Value::string("default"),
            given => given,
        };
        Ok(with_attributes(
            config,
            [
                ("outputs", attribute(config, "inputs")),
                ("random", Value::string(random_number(context.host.as_ref()))),
                ("has_computed_default", default),
                ("id", Value::string("static")),
            ],
        ))
    }
}
