//! Where a load balancer stands: one subnet per zone, with a network interface in each, which has its private address
//! and its public one (the caller's Elastic IP or AWS's).
use super::load_balancers::{self, LoadBalancer};
use super::{Event, invalid, misconfigured};
use crate::around::call::Call;
use crate::service::ec2::network_interface::{self, New};
use crate::service::{Action, ec2};
use crate::wire::fault::{Fault, Outcome};
use crate::world::scope::Scope;
use crate::world::timing;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub(crate) const ACTIONS: &[Action] = &[("SetSubnets", set_subnets)];

/// One subnet of a load balancer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) subnet: String,
    pub(crate) zone: String,
    pub(crate) allocation: Option<String>,
    pub(crate) public_ip: Option<String>,
    pub(crate) private_ip: Option<String>,
    pub(crate) ipv6: Option<String>,
    pub(crate) interface: String,
}

impl Place {
    /// Would the same call make both?
    pub(crate) fn wanted_alike(&self, other: &Place) -> bool {
        self.subnet == other.subnet
            && self.allocation == other.allocation
            && self.private_ip == other.private_ip
            && self.ipv6 == other.ipv6
    }

    /// As describes show it.
    pub(crate) fn answer(&self) -> Value {
        let mut address = json!({});
        let members = [
            ("IpAddress", &self.public_ip),
            ("AllocationId", &self.allocation),
            ("PrivateIPv4Address", &self.private_ip),
            ("IPv6Address", &self.ipv6),
        ];
        for (name, value) in members {
            if let Some(value) = value {
                address[name] = json!(value);
            }
        }
        let chosen = address.as_object().is_some_and(|a| !a.is_empty());
        let addresses = if chosen { vec![address] } else { Vec::new() };
        json!({"ZoneName": self.zone, "SubnetId": self.subnet, "LoadBalancerAddresses": addresses})
    }
}

fn mappings(call: &Call<'_>) -> Result<Vec<Place>, Fault> {
    let (subnets, mappings) = (call.strings("Subnets"), call.list("SubnetMappings"));
    match (subnets.is_empty(), mappings.is_empty()) {
        (false, false) => Err(invalid("You cannot specify both subnets and subnet mappings")),
        (true, true) => Err(invalid("You must specify subnets or subnet mappings")),
        (false, true) => {
            Ok(subnets.into_iter().map(|subnet| Place { subnet, ..Place::default() }).collect())
        }
        (true, false) => Ok(mappings
            .iter()
            .map(|m| {
                let part = |name: &str| m[name].as_str().map(str::to_owned);
                Place {
                    subnet: part("SubnetId").unwrap_or_default(),
                    allocation: part("AllocationId"),
                    private_ip: part("PrivateIPv4Address"),
                    ipv6: part("IPv6Address"),
                    ..Place::default()
                }
            })
            .collect()),
    }
}

/// The subnets that a call names, if a load balancer of this kind can stand in them.
pub(crate) fn given(call: &mut Call<'_>, kind: &str, scheme: &str) -> Result<Vec<Place>, Fault> {
    let mut places = mappings(call)?;
    let mut zones = BTreeSet::new();
    for place in &mut places {
        let Some(subnet) = call.realm().ec2.subnets.get(&place.subnet) else {
            let message = format!("The subnet ID '{}' does not exist", place.subnet);
            return Err(Fault::new("SubnetNotFound", message));
        };
        place.zone = subnet.zone.clone();
        if !zones.insert(place.zone.clone()) {
            let message = "A load balancer cannot be attached to multiple subnets in the same Availability Zone";
            return Err(misconfigured(message));
        }
        check_addresses(call, kind, scheme, place)?;
    }
    if kind == "application" && places.len() < 2 {
        let message = "At least two subnets in two different Availability Zones must be specified";
        return Err(invalid(message));
    }
    vpc(call, &places)?;
    Ok(places)
}

fn check_addresses(
    call: &mut Call<'_>,
    kind: &str,
    scheme: &str,
    place: &mut Place,
) -> Result<(), Fault> {
    if kind == "application" && (place.allocation.is_some() || place.private_ip.is_some()) {
        let message = "Static addresses can be specified for network load balancers only";
        return Err(misconfigured(message));
    }
    if let Some(allocation) = &place.allocation {
        if scheme == "internal" {
            let message = "Elastic IP addresses cannot be specified for internal load balancers";
            return Err(misconfigured(message));
        }
        let Some(address) = call.realm().ec2.addresses.get(allocation) else {
            let message = format!("The allocation IDs '{allocation}' do not exist");
            return Err(Fault::new("AllocationIdNotFound", message));
        };
        place.public_ip = Some(address.public_ip.clone());
    }
    if place.private_ip.is_some() && scheme != "internal" {
        let message = "Private IPv4 addresses can be specified for internal load balancers only";
        return Err(misconfigured(message));
    }
    Ok(())
}

