//! [`State`]: a snapshot of everything that is known to exist in one workspace.

use std::collections::BTreeMap;

use kprov_core::{ObjectAddr, ProviderConfigAddr, ResourceAddr, Str};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{Entry, Lineage, OpId, RunId};

/// Is the object whole?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObjectStatus {
    /// As far as is known.
    #[default]
    Ready,
    /// To be replaced: a provisioner failed or never finished, or the user said so.
    Tainted,
}

/// One object of a resource instance.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StoredObject {
    /// Which configuration of which provider made it.
    pub provider: ProviderConfigAddr,
    /// Version of the schema that `attributes` follow.
    pub schema_version: u64,
    /// JSON as in state v4: null for unset, `{"value","type"}` where the schema says any.
    pub attributes: Box<RawValue>,
    /// Paths of sensitive parts, as state v4's `sensitive_attributes` (JSON text).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sensitive_paths: Option<Box<RawValue>>,
    /// Whole or tainted.
    #[serde(default)]
    pub status: ObjectStatus,
    /// Resources it refers to directly. (Terraform stores the transitive closure; that is computed
    /// where it is shown.)
    #[serde(default)]
    pub dependencies: Vec<ResourceAddr>,
    /// Was made with create_before_destroy.
    #[serde(default)]
    pub create_before_destroy: bool,
    /// The provider's own bytes.
    #[serde(default)]
    pub private: Vec<u8>,
}

/// A root output as stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OutputRecord {
    /// Plain JSON.
    pub value: Box<RawValue>,
    /// go-cty type JSON.
    #[serde(rename = "type")]
    pub ty: Box<RawValue>,
    /// Hidden when shown.
    #[serde(default)]
    pub sensitive: bool,
}

/// Result of a check as stored, JSON in the form of state v4's `check_results` items.
pub type CheckRecord = Box<RawValue>;

/// An intent without an outcome: the run died in between.
#[derive(Clone, Debug)]
pub struct OpenIntent {
    /// Which run.
    pub run: RunId,
    /// Which operation.
    pub op: OpId,
    /// The [`Entry::Intended`] itself.
    pub entry: Entry,
}

/// A snapshot.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// Identity of this state; empty for one that was never written.
    pub lineage: Lineage,
    /// Counts changes.
    pub serial: u64,
    /// All objects, current and deposed, in canonical order.
    pub objects: BTreeMap<ObjectAddr, StoredObject>,
    /// Root outputs.
    pub outputs: BTreeMap<Str, OutputRecord>,
    /// Checks of the last run.
    pub checks: Vec<CheckRecord>,
    /// What must be settled before anything else.
    pub open: Vec<OpenIntent>,
}
