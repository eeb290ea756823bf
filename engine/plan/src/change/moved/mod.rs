//! `moved` blocks and implied moves: objects get new addresses before anything is compared.
//!
//! What must hold: an object moves to a free address or stays; a chain of moves ends at its last
//! address with its first as the previous one; blocks in a module act in each of its instances. Each
//! statement looks only at the stretch of the state that it names.

mod endpoint;
mod follow;
mod sequence;
mod validate;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use kprov_core::addr::Target;
use kprov_core::{
    Diagnostic, Diagnostics, InstanceAddr, InstanceKey, ModuleAddr, ModulePath, ObjectAddr,
    ResourceMode, ResourceName, Str,
};
use kprov_lang::config::{ModuleTree, Repetition};
use kprov_lang::{SourceMap, Span};

pub use endpoint::Endpoint;
pub use follow::Followed;
pub use validate::{Declarations, validate_moves};

use crate::PriorState;

/// One `moved` block, or an implied move.
#[derive(Clone, Debug)]
pub struct Statement {
    /// The module that it stands in: it acts in all of its instances.
    pub module: ModulePath,
    /// From where.
    pub from: Endpoint,
    /// To where.
    pub to: Endpoint,
    /// The block; none for an implied move.
    pub place: Option<Span>,
}

/// What moved.
#[derive(Clone, Debug, Default)]
pub struct Moves {
    /// New address to the one before all moves.
    pub previous: BTreeMap<InstanceAddr, InstanceAddr>,
    /// What stays because its new address is taken: from, to.
    pub blocked: Vec<(String, String)>,
}

impl Moves {
    /// The state with the objects at their new addresses.
    pub fn relocate(&self, mut state: PriorState) -> PriorState {
        if self.previous.is_empty() {
            return state;
        }
        let of: BTreeMap<_, _> = self.previous.iter().map(|(new, old)| (old, new)).collect();
        let objects = std::mem::take(&mut state.objects);
        state.objects = objects
            .into_iter()
            .map(|(addr, object)| match of.get(&addr.instance) {
                Some(new) => {
                    (ObjectAddr { instance: (*new).clone(), deposed: addr.deposed }, object)
                }
                None => (addr, object),
            })
            .collect();
        let moves = self.previous.iter().map(|(new, old)| (old, new));
        let followed = Followed::new(moves, state.objects.keys().map(|addr| &addr.instance));
        for object in state.objects.values_mut() {
            if let Some(dependencies) = followed.follow(&object.dependencies) {
                object.dependencies = dependencies;
            }
        }
        state
    }

    /// Terraform's warning about moves that did not happen.
    pub fn warning(&self) -> Option<Diagnostic> {
        if self.blocked.is_empty() {
            return None;
        }
        let mut list = String::new();
        for (from, to) in &self.blocked {
            list.push_str(&format!("\n  - {from} could not move to {to}"));
        }
        let detail = format!(
            "There are already objects at these addresses, so that what should have moved there \
             stays where it is, and is planned by the configuration at its old address:{list}\n\n\
             To use the old objects, remove or move those in the way, for example with state mv."
        );
        Some(Diagnostic::warning("Unresolved resource instance address changes", detail))
    }
}

/// All statements of a configuration: `moved` blocks, and for resources that none of them mentions
/// the step from one instance to index 0 or back.
pub fn statements(tree: &ModuleTree, sources: &SourceMap) -> (Vec<Statement>, Diagnostics) {
    let mut statements = Vec::new();
    let mut problems = Diagnostics::new();
    for (path, module) in &tree.modules {
        for moved in &module.moved {
            if let Some(problem) = idle(&moved.from).or_else(|| idle(&moved.to)) {
                problems.push(problem.at(sources.range(moved.span)));
                continue;
            }
            let (from, to) = endpoint::unify(&moved.from, &moved.to);
            let (module, place) = (path.clone(), Some(moved.span));
            statements.push(Statement { module, from, to, place });
        }
    }
    let mentioned: BTreeSet<(ModulePath, ResourceName)> = statements
        .iter()
        .flat_map(|statement| [&statement.from, &statement.to].map(|end| (statement, end)))
        .filter_map(|(statement, end)| Some((end.path(&statement.module), end.resource()?.clone())))
        .collect();
    for (path, module) in &tree.modules {
        for (name, resource) in &module.resources {
            let key = (path.clone(), name.clone());
            if name.mode != ResourceMode::Managed || mentioned.contains(&key) {
                continue;
            }
            let (from, to) = match resource.repetition {
                Repetition::Count(_) => (InstanceKey::None, InstanceKey::Int(0)),
                Repetition::Once => (InstanceKey::Int(0), InstanceKey::None),
                Repetition::ForEach(_) => continue,
            };
            let end = |key| Endpoint::instance(name.clone(), key);
            let (from, to) = (end(from), end(to));
            statements.push(Statement { module: path.clone(), from, to, place: None });
        }
    }
    (statements, problems)
}

