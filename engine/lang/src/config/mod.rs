//! The configuration: what the blocks of a module declare, and the tree of modules.
//!
//! Bodies of resources, data sources, providers and provisioners stay syntax ([`crate::ast::Body`])
//! because only a provider's schema says what they mean; everything else is decoded here, with
//! Terraform's checks (duplicates, bad names, misplaced or missing arguments, reserved words).

mod backend;
mod calls;
mod check;
mod children;
pub(crate) mod constant;
mod decoder;
mod lifecycle;
mod loader;
mod module;
mod module_call;
mod moves;
mod output;
mod overrides;
mod provider;
mod provisioner;
pub(crate) mod references;
mod resource;
mod terraform_block;
mod types;
mod variable;
mod version;

pub use backend::Backend;
pub use loader::{EmbeddedModules, configuration_files, load_root, load_tree};
pub use types::{Defaults, TypeConstraint, type_from_expr};

use std::collections::BTreeMap;
use std::sync::Arc;

use indexmap::IndexMap;
use kprov_core::{ModulePath, ResourceName, Str};

use crate::Span;
use crate::ast::{Body, Expr, Reference};

/// All modules of a configuration, by static path.
#[derive(Clone, Debug, Default)]
pub struct ModuleTree {
    /// The root is there always, at the empty path.
    pub modules: BTreeMap<ModulePath, Arc<Module>>,
}

/// One module's declarations.
#[derive(Clone, Debug, Default)]
pub struct Module {
    /// `path.module`: as the configuration would write it, "." for the root.
    pub dir: String,
    /// `variable` blocks, in source order.
    pub variables: IndexMap<Str, Variable>,
    /// `locals`
    pub locals: BTreeMap<Str, Local>,
    /// `output` blocks.
    pub outputs: BTreeMap<Str, Output>,
    /// `module` blocks.
    pub calls: BTreeMap<Str, ModuleCall>,
    /// `resource`, `data` and `ephemeral` blocks, those nested in `check` included.
    pub resources: BTreeMap<ResourceName, Resource>,
    /// `provider` blocks by name and alias.
    pub providers: BTreeMap<(Str, Option<Str>), ProviderBlock>,
    /// `required_providers` by local name.
    pub required_providers: BTreeMap<Str, RequiredProvider>,
    /// `moved`
    pub moved: Vec<Moved>,
    /// `removed`
    pub removed: Vec<Removed>,
    /// `import`
    pub imports: Vec<Import>,
    /// `check`
    pub checks: BTreeMap<Str, Check>,
    /// `required_version` constraints.
    pub required_version: Vec<(Str, Span)>,
    /// `backend` or `cloud` block.
    pub backend: Option<Backend>,
}

/// `variable`
#[derive(Clone, Debug)]
pub struct Variable {
    /// Name.
    pub name: Str,
    /// What it is for.
    pub description: Option<Str>,
    /// `type`, with its defaults for optional attributes; `any` without.
    pub ty: TypeConstraint,
    /// Was there a `type` argument?
    pub typed: bool,
    /// `default`, already evaluated and converted; it is constant.
    pub default: Option<kprov_core::Value>,
    /// Is there a `default` argument, even if it was wrong?
    pub has_default: bool,
    /// `sensitive`
    pub sensitive: bool,
    /// `ephemeral`
    pub ephemeral: bool,
    /// `nullable`, true unless told.
    pub nullable: bool,
    /// `validation` blocks.
    pub validations: Vec<CheckRule>,
    /// Header of the block.
    pub span: Span,
}

/// An entry of `locals`.
#[derive(Clone, Debug)]
pub struct Local {
    /// Its value.
    pub expr: Expr,
    /// The whole attribute.
    pub span: Span,
}

/// `output`
#[derive(Clone, Debug)]
pub struct Output {
    /// Name.
    pub name: Str,
    /// What it is.
    pub description: Option<Str>,
    /// `value`
    pub value: Expr,
    /// `sensitive`
    pub sensitive: bool,
    /// `ephemeral`
    pub ephemeral: bool,
    /// `depends_on`
    pub depends_on: Vec<Reference>,
    /// `precondition` blocks.
    pub preconditions: Vec<CheckRule>,
    /// Header of the block.
    pub span: Span,
}

/// How often a block is instantiated.
#[derive(Clone, Debug, Default)]
pub enum Repetition {
    /// Once.
    #[default]
    Once,
    /// `count`
    Count(Expr),
    /// `for_each`
    ForEach(Expr),
}

/// `module`
#[derive(Clone, Debug)]
pub struct ModuleCall {
    /// Name.
    pub name: Str,
    /// `source`, a constant.
    pub source: Str,
    /// `version`
    pub version: Option<Str>,
    /// count or for_each.
    pub repetition: Repetition,
    /// `depends_on`
    pub depends_on: Vec<Reference>,
    /// `providers`: the child's (name, alias) and ours.
    pub providers: Vec<(ProviderRef, ProviderRef)>,
    /// All other attributes: the child's variables.
    pub arguments: Body,
    /// Header of the block.
    pub span: Span,
}

