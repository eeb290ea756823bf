//! KMS: keys, aliases, grants, and what is done with keys.

mod aliases;
mod crypto;
mod grants;
mod keys;
mod tags;

use serde::{Deserialize, Serialize};

use crate::around::call::Call;
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

/// The ARN of the key that AWS keeps for a service in this account, as `alias/aws/SERVICE`; made when first needed.
pub(crate) fn managed_key(scope: &mut Scope<'_>, service: &str) -> String {
    keys::managed(scope, service)
}

/// The ARN of the key that an id, ARN or alias names.
pub(crate) fn arn_of(scope: &mut Scope<'_>, wanted: &str) -> Option<String> {
    let id = keys::id_of(scope, wanted).ok()?;
    Some(scope.arn("kms", &format!("key/{id}")))
}

/// Does the id, ARN or alias name a key that can be used?
pub(crate) fn is_usable(call: &mut Call<'_>, key: &str) -> bool {
    keys::is_usable(call, key)
}

/// May a role of AWS's own use the key for a resource? Its policy, or a grant, must say so by name.
pub(crate) fn serves(scope: &mut Scope<'_>, key: &str, role: &str) -> bool {
    keys::serves(scope, key, role)
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
