//! [`look`]: before a plan, which members of rotated groups are not what their group says of itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use kprov_apply::rotation::Observer;
use kprov_core::{Diagnostic, Diagnostics, InstanceAddr};
use kprov_lang::config::ModuleTree;
use kprov_plan::{OutdatedMember, PlanMode, PlanOptions, PriorState};
use kprov_provider::rotation::MachineId;

use super::{named, sites};
use crate::{Clients, Project};

/// What was seen of groups before a plan.
#[derive(Clone, Debug, Default)]
pub(crate) struct Looked {
    /// For the planner: outdated members, with reasons.
    pub(crate) outdated: BTreeMap<InstanceAddr, Vec<OutdatedMember>>,
    /// Machines that `-rotate` named; the same in every phase of an apply.
    pub(crate) named: BTreeSet<MachineId>,
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    /// `-rotate`, in the first phase.
    pub(crate) rotate: &'a [String],
    /// What it named, in later phases.
    pub(crate) named: &'a BTreeSet<MachineId>,
}

/// Looks at the groups whose block has `rotation`, all at once; makes no call where there are none. Without a refresh
/// nobody is asked, and nothing counts as outdated but what the plan itself changes.
///
/// # Errors
/// When a group cannot be looked at, or `-rotate` names nothing that is there.
pub(crate) fn look(
    project: &Project,
    tree: &ModuleTree,
    prior: &PriorState,
    options: &PlanOptions,
    clients: &Clients,
    wanted: Wanted<'_>,
) -> Result<Looked, Diagnostics> {
    let mut looked = Looked { named: wanted.named.clone(), ..Looked::default() };
    if options.mode != PlanMode::Normal {
        return Ok(looked);
    }
    if !options.refreshed {
        return match wanted.rotate.first() {
            Some(text) => Err(unseen(text).into()),
            None => Ok(looked),
        };
    }
    let sites = sites::in_state(tree, prior, &project.registry, clients);
    if sites.is_empty() && wanted.rotate.is_empty() {
        return Ok(looked);
    }
    let observer =
        Observer::new(Arc::new(clients.clone()), project.registry.clone(), project.host.clone());
    let observed = project.runtime().block_on(observer.observe(&sites));
    let failed = sites.iter().filter_map(|site| {
        let error = observed.unseen.get(&site.group.id)?;
        Some(Diagnostic::error("Failed to look at a group", error.to_string()).of(&site.address))
    });
    let failed: Diagnostics = failed.collect();
    if failed.has_errors() {
        return Err(failed);
    }
    looked.named.extend(named::named(wanted.rotate, &sites, &observed)?);
    looked.outdated = observed.outdated(&sites, &looked.named);
    Ok(looked)
}

fn unseen(text: &str) -> Diagnostic {
    Diagnostic::error(
        "Members not known",
        format!(
            "-rotate={text}: which members there are is seen by looking at the groups, and -refresh=false says not to \
             look. Leave out one of the two."
        ),
    )
}
