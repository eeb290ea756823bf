//! `random_string`: characters that are no secret.

use kprov_core::{Host, Type, Value};
use kprov_provider::{
    AttributeError, Creation, PlanRequest, PlannedObject, ProviderError, ResourceSchema, Schema,
    StateOnly, with_attributes,
};

use crate::keepers::chosen;
use crate::{text, text_upgrade};

/// The resource type.
#[derive(Debug)]
pub(crate) struct RandomString;

/// Version 2 has `numeric`.
const VERSION: u64 = 2;

pub(crate) fn schema() -> ResourceSchema {
    let mut block = text::block("Random characters; for secrets use random_password.");
    let id = ("id", chosen(Type::String, "The characters."));
    text::extend(&mut block, [text::result(), id]);
    ResourceSchema { schema: Schema { version: VERSION, block }, creation: Creation::Local }
}

impl StateOnly for RandomString {
    fn validate(&self, config: &Value) -> Vec<AttributeError> {
        text::validate(config)
    }

    fn plan(&self, request: PlanRequest<'_>) -> Result<PlannedObject, ProviderError> {
        Ok(text::plan(&request))
    }

    fn make(&self, host: &dyn Host, planned: &Value) -> Result<Value, ProviderError> {
        let result = Value::string(text::make(host, planned)?);
        Ok(with_attributes(planned, [("id", result.clone()), ("result", result)]))
    }

    fn import(&self, _host: &dyn Host, id: &str) -> Result<Value, ProviderError> {
        let known = text::import(id)?;
        Ok(Value::object(known.into_iter().chain([("id", Value::string(id))])))
    }

    fn upgrade(&self, version: u64, stored: &str) -> Result<String, ProviderError> {
        if version >= VERSION {
            return Ok(stored.to_owned());
        }
        text_upgrade::upgrade(stored).map(text_upgrade::to_text)
    }
}
