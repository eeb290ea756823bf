//! The planner.
//!
//! ```text
//! ModuleTree --graph--> blocks in dependency order --evaluation, expansion--> desired instances
//! desired x prior (after refresh) --diff--> changes --order--> operations --> Plan --lint-->
//! ```
//! Straight-line: each phase takes values and returns values. The [`Plan`] is immutable,
//! serialisable and leaves nothing to decide. Reading the outside world (data sources, imports) goes
//! through [`PlanHost`], so that this crate does no I/O and is deterministic for a given host.
//!
//! Applying a plan needs values that were unknown when it was made: [`Resolver`] evaluates an
//! operation's final request once all that it waits for is done.

mod apply_eval;
pub mod change;
mod checks;
mod decode;
mod evaluation;
mod expand;
mod graph;
mod input;
mod plan;
mod planner;
mod provider_config;
mod resolver;
mod rotation;
mod suggestion;
mod unmanaged;
mod validate;

pub use apply_eval::{ApplyInput, ApplyResolver};
pub use change::diff::mark_by_schema;
pub use input::{
    DataRead, ImportRead, PlanHost, PlanInput, PlanMode, PlanOptions, PriorObject, PriorState,
};
pub use plan::{
    Action, ActionReason, Change, CheckKind, CheckObject, CheckReport, CheckStatus, Deferred,
    DeferredReason, DriftChange, Importing, Operation, OperationIndex, OperationKind,
    OutdatedMember, OutputChange, Plan, PlannedVariable, ReplaceOrder,
};
pub use planner::plan;
pub use resolver::{Prepared, ProvisionerRun, Resolver};
pub use validate::validate;
