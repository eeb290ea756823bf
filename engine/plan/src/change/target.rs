//! `-target` and `-exclude`: which blocks, instances and objects a plan is about.
//!
//! A target brings what it depends on, whole resources at a time; an exclusion takes away what
//! depends on it. Deleting turns that round: dependents of a target must go too, and what an
//! excluded object depends on must stay. Each question follows every edge once.

use std::collections::{BTreeMap, BTreeSet};

use kprov_core::addr::Target;
use kprov_core::{Diagnostic, InstanceAddr, InstanceKey, ModuleAddr, ModulePath, ResourceAddr};

use super::moved::Moves;
use crate::PriorState;

/// Does the target mean this instance? A missing key, of a module or at the end, means all.
pub fn selects(target: &Target, addr: &InstanceAddr) -> bool {
    match target {
        Target::Module(module) => around(module, &addr.module),
        Target::Resource(instance) => {
            instance.resource == addr.resource
                && instance.module.0.len() == addr.module.0.len()
                && around(&instance.module, &addr.module)
                && (instance.key == InstanceKey::None || instance.key == addr.key)
        }
    }
}

fn around(outer: &ModuleAddr, inner: &ModuleAddr) -> bool {
    inner.0.len() >= outer.0.len()
        && outer.0.iter().zip(inner.0.iter()).all(|((name, key), (other, other_key))| {
            name == other && (*key == InstanceKey::None || key == other_key)
        })
}

/// Does the target mean the block, or some instances of it?
pub(crate) fn selects_block(target: &Target, block: &ResourceAddr) -> bool {
    let inside = |module: &ModuleAddr, path: &ModulePath| {
        path.0.len() >= module.0.len()
            && module.0.iter().zip(path.0.iter()).all(|((name, _), other)| name == other)
    };
    match target {
        Target::Module(module) => inside(module, &block.module),
        Target::Resource(instance) => {
            instance.resource == block.resource
                && instance.module.0.len() == block.module.0.len()
                && inside(&instance.module, &block.module)
        }
    }
}

/// A block of the configuration, as targeting sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// A resource or data block.
    Resource(ResourceAddr),
    /// A root output: kept where all it refers to is kept.
    Output,
    /// Anything else: follows those who need it.
    Other,
}

/// How much of a block is planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    /// Nothing.
    None,
    /// The instances that targets name.
    Named,
    /// All instances.
    Whole,
}

/// What is planned.
#[derive(Clone, Debug)]
pub struct Selection<'a> {
    targets: &'a [Target],
    excludes: &'a [Target],
    extents: Vec<Extent>,
}

impl Selection<'_> {
    /// Is anything of this block planned?
    pub fn block(&self, block: usize) -> bool {
        self.extents.get(block).is_some_and(|extent| *extent != Extent::None)
    }

    /// Is this instance of the block planned?
    pub fn instance(&self, block: usize, addr: &InstanceAddr) -> bool {
        let wanted = match self.extents.get(block) {
            None | Some(Extent::None) => false,
            Some(Extent::Whole) => true,
            Some(Extent::Named) => self.targets.iter().any(|target| selects(target, addr)),
        };
        wanted && !self.excludes.iter().any(|target| selects(target, addr))
    }

    /// Is an object planned that no block asks for? Only if it is named itself.
    pub fn orphan(&self, addr: &InstanceAddr) -> bool {
        (self.targets.is_empty() || self.targets.iter().any(|target| selects(target, addr)))
            && !self.excludes.iter().any(|target| selects(target, addr))
    }
}

/// Chooses among `blocks`, each of which refers to the blocks of `dependencies` at its index.
pub fn select<'a>(
    blocks: &[Block],
    dependencies: &[Vec<u32>],
    targets: &'a [Target],
    excludes: &'a [Target],
) -> Selection<'a> {
    let mut extents = vec![Extent::Whole; blocks.len()];
    if !targets.is_empty() {
        extents = vec![Extent::None; blocks.len()];
        let named: Vec<usize> = matching(blocks, targets).collect();
        let mut open: Vec<usize> = Vec::new();
        for &block in &named {
            open.extend(dependencies.get(block).into_iter().flatten().map(|on| *on as usize));
        }
        follow(open, dependencies, |block| {
            let new = extents.get(block) == Some(&Extent::None);
            if new {
                extents[block] = Extent::Whole;
            }
            new
        });
        for block in named {
            if extents[block] == Extent::None {
                extents[block] = Extent::Named;
            }
        }
        keep_outputs(blocks, dependencies, &mut extents);
    }
    if !excludes.is_empty() {
        exclude(blocks, dependencies, excludes, &mut extents);
    }
    Selection { targets, excludes, extents }
}

fn matching<'b>(blocks: &'b [Block], targets: &'b [Target]) -> impl Iterator<Item = usize> + 'b {
    blocks.iter().enumerate().filter_map(|(at, block)| {
        let Block::Resource(addr) = block else { return None };
        targets.iter().any(|target| selects_block(target, addr)).then_some(at)
    })
}

fn follow(mut open: Vec<usize>, edges: &[Vec<u32>], mut visit: impl FnMut(usize) -> bool) {
    while let Some(block) = open.pop() {
        if visit(block) {
            open.extend(edges.get(block).into_iter().flatten().map(|on| *on as usize));
        }
    }
}

