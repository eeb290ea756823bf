//! [`Entry`]: the journal's vocabulary, and the ids in it.
//!
//! # Guarantees
//! An operation's `Intended` is durable before its provider call; its outcome (`Succeeded`,
//! `Failed`, `Settled`) before any dependent's call. Names of variants and fields are stored:
//! they may be added to, never changed.

use kprov_core::{ObjectAddr, ProviderConfigAddr, Str};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{CheckRecord, OutputRecord, StoredObject};

/// One execution of `apply`, `destroy`, `refresh`, `import`, `state mv` ... Counts from 1.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct RunId(pub u64);

/// One operation, unique within the store. Counts from 1.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct OpId(pub u64);

/// Place of an entry in the journal; assigned by the store, strictly growing.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Seq(pub u64);

/// What an operation does to its object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionKind {
    /// Make it.
    Create,
    /// Change it in place.
    Update,
    /// Make it be gone.
    Delete,
    /// Run its create provisioners.
    Provision,
    /// Take it over by its id.
    Import,
    /// Read a data source.
    Read,
}

/// How an operation failed (the provider's `ErrorClass`, as stored).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureClass {
    /// Nothing happened.
    Rejected,
    /// Nothing happened, and retries ran out.
    Retryable,
    /// It may have happened: the intent stays open and the next run settles it.
    Ambiguous,
}

/// How a step of a rotation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HowEnded {
    /// What it is for is so: that was seen, or, where it cannot be seen, its call says so.
    Done,
    /// Its call was refused, and nothing has happened.
    Refused,
    /// It has failed for good.
    Failed,
    /// It was under way when a run died, and is not wanted any more.
    Forgotten,
}

/// How an open intent was settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HowSettled {
    /// The object was found and taken into the state.
    Adopted,
    /// There is no object.
    Absent,
    /// The object is as it was before.
    Unchanged,
    /// A person said so.
    Operator,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunOutcome {
    /// Everything was done.
    Succeeded,
    /// Something failed.
    Failed,
    /// Stopped on request.
    Interrupted,
}

