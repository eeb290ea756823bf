//! `aws_launch_template`. Versions are immutable: a change of what it says makes a new one, and the
//! latest is what is read and compared.

mod sent;
mod shown;

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_ec2::types::{LaunchTemplate as Found, LaunchTemplateVersion};
use futures::future::try_join_all;
use kprov_core::Value;
use sha1::{Digest, Sha1};

use super::{bisect, pairs, tag_specification, user_data};
use crate::api::{Api, AwsError};
use crate::fields::{Fields, Problems};
use crate::names;
use crate::resource::{AwsResource, Changes, Create, Made, Plan, Result, Tagging};
use crate::row::Row;

/// What is not said by a version.
const OUTSIDE: [&str; 12] = [
    "arn",
    "default_version",
    "id",
    "latest_version",
    "name",
    "name_prefix",
    "region",
    "tags",
    "tags_all",
    "update_default_version",
    "elastic_gpu_specifications",
    "elastic_inference_accelerator",
];

/// From this many templates on, the latest versions of all are asked for at once.
const MANY: usize = 4;

#[derive(Debug)]
pub(crate) struct LaunchTemplate;

#[async_trait]
impl AwsResource for LaunchTemplate {
    fn tagging(&self) -> Tagging {
        Tagging::Ec2("launch-template")
    }

    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        problems.conflicts(config, &["name", "name_prefix"]);
        problems.conflicts(config, &["default_version", "update_default_version"]);
        problems.conflicts(config, &["security_group_names", "vpc_security_group_ids"]);
        problems.conflicts(config, &["instance_type", "instance_requirements"]);
        check_name(config, "name", 3, 128, problems);
        check_name(config, "name_prefix", 0, 128 - 26, problems);
        user_data::check_encoded(config, "user_data", problems);
        problems.one_of(config, "instance_initiated_shutdown_behavior", &["", "stop", "terminate"]);
        if config.text("description").is_some_and(|text| text.chars().count() > 255) {
            let message = "The description of a version has at most 255 characters.";
            problems.add("description", "Value too long", message);
        }
        check_blocks(config, problems);
    }

    fn plan(&self, plan: &mut Plan<'_>) {
        let Some(prior) = plan.prior else { return };
        let names = plan.names().filter(|name| !OUTSIDE.contains(name));
        let changed: Vec<&str> = names.filter(|name| plan.changes(name)).collect();
        let follows = plan.get("update_default_version").as_bool() == Some(true);
        if !changed.is_empty() {
            plan.unknown("latest_version");
            if follows {
                plan.unknown("default_version");
            }
        } else if follows && !plan.config.is_set("default_version") {
            let latest = prior.get("latest_version").clone();
            plan.set("default_version", latest);
        }
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let id = prior.id();
        // One after the other: a template that is not visible yet needs no look at its versions.
        let Some(template) = api.load("launch template", id, templates).await? else {
            return Ok(None);
        };
        let Some(version) = api.load("launch template version", id, latest).await? else {
            return Ok(None);
        };
        Ok(Some(row(api, &template, &version).await?))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        let planned = create.planned;
        let name = names::name(planned, "name", "name_prefix", create.token);
        let data = sent::data(planned);
        let tags = tag_specification("launch-template", &create.tags_with_token());
        let make = || {
            api.ec2()
                .create_launch_template()
                .client_token(create.token)
                .launch_template_name(&name)
                .set_version_description(planned.string("description"))
                .launch_template_data(data.clone())
                .tag_specifications(tags.clone())
                .send()
        };
        let answer = api.call("ec2", "CreateLaunchTemplate", make).await?;
        let Some(template) = answer.launch_template else { return Ok(Made::id("")) };
        let id = template.launch_template_id().unwrap_or_default();
        let mut known = Row::new();
        outside(&mut known, api, &template).await.map_err(AwsError::after_effect)?;
        Ok(Made::knowing(id, known))
    }

    async fn update(&self, api: &Api, changes: Changes<'_>) -> Result<()> {
        let (id, planned) = (changes.id(), changes.planned);
        let mut latest = changes.prior.i64("latest_version");
        if changes.names().any(|name| !OUTSIDE.contains(&name)) {
            latest = new_version(api, changes).await?;
        }
        let default = match planned.bool("update_default_version") {
            Some(true) => latest,
            _ if changes.has("default_version") => planned.i64("default_version"),
            _ => None,
        };
        let Some(default) = default.filter(|it| changes.prior.i64("default_version") != Some(*it))
        else {
            return Ok(());
        };
        let version = default.to_string();
        let make =
            || api.ec2().modify_launch_template().launch_template_id(id).default_version(&version);
        let result = api.call("ec2", "ModifyLaunchTemplate", || make().send()).await;
        result.map(|_| ()).map_err(|error| error.at("default_version"))
    }

    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        let delete = || api.ec2().delete_launch_template().launch_template_id(prior.id()).send();
        api.call("ec2", "DeleteLaunchTemplate", delete).await.map(|_| ())
    }
}

