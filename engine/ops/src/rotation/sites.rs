//! Which groups are looked at: those in the state whose block has `rotation`, and, once there is a plan, those that it
//! changes or leaves.

use std::sync::Arc;

use kprov_apply::rotation::Site;
use kprov_core::{InstanceAddr, ProviderConfigAddr, ResourceMode, Value};
use kprov_lang::config::ModuleTree;
use kprov_plan::{Action, Change, Plan, PriorState};
use kprov_provider::rotation::{GroupRef, MemberGroups, TemplateId};
use kprov_provider::{Provider, Registry};
use kprov_rotation::settings::Settings;

use crate::Clients;

/// Groups in the state whose block has `rotation`. What their blocks say is not known yet. Those of a provider whose
/// configuration is not known yet are left out: they cannot be asked.
pub(super) fn in_state(
    tree: &ModuleTree,
    prior: &PriorState,
    registry: &Registry,
    clients: &Clients,
) -> Vec<Site> {
    let live = prior.objects.iter().filter(|(addr, _)| addr.deposed.is_none());
    let sites = live.filter_map(|(addr, object)| {
        let address = &addr.instance;
        if !has_rotation(tree, address) || clients.is_unknown(&object.provider) {
            return None;
        }
        let group = with_groups(registry, &object.provider, address, |groups| {
            groups.group(&object.value.clone().unmark_deep().0)
        })??;
        let (address, provider) = (address.clone(), object.provider.clone());
        Some(Site { address, provider, group, settings: None })
    });
    sites.collect()
}

fn has_rotation(tree: &ModuleTree, address: &InstanceAddr) -> bool {
    let module = tree.modules.get(&address.module.path());
    let block = module.and_then(|module| module.resources.get(&address.resource));
    address.resource.mode == ResourceMode::Managed
        && block.is_some_and(|block| block.lifecycle.rotation.is_some())
}

/// Asks the type of an object about groups, if it has such.
fn with_groups<T>(
    registry: &Registry,
    provider: &ProviderConfigAddr,
    address: &InstanceAddr,
    ask: impl FnOnce(&dyn MemberGroups) -> T,
) -> Option<T> {
    let code: &Arc<dyn Provider> = registry.get(&provider.provider)?;
    let resource = code.resource(address.resource.ty.as_str())?;
    resource.member_groups().map(ask)
}

/// A group in a plan.
#[derive(Clone, Debug)]
pub(super) struct PlannedSite<'p> {
    /// Where it is looked at.
    pub(super) site: Site,
    /// What its block says.
    pub(super) settings: Settings,
    /// What becomes of it.
    pub(super) change: &'p Change,
    /// What its object says now that machines are launched from.
    pub(super) before: Option<TemplateId>,
}

impl PlannedSite<'_> {
    /// The plan rotates it: it has outdated members, or another template.
    pub(super) fn rotates(&self) -> bool {
        let template =
            self.site.group.template.is_none() || self.site.group.template != self.before;
        self.change.action == Action::Update && (template || !self.change.outdated.is_empty())
    }
}

/// Groups that stay or are updated, with what their blocks say. A block that cannot be read was reported by the planner.
pub(super) fn in_plan<'p>(plan: &'p Plan, registry: &Registry) -> Vec<PlannedSite<'p>> {
    plan.changes.iter().filter_map(|change| in_change(change, registry)).collect()
}

fn in_change<'p>(change: &'p Change, registry: &Registry) -> Option<PlannedSite<'p>> {
    let stays = matches!(change.action, Action::Update | Action::NoOp) && change.deposed.is_none();
    let block = change.rotation.as_ref().filter(|_| stays)?;
    let settings = Settings::read(block).ok()?;
    let bare = |value: &Value| value.clone().unmark_deep().0;
    let (before, after) = (bare(&change.before), bare(&change.after));
    let (before, after) = with_groups(registry, &change.provider, &change.addr, |groups| {
        (groups.group(&before), groups.group(&after))
    })?;
    let now = before.as_ref().and_then(|group| group.template.clone());
    // A name that is not known in the planned object is the one that the group has.
    let group = after.or(before.map(|before| GroupRef { template: None, ..before }))?;
    let site = Site {
        address: change.addr.clone(),
        provider: change.provider.clone(),
        group,
        settings: Some(settings.clone()),
    };
    Some(PlannedSite { site, settings, change, before: now })
}
