//! Visiting and rebuilding values part by part.

use crate::{Path, PathStep, Value};

/// Calls `visit` for the value and everything inside, parents first. Marked values are seen with
/// their marks, then walked through.
pub fn walk(value: &Value, visit: &mut impl FnMut(&Path, &Value)) {
    walk_at(value, &mut Path::root(), &mut |path, value| {
        visit(path, value);
        true
    });
}

/// Paths of all parts for which `test` holds, parents first. Below a part that matches nothing
/// further is looked for.
pub fn paths_where(value: &Value, test: impl Fn(&Value) -> bool) -> Vec<Path> {
    let mut found = Vec::new();
    walk_at(value, &mut Path::root(), &mut |path, part| {
        let matches = test(part);
        if matches {
            found.push(path.clone());
        }
        !matches
    });
    found
}

/// Calls `visit`; goes inside while it says true.
fn walk_at(value: &Value, path: &mut Path, visit: &mut dyn FnMut(&Path, &Value) -> bool) {
    if !visit(path, value) {
        return;
    }
    let mut enter = |step: PathStep, item: &Value| {
        path.0.push(step);
        walk_at(item, path, visit);
        path.0.pop();
    };
    match value.bare() {
        Value::Tuple(items) => {
            (0u64..).zip(items.iter()).for_each(|(i, item)| enter(PathStep::Index(i), item));
        }
        Value::List(list) => {
            (0u64..).zip(list.items()).for_each(|(i, item)| enter(PathStep::Index(i), item));
        }
        Value::Set(set) => {
            set.items().iter().for_each(|item| enter(PathStep::Item(item.clone()), item));
        }
        Value::Map(map) => {
            map.entries().iter().for_each(|(key, item)| enter(PathStep::Key(key.clone()), item));
        }
        Value::Object(entries) => {
            entries.iter().for_each(|(k, item)| enter(PathStep::Attribute(k.clone()), item));
        }
        Value::Null(_)
        | Value::Unknown(_)
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Marked(_) => {}
    }
}

/// Rebuilds the value from the inside out: `change` gets each part, its children already changed,
/// with the marks it had. Element types of collections are taken from the first changed item where
/// that has one, so a change must treat all items of a collection alike.
pub fn transform(value: &Value, change: &mut dyn FnMut(&Path, Value) -> Value) -> Value {
    transform_at(value, &mut Path::root(), change)
}

fn transform_at(
    value: &Value,
    path: &mut Path,
    change: &mut dyn FnMut(&Path, Value) -> Value,
) -> Value {
    let mut inner = |step: PathStep, item: &Value| {
        path.0.push(step);
        let item = transform_at(item, path, change);
        path.0.pop();
        item
    };
    let rebuilt = match value.bare() {
        Value::Tuple(items) => Value::tuple(
            (0u64..)
                .zip(items.iter())
                .map(|(i, item)| inner(PathStep::Index(i), item))
                .collect::<Vec<_>>(),
        ),
        Value::List(list) => {
            let items: Vec<Value> = (0u64..)
                .zip(list.items())
                .map(|(i, item)| inner(PathStep::Index(i), item))
                .collect();
            Value::list(items.first().map_or_else(|| list.element().clone(), Value::ty), items)
        }
        Value::Set(set) => {
            let items: Vec<Value> =
                set.items().iter().map(|item| inner(PathStep::Item(item.clone()), item)).collect();
            Value::set(items.first().map_or_else(|| set.element().clone(), Value::ty), items)
        }
        Value::Map(map) => {
            let entries: crate::Entries = map
                .entries()
                .iter()
                .map(|(key, item)| (key.clone(), inner(PathStep::Key(key.clone()), item)))
                .collect();
            let element = entries.values().next().map_or_else(|| map.element().clone(), Value::ty);
            Value::map(element, entries)
        }
        Value::Object(entries) => Value::object(
            entries
                .iter()
                .map(|(k, item)| (k.clone(), inner(PathStep::Attribute(k.clone()), item)))
                .collect::<Vec<_>>(),
        ),
        bare => bare.clone(),
    };
    change(path, rebuilt.with_marks(value.marks()))
}