/// The number of a new version that says what is planned. The same when repeated.
async fn new_version(api: &Api, changes: Changes<'_>) -> Result<Option<i64>> {
    let data = sent::data(changes.planned);
    let base = changes.prior.i64("latest_version").unwrap_or_default();
    let text = format!("{} {base} {data:?}", changes.id());
    let token: String =
        Sha1::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let make = || {
        api.ec2()
            .create_launch_template_version()
            .client_token(&token)
            .launch_template_id(changes.id())
            .set_version_description(changes.planned.string("description"))
            .launch_template_data(data.clone())
            .send()
    };
    let answer = api.call("ec2", "CreateLaunchTemplateVersion", make).await?;
    Ok(answer.launch_template_version.and_then(|version| version.version_number))
}

fn check_name(
    config: Fields<'_>,
    name: &str,
    shortest: usize,
    longest: usize,
    problems: &mut Problems,
) {
    let Some(text) = config.text(name) else { return };
    if !(shortest..=longest).contains(&text.chars().count()) {
        let message = format!("Expected {shortest} to {longest} characters.");
        problems.add(name, "Invalid length", message);
    } else if let Some(bad) =
        text.chars().find(|c| !c.is_ascii_alphanumeric() && !"()./_-".contains(*c))
    {
        let message = format!(
            "{bad:?} is not allowed: names of launch templates have letters, digits and ( ) . / _ -"
        );
        problems.add(name, "Invalid name", message);
    }
}

fn check_blocks(config: Fields<'_>, problems: &mut Problems) {
    if let Some(options) = config.block("metadata_options") {
        let words: [(&str, &[&str]); 4] = [
            ("http_endpoint", &["enabled", "disabled"]),
            ("http_protocol_ipv6", &["enabled", "disabled"]),
            ("http_tokens", &["optional", "required"]),
            ("instance_metadata_tags", &["enabled", "disabled"]),
        ];
        for (name, allowed) in words {
            if let Some(text) = options.str(name).filter(|text| !allowed.contains(text)) {
                let message = format!("{name} {text:?} is none of: {}.", allowed.join(", "));
                problems.add("metadata_options", "Invalid value", message);
            }
        }
        let hops = options.i64("http_put_response_hop_limit");
        if hops.is_some_and(|hops| !(0..=64).contains(&hops)) {
            let message = "http_put_response_hop_limit must be from 1 to 64.";
            problems.add("metadata_options", "Value out of range", message);
        }
    }
    if let Some(profile) = config.block("iam_instance_profile")
        && profile.str("arn").is_some()
        && profile.str("name").is_some()
    {
        let message = "An instance profile is given by \"arn\" or by \"name\", not both.";
        problems.add("iam_instance_profile", "Conflicting configuration arguments", message);
    }
    for ebs in config.blocks("block_device_mappings").filter_map(|it| it.block("ebs")) {
        if ebs.i64("volume_size").is_some_and(|size| !(0..=65_536).contains(&size)) {
            let message = "volume_size is in GiB, from 1 to 65536.";
            problems.add("block_device_mappings", "Value out of range", message);
        }
        for name in ["delete_on_termination", "encrypted"] {
            if ebs.str(name).is_some_and(|_| sent::flag(ebs, name).is_none()) {
                let message = format!("{name} must be true or false.");
                problems.add("block_device_mappings", "Invalid value", message);
            }
        }
    }
    let groups = config.is_given("vpc_security_group_ids");
    if groups && config.blocks("network_interfaces").next().is_some() {
        let message = "With network_interfaces, security groups belong into each of them: AWS \
                       refuses to launch instances from a template that has both.";
        problems.add("vpc_security_group_ids", "Conflicting configuration arguments", message);
    }
}

