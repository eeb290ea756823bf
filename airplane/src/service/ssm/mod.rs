//! SSM's Parameter Store.

mod parameters;
mod reads;
mod tags;

use serde::{Deserialize, Serialize};

use crate::service::Action;
use crate::world::scope::Scope;
use crate::world::table::tables;

/// Actions by family file; one line per family here, one line per action there.
pub(crate) const ACTIONS: &[&[Action]] = &[parameters::ACTIONS, reads::ACTIONS, tags::ACTIONS];

tables! {
    /// What the service keeps: parameters by name.
    pub(crate) struct State {
        table parameters: parameters::Parameter,
    }
}

/// The value of a parameter of this place, or of one of AWS's public ones, by `NAME` or `NAME:VERSION`.
pub(crate) fn value(scope: &mut Scope<'_>, name: &str) -> Option<String> {
    reads::value(scope, name)
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
