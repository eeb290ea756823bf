//! `pki renew`: a plan as if the renewal of certain objects was requested.
//!
//! A renewal is an ordinary planned change: the provider says what the object looks like whose renewal is requested
//! ([`kprov_provider::Resource::renewal_requested`]), and plans from there. Nothing is written before the apply.

use kprov_core::{Diagnostic, Diagnostics, ObjectAddr, Value};
use kprov_plan::{PriorObject, PriorState};

use crate::pki_list::is_renewable;
use crate::selection::{parse, selects};
use crate::state_list::nothing;
use crate::{OpsError, Project, read_state};

/// The renewable objects that `addresses` mean, all if there are none.
///
/// # Errors
/// When an address means nothing, or nothing of what it means can be renewed.
pub fn renewable(project: &Project, addresses: &[String]) -> Result<Vec<String>, OpsError> {
    let state = read_state(project)?.decoded;
    let mut problems = Diagnostics::new();
    let mut all = Vec::new();
    let mut add = |selected: &dyn Fn(&ObjectAddr) -> bool| {
        let live = state.objects.iter().filter(|(address, _)| address.deposed.is_none());
        let selected: Vec<_> = live.filter(|(address, _)| selected(address)).collect();
        let before = all.len();
        let fit =
            selected.iter().filter(|(address, object)| is_renewable(project, address, object));
        all.extend(fit.map(|(address, _)| address.instance.to_string()));
        (selected.len(), all.len() - before)
    };
    if addresses.is_empty() {
        add(&|_| true);
    }
    for text in addresses {
        let target = match parse(text) {
            Ok(target) => target,
            Err(problem) => {
                problems.push(problem);
                continue;
            }
        };
        match add(&|address| selects(&target, &address.instance)) {
            (0, _) => problems.push(nothing(text)),
            (_, 0) => problems.push(not_renewable(text)),
            _ => {}
        }
    }
    all.sort();
    all.dedup();
    problems.into_result(all).map(|(all, _)| all).map_err(OpsError::from)
}

fn not_renewable(text: &str) -> Diagnostic {
    Diagnostic::error(
        "Nothing to renew",
        format!(
            "{text} is not a certificate that is issued anew. Certificates of clients and servers are (pki_certificate, \
             tls_locally_signed_cert, tls_self_signed_cert, the administrator's of pki_kubernetes); authorities and keys are \
             rotated by their arguments: generation, primary, trusted_from."
        ),
    )
}

/// Makes the objects at these addresses, in both states, what they are when a renewal was requested. That the two stay the
/// same keeps a request from being told as a change from outside.
pub(crate) fn request(
    project: &Project,
    addresses: &[String],
    previous: &mut PriorState,
    prior: &mut PriorState,
) {
    for state in [previous, prior] {
        for (address, object) in &mut state.objects {
            let named = address.deposed.is_none()
                && addresses.iter().any(|it| *it == address.instance.to_string());
            if named {
                request_of(project, address, object);
            }
        }
    }
}

fn request_of(project: &Project, address: &ObjectAddr, object: &mut PriorObject) {
    let provider = project.registry.get(&object.provider.provider);
    let resource = provider.and_then(|it| it.resource(address.instance.resource.ty.as_str()));
    let bare = object.value.clone().unmark_deep().0;
    let requested = resource.and_then(|it| it.renewal_requested(&bare));
    let (Some(requested), Some(entries)) = (requested, object.value.as_entries()) else { return };
    // Only what changes is taken over: the rest keeps its marks.
    let entries = entries.iter().map(|(name, value)| {
        let (before, after) = (bare.get(name), requested.get(name));
        let changed = after.filter(|after| Some(*after) != before);
        (name.clone(), changed.unwrap_or(value).clone())
    });
    object.value = Value::object(entries.collect::<Vec<_>>());
}
