//! [`Plan`]: every change, in an order, with nothing left to decide.

use std::collections::BTreeMap;

use kprov_core::{
    DeposedKey, InstanceAddr, InstanceKey, ModuleAddr, Path, ProviderConfigAddr, ResourceAddr, Str,
    Value,
};
use kprov_provider::Private;
use serde::{Deserialize, Serialize};

use crate::PlanMode;

/// In which order a replacement goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplaceOrder {
    /// `["delete", "create"]`
    DeleteFirst,
    /// `["create", "delete"]`: create_before_destroy.
    CreateFirst,
}

/// What becomes of an object. Terraform's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Nothing (a move at most).
    NoOp,
    /// Made.
    Create,
    /// A data source is read during apply.
    Read,
    /// Changed in place.
    Update,
    /// Made anew.
    Replace(ReplaceOrder),
    /// Deleted.
    Delete,
    /// Left alone, and out of the state.
    Forget,
}

/// Why. Terraform's 13 codes in `action_reason`, snake case there as here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are Terraform's and say it all")]
pub enum ActionReason {
    ReplaceBecauseTainted,
    ReplaceBecauseCannotUpdate,
    ReplaceByRequest,
    ReplaceByTriggers,
    DeleteBecauseNoResourceConfig,
    DeleteBecauseNoModule,
    DeleteBecauseWrongRepetition,
    DeleteBecauseCountIndex,
    DeleteBecauseEachKey,
    DeleteBecauseNoMoveTarget,
    ReadBecauseConfigUnknown,
    ReadBecauseDependencyPending,
    ReadBecauseCheckNested,
}

/// An import that a change begins with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Importing {
    /// The import id.
    pub id: String,
}

/// What becomes of one object.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Change {
    /// Whose.
    pub addr: InstanceAddr,
    /// The deposed object, if it is about one.
    pub deposed: Option<DeposedKey>,
    /// Where the object was before a move.
    pub previous_addr: Option<InstanceAddr>,
    /// Which provider configuration carries it out.
    pub provider: ProviderConfigAddr,
    /// What.
    pub action: Action,
    /// Why.
    pub reason: Option<ActionReason>,
    /// The object as it is (marks included); null if there is none.
    pub before: Value,
    /// What it will be, with unknowns and marks; null if it will be gone.
    pub after: Value,
    /// What forces the replacement.
    pub replace_paths: Vec<Path>,
    /// The import that comes first.
    pub importing: Option<Importing>,
    /// The provider's own, of the prior object.
    pub prior_private: Private,
    /// The provider's own, planned.
    pub planned_private: Private,
    /// Resources the new object refers to directly; stored with it.
    pub dependencies: Vec<ResourceAddr>,
    /// Stored with the new object: its own setting, or forced by a dependent's.
    pub create_before_destroy: bool,
    /// Is the prior object tainted?
    pub tainted: bool,
    /// What its `rotation` block says, decoded by kprov-rotation's schema of it, with unknowns and marks; for what does
    /// not change, too. None where there is no block, and where nothing is left to rotate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotation: Option<Value>,
    /// Members that are not what the group says of itself: an update rotates them, though nothing else may change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outdated: Vec<OutdatedMember>,
}

/// A machine of a group that must be replaced though the group's own description may stay as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutdatedMember {
    /// Which, as the cloud names it.
    pub machine: Str,
    /// Why, for people: its template is another one, it is dead, `-rotate` named it.
    pub reason: Str,
}

/// Drift: an object as the last run left it, and as it is now.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DriftChange {
    /// The change that happened outside: Update or Delete, or NoOp with `previous_addr` for a move.
    pub change: Change,
    /// Does anything that the plan changes depend on it? Terraform shows only those.
    pub relevant: bool,
}

/// What becomes of a root output.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OutputChange {
    /// Create, Update, Delete or NoOp.
    pub action: Action,
    /// Null if it was not there.
    pub before: Value,
    /// Null if it will be gone; unknowns inside.
    pub after: Value,
    /// As declared.
    pub sensitive: bool,
}

/// A root variable's value; never an ephemeral one's.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PlannedVariable {
    /// The value; `None` for an ephemeral variable, which must be given again at apply.
    pub value: Option<Value>,
}

/// Which kind of object has checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckKind {
    /// A resource, data or ephemeral block.
    Resource,
    /// An output.
    OutputValue,
    /// A `check` block.
    Check,
    /// An input variable's validations.
    Var,
}

