//! [`replacing_paths`]: which changes cannot be made in place.

use kprov_core::value::raw_equal;
use kprov_core::{Path, PathStep, Value};
use kprov_provider::{Block, Nesting};

/// Paths whose change forces a replacement: the provider's, and the schema's `force_new`. Only
/// those that really change.
pub fn replacing_paths(
    block: &Block,
    prior: &Value,
    planned: &Value,
    required: &[Path],
) -> Vec<Path> {
    let changed = |path: &&Path| match (path.get(prior), path.get(planned)) {
        (Some(before), Some(after)) => !raw_equal(before, after),
        (before, after) => before.is_some() != after.is_some(),
    };
    let mut paths: Vec<Path> = required.iter().filter(changed).cloned().collect();
    collect(block, prior, planned, &Path::root(), &mut paths);
    paths
}

fn collect(block: &Block, prior: &Value, planned: &Value, at: &Path, paths: &mut Vec<Path>) {
    let parts = |name: &str| {
        (prior.get(name).unwrap_or(&Value::NULL), planned.get(name).unwrap_or(&Value::NULL))
    };
    for (name, attribute) in &block.attributes {
        let (before, after) = parts(name);
        let unset = before.is_null() && after.is_null();
        if attribute.force_new && !unset && !raw_equal(before, after) {
            push(paths, at.then(PathStep::Attribute(name.clone())));
        }
    }
    for (name, nested) in &block.blocks {
        let (before, after) = parts(name);
        if raw_equal(before, after) {
            continue;
        }
        let here = at.then(PathStep::Attribute(name.clone()));
        let whole =
            nested.force_new || (nested.nesting == Nesting::Set && forces_inside(&nested.block));
        if whole {
            push(paths, here);
        } else {
            collect_items(&nested.block, nested.nesting, before, after, &here, paths);
        }
    }
}

fn push(paths: &mut Vec<Path>, path: Path) {
    if !paths.contains(&path) {
        paths.push(path);
    }
}

fn collect_items(
    block: &Block,
    nesting: Nesting,
    prior: &Value,
    planned: &Value,
    at: &Path,
    paths: &mut Vec<Path>,
) {
    match nesting {
        Nesting::Single | Nesting::Group => collect(block, prior, planned, at, paths),
        Nesting::List => {
            let before = prior.as_items().unwrap_or_default();
            let after = planned.as_items().unwrap_or_default();
            for index in 0..before.len().max(after.len()) {
                let item = |items: &[Value]| items.get(index).cloned().unwrap_or(Value::NULL);
                let here = at.then(PathStep::Index(index as u64));
                collect(block, &item(before), &item(after), &here, paths);
            }
        }
        Nesting::Map => {
            let keys = |value: &Value| {
                value.as_entries().into_iter().flatten().map(|(k, _)| k.clone()).collect::<Vec<_>>()
            };
            let all: std::collections::BTreeSet<_> =
                keys(prior).into_iter().chain(keys(planned)).collect();
            for key in all {
                let item = |value: &Value| value.get(&key).cloned().unwrap_or(Value::NULL);
                let here = at.then(PathStep::Key(key.clone()));
                collect(block, &item(prior), &item(planned), &here, paths);
            }
        }
        // Items of a set have no place that both sides share: the whole set was looked at.
        Nesting::Set => {}
    }
}

fn forces_inside(block: &Block) -> bool {
    block.attributes.values().any(|attribute| attribute.force_new)
        || block.blocks.values().any(|nested| nested.force_new || forces_inside(&nested.block))
}
