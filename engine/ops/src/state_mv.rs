//! `state mv`: objects get other addresses, and what depended on them follows.

use std::collections::BTreeMap;

use kprov_core::addr::Target;
use kprov_core::{Diagnostic, InstanceAddr, InstanceKey, ModuleAddr, ObjectAddr};
use kprov_plan::change::moved::Followed;
use kprov_state::{Entry, State, StoredObject};

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
        let mut entries: Vec<Entry> = moves
            .iter()
            .map(|(from, to)| Entry::ObjectMoved { from: from.clone(), to: to.clone() })
            .collect();
        entries.extend(followed(state, &moves));
        Ok(entries)
    };
    if dry_run {
        find(&project.state()?)?;
    } else {
        project.record(lock, "state mv", find)?;
    }
    Ok(done)
}

/// Whoever depended on what moved away whole depends on where it went: otherwise deletes would lose
/// their order. Told of the objects as they are after the moves.
fn followed(state: &State, moves: &[(ObjectAddr, ObjectAddr)]) -> Vec<Entry> {
    let there: BTreeMap<&ObjectAddr, &ObjectAddr> =
        moves.iter().map(|(from, to)| (from, to)).collect();
    let after = |address| there.get(address).copied().unwrap_or(address);
    let followed = Followed::new(
        moves.iter().map(|(from, to)| (&from.instance, &to.instance)),
        state.objects.keys().map(|address| &after(address).instance),
    );
    if followed.is_empty() {
        return Vec::new();
    }
    let mut entries = Vec::new();
    for (address, object) in &state.objects {
        if let Some(dependencies) = followed.follow(&object.dependencies) {
            let object = Box::new(StoredObject { dependencies, ..object.clone() });
            entries.push(Entry::ObjectSet { address: after(address).clone(), object });
        }
    }
    entries
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

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> State {
        let instance = |key: &str| format!("{{{key}\"attributes\": {{}}}}");
        let resource = |module: &str, name: &str, instances: &str| {
            format!(
                "{{{module}\"mode\": \"managed\", \"type\": \"t\", \"name\": \"{name}\", \
                 \"provider\": \"provider[\\\"registry.terraform.io/hashicorp/t\\\"]\", \
                 \"instances\": [{instances}]}}"
            )
        };
        let counted = [instance("\"index_key\": 0, "), instance("\"index_key\": 1, ")].join(", ");
        let text = format!(
            "{{\"version\": 4, \"serial\": 1, \"lineage\": \"l\", \"outputs\": {{}}, \
             \"resources\": [{}, {}, {}]}}",
            resource("", "c", &counted),
            resource("", "s", &instance("")),
            resource("\"module\": \"module.m[0]\", ", "x", &instance("")),
        );
        kprov_state::tfstate::import(&text).expect("the fixture is a state")
    }

    #[test]
    fn what_moves_where() {
        let check = |from: &str, to: &str, expected: &str| {
            let (from, to) = (parse(from).expect("address"), parse(to).expect("address"));
            let found = match moves(&state(), &from, &to) {
                Ok(moves) => moves
                    .iter()
                    .map(|(from, to)| format!("{from}>{to}"))
                    .collect::<Vec<_>>()
                    .join(" "),
                Err(problem) => problem.summary.to_string(),
            };
            assert_eq!(found, expected, "{from} to {to}");
        };
        check("t.c[0]", "t.d", "t.c[0]>t.d");
        check("t.c", "t.d", "t.c[0]>t.d[0] t.c[1]>t.d[1]");
        check("t.c", "module.n[1].t.d", "t.c[0]>module.n[1].t.d[0] t.c[1]>module.n[1].t.d[1]");
        check("t.s", "t.s[\"k\"]", "t.s>t.s[\"k\"]");
        check("module.m[0]", "module.n", "module.m[0].t.x>module.n.t.x");
        check("module.m[1]", "module.n", "");
        check("t.c[7]", "t.d", "");
        check("t.c", "t.d[0]", "Invalid state move");
        check("t.s", "u.s", "Invalid state move");
        check("t.s", "module.n", "Invalid state move");
        check("module.m[0]", "t.s", "Invalid state move");
    }
}
