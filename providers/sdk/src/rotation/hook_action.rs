//! [`HookAction`]: what a user wants to be done or to be so, at a moment of a rotation.

use std::fmt;

use async_trait::async_trait;
use kprov_core::Value;

use super::world::Member;
use super::{GroupId, When};
use crate::{AttributeError, CallContext, ProviderError, Schema};

/// One look of a hook.
#[derive(Clone, Copy, Debug)]
pub struct HookCall<'a> {
    /// When.
    pub when: When,
    /// For which machine, as it was seen.
    pub member: &'a Member,
    /// Of which group.
    pub group: &'a GroupId,
    /// Its private address, where the cloud tells it.
    pub address: Option<&'a str>,
    /// The action's own block, as its schema says.
    pub config: &'a Value,
    /// The same each time that this hook is looked at for this machine.
    pub token: &'a str,
    /// The connection of the group's provider, for actions of that provider.
    pub group_context: &'a CallContext,
    /// The connection of the group's cluster, where it has one, for actions of its provider.
    pub cluster_context: Option<&'a CallContext>,
}

/// What a look says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HookLook {
    /// It is so, or was done.
    Done,
    /// Not yet: why, for people.
    NotYet(String),
}

/// A type of hook.
#[async_trait]
pub trait HookAction: Send + Sync + fmt::Debug {
    /// What stands in its block.
    fn schema(&self) -> &Schema;

    /// Checks its block; parts may be unknown.
    fn validate(&self, _config: &Value) -> Vec<AttributeError> {
        Vec::new()
    }

    /// Looks once, or does it. Called again, after a while, until it is done or its time is up.
    ///
    /// # Errors
    /// When it failed for good.
    async fn look(&self, call: &HookCall<'_>) -> Result<HookLook, ProviderError>;
}
