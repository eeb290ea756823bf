//! Deleting a workspace.

use kprov_core::Diagnostic;
use kprov_state::StateError;

use crate::{LockOptions, OpsError, Project};

/// Deletes the project's workspace with its journal. Gives whether it was empty.
///
/// # Errors
/// When it is the default one, does not exist, or holds objects and that is not `force`d.
pub fn delete_workspace(
    project: &Project,
    force: bool,
    lock: LockOptions,
) -> Result<bool, OpsError> {
    let name = &project.workspace;
    if name == "default" {
        return Err(StateError::DefaultWorkspace.into());
    }
    if !project.store.workspaces()?.contains(name) {
        return Err(StateError::NoWorkspace(name.clone()).into());
    }
    let held = project.lock(lock, "workspace delete")?;
    let state = project.state()?;
    let empty = state.objects.is_empty() && state.open.is_empty();
    if !empty && !force {
        let objects: String =
            state.objects.keys().take(10).map(|address| format!("\n  - {address}")).collect();
        return Err(Diagnostic::error(
            "Workspace is not empty",
            format!(
                "Workspace {name:?} is currently tracking the following resource instances:{objects}\
                 \n\nDeleting this workspace would cause kprov to lose track of any associated \
                 remote objects, which would then require you to delete them manually outside of \
                 kprov. You should destroy these objects before deleting the workspace, or use the \
                 -force option."
            ),
        )
        .into());
    }
    project.store.delete_workspace(name)?;
    drop(held);
    Ok(empty)
}
