//! Launch templates: a name, numbered versions that never change, and which of them is the default.
use super::filters::{Filters, Spec, View, describe, view};
use super::{ec2, instance_type, tags};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use crate::world::Millis;
use crate::world::scope::Scope;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

pub(crate) const ACTIONS: &[Action] = &[
    ("CreateLaunchTemplate", create),
    ("CreateLaunchTemplateVersion", create_version),
    ("DeleteLaunchTemplate", delete),
    ("DeleteLaunchTemplateVersions", delete_versions),
    ("DescribeLaunchTemplates", describe_all),
    ("DescribeLaunchTemplateVersions", describe_versions),
    ("ModifyLaunchTemplate", modify),
];

/// A version.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Version {
    pub(crate) number: i64,
    description: Option<String>,
    created: Millis,
    /// As it was given.
    pub(crate) data: Value,
}

/// A template.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct LaunchTemplate {
    pub(crate) name: String,
    created: Millis,
    default: i64,
    latest: i64,
    versions: Vec<Version>,
}

impl LaunchTemplate {
    /// The version that `$Latest`, `$Default` or a number names; none given means the default one.
    pub(crate) fn version(&self, wanted: Option<&str>) -> Option<&Version> {
        let number = match wanted {
            None | Some("" | "$Default") => self.default,
            Some("$Latest") => self.latest,
            Some(text) => text.parse().ok()?,
        };
        self.versions.iter().find(|version| version.number == number)
    }
}

const SPEC: Spec = Spec {
    ids: "LaunchTemplateIds",
    prefix: "lt",
    filters: &[("launch-template-name", "LaunchTemplateName"), ("create-time", "CreateTime")],
};

fn creator(account: &str) -> String {
    format!("arn:aws:iam::{account}:root")
}

fn render(view: &View<'_>, id: &str, template: &LaunchTemplate) -> Value {
    json!({
        "LaunchTemplateId": id, "LaunchTemplateName": template.name, "CreateTime": template.created,
        "CreatedBy": creator(&view.account), "DefaultVersionNumber": template.default,
        "LatestVersionNumber": template.latest, "Tags": tags::of(view, id),
    })
}

fn render_version(account: &str, id: &str, template: &LaunchTemplate, version: &Version) -> Value {
    let mut out = json!({
        "LaunchTemplateId": id, "LaunchTemplateName": template.name, "VersionNumber": version.number,
        "CreateTime": version.created, "CreatedBy": creator(account),
        "DefaultVersion": version.number == template.default, "LaunchTemplateData": version.data,
    });
    if let Some(description) = &version.description {
        out["VersionDescription"] = json!(description);
    }
    out
}

fn missing_name(name: &str) -> Fault {
    let message =
        format!("The specified launch template, with template name {name}, does not exist.");
    Fault::new("InvalidLaunchTemplateName.NotFoundException", message)
}

fn missing_version(wanted: &str) -> Fault {
    let message = format!("Could not find the specified version {wanted} for the launch template.");
    Fault::new("InvalidLaunchTemplateId.VersionNotFound", message)
}

/// The id of the template that an id or a name means.
pub(crate) fn id_of(
    scope: &mut Scope<'_>,
    id: Option<&str>,
    name: Option<&str>,
) -> Result<String, Fault> {
    match (id, name) {
        (Some(id), None) => {
            if ec2(scope).launch_templates.contains(id) {
                return Ok(id.to_owned());
            }
            let message =
                format!("The specified launch template, with template ID {id}, does not exist.");
            let kind = super::kinds::named("lt");
            if kind.fits(id) {
                Err(Fault::new("InvalidLaunchTemplateId.NotFound", message))
            } else {
                Err(Fault::new(
                    "InvalidLaunchTemplateId.Malformed",
                    format!("Invalid id: \"{id}\""),
                ))
            }
        }
        (None, Some(name)) => {
            let found =
                ec2(scope).launch_templates.iter().find(|(_, template)| template.name == name);
            found.map(|(id, _)| id.to_owned()).ok_or_else(|| missing_name(name))
        }
        (Some(_), Some(_)) => {
            let message = "Only one of LaunchTemplateId and LaunchTemplateName can be given.";
            Err(Fault::new("InvalidParameterCombination", message))
        }
        (None, None) => {
            let message = "Either LaunchTemplateId or LaunchTemplateName must be given.";
            Err(Fault::new("MissingParameter", message))
        }
    }
}

/// The data of a version, with the template's id and the version's number.
pub(crate) fn resolve(scope: &mut Scope<'_>, spec: &Value) -> Result<(String, i64, Value), Fault> {
    let id = id_of(scope, spec["LaunchTemplateId"].as_str(), spec["LaunchTemplateName"].as_str())?;
    let wanted = spec["Version"].as_str();
    let template = ec2(scope).launch_templates.get(&id).cloned();
    let template = template.ok_or_else(|| super::kinds::missing("lt", &id))?;
    let version =
        template.version(wanted).ok_or_else(|| missing_version(wanted.unwrap_or_default()))?;
    Ok((id, version.number, version.data.clone()))
}

