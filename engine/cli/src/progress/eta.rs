//! How long it may still take, from how long the like of it took before.

use std::collections::BTreeMap;
use std::time::Duration;

use kprov_apply::Verb;
use kprov_core::Str;
use kprov_plan::{OperationKind, Plan};

/// What an operation is like, for its duration: the resource type and what is done.
pub(crate) type Kind = (Str, Verb);

/// How long operations took in earlier runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct History(BTreeMap<Kind, (Duration, u32)>);

impl History {
    /// Takes one into account.
    pub(crate) fn add(&mut self, kind: Kind, took: Duration) {
        let (sum, count) = self.0.entry(kind).or_default();
        *sum = sum.saturating_add(took);
        *count = count.saturating_add(1);
    }

    /// The mean of its like, else of all: `None` without any history.
    fn expected(&self, kind: &Kind) -> Option<Duration> {
        if let Some((sum, count)) = self.0.get(kind) {
            return Some(*sum / (*count).max(1));
        }
        let (sum, count) = self.0.values().fold((Duration::ZERO, 0u32), |(sum, count), entry| {
            (sum.saturating_add(entry.0), count.saturating_add(entry.1))
        });
        (count > 0).then(|| sum / count)
    }
}

/// What is left to do.
#[derive(Clone, Debug, Default)]
pub(crate) struct Work {
    left: BTreeMap<Kind, u64>,
    /// Operations in all.
    pub(super) total: u64,
    /// Operations that ended, well or not.
    pub(super) done: u64,
    history: History,
    parallelism: u32,
}

impl Work {
    /// The provider calls of a plan.
    pub(crate) fn of(plan: &Plan, history: History, parallelism: usize) -> Work {
        let mut work = Work { history, ..Work::default() };
        work.parallelism = u32::try_from(parallelism).unwrap_or(u32::MAX).max(1);
        for operation in &plan.operations {
            let (index, verb) = match operation.kind {
                OperationKind::Create(index) => (index, Verb::Create),
                OperationKind::Update(index) => (index, Verb::Update),
                OperationKind::Delete(index) => (index, Verb::Delete),
                OperationKind::Read(index) => (index, Verb::Read),
                OperationKind::Import(index) => (index, Verb::Import),
                OperationKind::Gate | OperationKind::Forget(_) | OperationKind::Record(_) => {
                    continue;
                }
            };
            let Some(change) = plan.changes.get(index as usize) else { continue };
            *work.left.entry((change.addr.resource.ty.clone(), verb)).or_default() += 1;
            work.total += 1;
        }
        work
    }

    /// One has ended.
    pub(super) fn ended(&mut self, kind: &Kind) {
        if let Some(left) = self.left.get_mut(kind) {
            *left = left.saturating_sub(1);
        }
        self.done += 1;
        self.total = self.total.max(self.done);
    }

    /// How long it may still take: what is left, less what those under way have behind them, spread
    /// over as many calls as run at a time. `None` without history.
    pub(super) fn eta(&self, running: &[(Kind, Duration)]) -> Option<Duration> {
        let mut sum = Duration::ZERO;
        for (kind, count) in &self.left {
            if *count > 0 {
                let count = u32::try_from(*count).unwrap_or(u32::MAX);
                sum = sum.saturating_add(self.history.expected(kind)?.saturating_mul(count));
            }
        }
        let mut longest = Duration::ZERO;
        for (kind, elapsed) in running {
            let expected = self.history.expected(kind)?;
            sum = sum.saturating_sub((*elapsed).min(expected));
            longest = longest.max(expected.saturating_sub(*elapsed));
        }
        Some((sum / self.parallelism.max(1)).max(longest))
    }
}
