//! `aws_iam_role`.

use std::collections::BTreeMap;

use async_trait::async_trait;
use kprov_core::{Path, PathStep};
use serde_json::json;

use super::role_facts::{attached, inline, role};
use super::{
    NAME_WORDS, PROPAGATION, check_arn, check_document, check_nested_document, check_path, is_name,
    is_ours, may_spread, pairs, tags, time,
};
use crate::api::Api;
use crate::fields::{Fields, Problems};
use crate::names;
use crate::resource::{AwsResource, Changes, Create, Made, Plan, Result, Tagging};
use crate::row::{Row, same_document};
use crate::tags::Tags;

#[derive(Debug)]
pub(crate) struct Role;

#[async_trait]
impl AwsResource for Role {
    fn tagging(&self) -> Tagging {
        Tagging::Own
    }

    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        names::check(problems, config, 64, is_name, NAME_WORDS);
        check_path(problems, config);
        check_document(problems, config, "assume_role_policy");
        check_arn(problems, config, "permissions_boundary");
        problems.in_range(config, "max_session_duration", 3600, 43200);
        if config.text("description").is_some_and(|text| text.chars().count() > 1000) {
            let message = "A description has at most 1000 characters.";
            problems.add("description", "Value too long", message);
        }
        for (index, policy) in config.blocks("inline_policy").enumerate() {
            let at = Path::attribute("inline_policy").then(PathStep::Index(index as u64));
            check_nested_document(problems, policy, at, "policy");
        }
    }

    fn plan(&self, plan: &mut Plan<'_>) {
        plan.keep_same_document("assume_role_policy");
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let name = prior.id();
        // Inline policies are this resource's affair only where it has the blocks.
        let with_inline = prior.blocks("inline_policy").next().is_some();
        let policies = async { if with_inline { inline(api, name).await } else { Ok(None) } };
        let (facts, attached, policies) =
            futures::try_join!(role(api, name), attached(api, name), policies)?;
        let Some(facts) = facts else { return Ok(None) };
        let mut row = Row::new();
        row.set("id", name)
            .set("name", name)
            .set("name_prefix", names::prefix(name))
            .set("arn", facts.arn)
            .set("path", facts.path)
            .set("unique_id", facts.unique_id)
            .set("create_date", facts.create_date)
            .document("assume_role_policy", Some(&facts.assume_role_policy))
            .set("description", facts.description)
            .set("max_session_duration", facts.max_session_duration)
            .set("permissions_boundary", facts.boundary)
            .strings("managed_policy_arns", attached.unwrap_or_default())
            .tags(pairs(&facts.tags));
        if let Some(policies) = policies {
            let before = documents(prior);
            let policies = policies.iter().map(|(policy, text)| {
                let as_before = before.get(policy).filter(|old| same_document(old, text));
                json!({"name": policy, "policy": as_before.unwrap_or(text)})
            });
            let policies: Vec<_> = policies.collect();
            if !(policies.is_empty() && before.is_empty()) {
                row.set("inline_policy", policies);
            }
        }
        Ok(Some(row))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        let planned = create.planned;
        let name = names::chosen(planned, create.token, "terraform-");
        let all = tags(&create.tags_with_token());
        let make = || {
            api.iam()
                .create_role()
                .role_name(&name)
                .set_path(planned.string("path"))
                .set_assume_role_policy_document(planned.string("assume_role_policy"))
                .set_description(planned.string("description"))
                .set_max_session_duration(planned.i32("max_session_duration"))
                .set_permissions_boundary(planned.string("permissions_boundary"))
                .set_tags(Some(all.clone()))
                .send()
        };
        let work = || api.call("iam", "CreateRole", make);
        let answer =
            api.insist(PROPAGATION, may_spread, work).await.map_err(|error| {
                match &*error.code {
                    "MalformedPolicyDocument" => error.at("assume_role_policy"),
                    "EntityAlreadyExists" => error.at("name"),
                    _ => error,
                }
            })?;
        let mut known = Row::new();
        if let Some(role) = answer.role() {
            known
                .set("name", name.as_str())
                .set("name_prefix", names::prefix(&name))
                .set("arn", role.arn())
                .set("unique_id", role.role_id())
                .set("create_date", time(role.create_date()))
                .strings("managed_policy_arns", planned.strings("managed_policy_arns"));
        }
        Ok(Made::knowing(name, known))
    }

    async fn complete(&self, api: &Api, id: &str, create: Create<'_>) -> Result<()> {
        for (policy, text) in documents(create.planned) {
            put(api, id, &policy, &text).await?;
        }
        for arn in create.planned.strings("managed_policy_arns") {
            attach(api, id, &arn).await?;
        }
        Ok(())
    }

    async fn update(&self, api: &Api, changes: Changes<'_>) -> Result<()> {
        let (id, planned) = (changes.id(), changes.planned);
        if changes.has("assume_role_policy") {
            let text = planned.str("assume_role_policy").unwrap_or_default();
            let put = || {
                let call = api.iam().update_assume_role_policy().role_name(id);
                call.policy_document(text).send()
            };
            let work = || api.call("iam", "UpdateAssumeRolePolicy", put);
            let result = api.insist(PROPAGATION, may_spread, work).await;
            result.map_err(|error| error.at("assume_role_policy"))?;
        }
        if changes.any(&["description", "max_session_duration"]) {
            let put = || {
                let call = api.iam().update_role().role_name(id);
                call.description(planned.text("description").unwrap_or_default())
                    .set_max_session_duration(planned.i32("max_session_duration"))
                    .send()
            };
            api.call("iam", "UpdateRole", put).await?;
        }
        if changes.has("permissions_boundary") {
            change_boundary(api, id, planned.str("permissions_boundary")).await?;
        }
        if changes.has("inline_policy") {
            let new = documents(planned);
            for (policy, text) in &new {
                put(api, id, policy, text).await?;
            }
            for policy in documents(changes.prior).into_keys().filter(|it| !new.contains_key(it)) {
                remove(api, id, &policy).await?;
            }
        }
        if changes.has("managed_policy_arns") {
            let new = planned.strings("managed_policy_arns");
            for arn in &new {
                attach(api, id, arn).await?;
            }
            let old = changes.prior.strings("managed_policy_arns");
            for arn in old.iter().filter(|arn| !new.contains(arn)) {
                detach(api, id, arn).await?;
            }
        }
        Ok(())
    }

    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        let id = prior.id();
        leave_profiles(api, id).await?;
        let force = prior.bool("force_detach_policies") == Some(true);
        let own = documents(prior);
        let (mut policies, mut arns): (Vec<_>, Vec<_>) =
            (own.into_keys().collect(), prior.strings("managed_policy_arns"));
        if force {
            let (inline, attached) = futures::try_join!(inline(api, id), attached(api, id))?;
            policies = inline.unwrap_or_default().into_keys().collect();
            arns = attached.unwrap_or_default();
        }
        for policy in policies {
            remove(api, id, &policy).await?;
        }
        for arn in arns {
            detach(api, id, &arn).await?;
        }
        let delete = || api.iam().delete_role().role_name(id).send();
        api.call("iam", "DeleteRole", delete).await.map(|_| ())
    }

    fn delete_patience(&self) -> std::time::Duration {
        PROPAGATION
    }

    async fn holders(&self, api: &Api, prior: Fields<'_>) -> Result<Vec<String>> {
        let id = prior.id();
        let (inline, attached) = futures::try_join!(inline(api, id), attached(api, id))?;
        let inline = inline.unwrap_or_default().into_keys();
        let inline = inline.map(|name| format!("the inline policy {name:?}"));
        let attached = attached.unwrap_or_default().into_iter();
        Ok(inline.chain(attached.map(|arn| format!("the policy {arn}"))).collect())
    }

    async fn find(&self, api: &Api, create: Create<'_>) -> Result<Option<Made>> {
        let name = names::chosen(create.planned, create.token, "terraform-");
        let facts = role(api, &name).await?;
        Ok(facts.filter(|it| is_ours(&it.tags, create.token)).map(|_| Made::id(name)))
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
                || api.iam().untag_role().role_name(id).set_tag_keys(Some(removed.clone())).send();
            api.call("iam", "UntagRole", call).await?;
        }
        if !written.is_empty() {
            let all = tags(&written);
            let call = || api.iam().tag_role().role_name(id).set_tags(Some(all.clone())).send();
            api.call("iam", "TagRole", call).await?;
        }
        Ok(())
    }
}

