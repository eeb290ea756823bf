//! EC2: state, events and the registry of actions. Tags of all its resources stand in one table (`tags`).
pub(crate) mod filters;
pub(crate) mod kinds;
pub(crate) mod network_acl;
pub(crate) mod route_table;
pub(crate) mod security_group;
pub(crate) mod subnet;
pub(crate) mod tags;
pub(crate) mod vpc;
pub(crate) mod zones;

use crate::service::Action;
use crate::world::scope::Scope;
use crate::world::table::tables;
use serde::{Deserialize, Serialize};

/// Actions by family file; one line per family here, one line per action there.
pub(crate) const ACTIONS: &[&[Action]] = &[
    vpc::ACTIONS,
    subnet::ACTIONS,
    route_table::ACTIONS,
    security_group::ACTIONS,
    network_acl::ACTIONS,
    tags::ACTIONS,
    zones::ACTIONS,
];

tables! {
    /// What the service keeps.
    pub(crate) struct State {
        table tags: tags::TagSet,
        table vpcs: vpc::Vpc,
        table subnets: subnet::Subnet,
        table route_tables: route_table::RouteTable,
        table security_groups: security_group::SecurityGroup,
        table security_group_rules: security_group::Rule,
        table network_acls: network_acl::NetworkAcl,
    }
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
