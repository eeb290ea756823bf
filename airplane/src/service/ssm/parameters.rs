//! Parameters and their versions: written, overwritten, deleted.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use crate::world::Millis;

pub(crate) const ACTIONS: &[Action] = &[
    ("PutParameter", put),
    ("DeleteParameter", delete),
    ("DeleteParameters", delete_many),
    ("GetParameterHistory", history),
];

/// One version of a parameter.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Version {
    pub(super) number: i64,
    pub(super) kind: String,
    pub(super) value: String,
    pub(super) key: Option<String>,
    pub(super) description: Option<String>,
    pub(super) pattern: Option<String>,
    pub(super) tier: String,
    pub(super) data_type: String,
    pub(super) at: Millis,
    by: String,
}

/// A parameter: its versions, the newest last.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Parameter {
    pub(super) versions: Vec<Version>,
    pub(super) tags: BTreeMap<String, String>,
}

impl Parameter {
    /// The newest version: there always is one.
    pub(super) fn newest(&self) -> Option<&Version> {
        self.versions.last()
    }
}

/// As AWS says it of names that mean nothing.
pub(super) fn missing(name: &str) -> Fault {
    Fault::new("ParameterNotFound", format!("Parameter {name} not found."))
}

const VERSIONS_MAX: usize = 100;
const STANDARD_MAX: usize = 4096;
const ADVANCED_MAX: usize = 8192;

fn check_name(name: &str) -> Result<(), Fault> {
    let bare = name.trim_start_matches('/').to_ascii_lowercase();
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte);
    let is_path = name.contains('/');
    let levels = name.strip_prefix('/').unwrap_or(name);
    if !name.bytes().all(good)
        || is_path != name.starts_with('/')
        || levels.split('/').any(str::is_empty)
    {
        let message = "Parameter name: can't be prefixed with \"ssm\" (case-insensitive). If formed as a path, it must be \
                       a fully qualified name. Only a mix of letters, numbers and the following 3 symbols .-_ are allowed.";
        return Err(Fault::new("ValidationException", message));
    }
    if bare.starts_with("aws") || bare.starts_with("ssm") {
        let message = format!("No access to reserved parameter name: {name}.");
        return Err(Fault::new("AccessDeniedException", message));
    }
    if name.matches('/').count() > 15 {
        let message = "Hierarchy depth of a parameter name must not be greater than 15 levels.";
        return Err(Fault::new("HierarchyLevelLimitExceededException", message));
    }
    Ok(())
}

fn check_value(call: &Call<'_>, tier: &str) -> Result<(), Fault> {
    let value = call.str("Value");
    let most = if tier == "Advanced" { ADVANCED_MAX } else { STANDARD_MAX };
    if value.len() > most {
        let message = format!(
            "{tier} tier parameters support a maximum parameter value of {most} characters."
        );
        return Err(Fault::new("ValidationException", message));
    }
    if let Some(pattern) = call.opt_str("AllowedPattern").filter(|text| !text.is_empty()) {
        let parsed = regex::Regex::new(&format!("^(?:{pattern})$"));
        let parsed = parsed.map_err(|_| {
            Fault::new("InvalidAllowedPatternException", "The pattern is not valid.")
        })?;
        if !parsed.is_match(&value) {
            let message =
                format!("Parameter value, cannot be validated against allowedPattern: {pattern}");
            return Err(Fault::new("ParameterPatternMismatchException", message));
        }
    }
    Ok(())
}

/// What cannot be, whatever the value is.
fn refuse(call: &mut Call<'_>, is_known: bool, overwrite: bool) -> Result<(), Fault> {
    if is_known && !overwrite {
        let message = "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.";
        return Err(Fault::new("ParameterAlreadyExists", message));
    }
    if overwrite && !call.list("Tags").is_empty() {
        let message = "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, \
                       please remove overwrite flag. To update tags for an existing parameter, please use \
                       AddTagsToResource or RemoveTagsFromResource.";
        return Err(Fault::new("ValidationException", message));
    }
    if !is_known && call.realm().ssm.parameters.len() >= call.quota("ssm-parameters") {
        return Err(Fault::new(
            "ParameterLimitExceeded",
            "You have exceeded the number of parameters for this account.",
        ));
    }
    Ok(())
}

// The key that a secret is kept under: the account's own for SSM unless told.
fn key(call: &mut Call<'_>, kind: &str) -> Result<Option<String>, Fault> {
    match (kind, call.opt_str("KeyId")) {
        ("SecureString", None) => {
            crate::service::kms::managed_key(call, "ssm");
            Ok(Some("alias/aws/ssm".to_owned()))
        }
        ("SecureString", Some(key)) => {
            let is_own = key == "alias/aws/ssm";
            if is_own {
                crate::service::kms::managed_key(call, "ssm");
            }
            if !crate::service::kms::is_usable(call, &key) {
                let message = format!("Invalid keyId {key}");
                return Err(Fault::new("InvalidKeyId", message));
            }
            Ok(Some(key))
        }
        (_, None) => Ok(None),
        (_, Some(_)) => Err(Fault::new(
            "ValidationException",
            "KeyId is required for SecureString type parameter only.",
        )),
    }
}

