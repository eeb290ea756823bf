//! Topological levels, or the cycles that forbid them. No recursion, so that long chains are fine.

use kprov_core::{Diagnostic, Diagnostics};
use petgraph::algo::kosaraju_scc;
use petgraph::graph::DiGraph;

use super::{Graph, NodeIndex};

/// Nodes in levels, each level in node order.
pub(super) fn levels(graph: &Graph<'_>) -> Result<Vec<Vec<NodeIndex>>, Diagnostics> {
    let count = graph.nodes.len();
    let mut dependents: Vec<Vec<NodeIndex>> = vec![Vec::new(); count];
    let mut waiting = vec![0usize; count];
    for (node, dependencies) in graph.dependencies.iter().enumerate() {
        waiting[node] = dependencies.len();
        for &dependency in dependencies {
            dependents[dependency].push(node);
        }
    }
    let mut levels = Vec::new();
    let mut level: Vec<NodeIndex> = (0..count).filter(|&node| waiting[node] == 0).collect();
    let mut done = 0;
    while !level.is_empty() {
        done += level.len();
        let mut next = Vec::new();
        for &node in &level {
            for &dependent in &dependents[node] {
                waiting[dependent] -= 1;
                if waiting[dependent] == 0 {
                    next.push(dependent);
                }
            }
        }
        next.sort_unstable();
        levels.push(std::mem::replace(&mut level, next));
    }
    if done == count { Ok(levels) } else { Err(cycles(graph, &waiting)) }
}

fn cycles(graph: &Graph<'_>, waiting: &[usize]) -> Diagnostics {
    let mut rest: DiGraph<NodeIndex, ()> = DiGraph::new();
    let mut place = vec![None; waiting.len()];
    for (node, _) in waiting.iter().enumerate().filter(|(_, count)| **count > 0) {
        place[node] = Some(rest.add_node(node));
    }
    for (node, at) in place.iter().enumerate() {
        let Some(at) = *at else { continue };
        for dependency in &graph.dependencies[node] {
            if let Some(to) = place[*dependency] {
                rest.add_edge(at, to, ());
            }
        }
    }
    let mut found: Vec<Vec<NodeIndex>> = kosaraju_scc(&rest)
        .into_iter()
        .map(|members| members.into_iter().map(|at| rest[at]).collect::<Vec<_>>())
        .filter(|members| members.len() > 1 || graph.dependencies[members[0]].contains(&members[0]))
        .map(|members| in_order(graph, members))
        .collect();
    found.sort();
    found
        .into_iter()
        .map(|members| {
            let names: Vec<String> = members.iter().map(|node| graph.describe(*node)).collect();
            let detail = format!(
                "Each of these refers to the next, and the last to the first, so none of them can \
                 be evaluated first: {}. Remove one of the references.",
                names.join(", ")
            );
            Diagnostic::error("Cycle", detail)
        })
        .collect()
}

/// Members of a strongly connected part, along one cycle through its smallest member where that
/// passes through all, else simply from there on.
fn in_order(graph: &Graph<'_>, mut members: Vec<NodeIndex>) -> Vec<NodeIndex> {
    members.sort_unstable();
    let inside: std::collections::BTreeSet<NodeIndex> = members.iter().copied().collect();
    let mut order = vec![members[0]];
    let mut seen = std::collections::BTreeSet::from([members[0]]);
    while let Some(&last) = order.last() {
        let next = graph.dependencies[last]
            .iter()
            .find(|dependency| inside.contains(dependency) && !seen.contains(dependency));
        match next {
            Some(&next) => {
                seen.insert(next);
                order.push(next);
            }
            None => break,
        }
    }
    order.extend(members.into_iter().filter(|member| !seen.contains(member)));
    order
}
