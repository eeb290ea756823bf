//! Validations, outputs with their preconditions, and check blocks.

use std::rc::Rc;

use kprov_core::{Diagnostics, InstanceKey, Str};
use kprov_lang::eval::references;

use super::Planner;
use crate::checks::{CheckedBlock, RuleKind, evaluate_rules};
use crate::evaluation::{BlockScope, ModuleInstance};
use crate::{CheckKind, PlanMode};

impl<'a> Planner<'a, '_> {
    /// A destroy checks nothing, and says so of every block that has conditions.
    pub(super) fn declare_checks(&mut self) {
        if self.input.options.mode != PlanMode::Destroy {
            return;
        }
        let graph = self.evaluation.graph.clone();
        for module in &graph.modules {
            let block = |kind, name: Str, resource| CheckedBlock {
                kind,
                module: module.path.clone(),
                name,
                resource,
            };
            for (name, resource) in &module.config.resources {
                let lifecycle = &resource.lifecycle;
                if !(lifecycle.preconditions.is_empty() && lifecycle.postconditions.is_empty()) {
                    let text = Str::from(name.to_string());
                    self.checks.declare(block(CheckKind::Resource, text, Some(name.clone())));
                }
            }
            for (name, output) in &module.config.outputs {
                if !output.preconditions.is_empty() {
                    self.checks.declare(block(CheckKind::OutputValue, name.clone(), None));
                }
            }
            for name in module.config.checks.keys() {
                self.checks.declare(block(CheckKind::Check, name.clone(), None));
            }
        }
    }

    /// A variable's validation rules.
    pub(super) fn validations(
        &mut self,
        module: &Rc<ModuleInstance<'a>>,
        name: &Str,
    ) -> Result<(), Diagnostics> {
        let Some(variable) = module.config.variables.get(name) else { return Ok(()) };
        let given = module.caller.as_ref().and_then(|(_, call)| {
            let argument = call.arguments.attribute(name)?;
            Some(self.input.sources.range(argument.expr.span))
        });
        let given = given.unwrap_or_else(|| self.input.sources.range(variable.span));
        let block = CheckedBlock {
            kind: CheckKind::Var,
            module: module.addr.path(),
            name: name.clone(),
            resource: None,
        };
        let kind = RuleKind::Validation(Some(given));
        self.rules(module, &block, &variable.validations, &kind)
    }

    /// An output: its preconditions, then its value.
    pub(super) fn output(
        &mut self,
        module: &Rc<ModuleInstance<'a>>,
        name: &Str,
    ) -> Result<(), Diagnostics> {
        let Some(output) = module.config.outputs.get(name) else { return Ok(()) };
        if !output.preconditions.is_empty() && self.input.options.mode != PlanMode::Destroy {
            let block = CheckedBlock {
                kind: CheckKind::OutputValue,
                module: module.addr.path(),
                name: name.clone(),
                resource: None,
            };
            self.rules(module, &block, &output.preconditions, &RuleKind::Output)?;
        }
        let slot = self.evaluation.output(module, name)?;
        if !output.preconditions.is_empty() {
            let statics: Vec<_> = output
                .preconditions
                .iter()
                .flat_map(|rule| {
                    references(&rule.condition).into_iter().chain(references(&rule.error_message))
                })
                .collect();
            self.evaluation.order(slot.vertex, module, &statics, Vec::new());
        }
        Ok(())
    }

    /// A check block's asserts: only ever warnings.
    pub(super) fn check_block(
        &mut self,
        module: &Rc<ModuleInstance<'a>>,
        name: &Str,
    ) -> Result<(), Diagnostics> {
        let Some(check) = module.config.checks.get(name) else { return Ok(()) };
        let block = check_of(module, name);
        if self.input.options.mode == PlanMode::Destroy {
            return Ok(());
        }
        self.rules(module, &block, &check.asserts, &RuleKind::Assert)
    }

    fn rules(
        &mut self,
        module: &Rc<ModuleInstance<'a>>,
        block: &CheckedBlock,
        rules: &[kprov_lang::config::CheckRule],
        kind: &RuleKind,
    ) -> Result<(), Diagnostics> {
        let evaluation = self.evaluation.clone();
        let scope = BlockScope::plain(&evaluation, module);
        let result = evaluate_rules(rules, kind, &scope, self.input.sources);
        self.checks.add(block, &module.addr, &InstanceKey::None, result.status, result.problems);
        if result.found.has_errors() {
            return Err(result.found);
        }
        self.found.extend(result.found);
        Ok(())
    }
}

/// A check block, as reports name it.
pub(super) fn check_of(module: &ModuleInstance<'_>, name: &Str) -> CheckedBlock {
    let module = module.addr.path();
    CheckedBlock { kind: CheckKind::Check, module, name: name.clone(), resource: None }
}
