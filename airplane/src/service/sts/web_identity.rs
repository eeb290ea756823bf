//! AssumeRoleWithWebIdentity: a token of an OpenID Connect provider of the role's account for a role that trusts it, as pods
//! of a cluster do. Who signed the token is not looked at: the provider's keys stand on the network, where nothing here may go.
use super::issue;
use super::roles::parts;
use crate::around::call::Call;
use crate::service::Action;
use crate::service::iam::permission::{Principal, Question, allows};
use crate::service::iam::{self, KnownRole};
use crate::wire::fault::{Fault, Outcome};
use crate::world::scope::Scope;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

pub(crate) const ACTIONS: &[Action] = &[("AssumeRoleWithWebIdentity", assume)];

/// What a token claims.
struct Claims {
    issuer: String,
    subject: String,
    audiences: Vec<String>,
    /// In seconds.
    expires: i64,
}

fn invalid(message: impl Into<String>) -> Fault {
    Fault::new("InvalidIdentityToken", message)
}

fn claims(token: &str) -> Result<Claims, Fault> {
    let wrong = || {
        invalid(
            "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)",
        )
    };
    let [_, payload, _] = token.split('.').collect::<Vec<_>>()[..] else { return Err(wrong()) };
    let payload = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).map_err(|_| wrong())?;
    let payload: Value = serde_json::from_slice(&payload).map_err(|_| wrong())?;
    let text = |name: &str| payload[name].as_str().map(str::to_owned);
    let audiences = match &payload["aud"] {
        Value::Array(all) => all.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect(),
        one => one.as_str().map(str::to_owned).into_iter().collect(),
    };
    let missing = |name: &str| invalid(format!("Missing a required claim: {name}"));
    Ok(Claims {
        issuer: text("iss").ok_or_else(|| missing("iss"))?,
        subject: text("sub").ok_or_else(|| missing("sub"))?,
        audiences,
        expires: payload["exp"].as_i64().ok_or_else(|| missing("exp"))?,
    })
}

// The provider that answers for the token, and the audience that it is meant for.
fn provider(scope: &mut Scope<'_>, claims: &Claims) -> Result<(String, String), Fault> {
    let unknown = || {
        invalid(format!("No OpenIDConnect provider found in your account for {}", claims.issuer))
    };
    let bare = claims.issuer.strip_prefix("https://").ok_or_else(unknown)?.trim_end_matches('/');
    let arn = format!("arn:aws:iam::{}:oidc-provider/{bare}", scope.account);
    let clients = iam::clients_of_provider(scope, &arn).ok_or_else(unknown)?;
    let audience = claims.audiences.iter().find(|audience| clients.contains(audience));
    let audience = audience.ok_or_else(|| invalid("Incorrect token audience"))?;
    Ok((arn, audience.clone()))
}

fn trusts(role: &KnownRole, provider: &str, claims: &Claims, audience: &str) -> bool {
    let bare = claims.issuer.trim_start_matches("https://").trim_end_matches('/');
    let (subject_key, audience_key) = (format!("{bare}:sub"), format!("{bare}:aud"));
    let context = [(subject_key.as_str(), claims.subject.as_str()), (&audience_key, audience)];
    let question = Question {
        principal: Principal::Federated(provider),
        action: "sts:AssumeRoleWithWebIdentity",
        resource: None,
        context: &context,
    };
    allows(&role.trust, &question)
}

fn assume(call: &mut Call<'_>) -> Outcome {
    let (arn, name) = (call.str("RoleArn"), call.str("RoleSessionName"));
    let (account, role_name) = parts(&arn)?;
    let claims = claims(&call.str("WebIdentityToken"))?;
    let now = call.now();
    if claims.expires * 1000 <= now {
        let message = format!(
            "Token expired: current date/time {} must be before the expiration date/time {}",
            now / 1000,
            claims.expires
        );
        return Err(Fault::new("ExpiredTokenException", message));
    }
    let region = call.region.clone();
    let mut there = Scope { world: &mut *call.scope.world, account: account.clone(), region };
    let (provider, audience) = provider(&mut there, &claims)?;
    let role = iam::role_known(&mut there, &role_name)
        .filter(|role| role.arn == arn && trusts(role, &provider, &claims, &audience));
    let Some(role) = role else {
        let message = "Not authorized to perform sts:AssumeRoleWithWebIdentity";
        return Err(Fault::new("AccessDenied", message).status(403));
    };
    let seconds = call.opt_int("DurationSeconds").unwrap_or(3600);
    if seconds > role.max_session {
        let message =
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
        return Err(Fault::new("ValidationError", message));
    }
    let id = format!("{}:{name}", role.id);
    let assumed = format!("arn:aws:sts::{account}:assumed-role/{role_name}/{name}");
    let credentials = issue(call, &account, &assumed, &id, seconds);
    Ok(json!({
        "Credentials": credentials,
        "AssumedRoleUser": {"AssumedRoleId": id, "Arn": assumed},
        "SubjectFromWebIdentityToken": claims.subject,
        "Audience": audience,
        "Provider": provider,
    }))
}
