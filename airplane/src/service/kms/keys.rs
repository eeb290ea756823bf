//! Keys: made, enabled, rotated, and deleted only after a waiting time.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::around::call::Call;
use crate::service::Action;
use crate::service::iam::permission::{Principal, Question, allows, unknown_principal};
use crate::wire::fault::{Fault, Outcome};
use crate::world::Millis;
use crate::world::scope::Scope;

pub(crate) const ACTIONS: &[Action] = &[
    ("CreateKey", create),
    ("DescribeKey", describe),
    ("ListKeys", list),
    ("EnableKey", enable),
    ("DisableKey", disable),
    ("EnableKeyRotation", enable_rotation),
    ("DisableKeyRotation", disable_rotation),
    ("GetKeyRotationStatus", rotation_status),
    ("PutKeyPolicy", put_policy),
    ("GetKeyPolicy", get_policy),
    ("ListKeyPolicies", list_policies),
    ("ScheduleKeyDeletion", schedule_deletion),
    ("CancelKeyDeletion", cancel_deletion),
    ("UpdateKeyDescription", update_description),
];

const DAY: Millis = 24 * 60 * 60 * 1000;

/// A key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Key {
    pub(super) arn: String,
    created: Millis,
    description: String,
    usage: String,
    pub(super) spec: String,
    multi_region: bool,
    enabled: bool,
    /// When it goes, if somebody said so.
    pub(super) deletion: Option<Millis>,
    rotation_days: Option<i64>,
    policy: String,
    /// AWS keeps it for one of its services.
    #[serde(default)]
    is_managed: bool,
    pub(super) tags: BTreeMap<String, String>,
}

impl Key {
    fn state(&self) -> &'static str {
        match (self.deletion, self.enabled) {
            (Some(_), _) => "PendingDeletion",
            (None, true) => "Enabled",
            (None, false) => "Disabled",
        }
    }

    fn answer(&self, id: &str, account: &str) -> Value {
        let mut answer = json!({
            "AWSAccountId": account,
            "KeyId": id,
            "Arn": self.arn,
            "CreationDate": self.created,
            "Enabled": self.enabled && self.deletion.is_none(),
            "Description": self.description,
            "KeyUsage": self.usage,
            "KeyState": self.state(),
            "Origin": "AWS_KMS",
            "KeyManager": if self.is_managed { "AWS" } else { "CUSTOMER" },
            "CustomerMasterKeySpec": self.spec,
            "KeySpec": self.spec,
            "MultiRegion": self.multi_region,
        });
        if let Some(at) = self.deletion {
            answer["DeletionDate"] = json!(at);
        }
        match self.usage.as_str() {
            "ENCRYPT_DECRYPT" if self.spec == "SYMMETRIC_DEFAULT" => {
                answer["EncryptionAlgorithms"] = json!(["SYMMETRIC_DEFAULT"]);
            }
            "ENCRYPT_DECRYPT" => {
                answer["EncryptionAlgorithms"] = json!(["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"]);
            }
            "SIGN_VERIFY" if self.spec.starts_with("ECC") => {
                answer["SigningAlgorithms"] = json!(["ECDSA_SHA_256"]);
            }
            "SIGN_VERIFY" => answer["SigningAlgorithms"] = json!(["RSASSA_PKCS1_V1_5_SHA_256"]),
            _ => {}
        }
        answer
    }
}

/// The ARN of AWS's own key for a service, made when first needed.
pub(super) fn managed(scope: &mut Scope<'_>, service: &str) -> String {
    let (name, now) = (format!("alias/aws/{service}"), scope.now());
    let kms = &scope.realm().kms;
    if let Some(key) = kms.aliases.get(&name).and_then(|alias| kms.keys.get(&alias.key)) {
        return key.arn.clone();
    }
    let id = scope.world.ids.uuid();
    let arn = scope.arn("kms", &format!("key/{id}"));
    let key = Key {
        arn: arn.clone(),
        created: now,
        description: format!(
            "Default key that protects my {service} data when no other key is defined"
        ),
        usage: "ENCRYPT_DECRYPT".to_owned(),
        spec: "SYMMETRIC_DEFAULT".to_owned(),
        multi_region: false,
        enabled: true,
        deletion: None,
        rotation_days: Some(365),
        policy: json!({"Version": "2012-10-17", "Statement": []}).to_string(),
        is_managed: true,
        tags: BTreeMap::new(),
    };
    scope.realm().kms.keys.insert_implicit(&id, key, now);
    super::aliases::insert_managed(scope, &name, id);
    arn
}

