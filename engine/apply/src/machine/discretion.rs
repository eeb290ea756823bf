//! Errors of providers go to people and into the journal: what they repeat of the secrets that they
//! were given is taken out, once, where replies come in.

use kprov_core::Value;
use kprov_core::value::Secrets;
use kprov_plan::OperationIndex;
use kprov_provider::{ProviderError, Settled};

use super::{Active, Executor, Reply};
use crate::stored;

impl Executor<'_> {
    /// The reply, its error without copies of what is sensitive in the change.
    pub(super) fn discreet(
        &self,
        operation: OperationIndex,
        active: &Active,
        reply: Reply,
    ) -> Reply {
        match reply {
            Reply::Failed(error) => Reply::Failed(self.concealed(operation, active, error)),
            Reply::Settled(Settled::Unfinished(object, why)) => {
                Reply::Settled(Settled::Unfinished(object, self.concealed(operation, active, why)))
            }
            reply => reply,
        }
    }

    fn concealed(
        &self,
        operation: OperationIndex,
        active: &Active,
        error: ProviderError,
    ) -> ProviderError {
        let mut values: Vec<Value> = Vec::new();
        if let Some((_, change)) = self.change_of(operation) {
            values.extend([change.before.clone(), change.after.clone()]);
        }
        // What was not known yet when the plan was made.
        let write = active.write.as_ref();
        values
            .extend(write.map(|write| stored::mark_paths(write.planned.clone(), &write.sensitive)));
        let secrets = Secrets::of(&values);
        let (summary, message) = (secrets.blot(&error.summary), secrets.blot(&error.message));
        ProviderError { summary, message, ..error }
    }
}