/// Inline policies with a name and a document.
fn documents(object: Fields<'_>) -> BTreeMap<String, String> {
    let blocks = object.blocks("inline_policy");
    blocks.filter_map(|it| Some((it.string("name")?, it.string("policy")?))).collect()
}

async fn change_boundary(api: &Api, id: &str, arn: Option<&str>) -> Result<()> {
    match arn {
        Some(arn) => {
            let put = || {
                let call = api.iam().put_role_permissions_boundary().role_name(id);
                call.permissions_boundary(arn).send()
            };
            api.call("iam", "PutRolePermissionsBoundary", put)
                .await
                .map_err(|error| error.at("permissions_boundary"))?;
        }
        None => {
            let delete = || api.iam().delete_role_permissions_boundary().role_name(id).send();
            api.call("iam", "DeleteRolePermissionsBoundary", delete).await?;
        }
    }
    Ok(())
}

async fn put(api: &Api, role: &str, policy: &str, text: &str) -> Result<()> {
    let call = || {
        let call = api.iam().put_role_policy().role_name(role);
        call.policy_name(policy).policy_document(text).send()
    };
    let result = api.call("iam", "PutRolePolicy", call).await;
    result.map(|_| ()).map_err(|error| error.at("inline_policy"))
}

async fn remove(api: &Api, role: &str, policy: &str) -> Result<()> {
    let call = || api.iam().delete_role_policy().role_name(role).policy_name(policy).send();
    gone(api.call("iam", "DeleteRolePolicy", call).await)
}

