//! OpenID Connect providers, by ARN.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::check_quota;
use super::roles::{missing, taken};
use super::tags::{self, Tags};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use crate::world::Millis;

pub(crate) const ACTIONS: &[Action] = &[
    ("CreateOpenIDConnectProvider", create),
    ("GetOpenIDConnectProvider", get),
    ("DeleteOpenIDConnectProvider", delete),
    ("ListOpenIDConnectProviders", list),
    ("UpdateOpenIDConnectProviderThumbprint", update_thumbprints),
    ("AddClientIDToOpenIDConnectProvider", add_client),
    ("RemoveClientIDFromOpenIDConnectProvider", remove_client),
    ("TagOpenIDConnectProvider", |call| tags::tag(call, own_tags)),
    ("UntagOpenIDConnectProvider", |call| tags::untag(call, own_tags)),
    ("ListOpenIDConnectProviderTags", |call| tags::list(call, own_tags)),
];

/// A provider.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Provider {
    /// Without the scheme, as IAM shows it.
    url: String,
    pub(super) clients: Vec<String>,
    thumbprints: Vec<String>,
    created: Millis,
    tags: Tags,
}

fn named<'c>(call: &'c mut Call<'_>) -> Result<&'c mut Provider, Fault> {
    let arn = call.str("OpenIDConnectProviderArn");
    let fault = missing(&format!("OpenIDConnect Provider for arn {arn}"));
    call.global().iam.providers.get_mut(&arn).ok_or(fault)
}

fn thumbprints(call: &Call<'_>) -> Result<Vec<String>, Fault> {
    let given = call.strings("ThumbprintList");
    let good =
        |print: &String| print.len() == 40 && print.bytes().all(|byte| byte.is_ascii_hexdigit());
    if given.len() > 5 || !given.iter().all(good) {
        let message = "Thumbprints must be 40 hexadecimal digits, and at most 5.";
        return Err(Fault::new("ValidationError", message));
    }
    Ok(given)
}

fn create(call: &mut Call<'_>) -> Outcome {
    let url = call.str("Url");
    let Some(bare) = url.strip_prefix("https://").map(|rest| rest.trim_end_matches('/').to_owned())
    else {
        return Err(Fault::new("ValidationError", "Invalid Open ID Connect Provider URL"));
    };
    let arn = format!("arn:aws:iam::{}:oidc-provider/{bare}", call.account);
    if call.global().iam.providers.contains(&arn) {
        return Err(taken(&format!("Provider with url {url}")));
    }
    let count = call.global().iam.providers.len();
    check_quota(call, "iam-oidc-providers", "OpenIdConnectProvidersPerAccount", count)?;
    let mut thumbprints = thumbprints(call)?;
    if thumbprints.is_empty() {
        // AWS fetches it from the address, which nothing here may.
        thumbprints.push("0".repeat(40));
    }
    let (now, tags) = (call.now(), Tags::of(call)?);
    let shown = tags.answer();
    let provider = Provider {
        url: bare,
        clients: call.strings("ClientIDList"),
        thumbprints,
        created: now,
        tags,
    };
    let visible = call.visible_at();
    call.global().iam.providers.insert(&arn, provider, now, visible);
    Ok(json!({"OpenIDConnectProviderArn": arn, "Tags": shown}))
}

fn get(call: &mut Call<'_>) -> Outcome {
    let (arn, now) = (call.str("OpenIDConnectProviderArn"), call.now());
    let fault = missing(&format!("OpenIDConnect Provider for arn {arn}"));
    let provider = call.global().iam.providers.see(&arn, now).ok_or(fault)?;
    Ok(json!({
        "Url": provider.url,
        "ClientIDList": provider.clients,
        "ThumbprintList": provider.thumbprints,
        "CreateDate": provider.created,
        "Tags": provider.tags.answer(),
    }))
}

fn delete(call: &mut Call<'_>) -> Outcome {
    // Idempotent, as the documentation says: no error for what is not there.
    let arn = call.str("OpenIDConnectProviderArn");
    call.global().iam.providers.remove(&arn);
    Ok(json!({}))
}

fn list(call: &mut Call<'_>) -> Outcome {
    let now = call.now();
    let found: Vec<Value> =
        call.global().iam.providers.seen(now).map(|(arn, _)| json!({"Arn": arn})).collect();
    Ok(json!({"OpenIDConnectProviderList": found}))
}

fn update_thumbprints(call: &mut Call<'_>) -> Outcome {
    let thumbprints = thumbprints(call)?;
    named(call)?.thumbprints = thumbprints;
    Ok(json!({}))
}

fn add_client(call: &mut Call<'_>) -> Outcome {
    let client = call.str("ClientID");
    let provider = named(call)?;
    if !provider.clients.contains(&client) {
        provider.clients.push(client);
    }
    Ok(json!({}))
}

fn remove_client(call: &mut Call<'_>) -> Outcome {
    let client = call.str("ClientID");
    named(call)?.clients.retain(|known| *known != client);
    Ok(json!({}))
}

fn own_tags<'c>(call: &'c mut Call<'_>) -> Result<&'c mut Tags, Fault> {
    Ok(&mut named(call)?.tags)
}
