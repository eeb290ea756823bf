//! `aws_ssm_parameter`.

use async_trait::async_trait;
use aws_sdk_ssm::types::{
    Parameter as SsmParameter, ParameterMetadata, ParameterStringFilter, ParameterTier,
    ParameterType, ResourceTypeForTagging, Tag,
};

use crate::api::{Api, AwsError};
use crate::bulk::{Found, each, groups};
use crate::fields::{Fields, Problems};
use crate::resource::{AwsResource, Changes, Create, Made, Plan, Result, Tagging};
use crate::row::Row;
use crate::tags::{OPERATION, Tags};

/// How many names GetParameters takes.
const GROUP: usize = 10;
/// How many names a filter of DescribeParameters takes.
const FILTERED: usize = 50;

/// AWS chooses the tier; what it chose is what it tells.
const INTELLIGENT: &str = "Intelligent-Tiering";
/// How much the standard tier takes.
const STANDARD_MAX: usize = 4096;

#[derive(Debug)]
pub(crate) struct Parameter;

#[async_trait]
impl AwsResource for Parameter {
    fn tagging(&self) -> Tagging {
        Tagging::Own
    }

    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
        crate::names::check_text(
            problems,
            config,
            "name",
            2048,
            allowed,
            "letters, digits and /._-",
        );
        problems.one_of(config, "type", &["SecureString", "String", "StringList"]);
        problems.one_of(config, "tier", &["Advanced", "Intelligent-Tiering", "Standard"]);
        let types = ["aws:ec2:image", "aws:ssm:integration", "text"];
        problems.one_of(config, "data_type", &types);
        problems.conflicts(config, &["value", "insecure_value", "value_wo"]);
        problems.needs_one(config, &["value", "insecure_value", "value_wo"]);
        if config.text("type") == Some("SecureString") && config.is_set("insecure_value") {
            let message = "A SecureString has \"value\" (or \"value_wo\"), not \"insecure_value\".";
            problems.add("insecure_value", "Conflicting configuration arguments", message);
        }
        let tier = config.text("tier").unwrap_or("Standard");
        let value = config.text("value").or(config.text("insecure_value"));
        let longest = if tier == "Standard" { STANDARD_MAX } else { 8192 };
        if let Some(length) = value.map(str::len)
            && config.get("tier").is_known()
            && length > longest
        {
            let name = if config.is_set("value") { "value" } else { "insecure_value" };
            let message = format!("The tier {tier} takes {longest} bytes, not {length}.");
            problems.add(name, "Value too long", message);
        }
        if let Some(pattern) = config.str("allowed_pattern") {
            match regex::Regex::new(pattern) {
                Err(_) => {
                    let message = "It is not a regular expression.";
                    problems.add("allowed_pattern", "Invalid pattern", message);
                }
                Ok(regex) if value.is_some_and(|value| !regex.is_match(value)) => {
                    let name = if config.is_set("value") { "value" } else { "insecure_value" };
                    problems.add(name, "Invalid value", "It does not match \"allowed_pattern\".");
                }
                Ok(_) => {}
            }
        }
    }

    fn plan(&self, plan: &mut Plan<'_>) {
        if plan.prior.is_none() {
            return;
        }
        let old = plan.prior.and_then(|prior| prior.str("tier")).unwrap_or_default().to_owned();
        if !old.is_empty() && plan.config.str("tier") == Some(INTELLIGENT) {
            // Whatever AWS chose is what was asked for.
            plan.keep("tier");
        }
        // A parameter does not go back to the standard tier.
        let large = || {
            let value = plan.prior.and_then(|prior| prior.str("value").map(str::len));
            value.is_some_and(|length| length > STANDARD_MAX)
        };
        let advanced = old == "Advanced" || (old == INTELLIGENT && large());
        if plan.changes("tier") && advanced && plan.get("tier").as_str() == Some("Standard") {
            plan.replace("tier");
        }
        // Moving between the two spellings of the value.
        for (name, other) in [("value", "insecure_value"), ("insecure_value", "value")] {
            if plan.config.is_set(name) && plan.changes(name) {
                plan.unknown(other);
            }
        }
        let own = [
            "value",
            "insecure_value",
            "value_wo_version",
            "type",
            "description",
            "tier",
            "key_id",
        ];
        if own.iter().any(|name| plan.changes(name)) || plan.changes("allowed_pattern") {
            plan.unknown("version");
        }
        if plan.changes("type") {
            plan.unknown("key_id");
        }
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let name = prior.id();
        let (found, facts, tags) = futures::try_join!(
            api.load("ssm parameter", name, parameters),
            api.load("ssm parameter facts", name, described),
            api.load("ssm parameter tags", name, tags_of),
        )?;
        let Some(found) = found else { return Ok(None) };
        let kind = found.r#type().map_or("String", ParameterType::as_str);
        let hidden = prior.i64("value_wo_version").is_some();
        let mut row = Row::new();
        row.set("id", name)
            .set("name", name)
            .set("arn", found.arn())
            .set("type", kind)
            .set("version", found.version())
            .set("data_type", found.data_type())
            .set("has_value_wo", hidden)
            .tags(tags.unwrap_or_default());
        let open = kind != "SecureString"
            && prior.str("insecure_value").is_some()
            && prior.str("value").is_none();
        match (hidden, open) {
            (true, _) => row.set("value", "").set("insecure_value", ""),
            (_, true) => row.set("insecure_value", found.value()).set("value", ""),
            _ => row.set("value", found.value()).set("insecure_value", ""),
        };
        if let Some(facts) = facts {
            row.set("description", facts.description())
                .set("allowed_pattern", facts.allowed_pattern())
                .set("key_id", facts.key_id());
            if prior.str("tier") != Some(INTELLIGENT) {
                row.set("tier", facts.tier().map(ParameterTier::as_str));
            }
        }
        Ok(Some(row))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        let planned = create.planned;
        let overwrite = planned.bool("overwrite") == Some(true);
        // AWS takes no tags with an overwrite.
        let all = (!overwrite).then(|| create.tags_with_token());
        put(api, planned, create.config, overwrite, all).await?;
        let name = planned.str("name").unwrap_or_default();
        if overwrite {
            write_tags(api, name, &create.tags_with_token())
                .await
                .map_err(AwsError::after_effect)?;
        }
        Ok(Made::id(name))
    }

    async fn update(&self, api: &Api, changes: Changes<'_>) -> Result<()> {
        let own = [
            "value",
            "insecure_value",
            "value_wo_version",
            "type",
            "description",
            "tier",
            "allowed_pattern",
            "key_id",
        ];
        if !changes.any(&own) {
            return Ok(());
        }
        // Each put is a version: one that says what is there already is not made.
        let name = changes.id();
        let (now, facts) = futures::try_join!(
            api.load("ssm parameter", name, parameters),
            api.load("ssm parameter facts", name, described),
        )?;
        let value = value(changes.planned, changes.config);
        let same = now.zip(facts).is_some_and(|(now, facts)| {
            let planned = |name: &str| changes.planned.text(name).unwrap_or_default();
            let tier = facts.tier().map_or("", ParameterTier::as_str);
            now.value() == value.as_deref()
                && now.r#type().map(ParameterType::as_str) == changes.planned.str("type")
                && facts.description().unwrap_or_default() == planned("description")
                && facts.allowed_pattern().unwrap_or_default() == planned("allowed_pattern")
                && changes.planned.str("tier").is_none_or(|it| it == tier || it == INTELLIGENT)
                && changes.planned.str("key_id").is_none_or(|wanted| facts.key_id() == Some(wanted))
        });
        if same {
            return Ok(());
        }
        put(api, changes.planned, changes.config, true, None).await
    }

    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        let delete = || api.ssm().delete_parameter().name(prior.id()).send();
        api.call("ssm", "DeleteParameter", delete).await.map(|_| ())
    }

    async fn find(&self, api: &Api, create: Create<'_>) -> Result<Option<Made>> {
        let name = create.planned.str("name").unwrap_or_default();
        let found = api.load("ssm parameter tags", name, tags_of).await?.unwrap_or_default();
        let ours = found.get(OPERATION).is_some_and(|token| token == create.token);
        Ok(ours.then(|| Made::id(name)))
    }

    async fn retag(
        &self,
        api: &Api,
        object: Fields<'_>,
        removed: Vec<String>,
        written: Tags,
    ) -> Result<()> {
        let name = object.id();
        if !removed.is_empty() {
            let call = || {
                api.ssm()
                    .remove_tags_from_resource()
                    .resource_type(ResourceTypeForTagging::Parameter)
                    .resource_id(name)
                    .set_tag_keys(Some(removed.clone()))
                    .send()
            };
            api.call("ssm", "RemoveTagsFromResource", call).await?;
        }
        if written.is_empty() { Ok(()) } else { write_tags(api, name, &written).await }
    }
}

