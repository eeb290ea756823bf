//! Network interfaces: addresses out of their subnet, security groups, and what they are attached to. Other services
//! make and remove theirs with `make` and `remove`.
use super::subnet::Subnet;
use super::{State, cidr, ec2, find, security_group, tags};
use crate::wire::fault::Fault;
use crate::world::Millis;
use crate::world::scope::Scope;
use ipnet::{Ipv4Net, Ipv6Net};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::net::{Ipv4Addr, Ipv6Addr};

/// How many addresses of a family the largest instance type allows on an interface.
const MOST_ADDRESSES: usize = 50;

/// A network interface.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct NetworkInterface {
    pub(crate) vpc: String,
    pub(crate) subnet: String,
    pub(crate) zone: String,
    pub(crate) description: String,
    pub(crate) groups: Vec<String>,
    pub(crate) mac: String,
    /// The first is the primary one.
    pub(crate) addresses: Vec<String>,
    pub(crate) ipv6: Vec<String>,
    /// `interface`, `nat_gateway`, `vpc_endpoint`, `network_load_balancer`.
    pub(crate) kind: String,
    /// The service that made it for itself; people cannot change or delete it then.
    pub(crate) requester: Option<String>,
    pub(crate) source_dest_check: bool,
    /// A public address out of AWS's pool, which goes with the interface.
    pub(crate) public_ip: Option<String>,
    pub(crate) attachment: Option<Attachment>,
}

/// What an interface is attached to.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Attachment {
    pub(crate) id: String,
    /// Nothing for AWS's own machines.
    pub(crate) instance: Option<String>,
    pub(crate) owner: String,
    pub(crate) device_index: i64,
    pub(crate) status: String,
    pub(crate) at: Millis,
    pub(crate) delete_on_termination: bool,
}

/// What a new interface shall be.
#[derive(Debug, Clone, Default)]
pub(crate) struct New {
    pub(crate) subnet: String,
    /// `interface` if empty.
    pub(crate) kind: String,
    pub(crate) description: String,
    /// The VPC's default group if empty, unless `without_groups`.
    pub(crate) groups: Vec<String>,
    pub(crate) without_groups: bool,
    /// Chosen if absent.
    pub(crate) private_ip: Option<String>,
    pub(crate) secondary: Vec<String>,
    pub(crate) secondary_count: usize,
    pub(crate) ipv6: Vec<String>,
    pub(crate) ipv6_count: usize,
    /// The service that makes it for itself; attaches it to a machine of AWS.
    pub(crate) requester: Option<String>,
    /// With a public address out of AWS's pool.
    pub(crate) public: bool,
}

/// Makes an interface, or says why it cannot be.
pub(crate) fn make(scope: &mut Scope<'_>, new: New) -> Result<String, Fault> {
    let subnet = find(scope, |s| &s.subnets, "subnet", &new.subnet)?;
    let groups = match (new.without_groups, new.groups.is_empty()) {
        (true, _) => Vec::new(),
        (_, true) => security_group::default_id(scope, &subnet.vpc).into_iter().collect(),
        (_, false) => new.groups.clone(),
    };
    security_group::check_for_interface(scope, &groups, &subnet.vpc, &new.subnet)?;
    let addresses = pick(scope, &new, &subnet)?;
    let ipv6 = pick_v6(scope, &new, &subnet)?;
    let (now, visible, id) = (scope.now(), scope.visible_at(), scope.id("eni"));
    let attachment = new.requester.as_ref().map(|_| Attachment {
        id: format!("ela-attach-0{}", scope.world.ids.hex(16)),
        instance: None,
        owner: "amazon-aws".to_owned(),
        device_index: 1,
        status: "attached".to_owned(),
        at: now,
        delete_on_termination: false,
    });
    let public_ip = new.public.then(|| public_address(scope));
    let interface = NetworkInterface {
        vpc: subnet.vpc,
        subnet: new.subnet,
        zone: subnet.zone,
        description: new.description,
        groups,
        mac: mac(scope),
        addresses,
        ipv6,
        kind: if new.kind.is_empty() { "interface".to_owned() } else { new.kind },
        source_dest_check: new.requester.is_none(),
        requester: new.requester.clone(),
        public_ip,
        attachment,
    };
    match new.requester {
        Some(_) => ec2(scope).network_interfaces.insert_implicit(&id, interface, now),
        None => ec2(scope).network_interfaces.insert(&id, interface, now, visible),
    };
    Ok(id)
}

