//! IAM: state, events and the registry of actions. What is new is seen here at once; other services
//! see it after a while (`propagated`), as on AWS.

mod account;
pub(crate) mod authorization;
mod documents;
mod oidc;
pub(crate) mod permission;
mod policies;
mod profiles;
mod role_policies;
mod roles;
mod tags;
mod users;

use serde::{Deserialize, Serialize};

use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::Fault;
use crate::world::scope::Scope;
use crate::world::table::tables;
use crate::world::timing;

/// Actions by family file; one line per family here, one line per action there.
pub(crate) const ACTIONS: &[&[Action]] = &[
    roles::ACTIONS,
    role_policies::ACTIONS,
    policies::ACTIONS,
    profiles::ACTIONS,
    oidc::ACTIONS,
    users::ACTIONS,
    account::ACTIONS,
];

tables! {
    /// What the service keeps: roles, profiles and users by name, policies and providers by ARN.
    pub(crate) struct State {
        table roles: roles::Role,
        table policies: policies::Policy,
        table profiles: profiles::Profile,
        table providers: oidc::Provider,
        table users: users::User,
    }
}

/// Is a name taken? Names of IAM are not told apart by case.
fn is_taken<'n>(mut names: impl Iterator<Item = &'n str>, name: &str) -> bool {
    names.any(|known| known.eq_ignore_ascii_case(name))
}

/// Refuses one more of what there are `count` already, where a quota says so. `name` is the quota as IAM calls it.
fn check_quota(call: &Call<'_>, quota: &str, name: &str, count: usize) -> Result<(), Fault> {
    let most = call.quota(quota);
    if count < most {
        return Ok(());
    }
    let message = format!("Cannot exceed quota for {name}: {most}");
    Err(Fault::new("LimitExceeded", message).status(409))
}

/// Makes the role that a service needs, as AWS does when something of the service is first made in an account.
pub(crate) fn ensure_service_linked(scope: &mut Scope<'_>, service: &str) {
    roles::ensure_service_linked(scope, service);
}

/// What other services know of a role of this account; nothing while it is too new for them.
pub(crate) fn role_known(scope: &mut Scope<'_>, name: &str) -> Option<KnownRole> {
    let now = scope.now();
    let row = scope.global().iam.roles.row(name)?;
    let role = &row.value;
    (row.created + timing::IAM_PROPAGATION <= now).then(|| KnownRole {
        arn: role.arn.clone(),
        id: role.id.clone(),
        trust: role.trust.clone(),
        max_session: role.max_session,
    })
}

/// The role of the instance profile of an ARN, if it has one.
pub(crate) fn role_of_profile(scope: &mut Scope<'_>, arn: &str) -> Option<String> {
    let name = arn.rsplit('/').next().unwrap_or(arn).to_owned();
    scope.global().iam.profiles.get(&name)?.role.clone()
}

/// The clients of an identity provider of this account.
pub(crate) fn clients_of_provider(scope: &mut Scope<'_>, arn: &str) -> Option<Vec<String>> {
    scope.global().iam.providers.get(arn).map(|provider| provider.clients.clone())
}

/// A role as other services see it.
pub(crate) struct KnownRole {
    pub(crate) arn: String,
    pub(crate) id: String,
    pub(crate) trust: String,
    pub(crate) max_session: i64,
}

/// Does another service see the instance profile of that name or ARN already?
pub(crate) fn profile_is_known(scope: &mut Scope<'_>, name_or_arn: &str) -> bool {
    let name = name_or_arn.rsplit('/').next().unwrap_or(name_or_arn).to_owned();
    let now = scope.now();
    let row = scope.global().iam.profiles.row(&name);
    row.is_some_and(|row| row.created + timing::IAM_PROPAGATION <= now)
}

/// The ARN of the instance profile of that name or ARN, seen or not.
pub(crate) fn profile_arn(scope: &mut Scope<'_>, name_or_arn: &str) -> Option<(String, String)> {
    let name = name_or_arn.rsplit('/').next().unwrap_or(name_or_arn).to_owned();
    let profile = scope.global().iam.profiles.get(&name)?;
    Some((profile.arn.clone(), profile.id.clone()))
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
