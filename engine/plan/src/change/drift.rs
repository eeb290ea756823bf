//! Drift: what became of objects since the last run, seen by the refresh.

use std::collections::{BTreeMap, BTreeSet};

use kprov_core::{InstanceAddr, ObjectAddr, ResourceAddr, Str, Value};

use crate::{Action, Change, DriftChange, PlanMode, PriorObject, PriorState};

/// What the plan's changes come from. An object that the provider itself completes (rules of a
/// security group, policies of a role) differs after every first apply; telling that in each plan
/// would hide what matters.
#[derive(Clone, Debug, Default)]
pub struct Relevant {
    /// What the plan changes.
    pub changed: BTreeSet<ResourceAddr>,
    /// What is used by what the plan changes, through whatever is between.
    pub used: BTreeMap<ResourceAddr, Used>,
}

/// What is used of a resource's objects.
#[derive(Clone, Debug, Default)]
pub struct Used {
    /// The objects themselves.
    pub whole: bool,
    /// These attributes.
    pub attributes: BTreeSet<Str>,
}

impl Relevant {
    fn holds(&self, drift: &Change) -> bool {
        let resource = drift.addr.config();
        let used = self.used.get(&resource);
        match drift.action {
            Action::Delete => used.is_some() || self.changed.contains(&resource),
            _ => used.is_some_and(|used| {
                let differs = |name: &Str| match (drift.before.get(name), drift.after.get(name)) {
                    (Some(old), Some(new)) => !same(old, new),
                    (old, new) => old.is_some() != new.is_some(),
                };
                used.whole || used.attributes.iter().any(differs)
            }),
        }
    }
}

/// What changed outside, and where moves alone are all that a refresh-only plan has to tell, those.
///
/// `previous` and `prior` have moved objects at their new addresses, whose old ones `moved` has.
/// As in Terraform, a changed object is relevant if the plan changes what uses an attribute that
/// changed; one that is gone, if the plan changes it or what uses it. Refreshing only, everything is.
pub fn drift(
    mode: PlanMode,
    previous: &PriorState,
    prior: &PriorState,
    moved: &BTreeMap<InstanceAddr, InstanceAddr>,
    relevant: impl FnOnce() -> Relevant,
) -> Vec<DriftChange> {
    let mut found = Vec::new();
    for (addr, old) in &previous.objects {
        let new = prior.objects.get(addr);
        // Of a deposed object only its end counts: the state is to forget it.
        if addr.deposed.is_some() && new.is_some() {
            continue;
        }
        let from = moved.get(&addr.instance);
        let action = match new {
            None => Action::Delete,
            Some(new) if !same(&old.value, &new.value) => Action::Update,
            Some(_) if mode == PlanMode::RefreshOnly && from.is_some() => Action::NoOp,
            Some(_) => continue,
        };
        let change = change(addr, from, action, old, new);
        found.push(DriftChange { change, relevant: mode == PlanMode::RefreshOnly });
    }
    if mode != PlanMode::RefreshOnly && !found.is_empty() {
        let relevant = relevant();
        for drift in &mut found {
            drift.relevant = relevant.holds(&drift.change);
        }
    }
    // Nobody is told of deposed objects; Terraform says nothing either.
    for drift in found.iter_mut().filter(|drift| drift.change.deposed.is_some()) {
        drift.relevant = false;
    }
    found
}

fn same(old: &Value, new: &Value) -> bool {
    old == new || old.clone().unmark_deep().0 == new.clone().unmark_deep().0
}

fn change(
    addr: &ObjectAddr,
    from: Option<&InstanceAddr>,
    action: Action,
    old: &PriorObject,
    new: Option<&PriorObject>,
) -> Change {
    Change {
        addr: addr.instance.clone(),
        deposed: addr.deposed.clone(),
        previous_addr: from.cloned(),
        provider: old.provider.clone(),
        action,
        reason: None,
        before: old.value.clone(),
        after: new.map_or(Value::NULL, |new| new.value.clone()),
        replace_paths: Vec::new(),
        importing: None,
        prior_private: old.private.clone(),
        planned_private: Vec::new(),
        dependencies: old.dependencies.clone(),
        create_before_destroy: old.create_before_destroy,
        tainted: old.tainted,
        rotation: None,
        outdated: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
