//! [`Resolver`]: values that only apply knows.
//!
//! The executor decides what may start; before it starts an operation it asks the resolver for the
//! final request, and it tells the resolver each result. The resolver evaluates configuration with
//! what is known by then. Pure: no I/O but through [`crate::PlanHost`] where an ephemeral resource
//! must be opened.

use kprov_core::{Diagnostics, SourceRange, Str, Value};
use kprov_provider::{Object, Private};

use crate::{CheckReport, OperationIndex};

/// A `local-exec` to run.
#[derive(Clone, Debug)]
pub struct ProvisionerRun {
    /// `local-exec`
    pub ty: Str,
    /// Its evaluated arguments, an object.
    pub config: Value,
    /// Go on when it fails?
    pub continue_on_failure: bool,
    /// Does its output show a sensitive value? Then it is not printed.
    pub sensitive: bool,
    /// The block, for messages.
    pub subject: Option<SourceRange>,
}

/// The final request of an operation.
#[derive(Clone, Debug)]
pub enum Prepared {
    /// Nothing left to do: what was planned as an update turned out to be none.
    Nothing,
    /// Create or update with these.
    Write {
        /// The final plan; unknown only where the provider chooses. No marks.
        planned: Value,
        /// What the user wrote. No marks.
        config: Value,
        /// From the final plan.
        private: Private,
        /// Where marks go on the new value.
        sensitive_paths: Vec<kprov_core::Path>,
        /// Create provisioners, evaluated after the create (they may use `self`): only their
        /// number is known now.
        provisioners: usize,
    },
    /// Delete; destroy provisioners run first.
    Delete {
        /// `when = destroy`, evaluated.
        provisioners: Vec<ProvisionerRun>,
    },
    /// Read a data source.
    Read {
        /// Wholly known, without marks.
        config: Value,
        /// Where marks go on the result.
        sensitive_paths: Vec<kprov_core::Path>,
    },
}

/// Evaluates during apply.
pub trait Resolver {
    /// The final request of `operation`, all of whose predecessors are done.
    ///
    /// # Errors
    /// Evaluation failed, a precondition does not hold, or the provider's final plan contradicts
    /// the plan.
    fn prepare(&mut self, operation: OperationIndex) -> Result<Prepared, Diagnostics>;

    /// What the `rotation` block of an operation's instance says, with what is known by now and without marks; unknown
    /// only where what it comes from was not applied. None where there is no block, and where the operation rotates
    /// nothing: it is no update. Asked after [`Resolver::prepare`].
    ///
    /// # Errors
    /// Evaluation failed.
    fn rotation(&mut self, operation: OperationIndex) -> Result<Option<Value>, Diagnostics> {
        let _ = operation;
        Ok(None)
    }

    /// The create provisioners of a create that just succeeded with `new`.
    ///
    /// # Errors
    /// Evaluation failed.
    fn create_provisioners(
        &mut self,
        operation: OperationIndex,
        new: &Object,
    ) -> Result<Vec<ProvisionerRun>, Diagnostics>;

    /// Says what an operation made (`None`: the object is gone). Checks the result against the plan
    /// and evaluates postconditions; the returned problems stop dependents, the object stays.
    fn complete(&mut self, operation: OperationIndex, new: Option<&Object>) -> Diagnostics;

    /// A read failed. If only a check reads that, it stops nothing: what is known of the object,
    /// with null in the rest, to go on with.
    fn read_failed(
        &mut self,
        operation: OperationIndex,
        error: &kprov_provider::ProviderError,
    ) -> Option<Value> {
        let _ = (operation, error);
        None
    }

    /// The root outputs as they are now, unknowns inside, sensitive ones marked; those that could
    /// not be evaluated are left out and reported. Those that the plan does not speak of (outside
    /// its targets) are left out too, and stay as the state has them; those it deletes go. Called
    /// when everything that could be done is done.
    fn outputs(&mut self) -> (std::collections::BTreeMap<Str, Value>, Diagnostics);

    /// Results of all checks.
    fn checks(&mut self) -> (Vec<CheckReport>, Diagnostics);
}
