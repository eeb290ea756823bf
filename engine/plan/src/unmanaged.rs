//! Types that a provider lacks though its public original has them: blocks with no instances are
//! fine, as modules that others wrote have many (`count = var.create_database ? 1 : 0`).

use kprov_core::{Diagnostic, ResourceMode, ResourceName};
use kprov_provider::Provider;

/// Of a block that would make or read something of such a type.
pub(crate) fn unmanaged_error(provider: &dyn Provider, name: &ResourceName) -> Diagnostic {
    let (summary, kind) = match name.mode {
        ResourceMode::Managed => ("Resource type not managed yet", "resource type"),
        ResourceMode::Data => ("Data source not there yet", "data source"),
        ResourceMode::Ephemeral => ("Ephemeral resource not there yet", "ephemeral resource"),
    };
    let detail = format!(
        "kprov's provider {} knows the {kind} \"{}\" by name only. A block of it may stand in a \
         configuration as long as it has no instances (count = 0): leave this one out, or manage \
         it with another tool. `kprov providers schema -json` lists what there is.",
        provider.addr(),
        name.ty
    );
    Diagnostic::error(summary, detail)
}
