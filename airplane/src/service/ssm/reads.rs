//! Reading parameters: by name, by names, by path, and as a list without values.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::parameters::{Parameter, Version, metadata, missing};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use crate::world::scope::Scope;

pub(crate) const ACTIONS: &[Action] = &[
    ("GetParameter", get),
    ("GetParameters", get_many),
    ("GetParametersByPath", by_path),
    ("DescribeParameters", describe),
];

/// A value as a reader gets it: a secret without decryption is unreadable.
pub(super) fn shown(version: &Version, open: bool) -> String {
    if version.kind == "SecureString" && !open {
        return format!("AQICAH{}", STANDARD.encode(version.number.to_be_bytes()));
    }
    version.value.clone()
}

/// Public parameters of AWS that configurations ask for: AMI ids.
fn public(name: &str, region: &str) -> Option<String> {
    if !name.starts_with("/aws/service/") || !(name.contains("ami") || name.contains("image_id")) {
        return None;
    }
    // The same name means the same image, and other regions have others.
    let digest = <sha2::Sha256 as sha2::Digest>::digest(format!("{region}{name}"));
    Some(format!(
        "ami-0{}",
        digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect::<String>()
    ))
}

/// A value by `name` or `name:3`, for other services.
pub(super) fn value(scope: &mut Scope<'_>, wanted: &str) -> Option<String> {
    let (name, version) = match wanted.rsplit_once(':') {
        Some((name, version)) => (name, Some(version.parse::<i64>().ok()?)),
        None => (wanted, None),
    };
    if let Some(value) = public(name, &scope.region) {
        return Some(value);
    }
    let parameter = scope.realm().ssm.parameters.get(name)?;
    let found = match version {
        Some(number) => parameter.versions.iter().find(|version| version.number == number),
        None => parameter.newest(),
    };
    found.map(|version| version.value.clone())
}

/// `name`, `name:3`, or an ARN.
fn find(call: &mut Call<'_>, wanted: &str, open: bool) -> Result<Value, Fault> {
    let given = wanted.split_once(":parameter/").map_or(wanted, |(_, name)| name).to_owned();
    let (mut name, selector) = match given.rsplit_once(':') {
        Some((name, selector)) => (name.to_owned(), Some(selector.to_owned())),
        None => (given, None),
    };
    let (region, now) = (call.region.clone(), call.now());
    if let Some(value) = public(&name, &region) {
        return Ok(json!({
            "Name": name, "Type": "String", "Value": value, "Version": 1, "LastModifiedDate": 0,
            "ARN": format!("arn:aws:ssm:{region}::parameter{name}"), "DataType": "text",
        }));
    }
    if wanted.contains(":parameter/") && !call.realm().ssm.parameters.contains(&name) {
        name = format!("/{name}");
    }
    let arn = call.arn("ssm", &format!("parameter/{}", name.trim_start_matches('/')));
    let parameter = call.realm().ssm.parameters.see(&name, now).ok_or_else(|| missing(&name))?;
    let version = match &selector {
        Some(number) => {
            parameter.versions.iter().find(|version| version.number.to_string() == *number)
        }
        None => parameter.newest(),
    };
    let version = version.ok_or_else(|| {
        Fault::new(
            "ParameterVersionNotFound",
            format!("Systems Manager could not find version of {name}."),
        )
    })?;
    let mut answer = json!({
        "Name": name,
        "Type": version.kind,
        "Value": shown(version, open),
        "Version": version.number,
        "LastModifiedDate": version.at,
        "ARN": arn,
        "DataType": version.data_type,
    });
    if let Some(selector) = selector {
        answer["Selector"] = json!(format!(":{selector}"));
    }
    Ok(answer)
}

fn get(call: &mut Call<'_>) -> Outcome {
    let (name, open) = (call.str("Name"), call.opt_bool("WithDecryption").unwrap_or(false));
    Ok(json!({"Parameter": find(call, &name, open)?}))
}

