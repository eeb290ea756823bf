//! Graph: which resource depends on which, in the DOT language.

use std::collections::BTreeMap;
use std::fmt::Write;

use kprov_core::addr::quote;
use kprov_core::{ModulePath, ResourceAddr, ResourceMode};
use kprov_plan::Plan;

/// The resources of a plan and what they refer to.
pub fn graph_dot(plan: &Plan) -> String {
    let mut nodes: BTreeMap<ResourceAddr, Vec<ResourceAddr>> = BTreeMap::new();
    for change in &plan.changes {
        if change.addr.resource.mode != ResourceMode::Ephemeral {
            let edges = nodes.entry(change.addr.config()).or_default();
            edges.extend(change.dependencies.iter().cloned());
        }
    }
    for deferred in &plan.deferred {
        nodes.entry(deferred.addr.config()).or_default();
    }
    let mut out = String::from(
        "digraph G {\n  rankdir = \"RL\";\n  node [shape = rect, fontname = \"sans-serif\"];\n",
    );
    let mut modules: BTreeMap<&ModulePath, Vec<&ResourceAddr>> = BTreeMap::new();
    for node in nodes.keys() {
        modules.entry(&node.module).or_default().push(node);
    }
    // Writing to a string cannot fail.
    for (module, members) in &modules {
        let indent = if module.is_root() { "  " } else { "    " };
        if !module.is_root() {
            let name = module.to_string();
            let _ = writeln!(out, "  subgraph {} {{", quote(&format!("cluster_{name}")));
            let _ = writeln!(out, "    label = {}", quote(&name));
        }
        for node in members {
            let (id, label) = (node.to_string(), node.resource.to_string());
            let _ = writeln!(out, "{indent}{} [label={}];", quote(&id), quote(&label));
        }
        if !module.is_root() {
            out.push_str("  }\n");
        }
    }
    for (node, mut edges) in nodes.iter().map(|(node, edges)| (node, edges.clone())) {
        edges.sort();
        edges.dedup();
        for edge in edges.iter().filter(|edge| nodes.contains_key(edge)) {
            let _ =
                writeln!(out, "  {} -> {};", quote(&node.to_string()), quote(&edge.to_string()));
        }
    }
    out.push_str("}\n");
    out
}
