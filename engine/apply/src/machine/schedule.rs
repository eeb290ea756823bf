//! [`Schedule`]: which operations may start, in which order.
//!
//! An operation is ready when all before it are done. Of those that are ready, the one with the
//! longest chain of work behind it goes first. Everything is computed in time linear in operations
//! and edges; what depends on a failed operation is skipped, each once.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use kprov_plan::{Operation, OperationIndex, OperationKind};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// For so many others.
    Waiting(u32),
    Started,
    Skipped,
}

#[derive(Debug)]
pub(super) struct Schedule {
    standing: Vec<Standing>,
    dependents: Vec<Vec<u32>>,
    /// Calls on the longest way from here to the end, this one included.
    rank: Vec<u32>,
    /// Those that need no call.
    immediate: Vec<u32>,
    /// Those that do: longest way first, then the plan's order.
    calls: BinaryHeap<(u32, Reverse<u32>)>,
    needs_call: Vec<bool>,
}

fn needs_call(kind: OperationKind) -> bool {
    match kind {
        OperationKind::Create(_)
        | OperationKind::Update(_)
        | OperationKind::Delete(_)
        | OperationKind::Read(_) => true,
        OperationKind::Gate
        | OperationKind::Forget(_)
        | OperationKind::Import(_)
        | OperationKind::Record(_) => false,
    }
}

impl Schedule {
    /// `operations` are in topological order: each after all of its `after`.
    pub(super) fn new(operations: &[Operation]) -> Schedule {
        let count = operations.len();
        let mut dependents: Vec<Vec<u32>> = vec![Vec::new(); count];
        for (index, operation) in (0u32..).zip(operations) {
            for before in &operation.after {
                dependents[before.0 as usize].push(index);
            }
        }
        let needs_call: Vec<bool> = operations.iter().map(|op| needs_call(op.kind)).collect();
        let mut rank = vec![0u32; count];
        for index in (0..count).rev() {
            let behind = dependents[index].iter().map(|&next| rank[next as usize]).max();
            rank[index] = behind.unwrap_or(0) + u32::from(needs_call[index]);
        }
        let standing = operations
            .iter()
            .map(|op| Standing::Waiting(u32::try_from(op.after.len()).unwrap_or(u32::MAX)))
            .collect();
        let mut schedule = Schedule {
            standing,
            dependents,
            rank,
            immediate: Vec::new(),
            calls: BinaryHeap::new(),
            needs_call,
        };
        for (index, operation) in (0u32..).zip(operations) {
            if operation.after.is_empty() {
                schedule.enqueue(index);
            }
        }
        schedule
    }

    fn enqueue(&mut self, index: u32) {
        let at = index as usize;
        if self.needs_call[at] {
            self.calls.push((self.rank[at], Reverse(index)));
        } else {
            self.immediate.push(index);
        }
    }

    /// The next operation that needs no call.
    pub(super) fn next_immediate(&mut self) -> Option<OperationIndex> {
        let index = self.immediate.pop()?;
        self.standing[index as usize] = Standing::Started;
        Some(OperationIndex(index))
    }

    /// The next operation that needs one.
    pub(super) fn next_call(&mut self) -> Option<OperationIndex> {
        let (_, Reverse(index)) = self.calls.pop()?;
        self.standing[index as usize] = Standing::Started;
        Some(OperationIndex(index))
    }

    /// `operation` is done: what waited only for it becomes ready.
    pub(super) fn done(&mut self, operation: OperationIndex) {
        let dependents = std::mem::take(&mut self.dependents[operation.0 as usize]);
        for &next in &dependents {
            if let Standing::Waiting(others) = self.standing[next as usize] {
                let others = others.saturating_sub(1);
                self.standing[next as usize] = Standing::Waiting(others);
                if others == 0 {
                    self.enqueue(next);
                }
            }
        }
    }

    /// `operation` failed: what depends on it, directly or not, never starts. Says which of those
    /// need calls (gates and notes are nobody's loss).
    pub(super) fn fail(&mut self, operation: OperationIndex) -> usize {
        let mut lost = 0;
        let mut stack = std::mem::take(&mut self.dependents[operation.0 as usize]);
        while let Some(next) = stack.pop() {
            let at = next as usize;
            if matches!(self.standing[at], Standing::Waiting(_)) {
                self.standing[at] = Standing::Skipped;
                lost += usize::from(self.needs_call[at]);
                stack.append(&mut self.dependents[at]);
            }
        }
        lost
    }

    /// Nothing more starts. Says how many calls that costs.
    pub(super) fn stop(&mut self) -> usize {
        self.immediate.clear();
        self.calls.clear();
        let mut lost = 0;
        for (at, standing) in self.standing.iter_mut().enumerate() {
            if matches!(standing, Standing::Waiting(_)) {
                *standing = Standing::Skipped;
                lost += usize::from(self.needs_call[at]);
            }
        }
        lost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(edges: &[(OperationKind, &[u32])]) -> Schedule {
        let operations: Vec<Operation> = edges
            .iter()
            .map(|(kind, after)| Operation {
                kind: *kind,
                after: after.iter().map(|&a| OperationIndex(a)).collect(),
            })
            .collect();
        Schedule::new(&operations)
    }

    fn calls(schedule: &mut Schedule) -> Vec<u32> {
        std::iter::from_fn(|| schedule.next_call()).map(|op| op.0).collect()
    }

    const CREATE: OperationKind = OperationKind::Create(0);
    const GATE: OperationKind = OperationKind::Gate;

    #[test]
    fn longest_way_first_then_the_plans_order() {
        let mut schedule =
            plan(&[(CREATE, &[]), (CREATE, &[]), (CREATE, &[]), (CREATE, &[1]), (CREATE, &[3])]);
        assert_eq!(calls(&mut schedule), [1, 0, 2]);
        schedule.done(OperationIndex(1));
        assert_eq!(calls(&mut schedule), [3]);
    }

    #[test]
    fn gates_join_and_cost_nothing() {
        let mut schedule = plan(&[(CREATE, &[]), (CREATE, &[]), (GATE, &[0, 1]), (CREATE, &[2])]);
        assert_eq!(calls(&mut schedule), [0, 1]);
        schedule.done(OperationIndex(0));
        assert_eq!(schedule.next_immediate(), None);
        schedule.done(OperationIndex(1));
        assert_eq!(schedule.next_immediate(), Some(OperationIndex(2)));
        schedule.done(OperationIndex(2));
        assert_eq!(calls(&mut schedule), [3]);
    }

    #[test]
    fn a_failure_costs_what_depends_on_it_and_no_more() {
        let mut schedule = plan(&[
            (CREATE, &[]),
            (CREATE, &[]),
            (GATE, &[0, 1]),
            (CREATE, &[2]),
            (CREATE, &[1]),
            (CREATE, &[3, 4]),
        ]);
        assert_eq!(calls(&mut schedule), [0, 1]);
        assert_eq!(schedule.fail(OperationIndex(0)), 2);
        schedule.done(OperationIndex(1));
        assert_eq!(calls(&mut schedule), [4]);
        schedule.done(OperationIndex(4));
        assert_eq!(calls(&mut schedule), [] as [u32; 0]);
        assert_eq!(schedule.stop(), 0);
    }
}
