//! Topological order, smallest number first. Where edges go in circles, the weakest of the circle
//! are taken out.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use super::{Node, Strength};

/// All nodes, each behind what it comes after; contradicting edges are removed from `nodes`.
///
/// # Errors
/// The nodes of a circle that cannot be broken, in order.
pub(super) fn sort(nodes: &mut [Node]) -> Result<Vec<u32>, Vec<u32>> {
    for weakest in [Strength::Wish, Strength::Recorded, Strength::Must] {
        let order = kahn(nodes);
        if order.len() == nodes.len() {
            return Ok(order);
        }
        let circles = circles(nodes);
        if weakest == Strength::Must {
            return Err(circle(nodes, &circles));
        }
        for (node, content) in (0u32..).zip(nodes.iter_mut()) {
            let here = circles[node as usize];
            content.after.retain(|(on, strength)| {
                *strength > weakest || here.is_none() || circles[*on as usize] != here
            });
        }
    }
    Ok(kahn(nodes))
}

fn kahn(nodes: &[Node]) -> Vec<u32> {
    let mut waiting: Vec<usize> = nodes.iter().map(|node| node.after.len()).collect();
    let mut followers: Vec<Vec<u32>> = vec![Vec::new(); nodes.len()];
    for (node, content) in (0u32..).zip(nodes) {
        for (on, _) in &content.after {
            followers[*on as usize].push(node);
        }
    }
    let free = (0u32..).zip(&waiting).filter(|(_, count)| **count == 0);
    let mut ready: BinaryHeap<Reverse<u32>> = free.map(|(node, _)| Reverse(node)).collect();
    let mut order = Vec::with_capacity(nodes.len());
    while let Some(Reverse(node)) = ready.pop() {
        order.push(node);
        for &follower in &followers[node as usize] {
            waiting[follower as usize] -= 1;
            if waiting[follower as usize] == 0 {
                ready.push(Reverse(follower));
            }
        }
    }
    order
}

/// For each node the number of the circle that it is in, if any.
fn circles(nodes: &[Node]) -> Vec<Option<usize>> {
    let mut graph: DiGraph<(), ()> = DiGraph::with_capacity(nodes.len(), nodes.len());
    nodes.iter().for_each(|_| {
        graph.add_node(());
    });
    for (node, content) in nodes.iter().enumerate() {
        for (on, _) in &content.after {
            graph.add_edge(NodeIndex::new(node), NodeIndex::new(*on as usize), ());
        }
    }
    let mut of_node = vec![None; nodes.len()];
    for (number, members) in kosaraju_scc(&graph).into_iter().enumerate() {
        if members.len() > 1 {
            for member in members {
                of_node[member.index()] = Some(number);
            }
        }
    }
    of_node
}

/// One way round the first circle: each member is followed by one that it waits for.
fn circle(nodes: &[Node], circles: &[Option<usize>]) -> Vec<u32> {
    let Some(start) = circles.iter().position(Option::is_some) else { return Vec::new() };
    let mut path = vec![start];
    let mut place = vec![None; nodes.len()];
    place[start] = Some(0);
    let mut here = start;
    loop {
        let next = nodes[here].after.iter().map(|(on, _)| *on as usize);
        let Some(next) = next.filter(|on| circles[*on] == circles[start]).min() else { break };
        if let Some(first) = place[next] {
            path.drain(..first);
            break;
        }
        place[next] = Some(path.len());
        path.push(next);
        here = next;
    }
    path.into_iter().filter_map(|node| u32::try_from(node).ok()).collect()
}
