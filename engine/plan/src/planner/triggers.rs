//! `replace_triggered_by`: does what it refers to change in this plan?

use kprov_core::value::raw_equal;
use kprov_core::{Diagnostic, Diagnostics, InstanceAddr, InstanceKey, Path, PathStep, Value};
use kprov_lang::ast::{Expr, ExprKind, Reference, StepKind};

use super::{Planner, Site};
use crate::evaluation::BlockScope;
use crate::expand::Expansion;
use crate::graph::{Subject, subject};
use crate::{Action, Change};

impl<'a> Planner<'a, '_> {
    /// Does any of the block's triggers fire for instance `index`?
    pub(super) fn triggered(&self, site: &Site<'a>, index: usize) -> Result<bool, Diagnostics> {
        let triggers = &site.resource.config.lifecycle.replace_triggered_by;
        if triggers.is_empty() {
            return Ok(false);
        }
        let scope =
            BlockScope::of(&self.evaluation, &site.module, site.resource.expansion.repeated(index));
        let mut fires = false;
        for trigger in triggers {
            fires |= self.fires(site, trigger, &scope)?;
        }
        Ok(fires)
    }

    fn fires(
        &self,
        site: &Site<'a>,
        trigger: &Expr,
        scope: &BlockScope<'_, 'a>,
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
        match key {
            Some(key) => match self.changed.get(&addr(key)) {
                Some(&change) => Ok(sees(&self.changes[change], &path)),
                None if resource.len() == 0 => {
                    Err(invalid("The resource that it refers to has no instances."))
                }
                None => Err(invalid("There is no such instance of the resource.")),
            },
            None if resource.len() == 0 => {
                Err(invalid("The resource that it refers to has no instances."))
            }
            None => Ok((0..resource.len()).any(|index| {
                let change = self.changed.get(&addr(resource.expansion.key(index)));
                change.is_some_and(|&change| sees(&self.changes[change], &path))
            })),
        }
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

/// Does the change touch the part of the object that the path leads to? A whole object counts as
/// touched by any update or replacement, an attribute only if it differs.
fn sees(change: &Change, path: &Path) -> bool {
    match change.action {
        Action::Update | Action::Replace(_) | Action::Create => {}
        Action::NoOp | Action::Read | Action::Delete | Action::Forget => return false,
    }
    if path.0.is_empty() {
        return matches!(change.action, Action::Update | Action::Replace(_));
    }
    match (path.get(&change.before), path.get(&change.after)) {
        (Some(before), Some(after)) => !raw_equal(before, after),
        (None, None) => false,
        _ => true,
    }
}