/// Removes an interface whatever holds it, with its association of an Elastic IP.
pub(crate) fn remove(scope: &mut Scope<'_>, id: &str) {
    release_address(scope, id);
    ec2(scope).network_interfaces.remove(id);
    tags::forget(scope, id);
}

/// Takes an interface's Elastic IPs away from it.
pub(crate) fn release_address(scope: &mut Scope<'_>, id: &str) {
    let held: Vec<String> = ec2(scope)
        .addresses
        .iter()
        .filter(|(_, a)| a.association.as_ref().is_some_and(|x| x.interface == id))
        .map(|(allocation, _)| allocation.to_owned())
        .collect();
    for allocation in held {
        if let Some(address) = ec2(scope).addresses.get_mut(&allocation) {
            address.association = None;
        }
    }
}

/// A public IPv4 address that nothing has.
pub(crate) fn public_address(scope: &mut Scope<'_>) -> String {
    loop {
        let mut octet = |low| scope.world.ids.between(low, 254);
        let ip = format!(
            "{}.{}.{}.{}",
            [3, 18, 34, 52, 54][octet(0) as usize % 5],
            octet(0),
            octet(0),
            octet(1)
        );
        let s = ec2(scope);
        let taken = s.addresses.values().any(|a| a.public_ip == ip)
            || s.network_interfaces.values().any(|e| e.public_ip.as_deref() == Some(ip.as_str()));
        if !taken {
            return ip;
        }
    }
}

fn mac(scope: &mut Scope<'_>) -> String {
    let hex = scope.world.ids.hex(10);
    let pairs: Vec<&str> = (0..5).map(|i| &hex[i * 2..i * 2 + 2]).collect();
    format!("02:{}", pairs.join(":"))
}

fn used(s: &State, subnet: &str) -> BTreeSet<String> {
    let interfaces = s.network_interfaces.values().filter(|e| e.subnet == subnet);
    interfaces.flat_map(|e| e.addresses.iter().chain(&e.ipv6).cloned()).collect()
}

/// How many IPv4 addresses a subnet has left; AWS keeps five.
pub(crate) fn free_addresses(s: &State, id: &str, subnet: &Subnet) -> u64 {
    let Ok(net) = subnet.cidr.parse::<Ipv4Net>() else { return 0 };
    let all = 1u64 << (32 - net.prefix_len());
    let interfaces = s.network_interfaces.values().filter(|e| e.subnet == id);
    let used: usize = interfaces.map(|e| e.addresses.len()).sum();
    all.saturating_sub(5).saturating_sub(used as u64)
}

// The four first addresses and the last one are AWS's.
fn is_reserved(net: Ipv4Net, ip: Ipv4Addr) -> bool {
    u32::from(ip).wrapping_sub(u32::from(net.network())) < 4 || ip == net.broadcast()
}

fn pick(scope: &mut Scope<'_>, new: &New, subnet: &Subnet) -> Result<Vec<String>, Fault> {
    let Ok(net) = subnet.cidr.parse::<Ipv4Net>() else { return Ok(Vec::new()) };
    let mut taken = used(ec2(scope), &new.subnet);
    let mut addresses = Vec::new();
    for text in new.private_ip.iter().chain(&new.secondary) {
        let ip = text.parse::<Ipv4Addr>().map_err(|_| {
            Fault::new("InvalidParameterValue", format!("Invalid IPv4 address: {text}"))
        })?;
        if !net.contains(&ip) {
            let message = format!("Address {text} does not fall within the subnet's address range");
            return Err(Fault::new("InvalidParameterValue", message));
        }
        if is_reserved(net, ip) {
            let message = format!("Address {text} is in subnet's reserved address range");
            return Err(Fault::new("InvalidParameterValue", message));
        }
        if !taken.insert(ip.to_string()) {
            return Err(Fault::new("InvalidIPAddress.InUse", format!("Address {text} is in use.")));
        }
        addresses.push(ip.to_string());
    }
    let missing = usize::from(new.private_ip.is_none()) + new.secondary_count.min(1 << 16);
    let mut chosen: Vec<String> = net
        .hosts()
        .filter(|ip| !is_reserved(net, *ip))
        .map(|ip| ip.to_string())
        .filter(|ip| !taken.contains(ip))
        .take(missing)
        .collect();
    if chosen.len() < missing {
        let message =
            "The specified subnet does not have enough free addresses to satisfy the request.";
        return Err(Fault::new("InsufficientFreeAddressesInSubnet", message));
    }
    // A chosen primary address comes first.
    let mut all = if new.private_ip.is_none() { vec![chosen.remove(0)] } else { Vec::new() };
    all.extend(addresses);
    all.extend(chosen);
    Ok(all)
}

