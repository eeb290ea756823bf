//! Provider configurations before anything is planned: settling and refreshing call providers
//! before the graph is walked, so their configurations are evaluated with what the state says.

use kprov_apply::stored::decode_state;
use kprov_core::{Diagnostics, ProviderConfigAddr};
use kprov_plan::{ApplyInput, ApplyResolver, Plan, PlanMode};
use kprov_provider::Registry;
use kprov_state::State;

use crate::plan::Prepared;
use crate::{Clients, Project};

/// Tells `clients` the configurations of all `addresses`, evaluated with the objects of `state`.
/// One that is not wholly known that way is noted as such: objects under it keep their last known
/// content, and intents under it stay open, until planning knows more.
///
/// # Errors
/// A configuration is wrong.
pub(crate) fn configure_from_state(
    project: &Project,
    prepared: &Prepared,
    state: &State,
    addresses: impl Iterator<Item = ProviderConfigAddr>,
    clients: &Clients,
) -> Result<(), Diagnostics> {
    let mut addresses: Vec<_> =
        addresses.filter(|address| is_configurable(&project.registry, address)).collect();
    addresses.sort();
    addresses.dedup();
    if addresses.is_empty() {
        return Ok(());
    }
    let functions = project.functions(true, Some(&prepared.options.timestamp));
    let input = ApplyInput {
        tree: &prepared.tree,
        sources: &project.sources,
        functions: &functions,
        providers: &project.registry,
        variables: &prepared.variables.values,
    };
    // What cannot be decoded is reported by whoever needs it.
    let (last, _) = decode_state(state, &project.registry);
    let nothing = nothing_planned(prepared);
    let mut resolver = ApplyResolver::new(&nothing, input, None)?.with_state(&last);
    for address in addresses {
        match resolver.provider_configuration(&address)? {
            Some(config) => clients.configure(&address, config),
            None => clients.leave_unknown(&address),
        }
    }
    Ok(())
}

/// Does the provider take any configuration at all?
fn is_configurable(registry: &Registry, address: &ProviderConfigAddr) -> bool {
    registry.get(&address.provider).is_some_and(|provider| {
        let block = &provider.schema().provider.block;
        !block.attributes.is_empty() || !block.blocks.is_empty()
    })
}

/// A plan of nothing, for an evaluation that only looks at the state.
fn nothing_planned(prepared: &Prepared) -> Plan {
    Plan {
        mode: PlanMode::RefreshOnly,
        variables: Default::default(),
        changes: Vec::new(),
        drift: Vec::new(),
        outputs: Default::default(),
        checks: Vec::new(),
        deferred: Vec::new(),
        operations: Vec::new(),
        timestamp: prepared.options.timestamp.clone(),
        workspace: prepared.options.workspace.clone(),
        applyable: false,
        complete: true,
        errored: false,
        targets: Vec::new(),
        excludes: Vec::new(),
        replace: Vec::new(),
        rotate_only: false,
    }
}
