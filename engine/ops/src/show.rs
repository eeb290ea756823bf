//! Show: what is in the state, what is in a saved plan.

use std::collections::BTreeMap;

use kprov_apply::stored::decode_state;
use kprov_core::value::to_json;
use kprov_core::{Diagnostics, ModulePath, ObjectAddr, Str, Value};
use kprov_plan::PriorState;
use kprov_state::tfstate::closure;
use kprov_state::{State, StateError};
use serde_json::Value as Json;

use crate::json::{Configuration, plan_json, state_json, stored_checks};
use crate::plan::undecodable;
use crate::plan_certificates::plan_certificates;
use crate::{OpsError, PlanFile, Project};

/// A state, stored and decoded.
#[derive(Debug)]
pub struct ShownState {
    /// As stored.
    pub state: State,
    /// By the providers' schemas.
    pub decoded: PriorState,
}

/// Reads the state of the selected workspace.
///
/// # Errors
/// When it cannot be read or understood.
pub fn read_state(project: &Project) -> Result<ShownState, OpsError> {
    let state = project.state()?;
    let (decoded, errors) = decode_state(&state, &project.registry);
    let problems: Diagnostics = errors.iter().map(undecodable).collect();
    if problems.has_errors() {
        return Err(problems.into());
    }
    Ok(ShownState { state, decoded })
}

/// Root outputs of the selected workspace; needs no provider.
///
/// # Errors
/// When the state cannot be read.
pub fn read_outputs(project: &Project) -> Result<BTreeMap<Str, Value>, OpsError> {
    let outputs = match project.store.outputs(&project.workspace) {
        Err(StateError::NoWorkspace(_)) => BTreeMap::new(),
        other => other?,
    };
    let state = State { outputs, ..State::default() };
    let (decoded, errors) = decode_state(&state, &project.registry);
    let problems: Diagnostics = errors.iter().map(undecodable).collect();
    if problems.has_errors() {
        return Err(problems.into());
    }
    Ok(decoded.outputs)
}

impl ShownState {
    /// `show -json`
    pub fn json(&self) -> Json {
        let closure = closure(&self.state);
        let dependencies = |address: &ObjectAddr| -> Vec<String> {
            let object = self.state.objects.get(address);
            object
                .map(|object| closure.texts(address, object).map(str::to_owned).collect())
                .unwrap_or_default()
        };
        state_json(&self.state, &self.decoded, &dependencies, &stored_checks(&self.state.checks))
    }
}

/// `show -json PLAN`. Configures no provider; reads the configuration out of the plan file.
pub fn plan_document(project: &Project, file: &PlanFile) -> Json {
    let (tree, _) = file.load(project);
    let (sources, registry) = (&project.sources, &project.registry);
    let configuration = Configuration { tree: &tree, sources, registry }.json();
    let mut document = plan_json(&file.plan, file.prior_values.clone(), configuration);
    // Not Terraform's: readers of its format leave alone what they do not know.
    let certificates = plan_certificates(&file.plan, registry);
    if !certificates.is_empty()
        && let Ok(json) = serde_json::to_value(certificates)
    {
        document["kprov_certificates"] = json;
    }
    if !file.rotations.is_empty()
        && let Ok(json) = serde_json::to_value(&file.rotations)
    {
        document["kprov_rotations"] = json;
    }
    // Defaults stand in the configuration, so they are shown even of ephemeral variables.
    for variable in
        tree.modules.get(&ModulePath::root()).into_iter().flat_map(|root| root.variables.values())
    {
        let default = variable.default.as_ref().filter(|_| variable.ephemeral);
        let json = default.and_then(|value| to_json(value, &value.ty()).ok());
        if let Some(json) = json {
            document["variables"][variable.name.as_str()] = serde_json::json!({"value": json});
        }
    }
    document
}
