//! `import` blocks: what they ask for, found through the host, one batch per resource block.

use std::collections::BTreeMap;
use std::rc::Rc;

use kprov_core::{Diagnostic, Diagnostics, InstanceAddr, ResourceMode};

use super::{Configured, Planner, Site};
use crate::change::diff::mark_by_schema;
use crate::change::import::{ImportTarget, check_declared, import_targets, pending};
use crate::evaluation::{BlockScope, ModuleInstance};
use crate::expand::Repeated;
use crate::{ImportRead, PlanMode, PriorObject};

/// An object that was found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) id: String,
    pub(super) object: PriorObject,
}

/// Imports of this plan.
#[derive(Debug, Default)]
pub(super) struct Imports<'a> {
    targets: BTreeMap<InstanceAddr, ImportTarget<'a>>,
    found: BTreeMap<InstanceAddr, Rc<Found>>,
}

impl Imports<'_> {
    /// What was found for an instance.
    pub(super) fn found(&self, addr: &InstanceAddr) -> Option<Rc<Found>> {
        self.found.get(addr).cloned()
    }
}

impl<'a> Planner<'a, '_> {
    /// Evaluates the import blocks.
    pub(super) fn import_blocks(
        &mut self,
        module: &Rc<ModuleInstance<'a>>,
    ) -> Result<(), Diagnostics> {
        if self.input.options.mode != PlanMode::Normal {
            return Ok(());
        }
        let evaluation = self.evaluation.clone();
        let config = module.config;
        let (targets, problems) =
            import_targets(&config.imports, self.input.sources, &mut |expr, each| {
                let repeated = match each {
                    Some(each) => Repeated::Each(each.key.clone(), each.value.clone()),
                    None => Repeated::No,
                };
                BlockScope::of(&evaluation, module, repeated).evaluate(expr)
            });
        if problems.has_errors() {
            return Err(problems);
        }
        self.found.extend(problems);
        let pending = pending(targets, self.prior);
        self.imports.targets = pending.into_iter().map(|it| (it.addr.clone(), it)).collect();
        Ok(())
    }

    /// Finds what is to be imported into a block's instances.
    pub(super) fn import_into(
        &mut self,
        site: &Site<'a>,
        configured: Configured,
    ) -> Result<(), Diagnostics> {
        let managed = site.name.mode == ResourceMode::Managed;
        if self.imports.targets.is_empty() || !managed || configured != Configured::Known {
            return Ok(());
        }
        let reads: Vec<ImportRead> = (0..site.resource.len())
            .map(|index| site.addr(index))
            .filter(|addr| self.selection.instance(site.node, addr))
            .filter_map(|addr| {
                let id = self.imports.targets.get(&addr)?.id.clone();
                Some(ImportRead { addr, provider: site.provider.clone(), id })
            })
            .collect();
        if reads.is_empty() {
            return Ok(());
        }
        let mut problems = Diagnostics::new();
        let answers = self.host.import(reads.clone());
        for (read, answer) in reads.into_iter().zip(answers) {
            let place = self.imports.targets.get(&read.addr).map(|target| target.place);
            let range = self.input.sources.range(place.unwrap_or(site.resource.config.span));
            match answer {
                Ok(Some(object)) => {
                    let object = PriorObject {
                        provider: site.provider.clone(),
                        value: mark_by_schema(site.block, &object.value),
                        private: object.private,
                        tainted: false,
                        dependencies: Vec::new(),
                        create_before_destroy: false,
                    };
                    let found = Rc::new(Found { id: read.id, object });
                    self.imports.found.insert(read.addr, found);
                }
                Ok(None) => {
                    let detail = format!(
                        "While attempting to import an existing object to \"{}\", the provider \
                         detected that no object exists with the given id. Only pre-existing \
                         objects can be imported; check that the id is correct and that it is \
                         associated with the provider's configured region or endpoint.",
                        read.addr
                    );
                    let summary = "Cannot import non-existent remote object";
                    problems.push(Diagnostic::error(summary, detail).at(range).of(&read.addr));
                }
                Err(error) => problems
                    .push(Diagnostic::error(error.summary, error.message).at(range).of(&read.addr)),
            }
        }
        if problems.has_errors() { Err(problems) } else { Ok(()) }
    }

    /// Imports must go to what is configured.
    pub(super) fn check_imports(&mut self) {
        let targets: Vec<ImportTarget<'_>> = self.imports.targets.values().cloned().collect();
        let problems =
            check_declared(&targets, self.input.sources, |addr| self.is_configured(addr));
        self.found.extend(problems);
    }
}
