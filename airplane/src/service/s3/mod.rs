//! S3: buckets, whose names are the world's, what they are configured with, and their objects by version.
mod acl;
mod buckets;
mod config;
mod copies;
mod listings;
mod object_tags;
mod objects;
mod policies;
mod removals;
mod versions;

use crate::service::Action;
use crate::wire::fault::Fault;
use crate::world::scope::Scope;
use crate::world::table::tables;
use serde::{Deserialize, Serialize};

/// Actions by family file; one line per family here, one line per action there.
pub(crate) const ACTIONS: &[&[Action]] = &[
    buckets::ACTIONS,
    config::ACTIONS,
    policies::ACTIONS,
    acl::ACTIONS,
    objects::ACTIONS,
    copies::ACTIONS,
    removals::ACTIONS,
    listings::ACTIONS,
    object_tags::ACTIONS,
];

tables! {
    /// What the service keeps: buckets by name, versions of objects by bucket, key and version id. The order of
    /// versions is the order in which they came.
    pub(crate) struct State {
        table buckets: buckets::Bucket,
        table versions: versions::Version,
    }
}

/// The service's part of the account.
fn s3<'a>(scope: &'a mut Scope<'_>) -> &'a mut State {
    &mut scope.global().s3
}

fn argument(message: impl Into<String>) -> Fault {
    Fault::new("InvalidArgument", message)
}

/// What happens later.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Event {}

impl Event {
    /// Lets it happen.
    pub(crate) fn run(self, _scope: &mut Scope<'_>) {
        match self {}
    }
}

#[cfg(test)]
mod tests;
