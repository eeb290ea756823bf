//! Which objects of a state an address means.

use kprov_core::addr::{Target, parse_target};
use kprov_core::{Diagnostic, InstanceAddr, InstanceKey, ModuleAddr, ObjectAddr};
use kprov_state::State;

/// Reads an address as users type it.
///
/// # Errors
/// When it is none.
pub(crate) fn parse(text: &str) -> Result<Target, Diagnostic> {
    parse_target(text).map_err(|error| {
        Diagnostic::error("Invalid address", format!("{text:?} is not an address: {error}."))
    })
}

/// Is the object one of those that `target` means? A module without key means all its instances, and
/// so does a resource.
pub(crate) fn selects(target: &Target, address: &InstanceAddr) -> bool {
    match target {
        Target::Module(module) => inside(module, &address.module),
        Target::Resource(wanted) => {
            wanted.module == address.module
                && wanted.resource == address.resource
                && (wanted.key == InstanceKey::None || wanted.key == address.key)
        }
    }
}

fn inside(module: &ModuleAddr, other: &ModuleAddr) -> bool {
    let Some(((name, key), above)) = module.0.split_last() else { return true };
    let Some((other_name, other_key)) = other.0.get(above.len()) else { return false };
    other.0[..above.len()] == *above
        && other_name == name
        && (*key == InstanceKey::None || key == other_key)
}

/// The objects of `state` that `target` means, in order; deposed ones too.
pub(crate) fn select<'s>(state: &'s State, target: &Target) -> Vec<&'s ObjectAddr> {
    state.objects.keys().filter(|address| selects(target, &address.instance)).collect()
}
