//! `state list`

use kprov_core::{Diagnostic, Diagnostics, InstanceAddr};
use kprov_state::State;

use crate::selection::{parse, select};
use crate::{OpsError, Project};

/// Instances of the state, in order; those that `addresses` mean if there are any, and whose `id` is
/// the given one.
///
/// # Errors
/// When an address is wrong or means nothing.
pub fn state_list(
    project: &Project,
    addresses: &[String],
    id: Option<&str>,
) -> Result<Vec<InstanceAddr>, OpsError> {
    // Without a look into objects no key is needed for those that are sealed.
    let state = match id {
        Some(_) => project.state()?,
        None => project.outline()?,
    };
    let mut problems = Diagnostics::new();
    let mut found: Vec<&kprov_core::ObjectAddr> = Vec::new();
    if addresses.is_empty() {
        found.extend(state.objects.keys());
    }
    for text in addresses {
        let target = match parse(text) {
            Ok(target) => target,
            Err(problem) => {
                problems.push(problem);
                continue;
            }
        };
        let selected = select(&state, &target);
        if selected.is_empty() {
            problems.push(nothing(text));
        }
        found.extend(selected);
    }
    if problems.has_errors() {
        return Err(problems.into());
    }
    found.sort();
    let with_id =
        found.into_iter().filter(|address| id.is_none_or(|id| has_id(&state, address, id)));
    let mut instances: Vec<InstanceAddr> =
        with_id.map(|address| address.instance.clone()).collect();
    instances.dedup();
    Ok(instances)
}

fn has_id(state: &State, address: &kprov_core::ObjectAddr, id: &str) -> bool {
    let attributes = state.objects.get(address).map(|object| object.attributes.get());
    let json = attributes.and_then(|text| serde_json::from_str::<serde_json::Value>(text).ok());
    json.and_then(|json| json.get("id").and_then(|found| found.as_str().map(|found| found == id)))
        .unwrap_or(false)
}

pub(crate) fn nothing(text: &str) -> Diagnostic {
    Diagnostic::error(
        "Address not in state",
        format!(
            "The state has nothing at {text}. Only what was created or imported is there; \"kprov \
             state list\" shows all."
        ),
    )
}