/// Does the id, ARN or alias name a key that can be used?
pub(super) fn is_usable(call: &mut Call<'_>, wanted: &str) -> bool {
    let Ok(id) = id_of(call, wanted) else { return false };
    call.realm().kms.keys.get(&id).is_some_and(|key| key.enabled && key.deletion.is_none())
}

/// Can a role of AWS's own use the key? AWS's keys serve everybody.
pub(super) fn serves(scope: &mut Scope<'_>, wanted: &str, role: &str) -> bool {
    if wanted.ends_with("alias/aws/ebs") {
        return true;
    }
    let Ok(id) = id_of(scope, wanted) else { return false };
    let Some(key) = scope.realm().kms.keys.get(&id).cloned() else { return false };
    let question = Question {
        principal: Principal::Exactly(role),
        action: "kms:CreateGrant",
        resource: Some(&key.arn),
        context: &[("kms:GrantIsForAWSResource", "true")],
    };
    let usable = key.enabled && key.deletion.is_none();
    usable
        && (key.is_managed
            || allows(&key.policy, &question)
            || super::grants::has(scope, &id, role))
}

/// The id of the key that an id, ARN or alias names.
pub(super) fn id_of(scope: &mut Scope<'_>, wanted: &str) -> Result<String, Fault> {
    let wanted = wanted.rsplit_once(":key/").map_or(wanted, |(_, id)| id);
    let alias = wanted.rsplit_once(":alias/").map(|(_, name)| format!("alias/{name}"));
    let alias = alias.or_else(|| wanted.starts_with("alias/").then(|| wanted.to_owned()));
    let now = scope.now();
    if let Some(name) = alias {
        let found = scope.realm().kms.aliases.see(&name, now).map(|alias| alias.key.clone());
        let message = format!("Alias {} is not found.", scope.arn("kms", &name));
        return found.ok_or_else(|| Fault::new("NotFoundException", message));
    }
    if scope.realm().kms.keys.see(wanted, now).is_some() {
        return Ok(wanted.to_owned());
    }
    let message = format!("Key '{}' does not exist", scope.arn("kms", &format!("key/{wanted}")));
    Err(Fault::new("NotFoundException", message))
}

/// The key that a call names.
pub(super) fn named(call: &mut Call<'_>) -> Result<(String, Key), Fault> {
    let wanted = call.str("KeyId");
    let id = id_of(call, &wanted)?;
    let key = call.realm().kms.keys.get(&id).cloned();
    key.map(|key| (id, key))
        .ok_or_else(|| Fault::new("NotFoundException", "The key does not exist"))
}

fn invalid_state(key: &Key) -> Fault {
    let words = if key.deletion.is_some() { "is pending deletion." } else { "is disabled." };
    let code =
        if key.deletion.is_some() { "KMSInvalidStateException" } else { "DisabledException" };
    Fault::new(code, format!("{} {words}", key.arn))
}

/// The key that a call names, if it can be used.
pub(super) fn usable(call: &mut Call<'_>) -> Result<(String, Key), Fault> {
    let (id, key) = named(call)?;
    if key.enabled && key.deletion.is_none() { Ok((id, key)) } else { Err(invalid_state(&key)) }
}

/// The key that a call names, if it is not on its way out.
pub(super) fn staying(call: &mut Call<'_>) -> Result<(String, Key), Fault> {
    let (id, key) = named(call)?;
    if key.deletion.is_none() { Ok((id, key)) } else { Err(invalid_state(&key)) }
}

