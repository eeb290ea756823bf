//! What waits for something that is left to a later phase: objects that go in this plan although an
//! object that nobody has looked at yet refers to them.
//!
//! The object of a deferred block stands as it is until a later phase. What it is recorded to depend
//! on, directly or through others, is neither deleted nor replaced before that, and what the
//! configuration makes of a replacement that waits, waits with it. Only what must be made for the
//! deferred blocks to become known goes ahead, or no phase would get any further: with
//! create_before_destroy the old object stays, deposed, until the phase that can delete it; without,
//! it goes although they may refer to it.

use std::collections::{BTreeSet, HashMap, HashSet};

use kprov_core::{InstanceAddr, ResourceAddr, ResourceMode};
use kprov_lang::config::Repetition;

use super::Planner;
use crate::graph::{Graph, NodeIndex, NodeKind};
use crate::{Action, Change, Deferred, DeferredReason, PlanMode, ReplaceOrder};

impl Planner<'_, '_> {
    /// Takes such changes out of the plan. All changes are known, and not yet in order.
    pub(super) fn hold_back(&mut self) {
        let nothing = self.deferred.is_empty() && self.unknown.is_empty();
        if nothing || self.input.options.mode != PlanMode::Normal {
            return;
        }
        let graph = self.evaluation.graph.clone();
        let (held, kept) = Holding {
            needed: self.needed(&graph),
            places: places(&graph),
            dependents: dependents(&graph),
            graph: &graph,
        }
        .find(self);
        self.kept = kept;
        let changes = std::mem::take(&mut self.changes);
        let vertices = std::mem::take(&mut self.vertices);
        for (index, (change, vertex)) in changes.into_iter().zip(vertices).enumerate() {
            if !held.contains(&index) {
                self.changes.push(change);
                self.vertices.push(vertex);
                continue;
            }
            self.recheck.remove(&change.addr);
            if change.addr.resource.mode == ResourceMode::Managed {
                let Change { addr, after, .. } = change;
                let reason = DeferredReason::DeferredPrerequisite;
                self.deferred.push(Deferred { reason, addr, after });
            }
        }
    }

    /// The nodes that must be applied before the deferred blocks can be known. What is deferred
    /// itself is not: it cannot be applied yet.
    fn needed(&self, graph: &Graph<'_>) -> HashSet<NodeIndex> {
        let mut needed = HashSet::new();
        let mut open: Vec<NodeIndex> =
            self.unknown.iter().flat_map(|&node| self.asks(graph, node)).collect();
        while let Some(node) = open.pop() {
            if !self.deferred_nodes[node] && needed.insert(node) {
                open.extend(&graph.dependencies[node]);
            }
        }
        needed
    }

    /// What a block must know before its instances can be planned.
    fn asks(&self, graph: &Graph<'_>, node: NodeIndex) -> Vec<NodeIndex> {
        let place = &graph.nodes[node];
        let config = graph.modules[place.module].config;
        let repetition = match &place.kind {
            NodeKind::Resource(name) => config.resources.get(name).map(|it| &it.repetition),
            NodeKind::Call(name) => config.calls.get(name).map(|it| &it.repetition),
            _ => None,
        };
        let mut asks = match repetition {
            Some(Repetition::Count(expr) | Repetition::ForEach(expr)) => {
                graph.targets(place.module, expr, self.input.sources)
            }
            Some(Repetition::Once) | None => Vec::new(),
        };
        let is_provider =
            |it: &&NodeIndex| matches!(graph.nodes[**it].kind, NodeKind::Provider(..));
        asks.extend(graph.dependencies[node].iter().filter(is_provider));
        asks
    }
}

struct Holding<'g> {
    graph: &'g Graph<'g>,
    needed: HashSet<NodeIndex>,
    places: HashMap<ResourceAddr, NodeIndex>,
    /// By node: which refer to it.
    dependents: Vec<Vec<NodeIndex>>,
}

