//! `aws_kms_alias`: a name of a key.

use async_trait::async_trait;
use aws_sdk_kms::types::AliasListEntry;
use kprov_core::Value;

use crate::api::{Api, AwsError};
use crate::bulk::Found;
use crate::fields::{Fields, Problems};
use crate::names;
use crate::resource::{AwsResource, Changes, Create, Made, Plan, Result};
use crate::row::Row;

const PREFIX: &str = "alias/";

#[derive(Debug)]
pub(crate) struct Alias;

#[async_trait]
impl AwsResource for Alias {
    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "/_-".contains(c);
        names::check(problems, config, 256, allowed, "letters, digits and /_-");
        for name in ["name", "name_prefix"] {
            if let Some(text) = config.text(name)
                && (!text.starts_with(PREFIX) || text.starts_with("alias/aws/"))
            {
                let message = "It begins with \"alias/\", and not with \"alias/aws/\".";
                problems.add(name, "Invalid name", message);
            }
        }
    }

    fn plan(&self, plan: &mut Plan<'_>) {
        let target = |value: &Value| value.as_str().map(|text| key_id(text).to_owned());
        let old = plan.prior.and_then(|prior| target(prior.get("target_key_id")));
        let new = target(plan.get("target_key_id"));
        if old.is_some() && old == new {
            plan.keep("target_key_id");
        } else if plan.prior.is_some() {
            plan.unknown("target_key_arn");
        }
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let name = prior.id();
        let Some(alias) = api.load("kms alias", name, aliases).await? else { return Ok(None) };
        let Some(key) = alias.target_key_id() else { return Ok(None) };
        let before = prior.str("target_key_id").filter(|before| key_id(before) == key);
        let arn = alias.alias_arn().unwrap_or_default();
        let base = arn.strip_suffix(&format!(":{name}")).unwrap_or_default();
        let mut row = Row::new();
        row.set("id", name)
            .set("name", name)
            .set("name_prefix", names::prefix(name))
            .set("arn", arn)
            .set("target_key_id", before.unwrap_or(key))
            .set("target_key_arn", format!("{base}:key/{key}"));
        Ok(Some(row))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        let name = names::chosen(create.planned, create.token, PREFIX);
        let make = || {
            let call = api.kms().create_alias().alias_name(&name);
            call.set_target_key_id(create.planned.string("target_key_id")).send()
        };
        api.call("kms", "CreateAlias", make).await.map_err(|error| match &*error.code {
            "AlreadyExistsException" => error.at("name"),
            "NotFoundException" => error.at("target_key_id"),
            _ => error,
        })?;
        let target = create.planned.str("target_key_id").unwrap_or_default();
        let account = api.identity().await.map_err(AwsError::after_effect)?.account.as_str();
        let base = format!("arn:{}:kms:{}:{account}", api.partition(), api.region());
        let arn = match target.starts_with("arn:") {
            true => target.to_owned(),
            false => format!("{base}:key/{target}"),
        };
        let mut known = Row::new();
        known
            .set("name", name.as_str())
            .set("name_prefix", names::prefix(&name))
            .set("arn", format!("{base}:{name}"))
            .set("target_key_arn", arn);
        Ok(Made::knowing(name, known))
    }

    async fn update(&self, api: &Api, changes: Changes<'_>) -> Result<()> {
        if !changes.has("target_key_id") {
            return Ok(());
        }
        let call = || {
            let call = api.kms().update_alias().alias_name(changes.id());
            call.set_target_key_id(changes.planned.string("target_key_id")).send()
        };
        let result = api.call("kms", "UpdateAlias", call).await;
        result.map(|_| ()).map_err(|error| error.at("target_key_id"))
    }

    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        let delete = || api.kms().delete_alias().alias_name(prior.id()).send();
        api.call("kms", "DeleteAlias", delete).await.map(|_| ())
    }

    async fn find(&self, api: &Api, create: Create<'_>) -> Result<Option<Made>> {
        let name = names::chosen(create.planned, create.token, PREFIX);
        let wanted = create.planned.str("target_key_id").map(key_id);
        let found = api.load("kms alias", &name, aliases).await?;
        Ok(found.filter(|it| it.target_key_id() == wanted).map(|_| Made::id(name)))
    }

    fn import(&self, id: &str) -> std::result::Result<Vec<(&'static str, Value)>, String> {
        match id.starts_with(PREFIX) {
            true => Ok(vec![("id", Value::string(id))]),
            false => Err(format!("Expected a name such as \"alias/etcd\", not {id:?}.")),
        }
    }
}

/// The id in a key's id or ARN.
fn key_id(text: &str) -> &str {
    text.rsplit_once(":key/").map_or(text, |(_, id)| id)
}

/// Aliases by name: one list for all.
async fn aliases(api: Api, names: Vec<String>) -> Result<Found<AliasListEntry>> {
    let ask = |marker| api.kms().list_aliases().limit(100).set_marker(marker).send();
    let all =
        api.pages("kms", "ListAliases", ask, |answer| (answer.aliases, answer.next_marker)).await?;
    let all = all.into_iter().filter_map(|it| Some((it.alias_name.clone()?, it)));
    Ok(all.filter(|(name, _)| names.contains(name)).collect())
}
