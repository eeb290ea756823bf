//! [`Index`]: a world with what the invariants count, made once for each decision. Everything is looked up or
//! counted in here, so that a step costs the same in a group of three and in one of a thousand.

use std::collections::{BTreeMap, BTreeSet};

use crate::health::well;
use crate::progress::{GroupProgress, Progress};
use crate::reason::{Reason, outdated, reason};
use crate::sight::Sight;
use crate::strategy::{Strategies, Strategy};
use crate::world::{Etcd, EtcdMember, Group, Kind, Lifecycle, Member, Template, World};
use crate::{GroupId, MachineId, TemplateId, Version, When, Zone};

/// What steps change of a group.
#[derive(Clone, Debug)]
pub(crate) struct Counts {
    pub(crate) desired: u32,
    pub(crate) template: TemplateId,
    /// Neither terminating nor terminated.
    pub(crate) live: u32,
    /// Well, and not leaving.
    pub(crate) well: u32,
    /// Well for so many looks in a row as the strategy wants, and not leaving.
    pub(crate) proven: u32,
    /// Of the target template.
    pub(crate) fresh: u32,
    /// Marked as leaving and still live.
    pub(crate) marked: u32,
    /// To be replaced, marked or not.
    pub(crate) outdated: u32,
    /// Well and not leaving, in each zone.
    pub(crate) zones: Vec<(Zone, u32)>,
}

/// A group, and who is in it.
#[derive(Debug)]
pub(crate) struct Indexed<'w> {
    pub(crate) group: &'w Group,
    pub(crate) strategy: Option<&'w Strategy>,
    pub(crate) progress: Option<&'w GroupProgress>,
    pub(crate) target: Option<&'w TemplateId>,
    pub(crate) members: Vec<usize>,
    /// Those of whom something may be left to do: all others are in service, alive and not leaving, whatever template
    /// they are of.
    pub(crate) stirring: Vec<usize>,
    pub(crate) now: Counts,
}

impl<'w> Indexed<'w> {
    /// What the group is to have, without surge.
    pub(crate) fn base(&self) -> u32 {
        self.progress.map_or(self.group.desired, |progress| progress.base.desired)
    }

    pub(crate) fn amounts(&self) -> (u32, u32) {
        self.strategy.map_or((0, 0), |strategy| strategy.amounts(self.base()))
    }

    pub(crate) fn template(&self, id: &TemplateId) -> Option<&'w Template> {
        self.group.templates.iter().find(|template| template.id == *id)
    }

    /// It has hooks that run when a member has proven itself.
    pub(crate) fn verifies(&self) -> bool {
        let of = self.strategy.map_or(&[][..], |strategy| &strategy.hooks);
        of.iter().any(|hook| hook.when == When::Verified)
    }

    /// Its only master may be down while it is replaced in place.
    pub(crate) fn may_be_down(&self) -> bool {
        let surge = self.amounts().0;
        self.strategy.is_some_and(|strategy| strategy.downtime) && self.base() == 1 && surge == 0
    }

    /// A member of the target template is proven, and has been for as long as a canary must be.
    pub(crate) fn canary_is_well(&self, now: u64) -> bool {
        let bake = self.strategy.map_or(0, |strategy| strategy.canary_bake);
        let since = self.progress.and_then(|progress| progress.canary_since);
        since.is_some_and(|since| now >= since.saturating_add(bake))
    }
}

/// A world, its strategies and its progress, counted.
#[derive(Debug)]
pub(crate) struct Index<'w> {
    pub(crate) world: &'w World,
    pub(crate) strategies: &'w Strategies,
    pub(crate) progress: &'w Progress,
    pub(crate) groups: Vec<Indexed<'w>>,
    pub(crate) etcd: Option<Etcd>,
    /// By id.
    members: Vec<&'w Member>,
    group_of: Vec<usize>,
    changed: BTreeMap<usize, Member>,
    /// Members of groups of masters.
    pub(crate) masters: Vec<usize>,
    pub(crate) sight: Sight,
    pub(crate) kubelets: Option<(Version, Version)>,
    /// Names that stand twice.
    pub(crate) doubled: Vec<String>,
    /// Members that a step is open of.
    pub(crate) busy: BTreeSet<&'w MachineId>,
}

/// A member whose group is not in the world.
const NO_GROUP: usize = usize::MAX;

