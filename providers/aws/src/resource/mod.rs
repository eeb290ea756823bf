//! [`AwsResource`]: what a type says of itself, and [`Adapter`], which makes a [`Resource`] of it.
//!
//! The adapter owns what all types need: tags, region, keeping what was planned, reading back,
//! finding what a lost create made, retrying deletes. A type owns its calls.

mod adapter;
mod blame;
mod plan;
mod write;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use kprov_core::Value;
use kprov_provider::rotation::MemberGroups;

use crate::api::{Api, AwsError};
use crate::fields::{Fields, Problems};
use crate::row::Row;
use crate::tags::{OPERATION, Tags};

pub(crate) use adapter::Adapter;
pub(crate) use plan::Plan;
pub(crate) use write::{Changes, retag_ec2};

/// A call's result.
pub(crate) type Result<T> = std::result::Result<T, AwsError>;

/// How a type's objects carry tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tagging {
    /// Not at all.
    None,
    /// EC2's CreateTags and DeleteTags by id; the resource type's name there: "subnet".
    Ec2(&'static str),
    /// The type's own calls: it implements [`AwsResource::retag`] and, where a create is found again
    /// by tag, [`AwsResource::find`].
    Own,
}

/// A create, as the type sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Create<'a> {
    /// What shall be; unknown where AWS chooses.
    pub(crate) planned: Fields<'a>,
    /// What the user wrote, write-only attributes included.
    pub(crate) config: Fields<'a>,
    /// A UUID, the same whenever this create is repeated: the ClientToken.
    pub(crate) token: &'a str,
    /// tags_all.
    pub(crate) tags: &'a Tags,
}

impl Create<'_> {
    /// All tags to create with: tags_all and the one by which settle finds the object.
    pub(crate) fn tags_with_token(&self) -> Tags {
        let mut tags = self.tags.clone();
        tags.insert(OPERATION.to_owned(), self.token.to_owned());
        tags
    }
}

/// What a create made.
#[derive(Debug)]
pub(crate) struct Made {
    /// The object's id.
    pub(crate) id: String,
    /// Other attributes that [`AwsResource::read`] needs to find it where the id is not enough, and
    /// those that the create's answer tells. Where they are all that the plan left open, the object
    /// is not read back; nor where [`Api::tell`] was told all that its read asks for.
    pub(crate) known: Row,
}

impl Made {
    /// By its id.
    pub(crate) fn id(id: impl Into<String>) -> Made {
        Made { id: id.into(), known: Row::new() }
    }

    /// By its id, with what else is known of it.
    pub(crate) fn knowing(id: impl Into<String>, known: Row) -> Made {
        Made { id: id.into(), known }
    }
}

/// A managed resource type.
#[async_trait]
pub(crate) trait AwsResource: Send + Sync + fmt::Debug {
    /// How it carries tags.
    fn tagging(&self) -> Tagging {
        Tagging::None
    }

    /// Checks a configuration without a call; parts may be unknown (and then read as `None`).
    fn validate(&self, _config: Fields<'_>, _problems: &mut Problems) {}

    /// Corrects a plan, after tags and region: what else changes, what replaces. Pure.
    fn plan(&self, _plan: &mut Plan<'_>) {}

    /// The object as AWS has it; `None`: gone. Called for many objects at once, so it must read
    /// through [`Api::load`] where the API can answer for many ids.
    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>>;

    /// Makes the object with one call. What takes further calls is for [`AwsResource::complete`].
    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made>;

    /// Brings an object that exists to what was planned and waits until it is usable: after create,
    /// and again when a create is repeated. Idempotent.
    async fn complete(&self, _api: &Api, _id: &str, _create: Create<'_>) -> Result<()> {
        Ok(())
    }

    /// Changes what differs; tags are done by the adapter. Not called if only tags, timeouts or
    /// nothing differ. Idempotent.
    async fn update(&self, api: &Api, changes: Changes<'_>) -> Result<()>;

    /// Makes the object be gone, and waits for it where that takes time. NotFound is a success and
    /// a refusal because something still needs it is retried, both by the adapter.
    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()>;

    /// How long a delete that AWS refuses because something still needs the object is retried.
    fn delete_patience(&self) -> Duration {
        Duration::from_secs(20 * 60)
    }

    /// What still needs the object, for the error that says so: "network interface eni-1".
    async fn holders(&self, _api: &Api, _prior: Fields<'_>) -> Result<Vec<String>> {
        Ok(Vec::new())
    }

    /// The object that a create with this token made. Types of [`Tagging::Ec2`] are found by their
    /// tag; others must say how.
    async fn find(&self, _api: &Api, _create: Create<'_>) -> Result<Option<Made>> {
        Ok(None)
    }

    /// Removes and writes tags, for [`Tagging::Own`].
    async fn retag(
        &self,
        _api: &Api,
        _object: Fields<'_>,
        _removed: Vec<String>,
        _written: Tags,
    ) -> Result<()> {
        Ok(())
    }

    /// Its objects as groups of machines, where they are such.
    fn member_groups(&self) -> Option<&dyn MemberGroups> {
        None
    }

    /// The attributes that an import id stands for; by default the id itself.
    fn import(&self, id: &str) -> std::result::Result<Vec<(&'static str, Value)>, String> {
        Ok(vec![("id", Value::string(id))])
    }
}
