//! [`ApplyResolver`]: the evaluation again, with what apply finds out.
//!
//! Every instance starts with its planned value and gets its real one when its operation is
//! complete. Values are evaluated when an operation asks for them; the order of operations
//! guarantees that all they are made from is complete by then, so nothing is evaluated twice.

mod delete;
mod write;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use kprov_core::{
    Diagnostics, InstanceAddr, InstanceKey, ModuleAddr, Path, ProviderConfigAddr, Str, Value,
};
use kprov_lang::SourceMap;
use kprov_lang::config::ModuleTree;
use kprov_lang::functions::FunctionContext;
use kprov_provider::{Object, Registry};

use crate::change::diff::{mark_by_schema, mark_paths};
use crate::change::removed::RemovedBlocks;
use crate::checks::{CheckResults, CheckedBlock, RuleKind, evaluate_rules};
use crate::decode::Decoder;
use crate::evaluation::{
    BlockScope, Evaluation, ModuleInstance, Phase, ResourceInstances, index_of,
};
use crate::graph::{Checks, Graph, check_expr};
use crate::{
    Action, Change, CheckKind, CheckReport, OperationIndex, OperationKind, Plan, PlanHost,
    PlanMode, Prepared, PriorState, ProvisionerRun, Resolver,
};

/// What evaluation during apply is made from: the same configuration that was planned.
#[derive(Clone, Copy, Debug)]
pub struct ApplyInput<'a> {
    /// The configuration.
    pub tree: &'a ModuleTree,
    /// Its texts.
    pub sources: &'a SourceMap,
    /// What functions may reach; not `pure_only`.
    pub functions: &'a FunctionContext<'a>,
    /// All providers the program has.
    pub providers: &'a Registry,
    /// Root variables, as for the plan; ephemeral ones given again.
    pub variables: &'a BTreeMap<Str, Value>,
}

/// Evaluates operations of a plan.
#[derive(Debug)]
pub struct ApplyResolver<'a> {
    plan: &'a Plan,
    input: ApplyInput<'a>,
    evaluation: Evaluation<'a>,
    checks: CheckResults,
    /// By change: where marks go, found when it was prepared.
    marks: HashMap<u32, Vec<Path>>,
    removed: RemovedBlocks<'a>,
    /// Provider configurations that were asked for, without marks.
    provider_configs: BTreeMap<ProviderConfigAddr, Value>,
    /// Checks of which the data source could not be read, which is all that they tell.
    unread: BTreeSet<(CheckedBlock, ModuleAddr)>,
}

/// An instance that an operation is about.
struct Target<'a> {
    module: Rc<ModuleInstance<'a>>,
    resource: Rc<ResourceInstances<'a>>,
    index: usize,
}

