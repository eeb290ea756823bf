//! The state that a plan was made from, as it is shown in the plan: refreshed, moved, with the data
//! sources and the outputs that are known from planning.

use std::collections::{BTreeMap, BTreeSet};

use kprov_core::value::transform;
use kprov_core::{Marks, ObjectAddr, ResourceMode, Str, Value};
use kprov_plan::{Action, ActionReason, Change, Plan, PlanMode, PriorObject, PriorState};
use kprov_state::tfstate::{Closure, closure};
use kprov_state::{ObjectStatus, State, StoredObject};
use serde_json::Value as Json;
use serde_json::value::RawValue;

use super::state::state_values;

/// `prior_state.values`; `None` where there is nothing. `state` is what is stored, `prior` the same
/// refreshed; `is_sensitive` says which outputs are declared so.
pub fn prior_values(
    state: &State,
    prior: &PriorState,
    plan: &Plan,
    is_sensitive: &dyn Fn(&Str) -> bool,
) -> Option<Json> {
    let mut shown =
        PriorState { outputs: outputs(prior, plan, is_sensitive), ..PriorState::default() };
    let mut former: BTreeMap<ObjectAddr, ObjectAddr> = BTreeMap::new();
    let mut taken: BTreeSet<ObjectAddr> = BTreeSet::new();
    for change in &plan.changes {
        let address = ObjectAddr { instance: change.addr.clone(), deposed: change.deposed.clone() };
        let from = ObjectAddr {
            instance: change.previous_addr.clone().unwrap_or_else(|| change.addr.clone()),
            deposed: change.deposed.clone(),
        };
        let known = prior.objects.get(&from);
        taken.insert(from.clone());
        if let Some(object) = object(change, known) {
            shown.objects.insert(address.clone(), object);
            former.insert(address, from);
        }
    }
    for drift in &plan.drift {
        // A refresh-only plan moves without a change.
        let Some(previous) = &drift.change.previous_addr else { continue };
        let from = ObjectAddr { instance: previous.clone(), deposed: None };
        let Some(object) = prior.objects.get(&from) else { continue };
        if taken.insert(from.clone()) {
            let address = drift.change.addr.clone().current();
            shown.objects.insert(address.clone(), object.clone());
            former.insert(address, from);
        }
    }
    for (address, object) in &prior.objects {
        if !taken.contains(address) {
            shown.objects.insert(address.clone(), object.clone());
        }
    }
    if shown.objects.is_empty() && shown.outputs.is_empty() {
        return None;
    }
    let dependencies = Dependencies::new(state, plan, &shown, former);
    let versions = State { objects: state.objects.clone(), ..State::default() };
    Some(Json::Object(state_values(&versions, &shown, &|address| dependencies.of(address))))
}

/// What is there before a change; nothing where it makes something new.
fn object(change: &Change, known: Option<&PriorObject>) -> Option<PriorObject> {
    let made = |value: &Value| PriorObject {
        provider: change.provider.clone(),
        value: value.clone(),
        private: Vec::new(),
        tainted: false,
        dependencies: change.dependencies.clone(),
        create_before_destroy: false,
    };
    if change.addr.resource.mode == ResourceMode::Data {
        let is_read = change.action == Action::NoOp
            || change.action == Action::Read && change.after.is_wholly_known();
        if change.reason == Some(ActionReason::ReadBecauseCheckNested) && !is_read {
            // It could not be read, which stops nothing.
            return Some(made(&transform(&change.after, &mut |_, part| match &part {
                Value::Unknown(unknown) => Value::Null(unknown.ty().clone()),
                _ => part,
            })));
        }
        return (is_read && !change.after.is_null()).then(|| made(&change.after));
    }
    match known {
        Some(known) => Some(known.clone()),
        None if change.importing.is_some() => Some(made(&change.before)),
        None => None,
    }
}

/// An output that is known already has its new value, others have their former one.
fn outputs(
    prior: &PriorState,
    plan: &Plan,
    is_sensitive: &dyn Fn(&Str) -> bool,
) -> BTreeMap<Str, Value> {
    let mut outputs = prior.outputs.clone();
    if plan.mode == PlanMode::Destroy {
        return outputs;
    }
    for (name, output) in &plan.outputs {
        if output.action == Action::Delete || !output.after.is_wholly_known() {
            continue;
        }
        if output.after.is_null() {
            outputs.remove(name);
            continue;
        }
        // `output.sensitive` also says whether it was sensitive; this is how it is now.
        let (value, _) = output.after.clone().unmark_deep();
        let value = if is_sensitive(name) { value.with_marks(Marks::SENSITIVE) } else { value };
        outputs.insert(name.clone(), value);
    }
    outputs
}

/// What is shown in `depends_on`: of an unchanged object what the configuration says now, of a
/// changed one what was recorded as well.
struct Dependencies<'a> {
    state: &'a State,
    recorded: Closure,
    configured: Closure,
    objects: BTreeMap<ObjectAddr, StoredObject>,
    /// Unchanged: what the configuration says replaces what was recorded.
    unchanged: BTreeSet<ObjectAddr>,
    /// The configuration has them.
    remaining: BTreeSet<ObjectAddr>,
    former: BTreeMap<ObjectAddr, ObjectAddr>,
}

impl<'a> Dependencies<'a> {
    fn new(
        state: &'a State,
        plan: &Plan,
        shown: &PriorState,
        former: BTreeMap<ObjectAddr, ObjectAddr>,
    ) -> Dependencies<'a> {
        let mut graph = State::default();
        let mut unchanged = BTreeSet::new();
        let mut remaining = BTreeSet::new();
        for (address, object) in &shown.objects {
            graph.objects.insert(address.clone(), bare(object));
        }
        for change in &plan.changes {
            let address =
                ObjectAddr { instance: change.addr.clone(), deposed: change.deposed.clone() };
            if matches!(change.action, Action::Delete | Action::Forget) {
                continue;
            }
            if change.action == Action::NoOp {
                unchanged.insert(address.clone());
            }
            remaining.insert(address.clone());
            let object = PriorObject {
                provider: change.provider.clone(),
                value: Value::NULL,
                private: Vec::new(),
                tainted: false,
                dependencies: change.dependencies.clone(),
                create_before_destroy: false,
            };
            graph.objects.insert(address, bare(&object));
        }
        Dependencies {
            recorded: closure(state),
            configured: closure(&graph),
            objects: graph.objects,
            unchanged,
            remaining,
            former,
            state,
        }
    }

    fn of(&self, address: &ObjectAddr) -> Vec<String> {
        let mut all: BTreeSet<&str> = BTreeSet::new();
        if let Some(object) = self.objects.get(address).filter(|_| self.remaining.contains(address))
        {
            all.extend(self.configured.texts(address, object));
        }
        let from = self.former.get(address).unwrap_or(address);
        if !self.unchanged.contains(address)
            && let Some(object) = self.state.objects.get(from)
        {
            all.extend(self.recorded.texts(from, object));
        }
        all.into_iter().map(str::to_owned).collect()
    }
}

/// Only what dependencies are computed from.
fn bare(object: &PriorObject) -> StoredObject {
    StoredObject {
        provider: object.provider.clone(),
        schema_version: 0,
        attributes: RawValue::NULL.to_owned(),
        sensitive_paths: None,
        status: ObjectStatus::Ready,
        dependencies: object.dependencies.clone(),
        create_before_destroy: false,
        private: Vec::new(),
    }
}
