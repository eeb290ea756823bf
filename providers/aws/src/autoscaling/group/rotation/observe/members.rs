//! Machines: those that their groups list, and those that have left them and are on their way to their end.

use std::collections::{HashMap, HashSet};

use aws_sdk_autoscaling::types::{AutoScalingGroup, Instance as Listed, LifecycleState as State};
use aws_sdk_ec2::types::{Instance, InstanceStateName, SummaryStatus};
use futures::future::try_join_all;
use kprov_provider::rotation::world::{Lifecycle, Member};
use kprov_provider::rotation::{GroupId, MachineId, RotationId, TemplateId, Zone};

use super::balancing::Targets;
use super::templates::Templates;
use crate::api::Api;
use crate::ec2::{filter, instances};
use crate::resource::Result;

use super::super::marks::MARK;
use super::super::source;
use super::super::template::Pinned;

/// How many values a filter takes.
const NAMES: usize = 200;

/// How many ids DescribeInstanceStatus takes.
const STATUSES: usize = 100;

/// The tag by which AWS says whose machine it is.
const GROUP: &str = "aws:autoscaling:groupName";

/// Machines by id, of all groups.
pub(super) struct Machines {
    by_id: HashMap<String, Instance>,
    /// Status checks say that they do not work.
    impaired: HashSet<String>,
}

impl Machines {
    /// All of them.
    pub(super) fn all(&self) -> impl Iterator<Item = &Instance> {
        self.by_id.values()
    }
}

/// All machines of these groups.
pub(super) async fn machines(api: &Api, groups: &[&AutoScalingGroup]) -> Result<Machines> {
    let names: Vec<String> =
        groups.iter().filter_map(|group| group.auto_scaling_group_name.clone()).collect();
    let pages = names.chunks(NAMES).map(|page| {
        let by = filter(&format!("tag:{GROUP}"), page.to_vec());
        async move { instances::instances_where(api, vec![by]).await }
    });
    let tagged = try_join_all(pages).await?.into_iter().flatten();
    let mut by_id: HashMap<String, Instance> =
        tagged.filter_map(|it| Some((it.instance_id.clone()?, it))).collect();
    // A machine that was attached by hand may lack the tag.
    let listed = groups.iter().flat_map(|group| group.instances());
    let missing: Vec<String> = listed
        .filter_map(|it| it.instance_id.clone())
        .filter(|id| !by_id.contains_key(id))
        .collect();
    let pages = missing.chunks(NAMES).map(|page| instances::instances(api.clone(), page.to_vec()));
    by_id.extend(try_join_all(pages).await?.into_iter().flatten());
    let impaired = impaired(api, &by_id).await?;
    Ok(Machines { by_id, impaired })
}

async fn impaired(api: &Api, by_id: &HashMap<String, Instance>) -> Result<HashSet<String>> {
    let running = by_id.iter().filter(|(_, it)| state(it) == Some(&InstanceStateName::Running));
    let mut ids: Vec<String> = running.map(|(id, _)| id.clone()).collect();
    ids.sort();
    let found = crate::bulk::groups(ids, STATUSES, |page| async move {
        let ask =
            || api.ec2().describe_instance_status().set_instance_ids(Some(page.clone())).send();
        let answer = api.call("ec2", "DescribeInstanceStatus", ask).await?;
        let all = answer.instance_statuses.unwrap_or_default().into_iter();
        Ok(all.filter_map(|it| Some((it.instance_id.clone()?, it))).collect())
    })
    .await?;
    let broken = |it: &aws_sdk_ec2::types::InstanceStatus| {
        let checks = [it.instance_status(), it.system_status()];
        let mut words = checks.into_iter().flatten().filter_map(|check| check.status());
        words.any(|word| *word == SummaryStatus::Impaired)
    };
    Ok(found.into_iter().filter(|(_, it)| broken(it)).map(|(id, _)| id).collect())
}

fn state(instance: &Instance) -> Option<&InstanceStateName> {
    instances::state(instance)
}

fn tag<'i>(instance: &'i Instance, key: &str) -> Option<&'i str> {
    instance.tags().iter().find(|tag| tag.key() == Some(key)).and_then(|tag| tag.value())
}

/// May its protection from scale-in be set? AWS refuses it for others.
pub(in crate::autoscaling::group) fn is_protectable(it: &Listed) -> bool {
    matches!(it.lifecycle_state(), Some(State::InService | State::EnteringStandby | State::Standby))
}

