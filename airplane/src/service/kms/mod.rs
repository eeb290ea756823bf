//! KMS: keys, aliases, grants, and what is done with keys.

mod aliases;
mod crypto;
mod grants;
mod keys;
mod tags;

use serde::{Deserialize, Serialize};

use crate::service::Action;
use crate::world::scope::Scope;
use crate::world::table::tables;

/// Actions by family file; one line per family here, one line per action there.
pub(crate) const ACTIONS: &[&[Action]] =
    &[keys::ACTIONS, aliases::ACTIONS, grants::ACTIONS, crypto::ACTIONS, tags::ACTIONS];

tables! {
    /// What the service keeps: keys by id, aliases by name, grants by id.
    pub(crate) struct State {
        table keys: keys::Key,
        table aliases: aliases::Alias,
        table grants: grants::Grant,
    }
}

/// What happens later.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Event {
    /// The waiting time of a key is over.
    Delete { key: String },
}

impl Event {
    /// Lets it happen.
    pub(crate) fn run(self, scope: &mut Scope<'_>) {
        let Event::Delete { key } = self;
        keys::delete_if_due(scope, &key);
    }
}
