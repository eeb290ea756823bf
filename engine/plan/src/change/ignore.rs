//! `ignore_changes`: puts what the object has in place of what the user wrote, before anything is
//! compared, so that nothing after it needs to know.

use std::borrow::Cow;

use kprov_core::value::raw_equal;
use kprov_core::{Entries, Path, PathStep, Value};
use kprov_lang::ast::{ExprKind, Reference, StepKind};
use kprov_lang::config::IgnoreChanges;
use kprov_provider::{Block, Nesting};

/// `ignore_changes`, as paths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Ignore {
    /// Nothing.
    #[default]
    None,
    /// Everything.
    All,
    /// These.
    Paths(Vec<Path>),
}

impl From<&IgnoreChanges> for Ignore {
    /// Steps that are no constants were refused when the block was decoded; they end the path here.
    fn from(changes: &IgnoreChanges) -> Ignore {
        match changes {
            IgnoreChanges::None => Ignore::None,
            IgnoreChanges::All => Ignore::All,
            IgnoreChanges::Paths(references) => {
                Ignore::Paths(references.iter().map(path).collect())
            }
        }
    }
}

fn path(reference: &Reference) -> Path {
    let mut path = Path::attribute(reference.root.clone());
    for step in &reference.steps {
        let step = match &step.kind {
            StepKind::Attribute(name) => Some(PathStep::Attribute(name.clone())),
            StepKind::LegacyIndex(index) => Some(PathStep::Index(*index)),
            StepKind::Index(expr) => match &expr.kind {
                ExprKind::Literal(Value::String(key)) => Some(PathStep::Key(key.clone())),
                ExprKind::Literal(Value::Number(number)) => {
                    number.to_string().parse().ok().map(PathStep::Index)
                }
                _ => None,
            },
            StepKind::Splat(_) => None,
        };
        match step {
            Some(step) => path.0.push(step),
            None => break,
        }
    }
    path
}

/// The configuration to plan with. Neither value carries marks.
pub fn ignore_changes<'a>(
    ignore: &Ignore,
    block: &Block,
    prior: &Value,
    config: &'a Value,
) -> Cow<'a, Value> {
    match ignore {
        Ignore::None => Cow::Borrowed(config),
        Ignore::All => Cow::Owned(configurable(block, prior)),
        Ignore::Paths(paths) => {
            let mut result = Cow::Borrowed(config);
            for path in paths {
                if let Some(changed) = restore(&result, prior, &path.0) {
                    result = Cow::Owned(changed);
                }
            }
            result
        }
    }
}

/// `config` with the part at `path` as it is in `prior`; `None` where nothing changes.
fn restore(config: &Value, prior: &Value, path: &[PathStep]) -> Option<Value> {
    let Some((step, rest)) = path.split_first() else {
        return (!raw_equal(config, prior)).then(|| prior.clone());
    };
    match step {
        PathStep::Attribute(name) | PathStep::Key(name) => {
            let (entries, old) = (config.as_entries()?, prior.as_entries()?);
            if rest.is_empty() && matches!(step, PathStep::Key(_)) {
                return restore_entry(config, entries, old, name);
            }
            let changed = restore(entries.get(name)?, old.get(name)?, rest)?;
            Some(with_entries(config, replaced(entries, name, Some(&changed))))
        }
        PathStep::Index(index) => {
            let at = usize::try_from(*index).ok()?;
            let (items, old) = (config.as_items()?, prior.as_items()?);
            let changed = restore(items.get(at)?, old.get(at)?, rest)?;
            let mut items = items.to_vec();
            items[at] = changed;
            match config {
                Value::List(list) => Some(Value::list(list.element().clone(), items)),
                Value::Tuple(_) => Some(Value::tuple(items)),
                _ => None,
            }
        }
        PathStep::Item(_) => None,
    }
}

/// A map's entry may have come or gone; both are undone.
fn restore_entry(config: &Value, entries: &Entries, old: &Entries, name: &str) -> Option<Value> {
    let (now, before) = (entries.get(name), old.get(name));
    let same = match (now, before) {
        (Some(now), Some(before)) => raw_equal(now, before),
        (None, None) => true,
        _ => false,
    };
    (!same).then(|| with_entries(config, replaced(entries, name, before)))
}

fn replaced(entries: &Entries, name: &str, value: Option<&Value>) -> Entries {
    let others = entries.iter().filter(|(key, _)| *key != name).cloned();
    others.chain(value.map(|value| (name.into(), value.clone()))).collect()
}

/// A map or object like `value`, with other entries.
fn with_entries(value: &Value, entries: Entries) -> Value {
    match value {
        Value::Map(map) => Value::map(map.element().clone(), entries),
        _ => Value::Object(entries.into()),
    }
}

/// What a configuration could have said of the object: computed-only attributes are null.
fn configurable(block: &Block, object: &Value) -> Value {
    let Some(entries) = object.as_entries() else { return object.clone() };
    Value::object(entries.iter().map(|(name, value)| {
        let value = match (block.attributes.get(name), block.blocks.get(name)) {
            (Some(a), _) if a.computed && !a.optional && !a.required => Value::Null(a.ty.clone()),
            (None, Some(nested)) => configurable_blocks(&nested.block, nested.nesting, value),
            _ => value.clone(),
        };
        (name.clone(), value)
    }))
}

fn configurable_blocks(block: &Block, nesting: Nesting, value: &Value) -> Value {
    match (nesting, value) {
        (Nesting::Single | Nesting::Group, _) => configurable(block, value),
        (_, Value::List(list)) => Value::list(
            list.element().clone(),
            list.items().iter().map(|item| configurable(block, item)).collect(),
        ),
        (_, Value::Set(set)) => Value::set(
            set.element().clone(),
            set.items().iter().map(|item| configurable(block, item)).collect(),
        ),
        (_, Value::Tuple(items)) => Value::tuple(items.iter().map(|it| configurable(block, it))),
        (_, Value::Map(map)) => Value::map(
            map.element().clone(),
            map.entries().iter().map(|(k, item)| (k.clone(), configurable(block, item))).collect(),
        ),
        (Nesting::Map, Value::Object(entries)) => {
            Value::object(entries.iter().map(|(k, item)| (k.clone(), configurable(block, item))))
        }
        _ => value.clone(),
    }
}

#[cfg(test)]
mod tests;
