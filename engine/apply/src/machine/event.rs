//! What the machine is told ([`Event`]) and what it asks for ([`Effect`]).

use std::time::Duration;

use kprov_core::{Diagnostics, ObjectAddr, ProviderConfigAddr, Value};
use kprov_plan::{OperationIndex, OutdatedMember, ProvisionerRun};
use kprov_provider::{
    CreateRequest, DeleteRequest, Object, ProviderError, ReadRequest, SettleRequest, Settled,
    UpdateRequest,
};
use kprov_state::{Entry, RunOutcome};

use crate::{Counts, ProgressEvent};

/// One [`Effect::Append`]. Counts from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BatchId(pub u64);

/// Something happened outside.
#[derive(Debug)]
pub enum Event {
    /// The batch, and all before it, are durable.
    Durable {
        /// Which.
        batch: BatchId,
    },
    /// The batch is not in the store (as far as the writer knows).
    AppendFailed {
        /// Which.
        batch: BatchId,
        /// Why, for people.
        message: String,
    },
    /// A call came back.
    Replied {
        /// Which: an operation has one call at a time.
        operation: OperationIndex,
        /// With what.
        reply: Reply,
    },
    /// Somebody wants the run to stop.
    Interrupted,
}

/// What is to be done outside.
#[derive(Debug)]
pub enum Effect {
    /// Write these in one transaction, after all earlier batches.
    Append {
        /// To be named in the answer.
        batch: BatchId,
        /// In order.
        entries: Vec<Entry>,
    },
    /// Call a provider, or run provisioners.
    Call {
        /// To be named in the answer.
        operation: OperationIndex,
        /// Wait so long first.
        delay: Duration,
        /// What to ask.
        call: Box<Call>,
    },
    /// Tell the user.
    Progress(ProgressEvent),
    /// Nothing is left to do or to wait for.
    Finish(Box<ExecuteOutcome>),
}

/// A call.
#[derive(Clone, Debug)]
pub struct Call {
    /// The object it is about.
    pub address: ObjectAddr,
    /// Who carries it out.
    pub provider: ProviderConfigAddr,
    /// What to do.
    pub request: Request,
    /// Of an update: the object is a group of machines, which are rotated.
    pub rotation: Option<Box<Rotation>>,
}

/// How a group is rotated.
#[derive(Clone, Debug)]
pub struct Rotation {
    /// What its `rotation` block says, wholly known but for what was not applied, without marks.
    pub settings: Value,
    /// What the plan says of its members.
    pub outdated: Vec<OutdatedMember>,
}

/// What to ask.
#[derive(Clone, Debug)]
pub enum Request {
    /// [`kprov_provider::Resource::create`]
    Create(CreateRequest),
    /// [`kprov_provider::Resource::update`]
    Update(UpdateRequest),
    /// [`kprov_provider::Resource::delete`], after the provisioners.
    Delete {
        /// `when = destroy`
        provisioners: Vec<ProvisionerRun>,
        /// Then this.
        request: DeleteRequest,
    },
    /// [`kprov_provider::DataSource::read`]
    Read {
        /// Wholly known, without marks.
        config: Value,
    },
    /// Create provisioners, one after the other.
    Provision(Vec<ProvisionerRun>),
    /// [`kprov_provider::Resource::settle`], after an ambiguous failure.
    Settle(SettleRequest),
    /// [`kprov_provider::Resource::read_many`] of one, after an ambiguous failure of a delete.
    ReadBack(ReadRequest),
}

/// What came back.
#[derive(Debug)]
pub enum Reply {
    /// A create's or update's object.
    Object(Object),
    /// A delete is done.
    Deleted,
    /// A data source's content.
    Data(Value),
    /// All provisioners are done.
    Provisioned,
    /// What is there after an ambiguous failure.
    Settled(Settled),
    /// The provider failed.
    Failed(ProviderError),
    /// A provisioner failed; of a delete: the provider was not called.
    ProvisionerFailed(Diagnostics),
}

/// How it ended.
#[derive(Clone, Debug)]
pub struct ExecuteOutcome {
    /// Everything to be told to the user.
    pub diagnostics: Diagnostics,
    /// What was done.
    pub counts: Counts,
    /// In short.
    pub outcome: RunOutcome,
    /// Is the run still open (`RunFinished` not written)? So it is after a success when the plan
    /// left something to a later phase, and when the user did not wait.
    pub run_open: bool,
}
