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

/// The keys that the secrets which a read names, or which stand below its path, are encrypted with: customers' keys only,
/// since everybody in an account may use that of SSM itself.
pub(crate) fn keys_of(scope: &mut Scope<'_>, names: &[String], path: Option<&str>) -> Vec<String> {
    let below = path.map(|path| format!("{}/", path.trim_end_matches('/')));
    let parameters = scope.realm().ssm.parameters.iter();
    let mut keys: Vec<String> = parameters
        .filter(|(name, _)| {
            names.iter().any(|wanted| wanted.split(':').next() == Some(*name))
                || below.as_ref().is_some_and(|below| name.starts_with(below))
        })
        .filter_map(|(_, parameter)| parameter.newest()?.key.clone())
        .filter(|key| !key.ends_with("alias/aws/ssm"))
        .collect();
    keys.sort();
    keys.dedup();
    keys
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