impl<'a> ApplyResolver<'a> {
    /// A resolver for `plan`. `host` opens ephemeral resources when they are needed.
    ///
    /// # Errors
    /// When the configuration does not make a graph: it is not the one that was planned.
    pub fn new(
        plan: &'a Plan,
        input: ApplyInput<'a>,
        host: Option<&'a mut dyn PlanHost>,
    ) -> Result<ApplyResolver<'a>, Diagnostics> {
        let (graph, found) =
            Graph::build(input.tree, input.sources, input.providers, Checks::Always);
        if found.has_errors() {
            return Err(found);
        }
        let mut evaluation = Evaluation::new(
            Phase::Apply,
            Rc::new(graph),
            (input.sources, input.functions),
            input.providers,
            input.variables,
            plan.workspace.clone(),
        );
        evaluation.initial = initial(plan);
        evaluation.set_host(host);
        let checks = CheckResults::from_reports(&plan.checks);
        let (removed, _) = RemovedBlocks::of(input.tree, input.sources);
        Ok(ApplyResolver {
            plan,
            input,
            evaluation,
            checks,
            marks: HashMap::new(),
            removed,
            provider_configs: BTreeMap::new(),
            unread: BTreeSet::new(),
        })
    }

    /// Gives instances that the plan does not speak of (outside its targets, or when it only
    /// refreshes) the values of the refreshed state.
    pub fn with_state(mut self, state: &PriorState) -> ApplyResolver<'a> {
        let drift = self.plan.drift.iter().map(|drift| &drift.change);
        let gone: BTreeSet<&InstanceAddr> = drift
            .filter(|change| change.deposed.is_none() && change.after.is_null())
            .map(|change| &change.addr)
            .collect();
        for (addr, object) in &state.objects {
            let told = self.evaluation.initial.contains_key(&addr.instance);
            if addr.deposed.is_none() && !told && !gone.contains(&addr.instance) {
                self.evaluation.initial.insert(addr.instance.clone(), object.value.clone());
            }
        }
        self
    }

    /// A provider's configuration as it is known by now, without marks; `None` while parts of it
    /// are unknown.
    ///
    /// # Errors
    /// When it cannot be evaluated.
    pub fn provider_configuration(
        &mut self,
        provider: &ProviderConfigAddr,
    ) -> Result<Option<Value>, Diagnostics> {
        // On its own: what it is made from may not be complete, and nothing of that may be kept.
        let mut aside = Evaluation::new(
            Phase::Apply,
            self.evaluation.graph.clone(),
            (self.input.sources, self.input.functions),
            self.input.providers,
            self.input.variables,
            self.plan.workspace.clone(),
        );
        aside.initial = std::mem::take(&mut self.evaluation.initial);
        aside.set_host(self.evaluation.take_host());
        let value = aside.provider_value(provider);
        self.evaluation.set_host(aside.take_host());
        self.evaluation.initial = aside.initial;
        let value = value?;
        Ok(value.is_wholly_known().then_some(value))
    }

    /// The configuration that plans of its resources are made with; null where it is not known.
    fn provider_config(&mut self, provider: &ProviderConfigAddr) -> Result<Value, Diagnostics> {
        if let Some(found) = self.provider_configs.get(provider) {
            return Ok(found.clone());
        }
        let value = self.provider_configuration(provider)?.unwrap_or(Value::NULL).unmark_deep().0;
        self.provider_configs.insert(provider.clone(), value.clone());
        Ok(value)
    }

    /// Evaluates an expression as the root module sees it: what `console` does.
    ///
    /// # Errors
    /// Every problem found.
    pub fn evaluate(&self, expr: &kprov_lang::ast::Expr) -> Result<Value, Diagnostics> {
        // It was no part of the configuration when that was checked.
        let (sources, providers) = (self.input.sources, self.input.providers);
        let undeclared = check_expr(&self.evaluation.graph, sources, providers, expr);
        if undeclared.has_errors() {
            return Err(undeclared);
        }
        let root = self.evaluation.module_at(&ModuleAddr::root()).ok_or_else(Diagnostics::new)?;
        BlockScope::plain(&self.evaluation, &root).evaluate(expr)
    }

    fn change(&self, index: u32) -> Result<&'a Change, Diagnostics> {
        let plan: &'a Plan = self.plan;
        plan.changes.get(index as usize).ok_or_else(Diagnostics::new)
    }

    /// The configured instance that a change is about.
    fn target(&self, addr: &InstanceAddr) -> Result<Target<'a>, Diagnostics> {
        let missing = || {
            Diagnostics::from(
                kprov_core::Diagnostic::error(
                    "Instance not in configuration",
                    format!(
                        "{addr} was planned, but evaluating the configuration during apply does \
                         not give such an instance. Make a new plan."
                    ),
                )
                .of(addr),
            )
        };
        let module = self.evaluation.module_at(&addr.module).ok_or_else(missing)?;
        let resource = self.evaluation.resource(&module, &addr.resource)?;
        let index = index_of(&resource.expansion, &addr.key).ok_or_else(missing)?;
        Ok(Target { module, resource, index })
    }

    fn scope<'s>(&'s self, target: &'s Target<'a>) -> BlockScope<'s, 'a> {
        let repeated = target.resource.expansion.repeated(target.index);
        BlockScope::of(&self.evaluation, &target.module, repeated)
    }

    /// Evaluates the block of an instance, marks included.
    fn configuration(&self, target: &Target<'a>) -> Result<Value, Diagnostics> {
        let config = target.resource.config;
        let Some((_, block, _)) = self.evaluation.schema(&target.module, config) else {
            return Err(Diagnostics::new());
        };
        let decoder = Decoder::new(self.input.functions, self.input.sources);
        let scope = self.scope(target);
        let (value, problems) = decoder.decode(&config.body, block, &scope, config.span);
        value.ok_or(problems)
    }

    /// Evaluates an instance's conditions anew.
    fn conditions(
        &mut self,
        target: &Target<'a>,
        addr: &InstanceAddr,
        kind: &RuleKind,
        itself: Option<Value>,
    ) -> Diagnostics {
        let lifecycle = &target.resource.config.lifecycle;
        let rules = match kind {
            RuleKind::Postcondition => &lifecycle.postconditions,
            _ => &lifecycle.preconditions,
        };
        let block = CheckedBlock {
            kind: CheckKind::Resource,
            module: addr.module.path(),
            name: Str::from(addr.resource.to_string()),
            resource: Some(addr.resource.clone()),
        };
        if matches!(kind, RuleKind::Precondition) {
            self.checks.reset(&block, &addr.module, &addr.key);
        }
        if rules.is_empty() {
            return Diagnostics::new();
        }
        let mut scope = self.scope(target);
        scope.itself = itself;
        let result = evaluate_rules(rules, kind, &scope, self.input.sources);
        self.checks.add(&block, &addr.module, &addr.key, result.status, result.problems);
        result.found
    }
}

