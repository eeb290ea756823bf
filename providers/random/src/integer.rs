//! `random_integer`: a whole number of a range.

use kprov_core::{Host, Path, Type, Value};
use kprov_provider::{
    Attribute, AttributeError, Block, Creation, PlanRequest, PlannedObject, ProviderError,
    ResourceSchema, Schema, StateOnly, attribute, with_attributes,
};
use rand::Rng;

use crate::keepers::{self, chosen, keepers};
use crate::{generator, limits};

/// The resource type.
#[derive(Debug)]
pub(crate) struct RandomInteger;

pub(crate) fn schema() -> ResourceSchema {
    let given = |ty| Attribute::new(ty).force_new();
    let attributes = [
        keepers(),
        ("max", given(Type::Number).required().describe("The greatest number that may come.")),
        ("min", given(Type::Number).required().describe("The least number that may come.")),
        ("seed", given(Type::String).optional().describe("The same seed gives the same number.")),
        ("id", chosen(Type::String, "The number as text.")),
        ("result", chosen(Type::Number, "The number.")),
    ];
    ResourceSchema {
        schema: Schema { version: 0, block: Block::of("A random number.", attributes) },
        creation: Creation::Local,
    }
}

fn check_order(config: &Value) -> Option<AttributeError> {
    let (min, max) = (limits::whole(config, "min")?, limits::whole(config, "max")?);
    (min > max).then(|| {
        AttributeError::new(
            Path::attribute("min"),
            "Create Random Integer Error",
            "The minimum (min) value needs to be smaller than or equal to maximum (max) value.",
        )
    })
}

impl StateOnly for RandomInteger {
    fn validate(&self, config: &Value) -> Vec<AttributeError> {
        let whole = ["min", "max"].map(|name| limits::check(config, name, i64::MIN, i64::MAX));
        whole.into_iter().flatten().chain(check_order(config)).collect()
    }

    fn plan(&self, request: PlanRequest<'_>) -> Result<PlannedObject, ProviderError> {
        Ok(keepers::plan(&request))
    }

    fn make(&self, host: &dyn Host, planned: &Value) -> Result<Value, ProviderError> {
        if let Some(problem) = self.validate(planned).into_iter().next() {
            return Err(limits::refuse(problem));
        }
        let (Some(min), Some(max)) = (limits::whole(planned, "min"), limits::whole(planned, "max"))
        else {
            let message = "The arguments min and max are required.";
            return Err(ProviderError::rejected("Create Random Integer Error", message));
        };
        let seed = attribute(planned, "seed");
        let number = generator::seeded(host, seed.as_str()).random_range(min..=max);
        let id = Value::string(number.to_string());
        Ok(with_attributes(planned, [("id", id), ("result", Value::int(number))]))
    }

    fn import(&self, _host: &dyn Host, id: &str) -> Result<Value, ProviderError> {
        let bad = || keepers::bad_id("RESULT,MIN,MAX or RESULT,MIN,MAX,SEED");
        let mut parts = id.splitn(4, ',');
        let mut number = || parts.next()?.parse::<i64>().ok();
        let (result, min, max) = match (number(), number(), number()) {
            (Some(result), Some(min), Some(max)) => (result, min, max),
            _ => return Err(bad()),
        };
        if !(min..=max).contains(&result) {
            return Err(keepers::bad_id("RESULT,MIN,MAX with the result within the range"));
        }
        Ok(Value::object([
            keepers::none(),
            ("id", Value::string(result.to_string())),
            ("result", Value::int(result)),
            ("min", Value::int(min)),
            ("max", Value::int(max)),
            ("seed", parts.next().map_or(Value::Null(Type::String), Value::string)),
        ]))
    }
}
