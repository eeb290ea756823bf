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
    /// The instance that has it from its metadata: the session lives as long as the instance.
    #[serde(default)]
    pub(crate) instance: Option<String>,
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
    let (arn, user_id) = (arn.to_owned(), user_id.to_owned());
    let session = Session { arn, user_id, expires, instance: None };
    call.world.account(account).global.sts.sessions.insert_implicit(&key, session, now);
    let region = call.region.clone();
    // Kept for an hour past its end, so that its use is refused as expired and not as unknown.
    let forget = Event::Forget { access_key: key.clone() };
    call.world.schedule(account, &region, expires + 3_600_000, forget.into());
    json!({"AccessKeyId": key, "SecretAccessKey": secret, "SessionToken": token, "Expiration": expires})
}

/// Credentials that an instance gets from its metadata.
pub(crate) struct OfInstance {
    pub(crate) access_key: String,
    pub(crate) secret: String,
    pub(crate) token: String,
}

/// New credentials of a role for an instance. Who holds them goes by a clock of its own, so they end with the instance.
pub(crate) fn issue_to_instance(
    scope: &mut Scope<'_>,
    role: (&str, &str),
    instance: &str,
) -> OfInstance {
    let ids = &mut scope.world.ids;
    let access_key = format!("ASIA{}", ids.base32(16));
    let (secret, token) = (ids.hex(40), ids.base32(240));
    let (name, id) = role;
    let session = Session {
        arn: format!("arn:aws:sts::{}:assumed-role/{name}/{instance}", scope.account),
        user_id: format!("{id}:{instance}"),
        expires: Millis::MAX,
        instance: Some(instance.to_owned()),
    };
    let now = scope.now();
    scope.global().sts.sessions.insert_implicit(&access_key, session, now);
    OfInstance { access_key, secret, token }
}

/// An instance is gone, and with it what its credentials are good for.
pub(crate) fn end_sessions_of(scope: &mut Scope<'_>, instance: &str) {
    let now = scope.now();
    let sessions = &mut scope.global().sts.sessions;
    let is_its = |session: &Session| session.instance.as_deref() == Some(instance);
    let all = sessions.iter().filter(|(_, session)| is_its(session));
    for access_key in all.map(|(key, _)| key.to_owned()).collect::<Vec<_>>() {
        if let Some(session) = scope.global().sts.sessions.get_mut(&access_key) {
            session.expires = now;
        }
        scope.schedule(3_600_000, Event::Forget { access_key });
    }
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
