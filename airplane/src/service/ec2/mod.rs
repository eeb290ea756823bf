//! EC2: state, events and the registry of actions. A family is one file: its record, its actions, how it is rendered.
pub(crate) mod address;
mod cidr;
mod default_vpc;
mod dhcp_options;
mod egress_only_gateway;
mod endpoint_service;
pub(crate) mod filters;
mod image;
pub(crate) mod instance;
mod instance_change;
mod instance_state;
pub(crate) mod instance_status;
pub(crate) mod instance_type;
mod internet_gateway;
mod key_pair;
pub(crate) mod kinds;
pub(crate) mod launch;
pub(crate) mod launch_template;
mod nat_gateway;
mod network_acl;
mod network_acl_api;
pub(crate) mod network_interface;
pub(crate) mod network_interface_api;
mod peering;
pub(crate) mod prefix_list;
mod route;
mod route_table;
mod route_target;
pub(crate) mod security_group;
pub(crate) mod security_group_change;
pub(crate) mod security_group_rule;
mod snapshot;
pub(crate) mod spot;
pub(crate) mod subnet;
mod subnet_cidr;
pub(crate) mod tags;
mod volume;
mod volume_modification;
pub(crate) mod vpc;
mod vpc_cidr;
mod vpc_endpoint;
mod vpc_endpoint_change;
pub(crate) mod zones;

use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::Fault;
use crate::world::scope::Scope;
use crate::world::table::{Record, Table, tables};
use serde::{Deserialize, Serialize};

/// Actions by family file; one line per family here, one line per action there.
pub(crate) const ACTIONS: &[&[Action]] = &[
    vpc::ACTIONS,
    vpc_cidr::ACTIONS,
    subnet::ACTIONS,
    subnet_cidr::ACTIONS,
    tags::ACTIONS,
    zones::ACTIONS,
    internet_gateway::ACTIONS,
    route_table::ACTIONS,
    route::ACTIONS,
    security_group::ACTIONS,
    security_group_change::ACTIONS,
    key_pair::ACTIONS,
    image::ACTIONS,
    instance_type::ACTIONS,
    launch_template::ACTIONS,
    launch::ACTIONS,
    instance::ACTIONS,
    instance_state::ACTIONS,
    instance_status::ACTIONS,
    instance_change::ACTIONS,
    volume::ACTIONS,
    volume_modification::ACTIONS,
    snapshot::ACTIONS,
    address::ACTIONS,
    nat_gateway::ACTIONS,
    network_interface_api::ACTIONS,
    dhcp_options::ACTIONS,
    egress_only_gateway::ACTIONS,
    network_acl_api::ACTIONS,
    default_vpc::ACTIONS,
    prefix_list::ACTIONS,
    endpoint_service::ACTIONS,
    vpc_endpoint::ACTIONS,
    vpc_endpoint_change::ACTIONS,
    peering::ACTIONS,
];

tables! {
    /// What the service keeps.
    pub(crate) struct State {
        table tags: tags::Tags,
        table vpcs: vpc::Vpc,
        table subnets: subnet::Subnet,
        table dhcp_options: dhcp_options::DhcpOptions,
        table internet_gateways: internet_gateway::InternetGateway,
        table egress_only_gateways: egress_only_gateway::EgressOnlyGateway,
        table addresses: address::Address,
        table nat_gateways: nat_gateway::NatGateway,
        table route_tables: route_table::RouteTable,
        table network_acls: network_acl::NetworkAcl,
        table security_groups: security_group::SecurityGroup,
        table network_interfaces: network_interface::NetworkInterface,
        table vpc_endpoints: vpc_endpoint::VpcEndpoint,
        table peerings: peering::Peering,
        table key_pairs: key_pair::KeyPair,
        table images: image::Image,
        table launch_templates: launch_template::LaunchTemplate,
        table instances: instance::Instance,
        table volumes: volume::Volume,
        table snapshots: snapshot::Snapshot,
    }
}

