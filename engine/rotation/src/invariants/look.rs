//! [`Look`]: a step, and the world before and after it, as invariants ask of it.

use crate::Step;
use crate::index::{Counts, Index, Indexed};
use crate::project::Before;
use crate::reason::Reason;
use crate::world::{Etcd, Kind, Lifecycle, Member, Template};

/// A step between two worlds.
pub(crate) struct Look<'a, 'w> {
    pub(crate) before: &'a Before,
    pub(crate) after: &'a Index<'w>,
    pub(crate) step: &'a Step,
}

impl<'a, 'w> Look<'a, 'w> {
    /// The member that the step is about, as it was before it.
    pub(crate) fn member(&self) -> Option<&'a Member> {
        self.before.member.as_ref().map(|(_, member, _)| member)
    }

    pub(crate) fn at(&self) -> Option<usize> {
        self.before.member.as_ref().map(|(at, _, _)| *at)
    }

    /// The group that it is about.
    pub(crate) fn group(&self) -> Option<&'a Indexed<'w>> {
        let at = self.before.group.as_ref().map(|(at, _)| *at)?;
        self.after.groups.get(at)
    }

    /// What was counted of the group before.
    pub(crate) fn counts(&self) -> Option<&'a Counts> {
        self.before.group.as_ref().map(|(_, counts)| counts)
    }

    pub(crate) fn kind(&self) -> Option<Kind> {
        self.group().map(|indexed| indexed.group.kind)
    }

    /// etcd as it was before.
    pub(crate) fn etcd(&self) -> Option<&'a Etcd> {
        self.before.etcd.as_ref()
    }

    /// The member is the only master, and may be down.
    pub(crate) fn alone(&self) -> bool {
        let (Some(indexed), Some(at)) = (self.group(), self.at()) else { return false };
        indexed.may_be_down()
            && !self.after.masters.iter().any(|&m| m != at && !self.after.member(m).going())
    }

    /// Why the member is replaced.
    pub(crate) fn reason(&self) -> Option<Reason> {
        self.at().and_then(|at| {
            let (_, member, _) = self.before.member.as_ref()?;
            let indexed = &self.after.groups[self.after.group_of(at)?];
            crate::reason::reason(member, indexed.strategy, indexed.target, self.after.progress)
        })
    }

    /// The machine runs; of others nothing can be asked.
    pub(crate) fn alive(&self) -> bool {
        self.member().is_some_and(|member| member.alive && !member.going())
    }

    /// The step begins something with a group: a launch, or a member that is to leave. Where nothing is well any
    /// more, that is a repair.
    pub(crate) fn begins(&self) -> Option<&'a Indexed<'w>> {
        let begins = matches!(self.step, Step::Launch { .. } | Step::Mark { .. });
        self.group().filter(|_| begins)
    }

    /// What would be launched because of the step: by itself, or because the cloud replaces what it terminates.
    pub(crate) fn launches(&self) -> Option<(&'a Indexed<'w>, Option<&'w Template>)> {
        let indexed = self.group()?;
        let template = match self.step {
            Step::Launch { template, .. } | Step::UseTemplate { template, .. } => {
                indexed.template(template)
            }
            Step::Terminate { decrement: false, .. } => indexed.template(&indexed.now.template),
            _ => return None,
        };
        Some((indexed, template))
    }

    /// The same, where the template is known.
    pub(crate) fn launched(&self) -> Option<(&'a Indexed<'w>, &'w Template)> {
        let (indexed, template) = self.launches()?;
        Some((indexed, template?))
    }

    /// The same, of masters.
    pub(crate) fn launched_master(&self) -> Option<(&'a Indexed<'w>, &'w Template)> {
        self.launched().filter(|(indexed, _)| indexed.group.kind == Kind::Master)
    }

    /// It leaves because the cloud has begun to terminate it.
    pub(crate) fn announced(&self) -> bool {
        self.member().is_some_and(|member| member.lifecycle == Lifecycle::TerminatingWait)
    }
}