/// The one VPC of these subnets.
pub(crate) fn vpc(scope: &mut Scope<'_>, places: &[Place]) -> Result<String, Fault> {
    let mut vpcs = BTreeSet::new();
    for place in places {
        vpcs.extend(scope.realm().ec2.subnets.get(&place.subnet).map(|s| s.vpc.clone()));
    }
    let first = vpcs.pop_first().unwrap_or_default();
    if vpcs.is_empty() {
        return Ok(first);
    }
    Err(Fault::new("InvalidSubnet", "All subnets must belong to the same VPC"))
}

/// Has the VPC a way to the internet?
pub(crate) fn has_gateway(scope: &mut Scope<'_>, vpc: &str) -> bool {
    let mut gateways = scope.realm().ec2.internet_gateways.values();
    gateways.any(|g| g.vpc.as_deref() == Some(vpc))
}

/// Refuses address types that these subnets cannot have.
pub(crate) fn check_ip_address_type(
    scope: &mut Scope<'_>,
    kind: &str,
    places: &[Place],
    wanted: &str,
) -> Result<(), Fault> {
    if wanted == "ipv4" {
        return Ok(());
    }
    if wanted == "dualstack-without-public-ipv4" && kind == "network" {
        let message =
            format!("The IP address type '{wanted}' is not supported for network load balancers");
        return Err(misconfigured(message));
    }
    for place in places {
        let subnet = scope.realm().ec2.subnets.get(&place.subnet);
        if subnet.is_none_or(|s| s.ipv6_blocks.is_empty()) {
            let message = format!(
                "You must specify subnets with an associated IPv6 CIDR block; '{}' has none",
                place.subnet
            );
            return Err(Fault::new("InvalidSubnet", message));
        }
    }
    Ok(())
}

/// Makes the network interface of a subnet and maps the Elastic IP to it.
pub(crate) fn attach(
    scope: &mut Scope<'_>,
    lb: &LoadBalancer,
    place: &Place,
    path: &str,
) -> Result<String, Fault> {
    if let Some(allocation) = &place.allocation {
        let address = scope.realm().ec2.addresses.get(allocation);
        if address.is_some_and(|a| a.association.is_some()) {
            let message = format!("The allocation ID '{allocation}' is already in use");
            return Err(Fault::new("ResourceInUse", message));
        }
    }
    let new = New {
        subnet: place.subnet.clone(),
        kind: if lb.kind == "network" { "network_load_balancer" } else { "" }.to_owned(),
        description: format!("ELB {path}"),
        groups: lb.groups.clone(),
        without_groups: lb.groups.is_empty(),
        private_ip: place.private_ip.clone(),
        requester: Some("amazon-elb".to_owned()),
        public: lb.scheme == "internet-facing" && place.allocation.is_none(),
        ..New::default()
    };
    let id = network_interface::make(scope, new).map_err(|fault| {
        let code = match fault.code.as_str() {
            "InsufficientFreeAddressesInSubnet" => "InvalidSubnet",
            _ => "InvalidConfigurationRequest",
        };
        Fault::new(code, fault.message)
    })?;
    if let Some(allocation) = &place.allocation {
        let interface = scope.realm().ec2.network_interfaces.get(&id);
        let primary = interface.and_then(|e| e.addresses.first().cloned()).unwrap_or_default();
        ec2::address::map(scope, allocation, &id, &primary);
    }
    Ok(id)
}

fn set_subnets(call: &mut Call<'_>) -> Outcome {
    let mut lb = load_balancers::named(call)?;
    let arn = call.str("LoadBalancerArn");
    let path = LoadBalancer::path(&arn).to_owned();
    let mut places = given(call, &lb.kind, &lb.scheme)?;
    if vpc(call, &places)? != lb.vpc {
        let message = format!("The subnets must belong to the load balancer's VPC '{}'", lb.vpc);
        return Err(Fault::new("InvalidSubnet", message));
    }
    let wanted_type = call.opt_str("IpAddressType").unwrap_or_else(|| lb.ip_address_type.clone());
    check_ip_address_type(call, &lb.kind, &places, &wanted_type)?;
    let mut left = Vec::new();
    for old in &lb.places {
        match places.iter_mut().find(|p| p.subnet == old.subnet) {
            Some(place) if place.allocation.is_none() && place.private_ip.is_none() => {
                *place = old.clone();
            }
            Some(place) if place.wanted_alike(old) => *place = old.clone(),
            Some(place) => {
                let message = format!(
                    "The addresses of a load balancer in subnet '{}' cannot be changed",
                    place.subnet
                );
                return Err(misconfigured(message));
            }
            None => left.push(old.interface.clone()),
        }
    }
    for place in places.iter_mut().filter(|p| p.interface.is_empty()) {
        place.interface = attach(call, &lb, place, &path)?;
    }
    if !left.is_empty() {
        call.schedule(timing::NLB_DELETE, Event::InterfacesGone { interfaces: left });
    }
    let zones: Vec<Value> = places.iter().map(Place::answer).collect();
    lb.places = places;
    lb.ip_address_type.clone_from(&wanted_type);
    load_balancers::keep(call, &arn, lb);
    Ok(json!({ "AvailabilityZones": zones, "IpAddressType": wanted_type }))
}
