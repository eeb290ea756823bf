//! What becomes of root outputs.

use std::collections::BTreeMap;

use kprov_core::{Marks, Str, Value};

use crate::{Action, OutputChange};

/// A root output as planned.
#[derive(Clone, Debug)]
pub struct PlannedOutput {
    /// Its value; unknown where only apply can tell.
    pub value: Value,
    /// As declared.
    pub sensitive: bool,
}

/// The changes from the outputs of the state to those of the configuration. `None` in `planned`: the
/// output is declared, but outside the targets, and stays as it is.
///
/// A change is sensitive if the output was or will be: neither side may be shown then. That a value
/// only changes its type, or that only its sensitivity changes, is an update.
pub fn output_changes(
    stored: &BTreeMap<Str, Value>,
    planned: &BTreeMap<Str, Option<PlannedOutput>>,
) -> BTreeMap<Str, OutputChange> {
    let gone = stored.iter().filter(|(name, _)| !planned.contains_key(*name)).map(|(name, old)| {
        let sensitive = is_sensitive(old);
        let before = old.clone().unmark_deep().0;
        let after = Value::NULL;
        (name.clone(), OutputChange { action: Action::Delete, before, after, sensitive })
    });
    let there = planned.iter().filter_map(|(name, output)| {
        Some((name.clone(), change(stored.get(name), output.as_ref()?)))
    });
    gone.chain(there).collect()
}

fn is_sensitive(value: &Value) -> bool {
    value.marks_deep().contains(Marks::SENSITIVE)
}

fn change(stored: Option<&Value>, planned: &PlannedOutput) -> OutputChange {
    let after = planned.value.clone().unmark_deep().0;
    let was_sensitive = stored.is_some_and(is_sensitive);
    let before = stored.map_or(Value::NULL, |old| old.clone().unmark_deep().0);
    let action = match stored {
        None if after.is_null() => Action::NoOp,
        None => Action::Create,
        Some(_)
            if before == after && after.is_wholly_known() && was_sensitive == planned.sensitive =>
        {
            Action::NoOp
        }
        Some(_) => Action::Update,
    };
    OutputChange { action, before, after, sensitive: was_sensitive || planned.sensitive }
}

#[cfg(test)]
mod tests;
