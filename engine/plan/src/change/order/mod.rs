//! [`order`]: the plan's changes as steps, each after those that must be done before.
//!
//! What must hold:
//! - Something is written after what its configuration refers to.
//! - A resource is deleted after everything that was recorded to depend on it is deleted.
//! - Replacing deletes first, or with create_before_destroy creates first. A dependent is changed
//!   after the delete of what it depended on, but before it under create_before_destroy.
//! - Deleting a dependent comes before changing what it depends on.
//! - What wishes to come after something does ([`DependencyGraph::wish`]).
//! - N things that depend on M things cost N + M edges, and what does not change costs no step.
//!
//! Rules that contradict each other give way in that order, from the last; if the first alone go
//! round in circles, the circle is reported by name.

mod recorded;
mod reduce;
mod sort;
#[cfg(test)]
mod tests;

use kprov_core::{Diagnostic, Diagnostics, ResourceAddr};

use crate::{Action, Change, Operation, OperationKind, ReplaceOrder};

/// What a vertex stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VertexKind {
    /// A value that many may refer to (a variable, local, output, whole resource, module):
    /// nothing is done there.
    Gate,
    /// The writing of the current object of this change (index into the plan's changes).
    Change(u32),
}

/// Something that depends on others.
#[derive(Clone, Debug)]
pub struct Vertex {
    /// What.
    pub kind: VertexKind,
    /// Vertices that it depends on by configuration; any order.
    pub after: Vec<u32>,
    /// Vertices that it had better come after, unless something contradicts that; any order.
    pub wishes: Vec<u32>,
}

/// Who depends on whom by configuration, as found while it was evaluated. No cycles.
#[derive(Clone, Debug, Default)]
pub struct DependencyGraph {
    /// Referred to by index.
    pub vertices: Vec<Vertex>,
}

impl DependencyGraph {
    /// Adds a vertex and says its index.
    pub fn add(&mut self, kind: VertexKind) -> u32 {
        let index = u32::try_from(self.vertices.len()).unwrap_or(u32::MAX);
        self.vertices.push(Vertex { kind, after: Vec::new(), wishes: Vec::new() });
        index
    }

    /// Makes `vertex` depend on `on`.
    pub fn depend(&mut self, vertex: u32, on: u32) {
        if let Some(vertex) = self.vertices.get_mut(vertex as usize) {
            vertex.after.push(on);
        }
    }

    /// Wishes that `vertex` comes after `on`.
    pub fn wish(&mut self, vertex: u32, on: u32) {
        if let Some(vertex) = self.vertices.get_mut(vertex as usize) {
            vertex.wishes.push(on);
        }
    }
}

/// What the state knows of a change's prior object. The default: there is none.
#[derive(Clone, Copy, Debug, Default)]
pub struct Recorded<'a> {
    /// Resources it refers to, and what its provider's configuration refers to.
    pub dependencies: &'a [ResourceAddr],
    /// Was it made with create_before_destroy?
    pub create_before_destroy: bool,
    /// Must the state be written although nothing changes (other dependencies, refreshed content)?
    /// A move is seen without this.
    pub stale: bool,
    /// Does the object that a `CreateFirst` deposes stay until a later phase?
    pub kept: bool,
}

/// Puts the changes in order. `recorded` goes with `changes`, item by item; what it lacks has no
/// prior object.
///
/// # Errors
/// A cycle, with the names of all in it.
pub fn order(
    changes: &[Change],
    recorded: &[Recorded<'_>],
    graph: &DependencyGraph,
) -> Result<Vec<Operation>, Diagnostics> {
    let mut steps = Steps::of(changes, recorded);
    if steps.nodes.is_empty() {
        return Ok(Vec::new());
    }
    steps.follow_configuration(graph);
    if steps.of_change.iter().any(|own| own.delete.is_some()) {
        recorded::follow(&mut steps, changes, recorded);
    }
    let order = sort::sort(&mut steps.nodes).map_err(|cycle| report(changes, &steps, &cycle))?;
    Ok(reduce::reduce(&steps.nodes, &order))
}

/// How much an edge matters when edges contradict each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Strength {
    /// Order that Terraform keeps too, though nothing breaks at once without it.
    Wish,
    /// A delete after the deletes of recorded dependents.
    Recorded,
    /// Configuration, and the halves of a replacement.
    Must,
}

/// A step, or a gate that may vanish in the end.
#[derive(Debug)]
struct Node {
    kind: OperationKind,
    after: Vec<(u32, Strength)>,
}

/// The nodes of one change.
#[derive(Clone, Copy, Debug, Default)]
struct Own {
    /// Taken over by import, before all else.
    import: Option<u32>,
    /// Create, update or read: what dependents wait for.
    write: Option<u32>,
    /// Delete of the prior object, or its forgetting.
    delete: Option<u32>,
    /// Is the prior object deleted only after dependents have let go of it?
    late_delete: bool,
}

#[derive(Debug, Default)]
struct Steps {
    nodes: Vec<Node>,
    of_change: Vec<Own>,
}

