//! What AWS tells of groups and their machines. Everything is asked for all groups at once, so that a look costs the same
//! for one group and for ten; only what has no such call is asked one by one: the health of each target group's targets.
//!
//! Not seen are the user data of a machine, which AWS tells machine by machine, and how much of a quota is left.

mod balancing;
mod members;
mod rooms;
mod templates;

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_autoscaling::types::AutoScalingGroup;
use futures::future::try_join_all;
use kprov_provider::rotation::world::{Group, Kind, Process};
use kprov_provider::rotation::{GroupId, GroupView};

use super::{marks, source, target_groups};
use crate::api::Api;
use crate::autoscaling::groups;
use crate::resource::Result;

pub(crate) use balancing::{of_states, targets};
pub(in crate::autoscaling::group) use members::is_protectable;

/// How many names DescribeAutoScalingGroups takes.
const PAGE: usize = 100;

/// By which a group says that an autoscaler has its number.
const AUTOSCALER: &str = "k8s.io/cluster-autoscaler/enabled";

/// Groups as they are now, in the order asked for.
pub(super) async fn observe(api: &Api, ids: &[GroupId]) -> Result<Vec<Option<GroupView>>> {
    let names: BTreeSet<String> = ids.iter().map(|id| id.as_str().to_owned()).collect();
    let names: Vec<String> = names.into_iter().collect();
    let pages = names.chunks(PAGE).map(|page| groups(api.clone(), page.to_vec()));
    let found = try_join_all(pages).await?.into_iter().flatten();
    // One that is being deleted is as good as gone.
    let found: BTreeMap<String, AutoScalingGroup> =
        found.filter(|(_, group)| group.status().is_none()).collect();
    let all: Vec<&AutoScalingGroup> = found.values().collect();
    let subnets: BTreeSet<String> =
        all.iter().flat_map(|group| marks::all_subnets(group)).collect();
    let arns: BTreeSet<String> = all.iter().flat_map(|group| target_groups(group)).collect();
    let (machines, rooms, balancing) = futures::future::try_join3(
        members::machines(api, &all),
        rooms::subnets(api, subnets),
        balancing::look(api, arns),
    )
    .await?;
    let templates = templates::look(api, &all, &machines).await?;
    let view = |id: &GroupId| {
        let group = found.get(id.as_str())?;
        let behind = balancing.of(&target_groups(group));
        Some(GroupView {
            members: members::of_group(group, &machines, &behind, &templates),
            endpoint: behind.endpoint(),
            group: described(id, group, rooms.of(&marks::all_subnets(group)), &templates),
        })
    };
    Ok(ids.iter().map(view).collect())
}

fn described(
    id: &GroupId,
    group: &AutoScalingGroup,
    zones: Vec<kprov_provider::rotation::world::Room>,
    templates: &templates::Templates,
) -> Group {
    let number = |number: Option<i32>| number.and_then(|it| u32::try_from(it).ok()).unwrap_or(0);
    let suspended: BTreeSet<Process> = group
        .suspended_processes()
        .iter()
        .filter_map(|it| it.process_name().and_then(marks::process))
        .collect();
    Group {
        id: id.clone(),
        kind: Kind::default(),
        desired: number(group.desired_capacity()),
        min: number(group.min_size()),
        max: number(group.max_size()),
        template: source::template_of(group),
        templates: templates.all(),
        zones,
        suspended,
        protected: is_protected(group),
        autoscaled: group.tags().iter().any(|tag| tag.key() == Some(AUTOSCALER)),
        quota_left: None,
    }
}

/// New machines are protected from scale-in, and so are all that are in service.
pub(super) fn is_protected(group: &AutoScalingGroup) -> bool {
    let all = group.instances().iter().filter(|it| is_protectable(it));
    group.new_instances_protected_from_scale_in() == Some(true)
        && all.into_iter().all(|it| it.protected_from_scale_in() == Some(true))
}