impl Holding<'_> {
    /// The changes that wait, and the instances whose old object does.
    fn find(&self, planner: &Planner<'_, '_>) -> (BTreeSet<usize>, BTreeSet<InstanceAddr>) {
        let mut changes: HashMap<ResourceAddr, Vec<usize>> = HashMap::new();
        let mut planned: HashSet<&InstanceAddr> = HashSet::new();
        for (index, change) in planner.changes.iter().enumerate() {
            changes.entry(change.addr.config()).or_default().push(index);
            if change.deposed.is_none() {
                planned.insert(&change.addr);
            }
        }
        let mut recorded: HashMap<ResourceAddr, BTreeSet<&ResourceAddr>> = HashMap::new();
        // Resources of which an object stays although nobody knows whether it should.
        let mut open: Vec<ResourceAddr> = Vec::new();
        for (addr, object) in &planner.prior.objects {
            let resource = addr.instance.config();
            let node = self.places.get(&resource);
            let deferred = node.is_some_and(|&node| {
                planner.deferred_nodes[node] && planner.selection.instance(node, &addr.instance)
            });
            if deferred && !planned.contains(&addr.instance) && open.last() != Some(&resource) {
                open.push(resource.clone());
            }
            recorded.entry(resource).or_default().extend(&object.dependencies);
        }
        let (mut held, mut kept) = (BTreeSet::new(), BTreeSet::new());
        let mut seen = HashSet::new();
        while let Some(resource) = open.pop() {
            for &dependency in recorded.get(&resource).into_iter().flatten() {
                if !seen.insert(dependency.clone()) {
                    continue;
                }
                open.push(dependency.clone());
                let Some(of_it) = changes.get(dependency) else { continue };
                let node = self.places.get(dependency);
                let needed = node.is_some_and(|node| self.needed.contains(node));
                let mut remade = false;
                if dependency.resource.mode != ResourceMode::Managed {
                    continue;
                }
                for &index in of_it {
                    match planner.changes[index].action {
                        Action::Delete => {
                            held.insert(index);
                        }
                        Action::Replace(ReplaceOrder::CreateFirst) if needed => {
                            kept.insert(planner.changes[index].addr.clone());
                        }
                        Action::Replace(_) if !needed => {
                            held.insert(index);
                            remade = true;
                        }
                        _ => {}
                    }
                }
                if let Some(&node) = node.filter(|_| remade) {
                    self.behind(node, planner, &changes, &mut held, &mut open);
                }
            }
        }
        (held, kept)
    }

    /// Everything that is made from what a node stands for.
    fn behind(
        &self,
        node: NodeIndex,
        planner: &Planner<'_, '_>,
        changes: &HashMap<ResourceAddr, Vec<usize>>,
        held: &mut BTreeSet<usize>,
        objects: &mut Vec<ResourceAddr>,
    ) {
        let mut seen = HashSet::new();
        let mut open = vec![node];
        while let Some(node) = open.pop() {
            for &dependent in self.dependents[node].iter().filter(|it| seen.insert(**it)) {
                open.push(dependent);
                let place = &self.graph.nodes[dependent];
                let NodeKind::Resource(name) = &place.kind else { continue };
                let module = self.graph.modules[place.module].path.clone();
                let addr = ResourceAddr { module, resource: name.clone() };
                let waits = |index: &&usize| {
                    let change = &planner.changes[**index];
                    let same = change.action == Action::NoOp && change.importing.is_none();
                    // What goes for good is not made from anything.
                    let stays = !change.after.is_null();
                    stays && (!same || planner.recheck.contains(&change.addr))
                };
                let before = held.len();
                held.extend(changes.get(&addr).into_iter().flatten().filter(waits));
                if held.len() > before {
                    objects.push(addr);
                }
            }
        }
    }
}

fn places(graph: &Graph<'_>) -> HashMap<ResourceAddr, NodeIndex> {
    let place = |(index, node): (usize, &crate::graph::Node)| match &node.kind {
        NodeKind::Resource(resource) => {
            let module = graph.modules[node.module].path.clone();
            Some((ResourceAddr { module, resource: resource.clone() }, index))
        }
        _ => None,
    };
    graph.nodes.iter().enumerate().filter_map(place).collect()
}

fn dependents(graph: &Graph<'_>) -> Vec<Vec<NodeIndex>> {
    let mut dependents = vec![Vec::new(); graph.nodes.len()];
    for (node, dependencies) in graph.dependencies.iter().enumerate() {
        for &dependency in dependencies {
            dependents[dependency].push(node);
        }
    }
    dependents
}