/// Refuses what no instance could be made of.
fn check(data: &Value) -> Result<(), Fault> {
    if data.as_object().is_none_or(Map::is_empty) {
        let message = "Launch template data must have at least one parameter.";
        return Err(Fault::new("InvalidParameterValue", message));
    }
    if let Some(name) = data["InstanceType"].as_str() {
        instance_type::check(name)?;
        if data["InstanceRequirements"].is_object() {
            let message = "InstanceType and InstanceRequirements cannot be given together.";
            return Err(Fault::new("InvalidParameterCombination", message));
        }
    }
    user_data(data["UserData"].as_str())?;
    let groups = data["SecurityGroupIds"].as_array().is_some_and(|groups| !groups.is_empty());
    if groups && data["NetworkInterfaces"].as_array().is_some_and(|list| !list.is_empty()) {
        let message = "Network interfaces and an instance-level security groups may not be specified on the same request";
        return Err(Fault::new("InvalidParameterCombination", message));
    }
    Ok(())
}

/// User data is base64 of at most 16 KB.
pub(crate) fn user_data(text: Option<&str>) -> Result<(), Fault> {
    let Some(text) = text else { return Ok(()) };
    match STANDARD.decode(text) {
        Err(_) => {
            Err(Fault::new("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data."))
        }
        Ok(bytes) if bytes.len() > 16_384 => {
            let message = "User data is limited to 16384 bytes";
            Err(Fault::new("InvalidParameterValue", message))
        }
        Ok(_) => Ok(()),
    }
}

fn create(call: &mut Call<'_>) -> Outcome {
    let tags = tags::specified(call, "launch-template")?;
    let name = call.str("LaunchTemplateName");
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"().-/_".contains(&byte);
    if !(3..=128).contains(&name.len()) || !name.bytes().all(good) {
        let message = "Launch template names must be between 3 and 128 characters long, and may contain letters, numbers, \
                       and the following characters: - ( ) . / _";
        return Err(Fault::new("InvalidLaunchTemplateName.MalformedException", message));
    }
    if ec2(call).launch_templates.values().any(|template| template.name == name) {
        let message = "Launch template name already in use.";
        return Err(Fault::new("InvalidLaunchTemplateName.AlreadyExistsException", message));
    }
    if ec2(call).launch_templates.len() >= call.quota("launch-templates-per-region") {
        let message = "You have reached the limit of launch templates in this region.";
        return Err(Fault::new("LaunchTemplateLimitExceeded", message));
    }
    let data = call.get("LaunchTemplateData").cloned().unwrap_or_default();
    check(&data)?;
    let (now, visible, id) = (call.now(), call.visible_at(), call.id("lt"));
    let first =
        Version { number: 1, description: call.opt_str("VersionDescription"), created: now, data };
    let template =
        LaunchTemplate { name, created: now, default: 1, latest: 1, versions: vec![first] };
    ec2(call).launch_templates.insert(&id, template.clone(), now, visible);
    tags::put(call, &id, tags);
    Ok(json!({"LaunchTemplate": render(&view(call), &id, &template)}))
}

fn named(call: &mut Call<'_>) -> Result<(String, LaunchTemplate), Fault> {
    let (id, name) = (call.opt_str("LaunchTemplateId"), call.opt_str("LaunchTemplateName"));
    let id = id_of(call, id.as_deref(), name.as_deref())?;
    let template = ec2(call).launch_templates.get(&id).cloned();
    template.map(|template| (id.clone(), template)).ok_or_else(|| super::kinds::missing("lt", &id))
}

fn create_version(call: &mut Call<'_>) -> Outcome {
    let (id, template) = named(call)?;
    let given = call.get("LaunchTemplateData").cloned().unwrap_or_default();
    let data = match call.opt_str("SourceVersion") {
        Some(source) => {
            let base = template.version(Some(&source)).ok_or_else(|| missing_version(&source))?;
            let mut data = base.data.as_object().cloned().unwrap_or_default();
            data.extend(given.as_object().cloned().unwrap_or_default());
            Value::Object(data)
        }
        None => given,
    };
    check(&data)?;
    if template.versions.len() >= call.quota("launch-template-versions") {
        let message = "You have reached the limit of versions of this launch template.";
        return Err(Fault::new("LaunchTemplateVersionLimitExceeded", message));
    }
    let (number, now) = (template.latest + 1, call.now());
    let version =
        Version { number, description: call.opt_str("VersionDescription"), created: now, data };
    let account = call.account.clone();
    let known = ec2(call).launch_templates.get_mut(&id);
    let known = known.ok_or_else(|| super::kinds::missing("lt", &id))?;
    known.latest = number;
    known.versions.push(version.clone());
    Ok(json!({"LaunchTemplateVersion": render_version(&account, &id, known, &version)}))
}

