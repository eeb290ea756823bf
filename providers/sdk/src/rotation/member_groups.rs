//! [`MemberGroups`]: a resource type whose objects are groups of machines from one template.

use std::fmt;

use async_trait::async_trait;
use kprov_core::Value;

use super::world::{Endpoint, Group, Member};
use super::{GroupId, MachineId, StepCall, TemplateId};
use crate::{AttributeError, CallContext, ProviderError};

/// Which group an object is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupRef {
    /// The group. Known once it exists.
    pub id: GroupId,
    /// What the object says that its machines are launched from. None while that is not known: a version of a
    /// template that is yet to be made.
    pub template: Option<TemplateId>,
}

/// A group, as the cloud tells of it.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupView {
    /// The group. `kind` is the plan's to say; of `templates` the ids are told, and nothing of what is in them.
    pub group: Group,
    /// Its machines, those that are terminating among them. What Kubernetes knows of them (`api`, `node`, `trust`) is
    /// left out.
    pub members: Vec<Member>,
    /// What balances requests to its machines, if anything does: settings of the balancer only.
    pub endpoint: Option<Endpoint>,
}

/// A resource type whose objects are groups of machines.
///
/// An object's own update never changes what machines are launched from while it is rotated: [`MemberGroups::held`]
/// takes that out of the update, and the steps [`super::Step::Launch`] and [`super::Step::UseTemplate`] do it.
#[async_trait]
pub trait MemberGroups: Send + Sync + fmt::Debug {
    /// Which group an object is; none where it is not known yet. Pure.
    fn group(&self, object: &Value) -> Option<GroupRef>;

    /// What of an object keeps it from being rotated, for the plan to tell: a template whose version is not said. Parts may
    /// be unknown. Pure.
    fn problems(&self, _object: &Value) -> Vec<AttributeError> {
        Vec::new()
    }

    /// `planned` with everything as in `prior` that rotation changes itself: the template, the number of machines and
    /// its limit where that is all that differs. Pure.
    fn held(&self, prior: &Value, planned: &Value) -> Value;

    /// Groups as they are now, in the order asked for; none for a group that is not there. Reads in bulk: the number of
    /// calls does not grow with the number of groups beyond the API's pages.
    ///
    /// # Errors
    /// When it cannot be told now.
    async fn observe(
        &self,
        context: &CallContext,
        groups: &[GroupId],
    ) -> Result<Vec<Option<GroupView>>, ProviderError>;

    /// Carries out one step, or asks for it: that its effect is there is seen by the next look, not waited for here.
    /// Safe to repeat with the same token.
    ///
    /// # Errors
    /// Rejected: nothing has happened. Otherwise it may have.
    async fn carry_out(
        &self,
        context: &CallContext,
        call: &StepCall<'_>,
    ) -> Result<(), ProviderError>;

    /// Has the cloud go on waiting for machines that it holds for us (heartbeats of lifecycle hooks).
    ///
    /// # Errors
    /// When it refuses; the next look tells what became of them.
    async fn keep_waiting(
        &self,
        context: &CallContext,
        group: &GroupId,
        members: &[MachineId],
    ) -> Result<(), ProviderError>;
}
