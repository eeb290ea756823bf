//! `aws_kms_key`. A deleted key lies pending for days; for us it is gone.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_kms::operation::get_key_rotation_status::GetKeyRotationStatusOutput as Rotation;
use aws_sdk_kms::types::{KeyMetadata, KeySpec, KeyState, KeyUsageType, Tag};

use crate::api::{Api, AwsError};
use crate::bulk::{Found, each};
use crate::fields::{Fields, Problems};
use crate::iam::{PROPAGATION, check_document};
use crate::resource::{AwsResource, Changes, Create, Made, Plan, Result, Tagging};
use crate::row::Row;
use crate::tags::{OPERATION, Tags};

/// How long a new key may not be seen.
const VISIBLE: Duration = Duration::from_secs(60);

const DEFAULT_SPEC: &str = "SYMMETRIC_DEFAULT";

#[derive(Debug)]
pub(crate) struct Key;

/// All that AWS tells of a key.
#[derive(Clone, Debug)]
struct Facts {
    key: KeyMetadata,
    policy: String,
    rotation: Option<Rotation>,
    tags: Tags,
}

#[async_trait]
impl AwsResource for Key {
    fn tagging(&self) -> Tagging {
        Tagging::Own
    }

    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        problems.in_range(config, "deletion_window_in_days", 7, 30);
        problems.in_range(config, "rotation_period_in_days", 90, 2560);
        check_document(problems, config, "policy");
        let usages = ["ENCRYPT_DECRYPT", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT", "SIGN_VERIFY"];
        problems.one_of(config, "key_usage", &usages);
        let rotates = config.bool("enable_key_rotation") == Some(true);
        let spec = config.str("customer_master_key_spec").unwrap_or(DEFAULT_SPEC);
        if rotates && spec != DEFAULT_SPEC {
            let message = format!("Only keys of the spec {DEFAULT_SPEC} can be rotated.");
            problems.add("enable_key_rotation", "Conflicting configuration arguments", message);
        }
        if config.i64("rotation_period_in_days").is_some()
            && config.get("enable_key_rotation").is_known()
            && !rotates
        {
            let message = "\"rotation_period_in_days\" needs \"enable_key_rotation\".";
            problems.add("rotation_period_in_days", "Missing required argument", message);
        }
        if config.text("description").is_some_and(|text| text.chars().count() > 8192) {
            let message = "A description has at most 8192 characters.";
            problems.add("description", "Value too long", message);
        }
    }

    fn plan(&self, plan: &mut Plan<'_>) {
        plan.keep_same_document("policy");
        if plan.changes("enable_key_rotation") {
            plan.unknown("rotation_period_in_days");
        }
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let id = prior.id();
        let Some(facts) = api.load("kms key", id, keys).await? else { return Ok(None) };
        let key = &facts.key;
        if is_going(key) {
            return Ok(None);
        }
        let mut row = Row::new();
        row.set("id", id)
            .set("key_id", key.key_id())
            .set("arn", key.arn())
            .set("description", key.description())
            .set("is_enabled", key.enabled())
            .set("key_usage", key.key_usage().map(KeyUsageType::as_str))
            .set("customer_master_key_spec", key.key_spec().map(KeySpec::as_str))
            .set("multi_region", key.multi_region().unwrap_or(false))
            .set("custom_key_store_id", key.custom_key_store_id())
            .set("xks_key_id", key.xks_key_configuration().and_then(|it| it.id()))
            .document("policy", Some(&facts.policy))
            .tags(facts.tags);
        if let Some(rotation) = &facts.rotation {
            row.set("enable_key_rotation", rotation.key_rotation_enabled())
                .set("rotation_period_in_days", rotation.rotation_period_in_days());
        }
        Ok(Some(row))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        let planned = create.planned;
        let all = tags(&create.tags_with_token());
        let make = || {
            api.kms()
                .create_key()
                .set_description(planned.string("description"))
                .set_policy(planned.string("policy"))
                .set_key_usage(planned.str("key_usage").map(KeyUsageType::from))
                .set_key_spec(planned.str("customer_master_key_spec").map(KeySpec::from))
                .set_multi_region(planned.bool("multi_region"))
                .set_custom_key_store_id(planned.string("custom_key_store_id"))
                .set_xks_key_id(planned.string("xks_key_id"))
                .set_bypass_policy_lockout_safety_check(
                    planned.bool("bypass_policy_lockout_safety_check").filter(|it| *it),
                )
                .set_tags(Some(all.clone()))
                .send()
        };
        let work = || api.call("kms", "CreateKey", make);
        let answer = api.insist(PROPAGATION, early, work).await.map_err(at)?;
        let Some(key) = answer.key_metadata else { return Ok(Made::id("")) };
        let mut known = Row::new();
        known
            .set("key_id", key.key_id())
            .set("arn", key.arn())
            .set("description", key.description())
            .set("multi_region", key.multi_region().unwrap_or(false));
        if planned.str("policy").is_none() {
            let policy = default_policy(api, key.key_id()).await;
            known.document("policy", Some(&policy.map_err(AwsError::after_effect)?));
        }
        // A key that is rotated is so once a year where nobody says otherwise.
        let rotated = planned.bool("enable_key_rotation") == Some(true);
        known.set("rotation_period_in_days", rotated.then_some(365));
        Ok(Made::knowing(key.key_id, known))
    }

