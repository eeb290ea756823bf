//! What the engine asks of a resource, and what it gets.
//!
//! All values are objects of the schema's implied type, without marks. Names are Terraform's:
//! *config* (what the user wrote, null where nothing), *prior* (the object as last read), *proposed*
//! (config where set, prior for computed attributes), *planned* (with unknowns), *new* (the result,
//! wholly known).

use std::time::Duration;

use kprov_core::{Path, Str, Value};
use serde::{Deserialize, Serialize};

use crate::ProviderError;

/// Bytes a provider keeps with an object, not shown to users.
pub type Private = Vec<u8>;

/// An object as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// Wholly known.
    pub value: Value,
    /// Kept with it.
    pub private: Private,
}

impl From<Value> for Object {
    fn from(value: Value) -> Object {
        Object { value, private: Private::new() }
    }
}

/// One operation, durable in the journal before the provider is called.
///
/// A create must be safe to repeat with the same intent: `token` is fixed, unique, and the provider
/// passes it on as [`crate::Creation`] says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// The operation, unique within the state.
    pub op: u64,
    /// A UUID; not a secret.
    pub token: Str,
}

/// Asks what would become of an object.
#[derive(Clone, Debug)]
pub struct PlanRequest<'a> {
    /// `None` for a new object.
    pub prior: Option<&'a Value>,
    /// Config where set, prior or unknown where computed.
    pub proposed: &'a Value,
    /// What the user wrote.
    pub config: &'a Value,
    /// Kept with the prior object.
    pub private: &'a [u8],
    /// The provider's configuration: what it says for all objects (tags, a region) shows in plans.
    /// Parts may be unknown.
    pub provider: &'a Value,
}

/// The answer: what the object will be.
#[derive(Clone, Debug)]
pub struct PlannedObject {
    /// Unknown where only apply can tell.
    pub value: Value,
    /// Attributes whose change cannot be made in place. The engine adds the schema's `force_new`.
    pub requires_replace: Vec<Path>,
    /// Handed to the apply.
    pub private: Private,
}

impl From<Value> for PlannedObject {
    fn from(value: Value) -> PlannedObject {
        PlannedObject { value, requires_replace: Vec::new(), private: Private::new() }
    }
}

/// Asks for an object as it is now.
#[derive(Clone, Debug)]
pub struct ReadRequest {
    /// As last known.
    pub prior: Object,
}

/// Asks for a new object.
#[derive(Clone, Debug)]
pub struct CreateRequest {
    /// The journal's intent.
    pub intent: Intent,
    /// With unknowns where the provider chooses.
    pub planned: Value,
    /// What the user wrote, write-only attributes included.
    pub config: Value,
    /// From the plan.
    pub private: Private,
}

/// Asks for a change in place.
#[derive(Clone, Debug)]
pub struct UpdateRequest {
    /// The journal's intent.
    pub intent: Intent,
    /// The object as it is.
    pub prior: Object,
    /// With unknowns where the provider chooses.
    pub planned: Value,
    /// What the user wrote.
    pub config: Value,
    /// From the plan.
    pub private: Private,
}

/// Asks for an object to be gone. Deleting what is gone already is a success.
#[derive(Clone, Debug)]
pub struct DeleteRequest {
    /// The journal's intent.
    pub intent: Intent,
    /// The object as it is.
    pub prior: Object,
}

/// Asks what became of a create or update whose outcome was never recorded.
#[derive(Clone, Debug)]
pub struct SettleRequest {
    /// The intent that stayed open.
    pub intent: Intent,
    /// The object before; `None` for a create.
    pub prior: Option<Object>,
    /// What was planned (unknowns included).
    pub planned: Value,
    /// From the plan.
    pub private: Private,
    /// How long ago the intent was recorded, where another process has done that. What a call made
    /// a moment ago may not be visible yet.
    pub age: Option<Duration>,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Settled {
    /// The object exists, as this, and is finished.
    Exists(Object),
    /// The object exists, as this, and could not be finished: why.
    Unfinished(Object, ProviderError),
    /// There is no object (a create that never happened, or one that is gone).
    Absent,
}

/// An object found by its import id.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// As far as the id tells; a read follows.
    pub object: Object,
}
