//! `state mv`: objects get other addresses.

use kprov_core::addr::Target;
use kprov_core::{Diagnostic, InstanceAddr, InstanceKey, ModuleAddr, ObjectAddr};
use kprov_state::{Entry, State};

use crate::selection::parse;
use crate::state_list::nothing;
use crate::{LockOptions, OpsError, Project};

/// Moves what `source` means to `destination`: an instance, a resource with all instances, or a
/// module with all inside. Gives the moves made; with `dry_run` those that would be.
///
/// # Errors
/// When there is nothing, something is in the way, or the two are of different kinds.
pub fn state_mv(
    project: &Project,
    source: &str,
    destination: &str,
    dry_run: bool,
    lock: LockOptions,
) -> Result<Vec<(InstanceAddr, InstanceAddr)>, OpsError> {
    let (from, to) = (parse(source)?, parse(destination)?);
    let mut done = Vec::new();
    let mut find = |state: &State| -> Result<Vec<Entry>, OpsError> {
        let moves = moves(state, &from, &to)?;
        if moves.is_empty() {
            return Err(nothing(source).into());
        }
        let leaving: Vec<&ObjectAddr> = moves.iter().map(|(from, _)| from).collect();
        for (_, to) in &moves {
            let occupied = |address: &&ObjectAddr| {
                address.instance == to.instance && !leaving.contains(address)
            };
            if state.objects.keys().any(|address| occupied(&address)) {
                return Err(Diagnostic::error(
                    "Invalid target address",
                    format!(
                        "Cannot move to {}: there is already a resource instance at that address \
                         in the current state.",
                        to.instance
                    ),
                )
                .into());
            }
        }
        done =
            moves.iter().map(|(from, to)| (from.instance.clone(), to.instance.clone())).collect();
        done.dedup();
        Ok(moves.into_iter().map(|(from, to)| Entry::ObjectMoved { from, to }).collect())
    };
    if dry_run {
        find(&project.state()?)?;
    } else {
        project.record(lock, "state mv", find)?;
    }
    Ok(done)
}

fn moves(
    state: &State,
    from: &Target,
    to: &Target,
) -> Result<Vec<(ObjectAddr, ObjectAddr)>, Diagnostic> {
    let refused = |detail: String| Err(Diagnostic::error("Invalid state move", detail));
    match (from, to) {
        (Target::Module(from), Target::Module(to)) => Ok(module(state, from, to)),
        (Target::Resource(from), Target::Resource(to)) => {
            if (from.resource.mode, &from.resource.ty) != (to.resource.mode, &to.resource.ty) {
                return refused(format!(
                    "Cannot move {from} to {to}: the resource types do not match."
                ));
            }
            resource(state, from, to)
        }
        _ => refused(format!(
            "Cannot move {from} to {to}: a module moves to a module, a resource to a resource."
        )),
    }
}

/// Everything in a module instance.
fn module(state: &State, from: &ModuleAddr, to: &ModuleAddr) -> Vec<(ObjectAddr, ObjectAddr)> {
    let moved = |address: &ObjectAddr| {
        let inside = from.contains(&address.instance.module);
        inside.then(|| {
            let rest = &address.instance.module.0[from.0.len()..];
            let steps: Vec<_> = to.0.iter().chain(rest).cloned().collect();
            let module = ModuleAddr(steps.into());
            let instance = InstanceAddr { module, ..address.instance.clone() };
            (address.clone(), ObjectAddr { instance, deposed: address.deposed.clone() })
        })
    };
    state.objects.keys().filter_map(moved).collect()
}

/// One instance, or all of a resource, which keep their keys.
fn resource(
    state: &State,
    from: &InstanceAddr,
    to: &InstanceAddr,
) -> Result<Vec<(ObjectAddr, ObjectAddr)>, Diagnostic> {
    let exact: Vec<&ObjectAddr> =
        state.objects.keys().filter(|address| address.instance == *from).collect();
    if !exact.is_empty() || from.key != InstanceKey::None {
        let there = |address: &ObjectAddr| ObjectAddr {
            instance: to.clone(),
            deposed: address.deposed.clone(),
        };
        return Ok(exact.into_iter().map(|address| (address.clone(), there(address))).collect());
    }
    let all = state.objects.keys().filter(|address| {
        address.instance.module == from.module && address.instance.resource == from.resource
    });
    let moves: Vec<_> = all
        .map(|address| {
            let key = address.instance.key.clone();
            let instance = InstanceAddr { key, ..to.clone() };
            (address.clone(), ObjectAddr { instance, deposed: address.deposed.clone() })
        })
        .collect();
    if to.key != InstanceKey::None && !moves.is_empty() {
        return Err(Diagnostic::error(
            "Invalid state move",
            format!("Cannot move all instances of {from} to the single instance {to}."),
        ));
    }
    Ok(moves)
}
