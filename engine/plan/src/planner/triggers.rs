//! `replace_triggered_by`: does what it refers to change in this plan?
//!
//! An instance that was left to this phase was not there when earlier phases of the same apply
//! changed what triggers it. So what they did since the instance was last planned counts, too, and
//! counts once.

use std::collections::HashMap;
use std::sync::Arc;

use kprov_core::{Diagnostic, Diagnostics, InstanceAddr, InstanceKey, Path, PathStep, Value};
use kprov_lang::ast::{Expr, ExprKind, Reference, StepKind};

use super::{Planner, Site};
use crate::change::replace_trigger::triggers;
use crate::evaluation::BlockScope;
use crate::expand::Expansion;
use crate::graph::{Subject, subject};
use crate::{Change, Plan};

/// What earlier phases of the apply planned for each instance, with the phase's number.
#[derive(Debug, Default)]
pub(super) struct Earlier<'a>(HashMap<&'a InstanceAddr, Vec<(usize, &'a Change)>>);

impl<'a> Earlier<'a> {
    pub(super) fn of(phases: &'a [Arc<Plan>]) -> Earlier<'a> {
        let mut all: HashMap<_, Vec<_>> = HashMap::new();
        for (phase, plan) in phases.iter().enumerate() {
            for change in plan.changes.iter().filter(|change| change.deposed.is_none()) {
                all.entry(&change.addr).or_default().push((phase, change));
            }
        }
        Earlier(all)
    }

    /// The first phase that an instance took no part in and that no later one made up for.
    fn missed_since(&self, addr: &InstanceAddr) -> usize {
        self.0.get(addr).and_then(|all| all.last()).map_or(0, |(phase, _)| phase + 1)
    }

    fn since<'s>(
        &'s self,
        phase: usize,
        addr: &InstanceAddr,
    ) -> impl Iterator<Item = &'a Change> + use<'a, 's> {
        let all = self.0.get(addr).map_or(&[][..], Vec::as_slice);
        all.iter().filter(move |(at, _)| *at >= phase).map(|(_, change)| *change)
    }
}

impl<'a> Planner<'a, '_> {
    /// Does any of the block's triggers fire for instance `index`?
    pub(super) fn triggered(&self, site: &Site<'a>, index: usize) -> Result<bool, Diagnostics> {
        let triggers = &site.resource.config.lifecycle.replace_triggered_by;
        if triggers.is_empty() {
            return Ok(false);
        }
        let scope =
            BlockScope::of(&self.evaluation, &site.module, site.resource.expansion.repeated(index));
        let since = self.earlier.missed_since(&site.addr(index));
        let mut fires = false;
        for trigger in triggers {
            fires |= self.fires(site, trigger, &scope, since)?;
        }
        Ok(fires)
    }

    fn fires(
        &self,
        site: &Site<'a>,
        trigger: &Expr,
        scope: &BlockScope<'_, 'a>,
        since: usize,
    ) -> Result<bool, Diagnostics> {
        let range = self.input.sources.range(trigger.span);
        let invalid = |detail: &str| {
            let summary = "Invalid replace_triggered_by expression";
            Diagnostics::from(Diagnostic::error(summary, detail).at(range.clone()))
        };
        let ExprKind::Reference(reference) = &trigger.kind else {
            return Err(invalid("Only references to resources are allowed."));
        };
        let (Subject::Resource(name), taken) = subject(reference, self.input.sources)? else {
            return Err(invalid("Only references to resources are allowed."));
        };
        let Some(resource) = site.module.expanded(&name) else { return Ok(false) };
        let mut taken = taken;
        let key =
            match (&resource.expansion, reference.steps.get(taken).map(|step| &step.kind)) {
                (Expansion::Once | Expansion::Unknown, _) => Some(InstanceKey::None),
                (_, Some(StepKind::Index(expr))) => {
                    taken += 1;
                    Some(key_of(&scope.evaluate(expr)?).ok_or_else(|| {
                        invalid("The index must be a known whole number or string.")
                    })?)
                }
                (_, Some(StepKind::LegacyIndex(index))) => {
                    taken += 1;
                    Some(InstanceKey::Int(*index))
                }
                _ => None,
            };
        let path = rest(reference, taken, scope)?;
        let addr =
            |key| InstanceAddr { module: site.module.addr.clone(), resource: name.clone(), key };
        let keys = match key {
            Some(key) => vec![key],
            None => (0..resource.len()).map(|index| resource.expansion.key(index)).collect(),
        };
        if keys.is_empty() && self.had_instances(&addr(InstanceKey::None)) {
            // Those that there were are deleted, which triggers nothing.
            return Ok(false);
        }
        let changes = keys.into_iter().flat_map(|key| {
            let addr = addr(key);
            let now = self.changed.get(&addr).map(|&change| &self.changes[change]);
            now.into_iter().chain(self.earlier.since(since, &addr))
        });
        let module = site.module.addr.to_string();
        triggers(changes, &path, &name, &module)
            .map_err(|problem| Diagnostics::from(problem.at(range.clone())))
    }

    /// Does the state have any instance of the resource?
    fn had_instances(&self, first: &InstanceAddr) -> bool {
        let from = first.clone().current();
        let next = self.prior.objects.range(from..).next();
        next.is_some_and(|(addr, _)| {
            addr.instance.module == first.module && addr.instance.resource == first.resource
        })
    }
}

fn key_of(value: &Value) -> Option<InstanceKey> {
    match value.bare() {
        Value::String(key) => Some(InstanceKey::String(key.clone())),
        Value::Number(number) => Some(InstanceKey::Int(u64::try_from(number.to_i64()?).ok()?)),
        _ => None,
    }
}

/// What follows the instance, as a path.
fn rest(
    reference: &Reference,
    taken: usize,
    scope: &BlockScope<'_, '_>,
) -> Result<Path, Diagnostics> {
    let mut path = Path::root();
    for step in &reference.steps[taken..] {
        path.0.push(match &step.kind {
            StepKind::Attribute(name) => PathStep::Attribute(name.clone()),
            StepKind::LegacyIndex(index) => PathStep::Index(*index),
            StepKind::Index(expr) => match scope.evaluate(expr)?.unmark().0 {
                Value::String(key) => PathStep::Key(key),
                Value::Number(number) => {
                    let index = number.to_i64().and_then(|index| u64::try_from(index).ok());
                    PathStep::Index(index.unwrap_or_default())
                }
                _ => break,
            },
            StepKind::Splat(_) => break,
        });
    }
    Ok(path)
}
