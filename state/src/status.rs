//! The status machines of an operation and of a run: small, total, without data. Whatever stores
//! a journal asks these before it takes an entry.

use crate::{Entry, FailureClass, OpId};

/// Where an operation stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OpStatus {
    /// Never intended.
    #[default]
    Absent,
    /// Intended, no certain outcome yet: after a crash it is to be settled.
    Open,
    /// Done.
    Succeeded,
    /// For certain not done.
    Failed,
    /// Its outcome was found out later.
    Settled,
}

/// What an entry says about an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OpStep {
    /// [`Entry::Intended`]
    Intended,
    /// [`Entry::Succeeded`]
    Succeeded,
    /// [`Entry::Failed`], and nothing happened.
    Failed,
    /// [`Entry::Failed`], but it may have happened.
    Doubtful,
    /// [`Entry::Settled`]
    Settled,
}

impl OpStatus {
    /// All of them, for tests.
    pub const ALL: [OpStatus; 5] = [
        OpStatus::Absent,
        OpStatus::Open,
        OpStatus::Succeeded,
        OpStatus::Failed,
        OpStatus::Settled,
    ];

    /// Where the operation stands after `step`; `None` where the step contradicts the status.
    pub fn next(self, step: OpStep) -> Option<OpStatus> {
        match (self, step) {
            (OpStatus::Absent, OpStep::Intended) => Some(OpStatus::Open),
            (OpStatus::Open, OpStep::Succeeded) => Some(OpStatus::Succeeded),
            (OpStatus::Open, OpStep::Failed) => Some(OpStatus::Failed),
            (OpStatus::Open, OpStep::Doubtful) => Some(OpStatus::Open),
            (OpStatus::Open, OpStep::Settled) => Some(OpStatus::Settled),
            (OpStatus::Open, OpStep::Intended)
            | (
                OpStatus::Absent,
                OpStep::Succeeded | OpStep::Failed | OpStep::Doubtful | OpStep::Settled,
            )
            | (OpStatus::Succeeded | OpStatus::Failed | OpStatus::Settled, _) => None,
        }
    }

    /// For messages.
    pub(crate) fn describe(self) -> &'static str {
        match self {
            OpStatus::Absent => "has no open intent",
            OpStatus::Open => "is intended already",
            OpStatus::Succeeded => "has succeeded already",
            OpStatus::Failed => "has failed already",
            OpStatus::Settled => "is settled already",
        }
    }
}

impl OpStep {
    /// All of them, for tests.
    pub const ALL: [OpStep; 5] =
        [OpStep::Intended, OpStep::Succeeded, OpStep::Failed, OpStep::Doubtful, OpStep::Settled];

    /// What `entry` says about which operation; `None` for entries that are about none.
    pub fn of(entry: &Entry) -> Option<(OpId, OpStep)> {
        match entry {
            Entry::Intended { op, .. } => Some((*op, OpStep::Intended)),
            Entry::Succeeded { op, .. } => Some((*op, OpStep::Succeeded)),
            Entry::Failed { op, class: FailureClass::Ambiguous, .. } => {
                Some((*op, OpStep::Doubtful))
            }
            Entry::Failed {
                op, class: FailureClass::Rejected | FailureClass::Retryable, ..
            } => Some((*op, OpStep::Failed)),
            Entry::Settled { op, .. } => Some((*op, OpStep::Settled)),
            Entry::RunStarted { .. }
            | Entry::ObjectSet { .. }
            | Entry::ObjectForgotten { .. }
            | Entry::ObjectMoved { .. }
            | Entry::OutputSet { .. }
            | Entry::ChecksSet { .. }
            | Entry::IdentitySet { .. }
            | Entry::StepStarted { .. }
            | Entry::StepDone { .. }
            | Entry::RunFinished { .. } => None,
        }
    }

    /// For messages.
    pub(crate) fn verb(self) -> &'static str {
        match self {
            OpStep::Intended => "be intended",
            OpStep::Succeeded => "succeed",
            OpStep::Failed | OpStep::Doubtful => "fail",
            OpStep::Settled => "be settled",
        }
    }
}

/// Where a run stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum RunStatus {
    /// Never begun.
    #[default]
    Absent,
    /// Begun and not ended: it is running, or it died.
    Running,
    /// Ended by itself.
    Finished,
}

impl RunStatus {
    /// Where the run stands after `entry`; `None` where the entry does not belong there.
    pub fn next(self, entry: &Entry) -> Option<RunStatus> {
        match (self, entry) {
            (RunStatus::Absent, Entry::RunStarted { .. }) => Some(RunStatus::Running),
            (RunStatus::Running, Entry::RunStarted { .. }) => None,
            (RunStatus::Running, Entry::RunFinished { .. }) => Some(RunStatus::Finished),
            (RunStatus::Running, _) => Some(RunStatus::Running),
            (RunStatus::Absent | RunStatus::Finished, _) => None,
        }
    }

    /// For messages.
    pub(crate) fn describe(self) -> &'static str {
        match self {
            RunStatus::Absent => "was never begun",
            RunStatus::Running => "has begun already",
            RunStatus::Finished => "has ended already",
        }
    }
}
