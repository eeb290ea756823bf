//! In which order statements are carried out: what moves to an address before what moves from it;
//! what is inside before what is around it where both leave, and after where both arrive. Implied
//! moves come last, in any order: they put right what the written ones brought. There is one for
//! nearly every resource, so they cost nothing here.

use std::collections::{BTreeSet, HashMap};

use kprov_core::InstanceKey;
use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use super::{Endpoint, Statement};

/// A step of an address: its name, and its key unless any will do.
type Step = (String, Option<InstanceKey>);

/// Endpoints by name, then by the last key.
#[derive(Default)]
struct Index {
    ends: HashMap<Vec<String>, ByKey>,
}

#[derive(Default)]
struct ByKey {
    any: Vec<(usize, Vec<Step>)>,
    one: HashMap<InstanceKey, Vec<(usize, Vec<Step>)>>,
}

impl Index {
    fn add(&mut self, statement: usize, steps: Vec<Step>) {
        let names = steps.iter().map(|(name, _)| name.clone()).collect();
        let by_key = self.ends.entry(names).or_default();
        match steps.last().and_then(|(_, key)| key.clone()) {
            Some(key) => by_key.one.entry(key).or_default().push((statement, steps)),
            None => by_key.any.push((statement, steps)),
        }
    }

    /// Statements whose endpoint may be the same as `steps`.
    fn at(&self, steps: &[Step]) -> Vec<usize> {
        let names: Vec<String> = steps.iter().map(|(name, _)| name.clone()).collect();
        let Some(by_key) = self.ends.get(&names) else { return Vec::new() };
        let fits = |(statement, other): &(usize, Vec<Step>)| {
            let same = steps.iter().zip(other).all(|((_, a), (_, b))| match (a, b) {
                (Some(a), Some(b)) => a == b,
                _ => true,
            });
            same.then_some(*statement)
        };
        let any = by_key.any.iter().filter_map(fits);
        match steps.last().and_then(|(_, key)| key.as_ref()) {
            Some(key) => {
                any.chain(by_key.one.get(key).into_iter().flatten().filter_map(fits)).collect()
            }
            None => any.chain(by_key.one.values().flatten().filter_map(fits)).collect(),
        }
    }

    /// Statements whose endpoint is a module around `steps`.
    fn around(&self, steps: &[Step]) -> Vec<usize> {
        (1..steps.len()).flat_map(|end| self.at(&steps[..end])).collect()
    }
}

fn steps(statement: &Statement, end: &Endpoint) -> Vec<Step> {
    let base = statement.module.0.iter().map(|name| (format!("module.{name}"), None));
    base.chain(end.steps()).collect()
}

/// Indexes of `statements` in the order to carry them out.
///
/// # Errors
/// Indexes of statements that form a cycle.
pub(super) fn sequence(statements: &[Statement]) -> Result<Vec<usize>, Vec<usize>> {
    let places = |written: bool| {
        let all = statements.iter().enumerate();
        all.filter(move |(_, statement)| statement.place.is_some() == written).map(|(at, _)| at)
    };
    let written: Vec<usize> = places(true).collect();
    let ends: Vec<(Vec<Step>, Vec<Step>)> = written
        .iter()
        .map(|&at| &statements[at])
        .map(|statement| (steps(statement, &statement.from), steps(statement, &statement.to)))
        .collect();
    let (mut from, mut to) = (Index::default(), Index::default());
    for (at, (leaves, arrives)) in ends.iter().enumerate() {
        from.add(at, leaves.clone());
        to.add(at, arrives.clone());
    }
    // An edge leads from a statement to one that must come before it.
    let mut graph: DiGraph<(), ()> = DiGraph::with_capacity(written.len(), 0);
    written.iter().for_each(|_| {
        graph.add_node(());
    });
    let mut edge = |after: usize, before: usize| {
        if after != before {
            graph.update_edge(NodeIndex::new(after), NodeIndex::new(before), ());
        }
    };
    for (at, (leaves, arrives)) in ends.iter().enumerate() {
        let arriving = to.at(leaves).into_iter().chain(to.around(leaves));
        let before: BTreeSet<usize> = arriving.chain(to.around(arrives)).collect();
        before.iter().for_each(|&before| edge(at, before));
        // A statement in a module acts in all of its instances, also in one that moves to another
        // key: there it comes after.
        let after = from.around(leaves).into_iter().chain(from.around(arrives));
        after.filter(|after| !before.contains(after)).for_each(|after| edge(after, at));
    }
    let mut order = Vec::with_capacity(statements.len());
    for members in kosaraju_scc(&graph) {
        if members.len() > 1 {
            let mut cycle: Vec<usize> =
                members.into_iter().map(|member| written[member.index()]).collect();
            cycle.sort_unstable();
            return Err(cycle);
        }
        order.extend(members.into_iter().map(|member| written[member.index()]));
    }
    order.extend(places(false));
    Ok(order)
}
