//! [`Faults`]: what goes wrong in one run. Percentages are per call, append or read.

use crate::dice::Dice;

#[derive(Clone, Debug)]
pub(crate) struct Faults {
    pub(crate) parallelism: usize,
    /// Calls that are refused.
    pub(crate) rejected: u32,
    /// Calls that are throttled.
    pub(crate) retryable: u32,
    /// Calls whose reply or whose request is lost.
    pub(crate) ambiguous: u32,
    /// Calls that take a hundred times longer.
    pub(crate) slow: u32,
    /// Appends that fail, written or not.
    pub(crate) store: u32,
    /// Reads that fail.
    pub(crate) reads: u32,
    /// How long new objects stay invisible to others.
    pub(crate) hidden_ms: u64,
    /// How often somebody else interferes during the run.
    pub(crate) drifts: usize,
    /// The process dies at this step.
    pub(crate) dies_at: Option<usize>,
    /// The user wants an object replaced, whichever.
    pub(crate) replaces: bool,
    /// The user wants to stop at these times.
    pub(crate) interrupts_ms: Vec<u64>,
}

impl Faults {
    /// All is well.
    pub(crate) fn none() -> Faults {
        Faults {
            parallelism: 4,
            rejected: 0,
            retryable: 0,
            ambiguous: 0,
            slow: 0,
            store: 0,
            reads: 0,
            hidden_ms: 0,
            drifts: 0,
            dies_at: None,
            replaces: false,
            interrupts_ms: Vec::new(),
        }
    }

    /// Each kind of trouble is there or not, so that rare combinations happen too.
    pub(crate) fn random(dice: &mut Dice) -> Faults {
        let mut some = |percent: u32, rate: u32| if dice.chance(percent) { rate } else { 0 };
        let (rejected, retryable) = (some(30, 15), some(40, 30));
        let (ambiguous, slow) = (some(50, 25), some(30, 20));
        let (store, reads, hidden) = (some(15, 4), some(10, 3), some(30, 200));
        let parallelism = 1 + dice.below(8);
        let drifts = if dice.chance(20) { 1 + dice.below(2) } else { 0 };
        let dies_at = dice.chance(50).then(|| dice.below(60));
        let replaces = dice.chance(15);
        let mut interrupts_ms = Vec::new();
        while dice.chance(15) && interrupts_ms.len() < 2 {
            interrupts_ms.push(dice.below(400) as u64);
        }
        Faults {
            parallelism,
            rejected,
            retryable,
            ambiguous,
            slow,
            store,
            reads,
            hidden_ms: hidden.into(),
            drifts,
            dies_at,
            replaces,
            interrupts_ms,
        }
    }
}

/// A product that is broken on purpose, by a driver that lies to it: the simulation must notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mutant {
    /// Says that a batch is durable before it is written.
    EarlyAnswer,
    /// Says that a batch is durable and never writes it.
    LostBatch,
    /// Takes lost replies for refusals.
    AmbiguousIsRejected,
    /// Closes open intents without looking.
    BlindSettling,
    /// Runs operations in any order.
    NoOrder,
    /// Makes one call more at a time than allowed.
    Greedy,
}
