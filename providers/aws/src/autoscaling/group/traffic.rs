//! What sends traffic to a group: target groups, classic load balancers, traffic sources.

use std::time::Duration;

use aws_sdk_autoscaling::types::{AutoScalingGroup, TrafficSourceIdentifier};

use crate::api::{Api, Progress};
use crate::autoscaling::{groups, or_gone};
use crate::fields::Fields;
use crate::resource::{Changes, Result};

/// How many a call takes.
const PAGE: usize = 10;

/// How long a group may list what drains.
const DRAINING: Duration = Duration::from_secs(15 * 60);

/// Attaches target groups.
pub(crate) async fn attach_target_groups(api: &Api, name: &str, arns: &[String]) -> Result<()> {
    for page in arns.chunks(PAGE) {
        let make = || {
            let call = api.autoscaling().attach_load_balancer_target_groups();
            call.auto_scaling_group_name(name).set_target_group_arns(Some(page.to_vec())).send()
        };
        api.call("autoscaling", "AttachLoadBalancerTargetGroups", make).await?;
    }
    Ok(())
}

/// Attaches classic load balancers.
pub(crate) async fn attach_balancers(api: &Api, name: &str, balancers: &[String]) -> Result<()> {
    for page in balancers.chunks(PAGE) {
        let make = || {
            let call = api.autoscaling().attach_load_balancers();
            call.auto_scaling_group_name(name).set_load_balancer_names(Some(page.to_vec())).send()
        };
        api.call("autoscaling", "AttachLoadBalancers", make).await?;
    }
    Ok(())
}

/// Detaches target groups, and waits until the group does not list them.
pub(crate) async fn detach_target_groups(api: &Api, name: &str, arns: &[String]) -> Result<()> {
    for page in arns.chunks(PAGE) {
        let make = || {
            let call = api.autoscaling().detach_load_balancer_target_groups();
            call.auto_scaling_group_name(name).set_target_group_arns(Some(page.to_vec())).send()
        };
        or_gone(api.call("autoscaling", "DetachLoadBalancerTargetGroups", make).await)?;
    }
    unlisted(api, name, |group| arns.iter().any(|arn| group.target_group_arns().contains(arn)))
        .await
}

/// Detaches classic load balancers, and waits until the group does not list them.
pub(crate) async fn detach_balancers(api: &Api, name: &str, balancers: &[String]) -> Result<()> {
    for page in balancers.chunks(PAGE) {
        let make = || {
            let call = api.autoscaling().detach_load_balancers();
            call.auto_scaling_group_name(name).set_load_balancer_names(Some(page.to_vec())).send()
        };
        or_gone(api.call("autoscaling", "DetachLoadBalancers", make).await)?;
    }
    let listed = |group: &AutoScalingGroup| {
        balancers.iter().any(|it| group.load_balancer_names().contains(it))
    };
    unlisted(api, name, listed).await
}

async fn unlisted(
    api: &Api,
    name: &str,
    listed: impl Fn(&AutoScalingGroup) -> bool + Send + Sync,
) -> Result<()> {
    let judge = |group: Option<&AutoScalingGroup>| match group {
        Some(group) if listed(group) => Progress::Pending("draining".to_owned()),
        _ => Progress::Done(()),
    };
    api.wait("autoscaling group", name, DRAINING, groups, judge).await
}

/// Traffic sources as written.
pub(super) fn sources(object: Fields<'_>) -> Vec<TrafficSourceIdentifier> {
    let one = |block: Fields<'_>| {
        TrafficSourceIdentifier::builder()
            .identifier(block.str("identifier").unwrap_or_default())
            .set_type(block.string("type"))
            .build()
    };
    object.blocks("traffic_source").map(one).collect()
}

/// What one has and the other has not.
pub(super) fn without<T: PartialEq + Clone>(all: &[T], others: &[T]) -> Vec<T> {
    all.iter().filter(|it| !others.contains(it)).cloned().collect()
}

/// Attaches what is new and detaches what is gone.
pub(super) async fn update(api: &Api, changes: Changes<'_>) -> Result<()> {
    let name = changes.id();
    let lists =
        |attribute: &str| (changes.prior.strings(attribute), changes.planned.strings(attribute));
    if changes.has("target_group_arns") {
        let (old, new) = lists("target_group_arns");
        let result = attach_target_groups(api, name, &without(&new, &old)).await;
        result.map_err(|error| error.at("target_group_arns"))?;
        let gone = without(&old, &new);
        if !gone.is_empty() {
            detach_target_groups(api, name, &gone).await?;
        }
    }
    if changes.has("load_balancers") {
        let (old, new) = lists("load_balancers");
        attach_balancers(api, name, &without(&new, &old)).await?;
        let gone = without(&old, &new);
        if !gone.is_empty() {
            detach_balancers(api, name, &gone).await?;
        }
    }
    if changes.has("traffic_source") {
        let (old, new) = (sources(changes.prior), sources(changes.planned));
        let (attached, detached) = (without(&new, &old), without(&old, &new));
        if !attached.is_empty() {
            let make = || {
                let call = api.autoscaling().attach_traffic_sources().auto_scaling_group_name(name);
                call.set_traffic_sources(Some(attached.clone())).send()
            };
            api.call("autoscaling", "AttachTrafficSources", make).await?;
        }
        if !detached.is_empty() {
            let make = || {
                let call = api.autoscaling().detach_traffic_sources().auto_scaling_group_name(name);
                call.set_traffic_sources(Some(detached.clone())).send()
            };
            or_gone(api.call("autoscaling", "DetachTrafficSources", make).await)?;
        }
    }
    Ok(())
}
