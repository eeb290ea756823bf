//! Hook actions of AWS: what a user may want to be so, or done, at a moment of a rotation (docs/adr/0005-rotation.md,
//! "Contract: hook actions").

mod lifecycle_hook;
mod target_healthy;
mod target_unused;
mod targets;

use kprov_core::{Path, Type};
use kprov_provider::rotation::HookAction;
use kprov_provider::{Attribute, AttributeError, Block, Schema};

use crate::fields::Fields;

/// All of them, as configurations name them.
pub(crate) const NAMES: [&str; 3] = ["lifecycle_hook", "target_healthy", "target_unused"];

/// The code of one.
pub(crate) fn find(name: &str) -> Option<&'static dyn HookAction> {
    match name {
        "lifecycle_hook" => Some(&lifecycle_hook::LifecycleHook),
        "target_healthy" => Some(&target_healthy::TargetHealthy),
        "target_unused" => Some(&target_unused::TargetUnused),
        _ => None,
    }
}

/// A block with one text in it.
fn schema(name: &'static str, attribute: Attribute, description: &str) -> Schema {
    let attributes = [(name.into(), attribute)].into();
    let block = Block { attributes, description: description.into(), ..Block::default() };
    Schema { version: 0, block }
}

fn text() -> Attribute {
    Attribute::new(Type::String)
}

/// The attribute of that name is wrong.
fn wrong(name: &str, message: &str) -> Vec<AttributeError> {
    vec![AttributeError::new(Path::attribute(name), "Invalid value", message)]
}

/// A text that must not be empty where it is known.
fn is_empty(config: Fields<'_>, name: &str) -> bool {
    config.text(name).is_some_and(str::is_empty)
}
