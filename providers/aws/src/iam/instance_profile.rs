//! `aws_iam_instance_profile`. What EC2 does not know of it yet is for EC2's types to wait out.

use std::time::Duration;

use async_trait::async_trait;

use super::role::gone;
use super::{NAME_WORDS, PROPAGATION, check_path, is_name, is_ours, may_spread, pairs, tags, time};
use crate::api::{Api, AwsError};
use crate::bulk::{Found, each};
use crate::fields::{Fields, Problems};
use crate::names;
use crate::resource::{AwsResource, Changes, Create, Made, Result, Tagging};
use crate::row::Row;
use crate::tags::Tags;

#[derive(Debug)]
pub(crate) struct InstanceProfile;

#[async_trait]
impl AwsResource for InstanceProfile {
    fn tagging(&self) -> Tagging {
        Tagging::Own
    }

    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        names::check(problems, config, 128, is_name, NAME_WORDS);
        check_path(problems, config);
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let name = prior.id();
        let Some(profile) = api.load("iam instance profile", name, profiles).await? else {
            return Ok(None);
        };
        let mut row = Row::new();
        row.set("id", name)
            .set("name", name)
            .set("name_prefix", names::prefix(name))
            .set("arn", profile.arn())
            .set("path", profile.path())
            .set("unique_id", profile.instance_profile_id())
            .set("create_date", time(profile.create_date()))
            .set("role", profile.roles().first().map(|role| role.role_name()))
            .tags(pairs(profile.tags()));
        Ok(Some(row))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        let name = names::chosen(create.planned, create.token, "terraform-");
        let all = tags(&create.tags_with_token());
        let make = || {
            api.iam()
                .create_instance_profile()
                .instance_profile_name(&name)
                .set_path(create.planned.string("path"))
                .set_tags(Some(all.clone()))
                .send()
        };
        let answer = api.call("iam", "CreateInstanceProfile", make).await.map_err(|error| {
            if error.is(&["EntityAlreadyExists"]) { error.at("name") } else { error }
        })?;
        let mut known = Row::new();
        if let Some(profile) = answer.instance_profile() {
            known
                .set("name", name.as_str())
                .set("name_prefix", names::prefix(&name))
                .set("arn", profile.arn())
                .set("unique_id", profile.instance_profile_id())
                .set("create_date", time(profile.create_date()));
        }
        Ok(Made::knowing(name, known))
    }

    async fn complete(&self, api: &Api, id: &str, create: Create<'_>) -> Result<()> {
        match create.planned.str("role") {
            Some(role) => add(api, id, role).await,
            None => Ok(()),
        }
    }

    async fn update(&self, api: &Api, changes: Changes<'_>) -> Result<()> {
        if !changes.has("role") {
            return Ok(());
        }
        if let Some(old) = changes.prior.str("role") {
            remove(api, changes.id(), old).await?;
        }
        match changes.planned.str("role") {
            Some(role) => add(api, changes.id(), role).await,
            None => Ok(()),
        }
    }

    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        let id = prior.id();
        let now = api.load("iam instance profile", id, profiles).await?;
        for role in now.iter().flat_map(|profile| profile.roles()) {
            remove(api, id, role.role_name()).await?;
        }
        let delete = || api.iam().delete_instance_profile().instance_profile_name(id).send();
        api.call("iam", "DeleteInstanceProfile", delete).await.map(|_| ())
    }

    fn delete_patience(&self) -> Duration {
        PROPAGATION
    }

    async fn find(&self, api: &Api, create: Create<'_>) -> Result<Option<Made>> {
        let name = names::chosen(create.planned, create.token, "terraform-");
        let found = api.load("iam instance profile", &name, profiles).await?;
        Ok(found.filter(|it| is_ours(it.tags(), create.token)).map(|_| Made::id(name)))
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
            let call = || {
                let call = api.iam().untag_instance_profile().instance_profile_name(id);
                call.set_tag_keys(Some(removed.clone())).send()
            };
            api.call("iam", "UntagInstanceProfile", call).await?;
        }
        if !written.is_empty() {
            let all = tags(&written);
            let call = || {
                let call = api.iam().tag_instance_profile().instance_profile_name(id);
                call.set_tags(Some(all.clone())).send()
            };
            api.call("iam", "TagInstanceProfile", call).await?;
        }
        Ok(())
    }
}

/// Adds the role, which may be new; that it is there already is a success.
async fn add(api: &Api, profile: &str, role: &str) -> Result<()> {
    let call = || {
        let call = api.iam().add_role_to_instance_profile().instance_profile_name(profile);
        call.role_name(role).send()
    };
    let work = || api.call("iam", "AddRoleToInstanceProfile", call);
    match api.insist(Duration::from_secs(20), may_spread, work).await {
        Err(error) if error.is(&["LimitExceeded", "EntityAlreadyExists"]) => {
            let now = api.load("iam instance profile", profile, profiles).await?;
            let has = now.is_some_and(|it| it.roles().iter().any(|it| it.role_name() == role));
            if has { Ok(()) } else { Err(error.at("role")) }
        }
        result => result.map(|_| ()).map_err(|error| error.at("role")),
    }
}

async fn remove(api: &Api, profile: &str, role: &str) -> Result<()> {
    let call = || {
        let call = api.iam().remove_role_from_instance_profile().instance_profile_name(profile);
        call.role_name(role).send()
    };
    gone(api.call("iam", "RemoveRoleFromInstanceProfile", call).await)
}

/// Profiles by name. Tags are only in the answer about one, so the list saves nothing here.
async fn profiles(
    api: Api,
    names: Vec<String>,
) -> Result<Found<aws_sdk_iam::types::InstanceProfile>> {
    let api = &api;
    each(names, |name| async move {
        let get = || api.iam().get_instance_profile().instance_profile_name(&name).send();
        let profile = api.call("iam", "GetInstanceProfile", get).await?.instance_profile;
        profile.ok_or_else(|| AwsError::refused("NoSuchEntity", "No instance profile"))
    })
    .await
}
