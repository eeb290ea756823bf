//! `random_pet`: a name of words that people can remember.

use kprov_core::{Host, Type, Value};
use kprov_provider::{
    Attribute, AttributeError, Block, Creation, PlanRequest, PlannedObject, ProviderError,
    ResourceSchema, Schema, StateOnly, attribute, with_attributes,
};
use rand::seq::IndexedRandom;

use crate::keepers::{self, chosen, keepers};
use crate::pet_words::{ADJECTIVES, ADVERBS, ANIMALS};
use crate::{generator, limits};

/// The resource type.
#[derive(Debug)]
pub(crate) struct RandomPet;

/// Nobody remembers more.
const WORDS_MAX: i64 = 1024;

pub(crate) fn schema() -> ResourceSchema {
    let given = |ty| Attribute::new(ty).force_new();
    let attributes = [
        keepers(),
        (
            "length",
            given(Type::Number).computed().default(Value::int(2)).describe("How many words."),
        ),
        ("prefix", given(Type::String).optional().describe("A word to put in front.")),
        (
            "separator",
            given(Type::String).computed().default(Value::string("-")).describe("Between words."),
        ),
        ("id", chosen(Type::String, "The name.")),
    ];
    ResourceSchema {
        schema: Schema { version: 0, block: Block::of("A name to remember.", attributes) },
        creation: Creation::Local,
    }
}

impl StateOnly for RandomPet {
    fn validate(&self, config: &Value) -> Vec<AttributeError> {
        limits::check(config, "length", 1, WORDS_MAX).into_iter().collect()
    }

    fn plan(&self, request: PlanRequest<'_>) -> Result<PlannedObject, ProviderError> {
        Ok(keepers::plan(&request))
    }

    fn make(&self, host: &dyn Host, planned: &Value) -> Result<Value, ProviderError> {
        if let Some(problem) = self.validate(planned).pop() {
            return Err(limits::refuse(problem));
        }
        let length = limits::count(planned, "length", 1)?;
        let mut generator = generator::from_host(host);
        let mut pick = |words: &[&'static str]| words.choose(&mut generator).copied();
        // An animal; before it an adjective; before that adverbs.
        let mut words: Vec<&str> = Vec::with_capacity(length + 1);
        words.extend(pick(&ANIMALS));
        if length > 1 {
            words.extend(pick(&ADJECTIVES));
        }
        for _ in 2..length {
            words.extend(pick(&ADVERBS));
        }
        let (prefix, separator) = (attribute(planned, "prefix"), attribute(planned, "separator"));
        words.extend(prefix.as_str().filter(|prefix| !prefix.is_empty()));
        words.reverse();
        let id = words.join(separator.as_str().unwrap_or("-"));
        Ok(with_attributes(planned, [("id", Value::string(id))]))
    }
}
