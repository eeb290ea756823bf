//! From nodes to operations: gates that join nothing vanish.

use super::Node;
use crate::{Operation, OperationIndex, OperationKind};

/// What others refer to a node by.
#[derive(Clone, Debug)]
enum Stands {
    /// Nothing to wait for, or nobody waits.
    Gone,
    /// An operation.
    As(OperationIndex),
    /// All of these, without a step of its own.
    For(Vec<OperationIndex>),
}

/// `order` holds every node, each behind all that it comes after.
pub(super) fn reduce(nodes: &[Node], order: &[u32]) -> Vec<Operation> {
    let followers = needed_followers(nodes, order);
    let mut stands = vec![Stands::Gone; nodes.len()];
    let mut operations: Vec<Operation> = Vec::new();
    for &at in order {
        let node = &nodes[at as usize];
        let gate = node.kind == OperationKind::Gate;
        if gate && followers[at as usize] == 0 {
            continue;
        }
        let after = joined(node, &stands);
        stands[at as usize] = if gate && worth_nothing(after.len(), followers[at as usize]) {
            Stands::For(after)
        } else {
            let index = OperationIndex(u32::try_from(operations.len()).unwrap_or(u32::MAX));
            operations.push(Operation { kind: node.kind, after });
            Stands::As(index)
        };
    }
    operations
}

fn joined(node: &Node, stands: &[Stands]) -> Vec<OperationIndex> {
    let mut after = Vec::new();
    for (on, _) in &node.after {
        match &stands[*on as usize] {
            Stands::Gone => {}
            Stands::As(index) => after.push(*index),
            Stands::For(indexes) => after.extend(indexes),
        }
    }
    after.sort_unstable();
    after.dedup();
    after
}

/// Would edges past the gate be as few as those through it?
fn worth_nothing(before: usize, behind: usize) -> bool {
    before <= 1 || behind <= 1 || before * behind <= before + behind
}

/// How many nodes that lead to an operation come directly after each.
fn needed_followers(nodes: &[Node], order: &[u32]) -> Vec<usize> {
    let mut followers = vec![0usize; nodes.len()];
    for &at in order.iter().rev() {
        let node = &nodes[at as usize];
        if node.kind != OperationKind::Gate || followers[at as usize] > 0 {
            for (on, _) in &node.after {
                followers[*on as usize] += 1;
            }
        }
    }
    followers
}
