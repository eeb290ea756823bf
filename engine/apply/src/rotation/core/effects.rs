//! What the core is told ([`Event`]), and what it asks for ([`Effect`]).

use std::time::Duration;

use kprov_provider::ProviderError;
use kprov_provider::rotation::Base;
use kprov_rotation::settings::{HookSettings, Secret};
use kprov_rotation::world::{Group, Lock, Member};
use kprov_rotation::{GroupId, MachineId, OperatorId, RotationId, Seconds, Step};
use kprov_state::{Entry, RotationChange, SpokenWord};

use super::Order;
use crate::ProgressEvent;
use crate::rotation::observe::{Observed, Site};

/// Something happened.
#[derive(Debug)]
pub(in crate::rotation) enum Event {
    /// A group may go to its target.
    Registered(Box<Order>),
    /// The user wants to stop.
    Interrupted,
    /// The time of the next look has come.
    Due,
    /// A look is done.
    Looked(Box<Look>),
    /// A step's call came back.
    Answered {
        /// Which.
        token: String,
        /// With what.
        answer: Answer,
    },
    /// An append is not in the store, as far as the writer knows.
    AppendFailed(String),
}

/// What a look has found.
#[derive(Debug)]
pub(in crate::rotation) struct Look {
    /// Groups and clusters.
    pub(in crate::rotation) observed: Observed,
    /// Who holds the lock, where that was asked.
    pub(in crate::rotation) lock: Option<Result<Lock, ProviderError>>,
    /// Words that nobody has taken.
    pub(in crate::rotation) words: Vec<SpokenWord>,
}

/// What came of a call.
#[derive(Debug)]
pub(in crate::rotation) enum Answer {
    /// It was carried out, or asked for.
    Done,
    /// Of a hook: not yet, and why.
    NotYet(String),
    /// It failed.
    Failed(ProviderError),
}

/// What is to be done.
#[derive(Debug)]
pub(in crate::rotation) enum Effect {
    /// Look at everything, and take or renew the lock as this operator.
    Look {
        /// None: it is held for a while yet.
        lock: Option<OperatorId>,
    },
    /// Write this in one transaction, before anything that follows.
    Append(Box<Write>),
    /// Call a provider.
    Call(Box<StepOrder>),
    /// Have the cloud go on waiting for these machines.
    Keep(Box<Site>, Vec<MachineId>),
    /// Give the lock back.
    Unlock(OperatorId),
    /// Answer the operation of a group.
    Answer(GroupId, Result<(), ProviderError>),
    /// Tell the user.
    Report(ProgressEvent),
    /// Look again after so long.
    Sleep(Duration),
}

/// What is written.
#[derive(Debug)]
pub(in crate::rotation) struct Write {
    /// For the journal.
    pub(in crate::rotation) entries: Vec<Entry>,
    /// Beside it.
    pub(in crate::rotation) change: RotationChange,
}

/// A step's call, with all that it needs.
#[derive(Clone, Debug)]
pub(in crate::rotation) struct StepOrder {
    /// What makes a repeat harmless.
    pub(in crate::rotation) token: String,
    /// The step.
    pub(in crate::rotation) step: Step,
    /// Which rotation.
    pub(in crate::rotation) rotation: RotationId,
    /// The group that it is about, as it was seen.
    pub(in crate::rotation) group: Option<Group>,
    /// What that was before it was touched.
    pub(in crate::rotation) base: Option<Base>,
    /// The machine, as it was seen.
    pub(in crate::rotation) member: Option<Member>,
    /// Masters that may be asked.
    pub(in crate::rotation) masters: Vec<MachineId>,
    /// Whose group it is.
    pub(in crate::rotation) site: Option<Site>,
    /// Where the cluster is; none where there is none.
    pub(in crate::rotation) kubeconfig: Option<Secret>,
    /// What a hook does.
    pub(in crate::rotation) hook: Option<HookSettings>,
    /// After so long it counts as unanswered.
    pub(in crate::rotation) timeout: Seconds,
}