/// Terraform takes such blocks, to no effect.
fn idle(target: &Target) -> Option<Diagnostic> {
    match target {
        Target::Resource(instance) if instance.resource.mode != ResourceMode::Managed => {
            let detail = format!(
                "This block has no effect: {instance} has no object in the state that could move, \
                 because data sources and ephemeral resources are read again each time. Remove it."
            );
            Some(Diagnostic::warning("Move without effect", detail))
        }
        _ => None,
    }
}

/// Carries out the statements on the addresses of a state.
///
/// # Errors
/// A move to another resource type, a cycle.
pub fn apply_moves(
    statements: &[Statement],
    state: &PriorState,
    sources: &SourceMap,
) -> Result<Moves, Diagnostics> {
    if statements.is_empty() || state.objects.is_empty() {
        return Ok(Moves::default());
    }
    let order = sequence::sequence(statements)
        .map_err(|cycle| validate::cycle(statements, &cycle, sources))?;
    let mut mover = Mover::new(state, statements);
    let mut problems = Diagnostics::new();
    for at in order {
        mover.carry_out(&statements[at], sources, &mut problems);
    }
    if problems.has_errors() { Err(problems) } else { Ok(mover.moves) }
}

struct Mover {
    /// Where objects are now.
    addresses: BTreeSet<InstanceAddr>,
    /// Module instances of each path that statements stand in.
    modules: BTreeMap<ModulePath, BTreeSet<ModuleAddr>>,
    moves: Moves,
}

impl Mover {
    fn new(state: &PriorState, statements: &[Statement]) -> Mover {
        let addresses: BTreeSet<InstanceAddr> =
            state.objects.keys().map(|addr| addr.instance.clone()).collect();
        let paths = statements.iter().map(|statement| statement.module.clone());
        let mut modules: BTreeMap<ModulePath, BTreeSet<ModuleAddr>> =
            paths.map(|path| (path, BTreeSet::new())).collect();
        let mut last: Option<&ModuleAddr> = None;
        for addr in &addresses {
            if last != Some(&addr.module) {
                note(&mut modules, &addr.module);
                last = Some(&addr.module);
            }
        }
        Mover { addresses, modules, moves: Moves::default() }
    }

    fn carry_out(&mut self, statement: &Statement, sources: &SourceMap, out: &mut Diagnostics) {
        let instances = self.modules.get(&statement.module).cloned().unwrap_or_default();
        for base in instances {
            match (&statement.from, &statement.to) {
                (Endpoint::Module { .. }, Endpoint::Module { .. }) => {
                    self.move_modules(&base, &statement.from, &statement.to);
                }
                _ => {
                    if let Some(problem) = self.move_resource(&base, statement) {
                        out.push(match statement.place {
                            Some(place) => problem.at(sources.range(place)),
                            None => problem,
                        });
                    }
                }
            }
        }
    }

    /// Every module instance that the endpoint names, each with all that is inside.
    fn move_modules(&mut self, base: &ModuleAddr, from: &Endpoint, to: &Endpoint) {
        let start = from.module_in(base);
        // Outer modules sort before inner ones: what is inside is one stretch for each depth.
        let deepest = self.addresses.last().map_or(0, |addr| addr.module.0.len());
        let inside: Vec<InstanceAddr> = (start.0.len()..=deepest)
            .flat_map(|depth| {
                from_module(&self.addresses, &first_at(&start, depth))
                    .take_while(|addr| from.selects(base, &addr.module))
            })
            .cloned()
            .collect();
        for group in inside.chunk_by(|a, b| a.module == b.module) {
            let Some(new) = to.relocated(base, &group[0].module, start.0.len()) else { continue };
            let taken =
                from_module(&self.addresses, &new).next().is_some_and(|addr| addr.module == new);
            if taken {
                self.moves.blocked.push((group[0].module.to_string(), new.to_string()));
                continue;
            }
            note(&mut self.modules, &new);
            for addr in group {
                self.put(addr, InstanceAddr { module: new.clone(), ..addr.clone() });
            }
        }
    }

