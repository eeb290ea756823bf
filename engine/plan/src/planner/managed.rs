//! One instance of a managed resource: conditions, configuration, diff.

use kprov_core::{Diagnostics, InstanceAddr, ObjectAddr, Value};
use kprov_lang::config::CheckRule;

use super::rotation::is_rotated;
use super::{Configured, Planner, Site};
use crate::change::diff::{InstancePlanRequest, mark_by_schema, plan_instance};
use crate::change::proposed::proposed_new;
use crate::checks::{CheckedBlock, RuleKind, evaluate_rules};
use crate::decode::Decoder;
use crate::evaluation::{BlockScope, Touched};
use crate::validate::{attribute_problems, type_problems};
use crate::{Action, Change, CheckKind, DeferredReason, Importing, PlanMode, PriorObject};

impl<'a> Planner<'a, '_> {
    /// Plans instance `index` and sets its value.
    pub(super) fn managed(
        &mut self,
        site: &Site<'a>,
        index: usize,
        configured: Configured,
    ) -> Result<(), Diagnostics> {
        let addr = site.addr(index);
        let imported = self.imports.found(&addr);
        let prior = self.prior(&addr).or(imported.as_ref().map(|found| &found.object));
        if self.input.options.mode != PlanMode::Normal {
            return self.as_it_is(site, index);
        }
        let (config, rotation) = self.evaluated(site, index, &addr)?;
        if self.deferred_nodes[site.node] || configured == Configured::Unknown {
            return self.defer_instance(site, index, addr, prior, &config, configured);
        }
        let place = self.input.sources.range(site.resource.config.span);
        let lifecycle = &site.resource.config.lifecycle;
        let Some(code) = site.code.resource(&site.name.ty) else { return Err(Diagnostics::new()) };
        let replace_triggered = self.triggered(site, index)?;
        let mut planned = plan_instance(&InstancePlanRequest {
            addr: &addr,
            place: Some(&place),
            resource: code,
            schema: site.block,
            provider_config: &site.provider_config,
            prior,
            config: &config,
            ignore: &site.ignore,
            replace_requested: self.input.options.replace.contains(&addr),
            replace_triggered,
            create_before_destroy: self.create_first[site.node],
            prevent_destroy: lifecycle.prevent_destroy,
        })?;
        if let Some(groups) = code.member_groups().filter(|_| rotation.is_some()) {
            self.refuse_unfit(site, &addr, groups, &planned.after)?;
        }
        let rotation = rotation.filter(|_| is_rotated(planned.action));
        let outdated = rotation.as_ref().map_or_else(Vec::new, |_| self.outdated(&addr));
        if planned.action == Action::NoOp && !outdated.is_empty() {
            planned.action = Action::Update;
        }
        let after = planned.after.clone();
        site.resource.set(index, after.clone());
        if planned.action != Action::NoOp {
            self.pending[site.node] = true;
        }
        let change = Change {
            addr: addr.clone(),
            deposed: None,
            previous_addr: self.moves.previous.get(&addr).cloned(),
            provider: site.provider.clone(),
            action: planned.action,
            reason: planned.reason,
            before: planned.before,
            after: planned.after,
            replace_paths: planned.replace_paths,
            importing: imported.as_ref().map(|found| Importing { id: found.id.clone() }),
            prior_private: planned.prior_private,
            planned_private: planned.planned_private,
            dependencies: site.dependencies.clone(),
            create_before_destroy: self.create_first[site.node],
            tainted: prior.is_some_and(|prior| prior.tainted),
            rotation,
            outdated,
        };
        self.push(change, Some(site.resource.vertex(index)));
        self.postconditions(site, index, &addr, after)
    }

    /// The block's value, and what its `rotation` says. The instance comes after what both touched.
    fn evaluated(
        &mut self,
        site: &Site<'a>,
        index: usize,
        addr: &InstanceAddr,
    ) -> Result<(Value, Option<Value>), Diagnostics> {
        let evaluation = self.evaluation.clone();
        let (config, touched) =
            evaluation.recorder.record(|| self.configuration(site, index, addr));
        self.together.note(site, index, addr, &touched);
        let (rotation, more) = evaluation.recorder.record(|| self.rotation(site, index, addr));
        self.order_instance(site, index, touched.into_iter().chain(more).collect());
        both(config, rotation)
    }

    /// The object of an instance, refreshed.
    pub(super) fn prior(&self, addr: &InstanceAddr) -> Option<&'a PriorObject> {
        self.prior.objects.get(&ObjectAddr { instance: addr.clone(), deposed: None })
    }

    /// An instance that is outside the targets.
    pub(super) fn leave_alone(&mut self, site: &Site<'a>, index: usize) {
        let value = match self.prior(&site.addr(index)) {
            Some(prior) => prior.value.clone(),
            None => self.evaluation.unknown_of(&site.module, site.resource.config),
        };
        site.resource.set(index, value);
    }

    /// Without changes to plan, an instance is what the state says.
    fn as_it_is(&mut self, site: &Site<'a>, index: usize) -> Result<(), Diagnostics> {
        self.leave_alone(site, index);
        let addr = site.addr(index);
        if self.input.options.mode == PlanMode::RefreshOnly
            && let Some(value) = self.prior(&addr).map(|prior| prior.value.clone())
        {
            return self.postconditions(site, index, &addr, value);
        }
        Ok(())
    }

    fn defer_instance(
        &mut self,
        site: &Site<'a>,
        index: usize,
        addr: InstanceAddr,
        prior: Option<&PriorObject>,
        config: &Value,
        configured: Configured,
    ) -> Result<(), Diagnostics> {
        if self.input.options.no_defer {
            let span = site.resource.config.span;
            return Err(super::providers::unknown_provider_error(&site.provider)
                .at(self.input.sources.range(span))
                .into());
        }
        let prior = prior.map(|prior| prior.value.clone().unmark_deep().0);
        let bare = config.clone().unmark_deep().0;
        let value = proposed_new(site.block, prior.as_ref(), &bare);
        let value = crate::decode::mark_like(&mark_by_schema(site.block, &value), config);
        site.resource.set(index, value.clone());
        let reason = if configured == Configured::Unknown {
            DeferredReason::ProviderConfigUnknown
        } else {
            DeferredReason::DeferredPrerequisite
        };
        self.deferred_nodes[site.node] = true;
        self.defer(addr, reason, value);
        Ok(())
    }

    /// Preconditions, then the block's value, marked.
    pub(super) fn configuration(
        &mut self,
        site: &Site<'a>,
        index: usize,
        addr: &InstanceAddr,
    ) -> Result<Value, Diagnostics> {
        let evaluation = self.evaluation.clone();
        let config = site.resource.config;
        let repeated = site.resource.expansion.repeated(index);
        let scope = BlockScope::of(&evaluation, &site.module, repeated);
        if self.input.options.mode != PlanMode::Destroy {
            let rules = &config.lifecycle.preconditions;
            self.resource_rules(site, addr, rules, &RuleKind::Precondition, &scope)?;
        }
        let decoder = Decoder::new(self.input.functions, self.input.sources);
        let decoder = match site.name.mode {
            kprov_core::ResourceMode::Ephemeral => decoder.allow_ephemeral(),
            _ => decoder,
        };
        let (value, problems) = decoder.decode(&config.body, site.block, &scope, config.span);
        match value {
            Some(value) => {
                self.found.extend(problems);
                self.refuse_invalid(site, addr, &value)?;
                Ok(value)
            }
            None => Err(problems.into_iter().map(|problem| with_address(problem, addr)).collect()),
        }
    }

    /// What the type's own code says of a configuration.
    fn refuse_invalid(
        &mut self,
        site: &Site<'a>,
        addr: &InstanceAddr,
        config: &Value,
    ) -> Result<(), Diagnostics> {
        let bare = config.clone().unmark_deep().0;
        let errors = type_problems(site.code, &site.name, &bare);
        if errors.is_empty() {
            return Ok(());
        }
        let place = self.input.sources.range(site.resource.config.span);
        let problems = attribute_problems(errors, Some(addr), place);
        if problems.has_errors() {
            return Err(problems);
        }
        self.found.extend(problems);
        Ok(())
    }

    pub(super) fn postconditions(
        &mut self,
        site: &Site<'a>,
        index: usize,
        addr: &InstanceAddr,
        itself: Value,
    ) -> Result<(), Diagnostics> {
        let rules = &site.resource.config.lifecycle.postconditions;
        if rules.is_empty() {
            return Ok(());
        }
        let evaluation = self.evaluation.clone();
        let repeated = site.resource.expansion.repeated(index);
        let scope = BlockScope::of(&evaluation, &site.module, repeated).with_self(itself);
        self.resource_rules(site, addr, rules, &RuleKind::Postcondition, &scope)
    }

    fn resource_rules(
        &mut self,
        site: &Site<'a>,
        addr: &InstanceAddr,
        rules: &[CheckRule],
        kind: &RuleKind,
        scope: &BlockScope<'_, 'a>,
    ) -> Result<(), Diagnostics> {
        if rules.is_empty() {
            return Ok(());
        }
        let result = evaluate_rules(rules, kind, scope, self.input.sources);
        let block = checked(site);
        if result.status == crate::CheckStatus::Unknown {
            self.recheck.insert(addr.clone());
        }
        self.checks.add(&block, &addr.module, &addr.key, result.status, result.problems);
        if result.found.has_errors() {
            return Err(result.found.into_iter().map(|it| with_address(it, addr)).collect());
        }
        self.found.extend(result.found);
        Ok(())
    }

    /// The instance comes after what its configuration touched, and after its block's gate.
    pub(super) fn order_instance(&self, site: &Site<'a>, index: usize, touched: Touched) {
        let vertex = site.resource.vertex(index);
        self.evaluation.order(vertex, &site.module, &site.statics, touched);
        self.evaluation.recorder.order(vertex, [site.resource.gate]);
    }
}

/// Both, or all problems.
fn both<A, B>(a: Result<A, Diagnostics>, b: Result<B, Diagnostics>) -> Result<(A, B), Diagnostics> {
    match (a, b) {
        (Ok(a), Ok(b)) => Ok((a, b)),
        (Ok(_), Err(found)) | (Err(found), Ok(_)) => Err(found),
        (Err(mut found), Err(more)) => {
            found.extend(more);
            Err(found)
        }
    }
}

fn checked(site: &Site<'_>) -> CheckedBlock {
    CheckedBlock {
        kind: CheckKind::Resource,
        module: site.module.addr.path(),
        name: kprov_core::Str::from(site.name.to_string()),
        resource: Some(site.name.clone()),
    }
}

pub(super) fn with_address(
    problem: kprov_core::Diagnostic,
    addr: &InstanceAddr,
) -> kprov_core::Diagnostic {
    if problem.address.is_some() { problem } else { problem.of(addr) }
}