impl<'w> Index<'w> {
    pub(crate) fn new(
        world: &'w World,
        strategies: &'w Strategies,
        progress: &'w Progress,
    ) -> Index<'w> {
        let mut members: Vec<&Member> = world.members.iter().collect();
        members.sort_by(|a, b| a.id.cmp(&b.id));
        let mut groups: Vec<&Group> = world.groups.iter().collect();
        groups.sort_by(|a, b| a.id.cmp(&b.id));
        let mut doubled: Vec<String> = members
            .windows(2)
            .filter(|p| p[0].id == p[1].id)
            .map(|p| p[0].id.to_string())
            .collect();
        doubled
            .extend(groups.windows(2).filter(|p| p[0].id == p[1].id).map(|p| p[0].id.to_string()));
        let mut index = Index {
            world,
            strategies,
            progress,
            groups: groups.into_iter().map(|group| indexed(group, strategies, progress)).collect(),
            etcd: world.etcd.clone(),
            group_of: Vec::with_capacity(members.len()),
            members,
            changed: BTreeMap::new(),
            masters: Vec::new(),
            sight: Sight::of(world),
            kubelets: None,
            doubled,
            busy: progress.open.iter().filter_map(|open| open.step.member()).collect(),
        };
        for at in 0..index.members.len() {
            index.count(at);
        }
        index
    }

    fn count(&mut self, at: usize) {
        let member = self.members[at];
        // Members mostly come in runs of one group.
        let last = self.group_of.last().copied().filter(|&last| {
            self.groups.get(last).is_some_and(|indexed| indexed.group.id == member.group)
        });
        let group = last.or_else(|| self.group(&member.group)).unwrap_or(NO_GROUP);
        self.group_of.push(group);
        if let Some(node) = &member.node
            && !member.going()
        {
            let (low, high) = self.kubelets.unwrap_or((node.kubelet, node.kubelet));
            self.kubelets = Some((low.min(node.kubelet), high.max(node.kubelet)));
        }
        let Some(indexed) = self.groups.get_mut(group) else { return };
        indexed.members.push(at);
        if stirs(member, indexed, self.progress) {
            indexed.stirring.push(at);
        }
        if indexed.group.kind == Kind::Master {
            self.masters.push(at);
        }
        if member.going() {
            return;
        }
        let fresh = indexed.target == Some(&member.template);
        let outdated = outdated(member, indexed.strategy, indexed.target, self.progress);
        let counts = &mut indexed.now;
        counts.live += 1;
        counts.fresh += u32::from(fresh);
        counts.outdated += u32::from(outdated);
        if member.mark.is_some() {
            counts.marked += 1;
        }
        if serves(member, indexed.group.kind, self.etcd.as_ref()) {
            counts.well += 1;
            counts.proven += u32::from(!self.progress.looks.contains_key(&member.id));
            match counts.zones.iter_mut().find(|(zone, _)| *zone == member.zone) {
                Some((_, count)) => *count += 1,
                None => counts.zones.push((member.zone.clone(), 1)),
            }
        }
    }

    /// A group's place.
    pub(crate) fn group(&self, id: &GroupId) -> Option<usize> {
        self.groups.binary_search_by(|indexed| indexed.group.id.cmp(id)).ok()
    }

    /// A member's place.
    pub(crate) fn find(&self, id: &MachineId) -> Option<usize> {
        self.members.binary_search_by(|member| member.id.cmp(id)).ok()
    }

    /// A member, as steps have left it so far.
    pub(crate) fn member(&self, at: usize) -> &Member {
        self.changed.get(&at).unwrap_or_else(|| self.members[at])
    }

    /// A member as it was seen: what is proposed together with a step may not happen.
    pub(crate) fn observed(&self, at: usize) -> &'w Member {
        self.members[at]
    }

    /// A member's group.
    pub(crate) fn group_of(&self, at: usize) -> Option<usize> {
        self.group_of.get(at).copied().filter(|group| *group != NO_GROUP)
    }

    pub(crate) fn kind_of(&self, at: usize) -> Option<Kind> {
        self.group_of(at).map(|group| self.groups[group].group.kind)
    }

    /// Why a member is replaced.
    pub(crate) fn reason(&self, at: usize) -> Option<Reason> {
        let indexed = &self.groups[self.group_of(at)?];
        reason(self.member(at), indexed.strategy, indexed.target, self.progress)
    }

    /// It is not what the plan wants.
    pub(crate) fn outdated(&self, at: usize) -> bool {
        self.group_of(at).is_some_and(|group| {
            let indexed = &self.groups[group];
            outdated(self.member(at), indexed.strategy, indexed.target, self.progress)
        })
    }

    /// A member's member of etcd: the observed one, or the one that it is known to have had.
    pub(crate) fn etcd_of(&self, id: &MachineId) -> Option<&EtcdMember> {
        etcd_of(self.etcd.as_ref(), self.progress, id)
    }

    /// Well, and not leaving.
    pub(crate) fn serves(&self, at: usize) -> bool {
        self.kind_of(at).is_some_and(|kind| serves(self.member(at), kind, self.etcd.as_ref()))
    }

    pub(crate) fn set_member(&mut self, at: usize, member: Option<Member>) -> Option<Member> {
        match member {
            Some(member) => self.changed.insert(at, member),
            None => self.changed.remove(&at),
        }
    }

    /// Masters whose API server answers.
    pub(crate) fn apis(&self) -> impl Iterator<Item = usize> + '_ {
        self.masters.iter().copied().filter(|&at| {
            let member = self.member(at);
            !member.going() && member.alive && member.api.is_some_and(|api| api.serving)
        })
    }

    /// Members that are not on their way out.
    pub(crate) fn live(&self) -> impl Iterator<Item = &Member> + '_ {
        (0..self.members.len()).map(|at| self.member(at)).filter(|member| !member.going())
    }

    /// It has volumes, and nobody else of its group is ready in their zone.
    pub(crate) fn stranded(&self, at: usize) -> bool {
        let member = self.member(at);
        let Some(group) = self.group_of(at) else { return false };
        let own = u32::from(self.serves(at));
        let zones = &self.groups[group].now.zones;
        let others = zones
            .iter()
            .find(|(zone, _)| *zone == member.zone)
            .map_or(0, |(_, count)| count - own.min(*count));
        member.node.is_some_and(|node| node.volumes > 0) && member.alive && others == 0
    }

    /// Some member that is to leave is stranded.
    pub(crate) fn strands(&self, group: usize) -> bool {
        let of = &self.groups[group].members;
        of.iter().any(|&at| !self.member(at).going() && self.outdated(at) && self.stranded(at))
    }

    /// The rotation that this is.
    pub(crate) fn marked(&self, at: usize) -> bool {
        self.member(at).mark.as_ref() == Some(&self.strategies.rotation)
    }
}

