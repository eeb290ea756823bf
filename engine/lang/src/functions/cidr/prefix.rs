//! [`Prefix`]: a network of either family, read and printed as Go's `net` package does (Terraform
//! keeps its old tolerance of leading zeros).

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::whole::Whole;

/// A network. The address has no bits beyond `length`, except where arithmetic ran over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Prefix {
    pub(super) address: u128,
    pub(super) length: u32,
    /// Of an address: 32 or 128.
    pub(super) bits: u32,
}

impl Prefix {
    pub(super) fn parse(text: &str) -> Option<Prefix> {
        let (address, length) = text.split_once('/')?;
        let (address, bits) = match parse_v4(address) {
            Some(address) => (u128::from(address), 32),
            None => (parse_v6(address)?, 128),
        };
        let length = decimal(length).filter(|length| *length <= bits)?;
        let prefix = Prefix { address, length, bits };
        Some(Prefix { address: address & prefix.mask(), ..prefix })
    }

    /// All ones in the bits of an address.
    fn all(self) -> u128 {
        u128::MAX >> (128 - self.bits)
    }

    /// Ones where the host is.
    pub(super) fn host_mask(self) -> u128 {
        self.all().checked_shr(self.length).unwrap_or(0)
    }

    /// Ones where the network is.
    pub(super) fn mask(self) -> u128 {
        self.all() & !self.host_mask()
    }

    /// An IPv4 address in the clothes of an IPv6 one?
    pub(super) fn is_mapped(self) -> bool {
        self.bits == 128 && is_mapped(self.address)
    }

    pub(super) fn contains(self, address: u128) -> bool {
        address & self.mask() == self.address
    }

    /// The network of that length that ends before this one begins.
    pub(super) fn before(self, length: u32) -> Prefix {
        let last = self.address.wrapping_sub(1) & self.all();
        let prefix = Prefix { address: last, length, ..self };
        Prefix { address: last & prefix.mask(), ..prefix }
    }

    /// The first network of that length behind this one; `None` behind the last address.
    pub(super) fn next(self, length: u32) -> Option<Prefix> {
        let prefix = Prefix { length, ..self };
        let last = self.address | self.host_mask() | prefix.host_mask();
        let address = last.checked_add(1).filter(|address| *address <= self.all())?;
        Some(Prefix { address, ..prefix })
    }

    /// Sets the bits of `number`, shifted, in the address; `None`: they do not fit. A negative
    /// number is taken as two's complement, and the result by its magnitude, as Go's big integers
    /// have it.
    pub(super) fn insert(self, number: &Whole, shift: u32) -> Option<u128> {
        let magnitude = number.magnitude?;
        if magnitude == 0 {
            return Some(self.address);
        }
        if magnitude.leading_zeros() < shift {
            return None;
        }
        let shifted = magnitude << shift;
        let address = if number.negative {
            (self.address | shifted.wrapping_neg()).wrapping_neg()
        } else {
            self.address | shifted
        };
        (address <= self.all()).then_some(address)
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = if self.is_mapped() { self.length.saturating_sub(96) } else { self.length };
        write!(f, "{}/{length}", address_text(self.address, self.bits))
    }
}

fn is_mapped(address: u128) -> bool {
    address >> 32 == 0xffff
}

pub(super) fn address_text(address: u128, bits: u32) -> String {
    match u32::try_from(address & u128::from(u32::MAX)) {
        Ok(low) if bits == 32 || is_mapped(address) => Ipv4Addr::from(low).to_string(),
        _ => Ipv6Addr::from(address).to_string(),
    }
}

/// Digits only, leading zeros allowed.
fn decimal(text: &str) -> Option<u32> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = text.trim_start_matches('0');
    if digits.is_empty() { Some(0) } else { digits.parse().ok() }
}

fn parse_v4(text: &str) -> Option<u32> {
    let parts: Vec<&str> = text.split('.').collect();
    if parts.len() != 4 {
        return None;
    }
    parts.into_iter().try_fold(0_u32, |address, part| {
        let part = decimal(part).filter(|part| *part <= 255)?;
        Some(address << 8 | part)
    })
}

fn parse_v6(text: &str) -> Option<u128> {
    // Rust's parser wants no more than four digits a group and no IPv4 part with leading zeros.
    let group = |group: &str| -> Option<String> {
        if group.is_empty() {
            return Some(String::new());
        }
        if group.contains('.') {
            return Some(Ipv4Addr::from(parse_v4(group)?).to_string());
        }
        let digits = group.trim_start_matches('0');
        Some(if digits.is_empty() { "0".to_owned() } else { digits.to_owned() })
    };
    let groups: Option<Vec<String>> = text.split(':').map(group).collect();
    groups?.join(":").parse::<Ipv6Addr>().ok().map(u128::from)
}
