//! What a rotation writes on a group and its machines, so that whoever looks sees that it is under way, and what the
//! group was before.
//!
//! A group that is rotated differs from its configuration for a while: more machines may be in it, processes rest, its
//! subnets are fewer. [`as_before`] shows it as it will be again, so that an ordinary plan neither tells of that nor takes
//! it back.

use std::collections::BTreeSet;

use aws_sdk_autoscaling::types::{AutoScalingGroup, SuspendedProcess, Tag};
use kprov_provider::rotation::Base;
use kprov_provider::rotation::world::{MASTER_PROCESSES, Process};

use crate::api::{Api, AwsError};
use crate::fields::Fields;
use crate::resource::{Changes, Result};

/// The tag of a machine that leaves: which rotation's.
pub(crate) const MARK: &str = "kprov.dev/rotation";

/// The tag of a group that is rotated: what it was before.
pub(crate) const BEFORE: &str = "kprov.dev/before";

/// The tag of a group that launches in one zone only for a while: all its subnets.
pub(crate) const SUBNETS: &str = "kprov.dev/subnets";

/// How long a value may be.
const LONGEST: usize = 256;

/// What a rotation changes of a group for a while.
const TOUCHED: [&str; 7] = [
    "availability_zones",
    "desired_capacity",
    "max_size",
    "min_size",
    "protect_from_scale_in",
    "suspended_processes",
    "vpc_zone_identifier",
];

fn tag<'g>(group: &'g AutoScalingGroup, key: &str) -> Option<&'g str> {
    group.tags().iter().find(|tag| tag.key() == Some(key)).and_then(|tag| tag.value())
}

/// A process by AWS's name; of others rotations know nothing.
pub(super) fn process(name: &str) -> Option<Process> {
    MASTER_PROCESSES.into_iter().find(|process| name_of(*process) == name)
}

/// AWS's name of a process.
pub(super) fn name_of(process: Process) -> &'static str {
    match process {
        Process::AZRebalance => "AZRebalance",
        Process::ReplaceUnhealthy => "ReplaceUnhealthy",
        Process::AlarmNotification => "AlarmNotification",
        Process::ScheduledActions => "ScheduledActions",
        Process::InstanceRefresh => "InstanceRefresh",
    }
}

/// What the group was, in the letters that all tags may have.
fn written(base: &Base) -> String {
    let suspended: Vec<&str> = base.suspended.iter().map(|process| name_of(*process)).collect();
    let (desired, max, protected) = (base.desired, base.max, base.protected);
    format!("desired={desired} max={max} protected={protected} suspended={}", suspended.join("+"))
}

/// What the group was before it was rotated; none where it is not, or somebody wrote something else there.
pub(super) fn before(group: &AutoScalingGroup) -> Option<Base> {
    let parts: Vec<(&str, &str)> =
        tag(group, BEFORE)?.split(' ').filter_map(|part| part.split_once('=')).collect();
    let part = |name: &str| parts.iter().find(|(of, _)| *of == name).map(|(_, value)| *value);
    let suspended: BTreeSet<Process> = part("suspended")?.split('+').filter_map(process).collect();
    Some(Base {
        desired: part("desired")?.parse().ok()?,
        max: part("max")?.parse().ok()?,
        protected: part("protected")?.parse().ok()?,
        suspended,
    })
}

/// All subnets of a group that launches in some of them only, for the while.
pub(super) fn noted_subnets(group: &AutoScalingGroup) -> Option<Vec<String>> {
    let noted = tag(group, SUBNETS)?.split(' ').filter(|id| !id.is_empty());
    Some(noted.map(|id| format!("subnet-{id}")).collect()).filter(|all: &Vec<_>| !all.is_empty())
}

/// The subnets that the group launches in now.
pub(super) fn current_subnets(group: &AutoScalingGroup) -> Vec<String> {
    let all = group.vpc_zone_identifier().unwrap_or_default().split(',').map(str::trim);
    all.filter(|id| !id.is_empty()).map(str::to_owned).collect()
}

/// All subnets of the group, also while it launches in some only.
pub(super) fn all_subnets(group: &AutoScalingGroup) -> Vec<String> {
    noted_subnets(group).unwrap_or_else(|| current_subnets(group))
}

/// The note of subnets; none where it does not fit into a tag.
pub(super) fn subnets_written(subnets: &[String]) -> Option<String> {
    let short: Option<Vec<&str>> = subnets.iter().map(|id| id.strip_prefix("subnet-")).collect();
    short.map(|all| all.join(" ")).filter(|text| text.len() <= LONGEST)
}

fn own(group: &str, key: &str, value: &str) -> Tag {
    let tag = Tag::builder().resource_id(group).resource_type("auto-scaling-group");
    tag.key(key).value(value).propagate_at_launch(false).build()
}

/// Writes tags on the group.
pub(super) async fn write(api: &Api, group: &str, tags: &[(&str, String)]) -> Result<()> {
    let tags: Vec<Tag> = tags.iter().map(|(key, value)| own(group, key, value)).collect();
    let make = || api.autoscaling().create_or_update_tags().set_tags(Some(tags.clone())).send();
    api.call("autoscaling", "CreateOrUpdateTags", make).await.map(|_| ())
}

/// Takes tags off the group, those that it has.
pub(super) async fn erase(api: &Api, group: &AutoScalingGroup, keys: &[&str]) -> Result<()> {
    let name = group.auto_scaling_group_name().unwrap_or_default();
    let tags: Vec<Tag> =
        keys.iter().filter_map(|key| tag(group, key).map(|value| own(name, key, value))).collect();
    if tags.is_empty() {
        return Ok(());
    }
    let make = || api.autoscaling().delete_tags().set_tags(Some(tags.clone())).send();
    api.call("autoscaling", "DeleteTags", make).await.map(|_| ())
}

