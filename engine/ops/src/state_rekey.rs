//! `state rekey`

use kprov_state::Vault;

use crate::{LockOptions, OpsError, Project};

/// Wraps the state's data key with the first key of `to`; with `new_data_key` everything is sealed with
/// another data key. False where nothing is sealed. All workspaces are locked meanwhile: a run that
/// goes on with the former key could not record what it does.
///
/// # Errors
/// When a workspace is locked, or a key is not to be had. Nothing is changed then.
pub fn state_rekey(
    project: &Project,
    to: &Vault,
    new_data_key: bool,
    lock: LockOptions,
) -> Result<bool, OpsError> {
    let mut held = Vec::new();
    for workspace in project.store.workspaces()? {
        held.extend(project.lock_workspace(&workspace, lock, "state rekey")?);
    }
    Ok(project.store.rekey(to, new_data_key)?)
}
