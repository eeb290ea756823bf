//! A plain order of operations: what depends on something comes after it, deletes the other way
//! round.

use std::collections::HashMap;

use kprov_core::{ResourceAddr, ResourceMode};

use crate::change::order::{DependencyGraph, VertexKind};
use crate::{Action, Change, Operation, OperationIndex, OperationKind, ReplaceOrder};

/// Operations for all changes, each after what it waits for.
pub(super) fn operations(changes: &[Change], graph: &DependencyGraph) -> Vec<Operation> {
    let mut order = Order { changes, operations: Vec::new(), deletes: vec![None; changes.len()] };
    let mut dependents: HashMap<ResourceAddr, Vec<usize>> = HashMap::new();
    for (index, change) in changes.iter().enumerate() {
        if deletes_first(change) {
            for dependency in &change.dependencies {
                dependents.entry(dependency.clone()).or_default().push(index);
            }
        }
    }
    for index in 0..changes.len() {
        order.delete_first(index, &dependents);
    }
    order.writes(graph);
    order.operations
}

struct Order<'c> {
    changes: &'c [Change],
    operations: Vec<Operation>,
    deletes: Vec<Option<OperationIndex>>,
}

fn deletes_first(change: &Change) -> bool {
    matches!(change.action, Action::Delete | Action::Replace(ReplaceOrder::DeleteFirst))
}

impl Order<'_> {
    fn push(&mut self, kind: OperationKind, after: Vec<OperationIndex>) -> OperationIndex {
        let index = OperationIndex(u32::try_from(self.operations.len()).unwrap_or(u32::MAX));
        self.operations.push(Operation { kind, after });
        index
    }

    /// The delete of a change, after those of everything that depends on it.
    fn delete_first(&mut self, start: usize, dependents: &HashMap<ResourceAddr, Vec<usize>>) {
        let mut stack = vec![(start, false)];
        while let Some((index, ready)) = stack.pop() {
            let change = &self.changes[index];
            if self.deletes[index].is_some() || !deletes_first(change) {
                continue;
            }
            let before = dependents.get(&change.addr.config()).map_or(&[][..], Vec::as_slice);
            let before = before.iter().copied().filter(|&other| other != index);
            if ready {
                let after = before.filter_map(|other| self.deletes[other]).collect();
                let number = u32::try_from(index).unwrap_or(u32::MAX);
                self.deletes[index] = Some(self.push(OperationKind::Delete(number), after));
            } else {
                stack.push((index, true));
                stack.extend(before.map(|other| (other, false)));
            }
        }
    }

    fn writes(&mut self, graph: &DependencyGraph) {
        let count = graph.vertices.len();
        let mut done: Vec<Option<Option<OperationIndex>>> = vec![None; count];
        for start in 0..count {
            let mut stack = vec![(start, false)];
            while let Some((vertex, ready)) = stack.pop() {
                if done[vertex].is_some() {
                    continue;
                }
                let before = &graph.vertices[vertex].after;
                if !ready {
                    stack.push((vertex, true));
                    stack.extend(before.iter().map(|&other| (other as usize, false)));
                    continue;
                }
                let mut after: Vec<OperationIndex> =
                    before.iter().filter_map(|&other| done[other as usize].flatten()).collect();
                after.sort_unstable();
                after.dedup();
                done[vertex] = Some(match graph.vertices[vertex].kind {
                    VertexKind::Change(index) => self.write(index, after),
                    VertexKind::Gate if after.len() <= 1 => after.first().copied(),
                    VertexKind::Gate => Some(self.push(OperationKind::Gate, after)),
                });
            }
        }
        for index in 0..self.changes.len() {
            let number = u32::try_from(index).unwrap_or(u32::MAX);
            if self.changes[index].action == Action::Forget {
                self.push(OperationKind::Forget(number), Vec::new());
            }
        }
    }

    fn write(&mut self, number: u32, mut after: Vec<OperationIndex>) -> Option<OperationIndex> {
        let change = &self.changes[number as usize];
        match change.action {
            Action::NoOp if change.addr.resource.mode == ResourceMode::Data => {
                Some(self.push(OperationKind::Record(number), after))
            }
            Action::NoOp if after.len() <= 1 => after.first().copied(),
            Action::NoOp => Some(self.push(OperationKind::Gate, after)),
            Action::Create => Some(self.push(OperationKind::Create(number), after)),
            Action::Read => Some(self.push(OperationKind::Read(number), after)),
            Action::Update => Some(self.push(OperationKind::Update(number), after)),
            Action::Replace(ReplaceOrder::DeleteFirst) => {
                after.extend(self.deletes[number as usize]);
                Some(self.push(OperationKind::Create(number), after))
            }
            Action::Replace(ReplaceOrder::CreateFirst) => {
                let create = self.push(OperationKind::Create(number), after);
                self.push(OperationKind::Delete(number), vec![create]);
                Some(create)
            }
            Action::Delete | Action::Forget => None,
        }
    }
}
