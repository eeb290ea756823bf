//! `replace_triggered_by`: does a change that is planned already force this one?

use kprov_core::value::raw_equal;
use kprov_core::{Diagnostic, Path, ResourceName};

use crate::{Action, Change};

/// Do these changes of the resource, or of the instance, that a reference names trigger? `path` is
/// what the reference says behind it; empty: the whole. Making and deleting do not trigger.
///
/// # Errors
/// Nothing is planned for what the reference names.
pub fn triggers<'c>(
    changes: impl IntoIterator<Item = &'c Change>,
    path: &Path,
    name: &ResourceName,
    module: &str,
) -> Result<bool, Diagnostic> {
    let mut any = false;
    let mut triggered = false;
    for change in changes {
        any = true;
        triggered |= match change.action {
            Action::Update | Action::Replace(_) => touches(change, path),
            _ => false,
        };
    }
    if any { Ok(triggered) } else { Err(no_change(name, module)) }
}

fn touches(change: &Change, path: &Path) -> bool {
    if path.0.is_empty() {
        // What only rotates its outdated members changes nothing of itself.
        return change.outdated.is_empty() || !raw_equal(&change.before, &change.after);
    }
    match (path.get(&change.before), path.get(&change.after)) {
        (Some(before), Some(after)) => !raw_equal(before, after),
        (None, None) => false,
        _ => true,
    }
}

fn no_change(name: &ResourceName, module: &str) -> Diagnostic {
    let place = match module {
        "" => "the root module".to_owned(),
        module => module.to_owned(),
    };
    let detail = format!(
        "replace_triggered_by refers to {name} in {place}, which has no instances, neither now nor \
         in the plan, so that it can never trigger anything. Remove the reference, or make it \
         depend on the same condition."
    );
    Diagnostic::error("No change found", detail)
}

#[cfg(test)]
mod tests;