/// Launch templates by id. There is no filter for ids.
pub(crate) async fn templates(api: Api, ids: Vec<String>) -> Result<HashMap<String, Found>> {
    let ask = |ids: Vec<String>| {
        let api = api.clone();
        async move {
            let ask = |token| {
                let call = api.ec2().describe_launch_templates();
                let call = call.set_launch_template_ids(Some(ids.clone()));
                call.set_next_token(token).send()
            };
            api.pages("ec2", "DescribeLaunchTemplates", ask, |answer| {
                (answer.launch_templates, answer.next_token)
            })
            .await
        }
    };
    let all = bisect(ids, ask).await?.into_iter();
    Ok(all.filter_map(|it| Some((it.launch_template_id.clone()?, it))).collect())
}

/// Latest versions by template: of all templates of the account where many are asked for.
async fn latest(api: Api, ids: Vec<String>) -> Result<HashMap<String, LaunchTemplateVersion>> {
    let mut all = HashMap::new();
    if ids.len() >= MANY {
        let found = versions(&api, None).await.unwrap_or_default().into_iter();
        all.extend(found.filter_map(|it| Some((it.launch_template_id.clone()?, it))));
        all.retain(|id, _| ids.contains(id));
    }
    let missing = ids.iter().filter(|id| !all.contains_key(*id)).cloned().collect::<Vec<_>>();
    let rest = try_join_all(missing.iter().map(|id| versions(&api, Some(id)))).await?;
    let rest = rest.into_iter().flatten();
    all.extend(rest.filter_map(|it| Some((it.launch_template_id.clone()?, it))));
    Ok(all)
}

async fn versions(api: &Api, id: Option<&String>) -> Result<Vec<LaunchTemplateVersion>> {
    let ask = |token| {
        let call = api.ec2().describe_launch_template_versions().versions("$Latest");
        call.set_launch_template_id(id.cloned()).set_next_token(token).send()
    };
    let result = api.pages("ec2", "DescribeLaunchTemplateVersions", ask, |answer| {
        (answer.launch_template_versions, answer.next_token)
    });
    match result.await {
        Err(error) if error.is_not_found() => Ok(Vec::new()),
        result => result,
    }
}

/// What is not said by a version.
async fn outside(row: &mut Row, api: &Api, template: &Found) -> Result<()> {
    let id = template.launch_template_id().unwrap_or_default();
    let name = template.launch_template_name().unwrap_or_default();
    let owner = &api.identity().await?.account;
    let (partition, region) = (api.partition(), api.region());
    row.set("id", id)
        .set("arn", format!("arn:{partition}:ec2:{region}:{owner}:launch-template/{id}"))
        .set("name", name)
        .set("name_prefix", names::prefix(name))
        .set("default_version", template.default_version_number())
        .set("latest_version", template.latest_version_number());
    Ok(())
}

async fn row(api: &Api, template: &Found, version: &LaunchTemplateVersion) -> Result<Row> {
    let mut row = Row::new();
    outside(&mut row, api, template).await?;
    row.set("description", version.version_description()).tags(pairs(template.tags()));
    if let Some(data) = version.launch_template_data() {
        shown::data(&mut row, data);
    }
    // Nobody but the configuration knows what is not set.
    if version.version_description().is_none() {
        row.set("description", serde_json::Value::Null);
    }
    Ok(row)
}

/// A version as another type refers to it: a number, `$Latest` or `$Default`.
pub(crate) fn is_version(value: &Value) -> bool {
    value.as_str().is_none_or(|text| {
        matches!(text, "" | "$Latest" | "$Default") || text.chars().all(|c| c.is_ascii_digit())
    })
}
