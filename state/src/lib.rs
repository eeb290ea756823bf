//! State and journal: what exists, what was intended, what happened.
//!
//! One store holds both, because a change of state and its journal entry are one transaction. The
//! state changes only by appending [`Entry`]s; nothing else writes. Attributes are kept as the JSON
//! that Terraform's state v4 holds (typed by the provider's schema), so this room needs no schema,
//! and a state of an unknown provider passes through unharmed. What is secret is sealed on disk by a
//! [`Vault`], and nowhere else: in memory, objects and entries are open.

mod apply;
mod bytes;
mod diff;
mod entry;
mod error;
mod fsck;
mod ledger;
mod memory;
mod object;
mod rotation;
mod sqlite;
mod status;
mod store;
pub mod tfstate;
mod vault;

pub use entry::{
    ActionKind, Entry, FailureClass, HowEnded, HowSettled, OpId, RunId, RunOutcome, Seq,
};
pub use error::StateError;
pub use memory::{AppendFault, MemoryStore};
pub use object::{CheckRecord, ObjectStatus, OpenIntent, OutputRecord, State, StoredObject};
pub use rotation::{
    DURATIONS_MAX, RotationChange, RotationRecord, RotationWord, SpokenWord, StepDuration,
};
pub use sqlite::{SqliteOptions, SqliteStore};
pub use status::{OpStatus, OpStep, RunStatus};
pub use store::{
    Lineage, Lock, LockInfo, LogFilter, OpRecord, RunRecord, Store, StoredEntry, Workspace,
};
pub use vault::{
    GivenKey, KeyDescription, KeyError, KeyFile, KeyKind, KeyService, KeySource, KmsKey,
    Passphrase, SecretKey, SecretTypes, Vault, fingerprint,
};

pub(crate) use entry::Tally;