fn tags(tags: &Tags) -> Vec<Tag> {
    tags.iter()
        .filter_map(|(key, value)| Tag::builder().key(key).value(value).build().ok())
        .collect()
}

async fn write_tags(api: &Api, name: &str, written: &Tags) -> Result<()> {
    let all = tags(written);
    let call = || {
        api.ssm()
            .add_tags_to_resource()
            .resource_type(ResourceTypeForTagging::Parameter)
            .resource_id(name)
            .set_tags(Some(all.clone()))
            .send()
    };
    api.call("ssm", "AddTagsToResource", call).await.map(|_| ())
}

/// The value, however it is spelt.
fn value(planned: Fields<'_>, config: Fields<'_>) -> Option<String> {
    // Where the spelling has changed, the other one is still the old value.
    let set = |name: &str| planned.string(name).filter(|_| config.is_set(name));
    let written = config.string("value_wo");
    let value = written.or_else(|| set("value")).or_else(|| set("insecure_value"));
    value.or_else(|| planned.string("value")).or_else(|| planned.string("insecure_value"))
}

async fn put(
    api: &Api,
    planned: Fields<'_>,
    config: Fields<'_>,
    overwrite: bool,
    all: Option<Tags>,
) -> Result<()> {
    let all = all.as_ref().map(tags);
    let value = value(planned, config);
    let text = |name: &str| match planned.string(name) {
        None if overwrite => Some(String::new()),
        text => text,
    };
    let secure = planned.str("type") == Some("SecureString");
    // Planned may be what AWS chose last time, and a larger value wants another choice.
    let chosen = config.str("tier").filter(|tier| *tier == INTELLIGENT);
    let tier = chosen.or_else(|| planned.str("tier"));
    let call = || {
        api.ssm()
            .put_parameter()
            .name(planned.str("name").unwrap_or_default())
            .set_type(planned.str("type").map(ParameterType::from))
            .set_value(value.clone())
            // What an overwrite leaves out stays as it is, so it says "" of what is not set.
            .set_description(text("description"))
            .set_allowed_pattern(text("allowed_pattern"))
            .set_data_type(planned.string("data_type"))
            .set_tier(tier.map(ParameterTier::from))
            .set_key_id(planned.string("key_id").filter(|_| secure))
            .set_overwrite(overwrite.then_some(true))
            .set_tags(all.clone())
            .send()
    };
    api.call("ssm", "PutParameter", call).await.map(|_| ()).map_err(|mut error| {
        if error.is(&["ParameterAlreadyExists"]) {
            error.message += " Import it, or choose another name.";
            return error.at("name");
        }
        match &*error.code {
            "ParameterPatternMismatchException" => error.at("value"),
            "InvalidKeyId" => error.at("key_id"),
            "UnsupportedParameterType" => error.at("type"),
            _ => error,
        }
    })
}

