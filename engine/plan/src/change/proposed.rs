//! [`proposed_new`]: what the user asks for, joined with what the object already has.
//!
//! Configured values win; where the configuration has null, a default, then (for computed
//! attributes) the prior value stands. What has no prior value and is computed is unknown. An
//! unchanged object is given back as the very same value, so that comparing it with the prior one
//! costs nothing. Neither argument carries marks.

use kprov_core::value::raw_equal;
use kprov_core::{Entries, Str, Type, Value};
use kprov_provider::{Attribute, Block, NestedBlock, Nesting};

/// The proposed value. `prior` is `None` for a new object, and for one that will be made anew.
pub fn proposed_new(block: &Block, prior: Option<&Value>, config: &Value) -> Value {
    let prior = prior.filter(|prior| prior.as_entries().is_some());
    if config.as_entries().is_none() {
        return config.clone();
    }
    Proposal { block, prior, config }.merge()
}

/// One block: of the whole object or nested.
struct Proposal<'a> {
    block: &'a Block,
    prior: Option<&'a Value>,
    config: &'a Value,
}

impl Proposal<'_> {
    fn merge(&self) -> Value {
        let parts = || self.attributes().chain(self.blocks());
        // Nothing is built as long as all is as it was: most instances of most plans.
        if let Some(prior) = self.prior
            && prior.as_entries().is_some_and(|entries| {
                entries.len() == self.block.attributes.len() + self.block.blocks.len()
            })
            && parts().all(|(name, part)| prior.get(name).is_some_and(|it| raw_equal(it, &part)))
        {
            return prior.clone();
        }
        Value::object(parts().map(|(name, part)| (name.clone(), part)))
    }

    fn of<'v>(value: Option<&'v Value>, name: &str) -> Option<&'v Value> {
        value.and_then(|value| value.get(name))
    }

    fn attributes(&self) -> impl Iterator<Item = (&Str, Value)> {
        self.block.attributes.iter().map(|(name, attribute)| {
            let prior = Self::of(self.prior, name);
            (name, propose_attribute(attribute, prior, self.config.get(name)))
        })
    }

    fn blocks(&self) -> impl Iterator<Item = (&Str, Value)> {
        self.block.blocks.iter().map(|(name, nested)| {
            let prior = Self::of(self.prior, name);
            let config = self.config.get(name).unwrap_or(&Value::NULL);
            (name, propose_blocks(nested, prior, config))
        })
    }
}

fn propose_attribute(
    attribute: &Attribute,
    prior: Option<&Value>,
    config: Option<&Value>,
) -> Value {
    if attribute.write_only {
        return Value::Null(attribute.ty.clone());
    }
    if let Some(config) = config.filter(|config| !config.is_null()) {
        return config.clone();
    }
    if let Some(default) = &attribute.default {
        return default.clone();
    }
    match (attribute.computed, prior) {
        (true, Some(prior)) => prior.clone(),
        (true, None) => Value::unknown(attribute.ty.clone()),
        (false, _) => config.cloned().unwrap_or_else(|| Value::Null(attribute.ty.clone())),
    }
}

fn propose_blocks(nested: &NestedBlock, prior: Option<&Value>, config: &Value) -> Value {
    let block = &nested.block;
    match config {
        // Blocks are unknown as a whole only where a dynamic block makes them.
        Value::Null(_) | Value::Unknown(_) => config.clone(),
        _ => match nested.nesting {
            Nesting::Single | Nesting::Group => proposed_new(block, prior, config),
            Nesting::List => propose_list(block, prior, config),
            Nesting::Map => propose_map(block, prior, config),
            Nesting::Set => propose_set(block, prior, config),
        },
    }
}

fn propose_list(block: &Block, prior: Option<&Value>, config: &Value) -> Value {
    let prior = prior.and_then(Value::as_items).unwrap_or_default();
    let items = config.as_items().unwrap_or_default();
    let items = items.iter().enumerate().map(|(at, item)| proposed_new(block, prior.get(at), item));
    match config {
        Value::List(list) => Value::list(list.element().clone(), items.collect()),
        _ => Value::tuple(items),
    }
}

fn propose_map(block: &Block, prior: Option<&Value>, config: &Value) -> Value {
    let Some(entries) = config.as_entries() else { return config.clone() };
    let entries: Entries = entries
        .iter()
        .map(|(key, item)| {
            let prior = prior.and_then(|prior| prior.get(key));
            (key.clone(), proposed_new(block, prior, item))
        })
        .collect();
    match config {
        Value::Map(map) => Value::map(map.element().clone(), entries),
        _ => Value::Object(entries.into()),
    }
}

/// A set's items have no name: a configured item takes over the computed parts of the prior item
/// that agrees in all that the configuration says, each prior item once.
fn propose_set(block: &Block, prior: Option<&Value>, config: &Value) -> Value {
    let mut left: Vec<&Value> =
        prior.and_then(Value::as_items).unwrap_or_default().iter().collect();
    let items = config.as_items().unwrap_or_default();
    let items = items.iter().map(|item| {
        let at = left.iter().position(|prior| agrees(block, prior, item));
        let prior = at.map(|at| left.remove(at));
        proposed_new(block, prior, item)
    });
    let items: Vec<Value> = items.collect();
    let element = match config {
        Value::Set(set) => set.element().clone(),
        _ => Type::Dynamic,
    };
    Value::set(element, items)
}

/// Could `prior` be what became of `config`?
fn agrees(block: &Block, prior: &Value, config: &Value) -> bool {
    let attributes = block.attributes.iter().all(|(name, attribute)| {
        let proposed = propose_attribute(attribute, prior.get(name), config.get(name));
        prior.get(name).is_some_and(|prior| raw_equal(prior, &proposed))
    });
    attributes
        && block.blocks.iter().all(|(name, nested)| {
            let config = config.get(name).unwrap_or(&Value::NULL);
            let proposed = propose_blocks(nested, prior.get(name), config);
            prior.get(name).is_some_and(|prior| raw_equal(prior, &proposed))
        })
}

#[cfg(test)]
mod tests;
