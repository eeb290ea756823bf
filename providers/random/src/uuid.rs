//! `random_uuid`: a random UUID.

use kprov_core::{Host, Type, Value};
use kprov_provider::{
    Block, Creation, PlanRequest, PlannedObject, ProviderError, ResourceSchema, Schema, StateOnly,
    with_attributes,
};

use crate::keepers::{self, chosen, keepers};

/// The resource type.
#[derive(Debug)]
pub(crate) struct RandomUuid;

pub(crate) fn schema() -> ResourceSchema {
    let attributes = [
        keepers(),
        ("id", chosen(Type::String, "The UUID.")),
        ("result", chosen(Type::String, "The UUID.")),
    ];
    ResourceSchema {
        schema: Schema { version: 0, block: Block::of("A random UUID.", attributes) },
        creation: Creation::Local,
    }
}

/// 36 characters: hexadecimal digits, and hyphens in their places.
fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

fn forms(uuid: &str) -> [(&'static str, Value); 2] {
    [("id", Value::string(uuid)), ("result", Value::string(uuid))]
}

impl StateOnly for RandomUuid {
    fn plan(&self, request: PlanRequest<'_>) -> Result<PlannedObject, ProviderError> {
        Ok(keepers::plan(&request))
    }

    fn make(&self, host: &dyn Host, planned: &Value) -> Result<Value, ProviderError> {
        Ok(with_attributes(planned, forms(&host.uuid())))
    }

    fn import(&self, _host: &dyn Host, id: &str) -> Result<Value, ProviderError> {
        if !is_uuid(id) {
            return Err(keepers::bad_id("a UUID with hyphens"));
        }
        let known = [keepers::none()].into_iter();
        Ok(Value::object(known.chain(forms(&id.to_ascii_lowercase()))))
    }
}
