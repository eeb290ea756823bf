//! The order of the steps.

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
        self.vertices.push(Vertex { kind, after: Vec::new() });
        index
    }

    /// Makes `vertex` depend on `on`.
    pub fn depend(&mut self, vertex: u32, on: u32) {
        if let Some(vertex) = self.vertices.get_mut(vertex as usize) {
            vertex.after.push(on);
        }
    }
}
