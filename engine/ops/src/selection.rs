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

#[cfg(test)]
mod tests {
    use kprov_core::addr::parse_instance;

    use super::*;

    #[test]
    fn an_address_without_key_means_all_instances() {
        let check = |target: &str, address: &str, expected: bool| {
            let target = parse(target).expect("the case is an address");
            let instance = parse_instance(address).expect("the case is an instance");
            assert_eq!(selects(&target, &instance), expected, "{target} {address}");
        };
        check("t.a", "t.a", true);
        check("t.a", "t.a[1]", true);
        check("t.a[0]", "t.a[1]", false);
        check("t.a", "t.ab", false);
        check("t.a", "data.t.a", false);
        check("t.a", "module.m.t.a", false);
        check("module.m", "module.m[0].t.a", true);
        check("module.m", "module.m[\"k\"].module.n.t.a[2]", true);
        check("module.m[0]", "module.m[1].t.a", false);
        check("module.m[0].module.n", "module.m[0].module.n[3].t.a", true);
        check("module.m[0].module.n", "module.m[0].t.a", false);
        check("module.m", "t.a", false);
    }
}
