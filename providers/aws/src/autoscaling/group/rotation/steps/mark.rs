//! `Mark` and `Return`: the tag that says that a machine leaves, and giving a machine up that was to leave.

use aws_sdk_autoscaling::types::LifecycleState as State;
use aws_sdk_ec2::types::Tag;

use super::super::marks::MARK;
use super::super::{find, target_groups};
use super::deregister::register;
use super::state_of;
use crate::api::Api;
use crate::resource::Result;

/// Marks a machine as leaving, for that rotation. One that is gone needs no mark.
pub(super) async fn mark(api: &Api, machine: &str, rotation: &str) -> Result<()> {
    let tag = Tag::builder().key(MARK).value(rotation).build();
    let make = || api.ec2().create_tags().resources(machine).tags(tag.clone()).send();
    match api.call("ec2", "CreateTags", make).await {
        Err(error) if error.is_not_found() => Ok(()),
        answer => answer.map(|_| ()),
    }
}

/// Puts a machine back to work: registered again, healthy in its group's eyes, and last its mark off.
pub(super) async fn give_back(api: &Api, group: &str, machine: &str) -> Result<()> {
    let seen = find(api, group).await?;
    if state_of(&seen, machine) == Some(&State::InService) {
        register(api, target_groups(&seen), machine).await?;
        let sick = seen.instances().iter().any(|it| {
            it.instance_id() == Some(machine)
                && it.health_status().is_some_and(|word| !word.eq_ignore_ascii_case("healthy"))
        });
        if sick {
            healthy(api, machine).await?;
        }
    }
    let make = || {
        let tag = Tag::builder().key(MARK).build();
        api.ec2().delete_tags().resources(machine).tags(tag).send()
    };
    match api.call("ec2", "DeleteTags", make).await {
        Err(error) if error.is_not_found() => Ok(()),
        answer => answer.map(|_| ()),
    }
}

/// Says of a machine that it is healthy: whom a check found otherwise once, also because it was deregistered for a while,
/// AWS takes for sick for ever, and replaces it as soon as it may.
pub(super) async fn healthy(api: &Api, machine: &str) -> Result<()> {
    let make = || {
        let call = api.autoscaling().set_instance_health().instance_id(machine);
        call.health_status("Healthy").should_respect_grace_period(false).send()
    };
    api.call("autoscaling", "SetInstanceHealth", make).await.map(|_| ())
}