/// Is there an object with this id? One line per kind that can be tagged.
pub(crate) fn exists(s: &State, id: &str) -> bool {
    match kinds::of(id).map(|k| k.prefix).unwrap_or_default() {
        "vpc" => s.vpcs.contains(id),
        "subnet" => s.subnets.contains(id),
        "dopt" => s.dhcp_options.contains(id),
        "igw" => s.internet_gateways.contains(id),
        "eigw" => s.egress_only_gateways.contains(id),
        "eipalloc" => s.addresses.contains(id),
        "nat" => s.nat_gateways.contains(id),
        "rtb" => s.route_tables.contains(id),
        "acl" => s.network_acls.contains(id),
        "sg" => s.security_groups.contains(id),
        "sgr" => s.security_groups.values().any(|g| g.rules.iter().any(|r| r.id == id)),
        "eni" => s.network_interfaces.contains(id),
        "vpce" => s.vpc_endpoints.contains(id),
        "pcx" => s.peerings.contains(id),
        "key" => s.key_pairs.contains(id),
        "ami" => s.images.contains(id),
        "lt" => s.launch_templates.contains(id),
        "i" => s.instances.contains(id),
        "vol" => s.volumes.contains(id),
        "snap" => s.snapshots.contains(id),
        _ => false,
    }
}

/// EC2's part of the realm.
pub(crate) fn ec2<'a>(scope: &'a mut Scope<'_>) -> &'a mut State {
    &mut scope.realm().ec2
}

/// A copy of the record of an id, for a check or a change; the kind's NotFound if nothing has the id.
pub(crate) fn find<T: Record>(
    scope: &mut Scope<'_>,
    table: fn(&State) -> &Table<T>,
    prefix: &str,
    id: &str,
) -> Result<T, Fault> {
    table(ec2(scope)).get(id).cloned().ok_or_else(|| kinds::missing(prefix, id))
}

/// The attribute that a call changes: one, and only one, besides the id that stands in `id_member`.
fn one_attribute(call: &Call<'_>, id_member: &str) -> Result<String, Fault> {
    let mut given =
        call.input.iter().filter(|(name, value)| *name != id_member && !value.is_null());
    match (given.next(), given.next()) {
        (Some((name, _)), None) => Ok(name.clone()),
        (None, _) => {
            Err(Fault::new("MissingParameter", "The request must contain an attribute to modify"))
        }
        (Some(_), Some(_)) => Err(Fault::new(
            "InvalidParameterCombination",
            "Fields for multiple attribute types specified: a call changes one attribute",
        )),
    }
}

/// What happens later.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Event {
    /// A VPC's address block.
    VpcCidr(vpc_cidr::Event),
    /// A subnet's address block.
    SubnetCidr(subnet_cidr::Event),
    /// A NAT gateway.
    Nat(nat_gateway::Event),
    /// A VPC endpoint.
    Endpoint(vpc_endpoint::Event),
    /// A peering connection.
    Peering(peering::Event),
    /// An instance.
    Instance(instance::Event),
    /// A volume.
    Volume(volume::Event),
    /// A modification of a volume.
    VolumeModification(volume_modification::Event),
    /// A snapshot.
    Snapshot(snapshot::Event),
}

impl Event {
    /// Lets it happen.
    pub(crate) fn run(self, scope: &mut Scope<'_>) {
        match self {
            Event::VpcCidr(event) => event.run(scope),
            Event::SubnetCidr(event) => event.run(scope),
            Event::Instance(event) => event.run(scope),
            Event::Volume(event) => event.run(scope),
            Event::VolumeModification(event) => event.run(scope),
            Event::Snapshot(event) => event.run(scope),
            Event::Nat(event) => event.run(scope),
            Event::Endpoint(event) => event.run(scope),
            Event::Peering(event) => event.run(scope),
        }
    }
}

#[cfg(test)]
mod tests;