fn put(call: &mut Call<'_>) -> Outcome {
    let name = call.str("Name");
    check_name(&name)?;
    let known = call.realm().ssm.parameters.get(&name).cloned();
    let overwrite = call.opt_bool("Overwrite").unwrap_or(false);
    refuse(call, known.is_some(), overwrite)?;
    let before = known.as_ref().and_then(Parameter::newest).cloned();
    let kind = call.opt_str("Type").or_else(|| before.as_ref().map(|version| version.kind.clone()));
    let Some(kind) = kind else {
        let message = "A parameter type is required when you create a parameter.";
        return Err(Fault::new("ValidationException", message));
    };
    if !matches!(kind.as_str(), "String" | "StringList" | "SecureString") {
        return Err(Fault::new("UnsupportedParameterType", "The parameter type isn't supported."));
    }
    let tier = match call.opt_str("Tier").as_deref() {
        Some("Intelligent-Tiering") if call.str("Value").len() > STANDARD_MAX => {
            "Advanced".to_owned()
        }
        Some("Intelligent-Tiering") | None => {
            before.as_ref().map_or_else(|| "Standard".to_owned(), |version| version.tier.clone())
        }
        Some(tier) => tier.to_owned(),
    };
    if tier == "Standard" && before.as_ref().is_some_and(|version| version.tier == "Advanced") {
        let message = "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the \
                       advanced-parameter tier to the standard-parameter tier.";
        return Err(Fault::new("ValidationException", message));
    }
    check_value(call, &tier)?;
    let number = before.as_ref().map_or(1, |version| version.number + 1);
    let key = key(call, &kind)?;
    let version = Version {
        number,
        kind,
        value: call.str("Value"),
        key,
        description: call
            .opt_str("Description")
            .or_else(|| before.as_ref().and_then(|version| version.description.clone())),
        pattern: call
            .opt_str("AllowedPattern")
            .or_else(|| before.as_ref().and_then(|version| version.pattern.clone())),
        tier: tier.clone(),
        data_type: call.opt_str("DataType").unwrap_or_else(|| "text".to_owned()),
        at: call.now(),
        by: call.caller.arn.clone(),
    };
    let mut parameter =
        known.unwrap_or(Parameter { versions: Vec::new(), tags: super::tags::given(call) });
    parameter.versions.push(version);
    if parameter.versions.len() > VERSIONS_MAX {
        parameter.versions.remove(0);
    }
    let now = call.now();
    match call.realm().ssm.parameters.get_mut(&name) {
        Some(there) => *there = parameter,
        None => {
            let visible = call.visible_at();
            call.realm().ssm.parameters.insert(&name, parameter, now, visible);
        }
    }
    Ok(json!({"Version": number, "Tier": tier}))
}

fn delete(call: &mut Call<'_>) -> Outcome {
    let name = call.str("Name");
    call.realm().ssm.parameters.remove(&name).ok_or_else(|| missing(&name))?;
    Ok(json!({}))
}

fn delete_many(call: &mut Call<'_>) -> Outcome {
    let names = call.strings("Names");
    let (mut deleted, mut invalid) = (Vec::new(), Vec::new());
    for name in names {
        let gone = call.realm().ssm.parameters.remove(&name).is_some();
        if gone { deleted.push(name) } else { invalid.push(name) }
    }
    Ok(json!({"DeletedParameters": deleted, "InvalidParameters": invalid}))
}

/// What a version is, without its value.
pub(super) fn metadata(name: &str, version: &Version, by: bool) -> Value {
    let mut answer = json!({
        "Name": name,
        "Type": version.kind,
        "LastModifiedDate": version.at,
        "Version": version.number,
        "Tier": version.tier,
        "DataType": version.data_type,
        "Policies": [],
    });
    for (member, value) in [
        ("KeyId", &version.key),
        ("Description", &version.description),
        ("AllowedPattern", &version.pattern),
    ] {
        if let Some(value) = value {
            answer[member] = json!(value);
        }
    }
    if by {
        answer["LastModifiedUser"] = json!(version.by);
    }
    answer
}

fn history(call: &mut Call<'_>) -> Outcome {
    let (name, open) = (call.str("Name"), call.opt_bool("WithDecryption").unwrap_or(false));
    let parameter = call.realm().ssm.parameters.get(&name).ok_or_else(|| missing(&name))?;
    let versions: Vec<Value> = parameter
        .versions
        .iter()
        .map(|version| {
            let mut answer = metadata(&name, version, true);
            answer["Value"] = json!(super::reads::shown(version, open));
            answer
        })
        .collect();
    Ok(json!({"Parameters": versions}))
}