/// `aws` or `aws.west`
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProviderRef {
    /// Local name.
    pub name: Str,
    /// Alias.
    pub alias: Option<Str>,
    /// Where.
    pub span: Span,
}

/// `resource`, `data` or `ephemeral`
#[derive(Clone, Debug)]
pub struct Resource {
    /// Mode, type, name.
    pub name: ResourceName,
    /// count or for_each.
    pub repetition: Repetition,
    /// `provider`; else the type's first word.
    pub provider: Option<ProviderRef>,
    /// `depends_on`
    pub depends_on: Vec<Reference>,
    /// `lifecycle`
    pub lifecycle: Lifecycle,
    /// `provisioner` blocks in order.
    pub provisioners: Vec<Provisioner>,
    /// `connection` block.
    pub connection: Option<Body>,
    /// Everything that the provider's schema explains.
    pub body: Body,
    /// The `check` block it stands in.
    pub in_check: Option<Str>,
    /// Header of the block.
    pub span: Span,
}

/// `lifecycle`
#[derive(Clone, Debug, Default)]
pub struct Lifecycle {
    /// `create_before_destroy`; `None` if not said.
    pub create_before_destroy: Option<bool>,
    /// `prevent_destroy`
    pub prevent_destroy: bool,
    /// `ignore_changes`
    pub ignore_changes: IgnoreChanges,
    /// `replace_triggered_by`: each a reference, index expressions may use count and each.
    pub replace_triggered_by: Vec<Expr>,
    /// `precondition`
    pub preconditions: Vec<CheckRule>,
    /// `postcondition`
    pub postconditions: Vec<CheckRule>,
    /// `rotation`, as it is written: the planner decodes it, by a schema that holds the providers' hooks.
    pub rotation: Option<Body>,
}

/// `ignore_changes`
#[derive(Clone, Debug, Default)]
pub enum IgnoreChanges {
    /// Nothing ignored.
    #[default]
    None,
    /// `all`
    All,
    /// Paths: the first step is `Reference::root`.
    Paths(Vec<Reference>),
}

/// `condition` and `error_message` of validations, pre- and postconditions and asserts.
#[derive(Clone, Debug)]
pub struct CheckRule {
    /// Must be true.
    pub condition: Expr,
    /// Said if not.
    pub error_message: Expr,
    /// Header of the block.
    pub span: Span,
}

/// `provisioner`
#[derive(Clone, Debug)]
pub struct Provisioner {
    /// `local-exec`
    pub ty: Str,
    /// `when = destroy`?
    pub on_destroy: bool,
    /// `on_failure = continue`?
    pub continue_on_failure: bool,
    /// Its arguments.
    pub body: Body,
    /// Header of the block.
    pub span: Span,
}

/// `provider`
#[derive(Clone, Debug)]
pub struct ProviderBlock {
    /// Local name.
    pub name: Str,
    /// `alias`
    pub alias: Option<Str>,
    /// Its arguments.
    pub body: Body,
    /// Header of the block.
    pub span: Span,
}

/// An entry of `required_providers`.
#[derive(Clone, Debug)]
pub struct RequiredProvider {
    /// What the local name stands for.
    pub source: kprov_core::ProviderAddr,
    /// `version` constraint.
    pub version: Option<Str>,
    /// `configuration_aliases`
    pub aliases: Vec<ProviderRef>,
    /// Where.
    pub span: Span,
}

/// `moved`
#[derive(Clone, Debug)]
pub struct Moved {
    /// As written, relative to this module.
    pub from: kprov_core::addr::Target,
    /// As written, relative to this module.
    pub to: kprov_core::addr::Target,
    /// Header of the block.
    pub span: Span,
}

/// `removed`
#[derive(Clone, Debug)]
pub struct Removed {
    /// As written, relative to this module; never with instance keys.
    pub from: kprov_core::addr::Target,
    /// `lifecycle { destroy }`, true unless told.
    pub destroy: bool,
    /// Destroy provisioners.
    pub provisioners: Vec<Provisioner>,
    /// Header of the block.
    pub span: Span,
}

/// `import`
#[derive(Clone, Debug)]
pub struct Import {
    /// `to`: a reference whose index expressions may use each.
    pub to: Expr,
    /// `id`
    pub id: Expr,
    /// `for_each`
    pub for_each: Option<Expr>,
    /// `provider`
    pub provider: Option<ProviderRef>,
    /// Header of the block.
    pub span: Span,
}

/// `check`
#[derive(Clone, Debug)]
pub struct Check {
    /// Name.
    pub name: Str,
    /// Its nested data source, found in [`Module::resources`].
    pub data: Option<ResourceName>,
    /// `assert` blocks.
    pub asserts: Vec<CheckRule>,
    /// Header of the block.
    pub span: Span,
}
