//! [`order_rotations`]: groups of one cluster one kind after the other: bastions, masters, workers.
//!
//! What must hold: nothing waits that the configuration has go first; N groups before M groups cost N + M edges; and the
//! order is a wish: where a delete or anything else that must be so contradicts it, it gives way.

use std::collections::{BTreeMap, HashSet};

use kprov_core::{Str, Value};
use kprov_rotation::settings::place;

use super::order::{DependencyGraph, VertexKind};
use crate::{Action, Change};

/// The vertices of a cluster's groups that are rotated, by kind: bastions, masters, workers.
type Kinds = [Vec<u32>; 3];

/// Adds the order to a graph of these changes.
pub fn order_rotations(changes: &[Change], graph: &mut DependencyGraph) {
    let clusters = clusters(changes, graph);
    let several = |kinds: &Kinds| kinds.iter().filter(|kind| !kind.is_empty()).count() > 1;
    let clusters: Vec<Kinds> = clusters.into_values().filter(several).collect();
    if clusters.is_empty() {
        return;
    }
    let mut dependents = Dependents::of(graph);
    for kinds in &clusters {
        for last in 1..kinds.len() {
            let (before, after) = (kinds[..last].concat(), &kinds[last]);
            if !before.is_empty() && !after.is_empty() {
                dependents.put_before(graph, &before, after);
            }
        }
    }
}

fn clusters(changes: &[Change], graph: &DependencyGraph) -> BTreeMap<Str, Kinds> {
    let mut clusters: BTreeMap<Str, Kinds> = BTreeMap::new();
    for (vertex, content) in (0u32..).zip(&graph.vertices) {
        let VertexKind::Change(change) = content.kind else { continue };
        let Some(change) = changes.get(change as usize) else { continue };
        let rotated = change.rotation.as_ref().filter(|_| change.action == Action::Update);
        let Some((cluster, kind)) = rotated.and_then(|block: &Value| place(block)) else {
            continue;
        };
        clusters.entry(cluster).or_default()[kind as usize].push(vertex);
    }
    clusters
}

/// Who comes after whom.
struct Dependents(Vec<Vec<u32>>);

impl Dependents {
    fn of(graph: &DependencyGraph) -> Dependents {
        let mut dependents = Dependents(vec![Vec::new(); graph.vertices.len()]);
        for (vertex, content) in (0u32..).zip(&graph.vertices) {
            for &on in content.after.iter().chain(&content.wishes) {
                dependents.add(on, vertex);
            }
        }
        dependents
    }

    fn add(&mut self, on: u32, vertex: u32) {
        if let Some(after) = self.0.get_mut(on as usize) {
            after.push(vertex);
        }
    }

    /// All that comes after any of these, and they.
    fn reached_from(&self, vertices: &[u32]) -> HashSet<u32> {
        let mut seen: HashSet<u32> = vertices.iter().copied().collect();
        let mut open = vertices.to_vec();
        while let Some(vertex) = open.pop() {
            let next = self.0.get(vertex as usize).into_iter().flatten();
            open.extend(next.filter(|it| seen.insert(**it)));
        }
        seen
    }

    /// Through a gate; without those that come after one of `after` already, which would go round in a circle.
    fn put_before(&mut self, graph: &mut DependencyGraph, before: &[u32], after: &[u32]) {
        let behind = self.reached_from(after);
        let free: Vec<u32> = before.iter().copied().filter(|it| !behind.contains(it)).collect();
        if free.is_empty() {
            return;
        }
        let gate = graph.add(VertexKind::Gate);
        self.0.push(Vec::new());
        for on in free {
            graph.wish(gate, on);
            self.add(on, gate);
        }
        for &vertex in after {
            graph.wish(vertex, gate);
            self.add(gate, vertex);
        }
    }
}

#[cfg(test)]
mod tests;