/// Planned values by instance; what changed outside as it is now.
fn initial(plan: &Plan) -> HashMap<InstanceAddr, Value> {
    let drifted = plan
        .drift
        .iter()
        .map(|drift| &drift.change)
        .filter(|change| change.deposed.is_none() && !change.after.is_null())
        .filter(|_| plan.mode == PlanMode::RefreshOnly)
        .map(|change| (change.addr.clone(), change.after.clone()));
    let changes = plan
        .changes
        .iter()
        .filter(|change| change.deposed.is_none())
        .filter(|change| !matches!(change.action, Action::Delete | Action::Forget))
        .map(|change| (change.addr.clone(), change.after.clone()));
    let deferred = plan
        .deferred
        .iter()
        .filter(|deferred| !deferred.after.is_null())
        .map(|deferred| (deferred.addr.clone(), deferred.after.clone()));
    drifted.chain(changes).chain(deferred).collect()
}

impl Resolver for ApplyResolver<'_> {
    fn prepare(&mut self, operation: OperationIndex) -> Result<Prepared, Diagnostics> {
        let Some(operation) = self.plan.operations.get(operation.0 as usize) else {
            return Err(Diagnostics::new());
        };
        match operation.kind {
            OperationKind::Create(index) => self.prepare_write(index, false),
            OperationKind::Update(index) => self.prepare_write(index, true),
            OperationKind::Read(index) => self.prepare_read(index),
            OperationKind::Delete(index) => self.prepare_delete(index),
            OperationKind::Record(index) => self.prepare_record(index),
            OperationKind::Gate | OperationKind::Forget(_) | OperationKind::Import(_) => {
                Ok(Prepared::Nothing)
            }
        }
    }

    fn rotation(&mut self, operation: OperationIndex) -> Result<Option<Value>, Diagnostics> {
        match self.plan.operations.get(operation.0 as usize).map(|operation| operation.kind) {
            Some(OperationKind::Update(index)) => self.rotation_of(index),
            _ => Ok(None),
        }
    }

    fn create_provisioners(
        &mut self,
        operation: OperationIndex,
        new: &Object,
    ) -> Result<Vec<ProvisionerRun>, Diagnostics> {
        match self.plan.operations.get(operation.0 as usize).map(|operation| operation.kind) {
            Some(OperationKind::Create(index)) => self.provisioners_after(index, new),
            _ => Ok(Vec::new()),
        }
    }

    fn complete(&mut self, operation: OperationIndex, new: Option<&Object>) -> Diagnostics {
        let Some(operation) = self.plan.operations.get(operation.0 as usize) else {
            return Diagnostics::new();
        };
        match (operation.kind, new) {
            (
                OperationKind::Create(index)
                | OperationKind::Update(index)
                | OperationKind::Read(index)
                | OperationKind::Import(index),
                Some(new),
            ) => self.completed(index, new).unwrap_or_else(|problems| problems),
            _ => Diagnostics::new(),
        }
    }

    fn read_failed(
        &mut self,
        operation: OperationIndex,
        error: &kprov_provider::ProviderError,
    ) -> Option<Value> {
        let operation = self.plan.operations.get(operation.0 as usize)?;
        let OperationKind::Read(index) = operation.kind else { return None };
        self.check_read_failed(index, error)
    }

    fn outputs(&mut self) -> (BTreeMap<Str, Value>, Diagnostics) {
        let mut values = BTreeMap::new();
        let mut found = Diagnostics::new();
        if self.plan.mode == PlanMode::Destroy {
            return (values, found);
        }
        let Some(root) = self.evaluation.modules(0).into_iter().next() else {
            return (values, found);
        };
        let planned = |name: &Str| {
            self.plan.outputs.get(name).is_some_and(|output| output.action != Action::Delete)
        };
        for name in root.config.outputs.keys().filter(|name| planned(name)) {
            let Some(slot) = found.collect(self.evaluation.output(&root, name)) else { continue };
            if let Some(value) = slot.value {
                values.insert(name.clone(), value);
            }
        }
        (values, found)
    }

    fn checks(&mut self) -> (Vec<CheckReport>, Diagnostics) {
        let mut found = Diagnostics::new();
        if self.plan.mode != PlanMode::Destroy {
            for module in 0..self.evaluation.graph.modules.len() {
                for instance in self.evaluation.modules(module) {
                    found.extend(self.module_checks(&instance));
                }
            }
        }
        found.sort();
        (self.checks.reports(), found)
    }
}