/// Notes what the group was before, if that is not noted yet.
pub(super) async fn note(api: &Api, group: &AutoScalingGroup, base: &Base) -> Result<()> {
    if before(group).is_some() {
        return Ok(());
    }
    let name = group.auto_scaling_group_name().unwrap_or_default();
    write(api, name, &[(BEFORE, written(base))]).await
}

/// A group as it was before its rotation, and will be again; another one as it is.
pub(in crate::autoscaling::group) fn as_before(
    mut group: AutoScalingGroup,
    prior: Fields<'_>,
) -> AutoScalingGroup {
    if let Some(subnets) = noted_subnets(&group) {
        group.vpc_zone_identifier = Some(subnets.join(","));
        if let Some(zones) = prior.some_strings("availability_zones") {
            group.availability_zones = Some(zones);
        }
    }
    let Some(base) = before(&group) else { return group };
    let number = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
    group.max_size = Some(number(base.max));
    group.desired_capacity = group.desired_capacity.map(|now| now.min(number(base.desired)));
    group.new_instances_protected_from_scale_in = Some(base.protected);
    let others = group.suspended_processes.take().unwrap_or_default().into_iter();
    let others = others.filter(|it| it.process_name().and_then(process).is_none());
    let rest = base
        .suspended
        .iter()
        .map(|process| SuspendedProcess::builder().process_name(name_of(*process)).build());
    group.suspended_processes = Some(others.chain(rest).collect());
    group
}

/// Refuses a change of what a rotation has changed for a while, and will put back: it would end machines at once, or be
/// undone.
pub(in crate::autoscaling::group) async fn refuse_midway(
    api: &Api,
    changes: Changes<'_>,
) -> Result<()> {
    if !changes.any(&TOUCHED) {
        return Ok(());
    }
    let group = super::find(api, changes.id()).await?;
    if before(&group).is_none() {
        return Ok(());
    }
    let changed = TOUCHED.into_iter().find(|name| changes.has(name)).unwrap_or_default();
    let message = format!(
        "A rotation of {} is not finished, and has the group's numbers, subnets and processes otherwise for the while. \
         Finish it first, by an apply without this change (or end it by kprov rotation abort), then change {changed}.",
        changes.id()
    );
    Err(AwsError::refused("RotationNotFinished", message).at(changed))
}

#[cfg(test)]
mod tests {
    use aws_sdk_autoscaling::types::TagDescription;
    use kprov_core::Value;

    use super::*;

    fn group(tags: &[(&str, String)]) -> AutoScalingGroup {
        let tags = tags
            .iter()
            .map(|(key, value)| TagDescription::builder().key(*key).value(value).build());
        AutoScalingGroup::builder()
            .auto_scaling_group_name("g")
            .vpc_zone_identifier("subnet-1")
            .max_size(4)
            .desired_capacity(4)
            .set_tags(Some(tags.collect()))
            .suspended_processes(SuspendedProcess::builder().process_name("Launch").build())
            .suspended_processes(SuspendedProcess::builder().process_name("AZRebalance").build())
            .build()
    }

    #[test]
    fn what_was_before_fits_into_a_tag_and_is_read_again() {
        let base =
            Base { desired: 1000, max: 5000, suspended: MASTER_PROCESSES.into(), protected: true };
        let text = written(&base);
        assert!(text.len() <= LONGEST, "{text}");
        assert!(
            text.chars().all(|c| c.is_ascii_alphanumeric() || " +-=._:/@".contains(c)),
            "{text}"
        );
        assert_eq!(before(&group(&[(BEFORE, text)])), Some(base));
        let none = Base { suspended: BTreeSet::new(), desired: 0, max: 0, protected: false };
        assert_eq!(before(&group(&[(BEFORE, written(&none))])), Some(none));
        assert_eq!(before(&group(&[(BEFORE, "by hand".to_owned())])), None);
        assert_eq!(before(&group(&[])), None);
    }

    #[test]
    fn subnets_are_noted_where_they_fit() {
        let ids = |count: usize| (0..count).map(|n| format!("subnet-{n:017}")).collect::<Vec<_>>();
        let text = subnets_written(&ids(14)).unwrap();
        assert_eq!(noted_subnets(&group(&[(SUBNETS, text)])), Some(ids(14)));
        assert_eq!(subnets_written(&ids(15)), None);
        assert_eq!(all_subnets(&group(&[])), ["subnet-1"]);
    }

    #[test]
    fn a_group_that_is_rotated_is_shown_as_it_was() {
        let base = Base {
            desired: 3,
            max: 3,
            suspended: [Process::InstanceRefresh].into(),
            protected: false,
        };
        let tags = [(BEFORE, written(&base)), (SUBNETS, "1 2".to_owned())];
        let shown = as_before(group(&tags), Fields(&Value::NULL));
        assert_eq!((shown.max_size, shown.desired_capacity), (Some(3), Some(3)));
        assert_eq!(shown.vpc_zone_identifier(), Some("subnet-1,subnet-2"));
        let resting: Vec<_> =
            shown.suspended_processes().iter().filter_map(|it| it.process_name()).collect();
        assert_eq!(resting, ["Launch", "InstanceRefresh"], "what is none of a rotation's stays");
        assert_eq!(as_before(group(&[]), Fields(&Value::NULL)), group(&[]));
    }
}
