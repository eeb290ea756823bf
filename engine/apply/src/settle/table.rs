//! The settle table: what becomes of an open intent, by what it was for, what reading back found,
//! and whether the state has an object. Total and unambiguous; a test enumerates all situations.

use kprov_provider::{Object, Settled};
use kprov_state::ActionKind;

use crate::conform;

/// What reading back found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Found {
    /// There is no object.
    Nothing,
    /// The object exactly as the state has it.
    AsBefore,
    /// An object as planned.
    AsPlanned,
    /// An object that is neither.
    Otherwise,
    /// It could not be told.
    Unreadable,
}

/// What becomes of the intent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Decision {
    /// The object goes into the state.
    Adopt,
    /// There is no object: not in the state either.
    Absent,
    /// The state has it right already.
    Unchanged,
    /// Nobody knows: the intent stays open.
    StayOpen,
}

/// A row of the table.
#[derive(Debug)]
pub struct Row {
    /// Its name, for messages and tests.
    pub label: &'static str,
    actions: &'static [ActionKind],
    found: &'static [Found],
    /// Does the state have an object there?
    prior: &'static [bool],
    /// What is done.
    pub decision: Decision,
}

use ActionKind::{Create, Delete, Import, Provision, Read, Update};
use Found::{AsBefore, AsPlanned, Nothing, Otherwise, Unreadable};

const ANY: &[bool] = &[false, true];
const EVERYTHING: &[Found] = &[Nothing, AsBefore, AsPlanned, Otherwise, Unreadable];
const TOLD: &[Found] = &[Nothing, AsBefore, AsPlanned, Otherwise];

/// All rows.
pub const TABLE: &[Row] = &[
    // The call never happened, or made nothing.
    row("@A", &[Create], &[Nothing], &[false], Decision::Absent),
    // It happened; whether the object is whole is for the intent's status to say.
    row("@B", &[Create], &[AsPlanned, Otherwise], &[false], Decision::Adopt),
    // A create's address is free, so there is nothing to be "as before", and no prior object.
    row("@C", &[Create], &[AsBefore], &[false], Decision::StayOpen),
    row("@D", &[Create], TOLD, &[true], Decision::StayOpen),
    row("@E", &[Update], &[AsBefore], &[true], Decision::Unchanged),
    row("@F", &[Update], &[AsPlanned, Otherwise], &[true], Decision::Adopt),
    // Somebody else deleted it.
    row("@G", &[Update], &[Nothing], &[true], Decision::Absent),
    row("@H", &[Update], TOLD, &[false], Decision::StayOpen),
    row("@I", &[Delete], &[Nothing], &[true], Decision::Absent),
    // Still there, changed or not: refresh will see how.
    row("@J", &[Delete], &[AsBefore, AsPlanned, Otherwise], &[true], Decision::Unchanged),
    row("@K", &[Delete], TOLD, &[false], Decision::StayOpen),
    row("@L", &[Create, Update, Delete], &[Unreadable], ANY, Decision::StayOpen),
    // The object is stored as tainted until its provisioners are done: it stays so.
    row("@M", &[Provision], EVERYTHING, &[true], Decision::Unchanged),
    // An import and a read change nothing outside; the plan asks again.
    row("@N", &[Import, Read], EVERYTHING, ANY, Decision::Unchanged),
    row("@O", &[Provision], EVERYTHING, &[false], Decision::Unchanged),
];

const fn row(
    label: &'static str,
    actions: &'static [ActionKind],
    found: &'static [Found],
    prior: &'static [bool],
    decision: Decision,
) -> Row {
    Row { label, actions, found, prior, decision }
}

impl Row {
    fn holds(&self, action: ActionKind, found: Found, prior: bool) -> bool {
        self.actions.contains(&action) && self.found.contains(&found) && self.prior.contains(&prior)
    }
}

/// The row for a situation.
///
/// # Panics
/// Never: the table is total, and a test shows it.
pub fn decide(action: ActionKind, found: Found, prior: bool) -> &'static Row {
    TABLE
        .iter()
        .find(|row| row.holds(action, found, prior))
        .expect("invariant: the settle table is total")
}

impl Found {
    /// What an answer is, compared with what was there and what was wanted (both without marks).
    pub(crate) fn of(
        read: &Settled,
        prior: Option<&Object>,
        planned: Option<&kprov_core::Value>,
    ) -> Found {
        let object = match read {
            Settled::Exists(object) => object,
            Settled::Unfinished(..) => return Found::Otherwise,
            Settled::Absent => return Found::Nothing,
        };
        if prior.is_some_and(|prior| prior.value == object.value) {
            return Found::AsBefore;
        }
        let whole = conform::unknowns(&object.value).is_empty();
        let kept = planned.is_some_and(|planned| {
            !planned.is_null() && conform::differences(planned, &object.value).is_empty()
        });
        if whole && kept { Found::AsPlanned } else { Found::Otherwise }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_situation_has_exactly_one_row() {
        for action in [Create, Update, Delete, Provision, Import, Read] {
            for &found in EVERYTHING {
                for prior in [false, true] {
                    let rows: Vec<&str> = TABLE
                        .iter()
                        .filter(|row| row.holds(action, found, prior))
                        .map(|row| row.label)
                        .collect();
                    assert_eq!(rows.len(), 1, "{action:?} {found:?} prior: {prior}: {rows:?}");
                }
            }
        }
    }

    #[test]
    fn every_row_is_reached_and_named_once() {
        let mut labels: Vec<&str> = TABLE.iter().map(|row| row.label).collect();
        labels.sort_unstable();
        labels.dedup();
        assert_eq!(labels.len(), TABLE.len());
        assert!(TABLE.iter().all(|row| !row.actions.is_empty() && !row.found.is_empty()));
    }

    #[test]
    fn nothing_that_exists_is_ever_called_absent() {
        for row in TABLE.iter().filter(|row| row.decision == Decision::Absent) {
            assert_eq!(row.found, [Nothing], "{}", row.label);
        }
    }

    #[test]
    fn what_cannot_be_told_stays_open_unless_it_changes_nothing() {
        for action in [Create, Update, Delete] {
            for prior in [false, true] {
                assert_eq!(decide(action, Unreadable, prior).decision, Decision::StayOpen);
            }
        }
    }
}