/// One line of the journal. State changes are part of it: applying an entry to a state is
/// deterministic, so that every prefix of the journal gives a state.
///
/// Stored as JSON, `{"succeeded": {...}}`: tagged from outside, because raw JSON inside cannot be
/// read through serde's buffering of inner tags.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    /// A run begins.
    RunStarted {
        /// `apply`, `destroy`, `refresh`, `import`, `state mv` ...
        command: String,
        /// SHA-256 of the plan, hexadecimal; empty where there is none.
        plan_digest: String,
        /// Who: user@host.
        who: String,
        /// Process id, to tell a dead run from a live one.
        pid: u32,
    },
    /// An operation will be called.
    Intended {
        /// The operation.
        op: OpId,
        /// The object it is about.
        object: ObjectAddr,
        /// What it does.
        action: ActionKind,
        /// Idempotency token: a UUID, not a secret.
        token: Str,
        /// The provider configuration.
        provider: ProviderConfigAddr,
        /// What was planned, in the engine's value codec, sensitive parts included: what settle
        /// needs to recognise the object. (Encrypted with the rest of the store, later.)
        planned: Option<Box<RawValue>>,
        /// From the plan.
        #[serde(default, with = "crate::bytes", skip_serializing_if = "Vec::is_empty")]
        private: Vec<u8>,
        /// Everything of the object that settle needs to store it: dependencies,
        /// create_before_destroy, status once adopted.
        #[serde(default)]
        adopt: Option<Box<StoredObject>>,
    },
    /// It is done. `object` is the new content; `None`: there is no object any more.
    Succeeded {
        /// The operation.
        op: OpId,
        /// The object it was about.
        address: ObjectAddr,
        /// The new content.
        object: Option<Box<StoredObject>>,
    },
    /// It failed. `object` is set where the provider said what is there nevertheless.
    Failed {
        /// The operation.
        op: OpId,
        /// The object it was about.
        address: ObjectAddr,
        /// Did anything happen?
        class: FailureClass,
        /// For people; no secrets.
        message: String,
        /// What is there, if that is known: stored as tainted for a create.
        object: Option<Box<StoredObject>>,
    },
    /// An open intent of an earlier run was settled.
    Settled {
        /// The operation of the earlier run.
        op: OpId,
        /// Its object.
        address: ObjectAddr,
        /// How.
        how: HowSettled,
        /// The content now; `None`: there is no object.
        object: Option<Box<StoredObject>>,
    },
    /// The state learnt something without a call: refresh, taint, `state push` ...
    ObjectSet {
        /// Which object.
        address: ObjectAddr,
        /// Its content.
        object: Box<StoredObject>,
    },
    /// The state forgets an object without deleting it: `removed`, `state rm`, gone on refresh.
    ObjectForgotten {
        /// Which object.
        address: ObjectAddr,
    },
    /// An object gets another address: `moved`, `state mv`, deposing, un-deposing.
    ObjectMoved {
        /// From here; must exist.
        from: ObjectAddr,
        /// To here; must be free.
        to: ObjectAddr,
    },
    /// A root output has a new value; `None`: it is gone.
    OutputSet {
        /// Its name.
        name: Str,
        /// Its value.
        output: Option<OutputRecord>,
    },
    /// Results of all checks, in place of the former ones.
    ChecksSet {
        /// All of them.
        checks: Vec<CheckRecord>,
    },
    /// The state takes over the identity of another one: `state push` into an empty store.
    IdentitySet {
        /// Its lineage.
        lineage: String,
        /// Its serial; the present one stays where it is larger.
        serial: u64,
    },
    /// A step of a rotation will be called; durable before it is. Changes no object.
    StepStarted {
        /// Which rotation.
        rotation: String,
        /// The same each time that its call is repeated.
        token: String,
        /// The step, as the machine's JSON.
        step: Box<RawValue>,
        /// In which group; none where it is about all.
        group: Option<String>,
        /// About which machine, if it is about one.
        member: Option<String>,
    },
    /// A step of a rotation has ended: once for each that was started. Changes no object.
    StepDone {
        /// Which rotation.
        rotation: String,
        /// Of its [`Entry::StepStarted`].
        token: String,
        /// How.
        how: HowEnded,
        /// For people; no secrets.
        message: String,
    },
    /// A run ended by itself. A run without it died.
    RunFinished {
        /// How.
        outcome: RunOutcome,
    },
}

/// How an operation counts in its run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tally {
    /// Not known yet.
    Open,
    /// What was wanted is so.
    Succeeded,
    /// It is not.
    Failed,
}

impl HowSettled {
    /// As stored and shown.
    pub fn describe(self) -> &'static str {
        match self {
            HowSettled::Adopted => "adopted",
            HowSettled::Absent => "absent",
            HowSettled::Unchanged => "unchanged",
            HowSettled::Operator => "operator",
        }
    }

    /// Did the operation reach what it was for?
    pub(crate) fn tally(self, action: ActionKind) -> Tally {
        match (self, action) {
            (HowSettled::Adopted, _) | (HowSettled::Absent, ActionKind::Delete) => Tally::Succeeded,
            (HowSettled::Absent | HowSettled::Unchanged | HowSettled::Operator, _) => Tally::Failed,
        }
    }
}

impl HowEnded {
    /// As stored and shown.
    pub fn describe(self) -> &'static str {
        match self {
            HowEnded::Done => "done",
            HowEnded::Refused => "refused",
            HowEnded::Failed => "failed",
            HowEnded::Forgotten => "forgotten",
        }
    }
}

impl ActionKind {
    /// As stored and shown.
    pub fn verb(self) -> &'static str {
        match self {
            ActionKind::Create => "create",
            ActionKind::Update => "update",
            ActionKind::Delete => "delete",
            ActionKind::Provision => "provision",
            ActionKind::Import => "import",
            ActionKind::Read => "read",
        }
    }
}
