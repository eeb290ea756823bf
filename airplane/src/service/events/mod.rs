//! EventBridge: state, events and the registry of actions.
use crate::service::Action;
use crate::world::scope::Scope;
use crate::world::table::tables;
use serde::{Deserialize, Serialize};

/// Actions by family file; one line per family here, one line per action there.
pub(crate) const ACTIONS: &[&[Action]] = &[];

tables! {
    /// What the service keeps.
    pub(crate) struct State {}
}

/// What happens later.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Event {}

impl Event {
    /// Lets it happen.
    pub(crate) fn run(self, _scope: &mut Scope<'_>) {
        match self {}
    }
}
