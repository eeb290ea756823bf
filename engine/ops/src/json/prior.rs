//! The state that a plan was made from, as it is shown in the plan: refreshed, and with the data
//! sources that were read while planning.

use kprov_core::{ObjectAddr, ResourceMode};
use kprov_plan::{Action, Plan, PriorObject, PriorState};
use kprov_state::tfstate::closure;
use kprov_state::{ObjectStatus, State, StoredObject};
use serde_json::Value as Json;
use serde_json::value::RawValue;

use super::state::state_values;

/// `prior_state.values`; `None` where there is nothing.
pub fn prior_values(state: &State, prior: &PriorState, plan: &Plan) -> Option<Json> {
    let mut prior = prior.clone();
    let mut state = state.clone();
    state.objects.retain(|address, _| prior.objects.contains_key(address));
    for change in &plan.changes {
        if change.addr.resource.mode != ResourceMode::Data {
            continue;
        }
        let address = ObjectAddr { instance: change.addr.clone(), deposed: None };
        let is_read = change.action == Action::NoOp || change.after.is_wholly_known();
        if !is_read || change.after.is_null() {
            prior.objects.remove(&address);
            continue;
        }
        let object = PriorObject {
            provider: change.provider.clone(),
            value: change.after.clone(),
            private: Vec::new(),
            tainted: false,
            dependencies: change.dependencies.clone(),
            create_before_destroy: false,
        };
        state.objects.insert(address.clone(), bare(&object));
        prior.objects.insert(address, object);
    }
    if prior.objects.is_empty() && prior.outputs.is_empty() {
        return None;
    }
    let closure = closure(&state);
    let dependencies = |address: &ObjectAddr| -> Vec<String> {
        let object = state.objects.get(address);
        object
            .map(|object| closure.texts(address, object).map(str::to_owned).collect())
            .unwrap_or_default()
    };
    Some(Json::Object(state_values(&state, &prior, &dependencies)))
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