/// Parameters by name. Names that AWS does not know it lists apart, without refusing the others.
pub(crate) async fn parameters(api: Api, names: Vec<String>) -> Result<Found<SsmParameter>> {
    let api = &api;
    groups(names, GROUP, |group| async move {
        let ask = || {
            let call = api.ssm().get_parameters().set_names(Some(group.clone()));
            call.with_decryption(true).send()
        };
        let answer = api.call("ssm", "GetParameters", ask).await?;
        let all = answer.parameters.unwrap_or_default().into_iter();
        Ok(all.filter_map(|it| Some((it.name.clone()?, it))).collect())
    })
    .await
}

/// What only DescribeParameters tells.
async fn described(api: Api, names: Vec<String>) -> Result<Found<ParameterMetadata>> {
    let api = &api;
    groups(names, FILTERED, |group| async move {
        let by = ParameterStringFilter::builder()
            .key("Name")
            .option("Equals")
            .set_values(Some(group))
            .build()
            .map_err(|error| AwsError::refused("InvalidFilter", error.to_string()))?;
        let ask = |token| {
            let call = api.ssm().describe_parameters().parameter_filters(by.clone());
            call.max_results(50).set_next_token(token).send()
        };
        let all = api
            .pages("ssm", "DescribeParameters", ask, |answer| {
                (answer.parameters, answer.next_token)
            })
            .await?;
        Ok(all.into_iter().filter_map(|it| Some((it.name.clone()?, it))).collect())
    })
    .await
}

async fn tags_of(api: Api, names: Vec<String>) -> Result<Found<Tags>> {
    let api = &api;
    each(names, |name| async move {
        let ask = || {
            let call = api.ssm().list_tags_for_resource().resource_id(&name);
            call.resource_type(ResourceTypeForTagging::Parameter).send()
        };
        let answer = match api.call("ssm", "ListTagsForResource", ask).await {
            // So it says of a parameter that is not there.
            Err(error) if error.is(&["InvalidResourceId"]) => {
                return Err(AwsError::refused("ParameterNotFound", error.message));
            }
            answer => answer?,
        };
        Ok(answer.tag_list.unwrap_or_default().into_iter().map(|it| (it.key, it.value)).collect())
    })
    .await
}