/// AWS's word in ours; none for machines that are no members: those of a warm pool, and those that are given away.
fn lifecycle(state: &State) -> Option<Lifecycle> {
    Some(match state {
        State::Pending | State::PendingProceed => Lifecycle::Pending,
        State::PendingWait => Lifecycle::PendingWait,
        State::EnteringStandby | State::Standby | State::Quarantined => Lifecycle::Standby,
        State::Terminating | State::TerminatingProceed | State::TerminatingRetained => {
            Lifecycle::Terminating
        }
        State::TerminatingWait => Lifecycle::TerminatingWait,
        State::Terminated => Lifecycle::Terminated,
        State::Detached | State::Detaching => return None,
        other if other.as_str().starts_with("Warmed") => return None,
        _ => Lifecycle::InService,
    })
}

/// The machines of one group.
pub(super) fn of_group(
    group: &AutoScalingGroup,
    machines: &Machines,
    behind: &Targets<'_>,
    templates: &Templates,
) -> Vec<Member> {
    let name = group.auto_scaling_group_name().unwrap_or_default();
    let look = Look { group: GroupId::new(name), of: group, machines, behind, templates };
    let listed = group.instances().iter().filter_map(|it| look.listed(it));
    let known: HashSet<&str> = group.instances().iter().filter_map(|it| it.instance_id()).collect();
    let left = machines.all().filter(|it| tag(it, GROUP) == Some(name));
    let left = left.filter(|it| !known.contains(it.instance_id().unwrap_or_default()));
    let left = left.filter_map(|it| look.left(it));
    let mut all: Vec<Member> = listed.chain(left).collect();
    all.sort_by(|a, b| a.id.cmp(&b.id));
    all
}

struct Look<'a> {
    group: GroupId,
    of: &'a AutoScalingGroup,
    machines: &'a Machines,
    behind: &'a Targets<'a>,
    templates: &'a Templates,
}

impl Look<'_> {
    fn listed(&self, it: &Listed) -> Option<Member> {
        let id = it.instance_id()?;
        let mut now = lifecycle(it.lifecycle_state()?)?;
        let Some(instance) = self.machines.by_id.get(id) else {
            // One that is launching is not seen by all yet; another one has been gone for an hour, and nobody took it
            // out of the group.
            let coming = matches!(now, Lifecycle::Pending | Lifecycle::PendingWait);
            return (!coming).then(|| self.member(id, now, it, None));
        };
        let leaves = matches!(now, Lifecycle::Terminating | Lifecycle::TerminatingWait);
        if leaves && state(instance) == Some(&InstanceStateName::Terminated) {
            now = Lifecycle::Terminated;
        }
        Some(self.member(id, now, it, Some(instance)))
    }

    /// AWS shows a machine for about an hour after its end; so long it is of use to know that it has ended.
    fn left(&self, instance: &Instance) -> Option<Member> {
        let now = match state(instance)? {
            InstanceStateName::ShuttingDown => Lifecycle::Terminating,
            InstanceStateName::Terminated => Lifecycle::Terminated,
            _ => return None,
        };
        let nothing = Listed::builder().build();
        Some(self.member(instance.instance_id()?, now, &nothing, Some(instance)))
    }

    fn member(
        &self,
        id: &str,
        lifecycle: Lifecycle,
        listed: &Listed,
        instance: Option<&Instance>,
    ) -> Member {
        let template = template(listed, instance);
        let zone = instance.and_then(|it| it.placement()?.availability_zone());
        let zone = listed.availability_zone().or(zone).unwrap_or_default();
        let runs = match instance.and_then(state) {
            Some(InstanceStateName::Running) => !self.machines.impaired.contains(id),
            Some(InstanceStateName::Pending) => true,
            _ => false,
        };
        let launched = instance.and_then(Instance::launch_time).map(|time| time.secs());
        let changed = || {
            let of = self.of.mixed_instances_policy().is_some();
            instance.is_some_and(|it| self.templates.changed(&template, it, of))
        };
        Member {
            id: MachineId::new(id),
            group: self.group.clone(),
            zone: Zone::new(zone),
            changed: runs && changed(),
            template,
            launched_at: launched.and_then(|it| u64::try_from(it).ok()).unwrap_or(0),
            lifecycle,
            alive: runs,
            target: self.behind.target(id),
            api: None,
            node: None,
            trust: None,
            mark: instance.and_then(|it| tag(it, MARK)).map(RotationId::new),
        }
    }
}

/// What it was launched from: AWS's tags tell the version that it was then.
fn template(listed: &Listed, instance: Option<&Instance>) -> TemplateId {
    let tags = instance.and_then(|it| {
        let id = tag(it, "aws:ec2launchtemplate:id").filter(|id| !id.is_empty())?;
        Some(Pinned::new(id, tag(it, "aws:ec2launchtemplate:version")?))
    });
    let told = || listed.launch_template().and_then(source::pinned);
    match tags.or_else(told) {
        Some(pinned) => pinned.id(),
        None => TemplateId::new(&format!(
            "lc/{}",
            listed.launch_configuration_name().unwrap_or_default()
        )),
    }
}
