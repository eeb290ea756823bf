//! Objects of the state that no instance of the configuration stands for, and what the configuration
//! declares, for checks of `moved` blocks.

use kprov_core::{InstanceAddr, InstanceKey, ModuleAddr, ModulePath, ObjectAddr, ResourceMode};
use kprov_lang::Span;
use kprov_lang::config::Repetition;

use super::Planner;
use crate::PlanMode;
use crate::change::delete::{Declared, Removal, Repeats, delete_reason, removal};
use crate::change::diff::destroy_prevented;
use crate::change::moved::{Declarations, Endpoint};
use crate::change::target::select_for_destroy;
use crate::evaluation::{Evaluation, index_of};
use crate::expand::Expansion;
use crate::graph::{NodeKind, schema_block};

/// How the configuration stands to an address of the state.
enum Standing {
    /// It has such an instance, or that cannot be told.
    Configured,
    /// It has not.
    Orphan(Option<Declared>),
}

impl Planner<'_, '_> {
    /// Plans the removal of everything that is not configured (or of everything).
    pub(super) fn orphans(&mut self) {
        // Rotating members deletes nothing that has left the configuration.
        if self.input.options.mode == PlanMode::RefreshOnly || self.input.options.rotate_only {
            return;
        }
        let destroy = self.input.options.mode == PlanMode::Destroy;
        let options = self.input.options;
        let chosen = (destroy && !(options.targets.is_empty() && options.excludes.is_empty()))
            .then(|| select_for_destroy(self.prior, &options.targets, &options.excludes));
        for (addr, object) in &self.prior.objects {
            let declared = match self.standing(&addr.instance) {
                Standing::Configured if !destroy && addr.deposed.is_none() => continue,
                Standing::Configured => None,
                Standing::Orphan(declared) => declared,
            };
            let wanted = match &chosen {
                Some(chosen) => chosen.contains(&addr.instance),
                None => destroy || self.is_selected(&addr.instance),
            };
            if !wanted {
                continue;
            }
            let moved = self.moves.previous.get(&addr.instance).cloned();
            let reason = match destroy || addr.deposed.is_some() {
                true => None,
                false => delete_reason(&addr.instance, moved.is_some(), declared),
            };
            if addr.deposed.is_none() && self.refuse_destroy(addr) {
                continue;
            }
            let managed = addr.instance.resource.mode == ResourceMode::Managed;
            let removed = self.removed.for_instance(&addr.instance);
            let destroys = managed && (destroy || removed.is_none_or(|block| block.destroy));
            let provider = self.input.providers.get(&object.provider.provider);
            let change = removal(&Removal {
                addr: &addr.instance,
                deposed: addr.deposed.as_ref(),
                previous_addr: moved.as_ref(),
                prior: object,
                schema: provider.and_then(|it| schema_block(it.as_ref(), &addr.instance.resource)),
                reason,
                forget: !destroys,
            });
            self.push(change, None);
        }
    }

    /// Is the object within the targets?
    fn is_selected(&self, addr: &InstanceAddr) -> bool {
        let graph = &self.evaluation.graph;
        let path = addr.module.path();
        let module = graph.modules.iter().position(|module| module.path == path);
        let node = module.and_then(|it| graph.find(it, NodeKind::Resource(addr.resource.clone())));
        match node {
            Some(node) => self.selection.instance(node, addr),
            None => self.selection.orphan(addr),
        }
    }

    /// `prevent_destroy` of a block that is still there.
    fn refuse_destroy(&mut self, addr: &ObjectAddr) -> bool {
        let graph = &self.evaluation.graph;
        let path = addr.instance.module.path();
        let module = graph.modules.iter().find(|module| module.path == path);
        let config = module.and_then(|module| module.config.resources.get(&addr.instance.resource));
        match config.filter(|config| config.lifecycle.prevent_destroy) {
            Some(config) => {
                let place = self.input.sources.range(config.span);
                self.found.push(destroy_prevented(&addr.instance, Some(&place)));
                true
            }
            None => false,
        }
    }

    /// Does the configuration ask for that instance, or can that not be told?
    pub(super) fn is_configured(&self, addr: &InstanceAddr) -> bool {
        matches!(self.standing(addr), Standing::Configured)
    }

    fn standing(&self, addr: &InstanceAddr) -> Standing {
        let evaluation = &self.evaluation;
        let config = match evaluation.module_at(&addr.module) {
            Some(module) => {
                let Some(config) = module.config.resources.get(&addr.resource) else {
                    return Standing::Orphan(None);
                };
                let exists = match module.expanded(&addr.resource) {
                    Some(resource) => match &resource.expansion {
                        Expansion::Unknown => true,
                        expansion => index_of(expansion, &addr.key).is_some(),
                    },
                    // Its expansion failed.
                    None => true,
                };
                if exists {
                    return Standing::Configured;
                }
                config
            }
            None => {
                if self.unknown_module(&addr.module) {
                    return Standing::Configured;
                }
                let path = addr.module.path();
                let module = evaluation.graph.modules.iter().find(|module| module.path == path);
                match module.and_then(|module| module.config.resources.get(&addr.resource)) {
                    Some(config) => config,
                    None => return Standing::Orphan(None),
                }
            }
        };
        let repeats = match config.repetition {
            Repetition::Once => Repeats::Once,
            Repetition::Count(_) => Repeats::Count,
            Repetition::ForEach(_) => Repeats::ForEach,
        };
        let module_exists = evaluation.module_at(&addr.module).is_some();
        Standing::Orphan(Some(Declared { repeats, module_exists }))
    }

    /// Is the module instance inside a call whose instances are not known yet?
    fn unknown_module(&self, addr: &ModuleAddr) -> bool {
        (0..addr.0.len()).any(|end| {
            let around = ModuleAddr(addr.0[..end].into());
            let Some(module) = self.evaluation.module_at(&around) else { return false };
            let name = &addr.0[end].0;
            module.config.calls.contains_key(name)
                && match self.evaluation.call(&module, name) {
                    Ok(call) => matches!(call.expansion, Expansion::Unknown),
                    Err(_) => true,
                }
        })
    }
}

/// The configuration as `moved` blocks see it.
impl Declarations for Evaluation<'_> {
    fn module_instances(&self, path: &ModulePath) -> Vec<ModuleAddr> {
        let module = self.graph.modules.iter().position(|module| module.path == *path);
        module.map_or_else(Vec::new, |module| {
            self.modules(module).iter().map(|instance| instance.addr.clone()).collect()
        })
    }

    fn declared(&self, end: &Endpoint) -> Option<Span> {
        match end {
            Endpoint::Module { around, name, key } => {
                let module = self.module_at(around)?;
                let call = module.config.calls.get(name)?;
                match key {
                    None => Some(call.span),
                    Some(key) => {
                        let expanded = self.call(&module, name).ok()?;
                        has(&expanded.expansion, key).then_some(call.span)
                    }
                }
            }
            Endpoint::Resource { around, name, key } => {
                let module = self.module_at(around)?;
                let config = module.config.resources.get(name)?;
                match key {
                    None => Some(config.span),
                    Some(key) => {
                        let expanded = module.expanded(name)?;
                        has(&expanded.expansion, key).then_some(config.span)
                    }
                }
            }
        }
    }
}

fn has(expansion: &Expansion, key: &InstanceKey) -> bool {
    index_of(expansion, key).is_some()
}
