//! What depends on what, seen while evaluating.
//!
//! A vertex is a resource instance, or a gate: a value, an expansion, a whole resource. Evaluating
//! something opens a frame; each reference site that is resolved adds the vertex it led to. Gates
//! keep the number of edges linear: N instances that read a value of M resources make N + M edges.

use std::cell::{Cell, RefCell};

use kprov_lang::Span;

/// Index of a vertex.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct VertexId(pub(crate) u32);

/// What one evaluation touched: reference sites and where they led.
pub(crate) type Touched = Vec<(Span, VertexId)>;

/// Collects vertices and edges. At apply the order is fixed already and nothing is recorded.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    off: bool,
    frames: RefCell<Vec<Touched>>,
    after: RefCell<Vec<Vec<VertexId>>>,
    count: Cell<u32>,
}

impl Recorder {
    /// One that records nothing.
    pub(crate) fn off() -> Recorder {
        Recorder { off: true, ..Recorder::default() }
    }

    /// Does it record?
    pub(crate) fn is_on(&self) -> bool {
        !self.off
    }

    /// A new vertex.
    pub(crate) fn vertex(&self) -> VertexId {
        self.vertices(1)
    }

    /// So many new vertices in a row; the first.
    pub(crate) fn vertices(&self, count: usize) -> VertexId {
        let first = self.count.get();
        if self.is_on() {
            let mut after = self.after.borrow_mut();
            let all = after.len() + count;
            after.resize_with(all, Vec::new);
        }
        self.count.set(first + u32::try_from(count).unwrap_or(u32::MAX));
        VertexId(first)
    }

    /// Runs `evaluate` and says what it touched.
    pub(crate) fn record<T>(&self, evaluate: impl FnOnce() -> T) -> (T, Touched) {
        if self.off {
            return (evaluate(), Touched::new());
        }
        self.frames.borrow_mut().push(Touched::new());
        let result = evaluate();
        let touched = self.frames.borrow_mut().pop().unwrap_or_default();
        (result, touched)
    }

    /// The reference at `site` leads to `vertex`.
    pub(crate) fn touch(&self, site: Span, vertex: VertexId) {
        if self.off {
            return;
        }
        if let Some(frame) = self.frames.borrow_mut().last_mut() {
            frame.push((site, vertex));
        }
    }

    /// `vertex` comes after all of `before`.
    pub(crate) fn order(&self, vertex: VertexId, before: impl IntoIterator<Item = VertexId>) {
        if self.off {
            return;
        }
        let mut after = self.after.borrow_mut();
        if let Some(edges) = after.get_mut(vertex.0 as usize) {
            edges.extend(before);
            edges.sort_unstable();
            edges.dedup();
        }
    }

    /// All vertices by what each comes after.
    pub(crate) fn finish(&self) -> Vec<Vec<VertexId>> {
        self.after.take()
    }
}
