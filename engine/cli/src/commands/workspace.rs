//! `workspace list|show|new|select|delete`

use kprov_core::Diagnostic;

use crate::args::{WorkspaceCommand, WorkspaceFlags};
use crate::failure::{Failure, Outcome};
use crate::session::Session;
use crate::{output, workspace_file};

/// Runs one of them.
pub(crate) fn run(session: &Session, command: &WorkspaceCommand) -> Outcome {
    match command {
        WorkspaceCommand::List(flags) => list(session, flags)?,
        WorkspaceCommand::Show(_) => output::line(&session.workspace()?),
        WorkspaceCommand::New { flags, name } => {
            changeable(session, name)?;
            store(session, flags)?.create_workspace(name)?;
            workspace_file::write(&session.workspace_path(), name)?;
            output::line(&format!(
                "Created and switched to workspace \"{name}\"!\n\nYou're now on a new, empty \
                 workspace. Workspaces isolate their state,\nso if you run \"kprov plan\" kprov will \
                 not see any existing state\nfor this configuration."
            ));
        }
        WorkspaceCommand::Select { flags, or_create, name } => {
            changeable(session, name)?;
            let store = store(session, flags)?;
            if !store.workspaces()?.contains(name) {
                if !or_create {
                    return Err(kprov_state::StateError::NoWorkspace(name.clone()).into());
                }
                store.create_workspace(name)?;
            }
            workspace_file::write(&session.workspace_path(), name)?;
            output::line(&format!("Switched to workspace \"{name}\"."));
        }
        WorkspaceCommand::Delete { flags, force, name } => delete(session, flags, *force, name)?,
    }
    Ok(0)
}

fn store(
    session: &Session,
    flags: &WorkspaceFlags,
) -> Result<std::sync::Arc<dyn kprov_state::Store>, Failure> {
    session.store(flags.state.state.as_deref())
}

fn list(session: &Session, flags: &WorkspaceFlags) -> Result<(), Failure> {
    let selected = session.workspace()?;
    let mut names = store(session, flags)?.workspaces()?;
    if !names.contains(&selected) {
        names.push(selected.clone());
        names.sort();
    }
    for name in names {
        let sign = if name == selected { '*' } else { ' ' };
        output::line(&format!("{sign} {name}"));
    }
    output::line("");
    Ok(())
}

fn changeable(session: &Session, name: &str) -> Result<(), Diagnostic> {
    if session.workspace_override().is_some() {
        return Err(Diagnostic::error(
            "Workspace is overridden",
            "The selected workspace is currently overridden using the TF_WORKSPACE environment \
             variable. Unset it to select another one.",
        ));
    }
    if workspace_file::is_valid(name) {
        return Ok(());
    }
    Err(Diagnostic::error(
        "Invalid workspace name",
        format!(
            "The workspace name {name:?} is not allowed. It may have letters, digits and the \
             characters \"-\", \"_\", \".\" and \"~\"."
        ),
    ))
}

fn delete(
    session: &Session,
    flags: &WorkspaceFlags,
    force: bool,
    name: &str,
) -> Result<(), Failure> {
    if session.workspace()? == name {
        return Err(Diagnostic::error(
            "Workspace is selected",
            format!("Workspace {name:?} is your active workspace. Select another one first."),
        )
        .into());
    }
    let mut project = session.project(flags.state.state.as_deref())?;
    name.clone_into(&mut project.workspace);
    let was_empty = kprov_ops::delete_workspace(
        &project,
        force,
        super::apply::lock_options(&flags.state.lock),
    )?;
    output::line(&format!("Deleted workspace \"{name}\"!"));
    if !was_empty {
        output::line(&format!(
            "WARNING: \"{name}\" was non-empty.\nThe resources managed by the deleted workspace may \
             still exist,\nbut are no longer manageable by kprov since the state has\nbeen deleted."
        ));
    }
    Ok(())
}
