//! Taking over a project of Terraform: its local state becomes ours, once.

use kprov_core::Diagnostic;
use kprov_lang::{FileError, Files};

use crate::{LockOptions, OpsError, Project, state_push};

/// Terraform's state beside the configuration.
pub const TERRAFORM_STATE: &str = "terraform.tfstate";

const SUMMARY: &str = "Failed to take over state";

/// Reads Terraform's state into ours if ours was never written. Gives the number of objects taken
/// over; `None` where there is nothing to take, or we have a state.
///
/// Terraform's file stays as it is.
///
/// # Errors
/// When the file cannot be read or is no state.
pub fn take_over(project: &Project) -> Result<Option<usize>, OpsError> {
    if project.workspace != "default" || !is_new(project)? {
        return Ok(None);
    }
    let path = match project.dir.as_str() {
        "." => TERRAFORM_STATE.to_owned(),
        dir => format!("{dir}/{TERRAFORM_STATE}"),
    };
    let Some(text) = read(&*project.files, &path)? else { return Ok(None) };
    state_push(project, &text, true, LockOptions::default()).map_err(|error| told(&path, error))?;
    Ok(Some(project.state()?.objects.len()))
}

/// The same failure, saying which file it is about: nobody named it.
fn told(path: &str, error: OpsError) -> OpsError {
    let hint = format!(
        "{path:?} is a state beside the configuration, which init takes over. Repair it, or move it \
         away to begin with an empty state."
    );
    let mut problems = error.into_diagnostics();
    problems.push(Diagnostic {
        hints: vec![hint],
        ..Diagnostic::error(SUMMARY, "Nothing was changed.")
    });
    problems.into()
}

/// Is there a state of Terraform that nobody took over?
pub fn is_left(project: &Project) -> bool {
    let is_there = || project.files.kind(TERRAFORM_STATE).is_ok_and(|kind| kind.is_some());
    is_new(project).unwrap_or(false) && project.dir == "." && is_there()
}

fn is_new(project: &Project) -> Result<bool, OpsError> {
    let state = project.outline()?;
    Ok(state.lineage.is_empty() && state.serial == 0 && state.objects.is_empty())
}

fn read(files: &dyn Files, path: &str) -> Result<Option<String>, OpsError> {
    let failed = |why: String| -> OpsError {
        Diagnostic::error(SUMMARY, format!("Terraform's state {path:?} cannot be read: {why}."))
            .into()
    };
    match files.read(path) {
        Ok(bytes) if bytes.iter().all(u8::is_ascii_whitespace) => Ok(None),
        Ok(bytes) => String::from_utf8(bytes).map(Some).map_err(|_| failed("it is no text".into())),
        Err(FileError::NotFound { .. }) => Ok(None),
        Err(error) => Err(failed(error.to_string())),
    }
}
