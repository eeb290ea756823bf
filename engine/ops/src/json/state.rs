//! `show -json` of a state (format 1.0), and `output -json`.

use std::collections::BTreeMap;

use kprov_core::{ResourceMode, Str, Value};
use kprov_plan::{CheckReport, PriorState};
use kprov_state::State;
use serde_json::{Map, Value as Json, json};

use super::values::{Shown, outputs, values};
use super::{TERRAFORM_VERSION, checks};

/// The state as JSON. `closure` gives an object's dependencies, all of them.
pub fn state_json(
    state: &State,
    prior: &PriorState,
    closure: &dyn Fn(&kprov_core::ObjectAddr) -> Vec<String>,
    reports: &[CheckReport],
) -> Json {
    let mut out = Map::new();
    out.insert("format_version".to_owned(), json!("1.0"));
    if state.objects.is_empty() && prior.outputs.is_empty() && reports.is_empty() {
        return Json::Object(out);
    }
    out.insert("terraform_version".to_owned(), json!(TERRAFORM_VERSION));
    out.insert("values".to_owned(), Json::Object(state_values(state, prior, closure)));
    if !reports.is_empty() {
        out.insert("checks".to_owned(), checks::checks(reports));
    }
    Json::Object(out)
}

/// The `values` part.
pub(super) fn state_values(
    state: &State,
    prior: &PriorState,
    closure: &dyn Fn(&kprov_core::ObjectAddr) -> Vec<String>,
) -> Map<String, Json> {
    let shown: Vec<Shown<'_>> = prior
        .objects
        .iter()
        .map(|(addr, object)| Shown {
            addr: &addr.instance,
            deposed: addr.deposed.as_ref(),
            provider: &object.provider.provider,
            schema_version: state.objects.get(addr).map_or(0, |stored| stored.schema_version),
            value: &object.value,
            // What a data source depends on is recorded to order things, and not shown.
            depends_on: match addr.instance.resource.mode {
                ResourceMode::Data => Vec::new(),
                _ => closure(addr),
            },
            tainted: object.tainted,
        })
        .collect();
    let shown_outputs =
        (!prior.outputs.is_empty()).then(|| outputs(prior.outputs.iter().map(described)));
    values(shown_outputs, &shown)
}

fn described<'a>((name, value): (&'a Str, &'a Value)) -> (&'a Str, &'a Value, bool) {
    (name, value, value.marks().contains(kprov_core::Marks::SENSITIVE))
}

/// All root outputs, `{"name": {"sensitive", "type", "value"}}`.
pub fn outputs_json(all: &BTreeMap<Str, Value>) -> Json {
    outputs(all.iter().map(described))
}
