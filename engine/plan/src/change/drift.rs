//! Drift: what became of objects since the last run, seen by the refresh.

use std::collections::{BTreeMap, BTreeSet};

use kprov_core::{InstanceAddr, ObjectAddr, ResourceAddr, Value};

use crate::{Action, Change, DriftChange, PlanMode, PriorObject, PriorState};

/// What changed outside, and where moves alone are all that a refresh-only plan has to tell, those.
///
/// `previous` and `prior` have moved objects at their new addresses, whose old ones `moved` has.
/// Something is relevant if the plan changes it, or changes what depends on it; `shown` are
/// resources that changed outputs refer to. Refreshing only, everything is.
pub fn drift(
    mode: PlanMode,
    previous: &PriorState,
    prior: &PriorState,
    moved: &BTreeMap<InstanceAddr, InstanceAddr>,
    changes: &[Change],
    shown: &[ResourceAddr],
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
        let relevant = relevant(changes, shown);
        for drift in &mut found {
            drift.relevant = relevant.contains(&drift.change.addr.config());
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
    }
}

/// Resources that are changed, or that something changed depends on, through whatever is between.
fn relevant(changes: &[Change], shown: &[ResourceAddr]) -> BTreeSet<ResourceAddr> {
    let mut dependencies: BTreeMap<ResourceAddr, BTreeSet<&ResourceAddr>> = BTreeMap::new();
    let mut open: Vec<ResourceAddr> = shown.to_vec();
    for change in changes {
        let addr = change.addr.config();
        if change.action != Action::NoOp {
            open.push(addr.clone());
        }
        dependencies.entry(addr).or_default().extend(&change.dependencies);
    }
    let mut relevant = BTreeSet::new();
    while let Some(resource) = open.pop() {
        if relevant.contains(&resource) {
            continue;
        }
        open.extend(dependencies.get(&resource).into_iter().flatten().copied().cloned());
        relevant.insert(resource);
    }
    relevant
}

#[cfg(test)]
mod tests;