fn pick_v6(scope: &mut Scope<'_>, new: &New, subnet: &Subnet) -> Result<Vec<String>, Fault> {
    let automatic =
        usize::from(subnet.assign_ipv6 && new.ipv6.is_empty() && new.requester.is_none());
    let count = new.ipv6_count.max(automatic);
    if count > MOST_ADDRESSES {
        let message = format!(
            "An interface cannot have {count} IPv6 addresses; {MOST_ADDRESSES} is the most"
        );
        return Err(Fault::new("InvalidParameterValue", message));
    }
    if count == 0 && new.ipv6.is_empty() {
        return Ok(Vec::new());
    }
    let block =
        subnet.ipv6_blocks.iter().find(|b| b.holds()).and_then(|b| b.cidr.parse::<Ipv6Net>().ok());
    let Some(net) = block else {
        let message = format!("The subnet {} has no IPv6 CIDR block", new.subnet);
        return Err(Fault::new("InvalidParameterValue", message));
    };
    let mut taken = used(ec2(scope), &new.subnet);
    let mut addresses = Vec::new();
    for text in &new.ipv6 {
        let canonical = text.parse::<Ipv6Addr>().map(|ip| ip.to_string()).unwrap_or_default();
        if !cidr::within(&format!("{canonical}/128"), &net.to_string()) {
            let message = format!("Address {text} does not fall within the subnet's address range");
            return Err(Fault::new("InvalidParameterValue", message));
        }
        if !taken.insert(canonical.clone()) {
            return Err(Fault::new("InvalidIPAddress.InUse", format!("Address {text} is in use.")));
        }
        addresses.push(canonical);
    }
    while addresses.len() < new.ipv6.len() + count {
        let low = u128::from_str_radix(&scope.world.ids.hex(16), 16).unwrap_or(4) | 4;
        let mask = u128::MAX.checked_shr(u32::from(net.prefix_len())).unwrap_or(0);
        let ip = Ipv6Addr::from(u128::from(net.network()) | (low & mask)).to_string();
        if taken.insert(ip.clone()) {
            addresses.push(ip);
        }
    }
    Ok(addresses)
}

/// Has the VPC an interface with a public address? Then its internet gateway must stay.
pub(crate) fn maps_public_addresses(s: &State, vpc: &str) -> bool {
    s.network_interfaces.iter().filter(|(_, e)| e.vpc == vpc).any(|(id, e)| {
        let elastic =
            |a: &super::address::Address| a.association.as_ref().is_some_and(|x| x.interface == id);
        e.public_ip.is_some() || s.addresses.values().any(elastic)
    })
}

/// The interface at device index 0 of an instance.
pub(crate) fn primary_of<'a>(
    s: &'a State,
    instance: &str,
) -> Option<(&'a str, &'a NetworkInterface)> {
    s.network_interfaces.iter().find(|(_, e)| {
        let mine = |a: &Attachment| a.instance.as_deref() == Some(instance) && a.device_index == 0;
        e.attachment.as_ref().is_some_and(mine)
    })
}

/// The name of a private address, `ip-10-0-0-4.ec2.internal`.
pub(crate) fn private_dns(region: &str, ip: &str) -> String {
    let domain = match region {
        "us-east-1" => "ec2.internal".to_owned(),
        region => format!("{region}.compute.internal"),
    };
    format!("ip-{}.{domain}", ip.replace('.', "-"))
}

/// The name of a public address, `ec2-3-4-5-6.compute-1.amazonaws.com`.
pub(crate) fn public_dns(region: &str, ip: &str) -> String {
    let domain = match region {
        "us-east-1" => "compute-1".to_owned(),
        region => format!("{region}.compute"),
    };
    format!("ec2-{}.{domain}.amazonaws.com", ip.replace('.', "-"))
}