/// Something may be left to do with it: it comes or goes, is dead or failed, or hooks wait for it.
fn stirs(member: &Member, indexed: &Indexed<'_>, progress: &Progress) -> bool {
    let failed = || {
        indexed
            .progress
            .is_some_and(|group| !group.failed.is_empty() && group.failed.contains(&member.id))
    };
    member.mark.is_some()
        || member.lifecycle != Lifecycle::InService
        || !member.alive
        || failed()
        || indexed.verifies() && progress.proven.contains(&member.id)
}

/// Well, and not leaving.
fn serves(member: &Member, kind: Kind, etcd: Option<&Etcd>) -> bool {
    let cordoned = member.node.is_some_and(|node| node.cordoned);
    member.mark.is_none() && !cordoned && well(member, kind, etcd)
}

/// A machine's member of etcd.
pub(crate) fn etcd_of<'e>(
    etcd: Option<&'e Etcd>,
    progress: &Progress,
    id: &MachineId,
) -> Option<&'e EtcdMember> {
    let members = &etcd?.members;
    let claimed = members.iter().find(|member| member.machine.as_ref() == Some(id));
    claimed.or_else(|| {
        let known = progress.etcd.get(id)?;
        members.iter().find(|member| member.id == *known && member.machine.is_none())
    })
}

fn indexed<'w>(
    group: &'w Group,
    strategies: &'w Strategies,
    progress: &'w Progress,
) -> Indexed<'w> {
    Indexed {
        group,
        strategy: strategies.of(&group.id),
        progress: progress.of(&group.id),
        target: progress.target(strategies, &group.id),
        members: Vec::new(),
        stirring: Vec::new(),
        now: Counts {
            desired: group.desired,
            template: group.template.clone(),
            live: 0,
            well: 0,
            proven: 0,
            fresh: 0,
            marked: 0,
            outdated: 0,
            zones: Vec::new(),
        },
    }
}
