//! `random_shuffle`: a list in another order.

use kprov_core::{Host, Type, Value};
use kprov_provider::{
    Attribute, AttributeError, Block, Creation, PlanRequest, PlannedObject, ProviderError,
    ResourceSchema, Schema, StateOnly, attribute, with_attributes,
};
use rand::seq::SliceRandom;

use crate::generator;
use crate::keepers::{self, chosen, keepers};
use crate::limits::{self, LENGTH_MAX};

/// The resource type.
#[derive(Debug)]
pub(crate) struct RandomShuffle;

pub(crate) fn schema() -> ResourceSchema {
    let given = |ty| Attribute::new(ty).force_new();
    let strings = || Type::list(Type::String);
    let attributes = [
        keepers(),
        ("input", given(strings()).required().describe("The strings to shuffle.")),
        (
            "result_count",
            given(Type::Number).optional().describe(
                "How many to give: fewer leave some out, more repeat the shuffled list. All if null.",
            ),
        ),
        ("seed", given(Type::String).optional().describe("The same seed gives the same order.")),
        ("id", chosen(Type::String, "Always \"-\".")),
        ("result", chosen(strings(), "The strings in their new order.")),
    ];
    ResourceSchema {
        schema: Schema { version: 0, block: Block::of("A list, shuffled.", attributes) },
        creation: Creation::Local,
    }
}

impl StateOnly for RandomShuffle {
    fn validate(&self, config: &Value) -> Vec<AttributeError> {
        limits::check(config, "result_count", 0, LENGTH_MAX).into_iter().collect()
    }

    fn plan(&self, request: PlanRequest<'_>) -> Result<PlannedObject, ProviderError> {
        Ok(keepers::plan(&request))
    }

    fn make(&self, host: &dyn Host, planned: &Value) -> Result<Value, ProviderError> {
        let input = attribute(planned, "input");
        let mut pool: Vec<Value> = input.as_items().unwrap_or_default().to_vec();
        // Zero means all, as in Terraform's provider.
        let wanted = match limits::whole(planned, "result_count") {
            None | Some(0) => pool.len(),
            Some(_) => limits::count(planned, "result_count", 0)?,
        };
        let seed = attribute(planned, "seed");
        let mut generator = generator::seeded(host, seed.as_str());
        let mut result = Vec::with_capacity(wanted);
        // Each round gives every item once, in an order of its own.
        while result.len() < wanted && !pool.is_empty() {
            pool.shuffle(&mut generator);
            result.extend(pool.iter().take(wanted - result.len()).cloned());
        }
        let result = Value::list(Type::String, result);
        Ok(with_attributes(planned, [("id", Value::string("-")), ("result", result)]))
    }
}