    fn move_resource(&mut self, base: &ModuleAddr, statement: &Statement) -> Option<Diagnostic> {
        let (from, to) = (statement.from.resource_in(base)?, statement.to.resource_in(base)?);
        let (from, from_key) = from;
        let (to, to_key) = to;
        let whole = from_key.is_none();
        let all: Vec<InstanceAddr> = self
            .addresses
            .range(&from..)
            .take_while(|addr| addr.module == from.module && addr.resource == from.resource)
            .filter(|addr| from_key.as_ref().is_none_or(|key| addr.key == *key))
            .cloned()
            .collect();
        let first = all.first()?;
        let key = to_key.unwrap_or_else(|| first.key.clone());
        let target = InstanceAddr { key, ..to.clone() };
        let taken = match whole {
            true => self
                .addresses
                .range(&to..)
                .next()
                .is_some_and(|addr| addr.module == to.module && addr.resource == to.resource),
            false => self.addresses.contains(&target),
        };
        if taken {
            // An implied move is only a guess; the block that stands there counts.
            if statement.place.is_some() {
                self.moves.blocked.push(match whole {
                    true => (from.to_string(), to.to_string()),
                    false => (first.to_string(), target.to_string()),
                });
            }
            return None;
        }
        if from.resource.ty != to.resource.ty {
            return Some(other_type(&from, &to));
        }
        note(&mut self.modules, &to.module);
        for addr in &all {
            let key = if whole { addr.key.clone() } else { target.key.clone() };
            self.put(addr, InstanceAddr { key, ..to.clone() });
        }
        None
    }

    fn put(&mut self, old: &InstanceAddr, new: InstanceAddr) {
        self.addresses.remove(old);
        let first = self.moves.previous.remove(old).unwrap_or_else(|| old.clone());
        if first != new {
            self.moves.previous.insert(new.clone(), first);
        }
        self.addresses.insert(new);
    }
}

/// Sorts before every module instance of that depth inside `module`.
fn first_at(module: &ModuleAddr, depth: usize) -> ModuleAddr {
    let inside = std::iter::repeat_n((Str::new(""), InstanceKey::None), depth - module.0.len());
    ModuleAddr(module.0.iter().cloned().chain(inside).collect())
}

/// All addresses from the first of a module instance on.
fn from_module<'s>(
    addresses: &'s BTreeSet<InstanceAddr>,
    module: &ModuleAddr,
) -> impl Iterator<Item = &'s InstanceAddr> + use<'s> {
    let nothing = Str::new("");
    let resource = ResourceName { mode: ResourceMode::Data, ty: nothing.clone(), name: nothing };
    let start = InstanceAddr { module: module.clone(), resource, key: InstanceKey::None };
    addresses.range((Bound::Included(start), Bound::Unbounded))
}

/// Remembers a module instance, and those around it, under the paths that statements stand in.
fn note(modules: &mut BTreeMap<ModulePath, BTreeSet<ModuleAddr>>, module: &ModuleAddr) {
    for end in 0..=module.0.len() {
        let around = ModuleAddr(module.0[..end].into());
        if let Some(instances) = modules.get_mut(&around.path()) {
            instances.insert(around);
        }
    }
}

fn other_type(from: &InstanceAddr, to: &InstanceAddr) -> Diagnostic {
    let detail = format!(
        "{from} cannot move to {to}: the object in the state is of another type, and no provider \
         here can turn one into the other. Remove the \"moved\" block to replace the object, or \
         take the object out of the state with a \"removed\" block and import it anew."
    );
    Diagnostic::error("Unsupported `moved` across resource types", detail).of(to)
}
