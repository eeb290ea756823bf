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
    #[serde(default, with = "crate::bytes", skip_serializing_if = "Vec::is_empty")]
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

fn same_json(a: Option<&RawValue>, b: Option<&RawValue>) -> bool {
    a.map(RawValue::get) == b.map(RawValue::get)
}

pub(crate) fn same_checks(a: &[CheckRecord], b: &[CheckRecord]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.get() == b.get())
}

/// JSON is compared as text: equal objects that were written in two ways count as two.
impl PartialEq for StoredObject {
    fn eq(&self, other: &StoredObject) -> bool {
        self.provider == other.provider
            && self.schema_version == other.schema_version
            && self.attributes.get() == other.attributes.get()
            && same_json(self.sensitive_paths.as_deref(), other.sensitive_paths.as_deref())
            && self.status == other.status
            && self.dependencies == other.dependencies
            && self.create_before_destroy == other.create_before_destroy
            && self.private == other.private
    }
}

/// JSON is compared as text.
impl PartialEq for OutputRecord {
    fn eq(&self, other: &OutputRecord) -> bool {
        self.value.get() == other.value.get()
            && self.ty.get() == other.ty.get()
            && self.sensitive == other.sensitive
    }
}

/// Open intents count by run and operation.
impl PartialEq for State {
    fn eq(&self, other: &State) -> bool {
        let open = |state: &State| -> Vec<(RunId, OpId)> {
            state.open.iter().map(|intent| (intent.run, intent.op)).collect()
        };
        self.lineage == other.lineage
            && self.serial == other.serial
            && self.objects == other.objects
            && self.outputs == other.outputs
            && same_checks(&self.checks, &other.checks)
            && open(self) == open(other)
    }
}
