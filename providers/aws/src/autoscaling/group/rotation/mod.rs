//! Auto Scaling groups as member groups: what is seen of them, and the steps of a rotation that are AWS's to carry out
//! (docs/adr/0005-rotation.md, "Contract: hooks of Auto Scaling groups").
//!
//! What is safe is decided elsewhere. In here each step finds the group as it is now, and is the same done twice; what can
//! be seen of it is done last, so that a run that dies in between does it again.

pub(crate) mod marks;
mod object;
pub(crate) mod observe;
mod source;
mod steps;
mod template;
mod time;

use async_trait::async_trait;
use aws_sdk_autoscaling::types::AutoScalingGroup;
use kprov_core::Value;
use kprov_provider::rotation::{GroupId, GroupRef, GroupView, MachineId, MemberGroups, StepCall};
use kprov_provider::{AttributeError, CallContext, ProviderError};

use super::Group;
use crate::api::{Api, AwsError};
use crate::autoscaling::groups;
use crate::resource::Result;

pub(super) use observe::is_protectable;
pub(crate) use steps::go_on;

/// The hook that holds new machines while a group is rotated.
pub(crate) const HOOK: &str = "kprov-rotation";

#[async_trait]
impl MemberGroups for Group {
    fn group(&self, object: &Value) -> Option<GroupRef> {
        object::group(object)
    }

    fn problems(&self, object: &Value) -> Vec<AttributeError> {
        object::problems(object)
    }

    fn held(&self, prior: &Value, planned: &Value) -> Value {
        object::held(prior, planned)
    }

    async fn observe(
        &self,
        context: &CallContext,
        groups: &[GroupId],
    ) -> std::result::Result<Vec<Option<GroupView>>, ProviderError> {
        let seen = observe::observe(context.client::<Api>(), groups).await;
        let time = time::Time::of(context.host.as_ref());
        let seen = seen.map(|all| all.into_iter().map(|it| Some(time.here(it?))).collect());
        seen.map_err(|error| error.provider("Cannot observe Auto Scaling groups"))
    }

    async fn carry_out(
        &self,
        context: &CallContext,
        call: &StepCall<'_>,
    ) -> std::result::Result<(), ProviderError> {
        let done = steps::carry_out(context.client::<Api>(), call).await;
        done.map_err(|error| error.provider(format!("Cannot {}", call.step.name())))
    }

    async fn keep_waiting(
        &self,
        context: &CallContext,
        group: &GroupId,
        members: &[MachineId],
    ) -> std::result::Result<(), ProviderError> {
        let kept = steps::keep_waiting(context.client::<Api>(), group, members).await;
        kept.map_err(|error| error.provider("Cannot keep machines waiting"))
    }
}

/// The group as it is now.
pub(crate) async fn find(api: &Api, name: &str) -> Result<AutoScalingGroup> {
    let found = api.load("autoscaling group", name, groups).await?;
    found.ok_or_else(|| {
        let message = format!(
            "There is no Auto Scaling group {name:?} in {}: it was deleted outside. Run again.",
            api.region()
        );
        AwsError::refused("NotFound", message)
    })
}

/// Target groups that a group's machines are in, each once.
pub(crate) fn target_groups(group: &AutoScalingGroup) -> Vec<String> {
    let sources = group.traffic_sources().iter().filter(|it| it.r#type() == Some("elbv2"));
    let sources = sources.filter_map(|it| it.identifier().map(str::to_owned));
    let mut all: Vec<String> = group.target_group_arns().iter().cloned().chain(sources).collect();
    all.sort();
    all.dedup();
    all
}
