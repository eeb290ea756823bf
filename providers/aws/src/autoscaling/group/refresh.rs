//! Instance refreshes: replacing instances so that they are of the group's new template.
//!
//! AWS gives the group the new template only once the refresh has succeeded, and keeps the old one
//! where it rolls back: the group's own template is not updated before, or there would be nothing to
//! roll back to, and a run that is killed in between would not know that a refresh is still to be
//! started. Until then a read shows the template that the refresh is about.

use std::time::Duration;

use aws_sdk_autoscaling::types::{
    AutoScalingGroup, DesiredConfiguration, InstanceRefresh, InstanceRefreshStatus, RefreshStrategy,
};

use super::sent;
use crate::api::Api;
use crate::fields::Fields;
use crate::resource::{Changes, Result};

/// How long another refresh may take to be cancelled.
const CANCELLING: Duration = Duration::from_secs(15 * 60);

/// What the instances are made from.
pub(super) const TEMPLATES: [&str; 2] = ["launch_template", "mixed_instances_policy"];

/// Does this change start a refresh?
pub(super) fn is_due(changes: Changes<'_>) -> bool {
    let Some(block) = changes.planned.block("instance_refresh") else { return false };
    let always = ["launch_configuration", "launch_template", "mixed_instances_policy"];
    let triggers = block.strings("triggers");
    changes.any(&always) || triggers.iter().any(|name| changes.has(name))
}

/// Will the group get its template by a refresh?
pub(super) fn brings_template(changes: Changes<'_>) -> bool {
    is_due(changes) && !changes.has("launch_configuration") && has_template(changes.prior)
}

fn has_template(object: Fields<'_>) -> bool {
    TEMPLATES.iter().any(|name| object.block(name).is_some())
}

/// What the instances shall be.
fn desired(object: Fields<'_>) -> Option<DesiredConfiguration> {
    has_template(object).then(|| {
        DesiredConfiguration::builder()
            .set_launch_template(sent::launch_template(object))
            .set_mixed_instances_policy(sent::mixed(object))
            .build()
    })
}

/// Starts it. One that is under way is cancelled: it is about what is no longer wanted.
pub(super) async fn start(api: &Api, name: &str, planned: Fields<'_>) -> Result<()> {
    let Some(block) = planned.block("instance_refresh") else { return Ok(()) };
    let wanted = desired(planned);
    let preferences = sent::preferences(block);
    let active = active(api, name).await?;
    let same =
        |it: &InstanceRefresh| wanted.is_some() && it.desired_configuration() == wanted.as_ref();
    if active.iter().any(same) {
        return Ok(());
    }
    if !active.is_empty() {
        let cancel =
            || api.autoscaling().cancel_instance_refresh().auto_scaling_group_name(name).send();
        match api.call("autoscaling", "CancelInstanceRefresh", cancel).await {
            Err(error) if !error.code.starts_with("ActiveInstanceRefreshNotFound") => {
                return Err(error);
            }
            _ => {}
        }
    }
    let make = || {
        api.autoscaling()
            .start_instance_refresh()
            .auto_scaling_group_name(name)
            .set_strategy(block.str("strategy").map(RefreshStrategy::from))
            .set_desired_configuration(wanted.clone())
            .set_preferences(preferences.clone())
            .send()
    };
    let work = || async { api.call("autoscaling", "StartInstanceRefresh", make).await.map(|_| ()) };
    let again = |error: &crate::api::AwsError| error.code.starts_with("InstanceRefreshInProgress");
    let started = api.insist(CANCELLING, again, work).await;
    started.map_err(|error| error.at("instance_refresh"))
}

/// Refreshes under way.
async fn active(api: &Api, name: &str) -> Result<Vec<InstanceRefresh>> {
    use InstanceRefreshStatus::{Baking, InProgress, Pending};
    let ask = || {
        let call = api.autoscaling().describe_instance_refreshes();
        call.auto_scaling_group_name(name).max_records(10).send()
    };
    let answer = api.call("autoscaling", "DescribeInstanceRefreshes", ask).await?;
    let all = answer.instance_refreshes.unwrap_or_default().into_iter();
    Ok(all.filter(|it| matches!(it.status(), Some(Pending | InProgress | Baking))).collect())
}

/// The group as it will be: while a refresh is under way, with its template.
pub(super) async fn promised(
    api: &Api,
    mut group: AutoScalingGroup,
    prior: Fields<'_>,
) -> Result<AutoScalingGroup> {
    let Some(known) = desired(prior).filter(|_| prior.block("instance_refresh").is_some()) else {
        return Ok(group);
    };
    let version = |template: Option<&aws_sdk_autoscaling::types::LaunchTemplateSpecification>| {
        template.map(|it| it.version().unwrap_or("$Default").to_owned())
    };
    let policy = |policy: Option<&aws_sdk_autoscaling::types::MixedInstancesPolicy>| {
        let template = policy.and_then(|policy| policy.launch_template());
        version(template.and_then(|template| template.launch_template_specification()))
    };
    // Asked for only where what is known differs from what is: most groups, most of the time, not.
    let as_known = version(known.launch_template()) == version(group.launch_template())
        && policy(known.mixed_instances_policy()) == policy(group.mixed_instances_policy());
    if as_known {
        return Ok(group);
    }
    let name = group.auto_scaling_group_name().unwrap_or_default().to_owned();
    let active = active(api, &name).await?;
    if let Some(wanted) = active.iter().find_map(|refresh| refresh.desired_configuration()) {
        if let Some(template) = wanted.launch_template() {
            group.launch_template = Some(whole(template, group.launch_template()));
            group.mixed_instances_policy = None;
        }
        if let Some(policy) = wanted.mixed_instances_policy() {
            group.mixed_instances_policy = Some(policy.clone());
            group.launch_template = None;
        }
    }
    Ok(group)
}

type Template = aws_sdk_autoscaling::types::LaunchTemplateSpecification;

/// With the name that the group tells of the same template.
fn whole(wanted: &Template, now: Option<&Template>) -> Template {
    let mut whole = wanted.clone();
    if let Some(now) = now {
        let same_id = whole.launch_template_id.is_none()
            || whole.launch_template_id == now.launch_template_id;
        let same_name = whole.launch_template_name.is_none()
            || whole.launch_template_name == now.launch_template_name;
        if same_id && same_name {
            whole.launch_template_id = now.launch_template_id.clone();
            whole.launch_template_name = now.launch_template_name.clone();
        }
    }
    whole
}
