//! `removed` blocks: what becomes of objects whose blocks they stand for.

use std::collections::BTreeMap;

use kprov_core::addr::Target;
use kprov_core::{Diagnostic, Diagnostics, InstanceAddr, ModuleAddr, ModulePath, ResourceAddr};
use kprov_lang::SourceMap;
use kprov_lang::config::{ModuleTree, Removed};

use crate::{Action, Change};

/// All `removed` blocks, by what they name.
#[derive(Clone, Debug, Default)]
pub struct RemovedBlocks<'a> {
    resources: BTreeMap<ResourceAddr, &'a Removed>,
    modules: BTreeMap<ModulePath, &'a Removed>,
}

impl<'a> RemovedBlocks<'a> {
    /// Those of a configuration, and those of them that name what is still declared.
    pub fn of(tree: &'a ModuleTree, sources: &SourceMap) -> (RemovedBlocks<'a>, Diagnostics) {
        let mut blocks = RemovedBlocks::default();
        let mut problems = Diagnostics::new();
        for (path, module) in &tree.modules {
            for removed in &module.removed {
                let (name, what, declared) = match &removed.from {
                    Target::Resource(instance) => {
                        let addr = ResourceAddr {
                            module: join(path, &instance.module),
                            resource: instance.resource.clone(),
                        };
                        let module = tree.modules.get(&addr.module);
                        let declared =
                            module.is_some_and(|it| it.resources.contains_key(&addr.resource));
                        let name = addr.to_string();
                        blocks.resources.entry(addr).or_insert(removed);
                        (name, "resource", declared)
                    }
                    Target::Module(module) => {
                        let addr = join(path, module);
                        let declared = tree.modules.contains_key(&addr);
                        let name = addr.to_string();
                        blocks.modules.entry(addr).or_insert(removed);
                        (name, "module", declared)
                    }
                };
                if declared {
                    let problem = still_declared(&name, what);
                    problems.push(problem.at(sources.range(removed.span)));
                }
            }
        }
        (blocks, problems)
    }

    /// The block that speaks of this instance: its resource's, else the innermost module's.
    pub fn for_instance(&self, addr: &InstanceAddr) -> Option<&'a Removed> {
        if self.resources.is_empty() && self.modules.is_empty() {
            return None;
        }
        let config = addr.config();
        if let Some(removed) = self.resources.get(&config) {
            return Some(removed);
        }
        let path = &config.module.0;
        (1..=path.len())
            .rev()
            .find_map(|end| self.modules.get(&ModulePath(path[..end].into())).copied())
    }
}

fn join(path: &ModulePath, inner: &ModuleAddr) -> ModulePath {
    ModulePath(path.0.iter().chain(inner.0.iter().map(|(name, _)| name)).cloned().collect())
}

fn still_declared(name: &str, what: &str) -> Diagnostic {
    let summary = match what {
        "module" => "Removed module still exists",
        _ => "Removed resource still exists",
    };
    let detail = format!(
        "This statement declares that {name} was removed, but the {what} is still declared. Remove \
         either the declaration or this block."
    );
    Diagnostic::error(summary, detail)
}

/// The warning that goes with a plan that forgets objects.
pub fn forget_warning(changes: &[Change]) -> Option<Diagnostic> {
    let forgotten = changes.iter().filter(|change| change.action == Action::Forget);
    let list: String = forgotten.map(|change| format!("\n - {}", change.addr)).collect();
    if list.is_empty() {
        return None;
    }
    let detail = format!(
        "Applying this plan takes these objects out of the state without deleting them:{list}\n\n\
         Nothing manages them afterwards. To manage them again, import them."
    );
    let summary = "Some objects will no longer be managed by Terraform";
    Some(Diagnostic::warning(summary, detail))
}

#[cfg(test)]
mod tests;
