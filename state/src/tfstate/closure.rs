//! What every object depends on, directly or not.
//!
//! One bit set per resource, united along the dependencies; so a chain of thousands costs words,
//! not lists. States may hold cycles (they come from files): a fixed point is reached anyway.

use std::collections::BTreeMap;

use kprov_core::{ObjectAddr, ResourceAddr, ResourceMode};

use crate::{State, StoredObject};

/// All dependencies of all objects of a state.
#[derive(Clone, Debug, Default)]
pub struct Closure {
    /// In the order of their text, as Terraform lists them, with that text.
    resources: Vec<(String, ResourceAddr)>,
    /// By resource.
    sets: Vec<BitSet>,
    index: BTreeMap<ResourceAddr, usize>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct BitSet(Vec<u64>);

impl BitSet {
    fn of_size(bits: usize) -> BitSet {
        BitSet(vec![0; bits.div_ceil(64)])
    }

    fn insert(&mut self, bit: usize) {
        self.0[bit / 64] |= 1 << (bit % 64);
    }

    /// True if anything was new.
    fn unite(&mut self, other: &BitSet) -> bool {
        let mut new = 0;
        for (word, other) in self.0.iter_mut().zip(&other.0) {
            new |= other & !*word;
            *word |= other;
        }
        new != 0
    }

    fn bits(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().enumerate().flat_map(|(i, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                let bit = rest.trailing_zeros();
                (bit < 64).then(|| {
                    rest &= rest - 1;
                    i * 64 + bit as usize
                })
            })
        })
    }
}

/// Computes them.
pub fn closure(state: &State) -> Closure {
    let mut direct: BTreeMap<ResourceAddr, Vec<&[ResourceAddr]>> = BTreeMap::new();
    for (address, object) in &state.objects {
        direct.entry(address.instance.config()).or_default().push(&object.dependencies);
        for dependency in &object.dependencies {
            if !direct.contains_key(dependency) {
                direct.insert(dependency.clone(), Vec::new());
            }
        }
    }
    let mut resources: Vec<(String, ResourceAddr)> =
        direct.keys().map(|address| (address.to_string(), address.clone())).collect();
    resources.sort_by(|a, b| a.0.cmp(&b.0));
    let index: BTreeMap<ResourceAddr, usize> =
        resources.iter().enumerate().map(|(i, (_, address))| (address.clone(), i)).collect();
    let edges: Vec<Vec<usize>> = resources
        .iter()
        .map(|(_, address)| {
            let lists = direct.get(address).into_iter().flatten();
            let mut to: Vec<usize> = lists
                .flat_map(|list| list.iter())
                .filter_map(|to| index.get(to).copied())
                .collect();
            to.sort_unstable();
            to.dedup();
            to
        })
        .collect();
    let sets = unite(&edges);
    Closure { resources, sets, index }
}

/// Unites sets in the order in which dependencies come first: once for a graph without cycles,
/// else until nothing is new.
fn unite(edges: &[Vec<usize>]) -> Vec<BitSet> {
    let mut sets = vec![BitSet::of_size(edges.len()); edges.len()];
    for (set, to) in sets.iter_mut().zip(edges) {
        for bit in to {
            set.insert(*bit);
        }
    }
    let (order, cyclic) = dependencies_first(edges);
    loop {
        let mut changed = false;
        for &node in &order {
            let mut set = std::mem::take(&mut sets[node]);
            for &to in &edges[node] {
                changed |= set.unite(&sets[to]);
            }
            sets[node] = set;
        }
        if !(cyclic && changed) {
            return sets;
        }
    }
}

/// Nodes in the order in which a depth-first walk leaves them, and whether it met a cycle.
fn dependencies_first(edges: &[Vec<usize>]) -> (Vec<usize>, bool) {
    #[derive(Clone, Copy, PartialEq)]
    enum Seen {
        No,
        Inside,
        Left,
    }
    let mut seen = vec![Seen::No; edges.len()];
    let mut order = Vec::with_capacity(edges.len());
    let mut cyclic = false;
    for start in 0..edges.len() {
        if seen[start] != Seen::No {
            continue;
        }
        seen[start] = Seen::Inside;
        let mut path = vec![(start, 0)];
        while let Some((node, next)) = path.last_mut() {
            let node = *node;
            let Some(&to) = edges[node].get(*next) else {
                seen[node] = Seen::Left;
                order.push(node);
                path.pop();
                continue;
            };
            *next += 1;
            match seen[to] {
                Seen::No => {
                    seen[to] = Seen::Inside;
                    path.push((to, 0));
                }
                Seen::Inside => cyclic = true,
                Seen::Left => {}
            }
        }
    }
    (order, cyclic)
}

impl Closure {
    /// Everything that the object at `address` depends on, in the order of the text; without the
    /// resource itself.
    pub fn of<'a>(
        &'a self,
        address: &ObjectAddr,
        object: &StoredObject,
    ) -> impl Iterator<Item = &'a ResourceAddr> + use<'a> {
        self.entries(address, object).map(|(_, resource)| resource)
    }

    /// The same as text.
    pub fn texts<'a>(
        &'a self,
        address: &ObjectAddr,
        object: &StoredObject,
    ) -> impl Iterator<Item = &'a str> + use<'a> {
        self.entries(address, object).map(|(text, _)| text.as_str())
    }

    fn entries<'a>(
        &'a self,
        address: &ObjectAddr,
        object: &StoredObject,
    ) -> impl Iterator<Item = &'a (String, ResourceAddr)> + use<'a> {
        // From the object's own dependencies: other instances of its resource may have others.
        // Terraform knows none of data sources, though those of what reads them go through them.
        let mut set = BitSet::of_size(self.resources.len());
        let is_data = address.instance.resource.mode == ResourceMode::Data;
        let own = object.dependencies.iter().filter(|_| !is_data);
        for bit in own.filter_map(|resource| self.index.get(resource)) {
            set.insert(*bit);
            set.unite(&self.sets[*bit]);
        }
        let own = self.index.get(&address.instance.config()).copied();
        let bits: Vec<usize> = set.bits().filter(|bit| Some(*bit) != own).collect();
        bits.into_iter().map(|bit| &self.resources[bit])
    }
}
