//! STS: who the caller is, and temporary credentials. A session's key maps to its account until it expires.
mod caller;
mod roles;

use crate::service::Action;
use crate::world::scope::Scope;
use crate::world::table::tables;
use crate::world::{Millis, World};
use serde::{Deserialize, Serialize};

/// Actions by family file; one line per family here, one line per action there.
pub(crate) const ACTIONS: &[&[Action]] = &[caller::ACTIONS, roles::ACTIONS];

/// Temporary credentials, by access key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Session {
    pub(crate) arn: String,
    pub(crate) user_id: String,
    pub(crate) expires: Millis,
}

tables! {
    /// What the service keeps.
    pub(crate) struct State {
        table sessions: Session,
    }
}

/// The session of an access key, with the account that it is for.
pub(crate) fn session(world: &World, access_key: &str) -> Option<(String, Session)> {
    if !access_key.starts_with("ASIA") {
        return None;
    }
    world.accounts.iter().find_map(|(id, account)| {
        Some((id.clone(), account.global.sts.sessions.get(access_key)?.clone()))
    })
}

/// What happens later.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Event {
    /// A session's credentials have long expired.
    Forget { access_key: String },
}

impl Event {
    /// Lets it happen.
    pub(crate) fn run(self, scope: &mut Scope<'_>) {
        let Event::Forget { access_key } = self;
        scope.global().sts.sessions.remove(&access_key);
    }
}
