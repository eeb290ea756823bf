//! `Launch` and `UseTemplate`: what AWS launches from, how many, and in which zone.
//!
//! A group has subnets, not a zone for its next machine: to launch in one zone, it has only the subnets of that zone for
//! the while, and all of them noted in a tag until the next launch, or until it is restored.

use aws_sdk_autoscaling::types::AutoScalingGroup;
use kprov_provider::rotation::{GroupId, TemplateId, Zone};

use super::super::find;
use super::super::marks::{self, SUBNETS};
use super::super::source::{self, Source};
use super::super::template::Pinned;
use crate::api::{Api, AwsError};
use crate::resource::Result;

/// What is to be launched.
pub(super) struct Wanted<'a> {
    pub(super) template: &'a TemplateId,
    pub(super) desired: u32,
    pub(super) zone: Option<&'a Zone>,
}

fn pinned(template: &TemplateId) -> Result<Pinned> {
    Pinned::of(template).map_err(|says| AwsError::refused("VersionNotPinned", says))
}

/// Has AWS launch from that template from now on.
pub(super) async fn use_template(api: &Api, id: &GroupId, template: &TemplateId) -> Result<()> {
    let wanted = pinned(template)?;
    let group = find(api, id.as_str()).await?;
    if source::of_group(&group).as_ref() == Some(&wanted) {
        return Ok(());
    }
    let Source { template, policy } = Source::new(&group, &wanted);
    let make = || {
        let call = api.autoscaling().update_auto_scaling_group();
        let call = call.auto_scaling_group_name(id.as_str()).set_launch_template(template.clone());
        call.set_mixed_instances_policy(policy.clone()).send()
    };
    api.call("autoscaling", "UpdateAutoScalingGroup", make).await.map(|_| ())
}

/// Raises the number, and sets what and where is launched, in one call. A number that somebody has raised further
/// meanwhile stays: lowering it would end a machine.
pub(super) async fn launch(api: &Api, id: &GroupId, wanted: &Wanted<'_>) -> Result<()> {
    let name = id.as_str();
    let pinned = pinned(wanted.template)?;
    let group = find(api, name).await?;
    let desired = i32::try_from(wanted.desired).unwrap_or(i32::MAX);
    let desired = desired.max(group.desired_capacity().unwrap_or(0));
    let max = Some(desired).filter(|desired| Some(*desired) > group.max_size());
    let all = marks::all_subnets(&group);
    let subnets = match wanted.zone {
        Some(zone) => narrowed(api, &group, zone, &all).await?,
        None => all.clone(),
    };
    let moved = Some(subnets.join(",")).filter(|_| subnets != marks::current_subnets(&group));
    if subnets != all && marks::noted_subnets(&group).is_none() {
        let Some(note) = marks::subnets_written(&all) else {
            let message = format!(
                "{name} has {} subnets, too many to note them in a tag while it launches in one zone. Have it use fewer.",
                all.len()
            );
            return Err(AwsError::refused("TooManySubnets", message));
        };
        marks::write(api, name, &[(SUBNETS, note)]).await?;
    }
    let Source { template, policy } = Source::new(&group, &pinned);
    let make = || {
        api.autoscaling()
            .update_auto_scaling_group()
            .auto_scaling_group_name(name)
            .set_launch_template(template.clone())
            .set_mixed_instances_policy(policy.clone())
            .desired_capacity(desired)
            .set_max_size(max)
            .set_vpc_zone_identifier(moved.clone())
            .send()
    };
    api.call("autoscaling", "UpdateAutoScalingGroup", make).await?;
    if subnets == all {
        marks::erase(api, &group, &[SUBNETS]).await?;
    }
    Ok(())
}

/// The group's subnets in a zone. All of them where it is not noted what the group was before: then nothing would give
/// them back in the end.
async fn narrowed(
    api: &Api,
    group: &AutoScalingGroup,
    zone: &Zone,
    all: &[String],
) -> Result<Vec<String>> {
    if marks::before(group).is_none() {
        return Ok(all.to_vec());
    }
    let found = crate::ec2::subnet::subnets(api.clone(), all.to_vec()).await?;
    let there = |id: &&String| {
        found.get(*id).is_some_and(|subnet| subnet.availability_zone() == Some(zone.as_str()))
    };
    let subnets: Vec<String> = all.iter().filter(there).cloned().collect();
    if subnets.is_empty() && !all.is_empty() {
        let name = group.auto_scaling_group_name().unwrap_or_default();
        let message = format!(
            "{name} has no subnet in {zone}, where a machine is to be replaced. Give it one there, or move what is bound to \
             that zone."
        );
        return Err(AwsError::refused("NoSubnetInZone", message));
    }
    Ok(subnets)
}
