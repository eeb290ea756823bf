//! The status machines: every combination, one by one.
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

mod support;

use kprov_state::{ActionKind, FailureClass, HowSettled, OpId, OpStatus, OpStep, RunStatus};
use support::*;

/// What may follow what; anything not listed is refused.
const LEGAL: [(OpStatus, OpStep, OpStatus); 5] = [
    (OpStatus::Absent, OpStep::Intended, OpStatus::Open),
    (OpStatus::Open, OpStep::Succeeded, OpStatus::Succeeded),
    (OpStatus::Open, OpStep::Failed, OpStatus::Failed),
    (OpStatus::Open, OpStep::Doubtful, OpStatus::Open),
    (OpStatus::Open, OpStep::Settled, OpStatus::Settled),
];

#[test]
fn every_step_from_every_status() {
    for status in OpStatus::ALL {
        for step in OpStep::ALL {
            let expected = LEGAL
                .iter()
                .find(|(from, by, _)| (*from, *by) == (status, step))
                .map(|(_, _, to)| *to);
            assert_eq!(status.next(step), expected, "{status:?} {step:?}");
        }
    }
}

#[test]
fn entries_are_steps() {
    let x = current("x");
    let cases = [
        (intended(1, &x, ActionKind::Create), Some(OpStep::Intended)),
        (succeeded(1, &x, None), Some(OpStep::Succeeded)),
        (failed(1, &x, FailureClass::Rejected, None), Some(OpStep::Failed)),
        (failed(1, &x, FailureClass::Retryable, None), Some(OpStep::Failed)),
        (failed(1, &x, FailureClass::Ambiguous, None), Some(OpStep::Doubtful)),
        (settled(1, &x, HowSettled::Absent, None), Some(OpStep::Settled)),
        (set(&x, object("i")), None),
        (started(), None),
        (finished(), None),
    ];
    for (entry, step) in cases {
        assert_eq!(OpStep::of(&entry), step.map(|step| (OpId(1), step)), "{entry:?}");
    }
}

#[test]
fn runs_begin_once_and_end_once() {
    let other = set(&current("x"), object("i"));
    let cases = [
        (RunStatus::Absent, started(), Some(RunStatus::Running)),
        (RunStatus::Absent, other.clone(), None),
        (RunStatus::Absent, finished(), None),
        (RunStatus::Running, started(), None),
        (RunStatus::Running, other.clone(), Some(RunStatus::Running)),
        (RunStatus::Running, finished(), Some(RunStatus::Finished)),
        (RunStatus::Finished, started(), None),
        (RunStatus::Finished, other, None),
        (RunStatus::Finished, finished(), None),
    ];
    for (status, entry, expected) in cases {
        assert_eq!(status.next(&entry), expected, "{status:?} {entry:?}");
    }
}
