//! `state rm`: the state forgets objects; they stay where they are.

use kprov_core::{Diagnostics, InstanceAddr, ObjectAddr};
use kprov_state::Entry;

use crate::selection::{parse, select};
use crate::state_list::nothing;
use crate::{LockOptions, OpsError, Project};

/// Forgets what `addresses` mean; with `dry_run` only says what that is.
///
/// # Errors
/// When an address is wrong or means nothing: nothing is forgotten then.
pub fn state_rm(
    project: &Project,
    addresses: &[String],
    dry_run: bool,
    lock: LockOptions,
) -> Result<Vec<InstanceAddr>, OpsError> {
    let mut removed: Vec<ObjectAddr> = Vec::new();
    let mut find = |state: &kprov_state::State| -> Result<Vec<Entry>, OpsError> {
        let mut problems = Diagnostics::new();
        for text in addresses {
            let selected = select(state, &parse(text)?);
            if selected.is_empty() {
                problems.push(nothing(text));
            }
            for address in selected {
                if !removed.contains(address) {
                    removed.push(address.clone());
                }
            }
        }
        if problems.has_errors() {
            return Err(problems.into());
        }
        let forgotten = removed.iter().cloned();
        Ok(forgotten.map(|address| Entry::ObjectForgotten { address }).collect())
    };
    if dry_run {
        find(&project.state()?)?;
    } else {
        project.record(lock, "state rm", find)?;
    }
    let mut instances: Vec<InstanceAddr> =
        removed.into_iter().map(|address| address.instance).collect();
    instances.dedup();
    Ok(instances)
}
