//! `taint` and `untaint`: an object is to be replaced, or not.

use kprov_core::addr::parse_instance;
use kprov_core::{Diagnostic, ObjectAddr, ResourceMode};
use kprov_state::{Entry, ObjectStatus};

use crate::{LockOptions, OpsError, Project};

/// Marks an object, or takes the mark away.
///
/// # Errors
/// When there is no such object, or it is not tainted.
pub fn taint(
    project: &Project,
    address: &str,
    tainted: bool,
    lock: LockOptions,
) -> Result<(), OpsError> {
    let instance = parse_instance(address)
        .map_err(|error| Diagnostic::error("Invalid address", format!("{address:?}: {error}.")))?;
    if instance.resource.mode != ResourceMode::Managed {
        return Err(Diagnostic::error(
            "Invalid address",
            format!("{address} is not a managed resource: only those can be tainted."),
        )
        .into());
    }
    let command = if tainted { "taint" } else { "untaint" };
    project.record(lock, command, |state| {
        let address = ObjectAddr { instance, deposed: None };
        let Some(object) = state.objects.get(&address) else {
            return Err(no_such_instance(&address).into());
        };
        let status = if tainted { ObjectStatus::Tainted } else { ObjectStatus::Ready };
        if object.status == status {
            if tainted {
                return Ok(Vec::new());
            }
            return Err(Diagnostic::error(
                "Resource instance is not tainted",
                format!("{address} is not tainted: there is nothing to take away."),
            )
            .into());
        }
        let mut object = Box::new(object.clone());
        object.status = status;
        Ok(vec![Entry::ObjectSet { address, object }])
    })
}

/// The summary tells this problem from others.
pub const NO_SUCH_INSTANCE: &str = "No such resource instance";

fn no_such_instance(address: &ObjectAddr) -> Diagnostic {
    Diagnostic::error(
        NO_SUCH_INSTANCE,
        format!(
            "The state has no resource instance {address}. If it is in the configuration, it was \
             not created yet."
        ),
    )
}