fn edit(call: &mut Call<'_>, id: &str, change: impl FnOnce(&mut Key)) {
    if let Some(key) = call.realm().kms.keys.get_mut(id) {
        change(key);
    }
}

fn check_policy(call: &mut Call<'_>, policy: &str) -> Result<(), Fault> {
    let malformed = |message: &str| Fault::new("MalformedPolicyDocumentException", message);
    let parsed: Value =
        serde_json::from_str(policy).map_err(|_| malformed("The policy is not valid JSON."))?;
    if !parsed
        .get("Statement")
        .is_some_and(|statement| statement.is_array() || statement.is_object())
    {
        return Err(malformed("The policy has no statements."));
    }
    if unknown_principal(call, policy).is_some() {
        return Err(malformed("Policy contains a statement with one or more invalid principals."));
    }
    if call.opt_bool("BypassPolicyLockoutSafetyCheck") != Some(true) && !policy.contains("kms:") {
        return Err(malformed(
            "The new key policy will not allow you to update the key policy in the future.",
        ));
    }
    Ok(())
}

fn create(call: &mut Call<'_>) -> Outcome {
    if call.realm().kms.keys.len() >= call.quota("kms-keys") {
        let message = "You have reached the maximum number of KMS keys in this Region.";
        return Err(Fault::new("LimitExceededException", message));
    }
    let id = call.world.ids.uuid();
    let account = call.account.clone();
    let policy = match call.opt_str("Policy") {
        Some(policy) => {
            check_policy(call, &policy)?;
            policy
        }
        None => json!({
            "Version": "2012-10-17",
            "Id": "key-default-1",
            "Statement": [{
                "Sid": "Enable IAM User Permissions",
                "Effect": "Allow",
                "Principal": {"AWS": format!("arn:aws:iam::{account}:root")},
                "Action": "kms:*",
                "Resource": "*",
            }],
        })
        .to_string(),
    };
    let spec = call.opt_str("KeySpec").or_else(|| call.opt_str("CustomerMasterKeySpec"));
    let spec = spec.unwrap_or_else(|| "SYMMETRIC_DEFAULT".to_owned());
    let usage = call.opt_str("KeyUsage").unwrap_or_else(|| "ENCRYPT_DECRYPT".to_owned());
    if usage != "ENCRYPT_DECRYPT" && spec == "SYMMETRIC_DEFAULT" {
        return Err(Fault::new(
            "ValidationException",
            format!("KeyUsage {usage} is not compatible with KeySpec {spec}"),
        ));
    }
    let key = Key {
        arn: call.arn("kms", &format!("key/{id}")),
        created: call.now(),
        is_managed: false,
        description: call.str("Description"),
        usage,
        spec,
        multi_region: call.opt_bool("MultiRegion").unwrap_or(false),
        enabled: true,
        deletion: None,
        rotation_days: None,
        policy,
        tags: super::tags::given(call),
    };
    let answer = key.answer(&id, &account);
    let (now, visible) = (call.now(), call.visible_at());
    call.realm().kms.keys.insert(&id, key, now, visible);
    Ok(json!({"KeyMetadata": answer}))
}

fn describe(call: &mut Call<'_>) -> Outcome {
    let (id, key) = named(call)?;
    Ok(json!({"KeyMetadata": key.answer(&id, &call.account)}))
}

fn list(call: &mut Call<'_>) -> Outcome {
    let now = call.now();
    let seen = call.realm().kms.keys.seen(now);
    let keys: Vec<Value> = seen.map(|(id, key)| json!({"KeyId": id, "KeyArn": key.arn})).collect();
    Ok(json!({"Keys": keys, "Truncated": false}))
}

fn enable(call: &mut Call<'_>) -> Outcome {
    let (id, _) = staying(call)?;
    edit(call, &id, |key| key.enabled = true);
    Ok(json!({}))
}

fn disable(call: &mut Call<'_>) -> Outcome {
    let (id, _) = staying(call)?;
    edit(call, &id, |key| key.enabled = false);
    Ok(json!({}))
}

