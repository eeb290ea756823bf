//! Objects that no configuration asks for: why they go, and how.

use kprov_core::{DeposedKey, InstanceAddr, InstanceKey, Value};
use kprov_provider::Block;

use super::diff::mark_by_schema;
use crate::{Action, ActionReason, Change, PriorObject};

/// How a resource block repeats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeats {
    /// Neither count nor for_each.
    Once,
    /// `count`
    Count,
    /// `for_each`
    ForEach,
}

/// The block of an instance that is not asked for.
#[derive(Clone, Copy, Debug)]
pub struct Declared {
    /// How it repeats.
    pub repeats: Repeats,
    /// Is the module instance that it stands in one that the configuration asks for?
    pub module_exists: bool,
}

/// Why an object goes. `moved`: it came here by a move in this plan; `declared`: the block at its
/// address, if there is one.
pub fn delete_reason(
    addr: &InstanceAddr,
    moved: bool,
    declared: Option<Declared>,
) -> Option<ActionReason> {
    use ActionReason::{
        DeleteBecauseCountIndex, DeleteBecauseEachKey, DeleteBecauseNoModule,
        DeleteBecauseNoMoveTarget, DeleteBecauseNoResourceConfig, DeleteBecauseWrongRepetition,
    };
    let Some(declared) = declared else {
        return Some(match moved {
            true => DeleteBecauseNoMoveTarget,
            false => DeleteBecauseNoResourceConfig,
        });
    };
    if !declared.module_exists {
        return Some(DeleteBecauseNoModule);
    }
    match (&addr.key, declared.repeats) {
        (InstanceKey::None, Repeats::Once) => None,
        (InstanceKey::Int(_), Repeats::Count) => Some(DeleteBecauseCountIndex),
        (InstanceKey::String(_), Repeats::ForEach) => Some(DeleteBecauseEachKey),
        _ => Some(DeleteBecauseWrongRepetition),
    }
}

/// What is done with an object that goes.
#[derive(Clone, Copy, Debug)]
pub struct Removal<'a> {
    /// Whose.
    pub addr: &'a InstanceAddr,
    /// A deposed object?
    pub deposed: Option<&'a DeposedKey>,
    /// Where it was before a move.
    pub previous_addr: Option<&'a InstanceAddr>,
    /// The object.
    pub prior: &'a PriorObject,
    /// Of its type; `None` if that is not known any more.
    pub schema: Option<&'a Block>,
    /// See [`delete_reason`]; none with destroy and for deposed objects.
    pub reason: Option<ActionReason>,
    /// `removed` with `destroy = false`: the state forgets it, the world keeps it.
    pub forget: bool,
}

/// The change that removes an object.
pub fn removal(removal: &Removal<'_>) -> Change {
    let prior = removal.prior;
    let before = match removal.schema {
        Some(schema) => mark_by_schema(schema, &prior.value),
        None => prior.value.clone(),
    };
    Change {
        addr: removal.addr.clone(),
        deposed: removal.deposed.cloned(),
        previous_addr: removal.previous_addr.cloned(),
        provider: prior.provider.clone(),
        action: if removal.forget { Action::Forget } else { Action::Delete },
        reason: removal.reason,
        before,
        after: Value::NULL,
        replace_paths: Vec::new(),
        importing: None,
        prior_private: prior.private.clone(),
        planned_private: Vec::new(),
        // What it depended on: who orders or checks deletes needs it.
        dependencies: prior.dependencies.clone(),
        create_before_destroy: prior.create_before_destroy,
        tainted: prior.tainted,
        rotation: None,
        outdated: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
