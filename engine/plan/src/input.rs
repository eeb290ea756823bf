//! What a plan is made from, and the door to the outside world while it is made.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use kprov_core::addr::Target;
use kprov_core::{
    Diagnostics, InstanceAddr, ObjectAddr, ProviderConfigAddr, ResourceAddr, Str, Value,
};
use kprov_lang::SourceMap;
use kprov_lang::config::ModuleTree;
use kprov_lang::functions::FunctionContext;
use kprov_provider::{Object, Private, ProviderError, Registry};

use crate::{OutdatedMember, Plan};

/// What the plan is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlanMode {
    /// Make the world as configured.
    #[default]
    Normal,
    /// Delete everything.
    Destroy,
    /// Only take over what changed outside.
    RefreshOnly,
}

/// The user's choices.
#[derive(Clone, Debug, Default)]
pub struct PlanOptions {
    /// What for.
    pub mode: PlanMode,
    /// `-target`: only these and what they depend on. Empty: everything.
    pub targets: Vec<Target>,
    /// `-exclude`: not these and nothing that depends on them.
    pub excludes: Vec<Target>,
    /// `-replace`
    pub replace: Vec<InstanceAddr>,
    /// `-rotate-only`: only resources with a `rotation` block and what they depend on, as if each was a target.
    pub rotate_only: bool,
    /// `-no-defer`: an unknown for_each, count or provider configuration is an error.
    pub no_defer: bool,
    /// Was the prior state refreshed (`-refresh=false`: no)?
    pub refreshed: bool,
    /// `terraform.workspace`
    pub workspace: Str,
    /// RFC 3339, when the plan is made.
    pub timestamp: String,
}

/// An object of the state, decoded by its schema.
#[derive(Clone, Debug)]
pub struct PriorObject {
    /// Which configuration of which provider made it.
    pub provider: ProviderConfigAddr,
    /// Of the schema's implied type, with sensitive marks.
    pub value: Value,
    /// The provider's own.
    pub private: Private,
    /// Must be replaced.
    pub tainted: bool,
    /// Resources it refers to directly.
    pub dependencies: Vec<ResourceAddr>,
    /// Was made with create_before_destroy.
    pub create_before_destroy: bool,
}

/// A state, decoded.
#[derive(Clone, Debug, Default)]
pub struct PriorState {
    /// All objects.
    pub objects: BTreeMap<ObjectAddr, PriorObject>,
    /// Root outputs; sensitive ones marked.
    pub outputs: BTreeMap<Str, Value>,
}

/// Everything a plan is made from.
#[derive(Debug)]
pub struct PlanInput<'a> {
    /// The configuration.
    pub tree: &'a ModuleTree,
    /// Its texts.
    pub sources: &'a SourceMap,
    /// What functions may reach.
    pub functions: &'a FunctionContext<'a>,
    /// All providers the program has.
    pub providers: &'a Registry,
    /// Root variables, converted and marked; those not given are absent (default or error).
    pub variables: &'a BTreeMap<Str, Value>,
    /// As the last run left it.
    pub previous: &'a PriorState,
    /// The same, refreshed (objects found gone are absent). Equal to `previous` without refresh.
    pub prior: &'a PriorState,
    /// The user's choices.
    pub options: &'a PlanOptions,
    /// What earlier phases of the same apply have done, in order. What was left to this phase has
    /// seen none of it: it may be what replaces it.
    pub earlier: &'a [Arc<Plan>],
    /// Members of rotated groups that are not what their group says of itself, found when the groups were looked at. A
    /// group without one is left out.
    pub outdated: &'a BTreeMap<InstanceAddr, Vec<OutdatedMember>>,
}

/// A data source to be read.
#[derive(Clone, Debug)]
pub struct DataRead {
    /// Which instance.
    pub addr: InstanceAddr,
    /// By which provider.
    pub provider: ProviderConfigAddr,
    /// Wholly known, without marks.
    pub config: Value,
}

/// An object to be imported: found by id, then read.
#[derive(Clone, Debug)]
pub struct ImportRead {
    /// Where it will be in the state.
    pub addr: InstanceAddr,
    /// By which provider.
    pub provider: ProviderConfigAddr,
    /// As the provider's documentation says.
    pub id: String,
}

/// The outside world during planning. All calls are batches, so that the host can run them in
/// parallel; answers come in the order of the questions.
pub trait PlanHost: fmt::Debug {
    /// Says what a provider's configuration evaluated to, before anything of that provider is asked
    /// for. `None`: it is not wholly known yet.
    ///
    /// # Errors
    /// When the provider refuses it.
    fn configure(
        &mut self,
        provider: &ProviderConfigAddr,
        config: Option<&Value>,
    ) -> Result<(), Diagnostics>;

    /// Reads data sources.
    fn read_data(&mut self, reads: Vec<DataRead>) -> Vec<Result<Value, ProviderError>>;

    /// Imports objects; `None`: nothing has that id.
    fn import(&mut self, reads: Vec<ImportRead>) -> Vec<Result<Option<Object>, ProviderError>>;

    /// Opens ephemeral resources; the host closes them when the phase ends.
    fn open_ephemeral(&mut self, reads: Vec<DataRead>) -> Vec<Result<Value, ProviderError>>;
}