fn enable_rotation(call: &mut Call<'_>) -> Outcome {
    let (id, key) = usable(call)?;
    if key.spec != "SYMMETRIC_DEFAULT" {
        return Err(Fault::new("UnsupportedOperationException", "Only symmetric keys rotate."));
    }
    let days = call.opt_int("RotationPeriodInDays").unwrap_or(365);
    edit(call, &id, |key| key.rotation_days = Some(days));
    Ok(json!({}))
}

fn disable_rotation(call: &mut Call<'_>) -> Outcome {
    let (id, _) = usable(call)?;
    edit(call, &id, |key| key.rotation_days = None);
    Ok(json!({}))
}

fn rotation_status(call: &mut Call<'_>) -> Outcome {
    let (id, key) = named(call)?;
    let mut answer = json!({"KeyRotationEnabled": key.rotation_days.is_some(), "KeyId": id});
    if let Some(days) = key.rotation_days {
        answer["RotationPeriodInDays"] = json!(days);
        answer["NextRotationDate"] = json!(key.created + days * DAY);
    }
    Ok(answer)
}

fn put_policy(call: &mut Call<'_>) -> Outcome {
    let (id, _) = staying(call)?;
    let policy = call.str("Policy");
    check_policy(call, &policy)?;
    edit(call, &id, |key| key.policy = policy);
    Ok(json!({}))
}

fn get_policy(call: &mut Call<'_>) -> Outcome {
    let (_, key) = named(call)?;
    if call.opt_str("PolicyName").is_some_and(|name| name != "default") {
        return Err(Fault::new("NotFoundException", "No such policy exists"));
    }
    Ok(json!({"Policy": key.policy, "PolicyName": "default"}))
}

fn list_policies(call: &mut Call<'_>) -> Outcome {
    named(call)?;
    Ok(json!({"PolicyNames": ["default"], "Truncated": false}))
}

fn schedule_deletion(call: &mut Call<'_>) -> Outcome {
    let (id, key) = staying(call)?;
    let days = call.opt_int("PendingWindowInDays").unwrap_or(30);
    if !(7..=30).contains(&days) {
        let message = "PendingWindowInDays must be between 7 and 30";
        return Err(Fault::new("ValidationException", message));
    }
    let at = call.now() + days * DAY;
    let now = call.now();
    // It waits for its end, and nobody can use it: no object any more that someone could count.
    call.realm().kms.keys.insert_implicit(&id, Key { deletion: Some(at), ..key.clone() }, now);
    call.schedule(days * DAY, super::Event::Delete { key: id });
    Ok(json!({
        "KeyId": key.arn,
        "DeletionDate": at,
        "KeyState": "PendingDeletion",
        "PendingWindowInDays": days,
    }))
}

/// Deletes a key whose time has come and that nobody took back.
pub(super) fn delete_if_due(scope: &mut Scope<'_>, id: &str) {
    let now = scope.now();
    let due =
        scope.realm().kms.keys.get(id).and_then(|key| key.deletion).is_some_and(|at| at <= now);
    if !due {
        return;
    }
    scope.realm().kms.keys.remove(id);
    let aliases = scope.realm().kms.aliases.iter().filter(|(_, alias)| alias.key == id);
    let names: Vec<String> = aliases.map(|(name, _)| name.to_owned()).collect();
    for name in names {
        scope.realm().kms.aliases.remove(&name);
    }
}

fn cancel_deletion(call: &mut Call<'_>) -> Outcome {
    let (id, key) = named(call)?;
    if key.deletion.is_none() {
        return Err(Fault::new(
            "KMSInvalidStateException",
            format!("{} is not pending deletion.", key.arn),
        ));
    }
    // It comes back disabled, as the documentation says.
    edit(call, &id, |key| {
        key.deletion = None;
        key.enabled = false;
    });
    Ok(json!({"KeyId": key.arn}))
}

fn update_description(call: &mut Call<'_>) -> Outcome {
    let (id, _) = staying(call)?;
    let description = call.str("Description");
    edit(call, &id, |key| key.description = description);
    Ok(json!({}))
}