impl<'a> ApplyResolver<'a> {
    /// Check blocks and output preconditions of a module instance, with final values.
    fn module_checks(&mut self, module: &Rc<ModuleInstance<'a>>) -> Diagnostics {
        let mut found = Diagnostics::new();
        for (name, check) in &module.config.checks {
            let kind = CheckKind::Check;
            found.extend(self.rules(module, kind, name, &check.asserts, &RuleKind::Assert));
        }
        for (name, output) in &module.config.outputs {
            let kind = CheckKind::OutputValue;
            found.extend(self.rules(module, kind, name, &output.preconditions, &RuleKind::Output));
        }
        found
    }

    fn rules(
        &mut self,
        module: &Rc<ModuleInstance<'a>>,
        kind: CheckKind,
        name: &Str,
        rules: &[kprov_lang::config::CheckRule],
        rule_kind: &RuleKind,
    ) -> Diagnostics {
        if rules.is_empty() {
            return Diagnostics::new();
        }
        let path = module.addr.path();
        let block = CheckedBlock { kind, module: path, name: name.clone(), resource: None };
        if self.unread.contains(&(block.clone(), module.addr.clone())) {
            return Diagnostics::new();
        }
        let scope = BlockScope::plain(&self.evaluation, module);
        let result = evaluate_rules(rules, rule_kind, &scope, self.input.sources);
        let key = InstanceKey::None;
        let (addr, checks): (&ModuleAddr, &mut CheckResults) = (&module.addr, &mut self.checks);
        checks.reset(&block, addr, &key);
        checks.add(&block, addr, &key, result.status, result.problems);
        result.found
    }

    /// Takes over what an operation made.
    fn completed(&mut self, index: u32, new: &Object) -> Result<Diagnostics, Diagnostics> {
        let change = self.change(index)?;
        let target = self.target(&change.addr)?;
        let paths = match self.marks.get(&index) {
            Some(paths) => paths.clone(),
            None => crate::decode::sensitive_paths(&change.after),
        };
        let mut value = mark_paths(&new.value, &paths);
        if let Some((_, block, _)) = self.evaluation.schema(&target.module, target.resource.config)
        {
            value = mark_by_schema(block, &value);
        }
        target.resource.set(target.index, value.clone());
        let mut found = Diagnostics::new();
        if change.addr.resource.mode == kprov_core::ResourceMode::Managed {
            found.extend(write::check_result(&change.addr, &change.after, &new.value));
        }
        found.extend(self.conditions(&target, &change.addr, &RuleKind::Postcondition, Some(value)));
        Ok(found)
    }
}