impl Steps {
    /// The steps of each change and the order among its own.
    fn of(changes: &[Change], recorded: &[Recorded<'_>]) -> Steps {
        let mut steps = Steps::default();
        for (index, change) in (0u32..).zip(changes) {
            let recorded = recorded.get(index as usize).copied().unwrap_or_default();
            let own = steps.own(index, change, recorded);
            steps.of_change.push(own);
        }
        steps.deposed_last(changes);
        steps
    }

    /// Deposed objects go when the current one is there, whose making may fail.
    fn deposed_last(&mut self, changes: &[Change]) {
        let mut write = None;
        for (index, change) in changes.iter().enumerate() {
            let own = self.of_change[index];
            if change.deposed.is_none() {
                write = own.write.map(|write| (&change.addr, write));
            } else if let (Some((addr, write)), Some(delete)) = (write, own.delete)
                && *addr == change.addr
            {
                self.edge(delete, write, Strength::Wish);
            }
        }
    }

    fn own(&mut self, index: u32, change: &Change, recorded: Recorded<'_>) -> Own {
        use OperationKind::{Create, Delete, Forget, Import, Read, Record, Update};
        let mut own = Own::default();
        if change.importing.is_some() {
            own.import = Some(self.add(Import(index)));
        }
        match change.action {
            Action::NoOp if own.import.is_some() => {}
            // Conditions that were unknown are checked then, so what they refer to comes first.
            Action::NoOp if change.previous_addr.is_some() || recorded.stale => {
                own.write = Some(self.add(Record(index)));
            }
            Action::NoOp => {}
            Action::Create => own.write = Some(self.add(Create(index))),
            Action::Replace(ReplaceOrder::CreateFirst) if recorded.kept => {
                own.write = Some(self.add(Create(index)));
            }
            Action::Read => own.write = Some(self.add(Read(index))),
            Action::Update => own.write = Some(self.add(Update(index))),
            Action::Replace(order) => {
                let (delete, create) = (self.add(Delete(index)), self.add(Create(index)));
                own.delete = Some(delete);
                own.write = Some(create);
                own.late_delete = order == ReplaceOrder::CreateFirst;
                match order {
                    ReplaceOrder::DeleteFirst => self.edge(create, delete, Strength::Must),
                    ReplaceOrder::CreateFirst => self.edge(delete, create, Strength::Must),
                }
            }
            Action::Delete => {
                own.delete = Some(self.add(Delete(index)));
                own.late_delete = change.deposed.is_some() || recorded.create_before_destroy;
            }
            // Forgotten like deleted: what the state knows of order must outlive what needs it, or
            // a run that dies in between leaves the next one without it.
            Action::Forget => own.delete = Some(self.add(Forget(index))),
        }
        if let Some(import) = own.import {
            for later in [own.write, own.delete].into_iter().flatten() {
                self.edge(later, import, Strength::Must);
            }
        }
        own
    }

    fn add(&mut self, kind: OperationKind) -> u32 {
        self.nodes.push(Node { kind, after: Vec::new() });
        u32::try_from(self.nodes.len() - 1).unwrap_or(u32::MAX)
    }

    fn gate(&mut self) -> u32 {
        self.add(OperationKind::Gate)
    }

    fn edge(&mut self, node: u32, after: u32, strength: Strength) {
        self.nodes[node as usize].after.push((after, strength));
    }

    /// Edges of the configuration. What does not change still passes order on from what it depends
    /// on to what depends on it.
    fn follow_configuration(&mut self, graph: &DependencyGraph) {
        let of_vertex: Vec<u32> = graph
            .vertices
            .iter()
            .map(|vertex| {
                let own = match vertex.kind {
                    VertexKind::Gate => Own::default(),
                    VertexKind::Change(change) => {
                        self.of_change.get(change as usize).copied().unwrap_or_default()
                    }
                };
                own.write.unwrap_or_else(|| {
                    let gate = self.gate();
                    if let Some(import) = own.import {
                        self.edge(gate, import, Strength::Must);
                    }
                    gate
                })
            })
            .collect();
        for (vertex, &node) in graph.vertices.iter().zip(&of_vertex) {
            let must = vertex.after.iter().map(|on| (*on, Strength::Must));
            for (on, strength) in must.chain(vertex.wishes.iter().map(|on| (*on, Strength::Wish))) {
                if let Some(&on) = of_vertex.get(on as usize).filter(|on| **on != node) {
                    self.edge(node, on, strength);
                }
            }
        }
    }
}

/// The circle, for people.
fn report(changes: &[Change], steps: &Steps, cycle: &[u32]) -> Diagnostics {
    let name = |change: u32, what: &str| {
        changes.get(change as usize).map(|change| format!("{} ({what})", change.addr))
    };
    let names: Vec<String> = cycle
        .iter()
        .filter_map(|node| match steps.nodes[*node as usize].kind {
            OperationKind::Gate => None,
            OperationKind::Create(change) => name(change, "create"),
            OperationKind::Update(change) => name(change, "update"),
            OperationKind::Delete(change) => name(change, "destroy"),
            OperationKind::Read(change) => name(change, "read"),
            OperationKind::Forget(change) => name(change, "forget"),
            OperationKind::Import(change) => name(change, "import"),
            OperationKind::Record(change) => name(change, "record"),
        })
        .collect();
    let detail = format!(
        "These steps each wait for the next, and the last for the first: {}. Remove one of the \
         references between them, or apply in two runs with -target.",
        names.join(", ")
    );
    Diagnostic::error("Cycle in the order of changes", detail).into()
}