/// Root outputs that show only what is planned are brought up to date with it; so are the locals
/// and module outputs between.
fn keep_outputs(blocks: &[Block], dependencies: &[Vec<u32>], extents: &mut [Extent]) {
    for (at, block) in blocks.iter().enumerate() {
        if *block != Block::Output || extents[at] != Extent::None {
            continue;
        }
        let mut seen = BTreeSet::new();
        let (mut resources, mut missing) = (0, false);
        follow(vec![at], dependencies, |block| {
            let resource = matches!(blocks.get(block), Some(Block::Resource(_)));
            if resource {
                resources += 1;
                missing |= extents[block] == Extent::None;
            }
            // What a planned resource depends on is planned.
            seen.insert(block) && !resource && !missing
        });
        if resources > 0 && !missing {
            for block in seen {
                if extents[block] == Extent::None {
                    extents[block] = Extent::Whole;
                }
            }
        }
    }
}

fn exclude(
    blocks: &[Block],
    dependencies: &[Vec<u32>],
    excludes: &[Target],
    extents: &mut [Extent],
) {
    let mut dependents: Vec<Vec<u32>> = vec![Vec::new(); blocks.len()];
    for (at, on) in (0u32..).zip(dependencies) {
        for on in on {
            if let Some(dependents) = dependents.get_mut(*on as usize) {
                dependents.push(at);
            }
        }
    }
    let whole = |addr: &ResourceAddr| {
        excludes.iter().any(|target| selects_block(target, addr) && keyless(target))
    };
    let mut open = Vec::new();
    for block in matching(blocks, excludes) {
        open.extend(dependents[block].iter().map(|it| *it as usize));
        if matches!(&blocks[block], Block::Resource(addr) if whole(addr)) {
            extents[block] = Extent::None;
        }
    }
    let mut seen = vec![false; blocks.len()];
    follow(open, &dependents, |block| {
        // Locals and the like are harmless: whoever plans without the excluded ones needs them.
        if matches!(blocks[block], Block::Resource(_) | Block::Output) {
            extents[block] = Extent::None;
        }
        !std::mem::replace(&mut seen[block], true)
    });
}

fn keyless(target: &Target) -> bool {
    let (module, key) = match target {
        Target::Module(module) => (module, &InstanceKey::None),
        Target::Resource(instance) => (&instance.module, &instance.key),
    };
    *key == InstanceKey::None && module.0.iter().all(|(_, key)| *key == InstanceKey::None)
}

/// The instances that are deleted when everything is: targets and all that depend on them, without
/// exclusions and all that those depend on.
pub fn select_for_destroy(
    state: &PriorState,
    targets: &[Target],
    excludes: &[Target],
) -> BTreeSet<InstanceAddr> {
    let mut instances: BTreeMap<ResourceAddr, BTreeSet<&InstanceAddr>> = BTreeMap::new();
    let mut dependencies: BTreeMap<ResourceAddr, BTreeSet<&ResourceAddr>> = BTreeMap::new();
    let mut dependents: BTreeMap<&ResourceAddr, BTreeSet<ResourceAddr>> = BTreeMap::new();
    for (addr, object) in &state.objects {
        let own = addr.instance.config();
        instances.entry(own.clone()).or_default().insert(&addr.instance);
        for on in &object.dependencies {
            dependents.entry(on).or_default().insert(own.clone());
            dependencies.entry(own.clone()).or_default().insert(on);
        }
    }
    let named = |targets: &[Target]| -> Vec<&InstanceAddr> {
        let all = state.objects.keys().map(|addr| &addr.instance);
        all.filter(|addr| targets.iter().any(|target| selects(target, addr))).collect()
    };
    let mut selected: BTreeSet<InstanceAddr> = match targets.is_empty() {
        true => state.objects.keys().map(|addr| addr.instance.clone()).collect(),
        false => {
            let named = named(targets);
            let more =
                reach(&named, |resource| dependents.get(resource).into_iter().flatten().collect());
            let whole = more.iter().filter_map(|resource| instances.get(resource)).flatten();
            named.iter().chain(whole).map(|addr| (*addr).clone()).collect()
        }
    };
    let kept = named(excludes);
    let more = reach(&kept, |resource| {
        dependencies.get(resource).into_iter().flatten().copied().collect()
    });
    let whole = more.iter().filter_map(|resource| instances.get(resource)).flatten();
    for addr in kept.iter().chain(whole) {
        selected.remove(*addr);
    }
    selected
}

/// All resources that edges lead to from those of `start`.
fn reach<'r>(
    start: &[&InstanceAddr],
    edges: impl Fn(&ResourceAddr) -> Vec<&'r ResourceAddr>,
) -> BTreeSet<ResourceAddr> {
    let mut seen: BTreeSet<ResourceAddr> = BTreeSet::new();
    let begin: BTreeSet<ResourceAddr> = start.iter().map(|addr| addr.config()).collect();
    let mut open: Vec<ResourceAddr> = begin.into_iter().collect();
    while let Some(resource) = open.pop() {
        for next in edges(&resource) {
            if seen.insert(next.clone()) {
                open.push(next.clone());
            }
        }
    }
    seen
}

/// With targets every move must lie within them: else half of it would be planned.
pub fn check_moves(moves: &Moves, targets: &[Target]) -> Option<Diagnostic> {
    if targets.is_empty() {
        return None;
    }
    let outside = |addr: &&InstanceAddr| !targets.iter().any(|target| selects(target, addr));
    let missing: BTreeSet<&InstanceAddr> =
        moves.previous.iter().flat_map(|(new, old)| [new, old]).filter(outside).collect();
    if missing.is_empty() {
        return None;
    }
    let options: String = missing
        .iter()
        .map(|addr| format!("\n  -target={}", shell_quote(&addr.to_string())))
        .collect();
    let detail = format!(
        "Objects in the state have moved to new addresses in the configuration, and the plan must \
         include both their old and their new addresses, but the -target options do not. Plan \
         without -target, or add these options:{options}"
    );
    Some(Diagnostic::error("Moved resource instances excluded by targeting", detail))
}

fn shell_quote(text: &str) -> String {
    let plain = text.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-'));
    if plain { text.to_owned() } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests;
