//! `random_bytes`: secret bytes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kprov_core::{Host, Number, Type, Value};
use kprov_provider::{
    Attribute, AttributeError, Block, Creation, PlanRequest, PlannedObject, ProviderError,
    ResourceSchema, Schema, StateOnly, with_attributes,
};

use crate::keepers::{self, chosen, keepers};
use crate::limits::{self, LENGTH_MAX};

/// The resource type.
#[derive(Debug)]
pub(crate) struct RandomBytes;

pub(crate) fn schema() -> ResourceSchema {
    let attributes = [
        keepers(),
        ("length", Attribute::new(Type::Number).required().force_new().describe("How many bytes.")),
        ("base64", chosen(Type::String, "The bytes in base64.").sensitive()),
        ("hex", chosen(Type::String, "The bytes in hexadecimal digits.").sensitive()),
        ("id", chosen(Type::String, "Always \"none\".")),
    ];
    ResourceSchema {
        schema: Schema { version: 0, block: Block::of("Random bytes, for secrets.", attributes) },
        creation: Creation::Local,
    }
}

fn forms(bytes: &[u8]) -> [(&'static str, Value); 3] {
    [
        ("base64", Value::string(STANDARD.encode(bytes))),
        ("hex", Value::string(keepers::hex(bytes))),
        ("id", Value::string("none")),
    ]
}

impl StateOnly for RandomBytes {
    fn validate(&self, config: &Value) -> Vec<AttributeError> {
        limits::check(config, "length", 1, LENGTH_MAX).into_iter().collect()
    }

    fn plan(&self, request: PlanRequest<'_>) -> Result<PlannedObject, ProviderError> {
        Ok(keepers::plan(&request))
    }

    fn make(&self, host: &dyn Host, planned: &Value) -> Result<Value, ProviderError> {
        let bytes = keepers::bytes(host, limits::count(planned, "length", 1)?);
        Ok(with_attributes(planned, forms(&bytes)))
    }

    fn import(&self, _host: &dyn Host, id: &str) -> Result<Value, ProviderError> {
        let bytes = STANDARD.decode(id).ok().filter(|bytes| !bytes.is_empty());
        let bytes = bytes.ok_or_else(|| keepers::bad_id("the bytes in base64"))?;
        let length = Value::Number(Number::from(bytes.len()));
        let known = [keepers::none(), ("length", length)];
        Ok(Value::object(known.into_iter().chain(forms(&bytes))))
    }
}
