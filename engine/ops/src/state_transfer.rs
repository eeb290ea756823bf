//! `state pull` and `state push`: Terraform's state format, version 4, out and in.

use kprov_core::Diagnostic;
use kprov_state::tfstate;
use serde_json::Value as Json;

use crate::{LockOptions, OpsError, Project};

/// The state as Terraform would store it.
///
/// # Errors
/// When it cannot be read.
pub fn state_pull(project: &Project) -> Result<Json, OpsError> {
    let state = project.state()?;
    Ok(tfstate::export(&state, &tfstate::closure(&state))?)
}

/// Makes the state what `text` says. Without `force` it must be of the same lineage and not older.
///
/// # Errors
/// When it is not a state, does not follow the present one, or operations are still to be settled.
pub fn state_push(
    project: &Project,
    text: &str,
    force: bool,
    lock: LockOptions,
) -> Result<(), OpsError> {
    let target = tfstate::import(text)?;
    project.record(lock, "state push", |state| {
        if let Some(open) = state.open.first() {
            return Err(Diagnostic::error(
                "Interrupted operations",
                format!(
                    "Operation {} of run {} was interrupted, and nobody knows yet what became of \
                     it: the next \"kprov apply\" finds out. Push after that.",
                    open.op.0, open.run.0
                ),
            )
            .into());
        }
        let empty = state.objects.is_empty() && state.outputs.is_empty();
        if !force && !empty {
            if state.lineage != target.lineage {
                return Err(Diagnostic::error(
                    "Cannot import state with a different lineage",
                    format!(
                        "The present state has the lineage {:?}, the given one {:?}: they are of \
                         different configurations. -force overrides.",
                        state.lineage, target.lineage
                    ),
                )
                .into());
            }
            if target.serial < state.serial {
                return Err(Diagnostic::error(
                    "Cannot import state with an older serial",
                    format!(
                        "The present state has the serial {}, the given one {}: it is older. \
                         -force overrides.",
                        state.serial, target.serial
                    ),
                )
                .into());
            }
        }
        Ok(state.entries_towards(&target))
    })
}
