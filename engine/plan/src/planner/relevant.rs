//! What the plan's changes come from: found by going back from them through the configuration.

use std::collections::{BTreeMap, HashMap, HashSet};

use kprov_core::{ModulePath, ResourceAddr, Str};

use super::Planner;
use crate::change::drift::Relevant;
use crate::graph::{NodeIndex, NodeKind};
use crate::{Action, OutputChange};

impl Planner<'_, '_> {
    /// Linear in the size of the configuration and of the plan; wanted only where something drifted.
    pub(super) fn relevant(&self, outputs: &BTreeMap<Str, OutputChange>) -> Relevant {
        let graph = &self.evaluation.graph;
        let mut relevant = Relevant::default();
        let changed = self.changes.iter().filter(|change| change.action != Action::NoOp);
        relevant.changed.extend(changed.map(|change| change.addr.config()));
        let places = graph.modules.iter().enumerate().map(|(index, module)| (&module.path, index));
        let places: HashMap<&ModulePath, usize> = places.collect();
        let of_resource = |addr: &ResourceAddr| {
            graph.find(*places.get(&addr.module)?, NodeKind::Resource(addr.resource.clone()))
        };
        let mut open: Vec<NodeIndex> = relevant.changed.iter().filter_map(of_resource).collect();
        let outputs = outputs.iter().filter(|(_, output)| output.action != Action::NoOp);
        open.extend(outputs.filter_map(|(name, _)| graph.find(0, NodeKind::Output(name.clone()))));
        let mut seen: HashSet<NodeIndex> = open.iter().copied().collect();
        while let Some(node) = open.pop() {
            open.extend(graph.dependencies[node].iter().filter(|next| seen.insert(**next)));
        }
        for used in graph.uses(self.input.sources) {
            let place = &graph.nodes[used.of];
            let NodeKind::Resource(name) = &place.kind else { continue };
            if !seen.contains(&used.by) {
                continue;
            }
            let module = graph.modules[place.module].path.clone();
            let addr = ResourceAddr { module, resource: name.clone() };
            let of = relevant.used.entry(addr).or_default();
            match used.attribute {
                Some(attribute) => {
                    of.attributes.insert(attribute);
                }
                None => of.whole = true,
            }
        }
        relevant
    }
}
