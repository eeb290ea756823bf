//! Address blocks: parsing in EC2's words, overlaps, and Amazon's own IPv6 blocks.
use crate::wire::fault::Fault;
use crate::world::scope::Scope;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::net::Ipv6Addr;

/// Parses an IPv4 block and takes its host bits away, as EC2 does.
pub(crate) fn v4(text: &str, parameter: &str) -> Result<Ipv4Net, Fault> {
    text.parse::<Ipv4Net>().map(|n| n.trunc()).map_err(|_| invalid(text, parameter, "CIDR"))
}

/// Parses an IPv6 block and takes its host bits away.
pub(crate) fn v6(text: &str, parameter: &str) -> Result<Ipv6Net, Fault> {
    text.parse::<Ipv6Net>().map(|n| n.trunc()).map_err(|_| invalid(text, parameter, "IPv6 CIDR"))
}

fn invalid(text: &str, parameter: &str, what: &str) -> Fault {
    let message = format!(
        "Value ({text}) for parameter {parameter} is invalid. This is not a valid {what} block."
    );
    Fault::new("InvalidParameterValue", message)
}

/// Do two blocks share addresses?
pub(crate) fn overlap(a: &str, b: &str) -> bool {
    match (a.parse::<IpNet>(), b.parse::<IpNet>()) {
        (Ok(a), Ok(b)) => a.contains(&b) || b.contains(&a),
        _ => false,
    }
}

/// Is `inner` part of `outer`?
pub(crate) fn within(inner: &str, outer: &str) -> bool {
    match (inner.parse::<IpNet>(), outer.parse::<IpNet>()) {
        (Ok(inner), Ok(outer)) => outer.contains(&inner),
        _ => false,
    }
}

/// A block of 56 bits out of Amazon's pool.
pub(crate) fn amazon_v6(scope: &mut Scope<'_>) -> String {
    let mut segment = || u16::try_from(scope.world.ids.between(0x0100, 0xffff)).unwrap_or(0x0100);
    let (region, third, fourth) = (0x1f18, segment(), segment() & 0xff00);
    format!("{}/56", Ipv6Addr::new(0x2600, region, third, fourth, 0, 0, 0, 0))
}
