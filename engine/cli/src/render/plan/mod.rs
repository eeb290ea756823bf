//! A plan as text: what changed outside, what will be done in the order in which it will run, what is
//! left to a later phase, what becomes of outputs, and one line that sums it up.

mod certificates;
#[cfg(test)]
mod certificates_tests;
mod checks;
mod concise;
mod legend;
mod object;
mod order;
mod outputs;
mod reason;
mod rotations;
#[cfg(test)]
mod rotations_tests;
mod summary;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use kprov_core::{ResourceMode, Value};
use kprov_plan::{Action, Change, Deferred, DeferredReason, Plan, PlanMode};

use super::diff::{Printer, Sign, whole};
use super::text::wrap;
use super::{Schemas, Style, Tint};

pub(crate) use certificates::certificates as planned_certificates;
pub(crate) use checks::checks;
pub(crate) use concise::concise;
pub(crate) use rotations::rotations;
pub(crate) use summary::summary;

/// The whole plan. Ends with a newline.
pub(crate) fn plan(plan: &Plan, schemas: Schemas<'_>, style: Style) -> String {
    let mut out = String::new();
    let drifted = drift(&mut out, plan, schemas, style);
    let shown = order::shown(plan);
    let outputs = outputs::changed(plan);
    if shown.is_empty() && plan.deferred.is_empty() && outputs.is_empty() {
        if !(drifted && plan.mode == PlanMode::RefreshOnly) {
            out.push_str(&summary::nothing(plan, style));
        }
        return out;
    }
    let shown_none = shown.is_empty();
    if !shown_none {
        legend::legend(&mut out, &shown, style);
        let title = if plan.errored {
            "Planning failed. Before the error these actions were planned:"
        } else {
            "kprov will perform the following actions:"
        };
        prose(&mut out, title, style);
        for change in shown {
            object::change(&mut out, change, schemas, style);
        }
    }
    if !plan.deferred.is_empty() {
        deferred(&mut out, &plan.deferred, schemas, style);
    }
    if plan.mode != PlanMode::RefreshOnly && !(shown_none && plan.deferred.is_empty()) {
        out.push_str(&summary(plan, style));
        out.push('\n');
    }
    outputs::outputs(&mut out, plan, style);
    out
}

/// Sentences and an empty line.
fn prose(out: &mut String, text: &str, style: Style) {
    for line in wrap(text, style.width()) {
        out.push_str(&line);
        out.push('\n');
    }
    out.push('\n');
}

/// What changed outside, where it matters for what is planned. Says whether there was anything.
fn drift(out: &mut String, plan: &Plan, schemas: Schemas<'_>, style: Style) -> bool {
    let all = plan.mode == PlanMode::RefreshOnly;
    let drifted: Vec<&Change> = plan
        .drift
        .iter()
        .filter(|drift| (all || drift.relevant) && drift.change.action != Action::NoOp)
        .map(|drift| &drift.change)
        .collect();
    if drifted.is_empty() {
        return false;
    }
    let title = style.paint(Tint::Strong, "Note: Objects have changed outside of kprov");
    out.push_str(&format!("{title}\n\n"));
    let said = if all {
        "These objects are not as the last \"kprov apply\" left them:"
    } else {
        "These objects are not as the last \"kprov apply\" left them, which may have led to this plan:"
    };
    prose(out, said, style);
    for change in drifted {
        object::drift(out, change, schemas, style);
    }
    if all {
        prose(
            out,
            "This is a refresh-only plan: applying it takes these changes into the state and does \
             nothing to the objects.",
            style,
        );
    } else {
        out.push_str(&"-".repeat(style.width().min(80)));
        out.push_str("\n\n");
    }
    true
}

/// What waits for a later phase of the same apply.
fn deferred(out: &mut String, deferred: &[Deferred], schemas: Schemas<'_>, style: Style) {
    prose(out, "Planned in a later phase of the same apply, once more is known:", style);
    for item in deferred {
        let why = match item.reason {
            DeferredReason::InstanceCountUnknown => "count or for_each is not known yet",
            DeferredReason::ProviderConfigUnknown => {
                "the provider's configuration is not known yet"
            }
            DeferredReason::DeferredPrerequisite => "something that it depends on is deferred",
        };
        let addr = item.addr.to_string();
        let title = style.paint(Tint::Strong, format!("{addr} was deferred"));
        out.push_str(&format!("  # {title}\n  # (because {why})\n"));
        if item.addr.resource.mode != ResourceMode::Managed || !is_object(&item.after) {
            out.push('\n');
            continue;
        }
        let schema = schemas.block_of_type(&item.addr.resource);
        let node = whole(&item.after, Sign::Add, schema);
        object::block(&mut Printer { out, style }, "  +", Tint::Add, &item.addr, &node);
        out.push('\n');
    }
}

fn is_object(value: &Value) -> bool {
    matches!(value.bare(), Value::Object(_))
}