fn get_many(call: &mut Call<'_>) -> Outcome {
    let open = call.opt_bool("WithDecryption").unwrap_or(false);
    let (mut found, mut invalid) = (Vec::new(), Vec::new());
    for name in call.strings("Names") {
        match find(call, &name, open) {
            Ok(parameter) => found.push(parameter),
            Err(_) => invalid.push(name),
        }
    }
    Ok(json!({"Parameters": found, "InvalidParameters": invalid}))
}

fn by_path(call: &mut Call<'_>) -> Outcome {
    let path = format!("{}/", call.str("Path").trim_end_matches('/'));
    let (open, deep) = (
        call.opt_bool("WithDecryption").unwrap_or(false),
        call.opt_bool("Recursive").unwrap_or(false),
    );
    if !path.starts_with('/') {
        let message = "The parameter doesn't meet the parameter name requirements. It must begin with a forward slash \"/\".";
        return Err(Fault::new("ValidationException", message));
    }
    let now = call.now();
    let seen = call.realm().ssm.parameters.seen(now).map(|(name, _)| name.to_owned());
    let mut names: Vec<String> = seen
        .filter(|name| name.strip_prefix(&path).is_some_and(|rest| deep || !rest.contains('/')))
        .collect();
    names.sort();
    let found: Result<Vec<Value>, Fault> =
        names.iter().map(|name| find(call, name, open)).collect();
    Ok(json!({"Parameters": found?}))
}

fn describe(call: &mut Call<'_>) -> Outcome {
    let now = call.now();
    let arn = call.arn("ssm", "parameter");
    let filters: Vec<(String, String, Vec<String>)> = call
        .list("ParameterFilters")
        .iter()
        .chain(&call.list("Filters"))
        .map(|filter| {
            let values = filter["Values"].as_array().into_iter().flatten();
            let values = values.filter_map(|value| value.as_str().map(str::to_owned)).collect();
            let option = filter["Option"].as_str().unwrap_or("Equals").to_owned();
            (filter["Key"].as_str().unwrap_or_default().to_owned(), option, values)
        })
        .collect();
    let known = ["Name", "Type", "KeyId", "Tier", "Path", "DataType", "Label"];
    if let Some((key, ..)) =
        filters.iter().find(|(key, ..)| !known.contains(&key.as_str()) && !key.starts_with("tag:"))
    {
        return Err(Fault::new(
            "InvalidFilterKey",
            format!("The specified key isn't valid: {key}"),
        ));
    }
    let seen = call.realm().ssm.parameters.seen(now);
    let found: Vec<Value> = seen
        .filter(|(name, parameter)| filters.iter().all(|filter| passes(name, parameter, filter)))
        .filter_map(|(name, parameter)| {
            let mut answer = metadata(name, parameter.newest()?, true);
            answer["ARN"] = json!(format!("{arn}/{}", name.trim_start_matches('/')));
            Some(answer)
        })
        .collect();
    Ok(json!({"Parameters": found}))
}

fn passes(name: &str, parameter: &Parameter, filter: &(String, String, Vec<String>)) -> bool {
    let (key, option, values) = filter;
    let Some(version) = parameter.newest() else { return false };
    if let Some(tag) = key.strip_prefix("tag:") {
        return parameter
            .tags
            .get(tag)
            .is_some_and(|value| values.is_empty() || values.contains(value));
    }
    let text = match key.as_str() {
        "Name" => name,
        "Type" => version.kind.as_str(),
        "KeyId" => version.key.as_deref().unwrap_or_default(),
        "Tier" => version.tier.as_str(),
        "DataType" => version.data_type.as_str(),
        "Path" => {
            let deep = option == "Recursive";
            return values.iter().any(|path| {
                let path = format!("{}/", path.trim_end_matches('/'));
                name.strip_prefix(&path).is_some_and(|rest| deep || !rest.contains('/'))
            });
        }
        _ => return false,
    };
    values.iter().any(|value| match option.as_str() {
        "BeginsWith" => text.starts_with(value.as_str()),
        "Contains" => text.contains(value.as_str()),
        _ => text == value,
    })
}