fn delete(call: &mut Call<'_>) -> Outcome {
    let (id, template) = named(call)?;
    let out = render(&view(call), &id, &template);
    ec2(call).launch_templates.remove(&id);
    tags::forget(call, &id);
    Ok(json!({"LaunchTemplate": out}))
}

fn delete_versions(call: &mut Call<'_>) -> Outcome {
    let (id, template) = named(call)?;
    let (mut done, mut failed) = (Vec::new(), Vec::new());
    for text in call.strings("Versions") {
        let number = text.parse::<i64>().unwrap_or(-1);
        let problem = match template.versions.iter().any(|version| version.number == number) {
            false => Some((
                "launchTemplateVersionDoesNotExist",
                format!("Could not find the specified version {text}."),
            )),
            true if number == template.default => {
                let message =
                    "The default version of a launch template cannot be deleted.".to_owned();
                Some(("unexpectedError", message))
            }
            true => None,
        };
        let mut item = json!({"LaunchTemplateId": id, "LaunchTemplateName": template.name, "VersionNumber": number});
        match problem {
            Some((code, message)) => {
                item["ResponseError"] = json!({"Code": code, "Message": message});
                failed.push(item);
            }
            None => {
                if let Some(known) = ec2(call).launch_templates.get_mut(&id) {
                    known.versions.retain(|version| version.number != number);
                }
                done.push(item);
            }
        }
    }
    Ok(json!({
        "SuccessfullyDeletedLaunchTemplateVersions": done,
        "UnsuccessfullyDeletedLaunchTemplateVersions": failed,
    }))
}

fn describe_all(call: &mut Call<'_>) -> Outcome {
    let names = call.strings("LaunchTemplateNames");
    let now = call.now();
    for name in &names {
        if !ec2(call).launch_templates.seen(now).any(|(_, template)| template.name == *name) {
            return Err(missing_name(name));
        }
    }
    let mut found = describe(call, &SPEC, |s| &s.launch_templates, render)?;
    if !names.is_empty() {
        found.retain(|template| names.iter().any(|name| template["LaunchTemplateName"] == **name));
    }
    Ok(json!({"LaunchTemplates": found}))
}

const VERSION_FILTERS: &[(&str, &str)] = &[
    ("is-default-version", "DefaultVersion"),
    ("image-id", "LaunchTemplateData.ImageId"),
    ("instance-type", "LaunchTemplateData.InstanceType"),
    ("create-time", "CreateTime"),
    ("iam-instance-profile", "LaunchTemplateData.IamInstanceProfile.Arn"),
    ("ebs-optimized", "LaunchTemplateData.EbsOptimized"),
];

fn describe_versions(call: &mut Call<'_>) -> Outcome {
    let filters = Filters::of(call, VERSION_FILTERS)?;
    let wanted = call.strings("Versions");
    let has_name =
        call.opt_str("LaunchTemplateId").is_some() || call.opt_str("LaunchTemplateName").is_some();
    let account = call.account.clone();
    let mut found = Vec::new();
    if has_name {
        let (id, template) = named(call)?;
        let least =
            call.opt_str("MinVersion").and_then(|text| text.parse().ok()).unwrap_or(i64::MIN);
        let most =
            call.opt_str("MaxVersion").and_then(|text| text.parse().ok()).unwrap_or(i64::MAX);
        if wanted.is_empty() {
            let in_range =
                template.versions.iter().rev().filter(|v| (least..=most).contains(&v.number));
            found.extend(in_range.map(|version| render_version(&account, &id, &template, version)));
        }
        for text in &wanted {
            let version = template.version(Some(text)).ok_or_else(|| missing_version(text))?;
            found.push(render_version(&account, &id, &template, version));
        }
    } else {
        if wanted.is_empty() || !wanted.iter().all(|text| text == "$Latest" || text == "$Default") {
            let message = "The request must contain the parameter LaunchTemplateId, or only $Latest and $Default as versions.";
            return Err(Fault::new("MissingParameter", message));
        }
        let now = call.now();
        for (id, template) in ec2(call).launch_templates.seen(now) {
            let mut numbers = std::collections::BTreeSet::new();
            for version in wanted.iter().filter_map(|text| template.version(Some(text))) {
                if numbers.insert(version.number) {
                    found.push(render_version(&account, id, template, version));
                }
            }
        }
    }
    found.retain(|version| filters.pass(VERSION_FILTERS, version));
    Ok(json!({"LaunchTemplateVersions": found}))
}

fn modify(call: &mut Call<'_>) -> Outcome {
    let (id, template) = named(call)?;
    let wanted = call.str("DefaultVersion");
    let number = template.version(Some(&wanted)).map(|version| version.number);
    let number = number.ok_or_else(|| missing_version(&wanted))?;
    if let Some(known) = ec2(call).launch_templates.get_mut(&id) {
        known.default = number;
    }
    let template = super::find(call, |s| &s.launch_templates, "lt", &id)?;
    Ok(json!({"LaunchTemplate": render(&view(call), &id, &template)}))
}
