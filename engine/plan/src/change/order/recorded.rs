//! Edges from what the state recorded: how deletes stand to everything else.
//!
//! Dependencies are recorded by whole resource. All dependents of a resource meet at a gate, and all
//! its instances look at that gate. Where dependent and dependency stand in instances of the same
//! module, there is a gate for each instance of it, because one instance of a module cannot refer
//! to another.

use std::collections::HashMap;

use kprov_core::{InstanceKey, ResourceAddr, Str};

use super::{Own, Recorded, Steps, Strength};
use crate::Change;

/// Module instance steps; a prefix of an address.
type Prefix<'a> = &'a [(Str, InstanceKey)];

/// The gates of one resource, towards its dependents below one module instance.
#[derive(Clone, Copy, Debug)]
struct Gates {
    /// All dependents' deletes are done.
    dependents_deleted: u32,
    /// Those of them that do not wait for anything to be created.
    dependents_deleted_early: u32,
    /// The deletes of the resource that dependents wait for are done.
    deleted: u32,
    /// Dependents have been written.
    dependents_written: u32,
}

struct Recorder<'a, 's> {
    steps: &'s mut Steps,
    resources: HashMap<ResourceAddr, u32>,
    gates: HashMap<(u32, Prefix<'a>), Gates>,
    /// For each resource: how many module steps its dependents share with it; few.
    depths: Vec<Vec<usize>>,
}

/// Adds the edges.
pub(super) fn follow(steps: &mut Steps, changes: &[Change], recorded: &[Recorded<'_>]) {
    let mut resources: HashMap<ResourceAddr, u32> = HashMap::new();
    let mut of_change: Vec<u32> = Vec::with_capacity(changes.len());
    for (at, change) in changes.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| &changes[before].addr);
        // Instances of a resource stand together in the canonical order.
        let same = before.is_some_and(|it| {
            it.module == change.addr.module && it.resource == change.addr.resource
        });
        of_change.push(match of_change.last().filter(|_| same) {
            Some(last) => *last,
            None => {
                let next = u32::try_from(resources.len()).unwrap_or(u32::MAX);
                *resources.entry(change.addr.config()).or_insert(next)
            }
        });
    }
    let depths = vec![Vec::new(); resources.len()];
    let mut recorder = Recorder { steps, resources, gates: HashMap::new(), depths };
    let dependents = recorder.open_gates(changes, recorded, &of_change);
    for (at, change) in changes.iter().enumerate() {
        recorder.connect(at, change, of_change[at], &dependents[at]);
    }
}

impl<'a> Recorder<'a, '_> {
    /// For each change the gates of what it is recorded to depend on.
    fn open_gates(
        &mut self,
        changes: &'a [Change],
        recorded: &[Recorded<'_>],
        of_change: &[u32],
    ) -> Vec<Vec<Gates>> {
        let mut all = Vec::with_capacity(changes.len());
        for (at, change) in changes.iter().enumerate() {
            let dependencies = recorded.get(at).map_or(&[][..], |recorded| recorded.dependencies);
            let mut gates = Vec::with_capacity(dependencies.len());
            for dependency in dependencies {
                let Some(&resource) = self.resources.get(dependency) else { continue };
                if resource == of_change[at] {
                    continue;
                }
                let steps = &change.addr.module.0;
                let names = dependency.module.0.iter();
                let shared = steps.iter().zip(names).take_while(|((a, _), b)| a == *b).count();
                gates.push(self.gates(resource, &steps[..shared]));
            }
            all.push(gates);
        }
        all
    }

    fn gates(&mut self, resource: u32, prefix: Prefix<'a>) -> Gates {
        if let Some(gates) = self.gates.get(&(resource, prefix)) {
            return *gates;
        }
        let gates = Gates {
            dependents_deleted: self.steps.gate(),
            dependents_deleted_early: self.steps.gate(),
            deleted: self.steps.gate(),
            dependents_written: self.steps.gate(),
        };
        let depths = &mut self.depths[resource as usize];
        if !depths.contains(&prefix.len()) {
            depths.push(prefix.len());
        }
        self.gates.insert((resource, prefix), gates);
        gates
    }

    /// One object: towards what it depended on, and towards those that depended on it.
    fn connect(&mut self, at: usize, change: &'a Change, resource: u32, dependencies: &[Gates]) {
        let own = self.steps.of_change[at];
        let depths = self.depths[resource as usize].clone();
        let modules = &change.addr.module.0;
        let dependents: Vec<Gates> = depths
            .iter()
            .filter_map(|depth| self.gates.get(&(resource, modules.get(..*depth)?)).copied())
            .collect();
        self.connect_dependents(own, &dependents);
        self.connect_dependencies(own, dependencies);
        if !dependents.is_empty() && !dependencies.is_empty() {
            self.pass_on(own, &dependents, dependencies);
        }
    }

    fn connect_dependents(&mut self, own: Own, dependents: &[Gates]) {
        for gates in dependents {
            if let Some(delete) = own.delete {
                self.steps.edge(delete, gates.dependents_deleted, Strength::Recorded);
                if own.late_delete {
                    self.steps.edge(delete, gates.dependents_written, Strength::Wish);
                } else {
                    self.steps.edge(gates.deleted, delete, Strength::Wish);
                }
            }
            if let Some(write) = own.write {
                self.steps.edge(write, gates.dependents_deleted_early, Strength::Wish);
            }
        }
    }

    fn connect_dependencies(&mut self, own: Own, dependencies: &[Gates]) {
        for gates in dependencies {
            if let Some(delete) = own.delete {
                self.steps.edge(gates.dependents_deleted, delete, Strength::Recorded);
                if !own.late_delete {
                    self.steps.edge(gates.dependents_deleted_early, delete, Strength::Wish);
                }
            }
            if let Some(write) = own.write {
                // Created first means before its own delete, for which the others may wait.
                if own.delete.is_none() || !own.late_delete {
                    self.steps.edge(write, gates.deleted, Strength::Wish);
                }
                self.steps.edge(gates.dependents_written, write, Strength::Wish);
            }
        }
    }

    /// Dependents of a dependent are dependents too, also when what is between does not change.
    fn pass_on(&mut self, own: Own, dependents: &[Gates], dependencies: &[Gates]) {
        let early = |gates: &Gates| gates.dependents_deleted_early;
        self.pass(dependents, dependencies, |gates| gates.dependents_written);
        // A delete passes on by itself what it waits for, as early as it is itself.
        if own.delete.is_none() {
            self.pass(dependents, dependencies, |gates| gates.dependents_deleted);
            self.pass(dependents, dependencies, early);
        } else if own.late_delete {
            self.pass(dependents, dependencies, early);
        }
    }

    fn pass(&mut self, from: &[Gates], to: &[Gates], gate: impl Fn(&Gates) -> u32) {
        let through = self.steps.gate();
        for gates in from {
            self.steps.edge(through, gate(gates), Strength::Wish);
        }
        for gates in to {
            self.steps.edge(gate(gates), through, Strength::Wish);
        }
    }
}
