//! Whether what a step is for is so, as far as that can be seen.

use std::collections::BTreeMap;

use crate::world::{Kind, Lifecycle, Member, World};
use crate::{GroupId, MachineId, Step};

/// Members by id, made once for each look.
pub(super) type Members<'w> = BTreeMap<&'w MachineId, &'w Member>;

/// Whether what a step is for is so.
pub(super) fn effect(world: &World, members: &Members<'_>, step: &Step) -> bool {
    let group = |id: &GroupId| world.groups.iter().find(|group| group.id == *id);
    match step {
        Step::Snapshot | Step::Hook { .. } | Step::RestoreGroup { .. } => false,
        Step::SuspendProcesses { group: id } => group(id).is_none_or(|group| {
            let masters = group.kind == Kind::Master;
            let rest: &[_] = if masters {
                &crate::world::MASTER_PROCESSES
            } else {
                &crate::world::WORKER_PROCESSES
            };
            rest.iter().all(|process| group.suspended.contains(process))
                && (group.protected || !masters)
        }),
        Step::UseTemplate { group: id, template } => {
            group(id).is_none_or(|group| group.template == *template)
        }
        Step::Launch { group: id, template, desired, .. } => {
            group(id).is_none_or(|group| group.template == *template && group.desired >= *desired)
        }
        Step::RemoveEtcdMember { id, .. } => {
            world.etcd.as_ref().is_some_and(|etcd| etcd.members.iter().all(|of| of.id != *id))
        }
        _ => {
            let member = step.member().and_then(|id| members.get(id));
            member.is_none_or(|member| effect_on(world, member, step))
        }
    }
}

fn effect_on(world: &World, member: &Member, step: &Step) -> bool {
    let node = member.node;
    let gone = member.going() || !member.alive;
    match step {
        Step::CompleteLaunch { .. } => gone || member.lifecycle == Lifecycle::InService,
        Step::Mark { .. } => gone || member.mark.is_some(),
        Step::Cordon { .. } => gone || node.is_none_or(|node| node.cordoned),
        Step::Exclude { .. } => gone || node.is_none_or(|node| node.excluded),
        // What is left of its connections is seen by the target, and waited for where that matters (L2, N2).
        Step::Deregister { .. } => gone || !member.target.registered(),
        Step::Drain { .. } => gone || node.is_none_or(|node| node.pods == 0 && node.volumes == 0),
        Step::StopApi { .. } => gone || !member.api.is_some_and(|api| api.serving),
        Step::MoveLeader { .. } => {
            let etcd = world.etcd.as_ref();
            let leads = |of: &crate::world::EtcdMember| {
                of.leader && of.machine.as_ref() == Some(&member.id)
            };
            gone || etcd.is_some_and(|etcd| !etcd.members.iter().any(leads))
        }
        Step::Terminate { .. } => member.going(),
        Step::DeleteNode { .. } => node.is_none(),
        // A person's own cordon stays; the mark is taken off last.
        Step::Return { .. } => gone || member.mark.is_none(),
        _ => false,
    }
}
