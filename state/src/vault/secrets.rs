//! What of a journal is secret.

use kprov_core::ObjectAddr;
use kprov_core::value::text_may_have_marks;

use super::Vault;
use crate::{Entry, StoredObject};

impl Vault {
    /// Does the object hold anything that is secret?
    pub fn is_secret_object(&self, address: &ObjectAddr, object: &StoredObject) -> bool {
        object.sensitive_paths.as_ref().is_some_and(|paths| paths.get().trim() != "[]")
            || self.is_secret_type(&object.provider, &address.instance.resource)
    }

    /// Does the entry?
    pub(crate) fn is_secret_entry(&self, entry: &Entry) -> bool {
        let holds = |address: &ObjectAddr, object: &StoredObject| {
            !object.private.is_empty() || self.is_secret_object(address, object)
        };
        match entry {
            Entry::Intended { object, provider, planned, private, adopt, .. } => {
                !private.is_empty()
                    || planned.as_ref().is_some_and(|planned| text_may_have_marks(planned.get()))
                    || adopt.as_ref().is_some_and(|adopt| holds(object, adopt))
                    || self.is_secret_type(provider, &object.instance.resource)
            }
            Entry::Succeeded { address, object: Some(object), .. }
            | Entry::Failed { address, object: Some(object), .. }
            | Entry::Settled { address, object: Some(object), .. }
            | Entry::ObjectSet { address, object } => holds(address, object),
            Entry::OutputSet { output, .. } => {
                output.as_ref().is_some_and(|output| output.sensitive)
            }
            Entry::RunStarted { .. }
            | Entry::Succeeded { .. }
            | Entry::Failed { .. }
            | Entry::Settled { .. }
            | Entry::ObjectForgotten { .. }
            | Entry::ObjectMoved { .. }
            | Entry::ChecksSet { .. }
            | Entry::IdentitySet { .. }
            | Entry::StepStarted { .. }
            | Entry::StepDone { .. }
            | Entry::RunFinished { .. } => false,
        }
    }
}
