//! What the engine would hand to a provider: the engine's own code is not a dependency of providers.
//! Blocks of a list go with the prior ones of the same place, those of a set with a prior one that
//! has all that is configured.

use kprov_core::value::convert;
use kprov_core::{Type, Value};

use crate::{Attribute, Block, Nesting};

/// A configuration as the engine passes it: every attribute is there, null where nothing is set, and
/// has the schema's type.
///
/// # Panics
/// When the test's configuration does not fit the schema: a fault of the test.
pub fn complete(block: &Block, config: &Value) -> Value {
    let given = config.as_entries().cloned().unwrap_or_default();
    for name in given.keys() {
        let known = block.attributes.contains_key(name) || block.blocks.contains_key(name);
        assert!(known, "the test configures {name:?}, which is not in the schema");
    }
    let attributes = block.attributes.iter().map(|(name, attribute)| {
        let value = given.get(name).cloned().unwrap_or(Value::NULL);
        let value = match convert(&value, &attribute.ty) {
            Ok(value) if value.is_null() => Value::Null(attribute.ty.clone()),
            Ok(value) => value,
            Err(error) => panic!("the test configures {name:?} wrongly: {error}"),
        };
        (name.clone(), value)
    });
    let blocks = block.blocks.iter().map(|(name, nested)| {
        let absent = match nested.nesting {
            Nesting::Single | Nesting::Group => Value::Null(nested.block.implied_type()),
            Nesting::List => Value::list(nested.block.implied_type(), Vec::new()),
            Nesting::Set => Value::set(nested.block.implied_type(), Vec::new()),
            Nesting::Map => Value::map(nested.block.implied_type(), Default::default()),
        };
        (name.clone(), given.get(name).cloned().unwrap_or(absent))
    });
    Value::object(attributes.chain(blocks).collect::<Vec<_>>())
}

/// The proposed value: configured values win, then defaults, then what is there already; what the
/// provider has yet to choose is unknown. `config` is complete.
pub fn proposed(block: &Block, prior: Option<&Value>, config: &Value) -> Value {
    let attributes = block.attributes.iter().map(|(name, attribute)| {
        let prior = prior.and_then(|prior| prior.get(name));
        let config = config.get(name).unwrap_or(&Value::NULL);
        (name.clone(), propose(attribute, prior, config))
    });
    let blocks = block.blocks.iter().map(|(name, nested)| {
        let prior = prior.and_then(|prior| prior.get(name));
        let config = config.get(name).cloned().unwrap_or(Value::Null(Type::Dynamic));
        (name.clone(), propose_blocks(&nested.block, prior, &config))
    });
    Value::object(attributes.chain(blocks).collect::<Vec<_>>())
}

fn propose_blocks(block: &Block, prior: Option<&Value>, config: &Value) -> Value {
    let before = prior.and_then(Value::as_items).unwrap_or_default();
    match config {
        Value::Object(_) => proposed(block, prior.filter(|prior| !prior.is_null()), config),
        Value::List(list) => {
            let items = list.items().iter().enumerate();
            let items = items.map(|(at, item)| proposed(block, before.get(at), item));
            Value::list(list.element().clone(), items.collect())
        }
        Value::Set(set) => {
            let items = set.items().iter().map(|item| {
                let has_all = |prior: &&Value| proposed(block, Some(prior), item) == **prior;
                proposed(block, before.iter().find(has_all), item)
            });
            Value::set(set.element().clone(), items.collect())
        }
        _ => config.clone(),
    }
}

fn propose(attribute: &Attribute, prior: Option<&Value>, config: &Value) -> Value {
    if attribute.write_only {
        return Value::Null(attribute.ty.clone());
    }
    match (&attribute.default, prior) {
        _ if !config.is_null() => config.clone(),
        (Some(default), _) => default.clone(),
        (None, Some(prior)) if attribute.computed => prior.clone(),
        (None, None) if attribute.computed => Value::unknown(attribute.ty.clone()),
        (None, _) => config.clone(),
    }
}
