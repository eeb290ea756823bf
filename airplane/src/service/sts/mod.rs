//! STS: who the caller is, and temporary credentials. A session's key maps to its account until it expires.
mod caller;
mod roles;
mod session_token;
mod web_identity;

use crate::around::call::Call;
use crate::service::Action;
use crate::world::scope::Scope;
use crate::world::table::tables;
use crate::world::{Millis, World};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Actions by family file; one line per family here, one line per action there.
pub(crate) const ACTIONS: &[&[Action]] =
    &[caller::ACTIONS, roles::ACTIONS, session_token::ACTIONS, web_identity::ACTIONS];

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

/// New temporary credentials of an account, as answers have them.
fn issue(call: &mut Call<'_>, account: &str, arn: &str, user_id: &str, seconds: i64) -> Value {
    let (now, key) = (call.now(), format!("ASIA{}", call.world.ids.base32(16)));
    let (secret, token) = (call.world.ids.hex(40), call.world.ids.base32(120));
    let expires = now + seconds * 1000;
    let session = Session { arn: arn.to_owned(), user_id: user_id.to_owned(), expires };
    call.world.account(account).global.sts.sessions.insert_implicit(&key, session, now);
    let region = call.region.clone();
    // Kept for an hour past its end, so that its use is refused as expired and not as unknown.
    let forget = Event::Forget { access_key: key.clone() };
    call.world.schedule(account, &region, expires + 3_600_000, forget.into());
    json!({"AccessKeyId": key, "SecretAccessKey": secret, "SessionToken": token, "Expiration": expires})
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
