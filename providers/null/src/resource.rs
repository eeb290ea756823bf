//! `null_resource`: an object without content, made anew when its triggers change.

use kprov_core::{Host, Path, Type, Value};
use kprov_provider::{
    Attribute, Block, Creation, PlanRequest, PlannedObject, Private, ProviderError, ResourceSchema,
    Schema, StateOnly, attribute, with_attributes,
};

use crate::random_number;

/// The resource type.
#[derive(Debug)]
pub(crate) struct NullResource;

pub(crate) fn schema() -> ResourceSchema {
    let attributes = [
        ("id", Attribute::new(Type::String).computed().describe("A random number.")),
        (
            "triggers",
            Attribute::new(Type::map(Type::String))
                .optional()
                .describe("A change of these values replaces the object."),
        ),
    ];
    let description = "Holds nothing; for provisioners that run when triggers change.";
    ResourceSchema {
        schema: Schema { version: 0, block: Block::of(description, attributes) },
        creation: Creation::Local,
    }
}

/// Entries that are not null; a map of nulls is as good as none.
fn set_entries(map: &Value) -> Vec<(&str, &Value)> {
    let entries = map.as_entries().into_iter().flatten();
    entries.filter(|(_, value)| !value.is_null()).map(|(k, v)| (k.as_str(), v)).collect()
}

impl StateOnly for NullResource {
    fn plan(&self, request: PlanRequest<'_>) -> Result<PlannedObject, ProviderError> {
        let mut requires_replace = Vec::new();
        if let Some(prior) = request.prior {
            let before = attribute(prior, "triggers");
            let after = attribute(request.proposed, "triggers");
            if !after.is_known() || set_entries(&before) != set_entries(&after) {
                requires_replace.push(Path::attribute("triggers"));
            }
        }
        let value = request.proposed.clone();
        Ok(PlannedObject { value, requires_replace, private: Private::new() })
    }

    fn make(&self, host: &dyn Host, planned: &Value) -> Result<Value, ProviderError> {
        Ok(with_attributes(planned, [("id", Value::string(random_number(host)))]))
    }
}