    async fn complete(&self, api: &Api, id: &str, create: Create<'_>) -> Result<()> {
        let planned = create.planned;
        if planned.bool("enable_key_rotation") == Some(true) {
            rotate(api, id, planned).await?;
        }
        if planned.bool("is_enabled") == Some(false) {
            enable(api, id, false).await?;
        }
        Ok(())
    }

    async fn update(&self, api: &Api, changes: Changes<'_>) -> Result<()> {
        let (id, planned) = (changes.id(), changes.planned);
        // A disabled key takes no other change, so it is enabled first and disabled last.
        let enabled = planned.bool("is_enabled").unwrap_or(true);
        let now = api.load("kms key", id, keys).await?;
        let now = now.ok_or_else(|| AwsError::refused("NotFoundException", "The key is gone"))?;
        let rotates = changes.any(&["enable_key_rotation", "rotation_period_in_days"])
            && !is_rotated(&now, planned);
        let on = now.key.enabled();
        if !on && (enabled || rotates) {
            enable(api, id, true).await?;
        }
        if rotates {
            rotate(api, id, planned).await?;
        }
        if changes.has("description") {
            let text = planned.text("description").unwrap_or_default();
            let call = || api.kms().update_key_description().key_id(id).description(text).send();
            api.call("kms", "UpdateKeyDescription", call).await?;
        }
        if changes.has("policy") {
            let call = || {
                api.kms()
                    .put_key_policy()
                    .key_id(id)
                    .policy_name("default")
                    .set_policy(planned.string("policy"))
                    .set_bypass_policy_lockout_safety_check(
                        planned.bool("bypass_policy_lockout_safety_check").filter(|it| *it),
                    )
                    .send()
            };
            let work = || api.call("kms", "PutKeyPolicy", call);
            api.insist(PROPAGATION, early, work).await.map_err(at)?;
        }
        if !enabled && (on || rotates) {
            enable(api, id, false).await?;
        }
        Ok(())
    }

    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        let call = || {
            let call = api.kms().schedule_key_deletion().key_id(prior.id());
            call.set_pending_window_in_days(prior.i32("deletion_window_in_days")).send()
        };
        match api.call("kms", "ScheduleKeyDeletion", call).await {
            // It is pending already.
            Err(error) if error.is(&["KMSInvalidStateException"]) => {
                match api.load("kms key", prior.id(), keys).await? {
                    Some(facts) if !is_going(&facts.key) => Err(error),
                    _ => Ok(()),
                }
            }
            result => result.map(|_| ()),
        }
    }

    /// Keys have no names, so all are looked through; only after a crash.
    async fn find(&self, api: &Api, create: Create<'_>) -> Result<Option<Made>> {
        let ask = |marker| api.kms().list_keys().set_marker(marker).send();
        let all =
            api.pages("kms", "ListKeys", ask, |answer| (answer.keys, answer.next_marker)).await?;
        for id in all.iter().filter_map(|key| key.key_id()) {
            // Keys of AWS itself, and of others, do not tell their tags.
            let found = key_tags(api, id).await.unwrap_or_default();
            let ours = found.get(OPERATION).is_some_and(|token| token == create.token);
            let there = ours && {
                let facts = api.load("kms key", id, keys).await?;
                facts.is_some_and(|facts| !is_going(&facts.key))
            };
            if there {
                return Ok(Some(Made::id(id)));
            }
        }
        Ok(None)
    }

    async fn retag(
        &self,
        api: &Api,
        object: Fields<'_>,
        removed: Vec<String>,
        written: Tags,
    ) -> Result<()> {
        let id = object.id();
        if !removed.is_empty() {
            let call =
                || api.kms().untag_resource().key_id(id).set_tag_keys(Some(removed.clone())).send();
            api.call("kms", "UntagResource", call).await?;
        }
        if !written.is_empty() {
            let all = tags(&written);
            let call = || api.kms().tag_resource().key_id(id).set_tags(Some(all.clone())).send();
            api.call("kms", "TagResource", call).await?;
        }
        Ok(())
    }
}

