//! `aws_iam_openid_connect_provider`: the issuer of service account tokens.

use async_trait::async_trait;
use aws_sdk_iam::operation::get_open_id_connect_provider::GetOpenIdConnectProviderOutput as OidcProvider;
use kprov_core::Value;

use super::{is_arn, is_ours, pairs, tags};
use crate::api::Api;
use crate::bulk::{Found, each};
use crate::fields::{Fields, Problems};
use crate::resource::{AwsResource, Changes, Create, Made, Plan, Result, Tagging};
use crate::row::Row;
use crate::tags::Tags;

#[derive(Debug)]
pub(crate) struct OpenIdConnectProvider;

/// IAM knows the URL without its scheme.
fn bare(url: &str) -> &str {
    url.strip_prefix("https://").unwrap_or(url)
}

#[async_trait]
impl AwsResource for OpenIdConnectProvider {
    fn tagging(&self) -> Tagging {
        Tagging::Own
    }

    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        if let Some(url) = config.text("url")
            && (!url.starts_with("https://") || bare(url).is_empty())
        {
            let message = format!("An issuer's URL begins with \"https://\", not {url:?}.");
            problems.add("url", "Invalid URL", message);
        }
        for print in config.strings("thumbprint_list") {
            if print.len() != 40 || !print.bytes().all(|b| b.is_ascii_hexdigit()) {
                let message = format!("A thumbprint is 40 hexadecimal digits, not {print:?}.");
                problems.add("thumbprint_list", "Invalid thumbprint", message);
            }
        }
    }

    fn plan(&self, plan: &mut Plan<'_>) {
        let old = plan.prior.and_then(|prior| prior.str("url")).map(bare);
        if old.is_some() && old == plan.get("url").as_str().map(bare) {
            plan.keep("url");
        }
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let arn = prior.id();
        let Some(found) = api.load("iam oidc provider", arn, providers).await? else {
            return Ok(None);
        };
        let url = found.url().unwrap_or_default();
        let before = prior.str("url").filter(|before| bare(before) == bare(url));
        let mut row = Row::new();
        row.set("id", arn)
            .set("arn", arn)
            .set("url", before.unwrap_or(url))
            .strings("client_id_list", found.client_id_list())
            .strings("thumbprint_list", found.thumbprint_list())
            .tags(pairs(found.tags()));
        Ok(Some(row))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        let planned = create.planned;
        let all = tags(&create.tags_with_token());
        let make = || {
            api.iam()
                .create_open_id_connect_provider()
                .set_url(planned.string("url"))
                .set_client_id_list(planned.some_strings("client_id_list"))
                .set_thumbprint_list(planned.some_strings("thumbprint_list"))
                .set_tags(Some(all.clone()))
                .send()
        };
        let answer = api.call("iam", "CreateOpenIDConnectProvider", make).await;
        let answer = answer.map_err(|error| error.at("url"))?;
        Ok(Made::id(answer.open_id_connect_provider_arn.unwrap_or_default()))
    }

    async fn update(&self, api: &Api, changes: Changes<'_>) -> Result<()> {
        let arn = changes.id();
        if changes.has("thumbprint_list") {
            let prints = changes.planned.strings("thumbprint_list");
            let call = || {
                let call = api.iam().update_open_id_connect_provider_thumbprint();
                call.open_id_connect_provider_arn(arn)
                    .set_thumbprint_list(Some(prints.clone()))
                    .send()
            };
            api.call("iam", "UpdateOpenIDConnectProviderThumbprint", call).await?;
        }
        if changes.has("client_id_list") {
            let (old, new) = (
                changes.prior.strings("client_id_list"),
                changes.planned.strings("client_id_list"),
            );
            for id in new.iter().filter(|id| !old.contains(id)) {
                let call = || {
                    let call = api.iam().add_client_id_to_open_id_connect_provider();
                    call.open_id_connect_provider_arn(arn).client_id(id).send()
                };
                api.call("iam", "AddClientIDToOpenIDConnectProvider", call).await?;
            }
            for id in old.iter().filter(|id| !new.contains(id)) {
                let call = || {
                    let call = api.iam().remove_client_id_from_open_id_connect_provider();
                    call.open_id_connect_provider_arn(arn).client_id(id).send()
                };
                api.call("iam", "RemoveClientIDFromOpenIDConnectProvider", call).await?;
            }
        }
        Ok(())
    }

    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        let delete = || {
            let call = api.iam().delete_open_id_connect_provider();
            call.open_id_connect_provider_arn(prior.id()).send()
        };
        api.call("iam", "DeleteOpenIDConnectProvider", delete).await.map(|_| ())
    }

    async fn find(&self, api: &Api, create: Create<'_>) -> Result<Option<Made>> {
        let url = bare(create.planned.str("url").unwrap_or_default());
        let account = &api.identity().await?.account;
        let arn = format!("arn:{}:iam::{account}:oidc-provider/{url}", api.partition());
        let found = api.load("iam oidc provider", &arn, providers).await?;
        Ok(found.filter(|it| is_ours(it.tags(), create.token)).map(|_| Made::id(arn)))
    }

    async fn retag(
        &self,
        api: &Api,
        object: Fields<'_>,
        removed: Vec<String>,
        written: Tags,
    ) -> Result<()> {
        let arn = object.id();
        if !removed.is_empty() {
            let call = || {
                let call = api.iam().untag_open_id_connect_provider();
                call.open_id_connect_provider_arn(arn).set_tag_keys(Some(removed.clone())).send()
            };
            api.call("iam", "UntagOpenIDConnectProvider", call).await?;
        }
        if !written.is_empty() {
            let all = tags(&written);
            let call = || {
                let call = api.iam().tag_open_id_connect_provider();
                call.open_id_connect_provider_arn(arn).set_tags(Some(all.clone())).send()
            };
            api.call("iam", "TagOpenIDConnectProvider", call).await?;
        }
        Ok(())
    }

    fn import(&self, id: &str) -> std::result::Result<Vec<(&'static str, Value)>, String> {
        match is_arn(id) && id.contains(":oidc-provider/") {
            true => Ok(vec![("id", Value::string(id))]),
            false => Err(format!("Expected the ARN of an OIDC provider, not {id:?}.")),
        }
    }
}

/// Providers by ARN.
async fn providers(api: Api, arns: Vec<String>) -> Result<Found<OidcProvider>> {
    let api = &api;
    each(arns, |arn| async move {
        let call = || {
            let call = api.iam().get_open_id_connect_provider();
            call.open_id_connect_provider_arn(&arn).send()
        };
        api.call("iam", "GetOpenIDConnectProvider", call).await
    })
    .await
}