/// Result of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckStatus {
    /// All hold.
    Pass,
    /// Not all hold.
    Fail,
    /// Could not be evaluated.
    Error,
    /// Not known yet.
    Unknown,
}

/// The checks of one instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckObject {
    /// Module instance.
    pub module: ModuleAddr,
    /// Key of a resource instance.
    pub key: InstanceKey,
    /// Result.
    pub status: CheckStatus,
    /// Error messages of those that failed.
    pub problems: Vec<String>,
}

/// The checks of one block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckReport {
    /// Kind of block.
    pub kind: CheckKind,
    /// Static module path.
    pub module: kprov_core::ModulePath,
    /// `aws_vpc.main`, an output's, check's or variable's name.
    pub name: Str,
    /// For resources: which.
    pub resource: Option<kprov_core::ResourceName>,
    /// Worst of the instances.
    pub status: CheckStatus,
    /// Each instance.
    pub objects: Vec<CheckObject>,
}

/// Why something is left to a later phase of the same apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeferredReason {
    /// count or for_each is not known yet.
    InstanceCountUnknown,
    /// The provider's configuration is not known yet.
    ProviderConfigUnknown,
    /// It depends on something deferred.
    DeferredPrerequisite,
}

/// Something left to a later phase.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Deferred {
    /// Why.
    pub reason: DeferredReason,
    /// Whose; instance keys unknown where the reason says so.
    pub addr: InstanceAddr,
    /// What is known of the result.
    pub after: Value,
}

/// Index into [`Plan::operations`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OperationIndex(pub u32);

/// One step of the apply.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Operation {
    /// What to do.
    pub kind: OperationKind,
    /// What must be done before.
    pub after: Vec<OperationIndex>,
}

/// What a step does. The number is an index into [`Plan::changes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperationKind {
    /// Nothing: joins edges, so that N things before M things are N + M edges.
    Gate,
    /// Provider create (of a Create, or the create half of a Replace). For `CreateFirst` the
    /// executor first deposes the current object: same journal batch as the intent.
    Create(u32),
    /// Provider update.
    Update(u32),
    /// Provider delete of the current object (Delete, or the first half of a `DeleteFirst`), of a
    /// deposed one, or of the one that a `CreateFirst` deposed.
    Delete(u32),
    /// Read of a data source.
    Read(u32),
    /// The state forgets the object.
    Forget(u32),
    /// The object is taken over by import (and not changed further, or an Update follows).
    Import(u32),
    /// Nothing changes but what the state records: move, dependencies, refreshed content.
    Record(u32),
}

/// A plan.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Plan {
    /// What for.
    pub mode: PlanMode,
    /// Root variables.
    pub variables: BTreeMap<Str, PlannedVariable>,
    /// Every object of config and state, no-ops included, in canonical order.
    pub changes: Vec<Change>,
    /// What changed outside.
    pub drift: Vec<DriftChange>,
    /// Root outputs that are, were or will be.
    pub outputs: BTreeMap<Str, OutputChange>,
    /// Results of checks.
    pub checks: Vec<CheckReport>,
    /// Left to a later phase.
    pub deferred: Vec<Deferred>,
    /// The steps, each after all of its `after` (indexes are smaller).
    pub operations: Vec<Operation>,
    /// RFC 3339.
    pub timestamp: String,
    /// `terraform.workspace`
    pub workspace: Str,
    /// Is there anything to apply?
    pub applyable: bool,
    /// Will nothing be left to do afterwards (no target, exclude, deferral)?
    pub complete: bool,
    /// Did planning fail half-way? Such a plan is shown, never applied.
    pub errored: bool,
    /// `-target`, as given.
    pub targets: Vec<String>,
    /// `-exclude`, as given.
    pub excludes: Vec<String>,
    /// `-replace`, as given.
    pub replace: Vec<String>,
    /// `-rotate-only`
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rotate_only: bool,
}

impl Plan {
    /// Which of the instances that the user wants replaced this plan does not replace: a later
    /// phase must, and only those, or a phase that always replaces would have another one after it.
    pub fn still_to_replace(&self, wanted: &[InstanceAddr]) -> Vec<InstanceAddr> {
        let made = |change: &&Change| matches!(change.action, Action::Create | Action::Replace(_));
        let made: std::collections::BTreeSet<&InstanceAddr> =
            self.changes.iter().filter(made).map(|change| &change.addr).collect();
        wanted.iter().filter(|addr| !made.contains(addr)).cloned().collect()
    }
}