/// The policy that AWS gave a new key.
async fn default_policy(api: &Api, id: &str) -> Result<String> {
    let ask = || api.kms().get_key_policy().key_id(id).policy_name("default").send();
    let work = || api.call("kms", "GetKeyPolicy", ask);
    let answer = api.insist(VISIBLE, AwsError::is_not_found, work).await?;
    Ok(answer.policy.unwrap_or_default())
}

fn is_going(key: &KeyMetadata) -> bool {
    matches!(key.key_state(), Some(KeyState::PendingDeletion | KeyState::PendingReplicaDeletion))
}

/// Does the policy name a principal that KMS does not know yet?
fn early(error: &AwsError) -> bool {
    error.is(&["MalformedPolicyDocumentException"]) && error.message.contains("rincipal")
}

fn at(error: AwsError) -> AwsError {
    if error.is(&["MalformedPolicyDocumentException"]) { error.at("policy") } else { error }
}

fn tags(tags: &Tags) -> Vec<Tag> {
    let tag = |(key, value)| Tag::builder().tag_key(key).tag_value(value).build().ok();
    tags.iter().filter_map(tag).collect()
}

/// Is the key rotated as it shall be?
fn is_rotated(now: &Facts, planned: Fields<'_>) -> bool {
    let wanted = planned.bool("enable_key_rotation") == Some(true);
    let days = planned.i32("rotation_period_in_days");
    now.rotation.as_ref().is_some_and(|rotation| {
        rotation.key_rotation_enabled() == wanted
            && (!wanted || days.is_none() || rotation.rotation_period_in_days() == days)
    })
}

async fn rotate(api: &Api, id: &str, planned: Fields<'_>) -> Result<()> {
    if planned.bool("enable_key_rotation") == Some(true) {
        let call = || {
            let call = api.kms().enable_key_rotation().key_id(id);
            call.set_rotation_period_in_days(planned.i32("rotation_period_in_days")).send()
        };
        return api.call("kms", "EnableKeyRotation", call).await.map(|_| ());
    }
    let call = || api.kms().disable_key_rotation().key_id(id).send();
    api.call("kms", "DisableKeyRotation", call).await.map(|_| ())
}

async fn enable(api: &Api, id: &str, on: bool) -> Result<()> {
    if on {
        let call = || api.kms().enable_key().key_id(id).send();
        return api.call("kms", "EnableKey", call).await.map(|_| ());
    }
    let call = || api.kms().disable_key().key_id(id).send();
    api.call("kms", "DisableKey", call).await.map(|_| ())
}

async fn key_tags(api: &Api, id: &str) -> Result<Tags> {
    let ask = |marker| api.kms().list_resource_tags().key_id(id).set_marker(marker).send();
    let all = api
        .pages("kms", "ListResourceTags", ask, |answer| (answer.tags, answer.next_marker))
        .await?;
    Ok(all.into_iter().map(|tag| (tag.tag_key, tag.tag_value)).collect())
}

/// Keys by id.
async fn keys(api: Api, ids: Vec<String>) -> Result<Found<Facts>> {
    let api = &api;
    each(ids, |id| async move {
        let ask = || api.kms().describe_key().key_id(&id).send();
        let key = api.call("kms", "DescribeKey", ask).await?.key_metadata;
        let key = key.ok_or_else(|| AwsError::refused("NotFoundException", "No key"))?;
        if is_going(&key) {
            return Ok(Facts { key, policy: String::new(), rotation: None, tags: Tags::new() });
        }
        let policy = || api.kms().get_key_policy().key_id(&id).policy_name("default").send();
        let rotates = key.key_spec() == Some(&KeySpec::SymmetricDefault);
        let rotation = async {
            if !rotates {
                return Ok(None);
            }
            let ask = || api.kms().get_key_rotation_status().key_id(&id).send();
            match api.call("kms", "GetKeyRotationStatus", ask).await {
                // A key of another origin is not rotated by KMS.
                Err(error) if error.is(&["UnsupportedOperationException"]) => Ok(None),
                answer => answer.map(Some),
            }
        };
        let (policy, rotation, tags) = futures::try_join!(
            api.call("kms", "GetKeyPolicy", policy),
            rotation,
            key_tags(api, &id),
        )?;
        Ok(Facts { key, policy: policy.policy.unwrap_or_default(), rotation, tags })
    })
    .await
}