/// Attaches a policy, which may be so new that IAM does not know it everywhere.
pub(crate) async fn attach(api: &Api, role: &str, arn: &str) -> Result<()> {
    let call = || api.iam().attach_role_policy().role_name(role).policy_arn(arn).send();
    let work = || api.call("iam", "AttachRolePolicy", call);
    api.insist(std::time::Duration::from_secs(20), may_spread, work).await.map(|_| ())
}

/// Detaches a policy; that it is not attached is a success.
pub(crate) async fn detach(api: &Api, role: &str, arn: &str) -> Result<()> {
    let call = || api.iam().detach_role_policy().role_name(role).policy_arn(arn).send();
    gone(api.call("iam", "DetachRolePolicy", call).await)
}

/// NotFound is a success.
pub(crate) fn gone<T>(result: Result<T>) -> Result<()> {
    match result {
        Err(error) if !error.is_not_found() => Err(error),
        _ => Ok(()),
    }
}

/// A role cannot go while an instance profile has it.
async fn leave_profiles(api: &Api, role: &str) -> Result<()> {
    let list = |marker| {
        api.iam().list_instance_profiles_for_role().role_name(role).set_marker(marker).send()
    };
    let profiles = api
        .pages("iam", "ListInstanceProfilesForRole", list, |answer| {
            (Some(answer.instance_profiles), answer.marker)
        })
        .await?;
    for profile in profiles {
        let call = || {
            let call = api.iam().remove_role_from_instance_profile().role_name(role);
            call.instance_profile_name(profile.instance_profile_name()).send()
        };
        gone(api.call("iam", "RemoveRoleFromInstanceProfile", call).await)?;
    }
    Ok(())
}
