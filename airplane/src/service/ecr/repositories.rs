//! Repositories.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use crate::world::Millis;

pub(crate) const ACTIONS: &[Action] = &[
    ("CreateRepository", create),
    ("DescribeRepositories", describe),
    ("DeleteRepository", delete),
    ("PutImageScanningConfiguration", put_scanning),
    ("PutImageTagMutability", put_mutability),
    ("GetAuthorizationToken", token),
    ("ListImages", list_images),
    ("DescribeImages", describe_images),
];

/// A repository.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Repository {
    pub(super) arn: String,
    created: Millis,
    mutability: String,
    exclusions: Value,
    scan_on_push: bool,
    encryption: Value,
    pub(super) policy: Option<String>,
    pub(super) lifecycle: Option<String>,
    pub(super) tags: BTreeMap<String, String>,
}

fn answer(call: &Call<'_>, name: &str, repository: &Repository) -> Value {
    let (account, region) = (&call.account, &call.region);
    let mut answer = json!({
        "repositoryArn": repository.arn,
        "registryId": account,
        "repositoryName": name,
        "repositoryUri": format!("{account}.dkr.ecr.{region}.amazonaws.com/{name}"),
        "createdAt": repository.created,
        "imageTagMutability": repository.mutability,
        "imageScanningConfiguration": {"scanOnPush": repository.scan_on_push},
        "encryptionConfiguration": repository.encryption,
    });
    if repository.exclusions.is_array() {
        answer["imageTagMutabilityExclusionFilters"] = repository.exclusions.clone();
    }
    answer
}

/// As ECR says it of names that mean nothing.
pub(super) fn missing(call: &Call<'_>, name: &str) -> Fault {
    let message = format!(
        "The repository with name '{name}' does not exist in the registry with id '{}'",
        call.account
    );
    Fault::new("RepositoryNotFoundException", message)
}

/// The repository that a call names.
pub(super) fn named<'c>(call: &'c mut Call<'_>) -> Result<(String, &'c mut Repository), Fault> {
    let name = call.str("repositoryName");
    let fault = missing(call, &name);
    let repository = call.realm().ecr.repositories.get_mut(&name).ok_or(fault)?;
    Ok((name, repository))
}

// Encryption by KMS without a key is encryption by the key that AWS keeps for ECR.
fn encryption(call: &mut Call<'_>) -> Value {
    let given = call.get("encryptionConfiguration").cloned();
    let mut encryption = given.unwrap_or_else(|| json!({"encryptionType": "AES256"}));
    if encryption["encryptionType"] != "AES256" && encryption["kmsKey"].is_null() {
        encryption["kmsKey"] = json!(crate::service::kms::managed_key(call, "ecr"));
    }
    encryption
}

fn create(call: &mut Call<'_>) -> Outcome {
    let name = call.str("repositoryName");
    if call.realm().ecr.repositories.contains(&name) {
        let message = format!(
            "The repository with name '{name}' already exists in the registry with id '{}'",
            call.account
        );
        return Err(Fault::new("RepositoryAlreadyExistsException", message));
    }
    if call.realm().ecr.repositories.len() >= call.quota("ecr-repositories") {
        let message = "The registry has as many repositories as it may have.";
        return Err(Fault::new("LimitExceededException", message));
    }
    let scanning = call.get("imageScanningConfiguration").cloned().unwrap_or_default();
    let encryption = encryption(call);
    let repository = Repository {
        arn: call.arn("ecr", &format!("repository/{name}")),
        created: call.now(),
        mutability: call.opt_str("imageTagMutability").unwrap_or_else(|| "MUTABLE".to_owned()),
        exclusions: call.get("imageTagMutabilityExclusionFilters").cloned().unwrap_or_default(),
        scan_on_push: scanning["scanOnPush"].as_bool().unwrap_or(false),
        encryption,
        policy: None,
        lifecycle: None,
        tags: super::tags::given(call),
    };
    let answer = answer(call, &name, &repository);
    let (now, visible) = (call.now(), call.visible_at());
    call.realm().ecr.repositories.insert(&name, repository, now, visible);
    Ok(json!({"repository": answer}))
}

fn describe(call: &mut Call<'_>) -> Outcome {
    let (names, now) = (call.strings("repositoryNames"), call.now());
    let seen = call.realm().ecr.repositories.seen(now);
    let all: Vec<(String, Repository)> =
        seen.map(|(name, repository)| (name.to_owned(), repository.clone())).collect();
    if let Some(name) = names.iter().find(|name| !all.iter().any(|(known, _)| known == *name)) {
        return Err(missing(call, name));
    }
    let mut found: Vec<&(String, Repository)> =
        all.iter().filter(|(name, _)| names.is_empty() || names.contains(name)).collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    let found: Vec<Value> =
        found.into_iter().map(|(name, repository)| answer(call, name, repository)).collect();
    Ok(json!({"repositories": found}))
}

fn delete(call: &mut Call<'_>) -> Outcome {
    let (name, repository) = named(call)?;
    let repository = repository.clone();
    call.realm().ecr.repositories.remove(&name);
    Ok(json!({"repository": answer(call, &name, &repository)}))
}

fn put_scanning(call: &mut Call<'_>) -> Outcome {
    let on =
        call.get("imageScanningConfiguration").is_some_and(|given| given["scanOnPush"] == true);
    let account = call.account.clone();
    let (name, repository) = named(call)?;
    repository.scan_on_push = on;
    Ok(json!({
        "registryId": account,
        "repositoryName": name,
        "imageScanningConfiguration": {"scanOnPush": on},
    }))
}

fn put_mutability(call: &mut Call<'_>) -> Outcome {
    let (mutability, account) = (call.str("imageTagMutability"), call.account.clone());
    let exclusions = call.get("imageTagMutabilityExclusionFilters").cloned().unwrap_or_default();
    let (name, repository) = named(call)?;
    repository.mutability = mutability.clone();
    repository.exclusions = exclusions;
    Ok(json!({"registryId": account, "repositoryName": name, "imageTagMutability": mutability}))
}

fn token(call: &mut Call<'_>) -> Outcome {
    let (account, region) = (call.account.clone(), call.region.clone());
    let secret = call.world.ids.hex(32);
    Ok(json!({"authorizationData": [{
        "authorizationToken": STANDARD.encode(format!("AWS:{secret}")),
        "expiresAt": call.now() + 12 * 60 * 60 * 1000,
        "proxyEndpoint": format!("https://{account}.dkr.ecr.{region}.amazonaws.com"),
    }]}))
}

fn list_images(call: &mut Call<'_>) -> Outcome {
    named(call)?;
    Ok(json!({"imageIds": []}))
}

fn describe_images(call: &mut Call<'_>) -> Outcome {
    named(call)?;
    if !call.list("imageIds").is_empty() {
        return Err(Fault::new(
            "ImageNotFoundException",
            "The image requested does not exist in the repository",
        ));
    }
    Ok(json!({"imageDetails": []}))
}
